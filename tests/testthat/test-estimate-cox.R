peer_control <- survival::coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)

# Times in tenths of months or continuous, so that no difference is near coxph's absolute tolerance.
random_cohort <- function(n, p, ties, truncated, strata, offset) {
    x <- matrix(stats::rnorm(n * p), n, dimnames = list(NULL, paste0("x", seq_len(p))))
    x[, 1] <- stats::rbinom(n, 1, 0.4)
    if (p > 1) x[, 2] <- 100 + 20 * x[, 2]
    d <- as.data.frame(x)
    event <- 30 * stats::rexp(n, exp(x %*% c(0.5, 0.01, 0.3, -0.2)[seq_len(p)] - if (p > 1) 1 else 0))
    censored <- stats::runif(n, 1, 80)
    d$t <- pmin(event, censored) + 0.5
    d$d <- as.integer(event <= censored)
    d$e <- if (truncated) d$t * stats::runif(n, 0, 0.9) else 0
    if (ties) {
        d$t <- ceiling(d$t)
        d$e <- floor(d$e)
    }
    d$s <- if (strata) sample(3, n, TRUE) else 1
    d$o <- if (offset) stats::rnorm(n, 5, 0.3) else 0
    d
}

model_formula <- function(p, truncated, strata, offset) {
    stats::as.formula(paste(if (truncated) "survival::Surv(e, t, d) ~" else "survival::Surv(t, d) ~",
                            paste0("x", seq_len(p), collapse = " + "), if (strata) "+ strata(s)",
                            if (offset) "+ offset(o)"))
}

expect_equal_fit <- function(ours, peer, tolerance, info) {
    expect_equal(coef(ours), stats::coef(peer), tolerance = tolerance, info = info)
    expect_equal(unname(vcov(ours)), unname(peer$var), tolerance = tolerance, info = info)
    g <- glance(ours)
    expect_equal(c(g$logLik.null, g$logLik), peer$loglik, tolerance = tolerance, info = info)
    expect_equal(c(g$statistic.sc, g$statistic.wald), unname(c(peer$score, peer$wald.test)), tolerance = tolerance, info = info)
}

test_that("the figures of Freireich's trial, lung, and the breast data of coxphf are met", {
    fit <- tidy(cox_ph(Surv(time, cens) ~ relevel(factor(treat), "6-MP"), gehan))
    expect_equal(unlist(fit[c("estimate", "std.error")], use.names = FALSE), c(1.572125, 0.412397), tolerance = 1e-6)
    expect_equal(tidy(cox_ph(Surv(time, cens) ~ relevel(factor(treat), "6-MP"), gehan, ties = "breslow"))$estimate, 1.509191,
                 tolerance = 1e-6)
    expect_equal(tidy(cox_ph(Surv(time, status) ~ sex + ph.ecog + age, survival::lung))$estimate,
                 c(-0.552612, 0.463728, 0.011067), tolerance = 1e-5)
    apart <- data.frame(t = 1:10, x = rep(1:0, each = 5))
    fit <- tidy(cox_ph(Surv(t, x) ~ x, apart, penalty = "firth"))
    expect_equal(fit$estimate, 3.243052, tolerance = 1e-6)
    expect_equal(exp(c(fit$conf.low, fit$conf.high)), c(2.6498, 3439.14), tolerance = 1e-5)
    expect_equal(fit$p.value, 0.002539, tolerance = 1e-4)
    skip_if_not_installed("coxphf")
    breast <- get(utils::data(breast, package = "coxphf", envir = environment()))
    fit <- cox_ph(Surv(TIME, CENS) ~ T + N + G + CD, breast, penalty = "firth", ties = "breslow", exponentiate = TRUE)
    expect_equal(unname(coef(fit)), c(1.2244388, 0.9188882, 2.4244141, 0.3971181), tolerance = 1e-7)
    expect_equal(c(tidy(fit)$conf.low, tidy(fit)$conf.high),
                 c(1.3627, 1.1205, 1.4657, 0.6269, 9.4722, 5.8329, 1451.95, 3.5118), tolerance = 2e-5)
    expect_equal(glance(fit)$statistic.log, 35.95142, tolerance = 1e-6)
    peer <- coxphf::coxphf(Surv(TIME, CENS) ~ T + N + G + CD, breast)
    expect_equal(fit$glance$logLik - fit$glance$logLik.null, diff(peer$loglik), tolerance = 1e-6)
    expect_equal(unname(vcov(fit)), unname(peer$var), tolerance = 1e-6)
    expect_equal(tidy(fit)$p.value, unname(peer$prob), tolerance = 1e-5)
})

test_that("random data of many shapes give what coxph gives", {
    set.seed(41)
    for (k in 1:64) {
        shape <- as.logical(intToBits(k - 1))[1:6]
        n <- sample(c(40, 120, 3000), 1)
        p <- sample(4, 1)
        ties <- if (shape[6]) "efron" else "breslow"
        d <- random_cohort(n, p, shape[1], shape[2], shape[3], shape[4])
        f <- model_formula(p, shape[2], shape[3], shape[4])
        peer <- suppressWarnings(survival::coxph(f, d, ties = ties, control = peer_control))
        if (any(diag(peer$var) > 100)) next
        ours <- cox_ph(f, d, ties = ties, conf.method = "wald")
        expect_equal_fit(ours, peer, 1e-8, paste(k, n, p, ties))
        expect_true(glance(ours)$converged)
    }
})

test_that("a row of weight 2 is the row twice, in every answer", {
    set.seed(42)
    for (shape in list(c(FALSE, FALSE), c(TRUE, FALSE), c(TRUE, TRUE))) for (penalty in c("none", "firth")) {
        d <- random_cohort(60, 2, shape[1], shape[2], TRUE, FALSE)
        w <- sample(3, 60, TRUE)
        f <- model_formula(2, shape[2], TRUE, FALSE)
        once <- cox_ph(f, d, weights = w, penalty = penalty)
        twice <- cox_ph(f, d[rep(1:60, w), ], penalty = penalty)
        expect_equal(tidy(once), tidy(twice), tolerance = 1e-8)
        expect_equal(once$glance[1:13], twice$glance[1:13], tolerance = 1e-8)
        if (penalty == "none") {
            expect_equal(tidy(ph_test(once)), tidy(ph_test(twice)), tolerance = 1e-8)
            expect_equal(residuals(once, "dfbeta")[rep(1:60, w), ], residuals(twice, "dfbeta"), tolerance = 1e-8)
            new <- data.frame(x1 = 0:1, x2 = c(90, 110))
            expect_equal(survival_at(once, c(5, 20), new), survival_at(twice, c(5, 20), new), tolerance = 1e-8)
        }
    }
})

test_that("order of rows, unit of time, origin and scale of covariates, and threads change nothing", {
    set.seed(43)
    d <- random_cohort(400, 3, TRUE, TRUE, TRUE, FALSE)
    f <- model_formula(3, TRUE, TRUE, FALSE)
    for (penalty in c("none", "firth")) {
        fit <- cox_ph(f, d, penalty = penalty)
        expect_equal(tidy(cox_ph(f, d[sample(400), ], penalty = penalty)), tidy(fit), tolerance = 1e-9)
        expect_equal(tidy(cox_ph(f, transform(d, t = 30 * t, e = 30 * e), penalty = penalty)), tidy(fit), tolerance = 1e-9)
        moved <- tidy(cox_ph(f, transform(d, x1 = 1 - x1, x2 = (x2 - 100) / 7), penalty = penalty))
        expect_equal(moved$estimate, tidy(fit)$estimate * c(-1, 7, 1), tolerance = 1e-8)
        expect_equal(moved$conf.low, c(-tidy(fit)$conf.high[1], 7 * tidy(fit)$conf.low[2], tidy(fit)$conf.low[3]),
                     tolerance = 1e-7)
    }
    large <- random_cohort(30000, 3, FALSE, TRUE, TRUE, FALSE)
    one <- cox_ph(f, large)
    old <- options(osseosurv.threads = 2)
    on.exit(options(old))
    two <- cox_ph(f, large)
    expect_identical(tidy(two), tidy(one))
    expect_identical(two$variance, one$variance)
    plain <- model_formula(3, FALSE, FALSE, FALSE)
    two <- cox_ph(plain, large)
    options(old)
    expect_identical(tidy(two), tidy(cox_ph(plain, large)))
})

test_that("the vector path gives what the formula gives", {
    d <- survival::lung
    x <- cbind(age = d$age, sex = d$sex)
    ours <- cox_ph(Surv(d$time, d$status), x = x, strata = d$ph.ecog)
    expect_equal(tidy(ours), tidy(cox_ph(Surv(time, status) ~ age + sex + strata(ph.ecog), d)))
    expect_equal(survival_at(ours, 100, x[1:2, ])$estimate,
                 survival_at(cox_ph(Surv(time, status) ~ age + sex + strata(ph.ecog), d), 100,
                             transform(d[1:2, ], ph.ecog = NULL))$estimate)
})

test_that("time-varying covariates give what coxph gives", {
    fit <- cox_ph(Surv(start, stop, event) ~ year + age + surgery + transplant, survival::heart)
    peer <- survival::coxph(Surv(start, stop, event) ~ year + age + surgery + transplant, survival::heart,
                            control = peer_control)
    expect_equal_fit(fit, peer, 1e-8, "heart")
})

test_that("the score test is the log-rank test without ties, and profile limits lie where the likelihood says", {
    set.seed(44)
    d <- data.frame(t = stats::rexp(50), d = stats::rbinom(50, 1, 0.7), g = stats::rbinom(50, 1, 0.5))
    fit <- cox_ph(Surv(t, d) ~ g, d)
    expect_equal(glance(fit)$statistic.sc, survival::survdiff(Surv(t, d) ~ g, d)$chisq, tolerance = 1e-10)
    d$z <- stats::rnorm(50)
    fit <- cox_ph(Surv(t, d) ~ g + z, d)
    at <- function(b) cox_ph(Surv(t, d) ~ z + offset(b * g), d)$glance$logLik
    limits <- unlist(tidy(fit)[1, c("conf.low", "conf.high")])
    expect_equal(2 * (fit$glance$logLik - vapply(limits, at, 0)), rep(stats::qchisq(0.95, 1), 2), tolerance = 1e-8,
                 ignore_attr = TRUE)
    expect_equal(tidy(fit)$statistic[1]^2, 2 * (fit$glance$logLik - at(0)), tolerance = 1e-9)
    # Firth: the penalty of the profiled coefficient stays, so that an offset is no peer; the limit is checked by its own fit.
    firth <- cox_ph(Surv(t, d) ~ g, d, penalty = "firth", ties = "breslow")
    loglik <- function(b) {
        s <- survival::coxph(Surv(t, d) ~ g, d, init = b, iter.max = 0, ties = "breslow")
        s$loglik[2] - 0.5 * log(s$var[1])
    }
    best <- stats::optimize(loglik, c(-3, 3), maximum = TRUE, tol = 1e-10)
    expect_equal(unname(coef(firth)), best$maximum, tolerance = 1e-7)
    expect_equal(2 * (best$objective - vapply(unlist(tidy(firth)[c("conf.low", "conf.high")]), loglik, 0)),
                 rep(stats::qchisq(0.95, 1), 2), tolerance = 1e-7, ignore_attr = TRUE)
})

test_that("separation is named by its level, with the limit that exists", {
    d <- data.frame(t = 1:12, d = c(1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0), arm = rep(c("new", "old"), each = 6), age = c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8))
    fit <- cox_ph(Surv(t, d) ~ arm + age, d)
    expect_identical(tidy(fit)$estimate[1], -Inf)
    expect_identical(tidy(fit)$conf.low[1], -Inf)
    expect_true(is.na(tidy(fit)$std.error[1]))
    expect_match(fit$notes, "`armold` separates: no event in level \"old\" of `arm`.", fixed = TRUE, all = FALSE)
    expect_match(fit$notes, "penalty = \"firth\"", fixed = TRUE, all = FALSE)
    # The other coefficient is that of the limit: the rows without events of the level count for nothing.
    rest <- cox_ph(Surv(t, d) ~ age, d[d$arm == "new", ])
    expect_equal(tidy(fit)[2, -1], tidy(rest)[1, -1], tolerance = 1e-6, ignore_attr = TRUE)
    # The limit: where the profile has dropped by half a chi-square quantile from the limit of the likelihood.
    at <- function(b) cox_ph(Surv(t, d) ~ age + offset(b * (arm == "old")), d)$glance$logLik
    expect_equal(2 * (at(-40) - at(tidy(fit)$conf.high[1])), stats::qchisq(0.95, 1), tolerance = 1e-6)
    swapped <- cox_ph(Surv(t, d) ~ relevel(factor(arm), "old") + age, d)
    expect_match(swapped$notes, "no event in level \"old\" of `relevel(factor(arm), \"old\")`, the reference", fixed = TRUE,
                 all = FALSE)
    expect_equal(tidy(swapped)$conf.low[1], -tidy(fit)$conf.high[1], tolerance = 1e-6)
    expect_match(cox_ph(Surv(t, d) ~ I(arm == "old") + age, d)$notes, "separates", all = FALSE)
    numeric <- cox_ph(Surv(t, d) ~ x, transform(d, x = as.numeric(arm == "new")))
    expect_match(numeric$notes, "`x` separates: no event where it is 0.", fixed = TRUE, all = FALSE)
    expect_match(cox_ph(Surv(1:6, c(1, 1, 1, 1, 0, 0)), x = c(6, 5, 4, 3, 2, 1))$notes, "goes to Inf", all = FALSE)
    # Firth: finite, on the same data.
    firth <- tidy(cox_ph(Surv(t, d) ~ arm + age, d, penalty = "firth"))
    expect_true(all(is.finite(unlist(firth[-1]))))
    wald <- cox_ph(Surv(t, d) ~ arm + age, d, conf.method = "wald")
    expect_equal(tidy(wald)[1, ], tidy(fit)[1, ], tolerance = 1e-8)
    robust <- cox_ph(Surv(t, d) ~ arm + age, d, cluster = rep(1:4, 3))
    expect_true(all(is.na(tidy(robust)$std.error)))
    expect_match(robust$notes, "sandwich variance does not exist", all = FALSE)
    expect_error(survival_at(fit, 3, d[1, ]), "arm", class = "osseosurv_invalid")
})

test_that("two events, none in one group", {
    d <- data.frame(t = c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24), d = c(0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0),
                    g = rep(c("solid", "porous"), c(5, 6)))
    fit <- cox_ph(Surv(t, d) ~ g, d[d$t != 25, ])
    expect_identical(tidy(fit)$estimate, -Inf)
    expect_match(fit$notes, "no event in level \"solid\" of `g`", fixed = TRUE, all = FALSE)
    expect_true(all(is.finite(unlist(tidy(cox_ph(Surv(t, d) ~ g, d[d$t != 25, ], penalty = "firth"))[-1]))))
})

test_that("what the data do not determine is NA and named", {
    d <- data.frame(t = 1:8, d = c(1, 0, 1, 1, 0, 1, 0, 1), a = c(2, 1, 4, 3, 6, 5, 8, 7), b = c(1, 0, 0, 1, 1, 0, 1, 0))
    fit <- cox_ph(Surv(t, d) ~ a + I(2 * a + 1) + b + I(a - b), d)
    expect_identical(is.na(tidy(fit)$estimate), c(FALSE, TRUE, FALSE, TRUE))
    expect_equal(tidy(fit)[c(1, 3), ], tidy(cox_ph(Surv(t, d) ~ a + b, d)), ignore_attr = TRUE)
    expect_match(fit$notes, "`I(a - b)` is not estimable", fixed = TRUE, all = FALSE)
    constant <- cox_ph(Surv(t, d) ~ b + strata(b), d)
    expect_true(is.na(tidy(constant)$estimate))
    expect_equal(survival_at(fit, 3, d[1, ])$estimate, survival_at(cox_ph(Surv(t, d) ~ a + b, d), 3, d[1, ])$estimate)
    none <- cox_ph(Surv(t, 0 * d) ~ a, d)
    expect_match(none$notes, "No event", all = FALSE)
    expect_true(all(is.na(tidy(none)[-1])))
    expect_true(is.na(tidy(cox_ph(Surv(5, 1), x = matrix(1)))$estimate))
    expect_equal(nrow(tidy(cox_ph(Surv(t, d) ~ 1, d))), 0)
    expect_equal(glance(cox_ph(Surv(t, d) ~ 1, d))$logLik, survival::coxph(Surv(t, d) ~ 1, d)$loglik, tolerance = 1e-12)
    firth <- cox_ph(Surv(t, 0 * d) ~ a, d, penalty = "firth")
    expect_true(all(is.na(tidy(firth)[-1])))
})

test_that("the sandwich over clusters is that of coxph, and its corrections are what the formulas say", {
    set.seed(45)
    for (shape in list(c(FALSE, FALSE), c(TRUE, FALSE), c(TRUE, TRUE))) {
        d <- random_cohort(120, 2, shape[1], shape[2], TRUE, FALSE)
        d$id <- sample(20, 120, TRUE)
        f <- model_formula(2, shape[2], TRUE, FALSE)
        peer <- survival::coxph(f, d, cluster = id, control = peer_control)
        ours <- cox_ph(f, d, cluster = ~id)
        expect_equal(unname(vcov(ours)), unname(peer$var), tolerance = 1e-8)
        expect_equal(glance(ours)$statistic.wald, unname(peer$wald.test), tolerance = 1e-8)
    }
    # Slow version: score residuals and their derivative by differences.
    d <- random_cohort(30, 2, FALSE, FALSE, FALSE, FALSE)
    d$id <- rep(1:6, 5)
    fit <- survival::coxph(Surv(t, d) ~ x1 + x2, d, control = peer_control)
    scores <- function(beta) {
        at <- survival::coxph(Surv(t, d) ~ x1 + x2, d, init = beta, iter.max = 0)
        rowsum(stats::residuals(at, "score"), d$id)
    }
    h <- c(1e-5, 1e-6)
    omega <- lapply(1:6, function(c) vapply(1:2, function(j) {
        step <- replace(c(0, 0), j, h[j])
        (scores(fit$coefficients - step)[c, ] - scores(fit$coefficients + step)[c, ]) / (2 * h[j])
    }, c(0, 0)))
    u <- scores(fit$coefficients)
    star <- t(vapply(1:6, function(c) solve(diag(2) - omega[[c]] %*% fit$var, u[c, ]), c(0, 0)))
    for (correction in c("CR2", "CR3")) {
        middle <- if (correction == "CR3") crossprod(star) else (crossprod(star, u) + crossprod(u, star)) / 2
        ours <- cox_ph(Surv(t, d) ~ x1 + x2, d, cluster = ~id, cluster.correction = correction)
        expect_equal(unname(vcov(ours)), unname(fit$var %*% middle %*% fit$var), tolerance = 1e-5)
        table <- tidy(ours)
        expect_equal(table$conf.high, table$estimate + stats::qt(0.975, 5) * table$std.error, tolerance = 1e-12)
        expect_equal(table$p.value, 2 * stats::pt(-abs(table$statistic), 5), tolerance = 1e-12)
        moved <- cox_ph(Surv(t, d) ~ x1 + x2, transform(d, x2 = x2 + 1000), cluster = ~id, cluster.correction = correction)
        expect_equal(vcov(moved), vcov(ours), tolerance = 1e-8)
        many <- random_cohort(300, 2, TRUE, TRUE, TRUE, FALSE)
        id <- sample(15, 300, TRUE)
        one <- cox_ph(model_formula(2, TRUE, TRUE, FALSE), many, cluster = id, cluster.correction = correction)
        w <- cox_ph(model_formula(2, TRUE, TRUE, FALSE), many[rep(1:300, each = 2), ], cluster = rep(id, each = 2),
                    cluster.correction = correction)
        weighted <- cox_ph(model_formula(2, TRUE, TRUE, FALSE), many, cluster = id, cluster.correction = correction,
                           weights = rep(2, 300))
        expect_equal(vcov(w), vcov(weighted), tolerance = 1e-8)
        expect_true(all(diag(vcov(one)) > diag(vcov(cox_ph(model_formula(2, TRUE, TRUE, FALSE), many, cluster = id)))))
    }
})

test_that("bad input is one classed error", {
    d <- data.frame(t = 1:6, d = 1, x = c(3, 1, 4, 1, 5, 9), id = 1:6)
    bad <- function(code) expect_error(code, class = "osseosurv_invalid")
    bad(cox_ph(Surv(t, d) ~ x, d, ties = "exact"))
    bad(cox_ph(Surv(t, d) ~ x, d, penalty = "lasso"))
    bad(cox_ph(Surv(t, d) ~ x, d, conf.method = "none"))
    bad(cox_ph(Surv(t, d) ~ x, d, cluster.correction = "CR2"))
    bad(cox_ph(Surv(t, d) ~ x, d, cluster = ~id, conf.method = "profile"))
    bad(cox_ph(Surv(t, d) ~ x, d, cluster = ~id, penalty = "firth"))
    bad(cox_ph(Surv(t, d) ~ x, d, exponentiate = NA))
    bad(cox_ph(Surv(-t, d) ~ x, d))
    bad(cox_ph(Surv(t, t, d) ~ x, d))
    bad(cox_ph(5))
    fit <- cox_ph(Surv(t, d) ~ x, d)
    bad(residuals(fit, "pearson"))
    bad(ph_test(d))
    bad(ph_test(fit, "sqrt"))
    bad(survival_at(fit, 1))
    bad(survival_at(fit, -1, d))
    bad(survival_at(fit, 1, data.frame(y = 1)))
    saved <- unserialize(serialize(fit, NULL))
    expect_identical(saved, fit)
    expect_match(methods_text(fit), "Cox regression")
})

test_that("a level for every row, most of them separated, still gives one-sided limits", {
    months <- c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24)
    x <- suppressWarnings(tidy(cox_ph(Surv(months, rep(1:0, c(4, 7))) ~ factor(1:11))))
    expect_true(all(x$conf.high == Inf))
    # The row that failed at 24 with all at risk has a lower limit, those never at a choice have none.
    expect_gt(x$conf.low[2], 0)
    expect_true(all(x$conf.low[4:10] == -Inf))
})
