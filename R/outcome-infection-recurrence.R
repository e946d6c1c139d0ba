#' How often infection comes back
#'
#' Rate of deep infection after implantation per 100 reconstruction-years, the observed risk of a first infection, the
#' episodes, the organisms, and the laboratory markers from the first to the last stage.
#'
#' The onset of an episode is known in (`onset_left_mo`, `onset_right_mo`]. The risk of a first infection is computed with
#' the onset at the right end of its interval and, as `earliest`, at the left end; where the two differ the truth lies
#' between. Failure, death and amputation compete with a first infection.
#'
#' @inheritParams reconstruction_survival
#' @return An outcome. `$tables`: "Rate of infection per 100 years" (two methods, exact and mid-p), "Risk of a first
#'   infection" (`estimate` crude, exact limits, `earliest`), "Episodes", "Organisms" (reconstructions with each, exact
#'   intervals), "Laboratory markers" (last stage minus first, Hodges-Lehmann `estimate` with exact interval and exact
#'   signed-rank `p.value`). Tables whose data the cohort lacks are left out, and a note says what to collect.
#' @section Errors: `osseosurv_invalid` if the cohort has neither `infections` nor `findings`.
#' @seealso [rate_ci()], [cumulative_incidence()], [paired_change()].
#' @examples
#' infection_recurrence(masquelet_femur)
#' @export
infection_recurrence <- function(cohort, by = NULL, times = c(12, 24, 36, 60), conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    times <- check_times(times)
    cohort_needs(cohort, c("infections", "findings"), purpose = "the recurrence of infection")
    patients <- outcome_patients(cohort, by)
    episodes <- infection_episodes(cohort, patients)
    first <- first_infections(patients, episodes$table)
    rate <- infection_rate(patients, episodes$table, conf.level)
    markers <- marker_table(cohort, patients, conf.level)
    incidence <- first_incidence(patients, first$latest, conf.level)
    earliest <- incidence_at(first_incidence(patients, first$earliest, conf.level), times)
    risk <- incidence_at(incidence, times)
    risk <- risk[risk$cause == "infection", names(risk) != "cause"]
    risk$earliest <- earliest$estimate[earliest$cause == "infection"]

    tables <- list("Rate of infection per 100 years" = rate$table,
                   "Risk of a first infection" = risk,
                   "Episodes" = episodes$table,
                   "Organisms" = organism_table(cohort, patients, conf.level),
                   "Laboratory markers" = markers$table)
    absent <- vapply(tables, is.null, NA)
    wanted <- c("Organisms" = "`organism` in `patients` or `infections`",
                "Laboratory markers" = "`labs` with two stages of a marker")
    new_outcome(
        "infection_recurrence", "Recurrence of infection", cohort, tables[!absent],
        list(incidence = incidence),
        cohort_card(cohort, endpoint = "deep infection of the reconstruction after implantation",
                    measure = paste("episodes per 100 reconstruction-years; probability that a first infection is observed",
                                    "by a time (crude)"),
                    censoring = "at the end of follow-up, assumed independent of infection",
                    competing = "failure, death and amputation compete with a first infection"),
        methods = paste("Infections are given per 100 reconstruction-years with exact and mid-p Poisson intervals, and as",
                        "the cumulative incidence of a first infection with failure, death and amputation competing, with",
                        paste0(incidence_conf_text[[incidence$conf.type]], "."),
                        "Laboratory markers were compared within the patient by the exact signed-rank test with the",
                        "Hodges-Lehmann estimate and its exact interval."),
        references = c("Garwood (1936) Biometrika 28:437", "Cohen and Yang (1994) Stat Med 13:2189", incidence$references,
                       "Pratt (1959) J Am Stat Assoc 54:655", "Hodges and Lehmann (1963) Ann Math Stat 34:598"),
        notes = c(patients$notes, episodes$notes, first$notes, rate$notes, markers$notes, unestimable_note(risk),
                  if (!is.null(by) && !all(absent[c("Organisms", "Laboratory markers")])) {
                      "Organisms and laboratory markers are those of all reconstructions analysed, not by group."
                  },
                  sprintf("No table \"%s\": the cohort has no %s.", names(tables)[absent], wanted[names(tables)[absent]])),
        labs = if (!absent[["Laboratory markers"]]) cohort$labs[cohort$labs$marker %in% markers$table$marker, ], times = times, conf.level = conf.level)
}

# Episodes of the patients analysed; of findings only the first of a reconstruction counts as one.
infection_episodes <- function(cohort, patients) {
    notes <- character()
    if (is.null(cohort$infections)) {
        found <- cohort$findings[order(cohort$findings$month), ]
        table <- found[!duplicated(found$reconstruction), ]
        table <- as_frame(list(reconstruction = table$reconstruction, onset_left_mo = table$month,
                               onset_right_mo = table$month, organism = table$organism %||% rep(NA_character_, nrow(table))))
        if (nrow(found) > nrow(table)) {
            notes <- sprintf(paste("%d findings of %d reconstructions: only the first of each is counted, since when an",
                                   "episode ended is not recorded."), nrow(found), nrow(table))
        }
    } else {
        table <- cohort$infections
    }
    table <- table[table$reconstruction %in% patients$data$reconstruction,
                   intersect(contract_of("infections")$column, names(table)), drop = FALSE]
    rownames(table) <- NULL
    list(table = table, notes = notes)
}

# Episodes that can have begun while their reconstruction was under observation, per time under observation.
infection_rate <- function(patients, episodes, conf.level) {
    data <- patients$data
    levels <- stratum_levels(data, patients$by)
    strata <- factor(stratum_of(data, patients$by), levels)
    owner <- match(episodes$reconstruction, data$reconstruction)
    before <- data$entry_mo[owner] > 0 & episodes$onset_right_mo <= data$entry_mo[owner]
    after <- episodes$onset_left_mo > data$followup_mo[owner]
    events <- as.vector(table(strata[owner[!before & !after]]))
    years <- reconstruction_years(data, strata)
    table <- bind_rows(lapply(c("garwood", "mid-p"), function(method) {
        rows <- rate_rows(levels, events, years, conf.level, method)
        as_frame(c(list(strata = rows$strata, method = rep(method, nrow(rows))), as.list(rows[-1])))
    }))
    count <- function(outside, when) {
        if (any(outside)) sprintf("%d episode%s %s not counted in the rate.", sum(outside), plural_s(sum(outside)), when)
    }
    list(table = table, notes = c(count(before, "before entry"), count(after, "after the end of follow-up"),
                                  no_time_note(table)))
}

#' What came first, with the onset at either end of its interval
#'
#' @param patients From outcome_patients().
#' @param episodes Data frame of episodes.
#' @return List: `latest`, `earliest`, patients of the curves with `first_mo` and `first` (a factor: censored, infection,
#'   failure, death, amputation); `notes`.
#' @noRd
first_infections <- function(patients, episodes) {
    data <- patients$data[patients$observed, ]
    ends <- c("censored", "lost")
    first_of <- function(onset) {
        as.vector(tapply(onset, factor(episodes$reconstruction, data$reconstruction), min))
    }
    latest <- first_of(episodes$onset_right_mo)
    earliest <- first_of(episodes$onset_left_mo)
    # Infected when observation began: no longer at risk of a first infection.
    already <- patients$truncated & !is.na(earliest) & earliest <= data$entry_mo
    if (all(already)) {
        abort_invalid("Every reconstruction was infected before its `entry_mo`: none is at risk of a first infection.",
                      "cohort")
    }
    place <- function(first) {
        infected <- !is.na(first) & first <= data$followup_mo
        data$first_mo <- ifelse(infected, first, data$followup_mo)
        data$first <- factor(ifelse(infected, "infection", ifelse(data$end %in% ends, "censored", as.character(data$end))),
                             c("censored", "infection", "failure", "death", "amputation"))
        data[!already, ]
    }
    end <- data$followup_mo[match(episodes$reconstruction, data$reconstruction)]
    late <- sum(episodes$onset_left_mo > end, na.rm = TRUE)
    astride <- sum(episodes$onset_left_mo <= end & episodes$onset_right_mo > end, na.rm = TRUE)
    widest <- if (nrow(episodes)) max(episodes$onset_right_mo - episodes$onset_left_mo) else 0
    list(latest = place(latest), earliest = place(earliest),
         notes = c(if (widest > 0) sprintf("Onset is known to within %s months at worst.", format(widest, digits = 2)),
                   if (any(already)) {
                       sprintf(paste("%d reconstruction%s that may have been infected before entry left out of the risk of",
                                     "a first infection."), sum(already), plural_s(sum(already)))
                   },
                   if (late) sprintf("%d episode%s after the end of follow-up not counted as a first infection.", late,
                                     plural_s(late)),
                   if (astride) {
                       sprintf(paste("%d episode%s first seen after the end of follow-up, begun before or after it: counted",
                                     "in the rate and in `earliest`, not in `estimate`."), astride, plural_s(astride))
                   }))
}

first_incidence <- function(patients, data, conf.level) {
    patients$data <- data
    cumulative_incidence(followup_formula(patients, "first", "first_mo"), data,
                         if (patients$truncated) "log-log" else "exact", conf.level)
}

organism_table <- function(cohort, patients, conf.level) {
    data <- patients$data
    index <- if (is.null(data$organism)) NULL else split_list(data$organism, data$reconstruction, "before implantation")
    later <- cohort$infections %||% cohort$findings
    later <- if (is.null(later$organism)) NULL else split_list(later$organism, later$reconstruction, "at recurrence")
    found <- rbind(index, later)
    found <- found[found$reconstruction %in% data$reconstruction, , drop = FALSE]
    if (is.null(found) || !nrow(found)) return(NULL)
    found <- unique(found)
    counts <- as.data.frame(table(when = found$when, organism = found$item), responseName = "x", stringsAsFactors = FALSE)
    counts <- counts[counts$x > 0, ]
    known <- tapply(found$reconstruction, found$when, function(r) length(unique(r)))
    counts$n <- as.vector(known[counts$when])
    counts <- counts[order(counts$when != "before implantation", -counts$x, counts$organism), ]
    interval <- tidy(proportion_ci(counts$x, counts$n, conf.level = conf.level))
    as_frame(list(when = counts$when, organism = counts$organism, x = counts$x, n = counts$n,
                  estimate = interval$estimate, conf.low = interval$conf.low, conf.high = interval$conf.high))
}

# "a; b" of one row becomes two rows.
split_list <- function(text, reconstruction, when) {
    keep <- !is.na(text)
    parts <- strsplit(text[keep], "; *")
    if (!length(parts)) return(NULL)
    data.frame(reconstruction = rep(reconstruction[keep], lengths(parts)), item = unlist(parts), when = when)
}

# Last stage minus first, per marker. List of `table` (or NULL) and `notes`.
marker_table <- function(cohort, patients, conf.level) {
    labs <- cohort$labs
    labs <- labs[labs$reconstruction %in% patients$data$reconstruction & !is.na(labs$value), , drop = FALSE]
    if (is.null(labs) || !nrow(labs)) return(list(table = NULL, notes = NULL))
    rows <- lapply(unique(labs$marker), function(marker) {
        marker_change(marker, labs[labs$marker == marker, ], patients$data$reconstruction, conf.level)
    })
    list(table = do.call(rbind, lapply(rows, `[[`, "row")), notes = unlist(lapply(rows, `[[`, "notes")))
}

marker_change <- function(marker, one, reconstructions, conf.level) {
    note <- function(...) sprintf("%s: %s", marker, sprintf(...))
    units <- unique(one$unit[!is.na(one$unit)])
    if (length(units) > 1) {
        return(list(notes = note("in several units (%s) and left out; give it in one.", paste(units, collapse = ", "))))
    }
    stages <- stage_order(one$stage)
    if (length(stages) < 2) return(list(notes = note("measured at one stage only, so that there is no change.")))
    twice <- sum(duplicated(one[c("reconstruction", "stage")]))
    value <- function(stage) {
        at <- one[one$stage == stage, ]
        at$value[match(reconstructions, at$reconstruction)]
    }
    before <- value(stages[1])
    after <- value(stages[length(stages)])
    pairs <- !is.na(before) & !is.na(after)
    single <- sum(is.na(before) != is.na(after))
    notes <- c(if (twice) note("%d repeated measurement%s at one stage; the first in the table was taken.", twice, plural_s(twice)),
               if (single) note("%d reconstruction%s without one of the two values left out.", single, plural_s(single)))
    if (!any(pairs)) return(list(notes = notes))
    change <- tidy(paired_change(before[pairs], after[pairs], conf.level = conf.level))
    list(row = as_frame(list(
        marker = marker, unit = c(units, NA_character_)[1], from = stages[1], to = stages[length(stages)], n = sum(pairs),
        median.before = stats::median(before[pairs]), median.after = stats::median(after[pairs]),
        estimate = change$estimate, conf.low = change$conf.low, conf.high = change$conf.high, p.value = change$p.value)),
        notes = notes)
}

# Numbers in their order (2 before 10), other names by the alphabet.
stage_order <- function(stage) {
    stages <- sort(unique(stage), method = "radix")
    number <- suppressWarnings(as.numeric(stages))
    if (anyNA(number)) stages else stages[order(number)]
}
