test_that("asymptotic: the frozen figures, and mvtnorm's probability", {
    test <- maxcombo_test(Surv(time, cens) ~ treat, gehan, method = "asymptotic")
    each <- vapply(list(c(0, 0), c(1, 0), c(0, 1), c(1, 1)), function(w) {
        glance(logrank_test(Surv(time, cens) ~ treat, gehan, rho = w[1], gamma = w[2], method = "asymptotic"))$z
    }, 0)
    expect_equal(tidy(test)$statistic, each, tolerance = 1e-12)
    expect_equal(test$statistic[[1]], max(abs(each)), tolerance = 1e-12)
    input <- list(entry = NULL, time = gehan$time, status = as.integer(gehan$cens), weight = NULL, stratum = NULL, strata = "",
                  group = match(gehan$treat, c("6-MP", "control")), groups = c("6-MP", "control"))
    r <- weighted_z(log_rank_sums(input, c(0, 1, 0, 1), c(0, 0, 1, 1)), c(0, 1), 4)$correlation
    # The variance of the first is the sum over the second and third: singular.
    expect_lt(abs(det(r)), 1e-12)
    # By averaging over directions, 6e6 of them: 0.00010985 with a standard error of 8e-8.
    expect_equal(box_p(r, 4.0979, TRUE), 0.00010985, tolerance = 0.003)
    expect_equal(box_p(r, 2, TRUE), 0.0882669, tolerance = 1e-5)
    skip_if_not_installed("mvtnorm")
    set.seed(1)
    for (q in c(1.5, 2, 2.5)) {
        theirs <- mvtnorm::pmvnorm(rep(-q, 4), rep(q, 4), corr = r, algorithm = mvtnorm::GenzBretz(1e6, 1e-7, 0))
        expect_equal(1 - box_p(r, q, TRUE), theirs[[1]], tolerance = 1e-5)
        theirs <- mvtnorm::pmvnorm(rep(-Inf, 4), rep(q, 4), corr = r, algorithm = mvtnorm::GenzBretz(1e6, 1e-7, 0))
        expect_equal(1 - box_p(r, q, FALSE), theirs[[1]], tolerance = 1e-5)
    }
})

test_that("exact: all permutations, each standardised anew", {
    set.seed(6)
    d <- data.frame(time = sample(6, 9, TRUE), status = rbinom(9, 1, 0.8), group = rep(1:2, c(4, 5)))
    largest <- function(group, sign = NA) {
        z <- vapply(1:4, function(w) {
            test <- glance(logrank_test(Surv(d$time, d$status), group = group, rho = c(0, 1, 0, 1)[w], gamma = c(0, 0, 1, 1)[w],
                                        method = "asymptotic"))
            if (is.na(test$z)) 0 else test$z
        }, 0)
        max(if (is.na(sign)) abs(z) else sign * z)
    }
    sides <- list(two.sided = NA, greater = 1, less = -1)
    for (alternative in names(sides)) {
        all <- combn(9, 5, function(rows) largest(1 + (1:9 %in% rows), sides[[alternative]]))
        test <- suppressWarnings(maxcombo_test(Surv(time, status) ~ group, d, alternative = alternative))
        expect_identical(glance(test)$method, "exact")
        expect_equal(test$p.value, mean(all >= largest(d$group, sides[[alternative]]) - 1e-9), tolerance = 1e-12)
    }
    random <- suppressWarnings(maxcombo_test(Surv(time, status) ~ group, d, method = "permutation", seed = 2, resamples = 20000))
    exact <- suppressWarnings(maxcombo_test(Surv(time, status) ~ group, d))
    expect_equal(random$p.value, exact$p.value, tolerance = 0.1)
    expect_true(glance(random)$p.low <= random$p.value && random$p.value <= glance(random)$p.high)
})

test_that("strata, weights, trend, and what it refuses", {
    d <- transform(survival::lung, three = cut(age, 3, labels = FALSE))
    test <- maxcombo_test(Surv(time, status) ~ sex + strata(three), d, rho.gamma = list(c(0, 0), c(0, 1)), method = "asymptotic")
    expect_equal(tidy(test)$statistic[1],
                 glance(logrank_test(Surv(time, status) ~ sex + strata(three), d, method = "asymptotic"))$z)
    trend <- maxcombo_test(Surv(time, status) ~ three, d, trend = TRUE, method = "asymptotic", rho.gamma = cbind(0, 0))
    expect_equal(trend$p.value, logrank_test(Surv(time, status) ~ three, d, trend = TRUE, method = "asymptotic")$p.value)
    expect_identical(glance(maxcombo_test(Surv(time / 2, time, status) ~ sex, d))$method, "asymptotic")
    doubled <- maxcombo_test(Surv(c(1, 2, 3, 4), c(1, 1, 1, 0)), group = c(1, 2, 2, 1), weights = c(2, 1, 3, 1))
    expect_equal(doubled$p.value, maxcombo_test(Surv(c(1, 1, 2, 3, 3, 3, 4), c(1, 1, 1, 1, 1, 1, 0)),
                                                group = c(1, 1, 2, 2, 2, 2, 1))$p.value)
    none <- maxcombo_test(Surv(1:4, rep(0, 4)), group = c(1, 2, 1, 2))
    expect_true(is.na(none$p.value))
    expect_match(none$notes, "no event", all = FALSE)
    fault <- function(code, argument) expect_identical(tryCatch(code, osseosurv_invalid = function(e) e$argument), argument)
    fault(maxcombo_test(Surv(time, status) ~ three, d), "trend")
    fault(maxcombo_test(Surv(time, status) ~ sex, d, rho.gamma = list(1, 2)), "rho.gamma")
    fault(maxcombo_test(Surv(time, status) ~ sex, d, rho.gamma = cbind(-1, 0)), "rho.gamma")
    fault(maxcombo_test(Surv(time / 2, time, status) ~ sex, d, method = "exact"), "method")
    fault(maxcombo_test(Surv(time, status) ~ sex, d, method = "exact"), "method")
})
