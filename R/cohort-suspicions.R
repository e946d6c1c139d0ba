# Suspicions: values that break no rule but that a careful data manager would ask about. Each rule is an
# entry of `suspicion_rules`: what is asked (`text`), whether cohort() warns at once (`alert`), and `find`,
# which takes the cohort and returns rows made by suspect(), or NULL.

suspect <- function(table, rows, column, value) {
    if (!length(rows)) return(NULL)
    data.frame(table = table, row = as.integer(rows), column = column, value = as.character(value))
}

find_suspicions <- function(x) {
    found <- lapply(names(suspicion_rules), function(rule) {
        rows <- suspicion_rules[[rule]]$find(x)
        if (is.null(rows) || !nrow(rows)) return(NULL)
        cbind(rows, rule = rule, text = suspicion_rules[[rule]]$text)
    })
    none <- data.frame(table = character(), row = integer(), column = character(), value = character(),
                       rule = character(), text = character())
    found <- do.call(rbind, c(list(none), found))
    rownames(found) <- NULL
    found
}

# Rows of `patients` that rows of another table belong to.
owner <- function(x, table) match(x[[table]]$reconstruction, x$patients$reconstruction)

has <- function(x, table, columns) {
    !is.null(x[[table]]) && nrow(x[[table]]) > 0 && all(columns %in% names(x[[table]]))
}

# Text that says infection of the prosthesis, not of a pin tract.
deep_infection_text <- function(x) {
    grepl("infect", x, ignore.case = TRUE) & !grepl("pin|superficial", x, ignore.case = TRUE)
}

marker_ranges <- utils::read.table(sep = "|", header = TRUE, strip.white = TRUE, text = "
marker | unit   | low | high
WBC    | 10^9/L | 0.1 | 100
CRP    | mg/L   | 0   | 600
ESR    | mm/h   | 0   | 200
")

outside_suspicion <- function(x, column, low, high) {
    value <- x$patients[[column]]
    if (!is.numeric(value)) return(NULL)
    rows <- which(value < low | value > high)
    suspect("patients", rows, column, shown(value[rows]))
}

suspicion_rules <- list(
    days_for_months = list(
        text = "more than 600 months (50 years): days given for months?", alert = TRUE,
        find = function(x) {
            spec <- cohort_contract[cohort_contract$type %in% c("month", "month_or_never"), ]
            do.call(rbind, lapply(seq_len(nrow(spec)), function(i) {
                if (spec$table[i] == "interfaces" && !is.null(x$visits)) return(NULL)
                value <- x[[spec$table[i]]][[spec$column[i]]]
                rows <- which(is.finite(value) & value > 600)
                suspect(spec$table[i], rows, spec$column[i], shown(value[rows]))
            }))
        }
    ),
    years_for_months = list(
        text = "no follow-up reaches 15 months, but events come much later: years given for months?",
        alert = TRUE,
        find = function(x) {
            followup <- x$patients$followup_mo
            last <- c(x$interfaces$left_mo, x$infections$onset_left_mo, x$complications$onset_mo)
            late <- length(last) && any(last > 2 * max(followup), na.rm = TRUE)
            if (max(followup) < 15 && late) suspect("patients", NA, "followup_mo", shown(max(followup)))
        }
    ),
    text_total = list(
        text = "a stated total does not match the rows", alert = FALSE,
        find = function(x) unmatched_totals(x)
    ),
    short_followup_excluded = list(
        text = "no follow-up under a year: were patients with less, and their early failures, left out?",
        alert = FALSE,
        find = function(x) {
            followup <- x$patients$followup_mo
            if (length(followup) >= 5 && min(followup) >= 12) {
                suspect("patients", NA, "followup_mo", sprintf("shortest %s", shown(min(followup))))
            }
        }
    ),
    no_followup = list(
        text = "follow-up of 0 months", alert = FALSE,
        find = function(x) {
            rows <- which(x$patients$followup_mo == 0)
            suspect("patients", rows, "followup_mo", rep("0", length(rows)))
        }
    ),
    fixation_without_fixator = list(
        text = "a time in an external fixator although the bone was continuous or no fixator is recorded",
        alert = FALSE,
        find = function(x) {
            p <- x$patients
            if (is.null(p$external_fixation_days)) return(NULL)
            without <- rep(FALSE, nrow(p))
            if (!is.null(p$defect_type)) without <- without | p$defect_type %in% "shape-structural"
            if (!is.null(p$external_fixator)) {
                without <- without | toupper(as.character(p$external_fixator)) %in% c("FALSE", "0", "NO")
            }
            rows <- which(without & p$external_fixation_days > 0)
            suspect("patients", rows, "external_fixation_days", shown(p$external_fixation_days[rows]))
        }
    ),
    fixation_outlasts_interval = list(
        text = "longer in the external fixator than the time between the stages", alert = FALSE,
        find = function(x) {
            p <- x$patients
            rows <- which(p$external_fixation_days > p$stage_interval_days)
            suspect("patients", rows, "external_fixation_days",
                    sprintf("%s against %s days", shown(p$external_fixation_days[rows]),
                            shown(p$stage_interval_days[rows])))
        }
    ),
    weeks_for_days = list(
        text = "less than two weeks between the stages: weeks given for days?", alert = FALSE,
        find = function(x) outside_suspicion(x, "stage_interval_days", 14, Inf)
    ),
    bmi_range = list(
        text = "body mass index outside 10 to 70 kg/m2", alert = FALSE,
        find = function(x) outside_suspicion(x, "bmi", 10, 70)
    ),
    age_range = list(
        text = "age outside 1 to 105 years", alert = FALSE,
        find = function(x) outside_suspicion(x, "age", 1, 105)
    ),
    defect_range = list(
        text = "defect of 0 or more than 60 cm: millimetres given for centimetres?", alert = FALSE,
        find = function(x) outside_suspicion(x, "defect_cm", 1e-9, 60)
    ),
    failure_without_mode = list(
        text = "a failure without its mode", alert = FALSE,
        find = function(x) {
            mode <- x$patients$failure_mode %||% rep(NA, nrow(x$patients))
            rows <- which(x$patients$end == "failure" & is.na(mode))
            suspect("patients", rows, "failure_mode", rep("NA", length(rows)))
        }
    ),
    schemes_mixed = list(
        text = "failure modes of different schemes in one cohort", alert = FALSE,
        find = function(x) {
            used <- unique(x$patients$scheme[!is.na(x$patients$failure_mode)])
            if (length(used) > 1) suspect("patients", NA, "scheme", paste(used, collapse = ", "))
        }
    ),
    infection_mode_without_episode = list(
        text = "failed by infection, but no row of `infections` or `findings`", alert = FALSE,
        find = function(x) {
            if (!has(x, "patients", c("failure_mode"))) return(NULL)
            if (is.null(x$infections) && is.null(x$findings)) return(NULL)
            infected <- c(x$infections$reconstruction, x$findings$reconstruction)
            rows <- which(x$patients$failure_mode == 4 & !x$patients$reconstruction %in% infected)
            suspect("patients", rows, "failure_mode", rep("4", length(rows)))
        }
    ),
    union_before_eradication = list(
        text = "union before the infection was eradicated", alert = FALSE,
        find = function(x) {
            if (!has(x, "interfaces", "right_mo") || !has(x, "infections", "onset_left_mo")) return(NULL)
            over <- x$infections$resolved_mo %||% rep(NA_real_, nrow(x$infections))
            over[is.na(over)] <- Inf
            pairs <- merge(
                data.frame(reconstruction = x$interfaces$reconstruction, i = seq_len(nrow(x$interfaces)),
                           union = x$interfaces$right_mo),
                data.frame(reconstruction = x$infections$reconstruction, began = x$infections$onset_right_mo,
                           over = over)
            )
            during <- is.finite(pairs$union) & pairs$union > pairs$began & pairs$union <= pairs$over
            rows <- sort(unique(pairs$i[during]))
            suspect("interfaces", rows, "right_mo", shown(x$interfaces$right_mo[rows]))
        }
    ),
    film_after_followup = list(
        text = "a film after the end of follow-up", alert = FALSE,
        find = function(x) {
            if (!is.null(x$visits)) return(late_suspicion(x, "visits", "month"))
            rbind(late_suspicion(x, "interfaces", "left_mo"), late_suspicion(x, "interfaces", "right_mo"))
        }
    ),
    union_dated_exactly = list(
        text = "union dated to a day: films show it only between two visits", alert = FALSE,
        find = function(x) {
            if (!is.null(x$visits)) return(NULL)
            rows <- which(x$interfaces$left_mo == x$interfaces$right_mo)
            suspect("interfaces", rows, "left_mo", shown(x$interfaces$left_mo[rows]))
        }
    ),
    one_interface = list(
        text = "only one interface of the reconstruction is there", alert = FALSE,
        find = function(x) {
            if (!has(x, "interfaces", "interface")) return(NULL)
            id <- x$interfaces$reconstruction
            alone <- which(!id %in% id[duplicated(id)])
            rows <- if (is.null(x$visits)) alone else match(id[alone], x$visits$reconstruction)
            suspect(if (is.null(x$visits)) "interfaces" else "visits", rows, "interface",
                    as.character(x$interfaces$interface[alone]))
        }
    ),
    no_interface = list(
        text = "a reconstruction without any row about its interfaces", alert = FALSE,
        find = function(x) {
            if (is.null(x$interfaces)) return(NULL)
            rows <- which(!x$patients$reconstruction %in% x$interfaces$reconstruction)
            suspect("patients", rows, "reconstruction", x$patients$reconstruction[rows])
        }
    ),
    contradictory_films = list(
        text = "no union here, but on a film at or before it; the interval ends at the first film with union",
        alert = FALSE,
        find = function(x) {
            if (is.null(x$visits)) return(NULL)
            rows <- contradictory_visits(film_series(x$visits))
            suspect("visits", rows, "union", sprintf("0 at month %s", shown(x$visits$month[rows])))
        }
    ),
    film_repeated = list(
        text = "the same film twice", alert = FALSE,
        find = function(x) {
            if (is.null(x$visits)) return(NULL)
            rows <- which(duplicated(x$visits[c("reconstruction", "interface", "month", "union")]))
            suspect("visits", rows, "month", shown(x$visits$month[rows]))
        }
    ),
    event_after_followup = list(
        text = "begins after the end of follow-up", alert = FALSE,
        find = function(x) {
            rbind(late_suspicion(x, "infections", "onset_left_mo"), late_suspicion(x, "findings", "month"),
                  late_suspicion(x, "complications", "onset_mo"))
        }
    ),
    episodes_overlap = list(
        text = "an episode of infection begins before the one before it was resolved", alert = FALSE,
        find = function(x) {
            e <- x$infections
            if (is.null(e) || nrow(e) < 2) return(NULL)
            order <- order(e$reconstruction, e$onset_left_mo)
            over <- (e$resolved_mo %||% rep(NA_real_, nrow(e)))[order]
            over[is.na(over)] <- Inf
            next_one <- order[-1]
            same <- e$reconstruction[next_one] == e$reconstruction[order[-length(order)]]
            rows <- sort(next_one[same & e$onset_right_mo[next_one] < over[-length(over)]])
            suspect("infections", rows, "onset_right_mo", shown(e$onset_right_mo[rows]))
        }
    ),
    removed_without_failure = list(
        text = "the prosthesis was not retained, but the reconstruction did not end as failure or amputation",
        alert = FALSE,
        find = function(x) {
            if (!has(x, "infections", "retained")) return(NULL)
            end <- as.character(x$patients$end[owner(x, "infections")])
            rows <- which(x$infections$retained %in% FALSE & !end %in% c("failure", "amputation"))
            suspect("infections", rows, "retained", sprintf("FALSE with end %s", end[rows]))
        }
    ),
    infection_only_as_complication = list(
        text = "a deep infection among the complications, but no row of `infections` or `findings`",
        alert = FALSE,
        find = function(x) {
            if (!has(x, "complications", "complication")) return(NULL)
            infected <- c(x$infections$reconstruction, x$findings$reconstruction)
            rows <- which(deep_infection_text(x$complications$complication) &
                              !x$complications$reconstruction %in% infected)
            suspect("complications", rows, "complication", as.character(x$complications$complication[rows]))
        }
    ),
    lab_units_mixed = list(
        text = "one marker in several units", alert = FALSE,
        find = function(x) {
            if (!has(x, "labs", "unit")) return(NULL)
            units <- lapply(split(as.character(x$labs$unit), as.character(x$labs$marker)),
                            function(unit) unique(unit[!is.na(unit)]))
            mixed <- units[lengths(units) > 1]
            suspect("labs", rep(NA, length(mixed)), "unit",
                    sprintf("%s: %s", names(mixed), vapply(mixed, paste, "", collapse = ", ")))
        }
    ),
    lab_range = list(
        text = "outside what this marker can be in this unit", alert = FALSE,
        find = function(x) {
            if (!has(x, "labs", "unit")) return(NULL)
            known <- match(paste(x$labs$marker, x$labs$unit), paste(marker_ranges$marker, marker_ranges$unit))
            rows <- which(x$labs$value < marker_ranges$low[known] | x$labs$value > marker_ranges$high[known])
            suspect("labs", rows, "value",
                    paste(x$labs$marker[rows], shown(x$labs$value[rows]), x$labs$unit[rows]))
        }
    ),
    lab_repeated = list(
        text = "a marker measured twice at one stage", alert = FALSE,
        find = function(x) {
            if (!has(x, "labs", c("marker", "stage"))) return(NULL)
            rows <- which(duplicated(x$labs[c("reconstruction", "marker", "stage")]))
            suspect("labs", rows, "marker", paste(x$labs$marker[rows], "stage", x$labs$stage[rows]))
        }
    ),
    spellings = list(
        text = "spellings that differ only in capitals or blanks", alert = FALSE,
        find = function(x) {
            tables <- setdiff(cohort_tables, "totals")
            do.call(rbind, lapply(tables, function(table) spelling_suspicion(x, table)))
        }
    ),
    not_read = list(
        text = "no table has this name; it was not read", alert = FALSE,
        find = function(x) suspect("", rep(NA, length(x$not_read)), NA, x$not_read)
    )
)

late_suspicion <- function(x, table, column) {
    if (!has(x, table, column)) return(NULL)
    value <- x[[table]][[column]]
    end <- x$patients$followup_mo[owner(x, table)]
    # A day's rounding of months is no contradiction.
    rows <- which(is.finite(value) & value > end + 1 / days_per_month)
    suspect(table, rows, column, sprintf("%s against %s", shown(value[rows]), shown(end[rows])))
}

spelling_suspicion <- function(x, table) {
    if (is.null(x[[table]])) return(NULL)
    do.call(rbind, lapply(names(x[[table]]), function(column) {
        value <- as_text(x[[table]][[column]])
        if (!is.character(value)) return(NULL)
        value <- unique(value[!is.na(value)])
        plain <- gsub("[[:space:]]+", " ", trimws(tolower(value)))
        twins <- value[plain %in% plain[duplicated(plain)]]
        if (length(twins)) suspect(table, NA, column, paste0("\"", twins, "\"", collapse = ", "))
    }))
}

# Totals as printed against the rows: equal within half a unit of the last printed digit.
unmatched_totals <- function(x) {
    totals <- x$totals
    if (is.null(totals)) return(NULL)
    do.call(rbind, lapply(seq_len(nrow(totals)), function(i) {
        found <- row_total(x[[totals$table[i]]], totals$column[i], totals$statistic[i], totals$level[i])
        stated <- suppressWarnings(as.numeric(totals$stated[i]))
        if (is.na(found) || is.na(stated)) return(NULL)
        digits <- nchar(sub("^[^.]*[.]?", "", as.character(totals$stated[i])))
        if (abs(found - stated) <= 0.5 * 10^-digits * (1 + 1e-9)) return(NULL)
        suspect("totals", i, totals$column[i],
                sprintf("%s of `%s` stated %s, rows give %s", totals$statistic[i], totals$column[i],
                        totals$stated[i], format(found, digits = 4)))
    }))
}

# NA where the rows cannot tell: no such column, or no value in it.
row_total <- function(data, column, statistic, level) {
    value <- as_text(data[[column]])
    if (statistic == "rows") return(if (is.null(data)) NA else nrow(data))
    if (is.null(value) || all(is.na(value))) return(NA)
    if (statistic == "count") {
        counted <- if (is.null(level) || is.na(level)) !is.na(value) else as.character(value) %in% level
        return(sum(counted))
    }
    if (!is.numeric(value) || anyNA(value)) return(NA)
    match.fun(statistic)(value)
}
