mixed <- function() {
    data.frame(
        number = c(1.5, NA, -1e-300, 123456789.123), whole = c(1L, NA, -5L, .Machine$integer.max),
        flag = c(TRUE, FALSE, NA, TRUE), text = c("a", NA, "", "=1+1"),
        level = factor(c("low", "high", NA, "low"), levels = c("low", "mid", "high")),
        day = as.Date(c("2024-02-29", NA, "1900-03-01", "9999-12-31")),
        moment = as.POSIXct(c("2024-02-29 12:34:56", NA, "1999-12-31 23:59:59", "2000-01-01"),
                            tz = "Europe/Berlin"))
}

test_that("every cell comes back with its value and its type", {
    path <- workbook_path()
    write_workbook(list(Mixed = mixed()), path)
    expect_identical(readxl::excel_sheets(path), "Mixed")
    cells <- readxl::read_excel(path, col_types = "list")
    expect_identical(names(cells), names(mixed()))
    blank <- function(column) vapply(column, function(cell) length(cell) == 1 && is.na(cell), NA)
    expect_equal(unlist(cells$number[-2]), mixed()$number[-2], tolerance = 1e-15)
    expect_identical(unlist(cells$whole[-2]), as.double(mixed()$whole[-2]))
    expect_identical(unlist(cells$flag[-3]), c(TRUE, FALSE, TRUE))
    expect_identical(unlist(cells$text[c(1, 4)]), c("a", "=1+1"))
    expect_identical(unlist(cells$level[-3]), c("low", "high", "low"))
    expect_true(all(blank(c(cells$number[2], cells$whole[2], cells$flag[3], cells$text[2:3], cells$level[3],
                            cells$day[2], cells$moment[2]))))
    expect_equal(do.call(c, cells$day[-2]), as.POSIXct(mixed()$day[-2]), ignore_attr = TRUE)
    expect_identical(format(do.call(c, cells$moment[-2]), "%F %T", tz = "UTC"),
                     format(mixed()$moment[-2], "%F %T"))
})

test_that("a string that begins like a formula is no formula", {
    path <- workbook_path()
    write_workbook(data.frame(x = c("=HYPERLINK(\"http://a\")", "+1", "-1", "@SUM(1)")), path)
    expect_no_match(workbook_parts(path)[["xl/worksheets/sheet1.xml"]], "<f>")
    expect_identical(readxl::read_excel(path)$x, c("=HYPERLINK(\"http://a\")", "+1", "-1", "@SUM(1)"))
})

test_that("missing is blank and infinite is text by the stated rule", {
    path <- workbook_path()
    quantiles <- data.frame(prob = 0.5, estimate = Inf, conf.low = 12, conf.high = Inf)
    write_workbook(list(Q = quantiles, I = data.frame(left = 6, right = Inf),
                        R = data.frame(estimate = c(Inf, -Inf, NaN, NA))), path)
    expect_identical(unlist(readxl::read_excel(path, "Q", col_types = "text")),
                     c(prob = "0.5", estimate = "not reached", conf.low = "12", conf.high = "not reached"))
    expect_identical(readxl::read_excel(path, "I")$right, "not seen")
    expect_identical(readxl::read_excel(path, "R", trim_ws = FALSE)$estimate, c("Inf", "-Inf", "NaN"))
})

test_that("any Unicode survives, from any encoding, and escapes are not read as such", {
    path <- workbook_path()
    latin <- "gr\xfcn"
    Encoding(latin) <- "latin1"
    words <- c("\u00e4\u00df", "\u4e2d\u6587", "\U1F9B4 bone", "_x0041_", "a<b>&\"c\"", " both ends ",
               "two\nlines", latin)
    write_workbook(list("\u00dcbersicht \u2713" = data.frame(w = words)), path)
    expect_identical(readxl::excel_sheets(path), "\u00dcbersicht \u2713")
    back <- readxl::read_excel(path, trim_ws = FALSE)$w
    expect_identical(enc2utf8(back[-4]), enc2utf8(words[-4]))
    # Excel decodes this to _x0041_; readxl may not.
    expect_match(workbook_parts(path)[["xl/sharedStrings.xml"]], "<t>_x005F_x0041_</t>", fixed = TRUE)
})

test_that("the same input gives the same bytes, whatever the file is called and whenever it is written", {
    book <- list(Mixed = mixed(), Long = data.frame(i = seq_len(12000), t = "x"))
    first <- workbook_path()
    second <- file.path(tempdir(), "another name.xlsx")
    write_workbook(book, first)
    Sys.sleep(1.1)
    write_workbook(book, second)
    expect_identical(unname(tools::md5sum(first)), unname(tools::md5sum(second)))
})

test_that("dates that Excel cannot hold are ISO text", {
    path <- workbook_path()
    write_workbook(data.frame(d = as.Date(c("1899-12-31", "1900-02-28", "1900-03-01", "2024-01-01"))), path)
    cells <- readxl::read_excel(path, col_types = "list")$d
    expect_identical(cells[1:2], list("1899-12-31", "1900-02-28"))
    expect_s3_class(cells[[3]], "POSIXct")
    expect_identical(format(cells[[3]], "%F"), "1900-03-01")
})

test_that("a table is an Excel table with formats, comments, links, a frozen header and a page set up", {
    path <- workbook_path()
    frame <- data.frame(estimate = 0.51234, p.value = 0.01, n.risk = 3L, doi = "10.1000/xyz",
                        url = "https://example.org/a")
    write_sheets(list(sheet("S", block_title("Title"), block_table(frame, percent = TRUE))), path)
    parts <- workbook_parts(path)
    page <- parts[["xl/worksheets/sheet1.xml"]]
    table <- parts[["xl/tables/table1.xml"]]
    expect_match(table, 'ref="A2:E3"', fixed = TRUE)
    expect_match(table, '<autoFilter ref="A2:E3"/>', fixed = TRUE)
    expect_match(table, 'showRowStripes="1"', fixed = TRUE)
    expect_identical(captured('<tableColumn id="[0-9]+" name="([^"]*)"', table), names(frame))
    expect_match(page, '<pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" state="frozen"/>',
                 fixed = TRUE)
    expect_match(page, '<pageSetup paperSize="9" fitToHeight="0" orientation="landscape"/>', fixed = TRUE)
    expect_match(parts[["xl/workbook.xml"]],
                 "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"0\">S!$2:$2<", fixed = TRUE)
    expect_match(parts[["xl/styles.xml"]], 'formatCode="0.0%"', fixed = TRUE)
    expect_match(parts[["xl/comments1.xml"]], "Number at risk just before the time", fixed = TRUE)
    expect_match(parts[["xl/worksheets/_rels/sheet1.xml.rels"]], "https://doi.org/10.1000/xyz", fixed = TRUE)
    expect_match(parts[["xl/worksheets/_rels/sheet1.xml.rels"]], "https://example.org/a", fixed = TRUE)
    # Style of each number cell -> its number format.
    style <- as.integer(captured('<c r="[ABC]3" s="([0-9]+)"', page)) + 1
    xfs <- captured('<xf numFmtId="([0-9]+)"', sub(".*<cellXfs", "", parts[["xl/styles.xml"]]))
    codes <- captured('formatCode="([^"]+)"', parts[["xl/styles.xml"]])
    names(codes) <- captured('<numFmt numFmtId="([0-9]+)"', parts[["xl/styles.xml"]])
    expect_identical(unname(codes[xfs[style]]), c("0.0%", "0.0000", "#,##0"))
})

test_that("repeated headers keep the table a plain range, and no rows are said", {
    path <- workbook_path()
    twice <- data.frame(a = 1, A = 2)
    blocks <- lapply(list(twice, twice[0, ], data.frame()), block_table)
    write_sheets(list(sheet("S", blocks)), path)
    expect_false(any(grepl("tables/", names(workbook_parts(path)))))
    cells <- readxl::read_excel(path, col_names = FALSE, .name_repair = "minimal")
    expect_true(all(c("(no rows)", "(no columns)") %in% unlist(cells)))
})

test_that("a long sheet is written in constant memory beside sheets that are not", {
    path <- workbook_path()
    n <- 20000
    long <- data.frame(i = seq_len(n), v = seq_len(n) / 7, t = sprintf("row %d", seq_len(n)))
    write_workbook(list(Short = mixed(), Long = long, After = mixed()), path)
    back <- readxl::read_excel(path, "Long")
    expect_equal(as.data.frame(back), transform(long, i = as.double(i)), tolerance = 1e-15)
    parts <- workbook_parts(path)
    expect_identical(sum(grepl("^xl/tables/", names(parts))), 2L)
    page <- parts[["xl/worksheets/sheet2.xml"]]
    expect_match(page, '<autoFilter ref="A1:C20001"/>', fixed = TRUE)
    expect_match(page, 'state="frozen"', fixed = TRUE)
    expect_match(page, "inlineStr", fixed = TRUE)
    expect_no_match(parts[["xl/worksheets/sheet1.xml"]], "inlineStr")
    expect_identical(readxl::read_excel(path, "After", col_types = "list"),
                     readxl::read_excel(path, "Short", col_types = "list"))
})

test_that("sheet names become valid and unique, always in the same way", {
    long <- strrep("x", 40)
    expect_identical(sheet_names(c("a/b:c", "A", "a", long, long, "", "'q'", "History", "[x]")),
                     c("a-b-c", "A", "a (2)", strrep("x", 31), paste0(strrep("x", 27), " (2)"), "Sheet", "q",
                       "History -", "-x-"))
    expect_identical(nchar(sheet_names(strrep("\U1F9B4", 40))), 15L)
    path <- workbook_path()
    write_workbook(list("a/b" = mixed(), "A/B" = mixed()), path)
    expect_identical(readxl::excel_sheets(path), c("a-b", "A-B (2)"))
})

test_that("what a sheet cannot hold is one classed error, and nothing is written", {
    path <- workbook_path()
    refuse <- function(x, pattern, index = NULL) {
        caught <- expect_error(write_workbook(x, path), class = "osseosurv_invalid")
        expect_match(conditionMessage(caught), pattern)
        if (!is.null(index)) expect_equal(caught$index, index)
        expect_false(file.exists(path))
    }
    frame <- data.frame(a = 1:3)
    refuse(within(frame, b <- I(list(1, 2, 3))), "Column `b` is a list")
    refuse(within(frame, b <- matrix(1:6, 3)), "Column `b` is a matrix")
    refuse(within(frame, b <- 1i), "Column `b` is of class complex")
    bad <- c("fine", "br\xffken", "fine")
    Encoding(bad) <- "UTF-8"
    refuse(list(Here = data.frame(w = bad)),
           "column `w` of sheet \"Here\" holds text that is not valid UTF-8; element 2", 2)
    refuse(data.frame(w = c("a", strrep("y", 32768))), "more than 32,767 characters", 2)
    write_workbook(data.frame(w = strrep("y", 32767)), path)
    expect_identical(nchar(readxl::read_excel(path)$w), 32767L)
    unlink(path)
    refuse(as.data.frame(matrix(0L, 1, 16385)), "16385 columns; a sheet holds 16,384")
    refuse(data.frame(a = integer(1048576)), "1048576 rows; a sheet holds 1,048,576 with the header")
    refuse(list(), "an empty list")
    refuse(list(a = frame, frame), "element 2 has none", 2)
    refuse(1:3, "must be a result, a data frame or a named list")
    expect_error(write_workbook(frame, c("a.xlsx", "b.xlsx")), class = "osseosurv_invalid")
    expect_error(write_workbook(frame, "a.xls"), "must end in .xlsx", class = "osseosurv_invalid")
})

test_that("a failed run leaves the old file and no other", {
    folder <- tempfile("folder")
    dir.create(folder)
    path <- file.path(folder, "book.xlsx")
    write_workbook(data.frame(a = 1), path)
    before <- tools::md5sum(path)
    expect_error(write_workbook(data.frame(a = strrep("y", 32768)), path), class = "osseosurv_invalid")
    expect_identical(tools::md5sum(path), before)
    expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "book.xlsx")
    unlink(folder, recursive = TRUE)

    expect_error(write_workbook(data.frame(a = 1), path), "does not exist", class = "osseosurv_io")
    directory <- file.path(tempdir(), "folder.xlsx")
    dir.create(directory)
    expect_error(write_workbook(data.frame(a = 1), directory), "is a folder", class = "osseosurv_io")
    expect_identical(list.files(directory), character())
    unlink(directory, recursive = TRUE)

    long <- file.path(tempdir(), paste0(strrep("n", 300), ".xlsx"))
    expect_silent(caught <- tryCatch(write_workbook(data.frame(a = 1), long), error = identity))
    expect_s3_class(caught, "osseosurv_io")
    expect_identical(list.files(tempdir(), "^\\.osseosurv-", all.files = TRUE), character())
})

test_that("a folder that cannot be written to is an error, not noise", {
    skip_if_not(dir.exists("/proc/self"), "needs a folder that nobody can write to")
    frame <- data.frame(a = 1)
    expect_silent(caught <- tryCatch(write_workbook(frame, "/proc/self/a.xlsx"), error = identity))
    expect_s3_class(caught, "osseosurv_io")
    expect_match(conditionMessage(caught), "cannot write to the folder of")
})
