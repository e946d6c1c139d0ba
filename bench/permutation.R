# The permutation law of log-rank scores: exact, enclosed, and sampled, against coin and perm.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))
permutation <- getFromNamespace("permutation_test", "osseosurv")

# Scores status minus Nelson-Aalen, no effect of the group.
scores_of <- function(n, share, seed = n) {
    set.seed(seed)
    time <- rexp(n)
    status <- rbinom(n, 1, 0.7)
    sorted <- order(time)
    hazard <- numeric(n)
    hazard[sorted] <- cumsum(status[sorted] / (n:1))
    group <- rep(1L, n)
    group[sample.int(n, round(share * n))] <- 2L
    list(a = status - hazard, g = group, f = factor(group))
}

p_of <- function(result) if (is.list(result)) result$p.value else result

for (n in c(11, 20, 30, 40, 44)) {
    d <- scores_of(n, 0.5)
    alternatives <- list(osseosurv = function() permutation(d$a, d$g, method = "exact", two.sided = "absolute"))
    # At n = 40 coin's split-up algorithm needs minutes for real scores.
    if (installed("coin") && n <= 30) {
        alternatives$coin <- function() c(coin::pvalue(coin::independence_test(d$a ~ d$f, distribution = "exact")))
    }
    # perm counts all subsets, or walks a network that grows as they do.
    if (installed("perm") && n <= 20) {
        alternatives$perm <- function() perm::permTS(d$a ~ d$f, exact = TRUE, method = "exact.network")$p.value
    }
    # coin takes sums within 1.5e-8 as equal.
    compare("permutation", "exact, real scores", n, alternatives, tolerance = 1e-7, values = p_of, runs = 3L, least = 0.1,
            unchecked = "perm", why = "perm's two-sided p is another")
}

for (n in c(60, 100)) {
    d <- scores_of(n, 0.5)
    result <- permutation(d$a, d$g, method = "exact")
    cat(sprintf("n = %d: p %.8f, enclosed within %.2g\n", n, result$p.value, result$p.high - result$p.low))
    compare("permutation", "exact, enclosed", n,
            list(osseosurv = function() permutation(d$a, d$g, method = "exact")), values = p_of, runs = 3L, least = 0.1)
}

for (n in c(200, 1e4)) for (share in c(0.5, 0.1)) {
    d <- scores_of(n, share)
    case <- sprintf("1e5 resamples, second group %g%%", 100 * share)
    alternatives <- list(osseosurv = function() permutation(d$a, d$g, method = "permutation", two.sided = "absolute"))
    if (installed("coin")) {
        alternatives$coin <- function() {
            c(coin::pvalue(coin::independence_test(d$a ~ d$f, distribution = coin::approximate(nresample = 1e5))))
        }
    }
    for (workers in 1:2) {
        options(osseosurv.threads = workers)
        # Two Monte Carlo errors apart at most, each 0.0016.
        compare("permutation", sprintf("%s, %d thread%s", case, workers, if (workers > 1) "s" else ""), n, alternatives,
                tolerance = 0.01, values = p_of, runs = 3L, least = 0.1, most = 5L)
    }
}
options(osseosurv.threads = NULL)

save_results("permutation")
