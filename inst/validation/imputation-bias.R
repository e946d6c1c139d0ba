# Bias and coverage of the analyses of interval-censored data after imputation, beside the NPMLE (imputation_contrast()).
# Exponential times of rate 0.1 a month, visits at 1, 3, 6, 12 and 24 months attended with probability 1 or 0.7, the last
# always; survival judged at 3, 6, 9 and 12 months. Where the likelihood leaves the NPMLE open, the middle of its range
# counts.
#
#     Rscript imputation-bias.R [samples] [folder]
library(osseosurv)
arguments <- commandArgs(TRUE)
samples <- as.integer(c(arguments, 2000)[1])
folder <- c(arguments, NA, ".")[if (length(arguments) > 1) 2 else length(arguments) + 2]
visits <- c(1, 3, 6, 12, 24)
times <- c(3, 6, 9, 12)

draw <- function(n, attendance) {
    time <- rexp(n, 0.1)
    seen <- cbind(matrix(runif(n * 4) < attendance, n), TRUE)
    at <- matrix(visits, n, 5, byrow = TRUE)
    left <- apply(ifelse(seen & at < time, at, 0), 1, max)
    right <- apply(ifelse(seen & at >= time, at, Inf), 1, min)
    data.frame(left, right)
}

one <- function(n, attendance) {
    rows <- tidy(imputation_contrast(Surv(left, right, type = "interval2") ~ 1, draw(n, attendance), times))
    truth <- exp(-0.1 * rows$time)
    cbind(rows$estimate - truth, rows$conf.low <= truth & truth <= rows$conf.high)
}

set.seed(1)
result <- do.call(rbind, lapply(c(11, 20, 60), function(n) do.call(rbind, lapply(c(1, 0.7), function(attendance) {
    all <- replicate(samples, one(n, attendance))
    key <- expand.grid(analysis = c("npmle", "mid-point", "right end"), time = times)
    data.frame(n = n, attendance = attendance, key[2:1], survival = exp(-0.1 * key$time),
               bias = rowMeans(all[, 1, ], na.rm = TRUE), coverage = rowMeans(all[, 2, ], na.rm = TRUE),
               open = rowMeans(is.na(all[, 1, ])))
}))))
number <- c("survival", "bias", "coverage", "open")
result[number] <- lapply(result[number], round, 4)
write.csv(result, file.path(folder, "imputation-bias.csv"), row.names = FALSE)
print(result)
