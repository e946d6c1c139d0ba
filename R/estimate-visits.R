# From visits to intervals: the event came after the last visit without it and by the first visit with it.

visit_readings <- c("first", "confirmed", "widest", "refuse")

#' Intervals from visits
#'
#' What a series of visits says of the time of an event that, once there, stays: it came after the last visit without it
#' and by the first visit with it. Nothing is rounded to a visit, and visits that contradict each other are reported.
#'
#' A visit without the event after one with it contradicts it. `contradictory` says how such a series is read, and a
#' warning names the first row of each:
#'
#' * `"first"`: the event once seen stands; the later visits without it are not believed.
#' * `"confirmed"`: the event counts from the first visit after which no visit is without it; what was seen before is
#'   not believed. If the last visit is without it, it was not seen.
#' * `"widest"`: neither is believed: from the left end of the first reading to the right end of the second, which holds
#'   both.
#' * `"refuse"`: an error.
#'
#' Visits on one day with and without the event (two readers) contradict each other as well.
#'
#' Where an event can only count from some time on (`not_before`: union, once the infection is eradicated), the time
#' sought is the later of the two. If the event was there by then, that is `not_before` itself, known exactly
#' (`left == right`); if it never may count, it was not seen by the last visit; else the interval of the visits stands.
#'
#' @param visits Data frame, a row a visit, in any order.
#' @param id Names of the columns that together name a unit.
#' @param month Name of the column with the time of the visit: numbers >= 0, any unit.
#' @param seen Name of the column that says whether the event was seen: 0/1 or FALSE/TRUE; `NA` where the visit was missed
#'   or could not be read, which says nothing and only widens the interval.
#' @param contradictory How visits that contradict each other are read, as above.
#' @param not_before Name of a column with the time before which the event cannot count, one value a unit; `Inf` or `NA`:
#'   never. `NULL`: it always counts.
#' @param schedule Planned visits, in the unit of `month`, to count those missed; `NULL`: not counted.
#' @return Data frame, one row per unit in order of appearance: the `id` columns; `left`, `right` (the event lies in
#'   `(left, right]`, at `left` if both are equal; `left` 0: from the beginning, time 0 included; `right` `Inf`: not seen
#'   by the last visit); `visits` (number read), `missed` (visits with `NA`, or with `schedule` the planned times up to
#'   the last visit read that have no visit within half the distance to the next planned time), `contradictory` (number
#'   of visits without the event at or after one with it). A unit without a visit that could be read has `left` 0,
#'   `right` `Inf`: it says nothing.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for columns that are not there, times that are
#'   missing or negative, values other than 0 and 1, a `not_before` that differs within a unit, and with
#'   `contradictory = "refuse"` for the first contradiction.
#' @section Warnings: `osseosurv_contradictory` (an `osseosurv_warning`) for contradictions, `index` the rows.
#' @seealso [turnbull()], [interval_logrank_test()], [cohort()], which reads its table `visits` by `"first"` and lists
#'   contradictions among its suspicions.
#' @examples
#' films <- data.frame(reconstruction = c(1, 1, 1, 2, 2, 3), interface = "distal",
#'                     month = c(3, 6, 12, 3, 12, 6), union = c(0, 1, 1, 0, 0, 1))
#' intervals_from_visits(films)
#' intervals_from_visits(films, schedule = c(1, 3, 6, 12))
#' @export
intervals_from_visits <- function(visits, id = c("reconstruction", "interface"), month = "month", seen = "union",
                                  contradictory = "first", not_before = NULL, schedule = NULL) {
    check_choice(contradictory, "contradictory", visit_readings)
    series <- read_visits(visits, id, month, seen, not_before)
    against <- contradictory_visits(series)
    report_contradictory(against, contradictory)
    ends <- visit_ends(series, contradictory)
    if (!is.null(not_before)) ends <- not_earlier(series, ends)
    known <- !is.na(series$seen)
    as_frame(c(lapply(visits[id], `[`, series$first), ends, list(
        visits = tabulate(series$unit[known], series$n),
        missed = if (is.null(schedule)) tabulate(series$unit[!known], series$n) else missed_visits(series, schedule),
        contradictory = tabulate(series$unit[against], series$n))))
}

#' Visits by unit
#'
#' @return List: `unit` (1 .. n, by row, in order of appearance), `n`, `first` (first row of each unit), `time`, `seen`
#'   (0, 1, `NA`), `not_before` (by unit, or `NULL`).
#' @noRd
read_visits <- function(visits, id, month, seen, not_before = NULL) {
    if (!is.data.frame(visits)) {
        abort_invalid(sprintf("`visits` must be a data frame with a row a visit; got %s.", value_text(visits)), "visits")
    }
    if (!is.character(id) || !length(id) || anyNA(id)) {
        abort_invalid(sprintf("`id` must name the columns that name a unit; got %s.", value_text(id)), "id")
    }
    for (name in id) check_visit_column(name, "id", visits)
    check_visit_column(month, "month", visits)
    check_visit_column(seen, "seen", visits)
    time <- visits[[month]]
    if (!is_number(time)) abort_invalid(sprintf("`%s` must be numeric; got %s.", month, value_text(time)), month)
    bad <- which(!is.finite(time) | time < 0)
    if (length(bad)) {
        abort_invalid(sprintf("`%s` must be a finite number >= 0; row %d is %s.", month, bad[1], format(time[bad[1]])),
                      month, bad[1])
    }
    value <- visits[[seen]]
    bad <- if (is.logical(value)) integer() else if (!is_number(value)) seq_along(value)[1] else
        which(!is.na(value) & value != 0 & value != 1)
    if (length(bad) && !all(is.na(value))) {
        abort_invalid(sprintf("`%s` must be 0/1 or FALSE/TRUE (NA: not read); row %d is %s.", seen, bad[1],
                              format(value[bad[1]])), seen, bad[1])
    }
    for (name in id) {
        if (anyNA(visits[[name]])) {
            at <- which(is.na(visits[[name]]))[1]
            abort_invalid(sprintf("`%s` names the unit and must not be missing; row %d is NA.", name, at), name, at)
        }
    }
    unit <- unit_codes(visits[id])
    first <- which(!duplicated(unit))
    list(unit = unit, n = length(first), first = first, time = as.double(time), seen = as.integer(value),
         not_before = if (is.null(not_before)) NULL else read_not_before(visits, not_before, unit, first))
}

check_visit_column <- function(name, argument, visits) {
    if (!is.character(name) || length(name) != 1 || is.na(name) || !name %in% names(visits)) {
        abort_invalid(sprintf("`%s` must name a column of `visits` (%s); got %s.", argument,
                              paste(names(visits), collapse = ", "), value_text(name)), argument)
    }
}

# 1, 2, ... in order of appearance.
unit_codes <- function(columns) {
    code <- NULL
    for (column in columns) {
        one <- match(column, unique(column))
        joint <- if (is.null(code)) one else (code - 1) * max(one, 1L) + one
        code <- match(joint, unique(joint))
    }
    code
}

read_not_before <- function(visits, not_before, unit, first) {
    check_visit_column(not_before, "not_before", visits)
    value <- visits[[not_before]]
    if (!is_number(value) && !all(is.na(value))) {
        abort_invalid(sprintf("`%s` must be numeric; got %s.", not_before, value_text(value)), not_before)
    }
    value <- as.double(value)
    value[is.na(value)] <- Inf
    differs <- which(value != value[first][unit])
    if (length(differs)) {
        abort_invalid(sprintf("`%s` must be the same at all visits of a unit; row %d differs from row %d.", not_before,
                              differs[1], first[unit[differs[1]]]), not_before, differs[1])
    }
    value[first]
}

# Rows without the event at or after a visit of the same unit with it.
contradictory_visits <- function(series) {
    which(!is.na(series$seen) & series$seen == 0 & series$time >= first_with(series)[series$unit])
}

report_contradictory <- function(rows, contradictory) {
    if (!length(rows)) return(invisible())
    text <- sprintf("%d visit%s without the event at or after one with it (row%s %s)", length(rows),
                    if (length(rows) > 1) "s are" else " is", if (length(rows) > 1) "s" else "",
                    paste(c(utils::head(rows, 5), if (length(rows) > 5) "..."), collapse = ", "))
    if (contradictory == "refuse") {
        abort_invalid(paste0(text, ": correct the visits, or choose how to read them by `contradictory`."), "visits",
                      rows[1])
    }
    warn("contradictory", sprintf("%s; read by `contradictory` = \"%s\".", text, contradictory), "visits", rows)
}

# The ends of each unit's interval by a reading of its visits.
visit_ends <- function(series, contradictory) {
    first <- first_with(series)
    if (contradictory %in% c("first", "refuse")) return(list(left = last_without(series, first), right = first))
    # Confirmed: no visit without the event at that time or later.
    last <- last_without(series, rep(Inf, series$n), none = -Inf)
    confirmed <- first_with(series, after = last)
    left <- last_without(series, if (contradictory == "confirmed") confirmed else first)
    list(left = left, right = confirmed)
}

# By unit, the first visit with the event (later than `after`), Inf if there is none.
first_with <- function(series, after = rep(-Inf, series$n)) {
    rows <- which(series$seen == 1 & series$time > after[series$unit])
    by_unit(series, rows, decreasing = FALSE, otherwise = Inf)
}

# By unit, the last visit without the event before `before`; `none` if there is none.
last_without <- function(series, before, none = 0) {
    rows <- which(series$seen == 0 & series$time < before[series$unit])
    by_unit(series, rows, decreasing = TRUE, otherwise = none)
}

by_unit <- function(series, rows, decreasing, otherwise) {
    out <- rep(otherwise, series$n)
    # The last assignment stands: the order puts the extreme of each unit there.
    rows <- rows[order(series$time[rows], decreasing = !decreasing)]
    out[series$unit[rows]] <- series$time[rows]
    out
}

# The later of the event, known to lie in (left, right], and `not_before`. Where that lies inside, (left, right] holds both.
not_earlier <- function(series, ends) {
    from <- series$not_before
    known <- is.finite(from) & from >= ends$right
    never <- !is.finite(from)
    last <- by_unit(series, which(!is.na(series$seen)), decreasing = TRUE, otherwise = 0)
    list(left = ifelse(known, from, ifelse(never, last, ends$left)),
         right = ifelse(known, from, ifelse(never, Inf, ends$right)))
}

missed_visits <- function(series, schedule) {
    schedule <- sort(unique(check_numbers(schedule, "schedule", 0)))
    if (any(is.infinite(schedule)) || !length(schedule)) {
        abort_invalid("`schedule` must hold the planned times, finite and at least one.", "schedule")
    }
    known <- which(!is.na(series$seen))
    nearest <- if (length(schedule) > 1) {
        findInterval(series$time[known], (schedule[-1] + schedule[-length(schedule)]) / 2, left.open = TRUE) + 1L
    } else {
        rep(1L, length(known))
    }
    last <- by_unit(series, known, decreasing = TRUE, otherwise = -Inf)
    planned <- findInterval(last, schedule)
    unit <- series$unit[known]
    attended <- !duplicated(cbind(unit, nearest)) & nearest <= planned[unit]
    as.integer(planned - tabulate(unit[attended], series$n))
}
