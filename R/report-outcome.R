#' The whole report: workbook, figures and page
#'
#' Computes the four outcomes and the cohort table and writes them as `osseosurv-report.xlsx`, as figures (PNG and SVG) and
#' as a page, `index.html`. Each file is written under a temporary name and takes its place when complete; the same cohort,
#' literature and versions give the same bytes of the workbook.
#'
#' An outcome whose tables the cohort does not have is left out, and the page and the workbook say what to collect.
#'
#' @param cohort A [cohort()].
#' @param dir Folder for the report; made if it is not there (its parent must be).
#' @param literature Object as [literature]; `NULL` for the bundled one.
#' @param by Name of a column of `patients` to stratify by, or `NULL`.
#' @param times Months at which survival and infection are read.
#' @param conf.level Confidence level.
#' @param html Whether to write the page, which needs the packages rmarkdown and knitr, and pandoc.
#' @return Paths of the files written, a named character vector: `workbook`, one a figure and format, `page`; invisibly.
#' @section Errors: `osseosurv_invalid` for arguments; `osseosurv_io` where the folder cannot be written, or rmarkdown or
#'   pandoc are missing.
#' @examples
#' \donttest{
#' folder <- tempfile("report")
#' outcome_report(masquelet_femur, folder, html = FALSE)
#' list.files(folder)
#' unlink(folder, recursive = TRUE)
#' }
#' @export
outcome_report <- function(cohort, dir, literature = NULL, by = NULL, times = c(12, 24, 36, 60), conf.level = 0.95,
                           html = TRUE) {
    check_cohort(cohort)
    literature <- check_literature(literature)
    check_flag(html, "html")
    dir <- report_folder(dir)
    if (html) check_page_tools()
    report <- report_content(cohort, literature, by, check_times(times), check_conf_level(conf.level))

    path <- function(name) file.path(dir, name)
    paths <- c(workbook = path("osseosurv-report.xlsx"))
    write_sheets(report_sheets(report), paths[["workbook"]], list(title = report_title(cohort)))
    drawn <- c(list(swimmer = with_size(autoplot(cohort), 180, 30 + 9 * min(nrow(cohort$patients), 30))),
               do.call(c, unname(lapply(report$outcomes, figures))))
    for (name in names(drawn)) {
        size <- attr(drawn[[name]], "size")
        paths <- c(paths, stats::setNames(save_figure(drawn[[name]], path(name), size[["width"]], size[["height"]]),
                                          paste0(name, c(".png", ".svg"))))
    }
    if (html) paths <- c(paths, page = write_page(report, paths, path("index.html")))
    invisible(paths)
}

report_title <- function(cohort) sprintf("Outcomes of %s", cohort$name)

report_folder <- function(dir) {
    if (!is.character(dir) || length(dir) != 1 || is.na(dir) || !nzchar(dir)) {
        abort_invalid(sprintf("`dir` must be one folder name; got %s.", value_text(dir)), "dir")
    }
    if (file.exists(dir) && !dir.exists(dir)) abort("io", sprintf("`dir` is a file, not a folder: %s.", dir), "dir")
    if (!dir.exists(dir) && !dir.create(dir, showWarnings = FALSE)) {
        abort("io", sprintf("The folder %s cannot be made: does its parent exist, and may you write there?", dir), "dir")
    }
    if (file.access(dir, 2) != 0) abort("io", sprintf("The folder %s cannot be written to.", dir), "dir")
    dir
}

#' Everything that a report shows, computed once
#'
#' @return List: `cohort`, `literature`, `outcomes` (named by sheet), `left_out` (why an outcome is not there), `call` (text).
#' @noRd
report_content <- function(cohort, literature, by, times, conf.level) {
    outcomes <- list(
        Cohort = function() cohort_table(cohort, by, conf.level),
        Reconstruction = function() reconstruction_survival(cohort, by, times, conf.level),
        Osseointegration = function() osseointegration(cohort, by, conf.level = conf.level),
        Infection = function() infection_recurrence(cohort, by, times, conf.level),
        Comparison = function() compare_literature(cohort, literature, conf.level = conf.level))
    needs <- list(Osseointegration = c("interfaces", "visits"), Infection = c("infections", "findings"))
    left_out <- character()
    for (name in names(needs)) {
        if (all(vapply(cohort[needs[[name]]], is.null, NA))) {
            left_out[name] <- sprintf("No sheet %s: the cohort has no table %s. Collect it to have this outcome.", name,
                                      paste0("`", needs[[name]], "`", collapse = " or "))
        }
    }
    # Without a row of it nothing is known of union; no row of infections says that there was none.
    if (!is.null(cohort$interfaces) && !nrow(cohort$interfaces)) {
        left_out["Osseointegration"] <- paste("No sheet Osseointegration: the table `interfaces` has no row. Collect them to",
                                              "have this outcome.")
    }
    kept <- outcomes[setdiff(names(outcomes), names(left_out))]
    settings <- list(by = by, times = times, conf.level = conf.level)
    list(cohort = cohort, literature = literature, outcomes = lapply(kept, function(make) make()), left_out = left_out,
         settings = settings)
}

check_page_tools <- function() {
    missing <- c("rmarkdown", "knitr")[!vapply(c("rmarkdown", "knitr"), requireNamespace, NA, quietly = TRUE)]
    if (length(missing)) {
        abort("io", sprintf("The page needs the package %s: install it, or give `html = FALSE`.",
                            paste(missing, collapse = " and ")), "html")
    }
    if (!rmarkdown::pandoc_available("1.14")) {
        abort("io", "The page needs pandoc (Debian: apt-get install pandoc): install it, or give `html = FALSE`.", "html")
    }
}

# Text of the user as the page shows it: neither HTML nor Markdown nor YAML finds anything in it.
page_text <- function(x) {
    vapply(strsplit(enc2utf8(x), "", fixed = TRUE), function(letters) {
        marked <- grepl("[[:punct:]]", letters) & utf8_ascii(letters)
        letters[marked] <- sprintf("&#%d;", vapply(letters[marked], utf8ToInt, 1L))
        paste(letters, collapse = "")
    }, "")
}

utf8_ascii <- function(letters) nchar(letters, "bytes") == 1L

# Rendered in a folder of its own, moved when complete; so paths must not be relative.
write_page <- function(report, paths, target) {
    work <- tempfile("osseosurv-page-")
    dir.create(work)
    on.exit(unlink(work, recursive = TRUE))
    template <- file.path(work, "report.Rmd")
    file.copy(system.file("report", c("report.Rmd", "report.css"), package = "osseosurv", mustWork = TRUE), work)
    # The template sees the report and this package, attached or not, and nothing else of the session.
    scope <- new.env(parent = topenv())
    scope$report <- report
    drawn <- grepl("\\.svg$", names(paths))
    scope$images <- stats::setNames(normalizePath(paths[drawn]), names(paths)[drawn])
    rmarkdown::render(template, output_file = "index.html", output_dir = work, envir = scope, quiet = TRUE)
    replace_file(file.path(work, "index.html"), target)
    target
}

# A copy beside the target, then a rename: the old file stays until the new one is whole.
replace_file <- function(from, target) {
    beside <- tempfile("osseosurv-", dirname(target), paste0(".", tools::file_ext(target)))
    on.exit(unlink(beside))
    if (!file.copy(from, beside) || !file.rename(beside, target)) {
        abort("io", sprintf("%s cannot be written.", target), "dir")
    }
}
