# The permutation law of a linear statistic, for every test that is built on one: two samples or more, strata, clusters,
# pairs.

permutation_methods <- c("exact", "permutation", "asymptotic")

# Units up to which "auto" resamples where it cannot be exact.
permutation_limit <- 1000

# Units up to which "auto" takes an enclosure of an exact p that is out of reach; a third of a second there.
enclosure_limit <- 100

#' Permutation test of a linear statistic
#'
#' T_g = sum of the scores of group g, given the scores and the size of the groups in each stratum. For its users within
#' the package; they check their own arguments but `method`, `alternative`, `resamples` and `seed`, which pass through.
#'
#' @param scores Numeric, length n, finite. With `weight`, the score of each of the equal rows.
#' @param group Integer 1 .. n.group, length n.
#' @param stratum Integer codes 1 .. S, or `NULL`: rows are exchanged within strata only.
#' @param cluster Vector, length n, or `NULL`. Where no cluster has rows of two groups, whole clusters are exchanged (their
#'   sums are the units); where one has, rows are exchanged within clusters (pairs: sign flips).
#' @param weight Frequency weights (whole numbers above 0), or `NULL`.
#' @param trend Scores of the groups, length n.group: tests the sum of trend[g] T_g; `NULL`: all differences.
#' @param alternative For two groups or a trend: "greater": T of the second group is high.
#' @param two.sided "central" (twice the smaller tail, at most 1) or "absolute" (as far from the mean or farther).
#' @return List:
#'   `statistic`, `expected` (length n.group), `variance` (matrix): the sums by group and their permutation moments;
#'   `z` (two groups, trend; `NA` without variance), `chisq`, `df`;
#'   `p.value`, `p.low`, `p.high`: equal where p is exact or asymptotic; for an exact p too large for enumeration the
#'   rigorous enclosure; for "permutation" the 95% Monte Carlo interval (Clopper-Pearson) of the p that all
#'   permutations would give;
#'   `method` used, `why` (a sentence for the notes), `unit` ("row", "cluster", "row within its cluster"), `n.units`,
#'   `n.permutations` (number of distinct allocations, `Inf` beyond doubles), `resamples` (0 unless "permutation").
#' @noRd
permutation_test <- function(scores, group, n.group = 2L, stratum = NULL, cluster = NULL, weight = NULL, trend = NULL,
                             method = "auto", alternative = "two.sided", two.sided = "central", resamples = 1e5,
                             seed = NULL) {
    check_choice(method, "method", c("auto", permutation_methods))
    check_choice(alternative, "alternative", c("two.sided", "less", "greater"))
    resamples <- check_resamples(resamples)
    signed <- n.group == 2 || !is.null(trend)
    if (!signed && alternative != "two.sided") {
        abort_invalid("`alternative` must be \"two.sided\" for more than two groups without a trend.", "alternative")
    }
    units <- permutation_units(scores, group, stratum, cluster, weight)
    moments <- permutation_moments(units, n.group)
    contrast <- trend %||% c(0, 1)
    found <- c(moments, permutation_normal(moments, if (signed) contrast, alternative))
    n <- if (is.null(units$weight)) length(units$scores) else sum(units$weight)
    if (method == "auto") {
        two <- n.group == 2 && is.null(trend)
        method <- if (two && n <= permutation_limit) "exact" else if (n <= permutation_limit) "permutation" else "asymptotic"
        auto <- TRUE
    } else auto <- FALSE
    result <- NULL
    if (method == "exact") {
        result <- if (n.group == 2) exact_permutation(units, found, alternative, two.sided,
                                                          enclose = !auto || n <= enclosure_limit)
        if (is.null(result) && !auto) {
            abort_invalid(sprintf("`method` \"exact\" is not available for these data (%s): use \"permutation\".",
                                  if (n.group > 2) "more than two groups" else "too many different sums"), "method")
        }
        if (is.null(result)) method <- "permutation"
    }
    if (method == "permutation") {
        result <- sampled_permutation(units, n.group, found, if (!is.null(trend)) trend, signed, alternative, two.sided,
                                      resamples, seed)
        if (auto) result$why <- sprintf("%s, as exact enumeration would take too long", result$why)
    }
    if (method == "asymptotic") {
        result <- list(p.value = found$p, p.low = found$p, p.high = found$p, resamples = 0,
                       why = if (auto) sprintf("asymptotic, as there are more than %d units", permutation_limit)
                             else "asymptotic, by the permutation variance")
    }
    found$p <- NULL
    c(found, result, list(method = method, unit = units$unit, n.units = n, n.permutations = allocations(units, n.group)))
}

check_resamples <- function(x) check_numbers(check_number(x, "resamples", 1, 1e9), "resamples", 1, whole = TRUE)

# What is exchanged, and within what.
permutation_units <- function(scores, group, stratum, cluster, weight) {
    units <- list(scores = scores, group = group, stratum = stratum, weight = weight, unit = "row")
    if (is.null(cluster)) return(units)
    code <- match(cluster, unique(cluster))
    first <- match(seq_len(max(code)), code)
    if (any(group != group[first][code])) {
        units$stratum <- if (is.null(stratum)) code else {
            joint <- (stratum - 1) * max(code) + code
            match(joint, unique(joint))
        }
        units$unit <- "row within its cluster"
        return(units)
    }
    if (!is.null(stratum) && any(stratum != stratum[first][code])) {
        at <- which(stratum != stratum[first][code])[1]
        abort_invalid(sprintf("`cluster` must lie within one stratum each; row %d has another than its cluster's first.", at),
                      "cluster", at)
    }
    sums <- as.vector(rowsum(if (is.null(weight)) scores else scores * weight, code, reorder = TRUE))
    list(scores = sums, group = group[first], stratum = stratum[first], weight = NULL, unit = "cluster")
}

# Sums by group, their means and covariance over all allocations.
permutation_moments <- function(units, n.group) {
    a <- units$scores
    w <- units$weight
    groups <- seq_len(n.group)
    size <- function(group) if (is.null(w)) tabulate(group, n.group) else
        as.vector(rowsum(c(w, numeric(n.group)), c(group, groups)))
    total <- function(x, group) as.vector(rowsum(c(x, numeric(n.group)), c(group, groups)))
    weighted <- if (is.null(w)) a else a * w
    statistic <- total(weighted, units$group)
    if (is.null(units$stratum)) {
        m <- as.double(size(units$group))
        n <- sum(m)
        mean <- sum(weighted) / n
        squares <- if (is.null(w)) sum((a - mean)^2) else sum(w * (a - mean)^2)
        spread <- if (n > 1) squares / (n - 1) else 0
        return(list(statistic = statistic, expected = m * mean, variance = spread * (diag(m, n.group) - tcrossprod(m) / n)))
    }
    s <- units$stratum
    n.stratum <- max(s)
    cell <- (s - 1L) * n.group + units$group
    m <- matrix(as.double(tabulate_weighted(cell, w, n.stratum * n.group)), n.group)
    n <- colSums(m)
    mean <- total_by(weighted, s, n.stratum) / pmax(n, 1)
    squares <- total_by(if (is.null(w)) (a - mean[s])^2 else w * (a - mean[s])^2, s, n.stratum)
    spread <- ifelse(n > 1, squares / pmax(n - 1, 1), 0)
    scaled <- m * rep(spread / pmax(n, 1), each = n.group)
    list(statistic = statistic, expected = as.vector(m %*% mean),
         variance = diag(as.vector(m %*% spread), n.group) - tcrossprod(scaled, m))
}

tabulate_weighted <- function(code, weight, n) if (is.null(weight)) tabulate(code, n) else total_by(weight, code, n)

total_by <- function(x, code, n) as.vector(rowsum(c(x, numeric(n)), c(code, seq_len(n))))

# Normal or chi-square from the permutation moments.
permutation_normal <- function(moments, contrast, alternative) {
    difference <- moments$statistic - moments$expected
    if (!is.null(contrast)) {
        variance <- sum(contrast * (moments$variance %*% contrast))
        z <- if (variance > 0) sum(contrast * difference) / sqrt(variance) else NA_real_
        p <- switch(alternative, two.sided = 2 * stats::pnorm(-abs(z)), greater = stats::pnorm(-z), less = stats::pnorm(z))
        return(list(z = z, chisq = z^2, df = 1L, p = if (is.na(z)) 1 else p))
    }
    axis <- permutation_axes(moments$variance)
    if (ncol(axis) == 0) return(list(z = NA_real_, chisq = NA_real_, df = 0L, p = 1))
    chisq <- sum(crossprod(axis, difference)^2)
    list(z = NA_real_, chisq = chisq, df = ncol(axis), p = stats::pchisq(chisq, ncol(axis), lower.tail = FALSE))
}

# Columns that turn sums into independent numbers of variance 1; fewer where the variance is singular.
permutation_axes <- function(variance) {
    parts <- eigen(variance, symmetric = TRUE)
    kept <- parts$values > 1e-10 * max(parts$values, 0)
    kept[nrow(variance)] <- FALSE # the sums add up to a constant
    t(t(parts$vectors[, kept, drop = FALSE]) / sqrt(parts$values[kept]))
}

# Equal rows one by one.
single_units <- function(units) {
    if (is.null(units$weight) || all(units$weight == 1)) return(units)
    row <- rep.int(seq_along(units$weight), units$weight)
    list(scores = units$scores[row], group = units$group[row], stratum = units$stratum[row], unit = units$unit)
}

n_strata <- function(units) if (is.null(units$stratum)) 1L else max(units$stratum)

central_p <- function(lower, upper, alternative) {
    switch(alternative, greater = upper, less = lower, pmin(1, 2 * pmin(lower, upper)))
}

# NULL where it would take too long.
exact_permutation <- function(units, found, alternative, two.sided, enclose) {
    units <- single_units(units)
    at <- found$statistic[2]
    far <- two.sided == "absolute" && alternative == "two.sided"
    if (far) at <- found$expected[2] + c(-1, 1) * abs(at - found$expected[2])
    exact <- .Call(ffi_permutation_exact, as.double(units$scores), as.integer(units$group == 2L), units$stratum,
                   n_strata(units), at, enclose)
    if (exact$way == 0L) return(NULL)
    # Lower tail and upper tail, each with the limits it is known to lie between.
    lower <- exact$tails[1, 1:3]
    upper <- exact$tails[nrow(exact$tails), 4:6]
    p <- if (far) pmin(1, lower + upper) else central_p(lower, upper, alternative)
    list(p.value = p[1], p.low = p[2], p.high = p[3], resamples = 0,
         why = if (exact$way < 3L) "exact" else sprintf(paste("exact to an enclosure: p lies between %s and %s,",
                                                             "and its estimate is good to about 2e-6"),
                                                       format(p[2], digits = 4), format(p[3], digits = 4)))
}

sampled_permutation <- function(units, n.group, found, trend, signed, alternative, two.sided, resamples, seed) {
    units <- single_units(units)
    plan <- resampling(seed)
    scores <- as.double(units$scores)
    hits <- if (n.group == 2 && is.null(trend)) {
        .Call(ffi_permutation_sample, scores, as.integer(units$group == 2L), units$stratum, n_strata(units), resamples,
              plan$seed, plan$threads)
    } else {
        axis <- if (is.null(trend)) permutation_axes(found$variance) else as.matrix(as.double(trend))
        .Call(ffi_permutation_groups, scores, as.integer(units$group), units$stratum, n_strata(units), axis, n.group,
              resamples, plan$seed, plan$threads)
    }
    # With `double` a two-sided p is twice its tail.
    double <- signed && alternative == "two.sided" && two.sided == "central"
    count <- if (!signed) hits[2] else switch(alternative, greater = hits[2], less = hits[1],
                                              if (double) min(hits[1:2]) else hits[3])
    factor <- if (double) 2 else 1
    limits <- c(if (count > 0) stats::qbeta(0.025, count, resamples - count + 1) else 0,
                if (count < resamples) stats::qbeta(0.975, count + 1, resamples - count) else 1)
    p <- min(1, factor * (1 + count) / (1 + resamples))
    limits <- pmin(1, factor * limits)
    list(p.value = p, p.low = limits[1], p.high = limits[2], resamples = resamples,
         why = sprintf("%s random permutations (95%% Monte Carlo interval of p %s to %s)",
                       format(resamples, big.mark = ",", scientific = FALSE), format(limits[1], digits = 3),
                       format(limits[2], digits = 3)))
}

# Number of distinct ways to deal the units out to the groups.
allocations <- function(units, n.group) {
    cell <- if (is.null(units$stratum)) units$group else (units$stratum - 1L) * n.group + units$group
    m <- matrix(as.double(tabulate_weighted(cell, units$weight, n_strata(units) * n.group)), n.group)
    exp(sum(lgamma(colSums(m) + 1)) - sum(lgamma(m + 1)))
}
