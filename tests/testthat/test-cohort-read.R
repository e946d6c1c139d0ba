folder_of <- function(..., raw = list()) {
    folder <- tempfile("cohort-")
    dir.create(folder)
    files <- list(...)
    for (file in names(files)) writeBin(charToRaw(files[[file]]), file.path(folder, file))
    for (file in names(raw)) writeBin(raw[[file]], file.path(folder, file))
    folder
}
good <- "patient,prosthesis,followup_mo,end\n1,solid,24,censored\n2,porous,30.5,failure\n"
caught <- function(path) tryCatch(suppressWarnings(read_cohort(path)), error = identity)

test_that("a folder of CSV files is read as text and typed by the contract", {
    x <- read_cohort(folder_of(patients.csv = "patient,prosthesis,followup_mo,end,ward,code,ratio,union\r\n007,solid,24,censored,\"a, \"\"b\"\"\",01,1.50,1\r\n008,porous,3e1,lost,,02,2,\r\n",
                               interfaces.csv = "patient,interface,left_mo,right_mo\n007,distal,3,6\n008,distal,12,Inf\n",
                               infections.csv = "patient,onset_left_mo,onset_right_mo,retained,treatment\n"))
    expect_identical(x$patients$patient, c("007", "008"))
    expect_identical(x$patients$followup_mo, c(24, 30))
    expect_identical(x$patients$ward, c("a, \"b\"", NA))
    expect_identical(x$patients$code, c("01", "02"))
    expect_identical(x$patients$ratio, c(1.5, 2))
    expect_identical(x$patients$union, c(1, NA))
    expect_identical(x$interfaces$right_mo, c(6, Inf))
    expect_identical(nrow(x$infections), 0L)
    expect_identical(x$source$file, c("infections.csv", "interfaces.csv", "patients.csv"))
    expect_match(x$source$md5, "^[0-9a-f]{32}$", all = TRUE)
})

test_that("a byte order mark, UTF-8, line ends and blank lines do no harm", {
    bom <- c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("patient,prosthesis,followup_mo,end,place\r\n1,solid,24,censored,Malm\u00f6\r\n\r\n,,,,\r\n2,solid,25,lost,x\r\n"))
    x <- read_cohort(folder_of(raw = list(patients.csv = bom)))
    expect_identical(names(x$patients)[1], "patient")
    expect_identical(x$patients$place[1], "Malm\u00f6")
    expect_identical(nrow(x$patients), 2L)
})

test_that("quoted cells hold commas, quotation marks and new lines", {
    x <- caught(folder_of(patients.csv = "patient,prosthesis,followup_mo,end,note\n1,solid,24,censored,\"one\ntwo, three\"\n2,solid,-1,\"\",\"\"\"q\"\"\"\n"))
    expect_identical(x$faults$row, c(2L, 2L))
    # Row 2 of the data begins on line 4 of the file, since a cell above spans two.
    expect_match(x$faults$place, "^patients.csv, row 4$", all = TRUE)
})

test_that("faults in files name the file and the row there", {
    x <- caught(folder_of(patients.csv = "patient,prosthesis,followup_mo,end\n1,solid,24,censored\n\n2,wood,30 months,failure\n",
                          labs.csv = "patient,marker,stage,value\n3,CRP,1,\"1,5\"\n"))
    expect_s3_class(x, "osseosurv_invalid")
    expect_setequal(paste(x$faults$table, x$faults$row, x$faults$column, x$faults$value, x$faults$place, sep = "|"),
                    c("patients|2|prosthesis|wood|patients.csv, row 4", "patients|2|followup_mo|30 months|patients.csv, row 4",
                      "labs|1|patient|3|labs.csv, row 2", "labs|1|value|1,5|labs.csv, row 2"))
    expect_match(conditionMessage(x), "patients, row 2 \\(patients.csv, row 4\\), `prosthesis` is wood: must be one of solid, porous")
})

bad_files <- list(
    "no patients" = list(folder_of(labs.csv = good), "osseosurv_invalid", "no file patients.csv; it has labs.csv"),
    "an empty folder" = list(folder_of(), "osseosurv_invalid", "no CSV file"),
    "an empty file" = list(folder_of(raw = list(patients.csv = raw())), "osseosurv_invalid", "\"patients.csv\": it is empty"),
    "Latin-1" = list(folder_of(raw = list(patients.csv = c(charToRaw(good), as.raw(c(0x33, 0x2c, 0xf6, 0x0a))))), "osseosurv_invalid", "row 4 is not UTF-8"),
    "UTF-16" = list(folder_of(raw = list(patients.csv = as.raw(c(0xff, 0xfe, 0x70, 0x00)))), "osseosurv_invalid", "zero bytes"),
    "semicolons" = list(folder_of(patients.csv = gsub(",", ";", good)), "osseosurv_invalid", "not separated by commas"),
    "a ragged row" = list(folder_of(patients.csv = paste0(good, "3,solid,1,5,censored\n")), "osseosurv_invalid", "row 4 has 5 cells, the first row has 4"),
    "an open quotation mark" = list(folder_of(patients.csv = paste0(good, "3,\"solid,1,censored\n")), "osseosurv_invalid", "not closed"),
    "a column twice" = list(folder_of(patients.csv = sub("end", "patient", good)), "osseosurv_invalid", "column names must be unique"),
    "a header only" = list(folder_of(patients.csv = "patient,prosthesis,followup_mo,end\n"), "osseosurv_invalid", "at least one patient"),
    "no such path" = list("no-such-folder", "osseosurv_io", "does not exist; accepted are"),
    "another kind of file" = list(file.path(folder_of(x.xls = "a"), "x.xls"), "osseosurv_invalid", "\"x.xls\" is neither; accepted are"),
    "not a workbook" = list(file.path(folder_of(x.xlsx = "a"), "x.xlsx"), "osseosurv_io", "\"x.xlsx\" cannot be read as a workbook"),
    "a connection" = list(structure(list(), class = "DBIConnection"), "osseosurv_invalid", "accepted are the path of an .xlsx file or of a folder"),
    "two paths" = list(c("a", "b"), "osseosurv_invalid", "must be one string"),
    "no patients sheet" = list(test_path("fixtures", "cohort-no-patients.xlsx"), "osseosurv_invalid", "no sheet \"patients\"; it has \"people\""),
    "an empty sheet" = list(test_path("fixtures", "cohort-empty-sheet.xlsx"), "osseosurv_invalid", "sheet \"patients\" is empty")
)

test_that("each unreadable input is one classed error that says where and what is accepted", {
    for (case in names(bad_files)) {
        x <- caught(bad_files[[case]][[1]])
        expect_s3_class(x, bad_files[[case]][[2]])
        expect_match(conditionMessage(x), bad_files[[case]][[3]], fixed = TRUE, info = case)
    }
})

test_that("a workbook is read cell by cell: dates, Inf, numbers and text in one column", {
    x <- read_cohort(test_path("fixtures", "cohort-dates.xlsx"))
    expect_identical(x$name, "cohort-dates")
    expect_equal(x$patients$followup_mo, c(731 / (365.25 / 12), 24.5), tolerance = 1e-12)
    expect_identical(x$patients$patient, c("1", "P2"))
    expect_equal(x$visits$month, c(91, 182) / (365.25 / 12), tolerance = 1e-12)
    expect_identical(x$visits$union, 0:1)
    expect_identical(x$patients$index_date, as.Date(c("2020-01-01", "2020-02-01")))
    expect_identical(x$suspicions$value[x$suspicions$rule == "not_read"], "sheet \"remarks\"")
})

test_that("faults in a workbook name the sheet and the row there", {
    x <- caught(test_path("fixtures", "cohort-bad-cells.xlsx"))
    expect_s3_class(x, "osseosurv_invalid")
    expect_setequal(paste(x$faults$table, x$faults$row, x$faults$column, x$faults$value, x$faults$place, sep = "|"),
                    c("patients|1|followup_mo|44256|sheet \"patients\", row 2", "patients|3|followup_mo|about 20|sheet \"patients\", row 5",
                      "patients|3|prosthesis|Porous|sheet \"patients\", row 5"))
})

test_that("a file that is no table is listed, not read", {
    x <- read_cohort(folder_of(patients.csv = good, remarks.csv = "x\n1\n"))
    expect_identical(x$suspicions$value[x$suspicions$rule == "not_read"], "remarks.csv")
    expect_identical(x$source$file, "patients.csv")
})

test_that("what was written as CSV is read back, whatever the cells hold", {
    set.seed(3)
    alphabet <- c(letters, ",", "\"", "\n", " ", ";", "'", "\u00e9", "1", ".")
    for (k in 1:40) {
        n <- sample(1:6, 1)
        word <- function() paste0("w", paste(sample(alphabet, sample(0:8, 1), TRUE), collapse = ""), "w")
        p <- data.frame(patient = paste0("p", seq_len(n)), prosthesis = "solid", followup_mo = round(runif(n, 13, 99), 6),
                        end = sample(c("censored", "lost"), n, TRUE), note = replicate(n, word()))
        # Written here, since write.csv() depends on the locale.
        quoted <- lapply(p, function(v) paste0("\"", gsub("\"", "\"\"", v, fixed = TRUE), "\""))
        lines <- c(paste(names(p), collapse = ","), do.call(paste, c(unname(quoted), sep = ",")))
        x <- read_cohort(folder_of(patients.csv = enc2utf8(paste0(lines, "\n", collapse = ""))))
        expect_identical(as.list(x$patients[names(p)]), as.list(p))
    }
})
