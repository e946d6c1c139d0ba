tight <- list(threshold = 1e-12, maxiter = 1000)

random_studies <- function(k) {
    size <- sample(5:60, k, replace = TRUE)
    data.frame(x = rbinom(k, size, plogis(rnorm(k, -1.2, 0.8))), n = size, time = round(rexp(k, 1 / 200), 2) + 1,
               group = sample(c("porous", "solid"), k, replace = TRUE), age = round(rnorm(k, 50, 10)))
}

test_that("normal-normal fits equal metafor on random data, levels and slopes too", {
    skip_if_not_installed("metafor")
    set.seed(301)
    for (k in c(3, 4, 7, 15, 40)) {
        d <- random_studies(k)
        d$group[1:2] <- c("porous", "solid")
        for (measure in c("PLO", "IRLN")) {
            e <- if (measure == "PLO") metafor::escalc("PLO", xi = d$x, ni = d$n, add = 1 / 2, to = "only0") else
                metafor::escalc("IRLN", xi = d$x, ti = d$time, add = 1 / 2, to = "only0")
            for (method in c("reml", "ml", "pm", "dl", "fixed")) {
                peer_method <- c(reml = "REML", ml = "ML", pm = "PM", dl = "DL", fixed = "FE")[[method]]
                test <- if (method == "fixed") "z" else "hksj"
                fit <- function(mods = NULL) {
                    control <- if (method == "pm") list(tol = 1e-13) else tight
                    suppressWarnings(if (is.null(mods)) {
                        metafor::rma.uni(e$yi, e$vi, method = peer_method, test = if (test == "z") "z" else "knha", control = control)
                    } else {
                        metafor::rma.uni(e$yi, e$vi, mods = mods, method = peer_method, test = if (test == "z") "z" else "knha", control = control)
                    })
                }
                ours <- function(...) if (measure == "PLO") meta_analysis(d$x, d$n, method = method, test = test, link = TRUE, ...) else
                    meta_analysis(d$x, time = d$time, method = method, test = test, link = TRUE, ...)
                peer <- fit()
                m <- ours()
                expect_equal(tidy(m)$estimate, as.numeric(peer$beta), tolerance = 1e-8)
                expect_equal(tidy(m)$std.error, peer$se, tolerance = 1e-8)
                expect_equal(c(tidy(m)$conf.low, tidy(m)$conf.high), c(peer$ci.lb, peer$ci.ub), tolerance = 1e-8)
                expect_equal(glance(m)$q, peer$QE, tolerance = 1e-10)
                expect_equal(glance(m)$q.p.value, peer$QEp, tolerance = 1e-10)
                expect_equal(glance(m)$logLik, as.numeric(logLik(peer)), tolerance = 1e-8)
                if (method != "fixed") {
                    expect_equal(glance(m)$tau2, peer$tau2, tolerance = 1e-6, info = paste(k, measure, method))
                    expect_equal(100 * glance(m)$i2, peer$I2, tolerance = 1e-6)
                }
                peer <- fit(~ d$group)
                m <- ours(moderator = ~ group, data = d)
                row <- tidy(m)[3, ]
                expect_identical(row$term, "solid - porous")
                expect_equal(c(row$estimate, row$std.error, row$conf.low, row$conf.high, row$p.value),
                             c(peer$beta[2], peer$se[2], peer$ci.lb[2], peer$ci.ub[2], peer$pval[2]), tolerance = 1e-6)
                expect_equal(tidy(m)$estimate[1], peer$beta[1], tolerance = 1e-7)
                if (k > 3) {
                    peer <- fit(~ d$age)
                    row <- tidy(ours(moderator = ~ age, data = d))
                    expect_equal(row$estimate, as.numeric(peer$beta), tolerance = 1e-6)
                    expect_equal(row$std.error, peer$se, tolerance = 1e-6)
                }
            }
        }
    }
})

test_that("Q-profile interval equals metafor", {
    skip_if_not_installed("metafor")
    set.seed(302)
    for (k in c(3, 8, 20)) {
        d <- random_studies(k)
        e <- metafor::escalc("PLO", xi = d$x, ni = d$n, add = 1 / 2, to = "only0")
        peer <- metafor::confint.rma.uni(metafor::rma.uni(e$yi, e$vi), control = list(tol = 1e-12))$random[1, ]
        g <- glance(meta_analysis(d$x, d$n, method = "reml"))
        if (!anyNA(peer)) expect_equal(c(g$tau2.low, g$tau2.high), unname(peer[2:3]), tolerance = 1e-6)
    }
})

# Log risk ratios and variances of the 13 BCG trials (Colditz et al. 1994, JAMA 271:698), and their absolute latitudes.
bcg <- local({
    tpos <- c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27)
    tneg <- c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886)
    cpos <- c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29)
    cneg <- c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825)
    list(y = log(tpos / (tpos + tneg)) - log(cpos / (cpos + cneg)),
         v = 1 / tpos - 1 / (tpos + tneg) + 1 / cpos - 1 / (cpos + cneg),
         latitude = c(44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33))
})

test_that("BCG trials: printed variances, HKSJ and prediction interval", {
    fit <- function(method, x = matrix(1, 13, 1)) osseosurv:::fit_normal_normal(bcg$y, bcg$v, x, method)
    expect_equal(fit("dl")$tau2, 0.308760, tolerance = 1e-5)
    expect_equal(fit("reml")$tau2, 0.313243, tolerance = 1e-5)
    expect_equal(fit("pm")$tau2, 0.318068452, tolerance = 1e-8)
    expect_equal(fit("ml")$tau2, 0.280028, tolerance = 1e-5)
    reml <- fit("reml")
    expect_equal(c(reml$beta, sqrt(reml$vcov)), c(-0.714532, 0.179782), tolerance = 1e-5)
    se <- sqrt(reml$vcov[1] * reml$scale)
    expect_equal(se, 0.180792, tolerance = 1e-5)
    expect_equal(reml$beta + c(-1, 1) * qt(0.975, 12) * se, c(-1.108444, -0.320621), tolerance = 1e-5)
    expect_equal(reml$beta + c(-1, 1) * qt(0.975, 12) * sqrt(se^2 + reml$tau2), c(-1.996017, 0.566952), tolerance = 1e-5)
    expect_equal(c(reml$tau2.low, reml$tau2.high), c(0.1197, 1.1115), tolerance = 1e-3)
    slope <- fit("reml", cbind(1, bcg$latitude))
    expect_equal(slope$beta, c(0.251464, -0.029102), tolerance = 1e-4)
    # The printed .076355 is where the peer's default control stops; the optimum is 0.0763480.
    expect_equal(slope$tau2, 0.076355, tolerance = 2e-4)
    expect_lt(abs(slope$gradient), 1e-8)
})

test_that("Pritz: REML on the logit, interval and prediction interval", {
    skip_if_not_installed("metadat")
    d <- metadat::dat.pritz1997
    m <- meta_analysis(d$xi, d$ni, method = "reml", test = "z", link = TRUE)
    expect_equal(c(glance(m)$tau2, tidy(m)$estimate, tidy(m)$std.error), c(0.3646, 1.1389, 0.2415), tolerance = 1e-3)
    expect_equal(c(glance(m)$q, glance(m)$q.p.value), c(29.7855, 0.00506), tolerance = 1e-3)
    m <- tidy(meta_analysis(d$xi, d$ni, method = "reml", test = "z"))
    expect_equal(c(m$estimate, m$conf.low, m$conf.high), c(0.7575, 0.6605, 0.8337), tolerance = 1e-3)
    half <- qt(0.975, 13) * sqrt(0.3646 + 0.2415^2)
    expect_equal(qlogis(c(m$pred.low, m$pred.high)), 1.1389 + c(-half, half), tolerance = 1e-3)
})

# Slow and obvious: the log-likelihood from the densities.
beta_binomial <- function(x, n, mean, g) {
    a <- mean / g
    b <- (1 - mean) / g
    sum(lchoose(n, x) + lbeta(x + a, n - x + b) - lbeta(a, b))
}
gamma_poisson <- function(x, time, mean, g) sum(dnbinom(x, size = 1 / g, mu = mean * time, log = TRUE))

test_that("count log-likelihoods equal their densities, derivatives equal differences", {
    set.seed(303)
    for (trial in 1:20) {
        k <- sample(1:6, 1)
        d <- random_studies(k)
        x <- cbind(1, d$age / 50)
        at <- c(rnorm(1, -1), rnorm(1, 0, 0.3), rnorm(1, -1.5, 1.5))
        for (kind in 0:1) {
            size <- if (kind) d$time else d$n
            value <- function(at) .Call(osseosurv:::ffi_count_loglik, kind, as.double(d$x), as.double(size), x, at)
            eta <- as.vector(x %*% at[1:2])
            slow <- if (kind) gamma_poisson(d$x, size, exp(eta), exp(at[3])) else
                beta_binomial(d$x, size, plogis(eta), exp(at[3]))
            here <- value(at)
            expect_equal(here$value, slow, tolerance = 1e-10)
            h <- 1e-5
            up <- lapply(1:3, function(j) value(at + h * (1:3 == j)))
            down <- lapply(1:3, function(j) value(at - h * (1:3 == j)))
            difference <- function(part) mapply(function(u, d) (u[[part]] - d[[part]]) / (2 * h), up, down)
            scale <- 1 + max(abs(here$gradient))
            expect_lt(max(abs(difference("value") - here$gradient)) / scale, 1e-6)
            expect_lt(max(abs(difference("gradient") - here$hessian)) / (1 + max(abs(here$hessian))), 1e-6)
        }
    }
})

test_that("small g meets the series: values and derivatives are continuous there", {
    at <- function(f) .Call(osseosurv:::ffi_count_loglik, 1L, c(3, 0, 8), c(10, 7, 30), matrix(1, 3, 1), c(-1.2, f))
    # u = g m passes 0.05 inside this range.
    g <- seq(-7, -3, by = 0.01)
    second <- vapply(g, function(f) at(f)$hessian[4], 0)
    slope <- vapply(g, function(f) at(f)$gradient[2], 0)
    expect_lt(max(abs(diff(slope) / 0.01 - (second[-1] + second[-length(second)]) / 2)), 1e-4)
    expect_equal(at(-30)$value, sum(dpois(c(3, 0, 8), exp(-1.2) * c(10, 7, 30), log = TRUE)), tolerance = 1e-12)
})

test_that("the count fit is the maximum that a general optimiser finds", {
    set.seed(304)
    for (trial in 1:25) {
        d <- random_studies(sample(3:12, 1))
        if (sum(d$x) == 0) next
        for (rate in c(FALSE, TRUE)) {
            m <- if (rate) meta_analysis(d$x, time = d$time, method = "beta-binomial") else
                meta_analysis(d$x, d$n, method = "beta-binomial")
            # Below exp(-9) the beta functions lose digits and the binomial is as good.
            minus <- function(par) {
                if (par[2] > 9) return(1e10)
                g <- exp(max(par[2], -9))
                if (rate) -gamma_poisson(d$x, d$time, exp(par[1]), g) else -beta_binomial(d$x, d$n, plogis(par[1]), g)
            }
            best <- Inf
            for (start in c(-4, -1, 1)) {
                found <- optim(c(if (rate) log(sum(d$x) / sum(d$time)) else qlogis(sum(d$x) / sum(d$n)), start), minus,
                               control = list(reltol = 1e-14, maxit = 5000))
                best <- min(best, found$value)
            }
            expect_gte(glance(m)$logLik, -best - 1e-7)
            expect_lt(glance(m)$gradient, 1e-6)
            expect_true(glance(m)$converged)
        }
    }
})

test_that("the standard error comes from the observed information", {
    x <- c(1, 9, 2, 14, 0)
    n <- c(20, 30, 15, 25, 12)
    m <- meta_analysis(x, n, method = "beta-binomial", link = TRUE)
    row <- tidy(m)
    minus <- function(par) -beta_binomial(x, n, plogis(par[1]), exp(par[2]))
    peak <- optim(c(-1, -1), minus, control = list(reltol = 1e-15, maxit = 5000))$par
    se <- sqrt(solve(optimHess(peak, minus, control = list(ndeps = c(1e-4, 1e-4))))[1, 1])
    expect_equal(row$std.error, se, tolerance = 1e-4)
    expect_equal(row$conf.high, row$estimate + qt(0.975, 4) * row$std.error, tolerance = 1e-12)
})

test_that("profile limits drop the profile likelihood by the chi-square quantile", {
    x <- c(1, 9, 2, 14, 0)
    n <- c(20, 30, 15, 25, 12)
    m <- meta_analysis(x, n, method = "beta-binomial", test = "profile")
    profile <- function(mean) optimize(function(f) beta_binomial(x, n, mean, exp(f)), c(-12, 8), maximum = TRUE,
                                       tol = 1e-10)$objective
    for (end in c("conf.low", "conf.high")) {
        expect_equal(2 * (glance(m)$logLik - profile(tidy(m)[[end]])), qchisq(0.95, 1), tolerance = 1e-7)
    }
    # Boundary: no variation between the studies beyond chance.
    m <- meta_analysis(c(2, 4, 3), c(20, 40, 30), method = "beta-binomial", test = "profile")
    expect_identical(glance(m)$overdispersion, 0)
    profile <- function(mean) max(sum(dbinom(c(2, 4, 3), c(20, 40, 30), mean, log = TRUE)),
                                  optimize(function(f) beta_binomial(c(2, 4, 3), c(20, 40, 30), mean, exp(f)), c(-12, 8),
                                           maximum = TRUE, tol = 1e-10)$objective)
    for (end in c("conf.low", "conf.high")) {
        expect_equal(2 * (glance(m)$logLik - profile(tidy(m)[[end]])), qchisq(0.95, 1), tolerance = 1e-7)
    }
})

test_that("no event in any study: an upper limit, exact 10.3% under homogeneity", {
    m <- meta_analysis(c(0, 0, 0), c(14, 11, 9))
    row <- tidy(m)
    expect_identical(c(row$estimate, row$conf.low), c(0, 0))
    expect_equal(row$exact.high, 1 - 0.025^(1 / 34), tolerance = 1e-12)
    # All events may fall in one population: the likelihood is then (1 - mean)^k.
    expect_equal(row$conf.high, 1 - exp(-qchisq(0.95, 1) / 6), tolerance = 1e-6)
    expect_true(row$pred.high > 0.05 && row$pred.high < 0.3)
    expect_match(paste(m$notes, collapse = " "), "one patient")
    exact <- tidy(meta_analysis(c(0, 0, 0), c(14, 11, 9), method = "exact"))
    expect_equal(exact$conf.high, 0.1028, tolerance = 1e-3)
    rates <- tidy(meta_analysis(c(0, 0), time = c(100, 50)))
    expect_equal(rates$conf.high, -log(0.025) / 150, tolerance = 1e-12)
    rates <- meta_analysis(c(0, 0, 0), time = c(100, 50, 30))
    expect_identical(tidy(rates)$conf.high, Inf)
    expect_equal(tidy(rates)$exact.high, -log(0.025) / 180, tolerance = 1e-12)
    expect_match(paste(rates$notes, collapse = " "), "Inf")
    all <- tidy(meta_analysis(c(14, 11, 9), c(14, 11, 9)))
    expect_equal(1 - all$conf.low, row$conf.high, tolerance = 1e-6)
    expect_identical(all$conf.high, 1)
})

test_that("heterogeneous studies: both intervals stand side by side with the reason", {
    m <- meta_analysis(c(0, 10, 0), c(14, 39, 11))
    row <- tidy(m)
    expect_equal(c(row$exact.low, row$exact.high), unname(stats::binom.test(10, 64)$conf.int[1:2]), tolerance = 1e-10)
    expect_true(row$conf.low < row$exact.low && row$conf.high > row$exact.high)
    expect_match(paste(m$notes, collapse = " "), "differ more than by chance")
    reml <- tidy(meta_analysis(c(0, 10, 0), c(14, 39, 11), method = "reml"))
    expect_equal(c(reml$estimate, reml$conf.low, reml$conf.high), c(0.114, 0.00465, 0.781), tolerance = 2e-2)
})

test_that("one and two studies: the exact interval and what cannot be estimated", {
    for (method in c("auto", "reml", "beta-binomial")) {
        m <- meta_analysis(2, 20, method = method)
        expect_identical(glance(m)$method, "exact")
        expect_equal(unlist(tidy(m)[c("conf.low", "conf.high")], use.names = FALSE),
                     stats::binom.test(2, 20)$conf.int[1:2], tolerance = 1e-10)
        expect_match(m$notes[1], "cannot be estimated")
    }
    m <- meta_analysis(c(2, 0), c(20, 8))
    expect_identical(glance(m)$method, "exact")
    expect_match(paste(meta_analysis(c(2, 1), c(20, 8), method = "reml")$notes, collapse = " "), "1 degree of freedom")
})

test_that("order of studies, names of levels and the unit of time change nothing but the labels", {
    set.seed(305)
    d <- random_studies(9)
    d$group[1:2] <- c("porous", "solid")
    shuffled <- d[sample(9), ]
    for (method in c("beta-binomial", "reml", "exact")) {
        one <- tidy(meta_analysis(x, n, moderator = ~ group, data = d, method = method))
        two <- tidy(meta_analysis(x, n, moderator = ~ group, data = shuffled, method = method))
        expect_equal(one, two, tolerance = 1e-7)
        years <- tidy(meta_analysis(x, time = time, data = d, method = method))
        months <- tidy(meta_analysis(x, time = 12 * time, data = d, method = method))
        for (column in c("estimate", "conf.low", "conf.high", "exact.high")) {
            expect_equal(years[[column]], 12 * months[[column]], tolerance = 1e-6, info = paste(method, column))
        }
        if (method != "exact") expect_equal(years$pred.high, 12 * months$pred.high, tolerance = 1e-4)
    }
    one <- meta_analysis(x, n, data = d)
    mirrored <- meta_analysis(n - x, n, data = d)
    expect_equal(tidy(one)$conf.low, 1 - tidy(mirrored)$conf.high, tolerance = 1e-8)
    expect_equal(tidy(one)$pred.low, 1 - tidy(mirrored)$pred.high, tolerance = 1e-5)
})

test_that("a level without events has a one-sided interval, the others are not harmed", {
    d <- data.frame(x = c(0, 0, 3, 5), n = c(15, 11, 18, 20), g = c("porous", "porous", "solid", "solid"))
    row <- tidy(meta_analysis(x, n, moderator = ~ g, data = d))
    expect_identical(c(row$estimate[1], row$conf.low[1]), c(0, 0))
    expect_true(row$conf.high[1] > 0.02 && row$conf.high[1] < 0.8)
    expect_equal(row$estimate[2], 8 / 38, tolerance = 1e-6)
    expect_identical(c(row$estimate[3], row$conf.high[3]), c(Inf, Inf))
    expect_true(is.finite(row$conf.low[3]))
    expect_equal(row$exact.low[3], log(stats::fisher.test(matrix(c(8, 30, 0, 26), 2))$conf.int[1]), tolerance = 1e-8)
    none <- meta_analysis(c(0, 0, 0, 0), n, moderator = ~ g, data = d)
    expect_true(all(is.na(unlist(tidy(none)[3, c("conf.low", "conf.high", "exact.low")]))))
})

test_that("contrasts and link: exponentiate and link = TRUE are the same numbers transformed", {
    d <- data.frame(x = c(3, 8, 7, 1, 2), n = c(18, 24, 27, 15, 11), g = c("solid", "solid", "solid", "porous", "porous"))
    for (method in c("beta-binomial", "reml", "exact")) {
        plain <- tidy(meta_analysis(x, n, moderator = ~ g, data = d, method = method))
        link <- tidy(meta_analysis(x, n, moderator = ~ g, data = d, method = method, link = TRUE, exponentiate = TRUE))
        for (column in c("estimate", "conf.low", "conf.high", "pred.low", "exact.high")) {
            expect_equal(qlogis(plain[[column]][1:2]), link[[column]][1:2], tolerance = 1e-10)
            expect_equal(exp(plain[[column]][3]), link[[column]][3], tolerance = 1e-10)
        }
        expect_identical(link$scale, c("logit", "logit", "odds ratio"))
    }
})

test_that("HKSJ narrower than z is said, and adhoc removes it", {
    m <- meta_analysis(c(5, 5, 5, 5), c(20, 20, 21, 20), method = "reml")
    expect_match(paste(m$notes, collapse = " "), "HKSJ interval is")
    floor <- meta_analysis(c(5, 5, 5, 5), c(20, 20, 21, 20), method = "reml", adhoc = TRUE)
    expect_false(any(grepl("HKSJ interval is", floor$notes)))
    expect_gt(tidy(floor)$std.error, tidy(m)$std.error)
})

test_that("leave one out repeats the analysis without each study", {
    x <- c(3, 8, 7, 1)
    n <- c(18, 24, 27, 15)
    m <- meta_analysis(x, n, method = "reml", study = c("a", "b", "c", "d"))
    rows <- leave_one_out(m)
    expect_identical(rows$omitted, c("", "a", "b", "c", "d"))
    expect_equal(rows$estimate[3], tidy(meta_analysis(x[-2], n[-2], method = "reml"))$estimate, tolerance = 1e-14)
    expect_identical(nrow(leave_one_out(meta_analysis(c(1, 2), c(9, 8)))), 3L)
    expect_error(leave_one_out(meta_analysis(1, 9)), class = "osseosurv_invalid")
})

test_that("the result survives saveRDS and has its parts", {
    d <- data.frame(x = c(3, 8, 7, 1, 2), n = c(18, 24, 27, 15, 11), g = c("solid", "solid", "solid", "porous", "porous"))
    m <- meta_analysis(x, n, moderator = ~ g, data = d)
    file <- tempfile()
    on.exit(unlink(file))
    saveRDS(m, file)
    expect_identical(tidy(readRDS(file)), tidy(m))
    expect_lt(file.size(file), 20000)
    expect_match(methods_text(m), "Griffiths")
    expect_output(print(m), "beta-binomial")
    expect_named(glance(m), c("k", "tau2", "tau2.low", "tau2.high", "i2", "q", "q.p.value", "overdispersion", "logLik",
                              "method", "test", "df.pred", "converged", "iterations", "gradient"))
})

test_that("missing rows are counted, empty levels dropped with a warning", {
    d <- data.frame(x = c(3, NA, 7, 1), n = c(18, 24, 27, 15), g = factor(c("a", "a", "b", "b"), c("a", "b", "c")))
    expect_warning(m <- meta_analysis(x, n, moderator = ~ g, data = d, method = "exact"), class = "osseosurv_invalid")
    expect_match(m$notes[1], "1 of 4 studies left out")
    expect_identical(glance(m)$k, 3L)
})

test_that("bad input is one classed error that names argument and row", {
    bad <- function(code, argument, index = NULL) {
        caught <- expect_error(code, class = "osseosurv_invalid")
        expect_identical(caught$argument, argument)
        if (!is.null(index)) expect_equal(caught$index, index)
    }
    bad(meta_analysis(c(1, 2)), "n")
    bad(meta_analysis(c(1, 2), c(3, 4), time = c(3, 4)), "time")
    bad(meta_analysis(c(1, 5), c(3, 4)), "events", 2)
    bad(meta_analysis(c(1, 1.5), c(3, 4)), "events", 2)
    bad(meta_analysis(c(1, -1), c(3, 4)), "events", 2)
    bad(meta_analysis(c(1, Inf), c(3, 4)), "events", 2)
    bad(meta_analysis(c(0, 0), c(3, 0)), "n", 2)
    bad(meta_analysis(c(0, 0), time = c(3, 0)), "time", 2)
    bad(meta_analysis(c(0, 0), time = c(3, Inf)), "time", 2)
    bad(meta_analysis(c(1, 1), c(3, 4, 5)), "n")
    bad(meta_analysis(numeric(), numeric()), "events")
    bad(meta_analysis(c(1, 1), c(3, 4), measure = "rate"), "measure")
    bad(meta_analysis(c(1, 1), c(3, 4), method = "glmm"), "method")
    bad(meta_analysis(c(1, 1), c(3, 4), method = "HKSJ"), "method")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), method = "beta-binomial", test = "hksj"), "test")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), method = "reml", test = "profile"), "test")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), moderator = "g"), "moderator")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), moderator = ~ nowhere), "moderator")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), moderator = ~ a + b, data = data.frame(a = 1:3, b = 2 * (1:3))), "moderator")
    bad(meta_analysis(c(1, 1, 1), c(3, 4, 5), moderator = ~ a, data = data.frame(a = 1:3), method = "exact"), "moderator")
    bad(meta_analysis(c(1, 1), c(3, 4), conf.level = 95), "conf.level")
    bad(meta_analysis(c(1, 1), c(3, 4), cnf.level = 0.9), "...")
})

test_that("a small p of the exact contrast keeps its digits", {
    two <- data.frame(g = c("a", "b"))
    rates <- tidy(meta_analysis(c(2, 500), time = c(1000, 1000), moderator = ~g, data = two, method = "exact"))
    # Binomial 500 or more of 502 at 1/2: 126254 / 2^502.
    expect_equal(log(rates$p.value[3]), log(2 * sum(choose(502, 0:2))) - 502 * log(2), tolerance = 1e-10)
    risks <- tidy(meta_analysis(c(0, 500), c(1000, 1000), moderator = ~g, data = two, method = "exact"))
    expect_equal(log(risks$p.value[3]), log(2) + lchoose(1000, 500) - lchoose(2000, 500), tolerance = 1e-8)
})
