# Measurements before and after, a line a patient, and the Hodges-Lehmann change of each marker.

#' Draw paired measurements
#'
#' A panel a marker with its own axis and unit, a line a patient from the first to the last stage, and the
#' median of each stage as a bar. Patients with one stage only are points without a line.
#'
#' @param labs Data frame as `cohort$labs`: `reconstruction` or `patient`, `marker`, `stage`, `value`, and
#'   `unit`.
#' @param changes Data frame or `NULL`: `marker`, `estimate`, `conf.low`, `conf.high`, `p.value`: the
#'   Hodges-Lehmann change with its exact interval, written into the panel.
#' @param stages Named character: what to call each stage; a number is called "Stage 1" otherwise.
#' @return A ggplot.
#' @noRd
figure_paired <- function(labs, changes = NULL, stages = NULL) {
    labs <- check_table(labs, "labs", c("marker", "stage", "value"))
    id <- labs$reconstruction %||% labs$patient
    if (is.null(id)) abort_invalid("`labs` needs the column `reconstruction` or `patient`.", "labs")
    labs$id <- as.character(id)
    labs <- labs[!is.na(labs$value), , drop = FALSE]
    if (!nrow(labs)) abort_invalid("`labs` has no value that is not missing; nothing can be drawn.", "labs")
    marker <- as_ordered_factor(labs$marker)
    labs$stage <- if (is.factor(labs$stage)) droplevels(labs$stage) else factor(labs$stage)
    titles <- paired_titles(levels(marker), labs, changes)
    labs$panel <- factor(titles[as.character(marker)], titles)
    labs$x <- as.integer(labs$stage)
    middle <- stats::aggregate(labs["value"], labs[c("panel", "x")], stats::median)
    names <- levels(labs$stage)
    called <- if (all(grepl("^[0-9]+$", names))) paste("Stage", names) else names
    if (!is.null(stages)) called <- ifelse(is.na(stages[names]), called, stages[names])
    ggplot(labs, aes(.data$x, .data$value)) +
        geom_line(aes(group = .data$id), colour = "grey60", linewidth = 0.35) +
        geom_point(colour = "grey35", size = 0.9) +
        geom_segment(aes(.data$x - 0.13, .data$value, xend = .data$x + 0.13, yend = .data$value), middle,
                     colour = "#D55E00", linewidth = 0.9) +
        facet_wrap(vars(.data$panel), scales = "free_y", nrow = if (nlevels(marker) <= 4) 1) +
        scale_x_continuous(NULL, breaks = seq_along(names), labels = called,
                           limits = c(0.7, length(names) + 0.3)) +
        scale_y_continuous(NULL, limits = c(0, NA), expand = expansion(mult = c(0.01, 0.06))) +
        theme_figure() +
        theme(strip.text = element_text(size = 7, lineheight = 1.05))
}

# "CRP (mg/L)" and below it the change with its interval.
paired_titles <- function(markers, labs, changes) {
    if (!is.null(changes)) check_table(changes, "changes", c("marker", "estimate", "conf.low", "conf.high"))
    titles <- vapply(markers, function(marker) {
        unit <- unique(as.character(labs$unit[labs$marker == marker]))
        unit <- unit[!is.na(unit)]
        if (length(unit) > 1) {
            abort_invalid(sprintf("Marker \"%s\" has the units %s; one panel takes one.", marker,
                                  paste(unit, collapse = " and ")), "labs")
        }
        title <- if (length(unit)) sprintf("%s (%s)", marker, unit) else marker
        k <- match(marker, changes$marker)
        if (is.null(changes) || is.na(k)) return(title)
        paste(title, change_text(changes[k, ]), sep = "\n")
    }, "")
    stats::setNames(titles, markers)
}

change_text <- function(change) {
    show <- function(x) format(signif(x, 4), trim = TRUE, scientific = FALSE)
    text <- if (is.na(change$conf.low) || is.na(change$conf.high)) {
        sprintf("change %s", show(change$estimate))
    } else {
        sprintf("change %s\n(%s to %s)", show(change$estimate), show(change$conf.low), show(change$conf.high))
    }
    p <- change$p.value
    if (is.null(p) || is.na(p)) return(text)
    paste(text, if (p < 0.001) "p < 0.001" else paste("p =", format(round(p, if (p < 0.01) 3 else 2))),
          sep = "\n")
}
