# Builds the data of the package from the CSV files beside it and in inst/extdata. Run at the root of the
# source with the package installed: Rscript data-raw/build.R. A test rebuilds each object and compares.

read_raw <- function(file, ...) {
    utils::read.csv(file, na.strings = "NA", encoding = "UTF-8", check.names = FALSE, ...)
}

# Accents of author names are kept in the CSV files; data of a package must be ASCII.
ascii <- function(data) {
    data[] <- lapply(data, function(x) {
        if (!is.character(x)) return(x)
        x <- gsub("\u00d6", "Oe", gsub("\u00f6", "oe", gsub("\u00fc", "ue", enc2utf8(x))))
        accents <- paste0("\u00e1\u00e0\u00e4\u00e9\u00ed\u00f3\u00fa\u00fd",
                          "\u0161\u0160\u010d\u0159\u017e\u00e7\u0144\u0142")
        x <- chartr(accents, "aaaeiouysScrzcnl", x)
        stopifnot(all(is.na(x) | !grepl("[^ -~\t\n]", x)))
        Encoding(x) <- "unknown"
        x
    })
    data
}

build_literature <- function(root = ".") {
    read <- function(name) ascii(read_raw(file.path(root, "data-raw", "literature", name)))
    cohorts <- read("cohorts.csv")
    points <- read("survival_points.csv")
    sources <- read("sources.csv")
    text <- c("cohort_id", "parent_id", "overlap_group", "pmid", "seed_ref", "union_unit", "notes",
              "derivation", "event", "doi")
    as_text <- function(data) {
        for (column in intersect(text, names(data))) data[[column]] <- as.character(data[[column]])
        data
    }
    cohorts <- as_text(cohorts)
    names(cohorts)[names(cohorts) == "seed_ref"] <- "chen2024_ref"
    sources <- as_text(sources)
    points <- as_text(points)

    # Every figure has one source, and says there what it says here.
    figure <- sources[is.na(sources$event), ]
    stopifnot(sources$cohort_id %in% cohorts$cohort_id, figure$figure %in% names(cohorts),
              !anyDuplicated(sources[c("cohort_id", "figure", "event", "time_mo")]),
              sources$grade %in% c("A", "B", "C"))
    here <- mapply(function(id, name) cohorts[[name]][cohorts$cohort_id == id],
                   figure$cohort_id, figure$figure)
    stopifnot(isTRUE(all.equal(unname(here), as.numeric(figure$published))))
    key <- function(data) paste(data$cohort_id, data$event, data$time_mo)
    stopifnot(setequal(key(points), key(sources[!is.na(sources$event), ])))

    structure(list(cohorts = cohorts, survival_points = points, sources = sources), class = "literature")
}

build_failure_modes <- function(root = ".") read_raw(file.path(root, "data-raw", "failure-modes.csv"))

build_masquelet_femur <- function(root = ".") {
    folder <- file.path(root, "inst", "extdata")
    x <- osseosurv:::read_cohort(file.path(folder, "masquelet-femur"), "Chen 2024, eleven femora")
    published <- utils::read.csv(file.path(folder, "chen-2024-interfaces.csv"), colClasses = "character")
    tables <- osseosurv:::enumerate_assignments(published, stats::setNames(x$patients$followup_mo, x$patients$patient))
    x$assignments <- osseosurv:::check_assignments(tables, x)
    x$overlap_group <- "og_pku3"
    x
}

# The first of the 84 interface tables, as the cohort's own.
write_first_assignment <- function(root = ".") {
    extdata <- file.path(root, "inst", "extdata")
    patients <- read_raw(file.path(extdata, "masquelet-femur", "patients.csv"))
    published <- utils::read.csv(file.path(extdata, "chen-2024-interfaces.csv"), colClasses = "character")
    followup <- stats::setNames(patients$followup_mo, patients$patient)
    tables <- osseosurv:::enumerate_assignments(published, followup)
    utils::write.csv(tables[[1]], file.path(extdata, "masquelet-femur", "interfaces.csv"), row.names = FALSE,
                     quote = which(names(tables[[1]]) == "basis"), eol = "\n")
}

# The cohort as a workbook: Inf is written as text, as it would be typed.
write_example_workbook <- function(root = ".") {
    extdata <- file.path(root, "inst", "extdata")
    tables <- c("patients", "interfaces", "infections", "complications", "labs", "totals")
    sheets <- lapply(tables, function(table) {
        # "43.0" says more than 43, so what is stated stays text.
        data <- read_raw(file.path(extdata, "masquelet-femur", paste0(table, ".csv")),
                         colClasses = if (table == "totals") "character" else NA)
        endless <- vapply(data, function(x) is.numeric(x) && any(is.infinite(x)), NA)
        data[endless] <- lapply(data[endless], as.character)
        data
    })
    writexl::write_xlsx(stats::setNames(sheets, tables), file.path(extdata, "masquelet-femur.xlsx"))
}

if (sys.nframe() == 0L) {
    dir.create("data", showWarnings = FALSE)
    failure_modes <- build_failure_modes()
    literature <- build_literature()
    save(failure_modes, file = "data/failure_modes.rda", version = 2, compress = "xz")
    save(literature, file = "data/literature.rda", version = 2, compress = "xz")
    if (requireNamespace("osseosurv", quietly = TRUE)) {
        write_first_assignment()
        if (requireNamespace("writexl", quietly = TRUE)) write_example_workbook()
        masquelet_femur <- build_masquelet_femur()
        save(masquelet_femur, file = "data/masquelet_femur.rda", version = 2, compress = "xz")
    }
}
