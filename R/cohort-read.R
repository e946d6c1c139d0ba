#' Read a cohort from a workbook or a folder of CSV files
#'
#' Each table of [cohort()] is a sheet of the workbook, or a file `<table>.csv` of the folder, with the
#' column names in the first row. Values are read as they stand: nothing is guessed from the first rows,
#' numbers must use a decimal point, dates must be year-month-day in CSV and date cells in a workbook. Empty
#' cells and `NA` are missing. CSV files must be UTF-8 (a byte order mark is allowed) and separated by
#' commas. Sheets and CSV files that are no table are listed among the suspicions, not read; rows without
#' any value are skipped.
#'
#' @param path One string: an `.xlsx` file, or a folder that holds at least `patients.csv`.
#' @param name One string, the name of the cohort; the file's or folder's name where left out.
#' @return A `cohort`; its `source` is a data frame with `file` (name without folder) and `md5` of the files
#'   read.
#' @section Errors: `osseosurv_io` when the file cannot be read (with the reason); `osseosurv_invalid` when
#'   its content breaks the contract, with `faults` as in [cohort()] and `place`, the file or sheet with the
#'   row there.
#' @seealso [cohort()] for the tables.
#' @examples
#' folder <- system.file("extdata", "masquelet-femur", package = "osseosurv")
#' read_cohort(folder)
#' workbook <- system.file("extdata", "masquelet-femur.xlsx", package = "osseosurv")
#' read_cohort(workbook)$source
#' @export
read_cohort <- function(path, name = NULL) {
    accepted <- "accepted are the path of an .xlsx file or of a folder with CSV files"
    if (!is.character(path) || length(path) != 1 || is.na(path)) {
        abort_invalid(sprintf("`path` must be one string; %s, got %s.", accepted, value_text(path)), "path")
    }
    if (!file.exists(path)) abort("io", sprintf("\"%s\" does not exist; %s.", path, accepted), "path")
    read <- if (dir.exists(path)) {
        read_folder(path)
    } else if (grepl("[.]xlsx$", path, ignore.case = TRUE)) {
        read_workbook(path)
    } else {
        abort_invalid(sprintf("\"%s\" is neither; %s.", basename(path), accepted), "path")
    }
    checked <- validate_tables(lapply(read$tables, function(table) table$data), from_text = TRUE)
    if (nrow(checked$faults)) {
        checked$faults$place <- fault_places(checked$faults, read$tables)
        abort_faults(checked$faults, sprintf("\"%s\"", basename(path)))
    }
    checked$tables[] <- lapply(checked$tables, settle_types)
    source <- data.frame(file = basename(read$files), md5 = unname(tools::md5sum(read$files)))
    name <- name %||% sub("[.]xlsx$", "", basename(normalizePath(path)), ignore.case = TRUE)
    new_cohort(checked, check_name(name), source, read$not_read)
}

# Where a fault is found by someone who opens the file.
fault_places <- function(faults, tables) {
    vapply(seq_len(nrow(faults)), function(i) {
        table <- tables[[faults$table[i]]]
        if (is.null(table)) return(NA_character_)
        if (is.na(faults$row[i])) return(table$place)
        sprintf("%s, row %d", table$place, table$rows[faults$row[i]])
    }, "")
}

read_folder <- function(path) {
    files <- list.files(path, pattern = "[.]csv$", ignore.case = TRUE, full.names = TRUE)
    table <- tolower(sub("[.]csv$", "", basename(files), ignore.case = TRUE))
    if (!"patients" %in% table) {
        held <- if (length(files)) paste(basename(files), collapse = ", ") else "no CSV file"
        abort_invalid(sprintf("The folder \"%s\" has no file patients.csv; it has %s.", basename(path), held),
                      "path")
    }
    known <- table %in% cohort_tables
    twice <- basename(files)[known & table %in% table[duplicated(table)]]
    if (length(twice)) {
        abort_invalid(sprintf("The folder \"%s\" has several files for one table: %s.", basename(path),
                              paste(twice, collapse = ", ")), "path")
    }
    tables <- stats::setNames(lapply(files[known], read_csv_text), table[known])
    list(tables = in_contract_order(tables), files = files[known], not_read = basename(files)[!known])
}

in_contract_order <- function(tables) tables[intersect(cohort_tables, names(tables))]

# All cells as text, with the row of the file that each row begins in.
read_csv_text <- function(file) {
    place <- basename(file)
    bad <- function(text, index = NULL) abort_invalid(sprintf("File \"%s\": %s.", place, text), "path", index)
    bytes <- tryCatch(suppressWarnings(readBin(file, "raw", file.size(file))), error = function(e) NULL)
    if (is.null(bytes) || length(bytes) != file.size(file)) {
        abort("io", sprintf("\"%s\" cannot be read.", place), "path")
    }
    if (length(bytes) >= 3 && identical(bytes[1:3], as.raw(c(0xef, 0xbb, 0xbf)))) bytes <- bytes[-(1:3)]
    if (!length(bytes)) bad("it is empty; the first row must hold the column names")
    if (any(bytes == as.raw(0))) bad("it holds zero bytes, so it is no UTF-8 text; save it as CSV UTF-8")
    text <- rawToChar(bytes)
    if (!validUTF8(text)) {
        line <- which(!validUTF8(strsplit(text, "\n", fixed = TRUE, useBytes = TRUE)[[1]]))[1]
        bad(sprintf("row %d is not UTF-8; save it as CSV UTF-8", line), line)
    }
    Encoding(text) <- "UTF-8"
    text <- gsub("\r\n?", "\n", text)
    cells <- csv_cells(text)
    if (is.null(cells)) bad("a quotation mark is not closed")
    header <- trimws(cells$cells[[1]])
    if (length(header) == 1 && grepl(";|\t", header)) {
        bad("its cells are not separated by commas; save it as CSV with commas")
    }
    width <- lengths(cells$cells)
    blank <- vapply(cells$cells, function(row) all(is_blank(row)), NA)
    uneven <- which(width != width[1] & !blank)
    if (length(uneven)) {
        bad(sprintf("row %d has %d cells, the first row has %d; text with a comma must be quoted",
                    cells$line[uneven[1]], width[uneven[1]], width[1]), cells$line[uneven[1]])
    }
    keep <- which(!blank)[-1]
    body <- matrix(as.character(unlist(cells$cells[keep])), length(keep), width[1], byrow = TRUE)
    data <- text_frame(lapply(seq_along(header), function(j) body[, j]), header, length(keep))
    list(data = data, rows = cells$line[keep], place = place)
}

is_blank <- function(text) is.na(text) | trimws(text) %in% c("", "NA")

text_frame <- function(columns, header, n) {
    columns <- lapply(columns, function(text) {
        text <- trimws(text)
        text[is_blank(text)] <- NA
        text
    })
    structure(columns, names = header, row.names = .set_row_names(n), class = "data.frame")
}

# Rows of cells of a CSV text (RFC 4180), with the line each row begins on; NULL if a quotation mark is open.
# Splitting at quotation marks leaves the text outside quotes in the odd pieces, inside in the even ones.
csv_cells <- function(text) {
    if (!endsWith(text, "\n")) text <- paste0(text, "\n")
    if (!grepl("\"", text, fixed = TRUE)) {
        lines <- strsplit(text, "\n", fixed = TRUE)[[1]]
        cells <- strsplit(paste0(lines, ","), ",", fixed = TRUE)
        return(list(cells = cells, line = seq_along(lines)))
    }
    pieces <- strsplit(paste0(text, "\""), "\"", fixed = TRUE)[[1]]
    if (length(pieces) %% 2 == 0) return(NULL)
    inside <- seq(2, length(pieces), by = 2)
    # Marks that no cell holds stand for comma and newline within quotes, and for a doubled quotation mark.
    comma <- "\x01"
    newline <- "\x02"
    quote <- "\x03"
    pieces[inside] <- gsub("\n", newline, gsub(",", comma, pieces[inside], fixed = TRUE), fixed = TRUE)
    between <- setdiff(seq_along(pieces)[-1], c(inside, length(pieces)))
    pieces[between][pieces[between] == ""] <- quote
    lines <- strsplit(paste(pieces, collapse = ""), "\n", fixed = TRUE)[[1]]
    cells <- lapply(strsplit(paste0(lines, ","), ",", fixed = TRUE), function(row) {
        chartr(paste0(comma, newline, quote), ",\n\"", row)
    })
    spans <- 1 + nchar(gsub(paste0("[^", newline, "]"), "", lines))
    list(cells = cells, line = cumsum(c(1, spans))[seq_along(lines)])
}

read_workbook <- function(path) {
    sheets <- tryCatch(readxl::excel_sheets(path), error = function(e) {
        abort("io", sprintf("\"%s\" cannot be read as a workbook: %s", basename(path),
                            sub("[.]?$", ".", conditionMessage(e))), "path")
    })
    table <- tolower(trimws(sheets))
    if (!"patients" %in% table) {
        abort_invalid(sprintf("File \"%s\" has no sheet \"patients\"; it has %s.", basename(path),
                              paste0("\"", sheets, "\"", collapse = ", ")), "path")
    }
    known <- table %in% cohort_tables
    tables <- lapply(sheets[known], function(sheet) read_sheet_text(path, sheet))
    names(tables) <- table[known]
    list(tables = in_contract_order(tables), files = path, not_read = sprintf("sheet \"%s\"", sheets[!known]))
}

# A sheet cell by cell, so that no type is guessed from its first rows.
read_sheet_text <- function(path, sheet) {
    place <- sprintf("sheet \"%s\"", sheet)
    cells <- tryCatch(
        suppressMessages(readxl::read_xlsx(path, sheet, range = readxl::cell_limits(c(1, 1), c(NA, NA)),
                                           col_names = FALSE, col_types = "list", .name_repair = "minimal")),
        error = function(e) {
            abort("io", sprintf("\"%s\", %s cannot be read: %s", basename(path), place,
                                sub("[.]?$", ".", conditionMessage(e))), "path")
        }
    )
    if (!nrow(cells)) {
        abort_invalid(sprintf("File \"%s\", %s is empty; the first row must hold the column names.",
                              basename(path), place), "path")
    }
    text <- lapply(cells, function(column) vapply(column, cell_text, ""))
    text <- text_frame(text, rep("", length(text)), nrow(cells))
    used <- vapply(text, function(column) !all(is.na(column)), NA)
    text <- text[used]
    header <- vapply(text, function(column) column[1], "", USE.NAMES = FALSE)
    header[is.na(header)] <- ""
    blank <- rowSums(!is.na(as.matrix(text))) == 0
    keep <- setdiff(which(!blank), 1)
    data <- text_frame(lapply(text, function(column) column[keep]), header, length(keep))
    list(data = data, rows = keep, place = place)
}

cell_text <- function(cell) {
    if (length(cell) != 1 || is.na(cell)) return(NA_character_)
    if (inherits(cell, "POSIXt")) {
        midnight <- format(cell, "%H%M%S", tz = "UTC") == "000000"
        return(format(cell, if (midnight) "%Y-%m-%d" else "%Y-%m-%d %H:%M:%S", tz = "UTC"))
    }
    if (is.logical(cell)) return(if (cell) "TRUE" else "FALSE")
    if (is.numeric(cell)) format(cell, digits = 15, scientific = FALSE, trim = TRUE) else as.character(cell)
}

# Columns beyond the contract, and text columns, become numbers only where nothing is lost by it.
settle_types <- function(data) {
    if (is.null(data)) return(NULL)
    kept <- c("patient", "reconstruction", "index_date", "organism", "stated", "level")
    for (column in setdiff(names(data), kept)) {
        value <- data[[column]]
        if (!is.character(value) || all(is.na(value))) next
        filled <- value[!is.na(value)]
        if (all(grepl("^-?(0|[1-9][0-9]{0,14})([.][0-9]+)?$", filled))) data[[column]] <- as.double(value)
        if (all(filled %in% c("TRUE", "FALSE"))) data[[column]] <- value == "TRUE"
    }
    data
}
