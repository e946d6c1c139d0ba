# Tables of osseointegration() beyond the curves. Each takes interface tables of a cohort, or the rows union_rows() makes of
# them, and gives a data frame, or NULL where there is nothing to say.

# The patients of a stratum at a time: a list of patients as outcome_patients() gives them, named by the label.
by_stratum <- function(patients) {
    label <- stratum_of(patients$data, patients$by)
    lapply(split(seq_len(nrow(patients$data)), factor(label, unique(label))), function(rows) {
        replace(patients, "data", list(patients$data[rows, , drop = FALSE]))
    })
}

# What `take` makes of the interfaces of each stratum that has any, stacked with the label in front.
interfaces_by_stratum <- function(interfaces, patients, take) {
    bind_rows(lapply(by_stratum(patients), function(group) {
        own <- interfaces[interfaces$reconstruction %in% group$data$reconstruction, , drop = FALSE]
        table <- if (nrow(own)) take(interface_pairs(own))
        if (is.null(table)) return(NULL)
        as_frame(c(list(strata = rep(stratum_of(group$data, group$by)[1], nrow(table))), as.list(table)))
    }))
}

# Share of interfaces united by each time, as a range where several tables are admissible.
interface_shares <- function(tables, patients, times, conf.level) {
    shares <- function(interfaces) {
        interfaces_by_stratum(interfaces, patients, function(pairs) {
            x <- interfaces_at(pairs, times, conf.level)
            x[names(x) != "estimand"]
        })
    }
    if (length(tables) == 1) return(shares(tables[[1]]))
    range <- tidy(admissible_range(tables, shares, by = c("strata", "time")))
    range[c("strata", "time", "estimate.min", "estimate.max", "conf.low", "conf.high")]
}

joint_counts <- function(interfaces, patients, times) {
    interfaces_by_stratum(interfaces, patients, function(pairs) joint_table(pairs, times))
}

joint_masses <- function(interfaces, patients) {
    interfaces_by_stratum(interfaces, patients, function(pairs) {
        masses <- joint_npmle(pairs)$table
        masses[masses$mass.max > 1e-9, , drop = FALSE]
    })
}

# Any and both interfaces, after imputation beside the NPMLE.
imputed_union <- function(rows, by, times, conf.level) {
    formula <- outcome_formula(quote(Surv(left, right, type = "interval2")), by)
    bind_rows(lapply(intersect(c("any", "both"), rows$estimand), function(name) {
        x <- tidy(imputation_contrast(formula, rows[rows$estimand == name, ], times, conf.level))
        as_frame(list(estimand = rep(name, nrow(x)), strata = x$strata, time = x$time, analysis = x$analysis,
                      estimate = 1 - x$estimate, conf.low = 1 - x$conf.high, conf.high = 1 - x$conf.low))
    }))
}

#' Tests of the time to union
#'
#' @param sets List of union_rows(), one per admissible table.
#' @return List: `name`, `table` (the paired test of the two interfaces, without `by`, or the groups compared for each
#'   estimand; p as a range over several tables), `notes`.
#' @noRd
union_tests <- function(sets, by) {
    test <- if (is.null(by)) function(rows) paired_test(rows) else function(rows) group_tests(rows, by)
    first <- test(sets[[1]])
    name <- if (is.null(by)) "Proximal against distal in time" else sprintf("Comparison by %s", by)
    if (is.null(first$table) || length(sets) == 1) return(c(list(name = name), first))
    by_set <- lapply(sets, function(rows) test(rows)$table[c("estimand", "n", "statistic", "p.value")])
    range <- tidy(admissible_range(by_set, identity, by = c("estimand", "n")))
    range$method <- first$table$method
    list(name = name, table = range[names(range) != "sets"], notes = first$notes)
}

test_row <- function(name, fit) {
    as_frame(list(estimand = name, n = fit$glance$n, statistic = fit$glance$statistic, p.value = fit$glance$p.value,
                  method = fit$glance$method))
}

paired_test <- function(rows) {
    sides <- rows[rows$estimand %in% c("proximal", "distal"), ]
    pairs <- sides[sides$reconstruction %in% sides$reconstruction[duplicated(sides$reconstruction)], ]
    if (!nrow(pairs)) return(list(table = NULL, notes = NULL))
    pairs$estimand <- factor(pairs$estimand, c("proximal", "distal"))
    fit <- interval_logrank_test(Surv(left, right, type = "interval2") ~ estimand, pairs, cluster = ~reconstruction,
                                 seed = 1)
    list(table = test_row("distal against proximal", fit), notes = paste("Proximal against distal in time:", part(fit, "notes")))
}

group_tests <- function(rows, by) {
    present <- intersect(union_estimand_names, rows$estimand)
    fits <- lapply(stats::setNames(nm = present), function(name) {
        own <- rows[rows$estimand == name, ]
        group <- stratum_of(own, by)
        if (length(unique(group)) < 2) return(NULL)
        interval_logrank_test(Surv(own$left, own$right, type = "interval2"), group = factor(group, unique(group)), seed = 1)
    })
    fits <- Filter(Negate(is.null), fits)
    if (!length(fits)) {
        return(list(table = NULL, notes = sprintf("`%s` has one group with interfaces on record: nothing to compare.", by)))
    }
    list(table = bind_rows(Map(test_row, names(fits), fits)), notes = named_notes(fits))
}
