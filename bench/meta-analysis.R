# Random-effects meta-analysis by REML with HKSJ: the whole call as written, the model alone, and metafor.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))

if (installed("metafor")) {
    tight <- list(threshold = 1e-10, maxiter = 1000)
    set.seed(41)
    for (k in c(20, 200, 1000)) {
        n <- sample(20:80, k, replace = TRUE)
        x <- rbinom(k, n, plogis(rnorm(k, -1, 0.7)))
        effects <- metafor::escalc("PLO", xi = x, ni = n)
        compare("meta-analysis", "REML, HKSJ", k, list(
            osseosurv = function() {
                row <- tidy(meta_analysis(x, n, method = "reml", link = TRUE))
                c(row$estimate, row$conf.low, row$conf.high)
            },
            metafor = function() {
                fit <- metafor::rma.uni(effects$yi, effects$vi, method = "REML", test = "knha", control = tight)
                c(fit$beta, fit$ci.lb, fit$ci.ub)
            },
            "osseosurv:model" = function() {
                fit <- osseosurv:::fit_normal_normal(effects$yi, effects$vi, conf.level = 0)
                half <- qt(0.975, k - 1) * sqrt(fit$vcov[1] * fit$scale)
                fit$beta + c(0, -half, half)
            }), tolerance = 1e-7, runs = 3L)
    }
}
save_results("meta-analysis")
