# The bibliography that ships with the package has the source of every method that a result names.

bibliography <- function() paste(readLines(system.file("REFERENCES.bib", package = "osseosurv"), encoding = "UTF-8"),
                                 collapse = "\n")

entries <- function() {
    text <- strsplit(bibliography(), "\n@", fixed = TRUE)[[1]]
    data.frame(key = sub("^@?[a-z]+\\{([^,]+),.*", "\\1", text),
               author = sub(".*?author = \\{+([^, ]+).*", "\\1", text),
               year = sub(".*year = \\{([0-9]{4})\\}.*", "\\1", text),
               doi = ifelse(grepl("doi = ", text), sub("(?s).*doi = \\{([^}]+)\\}.*", "\\1", text, perl = TRUE), NA))
}

test_that("every entry has a key of author and year, used once", {
    bib <- entries()
    expect_gt(nrow(bib), 40)
    expect_identical(anyDuplicated(bib$key), 0L)
    expect_identical(anyDuplicated(stats::na.omit(bib$doi)), 0L)
    plain <- tolower(gsub("[^A-Za-z]", "", bib$author))
    expect_identical(bib$key, paste0(plain, bib$year))
    expect_identical(bib$key, sort(bib$key))
})

# An entry left open takes the next ones with it, and no vignette can be built.
test_that("every entry closes all the braces it opens", {
    text <- strsplit(bibliography(), "\n@", fixed = TRUE)[[1]]
    count <- function(brace) lengths(regmatches(text, gregexpr(brace, text, fixed = TRUE)))
    expect_identical(entries()$key[count("{") != count("}")], character())
})

test_that("every reference of the outcomes is in the bibliography, by author and year", {
    outcomes <- list(cohort_table(masquelet_femur), reconstruction_survival(masquelet_femur),
                     osseointegration(masquelet_femur), infection_recurrence(masquelet_femur),
                     compare_literature(masquelet_femur))
    cited <- unique(unlist(lapply(outcomes, `[[`, "references")))
    expect_gt(length(cited), 8)
    year <- regmatches(cited, regexpr("(18|19|20)[0-9]{2}", cited))
    author <- tolower(sub("^([A-Z][A-Za-z]+).*", "\\1", cited))
    missing <- cited[!paste0(author, year) %in% entries()$key]
    expect_identical(missing, character())
})

test_that("every DOI of the help pages is in the bibliography", {
    pages <- tools::Rd_db("osseosurv")
    skip_if(!length(pages), "installed without help pages")
    text <- paste(unlist(lapply(pages, as.character)), collapse = "")
    found <- unique(regmatches(text, gregexpr("10\\.[0-9]{4,}/[^}>\\\\ ]+", text))[[1]])
    # The links have the same again, with some characters as %28.
    found <- sub("[;,.]$", "", found[!grepl("%", found)])
    expect_gt(length(found), 20)
    expect_identical(setdiff(found, entries()$doi), character())
})
