lossy_cohort <- function(shape) {
    d <- random_cohort(shape)
    d$gone <- d$status == 0 & d$weight > 1
    d
}
middle_time <- function(d) as.numeric(quantile(d$time, 0.6))

test_that("multiple 1 is the Kaplan-Meier estimate with its interval, exactly", {
    for (shape in 1:50) {
        d <- lossy_cohort(shape)
        times <- unique(c(0, middle_time(d), max(d$time)))
        at <- survival_at(kaplan_meier(Surv(time, status) ~ group, d), times)
        x <- tidy(loss_bounds(Surv(time, status) ~ group, d, gone, times))
        one <- x[x$multiplier == 1, ]
        expect_equal(one[c("estimate", "conf.low", "conf.high")], at[c("estimate", "conf.low", "conf.high")], tolerance = 1e-10,
                     ignore_attr = TRUE)
    }
})

test_that("the extremes are the completed data, and scenarios are ordered", {
    for (shape in 1:50) {
        d <- lossy_cohort(shape)
        t <- middle_time(d)
        x <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, t, c(0, 0.5, 1, 2, 10, 100)))
        best <- survival_at(kaplan_meier(Surv(ifelse(d$gone, max(d$time), d$time), d$status)), t)
        worst <- survival_at(kaplan_meier(Surv(d$time, pmax(d$status, d$gone))), t)
        expect_equal(x$estimate[x$scenario == "none fails"], best$estimate)
        expect_equal(x$estimate[x$scenario == "hazard x 0"], best$estimate, tolerance = 1e-10)
        expect_equal(x[x$scenario == "all fail", c("estimate", "conf.low")], worst[c("estimate", "conf.low")], ignore_attr = TRUE)
        for (column in c("estimate", "conf.low", "conf.high")) {
            inner <- x[[column]][x$multiplier > 0 & is.finite(x$multiplier)]
            expect_true(all(diff(inner) <= 1e-12))
        }
        expect_true(all(diff(x$estimate) <= 1e-12))
    }
})

# The lost followed one by one.
followed <- function(d, t, k) {
    times <- sort(unique(d$time[d$time <= t & d$status == 1]))
    weight <- as.numeric(d$gone) # share of each lost row still event-free
    survival <- 1
    for (s in times) {
        n <- sum(d$time >= s)
        h <- sum(d$time == s & d$status == 1) / n
        away <- d$gone & d$time < s
        failing <- n * h + sum(weight[away]) * (1 - (1 - h)^k)
        survival <- survival * (1 - failing / (n + sum(weight[away])))
        weight[away] <- weight[away] * (1 - h)^k
    }
    survival
}

test_that("a multiple of the hazard is what following the lost one by one gives", {
    for (shape in seq(1, 60, 4)) {
        d <- lossy_cohort(shape)
        d$time <- round(d$time, 1)
        t <- middle_time(d)
        x <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, t, c(0.3, 2, 7)))
        expect_equal(x$estimate[2:4], vapply(c(0.3, 2, 7), function(k) followed(d, t, k), 0), tolerance = 1e-10)
    }
    # A running product that underflows
    d <- data.frame(time = 1:400, status = rep(c(1, 1, 1, 0), 100), gone = rep(c(FALSE, FALSE, FALSE, TRUE), 100))
    x <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, 399, 100))
    expect_equal(x$estimate[2], followed(d, 399, 100), tolerance = 1e-10)
})

test_that("no event and survival 0 have limits", {
    none <- tidy(loss_bounds(Surv(months_11, rep(0, 11)), lost = months_11 < 30, times = 60))
    expect_identical(none$estimate[1:4], c(1, 1, 1, 1))
    expect_true(all(none$conf.low < 1) && all(diff(none$conf.low[2:4]) < 0) && all(none$conf.high[1:4] == 1))
    d <- data.frame(time = 1:6, status = c(1, 0, 1, 0, 1, 1), gone = c(FALSE, TRUE, FALSE, FALSE, FALSE, FALSE))
    x <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, 6))
    expect_identical(x$estimate[x$multiplier == 1], 0)
    expect_equal(x$conf.high[x$multiplier == 1], survival_at(kaplan_meier(Surv(time, status) ~ 1, d), 6)$conf.high)
})

test_that("the tipping point is where the curve crosses", {
    d <- data.frame(time = c(2, 4, 5, 7, 9, 12, 15, 20, 22, 25, 30, 31), status = c(1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0),
                    gone = c(FALSE, TRUE, FALSE, TRUE, FALSE, TRUE, rep(FALSE, 6)))
    x <- loss_bounds(Surv(time, status) ~ 1, d, gone, 20, limit = 0.55)
    k <- tidy(x, "tipping")$multiplier
    again <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, 20, k[1]))
    expect_true(is.finite(k[1]) && k[1] > 1)
    expect_equal(again$estimate[2], 0.55, tolerance = 1e-8)
    expect_identical(tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, 20, limit = 0.05), "tipping")$multiplier[1], Inf)
    expect_identical(tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, 20, limit = 0.99), "tipping")$multiplier, c(0, 0))
})

test_that("strata stand alone, weights are rows, late entry is read", {
    for (shape in c(3, 8, 21, 30)) {
        d <- lossy_cohort(shape)
        t <- min(tapply(d$time, d$group, max))
        both <- tidy(loss_bounds(Surv(time, status) ~ group, d, gone, t, weights = weight))
        expect_equal(both, tidy(loss_bounds(Surv(time, status) ~ group, replicated(d), gone, t)), tolerance = 1e-10)
        one <- tidy(loss_bounds(Surv(time, status) ~ 1, d, gone, t, weights = weight, subset = group == group[1]))
        inner <- one$scenario != "none fails" # the last time of the data is the stratum's there
        expect_equal(one[inner, -1], both[both$strata == paste0("group=", d$group[1]), -1][inner, ], ignore_attr = TRUE)
    }
    d <- data.frame(entry = c(0, 1, 2, 0), exit = c(4, 3, 6, 8), status = c(1, 0, 1, 0), gone = c(0, 1, 0, 0))
    x <- loss_bounds(Surv(entry, exit, status) ~ 1, d, gone, 6)
    expect_identical(glance(x)$conf.type, "log-log")
    expect_true(all(diff(tidy(x)$estimate) <= 0))
})

test_that("bad arguments are classed errors", {
    d <- data.frame(t = 1:3, s = c(0, 1, 0), gone = c(TRUE, TRUE, FALSE))
    caught <- expect_error(loss_bounds(Surv(t, s) ~ 1, d, gone), class = "osseosurv_invalid")
    expect_identical(caught$index, 2L)
    expect_error(loss_bounds(Surv(t, s) ~ 1, d), "`lost`", class = "osseosurv_invalid")
    expect_error(loss_bounds(Surv(t, s) ~ 1, d, c("a", "b", "c")), class = "osseosurv_invalid")
    expect_error(loss_bounds(Surv(t, s) ~ 1, d, s == 0, multiplier = -1), class = "osseosurv_invalid")
    expect_error(loss_bounds(Surv(t, s) ~ 1, d, s == 0, limit = 2), class = "osseosurv_invalid")
    expect_error(tidy(loss_bounds(Surv(t, s) ~ 1, d, s == 0), "tipping"), class = "osseosurv_invalid")
    expect_match(loss_bounds(Surv(t, s) ~ 1, d, rep(FALSE, 3))$notes, "No row is lost", all = FALSE)
    expect_match(loss_bounds(Surv(t, s) ~ 1, d, c(NA, FALSE, TRUE))$notes, "1 row with missing", all = FALSE)
})
