#' The cohort in one table
#'
#' Baseline characteristics, function scores (LEFS, range of motion) and complications, with exact intervals for
#' proportions.
#'
#' @inheritParams reconstruction_survival
#' @return An outcome. `$tables`: "Measurements" (a row a numeric column of the contract that has values: `n`, `missing`,
#'   `mean`, `sd`, `median`, `minimum`, `maximum`, and the t interval `conf.low`, `conf.high` of the mean, `NA` where all
#'   values are equal), "Function"
#'   (the same for LEFS and range of motion), "Categories" (`x` of `n` in each level, Clopper-Pearson), "Complications"
#'   (reconstructions with each complication).
#' @section Errors: `osseosurv_invalid` for a `by` that is no column of `patients`.
#' @examples
#' cohort_table(masquelet_femur)
#' @export
cohort_table <- function(cohort, by = NULL, conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    patients <- outcome_patients(cohort, by)
    data <- patients$data
    if (!is.null(data$rom_min) && !is.null(data$rom_max)) data$rom_arc <- data$rom_max - data$rom_min
    contract <- contract_of("patients")
    numeric <- contract[contract$type %in% c("number", "whole", "month") & contract$column != "failure_mode", ]
    numeric <- rbind(numeric[c("column", "unit")], data.frame(column = "rom_arc", unit = "degrees"))
    numeric <- numeric[vapply(numeric$column, function(c) any(is.finite(as.numeric(data[[c]] %||% NA))), NA), ]
    if (!patients$truncated) numeric <- numeric[numeric$column != "entry_mo", ]
    scores <- numeric$column %in% c("lefs", "rom_min", "rom_max", "rom_arc")
    categories <- intersect(c("prosthesis", "site", "side", "region", "indication", "defect_type", "fixation", "sex"),
                            names(data))

    tables <- list("Measurements" = measurement_table(data, by, numeric[!scores, ], conf.level),
                   "Function" = measurement_table(data, by, numeric[scores, ], conf.level),
                   "Categories" = category_table(data, by, categories, conf.level),
                   "Complications" = complication_table(cohort, data, by, conf.level))
    absent <- vapply(tables, function(table) is.null(table) || !nrow(table), NA)
    new_outcome(
        "cohort_table", sprintf("Cohort: %s", cohort$name), cohort, tables[!absent], list(),
        cohort_card(cohort, endpoint = "none", measure = "mean, median and range; share of reconstructions",
                    censoring = "none", competing = "none"),
        methods = paste("Numeric characteristics are given as mean with t interval, standard deviation, median and range,",
                        "categories and complications as share of the reconstructions with Clopper-Pearson interval."),
        references = "Clopper and Pearson (1934) Biometrika 26:404",
        notes = c(patients$notes, missing_note(numeric$column, data),
                  if (is.null(cohort$complications)) "Complications were not recorded."),
        conf.level = conf.level)
}

measurement_table <- function(data, by, columns, conf.level) {
    strata <- stratum_of(data, by)
    rows <- lapply(seq_len(nrow(columns)), function(i) {
        bind_rows(lapply(stratum_levels(data, by), function(s) {
            all <- as.numeric(data[[columns$column[i]]][strata == s])
            x <- all[!is.na(all)]
            n <- length(x)
            spread <- if (n > 1) stats::sd(x) else NA_real_
            # Without spread the t interval would be a point.
            half <- if (n > 1 && spread > 0) stats::qt((1 + conf.level) / 2, n - 1) * spread / sqrt(n) else NA_real_
            known <- function(f) if (n) f(x) else NA_real_
            as_frame(list(strata = s, variable = columns$column[i], unit = columns$unit[i], n = n,
                          missing = length(all) - n, mean = known(mean), conf.low = known(mean) - half,
                          conf.high = known(mean) + half, sd = spread, median = known(stats::median),
                          minimum = known(min), maximum = known(max)))
        }))
    })
    bind_rows(rows)
}

category_table <- function(data, by, columns, conf.level) {
    rows <- lapply(columns, function(column) {
        value <- data[[column]]
        levels <- if (is.factor(value)) levels(droplevels(value)) else sort(unique(value))
        if (!length(levels)) return(NULL)
        counts <- count_table(data, by, lapply(stats::setNames(nm = as.character(levels)), function(l) value == l), "level",
                              conf.level)
        as_frame(c(list(strata = counts$strata, variable = rep(column, nrow(counts))), as.list(counts[-1])))
    })
    bind_rows(rows)
}

# Of reconstructions, not of events: two of one kind in one reconstruction count once.
complication_table <- function(cohort, data, by, conf.level) {
    found <- cohort$complications
    if (is.null(found)) return(NULL)
    kinds <- sort(unique(found$complication))
    any <- list("any complication" = data$reconstruction %in% found$reconstruction)
    each <- lapply(stats::setNames(nm = kinds), function(kind) {
        data$reconstruction %in% found$reconstruction[found$complication == kind]
    })
    count_table(data, by, c(any, each), "complication", conf.level)
}

missing_note <- function(columns, data) {
    gaps <- vapply(columns, function(column) sum(is.na(data[[column]])), 1L)
    gaps <- gaps[gaps > 0]
    if (length(gaps)) sprintf("Missing: %s.", paste(names(gaps), gaps, collapse = ", "))
}
