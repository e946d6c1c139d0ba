quietly <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

# By hand: two lost at 10 and 20 months, one failure, one death, one censored.
five <- quietly(cohort(data.frame(patient = 1:5, prosthesis = "solid", followup_mo = c(10, 20, 30, 40, 50),
                                  end = c("lost", "lost", "failure", "death", "censored"), failure_mode = c(NA, NA, 2, NA, NA),
                                  scheme = "Henderson 2011")))

test_that("Clark's C by hand: only those lost owe follow-up", {
    table <- reconstruction_survival(five, times = c(5, 24, 60))$tables[["Completeness of follow-up"]]
    expect_equal(table$n.lost, c(0, 2, 2))
    expect_equal(table$n.event, c(0, 0, 1))
    expect_equal(table$observed, c(25, 10 + 20 + 3 * 24, 150))
    expect_equal(table$potential, c(25, 5 * 24, 60 + 60 + 30 + 40 + 50))
    expect_equal(table$estimate, table$observed / table$potential)
})

test_that("what the lost could change, by hand, net beside crude", {
    table <- reconstruction_survival(five, times = 35)$tables[["What the lost could change"]]
    expect_identical(table$scenario, c("none of the lost fails", "the lost fail as the others", "all fail at the loss"))
    expect_equal(table$n.lost, rep(2, 3))
    # At 30 months three are at risk; with the lost followed, five.
    expect_equal(table$net, c(1 / 5, 1 / 3, 3 / 5))
    expect_equal(table$crude, c(1 / 5, 1 / 3, 3 / 5))
    late <- reconstruction_survival(five, times = 45)$tables[["What the lost could change"]]
    expect_equal(late$net, c(1 / 5, 1 / 3, 3 / 5))
    expect_true(all(table$net.low < table$net & table$net < table$net.high))
    # The middle row is the risk without any assumption about scenarios.
    risk <- reconstruction_survival(five, times = 35)$tables[["Risk of failure, net and crude"]]
    columns <- c("net", "net.low", "net.high", "crude", "crude.low", "crude.high")
    expect_equal(table[2, columns], risk[columns], ignore_attr = TRUE, tolerance = 1e-7)
})

test_that("the extremes bound every completion of the lost", {
    cohort <- quietly(random_outcomes(9, n = 60))
    table <- reconstruction_survival(cohort, times = c(24, 48))$tables[["What the lost could change"]]
    bounds <- function(column, scenario) table[[column]][table$scenario == scenario]
    set.seed(1)
    for (draw in 1:5) {
        d <- cohort$patients
        fails <- d$end == "lost" & runif(nrow(d)) < 0.5
        stays <- d$end == "lost" & !fails
        d$followup_mo[fails] <- pmin(d$followup_mo[fails] + rexp(sum(fails), 0.1), max(d$followup_mo))
        d$followup_mo[stays] <- max(cohort$patients$followup_mo)
        fit <- survival::survfit(survival::Surv(followup_mo, end == "failure" | fails) ~ 1, d)
        risk <- 1 - summary(fit, c(24, 48))$surv
        expect_true(all(risk >= bounds("net", "none of the lost fails") - 1e-12))
        expect_true(all(risk <= bounds("net", "all fail at the loss") + 1e-12))
    }
})

test_that("nobody lost: said, and no table", {
    x <- reconstruction_survival(masquelet_femur)
    expect_null(x$tables[["What the lost could change"]])
    expect_match(x$notes, "Nobody was lost", all = FALSE)
    expect_true(all(x$tables[["Completeness of follow-up"]]$estimate == 1))
    expect_null(reconstruction_survival(masquelet_femur, times = 0)$tables[["Completeness of follow-up"]])
})
