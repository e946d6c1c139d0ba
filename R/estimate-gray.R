#' Gray's test of equal cumulative incidence
#'
#' Compares the cumulative incidence of a cause between two or more groups, the other causes competing: all causes at
#' once, each by itself. Small samples are judged by permutation of the groups, not by the chi-square distribution.
#'
#' @param formula `Surv(time, status) ~ group + strata(centre)` with `status` a factor whose first level is censored and
#'   whose other levels are the causes. Variables outside `strata()` make the groups. Or such a `Surv` object (then
#'   groups by `group`, strata by `strata`).
#' @param cause Labels of the causes to test, or `NULL`: all.
#' @param rho Number: differences at a time are weighed by (1 - incidence)^rho; 0 weighs all alike, above 0 the early
#'   ones more.
#' @param method `"auto"`: `permutation` up to 200 rows (weights counted), `asymptotic` beyond. `"permutation"`: every way
#'   to deal the groups to the rows within strata where there are at most `resamples` of them, so that p is exact, else
#'   `resamples` of them drawn. `"asymptotic"`: chi-square.
#' @param resamples Number of permutations drawn, 1 to 1e7.
#' @param seed `NULL`: `set.seed()` decides; or a whole number, which leaves R's generator alone.
#' @param strata Vector of strata when `formula` is a `Surv` object.
#' @inheritParams kaplan_meier
#' @return A result, with one cause also of class `htest` (`statistic`, `parameter`, `p.value`), whose [tidy()] has one row
#'   per cause: `cause`, `n.event`, `statistic` (Gray's quadratic form), `df` (number of groups less one; less where a
#'   group says nothing of the cause), `p.value`, `method` (asymptotic, exact, permutation). [glance()]: `n`, `events`,
#'   `n.groups`, `n.strata`, `rho`, `method`, `resamples`. `x$scores`: `cause`, `group`, `n`, `n.event`, `score`
#'   (weighed events observed less expected; positive: more, or earlier, than if all groups were alike).
#' @section Not estimable: Without an event of a cause, or where the variance does not exist (a handful of rows with many
#'   ties), statistic and p are `NA` and a note says why.
#' @section The permutation: The statistic is recomputed with its own variance for each way to deal the groups. If the
#'   groups are alike in everything, follow-up too, the level holds exactly; if they differ in follow-up or in the
#'   other causes, it holds in large samples, because the statistic is studentised.
#' @section Level: The highest share of samples with p <= 0.05 in 72 simulated settings of n = 8, 11, 20, 60 (two equal, two
#'   unequal, three groups; 4,000 samples each, so a standard error of 0.35%; 499 permutations drawn). Groups alike in
#'   follow-up and other cause (none, uniform censoring, months): `permutation` 5.5%, `asymptotic` 6.1% (no censoring,
#'   three groups, n = 11). Follow-up three times as long, other cause eight times as fast in a group, or both:
#'   `permutation` 5.7%, `asymptotic` 5.7% (both with three groups, n = 20). At n = 8 both are below 5% throughout
#'   (at most 3.9% and 4.7%). Script and table: `inst/validation/`.
#' @section Agreement: `statistic` and the asymptotic `p.value` equal `cmprsk::cuminc(time, cause, group, strata, rho)$Tests`
#'   to 1e-8, ties, strata and `rho` included.
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, as [cumulative_incidence()]; for fewer than two
#'   groups, an unknown cause, and left-truncated data, for which the test has no theory.
#' @references Gray RJ (1988) \doi{10.1214/aos/1176350951}. Neuhaus G (1993) \doi{10.1214/aos/1176349396}, on permuting
#'   studentised statistics under unequal censoring.
#' @seealso [cumulative_incidence()].
#' @examples
#' cause <- factor(survival::mgus2$death, 0:1, c("censored", "death"))
#' gray_test(Surv(futime, cause) ~ sex, survival::mgus2)
#'
#' months <- c(2, 5, 7, 9, 12, 15, 18, 24, 30, 36)
#' mode <- factor(c(2, 0, 4, 1, 0, 4, "death", 0, 0, 0), c(0, 1, 2, 4, "death"))
#' gray_test(Surv(months, mode), group = rep(c("solid", "porous"), 5), cause = "4")
#' @export
gray_test <- function(formula, data = NULL, cause = NULL, rho = 0, method = "auto", resamples = 1e4, seed = NULL,
                      weights = NULL, subset = NULL, na.action = NULL, group = NULL, strata = NULL) {
    check_choice(method, "method", c("auto", "permutation", "asymptotic"))
    rho <- check_finite_number(rho, "rho")
    resamples <- check_number(resamples, "resamples", 1, 1e7)
    input <- read_survival(environment(), kind = "competing", frame = parent.frame(), roles = "groups")
    n_group <- length(input$groups)
    if (n_group < 2) {
        abort_invalid("`formula` must name at least two groups to compare, as in `Surv(time, status) ~ group`.", "formula")
    }
    if (!is.null(input$entry)) {
        abort_invalid(paste("gray_test() has no theory for left-truncated data: leave out the entry, or compare",
                            "cause-specific hazards."), "formula")
    }
    tested <- read_causes(cause, input$causes)
    n <- if (is.null(input$weight)) input$n else sum(input$weight)
    chosen <- if (method != "auto") method else if (n <= 200) "permutation" else "asymptotic"
    if (chosen == "permutation" && n > 1e6) {
        abort_invalid("`method` \"permutation\" takes at most 1e6 rows: use \"asymptotic\".", "method")
    }

    stratum <- as.integer(input$group)
    if (!is.null(input$stratum)) stratum <- (as.integer(input$stratum) - 1L) * n_group + stratum
    n_stratum <- length(input$strata)
    fit <- .Call(ffi_gray, input$time, input$status, input$weight, stratum, length(input$causes),
                 n_stratum * n_group, n_group, tested, rho)
    statistic <- fit$statistic
    n_event <- colSums(matrix(fit$n.event, n_group))
    statistic[n_event == 0 | fit$df == 0] <- NA
    notes <- c(input$notes, gray_notes(input, tested, fit, n_event, n_group))
    if (chosen == "asymptotic") {
        p <- stats::pchisq(statistic, fit$df, lower.tail = FALSE)
        how <- "asymptotic"
        drawn <- NA_real_
    } else {
        found <- permute_gray(input, n_group, n_stratum, tested, rho, resamples, seed, statistic)
        p <- found$p
        how <- if (found$exact) "exact" else "permutation"
        drawn <- found$n
        notes <- c(notes, if (found$exact) sprintf("p is exact: all %.0f ways to deal the groups.", found$n)
                          else sprintf("p from %.0f random permutations; its standard error is at most %.2g.", found$n,
                                       0.5 / sqrt(found$n)))
    }
    table <- as_frame(list(cause = input$causes[tested], n.event = n_event, statistic = statistic, df = fit$df,
                           p.value = p, method = rep.int(how, length(tested))))
    one <- length(tested) == 1
    result <- new_result(
        "gray_test",
        title = sprintf("Gray's test of equal cumulative incidence in %d groups, %s p", n_group, how),
        table = table,
        glance = list(n = n, events = sum(n_event), n.groups = n_group, n.strata = n_stratum, rho = rho, method = how,
                      resamples = drawn),
        estimand = estimand_card(
            endpoint = sprintf("%s; causes tested: %s", input$endpoint, paste(input$causes[tested], collapse = ", ")),
            measure = "equality of the cumulative incidence (crude: as observed) of a cause in all groups, at all times",
            competing = "the other causes compete: after one of them the event can no longer happen"),
        methods = sprintf("The cumulative incidence of %s was compared between groups by Gray's test%s%s, %s.",
                          if (one) "the cause" else "each cause",
                          if (rho == 0) "" else sprintf(" (rho = %g)", rho),
                          if (n_stratum > 1) ", stratified" else "",
                          switch(how, asymptotic = "with the chi-square distribution",
                                 exact = "with its exact permutation distribution",
                                 sprintf("with %.0f permutations of the groups", drawn))),
        references = c("Gray (1988) Ann Stat 16:1141", if (how != "asymptotic") "Neuhaus (1993) Ann Stat 21:1760"),
        notes = notes,
        scores = as_frame(list(cause = rep(input$causes[tested], each = n_group),
                               group = rep.int(input$groups, length(tested)),
                               n = rep.int(fit$n, length(tested)), n.event = fit$n.event,
                               score = fit$score)),
        statistic = stats::setNames(statistic, if (one) "Gray's chi-square" else input$causes[tested]),
        parameter = stats::setNames(fit$df, rep.int("df", length(tested))),
        p.value = if (one) p else stats::setNames(p, input$causes[tested]),
        method = sprintf("Gray's test (%s)", how), data.name = input$endpoint)
    if (one) class(result) <- c(class(result), "htest")
    result
}

check_finite_number <- function(x, argument) {
    x <- check_number(x, argument)
    if (is.infinite(x)) abort_invalid(sprintf("`%s` must be finite; got %s.", argument, format(x)), argument)
    x
}

# Numbers of the causes named; all of them for NULL.
read_causes <- function(cause, causes) {
    if (is.null(cause)) return(seq_along(causes))
    at <- match(as.character(cause), causes)
    if (!length(at) || anyNA(at) || anyDuplicated(at)) {
        bad <- if (anyNA(at)) sprintf("; element %d is \"%s\"", which(is.na(at))[1], cause[is.na(at)][1]) else ""
        abort_invalid(sprintf("`cause` must name causes, each once, among %s%s.",
                              paste0("\"", causes, "\"", collapse = ", "), bad), "cause",
                      if (anyNA(at)) which(is.na(at))[1])
    }
    at
}

permute_gray <- function(input, n_group, n_stratum, tested, rho, resamples, seed, statistic) {
    plan <- resampling(seed)
    each <- if (is.null(input$weight)) seq_len(input$n) else rep.int(seq_len(input$n), input$weight)
    stratum <- if (!is.null(input$stratum)) as.integer(input$stratum)[each]
    drawn <- .Call(ffi_gray_permute, input$time[each], input$status[each], stratum, as.integer(input$group)[each],
                   length(input$causes), n_stratum, n_group, tested, rho, resamples, plan$seed, plan$threads)
    values <- matrix(drawn$statistic, length(tested))
    # Two orders of summation must not part what is equal.
    reached <- rowSums(values >= statistic * (1 - 1e-9))
    n <- ncol(values)
    list(p = if (drawn$exact) reached / n else (reached + 1) / (n + 1), exact = drawn$exact, n = as.double(n))
}

gray_notes <- function(input, tested, fit, n_event, n_group) {
    label <- input$causes[tested]
    quoted <- function(which) paste0("\"", label[which], "\"", collapse = ", ")
    none <- n_event == 0
    lost <- !none & is.na(fit$statistic)
    mute <- !none & !lost & fit$df == 0
    fewer <- !none & !lost & fit$df > 0 & fit$df < n_group - 1
    c(if (any(none)) sprintf("Not estimable (NA): no event of cause %s.", quoted(none)),
      if (any(lost)) sprintf(paste("Not estimable (NA) for cause %s: with so few rows and so many ties the variance of",
                                   "Gray's statistic does not exist."), quoted(lost)),
      if (any(mute)) sprintf("Not estimable (NA) for cause %s: at no event of it was more than one group at risk.",
                             quoted(mute)),
      if (any(fewer)) sprintf("Fewer degrees of freedom for cause %s: a group was not at risk at any event of it.",
                              quoted(fewer)))
}
