# Change within pairs: Wilcoxon's signed-rank test, the Hodges-Lehmann estimate and its interval.

# Up to so many differences the test and its interval are exact (OSS_SIGNED_RANK_EXACT in the core).
paired_exact_limit <- 100L

zero_texts <- c(
    pratt = "zero differences kept in the ranking and in the Walsh averages (Pratt)",
    wilcoxon = "zero differences left out (Wilcoxon)"
)

#' Change within pairs
#'
#' Tests whether paired measurements changed, by Wilcoxon's signed-rank test of after minus before, and estimates the
#' change by the Hodges-Lehmann median with the interval that the test inverts.
#'
#' Up to 100 differences the test is exact, with ties and zeros too: given the absolute differences the signs are fair
#' coins, and the law of the rank sum follows from the shift algorithm on doubled mid-ranks. The interval is the hull of
#' all shifts that the two one-sided exact tests at `(1 - conf.level) / 2` do not reject, found at and between the Walsh
#' averages `(d[i] + d[j]) / 2`; it holds its level for differences that are symmetric about the shift, rounded or not.
#' For continuous differences a 95% interval covers with 96.1, 95.8, 95.2 and 95.1% at n = 8, 11, 20 and 60
#' (`inst/validation/exact-coverage.R`). Beyond 100 the test is normal with tie-corrected variance and continuity
#' correction, and the limits are the Walsh averages at that approximation (coverage 95.05% at n = 101, 95.01% at 300).
#' The result prints which it was.
#'
#' With fewer than six pairs no two-sided 95% interval exists (the smallest p is `2^(1 - n)`): the limits are `-Inf` and
#' `Inf`, and a note says so. Where all differences are equal the interval would be a point, which the data cannot
#' support: it is `NA`, with a note.
#'
#' @param before,after Numeric, of one length, in one unit. Pairs with a missing value are left out, counted and
#'   reported; infinite values: error.
#' @param zeros `"pratt"` keeps zero differences in the ranking (then leaves their ranks out of the sum) and in the Walsh
#'   averages; `"wilcoxon"` drops them first.
#' @param alternative `"two.sided"` (p is twice the smaller tail), `"greater"` (after is higher) or `"less"`. A one-sided
#'   alternative has a one-sided interval.
#' @inheritParams proportion_ci
#' @return An object of class `paired_change` (and `htest`). `tidy()`: one row, `n` (complete pairs), `estimate`,
#'   `conf.low`, `conf.high` (after minus before, in the unit of the data), `statistic` (sum of the ranks of the rises),
#'   `p.value`. `glance()`: `n`, `n.missing`, `n.zero`, `method` (`exact` or `asymptotic`).
#' @section Errors: `osseosurv_invalid` with `argument` for what is not numeric, for different lengths, and (with
#'   `index`) for infinite values.
#' @section Agreement: without ties and zeros it equals `wilcox.test(exact = TRUE)` in p, estimate and limits to 1e-12
#'   (up to 49 pairs, where that is exact by default). With ties or zeros `wilcox.test()` falls back to the normal
#'   approximation; the exact p equals enumeration of all signs.
#' @section Ties: differences are tied when they differ by at most 1.5e-8 of their mean absolute value, or by rounding of
#'   the values they come from.
#' @references
#' Wilcoxon F (1945) \doi{10.2307/3001968}; Pratt JW (1959) \doi{10.1080/01621459.1959.10501526}; Hodges JL, Lehmann EL
#' (1963) \doi{10.1214/aoms/1177704172}; Streitberg B, Roehmel J (1986) Statistical Software Newsletter 12:10-17.
#' @examples
#' # C-reactive protein (mg/l) of 11 patients before and after the first stage (Chen 2024)
#' before <- c(2.13, 1.82, 4.56, 1.75, 1.93, 0.62, 1.62, 1.96, 7.37, 2.62, 1.72)
#' after <- c(1.01, 0.80, 0.52, 1.18, 0.93, 0.40, 0.52, 0.63, 0.13, 1.14, 1.20)
#' paired_change(before, after)
#' @export
paired_change <- function(before, after, zeros = "pratt", alternative = "two.sided", conf.level = 0.95) {
    name <- paste(deparse1(substitute(before)), "and", deparse1(substitute(after)))
    check_choice(zeros, "zeros", names(zero_texts))
    check_choice(alternative, "alternative", c("two.sided", "less", "greater"))
    level <- check_conf_level(conf.level)
    before <- check_measurements(before, "before")
    after <- check_measurements(after, "after")
    if (length(before) != length(after)) {
        abort_invalid(sprintf("`after` must have the length of `before` (%d); it has length %d.", length(before),
                              length(after)), "after")
    }
    complete <- !is.na(before) & !is.na(after)
    change <- (after - before)[complete]
    n <- length(change)
    tie <- if (n) {
        max(1.5e-8 * mean(abs(change)), 4 * .Machine$double.eps * max(abs(before[complete]), abs(after[complete])))
    } else 0
    n_ranked <- if (zeros == "wilcoxon") sum(abs(change) > tie) else n
    exact <- n_ranked <= paired_exact_limit
    tail <- if (alternative == "two.sided") (1 - level) / 2 else 1 - level
    found <- .Call(ffi_signed_rank, change, match(zeros, names(zero_texts)) - 1L, exact, tie, tail)
    equal <- n > 0 && diff(range(change)) <= tie
    limits <- switch(alternative, two.sided = c(found$conf.low, found$conf.high),
                     greater = c(found$conf.low, Inf), less = c(-Inf, found$conf.high))
    if (n_ranked == 0 || equal) limits <- c(NA_real_, NA_real_)
    p <- switch(alternative, two.sided = min(1, 2 * min(found$p.less, found$p.greater)), greater = found$p.greater,
                less = found$p.less)
    if (n == 0) p <- NA_real_
    estimate <- if (is.nan(found$estimate)) NA_real_ else found$estimate
    kind <- if (exact) "exact" else "asymptotic"
    table <- as_row(list(n = n, estimate = estimate, conf.low = limits[1], conf.high = limits[2],
                         statistic = found$statistic, p.value = p))
    how <- if (exact) {
        "exact, with ties"
    } else {
        sprintf("normal with tie and continuity correction, as there are more than %d differences", paired_exact_limit)
    }
    result <- new_result(
        "paired_change",
        title = sprintf("Change within %d pairs, after minus before: Hodges-Lehmann median with %s interval, %s", n,
                        percent_text(level), how),
        table = table,
        glance = list(n = n, n.missing = sum(!complete), n.zero = sum(abs(change) <= tie), method = kind),
        estimand = estimand_card(endpoint = "the measurement, after minus before",
                                 measure = "pseudomedian of the differences (centre of their symmetry)",
                                 population = "pairs with both measurements", time_origin = "the first measurement",
                                 unit = "pair", censoring = "pairs without both measurements are left out"),
        methods = sprintf("Change was tested by Wilcoxon's signed-rank test (%s; %s) and estimated by the Hodges-Lehmann %s",
                          how, zero_texts[[zeros]],
                          sprintf("median of the Walsh averages with the %s interval that the test inverts.",
                                  percent_text(level))),
        references = c("Wilcoxon F (1945) Biometrics Bulletin 1:80-83, doi:10.2307/3001968",
                       if (zeros == "pratt") {
                           "Pratt JW (1959) Journal of the American Statistical Association 54:655-667, doi:10.1080/01621459.1959.10501526"
                       },
                       "Hodges JL, Lehmann EL (1963) Annals of Mathematical Statistics 34:598-611, doi:10.1214/aoms/1177704172"),
        notes = paired_notes(n, sum(!complete), n_ranked, equal, limits, level, alternative, zeros),
        statistic = c(V = found$statistic), p.value = p,
        conf.int = structure(limits, conf.level = level), null.value = c("location shift" = 0),
        alternative = alternative, method = "Wilcoxon signed rank test", data.name = name)
    result$estimate <- c("(pseudo)median" = estimate)
    class(result) <- c(class(result), "htest")
    result
}

paired_notes <- function(n, n_missing, n_ranked, equal, limits, level, alternative, zeros) {
    notes <- character()
    if (n_missing) {
        notes <- sprintf("%d %s left out because a measurement is missing.", n_missing,
                         if (n_missing == 1) "pair was" else "pairs were")
    }
    if (n == 0) return(c(notes, "No complete pair: nothing can be estimated (NA)."))
    if (n_ranked == 0) {
        return(c(notes, if (zeros == "wilcoxon") {
            "All differences are zero and were left out: nothing can be estimated (NA)."
        } else "All differences are zero: the interval is not estimable (NA)."))
    }
    if (equal) return(c(notes, "All differences are equal: the interval is not estimable (NA)."))
    unbounded <- is.infinite(limits) & c(alternative != "less", alternative != "greater")
    if (any(unbounded)) {
        smallest <- if (alternative == "two.sided") 2^(1 - n_ranked) else 2^-n_ranked
        notes <- c(notes, sprintf(
            "No finite %s interval exists for %d pairs: the smallest p that the test can give is %s.",
            percent_text(level), n_ranked, format(smallest, digits = 3)))
    }
    notes
}

# Numeric, NA allowed, not infinite.
check_measurements <- function(x, argument) {
    if (!is_number(x)) {
        abort_invalid(sprintf("`%s` must be numeric; got %s.", argument, value_text(x)), argument)
    }
    bad <- which(is.infinite(x) | is.nan(x))
    if (length(bad)) {
        at <- bad[1]
        abort_invalid(sprintf("`%s` must be finite or NA; element %d is %s.", argument, at, format(x[at])), argument, at)
    }
    as.double(x)
}
