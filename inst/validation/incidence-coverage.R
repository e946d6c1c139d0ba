# Coverage of every interval of cumulative_incidence() in small samples. Writes incidence-coverage.csv.
#
#     Rscript inst/validation/incidence-coverage.R [samples]
#
# All samples of a setting are strata of one call. A setting is how two causes share the events, a way
# of censoring and a cohort size; the interval of each cause is judged at times where its incidence is
# known. Counted are the samples that give an interval there: follow-up reaches the time, or all have
# failed, and the method has limits.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 6000L
sizes <- c(8, 11, 20, 60)
types <- c("exact", "log-log", "plain")

# Latent times of the two causes: Weibull, shape and scale by cause.
causes <- list(
    `30:70` = list(shape = c(1, 1), scale = c(1 / 0.3, 1 / 0.7)),
    `5:95` = list(shape = c(1, 1), scale = c(1 / 0.05, 1 / 0.95)),
    `early, late` = list(shape = c(0.6, 2.5), scale = c(2, 1.3)))
censoring <- list(
    none = function(n) rep(Inf, n),
    uniform = function(n) runif(n, 0, 3),
    staggered = function(n) runif(n, 1, 2),
    heavy = function(n) rexp(n, 2),
    ties = function(n) sample(0:20, n, TRUE) / 10)
times <- c(0.1, 0.3, 0.7, 1.2, 1.8)

hazard <- function(t, shape, scale) shape / scale * (t / scale)^(shape - 1)
incidence_of <- function(shares, j, t) {
    density <- function(u) hazard(u, shares$shape[j], shares$scale[j]) *
        exp(-(u / shares$scale[1])^shares$shape[1] - (u / shares$scale[2])^shares$shape[2])
    # A substitution takes the pole of an early cause away.
    integrate(function(v) density(v^3) * 3 * v^2, 0, t^(1 / 3), rel.tol = 1e-10)$value
}

set.seed(1978)
rows <- list()
for (share in names(causes)) for (name in names(censoring)) for (n in sizes) {
    shares <- causes[[share]]
    m <- n * n_samples
    latent <- cbind(rweibull(m, shares$shape[1], shares$scale[1]), rweibull(m, shares$shape[2], shares$scale[2]))
    event <- pmin(latent[, 1], latent[, 2])
    if (name == "ties") event <- ceiling(10 * event) / 10
    censor <- censoring[[name]](m)
    time <- pmin(event, censor)
    if (name == "ties") time <- round(time, 1)
    cause <- ifelse(event <= censor, ifelse(latent[, 1] < latent[, 2], 1, 2), 0)
    sample_of <- rep(seq_len(n_samples), each = n)
    true <- vapply(1:2, function(j) vapply(times, incidence_of, 0, shares = shares, j = j), times)
    at <- NULL
    for (type in types) {
        fit <- cumulative_incidence(Surv(time, factor(cause, 0:2)), group = sample_of, conf.type = type)
        curve <- tidy(fit)
        size <- fit$size
        if (is.null(at)) {
            # The table holds, sample by sample, the rows of cause 1, then those of cause 2.
            last <- cumsum(size)
            ordinal <- lapply(times, function(t) {
                seen <- vapply(split(fit$event_free$time <= t, rep(seq_along(size), size)), sum, 0L)
                row <- last - size + seen
                known <- t <= fit$event_free$time[last] | fit$event_free$estimate[row] == 0
                ifelse(known, seen, NA)
            })
            at <- function(k, j) 2 * (last - size) + (j - 1) * size + ordinal[[k]]
        }
        for (j in 1:2) for (k in seq_along(times)) {
            low <- curve$conf.low[at(k, j)]
            high <- curve$conf.high[at(k, j)]
            given <- !is.na(low)
            f <- true[k, j]
            rows[[length(rows) + 1]] <- data.frame(
                causes = share, cause = j, censoring = name, n = n, time = times[k], incidence = round(f, 4),
                conf.type = type, reached = mean(!is.na(ordinal[[k]])), given = sum(given),
                coverage = mean((low <= f & f <= high)[given]), true_below = mean((f < low)[given]),
                true_above = mean((f > high)[given]), width = mean((high - low)[given]))
        }
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "incidence-coverage.csv"), row.names = FALSE, quote = c(1, 3))

judged <- rows[rows$given >= 1000, ]
for (type in types) {
    one <- judged[judged$conf.type == type, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-10s lowest coverage %.1f%% (%s, %s, n = %g, F = %.3f); true below %.2f%%, above %.2f%%\n", type,
                100 * worst$coverage, worst$causes, worst$censoring, worst$n, worst$incidence,
                100 * max(one$true_below), 100 * max(one$true_above)))
}
