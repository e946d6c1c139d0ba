test_that("print never rounds a limit to 1, and counts are whole", {
    shown <- capture.output(print(proportion_ci(c(1e6, 999999, 3), c(1e6, 1e6, 11))))
    rows <- strsplit(trimws(shown[4:6]), " +")
    expect_identical(rows[[2]][1:2], c("999999", "1000000"))
    expect_true(all(as.numeric(rows[[1]][4]) < 1, as.numeric(rows[[2]][3:5]) < 1))
    expect_identical(osseosurv:::printed_column(c(3, NA, Inf), 4), c("  3", " NA", "Inf"))
    expect_identical(osseosurv:::printed_column(c(0.123456, 1), 4), c("0.1235", "1.0000"))
    expect_identical(osseosurv:::printed_column(c(0.123456, 0.99999), 4), c("0.123456", "0.999990"))
})
