# Simultaneous confidence bands of a Kaplan-Meier curve.

# Codes: the order of oss_band_type in src/core/band.h.
band_types <- c("hall-wellner", "equal-precision")

# The scale that textbooks call "log-transformed" is log(-log S).
band_scales <- c(log = "log-log", "log-log" = "log-log", plain = "plain", logit = "logit", arcsin = "arcsin")

#' Confidence band for a survival curve
#'
#' A band that holds the whole true curve over a range of times with the given probability, where the pointwise
#' interval of [kaplan_meier()] holds it at one time. Critical values are computed for the range at hand.
#'
#' `"hall-wellner"` bands are narrow where most is known and widen to both ends; `"equal-precision"` bands are the
#' pointwise interval with a larger quantile.
#'
#' @param x A [kaplan_meier()] result without `cluster`; for `tidy()` a band.
#' @param type `"hall-wellner"` or `"equal-precision"`.
#' @param conf.type Scale on which the band is symmetric. `"log"` and `"log-log"` are the same: log(-log S), which the
#'   literature on bands calls log-transformed (it is not the scale log S of `kaplan_meier(conf.type = "log")`). Or
#'   `"plain"`, `"logit"`, `"arcsin"`.
#' @param range Two times (unit of the data), first and last of the band; `NULL`: first to last event of each stratum.
#'   A band cannot begin before the first event of a stratum, nor go on where the estimate is 0 or follow-up has ended:
#'   there it is cut, and a note says so.
#' @param conf.level Simultaneous confidence level; `NULL`: that of `x`. At most 1 - 1e-9.
#' @param ... Not used.
#' @return A result whose [tidy()] has the rows of `tidy(x)` within the range: `strata`, `time`, `estimate`, `std.error`
#'   (Greenwood), `conf.low`, `conf.high` (hold from this time up to the next; `NA` where there is no band, as before the
#'   first event). `tidy(x, "range")`: a row per stratum with `strata`, `from`, `to` (times), `u.from`, `u.to` (n v / (1 + n v)
#'   there, v the variance of log S), `critical` (supremum of the Brownian bridge over that range; for equal precision
#'   of the bridge over its standard deviation). [glance()]: `n.strata`, `type`, `conf.type`, `conf.level`.
#' @section Critical values: From the law of the supremum itself, to 1e-10: no table, and not the asymptotic formula of
#'   Miller and Siegmund for equal precision. Over (0, 1) the Hall-Wellner value is Kolmogorov's 1.358099. They equal
#'   simulated ones and those of `km.ci` within that table's steps (0.002 in the limits).
#' @section Simultaneous coverage of 95% bands: The lowest in four settings (no, uniform, staggered and heavy censoring; 2,000
#'   samples each; first to last event), at n = 8, 11, 20, 60, 200: Hall-Wellner `log` 87, 90, 93, 92, 93%; `arcsin` 95,
#'   96, 94, 90, 92%; `plain` 95, 94, 90, 89, 93%; `logit` 90, 91, 92, 91, 92%; equal precision `arcsin` 96, 95, 93, 92,
#'   92%; `log` 84, 85, 89, 88, 88%; `logit` 87, 87, 86, 85, 87%; `plain` 89, 87, 84, 80, 79%. So no band holds its level in
#'   every small sample: below n = 20 `conf.type = "arcsin"` comes nearest. The default is the scale that is usual for
#'   bands. Script and table: `inst/validation/band-coverage.R`, `.csv`.
#' @section Left truncation: The number of subjects in the Hall-Wellner band then only weighs early times against late
#'   ones: the rows entered by the last event are counted.
#' @section Errors: `osseosurv_invalid` for anything but a [kaplan_meier()] result, for one with `cluster` (the theory needs
#'   independent rows), for a range that is not two ascending times.
#' @references Hall WJ, Wellner JA (1980) \doi{10.1093/biomet/67.1.133}. Nair VN (1984)
#'   \doi{10.1080/00401706.1984.10487964}. Borgan O, Liestol K (1990) Scandinavian Journal of Statistics 17:35-41.
#' @seealso [kaplan_meier()], [survival_at()].
#' @examples
#' curve <- kaplan_meier(Surv(time, status) ~ 1, survival::lung)
#' confidence_band(curve)
#' confidence_band(curve, "equal-precision", range = c(90, 730))
#' @export
confidence_band <- function(x, type = "hall-wellner", conf.type = "log", range = NULL, conf.level = NULL, ...) {
    UseMethod("confidence_band")
}

#' @export
confidence_band.default <- function(x, ...) abort_no_method(x, "a kaplan_meier() result")

#' @rdname confidence_band
#' @export
confidence_band.kaplan_meier <- function(x, type = "hall-wellner", conf.type = "log", range = NULL,
                                         conf.level = NULL, ...) {
    check_choice(type, "type", band_types)
    scale <- band_scales[[check_choice(conf.type, "conf.type", names(band_scales))]]
    level <- if (is.null(conf.level)) x$conf.level else check_number(conf.level, "conf.level", 0, 1, open = TRUE)
    if (level > 1 - 1e-9) abort_invalid("`conf.level` of a band must be at most 1 - 1e-9.", "conf.level")
    if (!is.null(x$cluster)) {
        abort_invalid("`x` must be a curve without `cluster`: the theory of bands needs independent rows.", "x")
    }
    range <- check_band_range(range)
    table <- x$table
    begin <- cumsum(x$size) - x$size
    rows <- band_rows(x, range)
    fit <- .Call(ffi_confidence_band, match(type, band_types) - 1L, match(scale, survival_conf_types) - 1L, level,
                 rows$n, x$size, table$estimate, table$std.error, rows$lo, rows$hi)
    cut <- fit$last < rows$hi + 1
    from <- pmax(table$time[begin + fit$first], range[1])
    to <- ifelse(cut, table$time[begin + fit$last + 1], if (is.null(range)) table$time[begin + fit$last] else rows$to)
    keep <- unlist(lapply(seq_along(begin), function(s) begin[s] + 1 + seq_len(rows$hi[s] - rows$lo[s] + 1) + rows$lo[s] - 1))
    shown <- as_frame(list(strata = table$strata[keep], time = table$time[keep], estimate = table$estimate[keep],
                           std.error = table$std.error[keep], conf.low = fit$low[keep], conf.high = fit$high[keep]))
    label <- c("hall-wellner" = "Hall-Wellner", "equal-precision" = "equal-precision")[[type]]
    new_result(
        "confidence_band",
        title = sprintf("Survival with a simultaneous %s %s band (%s)", percent_text(level), label, band_scale_text[[scale]]),
        table = shown,
        glance = list(n.strata = length(x$strata), type = type, conf.type = conf.type, conf.level = level),
        estimand = estimand(x),
        methods = sprintf(paste("Survival was estimated by the product-limit method with simultaneous %s %s bands on the",
                                "%s scale; critical values were computed for the range of each curve."),
                          percent_text(level), label, band_scale_text[[scale]]),
        references = c("Kaplan and Meier (1958) J Am Stat Assoc 53:457", band_source[[type]],
                       "Borgan and Liestol (1990) Scand J Stat 17:35"),
        notes = c(x$notes[grepl("missing|weight 0", x$notes)], band_notes(x, fit, rows, range)),
        range = as_frame(list(strata = x$strata, from = from, to = to, u.from = fit$from, u.to = fit$to,
                              critical = fit$critical)),
        strata = x$strata, conf.level = level
    )
}

#' @param table `"band"` or `"range"`.
#' @rdname confidence_band
#' @export
tidy.confidence_band <- function(x, table = "band", ...) {
    if (check_choice(table, "table", c("band", "range")) == "band") x$table else x$range
}

band_scale_text <- c("log-log" = "log(-log)", plain = "untransformed", logit = "logit", arcsin = "arcsine square-root")

band_source <- c("hall-wellner" = "Hall and Wellner (1980) Biometrika 67:133",
                 "equal-precision" = "Nair (1984) Technometrics 26:265")

check_band_range <- function(range) {
    if (is.null(range)) return(NULL)
    range <- check_numbers(range, "range", 0)
    if (length(range) != 2 || !all(is.finite(range)) || range[1] >= range[2]) {
        abort_invalid("`range` must be two ascending, finite times.", "range")
    }
    range
}

# By stratum the rows in force from the first to the last time (0-based; hi = lo - 1: none), where follow-up within the
# range ends, and the number of rows that had entered by then.
band_rows <- function(x, range) {
    curves <- split_curve(x)
    out <- vapply(curves, function(curve) {
        last <- curve$time[nrow(curve)]
        at <- if (is.null(range)) {
            events <- which(curve$n.event > 0)
            if (length(events)) base::range(events) else c(1, nrow(curve))
        } else if (last < range[1]) {
            c(1, 0)
        } else {
            findInterval(range, curve$time)
        }
        gone <- curve$n.event + curve$n.censor
        # Everyone under observation by the last row: those gone, and those still at risk.
        entered <- if (at[2]) sum(gone[seq_len(at[2])]) + curve$n.risk[at[2]] - gone[at[2]] else 1
        c(lo = at[1] - 1, hi = at[2] - 1, n = entered, to = min(last, range[2]))
    }, numeric(4))
    if (all(out["hi", ] < out["lo", ])) {
        abort_invalid(sprintf("`range` must begin within follow-up, which ends at %s.", format(max(out["to", ]))), "range")
    }
    as_row(apply(out, 1, identity, simplify = FALSE))
}

band_notes <- function(x, fit, rows, range) {
    named <- function(which) {
        if (length(x$strata) == 1) "" else sprintf(" (%s)", paste(x$strata[which], collapse = "; "))
    }
    none <- is.na(fit$critical)
    late <- !none & !is.null(range) & fit$first > rows$lo + 1
    cut <- !none & fit$last < rows$hi + 1
    ended <- !none & !cut & !is.null(range) & rows$to < max(range, 0)
    c(if (any(none)) {
        paste0("Without an event in the range that leaves survival between 0 and 1 there is no band", named(none), ".")
    }, if (any(late)) {
        paste0("The band begins at the first event, later than the range asked for", named(late), ".")
    }, if (any(cut)) {
        paste0("The band ends where the estimate reaches 0", named(cut), ".")
    }, if (any(ended)) {
        paste0("The band ends with follow-up, before the range asked for", named(ended), ".")
    })
}
