#' Cox regression
#'
#' Proportional hazards regression by partial likelihood, with the interval that holds in small samples (profile
#' likelihood), Firth's penalty for few events, and separation named instead of answered with a huge coefficient.
#'
#' @inheritParams kaplan_meier
#' @param formula `Surv(time, status) ~ x1 + x2`, or `Surv(entry, exit, status) ~ ...` for left truncation and
#'   time-varying covariates (a row for each stretch of time); terms as in [stats::lm()], `strata()` and `offset()`.
#'   Or a `Surv` object, with the covariates in `x`.
#' @param ties `"efron"` or `"breslow"`.
#' @param penalty `"none"`, or `"firth"`: the log-likelihood plus half the log determinant of its information, whose
#'   maximum is finite under separation and less biased with few events.
#' @param conf.method `"profile"` (likelihood ratio; Firth: of the penalised likelihood), `"wald"`, or `"auto"`: profile
#'   up to 1e4 rows, Wald beyond and with `cluster`.
#' @param cluster One-sided formula such as `~patient` (or a vector): rows of a cluster may depend on each other, and the
#'   variance is the sandwich over clusters.
#' @param cluster.correction `"none"`: the sandwich of Lin and Wei as `coxph(cluster = )` has it. With few clusters that
#'   is too small. With U the summed score residuals of a cluster, W minus their derivative by the coefficients and I the
#'   information (the sum of all W), `"CR3"` puts (1 - W/I)^-1 U for U on both sides of the sandwich (MD, after Mancl and
#'   DeRouen, in Wang, Turner and Li 2023), `"CR2"` on one side, symmetrised (their KC, after Kauermann and Carroll). W
#'   counts the derivative of Breslow's hazard too; without it, as in the paper's program, the result would depend on
#'   the origin of the covariates. With either correction intervals and p-values come from t with one degree of freedom
#'   less than clusters.
#' @param exponentiate `TRUE`: hazard ratios and their limits instead of logs.
#' @param x Numeric matrix of covariates, or vector, when `formula` is a `Surv` object.
#' @param strata Vector of strata when `formula` is a `Surv` object.
#' @return A result whose [tidy()] has one row per coefficient: `term` (as `coxph` names it), `estimate` (log hazard
#'   ratio), `std.error`, `statistic`, `p.value`, `conf.low`, `conf.high`. With profile intervals `statistic` is the
#'   signed root of the likelihood-ratio statistic and `p.value` its test, so that both agree with the interval; else
#'   Wald. A coefficient without finite maximum is `-Inf` or `Inf` with a one-sided interval and `NA` as standard error;
#'   one that the data do not determine (collinear, no event) is `NA`; a note names it. [glance()]: `n`, `events`,
#'   `n.strata`, `logLik` (penalised with Firth), `df`, likelihood-ratio, score and Wald tests
#'   (`statistic.log`, `p.value.log`, ...), `iterations`, `converged`, `ties`, `penalty`, `conf.method`, `conf.level`,
#'   `n.cluster`; with `concordance = TRUE` also `concordance`. `coef()`, `vcov()`, `logLik()`,
#'   [residuals()][residuals.cox_ph], [survival_at()][survival_at.cox_ph], [ph_test()].
#' @section Agreement: Coefficients, variance, log-likelihood and tests equal `survival::coxph` (converged) to 1e-8, with
#'   ties, left truncation, strata, offset and cluster; times that differ by a relative 1.5e-8 are tied (`coxph` also ties
#'   differences below 1.5e-8 in themselves). With weights they equal `coxph` on the replicated rows, which for Efron's
#'   rule is not `coxph(weights = )`. Firth equals `coxphf::coxphf` (which has Breslow's rule) to 1e-5, its convergence
#'   limit.
#' @section Coverage of 95% intervals: Simulated, 1,000 samples a setting (standard error 0.7 points), two groups of
#'   exponential times, follow-up equal or shorter in one group, hazard ratio 1 and 3. Profile: 84.2% to 91.8% at n = 8,
#'   90.6% to 92.9% at 11, 93.7% to 95.8% at 20, 94.1% to 95.0% at 60, so below its level in small samples, where the
#'   likelihood is often monotone; its test rejects a true hazard ratio of 1 in 8.5%, 7.4%, 5.7% and 5.9% of samples at
#'   most. Firth with its profile: 93.6% to 97.9%, 91.8% to 95.0%, 94.1% to 96.0%, 94.1% to 94.9%; rejections at most
#'   6.4%, 6.7%, 5.5%, 5.9%. Wald: 98.0% to 100%, 95.6% to 98.8%, 94.9% to 97.3%, 94.4% to 95.0% of the samples that have
#'   such an interval (80% to 94% at n = 8); it never rejects at n = 8. Clusters of one to four rows, 11, 20, 60 of them:
#'   `"none"` 90.2%, 91.5%, 93.2% at the lowest; `"CR2"` 95.0%, 95.1%, 94.1%; `"CR3"` 96.4%, 96.0%, 94.7%. An exact
#'   log-rank test ([logrank_test()]) has no such error. Script and table: `inst/validation/`.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for bad times, status, weights, covariates that are
#'   missing or not finite, terms that a Cox model cannot hold (`cluster()`, `tt()`, `frailty()`), no rows.
#' @references Cox DR (1972) \doi{10.1111/j.2517-6161.1972.tb00899.x}. Efron B (1977)
#'   \doi{10.1080/01621459.1977.10480613}. Heinze G, Schemper M (2001) \doi{10.1111/j.0006-341X.2001.00114.x}. Venzon DJ,
#'   Moolgavkar SH (1988) \doi{10.2307/2347496}. Lin DY, Wei LJ (1989) \doi{10.1080/01621459.1989.10478874}. Wang X,
#'   Turner EL, Li F (2023) \doi{10.1002/bimj.202200113}.
#' @seealso [ph_test()], [survival_at.cox_ph()], [kaplan_meier()].
#' @examples
#' cox_ph(Surv(time, status) ~ sex + ph.ecog + age, survival::lung)
#'
#' # No event in one arm: the estimate is infinite, the lower limit is not. Firth's penalty gives both.
#' trial <- data.frame(t = 1:10, d = rep(1:0, each = 5), arm = rep(c("new", "old"), each = 5))
#' cox_ph(Surv(t, d) ~ arm, trial)
#' cox_ph(Surv(t, d) ~ arm, trial, penalty = "firth", exponentiate = TRUE)
#' @export
cox_ph <- function(formula, data = NULL, ties = "efron", penalty = "none", conf.method = "auto", conf.level = 0.95,
                   cluster = NULL, cluster.correction = "none", exponentiate = FALSE, weights = NULL, subset = NULL,
                   na.action = NULL, x = NULL, strata = NULL) {
    check_choice(ties, "ties", c("efron", "breslow"))
    check_choice(penalty, "penalty", c("none", "firth"))
    check_choice(conf.method, "conf.method", c("auto", "profile", "wald"))
    check_choice(cluster.correction, "cluster.correction", c("none", "CR2", "CR3"))
    conf.level <- check_conf_level(conf.level)
    check_flag(exponentiate, "exponentiate")
    input <- read_regression(environment(), frame = parent.frame())
    if (is.null(input$cluster) && cluster.correction != "none") {
        abort_invalid("`cluster.correction` needs `cluster`, such as `cluster = ~patient`.", "cluster.correction")
    }
    if (!is.null(input$cluster) && penalty == "firth") {
        abort_invalid("`cluster` has no theory together with Firth's penalty: leave out one of them.", "cluster")
    }
    if (conf.method == "auto") {
        conf.method <- if (is.null(input$cluster) && input$n <= 1e4) "profile" else "wald"
    } else if (conf.method == "profile" && !is.null(input$cluster)) {
        abort_invalid("`conf.method` \"profile\" does not know of clusters: use \"wald\".", "conf.method")
    }
    fit_cox(input, ties, penalty, conf.method, conf.level, cluster.correction, exponentiate)
}

# The parts of a model as src/glue/cox.c reads them.
cox_model <- function(input, ties, penalty = "none", x = input$x, event = 1L) {
    list(input$entry, input$time, input$status, input$weight, input$stratum, as.double(length(input$strata)), x,
         input$offset, event, as.integer(ties == "efron"), as.integer(penalty == "firth"),
         if (input$n < 1e4) 1L else thread_count())
}

fit_cox <- function(input, ties, penalty, conf.method, conf.level, correction = "none", exponentiate = FALSE) {
    name <- input$columns$name
    p <- length(name)
    none <- rep(NA_real_, p)
    raw <- solve_cox(input, ties, penalty, if (conf.method == "profile") stats::qchisq(conf.level, 1) else 0)
    used <- which(!raw$alias)
    notes <- c(input$notes, alias_notes(input, raw))
    estimate <- std.error <- low <- high <- statistic <- none
    variance <- matrix(NA_real_, p, p, dimnames = list(name, name))
    infinite <- integer(p)
    infinite[used] <- raw$infinite
    variance[used, used] <- raw$variance
    variance[infinite != 0, ] <- variance[, infinite != 0] <- NA
    estimate[used] <- raw$beta
    if (!is.null(input$cluster) && length(used)) {
        if (any(infinite != 0)) {
            variance[] <- NA
        } else {
            variance[used, used] <- robust_cox(input, ties, used, raw, correction)
        }
    }
    std.error <- sqrt(diag(variance))
    profiled <- raw
    if (any(infinite != 0) && conf.method == "wald" && is.null(input$cluster)) {
        profiled <- solve_cox(input, ties, penalty, stats::qchisq(conf.level, 1))
    }
    # A corrected sandwich of few clusters is still a variance estimated from few; by simulation t holds the level.
    clusters <- if (correction == "none") Inf else input$n_cluster - 1
    z <- stats::qt((1 + conf.level) / 2, clusters)
    statistic <- estimate / std.error
    low <- estimate - z * std.error
    high <- estimate + z * std.error
    by_likelihood <- used[(conf.method == "profile" | infinite[used] != 0) & !is.null(profiled$drop)]
    at <- match(by_likelihood, used)
    statistic[by_likelihood] <- sign(estimate[by_likelihood]) * sqrt(2 * profiled$drop[at])
    low[by_likelihood] <- profiled$low[at]
    high[by_likelihood] <- profiled$high[at]
    estimate[infinite != 0] <- infinite[infinite != 0] * Inf
    notes <- c(notes, monotone_notes(input, infinite, penalty, !is.null(input$cluster)))
    if (!raw$fit[7] && length(used)) {
        notes <- c(notes, sprintf("The fit did not converge in %d iterations (largest score %.2g).", as.integer(raw$fit[6]),
                                  raw$fit[8]))
        warn("convergence", "cox_ph() did not converge: see the notes of the result.")
    }
    table <- as_frame(list(term = name, estimate = estimate, std.error = unname(std.error), statistic = unname(statistic),
                           p.value = 2 * stats::pt(-abs(unname(statistic)), clusters), conf.low = unname(low),
                           conf.high = unname(high)))
    df <- length(used)
    chi <- function(value) stats::pchisq(value, df, lower.tail = FALSE)
    tests <- raw$fit[c(5, 3, 4)]
    if (any(infinite != 0)) tests[3] <- NA
    if (!is.null(input$cluster) && df && !any(infinite != 0)) {
        robust <- matrix(variance[used, used], df)
        invertible <- !anyNA(robust) && rcond(robust) > 1e-12
        tests[3] <- if (invertible) sum(raw$beta * solve(robust, raw$beta)) else NA
        if (!invertible) {
            notes <- c(notes, sprintf(paste("%d clusters do not determine a variance of %d coefficients: no robust test of",
                                            "all together."), input$n_cluster, df))
        }
    }
    if (!df) tests[] <- NA
    n <- if (is.null(input$weight)) input$n else sum(input$weight)
    glance <- list(n = n, events = raw$fit[9], n.strata = length(input$strata), logLik = raw$fit[1],
                   logLik.null = raw$fit[2], df = df, statistic.log = tests[1], p.value.log = chi(tests[1]),
                   statistic.sc = tests[2], p.value.sc = chi(tests[2]), statistic.wald = tests[3],
                   p.value.wald = chi(tests[3]), iterations = as.integer(raw$fit[6]), converged = raw$fit[7] == 1,
                   ties = ties, penalty = penalty, conf.method = conf.method, conf.level = conf.level,
                   n.cluster = if (is.null(input$cluster)) NA_integer_ else input$n_cluster)
    new_result(
        "cox_ph",
        title = sprintf("Cox regression (%s ties%s), %s %s interval%s", ties,
                        if (penalty == "firth") ", Firth's penalty" else "", percent_text(conf.level),
                        if (is.null(input$cluster)) conf.method else "robust Wald",
                        if (exponentiate) ", hazard ratios" else ", log hazard ratios"),
        table = table, glance = glance,
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = "log hazard ratio per unit of the covariate, the others held, the same at all times",
            unit = if (is.null(input$cluster)) "row" else "cluster",
            censoring = "independent of the event given the covariates and strata",
            competing = "a competing event coded as censored is treated as censoring (cause-specific hazard)"),
        methods = cox_methods(ties, penalty, conf.method, conf.level, correction, input),
        references = cox_references(ties, penalty, conf.method, correction, input), notes = notes,
        coefficients = stats::setNames(estimate, name), variance = variance, infinite = infinite,
        input = input, exponentiate = exponentiate)
}

# Without the columns that the data cannot tell apart; `alias` says which.
solve_cox <- function(input, ties, penalty, quantile) {
    x <- input$x
    alias <- rep.int(FALSE, ncol(x))
    raw <- .Call(ffi_cox, cox_model(input, ties, penalty, x), quantile)
    if (any(raw$alias == 1L)) {
        alias <- raw$alias == 1L
        raw <- .Call(ffi_cox, cox_model(input, ties, penalty, x[, !alias, drop = FALSE]), quantile)
    }
    raw$alias <- alias
    raw
}

alias_notes <- function(input, raw) {
    if (raw$fit[9] == 0) return("No event: no coefficient is estimable (NA).")
    vapply(input$columns$name[raw$alias], function(name) {
        sprintf(paste("`%s` is not estimable (NA): it does not vary among those at risk at any event, or the columns",
                      "before it determine it."), name)
    }, "", USE.NAMES = FALSE)
}

monotone_notes <- function(input, infinite, penalty, clustered) {
    apart <- which(infinite != 0)
    if (!length(apart)) return(character())
    text <- vapply(apart, function(j) monotone_text(input, j, infinite[j]), "")
    remedy <- if (clustered) {
        "Its estimate is infinite and the sandwich variance does not exist; `penalty = \"firth\"` without `cluster` is finite."
    } else {
        "Its estimate is infinite and the interval one-sided; `penalty = \"firth\"` gives a finite estimate and interval."
    }
    if (length(apart) > 1) remedy <- sub("Its estimate is", "Such estimates are", remedy)
    c(text, remedy)
}

# Which covariate level goes with all events or with none.
monotone_text <- function(input, j, sign) {
    columns <- input$columns
    name <- columns$name[j]
    x <- input$x[, j]
    dead <- input$status == 1L
    direction <- if (sign > 0) "Inf" else "-Inf"
    if (!is.na(columns$level[j])) {
        same <- which(columns$term == columns$term[j])
        reference <- rowSums(input$x[, same, drop = FALSE] != 0) == 0
        if (sign < 0 && !any(dead & x == 1)) {
            return(sprintf("`%s` separates: no event in level \"%s\" of `%s`.", name, columns$level[j], columns$term[j]))
        }
        if (sign > 0 && !any(dead & reference)) {
            return(sprintf("`%s` separates: no event in level \"%s\" of `%s`, the reference.", name, columns$reference[j],
                           columns$term[j]))
        }
        return(sprintf("`%s` (level \"%s\" of `%s`) separates: the likelihood rises as its coefficient goes to %s.", name,
                       columns$level[j], columns$term[j], direction))
    }
    values <- sort(unique(x))
    idle <- values[!values %in% x[dead]]
    if (length(values) == 2 && length(idle) == 1) {
        return(sprintf("`%s` separates: no event where it is %s.", name, format(idle)))
    }
    sprintf("`%s` separates: the likelihood rises as its coefficient goes to %s.", name, direction)
}

#' Sandwich variance over clusters
#'
#' @param used Columns in the fit.
#' @param raw What `solve_cox()` gave: `beta`, `variance` (inverse information).
#' @return Matrix, as many rows as columns used.
#' @noRd
robust_cox <- function(input, ties, used, raw, correction) {
    model <- cox_model(input, ties, x = input$x[, used, drop = FALSE])
    p <- length(used)
    score <- matrix(.Call(ffi_cox_residuals, model, raw$beta, 1L)$score, ncol = p)
    if (!is.null(input$weight)) score <- score * input$weight
    score <- rowsum(score, input$cluster, reorder = TRUE)
    naive <- matrix(raw$variance, p)
    if (correction == "none") return(naive %*% crossprod(score) %*% naive)
    omega <- .Call(ffi_cox_omega, model, raw$beta, input$cluster, as.double(input$n_cluster))
    dim(omega) <- c(p, p, input$n_cluster)
    corrected <- t(vapply(seq_len(input$n_cluster), function(k) {
        left <- diag(p) - matrix(omega[, , k], p) %*% naive
        if (rcond(left) < 1e-12) rep(NA_real_, p) else solve(left, score[k, ])
    }, numeric(p)))
    if (p == 1) corrected <- t(corrected)
    bread <- if (correction == "CR3") crossprod(corrected) else (crossprod(corrected, score) + crossprod(score, corrected)) / 2
    naive %*% bread %*% naive
}

cox_methods <- function(ties, penalty, conf.method, conf.level, correction, input) {
    paste0("Hazard ratios were estimated by Cox regression", if (penalty == "firth") " with Firth's penalty", " (",
           c(efron = "Efron", breslow = "Breslow")[[ties]], " ties", if (length(input$strata) > 1) ", stratified", ") with ",
           percent_text(conf.level),
           if (conf.method == "profile") " profile likelihood intervals" else " Wald intervals",
           if (!is.null(input$cluster)) " and a variance robust to dependence within clusters",
           if (correction != "none") sprintf(" (%s correction)", correction), ".")
}

cox_references <- function(ties, penalty, conf.method, correction, input) {
    c("Cox (1972) J R Stat Soc B 34:187",
      if (ties == "efron") "Efron (1977) J Am Stat Assoc 72:557" else "Breslow (1974) Biometrics 30:89",
      if (penalty == "firth") "Heinze and Schemper (2001) Biometrics 57:114",
      if (conf.method == "profile") "Venzon and Moolgavkar (1988) Appl Stat 37:87",
      if (!is.null(input$cluster)) "Lin and Wei (1989) J Am Stat Assoc 84:1074",
      if (correction != "none") "Wang, Turner and Li (2023) Biom J 65:2200113")
}

#' @rdname cox_ph
#' @param ... Not used.
#' @export
tidy.cox_ph <- function(x, exponentiate = x$exponentiate, ...) {
    table <- x$table
    if (!check_flag(exponentiate, "exponentiate")) return(table)
    table$estimate <- exp(table$estimate)
    table$std.error <- table$std.error * table$estimate
    table$conf.low <- exp(table$conf.low)
    table$conf.high <- exp(table$conf.high)
    table
}

#' @rdname cox_ph
#' @param concordance `TRUE`: Harrell's C of the linear predictor beside the rest (`survival::concordancefit`).
#' @export
glance.cox_ph <- function(x, concordance = FALSE, ...) {
    glance <- x$glance
    if (!check_flag(concordance, "concordance")) return(glance)
    input <- x$input
    beta <- finite_coefficients(x)
    y <- if (is.null(input$entry)) survival::Surv(input$time, input$status)
         else survival::Surv(input$entry, input$time, input$status)
    glance$concordance <- unname(survival::concordancefit(
        y, drop(input$x %*% beta), strata = input$stratum, weights = input$weight, reverse = TRUE)$concordance)
    glance
}

# Coefficients to predict with: 0 for a column that the others determine.
finite_coefficients <- function(x) {
    beta <- x$coefficients
    if (any(is.infinite(beta))) {
        abort_invalid(sprintf(paste("`%s` has no finite coefficient, so that there is no prediction:",
                                    "fit with `penalty = \"firth\"`."), names(beta)[is.infinite(beta)][1]), "x")
    }
    beta[is.na(beta)] <- 0
    unname(beta)
}

#' @export
coef.cox_ph <- function(object, ...) object$coefficients

#' @export
vcov.cox_ph <- function(object, ...) object$variance

#' @export
logLik.cox_ph <- function(object, ...) {
    structure(object$glance$logLik, df = object$glance$df, nobs = object$glance$events, class = "logLik")
}
