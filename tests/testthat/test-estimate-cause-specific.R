two_causes <- function(shape) {
    set.seed(shape)
    d <- data.frame(time = ceiling(rexp(60, 0.1)), a = rnorm(60), g = sample(letters[1:3], 60, TRUE),
                    cause = sample(0:2, 60, TRUE), weight = sample(1:3, 60, TRUE), id = sample(20, 60, TRUE))
    d$state <- factor(d$cause, 0:2, c("censored", "loosening", "infection"))
    d
}

test_that("each cause equals coxph with the other censored", {
    for (shape in 1:4) {
        d <- two_causes(shape)
        for (ties in c("efron", "breslow")) {
            fit <- cause_specific_cox(Surv(time, state) ~ a + g, d, ties = ties, conf.method = "wald")
            for (k in 1:2) {
                peer <- survival::coxph(Surv(time, cause == k) ~ a + g, d, ties = ties,
                                        control = survival::coxph.control(eps = 1e-13, toler.chol = 1e-14))
                own <- tidy(fit)[tidy(fit)$cause == levels(d$state)[k + 1], ]
                expect_identical(own$term, names(coef(peer)))
                expect_equal(own$estimate, unname(coef(peer)), tolerance = 1e-8)
                expect_equal(own$std.error, unname(sqrt(diag(vcov(peer)))), tolerance = 1e-8)
                expect_identical(unique(own$n.event), as.numeric(sum(d$cause == k)))
            }
        }
        own <- cox_ph(Surv(time, state == "infection") ~ a + strata(g), d, weights = weight)
        both <- cause_specific_cox(Surv(time, state) ~ a + strata(g), d, weights = weight)
        expect_equal(tidy(both)[2, -(1:4)], tidy(own)[-1], ignore_attr = TRUE)
        robust <- cause_specific_cox(Surv(time, state) ~ a, d, cluster = ~id)
        expect_equal(tidy(robust)$std.error[1], tidy(cox_ph(Surv(time, state == "loosening") ~ a, d, cluster = ~id))$std.error)
    }
})

test_that("Firth only where a cause is separated, and a note says so", {
    d <- two_causes(1)
    d$cause[d$g == "b" & d$cause == 2] <- 0
    d$state <- factor(d$cause, 0:2, c("censored", "loosening", "infection"))
    fit <- cause_specific_cox(Surv(time, state) ~ g, d)
    expect_identical(tidy(fit)$penalty, c("none", "none", "firth", "firth"))
    expect_true(all(is.finite(tidy(fit)$estimate)))
    expect_match(fit$notes, "Cause infection: Firth's penalty, since the likelihood is monotone in gb", all = FALSE)
    expect_match(methods_text(fit), "used for infection")
    firth <- cox_ph(Surv(time, state == "infection") ~ g, d, penalty = "firth")
    expect_equal(tidy(fit)$conf.low[3:4], tidy(firth)$conf.low)
    none <- cause_specific_cox(Surv(time, state) ~ g, d, penalty = "none")
    expect_identical(tidy(none)$estimate[3], -Inf)
    ratio <- tidy(fit, exponentiate = TRUE)
    expect_equal(ratio$estimate, exp(tidy(fit)$estimate))
    expect_equal(tidy(cause_specific_cox(Surv(time, state) ~ g, d, exponentiate = TRUE)), ratio)
})

test_that("a cause without events is NA beside the other; bad input is a classed error", {
    d <- two_causes(2)
    d <- d[d$cause != 2, ]
    fit <- cause_specific_cox(Surv(time, state) ~ a, d)
    expect_identical(is.na(tidy(fit)$estimate), c(FALSE, TRUE))
    expect_match(fit$notes, "Cause infection: No event", all = FALSE)
    fails <- function(code, pattern) expect_error(code, pattern, class = "osseosurv_invalid")
    fails(cause_specific_cox(Surv(time, cause) ~ a, d), "factor")
    fails(cause_specific_cox(Surv(time, state) ~ a, d, penalty = "ridge"), "penalty")
    fails(cause_specific_cox(Surv(time, state) ~ a, d, penalty = "firth", cluster = ~id), "cluster")
    fails(cause_specific_cox(Surv(time, state) ~ a, d, conf.method = "profile", cluster = ~id), "profile")
    fails(cause_specific_cox(Surv(time, state) ~ a, d, cluster.correction = "CR2"), "cluster")
})
