after_data <- function() {
    set.seed(51)
    n <- 150
    d <- data.frame(a = stats::rnorm(n), g = factor(sample(c("p", "q", "r"), n, TRUE)), s = sample(2, n, TRUE),
                    o = stats::rnorm(n, 0, 0.2))
    event <- 40 * stats::rexp(n, exp(0.5 * d$a + (d$g == "q")))
    censored <- stats::runif(n, 5, 90)
    d$t <- ceiling(pmin(event, censored))
    d$d <- as.integer(event <= censored)
    d$e <- floor(d$t * stats::runif(n, 0, 0.8))
    d
}

after_formulas <- list(Surv(t, d) ~ a + g, Surv(t, d) ~ a * g + strata(s), Surv(e, t, d) ~ a + g + strata(s) + offset(o),
                       Surv(e, t, d) ~ poly(a, 2) + g)

test_that("residuals are those of coxph", {
    d <- after_data()
    for (f in after_formulas) for (ties in c("efron", "breslow")) {
        environment(f) <- environment() # where the peers look for the data
        peer <- survival::coxph(f, d, ties = ties, control = survival::coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
        ours <- cox_ph(f, d, ties = ties)
        for (type in c("martingale", "deviance", "score", "dfbeta", "schoenfeld")) {
            expect_equal(as.vector(residuals(ours, type)), as.vector(stats::residuals(peer, type)), tolerance = 1e-8,
                         info = paste(deparse1(f), ties, type))
        }
    }
    robust <- cox_ph(Surv(t, d) ~ a + g, d, cluster = ~s)
    expect_true(is.na(glance(robust)$statistic.wald))
    expect_match(robust$notes, "2 clusters do not determine", all = FALSE)
    expect_equal(residuals(robust, "dfbeta"), residuals(cox_ph(Surv(t, d) ~ a + g, d), "dfbeta"), tolerance = 1e-10)
})

test_that("the test of proportional hazards is that of cox.zph", {
    d <- after_data()
    for (f in after_formulas) for (ties in c("efron", "breslow")) {
        environment(f) <- environment() # where the peers look for the data
        peer <- survival::coxph(f, d, ties = ties, control = survival::coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
        ours <- cox_ph(f, d, ties = ties)
        for (transform in c("km", "rank", "identity", "log")) {
            expect_equal(unname(as.matrix(tidy(ph_test(ours, transform))[-1])),
                         unname(survival::cox.zph(peer, transform)$table), tolerance = 1e-6,
                         info = paste(deparse1(f), ties, transform))
        }
    }
    test <- ph_test(cox_ph(Surv(t, d) ~ a + g, d))
    expect_s3_class(test, "htest")
    expect_identical(unname(test$statistic), tidy(test)$statistic[3])
    # One event: no trend in time.
    one <- ph_test(cox_ph(Surv(1:5, c(0, 0, 1, 0, 0)), x = c(2, 4, 3, 1, 5)))
    expect_true(is.na(one$p.value))
    expect_match(one$notes, "not estimable")
})

test_that("predicted survival is that of survfit", {
    d <- after_data()
    new <- data.frame(a = c(-1, 0, 2), g = c("p", "q", "r"), o = c(0, 0.1, 0.2), s = c(1, 2, 2))
    times <- c(0, 3, 10.5, 25, 60)
    for (f in after_formulas) for (ties in c("efron", "breslow")) {
        environment(f) <- environment() # where the peers look for the data
        peer <- survival::coxph(f, d, ties = ties, control = survival::coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
        ours <- cox_ph(f, d, ties = ties)
        for (type in c("log-log", "log", "plain")) {
            got <- survival_at(ours, times, new, conf.type = type)
            for (i in 1:3) {
                s <- summary(survival::survfit(peer, new[i, ], conf.type = type, se.fit = TRUE), times = times, extend = TRUE)
                own <- got[got$row == i, ]
                info <- paste(deparse1(f), ties, type, i)
                late <- is.na(own$estimate)
                if (length(s$surv) != length(times)) next
                expect_equal(own$estimate[!late], s$surv[!late], tolerance = 1e-8, info = info)
                expect_equal(own$std.error[!late], s$std.err[!late], tolerance = 1e-8, info = info)
                inside <- which(!late & own$estimate < 1)
                expect_equal(own$conf.low[inside], s$lower[inside], tolerance = 1e-8, info = info)
                expect_equal(own$conf.high[inside], s$upper[inside], tolerance = 1e-8, info = info)
                expect_equal(own$n.risk[-1], s$n.risk[-1], info = info)
            }
        }
    }
    all_strata <- survival_at(cox_ph(Surv(t, d) ~ a + strata(s), d), 10, data.frame(a = 0))
    expect_identical(all_strata$strata, c("s=1", "s=2"))
    none <- survival_at(cox_ph(Surv(t, d) ~ 1, d, ties = "breslow"), c(10, 20, 500))
    expect_equal(none$estimate[1:2], exp(-c(summary(survival::survfit(Surv(t, d) ~ 1, d), c(10, 20))$cumhaz)), tolerance = 1e-12)
    expect_true(is.na(none$estimate[3]))
    expect_error(survival_at(cox_ph(Surv(t, d) ~ g, d), 1, data.frame(g = "z")), "must be one of", class = "osseosurv_invalid")
})
