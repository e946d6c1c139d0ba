# The figures of the eleven femora that can be worked out by hand or were computed with other packages, against
# the tables of the outcomes. Digits of the limits: Clopper-Pearson and Garwood, four to six printed.

row_of <- function(table, ...) {
    keep <- Reduce(`&`, Map(function(column, value) table[[column]] == value, names(list(...)), list(...)))
    table[keep, ]
}

test_that("union of any, both and each interface has the counts of the paper and exact limits", {
    union <- osseointegration(masquelet_femur)$tables[["United by the last film"]]
    expect_identical(union$estimand, c("any", "both", "proximal", "distal"))
    expect_equal(union$x, c(10, 3, 9, 4))
    expect_equal(union$n, rep(11, 4))
    expect_equal(sum(union$x[3:4]), 13)
    expect_equal(round(union$conf.low, 3), c(0.587, 0.060, 0.482, 0.109))
    expect_equal(round(union$conf.high, 3), c(0.998, 0.610, 0.977, 0.692))
    expect_equal(unlist(union[1, c("conf.low", "conf.high")], use.names = FALSE), c(0.587220, 0.997701), tolerance = 1e-6)
})

test_that("the counts are the same in each of the 84 tables that the paper allows", {
    sides <- vapply(masquelet_femur_assignments(), function(rows) {
        seen <- tapply(is.finite(rows$right_mo), list(rows$patient, rows$interface), all)
        p <- seen[, "proximal"]
        d <- seen[, "distal"]
        c(any = sum(p | d), both = sum(p & d), proximal = sum(p), distal = sum(d), only.proximal = sum(p & !d),
          only.distal = sum(!p & d))
    }, integer(6))
    expect_identical(unique(t(sides)), matrix(c(10L, 3L, 9L, 4L, 6L, 1L), 1, dimnames = list(NULL, rownames(sides))))
})

test_that("proximal against distal: discordant 6 against 1, exact McNemar 0.125, interfaces negatively associated", {
    pair <- osseointegration(masquelet_femur)$tables[["Proximal against distal"]]
    expect_equal(c(pair$both, pair$discordant.proximal, pair$discordant.distal, pair$neither), c(3, 6, 1, 1))
    expect_equal(pair$p.value, 0.125, tolerance = 1e-12)
    # By hand: mean squares 2/11 between and 3.5/11 within patients, so (2 - 3.5) / (2 + 3.5).
    expect_equal(pair$icc, -3 / 11, tolerance = 1e-12)
})

test_that("the curve of any interface is 7, 3 and 1 of 11 or, in some of the 84 tables, .7071, .2020 and .0909", {
    outcome <- osseointegration(masquelet_femur)
    mass <- outcome$tables[["Mass over the admissible tables"]]
    any <- mass[mass$estimand == "any", ]
    expect_equal(any$left, c(3, 6, 36))
    expect_equal(any$right, c(6, 12, Inf))
    expect_equal(any$mass.min[1], 7 / 11, tolerance = 1e-9)
    expect_equal(round(any$mass.max[1], 4), 0.7071)
    expect_equal(round(any$mass.min[2], 4), 0.2020)
    expect_equal(any$mass.max[2], 3 / 11, tolerance = 1e-9)
    expect_equal(c(any$mass.min[3], any$mass.max[3]), c(1, 1) / 11, tolerance = 1e-9)
    expect_identical(any$sets, c(84L, 84L, 84L))

    six <- row_of(outcome$tables[["United by the visit"]], estimand = "any", time = 6)
    expect_equal(c(six$estimate.min, round(six$estimate.max, 4)), c(7 / 11, 0.7071), tolerance = 1e-9)
    twelve <- row_of(outcome$tables[["United by the visit"]], estimand = "any", time = 12)
    expect_equal(c(twelve$estimate.min, twelve$estimate.max), c(10, 10) / 11, tolerance = 1e-9)
})

test_that("60 of the 84 tables give 7, 3 and 1 of 11, the other 24 the second curve", {
    first <- vapply(masquelet_femur_assignments(), function(rows) {
        ends <- split(rows, factor(rows$patient, 1:11))
        left <- vapply(ends, function(e) min(e$left_mo), 0)
        right <- vapply(ends, function(e) min(e$right_mo), 0)
        mass <- tidy(turnbull(Surv(left, right, type = "interval2"), conf.type = "none"))
        mass$mass[mass$left == 3 & mass$right == 6]
    }, 0)
    expect_equal(sum(abs(first - 7 / 11) < 1e-8), 60)
    expect_equal(sum(abs(first - 0.7071) < 5e-5), 24)
})

test_that("no loosening in 11: the upper limit is 28.5%, and survival never reads 1 to 1", {
    outcome <- reconstruction_survival(masquelet_femur)
    modes <- outcome$tables[["Risk by mode of failure"]]
    loosening <- row_of(modes, mode = "2 aseptic loosening", time = 12)
    expect_equal(c(loosening$n.risk, loosening$n.event, loosening$net, loosening$crude), c(11, 0, 0, 0))
    expect_equal(c(loosening$net.high, loosening$crude.high), c(0.284914, 0.284914), tolerance = 2e-6)

    survival <- outcome$tables[["Failure-free survival"]]
    expect_equal(survival$time, c(12, 24, 36, 60))
    expect_equal(survival$n.risk, c(11, 11, 7, 2))
    # At 24 and 60 months as bpcp 1.4 gives it; in general the lower limit is 0.025 ^ (1 / number still at risk).
    expect_equal(round(survival$conf.low[c(2, 4)], 3), c(0.664, 0.158))
    followup <- masquelet_femur$patients$followup_mo
    after <- vapply(c(12, 24, 36, 60), function(t) sum(followup > t), 0)
    expect_equal(survival$conf.low, 0.025^(1 / after), tolerance = 1e-10)

    rate <- outcome$tables[["Rate of failure per 100 years"]]
    expect_equal(c(rate$events, rate$conf.high), c(0, 9.3587), tolerance = 1e-5)
})

test_that("one deep infection in 473 months: 2.54 per 100 years, exact 0.06 to 14.1", {
    outcome <- infection_recurrence(masquelet_femur)
    rate <- outcome$tables[["Rate of infection per 100 years"]]
    expect_equal(rate$events, c(1, 1))
    expect_equal(rate$years, rep(473 / 12, 2))
    expect_equal(rate$estimate, rep(2.5370, 2), tolerance = 2e-5)
    expect_equal(rate$conf.low, c(0.0642, 0.1269), tolerance = 1e-3)
    expect_equal(rate$conf.high, c(14.1352, 12.5121), tolerance = 1e-5)
    risk <- row_of(outcome$tables[["Risk of a first infection"]], time = 12)
    expect_equal(risk$estimate, 1 / 11, tolerance = 1e-12)
    expect_equal(risk$earliest, 1 / 11, tolerance = 1e-12)
})

test_that("laboratory markers: CRP and ESR fell, the white cell count did not move", {
    markers <- infection_recurrence(masquelet_femur)$tables[["Laboratory markers"]]
    at <- match(c("WBC", "CRP", "ESR"), markers$marker)
    printed <- function(value, digits) expect_lte(max(abs(value - digits)), 0.005 + 1e-9)
    printed(markers$estimate[at], c(0.36, -1.12, -24.25))
    printed(markers$conf.low[at[1:2]], c(-1.57, -3.88))
    printed(markers$conf.high[at[1:2]], c(1.73, -0.76))
    # CRP fell in all 11: 2 / 2^11. ESR fell in 10 and stayed in one: 2 / 2^10.
    expect_equal(markers$p.value[at[2:3]], c(2 / 2^11, 2 / 2^10), tolerance = 1e-9)
    expect_equal(round(markers$p.value[at[1]], 2), 0.76)
})

test_that("0 of 11 against a risk of 16.7, 25.6 and 33%: probability 0.13, 0.039, 0.012", {
    chance <- vapply(c(0.167, 0.256, 0.33), function(risk) tidy(predictive_check(0, n = 11, meta = risk))$p.lower, 0)
    expect_equal(round(chance, c(2, 3, 3)), c(0.13, 0.039, 0.012))
    expect_equal(chance, (1 - c(0.167, 0.256, 0.33))^11, tolerance = 1e-10)
})

test_that("the index cohort and those that may share its patients are not among their own comparators", {
    outcome <- compare_literature(masquelet_femur, figures = c("aseptic_loosening", "deep_infection"))
    used <- outcome$tables[["Cohorts used"]]
    out <- outcome$tables[["Cohorts left out"]]
    expect_gt(nrow(used), 5)
    cohorts <- literature$cohorts
    own <- cohorts$cohort_id[cohorts$overlap_group %in% masquelet_femur$overlap_group]
    expect_true("chen2024_femur" %in% own)
    expect_setequal(own, unique(out$cohort_id[out$cohort_id %in% own]))
    expect_match(out$reason[out$cohort_id == "chen2024_femur"], "may share patients with the index cohort")
    addresses <- literature$sources$address[literature$sources$cohort_id %in% own]
    expect_false(any(used$address %in% addresses))
})

test_that("function and complications of the eleven", {
    outcome <- cohort_table(masquelet_femur)
    lefs <- row_of(outcome$tables[["Function"]], variable = "lefs")
    # 588 points in all.
    expect_equal(c(lefs$n, lefs$mean, lefs$minimum, lefs$maximum), c(11, 588 / 11, 41, 63), tolerance = 1e-12)
    followup <- row_of(outcome$tables[["Measurements"]], variable = "followup_mo")
    expect_equal(c(followup$mean, followup$minimum, followup$maximum), c(43, 24, 68))
    found <- outcome$tables[["Complications"]]
    expect_equal(found$x[match(c("any complication", "Deep infection", "Pin tract infection", "Stiff knee"),
                               found$complication)], c(7, 1, 3, 3))
})
