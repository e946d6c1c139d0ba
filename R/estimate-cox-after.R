# What is computed from a fitted Cox model when asked for: residuals, the test of proportional hazards, prediction.

#' Residuals of a Cox regression
#'
#' @param object A [cox_ph()] result.
#' @param type `"martingale"`, `"deviance"`, `"score"`, `"dfbeta"` (change of the coefficients without the row, to first
#'   order) or `"schoenfeld"` (covariates of each event minus their mean over the risk set).
#' @param ... Not used.
#' @return Numeric vector, one element a row analysed; for `score` and `dfbeta` a matrix with a column per coefficient;
#'   for `schoenfeld` a matrix with a row per event, by time (row names).
#' @section Agreement: `residuals.coxph` of `survival` to 1e-8 (unweighted residuals; ties by the model's rule).
#' @section Errors: `osseosurv_invalid` where a coefficient is infinite.
#' @references Therneau TM, Grambsch PM (2000) \doi{10.1007/978-1-4757-3294-8}.
#' @examples
#' fit <- cox_ph(Surv(time, status) ~ age + sex, survival::lung)
#' head(residuals(fit, "dfbeta"))
#' @export
residuals.cox_ph <- function(object, type = "martingale", ...) {
    check_choice(type, "type", c("martingale", "deviance", "score", "dfbeta", "schoenfeld"))
    input <- object$input
    beta <- finite_coefficients(object)
    all <- .Call(ffi_cox_residuals, cox_model(input, object$glance$ties), beta,
                 as.integer(!type %in% c("martingale", "deviance")))
    m <- all$martingale
    matrix_of <- function(values) matrix(values, ncol = length(beta), dimnames = list(NULL, input$columns$name))
    switch(type,
        martingale = m,
        deviance = {
            d <- as.double(input$status == 1L)
            sign(m) * sqrt(-2 * (m + ifelse(d > 0, log(d - m), 0)))
        },
        score = matrix_of(all$score),
        dfbeta = {
            naive <- naive_variance(object)
            naive[is.na(naive)] <- 0
            structure(matrix_of(all$score) %*% naive, dimnames = list(NULL, input$columns$name))
        },
        schoenfeld = {
            events <- which(input$status == 1L)
            stratum <- input$stratum %||% rep.int(1L, input$n)
            events <- events[order(stratum[events], input$time[events])]
            structure(matrix_of(all$schoenfeld)[events, , drop = FALSE],
                      dimnames = list(format(input$time[events], trim = TRUE), input$columns$name))
        })
}

# Inverse of the information, whatever variance the result reports.
naive_variance <- function(x) {
    if (is.null(x$input$cluster)) return(unname(x$variance))
    solve_cox_variance(x)
}

solve_cox_variance <- function(x) {
    used <- which(!is.na(x$coefficients))
    p <- length(x$coefficients)
    raw <- .Call(ffi_cox, cox_model(x$input, x$glance$ties, x$glance$penalty, x$input$x[, used, drop = FALSE]), 0)
    out <- matrix(NA_real_, p, p)
    out[used, used] <- raw$variance
    out
}

#' Test of proportional hazards
#'
#' Score test of a coefficient that changes with time as beta + gamma g(t): gamma = 0, for each term and for all.
#'
#' @param x A [cox_ph()] result.
#' @param transform g: `"km"` (one minus Kaplan-Meier just before t), `"rank"`, `"identity"` or `"log"`.
#' @return A result (also of class `htest`, for the global test) whose [tidy()] has a row per term and a last row
#'   `GLOBAL`: `term`, `statistic` (chi-square), `df`, `p.value`. Columns with an `NA` coefficient are left out.
#' @section Agreement: `survival::cox.zph` (3.0 and later) to 1e-6.
#' @section Errors: `osseosurv_invalid` where a coefficient is infinite or there is no covariate.
#' @references Grambsch PM, Therneau TM (1994) \doi{10.1093/biomet/81.3.515}.
#' @examples
#' ph_test(cox_ph(Surv(time, status) ~ age + factor(celltype) + karno, survival::veteran))
#' @export
ph_test <- function(x, transform = "km") {
    if (!inherits(x, "cox_ph")) abort_no_method(x, "a cox_ph() result")
    check_choice(transform, "transform", c("km", "rank", "identity", "log"))
    input <- x$input
    used <- which(!is.na(x$coefficients))
    beta <- finite_coefficients(x)[used]
    if (!length(used)) abort_invalid("`x` has no estimable coefficient to test.", "x")
    g <- time_transform(input, transform)
    model <- cox_model(input, x$glance$ties, x = input$x[, used, drop = FALSE])
    core <- .Call(ffi_cox_trend, model, beta, g)
    p <- length(used)
    score_test <- function(columns) {
        own <- core$square[columns, columns, drop = FALSE] -
            core$cross[columns, , drop = FALSE] %*% solve(core$plain, core$cross[, columns, drop = FALSE])
        u <- core$score[columns]
        if (rcond(own) < 1e-14) NA_real_ else sum(u * solve(own, u))
    }
    term <- input$columns$term[used]
    terms <- unique(term)
    columns <- c(lapply(terms, function(name) which(term == name)), list(seq_len(p)))
    statistic <- vapply(columns, score_test, 0)
    df <- lengths(columns)
    p.value <- stats::pchisq(statistic, df, lower.tail = FALSE)
    last <- length(df)
    notes <- if (anyNA(statistic)) "A test is not estimable (NA): too few events to tell a trend in time." else character()
    new_result(
        "ph_test", title = sprintf("Score test of proportional hazards, g(t) = %s", transform),
        table = as_frame(list(term = c(terms, "GLOBAL"), statistic = statistic, df = df, p.value = p.value)),
        glance = list(n = x$glance$n, events = x$glance$events, statistic = statistic[last], df = df[last],
                      p.value = p.value[last], transform = transform),
        estimand = estimand(x),
        methods = sprintf(paste("Proportional hazards were tested by the score test of a linear change of each",
                                "coefficient with g(t) (%s)."), transform),
        references = "Grambsch and Therneau (1994) Biometrika 81:515", notes = notes,
        statistic = c("X-squared" = statistic[last]), parameter = c(df = df[last]), p.value = p.value[last],
        method = "Score test of proportional hazards (global)", data.name = input$endpoint, subclass = "htest")
}

# g(t) of each row's exit, centred over the events.
time_transform <- function(input, transform) {
    weight <- input$weight %||% rep.int(1, input$n)
    time <- input$time
    g <- switch(transform,
        identity = time,
        log = {
            if (any(time[input$status == 1L] == 0)) {
                abort_invalid("`transform` \"log\" needs event times above 0.", "transform")
            }
            log(time)
        },
        rank = {
            order <- order(time)
            above <- cumsum(weight[order])
            last <- match(time, time[order]) + tabulate(match(time, unique(time)))[match(time, unique(time))] - 1
            first <- match(time, time[order])
            (c(0, above)[first] + above[last] + 1) / 2
        },
        km = {
            curve <- .Call(ffi_kaplan_meier, input$entry, time, input$status, input$weight, NULL, 1L,
                           match("plain", survival_conf_types) - 1L, 0.95, 1L)
            1 - c(1, curve$estimate)[findInterval(time, curve$table$time, left.open = TRUE) + 1]
        })
    events <- input$status == 1L
    if (!any(events)) return(rep.int(0, length(g)))
    g[!is.finite(g)] <- 0
    g - sum(weight[events] * g[events]) / sum(weight[events])
}

#' Survival predicted by a Cox regression
#'
#' @inheritParams survival_at
#' @param x A [cox_ph()] result.
#' @param newdata Data frame, one row per covariate pattern, with the variables of the formula (of `strata()` too, or
#'   every stratum is predicted); for a fit by the vector path a matrix. Not needed without covariates.
#' @param conf.type `"log-log"`, `"log"` or `"plain"`: the scale of the interval.
#' @param conf.level Confidence level, between 0 and 1.
#' @return Data frame, one row per row of `newdata`, stratum and time: `row` (of `newdata`), `strata`, `time`, `n.risk`
#'   (of the stratum, just before the time), `estimate` (survival just after it), `std.error` (same scale), `conf.low`,
#'   `conf.high` (pointwise, at `conf.level`; `NA` before the first event, where the estimate is 1). Past the last
#'   follow-up of the stratum all but `n.risk` are `NA`.
#' @section Agreement: `survfit.coxph` to 1e-8: hazard and variance by the model's rule for ties, the variance with the
#'   part of the coefficients (robust with `cluster`).
#' @section Errors: `osseosurv_invalid` for a level or stratum that the fit does not have, missing values, an infinite
#'   coefficient.
#' @references Therneau TM, Grambsch PM (2000) \doi{10.1007/978-1-4757-3294-8}, ch. 10.
#' @examples
#' fit <- cox_ph(Surv(time, status) ~ age + sex, survival::lung)
#' survival_at(fit, c(180, 365), data.frame(age = 60, sex = 1:2))
#' @export
survival_at.cox_ph <- function(x, times, newdata = NULL, conf.type = "log-log", conf.level = x$glance$conf.level, ...) {
    times <- check_times(times)
    check_choice(conf.type, "conf.type", c("log-log", "log", "plain"))
    conf.level <- check_conf_level(conf.level)
    input <- x$input
    beta <- finite_coefficients(x)
    if (is.null(newdata)) {
        if (length(beta)) abort_invalid("`newdata` is required: give the covariates to predict for.", "newdata")
        design <- list(x = matrix(0, 1, 0), offset = 0, stratum = NULL)
    } else {
        design <- new_design(input$recipe, newdata, parent.frame(), any_stratum = TRUE)
    }
    variance <- unname(x$variance)
    variance[is.na(variance)] <- 0
    base <- .Call(ffi_cox_baseline, cox_model(input, x$glance$ties), beta)
    counts <- .Call(ffi_kaplan_meier, input$entry, input$time, input$status, input$weight, input$stratum,
                    length(input$strata), match("plain", survival_conf_types) - 1L, 0.95, 1L)$table
    entry <- if (!is.null(input$entry)) split_entries(input)
    per_stratum <- lapply(seq_along(input$strata), function(s) {
        own <- which(base$stratum == s)
        rows <- sum(counts$size[seq_len(s - 1)]) + seq_len(counts$size[s])
        leaving <- list(time = counts$time[rows], n.risk = counts$n.risk[rows],
                        left = c(0, cumsum(counts$n.event[rows] + counts$n.censor[rows])))
        at <- findInterval(times, base$time[own]) + 1L
        list(n.risk = at_risk_before(leaving, times, entry[[s]]), known = times <= max(base$time[own]),
             hazard = c(0, cumsum(base$hazard[own]))[at], variance = c(0, cumsum(base$variance[own]))[at],
             mean = apply(base$mean[own, , drop = FALSE], 2, function(m) c(0, cumsum(m))[at], simplify = FALSE))
    })
    z <- stats::qnorm((1 + conf.level) / 2)
    rows <- lapply(seq_len(nrow(design$x)), function(i) {
        e <- exp(sum(design$x[i, ] * beta) + rep_len(design$offset, nrow(design$x))[i])
        strata <- if (is.null(design$stratum)) seq_along(input$strata) else design$stratum[i]
        lapply(strata, function(s) {
            curve <- per_stratum[[s]]
            away <- vapply(seq_along(beta), function(j) curve$hazard * design$x[i, j] - curve$mean[[j]], times)
            away <- matrix(away, length(times))
            hazard <- ifelse(curve$known, curve$hazard * e, NA)
            sd <- sqrt(curve$variance + rowSums((away %*% variance) * away)) * e
            estimate <- exp(-hazard)
            limits <- hazard_limits(hazard, sd, z, conf.type)
            as_frame(list(row = rep.int(i, length(times)), strata = rep(input$strata[s], length(times)), time = times,
                          n.risk = curve$n.risk, estimate = estimate, std.error = ifelse(curve$known, estimate * sd, NA),
                          conf.low = limits$low, conf.high = limits$high))
        })
    })
    bind_rows(unlist(rows, recursive = FALSE))
}

# Limits of exp(-hazard); none where the hazard is 0.
hazard_limits <- function(hazard, sd, z, conf.type) {
    hazard[which(hazard == 0)] <- NA
    estimate <- exp(-hazard)
    limits <- switch(conf.type,
        "log-log" = list(exp(-hazard * exp(z * sd / hazard)), exp(-hazard * exp(-z * sd / hazard))),
        log = list(exp(-hazard - z * sd), pmin(exp(-hazard + z * sd), 1)),
        plain = list(pmax(estimate * (1 - z * sd), 0), pmin(estimate * (1 + z * sd), 1)))
    stats::setNames(limits, c("low", "high"))
}
