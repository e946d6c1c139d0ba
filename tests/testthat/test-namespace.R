# The source tree, two folders up from the tests; not there when an installed package or a tarball is checked.
source_files <- function() {
    folder <- file.path("..", "..", "R")
    if (!file.exists(file.path(folder, "conditions.R"))) skip("the source tree is not here")
    list.files(folder, "[.]R$", full.names = TRUE)
}

test_that("no name is defined twice in R/", {
    defined <- unlist(lapply(source_files(), function(file) {
        calls <- Filter(function(e) is.call(e) && as.character(e[[1]])[1] %in% c("<-", "="), as.list(parse(file)))
        vapply(calls, function(e) deparse(e[[2]])[1], "")
    }))
    expect_gt(length(defined), 300)
    expect_identical(defined[duplicated(defined)], character())
})

test_that("every export has a help page, and what is documented is exported", {
    exported <- getNamespaceExports("osseosurv")
    exported <- exported[!startsWith(exported, ".__")]
    aliases <- names(readRDS(system.file("help", "aliases.rds", package = "osseosurv")))
    skip_if(length(aliases) == 0, "installed without help")
    expect_identical(setdiff(exported, aliases), character())
})

hostile <- list("NULL" = NULL, "NA" = NA, "NaN" = NaN, text = "a", factor = factor("a"), list = list(1), complex = 1i,
                date = as.Date("2020-01-01"), frame = data.frame(a = 1), closure = mean, environment = globalenv(),
                symbol = quote(x), formula = y ~ x, surv = survival::Surv(1, 1), integer64 = structure(1, class = "integer64"),
                raw = as.raw(1), negative = -1, unicode = "\u65e5\u672c")

test_that("what is no number is one classed error in every argument that takes numbers", {
    km <- kaplan_meier(Surv(c(1, 2, 3), c(1, 0, 1)))
    incidence <- cumulative_incidence(Surv(1:3, factor(0:2)))
    growth <- turnbull(Surv(c(0, 1), c(2, Inf), type = "interval2"))
    pooled <- meta_analysis(c(1, 2, 3), c(10, 12, 13))
    d <- data.frame(t = 1, s = 1)
    takes_numbers <- list(
        function(v) kaplan_meier(Surv(v, 1)), function(v) kaplan_meier(Surv(v, 3, 1)),
        function(v) kaplan_meier(Surv(t, s) ~ 1, d, conf.level = v), function(v) survival_at(km, v), function(v) quantile(km, v),
        function(v) incidence_at(incidence, v), function(v) survival_at(growth, v), function(v) quantile(growth, v),
        function(v) turnbull(Surv(1, 2, type = "interval2"), tolerance = v), function(v) proportion_ci(v, 10),
        function(v) proportion_ci(1, v), function(v) proportion_difference(v, 10, 1, 10), function(v) rate_ci(v, 10),
        function(v) rate_ci(1, v), function(v) rate_ci(1, 1, per = v), function(v) rate_ratio(v, 1, 1, 1),
        function(v) rate_ratio(1, v, 1, 1), function(v) meta_analysis(v, c(10, 10, 10)), function(v) meta_analysis(1:3, v),
        function(v) meta_analysis(1:3, time = v), function(v) predictive_check(v, 11, meta = pooled),
        function(v) predictive_check(1, v, meta = pooled), function(v) predictive_check(1, 11, meta = v),
        function(v) reconstruction_survival(masquelet_femur, times = v), function(v) rate_ratio(1, 1, v, 1),
        function(v) cohort_table(masquelet_femur, conf.level = v))
    for (f in takes_numbers) {
        for (name in setdiff(names(hostile), "NULL")) {
            expect_error(f(hostile[[name]]), class = "osseosurv_invalid", info = paste(name, deparse1(body(f))))
        }
    }
})

test_that("what is no result, cohort, choice or folder is one classed error", {
    takes_others <- list(
        survival_at = function(v) survival_at(v, 1), incidence_at = function(v) incidence_at(v, 1), leave_one_out, estimand,
        methods_text, figures, kaplan_meier = function(v) kaplan_meier(v, conf.type = "plain", conf.level = 2),
        choice = function(v) proportion_ci(1, 10, v), conf.type = function(v) turnbull(Surv(1, 2, type = "interval2"), conf.type = v),
        reconstruction_survival, osseointegration, infection_recurrence, cohort_table, compare_literature,
        function(v) compare_literature(masquelet_femur, figures = v), cohort, read_cohort,
        function(v) outcome_report(v, tempfile(), html = FALSE))
    for (f in takes_others) {
        for (name in names(hostile)) {
            expect_error(suppressWarnings(f(hostile[[name]])), class = "osseosurv_error", info = paste(name, deparse1(body(f))[1]))
        }
    }
    expect_error(literature_table(mean), class = "osseosurv_invalid")
    expect_error(meta_analysis(1:2, 3:4, study = ~label), "`study`", class = "osseosurv_invalid")
    expect_error(outcome_report(masquelet_femur, 1, html = FALSE), "`dir`", class = "osseosurv_invalid")
})
