# The report as sheets of a workbook: Summary, one sheet an outcome, Cohort, Literature, Sources, Methods and estimands,
# Dictionary, Provenance.

report_sheets <- function(report) {
    outcomes <- report$outcomes
    of_outcomes <- function(which) unlist(unname(Map(outcome_sheet, outcomes[which], names(outcomes)[which])), FALSE)
    cohort <- names(outcomes) == "Cohort"
    c(list(summary_sheet(report)), of_outcomes(!cohort), of_outcomes(cohort),
      list(rows_sheet(report$cohort), literature_sheet(report$literature), sources_sheet(report$literature),
           methods_sheet(outcomes), dictionary_sheet(), provenance_sheet(report)))
}

#' One line a finding: what a coauthor reads first
#'
#' @param report From report_content().
#' @return Data frame `question`, `finding`, `x`, `n`, `estimate`, `conf.low`, `conf.high`, `unit`.
#' @noRd
summary_table <- function(report) {
    line <- function(question, finding, estimate, conf.low, conf.high, x = NA_real_, n = NA_real_, unit = "probability") {
        as_frame(list(question = question, finding = finding, x = as.numeric(x), n = as.numeric(n), estimate = estimate,
                      conf.low = conf.low, conf.high = conf.high, unit = unit))
    }
    rows <- list()
    outcomes <- report$outcomes
    survival <- outcomes$Reconstruction
    if (!is.null(survival)) {
        at <- survival$tables[["Failure-free survival"]]
        at <- at[!is.na(at$estimate), ]
        rows$survival <- line("Survival", trimws(paste("failure-free at", at$time, "months", at$strata)), at$estimate,
                              at$conf.low, at$conf.high)
        rate <- survival$tables[["Rate of failure per 100 years"]]
        rows$failures <- line("Survival", trimws(paste("failures per 100 years", rate$strata)), rate$estimate, rate$conf.low,
                              rate$conf.high, rate$events, unit = "per 100 years")
    }
    union <- outcomes$Osseointegration
    if (!is.null(union)) {
        at <- union$tables[["United by the last film"]]
        rows$union <- line("Osseointegration", trimws(paste("united by the last film:", at$estimand, at$strata)),
                           at$estimate, at$conf.low, at$conf.high, at$x, at$n)
    }
    infection <- outcomes$Infection
    if (!is.null(infection)) {
        rate <- infection$tables[["Rate of infection per 100 years"]]
        rate <- rate[rate$method == "garwood", ]
        rows$infection <- line("Infection", trimws(paste("infections per 100 years", rate$strata)), rate$estimate,
                               rate$conf.low, rate$conf.high, rate$events, unit = "per 100 years")
    }
    comparison <- outcomes$Comparison
    if (!is.null(comparison)) {
        own <- comparison$tables[["What this cohort can say"]]
        text <- sprintf("%s (pooled solid %s, porous %s)", own$figure, pool_text(own$solid, own$solid.is),
                        pool_text(own$porous, own$porous.is))
        rows$literature <- line("Literature", text, own$estimate, own$conf.low, own$conf.high, own$x, own$n)
    }
    bind_rows(rows)
}

pool_text <- function(risk, place) ifelse(is.na(risk), "none", sprintf("%.1f%%: %s", 100 * risk, place))

summary_sheet <- function(report) {
    table <- summary_table(report)
    formats <- c(estimate = "general", conf.low = "general", conf.high = "general")
    rates <- table$unit != "probability"
    sheet("Summary",
          block_title(report_title(report$cohort)),
          block_note(c(sprintf("%d reconstructions in %d patients, followed for %s months in all. Estimates with %s intervals.",
                               nrow(report$cohort$patients), length(unique(report$cohort$patients$patient)),
                               format(sum(report$cohort$patients$followup_mo - report$cohort$patients$entry_mo)),
                               percent_text(report$settings$conf.level)),
                       unname(report$left_out))),
          block_heading("Findings: probabilities"),
          block_table(table[!rates, names(table) != "unit"], percent = TRUE, formulas = live_limits_where(table[!rates, ])),
          block_heading("Findings: rates per 100 reconstruction-years"),
          block_table(table[rates, c("question", "finding", "x", "estimate", "conf.low", "conf.high")],
                      formats = c(estimate = "fixed2", conf.low = "fixed2", conf.high = "fixed2")),
          summary_charts(report))
}

# Live formulas need counts in every row; the table of findings has rows without.
live_limits_where <- function(table) if (anyNA(table$x)) character() else live_limits(table)

summary_charts <- function(report) {
    survival <- report$outcomes$Reconstruction
    own <- report$outcomes$Comparison$tables[["What this cohort can say"]]
    list(if (!is.null(survival)) block_chart_survival(tidy(survival$results$survival), title = "Free of failure",
                                                      x_name = "Months"),
         if (!is.null(own) && nrow(own)) block_chart_forest(own, label = "figure", title = "This cohort, exact intervals",
                                                            x_name = "Risk", range = c(0, 1)))
}

# Tables of more rows than a page holds have a sheet of their own.
page_rows <- 30

outcome_sheet <- function(x, name) {
    long <- vapply(x$tables, nrow, 0L) > page_rows
    blocks <- Map(function(table, title) {
        list(block_heading(title), if (nrow(table)) outcome_table(table) else block_note("No rows."),
             outcome_chart(x, title))
    }, x$tables[!long], names(x$tables)[!long], USE.NAMES = FALSE)
    first <- sheet(name, block_title(x$title),
                   if (length(x$notes)) list(block_heading("Notes"), block_note(x$notes)), blocks,
                   if (any(long)) block_note(sprintf("On a sheet of its own: %s.", names(x$tables)[long])),
                   list(block_heading("Estimand"), card_items(x$estimand)))
    c(list(first), unname(Map(function(table, title) sheet(title, block_title(title), outcome_table(table)),
                              x$tables[long], names(x$tables)[long])))
}

# Native charts beside the table they are drawn from.
outcome_chart <- function(x, title) {
    if (inherits(x, "reconstruction_survival") && title == "Failure-free survival") {
        return(block_chart_survival(tidy(x$results$survival), title = "Free of failure (Kaplan-Meier)", x_name = "Months"))
    }
    if (inherits(x, "compare_literature") && title == "Pooled risks" && nrow(x$tables[[title]])) {
        table <- x$tables[[title]]
        table$label <- paste(figure_label(table$figure), table$prosthesis, sep = ", ")
        return(block_chart_forest(table, label = "label", title = "Pooled risks", x_name = "Risk",
                                  diamonds = seq_len(nrow(table))))
    }
    NULL
}

# The data as they were analysed.
rows_sheet <- function(cohort) {
    tables <- Filter(function(name) !is.null(cohort[[name]]) && nrow(cohort[[name]]), cohort_tables)
    sheet("Data", block_title(sprintf("Data of %s", cohort$name)),
          block_heading("Suspicions (the values were kept as given)"),
          if (nrow(cohort$suspicions)) block_table(cohort$suspicions) else block_note("None."),
          lapply(tables, function(name) list(block_heading(name), block_table(cohort[[name]]))))
}

literature_sheet <- function(literature) {
    sheet("Literature", block_title("Published cohorts"),
          block_note("Counts as published; a blank cell was not stated and is not zero. Each figure's source is in Sources."),
          block_table(literature$cohorts))
}

sources_sheet <- function(literature) {
    sheet("Sources", block_title("Every figure of the literature with its source"), block_table(literature$sources))
}

methods_sheet <- function(outcomes) {
    sheet("Methods and estimands", block_title("Methods and estimands"),
          unname(lapply(outcomes, function(x) list(
              block_heading(x$title), card_items(x$estimand), block_note(methods_text(x))))))
}

dictionary_sheet <- function() {
    contract <- cohort_contract[c("table", "column", "type", "unit", "levels", "meaning")]
    sheet("Dictionary", block_title("What the columns mean"),
          block_heading("Columns of results"), block_table(column_dictionary[c("column", "meaning", "unit")]),
          block_heading("Columns of the cohort"), block_table(contract))
}

provenance_sheet <- function(report) {
    settings <- report$settings
    given <- c(sprintf("times = c(%s)", paste(settings$times, collapse = ", ")),
               if (!is.null(settings$by)) sprintf("by = \"%s\"", settings$by),
               sprintf("conf.level = %g", settings$conf.level))
    items <- c("Package" = paste("osseosurv", utils::packageVersion("osseosurv")),
               "R" = paste(R.version$major, R.version$minor, sep = "."),
               "Call" = sprintf("outcome_report(cohort, dir, %s)", paste(given, collapse = ", ")),
               "MD5 of the cohort" = frames_md5(Filter(is.data.frame, unclass(report$cohort)[cohort_tables])),
               "MD5 of the literature" = frames_md5(unclass(report$literature)))
    sheet("Provenance", block_title("Where these figures come from"), block_items(names(items), items),
          if (!is.null(report$cohort$source)) {
              list(block_heading("Files read"), block_table(report$cohort$source))
          })
}

# Of the values as text with all digits, so that it does not depend on the version of R.
frames_md5 <- function(frames) {
    file <- tempfile()
    on.exit(unlink(file))
    connection <- base::file(file, "wb")
    for (name in names(frames)) {
        columns <- lapply(frames[[name]], function(column) {
            if (is.double(column)) formatC(column, digits = 17, width = -1) else as.character(column)
        })
        writeLines(c(name, names(columns), enc2utf8(unlist(columns, use.names = FALSE))), connection, useBytes = TRUE)
    }
    close(connection)
    unname(tools::md5sum(file))
}
