quietly <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

# Patients with group `g`; failures are aseptic loosening.
grouped_cohort <- function(followup, end, g, ...) {
    quietly(cohort(data.frame(patient = seq_along(followup), prosthesis = "porous", followup_mo = followup, end = end, g = g,
                              failure_mode = ifelse(end == "failure", 2, NA), scheme = "Henderson 2011", ...)))
}

compared <- function(x, name = "g") x$tables[[paste("Comparison by", name)]]

test_that("every row of the comparison is that of its estimator", {
    cohort <- quietly(random_outcomes(3, n = 60))
    x <- reconstruction_survival(cohort, by = "prosthesis", times = c(12, 36))
    table <- compared(x, "prosthesis")
    d <- cohort$patients
    d$failed <- as.integer(d$end == "failure")
    d$cause <- factor(ifelse(d$end %in% c("censored", "lost"), "censored", as.character(d$end)),
                      c("censored", "failure", "death", "amputation"))
    of <- function(measure) table[startsWith(table$measure, measure), ]
    limits <- function(row) unlist(row[c("estimate", "conf.low", "conf.high", "p.value")], use.names = FALSE)

    exact <- suppressWarnings(glance(logrank_test(Surv(followup_mo, failed) ~ prosthesis, d, seed = 1)))
    expect_equal(of("log-rank")$p.value[1], exact$p.value)
    expect_identical(of("log-rank")$method[1], exact$method)
    gray <- tidy(gray_test(Surv(followup_mo, cause) ~ prosthesis, d, cause = "failure", seed = 1))
    expect_equal(of("Gray")$p.value, gray$p.value)
    cox <- tidy(cox_ph(Surv(followup_mo, failed) ~ prosthesis, d, penalty = "firth", exponentiate = TRUE))
    expect_equal(limits(of("hazard ratio")), limits(cox))
    crude <- tidy(fine_gray(Surv(followup_mo, cause) ~ prosthesis, d, cause = "failure", penalty = "firth", exponentiate = TRUE))
    expect_equal(limits(of("subdistribution")), limits(crude))
    expect_identical(of("hazard ratio")$contrast, "prosthesis=solid / prosthesis=porous")
    difference <- tidy(survival_difference(Surv(followup_mo, failed) ~ prosthesis, d, time = c(12, 36)))
    expect_equal(of("difference of survival")[c("contrast", "time", "estimate", "conf.low", "conf.high", "p.value")],
                 difference[c("contrast", "time", "estimate", "conf.low", "conf.high", "p.value")], ignore_attr = TRUE)
    mean <- tidy(rmst(Surv(followup_mo, failed) ~ prosthesis, d))
    expect_equal(limits(of("difference of restricted")), limits(mean[mean$term == "difference", ]))
    expect_equal(of("difference of restricted")$time, mean$tau[1])
    # Net and crude stand side by side, and the p-value of the exact test by the hazard ratios.
    expect_true(all(grepl("\\((net|crude)\\)$", table$measure)))
})

test_that("no failure in a group: named, finite hazard ratio, exact test", {
    end <- replace(rep("censored", 11), c(7, 8), "failure")
    x <- reconstruction_survival(grouped_cohort(months_11, end, rep(c("a", "b"), c(6, 5))), by = "g", times = 24)
    table <- compared(x)
    expect_match(x$notes, "separation, no failure in g=a", all = FALSE)
    ratio <- table[table$measure == "hazard ratio (net)", ]
    expect_true(ratio$estimate > 1 && is.finite(ratio$conf.high) && ratio$conf.low > 0)
    expect_identical(ratio$method, "Firth, profile likelihood")
    # By hand: the failures at 36 and 45 are both of b, whose shares of the sums of scores decide.
    log_rank <- table[startsWith(table$measure, "log-rank"), ][1, ]
    expect_identical(log_rank$method, "exact")
    expect_true(log_rank$p.value > 0 && log_rank$p.value <= 1)
    difference <- table[startsWith(table$measure, "difference of survival"), ]
    expect_true(difference$conf.low < 0 && difference$conf.high > 0)
})

test_that("separation that no empty group explains is named by Cox", {
    # All of b fail before anyone of a does: with everybody at risk, the ratio is infinite.
    x <- reconstruction_survival(grouped_cohort(c(1:5, 11:15), "failure", rep(c("b", "a"), each = 5)), by = "g", times = 8)
    expect_match(x$notes, "separates", all = FALSE)
    ratio <- compared(x)
    ratio <- ratio[ratio$measure == "hazard ratio (net)", ]
    expect_true(is.finite(ratio$estimate) && ratio$conf.low > 1)
})

test_that("nothing degenerate: no failure, one group, one reconstruction, as many groups as rows", {
    groups <- rep(c("a", "b"), c(6, 5))
    none <- reconstruction_survival(grouped_cohort(months_11, "censored", groups), by = "g", times = c(24, 60))
    table <- compared(none)
    expect_true(all(is.na(table$estimate[grepl("ratio", table$measure)])))
    expect_true(all(table$method[1:4] == "not estimable"))
    expect_match(none$notes, "Log-rank test: .*no event", all = FALSE)
    known <- table[!is.na(table$estimate), ]
    expect_true(all(known$conf.low < known$estimate & known$conf.high > known$estimate))

    one <- reconstruction_survival(grouped_cohort(20, "failure", "a"), by = "g")
    expect_null(compared(one))
    expect_match(one$notes, "No comparison by `g`", all = FALSE)
    many <- reconstruction_survival(grouped_cohort(months_11, rep(c("failure", "censored"), c(4, 7)), letters[1:11]), by = "g",
                                    times = 24)
    expect_identical(sum(compared(many)$measure == "hazard ratio (net)"), 10L)
    expect_false(anyNA(compared(many)$estimate[compared(many)$measure == "hazard ratio (net)"]))
    start <- reconstruction_survival(grouped_cohort(c(0, 0), "failure", c("a", "b")), by = "g")
    expect_match(start$notes, "No restricted mean", all = FALSE)
})

test_that("small cohorts of every kind: no NaN, no interval of no width, no error", {
    set.seed(1)
    for (shape in 1:60) {
        n <- sample(1:6, 1)
        end <- sample(c("censored", "lost", "failure", "death", "amputation"), n, TRUE)
        followup <- if (shape %% 2) sample(0:4, n, TRUE) * 12 else runif(n, 0, 60)
        cohort <- if (shape %% 3) grouped_cohort(followup, end, sample(c("a", "b", "c"), n, TRUE))
                  else grouped_cohort(followup + 1, end, sample(c("a", "b"), n, TRUE), entry_mo = followup / 2)
        x <- reconstruction_survival(cohort, by = "g", times = c(0, 12, 30))
        for (table in x$tables) {
            expect_false(any(vapply(table, function(column) is.numeric(column) && any(is.nan(column)), NA)))
            if (all(c("net.low", "net.high") %in% names(table))) {
                expect_true(all(table$net.low < table$net.high | is.na(table$net.low)))
                expect_true(all(table$crude.low < table$crude.high | is.na(table$crude.low)))
            }
        }
    }
})

test_that("unequal follow-up: the version for it is beside the exact test, and no warning is left", {
    cohort <- grouped_cohort(c(1:10, 61:70), rep(c("failure", "censored", "censored", "lost"), 5), rep(c("a", "b"), each = 10))
    expect_silent(x <- reconstruction_survival(cohort, by = "g", times = 6))
    expect_identical(compared(x)$method[1:2], c("exact", "unequal-followup"))
    expect_match(x$notes, "followed for different times", all = FALSE)
    expect_identical(reconstruction_survival(cohort, by = "g", times = 6)$tables, x$tables)
})

test_that("late entry: no test by Gray, Wald where the beta product has no theory", {
    cohort <- quietly(random_outcomes(5, n = 40, entry = TRUE))
    table <- compared(reconstruction_survival(cohort, by = "prosthesis", times = 24), "prosthesis")
    expect_false(any(startsWith(table$measure, "Gray")))
    expect_identical(table$method[startsWith(table$measure, "difference of survival")], "wald")
})
