turnbull_conf_types <- c("exact", "likelihood-ratio", "none", "bootstrap")

#' Survival from interval-censored data (Turnbull)
#'
#' The nonparametric maximum likelihood estimate when an event is only known to lie between two visits, carried to the
#' global optimum with a certificate of how far from it the result can be, and with an interval that is valid in small
#' samples.
#'
#' An interval `(left, right]` is event-free at `left` and seen at `right`. `left == right` is an event seen at that
#' time, `right` `Inf` or `NA` one not seen by `left`, `left` 0 or `NA` (with a finite `right`) one that had happened by
#' `right`, at time 0 at the earliest. Right- and left-censored `Surv` objects are read as the intervals they are. Only
#' the innermost intervals (each from a left end to a right end with no other end between) can carry mass, and where
#' within one the mass lies is not known: survival is given after each, and inside one of positive mass it is anywhere
#' between its values at the two ends.
#'
#' @param formula `Surv(left, right, type = "interval2") ~ group`; groups joined by `+` or inside `strata()`,
#'   each fitted on its own. Or a `Surv` object of type interval2, interval, left or right (then groups by
#'   `group`). Times >= 0, finite (right also `Inf`), any unit.
#' @param data Data frame with the variables of the formula, `weights` and `subset`.
#' @param conf.type Pointwise interval of survival: `"exact"`, `"likelihood-ratio"`, `"bootstrap"` (only with `cluster`, and
#'   then the only one besides `"none"`) or `"none"`. `"auto"`: `bootstrap` with `cluster`, else
#'   `exact` on an attended visit grid (no row's interval has an end of another row inside it) or when no
#'   stratum has more than 100 rows, `likelihood-ratio` otherwise; what was chosen, and why, is in the notes.
#' @param conf.level Confidence level, between 0 and 1.
#' @param weights Frequency weights: whole numbers, a row of weight 2 counts as two equal rows.
#' @param subset Condition or row numbers: which rows to analyse.
#' @param na.action `na.omit` (rows without either end or without a group are left out and counted in a note)
#'   or `na.fail`.
#' @param group Vector of groups when `formula` is a `Surv` object.
#' @param cluster `~patient` (or a vector): the rows of a patient may depend on each other, patients do not. The masses
#'   are the same; the interval comes from drawing whole clusters again, within those that lie in the same strata.
#' @param resamples Number of draws of the bootstrap.
#' @param seed Whole number; `NULL`: R's generator (`set.seed()`) decides.
#' @param tolerance The log-likelihood that may be missing (total over rows), above 0.
#' @param entry Left truncation: a column of `data` or a vector, the time (>= 0, unit of the data) from which a row was
#'   under observation, so that it is in the data only because its event came later. 0: from the start. Before the right
#'   end and not after the left one; a left-censored row has its event after its entry.
#' @return A result whose [tidy()] has one row per stratum and innermost interval, also those of mass 0:
#'   `strata`, `left`, `right` (unit of the data; open at `left`, closed at `right`, equal for an exact time;
#'   `left` 0 from a left-censored row includes time 0), `mass` (0 to 1, adds up to 1), `estimate` (survival
#'   just after `right`), `conf.low`, `conf.high`; at `right = Inf` the last three are `NA`. [glance()]: `n`,
#'   `events` (rows whose event was seen), `n.strata`, `logLik`, `iterations`, `kkt` (no distribution has a
#'   log-likelihood above `logLik + kkt`), `converged`, `unique` (are the masses the only maximiser?),
#'   `conf.type`, `conf.level`. The part `fits` has the same for each stratum.
#' @section Optimum: A constrained Newton method on a growing support. With `d_j` the derivative of the
#'   log-likelihood by the mass of interval j and `n` the total weight, `kkt` is `n log(max d_j / n)`, a bound
#'   by Jensen's inequality; it is at most `tolerance`, or the rounding error of the sums (about 2e-15 `n`)
#'   where that is more. Otherwise `converged` is `FALSE` and a warning of class `osseosurv_convergence` says
#'   so. Data that are only exact and right-censored (or exact and left-censored) have a closed form: the
#'   Kaplan-Meier estimate.
#'
#'   `unique`: other masses reach the same likelihood if and only if the graph that joins the two ends of
#'   every row, over the intervals with `d_j = n` (to 1e-9 relative), with a directed edge across each of them
#'   that has mass 0, is not strongly connected. This decides every case; the rank condition of Gentleman and
#'   Geyer is the part that ignores the directed edges.
#' @section Intervals: `exact` takes the beta-product interval of the right-censored data with each event put
#'   where inside its interval it makes the limit widest: the lower limit puts every event that can have
#'   happened by t as late as possible, the upper limit only those that must, as early as possible. As visits
#'   do not depend on the event, it is guaranteed where the beta-product interval is. On an attended visit
#'   grid both placements agree with the grouped data; with missed visits it is conservative, and with
#'   continuous inspection it does not shrink to a point. Rows last seen without the event at t itself count
#'   as at risk in the last factor of the lower limit, as they were observed through t: 0 events in n seen at
#'   t gives the limit of Clopper and Pearson.
#'
#'   `likelihood-ratio` holds the values of S(t) whose profile log-likelihood lies within half the
#'   chi-square(1) quantile of the maximum. That calibration is right in large samples on a fixed grid of
#'   visits; with few events it is too narrow, and with one random inspection time per row too wide (the limit
#'   law is then another one, not chi-square: Banerjee and Wellner; not simulated here). With more than
#'   500 innermost intervals in a stratum it is computed at up to 100 of them, and the limits of the others
#'   are those of the nearest computed on the safe side (limits do not rise with time); a note says so.
#' @section Left truncation: With `entry` the likelihood of a row is `P(left < T <= right) / P(T > entry)`, and entries
#'   are among the right ends that bound the innermost intervals (Frydman). In the masses that
#'   likelihood is not concave; in the increments of the cumulative hazard it is, so the optimum found is the global one
#'   and `kkt` is a bound as without truncation, here from the dual problem (derived in `npmle_truncated.h` of the
#'   sources). It may have no maximum (Hudgens): where nobody is known to be at risk across an innermost interval that
#'   rows with events cover, and rows enter later, survival is driven to 0 there and the rows after it are divided by 0.
#'   Then `exists` in `glance()` is `FALSE`, `mass` and `estimate` are `NA`, and a note names the time and the rows that
#'   give survival conditional on no event by then. If nobody at risk there is known to have had the event, the hazard is
#'   put to 0 and `unique` is `FALSE`. If all enter late, survival is given no event by the first entry; a note says so.
#'   No interval is available (`conf.type` none), nor `cluster`. With exact and right-censored rows the estimate is that
#'   of [kaplan_meier()] with left truncation to 1e-12; on random data the log-likelihood is never below that of
#'   self-consistency with the unobserved counted in by more than 1e-8.
#' @section Coverage: At nominal 95%, n = 8, 11, 20, 60, visits at 1, 3, 6, 12, 24, 36 months of which 100, 80
#'   or 60% were attended, dropout of 20% by 24 months, exponential rates 0.1 and 0.01 a month, at 6, 12 and
#'   24 months (2,000 samples each, `turnbull-coverage.csv` in the folder `validation` of the package):
#'   `exact` covered in 96.1 to 100% with at most 2.3% on either side; `likelihood-ratio` in 89.7 to 99.1%
#'   with up to 8.1% on one side. Mean widths at 6 months, rate 0.1, n = 11: `exact` 0.59, 0.66, 0.74 and
#'   `likelihood-ratio` 0.53, 0.55, 0.59 at 100, 80, 60%.
#'   `bootstrap`, two interfaces a cluster (correlation -0.5, 0, 0.8), visits at 1, 3, 6, 12, 24 of which all or 80% were
#'   attended, at 3, 6 and 12 months (1,000 samples each, `cluster-bootstrap-coverage.csv`): with 8, 11, 20 and 60 clusters
#'   the lowest coverage was 79.0, 89.9, 90.7 and 92.7%. Below its level, most so with few clusters;
#'   [union_estimands()] has an interval for the share of interfaces that holds its level.
#' @section Agreement: On random data the log-likelihood is never below that of `icenReg::ic_np`,
#'   `npsurv::npsurv` or `MLEcens::computeMLE` by more than 1e-8. Printed masses of the breast cosmesis data
#'   (Finkelstein and Wolfe) are reproduced to their last digit. With exact and right-censored rows it equals
#'   the Kaplan-Meier estimate of `survival::survfit` to 1e-12.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for left > right, negative or infinite
#'   left ends, NaN, weights that are not whole numbers >= 0, no rows.
#' @references Turnbull BW (1976) \doi{10.1111/j.2517-6161.1976.tb01597.x}. Peto R (1973)
#'   \doi{10.2307/2346307}. Wang Y (2007) \doi{10.1111/j.1467-9868.2007.00583.x}. Gentleman R, Geyer CJ (1994)
#'   \doi{10.1093/biomet/81.3.618}. Fay MP, Brittain EH, Proschan MA (2013)
#'   \doi{10.1093/biostatistics/kxt016}. Hudgens MG (2005) \doi{10.1111/j.1467-9868.2005.00516.x}. Frydman H (1994)
#'   J R Stat Soc B 56:71. Banerjee M, Wellner JA (2001) \doi{10.1214/aos/1015345959}.
#' @seealso [survival_at.turnbull()], [quantile.turnbull()], [kaplan_meier()].
#' @examples
#' # Bone growth seen at visits: six by month 6, three by month 12, two not by their last visit.
#' left <- c(3, 3, 3, 3, 3, 3, 6, 6, 6, 24, 36)
#' right <- c(6, 6, 6, 6, 6, 6, 12, 12, 12, Inf, Inf)
#' growth <- turnbull(Surv(left, right, type = "interval2") ~ 1)
#' growth
#' glance(growth)
#' survival_at(growth, c(6, 12, 24))
#' @export
turnbull <- function(formula, data = NULL, conf.type = "auto", conf.level = 0.95, weights = NULL, subset = NULL,
                     na.action = NULL, group = NULL, cluster = NULL, tolerance = 1e-8, resamples = 2000, seed = NULL,
                     entry = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", c("auto", turnbull_conf_types))
    tolerance <- check_number(tolerance, "tolerance", 0, 1, open = TRUE)
    input <- read_survival(environment(), kind = "interval", frame = parent.frame(), carry = c("cluster", "entry"))
    if (!is.null(input$carried$entry)) {
        check_truncated_conf(conf.type, !is.null(input$carried$cluster))
        return(fit_truncated(input, conf.type, conf.level, tolerance))
    }
    conf.type <- clustered_conf_type(conf.type, !is.null(input$carried$cluster))
    plan <- if (conf.type == "bootstrap") {
        bootstrap_plan(input, check_numbers(check_number(resamples, "resamples", 2, 1e7), "resamples", whole = TRUE), seed)
    }
    fit_turnbull(input, conf.type, conf.level, tolerance, plan)
}

clustered_conf_type <- function(conf.type, clustered) {
    if (conf.type == "bootstrap" && !clustered) {
        abort_invalid("`conf.type` \"bootstrap\" draws clusters: give `cluster`, or use \"auto\".", "conf.type")
    }
    if (!clustered || conf.type %in% c("bootstrap", "none")) return(conf.type)
    if (conf.type == "auto") return("bootstrap")
    abort_invalid(sprintf("`conf.type` \"%s\" has no theory for clustered rows: use \"bootstrap\" or \"none\".", conf.type),
                  "conf.type")
}

fit_turnbull <- function(input, conf.type, conf.level, tolerance, plan = NULL) {
    fit <- .Call(ffi_turnbull, input$left, input$right, input$weight, input$stratum, length(input$strata), tolerance,
                 1000)
    counts <- count_strata(input)
    chosen <- choose_turnbull_interval(conf.type, fit$grid == 1, counts$n)
    fits <- as_frame(list(strata = input$strata, n = counts$n, events = counts$events, logLik = fit$logLik,
                          iterations = as.integer(fit$iterations), kkt = fit$kkt, converged = fit$converged == 1,
                          unique = fit$unique == 1))
    rows <- list(left = input$left, right = input$right, weight = input$weight, stratum = input$stratum,
                 bootstrap = plan)
    estimate <- replace(fit$estimate, fit$right == Inf, NA_real_)
    table <- as_frame(list(strata = rep.int(input$strata, fit$size), left = fit$left, right = fit$right,
                           mass = fit$mass, estimate = estimate))
    limits <- turnbull_limits(rows, length(input$strata), table, fit$size, chosen$conf.type, conf.level)
    table$conf.low <- limits$conf.low
    table$conf.high <- limits$conf.high
    warn_unconverged(fits, tolerance)
    new_result(
        "turnbull",
        title = paste0("Turnbull estimate of survival from interval-censored data",
                       if (chosen$conf.type == "none") "" else
                           sprintf(", %s %s interval", percent_text(conf.level), chosen$conf.type)),
        table = table,
        glance = list(n = sum(fits$n), events = sum(fits$events), n.strata = length(input$strata),
                      logLik = sum(fits$logLik), iterations = sum(fits$iterations), kkt = sum(fits$kkt),
                      converged = all(fits$converged), unique = all(fits$unique), conf.type = chosen$conf.type,
                      conf.level = conf.level),
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = "probability of no event up to a time (net: as if nothing else could end follow-up)",
            censoring = "visits do not depend on the event, given the strata"),
        methods = paste("Survival was estimated by nonparametric maximum likelihood (Turnbull) to the global optimum",
                        turnbull_conf_text(chosen$conf.type, conf.level)),
        references = c("Turnbull (1976) J R Stat Soc B 38:290", "Wang (2007) J R Stat Soc B 69:185",
                       if (chosen$conf.type == "exact") "Fay, Brittain and Proschan (2013) Biostatistics 14:723"),
        notes = c(input$notes, chosen$note, if (!is.null(plan)) bootstrap_notes(plan, table), turnbull_notes(fits),
                  limits$note),
        fits = fits, size = as.integer(fit$size), strata = input$strata, conf.type = chosen$conf.type,
        conf.level = conf.level, rows = rows
    )
}

warn_unconverged <- function(fits, tolerance) {
    if (!all(fits$converged)) {
        warn("convergence", sprintf(paste("The log-likelihood may be short of its maximum by up to %.2g, `tolerance` is",
                                          "%.2g; see `kkt` in glance()."), sum(fits$kkt, na.rm = TRUE), tolerance),
             "tolerance")
    }
}

count_strata <- function(input) {
    by_stratum <- function(x) {
        if (is.null(input$stratum)) return(sum(x))
        as.vector(rowsum(as.double(x), factor(input$stratum, seq_along(input$strata))))
    }
    seen <- input$right < Inf
    if (is.null(input$weight)) {
        n <- if (is.null(input$stratum)) input$n else tabulate(input$stratum, length(input$strata))
        list(n = as.double(n), events = as.double(by_stratum(seen)))
    } else {
        list(n = by_stratum(input$weight), events = by_stratum(input$weight * seen))
    }
}

choose_turnbull_interval <- function(conf.type, grid, n) {
    if (conf.type != "auto") return(list(conf.type = conf.type, note = character()))
    if (all(grid)) {
        list(conf.type = "exact", note = "Interval exact: the visits form a grid that was attended.")
    } else if (max(n) <= 100) {
        list(conf.type = "exact", note = paste("Interval exact: no stratum has more than 100 rows; where visits were",
                                               "missed it is conservative."))
    } else {
        list(conf.type = "likelihood-ratio",
             note = paste("Interval likelihood-ratio: more than 100 rows, and no visit grid that was attended; its",
                          "level is approximate."))
    }
}

turnbull_conf_text <- function(conf.type, conf.level) {
    switch(conf.type,
           exact = sprintf(paste("with pointwise %s beta-product confidence intervals valid for every placement of the",
                                 "events."), percent_text(conf.level)),
           "likelihood-ratio" = sprintf("with pointwise %s profile likelihood-ratio confidence intervals.",
                                        percent_text(conf.level)),
           bootstrap = sprintf("with pointwise %s percentile intervals from a bootstrap of whole clusters.",
                               percent_text(conf.level)),
           "without confidence intervals.")
}

turnbull_notes <- function(fits) {
    where <- function(s) if (nrow(fits) == 1) "" else paste0(" in ", paste(fits$strata[s], collapse = "; "))
    notes <- character()
    shared <- fits$unique %in% FALSE
    if (any(shared)) {
        notes <- sprintf("The masses%s are not the only ones that reach the maximum of the likelihood.", where(shared))
    }
    if (any(fits$events == 0)) {
        notes <- c(notes, sprintf("No event was seen%s: survival_at() gives the limits of survival at any time.",
                                  where(fits$events == 0)))
    }
    notes
}

# So many innermost intervals get their own likelihood-ratio limits in a large stratum.
most_ratio_limits <- c(all = 500, some = 100)

# Limits at the finite right ends of the table's rows; NA beside Inf.
turnbull_limits <- function(rows, n_stratum, table, size, conf.type, conf.level) {
    none <- rep.int(NA_real_, nrow(table))
    if (conf.type == "none") return(list(conf.low = none, conf.high = none))
    stratum <- rep.int(seq_along(size), size)
    asked <- table$right < Inf
    crowded <- conf.type %in% c("likelihood-ratio", "bootstrap") & size > most_ratio_limits[["all"]]
    for (s in which(crowded)) {
        own <- which(stratum == s & asked)
        asked[own[-spread_rows(table$estimate[own], most_ratio_limits[["some"]])]] <- FALSE
    }
    limits <- limits_at(rows, n_stratum, table$right[asked], stratum[asked], conf.type, conf.level)
    low <- replace(none, asked, limits$conf.low)
    high <- replace(none, asked, limits$conf.high)
    for (s in which(crowded)) {
        own <- which(stratum == s & table$right < Inf)
        known <- which(asked[own])
        low[own] <- c(low[own][known], 0)[findInterval(seq_along(own), known, left.open = TRUE) + 1]
        high[own] <- c(1, high[own][known])[findInterval(seq_along(own), known) + 1]
    }
    note <- if (any(crowded)) {
        sprintf(paste("Limits were computed at up to %d innermost intervals of a stratum; the",
                      "others carry the limits of the nearest of these on the safe side."), most_ratio_limits[["some"]])
    }
    list(conf.low = low, conf.high = high, note = note)
}

# Rows, among them the first and the last, that follow the curve in even steps of survival.
spread_rows <- function(estimate, n) {
    levels <- seq(estimate[1], estimate[length(estimate)], length.out = n)
    unique(c(1L, length(estimate), findInterval(-levels, -estimate, all.inside = TRUE)))
}

limits_at <- function(rows, n_stratum, times, stratum, conf.type, conf.level) {
    if (conf.type == "bootstrap") return(bootstrap_limits(rows, n_stratum, times, stratum, conf.level))
    .Call(ffi_turnbull_limits, rows$left, rows$right, rows$weight, rows$stratum, n_stratum, as.double(times),
          as.integer(stratum), match(conf.type, turnbull_conf_types) - 1L, conf.level)
}

split_turnbull <- function(x) {
    last <- cumsum(x$size)
    lapply(seq_along(x$size), function(s) x$table[seq.int(last[s] - x$size[s] + 1L, last[s]), , drop = FALSE])
}

#' Survival at given times from interval-censored data
#'
#' @param x A [turnbull()] result.
#' @param times Numeric, length `m`, finite, >= 0, in the unit of the data.
#' @param ... Not used.
#' @return Data frame, one row per stratum and time: `strata`, `time`, `estimate` (survival just after the
#'   time; `NA` strictly inside an innermost interval of positive mass, where the likelihood leaves it open),
#'   `lowest` and `highest` (the range that the likelihood leaves; both equal `estimate` elsewhere),
#'   `conf.low`, `conf.high` (of the type of `x`, valid at any time).
#' @section Errors: `osseosurv_invalid` (with `index`) for missing, negative or infinite times.
#' @examples
#' left <- c(0, 3, 3, 6, 12)
#' right <- c(3, 6, 6, 12, Inf)
#' survival_at(turnbull(Surv(left, right, type = "interval2") ~ 1), c(0, 6, 9, 12, 24))
#' @export
survival_at.turnbull <- function(x, times, ...) {
    times <- check_times(times)
    sorted <- order(times)
    rows <- lapply(split_turnbull(x), survival_range, times[sorted])
    n_strata <- length(rows)
    stratum <- rep(seq_len(n_strata), each = length(times))
    table <- as_frame(c(list(strata = x$strata[stratum], time = rep(times[sorted], n_strata)), do.call(rbind, rows)))
    limits <- if (x$conf.type == "none") list(conf.low = NA_real_, conf.high = NA_real_)
              else limits_at(x$rows, n_strata, table$time, stratum, x$conf.type, x$conf.level)
    table$estimate <- ifelse(table$lowest == table$highest, table$lowest, NA_real_)
    table$conf.low <- rep_len(limits$conf.low, nrow(table))
    table$conf.high <- rep_len(limits$conf.high, nrow(table))
    as_asked <- order(stratum, rep(sorted, n_strata))
    columns <- c("strata", "time", "estimate", "lowest", "highest", "conf.low", "conf.high")
    as_frame(lapply(table[columns], `[`, as_asked))
}

# Survival just after each time: all that has ended by then is gone, what has started may be.
survival_range <- function(curve, times) {
    from_last <- function(mass) c(rev(cumsum(rev(mass))), 0)
    tail <- from_last(curve$mass)
    if (anyNA(tail)) tail[] <- NA_real_
    near <- 1.5e-8 * mean(abs(unique(c(curve$left, curve$right[curve$right < Inf]))))
    exact <- curve$left == curve$right
    started <- findInterval(times, ifelse(exact, curve$left - near, curve$left + near), left.open = TRUE)
    ended <- findInterval(times, curve$right - near)
    as_frame(list(lowest = tail[pmax(started, ended) + 1], highest = tail[ended + 1]))
}

#' Quantiles from interval-censored data
#'
#' The innermost interval in which survival falls to 1 - p, and the times between which the pointwise limits cross it.
#'
#' @param x A [turnbull()] result.
#' @param probs Numeric, between 0 and 1: shares that have had the event.
#' @param ... Not used.
#' @return Data frame, one row per stratum and probability: `strata`, `prob`, `left`, `right` (the quantile
#'   lies in `(left, right]`; both `Inf` if it is not reached by the last visit), `conf.low`, `conf.high`
#'   (first right end at which the lower and the upper limit of survival are at most 1 - p; `Inf` not reached,
#'   `NA` without an interval).
#' @section Errors: `osseosurv_invalid` for probabilities outside 0 to 1.
#' @examples
#' left <- c(0, 3, 3, 6, 12)
#' right <- c(3, 6, 6, 12, Inf)
#' quantile(turnbull(Surv(left, right, type = "interval2") ~ 1), 0.5)
#' @export
quantile.turnbull <- function(x, probs = c(0.25, 0.5, 0.75), ...) {
    probs <- check_numbers(probs, "probs", 0, 1)
    curves <- split_turnbull(x)
    rows <- lapply(seq_along(curves), function(s) {
        seen <- curves[[s]][curves[[s]]$right < Inf, , drop = FALSE]
        first <- function(value, from) {
            if (anyNA(seen$estimate)) return(rep(NA_real_, length(probs)))
            vapply(probs, function(p) c(from[which(value <= 1 - p + 1e-10)], Inf)[1], 0)
        }
        limit <- function(value) if (x$conf.type == "none") rep(NA_real_, length(probs)) else first(value, seen$right)
        as_frame(list(strata = rep(x$strata[s], length(probs)), prob = probs, left = first(seen$estimate, seen$left),
                      right = first(seen$estimate, seen$right), conf.low = limit(seen$conf.low),
                      conf.high = limit(seen$conf.high)))
    })
    do.call(rbind, rows)
}
