# The order is that of oss_pseudo_measure in src/core/pseudo_values.h.
pseudo_measures <- c("survival", "incidence", "rmst")

# The rows behind a curve, for pseudo-values: the columns as they were read, none copied.
kept_rows <- function(input, rows) {
    if (!is.null(rows)) check_flag(rows, "rows")
    if (!(rows %||% (input$n <= 1e5)) || !is.null(input$entry)) return(NULL)
    list(n = input$n, time = input$time, status = input$status, weight = input$weight, stratum = input$stratum,
         row = input$row)
}

#' Pseudo-values of a curve
#'
#' For every row its share in the estimate at a time: n times the estimate less n - 1 times the estimate without that row,
#' n being the rows of its stratum. They stand for the outcome that censoring hides, in a regression
#' ([pseudo_regression()]), a plot of residuals, or any method for complete data.
#'
#' @param x A [kaplan_meier()] or [cumulative_incidence()] result that has kept its rows (up to 1e5 rows it does so by
#'   itself, beyond with `rows = TRUE`).
#' @param times Numeric, length `m`, finite, >= 0, in the unit of the data.
#' @param method `"leave-one-out"`, or `"infinitesimal"` (the first-order version: estimate plus n times its derivative
#'   by the row's weight).
#' @param measure Of a Kaplan-Meier curve: `"survival"`, or `"rmst"`, the mean time without event up to each of `times`.
#' @param cause Labels of the causes wanted, or `NULL`: all.
#' @param ... Not used.
#' @return Data frame, one row per time (and cause) and row analysed: `row` (number of the row in the data), `strata`,
#'   `cause` (of an incidence), `time`, `estimate` (pseudo-value, in the unit of the measure; not bound to its range).
#'   `NA` in a stratum followed for less than the time. A row of weight w stands for w rows with this value each.
#' @section Cost: Linear in rows for each time; the curve is never estimated again.
#' @section Left out as last: Where the row with the longest follow-up is left out, the curve of the others goes on
#'   unchanged from their last time, as in the peers.
#' @section Agreement: `leave-one-out` equals as many new estimates to 1e-12 and `pseudosurv`, `pseudomean`, `pseudoci` of
#'   the package pseudo to 1e-8; `infinitesimal` equals `survival::pseudo` (version 3.5) to 1e-10.
#' @section Errors: `osseosurv_invalid` (with `index`) for a curve without its rows, left-truncated data (no theory), and
#'   missing, negative or infinite times.
#' @references Andersen PK, Klein JP, Rosthoj S (2003) \doi{10.1093/biomet/90.1.15}. Parner ET, Andersen PK, Overgaard M
#'   (2023), on the infinitesimal version: \doi{10.1007/s10985-023-09597-5}.
#' @examples
#' curve <- kaplan_meier(Surv(time, status) ~ 1, survival::lung)
#' one_year <- pseudo_values(curve, 365)
#' mean(one_year$estimate) # the estimate itself, nearly
#' @export
pseudo_values <- function(x, times, ...) UseMethod("pseudo_values")

#' @export
pseudo_values.default <- function(x, times, ...) abort_no_method(x, "a kaplan_meier() or cumulative_incidence() result")

#' @rdname pseudo_values
#' @export
pseudo_values.kaplan_meier <- function(x, times, method = "leave-one-out", measure = "survival", ...) {
    check_choice(measure, "measure", c("survival", "rmst"))
    curve_pseudo_values(x, times, method, measure, 1L)
}

#' @rdname pseudo_values
#' @export
pseudo_values.cumulative_incidence <- function(x, times, method = "leave-one-out", cause = NULL, ...) {
    curve_pseudo_values(x, times, method, "incidence", read_causes(cause, x$causes))
}

curve_pseudo_values <- function(x, times, method, measure, cause) {
    times <- check_times(times)
    check_choice(method, "method", c("leave-one-out", "infinitesimal"))
    if (!is.null(x$entry)) {
        abort_invalid("pseudo_values() has no theory for left-truncated data: leave out the entry.", "x")
    }
    rows <- x$rows
    if (is.null(rows)) abort_invalid("`x` has not kept its rows: estimate the curve with `rows = TRUE`.", "x")
    values <- row_pseudo_values(rows, length(x$causes %||% 1L), length(x$strata), measure, cause, method, times)
    n <- rows$n
    columns <- list(row = rep.int(rows$row %||% seq_len(n), length(times) * length(cause)),
                    strata = rep.int(x$strata[rows$stratum %||% rep.int(1L, n)], length(times) * length(cause)))
    if (measure == "incidence") columns$cause <- rep(x$causes[cause], each = n * length(times))
    columns$time <- rep.int(rep(times, each = n), length(cause))
    columns$estimate <- values
    what <- c(survival = "survival", incidence = "cumulative incidence", rmst = "restricted mean time")[[measure]]
    new_result_table(
        "pseudo_values", sprintf("Pseudo-values of %s, %s", what, method), as_frame(columns),
        estimand = estimand(x),
        methods = sprintf("Pseudo-values (%s) of %s were computed within strata.", method, what),
        references = "Andersen, Klein and Rosthoj (2003) Biometrika 90:15",
        notes = if (anyNA(values)) "NA in a stratum followed for less than the time.")
}

row_pseudo_values <- function(rows, n_cause, n_strata, measure, cause, method, times) {
    .Call(ffi_pseudo_values, rows$time, rows$status, rows$weight, rows$stratum, n_cause, n_strata,
          match(measure, pseudo_measures) - 1L, cause, method == "infinitesimal", times)
}
