# Type I error of interval_logrank_test() at 5%: two groups of one law, seen at visits of which some are missed.
#
# Rscript inst/validation/interval-test-level.R [samples] writes interval-test-level.csv beside this file. Event times
# are exponential, visits at 1, 3, 6, 12, 24 months until a uniform end of follow-up by 60 months. schedule "same": both
# groups attend a visit with probability 0.8. "fewer": the first group attends all, the second half of the visits. "other":
# the second group is seen at months 2, 5, 9, 18, 30 instead, all attend. "pairs": two interfaces of each of n patients
# with a shared frailty, compared within patients. share: of the second group. Monte Carlo error of 5% with 1,000
# samples: 0.7%; n = 60 has a third of the samples (1.2%). no.test: samples without a test, counted as not rejected.
suppressMessages(library(osseosurv))
samples <- as.integer(c(commandArgs(TRUE), 1000)[1])
visits <- c(1, 3, 6, 12, 24)

seen <- function(event, visits, attendance) {
    leaving <- pmax(runif(length(event), 0, 60), visits[1])
    ends <- vapply(seq_along(event), function(i) {
        own <- visits[runif(length(visits)) < attendance & visits <= leaving[i]]
        c(max(own[own < event[i]], 0), min(own[own >= event[i]], Inf))
    }, c(0, 0))
    list(left = ends[1, ], right = ends[2, ])
}

one_sample <- function(n, share, rate, schedule) {
    if (schedule == "pairs") {
        group <- rep(1:2, each = n)
        ends <- seen(rexp(2 * n, rate) / rep(rgamma(n, 1), 2), visits, 0.8)
        return(list(left = ends$left, right = ends$right, group = group, cluster = rep(seq_len(n), 2)))
    }
    group <- rep(1:2, c(n - round(share * n), round(share * n)))
    event <- rexp(n, rate)
    first <- seen(event[group == 1], visits, if (schedule == "same") 0.8 else 1)
    second <- switch(schedule, same = seen(event[group == 2], visits, 0.8), fewer = seen(event[group == 2], visits, 0.5),
                     other = seen(event[group == 2], c(2, 5, 9, 18, 30), 1))
    list(left = c(first$left, second$left), right = c(first$right, second$right), group = group, cluster = NULL)
}

tests <- data.frame(scores = c("logrank", "logrank", "wilcoxon"), method = c("auto", "asymptotic", "auto"))
settings <- expand.grid(n = c(8, 11, 20, 60), rate = c(0.1, 0.03),
                        design = c("same 0.5", "same 0.25", "fewer 0.5", "fewer 0.25", "other 0.5", "pairs 0.5"),
                        stringsAsFactors = FALSE)
set.seed(20261123)
rows <- lapply(seq_len(nrow(settings)), function(k) {
    s <- settings[k, ]
    schedule <- sub(" .*", "", s$design)
    share <- as.numeric(sub(".* ", "", s$design))
    size <- if (s$n == 60) samples %/% 3L else samples
    p <- replicate(size, {
        x <- one_sample(s$n, share, s$rate, schedule)
        mapply(function(scores, method) {
            interval_logrank_test(Surv(x$left, x$right, type = "interval2"), scores = scores, method = method,
                                  group = x$group, cluster = x$cluster)$p.value
        }, tests$scores, tests$method)
    })
    data.frame(n = s$n, share = share, rate = s$rate, schedule = schedule, tests, samples = size,
               no.test = rowSums(is.na(p)), level = rowMeans(!is.na(p) & p <= 0.05), row.names = NULL)
})
here <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
write.csv(do.call(rbind, rows), file.path(dirname(here), "interval-test-level.csv"), row.names = FALSE, quote = FALSE)
