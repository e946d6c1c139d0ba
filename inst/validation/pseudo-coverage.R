# Coverage of pseudo_regression() in small samples. Writes pseudo-coverage.csv.
#
#     Rscript inst/validation/pseudo-coverage.R [samples]
#
# Two groups of equal size, exponential failure; the coefficient is the difference of survival, or of restricted means,
# at time 0.7, or the log ratio of cumulative hazards. Censoring is the same in both groups, or (which the method
# excludes) three times as heavy in one. Counted are samples in which the interval exists.

library(osseosurv)

arguments <- as.integer(commandArgs(TRUE))
n_samples <- if (length(arguments)) arguments[1] else 2000L
at <- 0.7
hazards <- list(`no difference` = c(1, 1), difference = c(1, 0.4))
follow <- list(none = c(Inf, Inf), uniform = c(3, 3), unequal = c(1.2, 3.6))
models <- list(`survival, identity` = list(measure = "survival", link = "identity", truth = function(h) diff(exp(-h * at))),
               `survival, cloglog` = list(measure = "survival", link = "cloglog", truth = function(h) diff(log(h))),
               `rmst, identity` = list(measure = "rmst", link = "identity", truth = function(h) diff((1 - exp(-h * at)) / h)))

set.seed(2003)
rows <- list()
for (effect in names(hazards)) for (censoring in names(follow)) for (n in c(8, 11, 20, 60)) {
    group <- rep_len(1:2, n)
    found <- replicate(n_samples, {
        event <- rexp(n, hazards[[effect]][group])
        end <- follow[[censoring]][group]
        end <- ifelse(is.finite(end), runif(n) * end, Inf)
        surv <- Surv(pmin(event, end), event <= end)
        vapply(models, function(model) vapply(c("CR3", "none"), function(correction) {
            fit <- tryCatch(suppressWarnings(tidy(pseudo_regression(
                surv, times = at, measure = model$measure, link = model$link, cluster.correction = correction, x = group))),
                osseosurv_invalid = function(e) NULL)
            if (is.null(fit)) return(c(NA, NA))
            truth <- model$truth(hazards[[effect]])
            c(fit$conf.low[2] <= truth && truth <= fit$conf.high[2], fit$conf.high[2] - fit$conf.low[2])
        }, numeric(2)), matrix(0, 2, 2))
    })
    for (m in names(models)) for (correction in 1:2) {
        hit <- found[1, correction, match(m, names(models)), ]
        width <- found[2, correction, match(m, names(models)), ]
        rows[[length(rows) + 1]] <- data.frame(
            effect = effect, censoring = censoring, n = n, model = m, correction = c("CR3", "none")[correction],
            given = sum(!is.na(hit)), coverage = mean(hit, na.rm = TRUE), width = median(width, na.rm = TRUE))
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "pseudo-coverage.csv"), row.names = FALSE, quote = c(1, 2, 4, 5))

for (m in names(models)) for (correction in c("CR3", "none")) for (excluded in c(FALSE, TRUE)) {
    some <- rows[rows$model == m & rows$correction == correction & (rows$censoring == "unequal") == excluded, ]
    worst <- some[which.min(some$coverage), ]
    cat(sprintf("%-20s %-5s %-22s lowest %.1f%% (%s, %s, n = %g)\n", m, correction,
                if (excluded) "censoring differs" else "censoring the same", 100 * worst$coverage, worst$effect,
                worst$censoring, worst$n))
}
