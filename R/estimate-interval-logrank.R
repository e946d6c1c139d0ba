# The order is that of oss_interval_score_kind in src/core/interval_scores.h.
interval_scores <- c("logrank", "finkelstein", "wilcoxon")

#' Tests for interval-censored data
#'
#' Compares the time to an event that is only known to lie between two visits, between groups: log-rank and Wilcoxon
#' scores from the NPMLE of all rows together, and the permutation law of their sums by group; exact in small samples,
#' with strata, clusters, or pairs within a patient.
#'
#' Every row (left, right] gets one score from the Turnbull estimate S of all rows (of its stratum): `"logrank"` that of
#' Sun, status minus Nelson-Aalen where times are exact; `"finkelstein"` the score of a proportional hazards model;
#' `"wilcoxon"` S(left) + S(right) - 1, the score of proportional odds, which weighs early differences. A high score is
#' an early event. Given the scores, the sum of each group has the law of a random draw; that law is exact, sampled or
#' approximated by the normal distribution with its own mean and variance.
#'
#' @param formula `Surv(left, right, type = "interval2") ~ group + strata(x)`: variables outside `strata()` make the
#'   groups (several combine), those inside stratify. Or a `Surv` object, then with `group` and, if wanted, `strata`.
#'   Ends as in [turnbull()].
#' @param scores `"logrank"`, `"finkelstein"` or `"wilcoxon"`.
#' @param method `"exact"`, `"permutation"` (random permutations) or `"asymptotic"`. `"auto"`: exact for two groups where
#'   it takes well under a second, else permutation to 1000 units, else asymptotic; the notes say what was done and why.
#' @param cluster `~patient` or a vector: rows that belong together. If no cluster has rows of two groups, whole clusters
#'   are exchanged; if one has, rows are exchanged within their clusters only (proximal against distal: signs are
#'   flipped), and clusters with rows of one group carry no information.
#' @param alternative `"two.sided"` (twice the smaller tail); for two groups or a trend also `"greater"` (the later level
#'   has its events earlier) or `"less"`.
#' @param trend `TRUE`: one degree of freedom for groups in the order of their levels; or one number for each.
#' @param resamples Number of random permutations.
#' @param seed Whole number for the random permutations; `NULL`: `set.seed()` decides. The answer does not depend on the
#'   number of threads.
#' @param conf.level Confidence level of the intervals of the one-step ratios.
#' @param exponentiate `TRUE`: ratios instead of their logarithms.
#' @param strata Vector of strata when `formula` is a `Surv` object.
#' @inheritParams turnbull
#' @return A result, also of class `htest`. [tidy()]: a row per group: `group`, `n`, `n.event` (rows whose event was seen),
#'   `score` (sum of scores less its mean: observed less expected), and against the first level `estimate`, `std.error`,
#'   `conf.low`, `conf.high`: the log hazard ratio (log odds ratio of the event for `"wilcoxon"`) by one Newton step from
#'   equality, score over permutation variance, with a Wald interval. [glance()]: `statistic` (Z for two groups or a
#'   trend, positive when the later level has its events earlier; else chi-square), `df`, `p.value`, `p.low`, `p.high`
#'   (equal where p is exact; the enclosure where it could only be enclosed; the 95% Monte Carlo interval for random
#'   permutations), `method`, `scores`, `alternative`, `n`, `events`, `n.group`, `n.strata`, `unit` (what was exchanged),
#'   `n.units`, `resamples`. `p.value` is `NA`, with a note, where no permutation differs from another.
#' @section Unequal visits: The permutation law holds if, without a difference, rows are exchangeable: the visits must not
#'   depend on the group. Where one group is seen more often, intervals differ in width although the event times do not,
#'   and no version of this test is exact.
#' @section One-step ratios: They are good near equality and shrink towards it when groups differ much (Peto's estimator
#'   does the same); [turnbull()] curves show the difference on the scale of survival.
#' @section Level: The exact test holds its level whenever rows (or clusters) are exchangeable. Simulated at 5% (visits at
#'   1, 3, 6, 12, 24 months, 80% attended, follow-up to 60 months at most, two event rates, groups of one size and 3 to 1,
#'   1,000 samples each; `interval-test-level.csv` in the folder `validation` of the package): the default rejected in 0
#'   to 1.8% at n = 8, up to 4.2% at 11, 5.7% at 20 and 6.6% at 60 (333 samples: that is 1.3 standard errors), the
#'   asymptotic test in up to 3.2, 4.8, 5.6 and 6.9%; within 8, 11, 20 and 60 patients the default in up to 3.7, 5.6, 5.2
#'   and 6.9%. With unequal visits (one group attending all and the other half, or each on its own calendar) it was 4.8%
#'   at most in these settings, and as low as 0.6%: no guarantee, and a loss of power.
#' @section Agreement: Breast cosmesis data: Z and asymptotic p of `interval::ictest` for the three scores, to 1e-6. With
#'   exact and right-censored rows `"logrank"` has the scores status minus Nelson-Aalen. Exact p equals the count over
#'   all permutations; pairs seen at one visit give McNemar's exact p.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for no groups, left > right, negative or infinite left
#'   ends, NaN, `method` `"exact"` where it is out of reach, a cluster that lies in two strata.
#' @references Sun J (1996) A non-parametric test for interval-censored failure time data. Stat Med 15:1387-1395.
#'   Finkelstein DM (1986) \doi{10.2307/2530698}. Fay MP (1999) Comparing several score tests for interval censored data.
#'   Stat Med 18:273-285. Fay MP, Shaw PA (2010) \doi{10.18637/jss.v036.i02}. Streitberg B, Roehmel J (1986) Statistical
#'   Software Newsletter 12:10-17.
#' @seealso [turnbull()], [union_estimands()].
#' @examples
#' # Three solid prostheses not united by month 24, three porous ones united by month 6
#' left <- c(24, 24, 24, 3, 3, 3)
#' right <- c(Inf, Inf, Inf, 6, 6, 6)
#' kind <- factor(rep(c("solid", "porous"), each = 3), c("solid", "porous"))
#' interval_logrank_test(Surv(left, right, type = "interval2") ~ kind)
#' @export
interval_logrank_test <- function(formula, data = NULL, scores = "logrank", method = "auto", cluster = NULL,
                                  alternative = "two.sided", trend = FALSE, resamples = 1e5, seed = NULL,
                                  conf.level = 0.95, exponentiate = FALSE, weights = NULL, subset = NULL,
                                  na.action = NULL, group = NULL, strata = NULL, tolerance = 1e-8) {
    check_choice(scores, "scores", interval_scores)
    conf.level <- check_conf_level(conf.level)
    check_flag(exponentiate, "exponentiate")
    tolerance <- check_number(tolerance, "tolerance", 0, 1, open = TRUE)
    input <- read_survival(environment(), kind = "interval", frame = parent.frame(), roles = "groups", carry = "cluster")
    check_groups_named(input)
    order <- if (!isFALSE(trend)) trend_scores(trend, input$groups)
    fit <- .Call(ffi_interval_scores, input$left, input$right, input$weight, input$stratum, length(input$strata), tolerance,
                 1000, match(scores, interval_scores) - 1L)
    if (!all(fit$converged)) {
        warn("convergence", sprintf("The NPMLE behind the scores may be short of its maximum by %.2g in log-likelihood.",
                                    max(fit$kkt)), "tolerance")
    }
    test <- permutation_test(fit$scores, input$group, length(input$groups), input$stratum, input$carried$cluster,
                             input$weight, order, method, alternative, resamples = resamples, seed = seed)
    new_interval_test(input, test, scores, order, alternative, conf.level, exponentiate,
                      formula_text(substitute(formula)))
}

# Log ratio of each level against the first: one Newton step from equality.
one_step_ratios <- function(test) {
    k <- length(test$statistic)
    estimate <- error <- rep(NA_real_, k)
    variance <- test$variance[-1, -1, drop = FALSE]
    full <- k > 1 && ncol(permutation_axes(test$variance)) == k - 1
    if (full) {
        inverse <- solve(variance)
        estimate <- c(0, inverse %*% (test$statistic - test$expected)[-1])
        error <- c(NA, sqrt(diag(inverse)))
    }
    list(estimate = estimate, std.error = error)
}

new_interval_test <- function(input, test, scores, order, alternative, conf.level, exponentiate, data.name) {
    groups <- input$groups
    step <- one_step_ratios(test)
    half <- stats::qnorm((1 + conf.level) / 2) * step$std.error
    scale <- if (exponentiate) exp else identity
    by_group <- function(x) total_by(as.double(x), input$group, length(groups))
    weight <- input$weight %||% rep.int(1, input$n)
    table <- as_frame(list(
        group = groups, n = by_group(weight), n.event = by_group(weight * (input$right < Inf)),
        score = test$statistic - test$expected, estimate = scale(step$estimate),
        std.error = if (exponentiate) exp(step$estimate) * step$std.error else step$std.error,
        conf.low = scale(step$estimate - half), conf.high = scale(step$estimate + half)))
    signed <- length(groups) == 2 || !is.null(order)
    statistic <- if (signed) c(Z = test$z) else c("X-squared" = test$chisq)
    idle <- is.na(test$chisq)
    p <- if (idle) rep(NA_real_, 3) else c(test$p.value, test$p.low, test$p.high)
    ratio <- if (scores == "wilcoxon") "odds ratio of the event" else "hazard ratio"
    name <- paste0(interval_test_names[[scores]], if (!is.null(order)) ", trend")
    stratified <- length(input$strata) > 1
    out <- new_result(
        "interval_logrank_test",
        title = sprintf("%s of %d groups from interval-censored data, %s", name, length(groups),
                        if (idle) "not estimable" else interval_method_text[[test$method]]),
        table = table,
        glance = list(statistic = unname(statistic), df = test$df, p.value = p[1], p.low = p[2], p.high = p[3],
                      method = if (idle) NA_character_ else test$method, scores = scores, alternative = alternative,
                      n = sum(table$n), events = sum(table$n.event), n.group = length(groups),
                      n.strata = length(input$strata), unit = test$unit, n.units = test$n.units,
                      resamples = test$resamples),
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = sprintf("equality of the event times of the groups; one-step %s%s against %s",
                              if (exponentiate) "" else "log ", ratio, groups[1]),
            unit = test$unit,
            censoring = "visits depend neither on the event nor on the group, given the strata"),
        methods = sprintf("Groups were compared by the %s with scores from the pooled Turnbull estimate%s (%s)%s.",
                          sub("^(.)", "\\L\\1", name, perl = TRUE), if (stratified) " of each stratum" else "",
                          if (idle) "not estimable" else interval_method_text[[test$method]],
                          switch(test$unit, row = "", cluster = ", permuting whole clusters",
                                 ", permuting rows within their clusters")),
        references = c(interval_test_sources[[scores]], "Fay and Shaw (2010) J Stat Softw 36(2)"),
        notes = c(input$notes, interval_test_notes(test, idle, step, input)),
        statistic = statistic, parameter = c(df = test$df), p.value = p[1], alternative = alternative, method = name,
        data.name = data.name)
    class(out) <- c(class(out), "htest")
    out
}

interval_test_names <- c(logrank = "Log-rank test (Sun's scores)", finkelstein = "Log-rank test (Finkelstein's scores)",
                         wilcoxon = "Wilcoxon test")

interval_test_sources <- c(logrank = "Sun (1996) Stat Med 15:1387", finkelstein = "Finkelstein (1986) Biometrics 42:845",
                           wilcoxon = "Fay (1999) Stat Med 18:273")

interval_method_text <- c(exact = "exact permutation p", permutation = "p from random permutations",
                          asymptotic = "asymptotic p by the permutation variance")

interval_test_notes <- function(test, idle, step, input) {
    if (idle) {
        return(sprintf("No test is possible (NA): %s.",
                       if (length(input$groups) < 2) "there is only one group"
                       else if (all(input$right == Inf)) "no event was seen"
                       else "every permutation gives the same sums"))
    }
    c(sprintf("p-value: %s.", test$why),
      switch(test$unit, cluster = sprintf("%.0f whole clusters were exchanged.", test$n.units),
             "row within its cluster" = "Rows were exchanged within their clusters; clusters with rows of one group say nothing here."),
      if (all(is.na(step$estimate))) "The one-step ratios are not estimable (NA).")
}
