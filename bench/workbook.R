# write_workbook() against the other writers and the bare library in the same mode (constant memory): 4 numbers, 2
# whole numbers, 2 texts, a factor, a flag. What is compared is what a reader gets back, to 14 digits.
source("bench/harness.R")

n <- 1e5
i <- seq_len(n)
frame <- data.frame(a = i / 7, b = i / 8, c = i / 9, d = i / 10, e = i, f = i %% 97L,
                    g = paste("patient", i), h = paste("site", i %% 1000),
                    k = factor(c("femur", "tibia", "humerus", "pelvis", "radius")[(i - 1) %% 5 + 1]), l = i %% 2L == 1)
path <- tempfile(fileext = ".xlsx")

object <- tempfile(fileext = .Platform$dynlib.ext)
compiled <- system2("gcc", c("-O2", "-shared", "-fPIC", "-o", object, "bench/workbook_library.c", "-lxlsxwriter", "-lz"))
stopifnot(compiled == 0)
dyn.load(object)
library_alone <- function(constant_memory) {
    code <- .C("write_with_library", path, as.integer(n), as.integer(constant_memory), 1L)[[4]]
    stopifnot(code == 0)
}

written <- function(write) function() {
    write()
    path
}
writers <- list(osseosurv = function() write_workbook(frame, path),
                `libxlsxwriter, constant memory` = function() library_alone(TRUE),
                `libxlsxwriter, in memory` = function() library_alone(FALSE))
if (requireNamespace("writexl", quietly = TRUE)) writers$writexl <- function() writexl::write_xlsx(frame, path)
if (requireNamespace("openxlsx", quietly = TRUE)) {
    writers$openxlsx <- function() openxlsx::write.xlsx(frame, path, overwrite = TRUE)
}

back <- function(path) {
    frame <- as.data.frame(readxl::read_excel(path))
    c(lapply(frame[1:6], signif, 14), lapply(frame[7:9], as.character), list(as.logical(frame[[10]])))
}
compare("workbook", "1e5 rows, 10 columns", n, lapply(writers, written), values = back, runs = 5)
save_results("workbook")
