# Where does a new cohort fall among the counts that the literature predicts for its size?

#' Hold a cohort against a pooled literature
#'
#' The predictive distribution of the number of events in a new cohort of the given size, from a
#' meta-analysis or from a known risk, and where the observed count falls in it. This is the fair comparison
#' of one cohort with others: it allows for chance in the cohort, for uncertainty of the pooled figure, and
#' for the variation between cohorts.
#'
#' @param events Observed events: whole number `>= 0`, or a vector, one element a cohort.
#' @param n Patients in the cohort (proportions), or
#' @param time follow-up time (rates), in the unit of the meta-analysis.
#' @param meta A [meta_analysis()] result, or one number: a risk (0 to 1, with `n`) or a rate (with `time`)
#'   taken as known.
#' @param term Level of the moderator to predict from; needed when `meta` has one.
#' @param conf.level Level of the predictive interval.
#'
#' @section Predictive distributions:
#' * known risk: binomial or Poisson.
#' * `beta-binomial`: the mixture over mean and heterogeneity described under Prediction in
#'   [meta_analysis()], 768 nodes. Needs three studies in the level.
#' * `reml`, `ml`, `pm`, `dl`: binomial or Poisson, integrated over t with `k` minus the number of
#'   coefficients degrees of freedom around the pooled logit or log rate, variance `tau2` plus squared
#'   standard error; `fixed`: the same with `tau2` 0.
#' * `exact`: the exact prediction limits of Thatcher (1964), which hold their level for any risk if all
#'   studies and the new cohort share it; `p.lower` and `p.upper` are then the one-sided conditional exact
#'   p-values (Fisher; for rates binomial).
#'
#' @return Data frame with class `predictive_check`, one row a cohort: `events`, `n` or `time`, `estimate`
#'   (expected count in an average population: size times the pooled proportion or rate), `conf.low`,
#'   `conf.high` (central predictive interval of the count, whole numbers; each side is exceeded with at
#'   most half of 1 - `conf.level`), `p.lower` = P(X <= events), `p.upper` = P(X >= events). A small
#'   `p.lower` speaks for a cohort better than the literature (if events are bad).
#' @section Errors: `osseosurv_invalid` for impossible counts, a size of the wrong kind, or a level that
#'   `meta` lacks.
#' @references Thatcher AR (1964) J R Stat Soc B 26:176, \doi{10.1111/j.2517-6161.1964.tb00550.x}; Higgins
#'   JPT, Thompson SG, Spiegelhalter DJ (2009) \doi{10.1111/j.1467-985X.2008.00552.x}.
#' @examples
#' predictive_check(0, 11, meta = 0.167)
#' predictive_check(0, 11, meta = meta_analysis(c(3, 8, 7), c(18, 24, 27)))
#' @export
predictive_check <- function(events, n = NULL, time = NULL, meta, term = NULL, conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    if (missing(meta) || !(is_number(meta) || inherits(meta, "meta_analysis"))) {
        abort_invalid("`meta` must be a result of meta_analysis(), or one number: a known risk or rate.", "meta")
    }
    new <- read_studies(events, n, time, NULL, if (is.list(meta)) meta$spec$measure)
    if (length(new$notes)) abort_invalid("`events` and its size must not be missing.", "events")
    rate <- new$measure == "rate"
    tail <- (1 - conf.level) / 2
    if (is_number(meta)) {
        level <- list(estimate = check_number(meta, "meta", 0, if (rate) Inf else 1), label = "a known figure")
        if (!is.finite(level$estimate)) abort_invalid("`meta` must be finite.", "meta")
        counts <- predict_known(new, level$estimate, tail)
    } else {
        level <- find_level(meta, term)
        counts <- switch(level$method,
                         exact = predict_exact(new, level, tail),
                         "beta-binomial" = predict_mixture(new, level, tail),
                         predict_normal(new, level, tail))
    }
    table <- list(events = new$x, size = new$size, estimate = new$size * level$estimate, conf.low = counts[1, ],
                  conf.high = counts[2, ], p.lower = counts[3, ], p.upper = counts[4, ])
    names(table)[2] <- if (rate) "time" else "n"
    new_result_table(
        "predictive_check", sprintf("Events in a new cohort as predicted from %s", level$label), as_frame(table),
        estimand_card(endpoint = "the event as the pooled studies define it", unit = "cohort",
                      measure = "number of events in a new cohort of this size",
                      population = "a new population like those of the pooled studies",
                      time_origin = "as in the pooled studies"),
        predictive_text(level, new$measure, conf.level), level$references,
        c(level$notes, if (anyNA(counts)) {
            "No prediction: with fewer than three studies the variation between populations cannot be judged; meta_analysis(method = \"exact\") predicts under one common risk."
        }))
}

find_level <- function(meta, term) {
    levels <- meta$design$levels
    if (is.null(levels)) {
        abort_invalid("`meta` has a numeric moderator; give a meta_analysis() without one, or with levels.", "meta")
    }
    if (is.null(term)) {
        if (length(levels) > 1) {
            abort_invalid(sprintf("`term` must name the level to predict from: %s.",
                                  paste0("\"", levels, "\"", collapse = ", ")), "term")
        }
        at <- 1L
    } else {
        at <- match(check_choice(term, "term", levels), levels)
    }
    own <- meta$design$x[, at] == 1
    method <- meta$choice$method
    se <- if (is.null(meta$fit$vcov)) NA_real_ else {
        factor <- if (meta$choice$test != "hksj") 1 else if (meta$spec$adhoc) max(1, meta$fit$scale) else meta$fit$scale
        sqrt(meta$fit$vcov[at, at] * factor)
    }
    df <- if (method == "fixed") meta$choice$df else length(own) - length(levels)
    list(method = method, x = meta$studies$x[own], size = meta$studies$size[own], centre = meta$fit$beta[at],
         spread = sqrt(meta$fit$tau2 + se^2), df = df, estimate = from_link(meta$fit$beta[at], meta$spec$measure),
         references = if (method == "exact") "Thatcher 1964, J R Stat Soc B 26:176" else meta$references,
         label = sprintf("%s%d %s (%s)", if (levels[at] == "") "" else paste0(levels[at], ", "), sum(own),
                         if (sum(own) == 1) "study" else "studies", method_label(method, meta$spec$measure)))
}

predict_known <- function(new, risk, tail) {
    cdf <- if (new$measure == "rate") function(q, size) stats::ppois(q, risk * size) else
        function(q, size) stats::pbinom(q, size, risk)
    quantile <- if (new$measure == "rate") function(p) stats::qpois(p, risk * new$size) else
        function(p) stats::qbinom(p, new$size, risk)
    rbind(quantile(tail), quantile(1 - tail), cdf(new$x, new$size), upper_tail(new$x, new$size, new$measure, risk))
}

upper_tail <- function(x, size, measure, risk) {
    if (measure == "rate") stats::ppois(x - 1, risk * size, lower.tail = FALSE) else
        stats::pbinom(x - 1, size, risk, lower.tail = FALSE)
}

# Thatcher's limits: the lower from the distribution that puts the risk as low as the s events of the studies allow
# (one patient without event more), the upper from the one that puts it as high.
predict_exact <- function(new, level, tail) {
    s <- sum(level$x)
    total <- sum(level$size)
    vapply(seq_along(new$x), function(i) {
        x <- new$x[i]
        size <- new$size[i]
        if (new$measure == "rate") {
            share <- total / (total + size)
            low <- if (s == 0) 0 else first_count(function(j) stats::pnbinom(j, s, share) > tail)
            high <- first_count(function(j) stats::pnbinom(j, s + 1, share, lower.tail = FALSE) <= tail)
            return(c(low, high, if (s == 0) 1 else stats::pnbinom(x, s, share),
                     stats::pnbinom(x - 1, s + 1, share, lower.tail = FALSE)))
        }
        # Conditional on the total of events the count is hypergeometric, whatever the risk.
        at_most <- function(j) stats::phyper(j, size, total, s + j)
        at_least <- function(j) stats::phyper(j - 1, size, total, s + j, lower.tail = FALSE)
        low <- if (s == 0) 0 else first_count(function(j) at_most(j) > tail, size)
        high <- if (s == total) size else first_count(function(j) j == size || at_least(j + 1) <= tail, size)
        c(low, high, at_most(x), at_least(x))
    }, numeric(4))
}

# Smallest whole number from 0 where a condition that stays true once true begins to hold.
first_count <- function(holds, most = Inf) {
    if (holds(0)) return(0)
    high <- 1
    while (high < most && !holds(high)) high <- 2 * high
    high <- min(high, most)
    low <- floor(high / 2)
    if (holds(low)) return(low)
    while (high - low > 1) {
        middle <- floor((low + high) / 2)
        if (holds(middle)) high <- middle else low <- middle
    }
    high
}

predict_mixture <- function(new, level, tail) {
    if (length(level$x) < 3) return(matrix(NA_real_, 4, length(new$x)))
    values <- .Call(ffi_count_check, as.integer(new$measure == "rate"), level$x, level$size, new$x, new$size, tail)
    matrix(values, 4, byrow = TRUE)[c(3, 4, 1, 2), , drop = FALSE]
}

# Trapezoid over y with t = sinh(y): the integrand is smooth and its tails die exponentially even for one df.
predict_normal <- function(new, level, tail) {
    y <- seq(-36, 36, by = 1 / 16)
    weight <- stats::dt(sinh(y), level$df) * cosh(y)
    keep <- weight > 0
    weight <- weight[keep] / sum(weight[keep])
    risk <- from_link(level$centre + level$spread * sinh(y[keep]), new$measure)
    below <- function(q, size) if (new$measure == "rate") stats::ppois(q, risk * size) else stats::pbinom(q, size, risk)
    vapply(seq_along(new$x), function(i) {
        size <- new$size[i]
        most <- if (new$measure == "rate") Inf else size
        cdf <- function(j) sum(weight * below(j, size))
        c(first_count(function(j) cdf(j) > tail, most), first_count(function(j) cdf(j) >= 1 - tail, most),
          cdf(new$x[i]), sum(weight * upper_tail(new$x[i], size, new$measure, risk)))
    }, numeric(4))
}

predictive_text <- function(level, measure, conf.level) {
    base <- if (measure == "rate") "Poisson" else "binomial"
    how <- switch(level$method %||% "known",
                  known = sprintf("a %s distribution with the known figure", base),
                  exact = "the exact prediction limits of Thatcher, assuming one common risk",
                  "beta-binomial" = sprintf("a %s model integrated over the likelihood of mean and heterogeneity (Jeffreys weight for the mean, half-normal with scale 1 for the standard deviation between studies on the link)",
                                            if (measure == "rate") "gamma-Poisson" else "beta-binomial"),
                  sprintf("a %s distribution integrated over the t predictive distribution of the random-effects model", base))
    sprintf("The number of events expected in a cohort of the same size was predicted from %s by %s (%g%% interval).",
            level$label, how, 100 * conf.level)
}
