# The NPMLE of interval-censored data: survival is known to be flat between innermost intervals and is not
# defined inside those that hold mass, so those are drawn as rectangles, not as a line that pretends to pass
# through them.

#' Draw the NPMLE of interval-censored times
#'
#' Where the estimate is defined it is a horizontal line; inside an innermost interval with mass every path
#' through the rectangle has the same likelihood, and the rectangle is drawn. Points with bars are the
#' estimates and intervals at the right ends of intervals with mass (with more than twelve of a curve, the
#' ribbon alone); those of several strata stand side by side, 1% of the axis apart. The ribbon
#' is made of the limits at every end of an interval of the data (or 200 of them): between two of them it
#' takes the lower limit of the later and the upper limit of the earlier, which hold there because survival
#' does not rise. A lighter rectangle, open to the right, holds the mass of those not seen to the end.
#'
#' @param object A result of [turnbull()].
#' @param event Draw the proportion that has had the event (one minus survival)?
#' @param conf.int Draw ribbon and bars?
#' @inheritParams autoplot.kaplan_meier
#' @return A ggplot; one panel, strata in colour.
#' @section Errors: `osseosurv_invalid` for options of the wrong type, and for more than six strata.
#' @examples
#' seen <- data.frame(left = c(3, 3, 6, 12, 36), right = c(6, 6, 12, 24, Inf))
#' autoplot(turnbull(Surv(left, right, type = "interval2") ~ 1, seen), unit = "months")
#' @export
autoplot.turnbull <- function(object, event = TRUE, times = NULL, unit = NULL, conf.int = TRUE, labels = NULL,
                              xlab = NULL, ylab = NULL, ...) {
    figure_turnbull(tidy(object), event, times, unit, conf.int, labels, xlab, ylab,
                    limits = if (conf.int) limits_at_ends(object))
}

# A panel each of a named list of turnbull() results, such as any, both, proximal, distal.
figure_turnbull_panels <- function(fits, ...) {
    table <- function(make) {
        bind_rows(lapply(names(fits), function(name) cbind(estimand = name, make(fits[[name]]))))
    }
    figure_turnbull(table(tidy), ..., limits = table(limits_at_ends))
}

# Likelihood-ratio limits cost a search each: those of the table serve.
limits_at_ends <- function(fit) {
    table <- tidy(fit)
    if (fit$conf.type != "exact") {
        return(data.frame(strata = table$strata, time = table$right, conf.low = table$conf.low,
                          conf.high = table$conf.high, stringsAsFactors = FALSE))
    }
    by_stratum <- lapply(seq_along(fit$strata), function(s) {
        own <- if (is.null(fit$rows$stratum)) TRUE else fit$rows$stratum == s
        ends <- c(0, fit$rows$left[own], fit$rows$right[own])
        ends <- sort(unique(ends[is.finite(ends)]))
        if (length(ends) > 200) ends <- ends[round(seq(1, length(ends), length.out = 200))]
        limits <- survival_at(fit, ends)
        limits[limits$strata == fit$strata[s], c("strata", "time", "conf.low", "conf.high")]
    })
    bind_rows(by_stratum)
}

# `limits`: data frame `strata` (and `estimand`), `time`, `conf.low`, `conf.high`, limits of survival at
# further times; by default those of the table. `table` may hold a column `estimand` (any, both, ...): a
# panel each, in order of appearance or of its levels.
figure_turnbull <- function(table, event = TRUE, times = NULL, unit = NULL, conf.int = TRUE, labels = NULL,
                            xlab = NULL, ylab = NULL, limits = NULL) {
    table <- check_table(table, "table", c("strata", "left", "right", "mass", "estimate", "conf.low",
                                           "conf.high"))
    check_flag(event, "event")
    check_flag(conf.int, "conf.int")
    if (!is.null(times)) times <- check_numbers(times, "times", lower = 0)
    labels <- strata_labels(table$strata, labels)
    check_groups(labels, "strata")
    panels <- !is.null(table$estimand)
    table$estimand <- if (panels) as_ordered_factor(table$estimand) else factor("all")
    limits <- turnbull_limit_table(table, limits)
    ends <- c(table$left, table$right, times)
    last <- max(ends[is.finite(ends)], 0)
    open <- if (any(table$right == Inf & table$mass > 0)) last * 1.08 else last
    pieces <- turnbull_pieces(table, limits, if (open > 0) open else 1, event)
    axes <- list(breaks = times %||% time_breaks(last, unit), last = open, xlab = xlab %||% time_title(unit),
                 ylab = ylab %||% if (event) "With the event (%)" else "Survival (%)")
    flat_ends <- pieces$lines[order(pieces$lines$x), ]
    flat_ends <- flat_ends[!duplicated(flat_ends$strata, fromLast = TRUE), ]
    names(flat_ends)[names(flat_ends) == "y"] <- "estimate"
    ggplot() +
        turnbull_layers(pieces, conf.int) +
        probability_axis(axes, c(0, 1)) +
        (if (panels) facet_wrap(vars(.data$estimand), labeller = wrap_strips)) +
        theme_figure() +
        (if (panels && length(labels) > 1) {
            list(strata_scales(labels, "legend"), if (long_labels(labels)) legend_above())
        } else {
            name_curves(flat_ends, labels)
        })
}

as_ordered_factor <- function(x) if (is.factor(x)) droplevels(x) else factor(x, unique(x))

turnbull_limit_table <- function(table, limits) {
    if (is.null(limits)) {
        return(data.frame(estimand = table$estimand, strata = table$strata, time = table$right,
                          conf.low = table$conf.low, conf.high = table$conf.high, stringsAsFactors = FALSE))
    }
    limits <- check_table(limits, "limits", c("strata", "time", "conf.low", "conf.high"))
    if (is.null(limits$estimand)) limits$estimand <- "all"
    limits
}

turnbull_layers <- function(pieces, conf.int) {
    several <- length(unique(pieces$lines$strata)) > 1
    list(
        if (conf.int && nrow(pieces$ribbon)) {
            geom_ribbon(aes(.data$x, ymin = .data$ymin, ymax = .data$ymax, fill = .data$strata,
                            group = interaction(.data$estimand, .data$strata)),
                        pieces$ribbon, alpha = 0.15, show.legend = FALSE)
        },
        turnbull_boxes(pieces$boxes[!pieces$boxes$open, , drop = FALSE], alpha = 0.35, legend = several),
        # Lighter: not when the event came, only that it was not seen.
        turnbull_boxes(pieces$boxes[pieces$boxes$open, , drop = FALSE], alpha = 0.15, legend = FALSE),
        if (nrow(pieces$borders)) {
            geom_segment(aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend, colour = .data$strata),
                         pieces$borders, linewidth = 0.2, show.legend = FALSE)
        },
        if (conf.int && nrow(pieces$points)) {
            geom_linerange(aes(.data$x, ymin = .data$ymin, ymax = .data$ymax, colour = .data$strata),
                           pieces$points[!is.na(pieces$points$ymin), , drop = FALSE], linewidth = 0.35,
                           show.legend = FALSE)
        },
        geom_segment(aes(.data$x, .data$y, xend = .data$xend, yend = .data$y, colour = .data$strata,
                         linetype = .data$strata), pieces$lines, linewidth = 0.6),
        if (nrow(pieces$points)) {
            geom_point(aes(.data$x, .data$y, colour = .data$strata), pieces$points, size = 1,
                       show.legend = FALSE)
        }
    )
}

turnbull_boxes <- function(boxes, alpha, legend) {
    if (!nrow(boxes)) return(NULL)
    geom_rect(aes(xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax,
                  fill = .data$strata), boxes, alpha = alpha, show.legend = legend)
}

# Curves seen at the same visits have their bars side by side, in the order of the strata.
side_by_side <- function(points, strata, open) {
    place <- match(points$strata, strata) - (length(strata) + 1) / 2
    points$x <- points$x + place * 0.01 * open
    points
}

# Rectangles, lines, ribbon pieces and points of all curves, in the units drawn.
turnbull_pieces <- function(table, limits, open, event) {
    curve <- interaction(table[c("estimand", "strata")], drop = TRUE)
    pieces <- lapply(split(table, curve), function(rows) {
        own <- limits$estimand == rows$estimand[1] & limits$strata == rows$strata[1]
        turnbull_curve(rows, limits[own, , drop = FALSE], open)
    })
    kinds <- names(pieces[[1]])
    pieces <- stats::setNames(lapply(kinds, function(kind) bind_rows(lapply(pieces, `[[`, kind))), kinds)
    pieces$points <- side_by_side(pieces$points, unique(as.character(table$strata)), open)
    if (!event) return(pieces)
    lapply(pieces, function(frame) {
        if (!is.null(frame$y)) frame$y <- 1 - frame$y
        if (!is.null(frame$yend)) frame$yend <- 1 - frame$yend
        if (!is.null(frame$ymin)) {
            low <- frame$ymin
            frame$ymin <- 1 - frame$ymax
            frame$ymax <- 1 - low
        }
        frame
    })
}

turnbull_curve <- function(rows, limits, open) {
    rows <- rows[order(rows$left, rows$right), , drop = FALSE]
    n <- nrow(rows)
    before <- c(1, rows$estimate[-n])
    # After an open interval survival is not estimated; its rectangle goes down by its mass.
    rows$estimate <- ifelse(is.na(rows$estimate), pmax(before - rows$mass, 0), rows$estimate)
    right <- pmin(rows$right, open)
    make <- function(keep, ...) {
        values <- lapply(list(...), function(x) x[keep])
        data.frame(estimand = rep(rows$estimand[1], sum(keep)), strata = rep(rows$strata[1], sum(keep)),
                   values,
                   stringsAsFactors = FALSE)
    }
    held <- rows$mass > 0
    boxes <- make(held, xmin = rows$left, xmax = right, ymin = rows$estimate, ymax = before,
                  open = rows$right == Inf)
    closed <- held & rows$right < Inf
    borders <- rbind(make(held, x = rows$left, y = rows$estimate, xend = rows$left, yend = before),
                     make(closed, x = right, y = rows$estimate, xend = right, yend = before),
                     make(held, x = rows$left, y = rows$estimate, xend = right, yend = rows$estimate),
                     make(held, x = rows$left, y = before, xend = right, yend = before))
    list(boxes = boxes, borders = borders, lines = flat_lines(rows, held, open, make),
         ribbon = turnbull_ribbon(limits, rows$estimand[1], rows$strata[1]), points = turnbull_points(rows,
                                                                                                      make))
}

# From the start to the first interval with mass, from each to the next, and from the last to the end of
# what was seen.
flat_lines <- function(rows, held, open, make) {
    finite <- c(rows$left, rows$right)
    last <- max(finite[is.finite(finite)])
    mass <- rows[held, , drop = FALSE]
    lines <- data.frame(x = c(0, mass$right), xend = c(mass$left, last), y = c(1, mass$estimate))
    lines <- lines[is.finite(lines$x) & lines$xend >= lines$x, , drop = FALSE]
    data.frame(estimand = rep(rows$estimand[1], nrow(lines)), strata = rep(rows$strata[1], nrow(lines)),
               lines,
               stringsAsFactors = FALSE)
}

# Between two times whose limits are known, the lower limit of the later and the upper limit of the earlier
# hold, since survival does not rise; so any selection of times gives a valid ribbon. It starts at 1 and
# ends at the last of them.
turnbull_ribbon <- function(limits, estimand, strata) {
    limits <- limits[is.finite(limits$time) & !is.na(limits$conf.low) & !is.na(limits$conf.high), ,
                     drop = FALSE]
    limits <- limits[order(limits$time), , drop = FALSE]
    start <- limits$time[limits$time > 0][1]
    if (!nrow(limits) || is.na(start)) {
        return(data.frame(estimand = estimand[0], strata = strata[0], x = numeric(), ymin = numeric(),
                          ymax = numeric()))
    }
    times <- c(if (limits$time[1] > 0) 0, limits$time)
    high <- c(if (limits$time[1] > 0) 1, limits$conf.high)
    low <- c(if (limits$time[1] > 0) NA, limits$conf.low)
    n <- length(times)
    data.frame(estimand = estimand, strata = strata, x = times[c(rbind(seq_len(n - 1), seq_len(n)[-1]))],
               ymin = rep(low[-1], each = 2), ymax = rep(high[-n], each = 2), stringsAsFactors = FALSE)
}

turnbull_points <- function(rows, make) {
    defined <- is.finite(rows$right) & rows$mass > 0
    defined <- defined & sum(defined) <= 12
    make(defined, x = rows$right, y = rows$estimate, ymin = rows$conf.low, ymax = rows$conf.high)
}
