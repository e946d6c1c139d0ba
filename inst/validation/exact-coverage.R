# Coverage of the intervals for counts and for change within pairs, by enumeration: no simulation, so every figure
# is exact for the parameters looked at.
#
#   Rscript inst/validation/exact-coverage.R        writes exact-coverage.csv beside it (about three minutes)
#
# Nominal 95%. One row a function, method and size: smallest and mean coverage over the parameters, the largest chance
# that the truth lies below and above the interval (nominal 2.5% each), mean width. Parameters:
#   proportion_ci   999 proportions 0.001 to 0.999; the smallest and the misses also just beside every limit,
#                   where coverage jumps (not for the mean)
#   rate_ci         1,000 expected counts 0.05 to 50, and beside every limit; width is that of the expected count
#   proportion_difference   all pairs of 49 proportions 0.02 to 0.98
#   rate_ratio      expected counts 1, 3, 10, 30 in the second group and ratios 1/10 to 10 (41, even in the log); no
#                   width, as it may be infinite
#   paired_change   continuous symmetric differences: the level does not depend on their law; sizes as given
library(osseosurv)

sizes <- c(8, 11, 20, 60)

summarise <- function(name, method, size, at, beside = at) {
    data.frame(`function` = name, method = method, size = size, min.coverage = min(1 - at$below - at$above,
                                                                                  1 - beside$below - beside$above),
               mean.coverage = mean(1 - at$below - at$above), max.below = max(at$below, beside$below),
               max.above = max(at$above, beside$above), mean.width = mean(at$width), check.names = FALSE)
}

# Chance that the truth lies below or above the interval, and mean width: mass[k, j] of outcome k at truth[j].
miss <- function(low, high, mass, truth) {
    list(below = colSums(outer(low, truth, ">") * mass), above = colSums(outer(high, truth, "<") * mass),
         width = colSums((high - low) * mass))
}

beside_limits <- function(low, high, range) {
    ends <- c(low, high)
    ends <- sort(c(ends * (1 - 1e-9), ends * (1 + 1e-9)))
    ends[ends > range[1] & ends < range[2]]
}

proportions <- function(method, n) {
    ci <- tidy(proportion_ci(0:n, n, method))
    at <- function(p) miss(ci$conf.low, ci$conf.high, outer(0:n, p, function(x, p) dbinom(x, n, p)), p)
    summarise("proportion_ci", method, n, at(seq(0.001, 0.999, by = 0.001)),
              at(beside_limits(ci$conf.low, ci$conf.high, c(0.001, 0.999))))
}

rates <- function(method) {
    ci <- tidy(rate_ci(0:150, 1, method))
    at <- function(mean) miss(ci$conf.low, ci$conf.high, outer(0:150, mean, dpois), mean)
    summarise("rate_ci", method, "mean to 50", at(seq(0.05, 50, by = 0.05)),
              at(beside_limits(ci$conf.low, ci$conf.high, c(0.05, 50))))
}

# Groups of equal size: exchanging them, or success and failure, turns the interval, so a quarter of the tables do.
difference_limits <- function(method, n1, n2) {
    tables <- expand.grid(x1 = 0:n1, x2 = 0:n2)
    if (n1 != n2) return(tidy(proportion_difference(tables$x1, n1, tables$x2, n2, method)))
    low <- high <- matrix(NA_real_, n1 + 1, n1 + 1)
    asked <- tables[tables$x1 >= tables$x2 & tables$x1 + tables$x2 <= n1, ]
    ci <- tidy(proportion_difference(asked$x1, n1, asked$x2, n1, method))
    put <- function(a, b, lo, hi) {
        low[cbind(a + 1, b + 1)] <<- lo
        high[cbind(a + 1, b + 1)] <<- hi
    }
    put(ci$x1, ci$x2, ci$conf.low, ci$conf.high)
    put(ci$x2, ci$x1, -ci$conf.high, -ci$conf.low)
    put(n1 - ci$x2, n1 - ci$x1, ci$conf.low, ci$conf.high)
    put(n1 - ci$x1, n1 - ci$x2, -ci$conf.high, -ci$conf.low)
    data.frame(tables, conf.low = as.vector(low), conf.high = as.vector(high))
}

differences <- function(method, n1, n2) {
    ci <- difference_limits(method, n1, n2)
    grid <- seq(0.02, 0.98, by = 0.02)
    one <- lapply(grid, function(p1) {
        mass1 <- dbinom(ci$x1, n1, p1)
        mass <- vapply(grid, function(p2) mass1 * dbinom(ci$x2, n2, p2), mass1)
        # Limits are found to 1e-9.
        miss(ci$conf.low - 1e-9, ci$conf.high + 1e-9, mass, p1 - grid)
    })
    all <- lapply(c(below = "below", above = "above", width = "width"), function(part) unlist(lapply(one, `[[`, part)))
    summarise("proportion_difference", method, paste(n1, "and", n2), all)
}

ratios <- function(method) {
    counts <- expand.grid(a = 0:420, b = 0:65)
    ci <- tidy(rate_ratio(counts$a, 1, counts$b, 1, method))
    ratio <- exp(seq(log(0.1), log(10), length.out = 41))
    one <- lapply(c(1, 3, 10, 30), function(mean) {
        mass <- outer(seq_along(counts$a), ratio, function(k, r) dpois(counts$a[k], mean * r) * dpois(counts$b[k], mean))
        miss(ci$conf.low, ci$conf.high, mass, ratio)
    })
    all <- lapply(c(below = "below", above = "above"), function(part) unlist(lapply(one, `[[`, part)))
    all$width <- NA
    summarise("rate_ratio", method, "mean to 30", all)
}

# Limits are the k-th Walsh averages from either end, so the truth is missed with the chance of at most k - 1 below it.
pairs_of <- function(n) {
    set.seed(1)
    d <- rnorm(n)
    walsh <- outer(d, d, "+") / 2
    walsh <- sort(walsh[upper.tri(walsh, diag = TRUE)])
    ci <- tidy(paired_change(0 * d, d))
    k <- match(TRUE, abs(walsh - ci$conf.low) < 1e-12)
    one_side <- psignrank(k - 1, n)
    summarise("paired_change", if (n > 100) "asymptotic" else "exact", n,
              list(below = one_side, above = one_side, width = NA))
}

each <- function(f, ...) do.call(rbind, Map(f, ...))
grid <- expand.grid(n = sizes, method = c("clopper-pearson", "mid-p", "blaker", "wilson", "agresti-coull", "jeffreys"),
                    stringsAsFactors = FALSE)
groups <- expand.grid(n = sizes, method = c("miettinen-nurminen", "newcombe", "exact"), stringsAsFactors = FALSE)
found <- rbind(
    each(proportions, grid$method, grid$n),
    each(rates, c("garwood", "mid-p", "byar", "score", "blaker")),
    each(differences, groups$method, groups$n, groups$n),
    each(differences, c("miettinen-nurminen", "newcombe", "exact"), 11, 20),
    each(ratios, c("exact", "mid-p", "score", "blaker")),
    each(pairs_of, c(6, sizes, 101, 300)))
number <- vapply(found, is.double, NA)
found[number] <- lapply(found[number], round, 4)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
write.csv(found, file.path(dirname(script), "exact-coverage.csv"), row.names = FALSE, quote = FALSE)
print(found, row.names = FALSE)
