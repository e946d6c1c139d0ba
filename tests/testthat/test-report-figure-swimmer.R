patients <- data.frame(patient = c("a", "b", "c", "d"), followup_mo = c(24, 60, 36, 12),
                       end = c("censored", "failure", "death", "lost"),
                       defect_type = c("critical", "critical", "shape-structural", "shape-structural"))
interfaces <- data.frame(reconstruction = rep(c("a", "b", "c"), each = 2),
                         interface = c("distal", "proximal"),
                         left_mo = c(6, 3, 48, 0, 12, 6), right_mo = c(12, 6, Inf, 3, Inf, 36))
infections <- data.frame(reconstruction = "b", onset_left_mo = 1, onset_right_mo = 2, resolved_mo = 4)
x <- list(patients = patients, interfaces = interfaces, infections = infections)
build <- osseosurv:::figure_swimmer

test_that("lanes show what is known of each interface, cut at the end of follow-up", {
    rows <- osseosurv:::swimmer_rows(patients, NULL)
    expect_identical(rows$reconstruction, c("b", "a", "c", "d"))
    expect_identical(rows$y, c(2, 3, 5, 6))
    lanes <- osseosurv:::swimmer_lanes(rows, interfaces)
    stretch <- function(who, which) {
        own <- lanes[lanes$reconstruction == who & lanes$interface %in% which, ]
        own <- own[order(own$xmin), ]
        stats::setNames(as.list(as.data.frame(t(own[c("xmin", "xmax")]))), own$state)
    }
    expect_equal(stretch("a", "proximal"), list(open = c(0, 3), between = c(3, 6), united = c(6, 24)))
    expect_equal(stretch("b", "distal"), list(open = c(0, 48), unseen = c(48, 60)))
    expect_equal(stretch("b", "proximal"), list(between = c(0, 3), united = c(3, 60)))
    expect_equal(stretch("c", "proximal"), list(open = c(0, 6), between = c(6, 36)))
    # No row of interfaces: one pale bar.
    expect_identical(lanes$state[lanes$reconstruction == "d"], "unseen")
    top <- tapply(lanes$ymin, lanes$interface, min)
    expect_lt(top[["proximal"]], top[["distal"]])
})

test_that("ends, infections and groups have their signs", {
    plot <- build(x)
    points <- drawn(plot, "GeomPoint")
    expect_identical(points[[1]]$x, 2)
    expect_identical(points[[1]]$shape, 25)
    expect_identical(points[[2]]$shape, c(4, 1, 15, 5))
    expect_equal(points[[2]]$x, c(60, 24, 36, 12) + 0.018 * 60, tolerance = 1e-12)
    expect_identical(drawn(plot, "GeomSegment")[[1]]$xend, 4)
    expect_identical(drawn(plot, "GeomText")[[1]]$label, c("Critical", "Shape-structural"))
    expect_draws(plot)
})

test_that("the eleven femora draw, each lane as its interval says", {
    plot <- autoplot(masquelet_femur)
    lanes <- drawn(plot, "GeomRect")[[1]]
    found <- masquelet_femur$interfaces
    seen <- is.finite(found$right_mo)
    wide <- lanes$xmax[lanes$fill == "#8DB9DC"] - lanes$xmin[lanes$fill == "#8DB9DC"]
    expect_equal(sort(wide), sort((found$right_mo - found$left_mo)[seen]), tolerance = 1e-12)
    expect_draws(plot)
})

test_that("a cohort of patients alone, of one patient, of hundreds", {
    bare <- patients[c("patient", "followup_mo", "end")]
    expect_draws(build(list(patients = bare)))
    expect_draws(build(list(patients = bare[1, ])))
    set.seed(4)
    many <- data.frame(patient = 1:300, followup_mo = runif(300, 1, 90), end = "censored",
                       defect_type = sample(c("critical", NA), 300, TRUE))
    plot <- build(list(patients = many))
    expect_length(drawn(plot, "GeomText")[[1]]$label, 2)
    expect_draws(plot)
    expect_error(build(x, by = "colour"), "`by` must name a column", class = "osseosurv_invalid")
    expect_identical(nrow(drawn(build(x, by = "end"), "GeomText")[[1]]), 4L)
})
