# Coverage of the intervals of meta_analysis() and predictive_check() in few, small, sparse studies.
#   Rscript inst/validation/meta-analysis.R        writes meta-analysis.csv beside it (about two minutes)
#
# k studies of 9 to 20 patients; the logits of the true risks are normal around a centre with standard deviation tau, so
# that the beta-binomial and the normal-normal model are both approximations when tau > 0. The mean risk is fixed. Each
# interval is held against what it estimates: beta-binomial and exact the mean risk, REML the median risk; prediction
# intervals against the number of events among 11 new patients from a new population. One-sided misses are given apart.
library(osseosurv)

samples <- as.integer(Sys.getenv("OSSEOSURV_SAMPLES", "400"))
sizes <- c(11, 14, 9, 20, 12)
methods <- list(`beta-binomial, t` = list("beta-binomial", "t"), `beta-binomial, profile` = list("beta-binomial", "profile"),
                `exact` = list("exact", "auto"), `reml, hksj` = list("reml", "hksj"))

analyse <- function(x, n) {
    rows <- lapply(methods, function(m) {
        fit <- meta_analysis(x, n, method = m[[1]], test = m[[2]])
        check <- predictive_check(0, 11, meta = fit)
        c(fit$table$conf.low, fit$table$conf.high, check$conf.low, check$conf.high)
    })
    do.call(rbind, rows)
}

# Centre of the logits that gives the wanted mean.
centre_for <- function(mean, tau) {
    if (tau == 0) return(qlogis(mean))
    uniroot(function(m) integrate(function(z) dnorm(z) * plogis(m + tau * z), -8, 8)$value - mean, c(-12, 5), tol = 1e-10)$root
}

set.seed(20240611)
out <- list()
for (k in c(3, 5, 10)) for (mean in c(0.02, 0.1, 0.2)) for (tau in c(0, 0.5, 1)) {
    n <- rep_len(sizes, k)
    centre <- centre_for(mean, tau)
    seen <- new.env()
    limits <- array(NA_real_, c(samples, length(methods), 4))
    new <- numeric(samples)
    for (s in seq_len(samples)) {
        x <- rbinom(k, n, plogis(centre + tau * rnorm(k)))
        new[s] <- rbinom(1, 11, plogis(centre + tau * rnorm(1)))
        # Samples of sparse data repeat; the order of studies of one size is immaterial.
        key <- paste(unlist(lapply(split(x, n), sort)), collapse = " ")
        if (is.null(seen[[key]])) assign(key, analyse(x, n), seen)
        limits[s, , ] <- seen[[key]]
    }
    for (j in seq_along(methods)) {
        target <- if (methods[[j]][[1]] == "reml") plogis(centre) else mean
        l <- limits[, j, ]
        out[[length(out) + 1]] <- data.frame(
            k = k, mean = mean, tau = tau, method = names(methods)[j], samples = samples,
            below = mean(target < l[, 1]), above = mean(target > l[, 2]), width = mean(l[, 2] - l[, 1]),
            pred.below = mean(new < l[, 3]), pred.above = mean(new > l[, 4]), pred.width = mean(l[, 4] - l[, 3]))
    }
}
out <- do.call(rbind, out)
out$coverage <- 1 - out$below - out$above
out$pred.coverage <- 1 - out$pred.below - out$pred.above
numbers <- vapply(out, is.double, NA)
out[numbers] <- lapply(out[numbers], round, 4)
arguments <- commandArgs(FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)[1]))
write.csv(out, file.path(here, "meta-analysis.csv"), row.names = FALSE, quote = TRUE)
print(aggregate(cbind(coverage, pred.coverage, width, pred.width) ~ method + k, out, function(v) round(c(min(v), mean(v)), 3)))
