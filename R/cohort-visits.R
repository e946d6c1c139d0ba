# From films to intervals: union came after the last film without it and by the first film with it.

#' Intervals of the time to union from visits
#'
#' A film without union after one with union contradicts it. The interval then ends at the first film with
#' union and begins at the last film without it before that; the contradiction itself is a suspicion of the
#' cohort, found by `contradictory_films()`.
#'
#' @param visits Data frame with `reconstruction`, `interface`, `month`, `union` (0/1), no missing values.
#' @return Data frame, one row per interface in order of appearance: `reconstruction`, `interface`, `left_mo`
#'   (0 if no film without union came first), `right_mo` (`Inf` if union was never seen).
#' @noRd
visit_intervals <- function(visits) {
    group <- visit_group(visits)
    first <- !duplicated(group)
    right <- first_seen(visits, group)
    before <- visits$union == 0 & visits$month < right[group]
    left <- by_group(visits$month[before], group[before], length(right), max, 0)
    data.frame(reconstruction = visits$reconstruction[first], interface = visits$interface[first],
               left_mo = left, right_mo = right)
}

# Rows without union at or after a film of the same interface with it.
contradictory_films <- function(visits) {
    group <- visit_group(visits)
    which(visits$union == 0 & visits$month >= first_seen(visits, group)[group])
}

visit_group <- function(visits) {
    key <- paste(visits$reconstruction, visits$interface, sep = "\r")
    match(key, unique(key))
}

first_seen <- function(visits, group) {
    seen <- visits$union == 1
    by_group(visits$month[seen], group[seen], max(0L, group), min, Inf)
}

by_group <- function(values, group, n_groups, f, otherwise) {
    out <- rep(otherwise, n_groups)
    if (length(values)) {
        found <- tapply(values, group, f)
        out[as.integer(names(found))] <- as.vector(found)
    }
    out
}
