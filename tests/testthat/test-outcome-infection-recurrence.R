quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("eleven femora: one recurrence in 473 months", {
    x <- infection_recurrence(masquelet_femur)
    rate <- x$tables[["Rate of infection per 100 years"]]
    expect_equal(round(unlist(rate[1, c("estimate", "conf.low", "conf.high")], use.names = FALSE), 4), c(2.5370, 0.0642, 14.1352))
    expect_equal(round(unlist(rate[2, c("conf.low", "conf.high")], use.names = FALSE), 4), c(0.1269, 12.5121))
    markers <- x$tables[["Laboratory markers"]]
    # Printed to two places, halves (-1.115, -1.565) up.
    of <- function(marker) unlist(markers[markers$marker == marker, c("estimate", "conf.low", "conf.high")], use.names = FALSE)
    expect_lt(max(abs(of("CRP") - c(-1.12, -3.88, -0.76))), 0.00501)
    expect_lt(max(abs(of("WBC") - c(0.36, -1.57, 1.73))), 0.00501)
    expect_equal(of("ESR")[1], -24.25)
    expect_equal(round(markers$p.value[markers$marker == "ESR"], 5), 0.00195)
    labs <- masquelet_femur$labs
    crp <- labs[labs$marker == "CRP", ]
    wide <- merge(crp[crp$stage == "1", ], crp[crp$stage == "2", ], by = "reconstruction")
    wide <- wide[!is.na(wide$value.x) & !is.na(wide$value.y), ]
    expect_equal(markers$n[markers$marker == "CRP"], nrow(wide))
    expect_equal(markers$median.before[markers$marker == "CRP"], median(wide$value.x))
})

test_that("episodes outside observation are not in the rate, and the note counts them", {
    x <- infection_recurrence(quiet(mixed_cohort()))
    rate <- x$tables[["Rate of infection per 100 years"]]
    # 3 twice, 6, 10; the episode of 8 lies after its 48 months.
    expect_equal(rate$events, c(4, 4))
    expect_equal(rate$years, rep(sum(mixed_tables()$patients$followup_mo) / 12, 2))
    expect_match(x$notes, "1 episode after the end of follow-up not counted in the rate", all = FALSE)
    expect_equal(nrow(x$tables$Episodes), 5)

    tables <- mixed_tables()
    tables$infections$onset_left_mo[4] <- 47
    astride <- infection_recurrence(quiet(mixed_cohort(infections = tables$infections)), times = 47)
    expect_equal(astride$tables[["Rate of infection per 100 years"]]$events, c(5, 5))
    expect_match(astride$notes, "1 episode first seen after the end", all = FALSE)
    expect_gt(astride$tables[["Risk of a first infection"]]$earliest, astride$tables[["Risk of a first infection"]]$estimate)
})

test_that("the risk of a first infection equals survfit at either end of the onset, with groups", {
    for (seed in 1:3) {
        cohort <- quiet(random_outcomes(seed))
        x <- infection_recurrence(cohort, by = "site", times = c(6, 24, 40))
        risk <- x$tables[["Risk of a first infection"]]
        rate <- x$tables[["Rate of infection per 100 years"]]
        d <- cohort$patients[!is.na(cohort$patients$site), ]
        for (site in c("femur", "tibia")) {
            one <- d[d$site == site, ]
            at <- function(onset) {
                first <- vapply(one$reconstruction, function(r) {
                    min(Inf, cohort$infections[[onset]][cohort$infections$reconstruction == r])
                }, 0)
                seen <- first <= one$followup_mo
                cause <- ifelse(seen, "infection", ifelse(one$end %in% c("censored", "lost"), "0", as.character(one$end)))
                cause <- factor(cause, c("0", "infection", "failure", "death", "amputation"))
                fit <- survival::survfit(survival::Surv(ifelse(seen, first, one$followup_mo), cause) ~ 1)
                summary(fit, c(6, 24, 40))$pstate[, fit$states == "infection"]
            }
            here <- risk$strata == paste0("site=", site)
            expect_equal(risk$estimate[here], at("onset_right_mo"), tolerance = 1e-10)
            expect_equal(risk$earliest[here], at("onset_left_mo"), tolerance = 1e-10)
            own <- cohort$infections[cohort$infections$reconstruction %in% one$reconstruction, ]
            end <- one$followup_mo[match(own$reconstruction, one$reconstruction)]
            expect_equal(unique(rate$events[rate$strata == paste0("site=", site)]), sum(own$onset_left_mo <= end))
        }
    }
})

test_that("late entry: an infection before it is no first infection under observation", {
    tables <- mixed_tables()
    tables$patients$entry_mo <- c(0, 0, 5, 0, 0, 0, 0, 0, 0, 0)
    x <- infection_recurrence(quiet(mixed_cohort(patients = tables$patients)), times = 36)
    expect_equal(x$tables[["Rate of infection per 100 years"]]$events, c(3, 3))
    expect_match(x$notes, "1 episode before entry not counted", all = FALSE)
    expect_match(x$notes, "1 reconstruction that may have been infected before entry", all = FALSE)
    d <- tables$patients[-3, ]
    time <- replace(d$followup_mo, d$patient %in% c(6, 10), c(15, 30))
    cause <- factor(ifelse(d$patient %in% c(6, 10), "infection", ifelse(d$end %in% c("censored", "lost"), "0", d$end)),
                    c("0", "infection", "failure", "death", "amputation"))
    fit <- survival::survfit(survival::Surv(time, cause) ~ 1)
    expect_equal(x$tables[["Risk of a first infection"]]$estimate, summary(fit, 36)$pstate[, fit$states == "infection"])
    all_before <- data.frame(patient = 1:2, prosthesis = "solid", entry_mo = 5, followup_mo = 20, end = "censored")
    episodes <- data.frame(reconstruction = 1:2, onset_left_mo = 1, onset_right_mo = 2)
    expect_error(infection_recurrence(quiet(cohort(all_before, infections = episodes))), "none is at risk", class = "osseosurv_invalid")
})

test_that("organisms are counted in reconstructions", {
    organisms <- infection_recurrence(quiet(mixed_cohort()))$tables$Organisms
    later <- organisms[organisms$when == "at recurrence", ]
    expect_equal(later$x[match(c("E. coli", "S. aureus"), later$organism)], c(3, 1))
    expect_equal(unique(later$n), 3)
})

test_that("labs: pairs only, one unit only, stages in the order of their numbers", {
    x <- infection_recurrence(quiet(mixed_cohort()))
    markers <- x$tables[["Laboratory markers"]]
    expect_identical(markers$marker, "CRP")
    expect_equal(markers$n, 4)
    expect_equal(markers$estimate, tidy(paired_change(c(9, 12, 20, 15), c(3, 4, 22, 6)))$estimate)
    expect_match(x$notes, "ESR: measured at one stage only", all = FALSE)
    expect_match(x$notes, "CRP: 2 reconstructions without one of the two values", all = FALSE)
    labs <- mixed_tables()$labs
    labs$unit[3] <- "mg/dL"
    x <- infection_recurrence(quiet(mixed_cohort(labs = labs)))
    expect_null(x$tables[["Laboratory markers"]])
    expect_match(x$notes, "several units", all = FALSE)
    expect_named(figures(x), "infection")
    labs <- mixed_tables()$labs
    labs$stage[labs$stage == 2] <- 10
    labs$stage[labs$stage == 1] <- 2
    markers <- infection_recurrence(quiet(mixed_cohort(labs = labs)))$tables[["Laboratory markers"]]
    expect_equal(c(markers$from, markers$to), c(2, 10))
    twice <- rbind(labs, labs[1, ])
    expect_match(infection_recurrence(quiet(mixed_cohort(labs = twice)))$notes, "1 repeated measurement", all = FALSE)
})

test_that("findings count once; none at all still has an upper limit; no table is refused", {
    patients <- mixed_tables()$patients
    findings <- data.frame(reconstruction = c(3, 3, 6), month = c(9, 3, 12))
    x <- infection_recurrence(quiet(cohort(patients, findings = findings)))
    expect_equal(x$tables[["Rate of infection per 100 years"]]$events, c(2, 2))
    expect_equal(x$tables$Episodes$onset_left_mo, c(3, 12))
    none <- infection_recurrence(quiet(cohort(patients, infections = mixed_tables()$infections[0, ])))
    rate <- none$tables[["Rate of infection per 100 years"]]
    expect_equal(rate$conf.high[1], 100 * qgamma(0.975, 1) / rate$years[1], tolerance = 1e-10)
    risk <- none$tables[["Risk of a first infection"]]
    expect_true(all(risk$estimate == 0 & risk$conf.high > 0))
    expect_error(infection_recurrence(quiet(cohort(patients))), "`infections` or `findings`", class = "osseosurv_invalid")
})
