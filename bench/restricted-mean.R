# Restricted means of two arms with their difference, at growing n; then the permutation.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))

trial_of <- function(n) {
    set.seed(n %% 1e4)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    data.frame(time = pmin(event, censor), status = as.integer(event <= censor), arm = rep_len(0:1, n))
}

figures <- function(result) {
    if (inherits(result, "rmst")) return(unlist(tidy(result)[3, c("estimate", "conf.low", "conf.high")], use.names = FALSE))
    unname(result$unadjusted.result[1, 1:3])
}

against <- function(n, left_out) {
    d <- trial_of(n)
    tau <- min(40, 0.9 * tapply(d$time, d$arm, max))
    alternatives <- list(osseosurv = function() rmst(Surv(time, status) ~ arm, d, tau = tau, conf.method = "asymptotic"))
    if (installed("survRM2")) alternatives$survRM2 <- function() survRM2::rmst2(d$time, d$status, d$arm, tau)
    # survRM2 ties no neighbours.
    compare("restricted-mean", "two arms, asymptotic", n, alternatives[setdiff(names(alternatives), left_out)],
            tolerance = 1e-6, values = figures, runs = if (n >= 1e6) 3L else 5L, least = 0.2)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(22, 1e3, 1e5, 1e6, 1e7)
if (installed("survRM2")) suppressMessages(library(survRM2))
grow(sizes[sizes <= largest], against)

for (n in c(40, 1e3)) {
    d <- trial_of(n)
    compare("restricted-mean", "two arms, beta product against 1e4 permutations", n, list(
        osseosurv = function() rmst(Surv(time, status) ~ arm, d, tau = 25),
        "osseosurv:permutation" = function() rmst(Surv(time, status) ~ arm, d, tau = 25, conf.method = "permutation", seed = 1)),
        tolerance = 1e-10, values = function(x) tidy(x)$estimate, runs = 3L, least = 0.1)
}

save_results("restricted-mean")
