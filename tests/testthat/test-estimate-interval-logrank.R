breast <- read.csv(test_path("fixtures", "breast-cosmesis.csv"))
breast$treatment <- factor(breast$treatment, c("radiotherapy", setdiff(breast$treatment, "radiotherapy")))

test_that("breast cosmesis: the three tests of the interval package", {
    want <- list(logrank = c(2.668387, 0.00762164), finkelstein = c(2.683896, 0.00727697), wilcoxon = c(2.167151, 0.0302234))
    for (scores in names(want)) {
        x <- interval_logrank_test(Surv(left, right, type = "interval2") ~ treatment, breast, scores, method = "asymptotic")
        expect_s3_class(x, c("interval_logrank_test", "osseosurv_result", "htest"), exact = TRUE)
        # Chemotherapy, the later level, deteriorates earlier.
        expect_equal(c(x$statistic, x$p.value), want[[scores]], tolerance = 1e-6, ignore_attr = TRUE)
        expect_identical(glance(x)$statistic, unname(x$statistic))
    }
    exact <- interval_logrank_test(Surv(left, right, type = "interval2") ~ treatment, breast)
    sampled <- interval_logrank_test(Surv(left, right, type = "interval2") ~ treatment, breast, method = "permutation", seed = 4)
    expect_identical(exact$glance$method, "exact")
    # The enclosure holds, and the random permutations agree with it to five standard errors.
    expect_lt(exact$glance$p.high - exact$glance$p.low, 1e-4)
    expect_gte(exact$p.value, exact$glance$p.low)
    expect_lte(exact$p.value, exact$glance$p.high)
    expect_lt(abs(sampled$p.value - exact$p.value), 5 * sqrt(2 * exact$p.value / 1e5))
    # The profile of the proportional hazards fit has 0.797; one step from equality comes near.
    expect_lt(abs(tidy(exact)$estimate[2] - 0.797), 0.15)
    expect_equal(tidy(exact)$estimate[2] / tidy(exact)$std.error[2], unname(exact$statistic), tolerance = 1e-12)
    expect_equal(sum(tidy(exact)$score), 0, tolerance = 1e-10)
})

test_that("three of three against none of three: exact p = 0.10, and the sign", {
    left <- c(24, 24, 24, 3, 3, 3)
    right <- c(Inf, Inf, Inf, 6, 6, 6)
    kind <- rep(1:2, each = 3)
    for (scores in interval_scores) {
        x <- interval_logrank_test(Surv(left, right, type = "interval2"), scores = scores, group = kind)
        expect_equal(x$p.value, 0.1, tolerance = 1e-14)
        expect_identical(x$glance$method, "exact")
        expect_gt(x$statistic, 0)
        one <- function(alternative) interval_logrank_test(Surv(left, right, type = "interval2") ~ kind, scores = scores,
                                                           alternative = alternative)$p.value
        expect_equal(one("greater"), 0.05, tolerance = 1e-14)
        expect_equal(one("less"), 1)
    }
})

test_that("exact and right-censored rows: status minus Nelson-Aalen, the log-rank numerator", {
    set.seed(8)
    for (case in 1:5) {
        n <- 25
        t <- if (case %% 2) rexp(n) else sample(6, n, TRUE)
        d <- rbinom(n, 1, 0.7)
        g <- rep_len(1:2, n)
        x <- interval_logrank_test(Surv(t, d) ~ g, method = "asymptotic")
        hazard <- vapply(t, function(u) sum(vapply(sort(unique(t[d == 1 & t <= u])),
                                                   function(v) sum(d[t == v]) / sum(t >= v), 0)), 0)
        expect_equal(tidy(x)$score[2], sum((d - hazard)[g == 2]), tolerance = 1e-9)
        diff <- survival::survdiff(Surv(t, d) ~ g)
        expect_equal(tidy(x)$score, diff$obs - diff$exp, tolerance = 1e-9)
    }
})

test_that("scores from the masses, on random data: pooled, and by stratum", {
    score_of <- function(d, scores) {
        fit <- tidy(turnbull(Surv(left, right, type = "interval2") ~ 1, d, conf.type = "none", tolerance = 1e-12))
        s <- c(rev(cumsum(rev(fit$mass))), 0)
        hazard <- c(0, cumsum(ifelse(s[-length(s)] > 0, fit$mass / s[-length(s)], 0)))
        vapply(seq_len(nrow(d)), function(i) {
            exact <- fit$left == fit$right
            own <- which(if (d$left[i] == d$right[i]) exact & fit$left == d$left[i]
                         else fit$right <= d$right[i] & (fit$left > d$left[i] | fit$left == d$left[i] &
                                                             (!exact | d$left[i] == 0 & d$right[i] < Inf)))
            a <- s[min(own)]
            b <- s[max(own) + 1]
            h <- hazard[c(min(own), max(own) + 1)]
            xlog <- function(x) if (x > 0) x * log(x) else 0
            switch(scores, wilcoxon = a + b - 1, finkelstein = (xlog(a) - xlog(b)) / (a - b), (b * h[2] - a * h[1]) / (a - b))
        }, 0)
    }
    for (shape in c(1, 5, 9, 13)) {
        d <- random_intervals(shape, 30)
        d$site <- rep_len(1:2, 30)
        for (scores in interval_scores) {
            x <- interval_logrank_test(Surv(left, right, type = "interval2") ~ group, d, scores, method = "asymptotic",
                                       tolerance = 1e-12)
            a <- score_of(d, scores)
            expect_equal(tidy(x)$score, as.vector(tapply(a - mean(a), d$group, sum)), tolerance = 1e-5)
            y <- interval_logrank_test(Surv(left, right, type = "interval2") ~ group + strata(site), d, scores,
                                       method = "asymptotic", tolerance = 1e-12)
            centred <- ave(replace(a, TRUE, unsplit(lapply(split(d, d$site), score_of, scores), d$site)), d$site,
                           FUN = function(v) v - mean(v))
            expect_equal(tidy(y)$score, as.vector(tapply(centred, d$group, sum)), tolerance = 1e-5)
        }
    }
})

test_that("within the patient: exact McNemar with one visit, sign flips with more", {
    # Both interfaces of 11 patients seen at month 12 only: 6 discordant against 1
    proximal <- rep(1:0, c(9, 2))
    distal <- c(rep(1, 3), rep(0, 6), 1, 0)
    d <- data.frame(patient = rep(1:11, 2), interface = rep(c("proximal", "distal"), each = 11), seen = c(proximal, distal))
    d$left <- ifelse(d$seen == 1, 0, 12)
    d$right <- ifelse(d$seen == 1, 12, Inf)
    for (scores in interval_scores) {
        x <- interval_logrank_test(Surv(left, right, type = "interval2") ~ interface, d, scores, cluster = ~patient)
        expect_equal(x$p.value, 0.125, tolerance = 1e-14)
        expect_identical(x$glance$unit, "row within its cluster")
    }
    expect_equal(x$p.value, 2 * pbinom(1, 7, 0.5), tolerance = 1e-14)
    # Whole patients by prosthesis: as the test of the sums
    d$kind <- rep_len(1:2, 11)[d$patient]
    whole <- interval_logrank_test(Surv(left, right, type = "interval2") ~ kind, d, cluster = d$patient)
    expect_identical(c(whole$glance$unit, whole$glance$method), c("cluster", "exact"))
    expect_equal(whole$glance$n.units, 11)
    subset <- interval_logrank_test(Surv(left, right, type = "interval2") ~ interface, d, cluster = ~patient,
                                    subset = patient <= 10)
    expect_equal(subset$p.value, 0.125, tolerance = 1e-14)
})

test_that("invariances: order of rows, unit of time, weights as rows, swapped groups", {
    d <- random_intervals(5, 40)
    test <- function(d, ...) interval_logrank_test(Surv(left, right, type = "interval2") ~ group, d, ...)
    x <- test(d)
    parts <- function(x) c(x$statistic, x$p.value)
    expect_equal(parts(test(d[sample(40), ])), parts(x), tolerance = 1e-7)
    expect_equal(parts(test(transform(d, left = 30 * left, right = 30 * right))), parts(x), tolerance = 1e-7)
    swapped <- test(transform(d, group = ifelse(group == "a", "b", "a")))
    expect_equal(parts(swapped), c(-1, 1) * parts(x), tolerance = 1e-7, ignore_attr = TRUE)
    weighted <- test(d, weights = weight, method = "exact")
    repeated <- test(d[rep(1:40, d$weight), ], method = "exact")
    expect_equal(parts(weighted), parts(repeated), tolerance = 1e-6)
    expect_equal(tidy(weighted), tidy(repeated), tolerance = 1e-6)
    expect_identical(readRDS({saveRDS(x, f <- tempfile()); f}), x)
})

test_that("three groups and a trend", {
    d <- random_intervals(5, 45)
    d$level <- rep_len(1:3, 45)
    k <- interval_logrank_test(Surv(left, right, type = "interval2") ~ level, d, method = "asymptotic")
    expect_named(k$statistic, "X-squared")
    expect_identical(k$glance$df, 2L)
    trend <- interval_logrank_test(Surv(left, right, type = "interval2") ~ level, d, method = "asymptotic", trend = TRUE)
    expect_lte(trend$statistic^2, k$statistic)
    sampled <- interval_logrank_test(Surv(left, right, type = "interval2") ~ level, d, trend = c(0, 1, 2), seed = 1)
    expect_identical(sampled$glance$method, "permutation")
    expect_lt(abs(sampled$p.value - trend$p.value), 0.05)
    expect_error(interval_logrank_test(Surv(left, right, type = "interval2") ~ level, d, trend = 1:2), "trend",
                 class = "osseosurv_invalid")
})

test_that("where no test is possible the answer is NA with its reason", {
    none <- interval_logrank_test(Surv(rep(12, 6), rep(Inf, 6), type = "interval2"), group = rep(1:2, 3))
    expect_identical(none$p.value, NA_real_)
    expect_match(none$notes, "no event", all = FALSE)
    alone <- interval_logrank_test(Surv(c(1, 2), c(3, Inf), type = "interval2"), group = c("a", "a"))
    expect_identical(alone$p.value, NA_real_)
    expect_match(alone$notes, "one group", all = FALSE)
    expect_output(print(none), "not estimable")
    expect_error(interval_logrank_test(Surv(c(1, 2), c(3, Inf), type = "interval2")), "groups", class = "osseosurv_invalid")
    expect_error(interval_logrank_test(Surv(3, 1, type = "interval2"), group = 1), class = "osseosurv_invalid")
    d <- data.frame(left = 1:4, right = c(2, 4, Inf, 6), g = c(1, 1, 2, 2), p = c(1, 1, 2, 2), s = c(1, 2, 1, 2))
    expect_error(interval_logrank_test(Surv(left, right, type = "interval2") ~ g + strata(s), d, cluster = ~p), "cluster",
                 class = "osseosurv_invalid")
})

test_that("every data set on a three-visit grid in every split into two groups has an answer", {
    # The kinds of row: event in each run of the three gaps, or last seen at a visit; each in either group.
    kinds <- rbind(c(0, 1), c(1, 2), c(2, 3), c(0, 2), c(1, 3), c(0, 3), c(1, Inf), c(2, Inf), c(3, Inf))
    kinds <- cbind(kinds[rep(1:9, 2), ], rep(1:2, each = 9))
    extended <- identical(Sys.getenv("OSSEOSURV_EXTENDED_TESTS"), "true")
    failures <- character()
    count <- 0
    for (n in 2:(if (extended) 5 else 3)) {
        sets <- utils::combn(nrow(kinds) + n - 1, n) - (seq_len(n) - 1)
        for (k in seq_len(ncol(sets))) {
            rows <- kinds[sets[, k], ]
            first <- sum(rows[, 3] == 1)
            if (first == 0 || first == n) next
            x <- interval_logrank_test(Surv(rows[, 1], rows[, 2], type = "interval2"), group = rows[, 3])
            p <- x$p.value
            count <- count + 1
            sound <- if (is.na(p)) is.na(x$statistic) && !is.nan(p)
                     else is.finite(x$statistic) && p >= 1 / choose(n, first) - 1e-12 && p <= 1
            if (!sound) failures <- c(failures, toString(sets[, k]))
        }
    }
    expect_identical(failures, character())
    expect_gte(count, 891)
})
