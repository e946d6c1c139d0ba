# What every estimator and outcome returns: a plain list (no environment, no plot inside) with the
# same few parts, so that printing, tidying, the workbook and the report need to know no estimator.

#' Make a result
#'
#' @param name Name of the function that was called; becomes the class.
#' @param title One line: what was estimated and with which interval.
#' @param table Data frame that `tidy()` returns.
#' @param glance One-row data frame, or a list of scalars.
#' @param estimand Made by `estimand_card()`.
#' @param methods Sentence or sentences for a methods section.
#' @param references Citations of the methods used.
#' @param notes Character: what the reader must know (missing rows, choices made, what is not estimable).
#' @param ... Further parts, for methods of this class.
#' @param subclass Classes between the function's and `osseosurv_result`.
#' @noRd
new_result <- function(name, title, table, glance = list(), estimand, methods, references = character(),
                       notes = character(), ..., subclass = NULL) {
    result <- list(title = title, table = table, glance = as_row(glance), estimand = estimand, methods = methods,
                   references = references, notes = notes, ...)
    class(result) <- c(name, subclass, "osseosurv_result")
    result
}

# The same for functions that return a data frame with one row per input: the frame carries its
# other parts along in one attribute.
new_result_table <- function(name, title, table, estimand, methods, references = character(),
                             notes = character()) {
    structure(table,
              about = list(title = title, estimand = estimand, methods = methods,
                           references = references, notes = notes),
              class = c(name, "osseosurv_table", "osseosurv_result", "data.frame"))
}

part <- function(x, name) {
    if (inherits(x, "osseosurv_table")) attr(x, "about")[[name]] else x[[name]]
}

# data.frame() checks and copies; a curve of millions of rows needs neither. Single values are repeated.
as_row <- function(values) as_frame(as.list(values))

as_frame <- function(columns) {
    size <- lengths(columns)
    n <- if (length(columns)) max(size) else 0L
    if (n > 1L && any(size == 1L)) columns[size == 1L] <- lapply(columns[size == 1L], rep, n)
    if (is.null(names(columns))) names(columns) <- character()
    attr(columns, "row.names") <- .set_row_names(n)
    class(columns) <- "data.frame"
    columns
}

# Labels repeated, as a column: a long one takes no memory until somebody writes into it.
label_column <- function(labels, times) {
    if (sum(times) < 1e4) return(rep.int(labels, times))
    .Call(ffi_label_runs, labels, as.double(cumsum(as.double(times))))
}

# Data frames one above the other; NULLs are left out.
bind_rows <- function(frames) {
    out <- do.call(rbind, unname(Filter(Negate(is.null), frames)))
    if (is.null(out)) return(data.frame())
    row.names(out) <- NULL
    out
}

`%||%` <- function(x, y) if (is.null(x)) y else x

#' The estimand card of a result
#'
#' What exactly was estimated: population, endpoint, time origin, unit of analysis, censoring, and how death,
#' amputation and removal were handled. Printed with every result and written to every workbook.
#'
#' @param x A result of this package.
#' @param ... Not used.
#' @return Named character vector of class `estimand_card`: `population`, `endpoint`, `time_origin`, `unit`,
#'   `censoring`, `competing`, `measure`.
#' @examples
#' estimand(kaplan_meier(Surv(time, status) ~ 1, survival::lung))
#' @export
estimand <- function(x, ...) UseMethod("estimand")

#' @export
estimand.default <- function(x, ...) abort_no_method(x, "a result of this package")

#' @export
estimand.osseosurv_result <- function(x, ...) part(x, "estimand")

estimand_card <- function(endpoint, measure,
                          population = "the rows analysed",
                          time_origin = "time 0 of the data",
                          unit = "row",
                          censoring = "independent of the event given the strata",
                          competing = "none distinguished") {
    structure(c(population = population, endpoint = endpoint, time_origin = time_origin, unit = unit,
                censoring = censoring, competing = competing, measure = measure),
              class = "estimand_card")
}

#' @export
print.estimand_card <- function(x, ...) {
    label <- formatC(paste0(gsub("_", " ", names(x)), ":"), width = -13)
    for (i in seq_along(x)) {
        lines <- strwrap(x[[i]], width = 74)
        cat(paste0(c(paste0("  ", label[i], " "), rep(strrep(" ", 16), length(lines) - 1)), lines), sep = "\n")
    }
    invisible(x)
}

#' Sentences for the methods section
#'
#' @param x A result of this package.
#' @param ... Not used.
#' @return One character string: what was done, with which options, followed by the references.
#' @examples
#' cat(methods_text(proportion_ci(10, 11)))
#' @export
methods_text <- function(x, ...) UseMethod("methods_text")

#' @export
methods_text.default <- function(x, ...) abort_no_method(x, "a result of this package")

#' @export
methods_text.osseosurv_result <- function(x, ...) {
    references <- part(x, "references")
    paste(c(part(x, "methods"), if (length(references)) paste0("References: ", paste(references, collapse = "; "), ".")),
          collapse = " ")
}

#' Methods shared by all results
#'
#' `tidy()` (the same as `as.data.frame()`) gives the main table, `glance()` one row about the whole, `summary()` and
#' `print()` show the table with its estimand card and notes.
#'
#' @param x,object A result of this package.
#' @param row.names,optional Not used.
#' @param n Rows to print at most.
#' @param digits Significant digits to print.
#' @param ... Passed on.
#' @return `tidy()`, `as.data.frame()`, `glance()`: a data frame. `print()`, `summary()`: the result, invisibly.
#' @name osseosurv_result
NULL

#' @rdname osseosurv_result
#' @export
tidy.osseosurv_result <- function(x, ...) {
    if (!inherits(x, "osseosurv_table")) return(x$table)
    attr(x, "about") <- NULL
    class(x) <- "data.frame"
    x
}

#' @rdname osseosurv_result
#' @export
as.data.frame.osseosurv_result <- function(x, row.names = NULL, optional = FALSE, ...) tidy(x, ...)

#' @rdname osseosurv_result
#' @export
glance.osseosurv_result <- function(x, ...) {
    if (inherits(x, "osseosurv_table")) as_row(list(n = nrow(x))) else x$glance
}

#' @rdname osseosurv_result
#' @export
print.osseosurv_result <- function(x, n = 20, digits = 4, ...) {
    cat(part(x, "title"), "\n\n", sep = "")
    print_table(tidy(x), n, digits)
    cat("\nEstimand\n")
    print(estimand(x))
    print_notes(part(x, "notes"))
    invisible(x)
}

#' @rdname osseosurv_result
#' @export
summary.osseosurv_result <- function(object, ...) {
    print(object, n = Inf, ...)
    cat("\nMethods\n")
    cat(strwrap(methods_text(object), width = 90, indent = 2, exdent = 2), sep = "\n")
    invisible(object)
}

print_table <- function(table, n = 20, digits = 4) {
    shown <- utils::head(table, n)
    blank <- vapply(shown, function(column) is.character(column) && all(is.na(column) | column == ""), NA)
    wide <- options(width = max(getOption("width"), 120))
    on.exit(options(wide))
    shown[] <- lapply(shown, printed_column, digits)
    print(shown[!blank], row.names = FALSE)
    if (nrow(table) > nrow(shown)) {
        cat(sprintf("... %d more rows; tidy() gives all.\n", nrow(table) - nrow(shown)))
    }
}

# Counts are printed whole, and no number just beside 1 as 1: an interval 0.9999963 to 1 is not "1 to 1".
printed_column <- function(x, digits) {
    if (!is.double(x) || is.object(x)) return(x)
    value <- x[is.finite(x)]
    if (all(value == round(value)) && all(abs(value) < 1e15)) return(format(x, scientific = FALSE))
    beside <- abs(value - 1)
    beside <- beside[beside > 1e-13 & beside < 10^(1 - digits)]
    if (length(beside)) digits <- max(digits, ceiling(-log10(min(beside))) + 1)
    format(x, digits = digits)
}

print_notes <- function(notes) {
    if (!length(notes)) return(invisible())
    cat("\n")
    cat(strwrap(paste("Note:", notes), width = 90, exdent = 6), sep = "\n")
}
