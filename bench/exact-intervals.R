# Intervals for counts: one call for a vector of rows. Base R's qbeta() and qgamma() are vectorised
# C; exactci takes one row a call.
source("bench/harness.R")

limits <- function(result) cbind(result$conf.low, result$conf.high)
installed <- function(package) nzchar(system.file(package = package))

set.seed(20)
for (size in c(1, 1e2, 1e4, 1e6)) {
    n <- sample(5:200, size, replace = TRUE)
    x <- rbinom(size, n, 0.3)
    compare("exact-intervals", "Clopper-Pearson, n to 200", size, list(
        osseosurv = function() limits(proportion_ci(x, n)),
        "base:qbeta" = function() cbind(qbeta(0.025, x, n - x + 1), qbeta(0.975, x + 1, n - x))),
        tolerance = 1e-12)
    time <- runif(size, 1, 50)
    compare("exact-intervals", "Garwood, counts to 100", size, list(
        osseosurv = function() limits(rate_ci(x, time)),
        "base:qgamma" = function() cbind(qgamma(0.025, x), qgamma(0.975, x + 1)) / time),
        tolerance = 1e-10)
}

big <- round(10^runif(1e4, 4, 8))
few <- rbinom(1e4, big, 0.05)
compare("exact-intervals", "Clopper-Pearson, n to 1e8", 1e4, list(
    osseosurv = function() limits(proportion_ci(few, big)),
    "base:qbeta" = function() cbind(qbeta(0.025, few, big - few + 1), qbeta(0.975, few + 1, big - few))),
    tolerance = 1e-11)

if (installed("exactci")) {
    rows <- function(f) t(vapply(seq_along(x), f, c(0, 0)))
    for (size in c(11, 1000)) {
        n <- sample(5:200, size, replace = TRUE)
        x <- rbinom(size, n, 0.3)
        compare("exact-intervals", "Clopper-Pearson by exactci", size, list(
            osseosurv = function() limits(proportion_ci(x, n)),
            exactci = function() rows(function(i) exactci::binom.exact(x[i], n[i])$conf.int)))
        compare("exact-intervals", "mid-p", size, list(
            osseosurv = function() limits(proportion_ci(x, n, "mid-p")),
            exactci = function() rows(function(i) exactci::binom.exact(x[i], n[i], midp = TRUE)$conf.int)),
            tolerance = 2e-4)
        compare("exact-intervals", "Blaker, proportion", size, list(
            osseosurv = function() limits(proportion_ci(x, n, "blaker")),
            exactci = function() rows(function(i) exactci::binom.exact(x[i], n[i], tsmethod = "blaker")$conf.int)),
            tolerance = 1e-4, runs = 3)
        compare("exact-intervals", "Blaker, rate", size, list(
            osseosurv = function() limits(rate_ci(x, 1, "blaker")),
            exactci = function() rows(function(i) exactci::poisson.exact(x[i], tsmethod = "blaker")$conf.int)),
            tolerance = 1e-4, runs = 3)
    }
}
for (size in c(1e2, 1e4)) {
    n <- sample(5:60, size, replace = TRUE)
    x <- rbinom(size, n, 0.3)
    compare("exact-intervals", "Blaker, alone", size, list(
        osseosurv = function() limits(proportion_ci(x, n, "blaker"))))
    compare("exact-intervals", "Miettinen-Nurminen, alone", size, list(
        osseosurv = function() limits(proportion_difference(x, n, rev(x), rev(n)))))
}
compare("exact-intervals", "Chan-Zhang, 11 against 9, alone", 1, list(
    osseosurv = function() limits(proportion_difference(10, 11, 5, 9, "exact"))))
compare("exact-intervals", "Chan-Zhang, 60 against 50, alone", 1, list(
    osseosurv = function() limits(proportion_difference(40, 60, 25, 50, "exact"))))

save_results("exact-intervals")
