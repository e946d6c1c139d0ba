# Native charts. Excel draws from cells, so a chart block carries its points as tables; write_sheets() puts
# them on one sheet, "Chart data", at the end of the workbook, where they can be read and changed.

chart_colors <- c(0x0072B2L, 0xD55E00L, 0x009E73L, 0xCC79A7L, 0xE69F00L, 0x56B4E9L)
chart_grey <- 0x7F7F7FL

chart_axis <- function(name = NULL, format = NULL, lowest = NULL, highest = NULL, unit = NULL,
                       logarithmic = FALSE,
                 hidden = FALSE) {
    list(name = name, format = format, lowest = as_double(lowest), highest = as_double(highest),
         unit = as_double(unit), logarithmic = logarithmic, hidden = hidden)
}

as_double <- function(x) if (is.null(x)) NULL else as.double(x)

# `data` is the position in the chart's list of tables; x, y and labels are names of its columns.
chart_series <- function(name, data, x, y, color, line_width = 0, dashed = FALSE, marker = "none",
                         marker_size = 5, labels = NULL, in_legend = FALSE) {
    list(name = name, data = data, x = x, y = y, labels = labels, color = color,
         line_width = as.double(line_width), dashed = dashed,
         marker = match(marker, c("none", "square", "diamond", "circle", "plus")) - 1L,
         marker_size = as.double(marker_size), in_legend = in_legend)
}

block_chart <- function(title, x, y, data, series, width, height, legend, beside) {
    list(kind = "chart", title = title, x = x, y = y, data = data, series = series, width = as.integer(width),
         height = as.integer(height), legend = legend, beside = beside)
}

#' Survival or incidence curves as steps, limits dashed, censored times as crosses
#'
#' @param table Data frame with `time`, `estimate`, `conf.low`, `conf.high`; `strata` (one curve each) and
#'   `n.censor` if there are any. Times that are not finite and estimates that are `NA` are left out; where a
#'   limit is `NA` its line has a gap.
#' @param title,x_name,y_name Text.
#' @param lowest,highest Ends of the y axis, a probability.
#' @param by Name of the column that separates the curves.
#' @param width,height Pixels.
#' @param beside Stands right of the table before it, instead of below.
#' @return A block; `NULL` if there is nothing to draw.
#' @noRd
block_chart_survival <- function(table, title = NULL, x_name = "Time", y_name = "Survival", lowest = 0,
                                 highest = 1,
                                 by = "strata", width = 720, height = 420, beside = FALSE) {
    table <- table[is.finite(table$time) & !is.na(table$estimate), , drop = FALSE]
    if (!nrow(table)) return(NULL)
    groups <- if (is.null(table[[by]])) rep("", nrow(table)) else as.character(table[[by]])
    data <- drawn <- list()
    for (group in unique(groups)) {
        rows <- table[groups == group, , drop = FALSE]
        rows <- rows[order(rows$time), , drop = FALSE]
        color <- chart_colors[(match(group, unique(groups)) - 1) %% length(chart_colors) + 1]
        label <- if (nzchar(group)) group else "Estimate"
        data <- c(data, list(step_points(rows, label)))
        k <- length(data)
        drawn <- c(drawn, list(
            chart_series(label, k, "time", "estimate", color, 2, in_legend = TRUE),
            chart_series(paste(label, "lower limit"), k, "time", "conf.low", color, 0.75, dashed = TRUE),
            chart_series(paste(label, "upper limit"), k, "time", "conf.high", color, 0.75, dashed = TRUE)))
        censored <- rows[!is.na(rows$n.censor) & rows$n.censor > 0, c("time", "estimate"), drop = FALSE]
        if (length(rows$n.censor) && nrow(censored)) {
            data <- c(data, list(cbind(curve = paste(label, "censored"), as_points(censored))))
            drawn <- c(drawn, list(chart_series(paste(label, "censored"), k + 1, "time", "estimate", color,
                                                marker = "plus", marker_size = 6)))
        }
    }
    block_chart(title, chart_axis(x_name, lowest = 0), chart_axis(y_name, "0%", lowest, highest, 0.2),
                data, drawn, width, height, legend = length(unique(groups)) > 1, beside = beside)
}

as_points <- function(frame) {
    frame[] <- lapply(frame, as.double)
    frame
}

# Corners of the right-continuous steps.
step_points <- function(rows, label) {
    n <- nrow(rows)
    across <- rep(seq_len(n), each = 2)[-1]
    down <- rep(seq_len(n), each = 2)[-2 * n]
    level <- function(name) as.double(if (is.null(rows[[name]])) NA_real_ else rows[[name]][down])
    data.frame(curve = label, time = as.double(rows$time[across]), estimate = level("estimate"),
               conf.low = level("conf.low"), conf.high = level("conf.high"))
}

#' Forest chart: estimates as squares, limits as lines, labels at the left
#'
#' @param table Data frame with `estimate`, `conf.low`, `conf.high`, and a column of labels. Rows without an
#'   estimate keep their label. A limit that is infinite (on a logarithmic axis, also zero) runs to the end of
#'   the axis.
#' @param label Name of the column of labels.
#' @param title,x_name Text.
#' @param format Excel number format of the axis.
#' @param range Two numbers that the axis spans at least.
#' @param reference Where a vertical line stands; `NULL`: none.
#' @param logarithmic For ratios.
#' @param diamonds Rows that are pooled, as row numbers: drawn as diamonds.
#' @param width,height Pixels; height `NULL` grows with the rows.
#' @param beside Stands right of the table before it, instead of below.
#' @return A block; `NULL` if there is nothing to draw.
#' @noRd
block_chart_forest <- function(table, label, title = NULL, x_name = "Estimate", format = "0%", range = NULL,
                               reference = NULL, logarithmic = FALSE, diamonds = integer(), width = 760,
                               height = NULL, beside = FALSE) {
    n <- nrow(table)
    positive <- function(x) is.finite(x) & (!logarithmic | x > 0)
    values <- c(table$estimate, table$conf.low, table$conf.high, range, reference)
    values <- values[positive(values)]
    if (!n || !length(values)) return(NULL)
    labels <- as.character(table[[label]])
    ends <- forest_axis(values, labels, width, logarithmic)
    clip <- function(x, end) ifelse(is.na(x), NA_real_, ifelse(positive(x), x, end))
    low <- clip(table$conf.low, ends$first)
    high <- clip(table$conf.high, ends$last)
    y <- as.double(n:1)
    shown <- positive(table$estimate)
    pooled <- seq_len(n) %in% diamonds
    points <- function(rows) {
        data.frame(label = labels[rows], estimate = as.double(table$estimate[rows]), y = y[rows])
    }
    # Blanks that do not break keep a label on one line. A blank row between two limits breaks the line.
    limits <- data.frame(label = rep(labels, each = 3), limit = as.vector(rbind(low, high, NA)),
                         y = as.vector(rbind(y, y, NA)))
    limits$y[is.na(limits$limit)] <- NA
    data <- list(limits, data.frame(label = gsub(" ", "\u00a0", labels), x = ends$lowest, y = y))
    drawn <- list(chart_series("Interval", 1, "limit", "y", chart_grey, 1.5),
                  chart_series("Label", 2, "x", "y", chart_grey, labels = "label"))
    for (set in list(list(shown & !pooled, "Estimate", "square", 1),
                     list(shown & pooled, "Pooled", "diamond", 2))) {
        if (!any(set[[1]])) next
        data <- c(data, list(points(which(set[[1]]))))
        drawn <- c(drawn, list(chart_series(set[[2]], length(data), "estimate", "y", chart_colors[set[[4]]],
                                            marker = set[[3]], marker_size = 7)))
    }
    if (!is.null(reference)) {
        upright <- data.frame(label = "Reference", x = rep(as.double(reference), 2), y = c(0.4, n + 0.6))
        data <- c(data, list(upright))
        drawn <- c(drawn, list(chart_series("Reference", length(data), "x", "y", chart_grey, 0.75,
                                            dashed = TRUE)))
    }
    # Ticks below the first are under the labels: no number there.
    blank <- if (logarithmic) ends$first * (1 - 1e-6) else ends$first - ends$unit * 1e-6
    x <- chart_axis(x_name, sprintf("[<%.10g]\"\";%s", blank, format), ends$lowest, ends$last, ends$unit,
                    logarithmic)
    y <- chart_axis(lowest = 0.4, highest = n + 0.6, unit = 1, hidden = TRUE)
    block_chart(title, x, y, data, drawn, width,
                height %||% (120 + 28 * n), legend = FALSE, beside = beside)
}

# The axis in whole ticks, with room at its low end for the labels: about 6 pixels a character.
forest_axis <- function(values, labels, width, logarithmic) {
    share <- min(0.6, (max(nchar(labels), 4, na.rm = TRUE) * 6 + 20) / (width - 40))
    if (logarithmic) {
        first <- floor(log10(min(values)))
        last <- max(ceiling(log10(max(values))), first + 1)
        room <- ceiling((last - first) * share / (1 - share))
        return(list(lowest = 10^(first - room), first = 10^first, last = 10^last))
    }
    ticks <- pretty(values, 5)
    unit <- ticks[2] - ticks[1]
    span <- ticks[length(ticks)] - ticks[1]
    room <- ceiling(span * share / (1 - share) / unit) * unit
    list(lowest = ticks[1] - room, first = ticks[1], last = ticks[length(ticks)], unit = unit)
}

# Moves the points of all charts to one sheet and turns names into positions.
add_chart_data <- function(sheets, name) {
    charts <- sum(vapply(sheets, function(one) sum(vapply(one$blocks, function(b) b$kind == "chart", NA)), 0))
    if (!charts) return(sheets)
    blocks <- list(block_title("Points of the charts"))
    home <- as.double(length(sheets) + 1)
    for (s in seq_along(sheets)) {
        for (b in seq_along(sheets[[s]]$blocks)) {
            chart <- sheets[[s]]$blocks[[b]]
            if (chart$kind != "chart") next
            first <- length(blocks)
            blocks <- c(blocks, lapply(chart$data, block_table))
            chart$series <- lapply(chart$series, function(one) {
                frame <- chart$data[[one$data]]
                at <- function(column) if (!is.null(column)) as.double(match(column, names(frame)))
                one[c("sheet", "block", "x", "y")] <-
                    list(home, as.double(first + one$data), at(one$x), at(one$y))
                one$labels <- at(one$labels)
                one
            })
            chart$data <- NULL
            sheets[[s]]$blocks[[b]] <- chart
        }
    }
    c(sheets, list(list(name = name, blocks = blocks)))
}
