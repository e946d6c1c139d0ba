# One bar a reconstruction over time: what is known of each interface, infections, and how follow-up ended.

union_states <- c(open = "not united", between = "united between two films", united = "united",
                  unseen = "no film", followed = "followed")
union_colours <- c(open = "#D9D9D9", between = "#8DB9DC", united = "#0B3C6F", unseen = "#F2F2F2",
                   followed = "#B9C7D6")
end_shapes <- c(censored = 1, lost = 5, failure = 4, death = 15, amputation = 17, infection = 25)

#' Draw a cohort as a swimmer plot
#'
#' A bar a reconstruction, longest follow-up on top, with a lane for each interface (proximal above): not
#' united up to the last film without union, united at an unknown time between two films, united. After the
#' last film of an interface without union its lane is pale. Infection episodes lie above the bar, and a sign
#' at its right end says how follow-up ended. With more than 60 reconstructions the names are left out.
#'
#' @param object A [cohort()].
#' @param by Name of a column of `patients` that groups the bars; `NULL`: `defect_type` where it is filled.
#' @param times Breaks of the time axis (months).
#' @param ... Not used.
#' @return A ggplot.
#' @section Errors: `osseosurv_invalid` when `by` names no column of `patients`.
#' @examples
#' autoplot(masquelet_femur)
#' @export
autoplot.cohort <- function(object, by = NULL, times = NULL, ...) figure_swimmer(object, by, times)

figure_swimmer <- function(cohort, by = NULL, times = NULL) {
    patients <- check_table(cohort$patients, "patients", c("patient", "followup_mo", "end"))
    if (!is.null(times)) times <- check_numbers(times, "times", lower = 0)
    rows <- swimmer_rows(patients, by)
    lanes <- swimmer_lanes(rows, cohort$interfaces)
    episodes <- swimmer_episodes(rows, cohort$infections)
    last <- max(rows$followup_mo)
    crowded <- nrow(rows) > 60
    names <- unique(lanes$interface[!is.na(lanes$interface)])
    heads <- unique(rows[c("group", "head")])
    ggplot() +
        geom_rect(aes(xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax,
                      fill = .data$state),
                  lanes) +
        swimmer_infections(episodes, crowded) +
        geom_point(aes(.data$followup_mo, .data$y, shape = .data$end), rows, size = if (crowded) 0.6 else 1.9,
                   stroke = 0.5, fill = "black", position = ggplot2::position_nudge(x = 0.018 * last)) +
        (if (!all(is.na(heads$group))) {
            geom_text(aes(0, .data$head, label = capital(.data$group)), heads, hjust = 0,
                      size = figure_text_size, fontface = "bold")
        }) +
        swimmer_scales(lanes, rows, episodes) +
        scale_x_continuous("Months", breaks = times %||% time_breaks(last, "months"),
                           expand = expansion(mult = c(0.01, 0.05))) +
        scale_y_reverse(if (anyDuplicated(patients$patient)) "Reconstruction" else "Patient", breaks = rows$y,
                        labels = if (crowded) NULL else rows$name, expand = c(0, 0),
                        limits = c(max(rows$y) + 0.6, min(0.4, rows$head - 0.6 * nrow(rows) / 40))) +
        labs(caption = if (length(names) == 2) {
            sprintf("Upper lane: %s interface; lower lane: %s.", names[1], names[2])
        } else if (length(names) > 2) {
            paste("Lanes from the top:", paste(names, collapse = ", "))
        }) +
        theme_figure() +
        theme(panel.grid.major.y = element_blank(), axis.line.y = element_blank(),
              axis.ticks.y = element_blank(), legend.box = "vertical",
              legend.spacing.y = unit(0.5, "mm"), legend.key.width = unit(4, "mm"))
}

# Places from the top: a head for each group, then its bars by follow-up.
swimmer_rows <- function(patients, by) {
    typed <- !is.null(patients$defect_type) && !all(is.na(patients$defect_type))
    if (is.null(by) && typed) by <- "defect_type"
    if (!is.null(by) && (!is.character(by) || length(by) != 1 || is.null(patients[[by]]))) {
        abort_invalid(sprintf("`by` must name a column of `patients`; got %s.", value_text(by)), "by")
    }
    rows <- data.frame(
        reconstruction = as.character(patients$reconstruction %||% patients$patient),
        entry_mo = as.double(patients$entry_mo %||% 0), followup_mo = as.double(patients$followup_mo),
        end = as.character(patients$end),
        group = if (is.null(by)) NA_character_ else as.character(patients[[by]]), stringsAsFactors = FALSE
    )
    rows$entry_mo[is.na(rows$entry_mo)] <- 0
    rows$name <- shorten(rows$reconstruction, 14)
    if (!is.null(by)) rows$group[is.na(rows$group)] <- "not recorded"
    groups <- if (is.null(by)) NA else if (is.factor(patients[[by]])) {
        c(intersect(levels(patients[[by]]), rows$group), setdiff(rows$group, levels(patients[[by]])))
    } else {
        unique(rows$group)
    }
    group <- match(rows$group, groups)
    rows <- rows[order(group, -rows$followup_mo), , drop = FALSE]
    group <- sort(group)
    head <- if (is.null(by)) 0 else max(1, ceiling(nrow(rows) / 40))
    rows$y <- seq_len(nrow(rows)) + group * head
    rows$head <- stats::ave(rows$y, group, FUN = min) - (head + 1) / 2
    rows
}

# Stretches of each lane, cut at the end of follow-up.
swimmer_lanes <- function(rows, interfaces) {
    stretch <- function(k, from, to, state, interface, lane, lanes) {
        thick <- if (nrow(rows) > 60) 0.96 else 0.64
        height <- thick / lanes
        top <- rows$y[k] - thick / 2 + (lane - 1) * height
        data.frame(reconstruction = rows$reconstruction[k], interface = interface, state = state, xmin = from,
                   xmax = pmin(to, rows$followup_mo[k]), ymin = top, ymax = top + 0.88 * height,
                   stringsAsFactors = FALSE)
    }
    if (is.null(interfaces) || !nrow(interfaces)) {
        k <- seq_len(nrow(rows))
        return(stretch(k, rows$entry_mo, rows$followup_mo, "followed", NA_character_, 1, 1))
    }
    check_table(interfaces, "interfaces", c("interface", "left_mo", "right_mo"))
    found <- as.character(interfaces$interface)
    names <- c(intersect(c("proximal", "distal"), found), setdiff(unique(found), c("proximal", "distal")))
    k <- match(as.character(interfaces$reconstruction %||% interfaces$patient), rows$reconstruction)
    lane <- match(found, names)
    left <- as.double(interfaces$left_mo)
    right <- as.double(interfaces$right_mo)
    seen <- is.finite(right)
    piece <- function(keep, from, to, state) {
        keep <- which(keep & !is.na(k))
        stretch(k[keep], from[keep], to[keep], rep(state, length(keep)), found[keep], lane[keep],
                length(names))
    }
    lanes <- rbind(piece(left > 0, pmin(rows$entry_mo[k], left), left, "open"),
                   piece(seen & right > left, left, right, "between"),
                   piece(seen, right, rows$followup_mo[k], "united"),
                   piece(!seen, left, rows$followup_mo[k], "unseen"))
    bare <- which(!rows$reconstruction %in% lanes$reconstruction)
    lanes <- rbind(lanes, stretch(bare, rows$entry_mo[bare], rows$followup_mo[bare],
                                  rep("unseen", length(bare)),
                                  rep(NA_character_, length(bare)), 1, 1))
    lanes <- lanes[lanes$xmax > lanes$xmin, , drop = FALSE]
    lanes$interface <- factor(lanes$interface, names)
    lanes <- lanes[order(lanes$interface), , drop = FALSE]
    lanes$interface <- as.character(lanes$interface)
    lanes
}

swimmer_episodes <- function(rows, infections) {
    if (is.null(infections) || !nrow(infections)) return(NULL)
    check_table(infections, "infections", c("onset_left_mo", "onset_right_mo"))
    k <- match(as.character(infections$reconstruction %||% infections$patient), rows$reconstruction)
    resolved <- as.double(infections$resolved_mo %||% rep(NA_real_, nrow(infections)))
    onset <- as.double(infections$onset_right_mo)
    onset[!is.finite(onset)] <- as.double(infections$onset_left_mo)[!is.finite(onset)]
    data.frame(reconstruction = rows$reconstruction[k], left = as.double(infections$onset_left_mo),
               onset = onset, resolved = ifelse(is.na(resolved), onset, resolved), y = rows$y[k] - 0.42,
               end = "infection",
               stringsAsFactors = FALSE)
}

swimmer_infections <- function(episodes, crowded) {
    if (is.null(episodes)) return(NULL)
    list(geom_segment(aes(.data$left, .data$y, xend = .data$resolved, yend = .data$y), episodes,
                      colour = "#D55E00", linewidth = if (crowded) 0.3 else 0.9),
         geom_point(aes(.data$onset, .data$y, shape = .data$end), episodes, colour = "#D55E00",
                    fill = "#D55E00", size = if (crowded) 0.8 else 1.9))
}

swimmer_scales <- function(lanes, rows, episodes) {
    states <- intersect(names(union_states), lanes$state)
    signs <- intersect(names(end_shapes), c(rows$end, episodes$end))
    sign_colour <- ifelse(signs == "infection", "#D55E00", "black")
    list(scale_fill_manual(values = union_colours, breaks = states, labels = union_states[states],
                           name = NULL,
                           guide = if (identical(states, "followed")) "none" else guide_legend(order = 1)),
         scale_shape_manual(values = end_shapes, breaks = signs, name = NULL,
                            guide = guide_legend(order = 2, override.aes = list(
                                colour = sign_colour, fill = sign_colour, size = 1.9))))
}
