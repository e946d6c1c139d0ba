test_that("every scheme has its modes once, with group and source", {
    expect_identical(anyDuplicated(failure_modes[c("scheme", "mode")]), 0L)
    expect_identical(as.vector(table(failure_modes$scheme)[c("Henderson 2011", "ISOLS 2014")]), c(5L, 6L))
    expect_true(all(failure_modes$group[failure_modes$mode %in% 1:3] == "mechanical"))
    expect_true(all(failure_modes$group[failure_modes$mode %in% 4:5] == "non-mechanical"))
    expect_identical(is.na(failure_modes$subtype_a), failure_modes$scheme == "Henderson 2011")
    expect_identical(is.na(failure_modes$subtype_grade), is.na(failure_modes$subtype_b))
    expect_false(anyNA(failure_modes$reference))
})

test_that("modes collapse to mode, label, group and the other scheme", {
    modes <- c("1A", "3b", "6A", NA, "4")
    expect_identical(collapse_modes(modes, "ISOLS 2014"), c("mechanical", "mechanical", "paediatric", NA, "non-mechanical"))
    expect_identical(collapse_modes(modes, "ISOLS 2014", "mode"), c(1L, 3L, 6L, NA, 4L))
    expect_identical(collapse_modes(2, "Henderson 2011", "label"), "aseptic loosening")
    expect_identical(collapse_modes(1:5, "ISOLS 2014", "Henderson 2011"), 1:5)
    expect_identical(collapse_modes(c(5, 6), c("Henderson 2011", "ISOLS 2014")), c("non-mechanical", "paediatric"))
    expect_identical(collapse_modes(c(NA, NA), "ISOLS 2014"), c(NA_character_, NA))
})

test_that("a mode its scheme lacks, or without a counterpart, is named", {
    expect_error(collapse_modes(c(1, 6), "Henderson 2011"), "element 2", class = "osseosurv_invalid")
    expect_error(collapse_modes("3B", "Henderson 2011"), "not in Henderson 2011", class = "osseosurv_invalid")
    expect_error(collapse_modes("3C", "ISOLS 2014"), "element 1", class = "osseosurv_invalid")
    expect_error(collapse_modes(2.5, "ISOLS 2014"), "element 1", class = "osseosurv_invalid")
    expect_error(collapse_modes(c(1, 6), "ISOLS 2014", "Henderson 2011"), "paediatric failure, has none", class = "osseosurv_invalid")
    expect_error(collapse_modes(1, "ISOLS 2015"), "`scheme`", class = "osseosurv_invalid")
    expect_error(collapse_modes(1:3, c("ISOLS 2014", "ISOLS 2014")), "`scheme`", class = "osseosurv_invalid")
    expect_error(collapse_modes(TRUE, "ISOLS 2014"), "`modes`", class = "osseosurv_invalid")
    expect_error(collapse_modes(1, "ISOLS 2014", "subtype"), "`to`", class = "osseosurv_invalid")
})

test_that("the outcome counts by group, and two schemes together where asked", {
    two <- mixed_tables()$patients
    two$scheme[1] <- "Henderson 2011"
    both <- suppressWarnings(mixed_cohort(patients = two))
    expect_error(reconstruction_survival(both), "one scheme", class = "osseosurv_invalid")
    grouped <- reconstruction_survival(both, times = 48, modes = "group")
    risk <- grouped$tables[["Risk by mode of failure"]]
    expect_identical(risk$mode, c("mechanical", "non-mechanical", "paediatric"))
    expect_equal(risk$n.event, c(3, 1, 0))
    one <- reconstruction_survival(both, times = 48, modes = "Henderson 2011")$tables[["Risk by mode of failure"]]
    expect_equal(one$n.event, c(0, 2, 1, 1, 0))
    # The risk of a group is the sum of those of its modes, as observed.
    expect_equal(risk$crude[1], sum(one$crude[1:3]), tolerance = 1e-12)
    expect_error(reconstruction_survival(both, modes = "label"), "`modes`", class = "osseosurv_invalid")
})
