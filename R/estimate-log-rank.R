#' Log-rank tests
#'
#' Compares survival between groups: the log-rank test and its weighted family, for right-censored, also left-truncated
#' data, with strata, frequency weights and a test for trend; exact or by permutation where the sample is small.
#'
#' @param formula `Surv(time, status) ~ group + strata(x)`, or with left truncation `Surv(entry, exit, status) ~ group`:
#'   variables outside `strata()` make the groups (several combine), those inside stratify. Or a `Surv` object, then with
#'   `group` and, if wanted, `strata`.
#' @param rho,gamma Powers of the weight S^rho (1 - S)^gamma at each event time, S the Kaplan-Meier estimate of all groups
#'   of the stratum together just before it: 0, 0 the log-rank test; rho = 1 weighs early differences (the Peto-Peto form
#'   of the Wilcoxon test), gamma = 1 late ones. Numbers >= 0.
#' @param method `"auto"`, `"asymptotic"`, `"exact"`, `"permutation"` or `"unequal-followup"`; see the section on methods.
#' @param alternative `"two.sided"`; for two groups or a trend also `"greater"` (the later level has the higher hazard, its
#'   events come earlier) or `"less"`.
#' @param resamples Number of random permutations.
#' @param seed Whole number for the random permutations; `NULL`: `set.seed()` decides. The answer does not depend on the
#'   number of threads.
#' @param trend `TRUE`: one degree of freedom for a hazard that rises (or falls) with the order of the levels; or one number
#'   for each level, the scores to use.
#' @param conf.level Confidence level of the intervals of the one-step hazard ratios.
#' @param exponentiate `TRUE`: hazard ratios instead of their logarithms.
#' @param strata Vector of strata when `formula` is a `Surv` object.
#' @inheritParams kaplan_meier
#' @return A result, also of class `htest`. [tidy()] has one row per group: `group`, `n`, `n.event`, `observed` and
#'   `expected` (events, weighted if `rho` or `gamma` is not 0), `oe.ratio` (their ratio), and against the first level
#'   `estimate` (one-step log hazard ratio, see below), `std.error`, `conf.low`, `conf.high`. [glance()]: `statistic`
#'   (chi-square), `df`, `z` (its root with the sign of the later level, or of the trend; `NA` with more degrees of
#'   freedom), `p.value`, `p.low`, `p.high` (what encloses p: equal to it where it is exact, the 99% interval of a random
#'   sample of permutations), `method`, `method.reason`, `alternative`, `rho`, `gamma`, `n`, `events`, `n.group`,
#'   `n.strata`, `resamples`, `followup.p.value`. Where no test is possible `p.value` is `NA` and a note says why.
#' @section Methods:
#' * `asymptotic`: normal, or chi-square for more than two groups, with the hypergeometric variance of each event time.
#' * `exact`, `permutation`: the rows keep time and status and are dealt to the groups anew, within strata. The statistic is
#'   the sum of the scores of the later group: the (weighted) status minus the (weighted) Nelson-Aalen increment from entry
#'   to exit. Exact for two groups, with ties; where the deals are too many to count, `p.low` and `p.high` enclose p. More
#'   groups and `trend` by random permutation. A two-sided p is twice the smaller tail. Valid when
#'   follow-up (and entry, if late) does not depend on the group.
#' * `unequal-followup` (Heinze, Gnant and Schemper 2003): each place keeps its own follow-up and is dealt somebody's event
#'   time. What the data hide is drawn anew in every replicate: the end of follow-up of those with an event, from the reverse
#'   Kaplan-Meier estimate of their group, and the event time of the censored, from the Kaplan-Meier estimate of all groups
#'   of the stratum, each given what was seen. The statistic is standardised in every replicate. Approximate: the two
#'   curves are estimates. Not with left truncation.
#' * `auto`: `exact` where it is feasible, else `permutation` to 1000 rows, else `asymptotic`. The note says which.
#'
#' With `exact` and `permutation` a warning of class `osseosurv_unequal_followup` is given when the log-rank test with event
#' and censoring exchanged (`followup.p.value`) is below 0.05.
#' @section Type I error at 5%: 1,500 samples in each of 40 settings (n = 8, 11, 20, 60; half or a quarter of the rows in the later
#'   group; its follow-up equal, longer or shorter, a little or much; standard error 0.6%). `exact` and `permutation` (n = 60)
#'   rejected in at most 5.7% with equal follow-up and in 0.0 to 5.7% otherwise, so unequal follow-up made them conservative
#'   (0.1% with a quarter much shorter followed at n = 60), not liberal, in these settings; `unequal-followup` in 0.2 to 6.1%;
#'   `asymptotic` in 3.4 to 7.5%, the most at n = 11, where it is too small. Two of eight in the later group cannot give p
#'   below 0.05 by permutation. The warning came in 1 to 7% of samples with equal follow-up; with longer or shorter follow-up
#'   in 2 to 55% at n = 8 and 11, so its silence there proves nothing, 58 to 90% at 20 and nearly always at 60. Among the
#'   few samples at n = 20 with longer or shorter follow-up but no warning, `exact` rejected in 9 to 16%. Script and table:
#'   `inst/validation/`.
#' @section One-step hazard ratio: One Newton step of the partial likelihood from equality (Peto's (O - E) / V for two groups),
#'   with a Wald interval; finite even where a group has no event. It is close to [coxph][survival::coxph]'s where hazards are
#'   similar and too near 1 where they differ much. With `rho` or `gamma` it is an average log hazard ratio, weighted alike.
#' @section Agreement: `observed`, `expected` and chi-square equal `survival::survdiff` (rho, strata) to 1e-9 relative; with
#'   left truncation, which `survdiff` refuses, the score test of `survival::coxph` on data without ties to 1e-10; the
#'   one-step estimates the first iteration of `coxph` to 1e-8. The exact p equals the enumeration of all permutations. `coin`
#'   uses other scores at ties by default, and its two-sided p counts by the absolute statistic.
#' @section Errors: `osseosurv_invalid`, with `argument`, for a formula without groups, powers below 0, `alternative` without
#'   an order of the groups, `"exact"` where it is not feasible, `"unequal-followup"` with left truncation, and as in
#'   [kaplan_meier()].
#' @references Mantel N (1966) Cancer Chemotherapy Reports 50:163-170. Peto R, Peto J (1972) \doi{10.2307/2344317}. Harrington
#'   DP, Fleming TR (1982) \doi{10.1093/biomet/69.3.553}. Heinze G, Gnant M, Schemper M (2003)
#'   \doi{10.1111/j.0006-341X.2003.00132.x}. Wang R, Lagakos SW, Gray RJ (2010) \doi{10.1093/biostatistics/kxq021}.
#' @seealso [maxcombo_test()], [kaplan_meier()].
#' @examples
#' logrank_test(Surv(time, status) ~ sex + strata(ph.ecog), survival::lung, method = "asymptotic")
#'
#' # Eleven implants, porous ones failing later: every one of the 462 permutations.
#' months <- c(3, 5, 8, 14, 20, 9, 26, 31, 40, 44, 50)
#' failed <- c(1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0)
#' logrank_test(Surv(months, failed), group = rep(c("solid", "porous"), c(5, 6)))
#' @export
logrank_test <- function(formula, data = NULL, rho = 0, gamma = 0, method = "auto", alternative = "two.sided",
                         resamples = 1e5, seed = NULL, trend = FALSE, conf.level = 0.95, exponentiate = FALSE,
                         weights = NULL, subset = NULL, na.action = NULL, group = NULL, strata = NULL) {
    rho <- check_number(rho, "rho", 0, 100)
    gamma <- check_number(gamma, "gamma", 0, 100)
    check_choice(method, "method", c("auto", "asymptotic", "exact", "permutation", "unequal-followup"))
    check_choice(alternative, "alternative", c("two.sided", "greater", "less"))
    resamples <- check_resamples(resamples)
    conf.level <- check_conf_level(conf.level)
    check_flag(exponentiate, "exponentiate")
    input <- read_survival(environment(), frame = parent.frame(), roles = "groups")
    check_groups_named(input)
    scores <- trend_scores(trend, input$groups)
    check_direction(alternative, scores)
    plain <- rho == 0 && gamma == 0
    sums <- log_rank_sums(input, c(0, rho)[c(TRUE, !plain)], c(0, gamma)[c(TRUE, !plain)])
    result <- log_rank_statistic(sums, scores)
    chosen <- choose_log_rank(method, input, sums, scores, result)
    p <- log_rank_p(chosen, input, result, scores, rho, gamma, alternative, resamples, seed)
    warn_unequal_followup(chosen, p$followup)
    new_log_rank(input, sums, result, chosen, p, scores, rho, gamma, alternative, conf.level, exponentiate,
                 data.name = formula_text(substitute(formula)))
}

check_groups_named <- function(input) {
    if (is.null(input$group)) {
        abort_invalid("`formula` must name the groups to compare: write `Surv(time, status) ~ group`.", "formula")
    }
}

# The scores of a trend, or of the later of two groups; NULL: groups without an order.
trend_scores <- function(trend, groups) {
    size <- length(groups)
    if (isFALSE(trend)) return(if (size == 2) c(0, 1))
    if (isTRUE(trend)) return(if (size > 1) (seq_len(size) - 1) / (size - 1))
    scores <- check_numbers(trend, "trend")
    if (length(scores) != size || any(is.infinite(scores))) {
        abort_invalid(sprintf("`trend` must be TRUE, FALSE or a finite score for each of the %d groups; got %d.", size,
                              length(scores)), "trend")
    }
    if (diff(range(scores)) == 0 && size > 1) abort_invalid("`trend` must hold at least two different scores.", "trend")
    # Only their spacing matters.
    (scores - min(scores)) / max(diff(range(scores)), .Machine$double.xmin)
}

check_direction <- function(alternative, scores) {
    if (alternative != "two.sided" && is.null(scores)) {
        abort_invalid(sprintf("`alternative` \"%s\" needs two groups or a trend.", alternative), "alternative")
    }
}

# Sums of all weights; the first weight is 1, the last the one asked for.
log_rank_sums <- function(input, rho, gamma) {
    size <- length(input$groups)
    cell <- if (is.null(input$stratum)) input$group else (input$stratum - 1L) * size + input$group
    .Call(ffi_log_rank, input$entry, input$time, input$status, input$weight, as.integer(cell), size,
          length(input$strata), as.double(rho), as.double(gamma))
}

# Covariance between the groups of weights v and w.
sums_covariance <- function(sums, v, w) {
    size <- length(sums$n)
    q <- length(sums$observed) / size
    matrix(sums$covariance[((v - 1) * q + w - 1) * size^2 + seq_len(size^2)], size)
}

# Chi-square, its degrees of freedom and, for two groups or a trend, the signed root.
log_rank_statistic <- function(sums, scores) {
    size <- length(sums$n)
    w <- length(sums$observed) / size
    last <- (w - 1) * size + seq_len(size)
    u <- sums$observed[last] - sums$expected[last]
    v <- sums_covariance(sums, w, w)
    if (!is.null(scores)) {
        variance <- sum(scores * (v %*% scores))
        # Rounding leaves a variance of 0 just beside it.
        if (variance <= 1e-12) return(list(statistic = NA_real_, df = 0, z = NA_real_, u = u, v = v))
        z <- sum(scores * u) / sqrt(variance)
        return(list(statistic = z^2, df = 1, z = z, u = u, v = v))
    }
    form <- .Call(ffi_quadratic, u, v)
    list(statistic = if (form$df > 0) form$statistic else NA_real_, df = form$df, z = NA_real_, u = u, v = v)
}

not_estimable <- function(input, sums) {
    if (length(input$groups) < 2) {
        sprintf("The test is not estimable: all rows are in one group (%s).", input$groups)
    } else if (sum(sums$events) == 0) {
        "The test is not estimable: there is no event."
    } else {
        "The test is not estimable: no event came while rows of different groups were at risk."
    }
}

# Which method, and why. "auto" is settled by permutation_test() where the sample is small.
choose_log_rank <- function(method, input, sums, scores, result) {
    if (method == "unequal-followup" && !is.null(input$entry)) {
        abort_invalid("`method` \"unequal-followup\" does not know left truncation: use \"asymptotic\".", "method")
    }
    if (is.na(result$statistic)) return(list(method = "none", why = not_estimable(input, sums)))
    n <- sum(sums$n)
    if (method == "asymptotic") return(list(method = method, why = "asked for"))
    if (method == "auto" && n > permutation_limit) {
        return(list(method = "asymptotic", why = sprintf("more than %d rows", permutation_limit)))
    }
    list(method = method, why = "asked for")
}

# P-values of a chosen method; `method` as it turned out.
log_rank_p <- function(chosen, input, result, scores, rho, gamma, alternative, resamples, seed) {
    if (chosen$method == "none") return(list(p.value = NA_real_, p.low = NA_real_, p.high = NA_real_, resamples = 0))
    if (chosen$method == "asymptotic") {
        p <- if (is.na(result$z)) stats::pchisq(result$statistic, result$df, lower.tail = FALSE)
             else normal_p(result$z, alternative)
        return(list(p.value = p, p.low = p, p.high = p, resamples = 0))
    }
    followup <- followup_p(input)
    if (chosen$method == "unequal-followup") {
        found <- resampled_p(input, scores, rho, gamma, "impute", alternative, resamples, seed)
        return(c(found, list(followup = followup)))
    }
    score <- .Call(ffi_log_rank_scores, input$entry, input$time, input$status, input$weight, input$stratum,
                   length(input$strata), rho, gamma)
    groups <- length(input$groups)
    found <- permutation_test(score, input$group, groups, stratum = input$stratum, weight = input$weight,
                              trend = if (groups > 2) scores, method = chosen$method, alternative = alternative,
                              resamples = resamples, seed = seed)
    c(found[c("p.value", "p.low", "p.high", "resamples", "method", "why")], list(followup = followup))
}

normal_p <- function(z, alternative) {
    switch(alternative, greater = stats::pnorm(-z), less = stats::pnorm(z), 2 * stats::pnorm(-abs(z)))
}

# Whether the groups were followed for different times: log-rank test with event and censoring exchanged.
followup_p <- function(input) {
    input$status <- 1L - input$status
    found <- log_rank_statistic(log_rank_sums(input, 0, 0), NULL)
    if (is.na(found$statistic)) NA_real_ else stats::pchisq(found$statistic, found$df, lower.tail = FALSE)
}

followup_level <- 0.05

warn_unequal_followup <- function(chosen, followup) {
    if (is.null(followup) || is.na(followup) || followup >= followup_level || chosen$method == "unequal-followup") return()
    warn("unequal_followup", sprintf(paste(
        "The groups were followed for different times (reverse Kaplan-Meier log-rank p = %s), and a permutation test assumes",
        "that they were not: `method = \"unequal-followup\"` does not."), format(followup, digits = 2)))
}

# P from replicates that standardise the statistic anew. way: "enumerate", "permute" or "impute".
resampled_p <- function(input, scores, rho, gamma, way, alternative, resamples, seed, largest = FALSE) {
    sign <- if (alternative == "less") -1 else 1
    form <- if (is.null(scores)) "chi-square" else if (largest && alternative == "two.sided") "absolute" else "signed"
    plan <- if (way == "enumerate") list(seed = c(0, 0), threads = resampling(0)$threads) else resampling(seed)
    row <- rep.int(seq_len(input$n), input$weight %||% rep.int(1, input$n))
    if (!is.null(input$stratum)) row <- row[order(input$stratum[row])]
    values <- .Call(ffi_log_rank_resample, input$time[row], input$status[row], input$group[row], input$stratum[row],
                    length(input$strata), as.double(rho), as.double(gamma),
                    sign * as.double(scores %||% numeric(length(input$groups))),
                    match(way, c("enumerate", "permute", "impute")) - 1L,
                    match(form, c("signed", "absolute", "chi-square")) - 1L,
                    if (way != "enumerate") as.double(resamples), plan$seed, plan$threads)
    draws <- length(values) - 1
    observed <- values[draws + 1]
    values <- values[seq_len(draws)]
    near <- 1e-9 * max(1, abs(observed))
    two_tails <- form == "signed" && alternative == "two.sided"
    count <- sum(values >= observed - near)
    if (two_tails) count <- min(count, sum(values <= observed + near))
    factor <- if (two_tails) 2 else 1
    if (way == "enumerate") {
        p <- min(1, factor * count / draws)
        return(list(p.value = p, p.low = p, p.high = p, resamples = 0, observed = observed))
    }
    limits <- pmin(1, factor * c(if (count > 0) stats::qbeta(0.025, count, draws - count + 1) else 0,
                                 if (count < draws) stats::qbeta(0.975, count + 1, draws - count) else 1))
    list(p.value = min(1, factor * (1 + count) / (1 + draws)), p.low = limits[1], p.high = limits[2], resamples = draws,
         observed = observed)
}

# Log hazard ratio of each level against the first by one Newton step from equality, and its variance.
one_step <- function(sums) {
    size <- length(sums$n)
    missing <- list(estimate = rep(NA_real_, size), std.error = rep(NA_real_, size))
    if (size < 2) return(missing)
    q <- length(sums$observed) / size
    last <- (q - 1) * size + seq_len(size)
    u <- (sums$observed[last] - sums$expected[last])[-1]
    information <- sums_covariance(sums, q, 1)[-1, -1, drop = FALSE]
    if (.Call(ffi_quadratic, u, information)$df < size - 1) return(missing)
    inverse <- solve(information)
    variance <- inverse %*% sums_covariance(sums, q, q)[-1, -1, drop = FALSE] %*% inverse
    list(estimate = c(0, inverse %*% u), std.error = c(0, sqrt(diag(variance))))
}

new_log_rank <- function(input, sums, result, chosen, p, scores, rho, gamma, alternative, conf.level, exponentiate,
                         data.name) {
    size <- length(sums$n)
    last <- length(sums$observed) - size + seq_len(size)
    step <- one_step(sums)
    half <- stats::qnorm((1 + conf.level) / 2) * step$std.error
    low <- step$estimate - half
    high <- step$estimate + half
    low[1] <- high[1] <- NA_real_
    estimate <- step$estimate
    if (exponentiate) {
        step$std.error <- exp(estimate) * step$std.error
        estimate <- exp(estimate)
        low <- exp(low)
        high <- exp(high)
    }
    step$std.error[1] <- NA_real_
    observed <- sums$observed[last]
    expected <- sums$expected[last]
    table <- as_frame(list(group = input$groups, n = sums$n, n.event = sums$events, observed = observed,
                           expected = expected, oe.ratio = ifelse(expected > 0, observed / expected, NA_real_),
                           estimate = estimate, std.error = step$std.error, conf.low = low, conf.high = high))
    method <- p$method %||% chosen$method
    why <- p$why %||% chosen$why
    plain <- rho == 0 && gamma == 0
    trend <- size > 2 && !is.null(scores)
    name <- paste0(if (plain) "Log-rank test" else sprintf("Weighted log-rank test (rho = %g, gamma = %g)", rho, gamma),
                   if (trend) " for trend")
    truncated <- !is.null(input$entry)
    out <- new_result(
        "logrank_test",
        title = sprintf("%s of %d groups%s, %s", name, size,
                        if (length(input$strata) > 1) sprintf(" in %d strata", length(input$strata)) else "",
                        log_rank_method_text[[method]]),
        table = table,
        glance = list(statistic = result$statistic, df = result$df, z = result$z, p.value = p$p.value, p.low = p$p.low,
                      p.high = p$p.high, method = method, method.reason = why, alternative = alternative, rho = rho,
                      gamma = gamma, n = sum(sums$n), events = sum(sums$events), n.group = size,
                      n.strata = length(input$strata), resamples = p$resamples,
                      followup.p.value = p$followup %||% NA_real_),
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = sprintf("equality of the hazards of the groups; one-step %shazard ratio against %s",
                              if (exponentiate) "" else "log ", input$groups[1]),
            censoring = paste0(
                if (truncated) "censoring and late entry independent of the event given group and stratum"
                else "independent of the event given group and stratum",
                if (method %in% c("exact", "permutation")) ", and the same in all groups"),
            competing = "a competing event coded as censored is treated as censoring"),
        methods = sprintf("Groups were compared by the %s%s, %s; hazard ratios by one Newton step from equality (Peto) with %s Wald intervals.",
                          paste0(tolower(substr(name, 1, 1)), substring(name, 2)),
                          if (length(input$strata) > 1) ", stratified" else "", log_rank_method_text[[method]],
                          percent_text(conf.level)),
        references = c("Mantel (1966) Cancer Chemother Rep 50:163", "Peto and Peto (1972) J R Stat Soc A 135:185",
                       if (!plain) "Harrington and Fleming (1982) Biometrika 69:553",
                       if (method == "unequal-followup") "Heinze, Gnant and Schemper (2003) Biometrics 59:1151"),
        notes = c(input$notes, log_rank_notes(method, why, p$followup, step, size, truncated)),
        statistic = if (is.na(result$z) || alternative == "two.sided") c("X-squared" = result$statistic) else c(Z = result$z),
        parameter = c(df = result$df), p.value = p$p.value, alternative = alternative, method = name,
        data.name = data.name, conf.level = conf.level)
    class(out) <- c(class(out), "htest")
    out
}

log_rank_method_text <- c(
    none = "not estimable", asymptotic = "asymptotic p", exact = "exact permutation p",
    permutation = "permutation p", "unequal-followup" = "resampled p for unequal follow-up")

log_rank_notes <- function(method, why, followup, step, size, truncated) {
    if (method == "none") return(why)
    c(sprintf("p-value: %s.", if (why == "asked for") paste(method, "as asked for") else why),
      if (method %in% c("exact", "permutation")) {
          c(if (is.null(followup) || is.na(followup)) NULL else sprintf(
              "Follow-up %s between the groups (reverse Kaplan-Meier log-rank p = %s).",
              if (followup < followup_level) "differs" else "does not clearly differ", format(followup, digits = 2)),
            if (truncated) "The permutation assumes that the time of entry, too, does not depend on the group.")
      },
      if (anyNA(step$estimate[-1]) && size > 1) "The hazard ratios are not estimable: too few groups were at risk together.")
}

# The formula as written, in one line that is not endless.
formula_text <- function(expression) {
    if (!is.language(expression)) return("data")
    text <- deparse(expression, width.cutoff = 100L, nlines = 1L)
    if (nchar(text) > 100) paste0(substr(text, 1, 97), "...") else text
}

#' @rdname logrank_test
#' @param x A result of `logrank_test()` or `maxcombo_test()`.
#' @param digits Significant digits to print.
#' @param ... Passed on.
#' @export
print.logrank_test <- function(x, digits = 4, ...) {
    print_test(x, digits, ...)
}

print_test <- function(x, digits, ...) {
    cat(x$title, "\n\n", sep = "")
    print_table(tidy(x), digits = digits)
    g <- x$glance
    if (!is.na(g$p.value)) {
        value <- c(if (!is.null(g$df)) sprintf("chi-square = %s on %g df", format(g$statistic, digits = digits), g$df)
                   else sprintf("statistic = %s", format(g$statistic, digits = digits)),
                   if (!is.null(g$z) && !is.na(g$z)) sprintf("z = %s", format(g$z, digits = digits)),
                   sprintf("p = %s (%s)", format(g$p.value, digits = digits), g$alternative))
        cat("\n", paste(value, collapse = ", "), "\n", sep = "")
    }
    cat("\nEstimand\n")
    print(estimand(x))
    print_notes(x$notes)
    invisible(x)
}
