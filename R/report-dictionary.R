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
    "patient", "Patient", "", "", "",
    "reconstruction", "Reconstruction (a patient may have several)", "", "", "",
    "prosthesis", "Solid or porous", "", "", "",
    "site", "Bone", "", "", "",
    "side", "Left or right", "", "", "",
    "region", "Diaphysis or metaphysis", "", "", "",
    "indication", "Infection, tumour, trauma or revision", "", "", "",
    "defect_type", "Critical or shape-structural", "", "", "",
    "fixation", "How the prosthesis is fixed", "", "", "",
    "age", "Age at the reconstruction", "years", "general", "",
    "sex", "Sex", "", "", "",
    "bmi", "Body mass index", "kg/m2", "general", "",
    "defect_cm", "Length of the defect", "cm", "general", "",
    "debridements", "Debridements before the reconstruction", "count", "count", "",
    "previous_surgeries", "Operations before the reconstruction", "count", "count", "",
    "stage_interval_days", "Days between the two stages", "days", "general", "",
    "external_fixation_days", "Days in an external fixator", "days", "general", "",
    "entry_mo", "Time at which observation began", "months", "general", "",
    "followup_mo", "Time of the end", "months", "general", "",
    "end", "How follow-up ended: censored, lost, failure, death or amputation", "", "", "",
    "failure_mode", "Mode of failure in the scheme", "", "", "",
    "scheme", "Scheme of the failure modes: Henderson 2011 or ISOLS 2014", "", "", "",
    "lefs", "Lower Extremity Functional Scale", "points of 80", "general", "",
    "rom_min", "Range of motion, least", "degrees", "general", "",
    "rom_max", "Range of motion, greatest", "degrees", "general", "",
    "left_mo", "No union yet at this visit", "months", "general", "",
    "right_mo", "Union seen at this visit", "months", "general", "not seen",
    "month", "Time of the visit or finding", "months", "general", "",
    "onset_left_mo", "Free of the episode at this time", "months", "general", "",
    "onset_right_mo", "Episode seen by this time", "months", "general", "not seen",
    "resolved_mo", "Time at which the episode was over", "months", "general", "not seen",
    "off_drugs_mo", "Time at which antibiotics ended", "months", "general", "not seen",
    "organism", "Organism", "", "", "",
    "treatment", "Treatment", "", "", "",
    "retained", "Prosthesis kept", "", "", "",
    "complication", "Complication", "", "", "",
    "onset_mo", "Time of onset", "months", "general", "",
    "marker", "Laboratory marker", "", "", "",
    "stage", "Stage of the treatment", "", "", "",
    "value", "Value", "see unit", "general", "",
    "unit", "Unit of the value", "", "", "",
    "doi", "Digital object identifier", "", "", "",
    "url", "Address", "", "", ""
)

# Results whose estimate and limits are probabilities, shown in percent.
probability_results <- c("kaplan_meier", "survival_at", "conditional_survival", "cumulative_incidence",
                         "incidence_at", "turnbull", "union_estimands", "proportion_ci")

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
    known <- column_dictionary[match(name, column_dictionary$column), ]
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
