interfaces <- function(n, seed) simulate_cohort(n, interface_correlation = 0.5, seed = seed)$interfaces
formula <- Surv(left_mo, right_mo, type = "interval2") ~ 1

test_that("the masses do not depend on the clusters, and the limits only on the seed", {
    x <- interfaces(11, 1)
    plain <- turnbull(formula, x, conf.type = "none")
    fit <- turnbull(formula, x, cluster = ~reconstruction, seed = 7)
    expect_identical(fit$table$mass, plain$table$mass)
    expect_identical(fit$conf.type, "bootstrap")
    old <- options(osseosurv.threads = 2)
    on.exit(options(old))
    expect_identical(turnbull(formula, x, cluster = x$reconstruction, seed = 7)$table, fit$table)
    set.seed(3)
    drawn <- turnbull(formula, x, cluster = ~reconstruction)
    set.seed(3)
    expect_identical(turnbull(formula, x, cluster = ~reconstruction)$table, drawn$table)
    # A time that is a right end has the limits of its row, though read later.
    end <- which(is.finite(fit$table$right) & !is.na(fit$table$conf.low))[1]
    at <- survival_at(fit, fit$table$right[end])
    expect_identical(c(at$conf.low, at$conf.high), c(fit$table$conf.low[end], fit$table$conf.high[end]))
    expect_match(paste(fit$notes, collapse = " "), "11 clusters drawn again 2000 times")
})

test_that("on an attended grid the limits are those of a bootstrap of cluster means written out", {
    set.seed(21)
    n <- 9
    seen <- matrix(rbinom(2 * n, 1, 0.5), n)
    data <- data.frame(id = rep(1:n, 2), left = ifelse(c(seen) == 1, 0, 6), right = ifelse(c(seen) == 1, 6, Inf))
    fit <- turnbull(Surv(left, right, type = "interval2") ~ 1, data, cluster = ~id, resamples = 20000, seed = 1)
    survival <- rowMeans(1 - seen)
    draws <- sort(replicate(20000, mean(survival[sample(n, n, TRUE)])))
    # The bootstrap distribution lives on 1/18s: an order statistic may differ by one step.
    expect_lte(abs(fit$table$conf.low[1] - draws[500]), 1 / 18 + 1e-9)
    expect_lte(abs(fit$table$conf.high[1] - draws[19501]), 1 / 18 + 1e-9)
})

test_that("two rows of a patient that always agree are one", {
    x <- data.frame(id = rep(1:8, each = 2), left = rep(c(0, 3, 3, 6, 12, 0, 6, 6), each = 2),
                    right = rep(c(3, 6, 6, 12, Inf, 3, Inf, 12), each = 2))
    twice <- turnbull(Surv(left, right, type = "interval2") ~ 1, x, cluster = ~id, seed = 2)
    once <- turnbull(Surv(left, right, type = "interval2") ~ 1, x[c(TRUE, FALSE), ], cluster = ~id, seed = 2)
    expect_equal(twice$table[c("mass", "conf.low", "conf.high")], once$table[c("mass", "conf.low", "conf.high")])
})

test_that("where nothing varies there is no interval of 1 to 1", {
    x <- data.frame(id = c(1, 1, 2, 2), left = 6, right = Inf)
    fit <- turnbull(Surv(left, right, type = "interval2") ~ 1, x, cluster = ~id, seed = 1)
    expect_true(all(is.na(survival_at(fit, c(3, 6))[c("conf.low", "conf.high")])))
    some <- turnbull(Surv(c(0, 0, 6, 6), c(3, 3, Inf, Inf), type = "interval2"), cluster = c(1, 1, 2, 2), seed = 1)
    expect_true(all(is.na(some$table$conf.low) | some$table$conf.high > some$table$conf.low))
    alone <- turnbull(Surv(c(0, 6), c(3, Inf), type = "interval2"), cluster = c(1, 1), seed = 1)
    expect_true(all(is.na(alone$table$conf.low)))
    expect_match(paste(alone$notes, collapse = " "), "not estimable")
})

test_that("groups of patients keep their size, interfaces as strata stay with their patient", {
    x <- merge(interfaces(12, 4), data.frame(reconstruction = as.character(1:12), arm = rep(c("a", "b"), 6)))
    by_arm <- turnbull(Surv(left_mo, right_mo, type = "interval2") ~ arm, x, cluster = ~reconstruction, seed = 1)
    expect_match(paste(by_arm$notes, collapse = " "), "lie in the same strata")
    sides <- turnbull(Surv(left_mo, right_mo, type = "interval2") ~ interface, x, cluster = ~reconstruction, seed = 1)
    expect_no_match(paste(sides$notes, collapse = " "), "lie in the same strata")
    expect_setequal(sides$table$strata, c("interface=distal", "interface=proximal"))
})

test_that("an interval without theory for clusters, or a bootstrap without them, is refused", {
    x <- interfaces(5, 2)
    for (type in c("exact", "likelihood-ratio")) {
        expect_error(turnbull(formula, x, type, cluster = ~reconstruction), "`conf.type`", class = "osseosurv_invalid")
    }
    expect_error(turnbull(formula, x, "bootstrap"), "give `cluster`", class = "osseosurv_invalid")
    expect_error(turnbull(formula, x, cluster = ~reconstruction, resamples = 1), "`resamples`", class = "osseosurv_invalid")
    expect_error(turnbull(formula, x, cluster = 1:3), "cluster", class = "osseosurv_invalid")
    none <- turnbull(formula, x, "none", cluster = ~reconstruction)
    expect_true(all(is.na(none$table$conf.low)))
})
