quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

# Comparable cohorts read from the sheet by the rules of the help page, a row at a time.
by_hand <- function(figure, prosthesis, own_group) {
    all <- literature$cohorts
    kept <- list()
    for (i in seq_len(nrow(all))) {
        row <- all[i, ]
        if (row$prosthesis != prosthesis || !startsWith(row$comparability, "intercalary") || !is.na(row$parent_id)) next
        if (is.na(row[[figure]]) || is.na(row$n) || row$overlap_group %in% own_group) next
        s <- literature$sources
        grade <- s$grade[s$cohort_id == row$cohort_id & s$figure == figure][1]
        group <- if (is.na(row$overlap_group)) row$cohort_id else row$overlap_group
        before <- kept[[group]]
        if (is.null(before) || grade < before$grade || (grade == before$grade && row$n > before$n)) {
            kept[[group]] <- list(grade = grade, n = row$n, x = row[[figure]])
        }
    }
    data.frame(x = vapply(kept, `[[`, 0, "x"), n = vapply(kept, `[[`, 0, "n"))
}

test_that("pools are the comparable rows of the sheet, and exact limits those of their sums", {
    x <- compare_literature(masquelet_femur)
    used <- x$tables[["Cohorts used"]]
    pooled <- x$tables[["Pooled risks"]]
    labels <- c(aseptic_loosening = "aseptic loosening", structural_failure = "structural failure", deep_infection = "deep infection")
    for (figure in names(labels)) {
        for (prosthesis in c("solid", "porous")) {
            mine <- by_hand(figure, prosthesis, masquelet_femur$overlap_group)
            theirs <- used[used$figure == labels[[figure]] & used$prosthesis == prosthesis, ]
            expect_equal(theirs[order(theirs$n, theirs$x), c("x", "n")], mine[order(mine$n, mine$x), ], ignore_attr = TRUE)
            row <- pooled[pooled$figure == figure & pooled$prosthesis == prosthesis, ]
            expect_equal(c(row$events, row$n, row$k), c(sum(mine$x), sum(mine$n), nrow(mine)))
            exact <- binom.test(sum(mine$x), sum(mine$n))
            expect_equal(c(row$exact.low, row$exact.high), exact$conf.int[1:2], tolerance = 1e-9)
        }
    }
})

test_that("every published cohort is used or has a reason", {
    x <- compare_literature(masquelet_femur, figures = "deep_infection")
    used <- x$tables[["Cohorts used"]]
    out <- x$tables[["Cohorts left out"]]
    expect_equal(nrow(used) + nrow(out), sum(literature$cohorts$prosthesis %in% c("solid", "porous")))
    expect_false(anyNA(out$reason))
})

test_that("the cohort's own counts, their interval and where a pool lies to it", {
    cohort <- quiet(mixed_cohort())
    x <- compare_literature(cohort, conf.level = 0.9)
    own <- x$tables[["What this cohort can say"]]
    expect_equal(own$x[match(c("aseptic loosening", "structural failure", "deep infection", "union (any interface)", "amputation"),
                             own$figure)], c(2, 1, 4, 7, 1))
    expect_equal(own$n, rep(10, 5))
    expect_equal(own$conf.high, vapply(own$x, function(k) binom.test(k, 10, conf.level = 0.9)$conf.int[2], 0), tolerance = 1e-9)
    for (side in c("solid", "porous")) {
        place <- ifelse(is.na(own[[side]]), "no cohorts", ifelse(own[[side]] > own$conf.high, "above the interval",
                        ifelse(own[[side]] < own$conf.low, "below the interval", "not excluded")))
        expect_identical(own[[paste0(side, ".is")]], place)
    }
    expect_match(x$notes, "may still have a risk of 25.9% (exact 90%)", fixed = TRUE, all = FALSE)
    expect_match(x$notes, "no `overlap_group`", all = FALSE)
    chance <- x$tables[["Chance of what was seen"]]
    row <- chance[chance$figure == "deep infection", ][1, ]
    expect_equal(row$probability, pbinom(4, 10, row$true.risk), tolerance = 1e-12)
    united <- chance[chance$figure == "union (any interface)", ]
    if (nrow(united)) expect_equal(united$probability[1], pbinom(6, 10, united$true.risk[1], lower.tail = FALSE), tolerance = 1e-12)
    fall <- x$tables[["Where this cohort falls"]]
    expect_equal(fall$expected[fall$by == "risk" & fall$figure == "deep infection" & fall$prosthesis == "porous"],
                 10 * x$tables[["Pooled risks"]]$estimate[x$tables[["Pooled risks"]]$figure == "deep_infection" &
                                                              x$tables[["Pooled risks"]]$prosthesis == "porous"], tolerance = 1e-9)
})

test_that("rates go by reconstruction-years, late entry taken off", {
    tables <- mixed_tables()
    tables$patients$entry_mo <- 3
    x <- compare_literature(quiet(mixed_cohort(patients = tables$patients)), figures = "deep_infection")
    fall <- x$tables[["Where this cohort falls"]]
    rates <- x$tables[["Pooled rates per 100 years"]]
    years <- sum(tables$patients$followup_mo - 3) / 12
    both <- merge(fall[fall$by == "rate", ], rates, by = "prosthesis")
    expect_equal(both$expected, both$estimate * years / 100, tolerance = 1e-9)
})

test_that("what is not on record is not compared, and says so", {
    patients <- mixed_tables()$patients
    x <- compare_literature(quiet(cohort(patients)))
    own <- x$tables[["What this cohort can say"]]
    expect_false(any(c("deep infection", "union (any interface)") %in% own$figure))
    expect_match(x$notes, "Not on record in this cohort and not compared: deep infection, union", all = FALSE)
    patients$failure_mode[1] <- NA
    x <- compare_literature(quiet(cohort(patients)), figures = c("aseptic_loosening", "amputation"))
    expect_identical(x$tables[["What this cohort can say"]]$figure, "amputation")
    still <- quiet(cohort(data.frame(patient = 1:3, prosthesis = "solid", followup_mo = 0, end = "censored")))
    x <- compare_literature(still, figures = "aseptic_loosening")
    expect_match(x$notes, "no time under observation", all = FALSE)
    expect_false(any(x$tables[["Where this cohort falls"]]$by == "rate"))
})

test_that("bad arguments are named", {
    expect_error(compare_literature(masquelet_femur, figures = "nothing"), "`figures` must be among", class = "osseosurv_invalid")
    expect_error(compare_literature(masquelet_femur, literature = list()), "`literature`", class = "osseosurv_invalid")
    expect_error(compare_literature(masquelet_femur, method = "glmm2"), "`method`", class = "osseosurv_invalid")
    expect_error(compare_literature(list()), "`cohort`", class = "osseosurv_invalid")
})
