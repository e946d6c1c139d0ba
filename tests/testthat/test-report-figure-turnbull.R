# Union of any interface of the eleven femora: (3,6] 7/11, (6,12] 3/11, never by 36 months 1/11.
any_union <- data.frame(strata = "", left = c(3, 6, 36), right = c(6, 12, Inf), mass = c(7, 3, 1) / 11,
                        estimate = c(4 / 11, 1 / 11, NA), conf.low = c(0.109, 0.002, NA), conf.high = c(0.692,
                                                                                                  0.413, NA))
build <- osseosurv:::figure_turnbull

test_that("rectangles span interval and mass, lines only where survival is defined", {
    plot <- build(any_union, event = FALSE, unit = "months")
    boxes <- do.call(rbind, drawn(plot, "GeomRect"))
    expect_identical(boxes$xmin, c(3, 6, 36))
    # The open one is lighter.
    expect_identical(boxes$alpha, c(0.35, 0.35, 0.15))
    expect_equal(boxes$xmax, c(6, 12, 36 * 1.08), tolerance = 1e-15)
    expect_equal(boxes$ymax, c(11, 4, 1) / 11, tolerance = 1e-15)
    expect_equal(boxes$ymin, c(4, 1, 0) / 11, tolerance = 1e-15)
    lines <- drawn(plot, "GeomSegment")
    lines <- lines[[length(lines)]]
    expect_identical(lines$x, c(0, 6, 12))
    expect_identical(lines$xend, c(3, 6, 36))
    expect_equal(lines$y, c(11, 4, 1) / 11, tolerance = 1e-15)
    points <- drawn(plot, "GeomPoint")[[1]]
    expect_identical(points$x, c(6, 12))
    bars <- drawn(plot, "GeomLinerange")[[1]]
    expect_identical(bars$ymin, c(0.109, 0.002))
    expect_identical(bars$ymax, c(0.692, 0.413))
    expect_draws(plot)
})

test_that("the open rectangle has no right border", {
    borders <- drawn(build(any_union), "GeomSegment")[[1]]
    upright <- borders[borders$x == borders$xend, ]
    expect_setequal(upright$x, c(3, 6, 12, 36))
})

test_that("between two times the ribbon takes the lower limit of the later and the upper of the earlier", {
    ribbon <- drawn(build(any_union, event = FALSE), "GeomRibbon")[[1]]
    # After 12 months the table has no limit, and the ribbon ends there.
    expect_identical(ribbon$x, c(0, 6, 6, 12))
    expect_identical(ribbon$ymin, c(0.109, 0.109, 0.002, 0.002))
    expect_identical(ribbon$ymax, c(1, 1, 0.692, 0.692))
    more <- data.frame(strata = "", time = c(0, 6, 12, 36), conf.low = c(0.7, 0.109, 0.002, 0.001),
                       conf.high = c(1, 0.692, 0.413, 0.4))
    longer <- drawn(build(any_union, event = FALSE, limits = more), "GeomRibbon")[[1]]
    expect_identical(longer$x, c(0, 6, 6, 12, 12, 36))
    expect_identical(longer$ymin[5:6], c(0.001, 0.001))
    expect_identical(longer$ymax[5:6], c(0.413, 0.413))
    turned <- drawn(build(any_union, event = TRUE), "GeomRibbon")[[1]]
    expect_identical(turned$ymin, 1 - ribbon$ymax)
})

test_that("an interval without mass leaves the line unbroken and has no rectangle", {
    table <- data.frame(strata = "", left = c(1, 4, 8), right = c(2, 5, 9), mass = c(0.5, 0, 0.5),
                        estimate = c(0.5, 0.5, 0), conf.low = NA_real_, conf.high = NA_real_)
    plot <- build(table, event = FALSE)
    expect_identical(drawn(plot, "GeomRect")[[1]]$xmin, c(1, 8))
    lines <- drawn(plot, "GeomSegment")
    lines <- lines[[length(lines)]]
    expect_identical(lines$x, c(0, 2, 9))
    expect_identical(lines$xend, c(1, 8, 9))
    expect_length(drawn(plot, "GeomRibbon"), 0)
    expect_draws(plot)
})

test_that("bars of several strata stand side by side, and an interval without mass has none", {
    two <- rbind(transform(any_union, strata = "g=a"), transform(any_union, strata = "g=b"))
    points <- drawn(build(two), "GeomPoint")[[1]]
    bars <- drawn(build(two), "GeomLinerange")[[1]]
    apart <- 0.01 * 36 * 1.08
    expect_equal(points$x, c(6, 12, 6, 12) + c(-1, -1, 1, 1) * apart / 2, tolerance = 1e-12)
    expect_equal(bars$x, points$x, tolerance = 1e-12)
    # What the bars stand beside does not move.
    expect_setequal(do.call(rbind, drawn(build(two), "GeomRect"))$xmin, c(3, 6, 36))
    idle <- rbind(any_union, data.frame(strata = "", left = 24, right = 25, mass = 0, estimate = 1 / 11,
                                        conf.low = 0.001, conf.high = 0.4))
    expect_identical(drawn(build(idle), "GeomPoint")[[1]]$x, c(6, 12))
})

test_that("four estimands are four panels; nobody seen, exact times, many intervals draw", {
    four <- do.call(rbind, lapply(c("any", "both", "proximal", "distal"),
                                  function(e) cbind(estimand = e, any_union)))
    plot <- build(four, unit = "months")
    expect_identical(as.integer(table(do.call(rbind, drawn(plot, "GeomRect"))$PANEL)), rep(3L, 4))
    expect_draws(plot)
    never <- data.frame(strata = "", left = 24, right = Inf, mass = 1, estimate = 0, conf.low = NA,
                        conf.high = NA)
    expect_draws(build(never))
    exact <- data.frame(strata = "", left = c(2, 5), right = c(2, 5), mass = 0.5, estimate = c(0.5, 0),
                        conf.low = c(0.01, NA), conf.high = c(0.99, NA))
    expect_draws(build(exact))
    at <- seq(1, 60, length.out = 100)
    many <- data.frame(strata = rep(c("g=a", "g=b"), each = 100), left = at, right = at + 0.3, mass = 0.01,
                       estimate = 1 - (1:100) / 100, conf.low = 0, conf.high = 1)
    plot <- build(many)
    expect_identical(sum(vapply(drawn(plot, "GeomPoint"), nrow, 1L)), 0L)
    expect_setequal(written(plot), c("a", "b"))
    expect_draws(plot)
})

test_that("fits of any, both and each interface draw, and the ribbon is valid wherever one asks", {
    found <- masquelet_femur$interfaces
    ends <- function(summary) aggregate(found[c("left_mo", "right_mo")], found["reconstruction"], summary)
    tables <- list(any = ends(min), both = ends(max), distal = found[found$interface == "distal", ])
    fits <- lapply(tables, function(d) turnbull(Surv(left_mo, right_mo, type = "interval2") ~ 1, d))
    plot <- osseosurv:::figure_turnbull_panels(fits, unit = "months")
    expect_draws(plot)
    ribbon <- drawn(plot, "GeomRibbon")[[1]]
    for (k in 1:3) {
        own <- ribbon[ribbon$PANEL == k, ]
        from <- own$x[c(TRUE, FALSE)]
        to <- own$x[c(FALSE, TRUE)]
        inside <- survival_at(fits[[k]], (from + to) / 2)
        # Drawn turned over: the event, not survival.
        expect_true(all(own$ymin[c(TRUE, FALSE)] <= 1 - inside$conf.high + 1e-12))
        expect_true(all(own$ymax[c(TRUE, FALSE)] >= 1 - inside$conf.low - 1e-12))
    }
    boxes <- do.call(rbind, drawn(plot, "GeomRect"))
    boxes <- boxes[boxes$PANEL == 1, ]
    expect_equal(boxes$ymax - boxes$ymin, tidy(fits$any)$mass, tolerance = 1e-9)
})

test_that("strata have their own ribbons", {
    set.seed(9)
    left <- sample(c(0, 3, 6, 12), 40, TRUE)
    data <- data.frame(left = left, right = ifelse(runif(40) < 0.2, Inf, left + 6), g = rep(c("a", "b"), 20))
    fit <- turnbull(Surv(left, right, type = "interval2") ~ g, data)
    plot <- autoplot(fit, event = FALSE)
    ribbon <- drawn(plot, "GeomRibbon")[[1]]
    expect_length(unique(ribbon$fill), 2)
    limits <- osseosurv:::limits_at_ends(fit)
    b <- limits[limits$strata == "g=b", ]
    expect_equal(ribbon$ymin[ribbon$fill == "#D55E00"], rep(b$conf.low[-1], each = 2), tolerance = 1e-12)
    expect_draws(plot)
    expect_draws(autoplot(turnbull(Surv(left, right, type = "interval2") ~ g, data,
                                   conf.type = "likelihood-ratio")))
    expect_draws(autoplot(turnbull(Surv(left, right, type = "interval2") ~ g, data, conf.type = "none")))
})
