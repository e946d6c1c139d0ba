# Cox regression, five covariates: the call as a user writes it against coxph; the vector path against the bare cores
# coxph.fit and glmnet; Firth's penalty with profile intervals against coxphf. Both on 1 and 2 threads.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))
library(survival)
have_coxphf <- installed("coxphf")
have_glmnet <- installed("glmnet")

trial_of <- function(n, whole, p = 5) {
    set.seed(n %% 1e4 + p)
    x <- matrix(rnorm(n * p), n, dimnames = list(NULL, paste0("x", seq_len(p))))
    event <- 30 * rexp(n, exp(drop(x[, 1:2, drop = FALSE] %*% c(0.5, -0.3))))
    end <- runif(n, 6, 60)
    time <- pmin(event, end)
    list(x = x, time = if (whole) ceiling(time) else time, status = as.integer(event <= end))
}

coefficients_of <- function(result) {
    if (inherits(result, "cox_ph")) return(unname(coef(result)))
    if (inherits(result, "coxnet")) return(as.vector(result$beta))
    unname(result$coefficients)
}

on_threads <- function(threads, code) {
    old <- options(osseosurv.threads = threads)
    on.exit(options(old))
    code
}

regression <- function(n, whole, left_out) {
    d <- trial_of(n, whole)
    frame <- data.frame(d$x, time = d$time, status = d$status)
    f <- Surv(time, status) ~ x1 + x2 + x3 + x4 + x5
    y <- Surv(d$time, d$status)
    rownames <- as.character(seq_len(n))
    case <- sprintf("Efron, Wald, %s", if (whole) "whole months" else "continuous")
    # coxph also ties what differs by less than 1.5e-8 in itself, and stops at a relative 1e-9 of the log-likelihood.
    keep <- function(alternatives) alternatives[setdiff(names(alternatives), left_out)]
    compare("cox", paste0(case, ", formula"), n, keep(list(
        osseosurv = function() cox_ph(f, frame, conf.method = "wald"),
        "osseosurv:2 threads" = function() on_threads(2, cox_ph(f, frame, conf.method = "wald")),
        "survival:coxph" = function() coxph(f, frame))), tolerance = 1e-5, values = coefficients_of,
        runs = if (n >= 1e6) 3L else 5L, least = 0.2)
    compare("cox", paste0(case, ", vectors"), n, keep(list(
        osseosurv = function() cox_ph(y, x = d$x, conf.method = "wald"),
        "osseosurv:2 threads" = function() on_threads(2, cox_ph(y, x = d$x, conf.method = "wald")),
        "survival:coxph.fit" = function() {
            coxph.fit(d$x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", rownames, resid = FALSE)
        },
        glmnet = if (have_glmnet) function() glmnet::glmnet(d$x, y, family = "cox", lambda = 0, standardize = TRUE))
        |> Filter(f = Negate(is.null))), tolerance = 1e-5, values = coefficients_of,
        unchecked = "glmnet", why = "Breslow's rule, coordinate descent to its own limit",
        runs = if (n >= 1e6) 3L else 5L, least = 0.2)
}

largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(11, 1e3, 1e5, 1e6, 1e7)
for (whole in c(FALSE, TRUE)) grow(sizes[sizes <= largest], function(n, left_out) regression(n, whole, left_out))

for (n in c(100, 1000)) for (p in c(2, 5)) {
    d <- trial_of(n, FALSE, p)
    frame <- data.frame(d$x, time = d$time, status = d$status)
    f <- reformulate(colnames(d$x), quote(Surv(time, status)))
    compare("cox", sprintf("Firth, profile intervals, %d covariates", p), n, c(list(
        osseosurv = function() cox_ph(f, frame, penalty = "firth", ties = "breslow")),
        if (have_coxphf) list(coxphf = function() coxphf::coxphf(f, frame))), tolerance = 1e-5,
        values = function(r) {
            unname(if (inherits(r, "cox_ph")) c(coef(r), exp(tidy(r)$conf.low)) else c(r$coefficients, r$ci.lower))
        })
}
for (n in c(11, 1000)) {
    d <- trial_of(n, FALSE, 2)
    y <- Surv(d$time, d$status)
    compare("cox", "profile intervals, 2 covariates, vectors", n, list(
        osseosurv = function() cox_ph(y, x = d$x), "survival:coxph" = function() coxph(y ~ d$x)),
        tolerance = 1e-5, values = coefficients_of)
}
save_results("cox")
