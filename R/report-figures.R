# The figures of each outcome, built on demand from its tables: a named list of ggplots. Sizes in millimetres go with
# them, so that a report can save each at the size it was drawn for.

with_size <- function(plot, width = 130, height = 95) {
    attr(plot, "size") <- c(width = width, height = height)
    plot
}

#' @rdname outcome_methods
#' @param band Simultaneous band about the survival curve, as in [autoplot.kaplan_meier()].
#' @export
figures.reconstruction_survival <- function(x, band = "none", ...) {
    modes <- tidy(x$results$modes)
    seen <- unique(modes$cause[modes$n.event > 0])
    failures <- sort(setdiff(seen, c("death", "amputation")))
    seen <- c(failures, intersect(c("death", "amputation"), seen))
    strata <- length(unique(modes$strata))
    # Ribbons of more than three groups in a panel hide each other.
    ribbons <- strata <= 3 || strata > length(figure_colours)
    # At risk, censored and events of each stratum, below its name (Morris et al. 2019).
    lines <- if (strata == 1) 3 else if (strata <= length(figure_colours)) 4 * strata else 0
    out <- list(survival = with_size(autoplot(x$results$survival, risk.table = "full", unit = "months",
                                              conf.int = ribbons, ylab = "Free of failure (%)", band = band),
                                     height = 82 + 3.6 * lines))
    # More groups than a panel takes have panels of their own, in the first and the last figure only.
    if (strata <= length(figure_colours)) {
        out$failure <- with_size(figure_incidence(tidy(x$results$incidence), causes = "failure", naive = TRUE,
                                                  unit = "months", conf.int = ribbons),
                                 height = 95 + if (strata > 1) 4 * strata else 0)
        if (length(seen)) {
            out$modes <- with_size(figure_incidence(modes, causes = seen, naive = TRUE, unit = "months",
                                                    conf.int = ribbons),
                                   height = 60 + 35 * ceiling(length(seen) / 2))
        }
    }
    if (length(failures) && length(failures) <= length(figure_colours)) {
        out$stacked <- with_size(figure_incidence(modes, "stacked", naive = TRUE, causes = failures, unit = "months"),
                                 height = 60 + 40 * ceiling(strata / 3))
    }
    out
}

#' @rdname outcome_methods
#' @export
figures.osseointegration <- function(x, ...) {
    union <- figure_turnbull_panels(x$results, unit = "months", ylab = "United (%)")
    if (x$admissible > 1) {
        union <- union + ggplot2::labs(caption = sprintf("First of %d admissible interface tables.", x$admissible))
    }
    list(union = with_size(union, 180, 130))
}

#' @rdname outcome_methods
#' @export
figures.infection_recurrence <- function(x, ...) {
    out <- list(infection = with_size(figure_incidence(tidy(x$results$incidence), causes = "infection", unit = "months")))
    markers <- x$tables[["Laboratory markers"]]
    if (!is.null(markers)) out$markers <- with_size(figure_paired(x$labs, markers), 180, 75)
    out
}

#' @rdname outcome_methods
#' @export
figures.compare_literature <- function(x, ...) {
    own <- x$tables[["What this cohort can say"]]
    studies <- x$tables[["Cohorts used"]]
    pooled <- x$tables[["Pooled risks"]]
    out <- list()
    for (i in seq_len(nrow(own))) {
        label <- own$figure[i]
        of <- studies[studies$figure == label, ]
        pool <- pooled[figure_label(pooled$figure) == label, ]
        if (!nrow(of)) next
        rows <- data.frame(label = c(of$cohort, "This cohort"), group = c(of$prosthesis, NA), events = c(of$x, own$x[i]),
                           n = c(of$n, own$n[i]), estimate = c(of$estimate, own$estimate[i]),
                           conf.low = c(of$conf.low, own$conf.low[i]), conf.high = c(of$conf.high, own$conf.high[i]),
                           grade = c(of$grade, ""), highlight = c(rep(FALSE, nrow(of)), TRUE))
        pools <- data.frame(label = paste("Pooled,", pool$prosthesis), group = pool$prosthesis, estimate = pool$estimate,
                            conf.low = pool$conf.low, conf.high = pool$conf.high, pred.low = pool$pred.low,
                            pred.high = pool$pred.high)
        pools <- pools[!is.na(pools$estimate), ]
        out[[paste0("forest_", figure_file(label))]] <-
            with_size(figure_forest(rows, pools, xlab = paste(capital(label), "(%)")), 180, forest_height(rows, pools))
    }
    c(out, predictive_figures(x))
}

# Where this cohort falls among the counts each pool predicts, for the figures that any pool can predict.
predictive_figures <- function(x) {
    own <- x$tables[["What this cohort can say"]]
    out <- list()
    for (i in seq_len(nrow(own))) {
        key <- names(comparisons)[match(own$figure[i], figure_label(names(comparisons)))]
        predicted <- lapply(c("solid", "porous"), function(prosthesis) {
            meta <- x$results[[paste(key, prosthesis, "risk")]]
            if (!is.null(meta)) predictive_probabilities(meta, n = own$n[i], group = paste(prosthesis, "cohorts"))
        })
        predicted <- do.call(rbind, predicted)
        if (is.null(predicted)) next
        out[[paste0("predictive_", figure_file(own$figure[i]))]] <- with_size(
            figure_predictive(predicted, own$x[i], sprintf("Reconstructions with %s among %.0f",
                                                           sub(" \\(.*", "", own$figure[i]), own$n[i])), 140, 65)
    }
    out
}

figure_file <- function(label) gsub("[^a-z]+", "_", sub(" \\(.*", "", label))

#' @rdname outcome_methods
#' @export
figures.cohort_table <- function(x, ...) list()
