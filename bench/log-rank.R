# Log-rank tests: asymptotic at growing n, exact, and by random permutation.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))
have_coin <- installed("coin")

cohort_of <- function(n, whole, groups, share = 0.5) {
    set.seed(n %% 1e4 + groups)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    time <- pmin(event, censor)
    group <- if (groups == 2) rep.int(1:2, c(n - round(n * share), round(n * share))) else rep_len(seq_len(groups), n)
    data.frame(time = if (whole) ceiling(time) else time, status = as.integer(event <= censor), group = factor(group))
}

chi_square <- function(result) {
    if (inherits(result, "logrank_test")) return(glance(result)$statistic)
    if (inherits(result, "survdiff")) return(result$chisq)
    as.numeric(coin::statistic(result))^2
}

asymptotic <- function(n, whole, groups, left_out) {
    d <- cohort_of(n, whole, groups)
    alternatives <- list(
        osseosurv = function() logrank_test(Surv(time, status) ~ group, d, method = "asymptotic"),
        "survival:survdiff" = function() survival::survdiff(survival::Surv(time, status) ~ group, d))
    # Its scores take minutes from 1e5 rows on.
    if (have_coin && groups == 2 && n <= 1e4) {
        alternatives$coin <- function() coin::logrank_test(survival::Surv(time, status) ~ group, d)
    }
    compare("log-rank", sprintf("asymptotic, %s, %d groups", if (whole) "whole months" else "continuous", groups), n,
            alternatives[setdiff(names(alternatives), left_out)], tolerance = 1e-6, values = chi_square,
            unchecked = "coin", why = "permutation variance", runs = if (n >= 1e6) 3L else 5L, least = 0.2)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(11, 1e3, 1e5, 1e6, 1e7)
sizes <- sizes[sizes <= largest]
for (groups in c(2, 10)) for (whole in c(FALSE, TRUE)) {
    grow(sizes[sizes >= 100 * groups | groups == 2], function(n, left_out) asymptotic(n, whole, groups, left_out))
}

# A Surv object instead of a formula, against the arithmetic alone.
d <- cohort_of(11, FALSE, 2)
object <- Surv(d$time, d$status)
compare("log-rank", "asymptotic, Surv object", 11, list(
    osseosurv = function() logrank_test(object, group = d$group, method = "asymptotic"),
    "survival:survdiff" = function() survival::survdiff(object ~ d$group)), tolerance = 1e-9, values = chi_square)

# Each by its own scores and two-sided rule, so that p differs a little.
p_value <- function(result) if (inherits(result, "logrank_test")) result$p.value else as.numeric(coin::pvalue(result))
quiet <- function(code) suppressWarnings(code, classes = "osseosurv_unequal_followup")
for (n in c(11, 20, 40, 60, 100)) {
    d <- cohort_of(n, FALSE, 2)
    alternatives <- list(osseosurv = function() quiet(logrank_test(Surv(time, status) ~ group, d, method = "exact")))
    # Beyond 20 rows its enumeration of real scores takes minutes.
    if (have_coin && n <= 20) {
        alternatives$coin <- function() coin::logrank_test(survival::Surv(time, status) ~ group, d, distribution = "exact")
    }
    # Where the deals are too many to count there is no exact p to time.
    if (inherits(try(alternatives$osseosurv(), silent = TRUE), "try-error")) next
    compare("log-rank", "exact", n, alternatives, values = p_value, unchecked = "coin", why = "other two-sided rule",
            runs = 3L, least = 0.1)
}
for (n in c(200, 1e4)) for (share in c(0.5, 0.1)) {
    d <- cohort_of(n, FALSE, 2, share)
    alternatives <- list(osseosurv = function() {
        quiet(logrank_test(Surv(time, status) ~ group, d, method = "permutation", resamples = 1e5, seed = 1))
    })
    if (have_coin) {
        alternatives$coin <- function() coin::logrank_test(survival::Surv(time, status) ~ group, d,
                                                           distribution = coin::approximate(1e5))
    }
    compare("log-rank", sprintf("1e5 permutations, %g%% in the later group", 100 * share), n, alternatives, tolerance = 0.02,
            values = p_value, unchecked = "coin", why = "other two-sided rule", runs = 3L, least = 0.1)
}
d <- cohort_of(60, FALSE, 2)
compare("log-rank", "unequal follow-up, 1e4 replicates", 60, list(
    osseosurv = function() logrank_test(Surv(time, status) ~ group, d, method = "unequal-followup", resamples = 1e4, seed = 1)))
compare("log-rank", "max-combo, asymptotic", 60, list(
    osseosurv = function() maxcombo_test(Surv(time, status) ~ group, d, method = "asymptotic")))

save_results("log-rank")
