test_that("an error carries class, argument, row and the user's call", {
    caught <- tryCatch(estimand(1), error = identity)
    expect_s3_class(caught, "error")
    caught <- tryCatch(osseosurv:::check_numbers(c(1, NA), "x"), error = identity)
    expect_s3_class(caught, c("osseosurv_invalid", "osseosurv_error"), exact = FALSE)
    expect_identical(caught$argument, "x")
    expect_identical(caught$index, 2L)
    expect_match(conditionMessage(caught), "`x` must hold numbers .*; element 2 is NA")
})
