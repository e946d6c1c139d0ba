# Coverage and type I error of fine_gray() in small samples. Writes fine-gray-coverage.csv.
#
#     Rscript inst/validation/fine-gray-coverage.R [samples]
#
# Two equal groups. The cumulative incidence of cause 1 is 1 - (1 - 0.6 (1 - exp(-t)))^exp(beta x), that of cause 2 is
# exponential; follow-up is the same in both groups, or half as long in the second. A sample counts where at least one
# event of cause 1 is seen and the term is estimable; where separation makes the estimate infinite, the default falls
# back on the profile interval, which has one finite limit.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 2000L
censoring <- list(uniform = function(n, x) runif(n, 0, 3), staggered = function(n, x) runif(n, 0.5, 1.5),
                  `unequal, uniform` = function(n, x) runif(n, 0, 3) / (1 + x))
methods <- list(default = list(), profile = list(conf.method = "profile"), firth = list(penalty = "firth"),
                `firth, wald` = list(penalty = "firth", conf.method = "wald"))

one_sample <- function(n, beta, censor) {
    x <- rep(0:1, length.out = n)
    share <- 1 - 0.4^exp(beta * x)
    cause <- ifelse(runif(n) < share, 1L, 2L)
    time <- ifelse(cause == 1L, -log(1 - (1 - (1 - runif(n) * share)^exp(-beta * x)) / 0.6), rexp(n))
    end <- censor(n, x)
    list(time = pmin(time, end), status = factor(ifelse(time <= end, cause, 0L), 0:2), x = x)
}

set.seed(1999)
rows <- list()
for (name in names(censoring)) for (n in c(8, 11, 20, 60)) for (beta in c(0, 1)) {
    found <- replicate(n_samples, {
        d <- one_sample(n, beta, censoring[[name]])
        vapply(methods, function(arguments) {
            fit <- do.call(fine_gray, c(list(Surv(d$time, d$status), x = d$x), arguments))
            unlist(tidy(fit)[c("estimate", "p.value", "conf.low", "conf.high")])
        }, numeric(4))
    })
    for (method in names(methods)) {
        value <- found[, method, ]
        given <- !is.na(value[3, ])
        rows[[length(rows) + 1]] <- data.frame(
            censoring = name, n = n, log.ratio = beta, method = method, given = sum(given),
            separated = mean(is.infinite(value[1, given])),
            coverage = mean(value[3, given] <= beta & beta <= value[4, given]),
            true_below = mean(beta < value[3, given]), true_above = mean(beta > value[4, given]),
            type_I = if (beta == 0) mean(value[2, given] <= 0.05, na.rm = TRUE) else NA)
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "fine-gray-coverage.csv"), row.names = FALSE, quote = c(1, 4))

# What the help page says.
for (method in names(methods)) for (n in c(8, 11, 20, 60)) {
    one <- rows[rows$method == method & rows$n == n, ]
    worst <- one[which.min(one$coverage), ]
    cat(sprintf("%-12s n = %2g lowest coverage %.1f%% (%s, log ratio %g); type I error at most %.1f%%\n", method, n,
                100 * worst$coverage, worst$censoring, worst$log.ratio, 100 * max(one$type_I, na.rm = TRUE)))
}
