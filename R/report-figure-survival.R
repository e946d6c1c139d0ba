# Kaplan-Meier curves with their risk table.

#' Draw survival curves
#'
#' A step curve per stratum with its pointwise interval as a step-shaped ribbon, censored times as ticks, and
#' the numbers at risk below the time axis (where long ones would touch, at every second or third break).
#' Curve and ribbon show the values just after each time (right-continuous) and end at the last follow-up;
#' where the interval is not estimable there is no ribbon. Up to six strata share a panel, each labelled at
#' the right; more get a panel each and no risk table.
#'
#' Curves of more than 4000 rows are drawn from 2000 points of time, and ticks are left out where more than
#' 300 fall on a curve; the table keeps every row.
#'
#' @param object A result of [kaplan_meier()].
#' @param risk.table `"at risk"`; `"full"`: at risk, and events and censored until then (the layout of Morris
#'   et al. 2019); `"none"`.
#' @param times Times (unit of the data) for axis and risk table; `NULL`: whole years or simple parts of them
#'   where `unit` is `"months"`, else round numbers.
#' @param unit Name of the time unit for the axis, such as `"months"`; `NULL`: the axis says "Time".
#' @param failure Draw one minus survival? This is the net risk, as if no competing event could happen: see
#'   [autoplot.cumulative_incidence()] for the crude one.
#' @param conf.int,censor Draw the ribbon; the ticks?
#' @param band `"none"`, or the simultaneous band of [confidence_band()] as thin lines about the curve, `"hall-wellner"` or
#'   `"equal-precision"`. It begins with the first event; a stratum without one has none.
#' @param labels Named character, what to call each of `strata`.
#' @param xlab,ylab Axis titles.
#' @param ... Not used.
#' @return A ggplot (a patchwork when there is a risk table).
#' @section Errors: `osseosurv_invalid` for options of the wrong type or outside their choices.
#' @references Morris TP et al. (2019) BMJ Open 9:e030215, \doi{10.1136/bmjopen-2019-030215}.
#' @examples
#' autoplot(kaplan_meier(Surv(time, status) ~ sex, survival::lung), unit = "days")
#' @export
autoplot.kaplan_meier <- function(object, risk.table = "at risk", times = NULL, unit = NULL, failure = FALSE,
                                  conf.int = TRUE, censor = TRUE, labels = NULL, xlab = NULL, ylab = NULL,
                                  band = "none", ...) {
    check_choice(band, "band", c("none", "hall-wellner", "equal-precision"))
    figure_survival(tidy(object), risk.table, times, unit, failure, conf.int, censor, labels, xlab, ylab,
                    at.risk = function(times) survival_at(object, times),
                    band = if (band != "none") tidy(confidence_band(object, band)))
}

# `at.risk`: function of times that gives `strata`, `time`, `n.risk`; by default read from the table, which
# knows no entries between two of its times. `band`: table of a simultaneous band.
figure_survival <- function(table, risk.table = "at risk", times = NULL, unit = NULL, failure = FALSE,
                            conf.int = TRUE, censor = TRUE, labels = NULL, xlab = NULL, ylab = NULL,
                            at.risk = NULL, band = NULL) {
    table <- check_table(table, "table", c("strata", "time", "estimate", "conf.low", "conf.high", "n.risk"))
    check_choice(risk.table, "risk.table", c("at risk", "full", "none"))
    check_flag(failure, "failure")
    check_flag(conf.int, "conf.int")
    check_flag(censor, "censor")
    if (!is.null(times)) times <- check_numbers(times, "times", lower = 0)
    labels <- strata_labels(table$strata, labels)
    last <- max(table$time, times)
    breaks <- times %||% time_breaks(last, unit)
    drawn <- if (failure) as_failure(table) else table
    axes <- list(breaks = breaks, last = last, xlab = xlab %||% time_title(unit),
                 ylab = ylab %||% if (failure) "Failed (%)" else "Survival (%)")
    if (length(labels) > length(figure_colours)) {
        return(survival_facets(drawn, labels, axes, conf.int, censor, band_layers(band, failure, labels)))
    }
    panel <- survival_panel(drawn, labels, axes, conf.int, censor, band_layers(band, failure))
    if (risk.table == "none") return(panel)
    counts <- risk_counts(table, breaks)
    if (!is.null(at.risk)) counts$n.risk <- at.risk(breaks)$n.risk
    with_risk_table(panel, counts, labels, axes, full = risk.table == "full")
}

as_failure <- function(table) {
    low <- table$conf.low
    table$conf.low <- 1 - table$conf.high
    table$conf.high <- 1 - low
    table$estimate <- 1 - table$estimate
    table
}

# Layers of step curves by stratum; `by` adds columns that split curves further (cause, facet).
step_layers <- function(table, by = "strata", conf.int = TRUE, linewidth = 0.5) {
    table <- bind_rows(lapply(split(table, interaction(table[by], drop = TRUE)), thin_steps))
    corners <- step_corners_by(table, by, c("estimate", "conf.low", "conf.high"))
    corners$curve <- interaction(corners[by], drop = TRUE)
    ribbon <- ribbon_pieces(corners)
    list(
        if (conf.int && nrow(ribbon)) {
            geom_ribbon(aes(.data$time, ymin = .data$conf.low, ymax = .data$conf.high, fill = .data$strata,
                            group = .data$piece), ribbon, alpha = 0.18)
        },
        geom_path(aes(.data$time, .data$estimate, colour = .data$strata, linetype = .data$strata,
                      group = .data$curve), corners, linewidth = linewidth, linejoin = "mitre", na.rm = TRUE)
    )
}

# A ribbon stops where a limit is not estimable and starts anew: each piece is a polygon of its own.
ribbon_pieces <- function(corners) {
    known <- !is.na(corners$conf.low) & !is.na(corners$conf.high)
    start <- known & !(c(FALSE, known[-nrow(corners)]) & duplicated(corners$curve))
    corners$piece <- cumsum(start)
    corners[known, , drop = FALSE]
}

# Both limits of a simultaneous band as step lines. `labels`: of the panels, where each stratum has one.
band_layers <- function(band, failure, labels = NULL) {
    if (is.null(band)) return(NULL)
    # No plot takes a stratum that is named "".
    band$strata[band$strata == ""] <- one_stratum
    if (failure) band <- as_failure(band)
    limits <- lapply(c("conf.low", "conf.high"), function(limit) {
        one <- band[c("strata", "time", limit)]
        names(one)[3] <- "limit"
        corners <- step_corners_by(one[!is.na(one$limit), ], "strata", "limit")
        if (!nrow(corners)) return(NULL)
        corners$line <- paste(limit, corners$strata)
        if (!is.null(labels)) {
            corners$panel <- factor(corners$strata, names(labels))
            corners$strata <- one_stratum
        }
        geom_path(aes(.data$time, .data$limit, colour = .data$strata, group = .data$line), corners, linewidth = 0.25,
                  linetype = "22", show.legend = FALSE, na.rm = TRUE)
    })
    limits
}

censor_layer <- function(table, height = 0.018) {
    ticks <- table[!is.na(table$estimate) & table$n.censor > 0, , drop = FALSE]
    crowded <- names(which(table(ticks$strata) > 300))
    ticks <- ticks[!ticks$strata %in% crowded, , drop = FALSE]
    if (!nrow(ticks)) return(NULL)
    geom_segment(aes(.data$time, .data$estimate - height, xend = .data$time, yend = .data$estimate + height,
                     colour = .data$strata), ticks, linewidth = 0.3, show.legend = FALSE)
}

survival_panel <- function(table, labels, axes, conf.int, censor, band = NULL) {
    ggplot() +
        step_layers(table, conf.int = conf.int) +
        band +
        (if (censor && !is.null(table$n.censor)) censor_layer(table)) +
        probability_axis(axes, c(0, 1)) +
        theme_figure() +
        name_curves(curve_ends(table), labels)
}

# Curves are named beside the panel; names too long for that go into a legend above it.
name_curves <- function(ends, labels, limits = c(0, 1)) {
    if (length(labels) == 1) return(strata_scales(labels))
    if (long_labels(labels)) return(list(strata_scales(labels, "legend"), legend_above()))
    list(strata_scales(labels), direct_labels(ends, labels, limits), label_space(labels))
}

label_width <- 22
long_labels <- function(labels) max(nchar(labels)) > label_width

legend_above <- function() {
    theme(legend.position = "top", legend.direction = "vertical", legend.justification = "left")
}

survival_facets <- function(table, labels, axes, conf.int, censor, band = NULL) {
    size <- vapply(names(labels), function(one) max(table$n.risk[table$strata == one]), 0)
    titles <- stats::setNames(sprintf("%s (n = %s)", labels, format(size, big.mark = ",", trim = TRUE)),
                              names(labels))
    table$panel <- factor(table$strata, names(labels))
    curves <- table
    curves$strata <- one_stratum
    ggplot() +
        step_layers(curves, c("strata", "panel"), conf.int = conf.int) +
        band +
        (if (censor && !is.null(curves$n.censor)) censor_layer(curves)) +
        strata_scales(stats::setNames("", one_stratum)) +
        probability_axis(axes, c(0, 1)) +
        facet_wrap(vars(.data$panel), labeller = ggplot2::as_labeller(function(x) {
            wrap_label(titles[x], 24)
        })) +
        theme_figure() + theme(legend.position = "none", strip.text = element_text(size = 7))
}

strata_scales <- function(labels, guide = "none") {
    values <- function(from) stats::setNames(rep_len(from, length(labels)), names(labels))
    text <- stats::setNames(wrap_label(labels, 60), names(labels))
    scale <- function(make, from) {
        make(values = values(from), breaks = names(labels), labels = text, guide = guide, name = NULL)
    }
    list(scale(scale_colour_manual, figure_colours), scale(scale_fill_manual, figure_colours),
         scale(scale_linetype_manual, figure_linetypes))
}

probability_axis <- function(axes, limits) {
    list(scale_x_continuous(axes$xlab, breaks = axes$breaks, expand = expansion(mult = 0.02)),
         scale_y_continuous(axes$ylab, labels = percent, breaks = axes$y.breaks %||% pretty(limits, 4),
                            expand = expansion(mult = c(0.01, 0.03))),
         coord_cartesian(xlim = c(0, if (axes$last > 0) axes$last else 1), ylim = limits, clip = "off"))
}

curve_ends <- function(table) {
    table <- table[!is.na(table$estimate), , drop = FALSE]
    table <- table[order(table$time), , drop = FALSE]
    table[!duplicated(table$strata, fromLast = TRUE), c("strata", "time", "estimate"), drop = FALSE]
}

# Names right of the panel, each after a sample of its line and as near to the end of its curve as space
# allows.
direct_labels <- function(ends, labels, limits = c(0, 1)) {
    index <- match(ends$strata, names(labels))
    text <- wrap_label(labels[index], label_width)
    range <- diff(limits)
    place <- spread_labels(ends$estimate, 0.062 * max(text_lines(text)) * range, limits[1] + 0.01 * range,
                           limits[2])
    lapply(seq_along(text), function(k) {
        annotation_custom(
            grid::grobTree(
                grid::segmentsGrob(unit(1, "mm"), unit(0.5, "npc"), unit(5.5, "mm"), unit(0.5, "npc"),
                                   gp = grid::gpar(col = figure_colours[index[k]],
                                                   lty = figure_linetypes[index[k]],
                                                   lwd = 0.5 * ggplot2::.stroke)),
                grid::textGrob(text[k], unit(6.5, "mm"), unit(0.5, "npc"), hjust = 0,
                               gp = grid::gpar(fontsize = 7, lineheight = 0.9, col = "grey15"))
            ),
            xmin = Inf, xmax = Inf, ymin = place[k], ymax = place[k]
        )
    })
}

text_lines <- function(text) lengths(strsplit(text, "\n", fixed = TRUE))

# Room right of the panel, in points: about half an em a letter after the sample of the line.
label_space <- function(labels) {
    longest <- max(nchar(unlist(strsplit(wrap_label(labels, label_width), "\n", fixed = TRUE))))
    theme(plot.margin = margin(4, 20 + 4 * longest, 3, 3))
}

with_risk_table <- function(panel, counts, labels, axes, full) {
    several <- length(labels) > 1
    headed <- several && (full || long_labels(labels))
    rows <- risk_rows(counts, labels, full, headed)
    # About 45 figures fit side by side in a column of 90 mm.
    shown <- unique(rows$time)
    every <- ceiling(max(nchar(rows$text)) * length(shown) / 45)
    rows <- rows[match(rows$time, shown) %% every == 1 | every == 1, , drop = FALSE]
    below <- ggplot(rows) +
        geom_text(aes(.data$time, .data$row, label = .data$text), size = figure_text_size,
                  colour = "grey15") +
        scale_x_continuous(expand = expansion(mult = 0.02)) +
        scale_y_reverse(breaks = rows$row[!duplicated(rows$row)], labels = rows$label[!duplicated(rows$row)],
                        limits = c(max(rows$row) + 0.5, 0.5), expand = c(0, 0)) +
        coord_cartesian(xlim = c(0, if (axes$last > 0) axes$last else 1), clip = "off") +
        labs(title = if (several && !headed) "At risk") +
        theme_text_panel() +
        theme(axis.text.y = element_text(size = 7, hjust = 1, lineheight = 0.85, colour = "grey15",
                                         margin = margin(0, 3 + 2 * max(nchar(rows$text)), 0, 0)))
    if (headed) {
        heads <- rows[!duplicated(rows$strata), ]
        below <- below + geom_text(aes(0, .data$row - 1, label = .data$head), heads, hjust = 0,
                                   size = figure_text_size, fontface = "bold", colour = "grey15")
    }
    lines <- max(rows$row) * max(1, 0.85 * text_lines(rows$label))
    patchwork::wrap_plots(panel, below, ncol = 1, heights = unit(c(1, 3.3 * lines), c("null", "mm")))
}

# One row a number: its text and its line in the table. `headed`: each stratum has a line of its own above
# its numbers.
risk_rows <- function(counts, labels, full, headed) {
    measures <- c("At risk" = "n.risk", if (full) c(Censored = "n.censor", Events = "n.event"))
    index <- match(counts$strata, names(labels))
    rows <- lapply(seq_along(measures), function(k) {
        value <- counts[[measures[k]]]
        data.frame(
            strata = counts$strata, time = counts$time, value = value,
            text = ifelse(is.na(value), "", format(value, big.mark = ",", trim = TRUE)),
            row = (index - 1) * (length(measures) + headed) + k + headed,
            label = if (headed || length(labels) == 1) names(measures)[k] else wrap_label(labels[index], 16),
            head = shorten(labels[index], 45), stringsAsFactors = FALSE
        )
    })
    rows <- bind_rows(rows)
    rows[order(rows$row, rows$time), ]
}
