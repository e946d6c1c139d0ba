# Workbooks for tests/testthat/test-cohort-read.R, with cells as a spreadsheet program would write them.
library(openxlsx)
write_book <- function(name, sheets) {
    book <- createWorkbook()
    for (sheet in names(sheets)) {
        addWorksheet(book, sheet)
        cells <- sheets[[sheet]]
        for (i in seq_along(cells)) for (j in seq_along(cells[[i]])) {
            if (is.na(cells[[i]][[j]])) next
            writeData(book, sheet, cells[[i]][[j]], startCol = j, startRow = i, colNames = FALSE)
        }
    }
    saveWorkbook(book, file.path("tests", "testthat", "fixtures", name), overwrite = TRUE)
}
head <- list("patient", "prosthesis", "followup_mo", "end")
write_book("cohort-no-patients.xlsx", list(people = list(head, list(1, "solid", 24, "lost"))))
write_book("cohort-empty-sheet.xlsx", list(patients = list()))
write_book("cohort-dates.xlsx", list(
    remarks = list(list("not a table")),
    patients = list(c(head, "index_date"),
                    list(1, "solid", as.Date("2022-01-01"), "lost", as.Date("2020-01-01")),
                    list("P2", "porous", 24.5, "censored", as.Date("2020-02-01"))),
    visits = list(list("patient", "interface", "month", "union"), list(1, "distal", as.Date("2020-04-01"), 0),
                  list(1, "distal", as.Date("2020-07-01"), TRUE))
))
write_book("cohort-bad-cells.xlsx", list(
    patients = list(head, list(1, "solid", 44256, "lost"), list(2, "solid", 12, "lost"), list(NA, NA, NA, NA),
                    list(3, "Porous", "about 20", "lost"))
))
