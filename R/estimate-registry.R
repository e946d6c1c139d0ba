# The figures of an arthroplasty registry, all from the risk table.

units_a_year <- c(years = 1, months = 12, weeks = 365.25 / 7, days = 365.25)

#' Registry figures: revision rate, cumulative percent revision, outlier screen
#'
#' For each prosthesis (stratum) the revisions per 100 observed component-years with an exact interval, the cumulative
#' percent revision at 1, 3, 5 and 10 years (one minus Kaplan-Meier), cut where few are at risk, and the first-stage
#' screen by which the Australian registry finds outliers.
#'
#' A component is `selected` by the screen when its revision rate is more than twice that of its group (all strata
#' together), the Poisson probability of so many revisions or more at the group's rate is below 0.05, and it has at least
#' 10 procedures, or at least two revisions and 75% revised. A component with more than 25% of the procedures is held
#' against the others alone. The screen only asks for a closer look: the registry's second and third stages are clinical.
#'
#' Counts do as well as rows: give a row for each time and status with `weights` (as `GROUP BY time, status` returns), or
#' as `formula` a data frame of counts, one row for each time at which follow-up ends, with `time`, `n.event`, and
#' `n.censor` or `n.risk`, and `strata` if there are several. Where `n.risk` falls by more than the events the rest is taken
#' as censored at that row's time, so a table that lists event times alone overstates the component-years.
#'
#' @inheritParams kaplan_meier
#' @param formula As in [kaplan_meier()], the prostheses on the right-hand side; or a data frame of counts.
#' @param times Numeric, positive: years at which the cumulative percent revision is given.
#' @param per Component-years to which the rate refers.
#' @param min.at.risk Whole number: the cumulative percent revision is not given (`NA`) at times with fewer at risk. 40 is
#'   the rule of the Australian registry; 0 gives all that can be estimated.
#' @param unit Unit of the times in the data: `"months"`, `"years"`, `"weeks"` or `"days"` (365.25 days a year).
#' @param conf.type Interval of the cumulative percent revision, as in [kaplan_meier()]. The rate has Garwood's.
#' @return A result. `tidy(x)`: for each stratum a row with `term` `rate` (per `per` component-years; `n.risk` is the number
#'   of procedures, `n.event` of revisions) and one `cpr` for each of `times` (`time` in years; `n.risk` just before it,
#'   `n.event` up to it; percent): `strata`, `term`, `time`, `n.risk`, `n.event`, `estimate`, `conf.low`, `conf.high`.
#'   `tidy(x, "screen")`: `strata`, `n`, `n.event`, `years` (component-years), `rate`, `group.rate`, `rate.ratio`, `expected`
#'   revisions at the group's rate, `p.value`, `selected`.
#' @section Agreement: The rate equals [rate_ci()], the cumulative percent revision [kaplan_meier()], exactly.
#' @section Errors: `osseosurv_invalid` as in [kaplan_meier()], and for counts that are not whole or do not add up.
#' @references The rule of the screen as the AOANJRR states it (<https://aoanjrr.sahmri.com/en-US/prosthesis-performance>);
#'   de Steiger RN et al. (2013) \doi{10.3109/17453674.2013.831320}; Garwood F (1936) \doi{10.1093/biomet/28.3-4.437}.
#' @seealso [rate_ci()], [rate_ratio()], [kaplan_meier()], [cumulative_incidence()] for revision when death competes.
#' @examples
#' set.seed(1)
#' hips <- data.frame(months = rexp(900, 0.01), stem = rep(c("A", "B", "C"), c(400, 400, 100)))
#' hips$revised <- rbinom(900, 1, ifelse(hips$stem == "C", 0.3, 0.08))
#' registry_metrics(Surv(months, revised) ~ stem, hips)
#' @export
registry_metrics <- function(formula, data = NULL, times = c(1, 3, 5, 10), per = 100, min.at.risk = 40, unit = "months",
                             conf.type = "auto", conf.level = 0.95, weights = NULL, subset = NULL, na.action = NULL,
                             group = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", c("auto", survival_conf_types))
    times <- check_times(times)
    per <- check_positive(per, "per")
    min.at.risk <- check_number(min.at.risk, "min.at.risk", 0)
    year <- units_a_year[[check_choice(unit, "unit", names(units_a_year))]]
    counted <- !is_surv_call(substitute(formula)) && is.data.frame(formula)
    input <- if (counted) read_counts(formula) else read_survival(environment(), frame = parent.frame())
    curve <- fit_kaplan_meier(input, conf.type, conf.level)
    totals <- registry_totals(curve, input, year)
    rate <- rate_ci(totals$n.event, totals$years, per = per, conf.level = conf.level)
    at <- survival_at(curve, times * year)
    few <- at$n.risk < min.at.risk
    at[few, c("estimate", "conf.low", "conf.high")] <- NA_real_
    table <- registry_table(curve, totals, rate, at, times)
    screen <- if (length(curve$strata) > 1) registry_screen(totals, per)
    new_result(
        "registry_metrics",
        title = sprintf("Revisions per %s component-years and cumulative percent revision, %s intervals",
                        format(per, big.mark = ","), percent_text(conf.level)),
        table = table,
        glance = list(n = sum(totals$n), events = sum(totals$n.event), years = sum(totals$years),
                      n.strata = nrow(totals), selected = if (is.null(screen)) NA_integer_ else sum(screen$selected),
                      conf.type = curve$conf.type, conf.level = conf.level),
        estimand = estimand_card(
            endpoint = input$endpoint, unit = "procedure",
            measure = sprintf("revisions per %s component-years; percent revised by a time, had nobody died", format(per)),
            competing = "death ends follow-up as censoring (net)"),
        methods = sprintf(paste("Revision rates per %s observed component-years have exact (Garwood) %s confidence intervals.",
                                "Cumulative percent revision is one minus the Kaplan-Meier estimate with %s, given where at",
                                "least %s were at risk. Components were screened by the first-stage rule of the AOANJRR."),
                          format(per), percent_text(conf.level), conf_type_text[[curve$conf.type]], format(min.at.risk)),
        references = c("Garwood F (1936) Biometrika 28:437-442", curve$references,
                       "de Steiger et al. (2013) Acta Orthop 84:348"),
        notes = c(sprintf("Times are read as %s; years have %s of them.", unit, format(year)), curve$notes,
                  if (any(few)) sprintf("Cumulative percent revision is left out (NA) at %d of %d rows, where fewer than %s are at risk.",
                                        sum(few), length(few), format(min.at.risk)),
                  if (is.null(screen)) "One stratum: there is no group to screen it against."),
        screen = screen, totals = totals
    )
}

# Procedures, revisions and component-years by stratum. Without late entry the risk table has all three.
registry_totals <- function(curve, input, year) {
    table <- curve$table
    size <- curve$size
    first <- cumsum(size) - size + 1
    by_stratum <- function(x) {
        sums <- c(0, cumsum(x))
        sums[first + size] - sums[first]
    }
    if (is.null(input$entry)) {
        n <- table$n.risk[first]
        # A time is reached by those at risk just before it.
        exposure <- by_stratum(replace(c(0, diff(table$time)), first, 0) * table$n.risk)
    } else {
        weight <- input$weight %||% rep.int(1, input$n)
        stratum <- input$stratum %||% rep.int(1L, input$n)
        sums <- rowsum(cbind(weight, weight * (input$time - input$entry)), stratum)
        n <- unname(sums[, 1])
        exposure <- unname(sums[, 2])
    }
    as_frame(list(strata = curve$strata, n = n, n.event = by_stratum(table$n.event), years = exposure / year))
}

registry_table <- function(curve, totals, rate, at, times) {
    last <- cumsum(curve$size)
    events <- cumsum(curve$table$n.event)
    before <- c(0, events)[last - curve$size + 1]
    until <- unlist(lapply(seq_along(last), function(s) {
        rows <- seq.int(last[s] - curve$size[s] + 1, last[s])
        events[rows][findInterval(at$time[seq_along(times)], curve$table$time[rows])] - before[s]
    }))
    k <- length(curve$strata)
    order <- order(c(seq_len(k), rep(seq_len(k), each = length(times))))
    both <- list(strata = c(totals$strata, at$strata), term = rep(c("rate", "cpr"), c(k, nrow(at))),
                 time = c(rep(NA_real_, k), rep(times, k)), n.risk = c(totals$n, at$n.risk),
                 n.event = c(totals$n.event, until), estimate = c(rate$estimate, 100 * (1 - at$estimate)),
                 conf.low = c(rate$conf.low, 100 * (1 - at$conf.high)),
                 conf.high = c(rate$conf.high, 100 * (1 - at$conf.low)))
    as_frame(lapply(both, `[`, order))
}

# The first stage of the AOANJRR.
registry_screen <- function(totals, per) {
    events <- totals$n.event
    alone <- totals$n > 0.25 * sum(totals$n)
    group <- (sum(events) - alone * events) / (sum(totals$years) - alone * totals$years)
    rate <- events / totals$years
    expected <- group * totals$years
    p <- stats::ppois(events - 1, expected, lower.tail = FALSE)
    enough <- totals$n >= 10 | (events >= 2 & events >= 0.75 * totals$n)
    as_frame(list(strata = totals$strata, n = totals$n, n.event = events, years = totals$years, rate = per * rate,
                  group.rate = per * group, rate.ratio = rate / group, expected = expected, p.value = p,
                  selected = (rate > 2 * group & p < 0.05 & enough) %in% TRUE))
}

# A table of counts as the rows of a survival input.
read_counts <- function(counts) {
    need <- c("time", "n.event")
    absent <- setdiff(need, names(counts))
    if (length(absent) || !any(c("n.censor", "n.risk") %in% names(counts))) {
        abort_invalid(paste("A table of counts as `formula` needs the columns `time`, `n.event`, and `n.censor` or `n.risk`;",
                            "it has", paste0("`", names(counts), "`", collapse = ", "), "."), "formula")
    }
    if (!nrow(counts)) abort_invalid("`formula` has no rows: give at least one time.", "formula")
    column <- function(name, whole = TRUE) check_numbers(counts[[name]], name, 0, 2^53, whole = whole)
    groups <- read_strata(if (!is.null(counts$strata)) list(strata = as.character(counts$strata)))
    stratum <- groups$stratum %||% rep.int(1L, nrow(counts))
    time <- column("time", whole = FALSE)
    order <- order(stratum, time)
    last <- c(diff(stratum[order]) != 0, TRUE)
    event <- column("n.event")[order]
    at_risk <- if (!is.null(counts$n.risk)) column("n.risk")[order]
    if (any(diff(time[order]) == 0 & !last[-length(last)])) {
        at <- order[which(diff(time[order]) == 0 & !last[-length(last)])[1] + 1]
        abort_invalid(sprintf("`time` must hold each time once in a stratum; row %d repeats %s.", at, format(time[at])), "time",
                      at)
    }
    # Those who leave at a row and do not fail are censored there.
    leaving <- if (!is.null(at_risk)) at_risk - event - ifelse(last, 0, c(at_risk[-1], 0))
    censored <- if (is.null(counts$n.censor)) leaving else column("n.censor")[order]
    wrong <- which(if (is.null(leaving)) FALSE else leaving < 0 | leaving != censored)
    if (length(wrong)) {
        at <- order[wrong[1]]
        abort_invalid(sprintf("`n.risk` of row %d is not its events, its censored and the next `n.risk` together.", at), "n.risk",
                      at)
    }
    weight <- c(event, censored)
    keep <- weight > 0
    if (!any(keep)) abort_invalid("`n.event` and `n.censor` are all 0: there is nobody to analyse.", "n.event")
    stratum <- rep(stratum[order], 2)[keep]
    present <- sort(unique(stratum))
    list(kind = "right", n = sum(keep), entry = NULL, time = rep(time[order], 2)[keep],
         status = rep(1:0, each = nrow(counts))[keep], causes = NULL, weight = weight[keep], row = NULL,
         endpoint = "revision, counted in `n.event`", notes = character(),
         stratum = if (!is.null(groups$stratum)) match(stratum, present), strata = groups$strata[present])
}

#' @param x A result of `registry_metrics()`.
#' @param table `"metrics"` or `"screen"`.
#' @param ... Not used.
#' @rdname registry_metrics
#' @export
tidy.registry_metrics <- function(x, table = "metrics", ...) {
    if (check_choice(table, "table", c("metrics", "screen")) == "metrics") x$table else x$screen %||% data.frame()
}

#' @export
print.registry_metrics <- function(x, n = 20, digits = 4, ...) {
    cat(x$title, "\n\n", sep = "")
    print_table(x$table, n, digits)
    if (!is.null(x$screen)) {
        cat("\nScreen (more than twice the rate of the group, p < 0.05, enough procedures)\n")
        print_table(x$screen, n, digits)
    }
    cat("\nEstimand\n")
    print(estimand(x))
    print_notes(x$notes)
    invisible(x)
}
