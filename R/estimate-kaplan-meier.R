# The order is that of oss_conf_type in src/core/kaplan_meier.h.
survival_conf_types <- c("beta-product", "beta-product-mid-p", "likelihood-ratio", "log-log", "log", "plain",
                         "logit", "arcsin")

#' Kaplan-Meier estimate of survival
#'
#' Product-limit estimate from right-censored, also left-truncated data, with an interval that is valid in small
#' samples: the default is the beta-product interval, exact (Clopper-Pearson) without censoring and never 1 to 1.
#'
#' @param formula `Surv(time, status) ~ group`, or with left truncation `Surv(entry, exit, status) ~ group`; groups
#'   joined by `+` or inside `strata()`. Or a `Surv` object (then groups by `group`). Times >= 0, any unit; status
#'   0/1, FALSE/TRUE or 1/2.
#' @param data Data frame with the variables of the formula, `weights` and `subset`.
#' @param conf.type `"auto"`: `beta-product`, but `log-log` with left truncation, where the beta product has no theory.
#'   Or `"beta-product"`, `"beta-product-mid-p"`, `"likelihood-ratio"` (Thomas-Grunkemeier; time grows with the square
#'   of the number of events), `"log-log"`, `"log"`, `"plain"`, `"logit"`, `"arcsin"`.
#' @param conf.level Confidence level, between 0 and 1.
#' @param weights Frequency weights: whole numbers, a row of weight 2 counts as two equal rows.
#' @param subset Condition or row numbers: which rows to analyse.
#' @param na.action `na.omit` (rows with missing values are left out and counted in a note) or `na.fail`.
#' @param group Vector of groups when `formula` is a `Surv` object.
#' @param cluster `~patient` (or a vector): the rows of a patient may depend on each other, patients do not. The standard
#'   error is then robust and the interval `log-log` by default; `beta-product` and `likelihood-ratio` count rows as
#'   independent and are refused.
#' @param cluster.correction `"CR1"`: the infinitesimal jackknife with the factor G / (G - 1) for G clusters in the stratum,
#'   and the t quantile on G - 1 degrees of freedom. `"CR3"`: the jackknife that leaves each cluster out, same quantile;
#'   its time grows with clusters times distinct times. `"none"`: the infinitesimal jackknife with the normal quantile, as
#'   `survival::survfit(cluster = )`.
#' @param rows Keep the rows in the result, for [pseudo_values()]? `NULL`: up to 1e5 rows.
#' @return A result whose [tidy()] has one row per stratum and distinct time, censored times too, from time 0: `strata`,
#'   `time` (unit of the data), `n.risk` (just before the time; at 0: entered by 0), `n.event`, `n.censor`, `estimate`
#'   (survival just after the time), `std.error` (Greenwood, or robust with `cluster`; same scale), `conf.low`, `conf.high` (pointwise; `NA`
#'   where the method has none). [glance()]: `n`, `events`, `n.strata`, `conf.type`, `conf.level`, with `cluster`
#'   also `n.cluster` and `cluster.correction`.
#' @section Agreement: Estimate, standard error and the limits `log-log`, `log`, `plain`, `logit`, `arcsin` equal
#'   `survival::survfit` to 1e-12 relative where 0 < S < 1; at S = 1 and S = 0 these intervals are degenerate and
#'   `NA` is given instead. `beta-product` equals `bpcp::bpcp` (method of moments) to 1e-8, its mid-p version to the
#'   tolerance of that root search; their limits never rise with time, there as here. `likelihood-ratio` the printed
#'   values of Thomas and Grunkemeier.
#' @section Coverage of 95% intervals: The lowest in 28 simulated settings of n = 8, 11, 20, 60 (no, uniform,
#'   staggered and heavy censoring, ties on months and half-years; 10,000 samples each, at six times, among samples
#'   that give an interval): `beta-product` 95.9%, so at least nominal in all, neither tail above 2.5% beyond
#'   simulation error; `beta-product-mid-p` 92.0% (no censoring, n = 11, S = 0.75); `likelihood-ratio` 84.7% (heavy
#'   censoring in months, n = 11, S = 0.49); `log-log` 80.8% (uniform censoring in months, n = 11, S = 0.96); `log`
#'   56.0%, `plain` 71.2%, `arcsin` 71.2% (two thirds censored, n = 8, S = 0.25); `logit` 71.6% (uniform censoring
#'   in months, n = 11, S = 0.10). All but the first two give no interval in up to 80% of samples (73% likelihood
#'   ratio). Script and table: `inst/validation/`.
#' @section Clusters: The standard error without correction equals that of `survival::survfit(cluster = , robust = TRUE)` to
#'   1e-8. Coverage of the 95% log-log interval with 8, 11, 20 and 60 clusters, the lowest of 48 settings (two or one to four
#'   rows a cluster, independent or with a gamma frailty of variance 1, three kinds of censoring, S from 0.9 to 0.25; 1,500
#'   samples each, where at least half give an interval): `CR1` 95.5, 94.5, 94.3, 94.1%; `CR3` 95.7, 94.5, 94.5, 94.2%;
#'   `none` 89.8, 90.4, 92.7, 93.5%. `CR1` is the default: as good as `CR3`, in linear time. Script and table:
#'   `inst/validation/cluster-coverage.R`, `.csv`.
#' @section Left truncation: If the risk set empties early and every row then at risk fails, the estimate is 0 from
#'   there on, whoever enters later; a note says so.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for negative, infinite or NaN times, entry not before
#'   exit, unknown status codes, weights that are not whole numbers >= 0, no rows.
#' @references Kaplan EL, Meier P (1958) \doi{10.1080/01621459.1958.10501452}. Fay MP, Brittain EH, Proschan MA (2013)
#'   \doi{10.1093/biostatistics/kxt016}. Ying Z, Wei LJ (1994) \doi{10.1006/jmva.1994.1031}. Lipsitz SR, Dear KBG, Zhao L (1994)
#'   \doi{10.2307/2532797}. Thomas DR, Grunkemeier GL (1975) \doi{10.1080/01621459.1975.10480315}.
#' @seealso [survival_at()], [quantile.kaplan_meier()], [followup_time()], [cumulative_incidence()].
#' @examples
#' arms <- kaplan_meier(Surv(time, status) ~ sex, survival::lung)
#' arms
#' survival_at(arms, c(180, 365))
#' quantile(arms, 0.5)
#'
#' # Eleven implants, none failed: the interval says what that can and cannot mean.
#' months <- c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24)
#' survival_at(kaplan_meier(Surv(months, rep(0, 11))), c(24, 60))
#' @export
kaplan_meier <- function(formula, data = NULL, conf.type = "auto", conf.level = 0.95, weights = NULL, subset = NULL,
                         na.action = NULL, group = NULL, cluster = NULL, cluster.correction = "CR1",
                         rows = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", c("auto", survival_conf_types))
    if (is.null(cluster)) {
        input <- read_survival(environment(), frame = parent.frame())
        input$rows <- kept_rows(input, rows)
        return(fit_kaplan_meier(input, conf.type, conf.level))
    }
    check_choice(cluster.correction, "cluster.correction", cluster_corrections)
    input <- read_survival(environment(), frame = parent.frame(), carry = "cluster")
    input$rows <- kept_rows(input, rows)
    fit_clustered(input, conf.type, conf.level, cluster.correction)
}

fit_kaplan_meier <- function(input, conf.type, conf.level) {
    truncated <- !is.null(input$entry)
    notes <- input$notes
    if (conf.type == "auto") {
        conf.type <- if (truncated) "log-log" else "beta-product"
        if (truncated) {
            notes <- c(notes, "Interval log-log: the data are left-truncated, where the beta product has no theory.")
        }
    } else if (truncated && startsWith(conf.type, "beta-product")) {
        abort_invalid(sprintf(paste("`conf.type` \"%s\" has no theory for left-truncated data: use \"log-log\" or",
                                    "\"likelihood-ratio\"."), conf.type), "conf.type")
    }
    fit <- .Call(ffi_kaplan_meier, input$entry, input$time, input$status, input$weight, input$stratum,
                 length(input$strata), match(conf.type, survival_conf_types) - 1L, conf.level, thread_count())
    kaplan_meier_result(input, fit, conf.type, conf.level, notes)
}

kaplan_meier_result <- function(input, fit, conf.type, conf.level, notes, ...) {
    truncated <- !is.null(input$entry)
    counts <- fit$table
    table <- as_frame(list(strata = label_column(input$strata, counts$size), time = counts$time, n.risk = counts$n.risk,
                           n.event = counts$n.event, n.censor = counts$n.censor, estimate = fit$estimate,
                           std.error = fit$std.error, conf.low = fit$conf.low, conf.high = fit$conf.high))
    events <- sum(counts$n.event)
    n <- if (is.null(input$weight)) input$n else sum(input$weight)
    new_result(
        "kaplan_meier",
        title = sprintf("Kaplan-Meier estimate of survival, %s %s interval", percent_text(conf.level), conf.type),
        table = table,
        glance = list(n = n, events = events, n.strata = length(input$strata), conf.type = conf.type,
                      conf.level = conf.level),
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = "probability of no event up to a time (net: as if nothing else could end follow-up)",
            censoring = if (truncated) "censoring and late entry independent of the event given the strata"
                        else "independent of the event given the strata",
            competing = "a competing event coded as censored is treated as censoring"),
        methods = sprintf("Survival was estimated by the product-limit method with pointwise %s %s.",
                          percent_text(conf.level), conf_type_text[[conf.type]]),
        references = c("Kaplan and Meier (1958) J Am Stat Assoc 53:457", conf_type_source[[conf.type]]),
        notes = c(notes, kaplan_meier_notes(table, conf.type, truncated, !is.null(input$carried$cluster))),
        entry = if (truncated) split_entries(input) else NULL, rows = input$rows,
        size = counts$size, strata = input$strata, conf.type = conf.type, conf.level = conf.level, ...
    )
}

conf_type_text <- c(
    "beta-product" = "beta-product confidence intervals (method of moments)",
    "beta-product-mid-p" = "mid-p beta-product confidence intervals",
    "likelihood-ratio" = "likelihood-ratio confidence intervals (Thomas and Grunkemeier)",
    "log-log" = "confidence intervals on the log(-log) scale with Greenwood's variance",
    "log" = "confidence intervals on the log scale with Greenwood's variance",
    "plain" = "untransformed confidence intervals with Greenwood's variance",
    "logit" = "confidence intervals on the logit scale with Greenwood's variance",
    "arcsin" = "confidence intervals on the arcsine square-root scale with Greenwood's variance")

conf_type_source <- local({
    product <- "Fay, Brittain and Proschan (2013) Biostatistics 14:723"
    scale <- "Borgan and Liestol (1990) Scand J Stat 17:35"
    c("beta-product" = product, "beta-product-mid-p" = product,
      "likelihood-ratio" = "Thomas and Grunkemeier (1975) J Am Stat Assoc 70:865",
      "log-log" = scale, "log" = scale, "plain" = "Greenwood (1926)", "logit" = scale, "arcsin" = scale)
})

kaplan_meier_notes <- function(table, conf.type, truncated, clustered = FALSE) {
    notes <- character()
    if (clustered) {
        if (any(is.na(table$conf.low) & !is.na(table$std.error))) {
            notes <- sprintf(paste("The %s interval is not estimable (NA) where the estimate is 1 or 0, or where the clusters",
                                   "give no variance."), conf.type)
        }
    } else if (!startsWith(conf.type, "beta-product") && anyNA(table$conf.low)) {
        notes <- sprintf(paste("The %s interval is not estimable (NA) where the estimate is 1 or 0;",
                               "the beta-product interval is."), conf.type)
    }
    if (truncated) {
        emptied <- table$estimate == 0 & table$n.risk > 0 & table$n.event < table$n.risk
        if (any(emptied)) {
            notes <- c(notes, sprintf(paste("All rows at risk failed by time %s, and others entered later: the estimate",
                                            "stays 0."), format(table$time[emptied][1])))
        }
    }
    notes
}

refuse_cluster <- function(cluster) {
    if (!is.null(cluster)) {
        abort_invalid("`cluster` is not available for this estimator yet: analyse one row per cluster.", "cluster")
    }
}

percent_text <- function(level) sprintf("%.7g%%", 100 * level)

# Entry times by stratum with their weights, to know who is at risk between two times of the table.
split_entries <- function(input) {
    stratum <- input$stratum %||% rep.int(1L, input$n)
    weight <- input$weight %||% rep.int(1, input$n)
    lapply(seq_along(input$strata), function(s) {
        entry <- input$entry[stratum == s]
        sorted <- order(entry)
        list(time = entry[sorted], entered = c(0, cumsum(weight[stratum == s][sorted])))
    })
}

#' Survival at given times
#'
#' @param x A [kaplan_meier()] result.
#' @param times Numeric, length `m`, finite, >= 0, in the unit of the data.
#' @param ... Not used.
#' @return Data frame, one row per stratum and time: `strata`, `time`, `n.risk` (just before the time), `estimate`,
#'   `std.error`, `conf.low`, `conf.high` just after it. Past the last follow-up of the stratum all but `n.risk` are `NA`
#'   unless the estimate has reached 0.
#' @section Errors: `osseosurv_invalid` (with `index`) for missing, negative or infinite times.
#' @examples
#' survival_at(kaplan_meier(Surv(time, status) ~ 1, survival::lung), c(0, 365, 5000))
#' @export
survival_at <- function(x, times, ...) UseMethod("survival_at")

#' @export
survival_at.default <- function(x, times, ...) abort_no_method(x, "a kaplan_meier(), turnbull() or cox_ph() result")

#' @rdname survival_at
#' @export
survival_at.kaplan_meier <- function(x, times, ...) {
    times <- check_times(times)
    curves <- split_curve(x)
    rows <- lapply(seq_along(curves), function(s) {
        curve <- curves[[s]]
        at <- findInterval(times, curve$time)
        known <- times <= curve$time[nrow(curve)] | curve$estimate[at] == 0
        value <- function(name) ifelse(known, curve[[name]][at], NA_real_)
        leaving <- list(time = curve$time, n.risk = curve$n.risk, left = c(0, cumsum(curve$n.event + curve$n.censor)))
        as_frame(list(strata = rep(x$strata[s], length(times)), time = times,
                      n.risk = at_risk_before(leaving, times, x$entry[[s]]), estimate = value("estimate"),
                      std.error = value("std.error"), conf.low = value("conf.low"), conf.high = value("conf.high")))
    })
    do.call(rbind, rows)
}

check_times <- function(times, argument = "times") {
    times <- check_numbers(times, argument, 0)
    if (any(is.infinite(times))) {
        at <- which(is.infinite(times))[1]
        abort_invalid(sprintf("`%s` must be finite; element %d is Inf.", argument, at), argument, at)
    }
    times
}

# One data frame per stratum, in order.
split_curve <- function(x) {
    last <- cumsum(x$size)
    lapply(seq_along(x$size), function(s) x$table[seq.int(last[s] - x$size[s] + 1L, last[s]), , drop = FALSE])
}

# At risk just before each time. curve: time, n.risk, and left, the number gone after 0, 1, ... of its times.
at_risk_before <- function(curve, times, entry) {
    next_row <- findInterval(times, curve$time, left.open = TRUE) + 1L
    if (is.null(entry)) return(ifelse(next_row <= length(curve$time), curve$n.risk[next_row], 0))
    entered <- entry$entered[findInterval(times, entry$time, left.open = TRUE) + 1L]
    ifelse(times == 0, curve$n.risk[1], entered - curve$left[next_row])
}

#' Quantiles of a Kaplan-Meier curve
#'
#' The first time at which survival is at most 1 - p; the midpoint where it equals 1 - p over a stretch (as in
#' `survival`). The limits are the times at which the pointwise limits cross 1 - p (Brookmeyer and Crowley).
#'
#' @param x A [kaplan_meier()] result.
#' @param probs Numeric, between 0 and 1: shares that have failed.
#' @param ... Not used.
#' @return Data frame, one row per stratum and probability: `strata`, `prob`, `estimate`, `conf.low`, `conf.high` in the
#'   unit of time; `Inf`: not reached.
#' @section Agreement: Estimates and limits equal `quantile(survival::survfit())`, those of the beta product
#'   `quantile(bpcp::bpcp())`, whose probabilities are those of survival.
#' @section Coverage of 95% intervals of the median: The lowest in 24 simulated settings of n = 8, 11, 20, 60 (exponential and
#'   Weibull times; no, uniform and heavy censoring; 2,000 samples each): `beta-product` 95.2%, `beta-product-mid-p` 93.0%,
#'   `logit` 90.3%, `log-log` 90.0%, `arcsin` 87.5%, `plain` 83.5%, `log` 79.7%. Script and table: `inst/validation/`.
#' @section Errors: `osseosurv_invalid` for probabilities outside 0 to 1.
#' @references Brookmeyer R, Crowley J (1982) \doi{10.2307/2530286}.
#' @examples
#' quantile(kaplan_meier(Surv(time, status) ~ sex, survival::lung), c(0.25, 0.5))
#' @export
quantile.kaplan_meier <- function(x, probs = c(0.25, 0.5, 0.75), ...) {
    probs <- check_numbers(probs, "probs", 0, 1)
    curves <- split_curve(x)
    rows <- lapply(seq_along(curves), function(s) {
        curve <- curves[[s]]
        crossing <- function(column) vapply(probs, function(p) first_at_most(curve$time, curve[[column]], 1 - p), 0)
        as_frame(list(strata = rep(x$strata[s], length(probs)), prob = probs, estimate = crossing("estimate"),
                      conf.low = crossing("conf.low"), conf.high = crossing("conf.high")))
    })
    do.call(rbind, rows)
}

# A limit that is not estimable has not crossed.
first_at_most <- function(time, value, level) {
    near <- sqrt(.Machine$double.eps)
    at <- which(value <= level + near)
    if (!length(at)) return(Inf)
    first <- at[1]
    if (abs(value[first] - level) > near) return(time[first])
    below <- at[value[at] < level - near]
    # Flat to the end of follow-up: where it would end is not known, so the first time stands.
    if (length(below)) (time[first] + time[below[1]]) / 2 else time[first]
}

#' Follow-up time by the reverse Kaplan-Meier method
#'
#' How long the cohort was followed: the Kaplan-Meier estimate with event and censoring exchanged, so that an early
#' failure does not shorten the follow-up.
#'
#' @inheritParams kaplan_meier
#' @param probs Quantiles wanted.
#' @return A result whose [tidy()] has a row per stratum and quantile: `strata`, `n`, `total` (sum of observed time),
#'   `minimum`, `maximum`, `prob`, `estimate`, `conf.low`, `conf.high` (`Inf`: not reached).
#' @section Agreement: `quantile(survfit(Surv(time, 1 - status) ~ 1))`.
#' @references Schemper M, Smith TL (1996) \doi{10.1016/0197-2456(96)00075-X}.
#' @examples
#' followup_time(Surv(time, status) ~ sex, survival::lung)
#' @export
followup_time <- function(formula, data = NULL, conf.type = "auto", conf.level = 0.95, probs = c(0.25, 0.5, 0.75),
                          weights = NULL, subset = NULL, na.action = NULL, group = NULL) {
    conf.level <- check_conf_level(conf.level)
    check_choice(conf.type, "conf.type", c("auto", survival_conf_types))
    input <- read_survival(environment(), frame = parent.frame())
    input$status <- 1L - input$status
    curve <- fit_kaplan_meier(input, conf.type, conf.level)
    stratum <- factor(input$stratum %||% rep.int(1L, input$n), seq_along(input$strata))
    weight <- input$weight %||% rep.int(1, input$n)
    observed <- input$time - (input$entry %||% 0)
    by_stratum <- function(x, f) rep(as.vector(tapply(x, stratum, f)), each = length(probs))
    table <- quantile(curve, probs)
    table <- as_frame(c(
        list(strata = table$strata, n = by_stratum(weight, sum), total = by_stratum(observed * weight, sum),
             minimum = by_stratum(input$time, min), maximum = by_stratum(input$time, max)),
        table[-1]))
    new_result(
        "followup_time",
        title = sprintf("Follow-up by the reverse Kaplan-Meier method, %s %s interval", percent_text(conf.level),
                        curve$conf.type),
        table = table,
        glance = list(n = sum(weight), total = sum(observed * weight), conf.type = curve$conf.type,
                      conf.level = conf.level),
        estimand = estimand_card(endpoint = "end of follow-up", measure = "time followed, had no event ended it",
                                 censoring = "by the event"),
        methods = paste("Follow-up was summarised by the Kaplan-Meier method with event and censoring exchanged",
                        "(reverse Kaplan-Meier)."),
        references = "Schemper and Smith (1996) Control Clin Trials 17:343",
        notes = curve$notes)
}
