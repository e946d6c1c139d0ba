test_that("the observed count's bar is marked and its probability named", {
    bars <- data.frame(group = rep(c("solid", "porous"), each = 12), count = 0:11,
                       probability = c(dbinom(0:11, 11, 0.2), dbinom(0:11, 11, 0.02)))
    plot <- osseosurv:::figure_predictive(bars, 0)
    columns <- drawn(plot, "GeomCol")[[1]]
    expect_identical(sum(columns$fill == "#D55E00"), 2L)
    expect_equal(columns$y[columns$fill == "#D55E00"], c(0.8^11, 0.98^11), tolerance = 1e-12)
    expect_identical(levels(plot$data$panel), c("Solid\nobserved 0: 8.6%", "Porous\nobserved 0: 80.1%"))
    expect_draws(plot)
    expect_error(osseosurv:::figure_predictive(bars, NA), class = "osseosurv_invalid")
})
