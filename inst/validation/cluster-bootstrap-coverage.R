# Coverage of turnbull(cluster = ): the percentile bootstrap of whole clusters, two interfaces a cluster joined by a normal
# copula, exponential times of rate 0.1 a month, visits at 1, 3, 6, 12 and 24 months attended with probability 1 or 0.8 (the
# last always). Judged at 3, 6 and 12 months among the samples that give an interval. 1,000 draws a sample.
#
#     Rscript cluster-bootstrap-coverage.R [samples] [folder]
library(osseosurv)
arguments <- commandArgs(TRUE)
samples <- if (length(arguments)) as.integer(arguments[1]) else 1000L
folder <- if (length(arguments) > 1) arguments[2] else "."
visits <- c(1, 3, 6, 12, 24)
times <- c(3, 6, 12)

one <- function(n, correlation, attendance) {
    z <- matrix(rnorm(2 * n), n)
    z[, 2] <- correlation * z[, 1] + sqrt(1 - correlation^2) * z[, 2]
    time <- -log(pnorm(c(z))) / 0.1
    at <- matrix(visits, n, 5, byrow = TRUE)
    seen <- cbind(matrix(runif(n * 4) < attendance, n), TRUE)
    at <- rbind(at, at)
    seen <- rbind(seen, seen)
    left <- apply(ifelse(seen & at < time, at, 0), 1, max)
    right <- apply(ifelse(seen & at >= time, at, Inf), 1, min)
    fit <- turnbull(Surv(left, right, type = "interval2"), cluster = rep(seq_len(n), 2), resamples = 1000)
    curve <- survival_at(fit, times)
    truth <- exp(-0.1 * times)
    cbind(curve$conf.low > truth, curve$conf.high < truth, is.na(curve$conf.low), curve$conf.high - curve$conf.low)
}

set.seed(1)
settings <- expand.grid(n = c(8, 11, 20, 60), correlation = c(-0.5, 0, 0.8), attendance = c(1, 0.8))
result <- do.call(rbind, Map(function(n, correlation, attendance) {
    all <- replicate(samples, one(n, correlation, attendance))
    share <- function(k) rowMeans(all[, k, ], na.rm = TRUE)
    data.frame(clusters = n, correlation, attendance, time = times, survival = exp(-0.1 * times), below = share(1),
               above = share(2), coverage = 1 - share(1) - share(2), none = share(3), width = share(4))
}, settings$n, settings$correlation, settings$attendance))
number <- c("survival", "below", "above", "coverage", "none", "width")
result[number] <- lapply(result[number], round, 4)
write.csv(result, file.path(folder, "cluster-bootstrap-coverage.csv"), row.names = FALSE)
print(aggregate(cbind(coverage, none) ~ clusters, result, range))
