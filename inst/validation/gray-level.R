# Type I error of gray_test() in small samples. Writes gray-level.csv.
#
#     Rscript inst/validation/gray-level.R [samples [permutations]]
#
# The incidence of the cause tested is the same in all groups (half of the rows, exponential of mean 1); follow-up and
# the other cause may differ between them. Counted are samples in which p exists.

library(osseosurv)

arguments <- as.integer(commandArgs(TRUE))
n_samples <- if (length(arguments)) arguments[1] else 2000L
resamples <- if (length(arguments) > 1) arguments[2] else 499L
sizes <- c(8, 11, 20, 60)
designs <- list(`two equal groups` = c(1, 1), `two groups, 1:2` = c(1, 2), `three groups` = c(1, 1, 1))

# rate: of the other cause by group, follow: end of follow-up by group, the first group being the one that differs.
first <- function(group, here, elsewhere) ifelse(group == 1, here, elsewhere)
settings <- list(
    `no censoring` = list(rate = function(g) 1, end = function(g) Inf),
    `equal follow-up` = list(rate = function(g) 1, end = function(g) runif(length(g), 0, 3)),
    `equal follow-up, months` = list(rate = function(g) 1, end = function(g) sample(1:36, length(g), TRUE) / 12, months = TRUE),
    `unequal follow-up` = list(rate = function(g) 1, end = function(g) runif(length(g), 0, first(g, 1, 3))),
    `other cause differs` = list(rate = function(g) first(g, 4, 0.5), end = function(g) runif(length(g), 0, 3)),
    `both differ` = list(rate = function(g) first(g, 4, 0.5), end = function(g) runif(length(g), 0, first(g, 1, 3))))

draw <- function(setting, n, design) {
    group <- rep_len(rep.int(seq_along(design), design), n)
    own <- runif(n) < 0.5
    event <- rexp(n, ifelse(own, 1, setting$rate(group)))
    if (!is.null(setting$months)) event <- ceiling(12 * event) / 12
    end <- setting$end(group)
    state <- ifelse(event > end, 0, ifelse(own, 1, 2))
    list(surv = Surv(pmin(event, end), factor(state, 0:2, c("censored", "failure", "other"))), group = group)
}

set.seed(1988)
rows <- list()
for (name in names(settings)) for (design in names(designs)) for (n in sizes) {
    p <- replicate(n_samples, {
        x <- draw(settings[[name]], n, designs[[design]])
        one <- function(method) gray_test(x$surv, group = x$group, cause = "failure", method = method, resamples = resamples)$p.value
        c(asymptotic = one("asymptotic"), permutation = one("permutation"))
    })
    for (method in rownames(p)) {
        given <- p[method, !is.na(p[method, ])]
        rows[[length(rows) + 1]] <- data.frame(setting = name, groups = design, n = n, method = method, given = length(given),
                                               level_05 = mean(given <= 0.05), level_01 = mean(given <= 0.01))
    }
}
rows <- do.call(rbind, rows)
number <- vapply(rows, is.double, NA)
rows[number] <- lapply(rows[number], signif, 4)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(rows, file.path(folder, "gray-level.csv"), row.names = FALSE, quote = c(1, 2))

# What the help page says.
for (method in unique(rows$method)) for (exchangeable in c(TRUE, FALSE)) {
    some <- rows[rows$method == method & rows$setting %in% names(settings)[1:3] == exchangeable, ]
    worst <- some[which.max(some$level_05), ]
    cat(sprintf("%-12s %-24s highest level %.1f%% at 5%%, %.1f%% at 1%% (%s, %s, n = %g)\n", method,
                if (exchangeable) "groups exchangeable" else "groups differ otherwise", 100 * worst$level_05,
                100 * max(some$level_01), worst$setting, worst$groups, worst$n))
}
