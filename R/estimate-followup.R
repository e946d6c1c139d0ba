# How complete the follow-up of a cohort is.

#' Completeness of follow-up
#'
#' The share of the follow-up that could have been observed by the closing date that was observed: Clark's C and its
#' variants, by group. A patient who has had the event owes no more follow-up; one who was lost does.
#'
#' With t the time observed, p the potential follow-up (cut at `horizon`), and an event counted up to p:
#' `clark`: sum of t over the sum of p, where for an event p is t. `clark-modified` (C*, Wu et al.): for a lost patient p is the
#' time expected had follow-up gone on, t plus the restricted mean to p of the Kaplan-Meier estimate from t on (of the
#' stratum; flat after its last follow-up). `person-time` (the simplified person-time method of Xue et al.): events count with all of p
#' above and below. `percentage`: patients with the event or followed to p.
#'
#' @inheritParams kaplan_meier
#' @param potential Potential follow-up of each row, closing date minus start, in the unit of the times: a column of `data`
#'   or a vector. `NULL`: `horizon` for everybody.
#' @param horizon One positive number: completeness up to this time. `NULL`: up to `potential`.
#' @return A result whose [tidy()] has four rows a stratum: `strata`, `method`, `n`, `n.event` (by p), `n.lost` (neither event nor
#'   followed to p), `observed` and `potential` (the two sums, in the unit of the data; for `percentage` patients), `estimate`
#'   (0 to 1; `NA` where nothing could be observed).
#' @section Errors: `osseosurv_invalid` as in [kaplan_meier()], without `potential` and `horizon`, and for a row observed for longer
#'   than its potential follow-up.
#' @references Clark TG, Altman DG, De Stavola BL (2002) \doi{10.1016/S0140-6736(02)08272-7}. Wu Y, Takkenberg JJM, Grunkemeier
#'   GL (2008) \doi{10.1016/j.athoracsur.2007.12.012}. Xue X et al. (2017) \doi{10.1186/s12874-017-0436-z}.
#' @seealso [followup_time()], [loss_bounds()].
#' @examples
#' d <- data.frame(months = c(24, 10, 36, 5, 30), failed = c(0, 1, 0, 0, 0),
#'                 closing = c(24, 40, 36, 48, 30))
#' followup_completeness(Surv(months, failed) ~ 1, d, potential = closing)
#' followup_completeness(Surv(time, status) ~ sex, survival::lung, horizon = 365)
#' @export
followup_completeness <- function(formula, data = NULL, potential = NULL, horizon = NULL, weights = NULL, subset = NULL,
                                  na.action = NULL, group = NULL) {
    if (!is.null(horizon)) horizon <- check_positive(horizon, "horizon")
    input <- read_survival(environment(), frame = parent.frame(), carry = "potential")
    limit <- input$carried$potential
    if (is.null(limit) && is.null(horizon)) {
        abort_invalid(paste("`potential` or `horizon` is required: how long could each row have been followed?",
                            "Give closing date minus start."), "potential")
    }
    if (!is.null(limit)) {
        limit <- read_times(limit, "potential", input$row)
        slack <- 1.5e-8 * mean(abs(input$time))
        late <- which(input$time > limit + slack)
        if (length(late)) {
            at <- row_number(late[1], input$row)
            abort_invalid(sprintf("`potential` must be at least the time observed; row %d has %s and %s.", at,
                                  format(limit[late[1]]), format(input$time[late[1]])), "potential", at)
        }
    }
    limit <- pmin(limit %||% rep.int(horizon, input$n), horizon %||% Inf)
    start <- input$entry %||% rep.int(0, input$n)
    inside <- start < limit
    outside <- sum(!inside & limit < start)
    weight <- (input$weight %||% rep.int(1, input$n)) * (start <= limit)
    stratum <- input$stratum %||% rep.int(1L, input$n)
    time <- pmin(input$time, limit)
    event <- input$status == 1L & input$time <= limit
    lost <- !event & time < limit - 1.5e-8 * mean(abs(input$time))
    expected <- expected_followup(input, stratum, time, limit, lost)
    sums <- rowsum(weight * cbind(1, event, lost, time - start, ifelse(event, time, limit) - start,
                                  ifelse(event, time, ifelse(lost, expected, limit)) - start,
                                  ifelse(event, limit, time) - start, limit - start), stratum)
    sums <- matrix(sums, ncol = 8)
    methods <- c("clark", "clark-modified", "person-time", "percentage")
    k <- length(input$strata)
    observed <- rbind(sums[, 4], sums[, 4], sums[, 7], sums[, 1] - sums[, 3])
    potential <- rbind(sums[, 5], sums[, 6], sums[, 8], sums[, 1])
    share <- ifelse(potential > 0, observed / potential, NA_real_)
    each <- function(x) rep(x, each = 4L)
    new_result(
        "followup_completeness",
        title = "Completeness of follow-up",
        table = as_frame(list(strata = each(input$strata), method = rep(methods, k), n = each(sums[, 1]),
                              n.event = each(sums[, 2]), n.lost = each(sums[, 3]), observed = as.vector(observed),
                              potential = as.vector(potential), estimate = as.vector(share))),
        glance = list(n = sum(sums[, 1]), events = sum(sums[, 2]), lost = sum(sums[, 3]), horizon = horizon %||% NA_real_),
        estimand = estimand_card(endpoint = input$endpoint, measure = "share of the potential follow-up that was observed",
                                 censoring = "before the potential follow-up: lost",
                                 competing = "a competing event coded as censored counts as lost unless potential follow-up ends with it"),
        methods = paste("Completeness of follow-up is the ratio of observed to potential person-time (Clark's C), also with the",
                        "expected follow-up of the lost (C*), by the simplified person-time method, and as a percentage of patients."),
        references = c("Clark, Altman and De Stavola (2002) Lancet 359:1309", "Wu et al. (2008) Ann Thorac Surg 85:1155",
                       "Xue et al. (2017) BMC Med Res Methodol 17:155"),
        notes = c(input$notes, if (outside) sprintf("%d row%s entering after the horizon left out.", outside, if (outside > 1) "s" else ""),
                  if (anyNA(share)) "Where no follow-up was possible completeness is not estimable (NA).")
    )
}

# For the lost: time observed plus the restricted mean of what would have followed, by the stratum's Kaplan-Meier estimate.
expected_followup <- function(input, stratum, time, limit, lost) {
    expected <- limit
    if (!any(lost)) return(expected)
    curves <- split_curve(fit_kaplan_meier(input, "plain", 0.95))
    for (s in unique(stratum[lost])) {
        rows <- which(lost & stratum == s)
        curve <- curves[[s]]
        area <- c(0, cumsum(curve$estimate[-nrow(curve)] * diff(curve$time)))
        at <- function(t) {
            k <- findInterval(t, curve$time)
            list(area = area[k] + curve$estimate[k] * (t - curve$time[k]), survival = curve$estimate[k])
        }
        from <- at(time[rows])
        to <- at(limit[rows])
        # With late entry the estimate can be 0 and someone at risk.
        more <- ifelse(from$survival > 0, (to$area - from$area) / from$survival, 0)
        expected[rows] <- time[rows] + more
    }
    expected
}
