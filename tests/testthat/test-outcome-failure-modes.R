quietly <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("table of modes: counts, groups and the whole add up, stratum by stratum", {
    for (seed in 1:2) {
        cohort <- quietly(random_outcomes(seed))
        x <- reconstruction_survival(cohort, by = "prosthesis")
        table <- x$tables[["Table of modes"]]
        expect_identical(unique(table$mode[grepl("^[^0-9]", table$mode)]), c("mechanical", "non-mechanical", "any failure"))
        d <- cohort$patients
        for (s in unique(table$strata)) {
            one <- table[table$strata == s, ]
            own <- d[paste0("prosthesis=", d$prosthesis) == s, ]
            expect_equal(one$x[1:5], vapply(1:5, function(m) sum(own$failure_mode %in% m), 0L))
            expect_equal(one$x[6:8], c(sum(one$x[1:3]), sum(one$x[4:5]), sum(one$x[1:5])))
            expect_equal(one$n, rep(nrow(own), 8))
            # Crude risks add up, net ones do not.
            expect_equal(one$crude[6:8], c(sum(one$crude[1:3]), sum(one$crude[4:5]), sum(one$crude[1:5])), tolerance = 1e-10)
            expect_true(all(one$net >= one$crude - 1e-12))
            mechanical <- survival::survfit(survival::Surv(followup_mo, failure_mode %in% 1:3) ~ 1, own)
            expect_equal(one$net[6], 1 - summary(mechanical, one$time[6])$surv, tolerance = 1e-12)
        }
        risk <- x$tables[["Risk of failure, net and crude"]]
        at <- risk[risk$time == table$time[1], ]
        expect_equal(table[table$mode == "any failure", names(risk)], at, ignore_attr = TRUE)
    }
})

test_that("table of modes: the last time that every group was followed to, limits where nothing was seen", {
    table <- reconstruction_survival(masquelet_femur)$tables[["Table of modes"]]
    expect_equal(unique(table$time), 60)
    expect_true(all(table$x == 0 & table$net == 0 & table$net.high > 0 & table$crude.high > 0))
    x <- reconstruction_survival(quietly(mixed_cohort()), by = "group")
    table <- x$tables[["Table of modes"]]
    expect_match(x$notes, sprintf("those by %g months", table$time[1]), all = FALSE)
    expect_true("paediatric" %in% table$mode)

    unstated <- mixed_tables()$patients
    unstated$failure_mode[3] <- NA
    table <- reconstruction_survival(quietly(mixed_cohort(patients = unstated)))$tables[["Table of modes"]]
    expect_equal(table$x[table$mode == "mode not stated"], 1)
    expect_equal(table$x[table$mode == "any failure"], 4)
    grouped <- reconstruction_survival(quietly(mixed_cohort()), modes = "group")$tables[["Table of modes"]]
    expect_identical(grouped$mode, c("mechanical", "non-mechanical", "paediatric", "any failure"))
})
