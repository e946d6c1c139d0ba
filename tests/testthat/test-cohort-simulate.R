test_that("the seed decides, and a given one leaves R's generator alone", {
    set.seed(9)
    before <- .Random.seed
    x <- simulate_cohort(12, seed = 3)
    expect_identical(.Random.seed, before)
    expect_identical(simulate_cohort(12, seed = 3), x)
    expect_false(identical(simulate_cohort(12, seed = 4)$patients, x$patients))
    set.seed(9)
    y <- simulate_cohort(12)
    set.seed(9)
    expect_identical(simulate_cohort(12), y)
})

test_that("what was recorded agrees with the truth, and every outcome can use it", {
    for (seed in 1:15) {
        x <- simulate_cohort(1 + seed %% 12, failure = 40, infection = 30, interface_correlation = -0.5, seed = seed)
        truth <- attr(x, "truth")$interfaces
        at <- match(paste(x$interfaces$reconstruction, x$interfaces$interface), paste(truth$reconstruction, truth$interface))
        month <- truth$month[at]
        expect_true(all(x$interfaces$left_mo < month & (month <= x$interfaces$right_mo)))
        expect_identical(setdiff(x$suspicions$rule, c("short_followup_excluded", "no_interface", "union_before_eradication")),
                         character())
        expect_s3_class(reconstruction_survival(x), "outcome")
        expect_s3_class(infection_recurrence(x), "outcome")
        if (any(is.finite(x$interfaces$right_mo))) expect_s3_class(osseointegration(x), "outcome")
    }
})

test_that("large cohorts show the rates, shares and dependence asked for", {
    x <- simulate_cohort(20000, porous = 0.3, failure = c(solid = 6, porous = 3), modes = c("2" = 3, "4" = 1), loss = 0,
                         death = 0, amputation = 0, infection = 0, interface_correlation = 0.8, seed = 1)
    p <- x$patients
    years <- tapply(p$followup_mo, p$prosthesis, sum) / 12
    rate <- 100 * tapply(p$end == "failure", p$prosthesis, sum) / years
    expect_equal(rate[["porous"]], 3, tolerance = 0.1)
    expect_equal(rate[["solid"]], 6, tolerance = 0.1)
    expect_equal(mean(p$prosthesis == "porous"), 0.3, tolerance = 0.05)
    expect_equal(mean(p$failure_mode[p$end == "failure"] == 2), 0.75, tolerance = 0.05)
    truth <- attr(x, "truth")$interfaces
    month <- matrix(truth$month, ncol = 2)
    unites <- is.finite(month)
    expect_equal(tapply(!unites[, 2], p$prosthesis, mean), c(porous = 0.1, solid = 0.3), tolerance = 0.1, ignore_attr = TRUE)
    expect_equal(median(month[unites[, 1] & p$prosthesis == "solid", 1]), 9, tolerance = 0.05)
    expect_gt(cor(month[unites[, 1] & unites[, 2], ], method = "spearman")[1, 2], 0.7)
    expect_identical(nrow(x$infections), sum(p$failure_mode %in% 4))
})

test_that("what cannot be drawn is refused by name", {
    expect_error(simulate_cohort(0), "`n`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(2.5), "`n`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(5, porous = 2), "`porous`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(5, followup = c(5, 2)), "`followup`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(5, union = c(3, 4)), "`union`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(5, modes = c("7" = 1)), "`modes`", class = "osseosurv_invalid")
    expect_error(simulate_cohort(5, seed = -1), "`seed`", class = "osseosurv_invalid")
})
