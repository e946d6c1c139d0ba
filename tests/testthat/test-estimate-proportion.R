limits <- function(...) {
    table <- tidy(proportion_ci(...))
    unname(c(table$conf.low, table$conf.high))
}
counts <- expand.grid(x = 0:60, n = c(1:5, 8, 11, 20, 41, 60))
counts <- counts[counts$x <= counts$n, ]
inner <- counts[counts$x > 0 & counts$x < counts$n, ]

test_that("the published limits of 10 of 11 and 0 of 11", {
    expect_equal(limits(10, 11), c(0.587220, 0.997701), tolerance = 1e-6)
    expect_equal(limits(10, 11, "mid-p"), c(0.626576249, 0.995453161), tolerance = 1e-9)
    expect_equal(round(limits(10, 11, "blaker"), 4), c(0.5990, 0.9953))
    expect_equal(limits(10, 11, "wilson"), c(0.622642, 0.983768), tolerance = 1e-6)
    expect_equal(limits(0, 11), c(0, 0.284914), tolerance = 1e-6)
    expect_equal(limits(3, 11), c(0.06021773, 0.60974256), tolerance = 1e-7)
})

test_that("Clopper-Pearson, Jeffreys and Wilson equal base R", {
    for (level in c(0.5, 0.95, 0.999)) {
        tail <- (1 - level) / 2
        ours <- tidy(proportion_ci(counts$x, counts$n, conf.level = level))
        expect_equal(ours$conf.low, with(counts, ifelse(x == 0, 0, qbeta(tail, x, n - x + 1))), tolerance = 1e-12)
        expect_equal(ours$conf.high, with(counts, ifelse(x == n, 1, qbeta(1 - tail, x + 1, n - x))),
                     tolerance = 1e-12)
        ours <- tidy(proportion_ci(counts$x, counts$n, "jeffreys", level))
        expect_equal(ours$conf.low, with(counts, ifelse(x == 0, 0, qbeta(tail, x + 0.5, n - x + 0.5))),
                     tolerance = 1e-12)
        expect_equal(ours$conf.high, with(counts, ifelse(x == n, 1, qbeta(1 - tail, x + 0.5, n - x + 0.5))),
                     tolerance = 1e-12)
        ours <- tidy(proportion_ci(counts$x, counts$n, "wilson", level))
        peer <- suppressWarnings(mapply(function(x, n) prop.test(x, n, conf.level = level, correct = FALSE)$conf.int,
                                        counts$x, counts$n))
        expect_equal(rbind(ours$conf.low, ours$conf.high), peer, tolerance = 1e-12)
    }
})

test_that("Agresti-Coull adds z^2 trials, half of them events, and is clipped", {
    z <- qnorm(0.975)
    ours <- tidy(proportion_ci(counts$x, counts$n, "agresti-coull"))
    size <- counts$n + z^2
    p <- (counts$x + z^2 / 2) / size
    expect_equal(ours$conf.low, pmax(0, p - z * sqrt(p * (1 - p) / size)), tolerance = 1e-13)
    expect_equal(ours$conf.high, pmin(1, p + z * sqrt(p * (1 - p) / size)), tolerance = 1e-13)
})

test_that("mid-p limits solve their equation", {
    for (level in c(0.5, 0.95, 0.999)) {
        ours <- tidy(proportion_ci(inner$x, inner$n, "mid-p", level))
        upper <- with(inner, pbinom(x, n, ours$conf.low, lower.tail = FALSE) + dbinom(x, n, ours$conf.low) / 2)
        lower <- with(inner, pbinom(x - 1, n, ours$conf.high) + dbinom(x, n, ours$conf.high) / 2)
        expect_equal(upper, rep((1 - level) / 2, nrow(inner)), tolerance = 1e-12)
        expect_equal(lower, rep((1 - level) / 2, nrow(inner)), tolerance = 1e-12)
    }
    expect_equal(limits(0, 11, "mid-p"), c(0, 1 - 0.05^(1 / 11)), tolerance = 1e-14)
    expect_equal(limits(11, 11, "mid-p"), c(0.05^(1 / 11), 1), tolerance = 1e-14)
})

# Blaker's acceptability from its definition, by summing over all counts.
acceptability <- function(x, n, p) {
    vapply(p, function(p) {
        tail <- pmin(pbinom(0:n, n, p), pbinom(0:n - 1, n, p, lower.tail = FALSE))
        sum(dbinom(0:n, n, p)[tail <= tail[x + 1] * (1 + 1e-9)])
    }, 0)
}

test_that("Blaker's interval is the hull of the accepted set", {
    grid <- seq(0.001, 0.999, by = 0.002)
    rows <- counts[counts$n %in% c(1, 3, 5, 11) | (counts$n == 20 & counts$x %in% c(2, 7, 10)), ]
    for (level in c(0.8, 0.95, 0.99)) {
        ours <- tidy(proportion_ci(rows$x, rows$n, "blaker", level))
        for (i in seq_len(nrow(rows))) {
            accepted <- acceptability(rows$x[i], rows$n[i], grid) > 1 - level
            outside <- grid < ours$conf.low[i] | grid > ours$conf.high[i]
            expect_false(any(accepted & outside))
            # Just inside either limit is accepted, unless it is 0 or 1.
            edge <- c(ours$conf.low[i] + 1e-9, ours$conf.high[i] - 1e-9)
            expect_true(all(acceptability(rows$x[i], rows$n[i], edge) > 1 - level - 1e-7))
        }
    }
})

test_that("Blaker's interval lies inside Clopper-Pearson's and equals exactci's four digits", {
    ours <- tidy(proportion_ci(counts$x, counts$n, "blaker"))
    central <- tidy(proportion_ci(counts$x, counts$n))
    expect_true(all(ours$conf.low >= central$conf.low - 1e-12 & ours$conf.high <= central$conf.high + 1e-12))
    skip_if_not_installed("exactci")
    rows <- counts[counts$n %in% c(5, 11, 41), ]
    ours <- tidy(proportion_ci(rows$x, rows$n, "blaker"))
    peer <- mapply(function(x, n) exactci::exactbinomCI(x, n, tsmethod = "blaker", tol = 1e-5), rows$x, rows$n)
    expect_lt(max(abs(rbind(ours$conf.low, ours$conf.high) - peer)), 1e-4)
})

test_that("exact intervals hold their level at every proportion", {
    p <- seq(0.002, 0.998, by = 0.004)
    for (method in c("clopper-pearson", "blaker")) {
        for (n in c(1, 8, 11, 20, 60)) {
            interval <- tidy(proportion_ci(0:n, n, method))
            covers <- outer(interval$conf.low, p, "<=") & outer(interval$conf.high, p, ">=")
            mass <- outer(0:n, p, function(x, p) dbinom(x, n, p))
            expect_gte(min(colSums(covers * mass)), 0.95 - 1e-12)
        }
    }
})

test_that("success and failure may change places, and registries are as easy as cohorts", {
    for (method in names(osseosurv:::proportion_methods)) {
        ours <- tidy(proportion_ci(counts$x, counts$n, method))
        mirror <- tidy(proportion_ci(counts$n - counts$x, counts$n, method))
        expect_equal(ours$conf.low, 1 - mirror$conf.high, tolerance = 1e-12)
        big <- limits(3e6, 1e8, method)
        wald <- 0.03 + c(-1, 1) * qnorm(0.975) * sqrt(0.03 * 0.97 / 1e8)
        expect_equal(big, wald, tolerance = 1e-6)
        expect_true(all(is.finite(limits(1, 2^50, method))))
    }
    expect_equal(limits(1, 2^50) * 2^50, limits(1, 2^40) * 2^40, tolerance = 1e-9)
})

test_that("n = 0 is not estimable and says so; no rows give no rows", {
    result <- proportion_ci(c(0, 2), c(0, 5))
    expect_identical(tidy(result)$estimate, c(NA, 0.4))
    expect_identical(tidy(result)$conf.low[1], NA_real_)
    expect_match(attr(result, "about")$notes, "row 1 `n` is 0")
    expect_identical(nrow(tidy(proportion_ci(numeric(), 5))), 0L)
    expect_named(tidy(result), c("x", "n", "estimate", "conf.low", "conf.high"))
    expect_s3_class(result, c("proportion_ci", "osseosurv_table", "osseosurv_result", "data.frame"), exact = TRUE)
    expect_match(methods_text(proportion_ci(1, 2, "wilson")), "Wilson")
    expect_output(print(result), "Clopper-Pearson 95% interval")
})

test_that("bad counts are named", {
    expect_invalid <- function(code, argument, index = NULL) {
        caught <- expect_error(code, class = "osseosurv_invalid")
        expect_identical(caught$argument, argument)
        expect_equal(caught$index, index)
    }
    expect_invalid(proportion_ci(c(1, 3), 2), "x", 2)
    expect_invalid(proportion_ci(c(1, NA), 2), "x", 2)
    expect_invalid(proportion_ci(1.5, 2), "x", 1)
    expect_invalid(proportion_ci(-1, 2), "x", 1)
    expect_invalid(proportion_ci(1, Inf), "n", 1)
    expect_invalid(proportion_ci("1", 2), "x")
    expect_invalid(proportion_ci(1:2, 1:3), "x")
    expect_invalid(proportion_ci(1, 2, "exact"), "method")
    expect_invalid(proportion_ci(1, 2, conf.level = 95), "conf.level")
    expect_invalid(proportion_difference(1, 2, 3, 2), "x2", 1)
    expect_invalid(proportion_difference(1, 2, 1, 20000, "exact"), "n2", 1)
})

# Differences -----------------------------------------------------------------

pairs <- expand.grid(x1 = 0:20, n1 = c(1, 4, 11, 20), x2 = 0:20, n2 = c(1, 3, 9, 20))
pairs <- pairs[pairs$x1 <= pairs$n1 & pairs$x2 <= pairs$n2, ]
set.seed(7)
pairs <- pairs[sample(nrow(pairs), 250), ]

# The score from its definition: the likelihood is maximised numerically.
score <- function(x1, n1, x2, n2, delta) {
    log_likelihood <- function(p2) dbinom(x1, n1, p2 + delta, log = TRUE) + dbinom(x2, n2, p2, log = TRUE)
    range <- c(max(0, -delta), min(1, 1 - delta))
    p2 <- optimize(log_likelihood, range, maximum = TRUE, tol = 1e-12)$maximum
    candidates <- c(p2, range)
    p2 <- candidates[which.max(log_likelihood(candidates))]
    p1 <- p2 + delta
    variance <- (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
    (x1 / n1 - x2 / n2 - delta) / sqrt(variance)
}

test_that("score limits have the score of their level", {
    ours <- tidy(proportion_difference(pairs$x1, pairs$n1, pairs$x2, pairs$n2))
    z <- function(limit) {
        inside <- abs(limit) < 1
        with(pairs[inside, ], mapply(score, x1, n1, x2, n2, limit[inside]))
    }
    low <- z(ours$conf.low)
    high <- z(ours$conf.high)
    expect_gt(length(low), 200)
    expect_equal(low, rep(qnorm(0.975), length(low)), tolerance = 1e-6)
    expect_equal(high, rep(-qnorm(0.975), length(high)), tolerance = 1e-6)
    # Newcombe (1998), table II, method 7.
    published <- tidy(proportion_difference(c(56, 9), c(70, 10), c(48, 3), c(80, 10)))
    expect_equal(round(published$conf.low, 4), c(0.0528, 0.1700))
    expect_equal(round(published$conf.high, 4), c(0.3382, 0.8406))
    # p of no difference: Pearson's chi-square times (N - 1) / N.
    peer <- suppressWarnings(with(pairs, mapply(function(x1, n1, x2, n2) {
        total <- n1 + n2
        statistic <- prop.test(c(x1, x2), c(n1, n2), correct = FALSE)$statistic * (total - 1) / total
        pchisq(statistic, 1, lower.tail = FALSE)
    }, x1, n1, x2, n2)))
    constant <- is.nan(peer)
    expect_equal(ours$p.value[!constant], unname(peer[!constant]), tolerance = 1e-9)
    expect_identical(ours$p.value[constant], rep(1, sum(constant)))
})

test_that("Newcombe's intervals equal prop.test() without correction, and p is their level at 0", {
    ours <- tidy(proportion_difference(pairs$x1, pairs$n1, pairs$x2, pairs$n2, "newcombe"))
    w1 <- tidy(proportion_ci(pairs$x1, pairs$n1, "wilson"))
    w2 <- tidy(proportion_ci(pairs$x2, pairs$n2, "wilson"))
    d <- w1$estimate - w2$estimate
    expect_equal(ours$conf.low, d - sqrt((w1$estimate - w1$conf.low)^2 + (w2$conf.high - w2$estimate)^2),
                 tolerance = 1e-12)
    expect_equal(ours$conf.high, d + sqrt((w1$conf.high - w1$estimate)^2 + (w2$estimate - w2$conf.low)^2),
                 tolerance = 1e-12)
    # Newcombe (1998), table II: 56/70 - 48/80 is 0.0524 to 0.3339.
    published <- tidy(proportion_difference(56, 70, 48, 80, "newcombe"))
    expect_equal(round(c(published$conf.low, published$conf.high), 4), c(0.0524, 0.3339))
    at <- tidy(proportion_difference(56, 70, 48, 80, "newcombe", conf.level = 1 - published$p.value))
    expect_equal(at$conf.low, 0, tolerance = 1e-10)
    expect_equal(tidy(proportion_difference(2, 5, 4, 10, "newcombe"))$p.value, 1)
})

# The exact one-sided tail by plain summation over all tables, on a grid of the nuisance proportion.
exact_tail <- function(x1, n1, x2, n2, delta, p2) {
    tables <- expand.grid(y1 = 0:n1, y2 = 0:n2)
    z <- mapply(function(y1, y2) score(y1, n1, y2, n2, delta), tables$y1, tables$y2)
    z[is.nan(z)] <- 0
    extreme <- tables[z >= z[tables$y1 == x1 & tables$y2 == x2] - 1e-6, ]
    vapply(p2, function(p) sum(dbinom(extreme$y1, n1, p + delta) * dbinom(extreme$y2, n2, p)), 0)
}

test_that("exact differences: the worst nuisance gives the level just inside the limits", {
    rows <- rbind(c(4, 5, 1, 6), c(0, 6, 3, 5), c(3, 4, 0, 4), c(2, 7, 2, 3))
    for (i in seq_len(nrow(rows))) {
        x1 <- rows[i, 1]; n1 <- rows[i, 2]; x2 <- rows[i, 3]; n2 <- rows[i, 4]
        ours <- tidy(proportion_difference(x1, n1, x2, n2, "exact"))
        largest <- function(delta) {
            p2 <- seq(max(0, -delta), min(1, 1 - delta), length.out = 400)
            max(exact_tail(x1, n1, x2, n2, delta, p2))
        }
        expect_lt(largest(ours$conf.low - 1e-6), 0.025 + 1e-6)
        expect_gt(largest(ours$conf.low + 1e-3), 0.025)
        p2 <- seq(0, 1, length.out = 2001)
        upper <- max(exact_tail(x1, n1, x2, n2, 0, p2))
        lower <- max(exact_tail(x2, n2, x1, n1, 0, p2))
        expect_equal(ours$p.value, min(1, 2 * min(upper, lower)), tolerance = 1e-6)
    }
})

test_that("exact differences: figures of exact2x2 1.6.9, which maximises on a grid", {
    ours <- tidy(proportion_difference(c(7, 10, 2, 5), c(15, 11, 30, 8), c(12, 3, 1, 5), c(15, 9, 30, 11), "exact"))
    peer <- list(low = c(-0.63697652, 0.137099325, -0.1111499, -0.3021852),
                 high = c(0.02384289, 0.867017322, 0.2000626, 0.5846521),
                 p = c(0.06820588, 0.009622487, 0.6789539, 0.6600063))
    expect_equal(ours$conf.low, peer$low, tolerance = 2e-5)
    expect_equal(ours$conf.high, peer$high, tolerance = 1e-3)
    expect_equal(ours$p.value, peer$p, tolerance = 2e-3)
    # The grid's maximum is below the maximum, so the peer's interval lies inside.
    expect_true(all(ours$conf.low <= peer$low + 1e-6 & ours$conf.high >= peer$high - 1e-6))
    # 0 of 11 against 0 of 11: 0.975 = 1 - (1 - d)^11.
    none <- tidy(proportion_difference(0, 11, 0, 11, "exact"))
    expect_equal(c(none$conf.low, none$conf.high), c(-1, 1) * (1 - 0.025^(1 / 11)), tolerance = 1e-8)
})

test_that("exact differences hold their level at every pair of proportions", {
    p <- seq(0.02, 0.98, by = 0.04)
    for (n in list(c(3, 5), c(6, 6), c(8, 11))) {
        tables <- expand.grid(x1 = 0:n[1], x2 = 0:n[2])
        interval <- tidy(proportion_difference(tables$x1, n[1], tables$x2, n[2], "exact"))
        covered <- outer(p, p, Vectorize(function(p1, p2) {
            mass <- dbinom(tables$x1, n[1], p1) * dbinom(tables$x2, n[2], p2)
            d <- p1 - p2
            sum(mass[interval$conf.low <= d + 1e-12 & interval$conf.high >= d - 1e-12])
        }))
        expect_gte(min(covered), 0.95 - 1e-12)
    }
})

test_that("the score rises with x1 and falls with x2 and delta, on which the exact method rests", {
    for (n in list(c(4, 9), c(11, 11))) {
        for (delta in c(-0.9, -0.3, 0, 0.2, 0.85)) {
            z <- outer(0:n[1], 0:n[2], Vectorize(function(a, b) score(a, n[1], b, n[2], delta)))
            z[is.nan(z)] <- 0
            expect_true(all(apply(z, 2, diff) >= -1e-6) && all(apply(z, 1, diff) <= 1e-6))
        }
    }
})

test_that("differences: groups and outcomes may change places; an empty group is not estimable", {
    for (method in names(osseosurv:::difference_methods)) {
        rows <- pairs[1:40, ]
        ours <- tidy(proportion_difference(rows$x1, rows$n1, rows$x2, rows$n2, method))
        turned <- tidy(proportion_difference(rows$x2, rows$n2, rows$x1, rows$n1, method))
        expect_equal(ours$conf.low, -turned$conf.high, tolerance = 1e-9)
        expect_equal(ours$p.value, turned$p.value, tolerance = 1e-9)
        failures <- tidy(proportion_difference(rows$n1 - rows$x1, rows$n1, rows$n2 - rows$x2, rows$n2, method))
        expect_equal(ours$conf.low, -failures$conf.high, tolerance = 1e-8)
        expect_true(all(ours$conf.low <= ours$estimate & ours$estimate <= ours$conf.high))
        expect_true(all(ours$conf.low < ours$conf.high))
        empty <- proportion_difference(c(0, 1), c(0, 3), 1, 3, method)
        expect_identical(tidy(empty)$conf.low[1], NA_real_)
        expect_identical(tidy(empty)$p.value[1], NA_real_)
        expect_match(attr(empty, "about")$notes, "row 1")
    }
    expect_named(tidy(proportion_difference(1, 2, 1, 2)),
                 c("x1", "n1", "x2", "n2", "estimate", "p.value", "conf.low", "conf.high"))
})
