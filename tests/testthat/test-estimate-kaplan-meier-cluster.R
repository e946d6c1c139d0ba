clustered_cohort <- function(shape) {
    d <- random_cohort(shape)
    d$patient <- sample(max(2, nrow(d) %/% 2), nrow(d), TRUE)
    d
}

at_risk_of <- function(table) table[!is.na(table$std.error) & table$estimate > 0, ]

test_that("the uncorrected standard error is survfit's, whatever the data", {
    for (shape in 1:60) {
        d <- clustered_cohort(shape)
        truncated <- shape %% 3 == 0
        if (truncated) {
            d$entry <- pmax(0, d$entry - 1e-3)
            d <- d[d$entry < d$time * 0.99, ]
            if (!nrow(d)) next
        }
        ours <- if (truncated) {
            kaplan_meier(Surv(entry, time, status) ~ 1, d, weights = weight, cluster = ~patient, cluster.correction = "none")
        } else {
            kaplan_meier(Surv(time, status) ~ 1, d, weights = weight, cluster = ~patient, cluster.correction = "none")
        }
        response <- if (truncated) survival::Surv(d$entry, d$time, d$status) else survival::Surv(d$time, d$status)
        peer <- summary(survival::survfit(response ~ 1, weights = d$weight, cluster = d$patient, robust = TRUE),
                        censored = TRUE)
        table <- at_risk_of(tidy(ours))
        at <- findInterval(table$time, peer$time + 1e-9 * mean(d$time))
        at[at == 0] <- NA
        theirs <- peer$std.err[at + (abs(peer$time[pmin(at + 1, length(peer$time))] - table$time) < 1e-7)]
        known <- !is.na(theirs) & table$time > 0
        expect_equal(table$std.error[known], theirs[known], tolerance = 1e-8)
    }
})

test_that("two interfaces of one femur: figures of survfit, frozen", {
    d <- data.frame(time = c(3, 5, 6, 6, 8, 12, 12, 14, 20, 20), status = c(1, 1, 0, 1, 1, 0, 1, 1, 0, 0),
                    patient = rep(1:5, each = 2))
    table <- tidy(kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~patient, cluster.correction = "none"))
    frozen <- c(0.0894427191, 0.1788854382, 0.1788854382, 0.1769075925, 0.1526312429, 0.2190765004)
    expect_equal(table$std.error[table$n.event > 0], frozen, tolerance = 1e-7)
})

# The jackknife, each patient left out by calling the estimator again.
jackknife <- function(d) {
    all <- tidy(kaplan_meier(Surv(time, status) ~ 1, d, weights = weight))
    left <- vapply(unique(d$patient), function(one) {
        rest <- d[d$patient != one, ]
        curve <- tidy(kaplan_meier(Surv(time, status) ~ 1, rest, weights = weight))
        curve$estimate[findInterval(all$time + 1e-6, curve$time)]
    }, numeric(nrow(all)))
    left <- matrix(left, nrow(all))
    g <- ncol(left)
    ifelse(all$estimate == 0, 0, sqrt((g - 1) / g * rowSums((left - rowMeans(left))^2)))
}

test_that("CR3 is the jackknife over clusters, CR1 the uncorrected one times G / (G - 1)", {
    for (shape in 1:25) {
        d <- clustered_cohort(shape)
        g <- length(unique(d$patient))
        if (g < 2) next
        fit <- function(correction) {
            kaplan_meier(Surv(time, status) ~ 1, d, weights = weight, cluster = ~patient, cluster.correction = correction)
        }
        expect_equal(tidy(fit("CR3"))$std.error, jackknife(d), tolerance = 1e-10)
        expect_equal(tidy(fit("CR1"))$std.error, tidy(fit("none"))$std.error * sqrt(g / (g - 1)), tolerance = 1e-12)
        expect_identical(tidy(kaplan_meier(Surv(time, status) ~ 1, d, weights = weight, cluster = ~patient)), tidy(fit("CR1")))
    }
})

test_that("a cluster a row, uncorrected, is Greenwood's variance without ties", {
    d <- data.frame(time = c(2, 3, 5, 8, 13, 21, 34), status = c(1, 0, 1, 1, 0, 1, 0), id = 1:7)
    robust <- tidy(kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~id, cluster.correction = "none"))
    # The infinitesimal jackknife of a product-limit estimate without ties is Greenwood's.
    expect_equal(robust$std.error, tidy(kaplan_meier(Surv(time, status) ~ 1, d))$std.error, tolerance = 1e-12)
})

test_that("the interval is log-log with t on the clusters of each stratum", {
    d <- clustered_cohort(11)
    d <- rbind(transform(d, group = "a"), transform(d, group = "b", patient = patient + 1000))
    fit <- kaplan_meier(Surv(time, status) ~ group, d, cluster = ~patient)
    table <- tidy(fit)
    g <- length(unique(d$patient[d$group == "a"]))
    inner <- table[table$estimate > 0 & table$estimate < 1 & table$std.error > 0, ]
    reach <- qt(0.975, g - 1) * inner$std.error / (inner$estimate * log(inner$estimate))
    expect_equal(inner$conf.low, inner$estimate^exp(-reach), tolerance = 1e-10)
    expect_identical(glance(fit)$conf.type, "log-log")
    expect_identical(glance(fit)$n.cluster, 2L * g)
    expect_equal(table[table$strata == "group=a", -1], table[table$strata == "group=b", -1], ignore_attr = TRUE)
    one <- kaplan_meier(Surv(time, status) ~ 1, d, subset = group == "a", cluster = ~patient)
    expect_equal(tidy(one)[-1], table[table$strata == "group=a", -1], ignore_attr = TRUE)
})

test_that("a row of weight 2 is the row twice, and labels of clusters mean nothing", {
    for (shape in 1:20) {
        d <- clustered_cohort(shape)
        if (length(unique(d$patient)) < 2) next
        for (correction in c("none", "CR1", "CR3")) {
            once <- kaplan_meier(Surv(time, status) ~ 1, d, weights = weight, cluster = ~patient, cluster.correction = correction)
            twice <- kaplan_meier(Surv(time, status) ~ 1, replicated(d), cluster = ~patient, cluster.correction = correction)
            expect_equal(tidy(once), tidy(twice), tolerance = 1e-10)
            named <- kaplan_meier(Surv(d$time, d$status), weights = d$weight, cluster = paste("P", d$patient),
                                  cluster.correction = correction)
            expect_equal(tidy(once), tidy(named), tolerance = 1e-12)
        }
    }
})

test_that("what has no theory or no second cluster is refused or NA", {
    d <- data.frame(time = 1:4, status = c(1, 0, 1, 1), patient = c(1, 1, 2, NA), one = 1)
    for (type in c("beta-product", "beta-product-mid-p", "likelihood-ratio")) {
        expect_error(kaplan_meier(Surv(time, status) ~ 1, d, type, cluster = ~patient), "conf.type",
                     class = "osseosurv_invalid")
    }
    single <- kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~one)
    expect_true(all(is.na(tidy(single)$std.error)))
    expect_match(single$notes, "one cluster", all = FALSE)
    expect_match(kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~patient)$notes, "1 row with missing", all = FALSE)
    expect_error(kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~nowhere), class = "osseosurv_invalid")
    expect_error(kaplan_meier(Surv(time, status) ~ 1, d, cluster = 1:2), class = "osseosurv_invalid")
    expect_error(kaplan_meier(Surv(time, status) ~ 1, d, cluster = ~patient, cluster.correction = "CR2"),
                 class = "osseosurv_invalid")
    expect_error(confidence_band(single), "cluster", class = "osseosurv_invalid")
    expect_error(cumulative_incidence(Surv(time, factor(status)) ~ 1, d, cluster = ~patient), class = "osseosurv_invalid")
    none <- kaplan_meier(Surv(months_11, rep(0, 11)), cluster = rep(1:6, length.out = 11))
    expect_true(all(is.na(tidy(none)$conf.low)))
    expect_match(none$notes, "not estimable", all = FALSE)
})

test_that("survival_at() and quantile() read a clustered curve, and it survives saveRDS()", {
    fit <- kaplan_meier(Surv(time, status) ~ 1, clustered_cohort(7), cluster = ~patient)
    expect_identical(names(survival_at(fit, 1)), c("strata", "time", "n.risk", "estimate", "std.error", "conf.low", "conf.high"))
    expect_identical(nrow(quantile(fit, 0.5)), 1L)
    file <- tempfile()
    saveRDS(fit, file)
    expect_identical(readRDS(file), fit)
    expect_match(methods_text(fit), "clusters as the independent units")
})
