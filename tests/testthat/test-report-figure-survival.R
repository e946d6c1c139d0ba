followup <- c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24)

test_that("eleven implants without a failure: a line at 100% and a ribbon down to the beta-product limit", {
    fit <- kaplan_meier(Surv(followup, rep(0, 11)))
    plot <- autoplot(fit, unit = "months")
    ribbon <- drawn(plot, "GeomRibbon")[[1]]
    expect_true(all(ribbon$ymax == 1))
    table <- tidy(fit)
    # The lower edge over (24, 25) is the limit just after 24: nine are left, 0.025^(1/9).
    expect_equal(ribbon$ymin[ribbon$x == 24], c(0.025^(1 / 11), 0.025^(1 / 9)), tolerance = 1e-10)
    expect_identical(ribbon$ymin, rep(table$conf.low, each = 2)[-22])
    expect_identical(ribbon$x, rep(table$time, each = 2)[-1])
    expect_true(all(drawn(plot, "GeomPath")[[1]]$y == 1))
    ticks <- drawn(plot, "GeomSegment")[[1]]
    expect_identical(ticks$x, table$time[-1])
    numbers <- drawn(plot[[2]], "GeomText")[[1]]
    expect_identical(numbers$x, seq(0, 60, 12))
    expect_identical(numbers$label, c("11", "11", "11", "7", "5", "2"))
    expect_draws(plot)
})

test_that("corners and risk table are those of the table, stratum by stratum", {
    fit <- kaplan_meier(Surv(time, status) ~ sex, survival::lung)
    plot <- autoplot(fit, unit = "days", risk.table = "full", times = c(0, 250, 500, 1000))
    path <- drawn(plot, "GeomPath")[[1]]
    table <- tidy(fit)
    for (k in 1:2) {
        own <- table[table$strata == paste0("sex=", k), ]
        own <- own[!is.na(own$estimate), ]
        line <- path[path$group == k, ]
        expect_identical(line$y, rep(own$estimate, each = 2)[-2 * nrow(own)])
        expect_identical(line$x, rep(own$time, each = 2)[-1])
    }
    expect_setequal(written(plot), c("sex = 1", "sex = 2"))
    numbers <- drawn(plot[[2]], "GeomText")[[1]]
    lung <- survival::lung
    expected <- unlist(lapply(1:2, function(sex) {
        own <- lung[lung$sex == sex, ]
        at <- c(0, 250, 500, 1000)
        count <- function(keep) vapply(at, function(t) sum(keep(t)), 0)
        c(count(function(t) own$time >= t), count(function(t) own$time < t & own$status == 1),
          count(function(t) own$time < t & own$status == 2))
    }))
    expect_identical(as.numeric(numbers$label), expected)
    expect_draws(plot)
})

test_that("failure turns curve and interval over", {
    fit <- kaplan_meier(Surv(time, status) ~ 1, survival::lung)
    up <- drawn(autoplot(fit, risk.table = "none"), "GeomRibbon")[[1]]
    down <- drawn(autoplot(fit, risk.table = "none", failure = TRUE), "GeomRibbon")[[1]]
    expect_identical(down$ymin, 1 - up$ymax)
    expect_identical(down$ymax, 1 - up$ymin)
})

test_that("a ribbon stops where a limit is not estimable and is not joined over the gap", {
    table <- curve_table(0:4, c(1, 0.8, 0.6, 0.4, 0.2), low = c(NA, 0.5, NA, 0.1, 0.05),
                         high = c(NA, 0.9, NA, 0.8, 0.5))
    ribbon <- drawn(osseosurv:::figure_survival(table, "none"), "GeomRibbon")[[1]]
    expect_identical(ribbon$x, c(1, 2, 3, 4, 4))
    expect_length(unique(ribbon$group[ribbon$x < 2.5]), 1)
    expect_length(unique(ribbon$group), 2)
    table$conf.low <- NA_real_
    expect_length(drawn(osseosurv:::figure_survival(table, "none"), "GeomRibbon"), 0)
    expect_draws(osseosurv:::figure_survival(table))
})

test_that("nothing is drawn past the last follow-up", {
    table <- curve_table(c(0, 5, 9), c(1, 0.5, NA), low = c(0.3, 0.1, NA), high = c(1, 0.9, NA))
    plot <- osseosurv:::figure_survival(table, "none")
    path <- drawn(plot, "GeomPath")[[1]]
    expect_identical(path$x[!is.na(path$y)], c(0, 5, 5, 9))
    expect_draws(plot)
})

test_that("left truncation: the risk table counts those who have entered", {
    entry <- c(0, 10, 20)
    exit <- c(12, 30, 40)
    plot <- autoplot(kaplan_meier(Surv(entry, exit, c(1, 1, 0))), times = c(0, 5, 11, 15, 25))
    expect_identical(drawn(plot[[2]], "GeomText")[[1]]$label, c("1", "1", "2", "1", "2"))
})

test_that("one row, one patient in a stratum, thirty strata, very long names", {
    expect_draws(autoplot(kaplan_meier(Surv(5, 1))))
    expect_draws(autoplot(kaplan_meier(Surv(0, 0))))
    ecog <- autoplot(kaplan_meier(Surv(time, status) ~ ph.ecog, survival::lung), unit = "days")
    expect_length(written(ecog), 4)
    expect_draws(ecog)

    set.seed(5)
    many <- data.frame(t = rexp(300, 0.02), s = rbinom(300, 1, 0.6), g = rep(1:30, 10))
    plot <- autoplot(kaplan_meier(Surv(t, s) ~ g, many))
    expect_s3_class(plot, "ggplot")
    expect_false(inherits(plot, "patchwork"))
    expect_identical(nlevels(drawn(plot, "GeomPath")[[1]]$PANEL), 30L)
    expect_draws(plot)

    long <- data.frame(t = many$t, s = many$s, g = rep(c(strrep("solid cemented prosthesis ", 5), "porous"),
                                                       150))
    plot <- autoplot(kaplan_meier(Surv(t, s) ~ g, long), risk.table = "full")
    expect_length(written(plot), 0)
    expect_draws(plot)
})

test_that("a million rows draw from a few thousand", {
    set.seed(6)
    fit <- kaplan_meier(Surv(rexp(1e5), rbinom(1e5, 1, 0.5)))
    plot <- autoplot(fit, times = 0:10)
    expect_lt(nrow(drawn(plot, "GeomPath")[[1]]), 4100)
    # Eleven numbers of up to seven signs: every second one, so that they stay apart.
    expect_identical(drawn(plot[[2]], "GeomText")[[1]]$x, c(0, 2, 4, 6, 8, 10))
})

test_that("wrong options are refused with their argument", {
    fit <- kaplan_meier(Surv(followup, rep(0, 11)))
    argument <- function(code) tryCatch(code, osseosurv_invalid = function(e) e$argument)
    expect_identical(argument(autoplot(fit, risk.table = "all")), "risk.table")
    expect_identical(argument(autoplot(fit, times = c(1, NA))), "times")
    expect_identical(argument(autoplot(fit, failure = 1)), "failure")
    expect_identical(argument(osseosurv:::figure_survival(data.frame(time = 1))), "table")
})

test_that("a simultaneous band is drawn from its table, turned over with the curve", {
    fit <- kaplan_meier(Surv(time, status) ~ sex, survival::lung)
    table <- tidy(confidence_band(fit, "equal-precision"))
    own <- table[table$strata == "sex=2" & !is.na(table$conf.low), ]
    limits <- drawn(autoplot(fit, band = "equal-precision", risk.table = "none"), "GeomPath")[-1]
    expect_identical(limits[[1]]$y[limits[[1]]$group == 2], rep(own$conf.low, each = 2)[-2 * nrow(own)])
    over <- drawn(autoplot(fit, band = "equal-precision", risk.table = "none", failure = TRUE), "GeomPath")[-1]
    expect_identical(over[[2]]$y, 1 - limits[[1]]$y)
    expect_draws(autoplot(fit, band = "hall-wellner"))
    # No event, no band; one stratum; many panels.
    expect_draws(autoplot(kaplan_meier(Surv(followup, rep(0, 11))), band = "hall-wellner"))
    expect_draws(autoplot(kaplan_meier(Surv(time, status) ~ 1, survival::lung), band = "hall-wellner"))
    expect_draws(autoplot(kaplan_meier(Surv(time, status) ~ inst, survival::lung), band = "hall-wellner"))
    expect_identical(tryCatch(autoplot(fit, band = "both"), osseosurv_invalid = function(e) e$argument), "band")
})
