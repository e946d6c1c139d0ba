proportions <- function() {
    x <- c(10L, 3L, 9L, 4L, 0L, 11L)
    n <- 11L
    table <- data.frame(estimand = c("any", "both", "proximal", "distal", "none", "all"), x = x, n = n,
                        estimate = x / n, conf.low = ifelse(x == 0, 0, qbeta(0.025, x, n - x + 1)),
                        conf.high = ifelse(x == n, 1, qbeta(0.975, x + 1, n - x)))
    new_result_table("proportion_ci", "Proportions with Clopper-Pearson intervals", table,
                     estimand_card("union", "probability"), "Intervals are exact.",
                     "Clopper and Pearson (1934)", c("First note.", "Second note."))
}

curve <- function(n = 3) {
    time <- seq(0, 24, length.out = n + 1)
    table <- data.frame(strata = "", time = time, n.risk = as.integer(n:0 + 1), n.event = c(0L, rep(1L, n)),
                        n.censor = c(0L, rep(1L, n)), estimate = seq(1, 0.2, length.out = n + 1),
                        conf.low = c(1, rep(0.1, n)), conf.high = c(1, rep(NA, n)))
    new_result("kaplan_meier", "Kaplan-Meier estimate", table, list(n = n, events = n),
               estimand_card("failure", "survival probability"), "Kaplan-Meier.", notes = "A note.")
}

all_text <- function(path, sheet) {
    cells <- readxl::read_excel(path, sheet, col_names = FALSE, col_types = "text", .name_repair = "minimal")
    as.vector(t(as.matrix(cells)))
}

test_that("a result's sheet has title, table, overall figures, notes, estimand and methods", {
    path <- workbook_path()
    expect_identical(withVisible(write_workbook(proportions(), path)), list(value = path, visible = FALSE))
    expect_identical(readxl::excel_sheets(path), "proportion ci")
    cells <- all_text(path, 1)
    cells <- cells[!is.na(cells)]
    expect_identical(cells[1], "Proportions with Clopper-Pearson intervals")
    expect_true(all(c("Overall", "Notes", "First note.", "Second note.", "Estimand", "Population",
                      "the rows analysed", "Methods",
                      "Intervals are exact. References: Clopper and Pearson (1934).") %in% cells))
    table <- readxl::read_excel(path, skip = 1, n_max = 6)
    expect_equal(as.data.frame(table), as.data.frame(tidy(proportions())), tolerance = 1e-15)
})

test_that("Clopper-Pearson limits are live formulas with our value cached, other limits are plain numbers", {
    path <- workbook_path()
    write_workbook(proportions(), path)
    page <- workbook_parts(path)[["xl/worksheets/sheet1.xml"]]
    formulas <- captured("<f>([^<]*)</f>", page)
    expect_length(formulas, 18)
    expect_true("IF(B3=0,0,_xlfn.BETA.INV(0.025,B3,C3-B3+1))" %in% formulas)
    expect_true("IF(B3=C3,1,_xlfn.BETA.INV(1-0.025,B3+1,C3-B3))" %in% formulas)
    wilson <- tidy(proportions())
    wilson$conf.low <- wilson$conf.low + 1e-6
    expect_identical(live_limits(wilson), character())
    wilson$conf.low <- NA_real_
    expect_identical(live_limits(wilson), character())
})

# LibreOffice shows cached values unless it is made to recalculate; a flag in a profile of its own does that.
recalculated <- function(path) {
    folder <- tempfile("office")
    dir.create(file.path(folder, "user"), recursive = TRUE)
    on.exit(unlink(folder, recursive = TRUE))
    writeLines(c('<?xml version="1.0" encoding="UTF-8"?>',
                 '<oor:items xmlns:oor="http://openoffice.org/2001/registry"',
                 '  xmlns:xs="http://www.w3.org/2001/XMLSchema"',
                 '  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
                 '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"',
                 '  oor:op="fuse"><value>0</value></prop></item></oor:items>'),
               file.path(folder, "user", "registrymodifications.xcu"))
    convert <- function(from, format) { # R's own library path would break the office's libraries
        system2("env", c("-u", "LD_LIBRARY_PATH", "soffice", paste0("-env:UserInstallation=file://", folder),
                         "--headless", "--convert-to", format, "--outdir", folder, shQuote(from)),
                stdout = FALSE, stderr = FALSE)
    }
    convert(path, "ods:calc8")
    convert(file.path(folder, sub("xlsx$", "ods", basename(path))), "xlsx")
    readxl::read_excel(file.path(folder, basename(path)))
}

test_that("the formulas give our limits when recalculated, and a wrong cached value would be seen", {
    skip_on_cran()
    skip_if(Sys.which("soffice") == "", "LibreOffice is not installed")
    table <- tidy(proportions())
    planted <- table
    planted$conf.low[2] <- 0.5
    path <- workbook_path()
    write_sheets(list(sheet("S", block_table(planted, formulas = clopper_pearson_formulas()))), path)
    expect_identical(readxl::read_excel(path)$conf.low[2], 0.5)
    fresh <- recalculated(path)
    expect_equal(fresh$conf.low, table$conf.low, tolerance = 1e-9)
    expect_equal(fresh$conf.high, table$conf.high, tolerance = 1e-9)
    expect_equal(fresh$estimate, table$estimate, tolerance = 1e-12)
})

test_that("a curve has a native chart whose points are the corners of its steps", {
    path <- workbook_path()
    write_workbook(list(Curve = curve()), path)
    expect_identical(readxl::excel_sheets(path), c("Curve", "Chart data"))
    points <- as.data.frame(readxl::read_excel(path, "Chart data", skip = 1, n_max = 7))
    expect_equal(points$time, c(0, 8, 8, 16, 16, 24, 24))
    expect_equal(points$estimate, rep(seq(1, 0.2, length.out = 4), c(2, 2, 2, 1)))
    expect_identical(is.na(points$conf.high), rep(c(FALSE, TRUE), c(2, 5)))
    chart <- workbook_parts(path)[["xl/charts/chart1.xml"]]
    expect_match(chart, "<c:scatterChart>", fixed = TRUE)
    expect_identical(captured("<c:xVal><c:numRef><c:f>([^<]*)</c:f>", chart),
                     c(rep("'Chart data'!$B$3:$B$9", 3), "'Chart data'!$B$12:$B$14"))
    expect_identical(captured("<c:yVal><c:numRef><c:f>([^<]*)</c:f>", chart),
                     paste0("'Chart data'!$", c("C$3:$C$9", "D$3:$D$9", "E$3:$E$9", "C$12:$C$14")))
})

test_that("a forest chart draws estimates, limits with gaps, labels, and open limits to the axis' end", {
    table <- data.frame(study = c("A", "B", "All"), estimate = c(0.5, NA, 1.2), conf.low = c(0.1, NA, 0.6),
                        conf.high = c(2, NA, Inf))
    path <- workbook_path()
    chart <- block_chart_forest(table, "study", reference = 1, logarithmic = TRUE, diamonds = 3,
                                format = "General")
    write_sheets(list(sheet("S", chart)), path)
    limits <- as.data.frame(readxl::read_excel(path, "Chart data", skip = 1, n_max = 9))
    expect_equal(limits$limit, c(0.1, 2, NA, NA, NA, NA, 0.6, 10, NA))
    expect_equal(limits$y, c(3, 3, NA, NA, NA, NA, 1, 1, NA))
    chart <- workbook_parts(path)[["xl/charts/chart1.xml"]]
    expect_match(chart, '<c:logBase val="10"/>', fixed = TRUE)
    expect_match(chart, '<c:symbol val="diamond"/>', fixed = TRUE)
    expect_identical(captured("<c:dLbl>.*?<a:t>([^<]*)</a:t>", chart), c("A", "B", "All"))
    expect_null(block_chart_forest(table[2, ], "study"))
})

test_that("a long curve has a sheet of its own and says the rest on a second", {
    path <- workbook_path()
    write_workbook(list(Registry = curve(1500)), path)
    expect_identical(readxl::excel_sheets(path), c("Registry", "Registry (about)", "Chart data"))
    expect_identical(nrow(readxl::read_excel(path, "Registry", skip = 1)), 1501L)
    expect_true("A note." %in% all_text(path, "Registry (about)"))
})

test_that("an outcome and nested lists give one sheet a part", {
    outcome <- structure(list(title = "Union", tables = list(Counts = tidy(proportions())),
                              notes = "Note of the outcome.", results = list(Curve = curve()),
                              estimand = estimand_card("union", "probability"),
                              methods = "How.", references = character()),
                         class = c("osseointegration", "outcome", "osseosurv_result"))
    path <- workbook_path()
    write_workbook(list(Union = outcome, More = list(A = data.frame(a = 1), B = proportions())), path)
    expect_identical(readxl::excel_sheets(path), c("Union", "Curve", "A", "B", "Chart data"))
    expect_true(all(c("Union", "Note of the outcome.", "Counts", "estimand", "How.") %in%
                        all_text(path, "Union")))
})

test_that("every column of the dictionary has a meaning and a format that exists", {
    expect_identical(anyDuplicated(column_dictionary$column), 0L)
    expect_true(all(nzchar(column_dictionary$meaning)))
    expect_true(all(column_dictionary$format %in% c("", names(number_formats))))
    expect_identical(column_style("conf.low", 0.5)$format, "0.0000")
    expect_identical(column_style("conf.low", 0.5, percent = TRUE)$format, "0.0%")
    expect_identical(column_style("conf.low", 0.5, c(conf.low = "fixed2"))$format, "0.00")
    expect_null(column_style("unheard of", 0.5)$format)
    expect_null(column_style("estimate", "text")$format)
})
