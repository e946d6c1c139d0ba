# What the data do not say: one result for each of the data sets that agree with what is known, and its range.

#' The range of a result over admissible data sets
#'
#' Where a source leaves open which of several data sets is the true one (counts are printed, but not whose they are; a
#' date is one of two), every one of them is analysed and the result is given as a range. Any estimator can be passed
#' through: a function that takes one data set and returns a result or a data frame.
#'
#' @param sets The admissible data sets: a list of them, or [admissible_choices()], which makes them one at a time.
#' @param estimator Function of one data set (and `...`) that returns a result with [tidy()] or a data frame.
#' @param ... Further arguments of `estimator`.
#' @param by Names of the columns that tell the rows of the result apart; `NULL`: those of `estimand`, `strata`, `term`,
#'   `cause`, `scenario`, `measure`, `time`, `prob`, `left` and `right` that it has.
#' @param most Data sets at most: if there are more, that many are drawn without replacement.
#' @param seed Whole number for the draw; `NULL`: R's own generator (`set.seed()`) decides.
#' @return A result whose [tidy()] has a row for each row of the analyses, by the columns `by`: for each number among the
#'   other columns `<name>.min` and `<name>.max` over the data sets (`NA` where it is `NA` in one of them), but
#'   `conf.low` its minimum and `conf.high` its maximum; `sets`, the number of data sets in which the row occurs.
#'   Columns that are not numbers, and that differ, are left out. [glance()]: `sets` (analysed), `admissible` (all that
#'   there are), `complete`. The interval holds wherever that of each data set does.
#' @section Errors: `osseosurv_invalid` if there is no data set, if `estimator` fails on one (its number is `index`), or if
#'   `by` does not tell the rows apart.
#' @seealso [admissible_choices()], [masquelet_femur_assignments()], [osseointegration()].
#' @examples
#' # Interfaces of the eleven femora united by 6 months, over all tables that fit the paper
#' united <- function(interfaces) proportion_ci(sum(interfaces$right_mo <= 6), nrow(interfaces))
#' admissible_range(masquelet_femur_assignments(), united)
#' @export
admissible_range <- function(sets, estimator, ..., by = NULL, most = 1000, seed = NULL) {
    if (!is.function(estimator)) {
        abort_invalid(sprintf("`estimator` must be a function of one data set; got %s.", value_text(estimator)),
                      "estimator")
    }
    most <- check_number(most, "most", 1)
    sets <- as_admissible(sets)
    chosen <- if (sets$n <= most) seq_len(sets$n) else draw_sets(sets$n, floor(most), seed)
    tables <- lapply(chosen, function(i) analyse_set(sets, i, estimator, ...))
    by <- range_keys(tables, by)
    table <- range_table(tables, by)
    complete <- length(chosen) == sets$n
    new_result(
        "admissible_range",
        title = sprintf("Range over %s admissible data sets", if (complete) format(sets$n) else
                        sprintf("%d of %s", length(chosen), format(sets$n))),
        table = table,
        glance = list(sets = length(chosen), admissible = sets$n, complete = complete),
        estimand = estimand_card(endpoint = "as in each analysis", measure = "range over the admissible data sets",
                                 censoring = "as in each analysis"),
        methods = sprintf(paste("Each of %s data sets in agreement with what is known was analysed; ranges run from the",
                                "smallest to the largest value, intervals from the smallest lower to the largest upper",
                                "limit."), if (complete) format(sets$n) else
                              sprintf("%d of %s (drawn at random)", length(chosen), format(sets$n))),
        notes = c(if (!complete) "Not all data sets were analysed: the true range may be wider.",
                  if (any(table$sets < length(chosen))) "Some rows do not occur in every data set (column `sets`)."),
        by = by)
}

#' Data sets from independent choices
#'
#' The data sets that arise when each of several parts is one of several alternatives: for example each patient's row in
#' the versions that agree with what is known. They are made one at a time, so that there may be very many.
#'
#' @param ... Each part: a list of its alternatives, data frames.
#' @param combine Function that makes a data set from one alternative of each part, given in order.
#' @return List of class `admissible_choices`: `n`, the number of data sets, and `parts`, for [admissible_range()].
#' @section Errors: `osseosurv_invalid` for a part that is not a list of data frames or has none.
#' @examples
#' first <- list(data.frame(left = 3, right = 6), data.frame(left = 6, right = 12))
#' rest <- list(data.frame(left = c(0, 12), right = c(3, Inf)))
#' sets <- admissible_choices(first, rest)
#' curve <- function(x) {
#'     survival_at(turnbull(Surv(left, right, type = "interval2") ~ 1, x), c(3, 6, 12))
#' }
#' admissible_range(sets, curve)
#' @export
admissible_choices <- function(..., combine = rbind) {
    parts <- unname(list(...))
    for (i in seq_along(parts)) {
        part <- parts[[i]]
        if (!is.list(part) || is.data.frame(part) || !length(part) || !all(vapply(part, is.data.frame, NA))) {
            abort_invalid(sprintf("Part %d must be a list of its alternatives, data frames; got %s.", i,
                                  value_text(part)), "...", i)
        }
    }
    if (!length(parts)) abort_invalid("At least one part is required.", "...")
    if (!is.function(combine)) abort_invalid("`combine` must be a function, such as rbind.", "combine")
    structure(list(n = prod(lengths(parts)), parts = parts, combine = combine), class = "admissible_choices")
}

# List: `n` and `get`, a function of the number of a set.
as_admissible <- function(sets) {
    if (inherits(sets, "admissible_choices")) {
        sizes <- lengths(sets$parts)
        get <- function(i) {
            # The first part varies slowest.
            place <- rev((i - 1) %/% cumprod(c(1, rev(sizes)[-length(sizes)])) %% rev(sizes)) + 1
            do.call(sets$combine, Map(function(part, k) part[[k]], sets$parts, place))
        }
        return(list(n = sets$n, get = get))
    }
    if (!is.list(sets) || is.data.frame(sets) || !length(sets)) {
        abort_invalid(sprintf("`sets` must be a list of data sets, at least one; got %s.", value_text(sets)), "sets")
    }
    list(n = length(sets), get = function(i) sets[[i]])
}

# Without replacement.
draw_sets <- function(n, most, seed) {
    if (n > 2^53) abort_invalid(sprintf("`sets` has %s data sets; at most 2^53 can be drawn from.", format(n)), "sets")
    with_seed(seed, sort(sample(n, most)))
}

analyse_set <- function(sets, i, estimator, ...) {
    value <- tryCatch(estimator(sets$get(i), ...), error = function(e) {
        abort_invalid(sprintf("`estimator` failed on data set %s: %s", format(i), conditionMessage(e)), "estimator", i)
    })
    table <- if (is.data.frame(value)) as_frame(as.list(value)) else tidy(value)
    if (!is.data.frame(table)) {
        abort_invalid(sprintf("`estimator` must return a result or a data frame; got %s.", value_text(value)), "estimator")
    }
    table
}

range_keys <- function(tables, by) {
    usual <- c("estimand", "strata", "term", "cause", "scenario", "measure", "time", "prob", "left", "right")
    by <- by %||% intersect(usual, names(tables[[1]]))
    for (i in seq_along(tables)) {
        absent <- setdiff(by, names(tables[[i]]))
        if (length(absent)) {
            abort_invalid(sprintf("`by` names `%s`, which the result for data set %d does not have.", absent[1], i), "by", i)
        }
        if (anyDuplicated(row_key(tables[[i]], by))) {
            abort_invalid(sprintf("`by` (%s) must tell the rows of the result apart; two rows for data set %d agree.",
                                  paste(by, collapse = ", "), i), "by", i)
        }
    }
    by
}

row_key <- function(table, by) {
    if (!length(by)) return(rep("", nrow(table)))
    do.call(paste, c(lapply(table[by], function(x) if (is.numeric(x)) sprintf("%.17g", x) else as.character(x)),
                     list(sep = "\r")))
}

range_table <- function(tables, by) {
    keys <- lapply(tables, row_key, by)
    rows <- do.call(rbind, lapply(tables, function(x) as_frame(as.list(x[by]))))
    all_keys <- unlist(keys)
    distinct <- which(!duplicated(all_keys))
    out <- if (length(by)) as.list(rows[distinct, , drop = FALSE]) else list()
    shared <- Reduce(intersect, lapply(tables, names))
    for (name in setdiff(shared, by)) {
        value <- unlist(lapply(tables, function(x) if (is.factor(x[[name]])) as.character(x[[name]]) else x[[name]]))
        group <- match(all_keys, all_keys[distinct])
        if (!is.numeric(value)) {
            if (all(value == value[distinct][group], na.rm = TRUE)) out[[name]] <- value[distinct]
            next
        }
        least <- as.vector(tapply(value, group, min))
        most <- as.vector(tapply(value, group, max))
        if (name == "conf.low") out$conf.low <- least
        else if (name == "conf.high") out$conf.high <- most
        else out[paste0(name, c(".min", ".max"))] <- list(least, most)
    }
    out$sets <- tabulate(match(all_keys, all_keys[distinct]), length(distinct))
    as_frame(out)
}
