# Intervals for one event rate and for the ratio of two. Method codes: see estimate-proportion.R.

rate_methods <- list(
    "garwood" = list(
        code = "central", label = "Garwood",
        text = "exact central (Garwood) intervals, which hold their level",
        reference = "Garwood F (1936) Biometrika 28:437-442, doi:10.1093/biomet/28.3-4.437"),
    "mid-p" = list(
        code = "mid-p", label = "mid-p",
        text = "mid-p intervals (the observed count has half its probability in either tail)",
        reference = "Cohen GR, Yang SY (1994) Statistics in Medicine 13:2189-2203, doi:10.1002/sim.4780132102"),
    "byar" = list(
        code = "byar", label = "Byar",
        text = "Byar's approximation of the exact central intervals",
        reference = "Breslow NE, Day NE (1987) Statistical Methods in Cancer Research, volume II, IARC"),
    "score" = list(
        code = "score", label = "score",
        text = "score intervals, the rates whose expected count is not rejected by (count - expected)^2 / expected",
        reference = "Rao CR (1948) Proceedings of the Cambridge Philosophical Society 44:50-57, doi:10.1017/S0305004100023987"),
    "blaker" = list(
        code = "blaker", label = "Blaker",
        text = "exact intervals of Blaker (the hull of the accepted set), which hold their level",
        reference = "Blaker H (2000) Canadian Journal of Statistics 28:783-798, doi:10.2307/3315916")
)

ratio_methods <- list(
    "exact" = list(
        code = "central", label = "exact conditional",
        text = paste("exact intervals from the binomial law of the first count given the total; p is twice the",
                     "smaller tail"),
        reference = "Przyborowski J, Wilenski H (1940) Biometrika 31:313-323, doi:10.1093/biomet/31.3-4.313"),
    "mid-p" = list(
        code = "mid-p", label = "mid-p conditional",
        text = "mid-p intervals and p from the binomial law of the first count given the total",
        reference = "Berry G, Armitage P (1995) The Statistician 44:417-423, doi:10.2307/2348891"),
    "score" = list(
        code = "score", label = "score",
        text = "score intervals and test",
        reference = "Miettinen O, Nurminen M (1985) Statistics in Medicine 4:213-226, doi:10.1002/sim.4780040211"),
    "blaker" = list(
        code = "blaker", label = "Blaker conditional",
        text = "exact intervals and p of Blaker from the binomial law of the first count given the total",
        reference = "Blaker H (2000) Canadian Journal of Statistics 28:783-798, doi:10.2307/3315916")
)

#' Confidence interval for an event rate
#'
#' `events / time` times `per`, with an interval for its Poisson mean. Vectorised; arguments of length 1 are repeated.
#'
#' `"garwood"`, the default, holds its level at every true rate, as does `"blaker"` (never wider; the hull of its
#' accepted set; its tails are not `(1 - conf.level) / 2` each). The others hold it on average only. Smallest (and mean)
#' coverage in percent of nominal 95% intervals, found by enumeration over expected counts 0.05 to 50 and beside every
#' limit (`inst/validation/exact-coverage.R`): garwood 95.0 (96.3), blaker 95.0 (95.7), byar 95.0 (96.3), mid-p 91.6 (95.3),
#' score 83.8 (95.2). Byar's upper limit is missed with up to 2.55%, the score interval's lower one with up to 16.2%.
#'
#' @param events Whole numbers `>= 0`: events counted. NA: error.
#' @param time Finite numbers `>= 0`: time at risk, in any unit; 0 only where there are no events (gives `NA` and a
#'   note).
#' @param method One string: `"garwood"`, `"mid-p"`, `"byar"`, `"score"` or `"blaker"`.
#' @param per One positive number: rates are given per so many units of `time`, as 100 for "per 100 person-years".
#' @inheritParams proportion_ci
#' @return A data frame of class `rate_ci` with a row for each count: `events`, `time` (the caller's unit), `estimate`,
#'   `conf.low`, `conf.high` (events per `per` units of time).
#' @section Errors: `osseosurv_invalid` with `argument` and `index` for a count that is missing, negative or not whole,
#'   a time that is missing, negative, infinite, or 0 with events, and for arguments of different lengths.
#' @section Agreement: `"garwood"` equals `qgamma()` to 1e-10 relative (the limit is `qgamma()`'s, in the far upper
#'   tail); `"mid-p"` solves its defining equation to 1e-12; `"blaker"` equals `exactci::poisson.exact()` to that
#'   function's tolerance (1e-5).
#' @references
#' Garwood F (1936) \doi{10.1093/biomet/28.3-4.437}; Cohen GR, Yang SY (1994) \doi{10.1002/sim.4780132102};
#' Breslow NE, Day NE (1987) Statistical Methods in Cancer Research, volume II, IARC; Blaker H (2000)
#' \doi{10.2307/3315916}.
#' @seealso [rate_ratio()], [proportion_ci()]
#' @examples
#' # One recurrence in 473 months, per 100 person-years
#' rate_ci(1, 473 / 12, per = 100)
#' rate_ci(c(0, 1, 4), 39.4, method = "mid-p")
#' @export
rate_ci <- function(events, time, method = "garwood", per = 1, conf.level = 0.95) {
    how <- rate_methods[[check_choice(method, "method", names(rate_methods))]]
    level <- check_conf_level(conf.level)
    per <- check_positive(per, "per")
    arguments <- recycle(list(events = check_numbers(events, "events", 0, 2^53, whole = TRUE),
                              time = check_numbers(time, "time", 0, .Machine$double.xmax)))
    without <- arguments$time == 0
    if (any(without & arguments$events > 0)) {
        at <- which(without & arguments$events > 0)[1]
        abort_invalid(sprintf("`time` must be above 0 where there are events; element %d is 0.", at), "time", at)
    }
    limits <- with(arguments, .Call(ffi_rate_ci, events, time, limit_methods[[how$code]], 1 - level))
    estimate <- replace(arguments$events / arguments$time, without, NA)
    limits <- lapply(limits, function(column) replace(column, without, NA) * per)
    unit <- if (per == 1) "unit of time" else paste(format(per, big.mark = ","), "units of time")
    new_result_table(
        "rate_ci",
        title = sprintf("Events per %s with %s %s interval", unit, how$label, percent_text(level)),
        table = as_frame(c(arguments, list(estimate = estimate * per), limits)),
        estimand = estimand_card(endpoint = "the event counted in `events`",
                                 measure = sprintf("rate, events / time, per %s", unit),
                                 population = "those whose time at risk was added up in each row",
                                 unit = "event (a Poisson count)",
                                 censoring = "end of the time at risk, independent of the event"),
        methods = sprintf("Rates have %s confidence intervals for a Poisson count: %s.", percent_text(level),
                          how$text),
        references = how$reference,
        notes = empty_note(which(without), "`time` is 0", "rate")
    )
}

#' Ratio of two event rates
#'
#' The rate of the first group over that of the second, `(events1 / time1) / (events2 / time2)`, with interval and
#' two-sided p of ratio 1. Vectorised; arguments of length 1 are repeated.
#'
#' Given the total number of events, the first count is binomial, so that all methods come from those of
#' [proportion_ci()]; `"exact"` and `"blaker"` hold their level at every pair of rates. Smallest (and mean) coverage in
#' percent of nominal 95% intervals, found by enumeration with 1, 3, 10 and 30 events expected in the second group and
#' ratios of 1/10 to 10 (`inst/validation/exact-coverage.R`): exact 96.0 (98.0), blaker 95.5 (97.2),
#' mid-p 95.0 (96.8), score 90.8 (95.6).
#'
#' With no event in the second group the ratio is `Inf` and its lower limit is exact; with none in the first it is 0 and
#' the upper limit is exact; with no event at all the ratio is `NA`, nothing is excluded (0 to `Inf`, p = 1), and a note
#' says so.
#'
#' @param events1,events2 Whole numbers `>= 0`: events in either group.
#' @param time1,time2 Positive finite numbers: time at risk in either group, in one unit.
#' @param method One string: `"exact"` (central), `"mid-p"`, `"score"` or `"blaker"`.
#' @inheritParams proportion_ci
#' @return A data frame of class `rate_ratio` with a row for each comparison: `events1`, `time1`, `events2`, `time2`,
#'   `estimate` (first over second), `p.value` (two-sided, of ratio 1), `conf.low`, `conf.high`.
#' @section Errors: `osseosurv_invalid` with `argument` and `index` for a count that is missing, negative or not whole,
#'   a time that is missing, infinite or not positive, and for arguments of different lengths.
#' @section Agreement: `"exact"` equals `poisson.test()` of R in its interval to 1e-12 (its p differs: that is by minimum
#'   likelihood); `"blaker"` equals `exactci::poisson.exact()` in its p to 1e-12.
#' @references
#' Przyborowski J, Wilenski H (1940) \doi{10.1093/biomet/31.3-4.313}; Miettinen O, Nurminen M (1985)
#' \doi{10.1002/sim.4780040211}; Blaker H (2000) \doi{10.2307/3315916}; Berry G, Armitage P (1995)
#' \doi{10.2307/2348891}.
#' @seealso [rate_ci()], [proportion_difference()]
#' @examples
#' rate_ratio(56, 18524, 20, 18953)
#' rate_ratio(11, 1000, 0, 800)
#' @export
rate_ratio <- function(events1, time1, events2, time2, method = "exact", conf.level = 0.95) {
    how <- ratio_methods[[check_choice(method, "method", names(ratio_methods))]]
    level <- check_conf_level(conf.level)
    arguments <- recycle(list(events1 = check_numbers(events1, "events1", 0, 2^52, whole = TRUE),
                              time1 = check_exposure(time1, "time1"),
                              events2 = check_numbers(events2, "events2", 0, 2^52, whole = TRUE),
                              time2 = check_exposure(time2, "time2")))
    found <- with(arguments, .Call(ffi_rate_ratio, events1, time1, events2, time2,
                                   limit_methods[[how$code]], 1 - level))
    none <- arguments$events1 + arguments$events2 == 0
    estimate <- replace(with(arguments, (events1 / events2) * (time2 / time1)), none, NA)
    notes <- if (any(none)) {
        sprintf("In %s there is no event in either group: the ratio is not estimable (NA) and no ratio is excluded.",
                rows_text(which(none)))
    }
    unbounded <- !none & arguments$events2 == 0
    if (any(unbounded)) {
        notes <- c(notes, sprintf("In %s the second group has no event: the ratio has no upper limit.",
                                  rows_text(which(unbounded))))
    }
    new_result_table(
        "rate_ratio",
        title = sprintf("Rate ratio, first over second, with %s %s interval", how$label, percent_text(level)),
        table = as_frame(c(arguments, list(estimate = estimate), found)),
        estimand = estimand_card(endpoint = "the event counted in `events1` and `events2`",
                                 measure = "rate ratio, (events1 / time1) / (events2 / time2)",
                                 population = "those whose time at risk was added up in each row",
                                 unit = "event (a Poisson count)",
                                 censoring = "end of the time at risk, independent of the event"),
        methods = sprintf("Rate ratios have %s confidence intervals and two-sided p: %s.", percent_text(level),
                          how$text),
        references = how$reference,
        notes = as.character(notes)
    )
}

check_positive <- function(x, argument) {
    x <- check_number(x, argument, 0)
    if (x == 0 || is.infinite(x)) {
        abort_invalid(sprintf("`%s` must be one positive, finite number; got %s.", argument, format(x)), argument)
    }
    x
}

# Positive, finite times.
check_exposure <- function(x, argument) {
    x <- check_numbers(x, argument, 0)
    if (any(x == 0 | is.infinite(x))) {
        at <- which(x == 0 | is.infinite(x))[1]
        abort_invalid(sprintf("`%s` must hold positive, finite numbers; element %d is %s.", argument, at,
                              format(x[at])), argument, at)
    }
    x
}
