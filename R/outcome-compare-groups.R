# The table that compares the groups of a cohort: each question asked once of the net and once of the crude risk, each
# answer by a method that holds in small samples.

#' Compare groups
#'
#' @param patients From `outcome_patients()`, with the columns of `failure_causes()`.
#' @param seed Of the random permutations.
#' @inheritParams reconstruction_survival
#' @return List: `table` (`measure`, `contrast`, `time`, `estimate`, `conf.low`, `conf.high`, `p.value`, `method`) or
#'   `NULL`, `results` (named), `notes`, `references`.
#' @noRd
compare_groups <- function(patients, times, conf.level, seed) {
    if (is.null(patients$by)) return(list())
    data <- patients$data[patients$observed, ]
    present <- stratum_levels(data, patients$by)
    group <- factor(stratum_of(data, patients$by), present)
    empty <- present[tabulate(group, length(present)) == 0]
    data[[patients$by]] <- droplevels(factor(data[[patients$by]]))
    if (nlevels(data[[patients$by]]) < 2) {
        return(list(notes = sprintf("No comparison by `%s`: only one of its groups was under observation.", patients$by)))
    }
    fits <- group_fits(patients, data, times, conf.level, seed)
    named <- paste0(patients$by, "=", levels(data[[patients$by]]))
    ratio <- paste(named[-1], "/", named[1])
    table <- bind_rows(c(
        list(group_test_row("log-rank test of equal hazards (net)", fits$log_rank$result),
             if (!is.null(fits$unequal)) group_test_row("log-rank test of equal hazards (net)", fits$unequal$result),
             gray_row(fits$gray)),
        list(ratio_rows("hazard ratio (net)", ratio, fits$cox),
             ratio_rows("subdistribution hazard ratio (crude)", ratio, fits$fine_gray),
             difference_rows(fits$difference), restricted_rows(fits$restricted))))
    results <- list("log-rank test" = fits$log_rank$result, "log-rank test, unequal follow-up" = fits$unequal$result,
                    "Gray's test" = fits$gray, "survival difference" = fits$difference,
                    "restricted mean" = fits$restricted, "hazard ratio" = fits$cox,
                    "subdistribution hazard ratio" = fits$fine_gray)
    results <- Filter(Negate(is.null), results)
    list(table = table, results = results, methods = group_methods(fits), references = unlist(lapply(results, part, "references"), use.names = FALSE),
         notes = c(if (length(empty)) {
                       sprintf("Not in the comparison, nobody under observation: %s.", paste(empty, collapse = ", "))
                   },
                   fits$notes, group_notes(fits)))
}

group_fits <- function(patients, data, times, conf.level, seed) {
    failed <- followup_formula(patients, "failed")
    observed <- followup_formula(patients, "observed")
    log_rank <- heard(logrank_test(failed, data, conf.level = conf.level, seed = seed))
    unequal <- if (length(log_rank$warnings) && !patients$truncated) {
        heard(logrank_test(failed, data, method = "unequal-followup", conf.level = conf.level, seed = seed))
    }
    # With late entry the weights of the Fine-Gray model may not exist.
    crude <- tryCatch(fine_gray(observed, data, cause = "failure", penalty = "firth", conf.level = conf.level,
                                exponentiate = TRUE), osseosurv_error = conditionMessage)
    together <- min(tapply(data$followup_mo, data[[patients$by]], max))
    list(log_rank = log_rank, unequal = unequal,
         gray = if (!patients$truncated) gray_test(observed, data, cause = "failure", seed = seed),
         cox = cox_ph(failed, data, penalty = "firth", conf.level = conf.level, exponentiate = TRUE),
         fine_gray = if (!is.character(crude)) crude,
         difference = survival_difference(failed, data, time = times, conf.level = conf.level),
         restricted = if (together > 0) rmst(failed, data, conf.level = conf.level),
         notes = c(if (patients$truncated) "Gray's test has no theory for late entry and is not given.",
                   if (is.character(crude)) paste("Subdistribution hazard ratio not estimable (NA):", crude),
                   if (together == 0) "No restricted mean: a group was not followed for any time.",
                   separation_note(failed, data, patients$by)))
}

# What the hazard ratios would do without a penalty.
separation_note <- function(failed, data, by) {
    if (!any(data$failed == 1)) return(NULL)
    idle <- levels(data[[by]])[tapply(data$failed, data[[by]], sum) == 0]
    if (length(idle)) {
        return(sprintf(paste("Hazard ratios: separation, no failure in %s. Without a penalty they would be 0 or infinite",
                             "there; Firth's are finite."), paste0(by, "=", idle, collapse = ", ")))
    }
    separates <- grep("separates", part(cox_ph(failed, data, conf.method = "wald"), "notes"), value = TRUE)
    if (length(separates)) {
        paste("Hazard ratios:", separates, "Without a penalty they would be 0 or infinite there; Firth's are finite.")
    }
}

# A result with the warnings that came with it, which the outcome says in its notes instead.
heard <- function(code) {
    warnings <- character()
    result <- withCallingHandlers(code, osseosurv_warning = function(w) {
        warnings <<- c(warnings, conditionMessage(w))
        invokeRestart("muffleWarning")
    })
    list(result = result, warnings = warnings)
}

comparison_row <- function(measure, contrast, time, estimate, conf.low, conf.high, p.value, method) {
    as_frame(list(measure = measure, contrast = contrast, time = time, estimate = estimate, conf.low = conf.low,
                  conf.high = conf.high, p.value = p.value, method = method))
}

group_test_row <- function(measure, result) {
    about <- glance(result)
    comparison_row(measure, "all groups", NA_real_, NA_real_, NA_real_, NA_real_, about$p.value,
                   if (about$method == "none") "not estimable" else about$method)
}

gray_row <- function(result) {
    if (is.null(result)) return(NULL)
    row <- tidy(result)
    comparison_row("Gray's test of equal incidence (crude)", "all groups", NA_real_, NA_real_, NA_real_, NA_real_,
                   row$p.value, if (is.na(row$p.value)) "not estimable" else row$method)
}

ratio_rows <- function(measure, contrast, result) {
    if (is.null(result)) {
        return(comparison_row(rep(measure, length(contrast)), contrast, NA_real_, NA_real_, NA_real_, NA_real_, NA_real_,
                              "not estimable"))
    }
    rows <- tidy(result)
    interval <- if (glance(result)$conf.method == "profile") "profile likelihood" else "Wald"
    comparison_row(rep(measure, nrow(rows)), contrast, NA_real_, rows$estimate, rows$conf.low, rows$conf.high, rows$p.value,
                   ifelse(is.na(rows$estimate), "not estimable", paste("Firth,", interval)))
}

difference_rows <- function(result) {
    rows <- tidy(result)
    comparison_row(rep("difference of survival (net)", nrow(rows)), rows$contrast, rows$time, rows$estimate, rows$conf.low,
                   rows$conf.high, rows$p.value, ifelse(is.na(rows$estimate), "not estimable", glance(result)$conf.type))
}

restricted_rows <- function(result) {
    if (is.null(result)) return(NULL)
    rows <- tidy(result)
    rows <- rows[rows$term == "difference", ]
    comparison_row(rep("difference of restricted mean, months (net)", nrow(rows)), rows$contrast, rows$tau, rows$estimate,
                   rows$conf.low, rows$conf.high, rows$p.value,
                   ifelse(is.na(rows$conf.low) & is.na(rows$conf.high), "not estimable", glance(result)$conf.method))
}

group_methods <- function(fits) {
    paste("Groups were compared by the log-rank test",
          if (!is.null(fits$gray)) "and, with death and amputation competing, by Gray's test" else "",
          "(exact or by permutation in small samples), by hazard ratios and subdistribution hazard ratios with Firth's penalty",
          "and profile likelihood intervals, and by the differences of survival and of restricted means, with",
          sprintf("%s intervals.", paste(unique(c(glance(fits$difference)$conf.type,
                                                  if (!is.null(fits$restricted)) glance(fits$restricted)$conf.method)),
                                         collapse = " and ")))
}

# What the estimators say beyond the method, which the table has in a column.
group_notes <- function(fits) {
    about <- glance(fits$log_rank$result)
    notes <- c(if (about$method == "none") paste("Log-rank test:", about$method.reason), fits$log_rank$warnings)
    if (length(fits$log_rank$warnings) && !is.null(fits$unequal)) {
        notes <- c(notes, "The row with method unequal-followup is the version for that.")
    }
    others <- list("Gray's test" = fits$gray, "Hazard ratio" = fits$cox, "Subdistribution hazard ratio" = fits$fine_gray,
                   "Difference of survival" = fits$difference, "Restricted mean" = fits$restricted)
    others <- Filter(Negate(is.null), others)
    # That p is exact, and of which permutations, is in the column of methods.
    c(notes, grep("^Gray's test: p (is exact|from )", named_notes(others), value = TRUE, invert = TRUE))
}
