# Pseudo-values against new estimates without each row, and against the peers.

ends <- function(x) factor(x, 0:2, c("censored", "a", "b"))

random_rows <- function(seed) {
    set.seed(seed)
    n <- sample(c(2, 11, 25), 1)
    data.frame(time = if (runif(1) < 0.5) sample(1:8, n, TRUE) else rexp(n), state = ends(sample(0:2, n, TRUE)),
               centre = sample(rep_len(1:2, n)))
}

# n theta - (n - 1) theta without the row, within its centre; theta from the curve of those rows.
refitted <- function(d, t, measure) {
    vapply(seq_len(nrow(d)), function(i) {
        own <- d[d$centre == d$centre[i], ]
        at <- sum(d$centre[seq_len(i)] == d$centre[i])
        theta <- function(rows) {
            if (!nrow(rows)) return(0)
            curve <- if (measure == "incidence") tidy(cumulative_incidence(Surv(time, state) ~ 1, rows, "plain"))
                     else tidy(kaplan_meier(Surv(time, state != "censored") ~ 1, rows, "plain"))
            if (measure == "incidence") curve <- curve[curve$cause == "a", ]
            before <- curve$time <= t
            if (measure == "rmst") return(sum(curve$estimate[before] * diff(c(curve$time[before], t))))
            curve$estimate[sum(before)]
        }
        last <- own$time == max(own$time)
        if (t > max(own$time) && any(own$state[last] == "censored")) return(NA_real_)
        nrow(own) * theta(own) - (nrow(own) - 1) * theta(own[-at, ])
    }, 0)
}

test_that("leave-one-out equals as many new estimates", {
    for (seed in 1:12) {
        d <- random_rows(seed)
        survival <- kaplan_meier(Surv(time, state != "censored") ~ centre, d)
        incidence <- cumulative_incidence(Surv(time, state) ~ centre, d)
        for (t in as.numeric(quantile(d$time, c(0, 0.4, 1)))) {
            expect_equal(pseudo_values(survival, t)$estimate, refitted(d, t, "survival"), tolerance = 1e-12)
            expect_equal(pseudo_values(survival, t, measure = "rmst")$estimate, refitted(d, t, "rmst"), tolerance = 1e-12)
            expect_equal(pseudo_values(incidence, t, cause = "a")$estimate, refitted(d, t, "incidence"), tolerance = 1e-12)
        }
    }
})

# survival::pseudo evaluates the call of the fit once more, so the data go into it.
test_that("infinitesimal equals survival::pseudo", {
    for (seed in 21:30) {
        d <- random_rows(seed)
        if (nrow(d) < 5) next
        d$id <- seq_len(nrow(d))
        t <- as.numeric(quantile(d$time, c(0.4, 0.7), type = 1))
        if (t[1] == t[2]) next
        survival <- kaplan_meier(Surv(time, state != "censored") ~ 1, d)
        incidence <- cumulative_incidence(Surv(time, state) ~ 1, d)
        theirs <- do.call(survival::survfit, list(survival::Surv(time, state != "censored") ~ 1, d))
        states <- do.call(survival::survfit, list(survival::Surv(time, state) ~ 1, d, id = d$id))
        expect_equal(pseudo_values(survival, t, "infinitesimal")$estimate, as.vector(survival::pseudo(theirs, t)),
                     tolerance = 1e-10)
        expect_equal(pseudo_values(incidence, t, "infinitesimal")$estimate,
                     as.vector(survival::pseudo(states, t)[, , 2:3]), tolerance = 1e-10)
    }
})

test_that("leave-one-out equals the package pseudo", {
    skip_if_not_installed("pseudo")
    lung <- survival::lung
    curve <- kaplan_meier(Surv(time, status) ~ 1, lung)
    expect_equal(pseudo_values(curve, 365)$estimate,
                 as.vector(pseudo::pseudosurv(lung$time, lung$status - 1, 365)$pseudo), tolerance = 1e-8)
    expect_equal(pseudo_values(curve, 365, measure = "rmst")$estimate,
                 pseudo::pseudomean(lung$time, lung$status - 1, 365), tolerance = 1e-8)
})

test_that("by hand: five rows", {
    curve <- cumulative_incidence(Surv(c(1, 2, 3, 3, 5), ends(c(1, 0, 2, 1, 0))))
    whole <- 5 * (1 / 5 + 4 / 5 / 3)
    expect_equal(pseudo_values(curve, 4, cause = "a")$estimate, whole - 4 * c(1 / 3, 1 / 2, 5 / 8, 1 / 4, 5 / 8),
                 tolerance = 1e-14)
})

test_that("a weight is so many rows, rows keep their numbers, and a result survives saving", {
    d <- random_rows(5)
    d$w <- rep_len(1:3, nrow(d))
    d$time[2] <- NA
    curve <- kaplan_meier(Surv(time, state != "censored") ~ centre, d, weights = w)
    values <- tidy(pseudo_values(curve, c(0.5, 2)))
    expect_named(values, c("row", "strata", "time", "estimate"))
    expect_identical(unique(values$row), setdiff(seq_len(nrow(d)), 2L))
    long <- d[rep(seq_len(nrow(d)), d$w), ]
    again <- tidy(pseudo_values(kaplan_meier(Surv(time, state != "censored") ~ centre, long), c(0.5, 2)))
    again$source <- rep(seq_len(nrow(d)), d$w)[again$row]
    expect_equal(unique(again[c("source", "strata", "time", "estimate")]), values, ignore_attr = TRUE, tolerance = 1e-12)
    file <- tempfile()
    saveRDS(curve, file)
    expect_identical(pseudo_values(readRDS(file), 1), pseudo_values(curve, 1))
})

test_that("faults are named", {
    curve <- kaplan_meier(Surv(1:5, c(1, 0, 1, 1, 0)), rows = FALSE)
    expect_error(pseudo_values(curve, 1), "rows = TRUE", class = "osseosurv_invalid")
    expect_error(pseudo_values(1, 1), class = "osseosurv_invalid")
    late <- kaplan_meier(Surv(0:4, 1:5, c(1, 0, 1, 1, 0)))
    expect_error(pseudo_values(late, 1), "left-truncated", class = "osseosurv_invalid")
    kept <- kaplan_meier(Surv(1:5, c(1, 0, 1, 1, 0)))
    expect_error(pseudo_values(kept, c(1, -1)), class = "osseosurv_invalid")
    expect_error(pseudo_values(kept, 1, measure = "hazard"), class = "osseosurv_invalid")
    expect_true(all(is.na(pseudo_values(kept, 6)$estimate)))
    expect_error(kaplan_meier(Surv(1:5, c(1, 0, 1, 1, 0)), rows = NA), "`rows`", class = "osseosurv_invalid")
})
