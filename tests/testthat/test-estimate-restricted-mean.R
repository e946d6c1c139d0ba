# Mean and variance from the curve of survfit, as sums written out.
slow_rmst <- function(fit, tau) {
    inside <- fit$time < tau
    time <- c(0, fit$time[inside], tau)
    area <- diff(time) * c(1, fit$surv[inside])
    after <- rev(cumsum(rev(area)))[-1]
    d <- fit$n.event[inside]
    n <- fit$n.risk[inside]
    c(sum(area), sum(ifelse(n > d, after^2 * d / (n * (n - d)), 0)))
}

test_that("published figures", {
    gehan$arm <- factor(gehan$treat, c("control", "6-MP"))
    fit <- rmst(Surv(time, cens) ~ arm, gehan, tau = 23, conf.method = "asymptotic")
    got <- tidy(fit)
    expect_identical(got$term, c("rmst", "rmst", "difference", "ratio"))
    expect_identical(got$strata, c("arm=control", "arm=6-MP", "", ""))
    expect_equal(got$estimate[1:3], c(8.6667, 17.9092, 9.242577), tolerance = 1e-5)
    expect_equal(c(got$conf.low[3], got$conf.high[3]), c(5.173774, 13.311380), tolerance = 1e-6)
    expect_equal(got$p.value[3:4], c(8.499572e-06, 6.098518e-05), tolerance = 1e-6) # survRM2 1.0
    ratio <- tidy(rmst(Surv(time, cens) ~ treat, gehan, tau = 23, conf.method = "asymptotic", exponentiate = TRUE))[4, ]
    expect_equal(c(ratio$estimate, ratio$conf.low, ratio$conf.high), c(0.4839214, 0.3393617, 0.6900601), tolerance = 1e-6)
    lost <- tidy(rmst(Surv(time, cens) ~ treat, gehan, tau = 23, measure = "rmtl", conf.method = "asymptotic",
                      exponentiate = TRUE))
    expect_equal(unlist(lost[4, c("estimate", "conf.low", "conf.high")], use.names = FALSE),
                 c(2.8155607, 1.5041319, 5.2704034), tolerance = 1e-7)
    expect_equal(lost$estimate[1:2] + got$estimate[2:1], c(23, 23))
})

test_that("equals survRM2", {
    skip_if_not_installed("survRM2")
    compared <- 0
    for (shape in 1:110) {
        d <- random_cohort(shape)
        d <- d[d$time > 0 & d$group != "c", ]
        if (shape %% 4 == 3 || length(unique(d$group)) < 2 || nrow(d) < 5) next
        tau <- min(tapply(d$time, d$group, max)) * 0.9
        theirs <- tryCatch(suppressWarnings(survRM2::rmst2(d$time, d$status, as.integer(d$group == "b"), tau)),
                           error = function(e) NULL)
        if (is.null(theirs) || anyNA(theirs$unadjusted.result)) next
        compared <- compared + 1
        ours <- tidy(rmst(Surv(time, status) ~ group, d, tau = tau, conf.method = "asymptotic", exponentiate = TRUE))
        columns <- c("estimate", "conf.low", "conf.high", "p.value")
        if (is.na(ours$std.error[3])) next
        expect_equal(unlist(ours[3, columns], use.names = FALSE), unname(theirs$unadjusted.result[1, ]), tolerance = 1e-9)
        expect_equal(unlist(ours[4, columns], use.names = FALSE), unname(theirs$unadjusted.result[2, ]), tolerance = 1e-9)
    }
    expect_gt(compared, 10)
})

test_that("estimate and variance by the sums, with ties, truncation and weights", {
    for (shape in 1:80) {
        d <- random_cohort(shape)
        truncated <- shape %% 3 == 0
        if (truncated) d <- d[d$entry < d$time, ]
        if (!nrow(d) || max(d$time) == 0) next
        tau <- max(d$time) * c(0.3, 0.7, 1)[shape %% 3 + 1]
        response <- if (truncated) Surv(entry, time, status) ~ 1 else Surv(time, status) ~ 1
        ours <- tidy(rmst(response, d, tau = tau, weights = weight, conf.method = "asymptotic"))
        want <- slow_rmst(survival::survfit(response, replicated(d)), tau)
        expect_equal(ours$estimate, want[1], tolerance = 1e-11)
        if (want[2] > 1e-20) expect_equal(ours$std.error, sqrt(want[2]), tolerance = 1e-10)
        else expect_true(is.na(ours$std.error) || ours$std.error < 1e-9)
        expect_identical(nrow(ours), 1L)
    }
})

test_that("beta-product limits are Gaffke's without censoring, with the beta of equal moments", {
    x <- c(1, 2.5, 3, 3, 4.25, 6, 7, 9)
    tau <- 8
    matched <- function(support) { # moments of Dirichlet(1, ..., 1) weights on the support
        m <- mean(support)
        v <- (mean(support^2) - m^2) / (length(support) + 1)
        c(m, 1 - m) * (m * (1 - m) / v - 1)
    }
    low <- matched(c(0, pmin(x, tau)) / tau)
    high <- matched(c(pmin(x, tau), tau) / tau)
    got <- tidy(rmst(Surv(x, rep(1, 8)), tau = tau))
    expect_equal(got$conf.low, tau * stats::qbeta(0.025, low[1], low[2]), tolerance = 1e-10)
    expect_equal(got$conf.high, tau * stats::qbeta(0.975, high[1], high[2]), tolerance = 1e-10)
    # The moments, by simulation of the weights.
    set.seed(3)
    weights <- matrix(stats::rexp(9 * 2e4), 9)
    area <- colSums(weights * c(pmin(x, tau), tau)) / colSums(weights) / tau
    expect_equal(mean(area), high[1] / sum(high), tolerance = 0.005)
})

test_that("no event in one or both groups: never 0 to 0", {
    d <- data.frame(t = c(24, 30, 36, 41, 48, 60, 6, 14, 25, 33, 50), s = c(0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0),
                    g = rep(c("porous", "solid"), c(6, 5)))
    fit <- rmst(Surv(t, s) ~ g, d)
    got <- tidy(fit)
    expect_equal(got$tau, rep(50, 4))
    expect_equal(got$estimate[c(1, 3)], c(50, -16))
    expect_true(is.na(got$std.error[1]) && got$conf.low[1] < 40 && got$conf.high[1] == 50)
    expect_true(got$conf.low[3] < -16 && got$conf.high[3] > 0 && got$p.value[3] > 0.05)
    expect_match(fit$notes, "No variance before 50 in g=porous", fixed = TRUE)
    none <- tidy(rmst(Surv(t, s) ~ g, transform(d, s = 0)))
    expect_equal(none$estimate[3:4], c(0, 0))
    expect_true(none$conf.low[3] < -10 && none$conf.high[3] > 10 && none$p.value[3] == 1)
    for (method in c("asymptotic", "permutation")) {
        gone <- tidy(rmst(Surv(t, s) ~ g, transform(d, s = 0), conf.method = method, resamples = 99, seed = 1))
        expect_true(all(is.na(gone[3:4, c("std.error", "p.value", "conf.low", "conf.high")])))
    }
    ratio <- tidy(rmst(Surv(t, s) ~ g, d, measure = "rmtl"))
    expect_identical(ratio$estimate[4], Inf)
    expect_true(is.finite(ratio$conf.low[4]) && ratio$conf.high[4] == Inf)
    late <- rmst(Surv(t, s) ~ g, d, tau = 55)
    expect_true(all(is.na(tidy(late)$estimate[2:4])) && tidy(late)$estimate[1] == 55)
    expect_match(late$notes[1], "follow-up of g=solid ends before 55", fixed = TRUE)
})

test_that("studentised permutation: all labellings, any number of threads, the seed decides", {
    d <- data.frame(t = c(1, 4, 6, 7, 2, 3, 5, 9), s = c(1, 1, 0, 1, 1, 1, 1, 0), g = rep(1:2, each = 4))
    tau <- 6.5
    studentised <- function(second) {
        parts <- vapply(list(setdiff(1:8, second), second), function(i) {
            slow_rmst(survival::survfit(Surv(d$t[i], d$s[i]) ~ 1), tau)
        }, c(0, 0))
        (parts[1, 2] - parts[1, 1]) / sqrt(sum(parts[2, ]))
    }
    all <- abs(utils::combn(8, 4, studentised))
    exact <- mean(all >= abs(studentised(5:8)) - 1e-9)
    ask <- function(threads, ...) {
        options(osseosurv.threads = threads)
        on.exit(options(osseosurv.threads = NULL))
        tidy(rmst(Surv(t, s) ~ g, d, tau = tau, conf.method = "permutation", ...))[3, ]
    }
    got <- ask(1, resamples = 2e4, seed = 5)
    expect_lt(abs(got$p.value - exact), 0.012)
    expect_identical(got, ask(2, resamples = 2e4, seed = 5))
    critical <- (got$conf.high - got$estimate) / got$std.error
    expect_lt(abs(mean(all > critical + 1e-9)), 0.05)
    expect_gt(mean(all >= critical - 1e-9), 0.05 - 0.025)
    set.seed(8)
    first <- ask(1, resamples = 99)
    set.seed(8)
    expect_identical(first, ask(2, resamples = 99))
    expect_gte(first$p.value, 1 / 100)
    # p and interval agree.
    for (shape in c(2, 6, 10, 14)) {
        x <- random_cohort(shape)
        x <- x[x$time > 0 & x$group != "c", ]
        if (length(unique(x$group)) < 2) next
        for (level in c(0.5, 0.9)) {
            one <- tidy(rmst(Surv(time, status) ~ group, x, conf.method = "permutation", conf.level = level, resamples = 199,
                             seed = 1))[3, ]
            if (is.na(one$p.value)) next
            expect_identical(one$p.value <= 1 - level + 1e-9, one$conf.low > 0 || one$conf.high < 0)
        }
    }
})

test_that("weights are rows, order, unit and strata", {
    for (shape in c(2, 6, 9, 14, 22)) {
        d <- random_cohort(shape)
        d <- d[d$time > 0, ]
        if (length(unique(d$group)) < 3) next
        d$half <- seq_len(nrow(d)) %% 2
        ask <- function(data, ...) tidy(rmst(Surv(time, status) ~ group, data, seed = 4, resamples = 99, ...))
        for (method in c("beta-product", "permutation")) {
            fit <- ask(d, weights = weight, conf.method = method)
            expect_identical(fit$term, c(rep("rmst", 3), rep(c("difference", "ratio"), 2)))
            expect_identical(fit$contrast[4:7], rep(c("group=b - group=a", "group=c - group=a"), each = 2))
            expect_equal(fit, ask(replicated(d), conf.method = method), tolerance = 1e-9)
            expect_equal(fit, ask(d[rev(seq_len(nrow(d))), ], weights = weight, conf.method = method), tolerance = 1e-9)
        }
        tau <- min(tapply(d$time, d$group, max)) / 2
        fit <- ask(d, tau = tau)
        scaled <- ask(transform(d, time = 8 * time), tau = 8 * tau)
        expect_equal(8 * fit$estimate[1:4], scaled$estimate[1:4], tolerance = 1e-12)
        expect_equal(fit$p.value, scaled$p.value, tolerance = 1e-9)
        within <- tidy(rmst(Surv(time, status) ~ group + strata(half), d, tau = tau))
        expect_identical(nrow(within), 6L + 8L)
        part <- d[d$half == 1, ]
        if (length(unique(part$group)) == 3) {
            expect_equal(within[within$strata == "half=1", -1], ask(part, tau = tau)[4:7, -1], tolerance = 1e-9,
                         ignore_attr = TRUE)
        }
    }
})

test_that("p is below the level just where the interval leaves out no difference", {
    for (shape in 1:40) {
        d <- random_cohort(shape)
        d <- d[d$time > 0 & d$group != "c", ]
        if (length(unique(d$group)) < 2) next
        for (measure in c("rmst", "rmtl")) {
            got <- tidy(rmst(Surv(time, status) ~ group, d, measure = measure, conf.level = 0.6))[3:4, ]
            if (anyNA(got$p.value)) next
            expect_equal(got$p.value[1], got$p.value[2], tolerance = 1e-8)
            expect_identical(got$p.value < 0.4, got$conf.low > 0 | got$conf.high < 0)
            expect_true(all(got$conf.low < got$conf.high))
        }
    }
})

test_that("left truncation and arguments", {
    d <- random_cohort(34)
    d <- d[d$entry < d$time, ]
    fit <- rmst(Surv(entry, time, status) ~ 1, d)
    expect_identical(glance(fit)$conf.method, "asymptotic")
    expect_match(fit$notes[1], "left-truncated")
    for (method in c("beta-product", "permutation")) {
        expect_error(rmst(Surv(entry, time, status) ~ group, d, conf.method = method), "left-truncated",
                     class = "osseosurv_invalid")
    }
    expect_error(rmst(Surv(time, cens) ~ treat, gehan, tau = 0), "`tau`", class = "osseosurv_invalid")
    expect_error(rmst(Surv(time, cens) ~ treat, gehan, tau = c(1, 2)), "`tau`", class = "osseosurv_invalid")
    expect_error(rmst(Surv(time, cens) ~ treat, gehan, conf.method = "permutation", resamples = 0.5), "`resamples`",
                 class = "osseosurv_invalid")
    expect_error(rmst(Surv(time, cens) ~ treat, gehan, measure = "area"), "`measure`", class = "osseosurv_invalid")
    expect_error(rmst(Surv(c(0, 0), c(1, 0))), "tau", class = "osseosurv_invalid")
})
