# The layers of a plot whose geom has this name, as the data that is drawn.
drawn <- function(plot, geom) {
    if (inherits(plot, "patchwork")) plot <- plot[[1]]
    is_geom <- vapply(plot$layers, function(layer) class(layer$geom)[1] == geom, NA)
    lapply(which(is_geom), function(k) ggplot2::layer_data(plot, k))
}

# The text labels written by annotation_custom(): lists of label and y, from the top of the layer list.
written <- function(plot) {
    if (inherits(plot, "patchwork")) plot <- plot[[1]]
    custom <- Filter(function(layer) class(layer$geom)[1] == "GeomCustomAnn", plot$layers)
    vapply(custom, function(layer) {
        text <- Filter(function(grob) inherits(grob, "text"), layer$geom_params$grob$children)
        text[[1]]$label
    }, "")
}

# Renders without a warning; a plot may be built and still fail when it is drawn.
expect_draws <- function(plot) {
    file <- tempfile(fileext = ".png")
    on.exit(unlink(file))
    grDevices::png(file, 400, 400, type = "cairo")
    on.exit(grDevices::dev.off(), add = TRUE, after = FALSE)
    testthat::expect_warning(print(plot), NA)
}

# One curve in the shape of tidy().
curve_table <- function(time, estimate, low = NA_real_, high = NA_real_,
                        n.risk = length(time) - seq_along(time),
                        n.event = 0, n.censor = 0, strata = "") {
    data.frame(strata = strata, time = time, n.risk = n.risk, n.event = n.event, n.censor = n.censor,
               estimate = estimate, conf.low = low, conf.high = high)
}

