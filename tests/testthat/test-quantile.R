beta <- function(p, a, b, upper = FALSE) .Call(osseosurv:::ffi_beta_quantile, p, a, b, upper)
gamma_inverse <- function(p, shape, upper = FALSE) .Call(osseosurv:::ffi_gamma_quantile, p, shape, upper)
tail_of <- function(x, a, b, upper, which = 1L) .Call(osseosurv:::ffi_tail, which, x, a, b, upper)

probabilities <- c(1e-12, 1e-9, 1e-6, 1e-4, 0.005, 0.025, 0.05, 0.1, 0.3, 0.5)
probabilities <- c(probabilities, rev(1 - probabilities[-10]))
sizes <- 10^seq(-2, 8, by = 0.5)

test_that("beta quantiles equal qbeta() from 1e-2 to 1e8 in both tails", {
    grid <- expand.grid(p = probabilities, a = sizes, b = sizes)
    ours <- beta(grid$p, grid$a, grid$b)
    peer <- suppressWarnings(qbeta(grid$p, grid$a, grid$b))
    # Below 1e-300 and at 1 to the last digit the quantile itself has no digits left.
    kept <- peer > 1e-300 & ours < 1
    expect_gt(mean(kept), 0.9)
    # x = (a p B)^(1 / a) in the far tail: an error of 1e-14 in the log is 1e-12 in x at a = 0.01.
    expect_lt(max(abs(ours / peer - 1)[kept]), 2e-12)
    expect_true(all(ours[!kept] <= 1e-300 | peer[!kept] > 1 - 1e-14))
    moderate <- kept & grid$a >= 1 & grid$b >= 1
    expect_lt(max(abs(ours / peer - 1)[moderate]), 2e-13)
})

test_that("the upper form keeps the digits of a small tail", {
    grid <- expand.grid(p = 10^-c(1, 5, 20, 100), a = c(0.3, 2, 50, 1e4), b = c(0.3, 2, 50, 1e4))
    ours <- beta(grid$p, grid$a, grid$b, TRUE)
    expect_equal(ours, qbeta(grid$p, grid$a, grid$b, lower.tail = FALSE), tolerance = 1e-12)
    ours <- gamma_inverse(grid$p, grid$a, TRUE)
    expect_lt(max(abs(log(pgamma(ours, grid$a, lower.tail = FALSE) / grid$p))), 1e-10)
})

test_that("beta tails equal pbeta()", {
    set.seed(1)
    n <- 5000
    a <- 10^runif(n, -2, 6)
    b <- 10^runif(n, -2, 6)
    x <- rbeta(n, a, b)
    x <- pmin(pmax(x, 1e-12), 1 - 1e-12)
    for (upper in c(FALSE, TRUE)) {
        peer <- pbeta(x, a, b, lower.tail = !upper)
        ours <- tail_of(x, a, b, upper)
        # The condition number of the tail in x is its density times x over the tail.
        condition <- 1 + dbeta(x, a, b) * x * (1 - x) / peer
        expect_lt(max((abs(ours / peer - 1) / condition)[peer > 1e-200]), 1e-12)
    }
})

test_that("gamma quantiles return their tail, and equal qgamma()", {
    grid <- expand.grid(p = probabilities, a = 10^seq(-2, 8, by = 0.1))
    ours <- gamma_inverse(grid$p, grid$a)
    kept <- ours > 1e-300
    # qgamma() stops 5e-11 short in the far upper tail: pgamma() decides there.
    expect_lt(max(abs(ours / qgamma(grid$p, grid$a) - 1)[kept]), 1e-10)
    low <- grid$p <= 0.5
    tail <- ifelse(low, pgamma(ours, grid$a), pgamma(ours, grid$a, lower.tail = FALSE))
    condition <- 1 + dgamma(ours, grid$a) * ours / tail
    off <- abs(tail / ifelse(low, grid$p, 1 - grid$p) - 1) / condition
    expect_lt(max(off[kept]), 1e-12)
    expect_equal(tail_of(ours[kept], grid$a[kept], grid$a[kept], FALSE, 2L), pgamma(ours, grid$a)[kept],
                 tolerance = 1e-12)
})

test_that("t and normal quantiles equal qt() and qnorm()", {
    grid <- expand.grid(p = probabilities[probabilities != 0.5], df = c(0.1, 0.5, 1, 2, 3, 7.5, 30, 1e3, 1e6, Inf))
    ours <- .Call(osseosurv:::ffi_t_quantile, grid$p, grid$df)
    # qt() of R 4.2 loses digits for p near 1 (2.8e-4 at 1 - 1e-12, df = 0.1), not near 0.
    peer <- with(grid, ifelse(p < 0.5, qt(p, df), -qt(1 - p, df)))
    expect_lt(max(abs(ours / peer - 1)), 1e-11)
    normal <- grid$df == Inf
    expect_lt(max(abs(ours / qnorm(grid$p) - 1)[normal]), 1e-15)
    expect_identical(.Call(osseosurv:::ffi_t_quantile, 0.5, 4), 0)
})

test_that("a curve from its neighbours' solutions equals each quantile alone", {
    a <- 6e3 - seq(0, 3000, by = 1.5)
    b <- 1e4 + 1 - a
    expect_equal(beta(rep(0.025, length(a)), a, b), qbeta(0.025, a, b), tolerance = 1e-13)
    alone <- vapply(seq_along(a), function(i) beta(0.025, a[i], b[i]), 0)
    expect_equal(beta(rep(0.025, length(a)), a, b), alone, tolerance = 1e-14)
})
