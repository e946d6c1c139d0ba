# The largest error that the exact-type incidence interval makes in designs small enough to enumerate.
# Writes incidence-enumeration.csv; read with incidence-interval.md.
#
# n rows are followed to time 1, where `withdrawn` of the survivors leave whatever becomes of them
# (all, if fewer are left); the rest is followed to time 2, where the interval is judged if anybody
# was at risk there. Every outcome is listed, its interval computed by cumulative_incidence(), and the
# probability that the true incidence lies below or above is a sum without sampling error. That
# probability is maximised over the four cell probabilities: a grid, then Nelder-Mead from its peaks.

library(osseosurv)

outcomes <- function(n, withdrawn) {
    one <- subset(expand.grid(cause1 = 0:n, other1 = 0:n), cause1 + other1 <= n)
    parts <- lapply(seq_len(nrow(one)), function(i) {
        gone <- sum(one[i, ])
        left <- n - gone - min(withdrawn, n - gone)
        two <- subset(expand.grid(cause2 = 0:left, other2 = 0:left), cause2 + other2 <= left)
        cbind(one[i, ], two, left = left, leaving = min(withdrawn, n - gone), row.names = NULL)
    })
    do.call(rbind, parts)
}

intervals <- function(x, conf.level = 0.95) {
    # Six kinds of row an outcome; those still at risk at 2 stay until 3.
    counts <- cbind(x$cause1, x$other1, x$leaving, x$cause2, x$other2, x$left - x$cause2 - x$other2)
    outcome <- rep(seq_len(nrow(x)), 6)
    time <- rep(c(1, 1, 1, 2, 2, 3), each = nrow(x))
    cause <- factor(rep(c(1, 2, 0, 1, 2, 0), each = nrow(x)), 0:2)
    fit <- cumulative_incidence(Surv(time, cause), weights = as.vector(counts), group = outcome, conf.level = conf.level)
    at <- incidence_rows(fit, 2)
    cbind(low = fit$table$conf.low[at], high = fit$table$conf.high[at])
}

# Rows of cause 1 of every stratum that hold at `time`.
incidence_rows <- function(fit, time) {
    last <- cumsum(fit$size)
    seen <- vapply(split(fit$event_free$time <= time, rep(seq_along(fit$size), fit$size)), sum, 0L)
    2 * (last - fit$size) + seen
}

log_multinomial <- function(n, a, b, p, q) {
    rest <- 1 - p - q
    term <- function(k, share) ifelse(k == 0, 0, k * log(share))
    lgamma(n + 1) - lgamma(a + 1) - lgamma(b + 1) - lgamma(n - a - b + 1) + term(a, p) + term(b, q) +
        term(n - a - b, rest)
}

errors_at <- function(x, limits, n, p) {
    probability <- exp(log_multinomial(n, x$cause1, x$other1, p[1], p[2]) +
                       log_multinomial(x$left, x$cause2, x$other2, p[3], p[4]))
    f <- p[1] + (1 - p[1] - p[2]) * p[3]
    judged <- x$left > 0
    c(below = sum(probability[judged & f < limits[, "low"]]), above = sum(probability[judged & f > limits[, "high"]]))
}

largest <- function(n, withdrawn, side, x, limits) {
    level <- c(0.001, 0.02, 0.06, 0.15, 0.3, 0.45, 0.6, 0.8, 0.95)
    pair <- subset(expand.grid(p = level, q = c(0, level)), p + q < 1)
    grid <- expand.grid(i = seq_len(nrow(pair)), j = seq_len(nrow(pair)))
    points <- as.matrix(cbind(pair[grid$i, ], pair[grid$j, ]))
    value <- apply(points, 1, function(p) errors_at(x, limits, n, p)[[side]])
    # Four cells in coordinates without bounds.
    inward <- function(u) { e <- exp(c(u[1:2], 0)); f <- exp(c(u[3:4], 0)); c(e[1:2] / sum(e), f[1:2] / sum(f)) }
    outward <- function(p) c(log(pmax(p[1:2], 1e-6) / (1 - p[1] - p[2])), log(pmax(p[3:4], 1e-6) / (1 - p[3] - p[4])))
    best <- list(value = -1)
    for (start in order(-value)[1:4]) {
        fit <- stats::optim(outward(points[start, ]), function(u) -errors_at(x, limits, n, inward(u))[[side]],
                            control = list(maxit = 300))
        if (-fit$value > best$value) best <- list(value = -fit$value, p = inward(fit$par))
    }
    best
}

rows <- list()
for (n in c(4, 6, 8, 11)) for (withdrawn in unique(round(n * c(0, 0.25, 0.5, 0.75)))) {
    x <- outcomes(n, withdrawn)
    limits <- intervals(x)
    for (side in c("below", "above")) {
        worst <- largest(n, withdrawn, side, x, limits)
        rows[[length(rows) + 1]] <- data.frame(
            n = n, withdrawn = withdrawn, outcomes = nrow(x), truth = side, largest_error = signif(worst$value, 7),
            cause1 = signif(worst$p[1], 3), other1 = signif(worst$p[2], 3), cause2 = signif(worst$p[3], 3),
            other2 = signif(worst$p[4], 3))
        print(rows[[length(rows)]], row.names = FALSE)
    }
}
rows <- do.call(rbind, rows)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "incidence-enumeration.csv"), row.names = FALSE, quote = FALSE)
