test_that("length 1 is repeated, other lengths are named", {
    expect_identical(osseosurv:::recycle(list(a = 1:3, b = 2)), list(a = 1:3, b = c(2, 2, 2)))
    expect_identical(osseosurv:::recycle(list(a = integer(), b = 2)), list(a = integer(), b = numeric()))
    caught <- expect_error(osseosurv:::recycle(list(a = 1:3, b = 1:2)), class = "osseosurv_invalid")
    expect_identical(caught$argument, "b")
    expect_match(conditionMessage(caught), "`b` must have length 1 or the length of `a` (3); it has length 2.", fixed = TRUE)
})

test_that("rows read as in a sentence", {
    expect_identical(osseosurv:::rows_text(4), "row 4")
    expect_identical(osseosurv:::rows_text(c(1, 4)), "rows 1 and 4")
    expect_identical(osseosurv:::rows_text(1:10), "rows 1, 2, 3 and 7 more")
})
