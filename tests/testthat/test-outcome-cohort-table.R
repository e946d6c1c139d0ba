quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("measurements are those of t.test() and the plain functions, by group", {
    x <- cohort_table(quiet(mixed_cohort()), by = "group", conf.level = 0.9)
    d <- mixed_tables()$patients
    scores <- x$tables$Function
    for (s in c("a", "b")) {
        values <- d$lefs[d$group %in% s]
        row <- scores[scores$strata == paste0("group=", s) & scores$variable == "lefs", ]
        known <- values[!is.na(values)]
        test <- t.test(known, conf.level = 0.9)
        expect_equal(unlist(row[c("mean", "conf.low", "conf.high", "sd", "median", "minimum", "maximum")], use.names = FALSE),
                     c(mean(known), test$conf.int, sd(known), median(known), min(known), max(known)), tolerance = 1e-12)
        expect_equal(c(row$n, row$missing), c(length(known), sum(is.na(values))))
    }
    arc <- scores[scores$variable == "rom_arc" & scores$strata == "group=b", ]
    expect_equal(arc$mean, mean(d$rom_max[d$group %in% "b"]))
    expect_match(x$notes, "lefs 1", all = FALSE)
})

test_that("categories and complications count reconstructions", {
    x <- cohort_table(quiet(mixed_cohort()))
    categories <- x$tables$Categories
    sex <- categories[categories$variable == "sex", ]
    expect_equal(sex$x[match(c("F", "M"), sex$level)], c(4, 4))
    expect_equal(sex$n, c(8, 8))
    expect_equal(sex$conf.low, rep(binom.test(4, 8)$conf.int[1], 2), tolerance = 1e-9)
    complications <- x$tables$Complications
    expect_equal(complications$x[match(c("any complication", "fracture", "nerve"), complications$complication)], c(2, 2, 1))
    expect_equal(unique(complications$n), 10)
})

test_that("no interval of a point, none of one value", {
    equal <- quiet(cohort(data.frame(patient = 1:3, prosthesis = "solid", followup_mo = 24, end = "censored", age = c(50, NA, NA))))
    rows <- cohort_table(equal)$tables$Measurements
    expect_true(all(is.na(rows[c("conf.low", "conf.high")])))
    expect_equal(rows$mean[match(c("followup_mo", "age"), rows$variable)], c(24, 50))
    expect_true(is.na(rows$sd[rows$variable == "age"]))
})

test_that("no complications table is not no complications", {
    tables <- mixed_tables()
    expect_match(cohort_table(quiet(cohort(tables$patients)))$notes, "not recorded", all = FALSE)
    none <- cohort_table(quiet(cohort(tables$patients, complications = tables$complications[0, ])))$tables$Complications
    expect_equal(none$x, 0)
    expect_equal(none$conf.high, binom.test(0, 10)$conf.int[2], tolerance = 1e-9)
})

test_that("hundreds of patients, a factor with its order", {
    cohort <- quiet(random_outcomes(11, 400))
    x <- cohort_table(cohort, by = "site")
    rows <- x$tables$Measurements
    d <- cohort$patients
    expect_equal(rows$mean[rows$variable == "followup_mo" & rows$strata == "site=tibia"], mean(d$followup_mo[d$site %in% "tibia"]))
    expect_match(x$notes, sprintf("%d reconstructions without `site`", sum(is.na(d$site))), all = FALSE)
})
