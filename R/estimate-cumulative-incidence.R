# The order is that of oss_incidence_type in src/core/cumulative_incidence.h.
incidence_conf_types <- c("exact", "log-log", "plain")

#' Cumulative incidence with competing risks
#'
#' Aalen-Johansen estimate of the probability that an event of each cause has happened by a time (crude: what is
#' observed, others having taken their share). The default interval is of exact type: Clopper-Pearson without
#' censoring, one minus the beta-product interval with one cause, and never 0 to 0.
#'
#' @param formula `Surv(time, status) ~ group` or `Surv(entry, time, status) ~ group` with `status` a factor whose first
#'   level is censored and whose other levels are the causes. Or such a `Surv` object.
#' @param conf.type `"exact"`, `"log-log"` (on the incidence: limits F^exp(+-z se / (F log F))) or `"plain"`. With left
#'   truncation the exact type has no theory and is refused.
#' @inheritParams kaplan_meier
#' @return A result whose [tidy()] has one row per stratum, cause and distinct time, from time 0: `strata`, `cause`,
#'   `time` (unit of the data), `n.risk` (just before the time), `n.event` (of that cause), `n.censor`, `estimate`
#'   (incidence just after the time), `std.error` (Aalen, same scale), `conf.low`, `conf.high` (pointwise; `NA` for
#'   log-log and plain where the estimate is 0 or 1). [glance()]: `n`, `events`, `n.causes`, `n.strata`, `conf.type`,
#'   `conf.level`. `x$event_free`: `strata`, `time`, `estimate`, the probability of no event of any cause.
#' @section The exact-type interval: With Y at risk, d failing and d_j of cause j, let (D_j, D_other, B) be
#'   Dirichlet(d_j, d - d_j, Y + 1 - d), independent of the past, F = F + S D_j and S = S B from S = 1, F = 0. The
#'   lower limit is a quantile of F, the upper one of F with the next spacing, a Beta(1, Y) share of S, given to
#'   cause j as well; both of betas matched on mean and variance, and never falling with time. Its level is
#'   proved without censoring, where it is Clopper-Pearson's; with censoring and several causes it is enumerated for
#'   small designs and simulated: `inst/validation/incidence-interval.md`.
#' @section Coverage of 95% intervals: The lowest in 60 simulated settings of n = 8, 11, 20, 60 (three ways of
#'   sharing events between two causes; no, uniform, staggered and heavy censoring, ties; 6,000 samples each, at
#'   five times, among samples that give an interval): `exact` 95.1%, so at least nominal in all, neither tail above
#'   2.5% beyond simulation error; `log-log` 63.4% and `plain` 56.5% (two thirds censored, n = 60, F = 0.79), which
#'   give no interval in up to 82% of samples.
#' @section Agreement: Estimates equal `survival::survfit` and `cmprsk::cuminc` to 1e-12, `std.error` `survfit` to 1e-8
#'   (`cuminc` uses another variance; with left truncation `survfit` gives the infinitesimal jackknife, here it stays
#'   Aalen's, which with one cause is Greenwood's).
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, as [kaplan_meier()]; and if the status is no factor.
#' @references Aalen OO, Johansen S (1978) Scand J Stat 5:141-150. Fay MP, Brittain EH, Proschan MA (2013)
#'   \doi{10.1093/biostatistics/kxt016}, whose beta product the exact type extends.
#' @seealso [incidence_at()], [kaplan_meier()].
#' @examples
#' months <- c(2, 5, 7, 9, 12, 15, 18, 24, 30, 36)
#' mode <- factor(c(2, 0, 4, 1, 0, 4, "death", 0, 0, 0), c(0, 1, 2, 4, "death"))
#' modes <- cumulative_incidence(Surv(months, mode) ~ 1)
#' incidence_at(modes, c(12, 24))
#' @export
cumulative_incidence <- function(formula, data = NULL, conf.type = "exact", conf.level = 0.95, weights = NULL,
                                 subset = NULL, na.action = NULL, group = NULL, cluster = NULL, rows = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", incidence_conf_types)
    refuse_cluster(cluster)
    input <- read_survival(environment(), kind = "competing", frame = parent.frame())
    if (!is.null(input$entry) && conf.type == "exact") {
        abort_invalid("`conf.type` \"exact\" has no theory for left-truncated data: use \"log-log\".", "conf.type")
    }
    fit <- .Call(ffi_cumulative_incidence, input$entry, input$time, input$status, input$weight, input$stratum,
                 length(input$causes), length(input$strata), match(conf.type, incidence_conf_types) - 1L, conf.level,
                 thread_count())
    counts <- fit$table
    strata <- label_column(input$strata, counts$size)
    table <- incidence_table(fit, counts, input$strata, input$causes)
    note <- if (conf.type != "exact" && anyNA(table$conf.low)) {
        sprintf("The %s interval is not estimable (NA) where the estimate is 0 or 1; the exact one is.", conf.type)
    }
    new_result(
        "cumulative_incidence",
        title = sprintf("Cumulative incidence by cause, %s %s interval", percent_text(conf.level), conf.type),
        table = table,
        glance = list(n = if (is.null(input$weight)) input$n else sum(input$weight), events = sum(counts$n.event),
                      n.causes = length(input$causes), n.strata = length(input$strata), conf.type = conf.type,
                      conf.level = conf.level),
        estimand = estimand_card(
            endpoint = sprintf("%s; causes: %s", input$endpoint, paste(input$causes, collapse = ", ")),
            measure = "probability that the event of a cause has happened by a time (crude: as observed)",
            competing = "the other causes compete: after one of them the event can no longer happen"),
        methods = sprintf(paste("The cumulative incidence of each cause was estimated by the Aalen-Johansen method, the",
                                "other causes competing, with pointwise %s %s."),
                          percent_text(conf.level), incidence_conf_text[[conf.type]]),
        references = c("Aalen and Johansen (1978) Scand J Stat 5:141",
                       if (conf.type == "exact") "Fay, Brittain and Proschan (2013) Biostatistics 14:723"),
        notes = c(input$notes, note),
        event_free = as_frame(list(strata = strata, time = counts$time, estimate = fit$event.free)),
        entry = if (is.null(input$entry)) NULL else split_entries(input), rows = kept_rows(input, rows),
        size = counts$size, strata = input$strata, causes = input$causes, conf.type = conf.type,
        conf.level = conf.level
    )
}

incidence_conf_text <- c(
    "exact" = paste("exact-type confidence intervals (beta product with each spacing given to the cause of its failure,",
                    "method of moments)"),
    "log-log" = "confidence intervals on the log(-log) scale of the incidence with Aalen's variance",
    "plain" = "untransformed confidence intervals with Aalen's variance")

# From cause by cause to stratum by stratum, causes inside.
incidence_table <- function(fit, counts, strata, causes) {
    k <- length(causes)
    columns <- list(time = rep.int(counts$time, k), n.risk = rep.int(counts$n.risk, k), n.event = counts$n.event,
                    n.censor = rep.int(counts$n.censor, k), estimate = fit$estimate, std.error = fit$std.error,
                    conf.low = fit$conf.low, conf.high = fit$conf.high)
    if (length(counts$size) > 1) {
        by_stratum <- order(rep.int(rep.int(seq_along(counts$size), counts$size), k))
        columns <- lapply(columns, `[`, by_stratum)
    }
    as_frame(c(list(strata = label_column(strata, k * counts$size),
                    cause = label_column(rep.int(causes, length(strata)), rep(counts$size, each = k))), columns))
}

#' Cumulative incidence at given times
#'
#' @param x A [cumulative_incidence()] or [fine_gray()] result.
#' @param times Numeric, length `m`, finite, >= 0, in the unit of the data.
#' @param ... Not used.
#' @return Data frame, one row per stratum, cause and time: `strata`, `cause`, `time`, `n.risk` (just before the time),
#'   `estimate`, `std.error`, `conf.low`, `conf.high` just after it; `NA` past the last follow-up of the stratum unless
#'   nobody was event-free by then. Of a `fine_gray()` fit one row per row of `newdata` (`row`, its number) and time,
#'   without `n.risk`: 1 - exp(-H(t) exp(z'beta)), the interval on the scale of the log cumulative hazard with the
#'   analytic variance of H, beta and the weights together (`NA` before the first event).
#' @section Errors: `osseosurv_invalid` (with `index`) for missing, negative or infinite times, and rows of `newdata` that
#'   cannot be read.
#' @examples
#' status <- c("censored", "loosening", "infection", "censored")
#' status <- factor(status, c("censored", "loosening", "infection"))
#' incidence_at(cumulative_incidence(Surv(c(12, 20, 26, 40), status)), c(12, 24))
#' @export
incidence_at <- function(x, times, ...) UseMethod("incidence_at")

#' @export
incidence_at.default <- function(x, times, ...) {
    abort_no_method(x, "a cumulative_incidence() or fine_gray() result")
}

#' @rdname incidence_at
#' @export
incidence_at.cumulative_incidence <- function(x, times, ...) {
    times <- check_times(times)
    last <- cumsum(x$size)
    k <- length(x$causes)
    rows <- list()
    for (s in seq_along(x$size)) {
        free <- x$event_free[seq.int(last[s] - x$size[s] + 1L, last[s]), ]
        stratum <- x$table[k * (last[s] - x$size[s]) + seq_len(k * x$size[s]), ]
        total <- cumsum(tapply(stratum$n.event, rep(seq_len(x$size[s]), k), sum) + stratum$n.censor[seq_len(x$size[s])])
        at <- findInterval(times, free$time)
        known <- times <= free$time[nrow(free)] | free$estimate[at] == 0
        for (c in seq_len(k)) {
            curve <- stratum[(c - 1) * x$size[s] + seq_len(x$size[s]), ]
            value <- function(name) ifelse(known, curve[[name]][at], NA_real_)
            leaving <- list(time = curve$time, n.risk = curve$n.risk, left = c(0, as.vector(total)))
            rows[[length(rows) + 1L]] <- as_frame(list(
                strata = rep(x$strata[s], length(times)), cause = rep(x$causes[c], length(times)), time = times,
                n.risk = at_risk_before(leaving, times, x$entry[[s]]), estimate = value("estimate"),
                std.error = value("std.error"), conf.low = value("conf.low"), conf.high = value("conf.high")))
        }
    }
    do.call(rbind, rows)
}
