# Gray's test. The slow version below is written from Gray (1988) for the score only; the variance is held against cmprsk.

states <- function(x) factor(x, 0:2, c("censored", "a", "b"))

random_states <- function(seed) {
    set.seed(seed)
    n <- sample(c(11, 20, 60, 300), 1)
    groups <- sample(2:4, 1)
    n_strata <- sample(3, 1)
    data.frame(time = if (runif(1) < 0.5) sample(sample(c(5, 20, 200), 1), n, TRUE) else rexp(n),
               status = sample(0:2, n, TRUE), group = sample(rep_len(seq_len(groups), n)),
               centre = sample(rep_len(seq_len(n_strata), n)))
}

test_that("statistics equal cmprsk::cuminc with ties, strata, rho and two to four groups", {
    skip_if_not_installed("cmprsk")
    compared <- 0
    for (seed in 1:200) {
        d <- random_states(seed)
        rho <- c(0, 1, 0.5, -1)[1 + seed %% 4]
        theirs <- tryCatch(cmprsk::cuminc(d$time, d$status, d$group, d$centre, rho = rho)$Tests, error = function(e) NULL)
        if (is.null(theirs) || nrow(theirs) < 2) next
        ours <- tidy(gray_test(Surv(time, states(status)) ~ group + strata(centre), d, rho = rho, method = "asymptotic"))
        # Where its matrix is singular, cuminc gives -1; where it is no variance at all, anything.
        same <- !is.na(ours$statistic) & ours$df == theirs[, "df"] & theirs[, "stat"] != -1
        expect_equal(ours$statistic[same], theirs[same, "stat"], tolerance = 1e-10, ignore_attr = TRUE)
        expect_equal(ours$p.value[same], theirs[same, "pv"], tolerance = 1e-8, ignore_attr = TRUE)
        compared <- compared + sum(same)
    }
    expect_gt(compared, 350)
})

months <- c(2, 5, 7, 9, 12, 15, 18, 24, 30, 36, 12, 7)
ends <- states(c(2, 0, 1, 1, 0, 2, 1, 0, 2, 0, 1, 1))
arm <- c(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2, 2)

test_that("frozen figures of cmprsk 2.2-11", {
    ours <- tidy(gray_test(Surv(months, ends) ~ arm, method = "asymptotic"))
    expect_named(ours, c("cause", "n.event", "statistic", "df", "p.value", "method"))
    expect_equal(ours$statistic, c(0.0852662869903413, 0.7034925628416092), tolerance = 1e-13)
    expect_equal(ours$p.value, c(0.770283629820398, 0.401612625165504), tolerance = 1e-12)
    stratified <- gray_test(Surv(months, ends) ~ arm + strata(rep(1:2, each = 6)), rho = 0.5, method = "asymptotic")
    expect_equal(tidy(stratified)$statistic, c(0.109666016423393, 1.709198813056380), tolerance = 1e-13)
})

slow_scores <- function(time, status, group, cause, rho) {
    groups <- sort(unique(group))
    at <- function(f, t) vapply(groups, function(g) f(time[group == g], status[group == g], t), 0)
    survival_before <- function(time, status, t) {
        past <- sort(unique(time[status > 0 & time < t]))
        prod(vapply(past, function(u) 1 - sum(time == u & status > 0) / sum(time >= u), 0))
    }
    incidence_before <- function(time, status, t) {
        past <- unique(time[status == cause & time < t])
        sum(vapply(past, function(u) survival_before(time, status, u) * sum(time == u & status == cause) / sum(time >= u), 0))
    }
    score <- numeric(length(groups))
    pooled <- 0
    for (t in sort(unique(time[status == cause]))) {
        y <- at(function(time, status, t) sum(time >= t), t)
        d <- at(function(time, status, t) sum(time == t & status == cause), t)
        s <- at(survival_before, t)
        r <- ifelse(y > 0, y * (1 - at(incidence_before, t)) / s, 0)
        score <- score + (1 - pooled)^rho * (d - sum(d) * r / sum(r))
        pooled <- pooled + sum(d) / sum(ifelse(y > 0, y / s, 0))
    }
    score
}

test_that("scores equal the formula", {
    for (seed in 1:10) {
        d <- random_states(1000 + seed)
        fit <- gray_test(Surv(time, states(status)) ~ group, d, rho = 0.5, method = "asymptotic")
        for (cause in 1:2) {
            expect_equal(fit$scores$score[fit$scores$cause == c("a", "b")[cause]],
                         slow_scores(d$time, d$status, d$group, cause, 0.5), tolerance = 1e-10)
        }
    }
})

test_that("the exact p is the share of all ways to deal the groups", {
    ours <- gray_test(Surv(months, ends) ~ arm)
    expect_identical(glance(ours)$method, "exact")
    expect_identical(glance(ours)$resamples, 792)
    dealt <- combn(12, 5)
    all <- apply(dealt, 2, function(one) {
        tidy(gray_test(Surv(months, ends), group = ifelse(1:12 %in% one, 1, 2), method = "asymptotic"))$statistic
    })
    all[is.na(all)] <- Inf
    expect_equal(tidy(ours)$p.value, rowMeans(all >= tidy(ours)$statistic * (1 - 1e-9)), tolerance = 1e-12)
})

test_that("a drawn p does not depend on threads, follows the seed and is near the exact one", {
    d <- random_states(7)[1:14, ]
    d$group <- rep(1:2, 7)
    exact <- tidy(gray_test(Surv(time, states(status)) ~ group, d))
    before <- options(osseosurv.threads = 1)
    one <- gray_test(Surv(time, states(status)) ~ group, d, resamples = 3400, seed = 11)
    options(osseosurv.threads = 2)
    two <- gray_test(Surv(time, states(status)) ~ group, d, resamples = 3400, seed = 11)
    options(before)
    expect_identical(glance(one)$method, "permutation")
    expect_identical(tidy(one), tidy(two))
    expect_true(all(abs(tidy(one)$p.value - exact$p.value) < 4 * 0.5 / sqrt(3400)))
    set.seed(3)
    first <- gray_test(Surv(time, states(status)) ~ group, d, resamples = 100)
    set.seed(3)
    expect_identical(tidy(gray_test(Surv(time, states(status)) ~ group, d, resamples = 100)), tidy(first))
})

test_that("order of rows, unit of time and names of groups change nothing; a weight is so many rows", {
    d <- random_states(21)
    d$w <- rep_len(1:3, nrow(d))
    base <- tidy(gray_test(Surv(time, states(status)) ~ group + strata(centre), d, weights = w, method = "asymptotic"))
    shuffled <- d[sample(nrow(d)), ]
    shuffled$group <- c("q", "m", "z", "a")[shuffled$group]
    shuffled$time <- shuffled$time * 30.4375
    again <- tidy(gray_test(Surv(time, states(status)) ~ group + strata(centre), shuffled, weights = w,
                            method = "asymptotic"))
    expect_equal(again, base, tolerance = 1e-10)
    long <- d[rep(seq_len(nrow(d)), d$w), ]
    expect_equal(tidy(gray_test(Surv(time, states(status)) ~ group + strata(centre), long, method = "asymptotic")), base,
                 tolerance = 1e-12)
    few <- d[1:8, ]
    few$group <- rep(1:2, 4)
    twice <- few[rep(1:8, few$w), ]
    expect_identical(tidy(gray_test(Surv(time, states(status)) ~ group, few, weights = w, seed = 1)),
                     tidy(gray_test(Surv(time, states(status)) ~ group, twice, seed = 1)))
})

test_that("with one cause and the rows of one group it is a test of that cause alone", {
    d <- random_states(5)
    all <- gray_test(Surv(time, states(status)) ~ group, d, method = "asymptotic")
    one <- gray_test(Surv(time, states(status)) ~ group, d, cause = "b", method = "asymptotic")
    expect_s3_class(one, "htest")
    expect_equal(tidy(one)[1, "statistic"], tidy(all)[2, "statistic"])
    expect_equal(unname(one$p.value), tidy(all)$p.value[2])
    expect_output(print(structure(one, class = "htest")), "Gray's test \\(asymptotic\\)")
})

test_that("what cannot be estimated is NA and said", {
    none <- gray_test(Surv(months, ends) ~ arm, subset = as.integer(ends) != 3)
    expect_identical(tidy(none)$p.value[2], NA_real_)
    expect_match(none$notes, "no event of cause \"b\"", all = FALSE)
    # Group 2 comes too late for the only event.
    late <- gray_test(Surv(c(1, 2, 3, 9, 1, 1), states(c(0, 0, 1, 0, 0, 0))), group = c(1, 1, 1, 1, 2, 2), cause = "a")
    expect_identical(tidy(late)$p.value, NA_real_)
    expect_match(late$notes, "more than one group at risk", all = FALSE)
    three <- gray_test(Surv(c(1:6, 1, 1), states(c(0, 1, 1, 0, 1, 1, 0, 0))), group = c(1, 2, 1, 2, 1, 2, 3, 3),
                       cause = "a", method = "asymptotic")
    expect_identical(tidy(three)$df, 1L)
    expect_match(three$notes, "Fewer degrees of freedom", all = FALSE)
    censored <- gray_test(Surv(1:6, states(rep(0, 6))), group = rep(1:2, 3))
    expect_true(all(is.na(tidy(censored)$statistic)))
})

test_that("faults are named", {
    expect_error(gray_test(Surv(months, ends) ~ 1), "at least two groups", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ strata(arm)), "at least two groups", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months - 1, months, ends) ~ arm), "left-truncated", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ arm, cause = c("a", "c")), "element 2 is \"c\"", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ arm, cause = character()), "must name causes", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ arm, rho = Inf), "finite", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ arm, method = "exact"), "`method`", class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, as.integer(ends) - 1) ~ arm), class = "osseosurv_invalid")
    expect_error(gray_test(Surv(months, ends) ~ arm, resamples = 0), "`resamples`", class = "osseosurv_invalid")
    fit <- gray_test(Surv(months, ends) ~ arm)
    file <- tempfile()
    saveRDS(fit, file)
    expect_identical(readRDS(file), fit)
})
