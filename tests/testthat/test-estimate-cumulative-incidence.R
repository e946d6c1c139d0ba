modes <- data.frame(t = c(2, 5, 7, 9, 12, 15, 18, 24, 30, 36),
                    mode = factor(c(2, 0, 4, 1, 0, 4, "death", 0, 0, 0), c(0, 1, 2, 4, "death")))

test_that("the published modes example is reproduced", {
    fit <- cumulative_incidence(Surv(t, mode) ~ 1, modes)
    at <- incidence_at(fit, c(12, 24))
    expect_equal(at$estimate, c(.1125, .1125, .1, .1, .1125, .2475, 0, .135), tolerance = 1e-12)
    expect_equal(at$std.error[6], .15263, tolerance = 5e-5)
    expect_equal(fit$event_free$estimate[fit$event_free$time == 24], .405, tolerance = 1e-12)
    naive <- survival_at(kaplan_meier(Surv(t, mode == 4) ~ 1, modes), 24)
    expect_equal(1 - naive$estimate, .30, tolerance = 1e-12)
})

test_that("equals survfit and cuminc on random data", {
    for (shape in 1:80) {
        d <- random_cohort(shape)
        if (shape %% 3 == 0) d <- d[d$entry < d$time, ]
        if (!nrow(d) || all(d$cause == 0)) next
        d$cause <- factor(d$cause, 0:2)
        formula <- if (shape %% 3 == 0) Surv(entry, time, cause) ~ 1 else Surv(time, cause) ~ 1
        type <- c("log-log", "plain")[shape %% 2 + 1]
        fit <- cumulative_incidence(formula, d, conf.type = type, weights = if (shape %% 2) weight else NULL)
        rows <- if (shape %% 2) replicated(d) else d
        rows$id <- seq_len(nrow(rows))
        peer <- survival::survfit(formula, rows, id = id, conf.type = type)
        for (cause in 1:2) {
            ours <- tidy(fit)[tidy(fit)$cause == cause, ]
            at <- match(signif(peer$time, 8), signif(ours$time, 8))
            p <- peer$pstate[, cause + 1]
            inside <- p > 1e-12 & p < 1 - 1e-12
            expect_equal(ours$estimate[at], p, tolerance = 1e-12)
            # With left truncation survfit gives the infinitesimal jackknife, which is another variance.
            if (shape %% 3 == 0) next
            expect_equal(ours$std.error[at][inside], peer$std.err[inside, cause + 1], tolerance = 1e-8)
            expect_equal(ours$conf.low[at][inside], peer$lower[inside, cause + 1], tolerance = 1e-7)
            expect_equal(ours$conf.high[at][inside], peer$upper[inside, cause + 1], tolerance = 1e-7)
        }
    }
})

test_that("equals cmprsk", {
    skip_if_not_installed("cmprsk")
    d <- random_cohort(52)
    peer <- cmprsk::timepoints(cmprsk::cuminc(d$time, d$cause), sort(unique(d$time)))$est
    fit <- cumulative_incidence(Surv(time, factor(cause, 0:2)) ~ 1, d)
    for (cause in 1:2) {
        ours <- incidence_at(fit, sort(unique(d$time)))
        expect_equal(ours$estimate[ours$cause == cause], unname(peer[cause, ]), tolerance = 1e-12)
    }
})

test_that("with left truncation and one cause the standard error is Greenwood's", {
    for (shape in 1:20) {
        d <- random_cohort(shape)
        d <- d[d$entry < d$time, ]
        if (!nrow(d)) next
        one <- tidy(cumulative_incidence(Surv(entry, time, factor(status, 0:1)) ~ 1, d, conf.type = "log-log"))
        curve <- tidy(kaplan_meier(Surv(entry, time, status) ~ 1, d))
        expect_lt(max(abs(one$std.error - curve$std.error)), 1e-8)
    }
})

test_that("incidences and the event-free probability sum to one", {
    for (shape in 1:30) {
        d <- random_cohort(shape)
        fit <- cumulative_incidence(Surv(time, factor(cause, 0:2)) ~ group, d)
        total <- tapply(tidy(fit)$estimate, list(tidy(fit)$time, tidy(fit)$strata), sum)
        free <- tapply(fit$event_free$estimate, list(fit$event_free$time, fit$event_free$strata), sum)
        expect_lt(max(abs(total + free - 1), na.rm = TRUE), 1e-12)
    }
})

test_that("the exact type is one minus the beta product with one cause", {
    for (shape in 1:30) {
        d <- random_cohort(shape)
        one <- tidy(cumulative_incidence(Surv(time, factor(status, 0:1)) ~ 1, d))
        curve <- tidy(kaplan_meier(Surv(time, status) ~ 1, d))
        expect_equal(one$conf.low, 1 - curve$conf.high, tolerance = 1e-9)
        expect_equal(one$conf.high, 1 - curve$conf.low, tolerance = 1e-9)
        # Once all have failed the variance, 0, is a difference of equal terms.
        expect_lt(max(abs(one$std.error - curve$std.error)), 1e-8)
    }
})

# The derivation as it stands, in raw moments.
slow_exact <- function(n.risk, n.event, d, n.censor, level = 0.95) {
    s <- c(mS = 1, mF = 0, S2 = 1, SF = 0, F2 = 0)
    low <- high <- numeric(length(d))
    shape <- function(m, m2, p) {
        v <- m2 - m^2
        if (v <= 1e-15) return(round(m))
        size <- m * (1 - m) / v - 1
        stats::qbeta(p, m * size, (1 - m) * size)
    }
    for (k in seq_along(d)) {
        N <- n.risk[k] + 1
        ED <- d[k] / N; ED2 <- d[k] * (d[k] + 1) / (N * (N + 1))
        EB <- (N - n.event[k]) / N; EB2 <- (N - n.event[k]) * (N - n.event[k] + 1) / (N * (N + 1))
        EBD <- d[k] * (N - n.event[k]) / (N * (N + 1))
        if (n.event[k] > 0) {
            s <- c(mS = s[["mS"]] * EB, mF = s[["mF"]] + s[["mS"]] * ED, S2 = s[["S2"]] * EB2,
                   SF = s[["SF"]] * EB + s[["S2"]] * EBD, F2 = s[["F2"]] + 2 * s[["SF"]] * ED + s[["S2"]] * ED2)
        }
        low[k] <- if (s[["mF"]] == 0) 0 else shape(s[["mF"]], s[["F2"]], (1 - level) / 2)
        Y <- n.risk[k] - n.event[k] - n.censor[k]
        e1 <- 1 / (Y + 1)
        e2 <- 2 / ((Y + 1) * (Y + 2))
        high[k] <- shape(s[["mF"]] + s[["mS"]] * e1, s[["F2"]] + 2 * s[["SF"]] * e1 + s[["S2"]] * e2, (1 + level) / 2)
    }
    cbind(cummax(low), cummax(high))
}

test_that("the exact type equals the derivation written out", {
    for (shape in 1:40) {
        d <- random_cohort(shape)
        if (max(d$time) > 0) d <- d[d$time > 0, ]
        fit <- tidy(cumulative_incidence(Surv(time, factor(cause, 0:2)) ~ 1, d))
        all <- fit$n.event[fit$cause == 1] + fit$n.event[fit$cause == 2]
        for (cause in 1:2) {
            ours <- fit[fit$cause == cause, ]
            slow <- slow_exact(ours$n.risk, all, ours$n.event, ours$n.censor)
            expect_equal(ours$conf.low, slow[, 1], tolerance = 1e-7)
            expect_equal(ours$conf.high, slow[, 2], tolerance = 1e-7)
        }
    }
})

test_that("no event at all still has an upper limit", {
    fit <- cumulative_incidence(Surv(months_11, factor(rep(0, 11), 0:2)))
    at <- incidence_at(fit, c(24, 60, 70))
    expect_identical(at$estimate, rep(c(0, 0, NA), 2))
    expect_identical(at$conf.low, rep(c(0, 0, NA), 2))
    expect_equal(at$conf.high[1:2], 1 - c(0.6637329, 0.1581139), tolerance = 1e-6)
    exact <- cumulative_incidence(Surv(1:11, factor(c(1, 2, 1, 2, 1, rep(2, 6)))), conf.type = "exact")
    expect_s3_class(exact, "osseosurv_result")
})

test_that("three of eleven and four of eleven are Clopper-Pearson's", {
    first <- c(0.06021773, 0.60974256)
    status <- factor(c(1, 2, 1, 2, 1, rep(2, 6)), 0:2)
    at <- incidence_at(cumulative_incidence(Surv(1:11, status)), 11)[1, ]
    expect_equal(c(at$conf.low, at$conf.high), first, tolerance = 1e-7)
    status <- factor(c(1, 1, 2, 2, 1, 1, rep(2, 5)), 0:2)
    at <- incidence_at(cumulative_incidence(Surv(c(1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3), status)), 3)[1, ]
    expect_equal(c(at$conf.low, at$conf.high), c(0.1092634, 0.6920953), tolerance = 1e-6)
})

test_that("relabelling causes and rows changes nothing", {
    d <- random_cohort(14)
    a <- tidy(cumulative_incidence(Surv(time, factor(cause, 0:2)) ~ group, d))
    b <- tidy(cumulative_incidence(Surv(time, factor(cause, c(0, 2, 1))) ~ group, d[rev(seq_len(nrow(d))), ]))
    key <- function(x) x[order(x$strata, x$cause, x$time), ]
    expect_equal(key(a), key(b), tolerance = 1e-12, ignore_attr = TRUE)
})

test_that("long curves are the same on any number of threads, and the exact limits those of their moments", {
    set.seed(12)
    n <- 20000
    d <- data.frame(time = rexp(n), state = factor(sample(0:2, n, TRUE), 0:2), arm = sample(2, n, TRUE))
    old <- options(osseosurv.threads = 1)
    on.exit(options(old))
    for (conf.type in c("exact", "log-log")) {
        options(osseosurv.threads = 1)
        one <- tidy(cumulative_incidence(Surv(time, state) ~ arm, d, conf.type = conf.type))
        options(osseosurv.threads = 2)
        expect_identical(tidy(cumulative_incidence(Surv(time, state) ~ arm, d, conf.type = conf.type)), one)
        if (conf.type == "log-log") next
        alone <- one[one$strata == "arm=2", ]
        cause <- alone[alone$cause == "1", ]
        events <- cause$n.event + alone$n.event[alone$cause == "2"]
        # The second moments as DERIVATIONS has them, raw.
        s <- s2 <- 1
        f <- f2 <- sf <- 0
        low <- numeric(nrow(cause))
        for (k in seq_len(nrow(cause))) {
            y <- cause$n.risk[k] + 1
            dj <- cause$n.event[k]
            b <- y - events[k]
            f2 <- f2 + 2 * sf * dj / y + s2 * dj * (dj + 1) / (y * (y + 1))
            sf <- sf * b / y + s2 * dj * b / (y * (y + 1))
            f <- f + s * dj / y
            s2 <- s2 * b * (b + 1) / (y * (y + 1))
            s <- s * b / y
            size <- f * (1 - f) / (f2 - f^2) - 1
            low[k] <- if (f > 0) qbeta(0.025, f * size, (1 - f) * size) else 0
        }
        expect_equal(cause$conf.low, cummax(low), tolerance = 1e-8)
    }
})
