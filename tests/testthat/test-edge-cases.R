# The inputs on which other packages fail, one test a row; the figures are exact or from the peer named.

quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("eleven implants, none failed: the beta-product limits, in every estimator, and nothing prints 1 to 1", {
    # bpcp: 0.664 at 24 months, 0.158 at 60.
    after <- c(9, 2)
    low <- 0.025^(1 / after)
    expect_equal(round(low, 3), c(0.664, 0.158))
    km <- kaplan_meier(Surv(months_11, rep(0, 11)))
    expect_equal(survival_at(km, c(24, 60))$conf.low, low, tolerance = 1e-9)
    causes <- cumulative_incidence(Surv(months_11, factor(rep("none", 11), c("none", "loosening", "infection"))))
    at <- incidence_at(causes, c(24, 60))
    expect_equal(at$estimate, rep(0, 4))
    expect_equal(at$conf.high, rep(1 - low, 2), tolerance = 1e-8)
    growth <- turnbull(Surv(months_11, rep(Inf, 11), type = "interval2"), conf.type = "exact")
    # Last seen without the event at 24 months: still under observation through it.
    expect_equal(survival_at(growth, c(24, 60))$conf.low, 0.025^(1 / c(11, 2)), tolerance = 1e-8)
    for (type in setdiff(survival_conf_types, c("beta-product", "beta-product-mid-p"))) {
        one <- tidy(kaplan_meier(Surv(months_11, rep(0, 11)), conf.type = type))
        expect_false(any(one$conf.low == 1 & one$conf.high == 1, na.rm = TRUE), info = type)
    }
    x <- reconstruction_survival(masquelet_femur)
    for (table in x$tables) {
        if (!all(c("conf.low", "conf.high") %in% names(table))) next
        expect_false(any(table$conf.low == table$conf.high & table$conf.low %in% 0:1, na.rm = TRUE))
    }
    shown <- capture.output(print(km), print(x))
    expect_false(any(grepl("\\b1(\\.0+)? +1(\\.0+)? +1(\\.0+)?$", shown)))
})

test_that("all rows censored, two causes: 0 with an exact upper limit", {
    for (n in c(2, 5, 11, 30)) {
        x <- tidy(cumulative_incidence(Surv(rep(10, n), factor(rep(0, n), 0:2))))
        expect_equal(x$conf.high[x$time == 0], rep(binom.test(0, n)$conf.int[2], 2), tolerance = 1e-8)
        expect_true(all(x$estimate == 0 & x$conf.low == 0))
    }
})

test_that("a mode with no or one event: Clopper-Pearson without censoring, the beta product with one cause", {
    time <- 1:11
    for (events in 0:1) {
        cause <- factor(c(rep(1, events), rep(2, 11 - events)), 0:2)
        at <- incidence_at(cumulative_incidence(Surv(time, cause)), 11)
        exact <- binom.test(events, 11)$conf.int
        expect_equal(unlist(at[at$cause == "1", c("conf.low", "conf.high")], use.names = FALSE), exact[1:2], tolerance = 1e-7)
        censored <- factor(c(rep(1, events), rep(0, 11 - events)), 0:1)
        incidence <- incidence_at(cumulative_incidence(Surv(time, censored)), c(3, 8))
        survival <- survival_at(kaplan_meier(Surv(time, c(rep(1, events), rep(0, 11 - events)))), c(3, 8))
        expect_equal(incidence$conf.high, 1 - survival$conf.low, tolerance = 1e-8)
        expect_equal(incidence$conf.low, 1 - survival$conf.high, tolerance = 1e-8)
    }
})

test_that("all 11 never unite, or all by the first visit: 28.5% exact, 16.0% by likelihood ratio", {
    expect_equal(round(binom.test(0, 11)$conf.int[2], 3), 0.285)
    never <- turnbull(Surv(rep(36, 11), rep(Inf, 11), type = "interval2"))
    expect_equal(survival_at(never, 36)$conf.low, 1 - binom.test(0, 11)$conf.int[2], tolerance = 1e-8)
    ratio <- turnbull(Surv(rep(36, 11), rep(Inf, 11), type = "interval2"), conf.type = "likelihood-ratio")
    expect_equal(survival_at(ratio, 36)$conf.low, exp(-qchisq(0.95, 1) / 22), tolerance = 1e-6)
    all_first <- tidy(turnbull(Surv(rep(0, 11), rep(3, 11), type = "interval2")))
    expect_equal(c(all_first$estimate, all_first$conf.low), c(0, 0))
    expect_equal(all_first$conf.high, binom.test(0, 11)$conf.int[2], tolerance = 1e-8)
})

test_that("3 unite by month 6, 3 never, by group: exact p 0.10, each group with its limits", {
    ends <- cbind(rep(c(0, 36), each = 3), rep(c(6, Inf), each = 3))
    group <- rep(c("united", "never"), each = 3)
    test <- interval_logrank_test(Surv(ends[, 1], ends[, 2], type = "interval2"), group = group)
    expect_equal(test$p.value, 0.1)
    at <- survival_at(turnbull(Surv(ends[, 1], ends[, 2], type = "interval2"), group = group), 36)
    expect_equal(sort(at$estimate), c(0, 1))
    expect_equal(sort(c(at$conf.low, at$conf.high)), sort(c(binom.test(0, 3)$conf.int, binom.test(3, 3)$conf.int)),
                 tolerance = 1e-8)
})

test_that("interval-censored rows that enter late: computed, or said to have no maximum", {
    rows <- function(entry) turnbull(Surv(c(1, 3, 4), c(2, 6, Inf), type = "interval2"), entry = entry)
    expect_false(anyNA(tidy(rows(c(0, 0, 1)))$mass))
    gap <- rows(c(0, 3, 3))
    expect_false(glance(gap)$exists)
    expect_true(all(is.na(tidy(gap)$mass)))
    expect_match(gap$notes, "no maximum", all = FALSE)
})

test_that("no event in 34 of three studies: an upper limit, exact 10.3% under homogeneity, beta-binomial beside it", {
    none <- meta_analysis(c(0, 0, 0), c(14, 11, 9))
    expect_identical(as.character(glance(none)$method), "beta-binomial")
    row <- tidy(none)
    expect_equal(row$exact.high, 1 - 0.025^(1 / 34), tolerance = 1e-9)
    expect_equal(round(row$exact.high, 3), 0.103)
    expect_equal(c(row$estimate, row$conf.low), c(0, 0))
    expect_true(row$conf.high > row$exact.high && row$conf.high < 1)
    expect_match(none$notes, "only an upper limit", all = FALSE)
    expect_equal(tidy(meta_analysis(c(0, 0, 0), c(14, 11, 9), method = "exact"))$conf.high, row$exact.high)
})

test_that("0/14, 10/39, 0/11: the models disagree, both are shown, and the reason is stated", {
    x <- meta_analysis(c(0, 10, 0), c(14, 39, 11))
    row <- tidy(x)
    expect_equal(c(row$exact.low, row$exact.high), binom.test(10, 64)$conf.int[1:2], tolerance = 1e-9)
    expect_true(row$conf.low < row$exact.low && row$conf.high > row$exact.high)
    expect_match(x$notes, "differ more than by chance", all = FALSE)
    normal <- meta_analysis(c(0, 10, 0), c(14, 39, 11), method = "reml")
    # REML with HKSJ, 1/2 added to the empty studies: 11% (0.5 to 78).
    expect_equal(round(unlist(tidy(normal)[c("estimate", "conf.low", "conf.high")], use.names = FALSE), 2), c(0.11, 0.01, 0.78),
                 tolerance = 0.05)
    expect_match(normal$notes, "1/2 was added", all = FALSE)
})

test_that("one study, two studies: what cannot be estimated is said, and the interval is the exact one", {
    one <- meta_analysis(3, 20)
    expect_equal(unlist(tidy(one)[c("conf.low", "conf.high")], use.names = FALSE), binom.test(3, 20)$conf.int[1:2], tolerance = 1e-9)
    expect_match(one$notes, "cannot be estimated", all = FALSE)
    two <- meta_analysis(c(1, 5), c(12, 20))
    expect_equal(unlist(tidy(two)[c("conf.low", "conf.high")], use.names = FALSE), binom.test(6, 32)$conf.int[1:2], tolerance = 1e-9)
    expect_match(two$notes, "cannot be estimated", all = FALSE)
    expect_equal(unlist(tidy(meta_analysis(3, 20, method = "reml"))[c("conf.low", "conf.high")], use.names = FALSE),
                 binom.test(3, 20)$conf.int[1:2], tolerance = 1e-9)
})

test_that("0 events against 3: a ratio of 0 with an exact upper limit, and the other way round", {
    x <- rate_ratio(0, 100, 3, 100)
    expect_equal(c(x$estimate, x$conf.low), c(0, 0))
    # Binomial 0 of 3: the upper limit p, odds p / (1 - p).
    p <- 1 - 0.025^(1 / 3)
    expect_equal(x$conf.high, p / (1 - p), tolerance = 1e-9)
    expect_equal(x$p.value, 0.25)
    y <- rate_ratio(3, 100, 0, 100)
    expect_equal(c(y$estimate, y$conf.high), c(Inf, Inf))
    expect_equal(y$conf.low, (1 - p) / p, tolerance = 1e-9)
    zero <- rate_ci(0, 39.4, per = 100)
    expect_equal(zero$conf.high, 100 * -log(0.025) / 39.4, tolerance = 1e-9)
})

test_that("paired change with ties and zeros: exact, p 0.00195", {
    labs <- masquelet_femur$labs[masquelet_femur$labs$marker == "ESR", ]
    wide <- merge(labs[labs$stage == 1, ], labs[labs$stage == 2, ], by = "reconstruction")
    x <- tidy(paired_change(wide$value.x, wide$value.y))
    expect_equal(x$p.value, 0.001953125, tolerance = 1e-9)
    expect_equal(x$estimate, -24.25)
    expect_equal(tidy(paired_change(wide$value.x, wide$value.y, zeros = "wilcoxon"))$estimate, -25)
})

test_that("faulty rows: one classed error that names argument, row and remedy, in every survival estimator", {
    fault <- function(code, row) {
        caught <- tryCatch(code, error = identity)
        expect_s3_class(caught, "osseosurv_invalid")
        expect_type(caught$argument, "character")
        expect_equal(caught$index, row)
    }
    causes <- factor(c(0, 1, 2))
    competing <- function(t, w = NULL) cumulative_incidence(Surv(t, causes), weights = w)
    right <- function(t, w = NULL) kaplan_meier(Surv(t, c(0, 1, 1)), weights = w)
    reverse <- function(t, w = NULL) followup_time(Surv(t, c(0, 1, 1)), weights = w)
    seen <- function(t, w = NULL) turnbull(Surv(t, t + 1, type = "interval2"), weights = w)
    for (f in list(competing, right, reverse, seen)) {
        fault(f(c(1, -1, 2)), 2)
        fault(f(c(1, 2, NaN)), 3)
        fault(f(c(Inf, 1, 2)), 1)
        fault(f(1:3, c(1, 1, -1)), 3)
        fault(f(1:3, c(1, 0.5, 1)), 2)
        expect_error(f(numeric(0)), class = "osseosurv_invalid")
    }
    fault(kaplan_meier(Surv(c(0, 5, 1), c(1, 2, 3), c(1, 1, 1))), 2)
    fault(cumulative_incidence(Surv(c(0, 5, 1), c(1, 2, 3), causes), conf.type = "log-log"), 2)
    fault(turnbull(Surv(c(0, 5, 1), c(1, 2, 3), type = "interval2")), 2)
    d <- data.frame(t = numeric(), s = numeric())
    for (f in list(kaplan_meier, followup_time)) expect_error(f(Surv(t, s) ~ 1, d), "no rows", class = "osseosurv_invalid")
    expect_error(turnbull(Surv(t, s, type = "interval2") ~ 1, d), "no rows", class = "osseosurv_invalid")
    fault(interval_logrank_test(Surv(c(0, 5, 1), c(1, 2, 3), type = "interval2"), group = c(1, 2, 2)), 2)
    fault(turnbull(Surv(1:3, 2:4, type = "interval2"), entry = c(0, 2, 4)), 3)
    empty <- data.frame(t = 1:2, s = 1, c = factor(1:2, 0:2), g = factor(c("a", "a"), c("a", "b")))
    expect_warning(kaplan_meier(Surv(t, s) ~ g, empty), "dropped", class = "osseosurv_empty_level")
    expect_warning(cumulative_incidence(Surv(t, c) ~ g, empty), "dropped", class = "osseosurv_empty_level")
    expect_warning(turnbull(Surv(t, t + s, type = "interval2") ~ g, empty), "dropped", class = "osseosurv_empty_level")
})

test_that("every data set of up to 4 rows (6 in the long run) on a grid of three visits: no NaN, invariants hold", {
    kinds <- expand.grid(time = 1:3, status = 0:2)
    for (n in seq_len(if (identical(Sys.getenv("OSSEOSURV_EXTENDED_TESTS"), "true")) 6 else 4)) {
        # Combinations with repetition: n of 9 + n - 1, moved back to 1 to 9.
        sets <- utils::combn(nrow(kinds) + n - 1, n) - (seq_len(n) - 1)
        for (i in seq_len(ncol(sets))) {
            d <- kinds[sets[, i], ]
            km <- tidy(kaplan_meier(Surv(d$time, d$status > 0)))
            incidence <- cumulative_incidence(Surv(d$time, factor(d$status, 0:2)))
            table <- tidy(incidence)
            sound <- !anyNA(km$conf.low) && !anyNA(km$conf.high) && all(km$conf.low <= km$estimate & km$estimate <= km$conf.high) &&
                all(diff(km$conf.low) <= 1e-12) && all(diff(km$conf.high) <= 1e-12) && all(km$conf.low < km$conf.high) &&
                !anyNA(table[c("estimate", "conf.low", "conf.high")]) &&
                all(table$conf.low <= table$estimate & table$estimate <= table$conf.high & table$conf.low < table$conf.high)
            sums <- tapply(table$estimate, table$time, sum) + incidence$event_free$estimate
            if (!sound || max(abs(sums - 1)) > 1e-12) fail(paste(c("rows", d$time, "status", d$status), collapse = " "))
        }
    }
    succeed()
})

test_that("days for months are accepted with a warning in the cohort layer", {
    patients <- data.frame(patient = 1:3, prosthesis = "solid", followup_mo = c(1800, 900, 1500), end = "censored")
    expect_warning(cohort(patients), "unit looks wrong", class = "osseosurv_invalid")
})
