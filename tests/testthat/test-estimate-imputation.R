test_that("the imputed curves are those of the imputed times", {
    set.seed(4)
    for (k in 1:10) {
        n <- sample(3:30, 1)
        left <- sample(c(0, 3, 6, 12), n, TRUE)
        right <- c("0" = 3, "3" = 6, "6" = 12, "12" = Inf)[as.character(left)] + sample(0:1, n, TRUE)
        right[runif(n) < 0.2] <- Inf
        arm <- sample(c("a", "b"), n, TRUE)
        data <- data.frame(left, right, arm)
        times <- c(2, 4, 8)
        x <- tidy(imputation_contrast(Surv(left, right, type = "interval2") ~ arm, data, times))
        event <- is.finite(right)
        for (rule in c("mid-point", "right end")) {
            time <- ifelse(!event, left, if (rule == "mid-point") (left + right) / 2 else right)
            want <- survival_at(kaplan_meier(Surv(time, event) ~ arm), times)
            got <- x[x$analysis == rule, ]
            expect_identical(got$strata, want$strata)
            expect_equal(got[c("time", "estimate", "conf.low", "conf.high")],
                         want[c("time", "estimate", "conf.low", "conf.high")], ignore_attr = TRUE)
        }
        honest <- survival_at(turnbull(Surv(left, right, type = "interval2") ~ arm, data), times)
        expect_equal(x$estimate[x$analysis == "npmle"], honest$estimate)
        expect_identical(unique(x$difference[x$analysis == "npmle" & !is.na(x$estimate)]),
                         if (all(is.na(honest$estimate))) numeric() else 0)
    }
})

test_that("exact and right-censored times leave nothing to impute", {
    lung <- survival::lung[1:60, ]
    x <- tidy(imputation_contrast(Surv(time, ifelse(status == 2, time, Inf), type = "interval2") ~ sex, lung,
                                  c(100, 300)))
    expect_true(all(abs(x$difference) < 1e-12))
    expect_identical(unique(x$strata), c("sex=1", "sex=2"))
    by_vector <- with(lung, imputation_contrast(Surv(time, ifelse(status == 2, time, Inf), type = "interval2"),
                                                times = c(100, 300), group = sex))
    expect_identical(tidy(by_vector)$estimate, x$estimate)
    expect_identical(unique(tidy(by_vector)$strata), c("group=1", "group=2"))
})

test_that("weights are equal rows, and the times asked for may be left to it", {
    data <- data.frame(left = c(0, 3, 6), right = c(3, 6, Inf), w = c(2, 1, 3))
    f <- Surv(left, right, type = "interval2") ~ 1
    expect_equal(tidy(imputation_contrast(f, data, weights = w)), tidy(imputation_contrast(f, data[rep(1:3, data$w), ])))
    expect_identical(unique(tidy(imputation_contrast(f, data))$time), c(3, 6))
    expect_error(imputation_contrast(f, data, times = -1), "`times`", class = "osseosurv_invalid")
})
