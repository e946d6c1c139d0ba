# turnbull(conf.type = "none") against icenReg, npsurv, MLEcens and survfit: the call as a user writes it, on the same
# data, log-likelihoods compared first. Run from the top of the package:  Rscript bench/npmle.R [runs]
# Writes bench/results/npmle.csv: seconds (median, fastest, slowest), ratio to ours, log-likelihood minus ours. Peers'
# own sums of a million logarithms are good to about 1e-5, so what they lack is only read up to n = 1e5.
library(osseosurv)

runs <- as.integer(c(commandArgs(TRUE), 3)[1])

# Two inspection times per row, at random; or visits of a grid, each attended with probability 0.8.
continuous <- function(n) {
    event <- rexp(n, 0.1)
    first <- runif(n, 0, 30)
    second <- first + runif(n, 0, 30)
    data.frame(left = ifelse(event <= first, 0, ifelse(event <= second, first, second)),
               right = ifelse(event <= first, first, ifelse(event <= second, second, Inf)))
}

grid <- function(n) {
    event <- rexp(n, 0.1)
    left <- numeric(n)
    right <- rep(Inf, n)
    for (visit in c(1, 3, 6, 12, 24, 36, 48, 60)) {
        seen <- runif(n) < 0.8 & right == Inf
        right[seen & event <= visit] <- visit
        left[seen & event > visit] <- visit
    }
    data.frame(left, right)
}

survfit_loglik <- function(data) {
    fit <- survival::survfit(survival::Surv(left, right, type = "interval2") ~ 1, data)
    survival <- c(1, fit$surv)
    at <- function(t) survival[findInterval(t, fit$time) + 1]
    sum(log(at(data$left) - ifelse(data$right == Inf, 0, at(data$right))))
}

peers <- list(
    osseosurv = list(run = function(data) {
        glance(turnbull(Surv(left, right, type = "interval2") ~ 1, data, conf.type = "none"))$logLik
    }, limit = Inf),
    icenReg = list(run = function(data) icenReg::ic_np(cbind(data$left, data$right))$llk, limit = Inf),
    npsurv = list(run = function(data) npsurv::npsurv(cbind(data$left, data$right))$ll, limit = 1e3),
    MLEcens = list(run = function(data) {
        MLEcens::computeMLE(cbind(data$left, pmin(data$right, 1e6), 0, 1), B = c(0, 1, 1, 1))$llh
    }, limit = 1e3),
    survival = list(run = survfit_loglik, limit = 1e3))
peers <- peers[vapply(names(peers), requireNamespace, NA, quietly = TRUE)]

results <- list()
for (shape in c("continuous", "grid")) {
    for (n in c(1e3, 1e5, 1e6)) {
        set.seed(1)
        data <- get(shape)(n)
        # npsurv collapses equal rows, so a grid costs it little.
        able <- names(peers)[vapply(names(peers), function(name) {
            n <= peers[[name]]$limit || (name == "npsurv" && shape == "grid")
        }, NA)]
        loglik <- numeric()
        once <- numeric()
        for (name in able) once[name] <- system.time(loglik[name] <- peers[[name]]$run(data))[["elapsed"]]
        stopifnot(n > 1e5 || loglik[["osseosurv"]] >= max(loglik, na.rm = TRUE) - 1e-6)
        # A quick call is repeated until the clock can tell, a slow one is not timed twice.
        repeats <- pmax(ceiling(0.1 / pmax(once, 1e-3)), 1)
        seconds <- replicate(runs, vapply(able, function(name) {
            if (once[name] > 5) return(once[[name]])
            system.time(for (i in seq_len(repeats[name])) peers[[name]]$run(data))[["elapsed"]] / repeats[[name]]
        }, 0))
        seconds <- matrix(seconds, length(able))
        median <- apply(seconds, 1, stats::median)
        results[[length(results) + 1]] <- data.frame(
            shape, n, package = able, version = vapply(able, function(p) format(utils::packageVersion(p)), ""),
            seconds = signif(median, 3), fastest = signif(apply(seconds, 1, min), 3),
            slowest = signif(apply(seconds, 1, max), 3), ratio = signif(median / median[1], 3),
            loglik.minus.ours = signif(loglik - loglik[1], 3), row.names = NULL)
        print(results[[length(results)]], row.names = FALSE)
    }
}
utils::write.csv(do.call(rbind, results), file.path("bench", "results", "npmle.csv"), row.names = FALSE, quote = FALSE)
