# What can be compared: a count of the literature, and the same count in a cohort (NULL: not on record).
comparisons <- list(
    aseptic_loosening = list(
        label = "aseptic loosening", better = "fewer",
        count = function(cohort) failures_of_mode(cohort, 2)),
    structural_failure = list(
        label = "structural failure", better = "fewer",
        count = function(cohort) failures_of_mode(cohort, 3)),
    deep_infection = list(
        label = "deep infection", better = "fewer",
        count = function(cohort) {
            known <- cohort$infections %||% cohort$findings
            if (is.null(known)) return(NULL)
            length(intersect(known$reconstruction, cohort$patients$reconstruction))
        }),
    union = list(
        label = "union (any interface)", better = "more",
        count = function(cohort) {
            rows <- cohort$interfaces
            if (is.null(rows)) return(NULL)
            length(intersect(rows$reconstruction[is.finite(rows$right_mo)], cohort$patients$reconstruction))
        }),
    amputation = list(
        label = "amputation", better = "fewer",
        count = function(cohort) sum(cohort$patients$end == "amputation")))

# Not on record when a failure lacks its mode: then the count is not known.
failures_of_mode <- function(cohort, mode) {
    p <- cohort$patients
    failed <- p$end == "failure"
    if (any(failed) && (is.null(p$failure_mode) || anyNA(p$failure_mode[failed]))) return(NULL)
    sum(failed & p$failure_mode %in% mode)
}

#' The cohort against published solid and porous cohorts
#'
#' Pools what is comparable, solid and porous apart, and shows where this cohort falls among the counts that each pool
#' predicts for a cohort of its size, and which risks a cohort of its size cannot exclude.
#'
#' Comparable are intercalary prostheses, one cohort per overlap group (best grade of the figure, then the largest), never
#' those that may share patients with this cohort (`cohort$overlap_group`); "Cohorts left out" gives the reason for every
#' other one. Risks are pooled over patients, rates over reconstruction-years. Counts are those of a whole follow-up,
#' which differs between cohorts: the rate allows for its length, the risk does not.
#'
#' @param literature Object as [literature]; `NULL` for the bundled one.
#' @param figures Character, which to compare, of "aseptic_loosening", "structural_failure", "deep_infection", "union",
#'   "amputation".
#' @param method Method of [meta_analysis()].
#' @inheritParams reconstruction_survival
#' @return An outcome. `$tables`: "What this cohort can say" (`x` of `n`, exact interval, and the pooled solid and porous
#'   risk with its position: below, inside or above that interval), "Where this cohort falls" (predictive distribution of
#'   the count: expected, limits, `p.lower`, `p.upper`), "Pooled risks" and "Pooled rates per 100 years" (with prediction
#'   interval for another population, and the exact interval under homogeneity beside), "Porous against solid" (odds
#'   ratios), "Chance of what was seen" (probability of a count as good as this one if the cohort's risk were the pooled
#'   one), "Cohorts used" and "Cohorts left out". `$results`: the meta-analyses, by figure, prosthesis and measure.
#' @section Errors: `osseosurv_invalid` for an unknown figure or a literature without its three tables.
#' @seealso [meta_analysis()], [predictive_check()], [literature_table()].
#' @examples
#' compare_literature(masquelet_femur, figures = c("aseptic_loosening", "deep_infection"))
#' @export
compare_literature <- function(cohort, literature = NULL, figures = names(comparisons), method = "auto",
                               conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    check_cohort(cohort)
    literature <- check_literature(literature)
    check_among(figures, "figures", names(comparisons))
    observed <- lapply(comparisons[figures], function(one) one$count(cohort))
    unknown <- vapply(observed, is.null, NA)
    figures <- figures[!unknown]
    n <- nrow(cohort$patients)
    years <- sum(cohort$patients$followup_mo - cohort$patients$entry_mo) / 12

    pools <- literature_pools(literature, figures, cohort$overlap_group)
    if (years == 0) pools <- Filter(function(pool) pool$measure == "proportion", pools)
    fits <- Filter(Negate(is.null), lapply(pools, pool_fit, method = method, conf.level = conf.level))
    own <- own_counts(observed[figures], n, conf.level)
    pooled <- pooled_table(fits[vapply(fits, function(f) f$measure == "proportion", NA)], 1)
    tables <- list(
        "What this cohort can say" = position_table(own, pooled),
        "Where this cohort falls" = prediction_table(fits, observed, n, years, conf.level),
        "Chance of what was seen" = chance_table(own, pooled),
        "Pooled risks" = pooled,
        "Pooled rates per 100 years" = pooled_table(fits[vapply(fits, function(f) f$measure == "rate", NA)], 100),
        "Porous against solid" = contrast_table(pools, figures, method, conf.level),
        "Cohorts used" = used_cohorts(pools, conf.level),
        "Cohorts left out" = left_out_cohorts(pools))
    meta <- lapply(fits, function(fit) fit$meta)
    new_outcome(
        "compare_literature", "Comparison with published solid and porous prostheses", cohort, tables, meta,
        cohort_card(cohort, endpoint = paste(vapply(comparisons[figures], function(one) one$label, ""), collapse = ", "),
                    measure = "risk over the follow-up of each cohort, and rate per 100 reconstruction-years",
                    censoring = "counts of a whole follow-up, whatever its length",
                    competing = "as counted by each paper; deaths are not removed from the denominators",
                    unit = "reconstruction; cohort in the pools"),
        methods = paste("Counts of comparable published cohorts, one per group of cohorts that may share patients, were",
                        "pooled apart for solid and porous prostheses. This cohort was held against the predictive",
                        "distribution of the count in a cohort of its size.", unique_text(meta, "methods")),
        references = unlist(lapply(meta, function(one) one$references)),
        notes = c(comparison_notes(cohort, unknown, pools, fits, conf.level),
                  if (years == 0) "Rates are not compared: the cohort has no time under observation.",
                  named_notes(stats::setNames(meta, gsub("_", " ", names(meta))))),
        conf.level = conf.level)
}

# The degrees of freedom differ from pool to pool and are in each result; the sentence is said once.
unique_text <- function(results, part) {
    text <- vapply(results, function(one) one[[part]], "")
    paste(unique(sub(" \\([0-9]+ df\\)", "", text)), collapse = " ")
}

# Every combination of figure, prosthesis and denominator, with the cohorts that can be pooled.
literature_pools <- function(literature, figures, overlap_group) {
    grid <- expand.grid(denominator = c("n", "person_years"), prosthesis = c("solid", "porous"), figure = figures,
                        stringsAsFactors = FALSE)
    grid <- grid[!(grid$figure == "union" & grid$denominator == "person_years"), ]
    pools <- lapply(seq_len(nrow(grid)), function(i) {
        found <- comparable_cohorts(literature, grid$prosthesis[i], grid$figure[i], overlap_group, grid$denominator[i])
        c(as.list(grid[i, ]), list(measure = if (grid$denominator[i] == "n") "proportion" else "rate"), found)
    })
    stats::setNames(pools, paste(grid$figure, grid$prosthesis, ifelse(grid$denominator == "n", "risk", "rate")))
}

pool_fit <- function(pool, method, conf.level) {
    rows <- pool$rows
    if (!nrow(rows)) return(NULL)
    meta <- if (pool$measure == "proportion") {
        meta_analysis(rows$events, n = rows$n, method = method, study = rows$label, conf.level = conf.level)
    } else {
        meta_analysis(rows$events, time = rows$person_years, method = method, study = rows$label, conf.level = conf.level)
    }
    c(pool[c("figure", "prosthesis", "measure")], list(meta = meta))
}

figure_label <- function(figure) vapply(comparisons[figure], function(one) one$label, "", USE.NAMES = FALSE)

own_counts <- function(observed, n, conf.level) {
    x <- as.numeric(unlist(observed))
    if (!length(x)) return(as_frame(list(figure = character(), x = numeric(), n = numeric())))
    interval <- tidy(proportion_ci(x, rep(n, length(x)), conf.level = conf.level))
    as_frame(list(figure = names(observed), x = x, n = rep(n, length(x)), estimate = interval$estimate,
                  conf.low = interval$conf.low, conf.high = interval$conf.high))
}

# Estimates of each pool; per: 1 for risks, 100 for rates.
pooled_table <- function(fits, per) {
    rows <- lapply(fits, function(fit) {
        row <- tidy(fit$meta)[1, ]
        scaled <- function(column) if (is.null(row[[column]])) NA_real_ else row[[column]] * per
        size <- if (fit$measure == "rate") "time" else "n"
        as_frame(c(list(figure = fit$figure, prosthesis = fit$prosthesis, method = as.character(glance(fit$meta)$method),
                        k = row$k, events = row$events), stats::setNames(list(row[[size]]), if (per == 1) "n" else "years"),
                   list(estimate = scaled("estimate"), conf.low = scaled("conf.low"), conf.high = scaled("conf.high"),
                        pred.low = scaled("pred.low"), pred.high = scaled("pred.high"),
                        exact.estimate = scaled("exact.estimate"), exact.low = scaled("exact.low"),
                        exact.high = scaled("exact.high"))))
    })
    bind_rows(rows)
}

# Each exact interval of this cohort beside the pooled risks: which of them it excludes.
position_table <- function(own, pooled) {
    place <- function(prosthesis, column) {
        at <- match(paste(own$figure, prosthesis), paste(pooled$figure, pooled$prosthesis))
        # A literature without any comparable cohort has no pooled rows at all.
        if (nrow(pooled)) pooled[[column]][at] else rep(NA_real_, length(at))
    }
    columns <- as.list(own)
    columns$figure <- figure_label(own$figure)
    for (prosthesis in c("solid", "porous")) {
        risk <- place(prosthesis, "estimate")
        columns[[prosthesis]] <- risk
        columns[[paste0(prosthesis, ".is")]] <- ifelse(is.na(risk), "no cohorts", ifelse(
            risk > own$conf.high, "above the interval", ifelse(risk < own$conf.low, "below the interval",
                                                               "not excluded")))
    }
    as_frame(columns)
}

prediction_table <- function(fits, observed, n, years, conf.level) {
    rows <- lapply(fits, function(fit) {
        x <- observed[[fit$figure]]
        rate <- fit$measure == "rate"
        check <- tidy(if (rate) predictive_check(x, time = years, meta = fit$meta, conf.level = conf.level)
                      else predictive_check(x, n = n, meta = fit$meta, conf.level = conf.level))
        as_frame(list(figure = figure_label(fit$figure), prosthesis = fit$prosthesis,
                      by = if (rate) "rate" else "risk", method = as.character(glance(fit$meta)$method),
                      k = glance(fit$meta)$k, x = x, expected = check$estimate, conf.low = check$conf.low,
                      conf.high = check$conf.high, p.lower = check$p.lower, p.upper = check$p.upper))
    })
    bind_rows(rows)
}

# How often a cohort of this size does at least as well by chance, if its true risk is the pooled one.
chance_table <- function(own, pooled) {
    rows <- lapply(seq_len(nrow(pooled)), function(i) {
        mine <- own[own$figure == pooled$figure[i], ]
        if (!nrow(mine) || is.na(pooled$estimate[i])) return(NULL)
        good <- comparisons[[pooled$figure[i]]]$better == "fewer"
        check <- tidy(predictive_check(mine$x, n = mine$n, meta = pooled$estimate[i]))
        as_frame(list(figure = figure_label(pooled$figure[i]), prosthesis = pooled$prosthesis[i],
                      true.risk = pooled$estimate[i],
                      event = sprintf("%.0f of %.0f or %s", mine$x, mine$n, comparisons[[pooled$figure[i]]]$better),
                      probability = if (good) check$p.lower else check$p.upper))
    })
    bind_rows(rows)
}

contrast_table <- function(pools, figures, method, conf.level) {
    rows <- lapply(figures, function(figure) {
        solid <- pools[[paste(figure, "solid", "risk")]]$rows
        porous <- pools[[paste(figure, "porous", "risk")]]$rows
        if (!nrow(solid) || !nrow(porous)) return(NULL)
        data <- data.frame(events = c(solid$events, porous$events), n = c(solid$n, porous$n),
                           prosthesis = factor(rep(c("solid", "porous"), c(nrow(solid), nrow(porous))),
                                               c("solid", "porous")))
        fit <- meta_analysis(data$events, data$n, moderator = ~prosthesis, data = data, method = method, exponentiate = TRUE,
                             conf.level = conf.level)
        table <- tidy(fit)
        row <- table[table$term == "porous - solid", ]
        as_frame(list(figure = figure_label(figure), contrast = row$term, k = row$k, odds.ratio = row$estimate,
                      conf.low = row$conf.low, conf.high = row$conf.high, p.value = row$p.value))
    })
    bind_rows(rows)
}

used_cohorts <- function(pools, conf.level) {
    rows <- lapply(pools, function(pool) {
        if (pool$measure == "rate" || !nrow(pool$rows)) return(NULL)
        interval <- tidy(proportion_ci(pool$rows$events, pool$rows$n, conf.level = conf.level))
        as_frame(list(figure = rep(figure_label(pool$figure), nrow(pool$rows)),
                      prosthesis = rep(pool$prosthesis, nrow(pool$rows)), cohort = pool$rows$label,
                      x = pool$rows$events, n = pool$rows$n, years = pool$rows$person_years,
                      estimate = interval$estimate, conf.low = interval$conf.low, conf.high = interval$conf.high,
                      grade = pool$rows$grade, address = pool$rows$address))
    })
    bind_rows(rows)
}

left_out_cohorts <- function(pools) {
    rows <- lapply(pools, function(pool) {
        out <- pool$left_out
        if (pool$measure == "rate" || !nrow(out)) return(NULL)
        as_frame(c(list(figure = rep(figure_label(pool$figure), nrow(out)), prosthesis = rep(pool$prosthesis, nrow(out))),
                   as.list(out)))
    })
    bind_rows(rows)
}

comparison_notes <- function(cohort, unknown, pools, fits, conf.level) {
    none <- setdiff(names(pools), names(fits))
    c(if (any(unknown)) {
          sprintf("Not on record in this cohort and not compared: %s.",
                  paste(figure_label(names(unknown)[unknown]), collapse = ", "))
      },
      if (length(none)) sprintf("No comparable cohorts for: %s.", paste(gsub("_", " ", none), collapse = ", ")),
      if (is.null(cohort$overlap_group)) {
          "The cohort has no `overlap_group`: if it has been published, its own publication may be among the comparators."
      },
      sprintf("With %d reconstructions, a complication that did not occur may still have a risk of %s (exact %s).",
              nrow(cohort$patients),
              percent_text(round(proportion_ci(0, nrow(cohort$patients), conf.level = conf.level)$conf.high, 3)),
              percent_text(conf.level)))
}
