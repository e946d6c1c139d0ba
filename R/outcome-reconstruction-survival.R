#' How long the reconstruction survives, and how it fails
#'
#' Failure-free survival of the reconstruction (net: as if nobody died) beside the observed risk of failure (crude: death
#' and amputation compete), each mode of failure by both, the rate, the ends of follow-up and the follow-up itself.
#'
#' Failure is the event. Death and amputation compete with it; those censored or lost to follow-up are censored. The
#' table "Amputation as failure" counts amputation as failure instead. All modes of the scheme have rows, also those that
#' did not occur: what has not been seen in a small cohort has an upper limit. A failure without a mode counts as "mode
#' not stated".
#'
#' @param cohort A [cohort()].
#' @param by Name of a column of `patients` to stratify by, or `NULL`.
#' @param times Months at which the tables are read, finite, >= 0.
#' @param conf.level Confidence level.
#' @param modes `NULL`: failures by the modes of the cohort's scheme. `"group"`: mechanical, non-mechanical, paediatric. The
#'   name of a scheme of [failure_modes]: by the modes there. With either, a cohort may hold both schemes.
#' @return An outcome: list with `$tables` (data frames, by heading), `$results` (`survival`, `incidence`, `modes`,
#'   `followup`), `$notes`. Probabilities 0 to 1, times in months, the rate per 100 reconstruction-years. `net` and
#'   `crude` are risks of failure by the time, with `.low` and `.high` limits; `NA` past the last follow-up.
#' @section Errors: `osseosurv_invalid` for a `by` that is no column, negative or missing times.
#' @seealso [kaplan_meier()], [cumulative_incidence()], [rate_ci()].
#' @references Henderson ER et al. (2011) \doi{10.2106/JBJS.J.00834}; Henderson ER et al. (2014)
#'   \doi{10.1302/0301-620X.96B11.34747}.
#' @examples
#' reconstruction_survival(masquelet_femur)
#' @export
reconstruction_survival <- function(cohort, by = NULL, times = c(12, 24, 36, 60), conf.level = 0.95,
                                    modes = NULL) {
    conf.level <- check_conf_level(conf.level)
    times <- check_times(times)
    patients <- outcome_patients(cohort, by)
    modes <- failure_causes(patients$data, modes)
    patients$data <- cbind(patients$data[setdiff(names(patients$data), names(modes$columns))], modes$columns)
    incidence_type <- if (patients$truncated) "log-log" else "exact"

    curves <- patients$data[patients$observed, ]
    survival <- kaplan_meier(followup_formula(patients, "failed"), curves, conf.level = conf.level)
    incidence <- cumulative_incidence(followup_formula(patients, "observed"), curves, incidence_type, conf.level)
    by_mode <- cumulative_incidence(followup_formula(patients, "cause"), curves, incidence_type, conf.level)
    sensitivity <- kaplan_meier(followup_formula(patients, "failed_or_amputated"), curves, conf.level = conf.level)
    followup <- followup_time(followup_formula(patients, "failed"), curves, conf.level = conf.level)
    rate <- failure_rate(patients, conf.level)

    net <- survival_at(survival, times)
    crude <- incidence_at(incidence, times)
    tables <- list(
        "Failure-free survival" = net,
        "Risk of failure, net and crude" = net_and_crude(net, crude[crude$cause == "failure", ]),
        "Risk by mode of failure" = mode_table(by_mode, patients, modes$labels, times, conf.level),
        "Competing ends" = crude[crude$cause != "failure", ],
        "Amputation as failure" = survival_at(sensitivity, times),
        "Rate of failure per 100 years" = rate,
        "Ends of follow-up" = count_table(patients$data, by,
                                          lapply(stats::setNames(nm = end_levels), function(e) patients$data$end == e),
                                          "end", conf.level),
        "Follow-up" = tidy(followup))
    new_outcome(
        "reconstruction_survival", "Survival of the reconstruction and modes of failure", cohort, tables,
        list(survival = survival, incidence = incidence, modes = by_mode, followup = followup),
        cohort_card(cohort, endpoint = "failure of the reconstruction (`end` is failure)",
                    measure = paste("net: probability of failure if nobody died or lost the limb;",
                                    "crude: probability that failure is observed"),
                    censoring = "at the last contact of those censored or lost, assumed independent of failure",
                    competing = "death and amputation: censored in the net risk, competing in the crude risk"),
        methods = paste("Failure-free survival was estimated by the product-limit method, death and amputation censored",
                        "(net), and the incidence of failure and of each of its modes by the Aalen-Johansen method with",
                        "death and amputation competing (crude), with",
                        conf_type_text[[survival$conf.type]], "and", paste0(incidence_conf_text[[incidence_type]], ";"),
                        "follow-up by the reverse Kaplan-Meier method; rates with exact Poisson intervals."),
        references = c(survival$references, incidence$references, followup$references,
                       "Garwood (1936) Biometrika 28:437"),
        notes = c(patients$notes, modes$notes, survival$notes, unestimable_note(net), no_time_note(rate)),
        times = times, conf.level = conf.level)
}

end_levels <- c("censored", "lost", "failure", "death", "amputation")

#' What ended each reconstruction, as the estimators need it
#'
#' @param data Patients of a cohort.
#' @param modes As in `reconstruction_survival()`.
#' @return List: `columns`, data frame `failed`, `failed_or_amputated` (0/1), `observed` (censored, failure, death,
#'   amputation) and `cause` (the same with the modes in the place of failure); `labels` of the modes; `notes`.
#' @noRd
failure_causes <- function(data, modes = NULL) {
    end <- as.character(data$end)
    notes <- character()
    table <- osseosurv::failure_modes
    if (!is.null(modes)) check_choice(modes, "modes", c("group", unique(table$scheme)))
    found <- if (is.null(data$scheme)) character() else unique(as.character(data$scheme[!is.na(data$scheme)]))
    if (is.null(modes) && length(found) > 1) {
        abort_invalid(sprintf(paste("The failure modes are in %s: give them in one scheme, or `modes`, before they are",
                                    "counted together."), paste(found, collapse = " and ")), "cohort")
    }
    scheme <- if (is.null(modes) || modes == "group") found else modes
    if (!length(scheme)) scheme <- "Henderson 2011"
    table <- table[table$scheme %in% scheme, ]
    code <- data$failure_mode %||% rep(NA_real_, nrow(data))
    own <- if (length(found)) as.character(data$scheme) else rep(scheme[1], nrow(data))
    if (identical(modes, "group")) {
        labels <- unique(table$group)
        mode <- collapse_modes(code, own, "group")
    } else {
        labels <- paste(table$mode, table$label)
        mode <- labels[match(if (is.null(modes)) code else collapse_modes(code, own, modes), table$mode)]
    }
    unstated <- end == "failure" & is.na(mode)
    if (any(unstated)) {
        mode[unstated] <- "mode not stated"
        labels <- c(labels, "mode not stated")
        notes <- sprintf("%d failure%s without a mode.", sum(unstated), plural_s(sum(unstated)))
    }
    notes <- c(notes, sprintf("%s by %s (%s).", if (identical(modes, "group")) "Groups of modes" else "Modes",
                              scheme, table$reference[match(scheme, table$scheme)]))
    censored <- ifelse(end %in% c("censored", "lost"), "censored", end)
    list(columns = data.frame(
             failed = as.integer(end == "failure"),
             failed_or_amputated = as.integer(end %in% c("failure", "amputation")),
             observed = factor(censored, c("censored", "failure", "death", "amputation")),
             cause = factor(ifelse(end == "failure", mode, censored), c("censored", labels, "death", "amputation"))),
         labels = labels, notes = notes)
}

net_and_crude <- function(net, crude) {
    as_frame(list(strata = net$strata, time = net$time, n.risk = net$n.risk, net = 1 - net$estimate,
                  net.low = 1 - net$conf.high, net.high = 1 - net$conf.low, crude = crude$estimate,
                  crude.low = crude$conf.low, crude.high = crude$conf.high))
}

# Each mode net (one minus Kaplan-Meier, everything else censored) and crude.
mode_table <- function(by_mode, patients, labels, times, conf.level) {
    crude <- incidence_at(by_mode, times)
    data <- patients$data[patients$observed, ]
    strata <- stratum_of(data, patients$by)
    rows <- lapply(labels, function(label) {
        data$this_mode <- as.integer(data$cause == label)
        net <- survival_at(kaplan_meier(followup_formula(patients, "this_mode"), data, conf.level = conf.level), times)
        seen <- vapply(seq_len(nrow(net)), function(i) {
            sum(data$this_mode[strata == net$strata[i] & data$followup_mo <= net$time[i]])
        }, 0L)
        table <- net_and_crude(net, crude[crude$cause == label, ])
        as_frame(c(list(strata = table$strata, mode = rep(label, nrow(table)), n.event = seen),
                   as.list(table[-1])))
    })
    out <- do.call(rbind, rows)
    out[c("strata", "mode", "time", "n.risk", "n.event", "net", "net.low", "net.high", "crude", "crude.low", "crude.high")]
}

failure_rate <- function(patients, conf.level) {
    data <- patients$data
    strata <- factor(stratum_of(data, patients$by), stratum_levels(data, patients$by))
    rate_rows(levels(strata), as.vector(tapply(data$failed, strata, sum)), reconstruction_years(data, strata), conf.level)
}

unestimable_note <- function(table) {
    late <- unique(table$time[is.na(table$estimate)])
    if (length(late)) {
        sprintf("Not estimable (NA) at %s months in a stratum followed for less.", paste(late, collapse = ", "))
    }
}
