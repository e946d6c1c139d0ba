# Type I error of every method of logrank_test() and maxcombo_test() in small samples, with equal and unequal follow-up.
# Writes log-rank-level.csv.
#
#     Rscript inst/validation/log-rank-level.R [samples]
#
# Both groups have exponential event times of mean 1; only their follow-up differs. Counted are samples with p <= 0.05;
# a sample without a test (no event while both groups are at risk) counts as not rejected. Randomised methods use 399
# replicates, with which p <= 0.05 keeps its meaning.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 1500L
sizes <- c(8, 11, 20, 60)
level <- 0.05
draws <- 399

followup <- list(
    equal = list(first = function(n) runif(n, 0.5, 2.5), later = function(n) runif(n, 0.5, 2.5)),
    `later longer` = list(first = function(n) runif(n, 0.3, 1.2), later = function(n) runif(n, 1, 4)),
    `later shorter` = list(first = function(n) runif(n, 1, 4), later = function(n) runif(n, 0.3, 1.2)),
    `later much shorter` = list(first = function(n) runif(n, 2, 6), later = function(n) runif(n, 0.1, 0.5)),
    `later much longer` = list(first = function(n) runif(n, 0.1, 0.5), later = function(n) runif(n, 2, 6)))
later_share <- c(balanced = 0.5, unbalanced = 0.25)

one <- function(n, m, draw) {
    group <- rep(1:2, c(n - m, m))
    event <- rexp(n)
    end <- c(draw$first(n - m), draw$later(m))
    data <- Surv(pmin(event, end), as.integer(event <= end))
    p <- function(test, method) glance(suppressWarnings(test(data, group = group, method = method, resamples = draws)))
    exact <- p(logrank_test, if (n <= 20) "exact" else "permutation")
    c(permutation = exact$p.value, followup = exact$followup.p.value,
      asymptotic = p(logrank_test, "asymptotic")$p.value,
      `unequal-followup` = p(logrank_test, "unequal-followup")$p.value,
      `maxcombo asymptotic` = p(maxcombo_test, "asymptotic")$p.value,
      `maxcombo permutation` = p(maxcombo_test, "permutation")$p.value,
      `maxcombo unequal-followup` = p(maxcombo_test, "unequal-followup")$p.value)
}

seeds <- c(equal = 2003, `later much longer` = 2004) # the settings between go on from the first
rows <- list()
for (name in names(followup)) for (balance in names(later_share)) for (n in sizes) {
    if (name %in% names(seeds) && balance == "balanced" && n == sizes[1]) set.seed(seeds[[name]])
    m <- round(n * later_share[[balance]])
    p <- vapply(seq_len(n_samples), function(i) one(n, m, followup[[name]]), numeric(7))
    warned <- !is.na(p["followup", ]) & p["followup", ] < 0.05
    for (method in setdiff(rownames(p), "followup")) {
        rejected <- !is.na(p[method, ]) & p[method, ] <= level
        rows[[length(rows) + 1]] <- data.frame(
            followup = name, groups = balance, n = n, n.later = m, method = method, samples = n_samples,
            level = mean(rejected), std.error = sqrt(mean(rejected) * (1 - mean(rejected)) / n_samples),
            no.test = mean(is.na(p[method, ])), warned = mean(warned),
            level.unwarned = if (all(warned)) NA else mean(rejected[!warned]))
    }
}
rows <- do.call(rbind, rows)
numbers <- vapply(rows, is.double, NA)
rows[numbers] <- lapply(rows[numbers], round, 4)
write.csv(rows, "inst/validation/log-rank-level.csv", row.names = FALSE)
