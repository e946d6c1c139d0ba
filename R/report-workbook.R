# write_workbook(): any result as an Excel file that a coauthor can read, filter and check.

# Longer tables have a sheet of their own; what belongs to them stands on a second.
long_table <- 1000

#' Write results to an Excel workbook
#'
#' Every result gets a sheet: its title, its table (an Excel table with filters, frozen header and a comment
#' on each column that says what it holds), its figures in one row ([glance()]), the estimand card, the notes
#' and the sentences for a methods section; a curve has a native chart. The last sheet, if there are charts,
#' holds their points.
#'
#' Numbers are stored as numbers (16 significant digits) and shown by a format; `NA` is a blank cell. An
#' infinite value is text: "not reached" for a quantile, "not seen" for the right end of an interval, else
#' "Inf". Text stays text, also where it begins with "=". Clopper-Pearson limits at 95% beside their counts
#' `x` and `n` are live formulas, so that a reader can check them. Tables of more than 1,000 rows have a sheet
#' alone; a sheet of more than 10,000 rows is written in constant memory and has a filter and a frozen header,
#' but no Excel table, comments or links. The same `x` gives the same bytes. The file is written beside `path`
#' and takes its place when it is complete: a failed run changes nothing.
#'
#' @param x A result of this package, a data frame, or a named list of them (lists may be nested). Names
#'   become names of sheets: characters that Excel forbids become "-", more than 31 are cut, repeats are
#'   numbered.
#' @param path Name of the file, ending in `.xlsx`; its folder must exist.
#' @return `path`, invisibly.
#' @section Errors: `osseosurv_invalid`: a column that a sheet cannot hold (a list, a matrix), text that is
#'   not UTF-8 or longer than 32,767 characters (column and row are named), more than 1,048,576 rows or 16,384
#'   columns. `osseosurv_io`: the file cannot be written.
#' @examples
#' path <- tempfile(fileext = ".xlsx")
#' write_workbook(list(Counts = data.frame(site = c("femur", "tibia"), n = c(11, 4))), path)
#' readxl::read_excel(path)
#' @export
write_workbook <- function(x, path) {
    sheets <- result_sheets(x, default_name(x))
    title <- if (inherits(x, "osseosurv_result")) part(x, "title")
    write_sheets(sheets, path, list(title = title %||% "Outcomes of bone-bridging prostheses",
                                    comments = paste("osseosurv", utils::packageVersion("osseosurv"))))
}

default_name <- function(x) {
    if (inherits(x, "osseosurv_result")) gsub("_", " ", class(x)[1]) else "Data"
}

result_sheets <- function(x, name) {
    if (inherits(x, "outcome")) return(outcome_sheets(x, name))
    if (inherits(x, "osseosurv_result")) return(estimator_sheets(x, name))
    if (is.data.frame(x)) return(list(sheet(name, block_table(x))))
    if (!is.list(x) || is.object(x) || !length(x)) {
        abort_invalid(sprintf("`x` must be a result, a data frame or a named list of them; got %s.",
                              if (is.list(x) && !length(x)) "an empty list" else value_text(x)), "x")
    }
    unnamed <- if (is.null(names(x))) 1L else which(is.na(names(x)) | names(x) == "")
    if (length(unnamed)) {
        abort_invalid(sprintf("`x` must have a name for each element; element %d has none.", unnamed[1]), "x",
                      unnamed[1])
    }
    unlist(Map(result_sheets, x, names(x), USE.NAMES = FALSE), recursive = FALSE)
}

#' Blocks that go with every result
#'
#' @param x A result.
#' @return List of blocks: figures of `glance()`, estimand card, notes, methods.
#' @noRd
about_blocks <- function(x) {
    notes <- part(x, "notes")
    overall <- glance(x)
    card <- estimand(x)
    list(
        if (length(overall)) list(block_heading("Overall"), block_table(overall)),
        if (length(notes)) list(block_heading("Notes"), block_note(notes)),
        if (length(card)) list(block_heading("Estimand"), card_items(card)),
        if (length(part(x, "methods"))) list(block_heading("Methods"), block_note(methods_text(x)))
    )
}

card_items <- function(card) {
    label <- gsub("_", " ", names(card))
    block_items(paste0(toupper(substr(label, 1, 1)), substring(label, 2)), unclass(card))
}

# The live formulas of a table whose limits are Clopper-Pearson at 95%: checked, not assumed.
live_limits <- function(table) {
    needed <- c("x", "n", "estimate", "conf.low", "conf.high")
    if (!all(needed %in% names(table)) || !nrow(table)) return(character())
    x <- table$x
    n <- table$n
    if (!is.numeric(x) || !is.numeric(n) || anyNA(c(x, n)) || any(n <= 0 | x < 0 | x > n)) return(character())
    low <- ifelse(x == 0, 0, suppressWarnings(stats::qbeta(0.025, x, n - x + 1)))
    high <- ifelse(x == n, 1, suppressWarnings(stats::qbeta(0.975, x + 1, n - x)))
    same <- function(a, b) !anyNA(a) && all(abs(a - b) <= 1e-8 * pmax(abs(b), 1e-3))
    exact <- same(table$conf.low, low) && same(table$conf.high, high) && same(table$estimate, x / n)
    if (exact) clopper_pearson_formulas() else character()
}

estimator_sheets <- function(x, name) {
    table <- tidy(x)
    formulas <- live_limits(table)
    percent <- inherits(x, probability_results) || length(formulas) > 0
    block <- block_table(table, percent = percent, formulas = formulas)
    about <- list(chart_of(x, table), about_blocks(x))
    if (nrow(table) <= long_table) {
        return(list(sheet(name, block_title(part(x, "title")), block, about)))
    }
    list(sheet(name, block_title(part(x, "title")), block),
         sheet(paste(cut_units(name, 23), "(about)"), block_title(part(x, "title")), about))
}

# A curve of up to 2,000 rows is drawn; a chart with more points would be slow to open.
chart_of <- function(x, table) {
    if (!inherits(x, c("kaplan_meier", "cumulative_incidence")) || nrow(table) > 2000) return(NULL)
    incidence <- inherits(x, "cumulative_incidence")
    if (incidence) {
        table$curve <- trimws(paste(table$strata, table$cause))
    }
    block_chart_survival(table, title = part(x, "title"), by = if (incidence) "curve" else "strata",
                         y_name = if (incidence) "Cumulative incidence" else "Survival")
}

outcome_sheets <- function(x, name) {
    tables <- x$tables
    long <- vapply(tables, nrow, 0L) > long_table
    first <- sheet(name, block_title(part(x, "title")),
                   if (length(x$notes)) list(block_heading("Notes"), block_note(x$notes)),
                   Map(function(table, title) list(block_heading(title), outcome_table(table)),
                       tables[!long], names(tables)[!long]),
                   if (length(x$estimand)) list(block_heading("Estimand"), card_items(x$estimand)),
                   if (length(x$methods)) list(block_heading("Methods"), block_note(methods_text(x))))
    c(list(first),
      Map(function(table, title) sheet(title, block_title(title), outcome_table(table)), tables[long],
          names(tables)[long]),
      unlist(Map(result_sheets, x$results, names(x$results), USE.NAMES = FALSE), recursive = FALSE))
}

# A column of text without any is left out: one stratum has no name.
outcome_table <- function(table) {
    blank <- vapply(table, function(column) is.character(column) && all(is.na(column) | column == ""), NA)
    table <- table[!blank]
    formulas <- live_limits(table)
    shares <- length(formulas) > 0 || all(c("time", "n.risk", "estimate") %in% names(table)) || any(c("mass", "estimate.min") %in% names(table))
    if ("prob" %in% names(table)) shares <- FALSE
    formats <- if ("prob" %in% names(table)) c(estimate = "time", conf.low = "time", conf.high = "time") else character()
    block_table(table, formats, percent = shares, formulas = formulas)
}
