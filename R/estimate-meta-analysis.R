# The interface of meta_analysis(): reads the studies, chooses the model, and sets out levels and
# contrasts. The models themselves are in estimate-meta-models.R.

META_METHODS <- c("auto", "glmm", "beta-binomial", "exact", "reml", "ml", "pm", "dl", "fixed")

#' Meta-analysis of proportions and rates
#'
#' Pools events out of patients (`n`) or events in follow-up time (`time`) over studies, and says how far
#' the next population may lie from their mean. Made for few and small studies, some of them without a
#' single event.
#'
#' @param events Events of each study: a column of `data` or a vector of whole numbers `>= 0`, length `k`.
#' @param n Patients of each study (whole numbers, at least `events`). Give `n` or `time`.
#' @param time Follow-up time of each study (`> 0`, any unit; rates are per that unit).
#' @param measure `"proportion"` (with `n`) or `"rate"` (with `time`); follows from which one is given.
#' @param method See Methods. `"auto"`: `"beta-binomial"`, or `"exact"` where there are fewer than two
#'   studies more than coefficients. `"glmm"` is not in this version and is an error.
#' @param moderator One-sided formula, `~ prosthesis`: a factor (or character, logical) gives a row a level
#'   and the contrasts with the first level; numeric moderators, or several, give a meta-regression with a
#'   row a coefficient.
#' @param test Reference distribution: `"hksj"` (Hartung-Knapp-Sidik-Jonkman; `reml`, `ml`, `pm`, `dl`
#'   only), `"t"`, `"z"`, `"profile"` (likelihood ratio; `beta-binomial` only). `"auto"`: `"hksj"` where it
#'   exists, else `"t"`; both with `k` minus the number of coefficients degrees of freedom.
#' @param data Data frame in which `events`, `n`, `time`, `study` and the moderator are looked up.
#' @param study Labels of the studies; default their row numbers.
#' @param conf.level Level of the confidence and prediction intervals.
#' @param link `TRUE`: estimates of levels on the link (logit, log) instead of the natural scale.
#' @param exponentiate `TRUE`: contrasts and slopes as ratios instead of logs.
#' @param adhoc `TRUE`: never let the HKSJ factor shorten the interval (factor at least 1).
#' @param ... Must be empty.
#'
#' @section Methods:
#' * `beta-binomial`: maximum likelihood, the true proportions follow a beta distribution around the mean
#'   (Griffiths 1973); for rates the true rates follow a gamma distribution (gamma-Poisson, negative
#'   binomial; Lawless 1987). No continuity correction. Standard errors from the observed information on the
#'   link. Where a level has no events (or nothing but events) its estimate lies on the boundary and its
#'   interval is the one-sided likelihood-ratio one.
#' * `exact`: homogeneity; all studies as one, Clopper-Pearson or Garwood interval; contrasts by the
#'   conditional exact interval.
#' * `reml`, `ml`, `pm` (Paule-Mandel), `dl` (DerSimonian-Laird), `fixed`: normal-normal model of the logit
#'   or log rate, with 1/2 added to both counts of a study with none or all (to the count, for rates, of a
#'   study with none). `tau2` is at the optimum of its likelihood, with a Q-profile interval in `glance()`.
#'
#' The columns `exact.*` always show the pooled exact interval beside, because it is what holds without any
#' model of heterogeneity if there is none; `q.p.value` and a note say when the two answer different
#' questions.
#'
#' @section Prediction:
#' `pred.low`, `pred.high` bound the *true* proportion or rate of a new population (its observed count
#' varies more: [predictive_check()]). Normal-normal: t with `df.pred` = `k` minus the number of
#' coefficients, variance `tau2` plus the squared standard error. `beta-binomial`: quantiles of the beta
#' (gamma) distribution, integrated over the likelihood of mean and heterogeneity, weighted by Jeffreys'
#' prior for the mean and a half-normal with scale 1 for the standard deviation of the true logits (log
#' rates), because the maximum, with few studies mostly at no heterogeneity, would predict a single point;
#' with three studies or more in the level, from its own studies. `exact` and `fixed`: as the confidence
#' interval.
#'
#' @section Coverage:
#' Simulated (`inst/validation/meta-analysis.R`: 3, 5 or 10 studies of 9 to 20 patients, mean risk 2, 10 or
#' 20%, true logits normal with standard deviation 0, 0.5 or 1; 300 samples a setting, so good to 1.3
#' points). Nominal 95%: `beta-binomial` with t 99.7 to 100% at `k` = 3, 97.7 to 99.7% at 5, 94.3 to 98.7%
#' at 10; with `test = "profile"` 95.3 to 98.7%, 92.3 to 99.3%, 93.3 to 98.7%, and on average 42%, 19% and
#' 6% narrower: the better choice for very few studies. `exact` 94 to 98.7% without variation between
#' studies, down to 81% with. `reml` with HKSJ (against the median risk) 89 to 97% at a risk of 10 or 20%
#' and `k` = 3, but 0 to 33% at a risk of 2% and down to 59% at `k` = 10 and 10%: the continuity correction
#' moves the estimate, and more studies do not help. Prediction intervals for the count among 11 new
#' patients: `beta-binomial` 95.0 to 100%, `reml` 95.7 to 100%, `exact` 98 to 100% without variation, down
#' to 88.7% with.
#'
#' @return Result of class `meta_analysis`. `tidy()`: `term` (level, contrast `level - reference`, or
#'   coefficient; `""` without moderator), `scale` (of `estimate`: `proportion`, `logit`, `log odds ratio`,
#'   ...), `k` studies, `events`, `n` or `time`, `estimate`, `std.error` (same scale; `NA` where the
#'   estimate is on the boundary), `statistic`, `p.value` (contrasts and coefficients: of no difference),
#'   `conf.low`, `conf.high`, `pred.low`, `pred.high`, `exact.estimate`, `exact.low`, `exact.high`.
#'   `glance()`: `k`, `tau2` (on the link; for `beta-binomial` the variance of the true logits or log rates
#'   at the mean, `NA` with a moderator), `tau2.low`, `tau2.high`, `i2` (0 to 1), `q` (Cochran's; for
#'   `beta-binomial` and `exact` the likelihood-ratio statistic of homogeneity), `q.p.value`,
#'   `overdispersion` (intraclass correlation, for rates the squared coefficient of variation), `logLik`,
#'   `method`, `test`, `df.pred`, `converged`, `iterations`, `gradient`.
#' @section Errors: `osseosurv_invalid` (with `index`) for impossible counts or sizes, an unknown method, a
#'   test that the method does not have, collinear moderators, or fewer studies than coefficients.
#' @references Griffiths DA (1973) \doi{10.2307/2529131}; Lawless JF (1987) \doi{10.2307/3314912};
#'   Viechtbauer W (2005) \doi{10.3102/10769986030003261}; Knapp G, Hartung J (2003) \doi{10.1002/sim.1482};
#'   Higgins JPT, Thompson SG, Spiegelhalter DJ (2009) \doi{10.1111/j.1467-985X.2008.00552.x}. Equals
#'   `metafor::rma.uni` to 1e-8 for `dl`, `pm`, `fixed` and, with its control tightened, for `ml` and
#'   `reml`.
#' @examples
#' meta_analysis(c(0, 0, 0), c(14, 11, 9))
#' studies <- data.frame(x = c(3, 8, 7, 1, 0), n = c(18, 24, 27, 15, 11),
#'                       design = c("solid", "solid", "solid", "porous", "porous"))
#' tidy(meta_analysis(x, n, moderator = ~ design, data = studies))
#' @export
meta_analysis <- function(events, n = NULL, time = NULL, measure = "proportion", method = "auto", moderator = NULL,
                          test = "auto", data = NULL, study = NULL, conf.level = 0.95, link = FALSE,
                          exponentiate = FALSE, adhoc = FALSE, ...) {
    if (...length()) abort_invalid("`...` must be empty: check the spelling of the arguments.", "...")
    caller <- parent.frame()
    column <- function(expression) eval(expression, data, caller)
    conf.level <- check_conf_level(conf.level)
    check_choice(method, "method", META_METHODS)
    check_choice(test, "test", c("auto", "hksj", "t", "z", "profile"))
    asked <- if (missing(measure)) NULL else check_choice(measure, "measure", c("proportion", "rate"))
    if (!is.null(data) && !is.data.frame(data)) {
        abort_invalid(sprintf("`data` must be a data frame; got %s.", value_text(data)), "data")
    }
    studies <- read_studies(column(substitute(events)), column(substitute(n)), column(substitute(time)),
                            column(substitute(study)), asked)
    design <- read_moderator(moderator, data, studies)
    studies <- design$studies
    spec <- list(measure = studies$measure, method = method, test = test, conf.level = conf.level,
                 link = check_flag(link, "link"), exponentiate = check_flag(exponentiate, "exponentiate"),
                 adhoc = check_flag(adhoc, "adhoc"))
    run_meta(studies, design, spec)
}

run_meta <- function(studies, design, spec) {
    k <- length(studies$x)
    p <- ncol(design$x)
    choice <- choose_method(spec, k, p, design)
    fit <- switch(choice$method,
                  exact = fit_exact(studies, design),
                  "beta-binomial" = fit_counts(studies, design),
                  fit_transformed(studies, design, choice$method, spec))
    rows <- meta_rows(fit, studies, design, choice, spec)
    notes <- c(studies$notes, choice$notes, rows$notes, fit$notes, model_notes(fit, rows$table, studies, choice, spec))
    if (!fit$converged) warn("convergence", "The fit of `meta_analysis()` did not converge; see `glance()`.")
    unit <- if (spec$measure == "rate") "rate" else "proportion"
    new_result(
        "meta_analysis",
        sprintf("Meta-analysis of %ss, %d %s: %s, %s", unit, k, if (k == 1) "study" else "studies",
                method_label(choice$method, spec$measure), test_label(choice)),
        rows$table,
        list(k = k, tau2 = fit$tau2, tau2.low = fit$tau2.low, tau2.high = fit$tau2.high, i2 = fit$i2, q = fit$q,
             q.p.value = fit$q.p.value, overdispersion = fit$overdispersion, logLik = fit$logLik,
             method = choice$method, test = choice$test, df.pred = if (choice$method == "exact") NA_real_ else k - p,
             converged = fit$converged, iterations = fit$iterations, gradient = fit$gradient),
        estimand_card(endpoint = "the event as the studies define it",
                      measure = sprintf("mean true %s over populations like those of the studies", unit),
                      population = "the populations that the studies stand for", unit = "study",
                      time_origin = "as in the studies", censoring = "none: counts as published",
                      competing = "as in the studies"),
        meta_methods_text(choice, spec), meta_references(choice, spec), notes,
        studies = studies, design = design, fit = fit, choice = choice, spec = spec
    )
}

# Counts and sizes, checked; rows with a missing value are counted, left out and reported.
read_studies <- function(events, n, time, study, measure) {
    if (is.null(n) == is.null(time)) {
        abort_invalid("Give `n` (patients, for proportions) or `time` (follow-up, for rates), one of the two.",
                      if (is.null(n)) "n" else "time")
    }
    given <- if (is.null(n)) "rate" else "proportion"
    if (!is.null(measure) && measure != given) {
        abort_invalid(sprintf("`measure` \"%s\" needs `%s`.", measure, if (measure == "rate") "time" else "n"), "measure")
    }
    size_name <- if (given == "rate") "time" else "n"
    size <- if (given == "rate") time else n
    if (!is_number(events)) abort_invalid(sprintf("`events` must be numeric; got %s.", value_text(events)), "events")
    if (!is_number(size)) abort_invalid(sprintf("`%s` must be numeric; got %s.", size_name, value_text(size)), size_name)
    if (length(events) != length(size)) {
        abort_invalid(sprintf("`events` (length %d) and `%s` (length %d) must have the same length.", length(events),
                              size_name, length(size)), size_name)
    }
    if (!is.null(study) && !is.atomic(study)) {
        abort_invalid(sprintf("`study` must be a column or a vector of labels; got %s.", value_text(study)), "study")
    }
    label <- study %||% seq_along(events)
    if (length(label) != length(events)) {
        abort_invalid(sprintf("`study` must have one label a study (%d); got %d.", length(events), length(label)), "study")
    }
    row <- which(!is.na(events) & !is.na(size))
    notes <- if (length(row) < length(events)) {
        sprintf("%d of %d studies left out: events or %s missing (row %s).", length(events) - length(row),
                length(events), size_name, paste(setdiff(seq_along(events), row), collapse = ", "))
    }
    if (!length(row)) abort_invalid("`events` holds no study without a missing value.", "events")
    check_study_column(events, row, "events", function(v) v >= 0 & v == round(v) & v <= 1e9, "whole numbers from 0 to 1e9")
    if (given == "proportion") {
        check_study_column(size, row, "n", function(v) v >= 1 & v == round(v) & v <= 1e9, "whole numbers from 1 to 1e9")
        over <- row[events[row] > size[row]]
        if (length(over)) {
            abort_invalid(sprintf("`events` must be at most `n`; row %d has %g of %g.", over[1], events[over[1]],
                                  size[over[1]]), "events", over[1])
        }
    } else {
        check_study_column(size, row, "time", function(v) v > 0 & is.finite(v), "finite numbers above 0")
    }
    list(x = as.double(events[row]), size = as.double(size[row]), label = as.character(label)[row], row = row,
         n_given = length(events), measure = given, notes = notes)
}

check_study_column <- function(values, row, argument, valid, range) {
    bad <- row[!valid(values[row])]
    if (length(bad)) {
        abort_invalid(sprintf("`%s` must hold %s; row %d is %s.", argument, range, bad[1], format(values[bad[1]])),
                      argument, bad[1])
    }
}

# `levels`: names of the columns of x where each is the indicator of a level, else NULL.
read_moderator <- function(moderator, data, studies) {
    if (is.null(moderator)) {
        return(list(x = matrix(1, length(studies$x), 1), levels = "", studies = studies))
    }
    if (!inherits(moderator, "formula") || length(moderator) != 2) {
        abort_invalid(sprintf("`moderator` must be a one-sided formula such as ~prosthesis; got %s.",
                              value_text(moderator)), "moderator")
    }
    frame <- tryCatch(stats::model.frame(moderator, data, na.action = stats::na.pass),
                      error = function(e) abort_invalid(sprintf("`moderator`: %s.", conditionMessage(e)), "moderator"))
    if (!ncol(frame)) abort_invalid("`moderator` must name at least one column.", "moderator")
    if (nrow(frame) != studies$n_given) {
        abort_invalid(sprintf("`moderator` must have one value a study (%d); got %d.", studies$n_given, nrow(frame)),
                      "moderator")
    }
    frame <- frame[studies$row, , drop = FALSE]
    keep <- stats::complete.cases(frame)
    if (!all(keep)) {
        studies$notes <- c(studies$notes, sprintf("%d studies left out: moderator missing (row %s).", sum(!keep),
                                                  paste(studies$row[!keep], collapse = ", ")))
        if (!any(keep)) abort_invalid("`moderator` is missing in every study.", "moderator")
        for (part in c("x", "size", "label", "row")) studies[[part]] <- studies[[part]][keep]
        frame <- frame[keep, , drop = FALSE]
    }
    if (ncol(frame) == 1 && !is.numeric(frame[[1]])) {
        value <- as.factor(frame[[1]])
        empty <- setdiff(levels(value), as.character(value))
        if (length(empty)) {
            warn("invalid", sprintf("Level %s of the moderator has no study and is left out.",
                                    paste0("\"", empty, "\"", collapse = ", ")), "moderator")
            value <- droplevels(value)
        }
        x <- vapply(levels(value), function(level) as.double(value == level), numeric(length(value)))
        return(list(x = matrix(x, length(value), dimnames = NULL), levels = levels(value), studies = studies))
    }
    x <- stats::model.matrix(moderator, frame)
    if (qr(x)$rank < ncol(x)) {
        abort_invalid(sprintf("`moderator` has %d coefficients, but its columns are collinear in these %d studies.",
                              ncol(x), nrow(x)), "moderator")
    }
    list(x = matrix(as.double(x), nrow(x)), levels = NULL, coefficients = colnames(x), studies = studies)
}

choose_method <- function(spec, k, p, design) {
    method <- spec$method
    notes <- character()
    if (method == "glmm") {
        abort_invalid(paste("`method` \"glmm\" is not in this version; for sparse counts use \"beta-binomial\", else one of",
                            "\"reml\", \"ml\", \"pm\", \"dl\", \"fixed\", \"exact\"."), "method")
    }
    if (k < p) {
        abort_invalid(sprintf("`moderator` has %d coefficients for %d studies.", p, k), "moderator")
    }
    if (method == "auto") {
        method <- if (k - p < 2 && !is.null(design$levels)) "exact" else "beta-binomial"
        if (method == "exact") {
            notes <- sprintf(paste("Chosen: exact, because with %d %s (%d %s) the variation between studies cannot be",
                                   "estimated; the interval holds if the studies share one risk."),
                             k, if (k == 1) "study" else "studies", p, if (p == 1) "coefficient" else "coefficients")
        } else {
            notes <- sprintf("Chosen: %s, which needs no continuity correction; the exact interval under homogeneity is beside it (exact.low, exact.high).",
                             method_label(method, spec$measure))
        }
    } else if (k == p && !method %in% c("exact", "fixed")) {
        if (is.null(design$levels)) {
            abort_invalid(sprintf("`method` \"%s\" needs more studies (%d) than coefficients (%d).", method, k, p), "method")
        }
        notes <- sprintf(paste("Method %s needs more studies than coefficients (here %d and %d): variation between studies",
                               "cannot be estimated, so the exact interval under homogeneity is given."), method, k, p)
        method <- "exact"
    }
    if (method == "exact" && is.null(design$levels)) {
        abort_invalid("`method` \"exact\" takes a moderator with levels, not a numeric one.", "moderator")
    }
    normal <- method %in% c("reml", "ml", "pm", "dl")
    test <- spec$test
    if (method == "exact") {
        test <- "exact"
    } else if (test == "auto") {
        test <- if (normal) "hksj" else "t"
    } else if (test == "hksj" && !normal) {
        abort_invalid("`test` \"hksj\" exists for the methods \"reml\", \"ml\", \"pm\" and \"dl\".", "test")
    } else if (test == "profile" && method != "beta-binomial") {
        abort_invalid("`test` \"profile\" exists for the method \"beta-binomial\".", "test")
    }
    if (k == p && test %in% c("t", "hksj")) {
        test <- "z"
        notes <- c(notes, "As many coefficients as studies: no degrees of freedom for t, so z is used.")
    }
    list(method = method, test = test, df = if (test %in% c("t", "hksj")) k - p else Inf, notes = notes)
}

#' Leave one study out
#'
#' Repeats a meta-analysis without each study in turn, with the same method and options.
#'
#' @param x A [meta_analysis()] result.
#' @param ... Not used.
#' @return Data frame with class `leave_one_out`: `omitted` (label of the study; the first rows, `""`, are
#'   those of all studies), then the columns of `tidy()` of the meta-analysis, `tau2` and `q.p.value`. Where
#'   a level loses its only study, it has no row; a fit that the rest cannot support gives `NA` and a note.
#' @examples
#' leave_one_out(meta_analysis(c(3, 8, 7, 1), c(18, 24, 27, 15)))
#' @export
leave_one_out <- function(x, ...) UseMethod("leave_one_out")

#' @export
leave_one_out.default <- function(x, ...) abort_no_method(x, "a meta_analysis() result")

#' @export
leave_one_out.meta_analysis <- function(x, ...) {
    k <- length(x$studies$x)
    if (k < 2) abort_invalid("`x` has one study; none can be left out.", "x")
    spec <- x$spec
    # The method stays what it was, also where "auto" would choose another for fewer studies.
    spec$method <- x$choice$method
    notes <- character()
    rows <- lapply(0:k, function(i) {
        if (i == 0) return(cbind(omitted = "", x$table, x$glance[c("tau2", "q.p.value")]))
        studies <- x$studies
        for (part in c("x", "size", "label", "row")) studies[[part]] <- studies[[part]][-i]
        studies$notes <- NULL
        design <- x$design
        design$x <- design$x[-i, , drop = FALSE]
        if (!is.null(design$levels)) {
            filled <- colSums(design$x) > 0
            design$levels <- design$levels[filled]
            design$x <- design$x[, filled, drop = FALSE]
        }
        again <- tryCatch(run_meta(studies, design, spec), osseosurv_error = identity)
        label <- x$studies$label[i]
        if (inherits(again, "condition")) {
            notes <<- c(notes, sprintf("Without %s: %s", label, conditionMessage(again)))
            empty <- x$table
            empty[vapply(empty, is.double, NA)] <- NA_real_
            return(cbind(omitted = label, empty, tau2 = NA_real_, q.p.value = NA_real_))
        }
        if (again$choice$method != x$choice$method) {
            notes <<- c(notes, sprintf("Without %s: %s", label, again$choice$notes[1]))
        }
        cbind(omitted = label, again$table, again$glance[c("tau2", "q.p.value")])
    })
    new_result_table("leave_one_out", paste("Leave one out:", x$title), do.call(rbind, rows), x$estimand,
                     paste(x$methods, "The analysis was repeated without each study in turn."), x$references, notes)
}
