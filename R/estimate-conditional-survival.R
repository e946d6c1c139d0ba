#' Survival given survival so far
#'
#' The probability of no event up to a time, given none up to a landmark: the curve of those still at risk at the
#' landmark, started anew there. It is the landmark analysis of a cohort: the same curve as `kaplan_meier()` of the rows
#' with `time > given` (without left truncation), so that groups known only at the landmark are compared with `subset =
#' time > given` in any estimator of the package.
#'
#' The interval is that of the curve started anew, of the kind that `x` has. With the default it is the beta-product
#' interval of the rows at risk after the landmark, which holds its level however few they are.
#'
#' @param x A [kaplan_meier()] result without `cluster`.
#' @param given Landmark: one number, finite, >= 0, in the unit of the data.
#' @param times Numeric, finite, `given` or later.
#' @param ... Not used.
#' @return Data frame, one row per stratum and time: `strata`, `time`, `n.risk` (just before the time), `estimate`,
#'   `std.error` (Greenwood, of the rows after the landmark), `conf.low`, `conf.high` just after it. All but `n.risk`
#'   are `NA` where nobody is at risk after `given`, and past the last follow-up unless the estimate has reached 0.
#' @section Agreement: The estimate is the quotient of two values of [survival_at()] and equals
#'   `survival::survfit(start.time = given)` to 1e-12, its standard error and log-log limits to 1e-10.
#' @section Errors: `osseosurv_invalid` for times before `given` or not finite, and for a clustered curve.
#' @references Fay MP, Brittain EH, Proschan MA (2013) \doi{10.1093/biostatistics/kxt016}. van Houwelingen HC (2007)
#'   \doi{10.1111/j.1467-9469.2006.00529.x}.
#' @seealso [survival_at()], [kaplan_meier()].
#' @examples
#' lung <- kaplan_meier(Surv(time, status) ~ 1, survival::lung)
#' conditional_survival(lung, given = 365, times = c(500, 730))
#' @export
conditional_survival <- function(x, given, times, ...) UseMethod("conditional_survival")

#' @export
conditional_survival.default <- function(x, given, times, ...) abort_no_method(x, "a kaplan_meier() result")

#' @rdname conditional_survival
#' @export
conditional_survival.kaplan_meier <- function(x, given, times, ...) {
    given <- check_number(given, "given", 0)
    if (is.infinite(given)) abort_invalid("`given` must be finite; got Inf.", "given")
    times <- check_times(times)
    if (any(times < given)) {
        at <- which(times < given)[1]
        abort_invalid(sprintf("`times` must not be before `given`, %s; element %d is %s.", format(given), at,
                              format(times[at])), "times", at)
    }
    if (!is.null(x$glance$n.cluster)) {
        abort_invalid(paste("`x` has a clustered variance, which cannot be started anew: fit the rows with",
                            "`time > given` instead."),
                      "x")
    }
    anew <- restarted_curve(x, given)
    out <- survival_at(anew$curve, times)
    out$n.risk <- survival_at(x, times)$n.risk
    out[rep(!anew$anyone, each = length(times)), c("estimate", "std.error", "conf.low", "conf.high")] <- NA_real_
    out
}

# The curve of those at risk just after a time, of the same class and interval; and by stratum whether there are any.
restarted_curve <- function(x, given) {
    curves <- lapply(seq_along(x$strata), function(s) {
        curve <- split_curve(x)[[s]]
        later <- curve$time > given
        gone <- sum(curve$n.event[!later] + curve$n.censor[!later])
        entry <- x$entry[[s]]
        entered <- if (is.null(entry)) curve$n.risk[1] else entry$entered[findInterval(given, entry$time) + 1L]
        as_frame(list(strata = x$strata[s], time = c(given, curve$time[later]),
                      n.risk = c(entered - gone, curve$n.risk[later]), n.event = c(0, curve$n.event[later]),
                      n.censor = c(0, curve$n.censor[later])))
    })
    table <- bind_rows(curves)
    size <- vapply(curves, nrow, 0L)
    fit <- .Call(ffi_kaplan_meier_table, table$time, table$n.risk, table$n.event, table$n.censor, size,
                 match(x$conf.type, survival_conf_types) - 1L, x$conf.level)
    list(curve = structure(list(table = as_frame(c(as.list(table), fit)), size = size, strata = x$strata),
                           class = class(x)),
         anyone = vapply(curves, function(curve) curve$n.risk[1] > 0, NA))
}
