# Where this cohort's count falls among the counts that published cohorts let one expect.

#' Draw predictive distributions of a count
#'
#' Bars are the probability of each count in a new cohort of this size; the bar of the observed count is dark.
#'
#' @param probabilities Data frame: `group` (a panel each), `count`, `probability`.
#' @param observed The count seen.
#' @param xlab Axis title.
#' @return A ggplot.
#' @noRd
figure_predictive <- function(probabilities, observed, xlab = "Events in a cohort of this size") {
    bars <- check_table(probabilities, "probabilities", c("group", "count", "probability"))
    observed <- check_number(observed, "observed", 0)
    bars$group <- as_ordered_factor(bars$group)
    bars$seen <- ifelse(bars$count == observed, "observed", "other")
    # Counts that nothing makes likely are left off the right end.
    last <- max(bars$count[bars$probability >= 0.0005], observed)
    bars <- bars[bars$count <= last, , drop = FALSE]
    chance <- vapply(levels(bars$group), function(group) {
        sum(bars$probability[bars$group == group & bars$count == observed])
    }, 0)
    titles <- sprintf("%s\nobserved %s: %s%%", capital(wrap_label(levels(bars$group), 30)), format(observed),
                      format(round(100 * chance, 1), trim = TRUE, nsmall = 1))
    bars$panel <- factor(titles[bars$group], titles)
    ggplot(bars, aes(.data$count, .data$probability)) +
        geom_col(aes(fill = .data$seen), width = 0.8) +
        scale_fill_manual(values = c(observed = "#D55E00", other = "#B9C7D6"), guide = "none") +
        facet_wrap(vars(.data$panel)) +
        scale_x_continuous(xlab, breaks = function(limits) {
            at <- pretty(c(0, max(limits)), 6)
            at[at == round(at)]
        }) +
        scale_y_continuous("Probability (%)", labels = percent, expand = expansion(mult = c(0, 0.05))) +
        theme_figure()
}

# Rows for `figure_predictive()`: the probability of each count in a new cohort of `n` patients or `time` of
# follow-up. NULL where the meta-analysis predicts nothing. One common risk (`exact`) has limits but no
# distribution.
predictive_probabilities <- function(meta, n = NULL, time = NULL, term = NULL, group = term) {
    if (inherits(meta, "meta_analysis") && meta$choice$method == "exact") return(NULL)
    count <- seq.int(0, if (is.null(time)) n else 20)
    repeat {
        size <- function(x) if (!is.null(x)) rep(x, length(count))
        below <- predictive_check(count, size(n), size(time), meta, term)$p.lower
        if (anyNA(below)) return(NULL)
        if (is.null(time) || below[length(below)] > 0.9995 || length(count) > 5000) break
        count <- seq.int(0, 2 * max(count))
    }
    data.frame(group = group %||% "pooled", count = count, probability = diff(c(0, below)))
}
