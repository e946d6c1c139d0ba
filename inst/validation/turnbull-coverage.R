# Coverage and width of the intervals of turnbull() on a visit grid.
#
# Rscript inst/validation/turnbull-coverage.R [samples] writes turnbull-coverage.csv beside this file. Event times are
# exponential; visits at 1, 3, 6, 12, 24, 36 months, each kept with probability `attendance`, none after an independent
# exponential dropout (20% by 24 months). Each row: truth S(time); share of samples in which it lies below or above the
# interval; mean width. Two-sided 95% intervals: either share should be at most 0.025 (Monte Carlo error of a share of
# 0.025 with 2,000 samples: 0.0035).
library(osseosurv)

samples <- as.integer(c(commandArgs(TRUE), 2000)[1])
visits <- c(1, 3, 6, 12, 24, 36)
times <- c(6, 12, 24)
settings <- expand.grid(n = c(8, 11, 20, 60), attendance = c(1, 0.8, 0.6), rate = c(0.1, 0.01))

simulate_rows <- function(n, rate, attendance) {
    event <- rexp(n, rate)
    dropout <- rexp(n, -log(0.8) / 24)
    seen <- matrix(runif(n * length(visits)) < attendance, n) & outer(dropout, visits, `>`)
    by_visit <- function(keep, pick, none) apply(keep * rep(visits, each = n), 1, function(v) pick(c(v[v > 0], none)))
    list(left = by_visit(seen & outer(event, visits, `>`), max, 0),
         right = by_visit(seen & outer(event, visits, `<=`), min, Inf))
}

limits <- function(rows, method) {
    osseosurv:::limits_at(rows, 1L, times, rep(1L, length(times)), method, 0.95)
}

set.seed(20241103)
results <- lapply(seq_len(nrow(settings)), function(k) {
    s <- settings[k, ]
    truth <- exp(-s$rate * times)
    sums <- array(0, c(3, 3, 2), list(NULL, c("below", "above", "width"), c("exact", "likelihood-ratio")))
    for (i in seq_len(samples)) {
        rows <- simulate_rows(s$n, s$rate, s$attendance)
        for (method in dimnames(sums)[[3]]) {
            got <- limits(rows, method)
            sums[, , method] <- sums[, , method] +
                cbind(truth < got$conf.low - 1e-9, truth > got$conf.high + 1e-9, got$conf.high - got$conf.low)
        }
    }
    do.call(rbind, lapply(dimnames(sums)[[3]], function(method) {
        data.frame(s, time = times, truth = round(truth, 4), method = method, samples = samples,
                   round(sums[, , method] / samples, 4), row.names = NULL)
    }))
})
here <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
write.csv(do.call(rbind, results), file.path(dirname(here), "turnbull-coverage.csv"), row.names = FALSE, quote = FALSE)
