labs <- data.frame(patient = rep(1:3, 4), marker = rep(c("WBC", "CRP"), each = 6),
                   stage = rep(c(1, 2), each = 3),
                   value = c(7, 5, 6, 8, 7, NA, 2.1, 1.8, 4.6, 1, 0.8, 0.5), unit = rep(c("10^9/L", "mg/L"),
                                                                                        each = 6))

test_that("a line a patient, a panel a marker in order of appearance, medians as bars", {
    changes <- data.frame(marker = "CRP", estimate = -1.12, conf.low = -3.88, conf.high = -0.76,
                          p.value = 0.00098)
    plot <- osseosurv:::figure_paired(labs, changes, c("1" = "Before", "2" = "After"))
    expect_identical(levels(plot$data$panel), c("WBC (10^9/L)",
                                                "CRP (mg/L)\nchange -1.12\n(-3.88 to -0.76)\np < 0.001"))
    line <- drawn(plot, "GeomLine")[[1]]
    crp <- line[line$PANEL == 2, ]
    expect_identical(crp$y[order(crp$group, crp$x)], c(2.1, 1, 1.8, 0.8, 4.6, 0.5))
    bars <- drawn(plot, "GeomSegment")[[1]]
    expect_identical(bars$y[bars$PANEL == 1], c(6, 7.5))
    # The missing value is not drawn, its patient's other value is.
    expect_identical(nrow(drawn(plot, "GeomPoint")[[1]]), 11L)
    expect_draws(plot)
})

test_that("two units in one marker, no value, no patient column are refused", {
    build <- osseosurv:::figure_paired
    expect_error(build(transform(labs, unit = c("a", rep("b", 11)))), "has the units a and b",
                 class = "osseosurv_invalid")
    expect_error(build(transform(labs, value = NA_real_)), "nothing can be drawn",
                 class = "osseosurv_invalid")
    expect_error(build(labs[-1]), "`reconstruction` or `patient`", class = "osseosurv_invalid")
})

test_that("changes print in plain figures", {
    text <- function(...) osseosurv:::change_text(data.frame(...))
    expect_identical(text(estimate = -24.25, conf.low = -29, conf.high = -16, p.value = 0.00195),
                     "change -24.25\n(-29 to -16)\np = 0.002")
    expect_identical(text(estimate = 0.36, conf.low = NA, conf.high = NA, p.value = 0.76),
                     "change 0.36\np = 0.76")
})
