# REFERENCE: modes 2 0 4 1 0 4 death 0 0 0 at these months.
mode_time <- c(2, 5, 7, 9, 12, 15, 18, 24, 30, 36)
mode_status <- factor(c("mode 2", "none", "mode 4", "mode 1", "none", "mode 4", "death", "none", "none",
                        "none"),
                      c("none", "mode 1", "mode 2", "mode 4", "death"))
fit <- cumulative_incidence(Surv(mode_time, mode_status))

test_that("a panel a cause, its corners and ribbon those of the table", {
    plot <- autoplot(fit, unit = "months")
    path <- drawn(plot, "GeomPath")[[1]]
    ribbon <- drawn(plot, "GeomRibbon")[[1]]
    table <- tidy(fit)
    causes <- unique(table$cause)
    for (k in seq_along(causes)) {
        own <- table[table$cause == causes[k], ]
        line <- path[path$PANEL == k, ]
        expect_identical(line$y, rep(own$estimate, each = 2)[-2 * nrow(own)])
        expect_identical(line$x, rep(own$time, each = 2)[-1])
        expect_identical(ribbon$ymax[ribbon$PANEL == k], rep(own$conf.high, each = 2)[-2 * nrow(own)])
    }
    mode4 <- path[path$PANEL == match("mode 4", causes), ]
    expect_equal(mode4$y[mode4$x == 24][1], 0.2475, tolerance = 1e-12)
    expect_draws(plot)
})

test_that("naive is one minus Kaplan-Meier of the cause and never below the crude risk", {
    plot <- autoplot(fit, naive = TRUE, causes = "mode 4", unit = "months")
    net <- drawn(plot, "GeomPath")[[2]]
    expect_equal(max(net$y[net$x == 24]), 0.30, tolerance = 1e-12)
    table <- tidy(fit)
    for (cause in unique(table$cause)) {
        own <- osseosurv:::naive_incidence(table[table$cause == cause, ])
        km <- tidy(kaplan_meier(Surv(mode_time, as.integer(mode_status == cause))))
        expect_equal(own$estimate, 1 - km$estimate[match(own$time, km$time)], tolerance = 1e-12)
        expect_true(all(own$estimate >= table$estimate[table$cause == cause] - 1e-12))
    }
    expect_draws(plot)
})

test_that("stacked causes fill from 0 to the risk of any event", {
    plot <- autoplot(fit, type = "stacked", unit = "months")
    areas <- drawn(plot, "GeomRibbon")[[1]]
    at_end <- areas[areas$x == 36, ]
    tops <- sort(unique(at_end$ymax))
    # 1 - 0.405: event-free at 24 months and later.
    expect_equal(max(tops), 1 - 0.405, tolerance = 1e-12)
    expect_equal(sort(unique(at_end$ymin)), c(0, tops[-length(tops)]), tolerance = 1e-12)
    expect_setequal(written(plot), c("Mode 1", "Mode 2", "Mode 4", "Death"))
    reordered <- drawn(autoplot(fit, type = "stacked", causes = c("death", "mode 4")), "GeomRibbon")[[1]]
    expect_equal(reordered$ymax[reordered$group == 1 & reordered$x == 36][1], 0.135, tolerance = 1e-12)
    expect_draws(plot)
})

test_that("no event: the line lies at 0 and the ribbon reaches the exact limit", {
    months <- c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24)
    none <- cumulative_incidence(Surv(months, factor(rep("censored", 11), c("censored", "failure"))))
    plot <- autoplot(none, unit = "months")
    expect_true(all(drawn(plot, "GeomPath")[[1]]$y == 0))
    ribbon <- drawn(plot, "GeomRibbon")[[1]]
    expect_equal(ribbon$ymax[1], 1 - 0.025^(1 / 11), tolerance = 1e-10)
    expect_identical(drawn(plot[[2]], "GeomText")[[1]]$label, c("11", "11", "11", "7", "5", "2"))
    expect_draws(plot)
})

test_that("strata share a panel; too many and unknown causes are refused", {
    set.seed(8)
    data <- data.frame(t = round(rexp(300, 0.02), 1), g = rep(c("solid", "porous", "graft"), 100),
                       h = 1:300 %% 9,
                       s = factor(sample(c("censored", "failure", "death"), 300, TRUE),
                                  c("censored", "failure", "death")))
    grouped <- cumulative_incidence(Surv(t, s) ~ g, data)
    expect_draws(autoplot(grouped, naive = TRUE))
    expect_draws(autoplot(grouped, type = "stacked"))
    expect_setequal(written(autoplot(grouped, causes = "death")), c("graft", "porous", "solid"))
    nine <- cumulative_incidence(Surv(t, s) ~ h, data)
    expect_error(autoplot(nine), "at most 6 strata; here are 9", class = "osseosurv_invalid")
    expect_draws(autoplot(nine, type = "stacked"))
    expect_error(autoplot(fit, causes = "mode 9"), "\"mode 9\", which is no cause",
                 class = "osseosurv_invalid")
    expect_error(autoplot(fit, type = "pie"), class = "osseosurv_invalid")
})

test_that("the axis ends at a round number above what is drawn", {
    top <- osseosurv:::probability_top
    expect_identical(vapply(c(0, 0.004, 0.05, 0.21, 0.5, 0.61, 0.93, 1), top, 0),
                     c(0.01, 0.01, 0.05, 0.3, 0.5, 0.8, 1, 1))
})

test_that("over the pile of some causes stands one minus Kaplan-Meier of them together", {
    modes <- c("mode 1", "mode 2", "mode 4")
    plot <- autoplot(fit, type = "stacked", naive = TRUE, causes = modes, unit = "months")
    line <- drawn(plot, "GeomPath")[[1]]
    km <- survival::survfit(survival::Surv(mode_time, mode_status %in% modes) ~ 1)
    for (t in mode_time) {
        expect_equal(line$y[max(which(line$x <= t))], 1 - summary(km, t)$surv, tolerance = 1e-12)
    }
    # All causes together: nothing is removed, and the line is the edge of the pile.
    edge <- drawn(autoplot(fit, type = "stacked"), "GeomRibbon")[[1]]
    all <- drawn(autoplot(fit, type = "stacked", naive = TRUE), "GeomPath")[[1]]
    expect_equal(max(all$y), max(edge$ymax), tolerance = 1e-12)
    expect_draws(plot)
})

test_that("the figures of an outcome: full table, modes in the order of the scheme, many groups in panels", {
    cohort <- suppressWarnings(random_outcomes(2))
    one <- figures(reconstruction_survival(cohort), band = "hall-wellner")
    expect_named(one, c("survival", "failure", "modes", "stacked"))
    rows <- one$survival[[2]]$data
    expect_identical(unique(rows$label), c("At risk", "Censored", "Events"))
    expect_identical(levels(one$stacked$data$cause), sort(levels(one$stacked$data$cause)))
    two <- figures(reconstruction_survival(cohort, by = "prosthesis"))
    expect_gt(attr(two$survival, "size")[["height"]], attr(one$survival, "size")[["height"]])
    cohort$patients$ward <- rep(letters[1:10], 15)
    many <- figures(reconstruction_survival(cohort, by = "ward", times = 12))
    expect_named(many, c("survival", "stacked"))
    for (plot in c(one, two, many)) expect_draws(plot)
    expect_named(figures(reconstruction_survival(masquelet_femur)), c("survival", "failure"))
})
