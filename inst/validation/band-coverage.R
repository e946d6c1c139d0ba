# Simultaneous coverage of confidence_band() in small samples. Writes band-coverage.csv.
#
#     Rscript inst/validation/band-coverage.R [samples]
#
# All samples of a setting are strata of one call. A sample is covered if the true curve lies in the band from its first
# event to its last (to just before it where the estimate then falls to 0). Samples with fewer than two events at which the
# estimate is above 0 have no range and are counted apart.

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 4000L
sizes <- c(8, 11, 20, 60, 200)
censoring <- list(none = function(n) rep(Inf, n), uniform = function(n) runif(n, 0, 3),
                  staggered = function(n) runif(n, 1, 2), heavy = function(n) rexp(n, 2))

# Between two rows the band is flat and the true curve falls: it must lie below the upper limit at the first and above
# the lower one just before the second.
covered <- function(table) {
    next_time <- c(table$time[-1], NA)
    same <- c(table$strata[-1] == table$strata[-nrow(table)], FALSE)
    known <- !is.na(table$conf.low)
    above <- table$conf.high < exp(-table$time) & known
    below <- table$conf.low > exp(-ifelse(same, next_time, table$time)) & known
    group <- factor(table$strata, unique(table$strata))
    list(given = rowsum(as.integer(known), group)[, 1] >= 2, above = rowsum(as.integer(above), group)[, 1] > 0,
         below = rowsum(as.integer(below), group)[, 1] > 0)
}

set.seed(1980)
rows <- list()
for (name in names(censoring)) for (n in sizes) {
    event <- rexp(n * n_samples)
    limit <- censoring[[name]](n * n_samples)
    curve <- kaplan_meier(Surv(pmin(event, limit), as.integer(event <= limit)), group = rep(seq_len(n_samples), each = n),
                          conf.type = "plain")
    for (type in c("hall-wellner", "equal-precision")) for (scale in c("log-log", "plain", "logit", "arcsin")) {
        seen <- covered(tidy(confidence_band(curve, type, scale)))
        rows[[length(rows) + 1]] <- data.frame(
            censoring = name, n = n, type = type, conf.type = scale, given = mean(seen$given),
            coverage = mean(!(seen$above | seen$below)[seen$given]), true_above = mean(seen$above[seen$given]),
            true_below = mean(seen$below[seen$given]))
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "band-coverage.csv"), row.names = FALSE, quote = 1)
print(stats::xtabs(round(100 * coverage, 1) ~ paste(type, conf.type) + n, aggregate(coverage ~ type + conf.type + n, rows, min)))
