quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")
fresh <- function() tempfile("report")

# A literature with nothing to compare with: fewer figures to draw.
bare_literature <- local({
    bare <- literature
    bare$cohorts <- bare$cohorts[!startsWith(bare$cohorts$comparability, "intercalary"), ]
    bare$sources <- bare$sources[bare$sources$cohort_id %in% bare$cohorts$cohort_id, ]
    bare
})

sheet_cells <- function(path, sheet) {
    cells <- suppressMessages(readxl::read_excel(path, sheet, col_names = FALSE, col_types = "list", .name_repair = "minimal"))
    values <- lapply(cells, function(column) lapply(column, function(v) if (length(v)) v[[1]] else NA))
    do.call(cbind, values)
}

# The table whose first header cells are these: list of columns by header, down to the first row with an empty first cell.
table_below <- function(cells, headers) {
    is_head <- apply(cells, 1, function(row) all(vapply(seq_along(headers), function(k) identical(row[[k]], headers[k]), NA)))
    start <- which(is_head)[1]
    if (is.na(start)) stop("no table ", paste(headers, collapse = ", "))
    body <- seq_len(nrow(cells))[-seq_len(start)]
    ends <- which(vapply(body, function(i) all(is.na(unlist(cells[i, seq_along(headers)]))), NA))
    if (length(ends)) body <- body[seq_len(ends[1] - 1)]
    heads <- unlist(cells[start, ])
    out <- lapply(which(!is.na(heads)), function(k) unlist(cells[body, k]))
    stats::setNames(out, heads[!is.na(heads)])
}

test_that("every sheet is there and the cells are the tables'", {
    skip_if_not_installed("readxl")
    folder <- fresh()
    on.exit(unlink(folder, recursive = TRUE))
    paths <- outcome_report(masquelet_femur, folder, html = FALSE)
    expect_true(all(file.exists(paths)))
    expect_false("page" %in% names(paths))
    expect_true(all(c("swimmer.png", "survival.svg", "union.png", "markers.png", "forest_deep_infection.svg") %in% names(paths)))
    expect_setequal(basename(paths), list.files(folder))
    book <- paths[["workbook"]]
    expect_true(all(c("Summary", "Reconstruction", "Osseointegration", "Infection", "Comparison", "Cohort", "Data", "Literature",
                      "Sources", "Methods and estimands", "Dictionary", "Provenance") %in% readxl::excel_sheets(book)))

    survival <- table_below(sheet_cells(book, "Reconstruction"), c("time", "n.risk", "estimate"))
    wanted <- reconstruction_survival(masquelet_femur)$tables[["Failure-free survival"]]
    expect_equal(as.numeric(survival$time), wanted$time)
    expect_equal(as.numeric(survival$conf.low), wanted$conf.low, tolerance = 1e-12)
    infection <- table_below(sheet_cells(book, "Infection"), "method")
    expect_equal(as.numeric(infection$conf.high), infection_recurrence(masquelet_femur)$tables[[1]]$conf.high, tolerance = 1e-12)
    sources <- table_below(sheet_cells(book, "Sources"), names(literature$sources)[1:2])
    expect_length(sources[[1]], nrow(literature$sources))
    expect_match(unlist(sheet_cells(book, "Provenance")), "^[0-9a-f]{32}$", all = FALSE)

})

test_that("the same input gives the same bytes in another folder, with nothing to compare with too", {
    folders <- c(fresh(), fresh())
    on.exit(unlink(folders, recursive = TRUE))
    paths <- lapply(folders, function(folder) outcome_report(masquelet_femur, folder, bare_literature, html = FALSE))
    expect_identical(unname(tools::md5sum(paths[[1]])), unname(tools::md5sum(paths[[2]])))
    expect_false(any(grepl("forest", names(paths[[1]]))))
})

# The workbook alone, without the figures.
workbook_of <- function(cohort, by = NULL, times = c(12, 24), conf.level = 0.95) {
    path <- workbook_path()
    write_sheets(report_sheets(report_content(cohort, bare_literature, by, times, conf.level)), path, list(title = "test"))
    path
}

test_that("a cohort of patients alone: what is left out, and why, stands in the workbook", {
    skip_if_not_installed("readxl")
    path <- workbook_of(quiet(cohort(mixed_tables()$patients)), "group", 12, 0.9)
    on.exit(unlink(path))
    expect_false(any(c("Osseointegration", "Infection") %in% readxl::excel_sheets(path)))
    text <- unlist(sheet_cells(path, "Summary"))
    expect_match(text, "No sheet Osseointegration: .*`interfaces` or `visits`", all = FALSE)
    expect_match(text, "No sheet Infection: .*`infections` or `findings`", all = FALSE)
    expect_match(text, "90% intervals", all = FALSE)
})

test_that("tables without rows, one reconstruction, every kind of end: the workbook is written", {
    tables <- mixed_tables()
    empty <- lapply(tables[-1], function(table) table[0, ])
    cohorts <- quiet(list(do.call(cohort, c(tables["patients"], empty)), mixed_cohort(),
                          cohort(data.frame(patient = 1, prosthesis = "solid", followup_mo = 3, end = "failure"))))
    for (one in cohorts) {
        path <- workbook_of(one)
        expect_true(file.exists(path))
        unlink(path)
    }
})

test_that("a folder that cannot be written is an io error, and the old file stays", {
    failed <- function(dir) expect_error(outcome_report(masquelet_femur, dir, bare_literature, html = FALSE), class = "osseosurv_io")
    failed(file.path(fresh(), "parent", "missing"))
    file <- tempfile()
    writeLines("kept", file)
    failed(file)
    expect_identical(readLines(file), "kept")
    # Something stands in the workbook's place that a rename cannot replace.
    folder <- fresh()
    on.exit(unlink(folder, recursive = TRUE))
    dir.create(file.path(folder, "osseosurv-report.xlsx"), recursive = TRUE)
    old <- file.path(folder, "osseosurv-report.xlsx", "old")
    writeLines("kept", old)
    failed(folder)
    expect_identical(readLines(old), "kept")
    expect_identical(list.files(folder), "osseosurv-report.xlsx")
    locked <- fresh()
    dir.create(locked, mode = "0555")
    on.exit(unlink(locked, recursive = TRUE), add = TRUE)
    skip_if(file.access(locked, 2) == 0, "root may write anywhere")
    failed(locked)
})

test_that("the page is written whole, with figures inside", {
    skip_if_not_installed("rmarkdown")
    skip_if_not(rmarkdown::pandoc_available("1.14"))
    skip_if_not(identical(Sys.getenv("OSSEOSURV_EXTENDED_TESTS"), "true"), "the page takes some seconds")
    folder <- fresh()
    on.exit(unlink(folder, recursive = TRUE))
    paths <- outcome_report(masquelet_femur, folder, bare_literature)
    page <- paste(readLines(paths[["page"]], warn = FALSE, encoding = "UTF-8"), collapse = "\n")
    expect_match(page, "</html>\\s*$")
    expect_match(page, "Chen|femora", all = FALSE)
    expect_false(grepl("Error in", page, fixed = TRUE))
    expect_setequal(basename(paths), list.files(folder))
})

test_that("every column of every outcome's tables and of the literature is in the dictionary", {
    cohorts <- list(masquelet_femur, quiet(mixed_cohort()))
    columns <- unlist(lapply(cohorts, function(cohort) {
        outcomes <- list(reconstruction_survival(cohort), osseointegration(cohort), infection_recurrence(cohort),
                         cohort_table(cohort), compare_literature(cohort))
        lapply(outcomes, function(x) lapply(x$tables, names))
    }))
    columns <- unique(c(columns, names(literature$cohorts), names(literature$sources), names(masquelet_femur$suspicions)))
    meaning <- vapply(columns, function(name) describe_column(name)$meaning, "")
    expect_identical(columns[is.na(meaning) | !nzchar(meaning) | meaning == "NANA"], character())
    expect_identical(describe_column("a user's own column")$meaning, "")
    expect_identical(column_dictionary$column[duplicated(column_dictionary$column)], character())
})
