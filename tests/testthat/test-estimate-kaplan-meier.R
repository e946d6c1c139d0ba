transformed <- c("log-log", "log", "plain", "logit", "arcsin")

test_that("equals survfit on random data with ties, truncation, weights and strata", {
    for (shape in 1:120) {
        d <- random_cohort(shape)
        if (shape %% 3 == 0) d <- d[d$entry < d$time, ]
        if (!nrow(d)) next
        conf.type <- transformed[shape %% 5 + 1]
        formula <- if (shape %% 3 == 0) Surv(entry, time, status) ~ group else Surv(time, status) ~ group
        fit <- tidy(kaplan_meier(formula, d, conf.type = conf.type, weights = if (shape %% 2) weight else NULL))
        rows <- if (shape %% 2) replicated(d) else d
        for (g in unique(rows$group)) {
            one <- rows[rows$group == g, ]
            peer <- survival::survfit(stats::update(formula, . ~ 1), one, conf.type = conf.type)
            ours <- fit[fit$strata == paste0("group=", g), ]
            at <- match(signif(peer$time, 8), signif(ours$time, 8))
            expect_false(anyNA(at))
            expect_equal(ours$n.event[at], peer$n.event)
            expect_equal(ours$n.censor[at], peer$n.censor)
            expect_equal(ours$n.risk[at], peer$n.risk)
            expect_equal(ours$estimate[at], peer$surv, tolerance = 1e-12)
            inside <- peer$surv > 1e-12 & peer$surv < 1
            expect_equal(ours$std.error[at][inside], (peer$surv * peer$std.err)[inside], tolerance = 1e-12)
            expect_equal(ours$conf.low[at][inside], peer$lower[inside], tolerance = 1e-12)
            expect_equal(ours$conf.high[at][inside], peer$upper[inside], tolerance = 1e-12)
            expect_true(all(is.na(ours$conf.low[at][!inside]) | ours$estimate[at][!inside] < 1e-12))
        }
    }
})

test_that("beta product and mid-p equal bpcp", {
    skip_if_not_installed("bpcp")
    for (shape in setdiff(1:32, seq(3, 32, 4))) { # bpcp does not tie neighbours
        d <- random_cohort(shape)
        d <- d[d$time > 0, ]
        if (nrow(d) < 2) next
        for (mid_p in c(FALSE, TRUE)) {
            peer <- bpcp::bpcp(d$time, d$status, Delta = 0, midp = mid_p)
            at <- unique(d$time)
            theirs <- t(vapply(at, function(t) {
                row <- max(which(peer$L <= t + 1e-9))
                c(peer$lower[row], peer$upper[row])
            }, c(0, 0)))
            ours <- survival_at(kaplan_meier(Surv(time, status) ~ 1, d,
                                             conf.type = if (mid_p) "beta-product-mid-p" else "beta-product"), at)
            # bpcp solves the mid-p equation by uniroot at its default tolerance, 1.2e-4 per side.
            close <- if (mid_p) 5e-4 else 1e-9
            expect_lt(max(abs(ours$conf.low - theirs[, 1])), close)
            expect_lt(max(abs(ours$conf.high - theirs[, 2])), close)
        }
    }
})

test_that("medians by the beta product equal bpcp, and the published ones of lung", {
    lung <- quantile(kaplan_meier(Surv(time, status) ~ sex, survival::lung, conf.type = "log"), 0.5)
    expect_equal(unlist(lung[1, 3:5], use.names = FALSE), c(270, 212, 310))
    expect_equal(unlist(lung[2, 3:5], use.names = FALSE), c(426, 348, 550))
    skip_if_not_installed("bpcp")
    for (shape in setdiff(1:40, seq(3, 40, 4))) { # bpcp does not tie neighbours
        d <- random_cohort(shape)
        d <- d[d$time > 0, ]
        if (nrow(d) < 4) next
        theirs <- stats::quantile(bpcp::bpcp(d$time, d$status, Delta = 0), c(0.75, 0.5)) # of survival
        ours <- quantile(kaplan_meier(Surv(time, status) ~ 1, d), c(0.25, 0.5))
        theirs[is.na(theirs)] <- Inf
        expect_equal(cbind(ours$conf.low, ours$conf.high), unname(theirs[, 3:4]), tolerance = 1e-7, info = shape)
    }
})

test_that("beta limits never rise, as in bpcp", {
    time <- c(rep(1, 34), 2)
    status <- c(rep(1, 5), rep(0, 29), 1)
    ours <- tidy(kaplan_meier(Surv(time, status), conf.level = 0.999))
    expect_equal(ours$conf.low[2], 0.001422849, tolerance = 1e-6)
    expect_equal(ours$conf.high[2:3], c(0.980997, 0.980997), tolerance = 1e-6)
    for (shape in 1:60) {
        curve <- tidy(kaplan_meier(Surv(time, status) ~ 1, random_cohort(shape)))
        expect_false(is.unsorted(-curve$conf.low) || is.unsorted(-curve$conf.high))
    }
})

test_that("mid-p limits solve the mixture equation", {
    shapes <- function(m, m2) m * (1 - m) / (m2 - m^2) - 1
    for (shape in c(2, 6, 13, 14, 22)) {
        curve <- tidy(kaplan_meier(Surv(time, status) ~ 1, random_cohort(shape), conf.type = "beta-product-mid-p"))
        a <- curve$n.risk - curve$n.event + 1
        mean <- cumprod(a / (a + curve$n.event))
        second <- cumprod(a * (a + 1) / ((a + curve$n.event) * (a + curve$n.event + 1)))
        after <- curve$n.risk - curve$n.event - curve$n.censor
        for (k in which(after > 0 & mean < 1)) {
            size <- shapes(mean[k], second[k])
            m <- mean[k] * after[k] / (after[k] + 1)
            size_low <- shapes(m, second[k] * after[k] / (after[k] + 2))
            mixture <- function(q) (stats::pbeta(q, mean[k] * size, (1 - mean[k]) * size) +
                                    stats::pbeta(q, m * size_low, (1 - m) * size_low)) / 2
            expect_equal(mixture(curve$conf.low[k]), 0.025, tolerance = 1e-9)
            expect_equal(mixture(curve$conf.high[k]), 0.975, tolerance = 1e-9)
        }
    }
})

test_that("Freireich's arms give the published figures", {
    fit <- kaplan_meier(Surv(time, cens) ~ treat, gehan)
    at <- survival_at(fit, c(6, 10, 22, 23))[1:4, ]
    expect_equal(at$estimate, c(.857, .7529, .538, .448), tolerance = 1e-3)
    expect_equal(at$conf.low[c(2, 4)], c(.500826, .176197), tolerance = 2e-6)
    expect_equal(at$conf.high[c(2, 4)], c(.915031, .726064), tolerance = 2e-6)
    medians <- function(conf.type) quantile(kaplan_meier(Surv(time, cens) ~ treat, gehan, conf.type = conf.type), 0.5)
    expect_identical(unlist(medians("log")[1, 3:5], use.names = FALSE), c(23, 16, Inf))
    expect_identical(unlist(medians("log-log")[1, 3:5], use.names = FALSE), c(23, 13, Inf))
    expect_identical(unlist(medians("log")[2, 3:5], use.names = FALSE), c(8, 4, 12))
    expect_identical(unlist(medians("log-log")[2, 3:5], use.names = FALSE), c(8, 4, 11))
    expect_identical(unlist(quantile(fit, 0.5)[1, 3:5], use.names = FALSE), c(23, 11, Inf))
})

test_that("the likelihood-ratio limits solve Thomas and Grunkemeier's equation", {
    # Written from the formula: maximise the product-limit likelihood under S(t) = s by a multiplier.
    excess <- function(n, d, lambda) {
        left <- n - d
        2 * sum(n * log1p(lambda / n) - ifelse(left > 0, left * log1p(lambda / pmax(left, 1)), 0)) - stats::qchisq(0.95, 1)
    }
    for (shape in c(2, 3, 7, 8, 12, 13)) {
        d <- random_cohort(shape)
        curve <- tidy(kaplan_meier(Surv(time, status) ~ 1, d, conf.type = "likelihood-ratio"))
        events <- which(curve$n.event > 0)
        for (k in events) {
            rows <- events[events <= k]
            n <- curve$n.risk[rows]
            died <- curve$n.event[rows]
            multiplier <- function(s) {
                f <- function(l) sum(log1p(-died / (n + l))) - log(s)
                stats::uniroot(f, c(-min(n - died) * (1 - 1e-12), 1e9), tol = 1e-12)$root
            }
            if (curve$conf.low[k] > 0) expect_lt(abs(excess(n, died, multiplier(curve$conf.low[k]))), 1e-5)
            else expect_identical(min(n - died), 0)
            expect_lt(abs(excess(n, died, multiplier(curve$conf.high[k]))), 1e-5)
        }
    }
})

test_that("never 1 to 1: eleven implants without a failure", {
    fit <- kaplan_meier(Surv(months_11, rep(0, 11)))
    at <- survival_at(fit, c(24, 60))
    expect_identical(at$estimate, c(1, 1))
    expect_equal(at$conf.low, c(0.6637329, 0.1581139), tolerance = 1e-6)
    expect_identical(at$conf.high, c(1, 1))
    expect_identical(at$n.risk, c(11, 2))
    curve <- tidy(fit)
    expect_true(all(curve$conf.low < 1))
    plain <- kaplan_meier(Surv(months_11, rep(0, 11)), conf.type = "plain")
    expect_true(all(is.na(tidy(plain)$conf.low)))
    expect_match(plain$notes, "not estimable", all = FALSE)
    expect_output(print(fit), "beta-product")
    expect_true(all(is.na(survival_at(fit, 69)[c("estimate", "conf.low", "conf.high")])))
})

test_that("without censoring the default is Clopper-Pearson", {
    curve <- tidy(kaplan_meier(Surv(1:11, rep(1, 11))))
    exact <- vapply(11:0, function(alive) stats::binom.test(alive, 11)$conf.int[1:2], c(0, 0))
    expect_equal(curve$conf.low, exact[1, ], tolerance = 1e-9)
    expect_equal(curve$conf.high, exact[2, ], tolerance = 1e-9)
    expect_equal(curve$conf.low[4], .3903, tolerance = 2e-4)
    expect_equal(curve$conf.high[4], .9398, tolerance = 2e-4)
})

test_that("a row of weight 2 is the row twice; order of rows and unit of time change nothing", {
    for (shape in 1:20) {
        d <- random_cohort(shape)
        weighted <- tidy(kaplan_meier(Surv(time, status) ~ group, d, weights = weight))
        expect_identical(weighted, tidy(kaplan_meier(Surv(time, status) ~ group, replicated(d))))
        expect_identical(tidy(kaplan_meier(Surv(time, status) ~ group, d)),
                         tidy(kaplan_meier(Surv(time, status) ~ group, d[sample(nrow(d)), ])))
        months <- tidy(kaplan_meier(Surv(time, status) ~ 1, d))
        years <- tidy(kaplan_meier(Surv(time / 12, status) ~ 1, d))
        expect_identical(years[-2], months[-2])
        expect_equal(12 * years$time, months$time, tolerance = 1e-15)
    }
})

test_that("whole times are counted and others sorted to the same table", {
    set.seed(4)
    d <- data.frame(t = sample(0:40, 500, TRUE), s = rbinom(500, 1, 0.4), e = 0, g = sample(3, 500, TRUE))
    d$e <- ifelse(d$t > 0 & runif(500) < 0.5, floor(d$t * runif(500)), 0)
    d <- d[d$e < d$t, ]
    expect_identical(tidy(kaplan_meier(Surv(e, t, s) ~ g, d))[-2],
                     tidy(kaplan_meier(Surv(e / 7, t / 7, s) ~ g, d))[-2])
})

test_that("a group that empties early is said to", {
    fit <- kaplan_meier(Surv(c(0, 3), c(2, 6), c(1, 1)), conf.type = "log-log")
    expect_identical(tidy(fit)$estimate, c(1, 0, 0))
    late <- kaplan_meier(Surv(c(0, 0, 1), c(2, 2, 6), c(1, 1, 1)), conf.type = "log-log")
    expect_identical(tidy(late)$n.risk, c(2, 3, 1))
    auto <- kaplan_meier(Surv(c(0, 0, 1), c(2, 2, 6), c(1, 1, 1)))
    expect_match(auto$notes, "left-truncated", all = FALSE)
})

test_that("at risk between two times counts those who entered since", {
    fit <- kaplan_meier(Surv(c(0, 0, 4), c(3, 10, 12), c(1, 1, 0)))
    expect_identical(survival_at(fit, c(0, 1, 3, 4, 5, 10, 12, 13))$n.risk, c(2, 2, 2, 1, 2, 2, 1, 0))
})

test_that("quantiles equal survfit, midpoint rule included", {
    for (shape in 1:40) {
        d <- random_cohort(shape)
        ours <- quantile(kaplan_meier(Surv(time, status) ~ 1, d, conf.type = "log"), c(0.1, 0.25, 0.5, 0.9))
        peer <- stats::quantile(survival::survfit(Surv(time, status) ~ 1, d, conf.type = "log"), c(0.1, 0.25, 0.5, 0.9))
        expect_equal(ours$estimate, replace(unname(peer$quantile), is.na(peer$quantile), Inf), tolerance = 1e-7)
        expect_equal(ours$conf.low, replace(unname(peer$lower), is.na(peer$lower), Inf), tolerance = 1e-7)
        expect_equal(ours$conf.high, replace(unname(peer$upper), is.na(peer$upper), Inf), tolerance = 1e-7)
    }
})

test_that("follow-up is the reverse Kaplan-Meier", {
    fit <- tidy(followup_time(Surv(time, status) ~ 1, survival::lung, conf.type = "log", probs = 0.5))
    expect_identical(unlist(fit[c("estimate", "conf.low", "conf.high")], use.names = FALSE), c(588, 511, 1010))
    seed <- tidy(followup_time(Surv(months_11, rep(0, 11))))
    expect_identical(unique(seed$total), 473)
    expect_identical(range(seed$minimum, seed$maximum), c(24, 68))
})

test_that("print shows curve, card and notes, and numbers fit one line", {
    shown <- capture.output(print(kaplan_meier(Surv(time, cens) ~ treat, gehan)))
    expect_match(shown, "Kaplan-Meier estimate of survival, 95% beta-product interval", all = FALSE)
    expect_match(shown, "treat=6-MP +0 +21", all = FALSE)
    expect_match(shown, "measure: +probability of no event", all = FALSE)
    expect_match(shown, "10 more rows", all = FALSE)
})

test_that("a long curve is the same on any number of threads and at any place as alone", {
    set.seed(11)
    n <- 40000
    d <- data.frame(time = rexp(n), status = rbinom(n, 1, 0.7))
    old <- options(osseosurv.threads = 1)
    on.exit(options(old))
    for (conf.type in c("beta-product", "log-log", "arcsin")) {
        options(osseosurv.threads = 1)
        one <- tidy(kaplan_meier(Surv(time, status) ~ 1, d, conf.type = conf.type))
        options(osseosurv.threads = 2)
        expect_identical(tidy(kaplan_meier(Surv(time, status) ~ 1, d, conf.type = conf.type)), one)
        if (conf.type == "beta-product") {
            last <- seq(2, nrow(one), length.out = 50)
            high <- vapply(last, function(k) {
                y <- one$n.risk[2:k]
                left <- y - one$n.event[2:k] + 1
                mean <- prod(left / (y + 1))
                size <- (1 - mean) / (mean * (prod(1 + (y + 1 - left) / (left * (y + 2))) - 1)) - 1
                qbeta(0.975, mean * size, (1 - mean) * size)
            }, 0)
            expect_equal(one$conf.high[last], high, tolerance = 1e-9)
        } else {
            theirs <- survival::survfit(survival::Surv(time, status) ~ 1, d, conf.type = conf.type)
            inside <- !is.na(one$conf.low)
            at <- match(signif(one$time, 7), signif(theirs$time, 7))
            expect_gt(sum(inside & !is.na(at)), 35000)
            same <- which(inside & !is.na(at) & one$n.risk == theirs$n.risk[at])
            expect_equal(one$conf.low[same], theirs$lower[at[same]], tolerance = 1e-12)
            expect_equal(one$conf.high[same], theirs$upper[at[same]], tolerance = 1e-12)
        }
    }
})
