studies <- data.frame(label = c("Author 2011", "Author 2015", "Other 2020", "This cohort"),
                      events = c(4, 0, 2, 0),
                      n = c(24, 14, 39, 11), estimate = c(4 / 24, 0, 2 / 39, 0), conf.low = c(0.047, 0, 0.006,
                                                                                              0),
                      conf.high = c(0.374, 0.232, 0.173, 0.285), group = c("Solid", "Porous", "Porous", NA),
                      grade = c("A", "B", "A", "A"), highlight = c(FALSE, FALSE, FALSE, TRUE))
pooled <- data.frame(label = "Pooled", group = c("Solid", "Porous"), estimate = c(0.16, 0.04),
                     conf.low = c(0.05, 0.0004), conf.high = c(0.37, 0.12), pred.low = c(NA, 0.0001),
                     pred.high = c(NA, 0.2))

test_that("rows stand under their group, pooled and prediction last, this cohort at the foot", {
    rows <- osseosurv:::forest_rows(studies, pooled, 100)
    expect_identical(rows$kind, c("head", "study", "pooled", "head", "study", "study", "pooled", "prediction",
                                  "study"))
    expect_identical(rows$label[c(1, 4, 9)], c("Solid", "Porous", "This cohort"))
    expect_false(is.unsorted(rows$y, strictly = TRUE))
    expect_identical(rows$text[c(2, 5, 7, 8)], c("16.7 (4.7 to 37.4)", "0.0 (0.0 to 23.2)",
                                                 "4.0 (0.04 to 12.0)",
                                                 "(0.01 to 20.0)"))
    expect_identical(rows$events[c(2, 9)], c("4/24", "0/11"))
})

test_that("intervals, squares and diamonds are at the estimates, on the printed scale", {
    plot <- osseosurv:::figure_forest(studies, pooled)
    middle <- plot[[2]]
    lines <- drawn(middle, "GeomSegment")[[1]]
    expect_equal(lines$xend, 100 * c(0.374, 0.232, 0.173, 0.2, 0.285), tolerance = 1e-12)
    expect_equal(drawn(middle, "GeomPoint")[[1]]$x, 100 * studies$estimate, tolerance = 1e-12)
    diamonds <- drawn(middle, "GeomPolygon")[[1]]
    expect_equal(range(diamonds$x[diamonds$group == 1]), c(5, 37), tolerance = 1e-12)
    expect_draws(plot)
    expect_gt(osseosurv:::forest_height(studies, pooled), osseosurv:::forest_height(studies))
})

test_that("an infinite limit ends in an arrow, a missing one is said to be not estimable", {
    odd <- studies
    odd$conf.high[1] <- Inf
    odd[2, c("conf.low", "conf.high")] <- NA
    odd[3, c("estimate", "conf.low", "conf.high")] <- NA
    plot <- osseosurv:::figure_forest(odd)
    middle <- plot[[2]]
    arrows <- Filter(function(layer) !is.null(layer$geom_params$arrow), middle$layers)
    expect_length(arrows, 1)
    expect_identical(nrow(arrows[[1]]$data), 1L)
    rows <- osseosurv:::forest_rows(odd, NULL, 100)
    expect_identical(rows$text[rows$kind == "study"][1:3],
                     c("16.7 (4.7 to Inf)", "0.0 (not estimable)", "not estimable"))
    expect_draws(plot)
})

test_that("no event anywhere, one study, no denominators, sixty long labels", {
    none <- studies[4, c("label", "events", "n", "estimate", "conf.low", "conf.high")]
    expect_draws(osseosurv:::figure_forest(none))
    expect_draws(osseosurv:::figure_forest(none[setdiff(names(none), "n")]))
    expect_draws(osseosurv:::figure_forest(transform(none, conf.high = 0)))
    many <- studies[rep(1:3, 20), ]
    many$label <- strrep("A very long author list with a long title ", 3)
    expect_draws(osseosurv:::figure_forest(many, pooled))
    expect_error(osseosurv:::figure_forest(studies["label"]), "needs the columns",
                 class = "osseosurv_invalid")
})

test_that("a meta-analysis draws its studies with exact intervals and its pooled rows on the natural scale", {
    data <- data.frame(x = c(3, 8, 7, 1, 0), n = c(18, 24, 27, 15, 11), who = paste("Author", 1:5),
                       design = c("solid", "solid", "solid", "porous", "porous"))
    pool <- meta_analysis(x, n, moderator = ~ design, study = who, data = data)
    plot <- autoplot(pool, highlight = "Author 5", grade = c("A", "A", "B", "A", "C"))
    middle <- plot[[2]]
    expect_equal(drawn(middle, "GeomPoint")[[1]]$x, 100 * data$x / data$n, tolerance = 1e-12)
    lines <- drawn(middle, "GeomSegment")[[1]]
    study <- lines[lines$linewidth < 1, ]
    exact <- vapply(1:5, function(i) binom.test(data$x[i], data$n[i])$conf.int[1:2], c(0, 0))
    expect_equal(study$x, 100 * exact[1, ], tolerance = 1e-8)
    expect_equal(study$xend, 100 * exact[2, ], tolerance = 1e-8)
    levels <- tidy(pool)[1:2, ]
    diamonds <- drawn(middle, "GeomPolygon")[[1]]
    expect_setequal(round(tapply(diamonds$x, diamonds$group, max), 8), round(100 * levels$conf.high, 8))
    expect_draws(plot)

    link <- autoplot(meta_analysis(x, n, moderator = ~ design, study = who, data = data, link = TRUE))
    expect_equal(drawn(link[[2]], "GeomPolygon")[[1]]$x, diamonds$x, tolerance = 1e-10)
    expect_error(autoplot(pool, highlight = "Nobody"), "\"Nobody\"", class = "osseosurv_invalid")
    expect_error(autoplot(pool, grade = "A"), class = "osseosurv_invalid")
})

test_that("rates, a single pool and a numeric moderator draw", {
    data <- data.frame(x = c(3, 8, 7, 1), months = c(700, 900, 1000, 600), year = 2011:2014)
    rates <- meta_analysis(x, time = months, data = data)
    plot <- autoplot(rates, per = 1200, unit = "per 100 years")
    expect_equal(drawn(plot[[2]], "GeomPoint")[[1]]$x, 1200 * data$x / data$months, tolerance = 1e-12)
    expect_draws(plot)
    regression <- autoplot(meta_analysis(x, time = months, moderator = ~ year, data = data, method = "reml"))
    expect_length(drawn(regression[[2]], "GeomPolygon"), 0)
    expect_draws(regression)
})
