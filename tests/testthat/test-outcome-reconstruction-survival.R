quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("eleven femora: nobody failed, every limit by hand", {
    x <- reconstruction_survival(masquelet_femur)
    at <- x$tables[["Failure-free survival"]]
    followup <- masquelet_femur$patients$followup_mo
    expect_equal(at$n.risk, vapply(c(12, 24, 36, 60), function(t) sum(followup >= t), 0))
    expect_equal(at$estimate, rep(1, 4))
    # Beta product without an event: Beta(Y + 1, 1) shrunk by the next spacing, (alpha / 2)^(1 / Y(t+)).
    after <- vapply(c(12, 24, 36, 60), function(t) sum(followup > t), 0)
    expect_equal(at$conf.low, 0.025^(1 / after), tolerance = 1e-8)
    risk <- x$tables[["Risk of failure, net and crude"]]
    expect_equal(risk$net.high, 1 - at$conf.low, tolerance = 1e-12)
    expect_equal(risk$crude.high, 1 - at$conf.low, tolerance = 1e-8)
    modes <- x$tables[["Risk by mode of failure"]]
    expect_identical(nrow(modes), 4L * 5L)
    expect_true(all(modes$crude == 0 & modes$crude.low == 0 & modes$crude.high > 0))
    rate <- x$tables[["Rate of failure per 100 years"]]
    expect_equal(rate$years, sum(followup) / 12)
    expect_equal(rate$conf.high, 100 * qgamma(0.975, 1) / (sum(followup) / 12), tolerance = 1e-10)
    expect_equal(x$tables[["Ends of follow-up"]]$x, c(11, 0, 0, 0, 0))
})

test_that("net and crude equal survfit on cohorts with every end", {
    for (seed in 1:4) {
        cohort <- quiet(random_outcomes(seed))
        x <- reconstruction_survival(cohort, by = if (seed %% 2) NULL else "site")
        data <- cohort$patients
        if (seed %% 2 == 0) data <- data[!is.na(data$site), ]
        stratum <- if (seed %% 2) rep("", nrow(data)) else paste0("site=", data$site)
        risk <- x$tables[["Risk of failure, net and crude"]]
        modes <- x$tables[["Risk by mode of failure"]]
        competing <- x$tables[["Competing ends"]]
        rate <- x$tables[["Rate of failure per 100 years"]]
        for (s in unique(stratum)) {
            d <- data[stratum == s, ]
            km <- survival::survfit(survival::Surv(followup_mo, end == "failure") ~ 1, d)
            at <- c(12, 24, 36, 60)
            expect_equal(risk$net[risk$strata == s], 1 - summary(km, at)$surv, tolerance = 1e-12)
            expect_equal(risk$n.risk[risk$strata == s], summary(km, at)$n.risk)
            cause <- ifelse(d$end == "failure", paste("mode", d$failure_mode), as.character(d$end))
            cause <- factor(ifelse(d$end %in% c("censored", "lost"), "none", cause),
                            c("none", paste("mode", 1:5), "death", "amputation"))
            aj <- survival::survfit(survival::Surv(followup_mo, cause) ~ 1, d)
            state <- summary(aj, at)$pstate
            colnames(state) <- aj$states
            for (m in 1:5) {
                here <- modes$strata == s & startsWith(modes$mode, paste0(m, " "))
                expect_equal(modes$crude[here], unname(state[, paste("mode", m)]), tolerance = 1e-10)
                expect_equal(modes$n.event[here], vapply(at, function(t) sum(d$failure_mode %in% m & d$followup_mo <= t), 0L))
                one <- survival::survfit(survival::Surv(followup_mo, cause == paste("mode", m)) ~ 1, d)
                expect_equal(modes$net[here], 1 - summary(one, at)$surv, tolerance = 1e-12)
            }
            expect_equal(risk$crude[risk$strata == s], unname(rowSums(state[, paste("mode", 1:5)])), tolerance = 1e-10)
            expect_equal(competing$estimate[competing$strata == s & competing$cause == "death"], unname(state[, "death"]),
                         tolerance = 1e-10)
            expect_equal(rate$events[rate$strata == s], sum(d$end == "failure"))
            expect_equal(rate$years[rate$strata == s], sum(d$followup_mo) / 12)
        }
        amputated <- x$tables[["Amputation as failure"]]
        d <- data[stratum == stratum[1], ]
        km <- survival::survfit(survival::Surv(followup_mo, end %in% c("failure", "amputation")) ~ 1, d)
        expect_equal(amputated$estimate[amputated$strata == stratum[1]], summary(km, c(12, 24, 36, 60))$surv, tolerance = 1e-12)
    }
})

test_that("late entry: risk sets and rates begin at entry", {
    cohort <- quiet(random_outcomes(7, entry = TRUE))
    x <- reconstruction_survival(cohort)
    d <- cohort$patients
    km <- survival::survfit(survival::Surv(entry_mo, followup_mo, end == "failure") ~ 1, d)
    at <- x$tables[["Failure-free survival"]]
    expect_equal(at$estimate, summary(km, at$time)$surv, tolerance = 1e-12)
    expect_equal(at$n.risk, vapply(at$time, function(t) sum(d$entry_mo < t & d$followup_mo >= t), 0))
    expect_equal(x$tables[["Rate of failure per 100 years"]]$years, sum(d$followup_mo - d$entry_mo) / 12)
    expect_true(any(grepl("left-truncated", x$notes)))
})

test_that("who was never under observation is said, not an error", {
    patients <- data.frame(patient = 1:3, prosthesis = "solid", followup_mo = c(0, 10, 20), entry_mo = c(0, 0, 5), end = "censored")
    x <- reconstruction_survival(quiet(cohort(patients)))
    expect_match(x$notes, "1 reconstruction without any time under observation", all = FALSE)
    nothing <- quiet(cohort(data.frame(patient = 1:2, prosthesis = "solid", followup_mo = 0, end = "failure", failure_mode = 2,
                                       scheme = "ISOLS 2014")))
    rate <- reconstruction_survival(nothing)$tables[["Rate of failure per 100 years"]]
    expect_equal(rate$events, 2)
    expect_true(all(is.na(rate[c("estimate", "conf.low", "conf.high")])))
})

test_that("groups, schemes and modes as the cohort has them", {
    cohort <- quiet(mixed_cohort())
    x <- reconstruction_survival(cohort, by = "group")
    expect_match(x$notes, "1 reconstruction without `group` left out", all = FALSE)
    expect_match(x$notes, "ISOLS 2014", all = FALSE)
    modes <- x$tables[["Risk by mode of failure"]]
    expect_length(unique(modes$mode), 6)
    expect_equal(modes$n.event[modes$mode == "2 aseptic loosening" & modes$strata == "group=a"], rep(1, 4))
    ends <- x$tables[["Ends of follow-up"]]
    expect_equal(ends$x[ends$strata == "group=b"], c(1, 0, 2, 0, 1))
    expect_equal(ends$n[ends$strata == "group=b"], rep(4, 5))

    unstated <- mixed_tables()$patients
    unstated$failure_mode[3] <- NA
    x <- reconstruction_survival(quiet(mixed_cohort(patients = unstated)))
    expect_match(x$notes, "1 failure without a mode", all = FALSE)
    modes <- x$tables[["Risk by mode of failure"]]
    expect_equal(modes$n.event[modes$mode == "mode not stated"], c(0, rep(1, 3)))
    unstated$scheme[1] <- "Henderson 2011"
    expect_error(reconstruction_survival(quiet(mixed_cohort(patients = unstated))), "one scheme", class = "osseosurv_invalid")
})

test_that("one reconstruction, all failed: no interval without width", {
    one <- quiet(cohort(data.frame(patient = 1, prosthesis = "solid", followup_mo = 20, end = "censored")))
    at <- reconstruction_survival(one, times = c(12, 24))$tables[["Failure-free survival"]]
    expect_equal(at$estimate, c(1, NA))
    expect_equal(at$conf.low, c(0.025, NA))
    failed <- quiet(cohort(data.frame(patient = 1:4, prosthesis = "solid", followup_mo = c(3, 6, 9, 11), end = "failure",
                                      failure_mode = 2, scheme = "ISOLS 2014")))
    at <- reconstruction_survival(failed)$tables[["Failure-free survival"]]
    expect_equal(at$estimate, rep(0, 4))
    expect_equal(at$conf.high, rep(1 - 0.025^(1 / 4), 4), tolerance = 1e-8)
})

test_that("a `by` that cannot be used is refused by name", {
    cohort <- quiet(mixed_cohort())
    refused <- function(by, text) {
        caught <- tryCatch(reconstruction_survival(cohort, by = by), error = identity)
        expect_s3_class(caught, "osseosurv_invalid")
        expect_identical(caught$argument, "by")
        expect_match(conditionMessage(caught), text)
    }
    refused("nowhere", "one column of `patients`")
    refused(c("group", "sex"), "one column")
    refused(NA, "one column")
    for (name in outcome_columns) {
        tables <- mixed_tables()
        tables$patients[[name]] <- "a"
        cohort <- quiet(mixed_cohort(patients = tables$patients))
        refused(name, "rename the column")
        # Without it as `by` the user's column harms nothing.
        expect_equal(reconstruction_survival(cohort)$tables, reconstruction_survival(quiet(mixed_cohort()))$tables)
    }
    tables$patients[["Body Mass"]] <- rep(c("low", "high"), 5)
    x <- reconstruction_survival(quiet(mixed_cohort(patients = tables$patients)), by = "Body Mass")
    modes <- x$tables[["Risk by mode of failure"]]
    expect_equal(sum(modes$n.event[modes$time == 60]), 4)
})
