# What each column of every table means: one row a column name, read by the workbook (number formats, header
# comments, its sheet "Dictionary") and by the report. `format` is a style of `number_formats`, or "" where
# the type of the values says enough; `infinite` is what a cell shows in place of +Inf.

number_formats <- c(
    general = "General", count = "#,##0", integer = "0", time = "0.##", fixed2 = "0.00", fixed3 = "0.000",
    fixed4 = "0.0000", percent = "0.0%", p = "0.0000", date = "yyyy-mm-dd", datetime = "yyyy-mm-dd hh:mm:ss"
)

dictionary_rows <- function(...) {
    cells <- c(...)
    columns <- c("column", "meaning", "unit", "format", "infinite")
    as.data.frame(matrix(cells, ncol = length(columns), byrow = TRUE, dimnames = list(NULL, columns)))
}

column_dictionary <- dictionary_rows(
    # column, meaning, unit, format, infinite
    "strata", "Group of the analysis, as variable=level; empty where there is one group", "", "", "",
    "group", "Group compared", "", "", "",
    "term", "Quantity or coefficient", "", "", "",
    "time", "Time since the origin; the row holds from then on", "as in the data", "general", "not reached",
    "n", "Number observed", "count", "count", "",
    "x", "Number with the event", "count", "count", "",
    "k", "Number of studies", "count", "count", "",
    "events", "Number of events", "count", "count", "",
    "n.risk", "Number at risk just before the time", "count", "count", "",
    "n.event", "Number of events at the time", "count", "count", "",
    "n.censor", "Number censored at the time", "count", "count", "",
    "cause", "Cause of failure, or competing event", "", "", "",
    "estimate", "Estimate", "scale of the measure", "fixed4", "",
    "std.error", "Standard error, on the scale of the estimate", "scale of the estimate", "fixed4", "",
    "statistic", "Test statistic", "", "fixed4", "",
    "p.value", "Two-sided p-value unless the methods say otherwise", "probability", "p", "",
    "conf.low", "Lower confidence limit", "scale of the estimate", "fixed4", "",
    "conf.high", "Upper confidence limit", "scale of the estimate", "fixed4", "",
    "conf.level", "Confidence level", "probability", "percent", "",
    "pred.low", "Lower limit of the prediction for a new study", "scale of the estimate", "fixed4", "",
    "pred.high", "Upper limit of the prediction for a new study", "scale of the estimate", "fixed4", "",
    "p.lower", "Probability of as few events or fewer", "probability", "p", "",
    "p.upper", "Probability of as many events or more", "probability", "p", "",
    "prob", "Quantile: share of events that have happened by then", "probability", "percent", "",
    "left", "Event-free at this time (the interval is open here)", "as in the data", "general", "",
    "right", "Event seen by this time (the interval is closed here)", "as in the data", "general", "not seen",
    "mass", "Probability of the event within the interval", "probability", "fixed4", "",
    "estimand", "What is estimated: union of any, both, or one named interface", "", "", "",
    "interface", "End of the defect where bone meets the prosthesis", "", "", "",
    "measure", "Measure of the estimate", "", "", "",
    "method", "Method of the estimate or its interval", "", "", "",
    "test", "Method of the interval about the pooled value", "", "", "",
    "logLik", "Log-likelihood at the estimate", "", "fixed4", "",
    "iterations", "Iterations of the algorithm", "count", "count", "",
    "kkt", "Bound on the log-likelihood that a better fit could still gain", "log-likelihood", "general", "",
    "tau2", "Variance between studies, on the scale of the model", "", "fixed4", "",
    "i2", "Share of the variation that is between studies", "percent of variance", "fixed2", "",
    "q", "Cochran's Q", "", "fixed2", "",
    "q.p.value", "P-value of the test of homogeneity", "probability", "p", "",
    "df.pred", "Degrees of freedom of the prediction interval", "count", "count", "",
    "tau2.low", "Lower confidence limit of tau2", "", "fixed4", "",
    "tau2.high", "Upper confidence limit of tau2", "", "fixed4", "",
    "overdispersion", "Overdispersion of the beta-binomial model", "", "fixed4", "",
    "exact.estimate", "Estimate if all studies share one risk", "scale of the estimate", "fixed4", "",
    "exact.low", "Lower exact limit if all studies share one risk", "scale of the estimate", "fixed4", "",
    "exact.high", "Upper exact limit if all studies share one risk", "scale of the estimate", "fixed4", "",
    "scale", "Scale of the estimate", "", "", "",
    "n.strata", "Number of groups", "count", "count", "",
    "conf.type", "Method of the interval", "", "", "",
    "converged", "Did the algorithm reach its tolerance", "", "", "",
    "gradient", "Largest slope left at the estimate", "", "general", "",
    "unique", "Is the estimate the only one that maximises the likelihood", "", "", "",
    "mode", "Mode of failure", "", "", "",
    "net", "Risk of failure as if nobody died or lost the limb (net): one minus Kaplan-Meier", "probability", "percent", "",
    "net.low", "Lower confidence limit of the net risk", "probability", "percent", "",
    "net.high", "Upper confidence limit of the net risk", "probability", "percent", "",
    "crude", "Risk of failure as observed, death and amputation competing (crude)", "probability", "percent", "",
    "crude.low", "Lower confidence limit of the crude risk", "probability", "percent", "",
    "crude.high", "Upper confidence limit of the crude risk", "probability", "percent", "",
    "years", "Follow-up", "reconstruction-years", "fixed2", "",
    "total", "Follow-up in all", "months", "general", "",
    "estimate.min", "Least estimate over the admissible tables", "scale of the measure", "percent", "",
    "estimate.max", "Greatest estimate over the admissible tables", "scale of the measure", "percent", "",
    "mass.min", "Least mass over the admissible tables", "probability", "percent", "",
    "mass.max", "Greatest mass over the admissible tables", "probability", "percent", "",
    "sets", "Number of admissible tables with this row", "count", "count", "",
    "discordant.proximal", "Pairs united proximally only", "count", "count", "",
    "discordant.distal", "Pairs united distally only", "count", "count", "",
    "proximal", "State of the proximal interface", "", "", "",
    "distal", "State of the distal interface", "", "", "",
    "proximal.left", "Union of the proximal interface after", "months", "general", "",
    "proximal.right", "Union of the proximal interface by", "months", "general", "never",
    "distal.left", "Union of the distal interface after", "months", "general", "",
    "distal.right", "Union of the distal interface by", "months", "general", "never",
    "unknown", "Not known to be united or not at the time", "count", "count", "",
    "analysis", "What was done with the intervals", "", "", "",
    "statistic.min", "Least statistic over the admissible tables", "", "fixed3", "",
    "statistic.max", "Greatest statistic over the admissible tables", "", "fixed3", "",
    "p.value.min", "Least p over the admissible tables", "", "p", "",
    "p.value.max", "Greatest p over the admissible tables", "", "p", "",
    "icc", "Intraclass correlation of the two interfaces", "", "fixed3", "",
    "first.seen", "Visit at which union was first seen", "months", "general", "never",
    "earliest", "Estimate with each onset at the left end of its interval", "probability", "percent", "",
    "median.before", "Median at the first stage", "see unit", "fixed2", "",
    "median.after", "Median at the last stage", "see unit", "fixed2", "",
    "scenario", "What is supposed of those lost to follow-up", "", "", "",
    "n.lost", "Number lost to follow-up by the time", "count", "count", "",
    "observed", "Follow-up observed up to the time, summed over reconstructions", "as in the data", "fixed2", "",
    "potential", "Follow-up that could have been observed up to the time, summed over reconstructions", "as in the data",
    "fixed2", "",
    "figure", "What is counted", "", "", "",
    "solid", "Pooled risk of solid prostheses", "probability", "percent", "",
    "solid.is", "Where the pooled solid risk lies to this cohort's interval", "", "", "",
    "porous", "Pooled risk of porous prostheses", "probability", "percent", "",
    "porous.is", "Where the pooled porous risk lies to this cohort's interval", "", "", "",
    "expected", "Count expected in a cohort of this size", "count", "fixed2", "",
    "true.risk", "Risk supposed to be true", "probability", "percent", "",
    "probability", "Probability of the event named", "probability", "fixed3", "",
    "odds.ratio", "Odds ratio", "", "fixed3", "",
    "mean", "Mean", "see unit", "fixed2", "",
    "sd", "Standard deviation", "see unit", "fixed2", "",
    "median", "Median", "see unit", "fixed2", "",
    "minimum", "Smallest value", "see unit", "general", "",
    "maximum", "Largest value", "see unit", "general", "",
    "variable", "Column of the cohort", "", "", "",
    "level", "Value of the column that is counted", "", "", "",
    "missing", "Reconstructions without a value", "count", "count", "",
    "both", "Pairs united at both interfaces", "count", "count", "",
    "neither", "Pairs united at neither interface", "count", "count", "",
    "when", "Before implantation, or at recurrence", "", "", "",
    "from", "First stage", "", "", "",
    "to", "Last stage", "", "", "",
    "by", "What the prediction is made from: pooled risk or pooled rate", "", "", "",
    "event", "The event, or what was seen, as a condition on the count", "", "", "",
    "contrast", "Group compared - reference; for a ratio, group compared / reference", "", "", "",
    "cohort", "Published cohort: first author and year", "", "", "",
    "cohort_id", "Identifier of the published cohort", "", "", "",
    "parent_id", "Cohort of which this is a subgroup or another version", "", "", "",
    "overlap_group", "Cohorts of one group may share patients; one of them is pooled", "", "", "",
    "grade", "A original abstract or full text read, B reported by another paper, C reference list only", "", "", "",
    "address", "Where the figure was read", "", "", "",
    "source", "Paper in which the figure stands", "", "", "",
    "published", "The figure as printed", "", "", "",
    "derivation", "How the figure was computed from what is printed", "", "", "",
    "reason", "Why the cohort was not used", "", "", "",
    "row", "Row of the table", "", "", "",
    "rule", "Name of the rule", "", "", "",
    "text", "What looks wrong", "", "", "",
    "authors", "Authors", "", "", "",
    "year", "Year of publication", "", "integer", "",
    "journal", "Journal", "", "", "",
    "pmid", "PubMed identifier", "", "integer", "",
    "chen2024_ref", "Number in the reference list of Chen 2024", "", "integer", "",
    "comparability", "How like the index cohort it is; intercalary is like for like", "", "", "",
    "design", "Design of the study", "", "", "",
    "notes", "Notes", "", "", "",
    "n_patients", "Patients", "count", "count", "",
    "n_implants", "Implants", "count", "count", "",
    "person_years", "Follow-up in all", "years", "fixed2", "",
    "person_years_basis", "How the follow-up was added up", "", "", "",
    "age_mean", "Mean age", "years", "general", "",
    "age_median", "Median age", "years", "general", "",
    "age_min", "Lowest age", "years", "general", "",
    "age_max", "Highest age", "years", "general", "",
    "defect_mean_cm", "Mean length of the defect", "cm", "general", "",
    "defect_median_cm", "Median length of the defect", "cm", "general", "",
    "defect_min_cm", "Shortest defect", "cm", "general", "",
    "defect_max_cm", "Longest defect", "cm", "general", "",
    "followup_mean_mo", "Mean follow-up", "months", "general", "",
    "followup_median_mo", "Median follow-up", "months", "general", "",
    "followup_min_mo", "Shortest follow-up", "months", "general", "",
    "followup_max_mo", "Longest follow-up", "months", "general", "",
    "aseptic_loosening", "Aseptic loosening", "count of n", "count", "",
    "structural_failure", "Structural failure", "count of n", "count", "",
    "periprosthetic_fracture", "Fracture of the bone at the prosthesis", "count of n", "count", "",
    "soft_tissue_failure", "Failure of the soft tissues", "count of n", "count", "",
    "deep_infection", "Deep infection", "count of n", "count", "",
    "infection_recurrence", "Recurrence of infection", "count of n", "count", "",
    "tumour_progression", "Progression of the tumour", "count of n", "count", "",
    "aseptic_nonunion", "Nonunion without infection", "count of n", "count", "",
    "implant_complications", "Complications of the implant", "count of n", "count", "",
    "complications_any", "Any complication", "count of n", "count", "",
    "reoperation", "Reoperation", "count of n", "count", "",
    "revision", "Revision", "count of n", "count", "",
    "implant_removal", "Removal of the implant", "count of n", "count", "",
    "amputation", "Amputation", "count of n", "count", "",
    "death", "Death", "count of n", "count", "",
    "event_time_mean_mo", "Mean time of the events", "months", "general", "",
    "event_time_min_mo", "Earliest event", "months", "general", "",
    "event_time_max_mo", "Latest event", "months", "general", "",
    "union_denominator", "Number of which union is counted", "count", "count", "",
    "union_unit", "What union is counted of: patients or interfaces", "", "", "",
    "union_time_mean_mo", "Mean time to union", "months", "general", "",
    "union_time_min_mo", "Earliest union", "months", "general", "",
    "union_time_max_mo", "Latest union", "months", "general", "",
    "patient_survival_mean_mo", "Mean survival of the patients", "months", "general", "",
    "survival_1y", "Event-free share at 1 year", "probability", "percent", "",
    "survival_2y", "Event-free share at 2 years", "probability", "percent", "",
    "survival_5y", "Event-free share at 5 years", "probability", "percent", "",
    "survival_10y", "Event-free share at 10 years", "probability", "percent", "",
    "survival_event", "Event that these shares are free of", "", "", "",
    "time_mo", "Time", "months", "general", "",
    "doi", "Digital object identifier", "", "", "",
    "url", "Address", "", "", ""
)

# Results whose estimate and limits are probabilities, shown in percent.
probability_results <- c("kaplan_meier", "survival_at", "conditional_survival", "cumulative_incidence",
                         "incidence_at", "turnbull", "union_estimands", "proportion_ci")

# Columns of results are described here, columns of a cohort's tables by the data contract.
describe_column <- function(name) {
    if (name %in% column_dictionary$column) return(column_dictionary[match(name, column_dictionary$column), ])
    spec <- cohort_contract[match(name, cohort_contract$column), ]
    if (is.na(spec$column)) return(data.frame(column = name, meaning = "", unit = "", format = "", infinite = ""))
    data.frame(column = name, meaning = capital(spec$meaning), unit = spec$unit, format = "general",
               infinite = if (spec$type %in% "month_or_never") "not seen" else "")
}

#' How a column is shown
#'
#' @param name Name of the column.
#' @param values The column.
#' @param formats Named character: by column name a style of `number_formats` or an Excel number format; it
#'   goes before the dictionary.
#' @param percent Are estimate and limits probabilities?
#' @return List: `format` (Excel number format), `infinite`, `comment`; `NULL` for none.
#' @noRd
column_style <- function(name, values, formats = character(), percent = FALSE) {
    known <- describe_column(name)
    shares <- c("estimate", "std.error", "conf.low", "conf.high", "pred.low", "pred.high", "mass")
    style <- if (name %in% names(formats)) {
        formats[[name]]
    } else if (percent && name %in% shares) {
        "percent"
    } else if (inherits(values, "POSIXct")) {
        "datetime"
    } else if (inherits(values, "Date")) {
        "date"
    } else {
        known$format
    }
    number <- is.numeric(unclass(values)) && !is.factor(values)
    format <- if (number && !style %in% c(NA, "", "general")) {
        if (style %in% names(number_formats)) number_formats[[style]] else style
    }
    filled <- function(x) !is.na(x) && nzchar(x)
    list(format = format,
         infinite = if (filled(known$infinite)) known$infinite,
         comment = if (filled(known$meaning)) {
             paste0(known$meaning, if (filled(known$unit)) sprintf(" (%s)", known$unit), ".")
         })
}
