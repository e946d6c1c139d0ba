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
    first <- first_infections(patients, episodes)
    incidence <- first_incidence(patients, first$latest, conf.level)
    earliest <- incidence_at(first_incidence(patients, first$earliest, conf.level), times)
    risk <- incidence_at(incidence, times)
    risk <- risk[risk$cause == "infection", names(risk) != "cause"]
    risk$earliest <- earliest$estimate[earliest$cause == "infection"]

    tables <- list("Rate of infection per 100 years" = infection_rate(patients, episodes, conf.level),
                   "Risk of a first infection" = risk,
                   "Episodes" = episodes$table,
                   "Organisms" = organism_table(cohort, patients, conf.level),
                   "Laboratory markers" = marker_table(cohort, patients, conf.level))
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
        references = c("Garwood (1936) Biometrika 28:437", incidence$references,
                       "Pratt (1959) J Am Stat Assoc 54:655"),
        notes = c(patients$notes, episodes$notes, first$notes, unestimable_note(risk),
                  sprintf("No table \"%s\": the cohort has no %s.", names(tables)[absent], wanted[names(tables)[absent]])),
        labs = if (!absent[["Laboratory markers"]]) cohort$labs, times = times, conf.level = conf.level)
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

infection_rate <- function(patients, episodes, conf.level) {
    data <- patients$data
    levels <- stratum_levels(data, patients$by)
    strata <- factor(stratum_of(data, patients$by), levels)
    of <- strata[match(episodes$table$reconstruction, data$reconstruction)]
    events <- as.vector(table(of))
    years <- reconstruction_years(data, strata)
    bind_rows(lapply(c("garwood", "mid-p"), function(method) {
        rows <- rate_rows(levels, events, years, conf.level, method)
        as_frame(c(list(strata = rows$strata, method = rep(method, nrow(rows))), as.list(rows[-1])))
    }))
}

# Time and kind of what came first, with the onset at either end of its interval.
first_infections <- function(patients, episodes) {
    data <- patients$data
    table <- episodes$table
    ends <- c("censored", "lost")
    place <- function(onset) {
        first <- tapply(onset, factor(table$reconstruction, data$reconstruction), min)
        first <- as.vector(first)
        infected <- !is.na(first) & first <= data$followup_mo
        data$first_mo <- ifelse(infected, first, data$followup_mo)
        data$first <- factor(ifelse(infected, "infection", ifelse(data$end %in% ends, "censored", as.character(data$end))),
                             c("censored", "infection", "failure", "death", "amputation"))
        data
    }
    late <- sum(table$onset_left_mo > data$followup_mo[match(table$reconstruction, data$reconstruction)])
    widest <- if (nrow(table)) max(table$onset_right_mo - table$onset_left_mo) else 0
    list(latest = place(table$onset_right_mo), earliest = place(table$onset_left_mo),
         notes = c(if (widest > 0) sprintf("Onset is known to within %s months at worst.", format(widest, digits = 2)),
                   if (late) sprintf("%d episode%s after the end of follow-up not counted as a first infection.", late,
                                     plural_s(late))))
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

marker_table <- function(cohort, patients, conf.level) {
    labs <- cohort$labs
    labs <- labs[labs$reconstruction %in% patients$data$reconstruction, , drop = FALSE]
    if (is.null(labs) || !nrow(labs)) return(NULL)
    rows <- lapply(unique(labs$marker), function(marker) {
        one <- labs[labs$marker == marker, ]
        stages <- sort(unique(one$stage))
        if (length(stages) < 2) return(NULL)
        value <- function(stage) {
            at <- one[one$stage == stage, ]
            at$value[match(patients$data$reconstruction, at$reconstruction)]
        }
        before <- value(stages[1])
        after <- value(stages[length(stages)])
        pairs <- !is.na(before) & !is.na(after)
        if (!any(pairs)) return(NULL)
        change <- tidy(paired_change(before[pairs], after[pairs], conf.level = conf.level))
        as_frame(list(marker = marker, unit = (one$unit %||% NA)[1], from = stages[1], to = stages[length(stages)],
                      n = sum(pairs), median.before = stats::median(before[pairs]), median.after = stats::median(after[pairs]),
                      estimate = change$estimate, conf.low = change$conf.low, conf.high = change$conf.high,
                      p.value = change$p.value))
    })
    do.call(rbind, rows)
}
