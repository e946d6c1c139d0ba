#' How long until bone has grown onto the prosthesis
#'
#' Union is seen only at visits and at two interfaces of one bone. The outcome gives the time to union of *any*, *both*
#' and *each* interface by the NPMLE of interval-censored data, the counts with exact intervals, and the proximal against
#' the distal interface within the patient. Interfaces are never counted as patients.
#'
#' *Any* interface has united in (min left, min right], *both* in (max left, max right], of a reconstruction with both
#' interfaces on record; others have no row in these two, and a note counts them. Where a cohort carries several
#' admissible interface tables (`cohort$assignments`), every curve is computed for each of them, the tables read at a
#' time give the range, and the other tables are those of the first.
#'
#' @param by Name of a column of `patients` to stratify by, or `NULL`.
#' @param times Months at which the curves are read.
#' @inheritParams reconstruction_survival
#' @return An outcome. `$tables`: "United by the last film" (`x` of `n` reconstructions, exact interval), "United by
#'   the visit" (`estimate`: share united by `time`, by the NPMLE, `NA` where the data leave it open; with several
#'   admissible tables `estimate.min`, `estimate.max`, `conf.low`, `conf.high` cover all), "Time to union (NPMLE)" (a row
#'   per innermost interval: `mass`, `estimate` survival without union after `right`), "Proximal against distal" (pairs
#'   within the patient: `discordant.proximal` united only proximally, odds ratio, exact McNemar `p.value`), "Interfaces
#'   united by the visit" (share of all interfaces, an interval that allows any dependence of the two), "Both interfaces by
#'   the visit" (reconstructions by state of either), "Joint time to union (bivariate NPMLE)" ([union_estimands()]), "Visits
#'   by interface", "What imputation would have said" ([imputation_contrast()], as shares united), "Mass over the
#'   admissible tables" (with several), and without `by` "Proximal against distal in time" (paired
#'   [interval_logrank_test()]), with it "Comparison by ..." (the groups, for each estimand). `$results`: a [turnbull()] fit for `any`,
#'   `both`, `proximal`, `distal`.
#' @section Errors: `osseosurv_invalid` if the cohort has neither `interfaces` nor `visits`, or `by` is no column.
#' @references Turnbull BW (1976) JRSS-B 38:290-295.
#' @seealso [turnbull()], [union_estimands()], [interval_logrank_test()], [admissible_range()].
#' @examples
#' osseointegration(masquelet_femur)
#' @export
osseointegration <- function(cohort, by = NULL, times = c(3, 6, 12, 24), conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    times <- check_times(times)
    cohort_needs(cohort, c("interfaces", "visits"), purpose = "the time to osseointegration")
    patients <- outcome_patients(cohort, by)
    tables <- cohort$assignments %||% list(cohort$interfaces)
    sets <- lapply(tables, union_rows, patients = patients)
    first <- sets[[1]]
    fits <- union_fits(first, by, conf.level)
    at_visits <- union_ranges(sets, fits, by, times, conf.level)
    tables_out <- list(
        "United by the last film" = union_counts(first, by, conf.level),
        "United by the visit" = at_visits$times,
        "Time to union (NPMLE)" = stack_results(fits, "estimand"),
        "Interfaces united by the visit" = interface_shares(tables, patients, times, conf.level),
        "Proximal against distal" = paired_union(first, by, conf.level),
        "Both interfaces by the visit" = joint_counts(tables[[1]], patients, times),
        "Joint time to union (bivariate NPMLE)" = joint_masses(tables[[1]], patients),
        "Visits by interface" = visit_table(first, by),
        "What imputation would have said" = imputed_union(first, by, times, conf.level),
        "Mass over the admissible tables" = at_visits$masses)
    tests <- union_tests(sets, by)
    tables_out[tests$name] <- list(tests$table)
    tables_out <- Filter(Negate(is.null), tables_out)
    new_outcome(
        "osseointegration", "Time to osseointegration: any, both and each interface", cohort, tables_out, fits,
        cohort_card(cohort, endpoint = "union of an interface on a radiograph, in (last film without, first film with]",
                    measure = paste("probability of union by a time: of any interface, of both, of the proximal and of",
                                    "the distal one"),
                    censoring = "visits and the last film assumed independent of union",
                    competing = "failure, death and amputation end the films and are treated as censoring",
                    unit = "reconstruction (any, both) or one interface of it (proximal, distal)"),
        methods = paste("Time to union was taken as interval-censored between the last film without and the first film",
                        "with union and estimated by the nonparametric maximum likelihood estimator for any interface,",
                        "both interfaces and each interface,", turnbull_text(fits), "Proportions have Clopper-Pearson",
                        "intervals, that of interfaces one that allows any dependence of the two in a bone; the two",
                        "interfaces of a bone were compared by the exact McNemar test,",
                        if (is.null(by)) "and in time by the exact paired log-rank test for interval-censored data."
                        else "groups by the log-rank test for interval-censored data."),
        references = c(unlist(lapply(fits, function(fit) fit$references), use.names = FALSE),
                       "Clopper and Pearson (1934) Biometrika 26:404", "McNemar (1947) Psychometrika 12:153"),
        notes = c(patients$notes, union_notes(first, sets), tests$notes, named_notes(fits)),
        admissible = length(sets), times = times, conf.level = conf.level)
}

#' Intervals of union by estimand
#'
#' @param interfaces Interface table of a cohort.
#' @param patients From outcome_patients().
#' @return Data frame `estimand`, `reconstruction`, the column `by`, `left`, `right`.
#' @noRd
union_rows <- function(interfaces, patients) {
    data <- patients$data
    own <- interfaces[interfaces$reconstruction %in% data$reconstruction, , drop = FALSE]
    if (!nrow(own)) {
        abort_invalid(paste("The time to osseointegration needs an interface on record: `interfaces` has no row of the",
                            "reconstructions analysed."), "cohort")
    }
    pairs <- interface_pairs(own)
    sets <- union_intervals(pairs)
    rows <- lapply(names(sets), function(name) {
        set <- sets[[name]]
        reconstruction <- pairs$reconstruction[set$reconstruction]
        # In the order of the patients.
        order <- order(match(reconstruction, data$reconstruction))
        columns <- list(estimand = rep(name, nrow(set)), reconstruction = reconstruction[order])
        if (!is.null(patients$by)) columns[[patients$by]] <- data[[patients$by]][match(columns$reconstruction,
                                                                                      data$reconstruction)]
        as_frame(c(columns, list(left = set$left[order], right = set$right[order])))
    })
    do.call(rbind, rows)
}

union_fits <- function(rows, by, conf.level, conf.type = "auto") {
    formula <- outcome_formula(quote(Surv(left, right, type = "interval2")), by)
    present <- intersect(union_estimand_names, rows$estimand)
    lapply(stats::setNames(nm = present), function(name) {
        turnbull(formula, rows[rows$estimand == name, ], conf.type = conf.type, conf.level = conf.level)
    })
}

turnbull_text <- function(fits) {
    types <- unique(vapply(fits, function(fit) glance(fit)$conf.type, ""))
    sprintf("with %s intervals.", paste(types, collapse = " and "))
}

union_counts <- function(rows, by, conf.level) {
    out <- lapply(intersect(union_estimand_names, rows$estimand), function(name) {
        one <- rows[rows$estimand == name, ]
        count_table(one, by, stats::setNames(list(is.finite(one$right)), name), "estimand", conf.level)
    })
    do.call(rbind, out)
}

#' Curves read at the visits, as ranges over the admissible tables
#'
#' @param sets List of union_rows(), one per admissible table.
#' @param fits The fits of the first of them.
#' @return List: `times` (share united, or its range, with limits that cover all tables) and `masses` (range of the mass
#'   of each innermost interval, 0 in a table that does not have it; only with several tables).
#' @noRd
union_ranges <- function(sets, fits, by, times, conf.level) {
    all <- c(list(fits), lapply(sets[-1], union_fits, by = by, conf.level = conf.level))
    read <- lapply(all, united_at, times)
    if (length(sets) == 1) return(list(times = read[[1]]))
    masses <- tidy(admissible_range(all, function(one) stack_results(one, "estimand")[c(mass_keys, "mass")],
                                    by = mass_keys))
    # A table that does not have the interval has no mass there.
    masses$mass.min[masses$sets < length(all)] <- 0
    masses <- masses[order(match(masses$estimand, union_estimand_names), masses$strata, masses$left, masses$right), ]
    rownames(masses) <- NULL
    times <- tidy(admissible_range(read, identity, by = c("estimand", "strata", "time")))
    list(times = times[names(times) != "sets"], masses = masses)
}

mass_keys <- c("estimand", "strata", "left", "right")

# Share united by each time, with its interval.
united_at <- function(fits, times) {
    curve <- stack_results(fits, "estimand", function(fit) survival_at(fit, times))
    as_frame(c(as.list(curve[c("estimand", "strata", "time")]),
               list(estimate = 1 - curve$estimate, conf.low = 1 - curve$conf.high, conf.high = 1 - curve$conf.low)))
}

#' Proximal against distal within the patient
#'
#' @return Data frame `strata`, `n` pairs, `both`, `discordant.proximal`, `discordant.distal`, `neither`, `estimate` (odds
#'   ratio of union, proximal to distal, from the discordant pairs), `conf.low`, `conf.high` (from the Clopper-Pearson
#'   interval of the share of them), `p.value` (exact McNemar, central), `icc` (intraclass correlation by analysis of
#'   variance).
#' @noRd
paired_union <- function(rows, by, conf.level) {
    side <- function(name) rows[rows$estimand == name, ]
    proximal <- side("proximal")
    distal <- side("distal")
    at <- match(proximal$reconstruction, distal$reconstruction)
    pair <- proximal[!is.na(at), ]
    p <- is.finite(pair$right)
    d <- is.finite(distal$right[at[!is.na(at)]])
    strata <- stratum_of(pair, by)
    out <- lapply(unique(strata), function(s) {
        here <- strata == s
        b <- sum(p[here] & !d[here])
        c <- sum(!p[here] & d[here])
        share <- tidy(proportion_ci(b, b + c, conf.level = conf.level))
        odds <- function(x) x / (1 - x)
        as_frame(list(strata = s, n = sum(here), both = sum(p[here] & d[here]), discordant.proximal = b,
                      discordant.distal = c, neither = sum(!p[here] & !d[here]), estimate = odds(share$estimate),
                      conf.low = odds(share$conf.low), conf.high = odds(share$conf.high),
                      p.value = if (b + c) stats::binom.test(b, b + c)$p.value else 1,
                      icc = paired_icc(p[here], d[here])))
    })
    do.call(rbind, out)
}

paired_icc <- function(a, b) {
    n <- length(a)
    if (n < 2) return(NA_real_)
    mean <- (a + b) / 2
    between <- 2 * sum((mean - mean(mean))^2) / (n - 1)
    within <- sum((a - b)^2 / 2) / n
    if (between + within == 0) NA_real_ else (between - within) / (between + within)
}

# How many interfaces were first seen united at each visit, and how many never.
visit_table <- function(rows, by) {
    sides <- rows[rows$estimand %in% c("proximal", "distal"), ]
    strata <- stratum_of(sides, by)
    counts <- as.data.frame(table(strata = strata, interface = factor(sides$estimand, c("proximal", "distal")),
                                  first.seen = factor(sides$right, sort(unique(sides$right)))),
                            responseName = "n", stringsAsFactors = FALSE)
    counts$first.seen <- as.numeric(counts$first.seen)
    counts <- counts[counts$n > 0, ]
    counts[order(counts$strata, counts$interface != "proximal", counts$first.seen), ]
}

union_notes <- function(first, sets) {
    counted <- tapply(first$reconstruction, factor(first$estimand, union_estimand_names), length)
    either <- length(unique(first$reconstruction))
    single <- either - (if (is.na(counted[["any"]])) 0 else counted[["any"]])
    c(if (single > 0) {
          sprintf("%d reconstruction%s with one interface on record: no row in any and both.", single, plural_s(single))
      },
      if (length(sets) > 1) {
          sprintf(paste("The interface table is not known: %d are admissible. Curves at a time are ranges over all of them;",
                        "the other tables are those of the first."), length(sets))
      },
      "A count \"united by the last film\" depends on how long each reconstruction was followed; the curve does not.")
}
