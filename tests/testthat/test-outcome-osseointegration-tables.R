test_that("the tables beyond the curves are those of their estimators", {
    x <- simulate_cohort(14, interface_correlation = -0.5, seed = 8)
    outcome <- osseointegration(x, times = c(3, 6, 12))
    alone <- union_estimands(x$interfaces, times = c(3, 6, 12))
    shares <- outcome$tables[["Interfaces united by the visit"]]
    own <- alone$table[alone$table$estimand == "interface", ]
    expect_equal(as.list(shares[-1]), as.list(own[-1]), ignore_attr = TRUE)
    expect_equal(outcome$tables[["Both interfaces by the visit"]][-1], alone$joint, ignore_attr = TRUE)
    joint <- outcome$tables[["Joint time to union (bivariate NPMLE)"]]
    expect_equal(sum(joint$mass), 1)
    expect_equal(joint$mass, alone$bivariate$mass[alone$bivariate$mass.max > 1e-9])
    i <- x$interfaces
    wide <- merge(i[i$interface == "proximal", ], i[i$interface == "distal", ], by = "reconstruction")
    any <- with(wide, Surv(pmin(left_mo.x, left_mo.y), pmin(right_mo.x, right_mo.y), type = "interval2"))
    imputed <- outcome$tables[["What imputation would have said"]]
    expect_equal(imputed$estimate[imputed$estimand == "any"],
                 1 - tidy(imputation_contrast(any, times = c(3, 6, 12)))$estimate)
    paired <- outcome$tables[["Proximal against distal in time"]]
    pairs <- transform(i, side = factor(interface, c("proximal", "distal")))
    fit <- interval_logrank_test(Surv(left_mo, right_mo, type = "interval2") ~ side, pairs, cluster = ~reconstruction)
    expect_equal(paired$p.value, fit$glance$p.value)
    expect_identical(paired$method, "exact")
})

test_that("groups are compared for each estimand, and shares given by group", {
    x <- simulate_cohort(20, seed = 2)
    outcome <- osseointegration(x, by = "prosthesis")
    tests <- outcome$tables[["Comparison by prosthesis"]]
    expect_identical(tests$estimand, c("any", "both", "proximal", "distal"))
    i <- x$interfaces[x$interfaces$interface == "distal", ]
    arm <- x$patients$prosthesis[match(i$reconstruction, x$patients$reconstruction)]
    fit <- interval_logrank_test(Surv(left_mo, right_mo, type = "interval2") ~ arm, cbind(i, arm), seed = 1)
    expect_equal(tests$p.value[4], fit$glance$p.value, tolerance = 1e-12)
    shares <- outcome$tables[["Interfaces united by the visit"]]
    expect_setequal(shares$strata, c("prosthesis=porous", "prosthesis=solid"))
    expect_false("Proximal against distal in time" %in% names(outcome$tables))
})

test_that("over several admissible tables p is a range, and a group alone is not compared", {
    few <- masquelet_femur
    few$assignments <- few$assignments[c(1, 20, 60)]
    paired <- osseointegration(few)$tables[["Proximal against distal in time"]]
    slow <- sapply(few$assignments, function(rows) {
        rows$interface <- factor(rows$interface, c("proximal", "distal"))
        interval_logrank_test(Surv(left_mo, right_mo, type = "interval2") ~ interface, rows,
                              cluster = ~reconstruction)$glance$p.value
    })
    expect_equal(c(paired$p.value.min, paired$p.value.max), range(slow))
    one <- osseointegration(few, by = "prosthesis")
    expect_false("Comparison by prosthesis" %in% names(one$tables))
    expect_match(one$notes, "one group", all = FALSE)
})
