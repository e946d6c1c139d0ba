steps <- osseosurv:::step_corners

test_that("corners hold each row to the next time and end in a drop", {
    table <- data.frame(time = c(0, 2, 5), estimate = c(1, 0.5, 0))
    corners <- steps(table, "estimate")
    expect_identical(corners$time, c(0, 2, 2, 5, 5))
    expect_identical(corners$estimate, c(1, 1, 0.5, 0.5, 0))
    expect_identical(steps(table[c(3, 1, 2), ], "estimate"), corners)
    expect_identical(steps(table[1, ], "estimate"), data.frame(estimate = c(1, 1, 1), time = c(0, 0, 0)))
})

test_that("a step function is right-continuous", {
    value <- osseosurv:::step_value(c(1, 3), c(0.8, 0.4), c(0, 1, 2.9, 3, 9), before = 1)
    expect_identical(value, c(1, 0.8, 0.8, 0.4, 0.4))
})

test_that("a risk table adds up to the size of its stratum at every time, ties with a break included", {
    set.seed(11)
    for (n in c(1, 2, 11, 200)) {
        time <- sample(1:40, n, TRUE)
        status <- rbinom(n, 1, 0.5)
        at <- sort(unique(time))
        table <- curve_table(c(0, at), NA_real_, n.risk = c(n, vapply(at, function(t) sum(time >= t), 0)),
                             n.event = c(0, vapply(at, function(t) sum(time == t & status == 1), 0)),
                             n.censor = c(0, vapply(at, function(t) sum(time == t & status == 0), 0)))
        counts <- osseosurv:::risk_counts(table, c(0, 12, 24, 36, 100))
        expect_identical(counts$n.risk + counts$n.event + counts$n.censor, rep(as.double(n), 5))
        expect_identical(counts$n.risk, vapply(c(0, 12, 24, 36, 100), function(t) as.double(sum(time >= t)),
                                               0))
    }
})

test_that("a long curve is thinned to what a page can show, both ends kept", {
    table <- data.frame(time = seq(0, 100, length.out = 1e5), estimate = seq(1, 0, length.out = 1e5))
    thin <- osseosurv:::thin_steps(table)
    expect_lte(nrow(thin), 2002)
    expect_identical(thin[c(1, nrow(thin)), ], table[c(1, 1e5), ], ignore_attr = "row.names")
    at <- seq(0.01, 99.9, length.out = 777)
    expect_lt(max(abs(osseosurv:::step_value(thin$time, thin$estimate, at) -
                      osseosurv:::step_value(table$time, table$estimate, at))), 1 / 1999)
    expect_identical(osseosurv:::thin_steps(table[1:4000, ]), table[1:4000, ])
})
