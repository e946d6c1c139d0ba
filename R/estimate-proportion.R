# Intervals for one binomial proportion and for the difference of two. The codes are those of
# `oss_limit_method` (src/core/binomial.h) and `oss_difference_method` (src/core/difference.h).

limit_methods <- c("central" = 0L, "mid-p" = 1L, "blaker" = 2L, "score" = 3L, "agresti-coull" = 4L,
                   "jeffreys" = 5L, "byar" = 6L)

proportion_methods <- list(
    "clopper-pearson" = list(
        code = "central", label = "Clopper-Pearson",
        text = "exact central intervals of Clopper and Pearson, which hold their level",
        reference = "Clopper CJ, Pearson ES (1934) Biometrika 26:404-413, doi:10.1093/biomet/26.4.404"),
    "mid-p" = list(
        code = "mid-p", label = "mid-p",
        text = "mid-p intervals (the observed count has half its probability in either tail)",
        reference = "Berry G, Armitage P (1995) The Statistician 44:417-423, doi:10.2307/2348891"),
    "blaker" = list(
        code = "blaker", label = "Blaker",
        text = "exact intervals of Blaker (the hull of the accepted set), which hold their level",
        reference = "Blaker H (2000) Canadian Journal of Statistics 28:783-798, doi:10.2307/3315916"),
    "wilson" = list(
        code = "score", label = "Wilson score",
        text = "Wilson's score intervals without continuity correction",
        reference = "Wilson EB (1927) Journal of the American Statistical Association 22:209-212, doi:10.1080/01621459.1927.10502953"),
    "agresti-coull" = list(
        code = "agresti-coull", label = "Agresti-Coull",
        text = "Agresti and Coull's intervals, clipped to 0 and 1",
        reference = "Agresti A, Coull BA (1998) The American Statistician 52:119-126, doi:10.1080/00031305.1998.10480550"),
    "jeffreys" = list(
        code = "jeffreys", label = "Jeffreys",
        text = paste("equal-tailed intervals of the posterior under Jeffreys' prior, set to 0 below when nothing",
                     "and to 1 above when everything was observed"),
        reference = "Brown LD, Cai TT, DasGupta A (2001) Statistical Science 16:101-133, doi:10.1214/ss/1009213286")
)

difference_methods <- list(
    "miettinen-nurminen" = list(
        code = 0L, label = "Miettinen-Nurminen score",
        text = "the score interval and test of Miettinen and Nurminen (variance with N / (N - 1))",
        reference = "Miettinen O, Nurminen M (1985) Statistics in Medicine 4:213-226, doi:10.1002/sim.4780040211"),
    "newcombe" = list(
        code = 1L, label = "Newcombe",
        text = paste("Newcombe's interval from Wilson's limits (method 10); p is the one at which the interval",
                     "ends at 0"),
        reference = "Newcombe RG (1998) Statistics in Medicine 17:873-890, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"),
    "exact" = list(
        code = 2L, label = "Chan-Zhang exact",
        text = paste("the exact unconditional interval of Chan and Zhang, two one-sided tests ordered by the score",
                     "statistic with the nuisance proportion maximised; p is twice the smaller one-sided p"),
        reference = "Chan ISF, Zhang Z (1999) Biometrics 55:1202-1209, doi:10.1111/j.0006-341X.1999.01202.x")
)

#' Confidence interval for a proportion
#'
#' Vectorised over `x` and `n`; arguments of length 1 are repeated.
#'
#' The default, `"clopper-pearson"`, holds its level at every true proportion and every `n`; so does `"blaker"`, which is
#' never wider but whose accepted set may have gaps (its hull is given) and whose tails are not `(1 - conf.level) / 2`
#' each. The others hold it on average only. Smallest (and mean) coverage in percent of nominal 95% intervals, found by
#' enumeration over proportions 0.001 to 0.999 and beside every limit (`inst/validation/exact-coverage.R`):
#'
#' | method | n = 8 | n = 11 | n = 20 | n = 60 |
#' | --- | --- | --- | --- | --- |
#' | clopper-pearson | 96.9 (98.6) | 95.8 (98.3) | 95.8 (97.7) | 95.0 (96.8) |
#' | mid-p | 92.8 (97.1) | 92.2 (96.7) | 92.9 (96.1) | 92.3 (95.5) |
#' | blaker | 95.0 (97.6) | 95.0 (97.1) | 95.0 (96.6) | 95.0 (96.1) |
#' | wilson | 83.4 (95.4) | 83.5 (95.4) | 83.7 (95.3) | 83.8 (95.2) |
#' | agresti-coull | 91.4 (96.5) | 92.7 (96.4) | 92.9 (96.2) | 93.5 (95.7) |
#' | jeffreys | 87.9 (95.5) | 89.5 (95.3) | 89.3 (95.1) | 88.3 (95.0) |
#'
#' Wilson's and Jeffreys' worst places are next to 0 and 1, where cohorts with few failures are.
#'
#' @param x Whole numbers, `0 <= x <= n`: how many had the event. NA: error.
#' @param n Whole numbers `>= 0`: of how many. 0 gives `NA` and a note.
#' @param method One string: `"clopper-pearson"`, `"mid-p"`, `"blaker"`, `"wilson"`, `"agresti-coull"` (clipped to 0
#'   and 1) or `"jeffreys"` (0 below at `x = 0`, 1 above at `x = n`).
#' @param conf.level One number between 0 and 1.
#' @return A data frame of class `proportion_ci` with a row for each count: `x`, `n`, `estimate` (`x / n`, 0 to 1),
#'   `conf.low`, `conf.high` (0 to 1).
#' @section Errors: `osseosurv_invalid` with `argument` and `index` for a count that is missing, negative, not whole or
#'   above `n`, and for arguments of different lengths.
#' @section Agreement: `"clopper-pearson"` and `"jeffreys"` equal `qbeta()` of R to 1e-12 relative; `"mid-p"` solves its
#'   defining equation to 1e-12; `"blaker"` equals `exactci::binom.exact(tsmethod = "blaker")` to the digits that that
#'   returns (4), and the printed 10 of 11: 0.5990 to 0.9953; `"wilson"` equals `prop.test(correct = FALSE)` to 1e-12.
#' @references
#' Clopper CJ, Pearson ES (1934) \doi{10.1093/biomet/26.4.404}; Berry G, Armitage P (1995) \doi{10.2307/2348891};
#' Blaker H (2000) \doi{10.2307/3315916}; Wilson EB (1927) \doi{10.1080/01621459.1927.10502953};
#' Agresti A, Coull BA (1998) \doi{10.1080/00031305.1998.10480550}; Brown LD, Cai TT, DasGupta A (2001)
#' \doi{10.1214/ss/1009213286}.
#' @seealso [proportion_difference()], [rate_ci()]
#' @examples
#' proportion_ci(c(10, 3, 0), 11)
#' proportion_ci(10, 11, method = "blaker")
#' @export
proportion_ci <- function(x, n, method = "clopper-pearson", conf.level = 0.95) {
    how <- proportion_methods[[check_choice(method, "method", names(proportion_methods))]]
    level <- check_conf_level(conf.level)
    arguments <- recycle(list(x = check_numbers(x, "x", 0, 2^53, whole = TRUE),
                              n = check_numbers(n, "n", 0, 2^53, whole = TRUE)))
    check_at_most(arguments$x, arguments$n, "x", "n")
    limits <- .Call(ffi_proportion_ci, arguments$x, arguments$n, limit_methods[[how$code]], 1 - level)
    empty <- arguments$n == 0
    estimate <- replace(arguments$x / arguments$n, empty, NA)
    limits <- lapply(limits, function(column) replace(column, empty, NA))
    new_result_table(
        "proportion_ci",
        title = sprintf("Proportion with %s %s interval", how$label, percent_text(level)),
        table = as_frame(c(arguments, list(estimate = estimate), limits)),
        estimand = estimand_card(endpoint = "the event counted in `x`", measure = "proportion, x / n",
                                 population = "the `n` observed in each row", time_origin = "none",
                                 unit = "one of `n`", censoring = "none: each of `n` is known"),
        methods = sprintf("Proportions have %s confidence intervals: %s.", percent_text(level), how$text),
        references = how$reference,
        notes = empty_note(which(empty), "`n` is 0", "proportion")
    )
}

#' Difference of two proportions
#'
#' The proportion of the first group minus that of the second, `x1 / n1 - x2 / n2`, with interval and two-sided p of no
#' difference. Vectorised; arguments of length 1 are repeated.
#'
#' `"exact"` holds its level at every pair of true proportions; the nuisance
#' proportion is maximised by branch and bound, not on a grid. Its one-sided p need not rise steadily with the
#' difference tested, so that in rare tables the interval, which is the hull of what is not rejected, includes 0 although
#' `p.value` is below `1 - conf.level`. It takes groups of up to 10,000; time grows with the group sizes, some
#' milliseconds a row at 15 to 30. The two others hold the level on average only. Smallest (and mean) coverage in percent
#' of nominal 95% intervals, found by enumeration over pairs of proportions 0.02 to 0.98
#' (`inst/validation/exact-coverage.R`):
#'
#' | method | 8 and 8 | 11 and 11 | 11 and 20 | 20 and 20 | 60 and 60 |
#' | --- | --- | --- | --- | --- | --- |
#' | miettinen-nurminen | 91.8 (96.3) | 92.8 (95.8) | 93.7 (95.7) | 93.2 (95.1) | 93.6 (95.0) |
#' | newcombe | 88.2 (95.3) | 88.0 (95.3) | 89.8 (95.3) | 88.0 (95.1) | 91.0 (95.1) |
#' | exact | 95.7 (97.5) | 95.2 (96.9) | 95.4 (97.2) | 95.0 (96.4) | 95.1 (95.9) |
#'
#' @param x1,x2 Whole numbers, `0 <= x1 <= n1`, `0 <= x2 <= n2`: events in either group.
#' @param n1,n2 Whole numbers `>= 0`: sizes of the groups. 0 gives `NA` and a note.
#' @param method One string: `"miettinen-nurminen"` (score), `"newcombe"` (Wilson's limits combined) or `"exact"` (Chan
#'   and Zhang).
#' @inheritParams proportion_ci
#' @return A data frame of class `proportion_difference` with a row for each comparison: `x1`, `n1`, `x2`, `n2`,
#'   `estimate` (-1 to 1), `p.value` (two-sided, of difference 0), `conf.low`, `conf.high` (-1 to 1).
#' @section Errors: `osseosurv_invalid` with `argument` and `index` for a count that is missing, negative, not whole or
#'   above its `n`, and for arguments of different lengths; `osseosurv_cancelled` on an interrupt.
#' @section Agreement: score limits have the score of their level to 1e-6 where the likelihood is maximised numerically;
#'   p is that of Pearson's chi-square times `(N - 1) / N`. Exact limits enclose those of
#'   `exact2x2::uncondExact2x2(method = "score")`, which maximises over a grid, and differ by at most 2e-5 in the tables
#'   compared; p differs by at most 4e-4.
#' @references
#' Miettinen O, Nurminen M (1985) \doi{10.1002/sim.4780040211}; Newcombe RG (1998) Statistics in Medicine
#' 17:873-890, method 10; Chan ISF, Zhang Z (1999) \doi{10.1111/j.0006-341X.1999.01202.x}.
#' @seealso [proportion_ci()], [rate_ratio()]
#' @examples
#' proportion_difference(10, 11, 5, 9)
#' proportion_difference(0, 11, 3, 8, method = "exact")
#' @export
proportion_difference <- function(x1, n1, x2, n2, method = "miettinen-nurminen", conf.level = 0.95) {
    how <- difference_methods[[check_choice(method, "method", names(difference_methods))]]
    level <- check_conf_level(conf.level)
    most <- if (method == "exact") 1e4 else 2^53
    arguments <- recycle(list(x1 = check_numbers(x1, "x1", 0, 2^53, whole = TRUE),
                              n1 = check_numbers(n1, "n1", 0, most, whole = TRUE),
                              x2 = check_numbers(x2, "x2", 0, 2^53, whole = TRUE),
                              n2 = check_numbers(n2, "n2", 0, most, whole = TRUE)))
    check_at_most(arguments$x1, arguments$n1, "x1", "n1")
    check_at_most(arguments$x2, arguments$n2, "x2", "n2")
    found <- with(arguments, .Call(ffi_proportion_difference, x1, n1, x2, n2, how$code, 1 - level))
    empty <- arguments$n1 == 0 | arguments$n2 == 0
    estimate <- replace(with(arguments, x1 / n1 - x2 / n2), empty, NA)
    found <- lapply(found, function(column) replace(column, empty, NA))
    new_result_table(
        "proportion_difference",
        title = sprintf("Difference of proportions, first minus second, with %s %s interval", how$label,
                        percent_text(level)),
        table = as_frame(c(arguments, list(estimate = estimate), found)),
        estimand = estimand_card(endpoint = "the event counted in `x1` and `x2`",
                                 measure = "difference of proportions, x1 / n1 - x2 / n2",
                                 population = "the `n1` and `n2` observed in each row", time_origin = "none",
                                 unit = "one of `n1` or `n2`", censoring = "none: each of them is known"),
        methods = sprintf("Differences of proportions have %s confidence intervals and two-sided p: %s.",
                          percent_text(level), how$text),
        references = how$reference,
        notes = empty_note(which(empty), "`n1` or `n2` is 0", "difference")
    )
}

check_at_most <- function(x, n, x_name, n_name) {
    if (any(x > n)) {
        at <- which(x > n)[1]
        abort_invalid(sprintf("`%s` must not exceed `%s`; element %d is %s of %s.", x_name, n_name, at,
                              format(x[at]), format(n[at])), x_name, at)
    }
}

empty_note <- function(rows, reason, what) {
    if (!length(rows)) return(character())
    sprintf("In %s %s, so the %s is not estimable (NA).", rows_text(rows), reason, what)
}
