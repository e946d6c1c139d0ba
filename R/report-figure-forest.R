# Forest plot: text left, intervals in the middle, figures right, one line of print a row.

#' Draw a meta-analysis as a forest plot
#'
#' Each study with its exact interval (Clopper-Pearson or Garwood), grouped by the levels of the moderator,
#' and below each group the pooled estimate (diamond) and the prediction interval (bar). Needs about 180 mm of
#' width.
#'
#' @param object A result of [meta_analysis()]; with a numeric moderator the studies are drawn without a
#'   pooled row.
#' @param highlight Labels of studies to shade.
#' @param grade Character vector, a grade a study in the order of the data analysed; `NULL`: no such column.
#' @param per For rates: the time that the printed figures refer to, in the unit of the data.
#' @param unit For rates: how to call them, such as `"per 100 years"`.
#' @param xlim Upper end of the axis in printed units; `NULL`: as far as the intervals reach, at most four
#'   times the highest estimate or pooled limit; what is longer ends in an arrow.
#' @param xlab Axis title.
#' @param ... Not used.
#' @return A patchwork of three panels: text, intervals, figures.
#' @section Errors: `osseosurv_invalid` when `highlight` names no study or `grade` has another length.
#' @examples
#' studies <- data.frame(x = c(3, 8, 7, 1, 0), n = c(18, 24, 27, 15, 11),
#'                       design = c("solid", "solid", "solid", "porous", "porous"))
#' autoplot(meta_analysis(x, n, moderator = ~ design, data = studies))
#' @export
autoplot.meta_analysis <- function(object, highlight = NULL, grade = NULL, per = 1, unit = NULL, xlim = NULL,
                                   xlab = NULL, ...) {
    rate <- object$spec$measure == "rate"
    scale <- if (rate) check_number(per, "per", 0, open = TRUE) else 100
    unit <- unit %||% if (rate) sprintf("per %s", format(per)) else "%"
    figure_forest(meta_studies(object, highlight, grade), meta_pooled(object), scale, unit,
                  xlab = xlab %||% if (rate) paste("Rate", unit) else "Proportion (%)", xlim = xlim,
                  conf.level = object$spec$conf.level)
}

meta_studies <- function(object, highlight, grade) {
    studies <- object$studies
    absent <- setdiff(highlight, studies$label)
    if (length(absent)) {
        abort_invalid(sprintf("`highlight` holds \"%s\", which is no study analysed.", absent[1]),
                      "highlight",
                      match(absent[1], highlight))
    }
    if (!is.null(grade) && length(grade) != length(studies$x)) {
        abort_invalid(sprintf("`grade` must have one element a study analysed (%d); got %d.",
                              length(studies$x),
                              length(grade)), "grade")
    }
    level <- object$spec$conf.level
    rate <- object$spec$measure == "rate"
    exact <- pooled_exact(studies$x, studies$size, object$spec$measure, level)
    table <- data.frame(label = studies$label, events = studies$x, n = studies$size,
                        estimate = studies$x / studies$size, conf.low = exact[1, ], conf.high = exact[2, ],
                        highlight = studies$label %in% highlight)
    if (rate) names(table)[3] <- "time"
    table$grade <- grade
    levels <- object$design$levels
    if (length(levels) > 1) table$group <- levels[max.col(object$design$x)]
    table
}

meta_pooled <- function(object) {
    levels <- object$design$levels
    if (is.null(levels)) return(NULL)
    table <- tidy(object)[seq_along(levels), ]
    natural <- function(value) {
        if (object$spec$link) from_link(value, object$spec$measure) else value
    }
    limits <- lapply(table[c("estimate", "conf.low", "conf.high", "pred.low", "pred.high")], natural)
    pooled <- data.frame(label = "Pooled", limits)
    if (length(levels) > 1) pooled$group <- levels
    pooled
}

#' Draw a forest plot
#'
#' `studies` has a row a study, `pooled` a row a pooled estimate, both on the natural scale (a proportion, or
#' a rate). Studies stand under their group, the group's pooled diamond and prediction interval below them;
#' rows without a group come last. Squares have an area in proportion to the denominator. An interval that
#' leaves the axis ends in an arrow; one that is not estimable is left out and said to be so.
#'
#' @param studies Data frame: `label`, `events`, `n` or `time`, `estimate`, `conf.low`, `conf.high`; optional
#'   `group`, `grade`, `highlight` (logical: this row is shaded and bold).
#' @param pooled Data frame or `NULL`: `label`, `estimate`, `conf.low`, `conf.high`; optional `pred.low`,
#'   `pred.high`, `group`.
#' @param scale Factor from estimate to print: 100 for per cent, 1200 for a monthly rate per 100 years.
#' @param unit What the printed figures are: "%", "per 100 years".
#' @param denominator Head of the column of `events` over `n` or `time`.
#' @param xlim Upper end of the axis, in print units; `NULL`: as far as the intervals reach, at most four
#'   times the highest estimate or pooled limit.
#' @param conf.level For the head of the column.
#' @return A patchwork; [forest_height()] says how many millimetres it needs.
#' @noRd
figure_forest <- function(studies, pooled = NULL, scale = 100, unit = "%", denominator = NULL, xlab = NULL,
                          xlim = NULL, conf.level = 0.95) {
    studies <- check_table(studies, "studies", c("label", "events", "estimate", "conf.low", "conf.high"))
    if (!is.null(pooled)) {
        pooled <- check_table(pooled, "pooled", c("label", "estimate", "conf.low", "conf.high"))
    }
    scale <- check_number(scale, "scale", 0, open = TRUE)
    if (!is.null(xlim)) xlim <- check_number(xlim, "xlim", 0, open = TRUE)
    rows <- forest_rows(studies, pooled, scale)
    end <- xlim %||% forest_end(rows, unit)
    n <- max(rows$y)
    band <- rows[rows$highlight, , drop = FALSE]
    heads <- list(denominator %||% if (is.null(studies$n)) "Events/time" else "Events/n",
                  sprintf("%s (%s%% CI)", unit, format(100 * conf.level)))
    patchwork::wrap_plots(
        forest_text(rows, band, n, heads[[1]], "left"),
        forest_panel(rows, band, n, end, xlab %||% capital(unit)),
        forest_text(rows, band, n, heads[[2]], "right"),
        nrow = 1,
        widths = grid::unit(c(forest_width(rows, heads[[1]], "left"), 1,
                              forest_width(rows, heads[[2]], "right")),
                            c("mm", "null", "mm"))
    )
}

# Height in mm of a forest plot with these rows, axis included.
forest_height <- function(studies, pooled = NULL) 4.2 * max(forest_rows(studies, pooled, 1)$y) + 18

# One row a line of print, from the top: `kind` is head, study, pooled or prediction.
forest_rows <- function(studies, pooled, scale) {
    column <- function(frame, name, default) {
        value <- frame[[name]]
        if (is.null(value)) return(rep(default, nrow(frame)))
        if (is.factor(value)) as.character(value) else value
    }
    size <- studies$n %||% studies$time %||% rep(NA_real_, nrow(studies))
    rows <- data.frame(
        kind = "study", label = as.character(studies$label), group = column(studies, "group", NA_character_),
        events = sprintf("%s/%s", format_count(studies$events), format_count(size)),
        grade = column(studies, "grade", ""), estimate = scale * studies$estimate,
        low = scale * studies$conf.low, high = scale * studies$conf.high, size = as.double(size),
        highlight = column(studies, "highlight", FALSE) %in% TRUE, stringsAsFactors = FALSE
    )
    if (!is.null(pooled)) {
        diamond <- data.frame(
            kind = "pooled", label = as.character(pooled$label),
            group = column(pooled, "group", NA_character_),
            events = "", grade = "", estimate = scale * pooled$estimate, low = scale * pooled$conf.low,
            high = scale * pooled$conf.high, size = NA_real_, highlight = FALSE, stringsAsFactors = FALSE
        )
        predicted <- diamond
        predicted$kind <- "prediction"
        predicted$label <- "  prediction interval"
        predicted$estimate <- NA_real_
        predicted$low <- scale * column(pooled, "pred.low", NA_real_)
        predicted$high <- scale * column(pooled, "pred.high", NA_real_)
        order <- order(c(seq_len(nrow(diamond)), seq_len(nrow(diamond))))
        both <- rbind(diamond, predicted)[order, , drop = FALSE]
        rows <- rbind(rows, both[both$kind == "pooled" | !is.na(both$low), , drop = FALSE])
    }
    rows$grade[is.na(rows$grade)] <- ""
    place_forest_rows(rows)
}

place_forest_rows <- function(rows) {
    groups <- unique(rows$group)
    groups <- c(groups[!is.na(groups)], if (anyNA(groups)) NA)
    placed <- list()
    y <- 0
    for (group in groups) {
        own <- rows[if (is.na(group)) is.na(rows$group) else rows$group %in% group, , drop = FALSE]
        if (!is.na(group)) {
            head <- own[1, , drop = FALSE]
            head[c("kind", "label", "events", "grade", "highlight")] <- list("head", capital(group), "", "", FALSE)
            head[c("estimate", "low", "high", "size")] <- NA_real_
            own <- rbind(head, own)
        }
        own$y <- y + seq_len(nrow(own))
        y <- max(own$y) + 0.6
        placed <- c(placed, list(own))
    }
    rows <- bind_rows(placed)
    rows$text <- forest_figures(rows)
    rows$face <- ifelse(rows$kind %in% c("head", "pooled") | rows$highlight, "bold", "plain")
    rows
}

format_count <- function(x) {
    ifelse(is.na(x), "?", format(round(x, 1), big.mark = ",", trim = TRUE, drop0trailing = TRUE))
}

# One decimal, two where all is below one; what would then print as zero and is not keeps one digit.
forest_figures <- function(rows) {
    text <- function(estimate, low, high) {
        largest <- max(abs(c(estimate, low, high)[is.finite(c(estimate, low, high))]), 0)
        digits <- if (largest > 0 && largest < 1) 2 else 1
        show <- function(x) {
            if (is.infinite(x)) return("Inf")
            if (x > 0 && round(x, digits) == 0) return(format(signif(x, 1), scientific = FALSE))
            formatC(x, format = "f", digits = digits)
        }
        if (is.na(estimate) && is.na(low)) return("not estimable")
        if (is.na(low) || is.na(high)) return(paste(show(estimate), "(not estimable)"))
        range <- sprintf("(%s to %s)", show(low), show(high))
        if (is.na(estimate)) range else paste(show(estimate), range)
    }
    ifelse(rows$kind == "head", "", mapply(text, rows$estimate, rows$low, rows$high))
}

forest_end <- function(rows, unit) {
    finite <- function(x) x[is.finite(x)]
    reach <- max(finite(c(rows$estimate, rows$high)), 0)
    pooled <- rows$kind %in% c("pooled", "prediction")
    cap <- 4 * max(finite(c(rows$estimate, rows$high[pooled])), 0)
    end <- if (cap > 0) min(reach, cap) else reach
    if (end <= 0) return(1)
    if (unit == "%") min(100, max(pretty(c(0, end), 5))) else max(pretty(c(0, end), 5))
}

forest_panel <- function(rows, band, n, end, xlab) {
    study <- rows[rows$kind == "study" & !is.na(rows$estimate), , drop = FALSE]
    study$size[is.na(study$size)] <- 1
    lines <- rows[rows$kind %in% c("study", "prediction") & !is.na(rows$low) & !is.na(rows$high), ,
                  drop = FALSE]
    cut <- lines$high > end
    lines$high <- pmin(lines$high, end)
    outside <- study$estimate > end
    colour <- function(frame) ifelse(frame$highlight, "#B84A00", "#0B3C6F")
    ggplot() +
        forest_band(band, -Inf, Inf) +
        geom_segment(aes(.data$low, .data$y, xend = .data$high, yend = .data$y), lines[!cut, , drop = FALSE],
                     colour = line_colours(lines[!cut, ]), linewidth = line_widths(lines[!cut, ])) +
        (if (any(cut)) {
            geom_segment(aes(.data$low, .data$y, xend = .data$high, yend = .data$y),
                         lines[cut, , drop = FALSE],
                         colour = line_colours(lines[cut, ]), linewidth = line_widths(lines[cut, ]),
                         arrow = grid::arrow(length = unit(1.4, "mm"), type = "closed"))
        }) +
        geom_point(aes(.data$estimate, .data$y, size = sqrt(.data$size)), study[!outside, , drop = FALSE],
                   shape = 15,
                   colour = colour(study[!outside, , drop = FALSE])) +
        ggplot2::scale_size_area(max_size = 3, guide = "none") +
        forest_diamonds(rows[rows$kind == "pooled" & !is.na(rows$low) & !is.na(rows$high), , drop = FALSE],
                        end) +
        geom_vline(xintercept = 0, linewidth = 0.3, colour = "grey20") +
        scale_x_continuous(xlab, breaks = pretty(c(0, end), 4), expand = expansion(mult = c(0.02, 0.03)),
                           guide = ggplot2::guide_axis(check.overlap = TRUE)) +
        scale_y_reverse(breaks = NULL, limits = c(n + 0.7, -0.8), expand = c(0, 0)) +
        coord_cartesian(xlim = c(0, end), clip = "off") +
        theme_figure() +
        theme(axis.line.y = element_blank(), axis.title.y = element_blank(),
              panel.grid.major.y = element_blank(), plot.margin = margin(3, 0, 3, 0),
              panel.grid.major.x = element_line(linewidth = 0.2, colour = "grey92"))
}

line_colours <- function(lines) {
    ifelse(lines$kind == "prediction", "grey55", ifelse(lines$highlight, "#B84A00", "#0B3C6F"))
}
line_widths <- function(lines) ifelse(lines$kind == "prediction", 1.1, 0.45)

forest_diamonds <- function(pooled, end) {
    if (!nrow(pooled)) return(NULL)
    middle <- ifelse(is.na(pooled$estimate), (pooled$low + pooled$high) / 2, pooled$estimate)
    corners <- data.frame(
        row = rep(seq_len(nrow(pooled)), each = 4),
        x = pmin(c(rbind(pooled$low, middle, pooled$high, middle)), end),
        y = c(rbind(pooled$y, pooled$y - 0.32, pooled$y, pooled$y + 0.32))
    )
    geom_polygon(aes(.data$x, .data$y, group = .data$row), corners, fill = "black", colour = "black",
                 linewidth = 0.2)
}

forest_band <- function(band, xmin, xmax) {
    if (!nrow(band)) return(NULL)
    geom_rect(aes(ymin = .data$y - 0.5, ymax = .data$y + 0.5), band, xmin = xmin, xmax = xmax,
              fill = "#FBE8D3")
}

# Widths of the text beside the panel in mm: 7 pt letters are 1.3 mm wide on average, bold ones 1.45.
letter_mm <- 1.36
forest_label <- function(rows) shorten(rows$label, 44)
forest_columns <- function(rows, head) {
    label <- letter_mm * max(nchar(forest_label(rows))) + 3
    events <- letter_mm * max(nchar(c(rows$events, head)))
    grade <- if (any(rows$grade != "")) letter_mm * max(nchar(c(rows$grade, "Grade"))) + 4 else 0
    c(label = label, events = events, grade = grade)
}
forest_width <- function(rows, head, side) {
    if (side == "right") return(letter_mm * max(nchar(c(rows$text, head))) + 3)
    sum(forest_columns(rows, head)) + 2
}

forest_text <- function(rows, band, n, head, side) {
    width <- forest_width(rows, head, side)
    write <- function(x, label, hjust, face = rows$face, y = rows$y) {
        geom_text(aes(.data$x, .data$y, label = .data$label),
                  data.frame(x = x, y = y, label = label), hjust = hjust, fontface = face,
                  size = figure_text_size, colour = "grey10")
    }
    columns <- forest_columns(rows, head)
    layers <- if (side == "right") {
        list(write(width, rows$text, 1), write(width, head, 1, "bold", -0.3))
    } else {
        list(write(0, forest_label(rows), 0), write(columns[["label"]] + columns[["events"]], rows$events, 1),
             write(columns[["label"]] + columns[["events"]], head, 1, "bold", -0.3),
             if (columns[["grade"]] > 0) write(width - 2, rows$grade, 1),
             if (columns[["grade"]] > 0) write(width - 2, "Grade", 1, "bold", -0.3))
    }
    ggplot() +
        forest_band(band, -Inf, Inf) +
        layers +
        scale_x_continuous(limits = c(0, width), expand = c(0, 0)) +
        scale_y_reverse(limits = c(n + 0.7, -0.8), expand = c(0, 0)) +
        coord_cartesian(clip = "off") +
        theme_text_panel() +
        theme(plot.margin = margin(3, if (side == "right") 4 else 0, 3, if (side == "right") 0 else 4))
}
