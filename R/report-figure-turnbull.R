# The NPMLE of interval-censored data: survival is known to be flat between innermost intervals and is not
# defined inside those that hold mass, so those are drawn as rectangles, not as a line that pretends to pass
# through them.

# `table` may hold a column `estimand` (any, both, ...): a panel each, in order of appearance or of its
# levels.
figure_turnbull <- function(table, event = TRUE, times = NULL, unit = NULL, conf.int = TRUE, labels = NULL,
                            xlab = NULL, ylab = NULL) {
    table <- check_table(table, "table", c("strata", "left", "right", "mass", "estimate", "conf.low",
                                           "conf.high"))
    check_flag(event, "event")
    check_flag(conf.int, "conf.int")
    if (!is.null(times)) times <- check_numbers(times, "times", lower = 0)
    labels <- strata_labels(table$strata, labels)
    check_groups(labels, "strata")
    panels <- !is.null(table$estimand)
    table$estimand <- if (panels) as_ordered_factor(table$estimand) else factor("all")
    ends <- c(table$left, table$right, times)
    last <- max(ends[is.finite(ends)], 0)
    open <- if (any(table$right == Inf & table$mass > 0)) last * 1.08 else last
    pieces <- turnbull_pieces(table, if (open > 0) open else 1, event)
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

turnbull_layers <- function(pieces, conf.int) {
    several <- length(unique(pieces$lines$strata)) > 1
    list(
        if (conf.int && nrow(pieces$ribbon)) {
            geom_ribbon(aes(.data$x, ymin = .data$ymin, ymax = .data$ymax, fill = .data$strata,
                            group = interaction(.data$estimand, .data$strata, .data$piece)),
                        pieces$ribbon, alpha = 0.15, show.legend = FALSE)
        },
        if (nrow(pieces$boxes)) {
            geom_rect(aes(xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax,
                          fill = .data$strata), pieces$boxes, alpha = 0.35, show.legend = several)
        },
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

# Rectangles, lines, ribbon pieces and points of all curves, in the units drawn.
turnbull_pieces <- function(table, open, event) {
    curves <- split(table, interaction(table[c("estimand", "strata")], drop = TRUE))
    pieces <- lapply(curves, turnbull_curve, open = open)
    kinds <- names(pieces[[1]])
    pieces <- stats::setNames(lapply(kinds, function(kind) bind_rows(lapply(pieces, `[[`, kind))), kinds)
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

turnbull_curve <- function(rows, open) {
    rows <- rows[order(rows$left, rows$right), , drop = FALSE]
    n <- nrow(rows)
    before <- c(1, rows$estimate[-n])
    right <- pmin(rows$right, open)
    make <- function(keep, ...) {
        values <- lapply(list(...), function(x) x[keep])
        data.frame(estimand = rep(rows$estimand[1], sum(keep)), strata = rep(rows$strata[1], sum(keep)),
                   values,
                   stringsAsFactors = FALSE)
    }
    held <- rows$mass > 0
    boxes <- make(held, xmin = rows$left, xmax = right, ymin = rows$estimate, ymax = before)
    closed <- held & rows$right < Inf
    borders <- rbind(make(held, x = rows$left, y = rows$estimate, xend = rows$left, yend = before),
                     make(closed, x = right, y = rows$estimate, xend = right, yend = before),
                     make(held, x = rows$left, y = rows$estimate, xend = right, yend = rows$estimate),
                     make(held, x = rows$left, y = before, xend = right, yend = before))
    list(boxes = boxes, borders = borders, lines = flat_lines(rows, held, open, make),
         ribbon = turnbull_ribbon(rows), points = turnbull_points(rows, make))
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

turnbull_ribbon <- function(rows) {
    n <- nrow(rows)
    finite <- c(rows$left, rows$right)
    last <- max(finite[is.finite(finite)])
    next_left <- c(rows$left[-1], last)
    ribbon <- rbind(
        data.frame(xmin = rows$left, xmax = rows$right, ymin = rows$conf.low,
                   ymax = c(1, rows$conf.high[-n])),
        data.frame(xmin = rows$right, xmax = next_left, ymin = rows$conf.low, ymax = rows$conf.high)
    )
    # The first lower limit holds from the start on as well.
    if (rows$left[1] > 0) {
        ribbon <- rbind(data.frame(xmin = 0, xmax = rows$left[1], ymin = rows$conf.low[1], ymax = 1), ribbon)
    }
    ribbon <- ribbon[is.finite(ribbon$xmin) & is.finite(ribbon$xmax) & ribbon$xmax > ribbon$xmin &
                     !is.na(ribbon$ymin) & !is.na(ribbon$ymax), , drop = FALSE]
    ribbon <- ribbon[order(ribbon$xmin), , drop = FALSE]
    twice <- rep(seq_len(nrow(ribbon)), each = 2)
    piece <- cumsum(c(TRUE, ribbon$xmin[-1] > ribbon$xmax[-nrow(ribbon)]))[seq_len(nrow(ribbon))]
    data.frame(estimand = rep(rows$estimand[1], length(twice)), strata = rep(rows$strata[1], length(twice)),
               x = c(rbind(ribbon$xmin, ribbon$xmax)), ymin = ribbon$ymin[twice], ymax = ribbon$ymax[twice],
               piece = piece[twice], stringsAsFactors = FALSE)
}

turnbull_points <- function(rows, make) {
    defined <- is.finite(rows$right)
    defined <- defined & sum(defined) <= 12
    make(defined, x = rows$right, y = rows$estimate, ymin = rows$conf.low, ymax = rows$conf.high)
}
