# What patients lost to follow-up could change.

#' What the lost could change: bounds on survival
#'
#' Survival with interval under the extremes that the data do not exclude for patients lost to follow-up (none of them fails;
#' each fails right after the loss) and in between (their hazard is a multiple of that of the others).
#'
#' Scenarios: `none fails`: the lost are followed event-free to the last time of the data. `hazard x k`: after the loss their hazard is k
#' times that of those still followed: with h the hazard at a time, a lost patient fails there with probability
#' \eqn{1 - (1 - h)^k}; k = 1 is the usual Kaplan-Meier estimate, exactly. `all fail`: each fails at the time of loss. The first and the
#' last are the worst-case bounds (Peterson 1976; Manski 1990): no assumption about the lost can lead outside them.
#'
#' The interval of the extremes is that of the completed data. For a multiple it comes from that of k = 1: all hazards of the
#' curve are multiplied by one factor until the Kaplan-Meier estimate reaches its limit (where it is 1, a constant hazard from 0
#' on does), and the lost follow. It does not treat imputed outcomes as observed.
#'
#' @inheritParams kaplan_meier
#' @param lost Which rows were lost: logical or 0/1, a column of `data` or a vector; only censored rows can be lost. Other censored rows
#'   are taken as independent censoring (the closing date).
#' @param times Numeric, finite, >= 0: at which times; `NULL`: the last time of the data at which every stratum is followed.
#' @param multiplier Positive numbers up to 100: hazard of the lost as a multiple.
#' @param limit `NULL`, or a survival probability: `tidy(x, "tipping")` then says from which multiple on the estimate, and the lower
#'   confidence limit, are at or below it.
#' @return A result. `tidy(x)`: a row per stratum, time and scenario: `strata`, `time`, `scenario`, `multiplier` (0 for `none fails`, `Inf` for
#'   `all fail`), `n.lost` (by that time), `estimate`, `conf.low`, `conf.high`; `NA` past the last follow-up of the stratum.
#'   `tidy(x, "tipping")`: `strata`, `time`, `quantity`, `limit`, `multiplier` (0: even if none of them fails; `Inf`: by no multiple up to 1000).
#' @section Errors: `osseosurv_invalid` as in [kaplan_meier()]; for `lost` that is missing, no condition, or true where the event was seen.
#' @references Peterson AV (1976) \doi{10.1073/pnas.73.1.11}. Manski CF (1990) American Economic Review 80:319-323.
#' @seealso [kaplan_meier()], [followup_completeness()].
#' @examples
#' d <- data.frame(months = c(6, 12, 14, 20, 24, 30, 36, 36, 40, 48, 60),
#'                 failed = c(1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0),
#'                 gone = c(0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0))
#' bounds <- loss_bounds(Surv(months, failed) ~ 1, d, lost = gone, times = c(24, 36), limit = 0.5)
#' bounds
#' tidy(bounds, "tipping")
#' @export
loss_bounds <- function(formula, data = NULL, lost, times = NULL, multiplier = c(1, 2, 5), limit = NULL, conf.type = "auto",
                        conf.level = 0.95, weights = NULL, subset = NULL, na.action = NULL, group = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", c("auto", survival_conf_types))
    multiplier <- check_numbers(multiplier, "multiplier", 0, 100)
    if (!is.null(limit)) limit <- check_number(limit, "limit", 0, 1)
    if (missing(lost)) abort_invalid("`lost` is required: which censored rows were lost to follow-up?", "lost")
    input <- read_survival(environment(), frame = parent.frame(), carry = "lost")
    gone <- check_lost(input)
    last <- as.vector(tapply(input$time, input$stratum %||% rep.int(1L, input$n), max))
    times <- if (is.null(times)) min(last) else check_times(times)
    base <- fit_kaplan_meier(input, conf.type, conf.level)
    none <- all <- input
    none$time[gone] <- max(input$time)
    all$status[gone] <- 1L
    extremes <- lapply(list(none, all), function(one) survival_at(fit_kaplan_meier(one, base$conf.type, conf.level), times))
    at <- survival_at(base, times)
    curves <- lost_curves(base, input, gone)
    lost_by <- unlist(lapply(curves, function(curve) c(0, cumsum(curve$n.lost))[findInterval(times, curve$time) + 1]))
    # A stratum whose last are lost is followed as far as the data go; nobody else was.
    known <- !is.na(at$estimate)
    frames <- c(list(scenario_frame(at, "none fails", 0, extremes[[1]], known, lost_by)),
                lapply(multiplier, function(k) {
                    values <- lapply(c("estimate", "conf.low", "conf.high"), function(column) {
                        scenario_values(curves, at, column, k, length(times))
                    })
                    names(values) <- c("estimate", "conf.low", "conf.high")
                    scenario_frame(at, sprintf("hazard x %s", format(k)), k, values, known, lost_by)
                }),
                list(scenario_frame(at, "all fail", Inf, extremes[[2]], known, lost_by)))
    table <- bind_rows(frames)
    order <- order(match(table$strata, base$strata), rep(seq_len(nrow(at)), length(frames)))
    table <- table[order, ]
    row.names(table) <- NULL
    tipping <- if (!is.null(limit)) tipping_points(curves, at, extremes, limit, times)
    new_result(
        "loss_bounds",
        title = sprintf("Survival under scenarios for the lost, %s %s intervals", percent_text(conf.level), base$conf.type),
        table = table,
        glance = list(n = base$glance$n, events = base$glance$events, lost = sum((input$weight %||% 1) * gone),
                      conf.type = base$conf.type, conf.level = conf.level),
        estimand = estimand_card(endpoint = input$endpoint, measure = "probability of no event up to a time (net)",
                                 censoring = "independent for rows not lost; for the lost as each scenario says"),
        methods = sprintf(paste("Survival (product-limit, %s) was bounded by the extremes for patients lost to follow-up, none or",
                                "all of whom fail, and computed for hazards of the lost that are a multiple of the others'."),
                          conf_type_text[[base$conf.type]]),
        references = c("Peterson (1976) Proc Natl Acad Sci 73:11", "Manski (1990) Am Econ Rev 80:319", base$references),
        notes = c(base$notes, if (!any(gone)) "No row is lost: all scenarios are the same.",
                  if (any(!known)) "Past the last follow-up of a stratum nothing is estimable (NA)."),
        tipping = tipping
    )
}

check_lost <- function(input) {
    lost <- input$carried$lost
    if (is.null(lost) || !(is.logical(lost) || is_number(lost) && all(lost %in% 0:1))) {
        abort_invalid("`lost` must be TRUE/FALSE or 0/1 for each row.", "lost")
    }
    lost <- as.logical(lost)
    seen <- which(lost & input$status == 1L)
    if (length(seen)) {
        at <- row_number(seen[1], input$row)
        abort_invalid(sprintf("`lost` must be FALSE where the event was seen; row %d is lost and has the event.", at), "lost", at)
    }
    lost
}

scenario_frame <- function(at, scenario, multiplier, values, known, lost_by) {
    value <- function(name) replace(values[[name]], !known, NA_real_)
    as_frame(list(strata = at$strata, time = at$time, scenario = rep(scenario, nrow(at)), multiplier = rep(multiplier, nrow(at)),
                  n.lost = lost_by, estimate = value("estimate"), conf.low = value("conf.low"), conf.high = value("conf.high")))
}

# By stratum: the risk table with the number lost at each time.
lost_curves <- function(base, input, gone) {
    stratum <- input$stratum %||% rep.int(1L, input$n)
    weight <- (input$weight %||% rep.int(1, input$n)) * gone
    curves <- split_curve(base)
    lapply(seq_along(curves), function(s) {
        curve <- curves[[s]]
        rows <- which(gone & stratum == s)
        n.lost <- numeric(nrow(curve))
        if (length(rows)) {
            sums <- rowsum(weight[rows], findInterval(input$time[rows], curve$time))
            n.lost[as.integer(rownames(sums))] <- sums[, 1]
        }
        list(time = curve$time, n.risk = curve$n.risk, kept = 1 - ifelse(curve$n.event > 0, curve$n.event / curve$n.risk, 0),
             estimate = curve$estimate, n.lost = n.lost)
    })
}

# Survival when the lost have k times the hazard; kept: 1 minus the hazard at each time.
lost_survival <- function(curve, kept, k, rows) {
    within <- seq_len(rows)
    kept <- kept[within]
    n <- curve$n.risk[within]
    gone <- curve$n.lost[within]
    own <- kept^k
    running <- cumprod(own)
    # Of the lost of each time the share still event-free; a running product that underflows is followed step by step.
    left <- if (running[rows] > 1e-280) {
        c(0, (running * cumsum(gone / running))[-rows])
    } else {
        c(0, Reduce(function(at, j) at * own[j] + gone[j], within, 0, accumulate = TRUE)[within + 1][-rows])
    }
    failing <- (n * (1 - kept) + left * (1 - own)) / pmax(n + left, 1e-300)
    prod(1 - ifelse(kept < 1, failing, 0))
}

# The same where the hazards are those that give `target` for the Kaplan-Meier estimate at the row.
lost_survival_at <- function(curve, target, k, rows) {
    if (is.na(target)) return(NA_real_)
    if (target <= 0) return(0)
    if (target >= 1) return(1)
    within <- seq_len(rows)
    now <- curve$estimate[rows]
    kept <- curve$kept[within]
    if (now >= 1) {
        if (curve$time[rows] == 0) return(target)
        kept <- target^(c(0, diff(curve$time[within])) / curve$time[rows])
    } else if (now > 0) {
        kept <- kept^(log(target) / log(now))
    } else {
        zero <- which(kept <= 0)[1]
        before <- if (zero > 1) curve$estimate[zero - 1] else 1
        kept[zero] <- min(1, target / before)
        if (target > before) kept[seq_len(zero - 1)] <- kept[seq_len(zero - 1)]^(log(target) / log(before))
    }
    lost_survival(curve, kept, k, rows)
}

scenario_values <- function(curves, at, column, k, n_times) {
    vapply(seq_len(nrow(at)), function(i) {
        curve <- curves[[(i - 1) %/% n_times + 1]]
        lost_survival_at(curve, at[[column]][i], k, findInterval(at$time[i], curve$time))
    }, 0)
}

tipping_points <- function(curves, at, extremes, limit, times) {
    rows <- lapply(c("estimate", "conf.low"), function(column) {
        multiplier <- vapply(seq_len(nrow(at)), function(i) {
            if (is.na(at[[column]][i])) return(NA_real_)
            curve <- curves[[(i - 1) %/% length(times) + 1]]
            row <- findInterval(at$time[i], curve$time)
            excess <- function(k) lost_survival_at(curve, at[[column]][i], k, row) - limit
            if (excess(0) <= 0) return(0)
            if (excess(1000) > 0) return(Inf)
            stats::uniroot(excess, c(0, 1000), tol = 1e-9)$root
        }, 0)
        as_frame(list(strata = at$strata, time = at$time, quantity = rep(column, nrow(at)), limit = rep(limit, nrow(at)),
                      multiplier = multiplier))
    })
    bind_rows(rows)
}

#' @param x A result of `loss_bounds()`.
#' @param table `"bounds"` or `"tipping"`.
#' @param ... Not used.
#' @rdname loss_bounds
#' @export
tidy.loss_bounds <- function(x, table = "bounds", ...) {
    if (check_choice(table, "table", c("bounds", "tipping")) == "bounds") return(x$table)
    if (is.null(x$tipping)) abort_invalid("`table` \"tipping\" needs loss_bounds(limit = ).", "table")
    x$tipping
}
