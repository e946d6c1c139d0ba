# What all figures share: theme, colours, labels, time breaks, saving. Sizes are print sizes: text is 7 to 8
# pt in a column 90 mm wide, and no colour carries a meaning that position, line type or a label does not.

#' @importFrom ggplot2 .data aes annotation_custom autoplot coord_cartesian element_blank element_line
#'   element_rect element_text expansion facet_grid facet_wrap geom_col geom_hline geom_line geom_linerange
#'   geom_path geom_point geom_polygon geom_rect geom_ribbon geom_segment geom_text geom_vline ggplot ggsave
#'   guide_legend guides labs margin rel scale_colour_identity scale_colour_manual scale_fill_identity
#'   scale_fill_manual scale_linetype_manual scale_linewidth_identity scale_shape_identity scale_shape_manual
#'   scale_size_identity scale_x_continuous scale_x_discrete scale_y_continuous scale_y_reverse theme unit
#'   vars
NULL

# The first three differ in lightness as well as in hue, so that they stay apart for the colour-blind and in
# grey; those after them (Okabe and Ito's too) are dashed.
figure_colours <- c("#0B3C6F", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#7A5C00")
figure_linetypes <- c("solid", "solid", "solid", "42", "22", "6222")
figure_grey <- "grey35"
figure_text_size <- 7 / ggplot2::.pt

theme_figure <- function() {
    ggplot2::theme_classic(base_size = 8) +
        theme(
            axis.line = element_line(linewidth = 0.3, colour = "grey20"),
            axis.ticks = element_line(linewidth = 0.3, colour = "grey20"),
            axis.text = element_text(size = 7, colour = "grey15"),
            axis.title = element_text(size = 8),
            panel.grid.major.y = element_line(linewidth = 0.2, colour = "grey92"),
            strip.background = element_blank(),
            strip.text = element_text(size = 8, hjust = 0, margin = margin(2, 0, 2, 0)),
            legend.position = "bottom", legend.margin = margin(0, 0, 0, 0),
            legend.text = element_text(size = 7), legend.title = element_blank(),
            legend.box.spacing = unit(1.5, "mm"), panel.spacing.x = unit(4, "mm"),
            legend.key.height = unit(3.2, "mm"), legend.key.width = unit(7, "mm"),
            plot.title = element_text(size = 8, face = "bold"), plot.title.position = "plot",
            plot.caption = element_text(size = 6.5, hjust = 0, colour = "grey25"),
            plot.caption.position = "plot", plot.margin = margin(4, 6, 3, 3)
        )
}

# A table below or beside a figure: text only.
theme_text_panel <- function() {
    ggplot2::theme_void(base_size = 8) +
        theme(plot.title = element_text(size = 7, face = "bold", margin = margin(2, 0, 1, 0)),
              plot.title.position = "plot", plot.margin = margin(0, 6, 2, 3))
}

check_table <- function(table, argument, columns) {
    if (!is.data.frame(table)) {
        abort_invalid(sprintf("`%s` must be a data frame; got %s.", argument, value_text(table)), argument)
    }
    absent <- setdiff(columns, names(table))
    if (length(absent)) {
        abort_invalid(sprintf("`%s` needs the column%s %s.", argument, if (length(absent) > 1) "s" else "",
                              paste0("`", absent, "`", collapse = ", ")), argument)
    }
    if (!nrow(table)) abort_invalid(sprintf("`%s` has no rows; nothing can be drawn.", argument), argument)
    table <- as.data.frame(table)
    if (!is.null(table$strata)) {
        # A manual scale cannot hold a value named "".
        table$strata <- as.character(table$strata)
        table$strata[table$strata == ""] <- one_stratum
    }
    table
}

one_stratum <- "all"

# "group=solid" reads "solid" where one factor makes all strata; numbers keep their variable's name.
strata_labels <- function(strata, labels = NULL) {
    levels <- unique(as.character(strata))
    if (!is.null(labels)) {
        absent <- setdiff(levels, names(labels))
        if (length(absent)) {
            abort_invalid(sprintf("`labels` must be named by the strata; \"%s\" is missing.", absent[1]),
                          "labels")
        }
        return(labels[levels])
    }
    shown <- levels
    name <- sub("=.*", "", levels)
    value <- sub("^[^=]*=", "", levels)
    single <- grepl("=", levels, fixed = TRUE) & !grepl(", [^=,]+=", levels)
    if (all(single) && length(unique(name)) == 1) {
        numbers <- suppressWarnings(!is.na(as.numeric(value)))
        shown <- if (any(numbers) || any(value %in% c("TRUE", "FALSE"))) paste(name, "=", value) else value
    }
    stats::setNames(shown, levels)
}

wrap_label <- function(x, width) {
    vapply(x, function(one) paste(strwrap(one, width), collapse = "\n"), "", USE.NAMES = FALSE)
}

# Plain ASCII here and in all text of figures: pdf() has no other signs.
shorten <- function(x, width) {
    unname(ifelse(nchar(x) > width, paste0(trimws(substr(x, 1, width - 3), "right"), "..."), x))
}

capital <- function(x) paste0(toupper(substr(x, 1, 1)), substring(x, 2))

# Months are read in years and their simple parts; every other unit gets round numbers.
time_breaks <- function(last, unit = NULL) {
    if (!is.finite(last) || last <= 0) return(0)
    if (!identical(unit, "months")) {
        breaks <- pretty(c(0, last), n = 6)
        return(breaks[breaks <= last * (1 + 1e-9)])
    }
    steps <- c(1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, 1200)
    step <- steps[match(TRUE, last / steps <= 7.01, nomatch = length(steps))]
    seq(0, last * (1 + 1e-9), by = step)
}

time_title <- function(unit) if (is.null(unit)) "Time" else capital(unit)

percent <- function(x) format(100 * x, trim = TRUE, drop0trailing = TRUE, digits = 3)

# Places for labels: as near as can be to `y` in the sense of least squares, at least `gap` apart and inside
# the limits (the constraint is monotone after taking the gaps off, so this is an isotonic regression).
spread_labels <- function(y, gap, lower = 0, upper = 1) {
    n <- length(y)
    if (n < 2) return(pmin(pmax(y, lower), upper))
    order <- order(y)
    gap <- min(gap, (upper - lower) / (n - 1))
    offset <- gap * (seq_len(n) - 1)
    free <- stats::isoreg(y[order] - offset)$yf
    place <- pmin(pmax(free, lower), upper - offset[n]) + offset
    place[order(order)]
}

#' Save a figure as PNG and SVG
#'
#' Each file is written under a temporary name beside its target and renamed when complete, so that a failed
#' run leaves no half file. The same figure gives the same bytes on one machine.
#'
#' @param plot A ggplot or patchwork.
#' @param path Path without extension; the folder must exist.
#' @param width,height Size in millimetres.
#' @param dpi Dots per inch of the PNG.
#' @return The two paths, `png` and `svg`.
#' @noRd
save_figure <- function(plot, path, width = 90, height = 80, dpi = 300) {
    width <- check_number(width, "width", 1, 2000)
    height <- check_number(height, "height", 1, 2000)
    if (!is.character(path) || length(path) != 1 || is.na(path) || !dir.exists(dirname(path))) {
        abort("io", sprintf("`path` must lie in a folder that exists; got %s.", value_text(path)), "path")
    }
    devices <- list(
        png = function(filename, width, height, ...) {
            grDevices::png(filename, width = width, height = height, units = "in", res = dpi, type = "cairo",
                           bg = "white")
        },
        svg = if (requireNamespace("svglite", quietly = TRUE)) {
            function(filename, width, height, ...) svglite::svglite(filename, width, height, bg = "white")
        } else {
            function(filename, width, height, ...) grDevices::svg(filename, width, height, bg = "white")
        }
    )
    paths <- stats::setNames(paste0(path, ".", names(devices)), names(devices))
    for (kind in names(devices)) {
        temporary <- tempfile(paste0(".", basename(path), "-"), dirname(path), paste0(".", kind))
        on.exit(unlink(temporary), add = TRUE)
        ggsave(temporary, plot, device = devices[[kind]], width = width, height = height, units = "mm")
        if (!file.rename(temporary, paths[[kind]])) {
            abort("io", sprintf("\"%s\" cannot be written.", paths[[kind]]), "path")
        }
    }
    paths
}

#' Plot a result
#'
#' `plot()` prints what `autoplot()` builds and returns it, so that it can be changed and saved as any ggplot.
#'
#' @param x A result of this package that has a picture: of [kaplan_meier()], [cumulative_incidence()],
#'   [turnbull()], [meta_analysis()], or a [cohort()].
#' @param ... Passed to the `autoplot()` method: see [autoplot.kaplan_meier()],
#'   [autoplot.cumulative_incidence()], [autoplot.turnbull()], [autoplot.meta_analysis()],
#'   [autoplot.cohort()].
#' @return The ggplot, invisibly.
#' @section Errors: `osseosurv_invalid` for a result that has no picture.
#' @examples
#' plot(kaplan_meier(Surv(time, status) ~ sex, survival::lung), unit = "days")
#' @export
plot.osseosurv_result <- function(x, ...) {
    method <- lapply(class(x), function(class) utils::getS3method("autoplot", class, optional = TRUE))
    if (all(vapply(method, is.null, NA))) {
        abort_invalid(sprintf("There is no picture of a result of `%s()`; tidy() gives its table.",
                              class(x)[1]), "x")
    }
    picture <- autoplot(x, ...)
    print(picture)
    invisible(picture)
}

#' @rdname plot.osseosurv_result
#' @export
plot.cohort <- function(x, ...) {
    picture <- autoplot(x, ...)
    print(picture)
    invisible(picture)
}
