# Coverage of kaplan_meier(cluster = ) with few clusters. Writes cluster-coverage.csv.
#
#     Rscript inst/validation/cluster-coverage.R [samples]
#
# Two rows a cluster (as two interfaces of one bone), or one to four; within it event times are exponential and share a
# gamma frailty (variance 1), or are independent. log-log limits; each correction with the normal quantile and with
# t(G - 1). Counted are the samples with an interval.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 2000L
clusters <- c(8, 11, 20, 60)
censoring <- list(none = function(n) rep(Inf, n), uniform = function(n) runif(n, 0, 3),
                  staggered = function(n) runif(n, 1, 2))
truth <- c(0.9, 0.75, 0.5, 0.25)

set.seed(1994)
rows <- list()
for (name in names(censoring)) for (g in clusters) for (size in c("2", "1-4")) for (variance in c(0, 1)) {
    members <- if (size == "2") rep(2L, g * n_samples) else sample(4L, g * n_samples, TRUE)
    cluster <- rep(seq_len(g * n_samples), members)
    sample_of <- (cluster - 1L) %/% g + 1L
    frailty <- if (variance > 0) rgamma(g * n_samples, 1 / variance, 1 / variance)[cluster] else 1
    event <- rexp(length(cluster)) / frailty
    limit <- censoring[[name]](length(cluster))
    times <- if (variance > 0) (truth^-variance - 1) / variance else -log(truth)
    for (correction in c("none", "CR1", "CR3")) {
        fit <- kaplan_meier(Surv(pmin(event, limit), as.integer(event <= limit)), group = sample_of, cluster = cluster,
                            cluster.correction = correction)
        curve <- tidy(fit)
        last <- cumsum(fit$size)
        group <- rep(seq_along(fit$size), fit$size)
        for (k in seq_along(times)) {
            at <- last - fit$size + tabulate(group[curve$time <= times[k]], length(fit$size))
            at[times[k] > curve$time[last]] <- NA
            s <- curve$estimate[at]
            reach <- curve$std.error[at] / (s * abs(log(s)))
            given <- is.finite(reach) & reach > 0
            for (quantile in c("normal", "t")) {
                z <- if (quantile == "t") qt(0.975, g - 1) else qnorm(0.975)
                error <- (log(-log(s)) - log(-log(truth[k]))) / reach
                rows[[length(rows) + 1]] <- data.frame(
                    censoring = name, clusters = g, size = size, frailty = variance, survival = truth[k],
                    correction = correction, quantile = quantile, given = sum(given),
                    coverage = mean(abs(error[given]) <= z))
            }
        }
    }
}
rows <- do.call(rbind, rows)
rows$coverage <- signif(rows$coverage, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "cluster-coverage.csv"), row.names = FALSE, quote = 1)
judged <- rows[rows$given >= 0.5 * n_samples, ]
for (f in c(min, mean)) {
    print(stats::xtabs(round(100 * coverage, 1) ~ paste(correction, quantile) + clusters,
                       aggregate(coverage ~ correction + quantile + clusters, judged, f)))
}
