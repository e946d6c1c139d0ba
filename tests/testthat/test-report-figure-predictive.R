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

test_that("probabilities come from the predictive check and sum to one", {
    known <- osseosurv:::predictive_probabilities(0.167, n = 11, group = "solid")
    expect_equal(known$probability, dbinom(0:11, 11, 0.167), tolerance = 1e-10)
    rate <- osseosurv:::predictive_probabilities(0.1, time = 300)
    expect_equal(rate$probability, dpois(rate$count, 30), tolerance = 1e-8)
    pool <- meta_analysis(c(3, 8, 7, 1), c(18, 24, 27, 15))
    mixed <- osseosurv:::predictive_probabilities(pool, n = 11)
    expect_equal(sum(mixed$probability), 1, tolerance = 1e-8)
    expect_true(all(mixed$probability >= 0))
    expect_equal(mixed$probability[1], predictive_check(0, 11, meta = pool)$p.lower, tolerance = 1e-12)
    expect_draws(osseosurv:::figure_predictive(mixed, 0))
    expect_null(osseosurv:::predictive_probabilities(meta_analysis(c(0, 0), c(14, 11), method = "exact"),
                                                     n = 11))
})
