# Coverage of the interval of the median, quantile(<kaplan_meier>, 0.5), in small samples. Writes median-coverage.csv.
#
#     Rscript inst/validation/median-coverage.R [samples]
#
# Exponential times of mean 1 and Weibull times of shape 2, without censoring, with uniform (0 to 3 medians) and with heavy
# censoring. A limit that is not reached is Inf, so that every sample gives an interval.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 2000L
censoring <- list(none = function(n) rep(Inf, n), uniform = function(n) runif(n, 0, 3 * log(2)),
                  heavy = function(n) rexp(n, 1.5))
failing <- list(exponential = function(n) rexp(n), weibull = function(n) log(2) * (rexp(n) / log(2))^0.5)

set.seed(1982)
rows <- list()
for (shape in names(failing)) for (name in names(censoring)) for (n in c(8, 11, 20, 60)) {
    event <- failing[[shape]](n * n_samples)
    censor <- censoring[[name]](n * n_samples)
    sample_of <- rep(seq_len(n_samples), each = n)
    for (conf.type in c("beta-product", "beta-product-mid-p", "log-log", "log", "plain", "logit", "arcsin")) {
        fit <- kaplan_meier(Surv(pmin(event, censor), as.integer(event <= censor)), group = sample_of, conf.type = conf.type)
        # The first time at which a limit is at most 1/2, stratum by stratum.
        curve <- tidy(fit)
        of <- rep(seq_along(fit$size), fit$size)
        crossing <- function(limit) {
            at <- which(limit <= 0.5 + 1e-8)
            at <- at[!duplicated(of[at])]
            replace(rep(Inf, n_samples), of[at], curve$time[at])
        }
        low <- crossing(curve$conf.low)
        high <- crossing(curve$conf.high)
        rows[[length(rows) + 1]] <- data.frame(
            times = shape, censoring = name, n = n, conf.type = conf.type, coverage = mean(low <= log(2) & log(2) <= high),
            true_below = mean(log(2) < low), true_above = mean(log(2) > high), open = mean(is.infinite(high)))
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "median-coverage.csv"), row.names = FALSE, quote = 1)

# What the help page says.
for (type in unique(rows$conf.type)) {
    one <- rows[rows$conf.type == type, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-20s lowest coverage %.1f%% (%s, %s, n = %g); truth below %.1f%%, above %.1f%%; not reached above in up to %.0f%%\n",
                type, 100 * worst$coverage, worst$times, worst$censoring, worst$n, 100 * max(one$true_below),
                100 * max(one$true_above), 100 * max(one$open)))
}
