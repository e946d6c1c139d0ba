# Coverage of every 95% interval of cox_ph(), and the level of its test, in small samples. Writes cox-coverage.csv.
#
#     Rscript inst/validation/cox-coverage.R [samples]
#
# Two groups, exponential times, hazard ratio 1 or 3. Follow-up equal (uniform on 0.5 to 3 mean times of the reference) or
# unequal (the second group: 0.2 to 1). `outside` of an interval whose limit is infinite counts as any other. Then clusters
# of 1 to 4 rows that share a gamma frailty (variance 0.5), the group given by the cluster or by the row; with limits from
# the normal (what "none" takes) and from t with clusters - 1 degrees of freedom (what the corrections take).

library(osseosurv)

arguments <- commandArgs(TRUE)
n_samples <- if (length(arguments)) as.integer(arguments[1]) else 1000L

tally <- function(case, n, follow_up, ratio, method, low, high, p.value) {
    given <- !is.na(low) & !is.na(high)
    truth <- log(ratio)
    data.frame(case = case, n = n, follow_up = follow_up, hazard_ratio = ratio, method = method, samples = length(low),
               estimable = mean(given), above = mean(low[given] > truth), below = mean(high[given] < truth),
               coverage = mean(low[given] <= truth & truth <= high[given]), rejected = mean(p.value[given] < 0.05))
}

quiet <- function(code) withCallingHandlers(code, warning = function(w) invokeRestart("muffleWarning"))

set.seed(2001)
rows <- list()
methods <- list(wald = list("none", "wald"), profile = list("none", "profile"), `firth profile` = list("firth", "profile"))
for (n in c(8, 11, 20, 60)) for (follow_up in c("equal", "unequal")) for (ratio in c(1, 3)) {
    group <- rep(0:1, length.out = n)
    limits <- replicate(n_samples, {
        event <- rexp(n, ratio^group)
        end <- if (follow_up == "equal") runif(n, 0.5, 3) else ifelse(group == 1, runif(n, 0.2, 1), runif(n, 0.5, 3))
        y <- Surv(pmin(event, end), event <= end)
        vapply(methods, function(m) {
            fit <- tidy(quiet(cox_ph(y, x = group, penalty = m[[1]], conf.method = m[[2]])))
            c(fit$conf.low, fit$conf.high, fit$p.value, fit$std.error)
        }, numeric(4))
    })
    # Where the likelihood is monotone there is no Wald interval; cox_ph() answers with the one-sided profile limit.
    limits[1:2, "wald", ][, is.na(limits[4, "wald", ])] <- NA
    for (method in names(methods)) {
        rows <- c(rows, list(tally("two groups", n, follow_up, ratio, method, limits[1, method, ], limits[2, method, ],
                                   limits[3, method, ])))
    }
}

for (clusters in c(11, 20, 60)) for (by in c("cluster", "row")) {
    fits <- replicate(n_samples, {
        size <- sample(4, clusters, TRUE)
        id <- rep(seq_len(clusters), size)
        group <- if (by == "cluster") id %% 2 else seq_along(id) %% 2
        event <- rexp(length(id), rgamma(clusters, 2, 2)[id])
        end <- ifelse(group == 1, runif(length(id), 0.5, 1.5), runif(length(id), 0.5, 3))
        y <- Surv(pmin(event, end), event <= end)
        vapply(c("none", "CR2", "CR3"), function(correction) {
            fit <- tidy(quiet(cox_ph(y, x = group, cluster = id, cluster.correction = correction)))
            c(fit$estimate, fit$std.error)
        }, c(0, 0))
    })
    for (correction in c("none", "CR2", "CR3")) for (law in c("normal", "t")) {
        quantile <- if (law == "normal") qnorm(0.975) else qt(0.975, clusters - 1)
        estimate <- fits[1, correction, ]
        half <- quantile * fits[2, correction, ]
        rows <- c(rows, list(tally(paste("clusters, group by", by), clusters, "unequal", 1, paste(correction, law),
                                   estimate - half, estimate + half, ifelse(abs(estimate) > half, 0, 1))))
    }
}
table <- do.call(rbind, rows)
number <- vapply(table, is.double, NA)
table[number] <- lapply(table[number], round, 4)
path <- sub("[.]R$", ".csv", sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
write.csv(table, path, row.names = FALSE)
print(table)
