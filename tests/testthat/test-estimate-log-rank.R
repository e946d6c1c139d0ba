test_that("the printed figures of Freireich's trial and the lung cohort come out", {
    test <- logrank_test(Surv(time, cens) ~ treat, gehan, method = "asymptotic")
    expect_equal(round(glance(test)$statistic, 4), 16.7929)
    expect_equal(signif(test$p.value, 4), 4.169e-5)
    expect_equal(tidy(test)$observed, c(9, 21))
    expect_equal(round(tidy(test)$expected, 4), c(19.2505, 10.7495))
    expect_equal(round(logrank_test(Surv(time, cens) ~ treat, gehan, rho = 1, method = "asymptotic")$statistic[[1]], 4),
                 14.4572)
    pairs <- transform(gehan, pair = rep(1:21, each = 2))
    expect_equal(round(glance(logrank_test(Surv(time, cens) ~ treat + strata(pair), pairs))$statistic, 1), 10.7)
    lung <- survival::lung
    by_sex <- glance(logrank_test(Surv(time, status) ~ sex, lung, method = "asymptotic"))
    expect_equal(round(by_sex$statistic, 4), 10.3267)
    expect_equal(signif(by_sex$p.value, 4), 0.001311)
    stratified <- logrank_test(Surv(time, status) ~ sex + strata(ph.ecog), lung, method = "asymptotic")
    expect_equal(round(glance(stratified)$statistic, 4), 10.7951)
    expect_match(stratified$notes, "1 row with missing values", all = FALSE)
})

test_that("without entry it is survdiff: any groups, strata, rho, ties, weights", {
    for (shape in 1:60) {
        d <- random_cohort(shape)
        d$site <- rep_len(c("x", "y", "y"), nrow(d))
        d <- replicated(d)
        if (length(unique(d$group)) < 2 || !any(d$status == 1)) next
        rho <- c(0, 1, 0.5)[shape %% 3 + 1]
        for (strata in c(FALSE, TRUE)) {
            theirs <- tryCatch(
                if (strata) survival::survdiff(Surv(time, status) ~ group + strata(site), d, rho = rho)
                else survival::survdiff(Surv(time, status) ~ group, d, rho = rho),
                error = function(e) NULL)
            ours <- if (strata) logrank_test(Surv(time, status) ~ group + strata(site), unique(d), rho = rho,
                                             weights = weight, method = "asymptotic")
                    else logrank_test(Surv(time, status) ~ group, unique(d), rho = rho, weights = weight,
                                      method = "asymptotic")
            if (is.null(theirs)) next
            sum_by <- function(x) rowSums(as.matrix(x))
            expect_equal(tidy(ours)$observed, unname(sum_by(theirs$obs)), tolerance = 1e-12)
            expect_equal(tidy(ours)$expected, unname(sum_by(theirs$exp)), tolerance = 1e-12)
            if (!is.na(glance(ours)$statistic) && glance(ours)$df == sum(sum_by(theirs$exp) > 0) - 1) {
                expect_equal(glance(ours)$statistic, theirs$chisq, tolerance = 1e-9)
            }
        }
    }
})

# Every event time of every stratum, by the definition.
slow_log_rank <- function(d, rho = 0, gamma = 0) {
    groups <- sort(unique(d$group))
    u <- numeric(length(groups))
    v <- matrix(0, length(groups), length(groups))
    for (one in split(d, d$site, drop = TRUE)) {
        survival <- 1
        for (t in sort(unique(one$time[one$status == 1]))) {
            at <- one[one$time >= t & (one$entry < t | one$entry == 0), ]
            n <- nrow(at)
            events <- at[at$time == t & at$status == 1, ]
            share <- vapply(groups, function(g) mean(at$group == g), 0, USE.NAMES = FALSE)
            w <- survival^rho * (1 - survival)^gamma
            u <- u + w * (vapply(groups, function(g) sum(events$group == g), 0, USE.NAMES = FALSE) - nrow(events) * share)
            if (n > 1) v <- v + w^2 * nrow(events) * (n - nrow(events)) / (n - 1) * (diag(share, length(share)) - outer(share, share))
            survival <- survival * (1 - nrow(events) / n)
        }
    }
    list(u = u, v = v)
}

test_that("with late entry, rho and gamma, strata and weights it is the definition", {
    for (shape in c(1:3, 5:40)) {
        d <- random_cohort(shape)
        if (shape %% 4 == 3) next # times tied only by the tolerance
        d$entry <- ifelse(d$time > 0, floor(4 * d$entry) / 4, 0)
        d <- d[d$entry < d$time, ]
        d$site <- rep_len(1:2, nrow(d))
        if (length(unique(d$group)) < 2) next
        rho <- c(0, 1, 0)[shape %% 3 + 1]
        gamma <- c(0, 0.5, 1)[shape %% 3 + 1]
        want <- slow_log_rank(replicated(d), rho, gamma)
        got <- logrank_test(Surv(entry, time, status) ~ group + strata(site), d, rho = rho, gamma = gamma, weights = weight,
                            method = "asymptotic")
        expect_equal(tidy(got)$observed - tidy(got)$expected, want$u, tolerance = 1e-10)
        trend <- logrank_test(Surv(entry, time, status) ~ group + strata(site), d, rho = rho, gamma = gamma,
                              weights = weight, method = "asymptotic", trend = TRUE)
        scores <- seq_along(want$u) - 1
        variance <- sum(scores * (want$v %*% scores))
        if (variance > 1e-9) expect_equal(glance(trend)$z, sum(scores * want$u) / sqrt(variance), tolerance = 1e-9)
        else expect_true(is.na(glance(trend)$z))
    }
})

test_that("with late entry and no ties it is the score test of coxph; the one step is Newton's", {
    set.seed(5)
    d <- data.frame(exit = rexp(80) + 0.2, status = rbinom(80, 1, 0.6), group = sample(1:3, 80, TRUE))
    d$entry <- d$exit * runif(80)
    score <- survival::coxph(Surv(entry, exit, status) ~ factor(group), d)$score
    got <- logrank_test(Surv(entry, exit, status) ~ group, d, method = "asymptotic", conf.level = 0.9)
    expect_equal(glance(got)$statistic, score, tolerance = 1e-10)
    expect_equal(glance(got)$df, 2)
    step <- suppressWarnings(survival::coxph(Surv(entry, exit, status) ~ factor(group), d,
                                             control = survival::coxph.control(iter.max = 1)))
    expect_equal(tidy(got)$estimate[-1], unname(coef(step)), tolerance = 1e-8)
    expect_equal(tidy(got)$conf.high - tidy(got)$estimate, qnorm(0.95) * tidy(got)$std.error, tolerance = 1e-12)
    ratio <- logrank_test(Surv(entry, exit, status) ~ group, d, method = "asymptotic", conf.level = 0.9, exponentiate = TRUE)
    expect_equal(log(tidy(ratio)$conf.low), tidy(got)$conf.low)
})

test_that("greater is the later level failing sooner, and the default is the exact permutation", {
    d <- data.frame(time = c(5, 6, 7, 8, 1, 2, 3, 4), status = 1, group = rep(c("a", "b"), each = 4))
    p <- function(...) logrank_test(Surv(time, status) ~ group, d, ...)$p.value
    expect_equal(p(), 2 / 70)
    expect_equal(p(alternative = "greater"), 1 / 70)
    expect_equal(p(alternative = "less"), 1)
    expect_lt(p(alternative = "greater", method = "asymptotic"), 0.01)
    expect_equal(p(method = "asymptotic", alternative = "less") + p(method = "asymptotic", alternative = "greater"), 1)
    expect_identical(glance(logrank_test(Surv(time, status) ~ group, d))$method, "exact")
    many <- data.frame(time = 1:1002, status = 1, group = 1:2)
    expect_identical(glance(logrank_test(Surv(time, status) ~ group, many))$method, "asymptotic")
})

# All ways to deal the rows to two groups, with the scores from the definition.
slow_permutation <- function(time, status, later, alternative) {
    hazard <- vapply(time, function(t) sum(vapply(unique(time[status == 1 & time <= t]), function(u)
        sum(status[time == u]) / sum(time >= u), 0)), 0)
    score <- status - hazard
    sums <- combn(length(time), sum(later), function(rows) sum(score[rows]))
    seen <- sum(score[later])
    tails <- c(mean(sums <= seen + 1e-9), mean(sums >= seen - 1e-9))
    switch(alternative, two.sided = min(1, 2 * min(tails)), greater = tails[2], less = tails[1])
}

test_that("the exact p is that of all permutations of status minus Nelson-Aalen", {
    for (shape in 1:30) {
        set.seed(shape)
        time <- if (shape %% 2) sample(5, 9, TRUE) else rexp(9)
        status <- rbinom(9, 1, 0.7)
        later <- sample(rep(c(TRUE, FALSE), c(3 + shape %% 3, 6 - shape %% 3)))
        if (!any(status == 1)) next
        for (alternative in c("two.sided", "greater", "less")) {
            got <- suppressWarnings(logrank_test(Surv(time, status), group = later, alternative = alternative, method = "exact"))
            if (is.na(got$p.value)) next
            expect_equal(got$p.value, slow_permutation(time, status, later, alternative), tolerance = 1e-12)
        }
    }
})

test_that("groups with different follow-up are warned of, and the method for them does not permute follow-up", {
    set.seed(4)
    d <- data.frame(group = rep(1:2, each = 15))
    event <- rexp(30)
    end <- ifelse(d$group == 1, runif(30, 2, 4), runif(30, 0.1, 0.6))
    d$time <- pmin(event, end)
    d$status <- as.integer(event <= end)
    expect_warning(test <- logrank_test(Surv(time, status) ~ group, d), class = "osseosurv_unequal_followup")
    expect_lt(glance(test)$followup.p.value, 0.05)
    expect_silent(free <- logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 2000, seed = 1))
    expect_identical(glance(free)$method, "unequal-followup")
    expect_true(glance(free)$p.low <= free$p.value && free$p.value <= glance(free)$p.high)
    old <- options(osseosurv.threads = 1)
    on.exit(options(old))
    one <- logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 2000, seed = 1)
    options(osseosurv.threads = 2)
    two <- logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 2000, seed = 1)
    expect_identical(one$p.value, two$p.value)
    expect_identical(one$p.value, free$p.value)
    set.seed(9)
    a <- logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 500)$p.value
    set.seed(9)
    expect_identical(logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 500)$p.value, a)
})

# One replicate after another in R: permute who failed when, keep who could be watched how long.
slow_unequal_followup <- function(time, status, group, draws) {
    z <- function(time, status, group) {
        d <- data.frame(time, status, group, entry = 0, site = 1)
        found <- slow_log_rank(d)
        if (found$v[2, 2] <= 1e-12) 0 else found$u[2] / sqrt(found$v[2, 2])
    }
    grid <- sort(unique(time))
    curve <- function(events, at_risk) cumprod(1 - ifelse(at_risk > 0, events / pmax(at_risk, 1), 0))
    count <- function(x) vapply(grid, function(t) sum(x == t), 0)
    risk <- function(x) vapply(grid, function(t) sum(x >= t), 0)
    survival <- curve(count(time[status == 1]), risk(time))
    followup <- lapply(1:2, function(g) {
        own <- group == g
        curve(count(time[own & status == 0]), risk(time[own]) - count(time[own & status == 1]))
    })
    # First grid time after which the curve is at most u times its value at `from`; Inf if there is none.
    draw <- function(curve, from, before) {
        at <- which(curve <= runif(1) * before & seq_along(curve) >= from)
        if (length(at)) grid[at[1]] else Inf
    }
    place <- match(time, grid)
    replicate(draws, {
        dealt <- sample(length(time))
        new <- t(vapply(seq_along(time), function(i) {
            end <- if (status[i] == 0) time[i] else {
                own <- followup[[group[i]]]
                draw(own, place[i], c(1, own)[place[i]])
            }
            j <- dealt[i]
            event <- if (status[j] == 1) time[j] else draw(survival, place[j] + 1, survival[place[j]])
            c(min(event, end, max(grid)), event <= end && is.finite(event))
        }, c(0, 0)))
        z(new[, 1], new[, 2], group)
    })
}

test_that("unequal follow-up: the replicates have the law of a slow version in R", {
    set.seed(12)
    group <- rep(1:2, c(8, 5))
    event <- round(rexp(13), 1) + 0.1
    end <- round(ifelse(group == 1, runif(13, 1, 3), runif(13, 0.2, 1)), 1)
    time <- pmin(event, end)
    status <- as.integer(event <= end)
    slow <- slow_unequal_followup(time, status, group, 1500)
    plan <- resampling(3)
    fast <- .Call(ffi_log_rank_resample, time, status, group, NULL, 1L, 0, 0, c(0, 1), 2L, 0L, 40000, plan$seed, plan$threads)
    expect_equal(fast[40001], {
        found <- slow_log_rank(data.frame(time, status, group, entry = 0, site = 1))
        found$u[2] / sqrt(found$v[2, 2])
    }, tolerance = 1e-10)
    # Kolmogorov-Smirnov distance; 1.95 / sqrt(m) is passed in one of 1000 samples.
    grid <- sort(unique(round(c(slow, fast[-40001]), 9)))
    distance <- max(abs(ecdf(slow)(grid + 1e-8) - ecdf(fast[-40001])(grid + 1e-8)))
    expect_lt(distance, 1.95 * sqrt(1 / 1500 + 1 / 40000))
})

test_that("what cannot be tested says why", {
    none <- logrank_test(Surv(months_11, rep(0, 11)), group = rep(1:2, c(5, 6)))
    expect_true(is.na(none$p.value) && is.na(glance(none)$statistic))
    expect_identical(glance(none)$method, "none")
    expect_match(none$notes, "not estimable: there is no event", all = FALSE)
    expect_output(print(none), "no event")
    expect_warning(one <- logrank_test(Surv(1:3, c(1, 1, 0)), group = factor(c("a", "a", "a"), c("a", "b"))),
                   class = "osseosurv_empty_level")
    expect_match(one$notes, "all rows are in one group", all = FALSE)
    apart <- logrank_test(Surv(c(1, 2, 3, 4), rep(1, 4)), group = c(1, 1, 2, 2), strata = c(1, 1, 2, 2))
    expect_match(apart$notes, "no event came while rows of different groups were at risk", all = FALSE)
    expect_true(all(is.na(tidy(apart)$estimate[-1])))
    single <- logrank_test(Surv(1, 1), group = "a")
    expect_true(is.na(single$p.value))
    # No event in one group: the one step is finite, the p exact.
    separate <- logrank_test(Surv(c(1, 2, 5, 6), c(1, 1, 0, 0)), group = c(1, 1, 2, 2))
    expect_true(all(is.finite(tidy(separate)$estimate)))
    expect_equal(separate$p.value, 2 / 6)
})

test_that("faults are classed errors", {
    d <- data.frame(t = 1:6, s = 1, g = 1:3, e = 0:5)
    fault <- function(code, argument) expect_identical(tryCatch(code, osseosurv_invalid = function(e) e$argument), argument)
    fault(logrank_test(Surv(t, s) ~ 1, d), "formula")
    fault(logrank_test(Surv(t, s) ~ strata(g), d), "formula")
    fault(logrank_test(Surv(t, s) ~ g, d, rho = -1), "rho")
    fault(logrank_test(Surv(t, s) ~ g, d, gamma = "a"), "gamma")
    fault(logrank_test(Surv(t, s) ~ g, d, method = "perm"), "method")
    fault(logrank_test(Surv(t, s) ~ g, d, alternative = "greater"), "alternative")
    fault(logrank_test(Surv(t, s) ~ g, d, trend = 1:2), "trend")
    fault(logrank_test(Surv(t, s) ~ g, d, trend = c(1, 1, 1)), "trend")
    fault(logrank_test(Surv(e, t, s) ~ g, d, method = "unequal-followup"), "method")
    fault(logrank_test(Surv(t, s) ~ g, d, resamples = 0), "resamples")
    fault(logrank_test(Surv(t, s) ~ g, d, method = "unequal-followup", seed = -1), "seed")
    fault(logrank_test(Surv(t, s) ~ g, d, conf.level = 1), "conf.level")
})

test_that("unit, order of rows and labels change nothing; a result outlives its session", {
    set.seed(8)
    d <- data.frame(t = sample(20, 40, TRUE), s = rbinom(40, 1, 0.6), g = sample(3, 40, TRUE))
    base <- glance(logrank_test(Surv(t, s) ~ g, d, method = "asymptotic", rho = 1))$statistic
    expect_equal(glance(logrank_test(Surv(t / 12, s) ~ g, d, method = "asymptotic", rho = 1))$statistic, base)
    expect_equal(glance(logrank_test(Surv(t, s) ~ g, d[40:1, ], method = "asymptotic", rho = 1))$statistic, base)
    expect_equal(glance(logrank_test(Surv(t, s) ~ I(-g), d, method = "asymptotic", rho = 1))$statistic, base)
    expect_equal(glance(logrank_test(Surv(t, s) ~ g, d, method = "asymptotic", trend = TRUE))$z,
                 glance(logrank_test(Surv(t, s) ~ g, d, method = "asymptotic", trend = c(3, 7, 11)))$z)
    test <- logrank_test(Surv(t, s) ~ g, d, method = "asymptotic")
    file <- tempfile()
    saveRDS(test, file)
    expect_identical(readRDS(file), test)
    expect_s3_class(test, c("logrank_test", "osseosurv_result", "htest"), exact = TRUE)
    expect_match(methods_text(test), "Peto and Peto \\(1972\\)")
    expect_output(print(test), "chi-square = .* on 2 df")
})

test_that("coin's permutation test with the same scores gives the same p", {
    set.seed(11)
    d <- data.frame(time = rexp(20), status = rbinom(20, 1, 0.7), group = factor(rep(1:2, 10)))
    p <- vapply(c("less", "greater"), function(side) {
        suppressWarnings(logrank_test(Surv(time, status) ~ group, d, alternative = side, method = "exact"))$p.value
    }, 0)
    expect_equal(sum(p) > 1, TRUE)
    skip_if_not_installed("coin")
    theirs <- vapply(c("less", "greater"), function(side) {
        as.numeric(coin::pvalue(coin::logrank_test(survival::Surv(time, status) ~ group, d, distribution = "exact",
                                                   alternative = side)))
    }, 0)
    expect_equal(sort(unname(p)), sort(unname(theirs)), tolerance = 1e-9)
})
