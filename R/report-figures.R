# The figures of each outcome, built on demand from its tables: a named list of ggplots. Sizes in millimetres go with
# them, so that a report can save each at the size it was drawn for.

with_size <- function(plot, width = 130, height = 95) {
    attr(plot, "size") <- c(width = width, height = height)
    plot
}

#' @rdname outcome_methods
#' @export
figures.reconstruction_survival <- function(x, ...) {
    modes <- tidy(x$results$modes)
    seen <- unique(modes$cause[modes$n.event > 0])
    out <- list(survival = with_size(figure_survival(tidy(x$results$survival), unit = "months",
                                                     ylab = "Free of failure")),
                failure = with_size(figure_incidence(tidy(x$results$incidence), causes = "failure", naive = TRUE,
                                                     unit = "months")))
    if (length(seen)) {
        out$modes <- with_size(figure_incidence(modes, causes = seen, naive = TRUE, unit = "months"),
                               height = 60 + 35 * ceiling(length(seen) / 2))
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
