# Fine-Gray regression with robust variance, five covariates: formula in, table out, at growing n. crr is quadratic;
# finegray expands the data; fastCrr's variance is a bootstrap, so it is timed without. finegray's variance takes the
# weights as known.
source("bench/harness.R")

installed <- function(package) nzchar(system.file(package = package))

cohort_of <- function(n, whole) {
    set.seed(n %% 1e4)
    x <- matrix(rnorm(5 * n), n, dimnames = list(NULL, paste0("x", 1:5)))
    event <- rexp(n, 0.05 * exp(drop(x %*% c(0.5, -0.3, 0.2, 0, 0.1))))
    censor <- runif(n, 0, 60)
    time <- pmin(event, censor)
    cause <- ifelse(event > censor, 0L, 1L + (runif(n) < 0.4))
    data.frame(time = if (whole) ceiling(time) else time, cause = cause, state = factor(cause, 0:2), x, id = seq_len(n))
}

# Estimates and standard errors, as far as the alternative has them.
checked <- function(result) {
    if (inherits(result, "fine_gray")) return(c(tidy(result)$estimate, tidy(result)$std.error))
    if (inherits(result, "crr")) return(unname(c(result$coef, sqrt(diag(result$var)))))
    if (inherits(result, "coxph")) return(unname(c(coef(result), sqrt(diag(vcov(result))))))
    if (inherits(result, "fcrr")) return(unname(result$coef))
    unname(c(coef(result), sqrt(diag(result$var))))
}

fit <- function(n, whole, left_out) {
    d <- cohort_of(n, whole)
    x <- as.matrix(d[paste0("x", 1:5)])
    alternatives <- list(osseosurv = function() fine_gray(Surv(time, state) ~ x1 + x2 + x3 + x4 + x5, d),
                         `osseosurv: vectors` = function() fine_gray(Surv(d$time, d$state), x = x))
    if (installed("cmprsk") && n <= 3e3) alternatives$cmprsk <- function() cmprsk::crr(d$time, d$cause, x, gtol = 1e-10, maxiter = 50)
    if (installed("mets")) {
        alternatives$mets <- function() mets::cifregFG(Event(time, cause) ~ x1 + x2 + x3 + x4 + x5, d, cause = 1)
    }
    if (installed("fastcmprsk")) {
        alternatives$fastcmprsk <- function() fastcmprsk::fastCrr(fastcmprsk::Crisk(time, cause) ~ x, data = d, variance = FALSE, eps = 1e-10)
    }
    if (n <= 1e4) {
        alternatives[["survival:finegray"]] <- function() {
            long <- survival::finegray(survival::Surv(time, state) ~ x1 + x2 + x3 + x4 + x5 + id, d, etype = "1")
            survival::coxph(survival::Surv(fgstart, fgstop, fgstatus) ~ x1 + x2 + x3 + x4 + x5, long, weights = fgwt,
                            ties = "breslow", cluster = id)
        }
    }
    compare("fine-gray", if (whole) "5 covariates, whole months" else "5 covariates, continuous", n,
            alternatives[setdiff(names(alternatives), left_out)], tolerance = 1e-5, values = checked,
            unchecked = c("survival:finegray", "fastcmprsk", if (whole) "mets"), runs = 3L, least = 0.1,
            why = "another variance, none, or another rule for ties")
}

if (installed("mets")) suppressMessages(library(mets))
largest <- as.numeric(Sys.getenv("OSSEOSURV_BENCH_ROWS", "1e6"))
sizes <- c(60, 1e3, 3e3, 1e4, 1e5, 1e6, 1e7)
sizes <- sizes[sizes <= largest]
for (whole in c(FALSE, TRUE)) grow(sizes, function(n, left_out) fit(n, whole, left_out))

save_results("fine-gray")
