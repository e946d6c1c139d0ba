# Coverage of every interval of kaplan_meier() in small samples. Writes survival-coverage.csv.
#
#     Rscript inst/validation/survival-coverage.R [samples]
#
# All samples of a setting are strata of one call. A setting is a way of censoring and a cohort size;
# the interval is judged at times where the true survival is known. Counted are the samples that give
# an interval there: follow-up reaches the time, or survival has reached 0, and the method has limits.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 10000L
sizes <- c(8, 11, 20, 60)
truth <- c(0.95, 0.9, 0.75, 0.5, 0.25, 0.1)
types <- c("beta-product", "beta-product-mid-p", "likelihood-ratio", "log-log", "log", "plain", "logit", "arcsin")

# Failure times are exponential of mean 1 (24 months where times are whole months: failure is seen at
# the end of the month it happens in, censoring comes after it).
in_months <- function(draw) function(n) list(event = ceiling(24 * rexp(n)), censor = draw(n))
censoring <- list(
    none = function(n) list(event = rexp(n), censor = rep(Inf, n)),
    uniform = function(n) list(event = rexp(n), censor = runif(n, 0, 3)),
    staggered = function(n) list(event = rexp(n), censor = runif(n, 1, 2)),
    heavy = function(n) list(event = rexp(n), censor = rexp(n, 2)),
    `months, uniform` = in_months(function(n) sample(0:60, n, TRUE)),
    `months, heavy` = in_months(function(n) sample(0:18, n, TRUE)),
    `half-years` = function(n) list(event = 6 * ceiling(4 * rexp(n)), censor = 6 * sample(1:8, n, TRUE)))

times_of <- function(name) {
    if (startsWith(name, "months")) return(c(1, 3, 7, 17, 33, 55))
    if (name == "half-years") return(c(6, 12, 18, 24, 36, 48))
    -log(truth)
}
survival_of <- function(name, times) exp(-times / if (startsWith(name, "months") || name == "half-years") 24 else 1)

# Rows of the table of a many-strata curve that hold at `time`; NA past the last follow-up.
rows_at <- function(size, curve, time) {
    last <- cumsum(size)
    at <- last - size + vapply(split(curve$time <= time, rep(seq_along(size), size)), sum, 0L)
    known <- time <= curve$time[last] | curve$estimate[at] == 0
    ifelse(known, at, NA)
}

set.seed(2013)
rows <- list()
for (name in names(censoring)) for (n in sizes) {
    draw <- censoring[[name]](n * n_samples)
    sample_of <- rep(seq_len(n_samples), each = n)
    time <- pmin(draw$event, draw$censor)
    status <- as.integer(draw$event <= draw$censor)
    times <- times_of(name)
    true <- survival_of(name, times)
    at <- NULL
    for (type in types) {
        fit <- kaplan_meier(Surv(time, status), group = sample_of, conf.type = type)
        curve <- tidy(fit)
        if (is.null(at)) at <- lapply(times, function(t) rows_at(fit$size, curve, t))
        for (k in seq_along(times)) {
            low <- curve$conf.low[at[[k]]]
            high <- curve$conf.high[at[[k]]]
            given <- !is.na(low)
            rows[[length(rows) + 1]] <- data.frame(
                censoring = name, n = n, time = round(times[k], 3), survival = round(true[k], 3), conf.type = type,
                reached = mean(!is.na(at[[k]])), given = sum(given), coverage = mean((low <= true[k] & true[k] <= high)[given]),
                true_below = mean((true[k] < low)[given]), true_above = mean((true[k] > high)[given]),
                width = mean((high - low)[given]))
        }
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "survival-coverage.csv"), row.names = FALSE, quote = 1)

# What the help page says: the lowest coverage and the largest errors where at least 1000 samples
# give an interval.
judged <- rows[rows$given >= 1000, ]
for (type in types) {
    one <- judged[judged$conf.type == type, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-20s lowest coverage %.1f%% (%s, n = %g, S = %.2f); true below %.2f%%, above %.2f%%\n", type,
                100 * worst$coverage, worst$censoring, worst$n, worst$survival, 100 * max(one$true_below),
                100 * max(one$true_above)))
}
