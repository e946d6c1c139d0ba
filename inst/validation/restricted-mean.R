# Coverage and type I error of rmst() in small samples. Writes restricted-mean.csv.
#
#     Rscript inst/validation/restricted-mean.R [samples]
#
# All samples of a setting are strata of one call. Exponential times, mean up to 0.8 of the first group's
# mean survival (0.24 of it where failures are rare); the second group has the same hazard or 2.5 times it.
# Counted are the samples in which both groups are followed up to there and the method gives an interval.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 2000L
sizes <- list(c(8, 8), c(11, 11), c(20, 20), c(60, 60), c(6, 14))
censoring <- list(
    none = function(n, group) rep(Inf, n),
    uniform = function(n, group) runif(n, 0, 3),
    unequal = function(n, group) ifelse(group == 1, runif(n, 0.8, 1.6), runif(n, 0, 1.6)))
hazards <- list(c(1, 1), c(1, 2.5), c(0.3, 0.3))
tau <- 0.8

set.seed(2020)
rows <- list()
for (size in sizes) for (name in names(censoring)) for (hazard in hazards) {
    group <- rep(rep(1:2, size), n_samples)
    sample_of <- rep(seq_len(n_samples), each = sum(size))
    event <- rexp(length(group), hazard[group])
    censor <- censoring[[name]](length(group), group)
    time <- pmin(event, censor)
    status <- as.integer(event <= censor)
    mean_of <- (1 - exp(-hazard * tau)) / hazard
    true <- c(rmst = mean_of[1], difference = diff(mean_of), ratio = diff(log(mean_of)))
    for (method in c("beta-product", "permutation", "asymptotic")) {
        fit <- tidy(rmst(Surv(time, status), tau = tau, group = group, strata = sample_of, conf.method = method,
                         resamples = 999, seed = 1))
        for (term in names(true)) {
            one <- fit[fit$term == term, ]
            if (term == "rmst") one <- one[rep(1:2, n_samples) == 1, ]
            reached <- !is.na(one$estimate)
            given <- reached & !is.na(one$conf.low)
            rows[[length(rows) + 1]] <- data.frame(
                n = paste(size, collapse = "+"), censoring = name, hazard.1 = hazard[1], hazard.2 = hazard[2], term = term,
                conf.method = method, reached = mean(reached), given = sum(given),
                coverage = mean((one$conf.low <= true[[term]] & true[[term]] <= one$conf.high)[given]),
                true_below = mean((true[[term]] < one$conf.low)[given]),
                true_above = mean((true[[term]] > one$conf.high)[given]),
                rejected = if (hazard[1] == hazard[2] && term != "rmst") mean((one$p.value <= 0.05)[given]) else NA,
                width = mean((one$conf.high - one$conf.low)[given]))
        }
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "restricted-mean.csv"), row.names = FALSE, quote = 1)

# What the help page says.
judged <- rows[rows$given >= n_samples / 10, ]
for (term in unique(rows$term)) for (method in unique(rows$conf.method)) {
    one <- judged[judged$conf.method == method & judged$term == term, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-10s %-12s lowest coverage %.1f%% (%s, %s, hazards %g, %g); errors %.1f%%, %.1f%%; type I error up to %.1f%%; no interval up to %.0f%%\n",
                term, method, 100 * worst$coverage, worst$n, worst$censoring, worst$hazard.1, worst$hazard.2,
                100 * max(one$true_below), 100 * max(one$true_above), 100 * max(0, one$rejected, na.rm = TRUE),
                100 * max(1 - one$given / n_samples / one$reached)))
}
print(aggregate(cbind(coverage, width) ~ conf.method + n, judged[judged$term == "difference", ], mean))
