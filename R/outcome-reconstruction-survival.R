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
#' @param seed Whole number for the random permutations of the tests, so that the same cohort gives the same p; `NULL`:
#'   `set.seed()` decides.
#' @return An outcome: list with `$tables` (data frames, by heading), `$results` (`survival`, `incidence`, `modes`,
#'   `followup`; with `by` those of the comparison; `lost`), `$notes`. Probabilities 0 to 1, times in months, the rate per 100 reconstruction-years. `net` and
#'   `crude` are risks of failure by the time, with `.low` and `.high` limits; `NA` past the last follow-up.
#' @section Comparison of groups: With `by` the table "Comparison by ..." asks whether the groups differ, of the net and of
#'   the crude risk: [logrank_test()] (exact where feasible; where follow-up differs between the groups also its version for
#'   that) beside [gray_test()]; the hazard ratio ([cox_ph()]) beside the subdistribution hazard ratio ([fine_gray()]), both
#'   with Firth's penalty and profile intervals, so that a group without a failure has a finite estimate, and a note names
#'   it; [survival_difference()] at `times` (melded beta product) and [rmst()]. `contrast` says which groups; each is
#'   compared with the first. Limits and p of different methods need not agree: in small samples trust the exact rows. What
#'   is not estimable is `NA`, and a note says why.
#' @section Those lost: "What the lost could change" has the risk if none of those lost had failed, if they failed as the
#'   others, and if all had failed at the loss ([loss_bounds()]). "Completeness of follow-up" is Clark's C up to each of `times`,
#'   those lost owing follow-up to that time ([followup_completeness()]).
#' @section Errors: `osseosurv_invalid` for a `by` that is no column, negative or missing times.
#' @seealso [kaplan_meier()], [cumulative_incidence()], [rate_ci()], [logrank_test()], [gray_test()], [cox_ph()],
#'   [fine_gray()], [survival_difference()], [rmst()], [loss_bounds()], [followup_completeness()].
#' @references Henderson ER et al. (2011) \doi{10.2106/JBJS.J.00834}; Henderson ER et al. (2014)
#'   \doi{10.1302/0301-620X.96B11.34747}.
#' @examples
#' reconstruction_survival(masquelet_femur)
#' @export
reconstruction_survival <- function(cohort, by = NULL, times = c(12, 24, 36, 60), conf.level = 0.95,
                                    modes = NULL, seed = 1) {
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
    risk <- net_and_crude(net, crude[crude$cause == "failure", ])
    risk_by_mode <- mode_table(by_mode, patients, modes$labels, times, conf.level)
    at <- common_time(net, times)
    comparison <- compare_groups(patients, times, conf.level, seed)
    lost <- what_the_lost_could_change(patients, crude, times, conf.level, incidence_type)
    complete <- completeness_of_followup(patients, times)
    tables <- c(list(
        "Failure-free survival" = net,
        "Risk of failure, net and crude" = risk),
        stats::setNames(list(comparison$table), paste("Comparison by", by %||% "nothing")), list(
        "Table of modes" = table_of_modes(risk_by_mode, risk, patients, modes$labels, at, conf.level, incidence_type),
        "Risk by mode of failure" = risk_by_mode,
        "Competing ends" = crude[crude$cause != "failure", ],
        "Amputation as failure" = survival_at(sensitivity, times),
        "Rate of failure per 100 years" = rate,
        "Ends of follow-up" = count_table(patients$data, by,
                                          lapply(stats::setNames(nm = end_levels), function(e) patients$data$end == e),
                                          "end", conf.level),
        "Follow-up" = tidy(followup),
        "Completeness of follow-up" = complete$table,
        "What the lost could change" = lost$table))
    new_outcome(
        "reconstruction_survival", "Survival of the reconstruction and modes of failure", cohort,
        Filter(Negate(is.null), tables),
        c(list(survival = survival, incidence = incidence, modes = by_mode, followup = followup), comparison$results,
          if (!is.null(lost$result)) list(lost = lost$result)),
        cohort_card(cohort, endpoint = "failure of the reconstruction (`end` is failure)",
                    measure = paste("net: probability of failure if nobody died or lost the limb;",
                                    "crude: probability that failure is observed"),
                    censoring = paste0("at the last contact of those censored or lost, assumed independent of failure",
                                       if (!is.null(lost$table)) " (bounded without that assumption for those lost)"),
                    competing = "death and amputation: censored in the net risk, competing in the crude risk"),
        methods = paste("Failure-free survival was estimated by the product-limit method, death and amputation censored",
                        "(net), and the incidence of failure and of each of its modes by the Aalen-Johansen method with",
                        "death and amputation competing (crude), with",
                        conf_type_text[[survival$conf.type]], "and", paste0(incidence_conf_text[[incidence_type]], ";"),
                        "follow-up by the reverse Kaplan-Meier method; rates with exact Poisson intervals.",
                        comparison$methods, complete$methods, lost$methods),
        references = c(survival$references, incidence$references, followup$references,
                       "Garwood (1936) Biometrika 28:437", comparison$references, complete$references, lost$references),
        notes = c(patients$notes, modes$notes, survival$notes, unestimable_note(net), no_time_note(rate),
                  sprintf(paste("Table of modes: x counts the failures of the whole follow-up, the risks are those by %s",
                                "months."), format(at)),
                  comparison$notes, complete$notes, lost$notes),
        times = times, conf.level = conf.level)
}

end_levels <- c("censored", "lost", "failure", "death", "amputation")

net_and_crude <- function(net, crude) {
    as_frame(list(strata = net$strata, time = net$time, n.risk = net$n.risk, net = 1 - net$estimate,
                  net.low = 1 - net$conf.high, net.high = 1 - net$conf.low, crude = crude$estimate,
                  crude.low = crude$conf.low, crude.high = crude$conf.high))
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
