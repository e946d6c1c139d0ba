counts <- c(0:30, 45, 100, 1000)

test_that("the published limits of 1 event and of none in 473 months", {
    one <- tidy(rate_ci(1, 473 / 12, per = 100))
    expect_equal(c(one$estimate, one$conf.low, one$conf.high), c(2.5370, 0.0642, 14.1352), tolerance = 5e-4)
    expect_equal(round(c(one$estimate, one$conf.low, one$conf.high), 4), c(2.5370, 0.0642, 14.1352))
    mid_p <- tidy(rate_ci(1, 473 / 12, "mid-p", per = 100))
    expect_equal(round(c(mid_p$conf.low, mid_p$conf.high), 4), c(0.1269, 12.5121))
    none <- tidy(rate_ci(0, 473 / 12, per = 100))
    expect_equal(round(none$conf.high, 4), 9.3587)
    expect_identical(c(none$estimate, none$conf.low), c(0, 0))
})

test_that("Garwood equals qgamma() and poisson.test()", {
    for (level in c(0.5, 0.95, 0.999)) {
        tail <- (1 - level) / 2
        ours <- tidy(rate_ci(counts, 7, conf.level = level))
        expect_equal(ours$conf.low, qgamma(tail, counts) / 7, tolerance = 1e-10)
        expect_equal(ours$conf.high, qgamma(1 - tail, counts + 1) / 7, tolerance = 1e-10)
    }
})

test_that("mid-p limits solve their equation", {
    ours <- tidy(rate_ci(counts, 1, "mid-p"))
    lower <- ours$conf.low[counts > 0]
    x <- counts[counts > 0]
    expect_equal(ppois(x, lower, lower.tail = FALSE) + dpois(x, lower) / 2, rep(0.025, length(x)), tolerance = 1e-12)
    upper <- ours$conf.high
    expect_equal(ppois(counts - 1, upper) + dpois(counts, upper) / 2, rep(0.025, length(counts)), tolerance = 1e-12)
})

test_that("score and Byar limits from their formulas", {
    z <- qnorm(0.975)
    ours <- tidy(rate_ci(counts, 2, "score"))
    expect_equal(ours$conf.low, (counts + z^2 / 2 - z * sqrt(counts + z^2 / 4)) / 2, tolerance = 1e-12)
    expect_equal(ours$conf.high, (counts + z^2 / 2 + z * sqrt(counts + z^2 / 4)) / 2, tolerance = 1e-12)
    ours <- tidy(rate_ci(counts, 2, "byar"))
    x <- counts + 1
    expect_equal(ours$conf.high, x * (1 - 1 / (9 * x) + z / (3 * sqrt(x)))^3 / 2, tolerance = 1e-12)
    x <- counts[-1]
    expect_equal(ours$conf.low[-1], x * (1 - 1 / (9 * x) - z / (3 * sqrt(x)))^3 / 2, tolerance = 1e-12)
    expect_identical(ours$conf.low[1], 0)
    # With so high a level the cube would be negative.
    expect_identical(tidy(rate_ci(1, 1, "byar", conf.level = 0.9999))$conf.low, 0)
})

acceptability <- function(x, mean) {
    vapply(mean, function(mean) {
        all <- 0:(3 * x + 90)
        tail <- pmin(ppois(all, mean), ppois(all - 1, mean, lower.tail = FALSE))
        sum(dpois(all, mean)[tail <= tail[x + 1] * (1 + 1e-9)])
    }, 0)
}

test_that("Blaker's interval is the hull of the accepted set", {
    for (level in c(0.8, 0.95, 0.99)) {
        for (x in c(0:5, 9, 25)) {
            ours <- tidy(rate_ci(x, 1, "blaker", conf.level = level))
            grid <- seq(0.005, 3 * x + 15, length.out = 400)
            outside <- grid < ours$conf.low | grid > ours$conf.high
            expect_false(any(acceptability(x, grid) > 1 - level & outside))
            edge <- c(ours$conf.low + 1e-9, ours$conf.high - 1e-9)
            expect_true(all(acceptability(x, edge) > 1 - level - 1e-7))
        }
    }
    skip_if_not_installed("exactci")
    ours <- tidy(rate_ci(0:20, 1, "blaker"))
    peer <- vapply(0:20, function(x) as.numeric(exactci::poisson.exact(x, tsmethod = "blaker")$conf.int), c(0, 0))
    expect_lt(max(abs(rbind(ours$conf.low, ours$conf.high) - peer)), 2e-5)
})

test_that("exact intervals hold their level at every rate", {
    mean <- seq(0.05, 30, by = 0.05)
    for (method in c("garwood", "blaker")) {
        interval <- tidy(rate_ci(0:120, 1, method))
        covers <- outer(interval$conf.low, mean, "<=") & outer(interval$conf.high, mean, ">=")
        expect_gte(min(colSums(covers * outer(0:120, mean, dpois))), 0.95 - 1e-10)
    }
})

test_that("the unit of time only rescales, `per` only multiplies, and large counts are easy", {
    for (method in names(osseosurv:::rate_methods)) {
        years <- tidy(rate_ci(counts, 3, method))
        months <- tidy(rate_ci(counts, 36, method, per = 12))
        expect_equal(years[c("estimate", "conf.low", "conf.high")], months[c("estimate", "conf.low", "conf.high")],
                     tolerance = 1e-14)
        big <- tidy(rate_ci(1e8, 1, method))
        expect_equal(c(big$conf.low, big$conf.high), 1e8 + c(-1, 1) * qnorm(0.975) * 1e4, tolerance = 1e-7)
    }
})

test_that("no time is not estimable; bad times are named", {
    result <- rate_ci(c(0, 2), c(0, 5))
    expect_identical(unlist(tidy(result)[1, 3:5], use.names = FALSE), rep(NA_real_, 3))
    expect_match(attr(result, "about")$notes, "row 1 `time` is 0")
    caught <- expect_error(rate_ci(c(1, 1), c(5, 0)), class = "osseosurv_invalid")
    expect_identical(caught[c("argument", "index")], list(argument = "time", index = 2L))
    expect_error(rate_ci(1, Inf), class = "osseosurv_invalid")
    expect_error(rate_ci(1, 2, per = 0), class = "osseosurv_invalid")
    expect_error(rate_ci(1, 2, "exact"), class = "osseosurv_invalid")
    expect_error(rate_ratio(1, 0, 1, 2), class = "osseosurv_invalid")
    expect_error(rate_ratio(1, 1:2, 1:3, 2), class = "osseosurv_invalid")
})

# Ratios ------------------------------------------------------------------------

test_that("published ratios: 56 against 20, 11 against none", {
    ours <- tidy(rate_ratio(c(56, 11), c(18524, 1000), c(20, 0), c(18953, 800)))
    expect_equal(ours$estimate, c(2.864846, Inf), tolerance = 1e-6)
    expect_equal(ours$conf.low, c(1.692519, 2.007863), tolerance = 1e-6)
    expect_equal(ours$conf.high, c(5.040385, Inf), tolerance = 1e-6)
    expect_equal(signif(ours$p.value, 3), c(2.85e-5, 0.00311))
})

set.seed(3)
pairs <- data.frame(a = rpois(60, 8), b = rpois(60, 5), t = runif(60, 1, 50), u = runif(60, 1, 50))

test_that("exact ratios equal poisson.test(), and p is twice the smaller tail", {
    ours <- with(pairs, tidy(rate_ratio(a, t, b, u)))
    peer <- with(pairs, mapply(function(a, t, b, u) poisson.test(c(a, b), c(t, u))$conf.int, a, t, b, u))
    expect_equal(rbind(ours$conf.low, ours$conf.high), peer, tolerance = 1e-12)
    share <- with(pairs, t / (t + u))
    tails <- with(pairs, pmin(pbinom(a, a + b, share), pbinom(a - 1, a + b, share, lower.tail = FALSE)))
    expect_equal(ours$p.value, pmin(1, 2 * tails), tolerance = 1e-12)
})

test_that("each ratio is the transform of the proportion's interval", {
    ways <- c("exact" = "clopper-pearson", "mid-p" = "mid-p", "score" = "wilson", "blaker" = "blaker")
    for (method in names(ways)) {
        ours <- with(pairs, tidy(rate_ratio(a, t, b, u, method)))
        share <- with(pairs, tidy(proportion_ci(a, a + b, ways[[method]])))
        scale <- with(pairs, u / t)
        expect_equal(ours$conf.low, share$conf.low / (1 - share$conf.low) * scale, tolerance = 1e-10)
        expect_equal(ours$conf.high, share$conf.high / (1 - share$conf.high) * scale, tolerance = 1e-10)
        # The interval excludes 1 where p is below its level (Blaker's hull may keep it).
        if (method != "blaker") expect_identical(ours$p.value < 0.05, ours$conf.low > 1 | ours$conf.high < 1)
    }
    ours <- with(pairs, tidy(rate_ratio(a, t, b, u, "mid-p")))
    exact <- with(pairs, tidy(rate_ratio(a, t, b, u)))
    mass <- with(pairs, dbinom(a, a + b, t / (t + u)))
    inside <- exact$p.value < 1
    expect_equal(ours$p.value[inside], (exact$p.value - mass)[inside], tolerance = 1e-11)
    ours <- with(pairs, tidy(rate_ratio(a, t, b, u, "score")))
    z <- with(pairs, (a - (a + b) * t / (t + u)) / sqrt((a + b) * t * u / (t + u)^2))
    expect_equal(ours$p.value, 2 * pnorm(-abs(z)), tolerance = 1e-11)
})

test_that("Blaker's p equals exactci's", {
    ours <- with(pairs, tidy(rate_ratio(a, t, b, u, "blaker")))
    expect_equal(tidy(rate_ratio(56, 18524, 20, 18953, "blaker"))$p.value, 2.57596268e-05, tolerance = 1e-8)
    skip_if_not_installed("exactci")
    peer <- with(pairs, mapply(function(a, t, b, u) {
        exactci::poisson.exact(c(a, b), c(t, u), tsmethod = "blaker")$p.value
    }, a, t, b, u))
    expect_equal(ours$p.value, peer, tolerance = 1e-12)
})

test_that("no event on one side, or on both", {
    result <- rate_ratio(c(0, 3, 0), 10, c(3, 0, 0), 20)
    ours <- tidy(result)
    expect_identical(ours$estimate, c(0, Inf, NA))
    expect_identical(ours$conf.low[c(1, 3)], c(0, 0))
    expect_identical(ours$conf.high[2:3], c(Inf, Inf))
    # 0 of 3: the share is at most 1 - 0.025^(1/3).
    share <- 1 - 0.025^(1 / 3)
    expect_equal(ours$conf.high[1], share / (1 - share) * 2, tolerance = 1e-12)
    expect_equal(ours$p.value, c(min(1, 2 * (2 / 3)^3), 2 * (1 / 3)^3, 1), tolerance = 1e-12)
    expect_length(attr(result, "about")$notes, 2)
    expect_match(attr(result, "about")$notes[1], "row 3 there is no event")
    expect_named(ours, c("events1", "time1", "events2", "time2", "estimate", "p.value", "conf.low", "conf.high"))
    for (method in names(osseosurv:::ratio_methods)) {
        ours <- tidy(rate_ratio(pairs$a, pairs$t, pairs$b, pairs$u, method))
        turned <- tidy(rate_ratio(pairs$b, pairs$u, pairs$a, pairs$t, method))
        expect_equal(ours$conf.low, 1 / turned$conf.high, tolerance = 1e-10)
        expect_equal(ours$p.value, turned$p.value, tolerance = 1e-12)
    }
})
