row_at <- function(x, estimand, time) x$table[x$table$estimand == estimand & x$table$time == time, ]

test_that("the eleven femora give the published counts with exact intervals", {
    for (interfaces in masquelet_femur_assignments()[c(1, 17, 84)]) {
        x <- union_estimands(interfaces, times = c(12, 80))
        # Until the last film, whenever that was: not seen is not united.
        united <- function(name) x$joint[x$joint$time == 80 & x$joint[[name]] == "united", "n"]
        expect_identical(sum(united("proximal")), 9L)
        expect_identical(sum(united("distal")), 4L)
        expect_identical(row_at(x, "proximal", 12)$x, 9L)
        expect_equal(unlist(row_at(x, "proximal", 12)[c("conf.low", "conf.high")], use.names = FALSE),
                     c(0.48224, 0.97720), tolerance = 1e-4)
    }
})

test_that("with every status known the share is the count and its interval Clopper and Pearson's", {
    set.seed(11)
    for (n in c(1, 2, 8, 11)) {
        p <- sample(c(3, 6, 12, Inf), n, TRUE)
        d <- sample(c(3, 6, 12, Inf), n, TRUE)
        left <- c("3" = 0, "6" = 3, "12" = 6, "Inf" = 12)
        rows <- data.frame(patient = rep(seq_len(n), 2), interface = rep(c("proximal", "distal"), each = n),
                           left = left[as.character(c(p, d))], right = c(p, d))
        x <- union_estimands(rows[sample(2 * n), ], times = c(3, 6, 12))$table
        by <- function(v) vapply(c(3, 6, 12), function(t) sum(v <= t), 0)
        counts <- list(any = by(pmin(p, d)), both = by(pmax(p, d)), proximal = by(p), distal = by(d))
        for (name in names(counts)) {
            own <- x[x$estimand == name, ]
            exact <- proportion_ci(counts[[name]], n)
            expect_equal(own$x, counts[[name]])
            expect_equal(own$estimate, exact$estimate, tolerance = 1e-9)
            expect_equal(own$conf.low, exact$conf.low, tolerance = 1e-9)
            expect_equal(own$conf.high, exact$conf.high, tolerance = 1e-9)
            expect_identical(own$unknown, c(0L, 0L, 0L))
        }
        share <- x[x$estimand == "interface", ]
        expect_equal(share$x, by(p) + by(d))
        expect_equal(share$estimate, (by(p) + by(d)) / (2 * n), tolerance = 1e-9)
        # Never narrower than as many independent reconstructions that agree would allow at the same share.
        even <- share$x %% 2 == 0
        agree <- proportion_ci(share$x[even] / 2, n)
        expect_true(all(share$conf.low[even] <= agree$conf.low + 1e-9))
        expect_true(all(share$conf.high[even] >= agree$conf.high - 1e-9))
    }
})

test_that("what is not known at a time is counted as such and covered by the interval", {
    rows <- data.frame(patient = c(1, 1, 2, 2, 3), interface = c("proximal", "distal", "proximal", "distal", "distal"),
                       left = c(3, 0, 6, 12, 0), right = c(12, 3, Inf, Inf, 6))
    x <- union_estimands(rows, times = 6)
    expect_identical(unlist(row_at(x, "interface", 6)[c("x", "n", "unknown")]), c(x = 2L, n = 4L, unknown = 1L))
    expect_identical(unlist(row_at(x, "any", 6)[c("x", "n", "unknown")]), c(x = 1L, n = 2L, unknown = 0L))
    low <- function(united) .Call(osseosurv:::ffi_pair_limit_low, united, 2, 1, 0.05)
    expect_equal(row_at(x, "interface", 6)$conf.low, low(2))
    expect_equal(row_at(x, "interface", 6)$conf.high, 1 - low(5 - 3))
    expect_identical(x$joint, data.frame(time = 6, proximal = c("not united", "not known", "not on record"),
                                         distal = c("not united", "united", "united"), n = 1L))
    expect_match(x$notes[1], "1 reconstruction with one interface")
})

test_that("a large cohort gets the interval between reconstructions", {
    set.seed(2)
    n <- 400
    bone <- rbinom(n, 1, 0.5)
    seen <- c(bone, ifelse(runif(n) < 0.3, bone, rbinom(n, 1, 0.5)))
    rows <- data.frame(patient = rep(1:n, 2), interface = rep(c("proximal", "distal"), each = n),
                       left = ifelse(seen == 1, 0, 6), right = ifelse(seen == 1, 6, Inf))
    x <- row_at(union_estimands(rows, times = 6), "interface", 6)
    mean_of <- rowMeans(matrix(seen, n))
    se <- sd(mean_of) / sqrt(n) / (mean(seen) * (1 - mean(seen)))
    expect_equal(c(x$conf.low, x$conf.high), plogis(qlogis(mean(seen)) + c(-1, 1) * qt(0.975, n - 1) * se))
})

test_that("bad interfaces are refused with column and row", {
    good <- masquelet_femur$interfaces
    bad <- function(column, value, pattern) {
        good[[column]][3] <- value
        expect_error(union_estimands(good), pattern, class = "osseosurv_invalid")
    }
    bad("interface", "middle", "row 3")
    bad("interface", good$interface[4], "second")
    bad("left_mo", 99, "row 3")
    bad("left_mo", -1, "row 3")
    expect_error(union_estimands(good[c("reconstruction", "interface")]), "`left`", class = "osseosurv_invalid")
    expect_error(union_estimands(good[0, ]), "no rows", class = "osseosurv_invalid")
    expect_error(union_estimands(1), "data frame", class = "osseosurv_invalid")
})

pairs_of <- function(left, right) {
    n <- nrow(left)
    data.frame(patient = rep(seq_len(n), 2), interface = rep(c("proximal", "distal"), each = n), left = c(left),
               right = c(right))
}

test_that("the joint distribution has the likelihood of the peer's, on the same rectangles", {
    # Frozen from MLEcens 0.1.
    frozen <- union_estimands(pairs_of(cbind(c(0, 3, 3, 6), c(0, 0, 6, 3)), cbind(c(3, 6, Inf, 12), c(6, 3, 12, Inf))))
    expect_equal(frozen$glance$logLik, -4.15888308339205, tolerance = 1e-9)
    skip_if_not_installed("MLEcens")
    set.seed(31)
    for (k in 1:40) {
        n <- sample(2:40, 1)
        left <- matrix(sample(0:8, 2 * n, TRUE), n)
        right <- left + matrix(sample(1:6, 2 * n, TRUE), n)
        right[sample(2 * n, n %/% 3)] <- Inf
        x <- union_estimands(pairs_of(left, right), times = 5)
        ends <- pmin(right, 1000)
        rectangles <- cbind(left[, 1], ends[, 1], left[, 2], ends[, 2])
        peer <- MLEcens::computeMLE(rectangles, B = c(0, 1, 0, 1))
        expect_gte(x$glance$logLik, peer$llh - 1e-8)
        expect_lte(x$glance$kkt, 1e-8)
        expect_identical(nrow(x$bivariate), nrow(MLEcens::reduc(rectangles, B = c(0, 1, 0, 1))$rects))
        expect_equal(sum(x$bivariate$mass), 1)
        expect_true(all(x$bivariate$mass.min <= x$bivariate$mass & x$bivariate$mass <= x$bivariate$mass.max))
    }
})

test_that("masses that are not unique are ranges", {
    ring <- pairs_of(cbind(c(0, 0, 0, 6), c(0, 6, 0, 0)), cbind(c(Inf, Inf, 3, 9), c(3, 9, Inf, Inf)))
    x <- union_estimands(ring, times = 3)
    expect_equal(x$bivariate$mass.min, c(0, 0, 0, 0))
    expect_equal(x$bivariate$mass.max, c(0.5, 0.5, 0.5, 0.5))
    expect_false(x$glance$unique)
    expect_match(paste(x$notes, collapse = " "), "not unique")
})

test_that("exact times give their own masses, and an interface not on record says nothing", {
    x <- union_estimands(pairs_of(cbind(c(3, 6, 6), c(2, 5, 5)), cbind(c(3, 6, 6), c(2, 5, 5))))
    expect_equal(x$bivariate$mass, c(1, 2) / 3)
    expect_equal(x$bivariate$proximal.left, x$bivariate$proximal.right)
    one <- data.frame(patient = 1:4, interface = "distal", left = c(0, 3, 3, 6), right = c(3, 6, 6, Inf))
    alone <- union_estimands(one)
    expect_equal(alone$bivariate$mass, tidy(turnbull(Surv(left, right, type = "interval2") ~ 1, one))$mass)
    expect_identical(alone$table$estimand, rep(c("distal", "interface"), each = 2))
})

test_that("every data set of up to three pairs on a three-visit grid: no NaN, invariants hold", {
    kinds <- rbind(c(0, 1), c(1, 2), c(2, 3), c(0, 3), c(1, Inf), c(3, Inf), c(0, 2), c(1, 3), c(2, Inf))
    extended <- identical(Sys.getenv("OSSEOSURV_EXTENDED_TESTS"), "true")
    # Kinds taken with one, two and three reconstructions: more would not end.
    largest <- if (extended) c(9, 9, 6) else c(9, 3)
    failures <- character()
    count <- 0
    for (n in seq_along(largest)) {
        pairs <- expand.grid(proximal = seq_len(largest[n]), distal = seq_len(largest[n]))
        sets <- utils::combn(nrow(pairs) + n - 1, n) - (seq_len(n) - 1)
        for (k in seq_len(ncol(sets))) {
            own <- unlist(pairs[sets[, k], ], use.names = FALSE)
            rows <- data.frame(patient = rep(seq_len(n), 2), interface = rep(c("proximal", "distal"), each = n),
                               left = kinds[own, 1], right = kinds[own, 2])
            x <- union_estimands(rows, times = 1:3)
            table <- x$table
            known <- table[table$n > 0, ]
            masses <- x$bivariate
            sound <- all(known$conf.low >= 0 & known$conf.high <= 1 & known$conf.low < known$conf.high) &&
                !anyNA(known[c("x", "conf.low", "conf.high")]) && !any(is.nan(table$estimate)) &&
                all(table$conf.low <= table$estimate + 1e-9 & table$estimate <= table$conf.high + 1e-9, na.rm = TRUE) &&
                abs(sum(masses$mass) - 1) < 1e-9 && all(masses$mass.min <= masses$mass & masses$mass <= masses$mass.max) &&
                x$glance$kkt <= 1e-8
            count <- count + 1
            if (!isTRUE(sound)) failures <- c(failures, paste(n, toString(sets[, k])))
        }
    }
    expect_identical(failures, character())
    expect_gte(count, 120)
})
