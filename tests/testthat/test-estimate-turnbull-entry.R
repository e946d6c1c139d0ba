# Left truncation of interval-censored rows.

# Random rows with entries before their intervals; shapes as in random_intervals().
random_truncated <- function(shape, n = 6 + shape %% 25) {
    data <- random_intervals(shape, n)
    data$entry <- ifelse(runif(n) < 0.4, 0, data$left * sample(c(0.3, 0.5, 1), n, TRUE))
    if (shape %% 2) data$entry <- floor(data$entry)
    data$entry[data$entry >= data$right] <- 0
    data
}

# Self-consistency over all cells between ends and entries, the unobserved counted in (Turnbull 1976).
slow_truncated <- function(left, right, entry, steps = 2000) {
    points <- sort(unique(c(0, left, right[right < Inf], entry)))
    at <- sort(c(points, (points[-1] + points[-length(points)]) / 2, max(points) + 1))
    inside <- t(mapply(function(l, r, e) {
        if (l == r) at == l else at > l & at <= r | l == 0 & r < Inf & e == 0 & at <= r
    }, left, right, entry))
    after <- t(vapply(entry, function(e) if (e == 0) rep(TRUE, length(at)) else at > e, logical(length(at))))
    p <- rep(1 / length(at), length(at))
    for (step in seq_len(steps)) {
        p <- p * (crossprod(inside, 1 / (inside %*% p)) + crossprod(!after, 1 / (after %*% p)))[, 1]
        p <- p / sum(p)
    }
    list(logLik = sum(log(inside %*% p) - log(after %*% p)), at = at, p = p)
}

test_that("exact and right-censored rows: kaplan_meier() with left truncation", {
    for (seed in 1:40) {
        set.seed(seed)
        n <- sample(c(10, 30, 200), 1)
        entry <- if (seed %% 2) runif(n, 0, 2) else sample(0:2, n, TRUE)
        time <- entry + if (seed %% 3) rexp(n, 0.3) + 0.01 else sample(1:8, n, TRUE)
        status <- rbinom(n, 1, 0.7)
        weight <- sample(1:3, n, TRUE)
        # Somebody is at risk throughout.
        entry[1] <- 0
        time[1] <- max(time) + 1
        status[1] <- seed %% 2
        left <- time
        right <- ifelse(status == 1, time, Inf)
        fit <- turnbull(Surv(left, right, type = "interval2") ~ 1, entry = entry, weights = weight)
        curve <- tidy(kaplan_meier(Surv(entry, time, status) ~ 1, weights = weight))
        curve <- curve[curve$n.event > 0, ]
        table <- tidy(fit)
        for (i in seq_len(nrow(curve))) {
            expect_equal(sum(table$mass[!(table$right <= curve$time[i])]), curve$estimate[i], tolerance = 1e-12)
        }
        expect_true(glance(fit)$exists && glance(fit)$converged)
    }
})

test_that("random rows: never below self-consistency, the same masses, the log-likelihood of the formula", {
    found <- absent <- 0
    for (shape in 1:72) {
        data <- random_truncated(shape)
        fit <- turnbull(Surv(left, right, type = "interval2") ~ 1, data, entry = entry)
        slow <- slow_truncated(data$left, data$right, data$entry)
        facts <- glance(fit)
        table <- tidy(fit)
        if (!facts$exists) {
            absent <- absent + 1
            expect_true(is.na(facts$logLik) && is.na(facts$kkt) && all(is.na(table$mass)) && all(is.na(table$estimate)))
            expect_true(any(grepl("has no maximum", fit$notes)))
            expect_identical(quantile(fit, 0.5)$left, NA_real_)
            # The rows that the note names give survival from then on.
            from <- as.double(sub(".*at least ([0-9.]+)\\..*", "\\1", grep("no maximum", fit$notes, value = TRUE)))
            later <- turnbull(Surv(left, right, type = "interval2") ~ 1, data, entry = entry, subset = entry >= from - 1e-5)
            expect_true(glance(later)$exists)
            expect_match(later$notes, "survival is given no event by then", all = FALSE)
            next
        }
        expect_equal(sum(table$mass), 1, tolerance = 1e-12)
        expect_true(facts$converged && facts$kkt <= 1e-8)
        expect_gte(facts$logLik, slow$logLik - 1e-8)
        expect_lt(facts$logLik, slow$logLik + 0.05)
        if (!facts$unique) next
        found <- found + 1
        for (i in which(table$right < Inf)) {
            expect_equal(table$estimate[i], sum(slow$p[slow$at > table$right[i]]), tolerance = 0.03)
        }
    }
    expect_gt(found, 20)
    expect_gt(absent, 2)
})

test_that("entry 0 throughout is no truncation", {
    for (shape in 1:40) {
        data <- random_intervals(shape)
        data$zero <- 0
        plain <- turnbull(Surv(left, right, type = "interval2") ~ group, data, conf.type = "none")
        fit <- turnbull(Surv(left, right, type = "interval2") ~ group, data, entry = zero)
        expect_equal(glance(fit)$logLik, glance(plain)$logLik, tolerance = 3e-8)
        expect_identical(glance(fit)$unique, glance(plain)$unique)
        expect_identical(tidy(fit)[c("strata", "left", "right")], tidy(plain)[c("strata", "left", "right")])
        if (glance(fit)$unique) expect_equal(tidy(fit)$mass, tidy(plain)$mass, tolerance = 1e-3)
    }
})

test_that("by hand: entries bound the innermost intervals", {
    # (2, 5] entered at 1 and (4, 6] at 3: mass in (2, 3] would only help the first, which (4, 5] serves as well.
    fit <- turnbull(Surv(c(2, 4), c(5, 6), type = "interval2"), entry = c(1, 3))
    expect_equal(tidy(fit)$left, c(2, 4))
    expect_equal(tidy(fit)$right, c(3, 5))
    expect_equal(glance(fit)$logLik, 0)
    expect_false(glance(fit)$exists && glance(fit)$unique)
    # One event by 1, and a row that enters at 2: nobody at risk between.
    gap <- turnbull(Surv(c(0, 3), c(1, 4), type = "interval2"), entry = c(0, 2))
    expect_false(glance(gap)$exists)
    expect_match(gap$notes, "no event by 2: `subset` to the rows with an entry of at least 2", all = FALSE)
    expect_no_error(capture.output(print(gap)))
    expect_true(all(is.na(survival_at(gap, c(0.5, 1, 5))$estimate)))
    # Lost before the second enters: the hazard between is put to 0.
    lost <- turnbull(Surv(c(1, 3), c(NA, 4), type = "interval2"), entry = c(0, 2))
    expect_true(glance(lost)$exists)
    expect_false(glance(lost)$unique)
    expect_equal(survival_at(lost, c(2, 4))$estimate, c(1, 0))
})

test_that("order of rows, unit of time, weights as rows, strata, vector path", {
    for (shape in 1:16) {
        data <- random_truncated(shape, 24)
        fit <- turnbull(Surv(left, right, type = "interval2") ~ group, data, weights = weight, entry = entry)
        mixed <- data[rev(seq_len(nrow(data))), ]
        long <- data[rep(seq_len(nrow(data)), data$weight), ]
        other <- list(turnbull(Surv(left, right, type = "interval2") ~ group, mixed, weights = weight, entry = entry),
                      turnbull(Surv(left, right, type = "interval2") ~ group, long, entry = entry),
                      turnbull(Surv(data$left, data$right, type = "interval2"), group = data$group,
                               weights = data$weight, entry = data$entry))
        for (same in other) expect_equal(glance(same)$logLik, glance(fit)$logLik, tolerance = 1e-7)
        expect_equal(tidy(other[[3]]), tidy(fit))
        data[c("left", "right", "entry")] <- data[c("left", "right", "entry")] * 8
        scaled <- turnbull(Surv(left, right, type = "interval2") ~ group, data, weights = weight, entry = entry)
        expect_identical(tidy(scaled)$mass, tidy(fit)$mass)
        own <- turnbull(Surv(left, right, type = "interval2") ~ 1, data, weights = weight, entry = entry,
                        subset = group == "b")
        expect_equal(own$fits$logLik, fit$fits$logLik[fit$strata == "group=b"], tolerance = 1e-8)
    }
})

test_that("faults are one classed error that names the argument and the row", {
    run <- function(entry, ...) turnbull(Surv(c(1, 2, 3), c(2, 2, NA), type = "interval2"), entry = entry, ...)
    failed <- function(code) {
        tryCatch(code, osseosurv_invalid = function(e) list(argument = e$argument, index = e$index))
    }
    expect_identical(failed(run(c(0, 2, 1))), list(argument = "entry", index = 2L))
    expect_identical(failed(run(c(0, 1, 3.5))), list(argument = "entry", index = 3L))
    expect_identical(failed(run(c(1.5, 0, 0))), list(argument = "entry", index = 1L))
    expect_error(run(c(-1, 0, 0)), class = "osseosurv_invalid")
    expect_error(run(c(Inf, 0, 0)), class = "osseosurv_invalid")
    expect_error(run(c(NaN, 0, 0)), class = "osseosurv_invalid")
    expect_error(run(c(0, 0)), class = "osseosurv_invalid")
    expect_error(run("a"), class = "osseosurv_invalid")
    expect_error(run(c(0, 2 - 1e-12, 0)), class = "osseosurv_invalid")
    expect_error(run(c(0, 0, 0), conf.type = "exact"), class = "osseosurv_invalid")
    expect_error(run(c(0, 0, 0), cluster = 1:3), class = "osseosurv_invalid")
    expect_match(run(c(0, NA, 0))$notes, "1 row with missing values left out", all = FALSE)
    expect_identical(nrow(tidy(turnbull(Surv(1, 2, type = "interval2"), entry = 0.5))), 1L)
})

test_that("a result survives being saved", {
    fit <- turnbull(Surv(c(2, 4, 1), c(5, 6, NA), type = "interval2"), entry = c(1, 3, 0))
    file <- tempfile()
    on.exit(unlink(file))
    saveRDS(fit, file)
    expect_identical(readRDS(file), fit)
    expect_identical(glance(fit)$conf.type, "none")
    expect_match(fit$notes, "none is available with left truncation", all = FALSE)
})
