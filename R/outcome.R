# The frame of the four outcomes: a cohort goes in, named tables come out, with the estimator results
# they were taken from. Nothing is estimated here.

#' Make an outcome
#'
#' @param name Name of the function that was called.
#' @param tables Named list of data frames, the most important first; names are headings.
#' @param results Named list of estimator results.
#' @inheritParams new_result
#' @noRd
new_outcome <- function(name, title, cohort, tables, results, estimand, methods, references = character(),
                        notes = character(), ...) {
    structure(
        list(title = title, cohort = cohort$name, tables = tables, results = results, estimand = estimand,
             methods = methods, references = unique(references), notes = unique(notes), ...),
        class = c(name, "outcome", "osseosurv_result"))
}

#' Methods of outcomes
#'
#' `print()` shows the tables with estimand card and notes, `summary()` all rows and the methods text; `tidy()` gives the
#' first table and `glance()` the size of the cohort. `figures()` builds the named figures.
#'
#' @param x,object An outcome: [reconstruction_survival()], [osseointegration()], [infection_recurrence()],
#'   [compare_literature()] or [cohort_table()].
#' @param n Rows to print of each table at most.
#' @param digits Significant digits to print.
#' @param ... Not used.
#' @return `tidy()`, `glance()`: a data frame. `figures()`: a named list of ggplots (or patchworks of them).
#' @name outcome_methods
NULL

#' @rdname outcome_methods
#' @export
print.outcome <- function(x, n = 12, digits = 3, ...) {
    cat(x$title, "\n", sep = "")
    for (name in names(x$tables)) {
        cat("\n", name, "\n", sep = "")
        if (nrow(x$tables[[name]])) print_table(x$tables[[name]], n, digits) else cat("  no rows\n")
    }
    cat("\nEstimand\n")
    print(x$estimand)
    print_notes(x$notes)
    invisible(x)
}

#' @rdname outcome_methods
#' @export
summary.outcome <- function(object, ...) {
    print(object, n = Inf, ...)
    cat("\nMethods\n")
    cat(strwrap(methods_text(object), width = 90, indent = 2, exdent = 2), sep = "\n")
    invisible(object)
}

#' @rdname outcome_methods
#' @export
tidy.outcome <- function(x, ...) x$tables[[1]]

#' @rdname outcome_methods
#' @export
glance.outcome <- function(x, ...) {
    as_row(list(cohort = x$cohort, tables = length(x$tables), results = length(x$results), notes = length(x$notes)))
}

#' @rdname outcome_methods
#' @export
figures <- function(x, ...) UseMethod("figures")

#' @export
figures.default <- function(x, ...) abort_no_method(x, "an outcome, such as reconstruction_survival() gives")

#' Patients of a cohort, ready for an outcome
#'
#' @param cohort A `cohort`.
#' @param by Name of a column of `patients`, or `NULL`.
#' @return List: `data`, the patients with a value of `by`; `by`; `truncated`, whether any entered late; `observed`, the
#'   rows of `data` that the curves can use: all, but with late entries those followed for some time; `notes`.
#' @noRd
outcome_patients <- function(cohort, by = NULL) {
    check_cohort(cohort)
    data <- cohort$patients
    notes <- character()
    if (!is.null(by)) {
        if (!is.character(by) || length(by) != 1 || !by %in% names(data)) {
            abort_invalid(sprintf("`by` must be the name of one column of `patients`: %s; got %s.",
                                  paste(names(data), collapse = ", "), value_text(by)), "by")
        }
        if (by %in% outcome_columns) {
            abort_invalid(sprintf("`by` must not be `%s`, a name that the outcomes use themselves: rename the column.", by),
                          "by")
        }
        missing <- is.na(data[[by]])
        if (all(missing)) {
            abort_invalid(sprintf("`by` names `%s`, which has no value in any row: collect it, or leave `by` out.", by),
                          "by")
        }
        if (any(missing)) {
            notes <- sprintf("%d reconstruction%s without `%s` left out.", sum(missing), plural_s(sum(missing)), by)
            data <- data[!missing, ]
        }
        if (is.factor(data[[by]])) data[[by]] <- droplevels(data[[by]])
    }
    truncated <- any(data$entry_mo > 0)
    observed <- !truncated | data$followup_mo > data$entry_mo
    if (!all(observed)) {
        notes <- c(notes, sprintf("%d reconstruction%s without any time under observation not in the curves.",
                                  sum(!observed), plural_s(sum(!observed))))
    }
    list(data = data, by = by, truncated = truncated, observed = observed, notes = notes)
}

# Columns that the outcomes add to those of the cohort, and the label of `strata()`.
outcome_columns <- c("failed", "failed_or_amputated", "observed", "cause", "this_mode", "first", "first_mo", "estimand",
                     "left", "right", "strata")

plural_s <- function(n) if (n == 1) "" else "s"

# The right-censored response of a cohort's patients, left-truncated only where somebody entered late.
followup_formula <- function(patients, status, time = "followup_mo") {
    arguments <- lapply(c(if (patients$truncated) "entry_mo", time, status), as.name)
    outcome_formula(as.call(c(quote(Surv), arguments)), patients$by)
}

outcome_formula <- function(response, by) {
    formula <- call("~", response, if (is.null(by)) 1 else as.name(by))
    stats::as.formula(formula, env = baseenv())
}

# Label of each row's stratum, as the estimators write it.
stratum_of <- function(data, by) if (is.null(by)) rep("", nrow(data)) else paste0(by, "=", data[[by]])

stratum_levels <- function(data, by) {
    if (is.null(by)) return("")
    values <- if (is.factor(data[[by]])) levels(data[[by]]) else sort(unique(data[[by]]))
    paste0(by, "=", values)
}

no_time_note <- function(rates) {
    if (anyNA(rates$estimate)) "A rate is not estimable (NA) where there is no time under observation."
}

#' Counts of something among reconstructions, with exact intervals
#'
#' @param data Data frame, one row per reconstruction.
#' @param by Column of strata or `NULL`.
#' @param holds Named list of logical vectors, one per label; `NA` leaves the row out of numerator and denominator.
#' @param label Name of the column of labels.
#' @return Data frame `strata`, label, `x`, `n`, `estimate`, `conf.low`, `conf.high` (Clopper-Pearson).
#' @noRd
count_table <- function(data, by, holds, label, conf.level) {
    strata <- stratum_of(data, by)
    rows <- expand.grid(label = names(holds), strata = stratum_levels(data, by), stringsAsFactors = FALSE)
    x <- n <- numeric(nrow(rows))
    for (i in seq_len(nrow(rows))) {
        value <- holds[[rows$label[i]]][strata == rows$strata[i]]
        x[i] <- sum(value, na.rm = TRUE)
        n[i] <- sum(!is.na(value))
    }
    interval <- tidy(proportion_ci(x, n, conf.level = conf.level))
    out <- as_frame(list(strata = rows$strata, label = rows$label, x = x, n = n, estimate = interval$estimate,
                         conf.low = interval$conf.low, conf.high = interval$conf.high))
    names(out)[2] <- label
    out
}

reconstruction_years <- function(data, strata) {
    as.vector(tapply((data$followup_mo - data$entry_mo) / 12, strata, sum))
}

# Rates per 100 years: `strata`, `events`, `years`, `estimate`, `conf.low`, `conf.high`; no years give NA, also with events.
rate_rows <- function(strata, events, years, conf.level, method = "garwood") {
    rate <- tidy(rate_ci(ifelse(years > 0, events, 0), years, method, per = 100, conf.level = conf.level))
    as_frame(list(strata = strata, events = events, years = years, estimate = rate$estimate, conf.low = rate$conf.low,
                  conf.high = rate$conf.high))
}

cohort_card <- function(cohort, endpoint, measure, censoring, competing, unit = "reconstruction",
                        time_origin = "implantation of the prosthesis (month 0)") {
    p <- cohort$patients
    estimand_card(endpoint = endpoint, measure = measure, censoring = censoring, competing = competing, unit = unit,
                  time_origin = time_origin,
                  population = sprintf("%s: %d reconstruction%s in %d patient%s", cohort$name, nrow(p), plural_s(nrow(p)),
                                       length(unique(p$patient)), plural_s(length(unique(p$patient)))))
}

# The first table of each result, one above the other, each row saying which result it is from.
stack_results <- function(results, column, take = tidy) {
    rows <- lapply(names(results), function(name) {
        table <- take(results[[name]])
        as_frame(c(stats::setNames(list(rep(name, nrow(table))), column), as.list(table)))
    })
    do.call(rbind, rows)
}

# Notes of several results, each once, after the names of the results it belongs to.
named_notes <- function(results) {
    notes <- unlist(lapply(results, part, "notes"), use.names = FALSE)
    of <- rep(names(results), lengths(lapply(results, part, "notes")))
    vapply(unique(notes), function(note) {
        whose <- of[notes == note]
        if (length(whose) == length(results)) note else sprintf("%s: %s", paste(whose, collapse = ", "), note)
    }, "", USE.NAMES = FALSE)
}
