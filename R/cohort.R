#' A cohort of reconstructions
#'
#' Joins the tables of a cohort into one validated object. Every fault of every table is reported in one
#' error, and nothing is mended; what breaks no rule but looks wrong is kept, listed in `$suspicions` and
#' shown by `summary()`.
#'
#' @section Tables: Only `patients` is required, and of it only `patient`, `prosthesis`, `followup_mo` and
#'   `end`. Further columns are kept, in every table, and may be used in formulas. Times are months from
#'   implantation; where `patients` has `index_date`, a date (or its text, year-month-day) may stand for
#'   months and becomes days / (365.25 / 12).
#'
#' * `patients`, a row a reconstruction: `patient`, `reconstruction` (`patient` where left out),
#'   `prosthesis` (solid, porous), `site`, `side` (L, R), `region` (diaphysis, metaphysis), `indication`
#'   (infection, tumour, trauma, revision), `defect_type` (critical, shape-structural), `fixation`, `age`
#'   (years), `sex`, `bmi` (kg/m2), `defect_cm`, `debridements`, `previous_surgeries`,
#'   `stage_interval_days`, `external_fixation_days`, `index_date`, `entry_mo` (0 where left out),
#'   `followup_mo`, `end` (censored, lost, failure, death, amputation), `failure_mode` with `scheme` (see
#'   [failure_modes]), `lefs` (0 to 80), `rom_min`, `rom_max` (degrees).
#' * `interfaces`, a row an interface: `reconstruction`, `interface` (proximal, distal), `left_mo`,
#'   `right_mo`: union came in (left, right]; `Inf` where it was not seen by the last film.
#' * `visits`, instead of `interfaces`, a row a film: `reconstruction`, `interface`, `month`, `union` (0/1).
#'   `$interfaces` then holds (last film without union before the first with it, first film with it].
#' * `infections`, a row an episode: `reconstruction`, `onset_left_mo`, `onset_right_mo` (equal if the day
#'   is known), `resolved_mo`, `organism` (several separated by "; "), `treatment`, `retained` (TRUE,
#'   FALSE), `off_drugs_mo`.
#' * `findings`, instead of `infections`, a row a dated positive finding: `reconstruction`, `month`,
#'   `organism`.
#' * `complications`: `reconstruction`, `complication`, `onset_mo` (may be missing).
#' * `labs`: `reconstruction`, `marker`, `stage`, `value` (may be missing), `unit`.
#' * `totals`, figures stated elsewhere (a paper's text) to hold against the rows: `table`, `column`,
#'   `statistic` (rows, count, sum, mean, median, min, max), `level` (value counted), `stated` (as printed;
#'   a difference of more than half a unit of its last digit is a suspicion).
#'
#' A table without rows says that there was none of it; a table left out, that it was not recorded. In the
#' other tables `patient` may stand for `reconstruction` where each patient has one.
#'
#' @param patients,interfaces,visits,infections,findings,complications,labs Data frames as above, or `NULL`.
#' @param name One string, the name of the cohort in print.
#' @param totals Data frame as above, or `NULL`.
#' @param assignments List of data frames like `interfaces`, each admissible where a paper prints counts but
#'   not which patient they belong to; results are then given as their range over them. `NULL`: `interfaces`
#'   is known.
#' @param overlap_group One string, the `overlap_group` of this cohort in the [literature], so that its own
#'   publications are not pooled as comparators; or `NULL`.
#' @return List of class `cohort`: `name`, the tables (`$patients`, ...; `NULL` where not given; identifiers
#'   as text, each table with `reconstruction`), `assignments`, `overlap_group`, `suspicions` (data frame `table`, `row`, `column`, `value`,
#'   `rule`, `text`) and `source` (data frame `file`, `md5` of the files read, `NULL` for data frames).
#' @section Errors: `osseosurv_invalid` for all faults together. The condition's `faults` is a data frame
#'   `table`, `row` (1-based; `NA` where the fault is not in one row), `column`, `value`, `rule`.
#' @section Warnings: `osseosurv_invalid` (an `osseosurv_warning`) when a unit looks wrong, such as a
#'   follow-up of 1,800 "months", and when an empty factor level was dropped.
#' @seealso [read_cohort()], [masquelet_femur]
#' @examples
#' patients <- data.frame(patient = 1:3, prosthesis = "porous", followup_mo = c(24, 36, 12),
#'                        end = c("censored", "censored", "death"))
#' visits <- data.frame(patient = c(1, 1, 2), interface = "proximal", month = c(3, 6, 12),
#'                      union = c(0, 1, 0))
#' x <- cohort(patients, visits = visits, name = "Three femora")
#' x
#' x$interfaces
#' bad <- tryCatch(cohort(transform(patients, followup_mo = c(24, -1, NA))), error = identity)
#' bad$faults
#' @export
cohort <- function(patients, interfaces = NULL, visits = NULL, infections = NULL, findings = NULL,
                   complications = NULL, labs = NULL, name = "cohort", totals = NULL, assignments = NULL,
                   overlap_group = NULL) {
    if (missing(patients)) {
        abort_invalid("`patients` is required: a data frame with patient, prosthesis, followup_mo and end.",
                      "patients")
    }
    tables <- list(patients = patients, interfaces = interfaces, visits = visits, infections = infections,
                   findings = findings, complications = complications, labs = labs, totals = totals)
    if (is.null(patients)) tables["patients"] <- list(NA)
    checked <- validate_tables(tables)
    if (nrow(checked$faults)) abort_faults(checked$faults, "The cohort")
    x <- new_cohort(checked, check_name(name))
    x["assignments"] <- list(check_assignments(assignments, x))
    x["overlap_group"] <- list(if (is.null(overlap_group)) NULL else check_name(overlap_group, "overlap_group"))
    x
}

# Each assignment is held to the contract on its own.
check_assignments <- function(assignments, x) {
    if (is.null(assignments)) return(NULL)
    if (!is.list(assignments) || is.data.frame(assignments) || !length(assignments)) {
        abort_invalid("`assignments` must be a list of data frames like `interfaces`.", "assignments")
    }
    lapply(seq_along(assignments), function(i) {
        checked <- validate_tables(list(patients = x$patients, interfaces = assignments[[i]]))
        if (nrow(checked$faults)) abort_faults(checked$faults, sprintf("Element %d of `assignments`", i))
        checked$tables$interfaces
    })
}

check_name <- function(name, argument = "name") {
    if (!is.character(name) || length(name) != 1 || is.na(name)) {
        abort_invalid(sprintf("`%s` must be one string; got %s.", argument, value_text(name)), argument)
    }
    name
}

# What the films say; contradictory ones are a suspicion, found by its rule.
film_intervals <- function(visits) {
    series <- film_series(visits)
    ends <- visit_ends(series, "first")
    as_frame(list(reconstruction = visits$reconstruction[series$first], interface = visits$interface[series$first],
                  left_mo = ends$left, right_mo = ends$right))
}

film_series <- function(visits) read_visits(visits, c("reconstruction", "interface"), "month", "union")

# From tables without a fault.
new_cohort <- function(checked, name, source = NULL, not_read = character()) {
    tables <- checked$tables
    if (!is.null(tables$visits)) tables$interfaces <- film_intervals(tables$visits)
    x <- c(list(name = name), tables[cohort_tables])
    names(x) <- c("name", cohort_tables)
    x <- structure(c(x, list(assignments = NULL, overlap_group = NULL, suspicions = NULL, source = NULL,
                             not_read = not_read)), class = "cohort")
    x$suspicions <- find_suspicions(x)
    x$not_read <- NULL
    x["source"] <- list(source)
    if (length(checked$dropped)) {
        warn("invalid", sprintf("Empty factor levels were dropped from %s.",
                                paste(checked$dropped, collapse = ", ")))
    }
    alerts <- names(Filter(function(rule) rule$alert, suspicion_rules))
    loud <- x$suspicions[x$suspicions$rule %in% alerts, ]
    if (nrow(loud)) {
        at <- ifelse(is.na(loud$row), loud$table, sprintf("%s row %d", loud$table, loud$row))
        lines <- sprintf("  %s, `%s` is %s: %s", at, loud$column, loud$value, loud$text)
        if (length(lines) > 10) {
            lines <- c(lines[1:10], sprintf("  and %d more in `$suspicions`", length(lines) - 10))
        }
        warn("invalid", paste(c("A unit looks wrong; the values were kept:", lines), collapse = "\n"),
             loud$table[1], if (is.na(loud$row[1])) NULL else loud$row[1])
    }
    x
}

#' Print a cohort
#'
#' `print()` gives size, follow-up and ends; `summary()` adds which columns are filled and lists the
#' suspicions.
#'
#' @param x,object A `cohort`, or its summary.
#' @param ... Not used.
#' @return `print()`: its argument, invisibly. `summary()`: a list of class `summary.cohort` with `cohort`
#'   (name), `tables` (data frame `table`, `rows`), `columns` (data frame `table`, `column`, `filled`, `of`)
#'   and `suspicions`.
#' @examples
#' masquelet_femur
#' summary(masquelet_femur)$suspicions
#' @name cohort_print
#' @export
print.cohort <- function(x, ...) {
    p <- x$patients
    count <- function(v) {
        n <- table(as.character(v))
        paste(paste(n, names(n)), collapse = ", ")
    }
    plural <- function(n, word) sprintf("%d %s%s", n, word, if (n == 1) "" else "s")
    cat(sprintf("Cohort: %s\n", x$name))
    cat(sprintf("  %s in %s (%s)\n", plural(nrow(p), "reconstruction"),
                plural(length(unique(p$patient)), "patient"), count(p$prosthesis)))
    brief <- function(months) format(months, digits = 4)
    cat(sprintf("  follow-up %s to %s months, median %s, sum %s; end: %s\n", brief(min(p$followup_mo)),
                brief(max(p$followup_mo)), brief(stats::median(p$followup_mo)),
                format(sum(p$followup_mo - p$entry_mo), digits = 6), count(p$end)))
    others <- setdiff(cohort_tables, c("patients", "totals"))
    rows <- vapply(others, function(table) if (is.null(x[[table]])) NA_integer_ else nrow(x[[table]]), 1L)
    cat(sprintf("  rows: %s\n", if (all(is.na(rows))) "patients only" else {
        paste(others[!is.na(rows)], rows[!is.na(rows)], collapse = ", ")
    }))
    if (length(x$assignments)) {
        cat(sprintf("  %d interface tables are admissible; `interfaces` is the first\n", length(x$assignments)))
    }
    if (nrow(x$suspicions)) {
        cat(sprintf("  %s; summary() lists them\n", plural(nrow(x$suspicions), "suspicion")))
    }
    invisible(x)
}

#' @rdname cohort_print
#' @export
summary.cohort <- function(object, ...) {
    tables <- Filter(function(table) !is.null(object[[table]]), cohort_tables)
    columns <- do.call(rbind, lapply(tables, function(table) {
        data <- object[[table]]
        data.frame(table = table, column = names(data),
                   filled = vapply(data, function(v) sum(!is.na(v)), 1L, USE.NAMES = FALSE), of = nrow(data))
    }))
    rows <- vapply(object[tables], nrow, 1L, USE.NAMES = FALSE)
    structure(list(cohort = object, name = object$name, tables = data.frame(table = tables, rows = rows),
                   columns = columns, suspicions = object$suspicions),
              class = "summary.cohort")
}

#' @rdname cohort_print
#' @export
print.summary.cohort <- function(x, ...) {
    print(x$cohort)
    cat("\nColumns (values of rows)\n")
    for (table in x$tables$table) {
        own <- x$columns[x$columns$table == table, ]
        text <- ifelse(own$filled == own$of, own$column,
                       sprintf("%s (%d of %d)", own$column, own$filled, own$of))
        cat(strwrap(sprintf("%s: %s", table, paste(text, collapse = ", ")), width = 90, indent = 2,
                    exdent = 4), sep = "\n")
    }
    if (!nrow(x$suspicions)) {
        cat("\nNo suspicions\n")
        return(invisible(x))
    }
    cat("\nSuspicions (kept as given)\n")
    for (rule in unique(x$suspicions$rule)) {
        own <- x$suspicions[x$suspicions$rule == rule, ]
        value <- ifelse(is.na(own$row), own$value, sprintf("%s row %d: %s", own$table, own$row, own$value))
        if (length(value) > 8) value <- c(value[1:8], sprintf("%d more", length(value) - 8))
        cat(strwrap(sprintf("- %s (%s)", own$text[1], paste(value, collapse = "; ")), width = 90, indent = 2,
                    exdent = 4), sep = "\n")
    }
    invisible(x)
}
