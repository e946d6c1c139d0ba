share <- function(x, method) tidy(x)$estimate[tidy(x)$method == method]

test_that("each measure is its definition, worked out by hand", {
    d <- data.frame(months = c(24, 10, 36, 5, 30), failed = c(0, 1, 0, 0, 0), closing = c(24, 40, 36, 48, 30))
    x <- followup_completeness(Surv(months, failed) ~ 1, d, potential = closing)
    expect_equal(share(x, "clark"), 105 / (24 + 10 + 36 + 48 + 30))
    expect_equal(share(x, "person-time"), (24 + 40 + 36 + 5 + 30) / 178)
    expect_equal(share(x, "percentage"), 4 / 5)
    # One of the four at risk at 10 fails: the lost patient is expected to be followed 5 + 5 + 38 x 3/4 months.
    expect_equal(share(x, "clark-modified"), 105 / (24 + 10 + 36 + 38.5 + 30))
    expect_identical(tidy(x)$n.lost, rep(1, 4))
    early <- followup_completeness(Surv(months, failed) ~ 1, d, potential = closing, horizon = 8)
    expect_equal(share(early, "clark"), 37 / 40)
    expect_identical(tidy(early)$n.event[1], 0)
})

test_that("lung to a year: an independent sum", {
    d <- survival::lung
    t <- pmin(d$time, 365)
    event <- d$status == 2 & d$time <= 365
    for (one_sex in 1:2) {
        x <- followup_completeness(Surv(time, status) ~ 1, d, subset = d$sex == one_sex, horizon = 365)
        one <- d$sex == one_sex
        expect_equal(share(x, "clark"), sum(t[one]) / sum(ifelse(event, t, 365)[one]))
    }
    both <- tidy(followup_completeness(Surv(time, status) ~ sex, d, horizon = 365))
    expect_equal(both$estimate[both$method == "clark"], c(31497 / 33788, 24160 / 27158))
    expect_true(all(both$estimate[both$method == "clark-modified"] > both$estimate[both$method == "clark"]))
})

test_that("complete follow-up is 1 by every measure, on any data, and weights are rows", {
    for (shape in 1:30) {
        d <- random_cohort(shape)
        d$closing <- d$time
        full <- tidy(followup_completeness(Surv(time, status) ~ group, d, potential = closing))
        expect_true(all(is.na(full$estimate) | full$estimate == 1))
        d$closing <- d$time * (1 + (d$weight == 2))
        once <- followup_completeness(Surv(time, status) ~ group, d, potential = closing, weights = weight)
        twice <- followup_completeness(Surv(time, status) ~ group, replicated(d), potential = closing)
        expect_equal(tidy(once), tidy(twice))
        shares <- tidy(once)$estimate
        expect_true(all(is.na(shares) | shares >= 0 & shares <= 1 + 1e-12))
        expect_equal(tidy(followup_completeness(Surv(time / 12, status) ~ group, d, potential = closing / 12))$estimate,
                     tidy(followup_completeness(Surv(time, status) ~ group, d, potential = closing))$estimate)
    }
})

test_that("late entry counts from entry", {
    d <- data.frame(entry = c(2, 0), exit = c(6, 4), s = 0, p = c(10, 4))
    x <- followup_completeness(Surv(entry, exit, s) ~ 1, d, potential = p)
    expect_equal(share(x, "clark"), 8 / 12)
    expect_match(followup_completeness(Surv(entry, exit, s) ~ 1, d, horizon = 1)$notes, "after the horizon", all = FALSE)
})

test_that("bad arguments are classed errors", {
    d <- data.frame(t = c(1, 5), s = 0, p = c(3, 4))
    expect_error(followup_completeness(Surv(t, s) ~ 1, d), "potential", class = "osseosurv_invalid")
    caught <- expect_error(followup_completeness(Surv(t, s) ~ 1, d, potential = p), class = "osseosurv_invalid")
    expect_identical(caught$index, 2L)
    expect_error(followup_completeness(Surv(t, s) ~ 1, d, horizon = 0), class = "osseosurv_invalid")
    expect_error(followup_completeness(Surv(t, s) ~ 1, d, potential = 1:3), class = "osseosurv_invalid")
    expect_error(followup_completeness(Surv(t, s) ~ 1, d, potential = c("a", "b")), class = "osseosurv_invalid")
})
