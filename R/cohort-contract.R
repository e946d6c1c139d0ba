# The data contract as data: what a cohort's tables may hold. Reading, validating, the dictionary and
# the messages of outcomes all read these tables; a new column is a new line here.
#
# type: id, text, level, number, whole, month, month_or_never (Inf allowed), flag (kept as logical),
#   binary (kept as 0/1), date.
# filled: yes = column must be there, no missing values; column = must be there, may be missing;
#   given = may be left out, but without missing values where given; no = optional.
cohort_contract <- utils::read.table(sep = "|", header = TRUE, quote = "", strip.white = TRUE,
                                     na.strings = "", colClasses = "character", text = "
table|column|type|filled|lower|upper|levels|unit|meaning
patients|patient|id|yes|||||identifier of the patient
patients|reconstruction|id|given|||||identifier of the reconstruction; the patient's where left out
patients|prosthesis|level|yes|||solid;porous||kind of prosthesis
patients|site|text|no|||||bone
patients|side|level|no|||L;R||side of the body
patients|region|level|no|||diaphysis;metaphysis||part of the bone
patients|indication|level|no|||infection;tumour;trauma;revision||why the bone was lost
patients|defect_type|level|no|||critical;shape-structural||gap in the bone, or cortex still continuous
patients|fixation|text|no|||||how the prosthesis is held
patients|age|number|no|0|130||years|age at implantation
patients|sex|text|no|||||sex
patients|bmi|number|no|1|250||kg/m2|body mass index
patients|defect_cm|number|no|0|||cm|length of the defect
patients|debridements|whole|no|0|||count|debridements before implantation
patients|previous_surgeries|whole|no|0|||count|operations before the first stage
patients|stage_interval_days|number|no|0|||days|time between the two stages
patients|external_fixation_days|number|no|0|||days|time in an external fixator
patients|index_date|date|given||||date|day of implantation, from which dates are counted
patients|entry_mo|month|given|0|20000||months|time at which observation began; 0 unless left-truncated
patients|followup_mo|month|yes|0|20000||months|time of the end
patients|end|level|yes|||censored;lost;failure;death;amputation||how follow-up ended
patients|failure_mode|whole|no|1|6||code|type of failure in the scheme
patients|scheme|level|no|||Henderson 2011;ISOLS 2014||scheme of the failure types
patients|lefs|number|no|0|80||points|lower extremity functional scale
patients|rom_min|number|no|-60|240||degrees|range of motion, least angle
patients|rom_max|number|no|-60|240||degrees|range of motion, greatest angle
interfaces|reconstruction|id|yes|||||reconstruction the interface belongs to
interfaces|interface|level|yes|||proximal;distal||which end of the prosthesis
interfaces|left_mo|month|yes|0|20000||months|last film without union (0 if none)
interfaces|right_mo|month_or_never|yes|0|20000||months|first film with union; Inf if not seen by the last film
visits|reconstruction|id|yes|||||reconstruction on the film
visits|interface|level|yes|||proximal;distal||which end of the prosthesis
visits|month|month|yes|0|20000||months|time of the film
visits|union|binary|yes||||0/1|union seen
infections|reconstruction|id|yes|||||reconstruction that was infected
infections|onset_left_mo|month|yes|0|20000||months|last time known to be free of this episode
infections|onset_right_mo|month|yes|0|20000||months|first time known to be infected; equal if the day is known
infections|resolved_mo|month|no|0|20000||months|time of eradication
infections|organism|text|no|||||organisms, separated by a semicolon and a blank
infections|treatment|text|no|||||treatment of the episode
infections|retained|flag|no|||||prosthesis left in place
infections|off_drugs_mo|month|no|0|20000||months|end of antibiotics
findings|reconstruction|id|yes|||||reconstruction the finding belongs to
findings|month|month|yes|0|20000||months|time of the positive finding
findings|organism|text|no|||||organisms, separated by a semicolon and a blank
complications|reconstruction|id|yes|||||reconstruction the complication belongs to
complications|complication|text|yes|||||what happened
complications|onset_mo|month|no|0|20000||months|when it happened
labs|reconstruction|id|yes|||||reconstruction the measurement belongs to
labs|marker|text|yes|||||WBC, CRP, ESR or another marker
labs|stage|text|yes|||||1 = after the last debridement, 2 = before implantation, or other stages
labs|value|number|column|0||||measured value
labs|unit|text|no|||||unit of the value
totals|table|level|yes|||patients;interfaces;visits;infections;findings;complications;labs||table of the total
totals|column|text|yes|||||column of the total
totals|statistic|level|yes|||rows;count;sum;mean;median;min;max||what is stated
totals|level|text|no|||||value counted, for statistic count
totals|stated|text|yes|||||the figure as printed; its last digit sets the tolerance
")
cohort_contract$lower <- as.numeric(cohort_contract$lower)
cohort_contract$upper <- as.numeric(cohort_contract$upper)

cohort_tables <- unique(cohort_contract$table)

# Two columns of one row in their order; `strict` forbids equality other than at 0.
contract_order <- utils::read.table(sep = "|", header = TRUE, quote = "", strip.white = TRUE, text = "
table      | low           | high           | strict | rule
patients   | entry_mo      | followup_mo    | TRUE   | entry must come before the end of follow-up
patients   | rom_min       | rom_max        | FALSE  | `rom_min` must not exceed `rom_max`
interfaces | left_mo       | right_mo       | FALSE  | `left_mo` must not exceed `right_mo`: (left, right]
infections | onset_left_mo | onset_right_mo | FALSE  | `onset_left_mo` must not exceed `onset_right_mo`
infections | onset_left_mo | resolved_mo    | FALSE  | an episode cannot be resolved before it began
infections | onset_left_mo | off_drugs_mo   | FALSE  | drugs for an episode cannot end before it began
")

# Columns that together name a row once.
contract_keys <- list(
    list(table = "patients", key = "reconstruction",
         rule = "each reconstruction must have one row; this one is repeated"),
    list(table = "interfaces", key = c("reconstruction", "interface"),
         rule = "each interface of a reconstruction must have one row; this one is repeated")
)

# Two ways to give the same information.
contract_alternatives <- list(c("interfaces", "visits"), c("infections", "findings"))

contract_of <- function(table, column = NULL) {
    rows <- cohort_contract$table == table
    if (!is.null(column)) rows <- rows & cohort_contract$column %in% column
    cohort_contract[rows, ]
}

contract_levels <- function(spec) strsplit(spec$levels, ";", fixed = TRUE)[[1]]

# What a value of a column must be, in words.
contract_rule <- function(spec) {
    unit <- if (is.na(spec$unit)) "" else sprintf(" (%s)", spec$unit)
    bounds <- paste(c(if (!is.na(spec$lower)) sprintf(">= %g", spec$lower),
                      if (!is.na(spec$upper)) sprintf("<= %g", spec$upper)), collapse = " and ")
    if (nzchar(bounds)) bounds <- paste0(" ", bounds)
    switch(spec$type,
        id = "must be an identifier",
        text = "must be text",
        level = paste("must be one of", paste(contract_levels(spec), collapse = ", ")),
        number = paste0("must be a finite number", bounds, unit),
        whole = paste0("must be a whole number", bounds, unit),
        month = paste0("must be a finite number of months", bounds,
                       ", or a date where `index_date` is given"),
        month_or_never = paste0("must be a number of months", bounds,
                                ", Inf if not seen, or a date where `index_date` is given"),
        flag = "must be TRUE or FALSE",
        binary = "must be 0 or 1",
        date = "must be a date (year-month-day)")
}

#' Refuse a cohort that lacks what an outcome needs
#'
#' @param cohort A `cohort`.
#' @param table Name of the table; alternatives as several names, of which one must be there.
#' @param columns Columns that must be there with at least one value.
#' @param purpose What they are for: "the time to union".
#' @return The cohort, or an error `osseosurv_invalid` that says what to collect.
#' @noRd
cohort_needs <- function(cohort, table, columns = character(), purpose) {
    check_cohort(cohort)
    present <- table[!vapply(cohort[table], is.null, NA)]
    if (!length(present)) {
        ticked <- function(names, by) paste0("`", names, "`", collapse = by)
        abort_invalid(sprintf("%s needs the table %s of the cohort, which is not there; its columns are %s.",
                              sentence(purpose), ticked(table, " or "),
                              ticked(contract_of(table[1])$column, ", ")), "cohort")
    }
    data <- cohort[[present[1]]]
    empty <- vapply(columns, function(column) is.null(data[[column]]) || all(is.na(data[[column]])), NA)
    if (nrow(data) && any(empty)) {
        spec <- contract_of(present[1], columns[empty])
        what <- sprintf("`%s`, %s%s", spec$column, spec$meaning,
                        ifelse(is.na(spec$unit), "", paste0(" (", spec$unit, ")")))
        abort_invalid(sprintf("%s needs, in the table `%s` of the cohort: %s.", sentence(purpose), present[1],
                              paste(what, collapse = "; ")), "cohort")
    }
    cohort
}

check_cohort <- function(cohort) {
    if (!inherits(cohort, "cohort")) {
        abort_invalid(sprintf("`cohort` must be made by cohort() or read_cohort(); got %s.",
                              if (is.null(cohort)) "NULL" else class(cohort)[1]), "cohort")
    }
    cohort
}

sentence <- function(x) paste0(toupper(substr(x, 1, 1)), substring(x, 2))
