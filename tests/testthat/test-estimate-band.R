arm <- kaplan_meier(Surv(time, cens) ~ 1, gehan[gehan$treat == "6-MP", ])

critical_value <- function(type, from, to, level = 0.95) {
    .Call(osseosurv:::ffi_band_critical, match(type, c("hall-wellner", "equal-precision")) - 1L, from, to, level)
}

test_that("the 6-MP arm has the bands that km.ci prints, within the steps of its tables", {
    printed <- list(c("hall-wellner", "log", 0.323369, 0.9311582), c("hall-wellner", "plain", 0.457898, 1),
                    c("equal-precision", "log", 0.3570966, 0.9247812), c("equal-precision", "plain", 0.4775512, 1))
    for (one in printed) {
        at <- tidy(confidence_band(arm, one[1], one[2]))
        expect_equal(unlist(at[at$time == 10, c("conf.low", "conf.high")], use.names = FALSE), as.numeric(one[3:4]),
                     tolerance = 0.002 / 0.3)
        expect_identical(range(at$time), c(6, 23))
    }
    expect_identical(tidy(confidence_band(arm, conf.type = "log-log")), tidy(confidence_band(arm)))
})

test_that("bands agree with km.ci on random cohorts", {
    skip_if_not_installed("km.ci")
    set.seed(4)
    for (n in c(30, 100, 400)) {
        d <- data.frame(time = rexp(n), status = rbinom(n, 1, 0.7))
        ours <- kaplan_meier(Surv(time, status) ~ 1, d)
        peer <- survival::survfit(survival::Surv(time, status) ~ 1, d)
        # Its table of the equal-precision value ends at u = 0.9.
        inside <- range(d$time[d$status == 1 & d$time > quantile(d$time, 0.1) & d$time < quantile(d$time, 0.8)])
        for (one in list(c("hall-wellner", "loghall"), c("equal-precision", "logep"))) {
            # It prints its own limits of the range.
            utils::capture.output(theirs <- suppressWarnings(km.ci::km.ci(peer, method = one[2], tl = inside[1], tu = inside[2])))
            table <- tidy(confidence_band(ours, one[1], range = inside))
            at <- match(table$time, theirs$time)
            known <- !is.na(theirs$lower[at]) & !is.na(table$conf.low) & theirs$lower[at] > 0
            expect_gt(sum(known), 5)
            expect_lt(max(abs(table$conf.low - theirs$lower[at])[known]), 0.01)
            expect_lt(max(abs(table$conf.high - theirs$upper[at])[known]), 0.01)
        }
    }
})

# The supremum of the standardised bridge is that of a stationary Ornstein-Uhlenbeck process, whose even modes in the box
# are Kummer's function: P = sum over modes of exp(-rate * length) * weight.
kummer <- function(rate, x) {
    a <- -rate / 2
    term <- sum <- rep(1, length(x))
    for (k in 0:400) {
        term <- term * (a + k) / (0.5 + k) * (x^2 / 2) / (k + 1)
        sum <- sum + term
    }
    sum
}
bridge_probability <- function(from, to, c, modes = 12) {
    length <- log(to * (1 - from) / (from * (1 - to))) / 2
    grid <- seq(1e-6, (pi * modes / c)^2, length.out = 20000)
    value <- kummer(grid, rep(c, length(grid)))
    at <- which(value[-1] * value[-length(value)] < 0)
    rates <- vapply(at, function(i) uniroot(kummer, grid[i + 0:1], x = c, tol = 1e-13)$root, 0)
    sum(vapply(rates[rates * length < 25], function(rate) {
        mean <- integrate(function(x) dnorm(x) * kummer(rate, x), -c, c, rel.tol = 1e-10)$value
        square <- integrate(function(x) dnorm(x) * kummer(rate, x)^2, -c, c, rel.tol = 1e-10)$value
        exp(-rate * length) * mean^2 / square
    }, 0))
}

test_that("the critical value of equal precision solves the boundary problem", {
    for (range in list(c(0.1, 0.9), c(0.25, 0.75), c(0.05, 0.3))) for (level in c(0.8, 0.95, 0.99)) {
        c <- critical_value("equal-precision", range[1], range[2], level)
        expect_equal(bridge_probability(range[1], range[2], c), level, tolerance = 1e-8)
    }
})

test_that("the critical value of Hall and Wellner is Kolmogorov's over everything, and the normal quantile at one time", {
    expect_equal(critical_value("hall-wellner", 1e-9, 1 - 1e-9), 1.3580986393, tolerance = 1e-9)
    expect_equal(critical_value("hall-wellner", 0.5, 0.5), qnorm(0.975) / 2, tolerance = 1e-12)
    expect_equal(critical_value("equal-precision", 0.2, 0.2), qnorm(0.975), tolerance = 1e-12)
})

test_that("critical values are those of simulated bridges", {
    set.seed(11)
    grid <- seq(0.2, 0.8, length.out = 601)
    step <- matrix(rnorm(600 * 4000, sd = sqrt(diff(grid)[1])), 600)
    walk <- rbind(0, apply(step, 2, cumsum)) + rep(rnorm(4000, sd = sqrt(0.2)), each = 601)
    # W at 1 given the path so far
    bridge <- walk - outer(grid, walk[601, ] + rnorm(4000, sd = sqrt(0.2)))
    # A grid misses peaks between its points: coverage there is a little above.
    for (type in c("hall-wellner", "equal-precision")) {
        unit <- if (type == "hall-wellner") 1 else sqrt(grid * (1 - grid))
        share <- mean(apply(abs(bridge) / unit, 2, max) <= critical_value(type, 0.2, 0.8, 0.9))
        expect_lt(abs(share - 0.905), 0.015)
    }
})

test_that("the equal-precision band is the pointwise interval with another quantile", {
    band <- confidence_band(arm, "equal-precision", "plain")
    table <- tidy(band)
    expect_equal(table$conf.low, pmax(table$estimate - tidy(band, "range")$critical * table$std.error, 0), tolerance = 1e-12)
    log <- tidy(confidence_band(arm, "equal-precision"))
    reach <- tidy(band, "range")$critical * log$std.error / (log$estimate * log(log$estimate))
    expect_equal(log$conf.low, log$estimate^exp(-reach), tolerance = 1e-12)
})

test_that("every scale gives limits around the estimate, wider than pointwise", {
    for (type in c("hall-wellner", "equal-precision")) for (scale in c("log-log", "plain", "logit", "arcsin")) {
        table <- tidy(confidence_band(arm, type, scale))
        point <- tidy(kaplan_meier(Surv(time, cens) ~ 1, gehan[gehan$treat == "6-MP", ], conf.type = scale))
        point <- point[match(table$time, point$time), ]
        expect_true(all(table$conf.low <= point$conf.low + 1e-12 & table$conf.high >= point$conf.high - 1e-12))
        expect_true(all(table$conf.low >= 0 & table$conf.high <= 1 & table$conf.low < table$conf.high))
    }
})

test_that("strata, weights, unit and order do not matter", {
    both <- tidy(confidence_band(kaplan_meier(Surv(time, cens) ~ treat, gehan)))
    expect_equal(both[both$strata == "treat=6-MP", -1], tidy(confidence_band(arm))[-1], ignore_attr = TRUE)
    for (shape in 1:40) {
        d <- random_cohort(shape)
        once <- confidence_band(kaplan_meier(Surv(time, status) ~ group, d, weights = weight), "equal-precision")
        twice <- confidence_band(kaplan_meier(Surv(time, status) ~ group, replicated(d)), "equal-precision")
        expect_equal(tidy(once), tidy(twice), tolerance = 1e-12)
        scaled <- transform(d, time = time / 8)[rev(seq_len(nrow(d))), ]
        expect_equal(tidy(confidence_band(kaplan_meier(Surv(time, status) ~ group, scaled, weights = weight)))[-2],
                     tidy(confidence_band(kaplan_meier(Surv(time, status) ~ group, d, weights = weight)))[-2],
                     tolerance = 1e-12)
    }
})

test_that("where there is no band it is NA with a note", {
    none <- confidence_band(kaplan_meier(Surv(months_11, rep(0, 11))))
    expect_true(all(is.na(tidy(none)$conf.low)) && all(is.na(tidy(none)$conf.high)))
    expect_match(none$notes, "there is no band", all = FALSE)
    zero <- confidence_band(kaplan_meier(Surv(1:5, rep(1, 5))))
    expect_identical(is.na(tidy(zero)$conf.low), c(FALSE, FALSE, FALSE, FALSE, TRUE))
    expect_match(zero$notes, "reaches 0", all = FALSE)
    expect_identical(tidy(zero, "range")$to, 5)
    expect_identical(nrow(tidy(confidence_band(kaplan_meier(Surv(1, 1))))), 1L)
    wide <- confidence_band(arm, range = c(1, 40))
    expect_match(wide$notes, "begins at the first event", all = FALSE)
    expect_match(wide$notes, "ends with follow-up", all = FALSE)
    expect_identical(unlist(tidy(wide, "range")[c("from", "to")], use.names = FALSE), c(6, 35))
    # Nothing changes after the last event, so neither does the value.
    expect_equal(tidy(wide, "range")$critical, tidy(confidence_band(arm), "range")$critical)
    expect_gt(tidy(wide, "range")$critical, tidy(confidence_band(arm, range = c(10, 16)), "range")$critical)
})

test_that("left truncation is accepted", {
    late <- kaplan_meier(Surv(time * 0.3, time, cens) ~ 1, gehan[gehan$treat == "6-MP", ])
    table <- tidy(confidence_band(late))
    expect_true(all(table$conf.low < table$estimate & table$estimate < table$conf.high))
})

test_that("bad arguments are classed errors", {
    bad <- list(function() confidence_band(1), function() confidence_band(arm, "tabled"),
                function() confidence_band(arm, conf.type = "likelihood-ratio"), function() confidence_band(arm, range = 3),
                function() confidence_band(arm, range = c(5, 5)), function() confidence_band(arm, range = c(0, Inf)),
                function() confidence_band(arm, range = c(NA, 2)), function() confidence_band(arm, conf.level = 1),
                function() confidence_band(arm, conf.level = 1 - 1e-12))
    for (f in bad) expect_error(f(), class = "osseosurv_invalid")
    expect_error(confidence_band(arm, range = c(50, 60)), "follow-up", class = "osseosurv_invalid")
})

test_that("a band goes into a workbook", {
    file <- tempfile(fileext = ".xlsx")
    invisible(write_workbook(confidence_band(kaplan_meier(Surv(time, cens) ~ treat, gehan)), file))
    expect_true(file.size(file) > 0)
})
