# write_workbook() against the other writers and the bare library in the same mode: 1e5 rows, 4 numbers, 2 whole
# numbers, 2 texts, a factor, a flag. Run from the top of the package:  Rscript bench/workbook.R [runs]
library(osseosurv)

runs <- as.integer(c(commandArgs(TRUE), 5)[1])
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

writers <- list(osseosurv = function() write_workbook(frame, path),
                `libxlsxwriter, constant memory` = function() library_alone(TRUE),
                `libxlsxwriter, in memory` = function() library_alone(FALSE))
if (requireNamespace("writexl", quietly = TRUE)) writers$writexl <- function() writexl::write_xlsx(frame, path)
if (requireNamespace("openxlsx", quietly = TRUE)) {
    writers$openxlsx <- function() openxlsx::write.xlsx(frame, path, overwrite = TRUE)
}

# First that all say the same, to the 15 digits a reader of spreadsheets relies on.
for (writer in names(writers)) {
    writers[[writer]]()
    back <- as.data.frame(readxl::read_excel(path))
    same <- all.equal(unname(back), unname(transform(frame, e = as.double(e), f = as.double(f), k = as.character(k))),
                      tolerance = 1e-14, check.attributes = FALSE)
    if (!isTRUE(same)) stop(writer, ": ", same)
}

# The runs of all writers alternate, so that a busy spell falls on all of them.
seconds <- replicate(runs, vapply(writers, function(write) system.time(write())[["elapsed"]], 0))
result <- data.frame(writer = names(writers), rows = n, columns = ncol(frame), runs = runs,
                     median = apply(seconds, 1, stats::median), fastest = apply(seconds, 1, min),
                     slowest = apply(seconds, 1, max), row.names = NULL)
result$ratio <- result$median / result$median[2]
print(result, digits = 3)
cat(R.version.string, "| osseosurv", format(utils::packageVersion("osseosurv")), "\n")
