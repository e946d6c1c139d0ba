# Cumulative incidence of competing events, and beside it what one minus Kaplan-Meier would have said.

#' Draw cumulative incidences
#'
#' A step curve per cause with its pointwise interval: the crude risk, as observed where the other causes also
#' act. `naive = TRUE` adds one minus Kaplan-Meier of each cause, dashed: the net risk, as if the other causes
#' were removed. It is never below the crude one, and the gap is what naming one for the other would cost.
#'
#' @param object A result of [cumulative_incidence()].
#' @param type `"curves"`: a panel per cause, strata in colour; `"stacked"`: causes piled up to the risk of
#'   any event, a panel per stratum, without intervals.
#' @param naive Add one minus Kaplan-Meier? Computed from the same table, other causes taken as censored. With `type =
#'   "stacked"` it is that of the causes drawn, taken together, above their pile.
#' @param causes Causes to draw, in this order; `NULL`: all. With `type = "stacked"` from the bottom up.
#' @param conf.int Draw the ribbon?
#' @param risk.table `"at risk"` or `"none"`; drawn below a panel of one cause.
#' @inheritParams autoplot.kaplan_meier
#' @return A ggplot (a patchwork when there is a risk table).
#' @section Errors: `osseosurv_invalid` for options of the wrong type or outside their choices, and for more
#'   than six strata or causes in one panel.
#' @examples
#' status <- factor(c("censored", "loosening", "death", "censored", "loosening"),
#'                  c("censored", "loosening", "death"))
#' autoplot(cumulative_incidence(Surv(c(24, 12, 30, 48, 36), status) ~ 1), unit = "months")
#' @export
autoplot.cumulative_incidence <- function(object, type = "curves", naive = FALSE, causes = NULL,
                                          risk.table = "at risk", times = NULL, unit = NULL, conf.int = TRUE,
                                          labels = NULL, xlab = NULL, ylab = NULL, ...) {
    figure_incidence(tidy(object), type, naive, causes, risk.table, times, unit, conf.int, labels, xlab, ylab)
}

figure_incidence <- function(table, type = "curves", naive = FALSE, causes = NULL, risk.table = "at risk",
                             times = NULL, unit = NULL, conf.int = TRUE, labels = NULL, xlab = NULL,
                             ylab = NULL) {
    table <- check_table(table, "table", c("strata", "cause", "time", "estimate", "conf.low", "conf.high",
                                           "n.risk"))
    check_choice(type, "type", c("curves", "stacked"))
    check_choice(risk.table, "risk.table", c("at risk", "none"))
    check_flag(naive, "naive")
    check_flag(conf.int, "conf.int")
    if (!is.null(times)) times <- check_numbers(times, "times", lower = 0)
    labels <- strata_labels(table$strata, labels)
    table <- keep_causes(table, causes)
    check_groups(if (type == "curves") labels else levels(table$cause),
                 if (type == "curves") "strata" else "causes")
    last <- max(table$time, times)
    axes <- list(breaks = times %||% time_breaks(last, unit), last = last, xlab = xlab %||% time_title(unit),
                 ylab = ylab %||% "Cumulative incidence (%)")
    if (type == "stacked") return(incidence_stacked(table, labels, axes, naive))
    panel <- incidence_curves(table, labels, axes, naive, conf.int)
    if (risk.table == "none" || nlevels(table$cause) > 1) return(panel)
    with_risk_table(panel, risk_counts(table, axes$breaks), labels, axes, full = FALSE)
}

keep_causes <- function(table, causes) {
    present <- unique(as.character(table$cause))
    absent <- setdiff(causes, present)
    if (length(absent)) {
        abort_invalid(sprintf("`causes` holds \"%s\", which is no cause of this result; there are %s.",
                              absent[1], paste0("\"", present, "\"", collapse = ", ")),
                      "causes", match(absent[1], causes))
    }
    table$cause <- factor(table$cause, causes %||% present)
    table[!is.na(table$cause), , drop = FALSE]
}

check_groups <- function(groups, what) {
    if (length(groups) > length(figure_colours)) {
        abort_invalid(sprintf("A panel takes at most %d %s; here are %d. Draw a selection.",
                              length(figure_colours), what, length(groups)), "object")
    }
}

incidence_curves <- function(table, labels, axes, naive, conf.int) {
    net <- if (naive) naive_incidence(table)
    top <- probability_top(c(table$estimate, if (conf.int) table$conf.high, net$estimate))
    several <- length(labels) > 1
    ggplot() +
        step_layers(table, c("strata", "cause"), conf.int = conf.int) +
        (if (naive) naive_layers(net)) +
        probability_axis(axes, c(0, top)) +
        (if (nlevels(table$cause) > 1) facet_wrap(vars(.data$cause), labeller = wrap_strips)) +
        theme_figure() +
        (if (nlevels(table$cause) == 1 && !naive) {
            name_curves(curve_ends(table), labels, c(0, top))
        } else {
            list(strata_scales(labels, if (several) guide_legend(order = 1) else "none"),
                 theme(legend.box = "vertical", legend.spacing.y = unit(0, "mm")))
        })
}

wrap_strips <- ggplot2::as_labeller(function(x) wrap_label(capital(x), 30))

# Line width tells net from crude, because line types may tell strata.
naive_layers <- function(net) {
    corners <- step_corners_by(net, c("strata", "cause"), "estimate")
    corners$curve <- interaction(corners[c("strata", "cause")], drop = TRUE)
    list(geom_path(aes(.data$time, .data$estimate, colour = .data$strata, group = .data$curve, alpha = "net"),
                   corners, linewidth = 0.35, linetype = "31", na.rm = TRUE),
         geom_path(aes(.data$time, .data$estimate, group = .data$curve, alpha = "crude"), corners[0, ]),
         ggplot2::scale_alpha_manual(
             values = c(crude = 1, net = 1), limits = c("crude", "net"), name = NULL,
             labels = c(crude = "cumulative incidence (crude: observed)",
                        net = "1 - Kaplan-Meier (net: others removed)"),
             guide = guide_legend(order = 2, ncol = 1, override.aes = list(
                 linetype = c("solid", "31"), linewidth = c(0.5, 0.35), colour = "grey20"))
         ))
}

# One minus the product of 1 - events of the cause / at risk, by stratum and cause.
naive_incidence <- function(table) {
    check_table(table, "table", "n.event")
    one <- function(rows) {
        rows <- rows[order(rows$time), , drop = FALSE]
        hazard <- ifelse(rows$n.event > 0, rows$n.event / rows$n.risk, 0)
        rows$estimate <- 1 - cumprod(1 - hazard)
        rows[c("strata", "cause", "time", "estimate")]
    }
    bind_rows(lapply(split(table, interaction(table[c("strata", "cause")], drop = TRUE)), one))
}

# The axis ends at the first round number above all that is drawn.
probability_top <- function(values) {
    highest <- max(values, 0, na.rm = TRUE)
    tops <- c(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1)
    tops[match(TRUE, tops >= highest * (1 - 1e-9), nomatch = length(tops))]
}

# One minus Kaplan-Meier of all causes of the table together, as one cause named "any".
naive_together <- function(table) {
    check_table(table, "table", "n.event")
    table <- table[order(table$strata, table$time), , drop = FALSE]
    first <- !duplicated(table[c("strata", "time")])
    together <- table[first, , drop = FALSE]
    together$n.event <- as.vector(rowsum(table$n.event, cumsum(first)))
    together$cause <- factor("any")
    naive_incidence(together)
}

incidence_stacked <- function(table, labels, axes, naive = FALSE) {
    areas <- stack_causes(table)
    net <- if (naive) naive_together(table)
    areas$panel <- factor(areas$strata, names(labels))
    ends <- areas[areas$time == stats::ave(areas$time, areas$strata, FUN = max), ]
    ends <- ends[!duplicated(ends[c("strata", "cause")], fromLast = TRUE), ]
    causes <- stats::setNames(capital(levels(table$cause)), levels(table$cause))
    single <- length(labels) == 1
    fills <- scale_fill_manual(values = stats::setNames(figure_colours[seq_along(causes)], names(causes)),
                               name = NULL,
                               labels = causes, guide = if (single && !long_labels(causes)) "none" else
                                   guide_legend(reverse = TRUE, ncol = if (long_labels(causes)) 1))
    top <- probability_top(c(areas$high, net$estimate))
    ggplot(areas) +
        geom_ribbon(aes(.data$time, ymin = .data$low, ymax = .data$high, fill = .data$cause),
                    colour = "white",
                    linewidth = 0.2, alpha = 0.85) +
        fills +
        (if (naive) stacked_naive_layer(net, labels)) +
        probability_axis(axes, c(0, top)) +
        (if (!single) facet_wrap(vars(.data$panel), labeller = ggplot2::as_labeller(function(x) {
            wrap_label(labels[x], 30)
        }))) +
        theme_figure() +
        theme(legend.box = "vertical", legend.spacing.y = unit(0, "mm")) +
        (if (single && !long_labels(causes)) list(area_labels(ends, causes, top), label_space(causes)))
}

stacked_naive_layer <- function(net, labels) {
    corners <- step_corners_by(net, c("strata", "cause"), "estimate")
    corners$panel <- factor(corners$strata, names(labels))
    list(geom_path(aes(.data$time, .data$estimate, linetype = "net"), corners, linewidth = 0.4, colour = "grey10",
                   na.rm = TRUE),
         scale_linetype_manual(values = c(net = "31"), name = NULL,
                               labels = c(net = "1 - Kaplan-Meier of these causes (net: others removed)"),
                               guide = guide_legend(order = 2)))
}

# Lower and upper edge of each cause's area at every time of its stratum.
stack_causes <- function(table) {
    one <- function(rows) {
        times <- sort(unique(rows$time))
        low <- numeric(length(times))
        pile <- list()
        for (cause in levels(rows$cause)) {
            own <- rows[rows$cause == cause, , drop = FALSE]
            own <- own[order(own$time), , drop = FALSE]
            high <- low + if (nrow(own)) step_value(own$time, own$estimate, times, before = 0) else 0
            pile[[cause]] <- data.frame(strata = rows$strata[1], cause = cause, time = times, low = low,
                                        high = high)
            low <- high
        }
        pile <- bind_rows(pile)
        pile$cause <- factor(pile$cause, levels(rows$cause))
        known <- pile[!is.na(pile$low) & !is.na(pile$high), , drop = FALSE]
        step_corners_by(known, c("strata", "cause"), c("low", "high"))
    }
    bind_rows(lapply(split(table, factor(table$strata, unique(table$strata))), one))
}

area_labels <- function(ends, causes, top) {
    index <- match(ends$cause, names(causes))
    place <- spread_labels((ends$low + ends$high) / 2, 0.062 * top, 0.01 * top, top)
    lapply(seq_along(index), function(k) {
        annotation_custom(
            grid::grobTree(
                grid::rectGrob(unit(1, "mm"), unit(0.5, "npc"), unit(2.2, "mm"), unit(2.2, "mm"), hjust = 0,
                               gp = grid::gpar(fill = figure_colours[index[k]], col = NA, alpha = 0.85)),
                grid::textGrob(causes[index[k]], unit(4.2, "mm"), unit(0.5, "npc"), hjust = 0,
                               gp = grid::gpar(fontsize = 7, col = "grey15"))
            ),
            xmin = Inf, xmax = Inf, ymin = place[k], ymax = place[k]
        )
    })
}
