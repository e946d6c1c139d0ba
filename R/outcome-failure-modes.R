# What ended each reconstruction, by the schemes of failure modes, and the risk of each mode, net and crude.

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

#' The modes, their groups and any failure, side by side
#'
#' @param rows From `mode_table()`, with `time` among its times.
#' @param risk From `net_and_crude()`, with `time` among its times.
#' @param labels Modes of the scheme.
#' @param time One time.
#' @inheritParams mode_table
#' @return Data frame, a row for each stratum and mode, then group of modes, then any failure: `strata`, `mode`, `x` (failures,
#'   at whatever time), `n`, `time`, `n.risk`, `net`, `crude` with limits.
#' @noRd
table_of_modes <- function(rows, risk, patients, labels, time, conf.level, incidence_type) {
    groups <- mode_groups(labels)
    grouped <- patients
    grouped$data$cause <- grouped_cause(patients$data$cause, groups)
    collapsed <- unique(unname(groups[!is.na(groups)]))
    by_group <- if (length(collapsed)) {
        data <- grouped$data[grouped$observed, ]
        fit <- cumulative_incidence(followup_formula(grouped, "cause"), data, incidence_type, conf.level)
        mode_table(fit, grouped, collapsed, time, conf.level)
    }
    any <- risk[risk$time == time, ]
    any <- as_frame(c(list(strata = any$strata, mode = rep("any failure", nrow(any))), as.list(any[-1])))
    shared <- names(any)
    out <- rbind(rows[rows$time == time, shared], by_group[shared], any)
    strata <- stratum_of(patients$data, patients$by)
    cause <- as.character(patients$data$cause)
    group <- as.character(grouped$data$cause)
    failed <- patients$data$failed == 1
    counted <- vapply(seq_len(nrow(out)), function(i) {
        one <- strata == out$strata[i] & failed
        sum(one & (cause == out$mode[i] | group == out$mode[i] | out$mode[i] == "any failure"))
    }, 0L)
    size <- vapply(out$strata, function(one) sum(strata == one), 0L, USE.NAMES = FALSE)
    out <- as_frame(c(list(strata = out$strata, mode = out$mode, x = counted, n = size), as.list(out[-(1:2)])))
    out <- out[order(match(out$strata, unique(out$strata))), ]
    row.names(out) <- NULL
    out
}

# Group of each mode, by its label; NA for a label that is no mode of a scheme (groups themselves, "mode not stated").
mode_groups <- function(labels) {
    table <- osseosurv::failure_modes
    stats::setNames(table$group[match(labels, paste(table$mode, table$label))], labels)
}

grouped_cause <- function(cause, groups) {
    levels <- levels(cause)
    grouped <- groups[levels]
    grouped <- ifelse(is.na(grouped), levels, grouped)
    factor(grouped[as.integer(cause)], unique(grouped))
}

# The last of the times up to which every stratum was followed, or the first where there is none.
common_time <- function(net, times) {
    known <- vapply(times, function(time) !anyNA(net$estimate[net$time == time]), NA)
    if (any(known)) max(times[known]) else min(times)
}
