# P(T <= t), P(T >= t), P(|T - E T| >= |t - E T|), mean and variance of T, from every allocation.
every_allocation <- function(a, g, s = rep(1L, length(a))) {
    sums <- 0
    for (k in unique(s)) {
        i <- which(s == k)
        own <- combn(length(i), sum(g[i] == 2), function(j) sum(a[i][j]))
        sums <- as.vector(outer(sums, unlist(own), "+"))
    }
    t <- sum(a[g == 2])
    e <- mean(sums)
    c(mean(sums <= t + 1e-9), mean(sums >= t - 1e-9), mean(abs(sums - e) >= abs(t - e) - 1e-9), e, mean((sums - e)^2),
      length(sums))
}

random_case <- function() {
    n <- sample(2:14, 1)
    list(a = switch(sample(3, 1), rnorm(n), sample(-3:3, n, TRUE), round(rexp(n), 1)), g = sample(1:2, n, TRUE),
         s = as.integer(factor(sample(sample(3, 1), n, TRUE))))
}

test_that("exact tails and moments are those of every allocation, with ties and strata", {
    set.seed(5)
    for (case in 1:300) {
        x <- random_case()
        f <- function(...) permutation_test(x$a, x$g, stratum = x$s, method = "exact", ...)
        both <- f()
        got <- c(f(alternative = "less")$p.value, f(alternative = "greater")$p.value, f(two.sided = "absolute")$p.value,
                 both$expected[2], both$variance[2, 2], both$n.permutations)
        expect_equal(got, every_allocation(x$a, x$g, x$s), tolerance = 1e-10)
        expect_equal(both$p.value, min(1, 2 * min(got[1:2])), tolerance = 1e-14)
    }
})

test_that("resampling agrees with every allocation, by rows and by any groups", {
    set.seed(6)
    for (case in 1:40) {
        x <- random_case()
        truth <- every_allocation(x$a, x$g, x$s)
        p <- function(...) permutation_test(x$a, x$g, stratum = x$s, method = "permutation", resamples = 20000, seed = case,
                                            ...)$p.value
        # Five standard errors
        expect_lt(abs(p(alternative = "less") - truth[1]), 0.018)
        expect_lt(abs(p(alternative = "greater") - truth[2]), 0.018)
        expect_lt(abs(p(two.sided = "absolute") - truth[3]), 0.018)
        expect_lt(abs(p(alternative = "greater", trend = c(0, 1)) - truth[2]), 0.018)
    }
})

test_that("more than two groups: chi-square and its permutation law", {
    set.seed(7)
    a <- round(rexp(9), 2)
    g <- rep(1:3, c(2, 3, 4))
    x <- permutation_test(a, g, 3L, method = "permutation", resamples = 50000, seed = 1)
    # Kruskal-Wallis form: (n - 1) times the share of the sum of squares between groups
    between <- function(g) sum(tapply(a - mean(a), g, sum)^2 / tabulate(g))
    expect_equal(x$chisq, 8 * between(g) / sum((a - mean(a))^2), tolerance = 1e-12)
    expect_equal(x$df, 2)
    all <- unlist(combn(9, 2, function(i) combn(7, 3, function(j) {
        h <- rep(3, 9)
        h[i] <- 1
        h[setdiff(1:9, i)[j]] <- 2
        between(h)
    }, simplify = FALSE), simplify = FALSE))
    expect_identical(length(all), 1260L)
    expect_equal(x$n.permutations, 1260, tolerance = 1e-12)
    expect_lt(abs(x$p.value - mean(all >= between(g) - 1e-9)), 0.012)
    expect_error(permutation_test(a, g, 3L, alternative = "less"), "alternative", class = "osseosurv_invalid")
})

test_that("coin gives the same asymptotic and exact p", {
    # Frozen from coin 1.4.2, and compared with it where it installs.
    a <- c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8)
    g <- c(1, 1, 2, 1, 2, 2, 1, 2, 1, 1, 2, 2)
    k <- rep(1:3, 4)
    s <- rep(1:2, 6)
    exact <- permutation_test(a, g, method = "exact", two.sided = "absolute")$p.value
    normal <- permutation_test(a, g, stratum = s, method = "asymptotic")
    three <- permutation_test(a, k, 3L, stratum = s, method = "asymptotic")
    expect_equal(c(exact, normal$z, three$p.value), c(8 / 924, 2.41190955309433, 0.07366900850898284), tolerance = 1e-12)
    skip_if_not_installed("coin")
    expect_equal(exact, c(coin::pvalue(coin::independence_test(a ~ factor(g), distribution = "exact"))), tolerance = 1e-10)
    with_strata <- coin::independence_test(a ~ factor(g) | factor(s))
    expect_equal(abs(normal$z), abs(c(coin::statistic(with_strata))), tolerance = 1e-10)
    expect_equal(three$p.value, c(coin::pvalue(coin::independence_test(a ~ factor(k) | factor(s), teststat = "quadratic"))),
                 tolerance = 1e-10)
})

test_that("clusters are units or strata, and a weight is so many equal rows", {
    a <- c(1.5, 0.2, -0.7, 2.1, 0.4, -1.2, 0.9, -0.3)
    patient <- c(1, 1, 2, 2, 3, 3, 4, 4)
    by_patient <- permutation_test(a, rep(1:2, each = 4), cluster = patient, method = "exact")
    expect_identical(by_patient$unit, "cluster")
    expect_equal(by_patient$p.value, permutation_test(rowsum(a, patient)[, 1], c(1, 1, 2, 2), method = "exact")$p.value)
    within <- permutation_test(a, rep(1:2, 4), cluster = patient, method = "exact", alternative = "less")
    expect_identical(within$unit, "row within its cluster")
    # Sign flips of the differences
    d <- a[c(2, 4, 6, 8)] - a[c(1, 3, 5, 7)]
    flips <- as.matrix(expand.grid(rep(list(c(-1, 1)), 4))) %*% abs(d)
    expect_equal(within$p.value, mean(flips <= sum(d) + 1e-9), tolerance = 1e-12)
    # Discordant 6 against 1: McNemar's exact p
    mcnemar <- permutation_test(c(rep(c(1, 0), 6), 0, 1, 1, 1, 0, 0), rep(1:2, 9), cluster = rep(1:9, each = 2))
    expect_identical(mcnemar$method, "exact")
    expect_equal(mcnemar$p.value, 0.125, tolerance = 1e-14)

    weight <- c(2, 1, 1, 3, 1, 2, 1, 1)
    one <- permutation_test(a, rep(1:2, 4), weight = weight, method = "exact")
    single <- permutation_test(rep(a, weight), rep(rep(1:2, 4), weight), method = "exact")
    expect_equal(one[c("z", "p.value", "variance", "n.permutations")], single[c("z", "p.value", "variance", "n.permutations")],
                 tolerance = 1e-12)
    expect_error(permutation_test(a, rep(1:2, each = 4), stratum = rep(1:2, 4), cluster = patient), "cluster",
                 class = "osseosurv_invalid")
})

test_that("the answer does not depend on the number of threads, and set.seed() decides", {
    on.exit(options(osseosurv.threads = NULL))
    set.seed(2)
    a <- rexp(150)
    g <- rep(1:2, c(110, 40))
    k <- rep(1:3, 50)
    run <- function(threads, seed = 3) {
        options(osseosurv.threads = threads)
        c(permutation_test(a, g, method = "permutation", resamples = 5001, seed = seed)$p.value,
          permutation_test(a, k, 3L, method = "permutation", resamples = 5001, seed = seed)$p.value)
    }
    expect_identical(run(1), run(2))
    expect_false(identical(run(1), run(1, 4)))
    set.seed(9)
    first <- run(1, NULL)
    set.seed(9)
    expect_identical(run(2, NULL), first)
})

test_that("nothing to permute gives p = 1, and z is not estimable", {
    for (x in list(permutation_test(rep(0.3, 6), rep(1:2, 3)), permutation_test(1, 1L), permutation_test(c(1, 2), c(1, 1)),
                   permutation_test(c(1, 2), c(1, 2), stratum = 1:2))) {
        expect_identical(x$p.value, 1)
        expect_identical(x$z, NA_real_)
    }
    sampled <- permutation_test(rep(0.3, 6), rep(1:2, 3), method = "permutation", resamples = 99)
    expect_identical(sampled$p.value, 1)
    expect_error(permutation_test(1:3, c(1, 2, 2), resamples = 0.5), "resamples", class = "osseosurv_invalid")
    expect_error(permutation_test(1:3, c(1, 2, 2), method = "magic"), "method", class = "osseosurv_invalid")
})
