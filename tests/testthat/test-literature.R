test_that("the literature is without quotations and every figure has its address and grade", {
    expect_s3_class(literature, "literature", exact = TRUE)
    expect_identical(c(nrow(literature$cohorts), nrow(literature$survival_points), nrow(literature$sources)), c(78L, 52L, 619L))
    expect_false("quote" %in% names(literature$sources))
    texts <- unlist(lapply(literature, function(d) unlist(Filter(is.character, d))))
    expect_false(any(grepl("\"|\u201c|\u201d", texts)))
    expect_false(any(grepl("[^ -~]", texts)))
    expect_match(literature$sources$address, "^https://[^ ]+[.][^ ]+$", all = TRUE)
    expect_true(all(literature$sources$grade %in% c("A", "B", "C")))
    expect_output(print(literature), "78 cohorts and subgroups, 52 survival points, 619 figures")
})

test_that("counts and person-years add up to the sums of the evidence table", {
    c <- literature$cohorts
    main <- c[startsWith(c$comparability, "intercalary") & is.na(c$parent_id) & !is.na(c$person_years) & !is.na(c$aseptic_loosening), ]
    solid <- main[main$prosthesis == "solid", ]
    porous <- main[main$prosthesis == "porous", ]
    expect_setequal(solid$cohort_id, c("mahdal2022", "hanna2010", "mcgrath2011", "zheng2019", "liul2024"))
    expect_equal(c(sum(solid$aseptic_loosening), sum(solid$n)), c(12, 128))
    expect_equal(sum(solid$person_years), 395.8, tolerance = 1e-4)
    expect_setequal(porous$cohort_id, c("chen2024_femur", "lu2019", "knee12_midterm", "zhaod2020", "disttibia6"))
    expect_equal(c(sum(porous$aseptic_loosening), sum(porous$n)), c(0, 44))
    expect_equal(sum(porous$person_years), 127.3, tolerance = 1e-4)
    expect_identical(sum(!is.na(c$person_years)), 36L)
    # Deep infection in porous intercalary cohorts: 11 in 192.1 person-years, n 86
    deep <- c[startsWith(c$comparability, "intercalary") & is.na(c$parent_id) & c$prosthesis == "porous" & !is.na(c$person_years) & !is.na(c$deep_infection), ]
    expect_equal(c(sum(deep$deep_infection), sum(deep$n)), c(11, 86))
    expect_equal(sum(deep$person_years), 192.1, tolerance = 1e-3)
    grades <- table(c$prosthesis, c$grade)
    expect_identical(c(grades["solid", "A"], grades["solid", "B"], grades["solid", "C"], grades["porous", "A"], grades["porous", "C"], grades["unclear", "A"]),
                     c(22L, 1L, 2L, 45L, 1L, 3L))
})

test_that("the index cohort says here what it says in its own tables", {
    index <- literature$cohorts[literature$cohorts$cohort_id == "chen2024_femur", ]
    expect_equal(index$n, nrow(masquelet_femur$patients))
    expect_equal(index$person_years, sum(masquelet_femur$patients$followup_mo) / 12, tolerance = 1e-3)
    expect_equal(index$deep_infection, nrow(masquelet_femur$infections))
    expect_equal(index$union, sum(masquelet_femur$patients$union))
})

test_that("literature_table filters, and each row has value, address and grade", {
    all <- literature_table()
    expect_identical(nrow(all), nrow(literature$sources))
    some <- literature_table("aseptic_loosening", "solid", "intercalary", subgroups = FALSE)
    expect_setequal(some$cohort_id, c("mahdal2022", "hanna2010", "mcgrath2011", "zheng2019", "liul2024", "jso2024_humeral_spacer", "wjso2021_humeral"))
    expect_true(all(some$figure == "aseptic_loosening" & some$prosthesis == "solid" & is.na(some$parent_id)))
    expect_identical(some$value[some$cohort_id == "mcgrath2011"], 4)
    expect_false(anyNA(some$address))
    points <- literature_table("survival_point", grade = "A", overlap_group = "og_mahdal")
    expect_equal(points$value[order(points$time_mo)], c(0.92, 0.72))
    expect_identical(points$published[order(points$time_mo)], c("92%", "72%"))
    exact <- literature_table(comparability = "intercalary (joint fused)")
    expect_identical(unique(exact$cohort_id), "disttibia6")
    expect_true("disttibia6" %in% literature_table(comparability = "intercalary")$cohort_id)
    expect_error(literature_table("loosening"), "`figure` must be among .*aseptic_loosening", class = "osseosurv_invalid")
    expect_error(literature_table(prosthesis = 1), class = "osseosurv_invalid")
    expect_error(literature_table(literature = list()), class = "osseosurv_invalid")
})

test_that("comparable cohorts are one per overlap group, and every other is listed with a reason", {
    f <- osseosurv:::comparable_cohorts
    solid <- f(NULL, "solid", "aseptic_loosening", exclude = "og_pku3", denominator = "person_years")
    expect_identical(solid$rows$cohort_id, c("mahdal2022", "hanna2010", "mcgrath2011", "zheng2019"))
    expect_equal(sum(solid$rows$events), 12)
    expect_equal(sum(solid$rows$person_years), 395.77 - 25.33, tolerance = 1e-9)
    expect_match(solid$left_out$reason[solid$left_out$cohort_id == "liul2024"], "zheng2019, which was taken")
    porous <- f(NULL, "porous", "aseptic_loosening", exclude = "og_pku3", denominator = "person_years")
    expect_identical(porous$rows$cohort_id, c("lu2019", "knee12_midterm", "zhaod2020", "disttibia6"))
    expect_identical(sum(porous$rows$events), 0L)
    expect_match(porous$left_out$reason[porous$left_out$cohort_id == "chen2024_femur"], "index cohort")
    # Without a need for person-years the larger of West China is wangj2021.
    expect_true("wangj2021" %in% f(NULL, "porous", "aseptic_loosening")$rows$cohort_id)
    for (figure in c("deep_infection", "union", "revision", "structural_failure", "implant_removal")) {
        for (kind in c("solid", "porous")) {
            got <- f(NULL, kind, figure, exclude = "og_pku3")
            group <- got$rows$overlap_group
            expect_false(anyDuplicated(group[!is.na(group)]) > 0, info = paste(kind, figure))
            expect_false("og_pku3" %in% group)
            expect_false(anyNA(got$rows$events) || anyNA(got$rows$n) || anyNA(got$rows$address))
            expect_true(all(got$rows$events <= got$rows$n))
            expect_identical(nrow(got$rows) + nrow(got$left_out), sum(literature$cohorts$prosthesis == kind))
            expect_false(anyNA(got$left_out$reason))
        }
    }
    expect_error(f(NULL, "solid", "happiness"), class = "osseosurv_invalid")
})

test_that("a better grade goes before a larger cohort", {
    lit <- literature
    at <- lit$sources$cohort_id == "zheng2019" & lit$sources$figure == "aseptic_loosening"
    lit$sources$grade[at] <- "C"
    rows <- osseosurv:::comparable_cohorts(lit, "solid", "aseptic_loosening")$rows
    expect_true("liul2024" %in% rows$cohort_id)
    expect_false("zheng2019" %in% rows$cohort_id)
})

test_that("the data rebuild from their CSV files", {
    root <- file.path("..", "..")
    skip_if_not(file.exists(file.path(root, "data-raw", "build.R")), "the source of the data is not in the built package")
    here <- new.env()
    sys.source(file.path(root, "data-raw", "build.R"), here)
    expect_identical(here$build_literature(root), literature)
    expect_identical(here$build_failure_modes(root), failure_modes)
    expect_identical(here$build_masquelet_femur(root), masquelet_femur)
})
