# Gray's test, formula in, statistics and p of both causes out. cuminc gives the curves as well, which cannot be left out.
source("bench/harness.R")

cohort_of <- function(n, whole, groups) {
    set.seed(n %% 1e4 + groups)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    time <- pmin(event, censor)
    cause <- ifelse(event > censor, 0L, 1L + (runif(n) < 0.4))
    data.frame(time = if (whole) ceiling(time) else time, cause = cause, state = factor(cause, 0:2),
               group = sample(rep_len(seq_len(groups), n)))
}

# Where a cause did not happen ours is NA, and theirs leaves it out.
checked <- function(result) {
    statistic <- if (inherits(result, "cuminc")) unname(result$Tests[, "stat"]) else tidy(result)$statistic
    statistic[!is.na(statistic) & statistic != -1]
}

test <- function(n, whole, groups, left_out) {
    d <- cohort_of(n, whole, groups)
    response <- Surv(d$time, d$state)
    alternatives <- list(
        osseosurv = function() gray_test(Surv(time, state) ~ group, d, method = "asymptotic"),
        `osseosurv:vector` = function() gray_test(response, group = d$group, method = "asymptotic"))
    if (n < 1000) alternatives$`osseosurv:auto` <- function() gray_test(response, group = d$group)
    if (nzchar(system.file(package = "cmprsk"))) alternatives$cmprsk <- function() cmprsk::cuminc(d$time, d$cause, d$group)
    case <- sprintf("%s, %d groups", if (whole) "whole months" else "continuous", groups)
    # cmprsk does not tie neighbours within 1.5e-8 of the mean time, of which a million rows have some.
    compare("gray", case, n, alternatives[setdiff(names(alternatives), left_out)], tolerance = if (whole) 1e-8 else 1e-5,
            values = checked, runs = 3L, least = 0.1, unchecked = if (whole && n > 1e5) "cmprsk" else character(),
            why = "cmprsk multiplies events by rows at risk as integers, which overflows")
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(20, 100, 1e3, 1e4, 1e5, 1e6, 1e7)
for (whole in c(FALSE, TRUE)) grow(sizes[sizes <= largest], function(n, left_out) test(n, whole, 3, left_out))
if (largest >= 1e5) test(1e5, FALSE, 10, character())

# Permutation has no peer: 10,000 resamples on the threads that OMP_NUM_THREADS gives.
for (n in c(20, 60, 200)) {
    d <- cohort_of(n, FALSE, 2)
    compare("gray", "10,000 permutations, 2 groups", n, list(
        osseosurv = function() tidy(gray_test(Surv(time, state) ~ group, d, method = "permutation", seed = 1))$p.value))
}

save_results("gray")
