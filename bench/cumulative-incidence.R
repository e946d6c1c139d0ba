# Cumulative incidence of two causes: formula in, whole curves with intervals out, at growing n.
# cuminc gives estimate and variance but no interval, and another variance; prodlim and survfit the interval.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))
if (installed("prodlim")) suppressMessages(library(prodlim))

cohort_of <- function(n, whole, groups) {
    set.seed(n %% 1e4 + groups)
    event <- rexp(n, 0.05)
    censor <- runif(n, 0, 60)
    time <- pmin(event, censor)
    cause <- ifelse(event > censor, 0L, 1L + (runif(n) < 0.4))
    data.frame(time = if (whole) ceiling(time) else time, cause = cause, state = factor(cause, 0:2),
               group = sample.int(groups, n, TRUE), id = seq_len(n))
}

at_times <- NULL
within_followup <- function(d) {
    times <- c(1, 3, 6, 12, 24, 36, 48)
    times[times <= min(tapply(d$time, d$group, max))]
}
checked <- function(result) {
    if (inherits(result, "cumulative_incidence")) {
        at <- incidence_at(result, at_times)
        return(at$estimate[order(at$cause, match(at$strata, unique(at$strata)), at$time)])
    }
    if (inherits(result, "survfit")) return(as.vector(summary(result, times = at_times)$pstate[, 2:3]))
    if (inherits(result, "prodlim")) {
        return(unlist(lapply(1:2, function(j) unlist(predict(result, newdata = result$X, cause = j, times = at_times)))))
    }
    as.vector(t(cmprsk::timepoints(result, at_times)$est))
}

curve <- function(n, whole, groups, left_out, type = "log-log", threads = 1L) {
    d <- cohort_of(n, whole, groups)
    at_times <<- within_followup(d)
    ours <- if (groups > 1) Surv(time, state) ~ group else Surv(time, state) ~ 1
    alternatives <- list(osseosurv = function() cumulative_incidence(ours, d, conf.type = type))
    if (installed("cmprsk")) {
        alternatives$cmprsk <- if (groups > 1) function() cmprsk::cuminc(d$time, d$cause, d$group)
                               else function() cmprsk::cuminc(d$time, d$cause)
    }
    if (groups == 1) {
        if (installed("prodlim")) alternatives$prodlim <- function() prodlim::prodlim(prodlim::Hist(time, cause) ~ 1, d)
        alternatives[["survival:survfit"]] <-
            function() survival::survfit(survival::Surv(time, state) ~ 1, d, id = id, conf.type = "log-log")
    }
    # survfit keeps an n x states matrix through all times.
    if (n > 2e4 && !whole || n > 1e5) left_out <- c(left_out, "survival:survfit")
    case <- sprintf("%s, %s, %d group%s", type, if (whole) "whole months" else "continuous", groups, if (groups > 1) "s" else "")
    # cmprsk and prodlim do not tie neighbours within 1.5e-8 of the mean time, of which a million rows have some.
    compare("cumulative-incidence", case, n, alternatives[setdiff(names(alternatives), left_out)],
            tolerance = if (whole) 1e-10 else 1e-7, values = checked, runs = 3L, least = 0.1, threads = threads)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(11, 1e3, 1e4, 1e5, 1e6, 1e7)
sizes <- sizes[sizes <= largest]
for (whole in c(FALSE, TRUE)) grow(sizes, function(n, left_out) curve(n, whole, 1, left_out))
for (n in c(1e4, 1e6)) if (n <= largest) curve(n, FALSE, 10, character())
for (n in c(11, 1e3, 1e5, 1e6)) if (n <= largest) curve(n, FALSE, 1, "survival:survfit", "exact")
for (type in c("log-log", "exact")) if (largest >= 1e6) curve(1e6, FALSE, 1, "survival:survfit", type, threads = 2L)

save_results("cumulative-incidence")
