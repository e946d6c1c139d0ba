# Union of any interface of the eleven femora: (3,6] 7/11, (6,12] 3/11, never by 36 months 1/11.
any_union <- data.frame(strata = "", left = c(3, 6, 36), right = c(6, 12, Inf), mass = c(7, 3, 1) / 11,
                        estimate = c(4, 1, 0) / 11, conf.low = c(0.109, 0.002, NA), conf.high = c(0.692,
                                                                                                  0.413, NA))
build <- osseosurv:::figure_turnbull

test_that("rectangles span interval and mass, lines only where survival is defined", {
    plot <- build(any_union, event = FALSE, unit = "months")
    boxes <- drawn(plot, "GeomRect")[[1]]
    expect_identical(boxes$xmin, c(3, 6, 36))
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

test_that("the ribbon takes the lower limit of the end and the upper limit of the start across a rectangle", {
    ribbon <- drawn(build(any_union, event = FALSE), "GeomRibbon")[[1]]
    expect_identical(ribbon$x, c(0, 3, 3, 6, 6, 12, 12, 36))
    expect_identical(ribbon$ymin, c(0.109, 0.109, 0.109, 0.109, 0.002, 0.002, 0.002, 0.002))
    expect_identical(ribbon$ymax, c(1, 1, 1, 1, 0.692, 0.692, 0.413, 0.413))
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

test_that("four estimands are four panels; nobody seen, exact times, many intervals draw", {
    four <- do.call(rbind, lapply(c("any", "both", "proximal", "distal"),
                                  function(e) cbind(estimand = e, any_union)))
    plot <- build(four, unit = "months")
    expect_identical(as.integer(table(drawn(plot, "GeomRect")[[1]]$PANEL)), rep(3L, 4))
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
