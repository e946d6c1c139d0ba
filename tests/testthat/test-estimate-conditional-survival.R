test_that("published figure, and the quotient of two values of the curve", {
    fit <- kaplan_meier(Surv(time, status) ~ 1, survival::lung)
    got <- conditional_survival(fit, 365, c(365, 500, 730))
    expect_named(got, names(survival_at(fit, 365)))
    expect_equal(got$estimate[3], 0.282701, tolerance = 1e-6)
    at <- survival_at(fit, c(365, 365, 500, 730))
    expect_equal(got$estimate, at$estimate[-1] / at$estimate[1], tolerance = 1e-12)
    expect_identical(got$n.risk, at$n.risk[-1])
    expect_equal(conditional_survival(fit, 0, c(100, 730)), survival_at(fit, c(100, 730)), tolerance = 1e-12)
})

test_that("is the landmark analysis: the curve of the rows that go on", {
    for (shape in setdiff(1:60, seq(3, 60, 4))) {
        d <- random_cohort(shape)
        given <- stats::quantile(d$time, 0.3, names = FALSE, type = 1)
        later <- d[d$time > given, ]
        if (!nrow(later)) next
        times <- c(given, sort(unique(later$time)), max(later$time) + 1)
        for (conf.type in c("beta-product", "beta-product-mid-p", "likelihood-ratio", "log-log")) {
            got <- conditional_survival(kaplan_meier(Surv(time, status) ~ group, d, conf.type = conf.type, weights = weight),
                                        given, times)
            want <- survival_at(kaplan_meier(Surv(time, status) ~ group, later, conf.type = conf.type, weights = weight), times)
            both <- got$strata %in% want$strata
            columns <- c("strata", "time", "estimate", "std.error", "conf.low", "conf.high")
            expect_equal(got[both, columns], want[columns], tolerance = 1e-10, ignore_attr = TRUE)
            expect_true(all(is.na(got$estimate[!both])))
        }
    }
})

test_that("equals survfit(start.time), with left truncation too", {
    for (shape in setdiff(1:60, seq(3, 60, 4))) {
        d <- random_cohort(shape)
        d <- d[d$entry < d$time, ]
        if (nrow(d) < 5) next
        # Entry at the landmark itself survfit leaves out: stay between the times.
        pooled <- sort(unique(c(d$time, d$entry)))
        k <- ceiling(length(pooled) / 3)
        given <- mean(pooled[k + 0:1])
        peer <- tryCatch(survival::survfit(Surv(entry, time, status) ~ 1, d, conf.type = "log-log", start.time = given),
                         error = function(e) NULL)
        at_risk <- sum(d$entry <= given & d$time > given)
        if (is.null(peer) || !at_risk || any(peer$n.risk <= 0)) next
        times <- peer$time[peer$time > given]
        got <- conditional_survival(kaplan_meier(Surv(entry, time, status) ~ 1, d), given, times)
        at <- match(times, peer$time)
        expect_equal(got$estimate, peer$surv[at], tolerance = 1e-12)
        inside <- got$estimate > 1e-12 & got$estimate < 1
        expect_equal(got$std.error[inside], (peer$surv * peer$std.err)[at][inside], tolerance = 1e-10)
        expect_equal(got$conf.low[inside], peer$lower[at][inside], tolerance = 1e-10)
        expect_equal(got$conf.high[inside], peer$upper[at][inside], tolerance = 1e-10)
    }
})

test_that("eleven patients, none failed: the interval is that of those left", {
    fit <- kaplan_meier(Surv(months_11, rep(0, 11)))
    got <- conditional_survival(fit, 24, c(30, 60, 80))
    expect_equal(got$estimate, c(1, 1, NA))
    # 9 go on past 24 months; after 30 one of them is gone.
    expect_equal(got$conf.low[1:2], c(0.025^(1 / 7), 0.025^(1 / 2)), tolerance = 1e-9)
    expect_equal(got$conf.high[1:2], c(1, 1))
    gone <- conditional_survival(fit, 70, 71)
    expect_true(is.na(gone$estimate) && is.na(gone$conf.low))
})

test_that("arguments are checked", {
    fit <- kaplan_meier(Surv(time, cens) ~ treat, gehan)
    expect_error(conditional_survival(fit, 10, c(12, 9)), "before `given`", class = "osseosurv_invalid")
    expect_error(conditional_survival(fit, Inf, 12), "`given`", class = "osseosurv_invalid")
    expect_error(conditional_survival(fit, c(1, 2), 12), "`given`", class = "osseosurv_invalid")
    expect_error(conditional_survival(gehan, 1, 2), "kaplan_meier() result", fixed = TRUE, class = "osseosurv_invalid")
    gehan$pair <- rep(1:21, each = 2)
    clustered <- kaplan_meier(Surv(time, cens) ~ treat, gehan, cluster = ~pair)
    expect_error(conditional_survival(clustered, 5, 10), "clustered variance", class = "osseosurv_invalid")
})
