# Coverage of the interval for the share of interfaces united (union_estimands(), estimand "interface") by enumeration: n pairs,
# P(united) = p, P(exactly one of a pair) = q from 0 (the two always agree) to 2 min(p, 1 - p) (they disagree as often as
# they can). Every count 0 .. 2 n is weighed with its probability; nothing is drawn.
#
#     Rscript union-coverage.R [folder]
library(osseosurv)

limits <- function(x, n) {
    low <- function(x) .Call(osseosurv:::ffi_pair_limit_low, as.double(x), as.double(n), 0, 0.05)
    c(low(x), 1 - low(2 * n - x))
}

count_masses <- function(n, p, q) {
    one <- c(1 - p - q / 2, q, p - q / 2)
    mass <- 1
    for (i in seq_len(n)) mass <- rowSums(cbind(c(mass, 0, 0) * one[1], c(0, mass, 0) * one[2], c(0, 0, mass) * one[3]))
    mass
}

study <- function(n) {
    interval <- vapply(0:(2 * n), limits, numeric(2), n = n)
    rows <- expand.grid(p = c(0.02, seq(0.05, 0.95, 0.05), 0.98), association = c("agree", "independent", "disagree"))
    out <- Map(function(p, association) {
        q <- switch(as.character(association), agree = 0, independent = 2 * p * (1 - p), disagree = 2 * min(p, 1 - p))
        mass <- count_masses(n, p, q)
        data.frame(n = n, p = p, association = association, below = sum(mass[interval[1, ] > p]),
                   above = sum(mass[interval[2, ] < p]), width = sum(mass * (interval[2, ] - interval[1, ])))
    }, rows$p, rows$association)
    do.call(rbind, out)
}

result <- do.call(rbind, lapply(c(8, 11, 20, 60), study))
result$coverage <- 1 - result$below - result$above
folder <- c(commandArgs(TRUE), ".")[1]
number <- c("below", "above", "width", "coverage")
result[number] <- lapply(result[number], signif, 5)
write.csv(result, file.path(folder, "union-coverage.csv"), row.names = FALSE)
print(aggregate(cbind(coverage, below, above) ~ n + association, result, function(x) round(c(min(x), max(x)), 4)))
