# Building a workbook from R. A workbook is a list of sheets, a sheet a list of blocks, one below the other:
#
#   write_sheets(list(
#       sheet("Summary",
#             block_title("Eleven femora"),
#             block_note(c("One paragraph.", "Another.")),
#             block_heading("Union"),
#             block_table(union, percent = TRUE, formulas = clopper_pearson_formulas()),
#             block_chart_forest(union, label = "estimand", x_name = "United"))),
#       path)
#
# src/xlsx lays them out and writes them; workbook.h says what each field means. Columns get their number
# format and header comment from R/report-dictionary.R.

#' A sheet
#'
#' @param name Its name; any text: write_sheets() makes it valid and unique.
#' @param ... Blocks, lists of blocks, or `NULL`.
#' @noRd
sheet <- function(name, ...) {
    list(name = as.character(name), blocks = flatten_blocks(list(...)))
}

flatten_blocks <- function(x) {
    if (is.null(x)) return(list())
    if (!is.null(x$kind)) return(list(x))
    unlist(lapply(x, flatten_blocks), recursive = FALSE)
}

#' Text blocks: the title of a sheet, a heading, paragraphs
#'
#' @param text One string; for `block_note()` any number, one paragraph each, wrapped to the width of the
#'   page.
#' @noRd
block_title <- function(text) list(kind = "title", text = one_line(text))

block_heading <- function(text) list(kind = "heading", text = one_line(text))

block_note <- function(text) lapply(unname(as.character(text)), function(one) list(kind = "note", text = one))

#' @describeIn block_title Labels in the first column, each with a wrapped text right of it.
#' @param label Strings, as many as `text`.
#' @noRd
block_items <- function(label, text) {
    Map(function(label, text) list(kind = "item", label = one_line(label), text = text),
        as.character(label), as.character(text), USE.NAMES = FALSE)
}

one_line <- function(text) gsub("[[:cntrl:]]+", " ", as.character(text)[1])

#' A table: an Excel table with filter buttons, banding and header comments
#'
#' Cells keep their type: numbers, whole numbers, TRUE/FALSE, text, dates. `NA` and "" are blank. `Inf` is the
#' text of the dictionary ("not seen"), "not reached" for the times of a table with a column `prob`, else
#' "Inf"; "-Inf", "NaN" likewise. Factors are text. A date that Excel cannot hold (before 1 March 1900) is ISO
#' text. Text that is wider than 60 characters is wrapped.
#'
#' @param table Data frame.
#' @param formats Named character, by column: a style of `number_formats` ("percent", "fixed2", ...) or an
#'   Excel number format. Goes before the dictionary's.
#' @param percent `TRUE`: estimate and limits are probabilities, shown in percent.
#' @param formulas Named character, by column: a live formula in which `{name}` is the cell of that column in
#'   the same row; the number in the table is its cached value. See clopper_pearson_formulas().
#' @param links Named list, by column: a vector of addresses. Text that is itself an address, and the column
#'   `doi`, are linked without.
#' @param comments Named character, by column: header comment instead of the dictionary's.
#' @param headers Named character, by column: header instead of the name.
#' @param widths Named numeric, by column: width in characters instead of one that fits.
#' @noRd
block_table <- function(table, formats = character(), percent = FALSE, formulas = character(), links = list(),
                        comments = character(), headers = character(), widths = numeric()) {
    table <- as.data.frame(table)
    columns <- lapply(seq_along(table), function(j) {
        name <- names(table)[j]
        values <- table[[j]]
        check_sheet_column(values, name, nrow(table))
        style <- column_style(name, values, formats, percent)
        infinite <- style$infinite
        if ("prob" %in% names(table) && name %in% c("estimate", "conf.low", "conf.high")) {
            infinite <- "not reached"
        }
        model <- column_model(values)
        zone <- attr(values, "tzone")[1]
        comment <- pick(comments, name) %||% style$comment %||%
            if (inherits(values, "POSIXct") && length(zone) && nzchar(zone)) paste0("Time zone ", zone, ".")
        # Constant memory has no links, so none are looked for.
        if (is.character(model$values) && nrow(table) <= 1e4) {
            model$url <- pick(links, name) %||% addresses(name, model$values)
        }
        c(list(name = pick(headers, name) %||% name, comment = comment, format = style$format,
               infinite = infinite,
               formula = if (is.double(model$values)) rename_references(pick(formulas, name), headers),
               width = pick(widths, name)), model)
    })
    list(kind = "table", n_rows = as.double(nrow(table)), columns = columns)
}

pick <- function(x, name) if (name %in% names(x)) x[[name]]

# Formulas name columns as the table does; the model, by their headers.
rename_references <- function(formula, headers) {
    for (name in names(headers)) {
        formula <- gsub(sprintf("{%s}", name), sprintf("{%s}", headers[[name]]), formula, fixed = TRUE)
    }
    formula
}

check_sheet_column <- function(values, name, n) {
    fault <- if (is.list(values) && !inherits(values, "POSIXlt")) {
        "is a list"
    } else if (length(dim(values)) > 1) {
        "is a matrix"
    } else if (inherits(values, "integer64") || !(is.atomic(values) || inherits(values, "POSIXlt")) ||
        is.complex(values) || is.raw(values)) {
        sprintf("is of class %s", class(values)[1])
    }
    if (!is.null(fault)) {
        abort_invalid(sprintf("Column `%s` %s; a sheet holds numbers, text, TRUE/FALSE, factors and dates.",
                              name, fault), "x")
    }
}

# The values of a column as C reads them: double, integer, logical, character, or codes with levels.
column_model <- function(values) {
    if (is.factor(values)) return(list(values = as.vector(unclass(values)), levels = levels(values)))
    if (inherits(values, "POSIXlt")) values <- as.POSIXct(values)
    if (inherits(values, "Date")) return(date_model(as.double(values) + 25569, format(values)))
    if (inherits(values, "POSIXct")) {
        clock <- as.POSIXlt(values)
        attr(clock, "tzone") <- "UTC"
        return(date_model(as.double(as.POSIXct(clock)) / 86400 + 25569, format(values)))
    }
    if (is.object(values)) attributes(values) <- NULL
    list(values = values)
}

date_model <- function(serial, text) {
    outside <- !is.na(serial) & (serial < 61 | serial >= 2958466)
    list(values = serial, instead = if (any(outside)) ifelse(outside, text, NA_character_))
}

addresses <- function(name, values) {
    url <- ifelse(grepl("^(https?|ftp)://[^[:space:]]+$", values, useBytes = TRUE), values, NA_character_)
    if (name == "doi") {
        bare <- grepl("^10\\.[0-9]+/[^[:space:]]+$", values, useBytes = TRUE)
        url[bare] <- paste0("https://doi.org/", values[bare])
    }
    if (!all(is.na(url))) url
}

#' Clopper-Pearson limits as live formulas
#'
#' @param x,n Names of the columns of events and of observations.
#' @param level Confidence level.
#' @return For `formulas` of block_table(): columns `estimate`, `conf.low`, `conf.high`.
#' @noRd
clopper_pearson_formulas <- function(x = "x", n = "n", level = 0.95) {
    tail <- format((1 - level) / 2, digits = 15)
    fill <- function(text) gsub("<n>", sprintf("{%s}", n), gsub("<x>", sprintf("{%s}", x), text))
    c(estimate = fill("=<x>/<n>"),
      conf.low = fill(sprintf("=IF(<x>=0,0,_xlfn.BETA.INV(%s,<x>,<n>-<x>+1))", tail)),
      conf.high = fill(sprintf("=IF(<x>=<n>,1,_xlfn.BETA.INV(1-%s,<x>+1,<n>-<x>))", tail)))
}

#' Write sheets to an .xlsx file
#'
#' @param sheets List of sheet()s.
#' @param path The file; replaced when all has been written, else left as it was.
#' @param properties List: `title`, `subject`, `author`, `comments`.
#' @return `path`, invisibly. Errors: `osseosurv_invalid`, `osseosurv_io`.
#' @noRd
write_sheets <- function(sheets, path, properties = list()) {
    check_path(path)
    names <- sheet_names(c(vapply(sheets, function(one) one$name, ""), "Chart data"))
    for (i in seq_along(sheets)) sheets[[i]]$name <- names[i]
    sheets <- add_chart_data(sheets, names[length(names)])
    sheets <- name_tables(sheets)
    target <- normalizePath(path.expand(path), mustWork = FALSE)
    temporary <- tempfile(".osseosurv-", tmpdir = dirname(target))
    text <- lapply(properties, as.character)
    .Call(ffi_write_workbook, c(list(sheets = sheets), text), enc2native(temporary), enc2native(target))
    invisible(path)
}

check_path <- function(path) {
    if (!is.character(path) || length(path) != 1 || is.na(path) || !nzchar(path)) {
        abort_invalid(sprintf("`path` must be the name of a file; got %s.", value_text(path)), "path")
    }
    if (!grepl("\\.xlsx$", path, ignore.case = TRUE)) {
        abort_invalid(sprintf("`path` must end in .xlsx; got \"%s\".", path), "path")
    }
    folder <- dirname(path.expand(path))
    if (dir.exists(path)) abort("io", sprintf("`path` is a folder: \"%s\".", path), "path")
    if (!dir.exists(folder)) {
        abort("io", sprintf("The folder of `path` does not exist: \"%s\".", folder), "path")
    }
}

# Names that Excel accepts: forbidden characters become "-", the rest is cut at 31, repeats are numbered.
sheet_names <- function(names) {
    names <- enc2utf8(names)
    names[is.na(names)] <- ""
    clean <- gsub("[]:*?/\\\\[]", "-", gsub("[[:cntrl:]]+", " ", names))
    clean <- trimws(gsub("^'+|'+$", "", trimws(clean)))
    clean[!nzchar(clean)] <- "Sheet"
    clean[tolower(clean) == "history"] <- "History -"
    for (i in seq_along(clean)) {
        base <- clean[i]
        clean[i] <- cut_units(base, 31)
        k <- 1
        while (tolower(clean[i]) %in% tolower(clean[seq_len(i - 1)])) {
            k <- k + 1
            tail <- sprintf(" (%d)", k)
            clean[i] <- paste0(cut_units(base, 31 - nchar(tail)), tail)
        }
    }
    clean
}

# The longest start of a string that has at most n UTF-16 units.
cut_units <- function(x, n) {
    points <- utf8ToInt(x)
    if (anyNA(points)) abort_invalid("A sheet name is not valid UTF-8.", "x")
    kept <- intToUtf8(points[cumsum(1 + (points > 0xFFFF)) <= n])
    sub("'+$", "", trimws(kept, "right"))
}

# Each table gets a name of its own, so that it can be an Excel table; repeated headers keep it a plain range.
name_tables <- function(sheets) {
    k <- 0
    for (s in seq_along(sheets)) {
        for (b in seq_along(sheets[[s]]$blocks)) {
            block <- sheets[[s]]$blocks[[b]]
            if (block$kind != "table") next
            k <- k + 1
            headers <- tolower(vapply(block$columns, function(column) as.character(column$name), ""))
            if (!anyDuplicated(headers)) sheets[[s]]$blocks[[b]]$name <- paste0("Table_", k)
        }
    }
    sheets
}
