# turnbull(conf.type = "none") against icenReg, npsurv, MLEcens and survfit: the call as a user writes it. What is compared
# is the log-likelihood: ours must not be below a peer's by more than 1e-6, and `difference` is what a peer lacks. Peers'
# own sums of a million logarithms are good to about 1e-5, so that is only asked up to n = 1e5.
source("bench/harness.R")

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
    survival = list(run = survfit_loglik, limit = 300))
peers <- peers[vapply(names(peers), requireNamespace, NA, quietly = TRUE)]

for (shape in c("continuous", "grid")) {
    for (n in c(300, 1e3, 1e5, 1e6)) {
        set.seed(1)
        data <- get(shape)(n)
        # npsurv collapses equal rows, so a grid costs it little.
        able <- names(peers)[vapply(names(peers), function(name) {
            n <= peers[[name]]$limit || (name == "npsurv" && shape == "grid")
        }, NA)]
        calls <- lapply(peers[able], function(peer) function() peer$run(data))
        rows <- compare("npmle", shape, n, calls, unchecked = able[-1], why = "peers stop before the maximum")
        reached <- vapply(calls, function(call) call(), 0)
        stopifnot(n > 1e5 || reached[[1]] >= max(reached, na.rm = TRUE) - 1e-6)
    }
}
save_results("npmle")
