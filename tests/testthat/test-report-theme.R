test_that("months break at whole years or simple parts of them", {
    breaks <- osseosurv:::time_breaks
    expect_identical(breaks(68, "months"), seq(0, 60, 12))
    expect_identical(breaks(11, "months"), seq(0, 10, 2))
    expect_identical(breaks(240, "months"), seq(0, 240, 36))
    expect_identical(breaks(0, "months"), 0)
    expect_lte(max(lengths(lapply(c(0.5, 3, 7, 13, 59, 121, 500, 3000), breaks, unit = "months"))), 8)
    expect_true(all(breaks(1022, "days") <= 1022))
})

test_that("strata are named by their level where one factor makes them", {
    labels <- osseosurv:::strata_labels
    expect_identical(labels(c("g=solid", "g=porous", "g=solid")),
                     c("g=solid" = "solid", "g=porous" = "porous"))
    expect_identical(unname(labels(c("sex=1", "sex=2"))), c("sex = 1", "sex = 2"))
    expect_identical(unname(labels(c("sex=1, g=a", "sex=2, g=a"))), c("sex=1, g=a", "sex=2, g=a"))
    expect_identical(unname(labels(c("g=a=b", "g=c"))), c("a=b", "c"))
    expect_identical(unname(labels("all", c(all = "Everybody"))), "Everybody")
    expect_error(labels(c("a", "b"), c(a = "A")), "\"b\" is missing", class = "osseosurv_invalid")
})

test_that("labels keep their distance and stay as near as they can", {
    spread <- osseosurv:::spread_labels
    expect_identical(spread(0.4, 0.1), 0.4)
    expect_identical(spread(c(0.9, 0.1), 0.1), c(0.9, 0.1))
    expect_equal(spread(c(0.5, 0.5), 0.1), c(0.45, 0.55), tolerance = 1e-12)
    set.seed(2)
    for (n in 2:9) {
        y <- runif(n)^3
        place <- spread(y, 0.06)
        expect_identical(order(place), order(y))
        expect_true(all(diff(sort(place)) >= 0.06 - 1e-12))
        expect_true(all(place >= 0 & place <= 1))
    }
    expect_true(all(diff(spread(rep(1, 30), 0.06)) > 0))
})

test_that("a figure is saved whole, the same bytes each time, and nothing is left when it fails", {
    folder <- tempfile("figures")
    dir.create(folder)
    on.exit(unlink(folder, recursive = TRUE))
    plot <- ggplot2::ggplot(data.frame(x = 1:3), ggplot2::aes(x, x)) + ggplot2::geom_point()
    save <- osseosurv:::save_figure
    paths <- save(plot, file.path(folder, "a"), 60, 40)
    expect_identical(names(paths), c("png", "svg"))
    expect_setequal(dir(folder, all.files = TRUE, no.. = TRUE), c("a.png", "a.svg"))
    # Bytes 17 to 24 of a PNG: width and height in pixels.
    head <- readBin(paths[["png"]], "raw", 24)
    expect_identical(readBin(head[17:24], "integer", 2, 4, endian = "big"),
                     as.integer(floor(c(60, 40) / 25.4 * 300)))
    first <- tools::md5sum(unname(paths))
    expect_identical(tools::md5sum(unname(save(plot, file.path(folder, "a"), 60, 40))), first)

    bad <- plot + ggplot2::aes(y = absent_column)
    expect_error(save(bad, file.path(folder, "b")))
    expect_setequal(dir(folder, all.files = TRUE, no.. = TRUE), c("a.png", "a.svg"))
    expect_error(save(plot, file.path(folder, "none", "b")), class = "osseosurv_io")
    expect_error(save(plot, file.path(folder, "b"), width = -1), class = "osseosurv_invalid")
})

test_that("plot() of a result without a picture says so", {
    result <- structure(list(), class = c("no_picture", "osseosurv_result"))
    expect_error(plot(result), "no picture of a result of `no_picture\\(\\)`", class = "osseosurv_invalid")
})

test_that("a table that lacks columns or rows is refused by name", {
    check <- osseosurv:::check_table
    expect_error(check(data.frame(a = 1), "table", c("a", "b", "c")), "`table` needs the columns `b`, `c`",
                 class = "osseosurv_invalid")
    expect_error(check(data.frame(a = 1)[0, , drop = FALSE], "table", "a"), "no rows",
                 class = "osseosurv_invalid")
    expect_error(check(1, "table", "a"), "must be a data frame", class = "osseosurv_invalid")
})
