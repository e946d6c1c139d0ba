test_that("0 of 11 against a known loosening risk", {
    check <- function(risk) tidy(predictive_check(0, 11, meta = risk))
    expect_equal(check(0.167)$p.lower, 0.833^11, tolerance = 1e-12)
    expect_equal(round(check(1 / 6)$p.lower, 2), 0.13)
    expect_equal(round(check(0.256)$p.lower, 3), 0.039)
    expect_equal(round(check(0.33)$p.lower, 3), 0.012)
    expect_identical(check(0.167)$p.upper, 1)
    expect_equal(tidy(predictive_check(2, time = 40, meta = 0.1))[1, 3:7],
                 data.frame(estimate = 4, conf.low = qpois(0.025, 4), conf.high = qpois(0.975, 4), p.lower = ppois(2, 4),
                            p.upper = 1 - ppois(1, 4)), tolerance = 1e-12)
})

x <- c(3, 8, 7)
n <- c(18, 24, 27)

test_that("exact: the tails are the conditional exact p-values", {
    m <- meta_analysis(x, n, method = "exact")
    rows <- tidy(predictive_check(0:11, rep(11, 12), meta = m))
    for (i in 1:12) {
        table <- matrix(c(i - 1, 11 - i + 1, 18, 51), 2)
        expect_equal(rows$p.lower[i], stats::fisher.test(table, alternative = "less")$p.value, tolerance = 1e-10)
        expect_equal(rows$p.upper[i], stats::fisher.test(table, alternative = "greater")$p.value, tolerance = 1e-10)
    }
    # The interval is the set of counts that neither tail rejects.
    expect_equal(range(which(rows$p.lower > 0.025 & rows$p.upper > 0.025) - 1),
                 c(rows$conf.low[1], rows$conf.high[1]))
    m <- meta_analysis(x, time = n, method = "exact")
    rows <- tidy(predictive_check(0:30, time = rep(11, 31), meta = m))
    for (i in c(1, 4, 9)) {
        test <- function(side) stats::binom.test(i - 1, i - 1 + 18, 11 / 80, alternative = side)$p.value
        expect_equal(c(rows$p.lower[i], rows$p.upper[i]), c(test("less"), test("greater")), tolerance = 1e-10)
    }
    expect_equal(range(which(rows$p.lower > 0.025 & rows$p.upper > 0.025) - 1), c(rows$conf.low[1], rows$conf.high[1]))
})

test_that("exact prediction limits hold their level for any common risk", {
    for (risk in c(0.02, 0.1, 0.3, 0.5)) {
        covered <- 0
        for (s in 0:20) {
            row <- tidy(predictive_check(0, 11, meta = meta_analysis(s, 20, method = "exact")))
            covered <- covered + dbinom(s, 20, risk) * (pbinom(row$conf.high, 11, risk) - pbinom(row$conf.low - 1, 11, risk))
        }
        expect_gte(covered, 0.95)
    }
})

# Slow version of the mixture: midpoints in the mean's angle, trapezoid in log g with the density of tau.
slow_mixture <- function(x, n, size, angles = 400, steps = 300) {
    mass <- 0
    total <- 0
    for (mean in sin((seq_len(angles) - 0.5) / angles * pi / 2)^2) {
        tau <- function(log_g) sqrt(trigamma(mean / exp(log_g)) + trigamma((1 - mean) / exp(log_g)))
        log_g <- log(mean * (1 - mean)) + seq(-24, 7, length.out = steps)
        density <- exp(-tau(log_g)^2 / 2) * (tau(log_g + 1e-4) - tau(log_g - 1e-4)) / 2e-4
        a <- mean / exp(log_g)
        b <- (1 - mean) / exp(log_g)
        log_lik <- 0
        for (i in seq_along(x)) log_lik <- log_lik + lbeta(a + x[i], b + n[i] - x[i]) - lbeta(a, b)
        weight <- exp(log_lik + 100) * density
        total <- total + sum(weight)
        mass <- mass + vapply(0:size, function(j) sum(weight * exp(lchoose(size, j) + lbeta(a + j, b + size - j) - lbeta(a, b))), 0)
    }
    mass / total
}

test_that("beta-binomial: the quadrature equals a brute-force integral", {
    mass <- slow_mixture(c(0, 10, 0), c(14, 39, 11), 11)
    rows <- tidy(predictive_check(0:11, rep(11, 12), meta = meta_analysis(c(0, 10, 0), c(14, 39, 11))))
    expect_equal(rows$p.lower, cumsum(mass), tolerance = 1e-5)
    expect_equal(rows$p.upper, rev(cumsum(rev(mass))), tolerance = 1e-5)
    expect_identical(rows$conf.low[1], as.double(which(cumsum(mass) > 0.025)[1] - 1))
    expect_identical(rows$conf.high[1], as.double(which(cumsum(mass) >= 0.975)[1] - 1))
})

test_that("beta-binomial: many large homogeneous studies predict as a known risk", {
    known <- tidy(predictive_check(0:4, rep(11, 5), meta = 0.1))
    m <- meta_analysis(rep(500, 60), rep(5000, 60))
    expect_equal(tidy(predictive_check(0:4, rep(11, 5), meta = m))$p.lower, known$p.lower, tolerance = 1e-3)
    known <- tidy(predictive_check(0:4, time = rep(11, 5), meta = 0.1))
    m <- meta_analysis(rep(500, 60), time = rep(5000, 60))
    expect_equal(tidy(predictive_check(0:4, time = rep(11, 5), meta = m))$p.lower, known$p.lower, tolerance = 1e-3)
})

test_that("normal-normal: the tails equal adaptive quadrature over t", {
    m <- meta_analysis(x, n, method = "reml")
    row <- tidy(predictive_check(2, 11, meta = m))
    link <- tidy(meta_analysis(x, n, method = "reml", link = TRUE))
    sd <- sqrt(glance(m)$tau2 + link$std.error^2)
    tail <- stats::integrate(function(t) dt(t, 2) * pbinom(2, 11, plogis(link$estimate + sd * t)), -Inf, Inf,
                             rel.tol = 1e-11, subdivisions = 1000)$value
    expect_equal(row$p.lower, tail, tolerance = 1e-7)
    expect_equal(row$p.lower + tidy(predictive_check(3, 11, meta = m))$p.upper, 1, tolerance = 1e-12)
    m <- meta_analysis(x, time = n, method = "dl")
    row <- tidy(predictive_check(2, time = 11, meta = m))
    link <- tidy(meta_analysis(x, time = n, method = "dl", link = TRUE))
    sd <- sqrt(glance(m)$tau2 + link$std.error^2)
    tail <- stats::integrate(function(t) dt(t, 2) * ppois(2, 11 * exp(link$estimate + sd * t)), -Inf, Inf,
                             rel.tol = 1e-11, subdivisions = 1000)$value
    expect_equal(row$p.lower, tail, tolerance = 1e-7)
})

test_that("a level is asked for and found", {
    d <- data.frame(x = c(3, 8, 7, 1, 2, 0), n = c(18, 24, 27, 15, 11, 9), g = rep(c("solid", "porous"), each = 3))
    m <- meta_analysis(x, n, moderator = ~ g, data = d)
    expect_error(predictive_check(0, 11, meta = m), "porous", class = "osseosurv_invalid")
    alone <- meta_analysis(x, n, data = d[1:3, ])
    expect_equal(tidy(predictive_check(0, 11, meta = m, term = "solid"))$p.lower,
                 tidy(predictive_check(0, 11, meta = alone))$p.lower, tolerance = 1e-12)
    expect_error(predictive_check(0, 11, meta = m, term = "cement"), class = "osseosurv_invalid")
    two <- predictive_check(0, 11, meta = meta_analysis(c(1, 2), c(20, 21), method = "beta-binomial"))
    expect_true(is.na(two$conf.high) && is.na(two$p.lower))
    expect_match(attr(two, "about")$notes, "fewer than three", all = FALSE)
})

test_that("bad input is a classed error", {
    m <- meta_analysis(x, n)
    expect_error(predictive_check(0, 11), class = "osseosurv_invalid")
    expect_error(predictive_check(0, 11, meta = "m"), class = "osseosurv_invalid")
    expect_error(predictive_check(0, 11, meta = 1.2), class = "osseosurv_invalid")
    expect_error(predictive_check(0, time = 11, meta = m), class = "osseosurv_invalid")
    expect_error(predictive_check(12, 11, meta = m), class = "osseosurv_invalid")
    expect_error(predictive_check(NA, 11, meta = m), class = "osseosurv_invalid")
    slope <- meta_analysis(x, n, moderator = ~ age, data = data.frame(age = c(40, 55, 47)), method = "fixed")
    expect_error(predictive_check(0, 11, meta = slope), class = "osseosurv_invalid")
})
