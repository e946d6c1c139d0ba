# Melded interval of the difference at one time, two arms.
source("bench/harness.R")

trial_of <- function(n) {
    set.seed(n %% 1e4)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    data.frame(time = pmin(event, censor), status = as.integer(event <= censor), arm = rep_len(0:1, n))
}

figures <- function(result) {
    if (inherits(result, "survival_difference")) return(unlist(tidy(result)[c("estimate", "conf.low", "conf.high")], use.names = FALSE))
    unname(c(result$estimate, result$conf.int))
}

against <- function(n, left_out) {
    d <- trial_of(n)
    alternatives <- list(osseosurv = function() survival_difference(Surv(time, status) ~ arm, d, time = 12))
    if (nzchar(system.file(package = "bpcp"))) {
        alternatives$bpcp <- function() bpcp::bpcp2samp(d$time, d$status, d$arm, 12)
    }
    # The limits of bpcp are good to the tolerance of its root search.
    compare("survival-difference", "melded, two arms", n, alternatives[setdiff(names(alternatives), left_out)],
            tolerance = 5e-4, values = figures, runs = 3L, least = 0.2)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(22, 200, 2e3, 1e4, 1e6, 1e7)
grow(sizes[sizes <= largest], against)
save_results("survival-difference")
