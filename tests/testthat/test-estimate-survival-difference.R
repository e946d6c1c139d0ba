# P(effect <= at) of two independent beta variables, by R's own quadrature; the slow way to the melded interval.
slow_tail <- function(first, second, at, measure) {
    bound <- function(x) switch(measure, difference = x + at, ratio = x * exp(at),
                                odds.ratio = stats::plogis(stats::qlogis(x) + at))
    inner <- function(x) stats::dbeta(x, first[1], first[2]) * stats::pbeta(bound(x), second[1], second[2])
    cuts <- stats::qbeta(c(0, 1e-6, 0.05, 0.3, 0.5, 0.7, 0.95, 1 - 1e-6, 1), first[1], first[2])
    kinks <- switch(measure, difference = c(-at, 1 - at), ratio = exp(-at), odds.ratio = NULL)
    cuts <- sort(unique(c(cuts, kinks[kinks > 0 & kinks < 1])))
    sum(mapply(function(lo, hi) stats::integrate(inner, lo, hi, rel.tol = 1e-12)$value, cuts[-length(cuts)], cuts[-1]))
}

# Shapes of the beta with the moments of the beta-product procedure, from the product itself.
slow_shapes <- function(y, d) {
    mean <- prod((y - d + 1) / (y + 1))
    square <- prod((y - d + 1) * (y - d + 2) / ((y + 1) * (y + 2)))
    size <- (mean - square) / (square - mean^2)
    c(mean, 1 - mean) * size
}

test_that("published figures", {
    fit <- survival_difference(Surv(time, cens) ~ treat, gehan, time = 10)
    got <- tidy(fit)
    expect_equal(got$estimate, -0.371989, tolerance = 1e-5)
    expect_lt(abs(got$conf.low + 0.647777), 1e-5)
    expect_lt(abs(got$conf.high + 0.016746), 1e-5)
    expect_equal(got$p.value, 0.03847, tolerance = 1e-4)
    expect_identical(got$contrast, "treat=control - treat=6-MP")
    expect_identical(got[c("strata", "term", "time")], data.frame(strata = "", term = "difference", time = 10))
    expect_equal(fit$survival$estimate, c(0.752941176, 0.380952381), tolerance = 1e-8)
    # bpcp 1.5.5
    ratio <- tidy(survival_difference(Surv(time, cens) ~ treat, gehan, time = 10, measure = "ratio", exponentiate = TRUE))
    expect_equal(unlist(ratio[c("estimate", "conf.low", "conf.high")], use.names = FALSE),
                 c(0.505952381, 0.230708093, 0.970629110), tolerance = 2e-5)
    odds <- tidy(survival_difference(Surv(time, cens) ~ treat, gehan, time = 10, measure = "odds.ratio"))
    expect_equal(exp(unlist(odds[c("estimate", "conf.low", "conf.high")], use.names = FALSE)),
                 c(0.201923077, 0.037875425, 0.932731854), tolerance = 2e-4)
    expect_equal(odds$p.value, 0.038471569, tolerance = 1e-6)
})

test_that("limits solve the melding equation, by R's quadrature", {
    # No time is one of the censored, so that nobody is in doubt just after it.
    arms <- list(list(y = c(21, 17, 15), d = c(3, 1, 1), after = 12), list(y = c(9, 8, 5), d = c(1, 2, 1), after = 3))
    time <- c(rep(1, 3), rep(1.5, 1), 2, rep(2.5, 1), 3, rep(4, 14), 1, 2, 2, rep(2.5, 1), 3, rep(4, 4))
    status <- c(rep(1, 3), 0, 1, 0, 1, rep(0, 14), 1, 1, 1, 0, 1, rep(0, 4))
    group <- rep(c("a", "b"), c(21, 9))
    counted <- lapply(c("a", "b"), function(g) {
        at <- sort(unique(time[status == 1 & group == g]))
        list(y = vapply(at, function(t) sum(time >= t & group == g), 0),
             d = vapply(at, function(t) sum(time == t & status == 1 & group == g), 0), after = sum(time > 3.2 & group == g))
    })
    high <- lapply(counted, function(x) slow_shapes(x$y, x$d))
    low <- lapply(counted, function(x) slow_shapes(c(x$y, x$after), c(x$d, 1)))
    for (measure in c("difference", "ratio", "odds.ratio")) {
        got <- tidy(survival_difference(Surv(time, status), time = 3.2, measure = measure, group = group, conf.level = 0.9))
        expect_equal(slow_tail(high[[1]], low[[2]], got$conf.low, measure), 0.05, tolerance = 1e-9)
        expect_equal(slow_tail(low[[1]], high[[2]], got$conf.high, measure), 0.95, tolerance = 1e-9)
        expect_equal(got$p.value, min(1, 2 * slow_tail(high[[1]], low[[2]], 0, measure),
                                      2 * (1 - slow_tail(low[[1]], high[[2]], 0, measure))), tolerance = 1e-9)
        middle <- tidy(survival_difference(Surv(time, status), time = 3.2, measure = measure, group = group,
                                           conf.type = "melded-mid-p"))
        mixed <- function(at) mean(c(slow_tail(high[[1]], low[[2]], at, measure), slow_tail(low[[1]], high[[2]], at, measure),
                                     slow_tail(high[[1]], high[[2]], at, measure), slow_tail(low[[1]], low[[2]], at, measure)))
        expect_equal(c(mixed(middle$conf.low), mixed(middle$conf.high)), c(0.025, 0.975), tolerance = 1e-9)
        expect_equal(middle$p.value, 2 * min(mixed(0), 1 - mixed(0)), tolerance = 1e-9)
    }
})

test_that("equals bpcp2samp on random data", {
    skip_if_not_installed("bpcp")
    compared <- 0
    for (shape in 1:100) {
        d <- random_cohort(shape)
        d <- d[d$time > 0 & d$group != "c", ]
        if (shape %% 4 == 3 || nrow(d) < 6 || length(unique(d$group)) < 2) next # bpcp does not tie neighbours
        # Between the times, as bpcp rounds them.
        gap <- min(diff(sort(unique(d$time))))
        t <- stats::quantile(d$time, 0.4, names = FALSE, type = 1) + gap / 2
        measure <- c("difference", "ratio", "odds.ratio")[shape %% 3 + 1]
        ours <- tidy(survival_difference(Surv(time, status) ~ group, d, time = t, measure = measure, exponentiate = TRUE))
        if (is.na(ours$estimate) || is.infinite(ours$estimate)) next
        theirs <- tryCatch(bpcp::bpcp2samp(d$time, d$status, d$group, t, parmtype = sub(".", "", measure, fixed = TRUE),
                                           add.eps = gap / 10), error = function(e) NULL)
        if (is.null(theirs) || anyNA(theirs$conf.int)) next
        compared <- compared + 1
        expect_equal(ours$estimate, theirs$estimate[[1]], tolerance = 1e-10, label = paste("estimate of shape", shape))
        expect_lt(abs(ours$p.value - theirs$p.value), 2e-6, label = paste("p of shape", shape))
        near <- function(x, y) x == y || abs(x - y) / max(1, min(x, y)) < 5e-4 || max(x, y) > 1e3
        expect_true(near(ours$conf.low, theirs$conf.int[1]), label = paste("lower limit of shape", shape))
        expect_true(near(ours$conf.high, theirs$conf.int[2]), label = paste("upper limit of shape", shape))
    }
    expect_gt(compared, 15)
})

test_that("without censoring it is the central Fisher test", {
    for (failed in list(c(0, 5), c(1, 4), c(3, 3), c(6, 1), c(0, 0), c(11, 0))) {
        status <- c(rep(1, failed[1]), rep(0, 11 - failed[1]), rep(1, failed[2]), rep(0, 8 - failed[2]))
        time <- ifelse(status == 1, 1, 2)
        group <- rep(1:2, c(11, 8))
        table <- matrix(c(failed, c(11, 8) - failed), 2)
        side <- function(s) stats::fisher.test(table, alternative = s)$p.value
        for (measure in c("difference", "ratio", "odds.ratio")) {
            got <- tidy(survival_difference(Surv(time, status), time = 1.5, measure = measure, group = group))
            expect_equal(got$p.value, min(1, 2 * side("less"), 2 * side("greater")), tolerance = 1e-10)
            expect_lt(got$conf.low, got$conf.high)
        }
    }
})

test_that("no event in one or both groups never gives a degenerate answer", {
    d <- data.frame(t = c(24, 30, 36, 41, 48, 60, 6, 14, 25, 33, 50), s = c(0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0),
                    g = rep(c("porous", "solid"), c(6, 5)))
    one <- tidy(survival_difference(Surv(t, s) ~ g, d, time = 24))
    expect_equal(one$estimate, -0.4)
    expect_true(one$conf.low > -1 && one$conf.high > 0 && one$p.value < 1 && is.na(one$std.error))
    none <- tidy(survival_difference(Surv(t, s) ~ g, transform(d, s = 0), time = 23))
    expect_equal(none$estimate, 0)
    # Upper limit: the other group fails as its Clopper-Pearson limit says.
    expect_equal(c(none$conf.low, none$conf.high), c(0.025^(1 / 3) - 1, 1 - 0.025^(1 / 6)), tolerance = 1e-10)
    expect_equal(none$p.value, 1)
    both <- tidy(survival_difference(Surv(t, s) ~ g, transform(d, s = 0), time = 23, measure = "odds.ratio"))
    expect_identical(c(both$conf.low, both$conf.high), c(-Inf, Inf))
    all <- tidy(survival_difference(Surv(t, s) ~ g, transform(d, s = 1), time = 60, measure = "ratio"))
    expect_identical(c(all$estimate, all$conf.low, all$conf.high), c(NA, -Inf, Inf))
    past <- survival_difference(Surv(t, s) ~ g, d, time = c(20, 55))
    expect_true(all(is.na(tidy(past)[2, c("estimate", "conf.low", "conf.high", "p.value")])))
    expect_match(past$notes, "past the last follow-up of a group: g=solid at 55", fixed = TRUE)
    wald <- survival_difference(Surv(t, s) ~ g, d, time = 24, conf.type = "wald")
    expect_true(is.na(tidy(wald)$conf.low))
    expect_match(wald$notes, "wald interval is not estimable")
})

test_that("weights are rows, order and units do not matter, groups go against the first, strata apart", {
    for (shape in c(2, 6, 9, 14, 22)) {
        d <- random_cohort(shape)
        d <- d[d$time > 0, ]
        if (length(unique(d$group)) < 3) next
        d$half <- seq_len(nrow(d)) %% 2
        times <- stats::quantile(d$time, c(0.5, 0.2), names = FALSE, type = 1)
        ask <- function(data, times, ...) tidy(survival_difference(Surv(time, status) ~ group, data, time = times, ...))
        fit <- ask(d, times, weights = weight)
        expect_identical(fit$contrast, rep(c("group=b - group=a", "group=c - group=a"), each = 2))
        expect_equal(fit$time, rep(times, 2))
        expect_equal(fit, ask(replicated(d), times), tolerance = 1e-10)
        expect_equal(fit, ask(d[rev(seq_len(nrow(d))), ], times, weights = weight), tolerance = 1e-12)
        scaled <- ask(transform(d, time = 8 * time), 8 * times, weights = weight)
        expect_equal(fit[-4], scaled[-4], tolerance = 1e-12)
        two <- ask(d[d$group != "c", ], times, weights = weight)
        expect_equal(fit[1:2, ], two, tolerance = 1e-12, ignore_attr = TRUE)
        within <- tidy(survival_difference(Surv(time, status) ~ group + strata(half), d, time = times[1]))
        for (h in 0:1) {
            part <- d[d$half == h, ]
            if (length(unique(part$group)) < 3) next
            expect_equal(within[within$strata == paste0("half=", h), -1], ask(part, times[1])[-1], tolerance = 1e-10,
                         ignore_attr = TRUE)
        }
        ratio <- ask(d, times, measure = "ratio", weights = weight)
        natural <- ask(d, times, measure = "ratio", exponentiate = TRUE, weights = weight)
        expect_equal(exp(ratio$conf.low), natural$conf.low)
        expect_equal(ratio$p.value, fit$p.value, tolerance = 1e-9)
    }
})

test_that("left truncation is refused by name or answered by Wald", {
    d <- random_cohort(34)
    d <- d[d$entry < d$time & d$group != "c", ]
    t <- stats::median(d$time)
    fit <- survival_difference(Surv(entry, time, status) ~ group, d, time = t)
    expect_identical(glance(fit)$conf.type, "wald")
    expect_match(fit$notes[1], "left-truncated")
    arms <- survival_at(kaplan_meier(Surv(entry, time, status) ~ group, d), t)
    expect_equal(tidy(fit)$estimate, diff(arms$estimate))
    expect_equal(tidy(fit)$std.error, sqrt(sum(arms$std.error^2)), tolerance = 1e-12)
    expect_error(survival_difference(Surv(entry, time, status) ~ group, d, time = t, conf.type = "melded"),
                 "left-truncated", class = "osseosurv_invalid")
})

test_that("arguments are checked", {
    expect_error(survival_difference(Surv(time, cens) ~ 1, gehan, time = 10), "two groups", class = "osseosurv_invalid")
    expect_error(survival_difference(Surv(time, cens) ~ treat, gehan), "`time` is required", class = "osseosurv_invalid")
    expect_error(survival_difference(Surv(time, cens) ~ treat, gehan, time = Inf), "`time` must be finite",
                 class = "osseosurv_invalid")
    expect_error(survival_difference(Surv(time, cens) ~ treat, gehan, time = 3, measure = "hazard"), "`measure`",
                 class = "osseosurv_invalid")
    expect_error(survival_difference(Surv(time, cens) ~ treat, gehan, time = 3, exponentiate = NA), "`exponentiate`",
                 class = "osseosurv_invalid")
})
