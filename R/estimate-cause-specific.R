#' Cause-specific Cox regression, all causes side by side
#'
#' A Cox model of the hazard of each cause, the others censoring it: what a covariate does to the rate of each failure
#' among those still at risk. [fine_gray()] says what it does to the cumulative incidence; neither replaces the other, so
#' the causes are always shown together (Latouche et al. 2013).
#'
#' @param formula `Surv(time, status) ~ x1 + x2`, or with late entry `Surv(entry, time, status) ~ ...`; `status` a factor
#'   whose first level is censored and whose other levels are the causes. `strata()` terms have a baseline each. Or such
#'   a `Surv` object (then covariates by `x`).
#' @param penalty `"none"`, `"firth"`, or `"auto"`: Firth's, with its profile interval, for the causes whose likelihood is
#'   monotone (a level without any event of the cause), none for the others; a note names them. With `cluster`, where
#'   the penalty has no theory, none.
#' @inheritParams cox_ph
#' @return A result whose [tidy()] has one row per cause and term: `cause`, `term`, `n.event` (of the cause), `penalty`
#'   (`none` or `firth`), `estimate` (log hazard ratio, unless `exponentiate`), `std.error`, `statistic`, `p.value`,
#'   `conf.low`, `conf.high`, each as [cox_ph()] gives them. [glance()]: `n`, `events`, `n.causes`, `n.strata`,
#'   `converged` (all causes), `ties`, `conf.level`. `x$fits`: the [cox_ph()] result of each cause.
#' @section Agreement: Each cause equals `survival::coxph` with the other causes censored, as [cox_ph()] does.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, as [cox_ph()]; if the status is no factor.
#' @references Prentice RL et al. (1978) \doi{10.2307/2530374}. Latouche A, Allignol A, Beyersmann J, Labopin M, Fine JP (2013)
#'   \doi{10.1016/j.jclinepi.2012.09.017}.
#' @seealso [cox_ph()], [fine_gray()], [cumulative_incidence()].
#' @examples
#' implants <- data.frame(months = c(4, 7, 9, 12, 15, 18, 21, 24, 27, 30, 36),
#'                        porous = c(0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1),
#'                        end = factor(c(1, 2, 1, 0, 2, 0, 1, 0, 1, 2, 0), 0:2,
#'                                     c("censored", "loosening", "infection")))
#' cause_specific_cox(Surv(months, end) ~ porous, implants)
#' @export
cause_specific_cox <- function(formula, data = NULL, ties = "efron", penalty = "auto", conf.method = "auto",
                               conf.level = 0.95, cluster = NULL, cluster.correction = "none", exponentiate = FALSE,
                               weights = NULL, subset = NULL, na.action = NULL, x = NULL, strata = NULL) {
    check_choice(ties, "ties", c("efron", "breslow"))
    check_choice(penalty, "penalty", c("auto", "none", "firth"))
    check_choice(conf.method, "conf.method", c("auto", "profile", "wald"))
    check_choice(cluster.correction, "cluster.correction", c("none", "CR2", "CR3"))
    conf.level <- check_conf_level(conf.level)
    check_flag(exponentiate, "exponentiate")
    input <- read_regression(environment(), kind = "competing", frame = parent.frame())
    clustered <- !is.null(input$cluster)
    if (!clustered && cluster.correction != "none") {
        abort_invalid("`cluster.correction` needs `cluster`, such as `cluster = ~patient`.", "cluster.correction")
    }
    if (clustered && penalty == "firth") {
        abort_invalid("`cluster` has no theory together with Firth's penalty: leave out one of them.", "cluster")
    }
    if (clustered && conf.method == "profile") {
        abort_invalid("`conf.method` \"profile\" does not know of clusters: use \"wald\".", "conf.method")
    }
    if (conf.method == "auto") conf.method <- if (!clustered && input$n <= 1e4) "profile" else "wald"
    fits <- lapply(seq_along(input$causes), function(k) {
        fit_cause(input, k, ties, penalty, conf.method, conf.level, cluster.correction)
    })
    names(fits) <- input$causes
    tables <- lapply(input$causes, function(cause) {
        fit <- fits[[cause]]
        rows <- nrow(fit$table)
        as_frame(c(list(cause = rep.int(cause, rows), term = fit$table$term, n.event = rep.int(fit$glance$events, rows),
                        penalty = rep.int(fit$glance$penalty, rows)), as.list(fit$table)[-1]))
    })
    penalised <- vapply(fits, function(fit) fit$glance$penalty == "firth", NA)
    new_result(
        "cause_specific_cox",
        title = sprintf("Cause-specific Cox regression (%s ties), %s %s interval", ties, percent_text(conf.level),
                        if (clustered) "robust Wald" else conf.method),
        table = bind_rows(tables),
        glance = list(n = fits[[1]]$glance$n, events = sum(vapply(fits, function(fit) fit$glance$events, 0)),
                      n.causes = length(fits), n.strata = length(input$strata),
                      converged = all(vapply(fits, function(fit) fit$glance$converged, NA)), ties = ties,
                      conf.level = conf.level),
        estimand = estimand_card(
            endpoint = sprintf("%s; causes: %s", input$endpoint, paste(input$causes, collapse = ", ")),
            measure = paste("log ratio of cause-specific hazards per unit of the covariate, the others held: the rate of a",
                            "cause among those still at risk, not its cumulative incidence"),
            unit = if (clustered) "cluster" else "row",
            censoring = "independent of the event given the covariates and strata",
            competing = "each cause ends the risk of the others, and is censoring in their models"),
        methods = sprintf("A Cox model of each cause was fitted, the other causes censored. %s%s", fits[[1]]$methods,
                          if (any(penalised) && penalty == "auto") {
                              sprintf(" Firth's penalty with profile intervals was used for %s, where the likelihood is monotone.",
                                      paste(input$causes[penalised], collapse = ", "))
                          } else ""),
        references = unique(c("Prentice et al. (1978) Biometrics 34:541", "Latouche et al. (2013) J Clin Epidemiol 66:648",
                              unlist(lapply(fits, `[[`, "references"), use.names = FALSE))),
        notes = c(input$notes, unlist(lapply(input$causes, function(cause) {
            if (length(fits[[cause]]$notes)) sprintf("Cause %s: %s", cause, fits[[cause]]$notes)
        }))),
        fits = fits, exponentiate = exponentiate)
}

# One cause, the others censored; with penalty "auto" Firth's where the likelihood turns out monotone.
fit_cause <- function(input, k, ties, penalty, conf.method, conf.level, correction) {
    own <- input
    own$status <- as.integer(input$status == k)
    own$endpoint <- sprintf("%s, cause %s", input$endpoint, input$causes[k])
    own$notes <- character()
    fit <- fit_cox(own, ties, if (penalty == "auto") "none" else penalty, conf.method, conf.level, correction)
    if (penalty != "auto" || !is.null(input$cluster) || all(fit$infinite == 0)) return(fit)
    firth <- fit_cox(own, ties, "firth", "profile", conf.level, correction)
    separated <- names(fit$coefficients)[fit$infinite != 0]
    firth$notes <- c(firth$notes, sprintf("Firth's penalty, since the likelihood is monotone in %s.",
                                          paste(separated, collapse = ", ")))
    firth
}

#' @rdname cause_specific_cox
#' @param ... Not used.
#' @export
tidy.cause_specific_cox <- function(x, exponentiate = x$exponentiate, ...) ratio_scale(x$table, exponentiate)
