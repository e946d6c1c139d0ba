# Regression of pseudo-values against lm, HC3 and, for the other links, frozen and live figures of geepack.

lung <- survival::lung[!is.na(survival::lung$ph.ecog), ]

test_that("identity link is least squares with HC3, and HC0 without the correction", {
    y <- pseudo_values(kaplan_meier(Surv(time, status) ~ 1, lung), 365)$estimate
    design <- cbind(1, lung$sex, lung$age)
    bread <- solve(crossprod(design))
    beta <- drop(bread %*% crossprod(design, y))
    residual <- y - drop(design %*% beta)
    leverage <- rowSums(design %*% bread * design)
    sandwich <- function(r) sqrt(diag(bread %*% crossprod(design * r) %*% bread))
    ours <- pseudo_regression(Surv(time, status) ~ sex + age, lung, times = 365)
    expect_equal(tidy(ours)$estimate, beta, tolerance = 1e-12)
    expect_equal(tidy(ours)$std.error, sandwich(residual / (1 - leverage)), tolerance = 1e-10)
    expect_equal(tidy(ours)$p.value, 2 * pt(-abs(tidy(ours)$statistic), nrow(lung) - 3), tolerance = 1e-12)
    plain <- pseudo_regression(Surv(time, status) ~ sex + age, lung, times = 365, cluster.correction = "none")
    expect_equal(tidy(plain)$std.error, sandwich(residual), tolerance = 1e-10)
})

# geepack 1.3.13: geese(p ~ 0 + time + sex + age, mean.link, gaussian, independence), one minus p for cloglog.
frozen <- list(
    log = cbind(c(-0.513837356, -1.006311331, 0.294101308, -0.004704844), c(0.355613421, 0.361365837, 0.096574005, 0.004895833)),
    logit = cbind(c(0.65948615, -0.51197297, 0.78806167, -0.01535641), c(0.9806021, 0.9807479, 0.2705471, 0.0136548)),
    cloglog = cbind(c(-0.94028670, -0.08434811, -0.56900855, 0.01201602),
                    c(0.718173839, 0.712313334, 0.199791233, 0.009870298)))

test_that("the other links, two times at once, equal geepack", {
    for (link in names(frozen)) {
        ours <- tidy(pseudo_regression(Surv(time, status) ~ sex + age, lung, times = c(200, 365), link = link,
                                       cluster.correction = "none"))
        expect_equal(ours$estimate, frozen[[link]][, 1], tolerance = 1e-6)
        expect_equal(ours$std.error, frozen[[link]][, 2], tolerance = 1e-6)
        expect_identical(ours$term, c("time=200", "time=365", "sex", "age"))
    }
    skip_if_not_installed("geepack")
    values <- tidy(pseudo_values(kaplan_meier(Surv(time, status) ~ 1, lung), c(200, 365)))
    values <- cbind(values, lung[values$row, c("sex", "age")])
    values <- values[order(values$row), ]
    values$at <- factor(values$time)
    theirs <- geepack::geese(estimate ~ 0 + at + sex + age, id = values$row, data = values, mean.link = "logit",
                             family = gaussian, corstr = "independence",
                             control = geepack::geese.control(epsilon = 1e-10, maxit = 200))
    ours <- pseudo_regression(Surv(time, status) ~ sex + age, lung, times = c(200, 365), link = "logit",
                              cluster.correction = "none")
    expect_equal(tidy(ours)$estimate, unname(theirs$beta), tolerance = 1e-7)
    expect_equal(unname(ours$vcov), theirs$vbeta, tolerance = 1e-6, ignore_attr = TRUE)
})

test_that("incidence and mean time: two groups give the difference of their pseudo-values' means", {
    set.seed(2)
    d <- data.frame(time = rexp(40), state = factor(sample(0:2, 40, TRUE), 0:2, c("censored", "a", "b")), g = rep(0:1, 20))
    curve <- cumulative_incidence(Surv(time, state) ~ 1, d)
    for (cause in c("a", "b")) {
        y <- pseudo_values(curve, 1, cause = cause)$estimate
        ours <- pseudo_regression(Surv(time, state) ~ g, d, times = 1, measure = "incidence", cause = cause)
        expect_equal(tidy(ours)$estimate, c(mean(y[d$g == 0]), mean(y[d$g == 1]) - mean(y[d$g == 0])), tolerance = 1e-12)
        expect_identical(glance(ours)$events, sum(d$state == cause))
    }
    mean_time <- pseudo_regression(Surv(time, state != "censored") ~ g, d, times = 1, measure = "rmst", link = "log",
                                   exponentiate = TRUE)
    y <- pseudo_values(kaplan_meier(Surv(time, state != "censored") ~ 1, d), 1, measure = "rmst")$estimate
    expect_equal(tidy(mean_time)$estimate[2], mean(y[d$g == 1]) / mean(y[d$g == 0]), tolerance = 1e-8)
    expect_lt(tidy(mean_time)$conf.low[2], tidy(mean_time)$estimate[2])
})

test_that("clusters are units, weights are rows, the vector path is the formula", {
    set.seed(4)
    d <- data.frame(time = rexp(30), status = rbinom(30, 1, 0.7), x = rnorm(30), id = sample(rep(letters[1:10], 3)), w = rep(1:3, 10))
    clustered <- pseudo_regression(Surv(time, status) ~ x, d, times = 0.5, cluster = ~id)
    expect_identical(glance(clustered)$df, 8L)
    y <- pseudo_values(kaplan_meier(Surv(time, status) ~ 1, d), 0.5)$estimate
    design <- cbind(1, d$x)
    beta <- qr.coef(qr(design), y)
    # Dropping a cluster moves an identity fit by (all - own)^-1 times its score, exactly.
    moved <- vapply(unique(d$id), function(out) beta - qr.coef(qr(design[d$id != out, ]), y[d$id != out]), beta)
    expect_equal(unname(clustered$vcov), tcrossprod(moved), tolerance = 1e-10, ignore_attr = TRUE)
    long <- d[rep(1:30, d$w), ]
    expect_equal(tidy(pseudo_regression(Surv(time, status) ~ x, d, times = 0.5, weights = w)),
                 tidy(pseudo_regression(Surv(time, status) ~ x, long, times = 0.5)), tolerance = 1e-10)
    expect_equal(tidy(pseudo_regression(Surv(d$time, d$status), times = 0.5, x = cbind(x = d$x))),
                 tidy(pseudo_regression(Surv(time, status) ~ x, d, times = 0.5)))
})

test_that("what cannot be estimated is NA and said, faults are named", {
    flat <- pseudo_regression(Surv(1:10, rep(0, 10)), times = 5, x = rep(0:1, 5))
    expect_true(all(is.na(tidy(flat)$std.error)))
    expect_match(flat$notes, "are equal", all = FALSE)
    single <- pseudo_regression(Surv(1:6, c(1, 0, 1, 1, 0, 1)), times = 3, x = c(0, 0, 0, 0, 0, 1))
    expect_identical(is.na(tidy(single)$std.error[2]), TRUE)
    expect_match(single$notes, "one row alone determines", all = FALSE)
    expect_warning(edge <- pseudo_regression(Surv(1:10, rep(0, 10)), times = 5, x = rep(0:1, 5), link = "cloglog"),
                   class = "osseosurv_convergence")
    expect_true(all(is.na(tidy(edge)$conf.low)))
    bad <- function(...) pseudo_regression(Surv(time, status) ~ sex, lung, ...)
    expect_error(bad(times = c(100, 2000)), "element 2", class = "osseosurv_invalid")
    expect_error(bad(times = numeric()), "`times`", class = "osseosurv_invalid")
    expect_error(bad(times = 100, measure = "rmst", link = "logit"), "`link`", class = "osseosurv_invalid")
    expect_error(bad(times = 100, exponentiate = TRUE), "`exponentiate`", class = "osseosurv_invalid")
    expect_error(pseudo_regression(Surv(time, status) ~ sex + I(2 * sex), lung, times = 100), "linearly dependent",
                 class = "osseosurv_invalid")
    expect_error(pseudo_regression(Surv(time, status) ~ strata(sex), lung, times = 100), "strata", class = "osseosurv_invalid")
    expect_error(pseudo_regression(Surv(age, age + time, status) ~ sex, lung, times = 100), "left-truncated",
                 class = "osseosurv_invalid")
})
