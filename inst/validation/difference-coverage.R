# Coverage and type I error of survival_difference() in small samples. Writes difference-coverage.csv.
#
#     Rscript inst/validation/difference-coverage.R [samples]
#
# All samples of a setting are strata of one call. The groups have equal or different survival and are
# followed for equal or unequal times; the interval is judged at the time when survival of the first group
# is 0.9, 0.75 or 0.5, among samples in which both groups are followed that far.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 2000L
sizes <- list(c(8, 8), c(11, 11), c(20, 20), c(60, 60), c(6, 14))
censoring <- list(
    none = function(n, group) rep(Inf, n),
    uniform = function(n, group) runif(n, 0, 3),
    unequal = function(n, group) ifelse(group == 1, runif(n, 0.8, 1.6), runif(n, 0, 1.2)))
ratio_of_hazards <- c(1, 2.5)

set.seed(2015)
rows <- list()
for (size in sizes) for (name in names(censoring)) for (hazard in ratio_of_hazards) {
    group <- rep(rep(1:2, size), n_samples)
    sample_of <- rep(seq_len(n_samples), each = sum(size))
    event <- rexp(length(group), ifelse(group == 1, 1, hazard))
    censor <- censoring[[name]](length(group), group)
    time <- pmin(event, censor)
    status <- as.integer(event <= censor)
    for (survival in c(0.9, 0.75, 0.5)) for (conf.type in c("melded", "melded-mid-p", "wald")) {
        t <- -log(survival)
        fit <- tidy(survival_difference(Surv(time, status), time = t, group = group, strata = sample_of,
                                        conf.type = conf.type))
        true <- survival^hazard - survival
        reached <- !is.na(fit$estimate)
        given <- reached & !is.na(fit$conf.low)
        covered <- (fit$conf.low <= true & true <= fit$conf.high)[given]
        rows[[length(rows) + 1]] <- data.frame(
            n = paste(size, collapse = "+"), censoring = name, hazard.ratio = hazard, survival = survival,
            conf.type = conf.type, reached = mean(reached), given = sum(given), coverage = mean(covered),
            true_below = mean((true < fit$conf.low)[given]), true_above = mean((true > fit$conf.high)[given]),
            rejected = if (hazard == 1) mean((fit$p.value <= 0.05)[given]) else NA,
            width = mean((fit$conf.high - fit$conf.low)[given]))
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "difference-coverage.csv"), row.names = FALSE, quote = 1)

# What the help page says.
judged <- rows[rows$given >= n_samples / 10, ]
for (type in unique(rows$conf.type)) {
    one <- judged[judged$conf.type == type, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-13s lowest coverage %.1f%% (%s, %s, hazard ratio %g, S = %.2f); largest type I error %.1f%%; no interval %.0f%%\n",
                type, 100 * worst$coverage, worst$n, worst$censoring, worst$hazard.ratio, worst$survival,
                100 * max(one$rejected, na.rm = TRUE), 100 * max(1 - one$given / n_samples / one$reached)))
}
print(aggregate(cbind(coverage, width) ~ conf.type + n, judged, mean))
