# The parts of an .xlsx file, as text by name.
workbook_parts <- function(path) {
    folder <- tempfile("parts")
    files <- utils::unzip(path, exdir = folder)
    on.exit(unlink(folder, recursive = TRUE))
    parts <- vapply(files, function(file) {
        paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
    }, "")
    names(parts) <- substring(files, nchar(folder) + 2)
    parts
}

# All matches of a pattern's first group.
captured <- function(pattern, text) {
    found <- regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]]
    sub(pattern, "\\1", found, perl = TRUE)
}

workbook_path <- function() tempfile("book", fileext = ".xlsx")
