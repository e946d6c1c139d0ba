# An estimator reads its input from its own frame; this one returns what it read.
reads <- function(formula, data = NULL, weights = NULL, subset = NULL, na.action = NULL, x = NULL, strata = NULL,
                  cluster = NULL, kind = "right") {
    osseosurv:::read_regression(environment(), kind, parent.frame())
}

invalid_design <- function(code, argument = NULL, index = NULL, text = NULL) {
    caught <- tryCatch(code, error = identity)
    expect_s3_class(caught, "osseosurv_invalid")
    if (!is.null(argument)) expect_identical(caught$argument, argument)
    if (!is.null(index)) expect_equal(caught$index, index)
    if (!is.null(text)) expect_match(conditionMessage(caught), text, fixed = TRUE)
}

cohort_of <- function(n = 40) {
    set.seed(3)
    data.frame(t = rexp(n), d = rbinom(n, 1, 0.6), a = rnorm(n), b = rpois(n, 3), g = factor(sample(letters[1:3], n, TRUE)),
               h = sample(c("left", "right"), n, TRUE), l = rnorm(n) > 0, o = factor(sample(1:3, n, TRUE), ordered = TRUE),
               s = sample(1:2, n, TRUE), z = sample(c("p", "q"), n, TRUE), `my age` = rnorm(n), check.names = FALSE)
}

test_that("columns, values and names are those of coxph", {
    d <- cohort_of()
    formulas <- list(Surv(t, d) ~ a, Surv(t, d) ~ a + b + g, Surv(t, d) ~ g + h + l, Surv(t, d) ~ log(b + 1) + I(a^2),
                     Surv(t, d) ~ (a + b) + `my age`, Surv(t, d) ~ a * g, Surv(t, d) ~ a:b + g, Surv(t, d) ~ o,
                     Surv(t, d) ~ poly(a, 2) + b, Surv(t, d) ~ a + strata(s), Surv(t, d) ~ g + strata(s, z) + a,
                     Surv(t, d) ~ a * strata(s), Surv(t, d) ~ a + a:strata(s) + strata(s), Surv(t, d) ~ g * h * a - g:h,
                     Surv(t, d) ~ (a + b + g)^2, Surv(t, d) ~ C(g, sum) + a, Surv(t, d) ~ a + offset(b / 10),
                     Surv(t, d) ~ a * b + offset(b / 10) + strata(s),
                     Surv(t, d) ~ a %in% g)
    for (f in formulas) {
        ours <- reads(f, d)
        peer <- survival::coxph(f, d, x = TRUE, iter.max = 0)
        info <- deparse1(f)
        expect_identical(ours$columns$name, colnames(peer$x), info = info)
        expect_equal(ours$x, peer$x, ignore_attr = TRUE, tolerance = 1e-15, info = info)
        expect_null(dimnames(ours$x))
        # coxph centres its offset.
        if (!is.null(ours$offset)) {
            expect_equal(ours$offset - mean(ours$offset), peer$offset - mean(peer$offset), ignore_attr = TRUE, info = info)
        }
        if (!is.null(peer$strata)) {
            expect_equal(as.integer(factor(ours$stratum)), as.integer(peer$strata), info = info)
        }
    }
    expect_identical(reads(Surv(t, d) ~ a * b + survival::strata(s), d)$x, reads(Surv(t, d) ~ a * b + strata(s), d)$x)
    all <- d[c("t", "d", "a", "g")]
    expect_identical(reads(Surv(t, d) ~ ., all)$columns$name, c("a", "gb", "gc"))
    expect_identical(reads(Surv(t, d) ~ g - 1, d)$columns$name, c("gb", "gc"))
    expect_identical(dim(reads(Surv(t, d) ~ 1, d)$x), c(40L, 0L))
    expect_identical(reads(Surv(t, d) ~ g + a:b, d)$columns$level, c("b", "c", NA))
    expect_identical(reads(Surv(t, d) ~ h + l, d)$columns[c("level", "reference")],
                     list(level = c("right", "TRUE"), reference = c("left", "FALSE")))
    old <- options(contrasts = c("contr.sum", "contr.poly"))
    on.exit(options(old))
    expect_identical(reads(Surv(t, d) ~ g, d)$x, unname(survival::coxph(Surv(t, d) ~ g, d, x = TRUE)$x),
                     ignore_attr = TRUE)
})

test_that("missing values, subset, weights and clusters go by row", {
    d <- cohort_of()
    d$a[3] <- NA
    d$g[5] <- NA
    d$z[7] <- NA
    for (f in list(Surv(t, d) ~ a + g + strata(z), Surv(t, d) ~ a * g + strata(z))) {
        ours <- reads(f, d, subset = t < 20, weights = rep(2, 40), cluster = ~s)
        kept <- setdiff(1:40, c(3, 5, 7))
        expect_identical(ours$row, kept)
        expect_identical(ours$x[, 1], d$a[kept])
        expect_identical(ours$notes, "3 rows with missing values left out.")
        expect_equal(ours$cluster, match(d$s[kept], unique(d$s[kept])))
        expect_identical(ours$strata, c("z=p", "z=q"))
    }
    expect_identical(reads(Surv(t, d) ~ b, d, cluster = ~ s + z)$n, 39L)
    invalid_design(reads(Surv(t, d) ~ a, d, na.action = na.fail), "data", 3)
    expect_warning(ours <- reads(Surv(t, d) ~ g, d, subset = g != "c"), class = "osseosurv_empty_level")
    expect_identical(ours$columns$name, "gb")
    expect_warning(ours <- reads(Surv(t, d) ~ g * b, d, subset = g != "a"), class = "osseosurv_empty_level")
    expect_identical(ours$columns$name, c("gc", "b", "gc:b"))
    d$b[2] <- Inf
    invalid_design(reads(Surv(t, d) ~ b, d), "b", 2, "row 2 is Inf")
    invalid_design(reads(Surv(t, d) ~ b, d, subset = -1), "subset")
    invalid_design(suppressWarnings(reads(Surv(t, d) ~ log(a - 10), transform(d, a = replace(a, 3, 0))[3:4, ])),
                   "log(a - 10)", 1, "NaN")
})

test_that("the vector path takes a matrix", {
    d <- cohort_of()
    y <- survival::Surv(d$t, d$d)
    x <- cbind(a = d$a, b = d$b)
    ours <- reads(y, x = x, strata = d$s)
    expect_identical(ours$x, x)
    expect_identical(ours$columns$name, c("a", "b"))
    expect_identical(ours$strata, c("1", "2"))
    expect_identical(reads(y, x = unname(x))$columns$name, c("x1", "x2"))
    expect_identical(reads(y, x = d$b)$x, matrix(as.double(d$b)), ignore_attr = TRUE)
    expect_identical(reads(y, x = rbind(NA, x[-1, ]))$row, 2:40)
    expect_identical(dim(reads(y)$x), c(40L, 0L))
    expect_identical(reads(y, x = x, cluster = d$s)$n_cluster, 2L)
    invalid_design(reads(y, x = x[1:3, ]), "x", NULL, "3 rows")
    invalid_design(reads(y, x = "a"), "x")
    invalid_design(reads(Surv(t, d) ~ a, d, x = x), "x")
    invalid_design(reads(y, x = x, cluster = 1:3), "cluster", NULL, "3 elements")
})

test_that("what is no covariate is one classed error", {
    d <- cohort_of()
    invalid_design(reads(Surv(t, d) ~ a + cluster(s), d), "formula", NULL, "give `cluster = ~id`")
    invalid_design(reads(Surv(t, d) ~ a * b + cluster(s), d), "formula", NULL, "give `cluster = ~id`")
    invalid_design(reads(Surv(t, d) ~ tt(a), d), "formula")
    invalid_design(reads(Surv(t, d) ~ survival::frailty(s), d), "formula")
    invalid_design(reads(Surv(t, d) ~ nothing, d), "formula", NULL, "cannot be evaluated")
    invalid_design(reads(Surv(t, d) ~ mean, d), "formula")
    invalid_design(reads(Surv(t, d) ~ a[1:3], d), "a[1:3]", NULL, "3 elements")
    invalid_design(reads(Surv(t, d) ~ a, d, cluster = y ~ s), "cluster")
    invalid_design(reads(Surv(t, d) ~ a, d, cluster = mean), "cluster")
    invalid_design(reads(Surv(t, d) ~ a + offset(h), d), "offset")
    invalid_design(reads(Surv(t, d) ~ a, 5), "data")
})
