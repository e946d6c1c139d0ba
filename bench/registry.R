# Registry figures, clustered survival and bands at growing n.
source("bench/harness.R")

registry_of <- function(n, whole, groups = 10) {
    set.seed(n %% 1e4)
    months <- rexp(n, 0.008)
    data.frame(months = if (whole) ceiling(months) else months, revised = rbinom(n, 1, 0.06), stem = sample.int(groups, n, TRUE),
               patient = sample.int(max(2, n %/% 2), n, TRUE))
}

# What a registry's own script does: a rate by stratum, survfit, and the curve read at four times.
by_survfit <- function(d) {
    years <- tapply(d$months, d$stem, sum) / 12
    events <- tapply(d$revised, d$stem, sum)
    fit <- survival::survfit(survival::Surv(months, revised) ~ stem, d, conf.type = "log-log")
    at <- summary(fit, times = c(12, 36, 60, 120), extend = TRUE)
    list(rate = 100 * as.vector(events / years), cpr = 100 * (1 - at$surv))
}
metrics <- function(x) {
    if (is.data.frame(x)) {
        x <- list(rate = x$estimate[x$term == "rate"], cpr = x$estimate[x$term == "cpr"])
    }
    c(x$rate, x$cpr)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(1e4, 1e5, 1e6, 1e7)
for (whole in c(FALSE, TRUE)) {
    grow(sizes[sizes <= largest], function(n, left_out) {
        d <- registry_of(n, whole)
        alternatives <- list(
            osseosurv = function() tidy(registry_metrics(Surv(months, revised) ~ stem, d, conf.type = "log-log", min.at.risk = 0)),
            "osseosurv:beta-product" = function() tidy(registry_metrics(Surv(months, revised) ~ stem, d, min.at.risk = 0)),
            "survival:survfit" = function() by_survfit(d))
        compare("registry", sprintf("metrics, 10 stems, %s", if (whole) "whole months" else "continuous"), n,
                alternatives[setdiff(names(alternatives), left_out)], tolerance = 1e-6, values = metrics, runs = 3L, least = 0.1)
    })
}

at_times <- c(6, 12, 60)
robust <- function(x) if (inherits(x, "kaplan_meier")) survival_at(x, at_times)$std.error else summary(x, times = at_times)$std.err
grow(c(1e2, 1e3, 1e4, sizes[sizes >= 1e5 & sizes <= largest]), function(n, left_out) {
    d <- registry_of(n, TRUE)
    alternatives <- list(
        osseosurv = function() kaplan_meier(Surv(months, revised) ~ 1, d, cluster = ~patient, cluster.correction = "none"),
        "survival:survfit" = function() survival::survfit(survival::Surv(months, revised) ~ 1, d, cluster = patient, robust = TRUE))
    compare("registry", "clustered standard error, whole months", n, alternatives[setdiff(names(alternatives), left_out)],
            tolerance = 1e-8, values = robust, runs = 3L, least = 0.1)
})

if (nzchar(system.file(package = "km.ci"))) {
    for (n in c(11, 100, 1000)) {
        d <- registry_of(n, FALSE)
        ours <- kaplan_meier(Surv(months, revised) ~ 1, transform(d, revised = 1))
        theirs <- survival::survfit(survival::Surv(months, rep(1, n)) ~ 1, d)
        compare("registry", "equal-precision band", n, list(
            osseosurv = function() confidence_band(ours, "equal-precision"),
            km.ci = function() { utils::capture.output(x <- km.ci::km.ci(theirs, method = "logep")); x }),
            unchecked = "km.ci", why = "tabled critical value", values = function(x) 0, runs = 3L, least = 0.1)
    }
}

save_results("registry")
