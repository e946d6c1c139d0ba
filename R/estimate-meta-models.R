# The models behind meta_analysis(). Each fit is a list with beta, vcov (on the link, per coefficient),
# and what glance() shows; meta_rows() turns any of them into levels and contrasts.

# y ~ N(x beta, tau2 + v); also for effects of any other kind.
fit_normal_normal <- function(y, v, x = matrix(1, length(y), 1), method = "reml", conf.level = 0.95) {
    code <- match(method, c("fixed", "dl", "pm", "ml", "reml")) - 1L
    .Call(ffi_normal_normal, as.double(y), as.double(v), x, code, conf.level)
}

# Logit or log rate with its sampling variance; 1/2 is added where the variance would be infinite.
link_effects <- function(x, size, measure) {
    if (measure == "rate") {
        corrected <- x == 0
        x <- x + corrected / 2
        return(list(y = log(x / size), v = 1 / x, corrected = sum(corrected)))
    }
    corrected <- x == 0 | x == size
    rest <- size - x + corrected / 2
    x <- x + corrected / 2
    list(y = log(x / rest), v = 1 / x + 1 / rest, corrected = sum(corrected))
}

fit_transformed <- function(studies, design, method, spec) {
    effects <- link_effects(studies$x, studies$size, studies$measure)
    fit <- fit_normal_normal(effects$y, effects$v, design$x, method, spec$conf.level)
    df <- length(effects$y) - ncol(design$x)
    fit$effects <- effects
    fit$overdispersion <- NA_real_
    fit$q.p.value <- if (df > 0) stats::pchisq(fit$q, df, lower.tail = FALSE) else NA_real_
    if (method == "fixed") fit$tau2.low <- fit$tau2.high <- NA_real_
    if (effects$corrected) {
        fit$notes <- sprintf(paste("%d of %d studies have no events (or only events): 1/2 was added to their counts, and with",
                                   "sparse data that correction drives the estimate; method \"beta-binomial\" needs none."),
                             effects$corrected, length(effects$y))
    }
    fit
}

fit_exact <- function(studies, design) {
    k <- length(studies$x)
    p <- ncol(design$x)
    rate <- studies$measure == "rate"
    pooled <- colSums(design$x * studies$x) / colSums(design$x * studies$size)
    fitted <- as.vector(design$x %*% pooled)
    log_lik <- sum(if (rate) stats::dpois(studies$x, fitted * studies$size, log = TRUE) else
        stats::dbinom(studies$x, studies$size, fitted, log = TRUE))
    q <- max(0, 2 * (saturated(studies) - log_lik))
    list(beta = if (rate) log(pooled) else stats::qlogis(pooled), tau2 = 0, tau2.low = NA_real_, tau2.high = NA_real_,
         i2 = NA_real_, q = q, q.p.value = if (k > p) stats::pchisq(q, k - p, lower.tail = FALSE) else NA_real_,
         overdispersion = 0, converged = TRUE, iterations = 0L, gradient = 0, logLik = log_lik)
}

# Log-likelihood when every study has its own proportion or rate.
saturated <- function(studies) {
    if (studies$measure == "rate") return(sum(stats::dpois(studies$x, studies$x, log = TRUE)))
    sum(stats::dbinom(studies$x, studies$size, studies$x / studies$size, log = TRUE))
}

fit_counts <- function(studies, design) {
    rate <- studies$measure == "rate"
    k <- length(studies$x)
    p <- ncol(design$x)
    kind <- as.integer(rate)
    fit <- .Call(ffi_count_fit, kind, studies$x, studies$size, design$x)
    # Coefficients that ran to the boundary: with levels it is known which, and the sign.
    away <- rep(0, p)
    if (!is.null(design$levels)) {
        total <- colSums(design$x * studies$x)
        away[total == 0] <- -Inf
        if (!rate) away[total == colSums(design$x * studies$size)] <- Inf
        fit$beta[away != 0] <- away[away != 0]
    } else if (fit$diverging) {
        away[] <- NA
    }
    finite <- c(away %in% 0, !fit$boundary && fit$g < 1e6)
    vcov <- matrix(NA_real_, p, p)
    if (any(finite[seq_len(p)])) {
        inverse <- tryCatch(solve(fit$information[finite, finite, drop = FALSE]), error = function(e) NULL)
        inside <- seq_len(sum(finite[seq_len(p)]))
        if (!is.null(inverse)) vcov[finite[-(p + 1)], finite[-(p + 1)]] <- inverse[inside, inside]
    }
    fit$vcov <- vcov
    fit$q <- max(0, 2 * (saturated(studies) - fit$logLik0))
    fit$q.p.value <- if (k > p) stats::pchisq(fit$q, k - p, lower.tail = FALSE) else NA_real_
    fit$overdispersion <- if (rate) fit$g else fit$g / (1 + fit$g)
    fit$tau2 <- if (p > 1) NA_real_ else if (fit$boundary) 0 else if (rate) trigamma(1 / fit$g) else {
        mean <- stats::plogis(fit$beta)
        trigamma(mean / fit$g) + trigamma((1 - mean) / fit$g)
    }
    fit$tau2.low <- fit$tau2.high <- fit$i2 <- NA_real_
    fit
}

# Likelihood-ratio interval of one contrast of coefficients; c(low, high) on the link.
count_profile <- function(fit, studies, design, contrast, se, conf.level) {
    used <- contrast != 0
    away <- sum(contrast[used] * sign(fit$beta[used]) * is.infinite(fit$beta[used]))
    # Two coefficients that run away in opposite directions of the contrast leave nothing to bound.
    if (sum(is.infinite(fit$beta[used])) > 1 && length(unique(fit$beta[used] * contrast[used])) > 1) return(c(NA_real_, NA_real_))
    beta <- ifelse(is.infinite(fit$beta), sign(fit$beta) * 37, fit$beta)
    limits <- .Call(ffi_count_interval, as.integer(studies$measure == "rate"), studies$x, studies$size, design$x,
                    as.double(contrast), as.double(beta), c(fit$g, fit$logLik), as.double(se),
                    stats::qchisq(conf.level, 1) / 2)
    if (away < 0) limits[1] <- -Inf
    if (away > 0) limits[2] <- Inf
    limits
}

# Quantiles of the true proportion or rate of a new population, from the studies of one level.
count_prediction <- function(x, size, measure, conf.level) {
    if (length(x) < 3) return(c(NA_real_, NA_real_))
    tail <- (1 - conf.level) / 2
    .Call(ffi_count_predictive, as.integer(measure == "rate"), x, size, c(tail, 1 - tail))
}

# Pooled exact interval, c(low, high) a column: Clopper-Pearson or Garwood.
pooled_exact <- function(x, size, measure, conf.level) {
    tail <- (1 - conf.level) / 2
    if (measure == "rate") {
        return(rbind(ifelse(x == 0, 0, stats::qgamma(tail, x)), stats::qgamma(tail, x + 1, lower.tail = FALSE)) /
                   rep(size, each = 2))
    }
    rbind(ifelse(x == 0, 0, suppressWarnings(stats::qbeta(tail, x, size - x + 1))),
          ifelse(x == size, 1, suppressWarnings(stats::qbeta(tail, x + 1, size - x, lower.tail = FALSE))))
}

# Conditional exact contrast of two pooled groups: log odds ratio or log rate ratio, its interval, p.
exact_contrast <- function(x1, size1, x0, size0, measure, conf.level) {
    if (x1 + x0 == 0 || (measure != "rate" && x1 + x0 == size1 + size0)) return(c(NA_real_, NA, NA, NA))
    if (measure == "rate") {
        share <- stats::binom.test(x1, x1 + x0, size1 / (size1 + size0), conf.level = conf.level)
        chance <- size1 / (size1 + size0)
        tails <- c(stats::pbinom(x1, x1 + x0, chance), stats::pbinom(x1 - 1, x1 + x0, chance, lower.tail = FALSE))
        return(c(log(x1 / size1) - log(x0 / size0), stats::qlogis(share$conf.int) - log(size1 / size0),
                 min(1, 2 * min(tails))))
    }
    table <- matrix(c(x1, size1 - x1, x0, size0 - x0), 2)
    test <- stats::fisher.test(table, conf.level = conf.level)
    tails <- c(stats::phyper(x1, size1, size0, x1 + x0), stats::phyper(x1 - 1, size1, size0, x1 + x0, lower.tail = FALSE))
    c(log(unname(test$estimate)), log(test$conf.int), min(1, 2 * min(tails)))
}
