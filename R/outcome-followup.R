# How complete the follow-up of a cohort is, and what those lost to it could change.

#' Completeness of follow-up up to each of several times (Clark's C)
#'
#' A failure, death or amputation owes no more follow-up, nor does who was followed to the closing date (`end` is censored).
#' Those lost owe what is left up to the time.
#'
#' @param patients From `outcome_patients()`, with the columns of `failure_causes()`.
#' @inheritParams reconstruction_survival
#' @return List: `table` (`strata`, `time`, `n`, `n.event`, `n.lost`, `observed`, `potential`, `estimate`) or `NULL`, `notes`,
#'   `references`.
#' @noRd
completeness_of_followup <- function(patients, times) {
    times <- times[times > 0]
    data <- patients$data[patients$observed & patients$data$followup_mo > 0, ]
    if (!length(times) || !nrow(data)) return(list())
    fits <- lapply(times, function(time) {
        data <- data[data$entry_mo < time, ]
        if (!nrow(data)) return(NULL)
        # With a dot, so that no column of the cohort goes before it.
        .potential <- ifelse(data$end == "lost", pmax(data$followup_mo, time), data$followup_mo)
        followup_completeness(followup_formula(patients, "failed"), data, potential = .potential, horizon = time)
    })
    rows <- bind_rows(Map(function(fit, time) {
        if (is.null(fit)) return(NULL)
        one <- tidy(fit)
        one <- one[one$method == "clark", ]
        as_frame(c(list(strata = one$strata, time = rep(time, nrow(one))),
                   as.list(one[c("n", "n.event", "n.lost", "observed", "potential", "estimate")])))
    }, fits, times))
    if (!nrow(rows)) return(list())
    fit <- Filter(Negate(is.null), fits)[[1]]
    rows <- rows[order(match(rows$strata, unique(rows$strata)), rows$time), ]
    row.names(rows) <- NULL
    list(table = rows, references = fit$references,
         methods = "Completeness of follow-up is Clark's C.",
         notes = paste("Completeness of follow-up (Clark's C) takes those lost to owe follow-up up to the time of the row, and",
                       "those censored to have reached the closing date."))
}

#' What the lost could change
#'
#' Net risk by `loss_bounds()`; crude risk of the same completed data, in which the lost failed at the loss, or were
#' followed to the end without any event.
#'
#' @param patients From `outcome_patients()`, with the columns of `failure_causes()`.
#' @param crude From `incidence_at()`, of the data as they are.
#' @param incidence_type Interval of the crude risk.
#' @inheritParams reconstruction_survival
#' @return List: `table` or `NULL`, `result`, `notes`.
#' @noRd
what_the_lost_could_change <- function(patients, crude, times, conf.level, incidence_type) {
    data <- patients$data[patients$observed, ]
    lost <- data$end == "lost"
    if (!any(lost)) {
        return(list(notes = "Nobody was lost to follow-up: no table \"What the lost could change\"."))
    }
    .lost <- lost
    fit <- loss_bounds(followup_formula(patients, "failed"), data, lost = .lost, times = times, multiplier = 1,
                       conf.level = conf.level)
    completed <- function(status, followup) {
        data$observed[lost] <- status
        data$followup_mo[lost] <- followup
        found <- incidence_at(cumulative_incidence(followup_formula(patients, "observed"), data, incidence_type, conf.level),
                              times)
        found[found$cause == "failure", ]
    }
    crudes <- list("none fails" = completed("censored", max(data$followup_mo)),
                   "hazard x 1" = crude[crude$cause == "failure", ],
                   "all fail" = completed("failure", data$followup_mo[lost]))
    bounds <- tidy(fit)
    said <- c("none fails" = "none of the lost fails", "hazard x 1" = "the lost fail as the others",
              "all fail" = "all fail at the loss")
    rows <- bind_rows(lapply(names(said), function(scenario) {
        net <- bounds[bounds$scenario == scenario, ]
        crude <- crudes[[scenario]]
        crude <- crude[match(paste(net$strata, net$time), paste(crude$strata, crude$time)), ]
        known <- function(x) ifelse(is.na(net$estimate), NA_real_, x)
        as_frame(list(strata = net$strata, time = net$time, scenario = rep(said[[scenario]], nrow(net)), n.lost = net$n.lost,
                      net = 1 - net$estimate, net.low = 1 - net$conf.high, net.high = 1 - net$conf.low,
                      crude = known(crude$estimate), crude.low = known(crude$conf.low),
                      crude.high = known(crude$conf.high)))
    }))
    rows <- rows[order(match(rows$strata, unique(rows$strata)), rows$time, match(rows$scenario, said)), ]
    row.names(rows) <- NULL
    list(table = rows, result = fit, references = fit$references,
         methods = paste("What those lost could change was bounded by the risks if none, and if all of them, had failed at",
                         "the loss."))
}
