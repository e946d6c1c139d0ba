registry_cohort <- function(n = 2000) {
    set.seed(100)
    d <- data.frame(months = round(rexp(n, 0.012), 2), stem = sample(c("A", "B", "C", "D", "E", "F"), n, TRUE))
    d$revised <- rbinom(n, 1, ifelse(d$stem == "F", 0.25, 0.06))
    d
}

test_that("rate and cumulative percent revision are those of rate_ci() and kaplan_meier()", {
    d <- registry_cohort()
    x <- registry_metrics(Surv(months, revised) ~ stem, d, min.at.risk = 0)
    table <- tidy(x)
    expect_identical(names(table), c("strata", "term", "time", "n.risk", "n.event", "estimate", "conf.low", "conf.high"))
    rate <- table[table$term == "rate", ]
    events <- as.vector(tapply(d$revised, d$stem, sum))
    years <- as.vector(tapply(d$months, d$stem, sum)) / 12
    expect_equal(rate[c("estimate", "conf.low", "conf.high")], tidy(rate_ci(events, years, per = 100))[3:5], tolerance = 1e-12,
                 ignore_attr = TRUE)
    at <- survival_at(kaplan_meier(Surv(months, revised) ~ stem, d), c(12, 36, 60, 120))
    cpr <- table[table$term == "cpr", ]
    expect_identical(cpr$strata, at$strata)
    expect_equal(cpr$estimate, 100 * (1 - at$estimate))
    expect_equal(cpr$conf.low, 100 * (1 - at$conf.high))
    expect_equal(cpr$n.risk, at$n.risk)
    expect_equal(cpr$n.event[cpr$time == 3], as.vector(tapply(d$revised * (d$months <= 36), d$stem, sum)))
})

test_that("times with few at risk are left out, with a note", {
    d <- registry_cohort(300)
    all <- tidy(registry_metrics(Surv(months, revised) ~ stem, d, min.at.risk = 0))
    x <- registry_metrics(Surv(months, revised) ~ stem, d)
    cut <- tidy(x)
    few <- cut$term == "cpr" & cut$n.risk < 40
    expect_true(any(few) && any(!few))
    expect_true(all(is.na(cut[few, c("estimate", "conf.low", "conf.high")])))
    expect_identical(cut[!few, ], all[!few, ])
    expect_match(x$notes, "fewer than 40", all = FALSE)
})

test_that("rows, counts by GROUP BY and a risk table give the same", {
    d <- registry_cohort()
    d$months <- ceiling(d$months)
    rows <- registry_metrics(Surv(months, revised) ~ stem, d)
    grouped <- aggregate(list(n = rep(1, nrow(d))), d, sum)
    expect_equal(tidy(registry_metrics(Surv(months, revised) ~ stem, grouped, weights = n)), tidy(rows))
    curve <- tidy(kaplan_meier(Surv(months, revised) ~ stem, d))
    counts <- curve[c("strata", "time", "n.risk", "n.event")]
    counted <- registry_metrics(counts[sample(nrow(counts)), ])
    strip <- function(x) transform(tidy(x), strata = sub("strata=|stem=", "", sub("strata=stem=", "", strata)))
    expect_equal(strip(counted), strip(rows))
    counts$n.censor <- curve$n.censor
    expect_equal(tidy(registry_metrics(counts)), tidy(counted))
    expect_equal(tidy(registry_metrics(counts[names(counts) != "n.risk"])), tidy(counted))
    expect_equal(tidy(counted, "screen")[-1], tidy(rows, "screen")[-1])
    one <- registry_metrics(counts[counts$strata == "stem=A", -1])
    expect_equal(tidy(one)[-1], tidy(counted)[1:5, -1], ignore_attr = TRUE)
})

test_that("the unit only rescales", {
    d <- registry_cohort()
    d$months <- d$months + 0.005 # none at a whole year, where rounding would decide
    months <- registry_metrics(Surv(months, revised) ~ stem, d)
    for (unit in c("years", "weeks", "days")) {
        per_year <- c(years = 1, weeks = 365.25 / 7, days = 365.25)[[unit]]
        d$other <- d$months * per_year / 12
        expect_equal(tidy(registry_metrics(Surv(other, revised) ~ stem, d, unit = unit)), tidy(months), tolerance = 1e-9)
    }
})

test_that("the screen is the stated rule", {
    d <- registry_cohort()
    screen <- tidy(registry_metrics(Surv(months, revised) ~ stem, d), "screen")
    expect_identical(screen$selected, screen$strata == "stem=F")
    years <- sum(d$months) / 12
    expect_equal(screen$group.rate[1], 100 * sum(d$revised) / years) # none has a quarter of the procedures
    expect_equal(screen$p.value[6], poisson.test(screen$n.event[6], screen$years[6], screen$group.rate[6] / 100,
                                                 alternative = "greater")$p.value)
    # By hand: 100 component-years each; C has twice the rate of the group but exactly twice, D more.
    counts <- data.frame(strata = c("A", "A", "B", "B", "C", "C"), time = c(1, 12, 1, 12, 1, 12),
                         n.event = c(0, 10, 0, 0, 0, 3), n.censor = c(0, 1000, 0, 1000, 0, 0))
    small <- tidy(registry_metrics(counts), "screen")
    # A and B have more than a quarter each: held against the others.
    expect_equal(small$group.rate, 100 * c(3 / 1003, 13 / 1013, 13 / 2013))
    # Three of three revised: fewer than ten procedures, yet all revised.
    expect_identical(small$selected, c(TRUE, FALSE, TRUE))
    counts$n.censor[6] <- 2 # three of five
    expect_false(tidy(registry_metrics(counts), "screen")$selected[3])
})

test_that("late entry counts component-years from entry", {
    d <- data.frame(entry = c(0, 6, 12), exit = c(12, 24, 36), s = c(1, 0, 1), g = c("a", "a", "b"))
    x <- tidy(registry_metrics(Surv(entry, exit, s) ~ g, d, min.at.risk = 0))
    expect_equal(x$estimate[x$term == "rate"], 100 * c(1 / 2.5, 1 / 2))
})

test_that("no revisions, one stratum and no time give limits or a reason", {
    x <- registry_metrics(Surv(months_11, rep(0, 11)), min.at.risk = 0, times = c(1, 10))
    table <- tidy(x)
    expect_identical(table$estimate[1:2], c(0, 0))
    expect_equal(table$conf.high[1], tidy(rate_ci(0, sum(months_11) / 12, per = 100))$conf.high)
    expect_true(table$conf.high[2] > 20 && is.na(table$estimate[3]))
    expect_match(x$notes, "no group", all = FALSE)
    expect_identical(nrow(tidy(x, "screen")), 0L)
    expect_true(is.na(tidy(registry_metrics(Surv(c(0, 0), c(0, 0)), min.at.risk = 0))$estimate[1]))
    expect_output(print(registry_metrics(Surv(months, revised) ~ stem, registry_cohort())), "Screen")
})

test_that("counts that do not add up are named", {
    counts <- data.frame(time = c(1, 2, 3), n.event = c(1, 0, 2), n.risk = c(10, 8, 7))
    expect_equal(tidy(registry_metrics(counts, min.at.risk = 0))$n.risk[1], 10)
    bad <- list(data.frame(time = 1), transform(counts, n.event = 0.5), transform(counts, time = c(1, 2, 2)),
                transform(counts, n.risk = c(10, 11, 7)), transform(counts, n.censor = 0), counts[0, ],
                data.frame(time = 1, n.event = 0, n.censor = 0), transform(counts, time = -1))
    for (one in bad) expect_error(registry_metrics(one), class = "osseosurv_invalid")
    d <- registry_cohort(50)
    for (f in list(function() registry_metrics(Surv(months, revised) ~ stem, d, unit = "month"),
                   function() registry_metrics(Surv(months, revised) ~ stem, d, times = -1),
                   function() registry_metrics(Surv(months, revised) ~ stem, d, per = 0),
                   function() registry_metrics(Surv(months, revised) ~ stem, d, min.at.risk = NA),
                   function() tidy(registry_metrics(Surv(months, revised) ~ stem, d), "outliers"))) {
        expect_error(f(), class = "osseosurv_invalid")
    }
})
