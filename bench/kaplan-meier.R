# Kaplan-Meier with an interval: formula in, whole curve out, at growing n; then the beta product.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))
have_prodlim <- installed("prodlim")
if (have_prodlim) suppressMessages(library(prodlim))

cohort_of <- function(n, whole, groups) {
    set.seed(n %% 1e4 + groups)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    time <- pmin(event, censor)
    data.frame(time = if (whole) ceiling(time) else time, status = as.integer(event <= censor),
               group = sample.int(groups, n, TRUE))
}

# What order() and cumsum() give with no interval, no ties and no groups: the least one can do in R.
plain_r <- function(d) {
    sorted <- order(d$time, method = "radix")
    list(time = d$time[sorted], survival = cumprod(1 - d$status[sorted] / (nrow(d):1)))
}
plain_counts <- function(d) {
    top <- as.integer(max(d$time))
    events <- tabulate(d$time[d$status == 1], top)
    leaving <- tabulate(d$time, top)
    at_risk <- nrow(d) - c(0, cumsum(leaving)[-top])
    list(time = seq_len(top), survival = cumprod(1 - events / pmax(at_risk, 1)))
}

# Survival at times that all groups reach, by group.
at_times <- NULL
within_followup <- function(d) {
    times <- c(1, 3, 6, 12, 24, 36, 48)
    times[times <= min(tapply(d$time, d$group, max))]
}
checked <- function(result) {
    if (inherits(result, "kaplan_meier")) {
        at <- survival_at(result, at_times)
        return(at[order(match(at$strata, unique(at$strata)), at$time), "estimate"])
    }
    if (inherits(result, "survfit")) return(summary(result, times = at_times)$surv)
    if (inherits(result, "prodlim")) {
        groups <- if (is.null(result$X)) NULL else result$X
        return(as.vector(unlist(predict(result, newdata = groups, times = at_times, level.chaos = 1))))
    }
    c(1, result$survival)[findInterval(at_times, result$time) + 1L]
}

curve <- function(n, whole, groups, left_out, threads = 1L) {
    d <- cohort_of(n, whole, groups)
    at_times <<- within_followup(d)
    ours <- if (groups > 1) Surv(time, status) ~ group else Surv(time, status) ~ 1
    theirs <- if (groups > 1) survival::Surv(time, status) ~ group else survival::Surv(time, status) ~ 1
    alternatives <- list(
        osseosurv = function() kaplan_meier(ours, d, conf.type = "log-log"),
        "survival:survfit" = function() survival::survfit(theirs, d, conf.type = "log-log"))
    if (have_prodlim) {
        history <- if (groups > 1) prodlim::Hist(time, status) ~ group else prodlim::Hist(time, status) ~ 1
        alternatives$prodlim <- function() prodlim::prodlim(history, d)
    }
    if (groups == 1) alternatives[["base:plain"]] <- function() if (whole) plain_counts(d) else plain_r(d)
    case <- sprintf("log-log, %s, %d group%s", if (whole) "whole months" else "continuous", groups, if (groups > 1) "s" else "")
    # prodlim and plain R do not tie neighbours within 1.5e-8 of the mean time, of which a million rows have some.
    compare("kaplan-meier", case, n, alternatives[setdiff(names(alternatives), left_out)],
            tolerance = if (whole) 1e-10 else 1e-7, values = checked, runs = if (n >= 1e6) 3L else 5L, least = 0.2, threads = threads)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(11, 1e3, 1e5, 1e6, 1e7)
sizes <- sizes[sizes <= largest]
for (groups in c(1, 10)) for (whole in c(FALSE, TRUE)) {
    # survfit needs minutes and most of the memory at 1e7.
    grow(sizes[sizes >= 100 * groups | groups == 1],
         function(n, left_out) curve(n, whole, groups, c(left_out, if (n > 1e6) "survival:survfit")))
}
for (n in sizes[sizes >= 1e6]) for (whole in c(FALSE, TRUE)) curve(n, whole, 1, "survival:survfit", threads = 2L)

# A Surv object instead of a formula, against the arithmetic alone.
d <- cohort_of(11, FALSE, 1)
at_times <- within_followup(d)
object <- Surv(d$time, d$status)
compare("kaplan-meier", "beta product, Surv object", 11, list(
    osseosurv = function() kaplan_meier(object),
    "survival:survfit" = function() survival::survfit(object ~ 1)), tolerance = 1e-12, values = checked)

limits <- function(result) {
    if (inherits(result, "kaplan_meier")) return(with(tidy(result)[-1, ], c(conf.low, conf.high)))
    row <- findInterval(sort(unique(d$time)) + 1e-9, result$L) # bpcp rounds its times
    c(result$lower[row], result$upper[row])
}
if (installed("bpcp")) {
    # bpcp needs half a minute at 2e4.
    for (n in c(11, 100, 1000, 4000, if (largest >= 2e4) 2e4)) {
        d <- cohort_of(n, FALSE, 1)
        compare("kaplan-meier", "beta product", n, list(
            osseosurv = function() kaplan_meier(Surv(time, status) ~ 1, d),
            bpcp = function() bpcp::bpcp(d$time, d$status, Delta = 0)), tolerance = 1e-7, values = limits, runs = 3L, least = 0.1)
    }
    for (n in c(11, 100, 1000)) {
        d <- cohort_of(n, FALSE, 1)
        compare("kaplan-meier", "beta product, mid-p", n, list(
            osseosurv = function() kaplan_meier(Surv(time, status) ~ 1, d, conf.type = "beta-product-mid-p"),
            bpcp = function() bpcp::bpcp(d$time, d$status, Delta = 0, midp = TRUE)), tolerance = 1e-3, values = limits,
            runs = 3L, least = 0.1)
    }
}
d <- cohort_of(1e6, FALSE, 1)
at_times <- within_followup(d)
for (threads in 1:2) compare("kaplan-meier", "beta product against log-log", 1e6, list(
    osseosurv = function() kaplan_meier(Surv(time, status) ~ 1, d),
    "survival:survfit" = function() survival::survfit(survival::Surv(time, status) ~ 1, d, conf.type = "log-log")),
    tolerance = 1e-10, values = checked, runs = 3L, least = 0.1, threads = threads)

save_results("kaplan-meier")
