#' Published cohorts of solid and porous prostheses
#'
#' Figures of 78 published cohorts and subgroups of prostheses for large bone defects, each with its address
#' and how well it is attested. Collected around Chen et al. (2024), the cohort of [masquelet_femur]. A
#' missing count is not zero: 0 stands only where the text says none.
#'
#' @format List of class `literature` with three data frames, linked by `cohort_id`.
#'
#' `cohorts`, a row a cohort or a published subgroup of one (then `parent_id` is set):
#' * `overlap_group`: cohorts that share patients or may do so; pool one per group.
#' * `authors`, `year`, `journal`, `doi`, `pmid`, `chen2024_ref` (number in the reference list of Chen
#'   2024), `design`, `site`, `indication`, `fixation`, `notes`.
#' * `prosthesis`: solid, porous, unclear. 3D-printed titanium counts as porous where the text does not say
#'   (see `notes`).
#' * `comparability`: intercalary is like for like; partial defect, cavity, foot and ankle, pelvis, mixed
#'   are not; context (joint-replacing) and review are no comparators.
#' * `grade`: best grade of the row: A original abstract or full text read, B reported by a review or citing
#'   paper, C only Chen 2024 or its reference list says so.
#' * `n` (denominator of all counts), `n_patients`, `n_implants`, `age_*` (years), `defect_*_cm`,
#'   `followup_*_mo`, `person_years` (n x mean follow-up / 12, see `person_years_basis`; follow-up after a
#'   failure is included, so rates are slightly low).
#' * Counts: `aseptic_loosening`, `structural_failure`, `periprosthetic_fracture`, `soft_tissue_failure`,
#'   `deep_infection`, `infection_recurrence`, `tumour_progression`, `aseptic_nonunion`,
#'   `implant_complications`, `complications_any`, `reoperation`, `revision`, `implant_removal`,
#'   `amputation`, `death`; `event_time_*_mo`.
#' * `union` of `union_denominator` (`union_unit`: patients or interfaces), `union_time_*_mo`,
#'   `patient_survival_mean_mo`, `survival_1y` to `survival_10y` of `survival_event`.
#'
#' `survival_points`, a row a published figure at a time: `event`, `estimate_type` (survival is
#' Kaplan-Meier, cumulative_failure 1 minus it, cumulative_incidence with competing risks, proportion),
#' `time_mo`, `estimate_published`, `survival` (event-free share), `ci_lower`, `ci_upper`, `n_at_risk`,
#' `source`, `grade`, `notes`.
#'
#' `sources`, a row a figure of the other two: `figure` (column of `cohorts`, or survival_point with `event`
#' and `time_mo`), `published` (as printed, or as computed by `derivation`), `source`, `address`, `grade`.
#' @source The papers named in `sources$source`, mostly their abstracts; nothing was filled in from memory.
#' @examples
#' literature
#' table(literature$cohorts$prosthesis, literature$cohorts$grade)
"literature"

#' @export
print.literature <- function(x, ...) {
    cat(sprintf("Literature: %d cohorts and subgroups, %d survival points, %d figures with their sources\n",
                nrow(x$cohorts), nrow(x$survival_points), nrow(x$sources)))
    main <- x$cohorts[is.na(x$cohorts$parent_id), ]
    count <- table(main$prosthesis, ifelse(is_intercalary(main$comparability), "intercalary", "other"))
    for (kind in rownames(count)) {
        cat(sprintf("  %s: %d cohorts, %d of them intercalary\n", kind, sum(count[kind, ]),
                    count[kind, "intercalary"]))
    }
    cat("  literature_table() gives the figures with their addresses\n")
    invisible(x)
}

# Like for like: the prosthesis bridges a gap in a long bone.
is_intercalary <- function(comparability) startsWith(comparability, "intercalary")

check_literature <- function(literature) {
    if (is.null(literature)) literature <- osseosurv::literature
    parts <- c("cohorts", "survival_points", "sources")
    if (!is.list(literature) || !all(vapply(parts, function(part) is.data.frame(literature[[part]]), NA))) {
        abort_invalid(paste("`literature` must hold the data frames cohorts, survival_points and sources,",
                            "as `osseosurv::literature` does."), "literature")
    }
    literature
}

#' Extraction sheet of the literature
#'
#' Each published figure with its cohort, its address and its grade; filters narrow it down and are joined
#' by "and".
#'
#' @param figure Character, columns of `literature$cohorts` that hold figures, such as "aseptic_loosening", or
#'   "survival_point". `NULL`, here and below: all.
#' @param prosthesis Character: "solid", "porous", "unclear".
#' @param comparability Character, values of `literature$cohorts$comparability`; "intercalary" also takes
#'   its variants, such as "intercalary (joint fused)".
#' @param grade Character: grade of the figure, "A", "B", "C".
#' @param overlap_group Character, values of `literature$cohorts$overlap_group`.
#' @param subgroups Whether to include subgroups and earlier versions (rows with a `parent_id`).
#' @param literature Object as [literature]; `NULL` for the bundled one.
#' @return Data frame, one row per figure: `cohort_id`, `authors`, `year`, `prosthesis`, `comparability`,
#'   `overlap_group`, `parent_id`, `n`, `person_years`, `figure`, `event` and `time_mo` (of survival
#'   points), `value` (number: count, mean, share; event-free share for survival points), `published` (as
#'   printed), `grade`, `derivation`, `source`, `address`, `doi` (of the paper).
#' @section Errors: `osseosurv_invalid` for a filter value that does not occur, naming those that do.
#' @examples
#' loosening <- literature_table("aseptic_loosening", "solid", "intercalary")
#' loosening[c("cohort_id", "value", "n", "person_years", "grade", "address")]
#' @export
literature_table <- function(figure = NULL, prosthesis = NULL, comparability = NULL, grade = NULL,
                             overlap_group = NULL, subgroups = TRUE, literature = NULL) {
    literature <- check_literature(literature)
    check_flag(subgroups, "subgroups")
    cohorts <- literature$cohorts
    sources <- literature$sources
    at <- match(sources$cohort_id, cohorts$cohort_id)
    points <- literature$survival_points
    key <- function(data) paste(data$cohort_id, data$event, data$time_mo)
    value <- points$survival[match(key(sources), key(points))]
    plain <- which(is.na(sources$event))
    value[plain] <- vapply(plain, function(i) as.numeric(cohorts[[sources$figure[i]]][at[i]]), 0)
    # A share without a survival, such as bone ingrowth achieved, is kept as printed.
    table <- data.frame(cohorts[at, c("cohort_id", "authors", "year", "prosthesis", "comparability",
                                      "overlap_group", "parent_id", "n", "person_years")],
                        sources[c("figure", "event", "time_mo")], value = value,
                        sources[c("published", "grade", "derivation", "source", "address")],
                        doi = cohorts$doi[at])
    keep <- rep(TRUE, nrow(table))
    narrow <- function(column, wanted) {
        if (is.null(wanted)) return(keep)
        check_among(wanted, column, unique(table[[column]][!is.na(table[[column]])]))
        inside <- table[[column]] %in% wanted
        if (column == "comparability" && "intercalary" %in% wanted) {
            inside <- inside | is_intercalary(table[[column]])
        }
        keep & inside
    }
    keep <- narrow("figure", figure)
    keep <- narrow("prosthesis", prosthesis)
    keep <- narrow("comparability", comparability)
    keep <- narrow("grade", grade)
    keep <- narrow("overlap_group", overlap_group)
    if (!subgroups) keep <- keep & is.na(table$parent_id)
    table <- table[keep, ]
    rownames(table) <- NULL
    table
}

check_among <- function(x, argument, choices) {
    bad <- if (is.character(x)) which(!x %in% choices) else integer()
    if (!is.character(x) || length(bad)) {
        abort_invalid(sprintf("`%s` must be among %s; got %s.", argument,
                              paste0("\"", sort(choices), "\"", collapse = ", "),
                              if (is.character(x)) value_text(x[bad[1]]) else value_text(x)),
                      argument, if (length(bad)) bad[1])
    }
    x
}

#' Comparable cohorts for one figure, one per overlap group
#'
#' Comparable is intercalary, of the given prosthesis, no subgroup of another row, not of the index cohort's
#' own overlap group, with a count of the figure and its denominator. Of cohorts that may share patients
#' (one `overlap_group`), the one with the best grade of this figure is taken, then the largest denominator,
#' then the first listed.
#'
#' @param literature As [literature]; `NULL` for the bundled one.
#' @param prosthesis "solid" or "porous".
#' @param figure A count of `literature$cohorts`, such as "aseptic_loosening", or "union".
#' @param exclude Overlap group of the index cohort, or `NULL`.
#' @param denominator "n" for proportions or "person_years" for rates: cohorts without it cannot be used.
#' @return List of two data frames: `rows`, one per cohort used: `cohort_id`, `label`, `events`, `n`,
#'   `person_years`, `overlap_group`, `grade` (of the figure), `address`; and `left_out`, every other cohort
#'   of this prosthesis: `cohort_id`, `overlap_group`, `events`, `n`, `person_years`, `reason`.
#' @noRd
comparable_cohorts <- function(literature = NULL, prosthesis, figure, exclude = NULL, denominator = "n") {
    literature <- check_literature(literature)
    check_choice(denominator, "denominator", c("n", "person_years"))
    cohorts <- literature$cohorts
    check_choice(prosthesis, "prosthesis", unique(cohorts$prosthesis))
    counts <- intersect(unique(literature$sources$figure), names(cohorts))
    check_choice(figure, "figure", counts)
    cohorts <- cohorts[cohorts$prosthesis == prosthesis, ]
    by_patient <- figure != "union" | cohorts$union_unit %in% "patients"
    pool <- data.frame(
        cohort_id = cohorts$cohort_id,
        label = trimws(paste(first_author(cohorts), ifelse(is.na(cohorts$year), "", cohorts$year))),
        events = cohorts[[figure]],
        n = if (figure == "union") cohorts$union_denominator else cohorts$n,
        person_years = cohorts$person_years, overlap_group = cohorts$overlap_group
    )
    own <- literature$sources[literature$sources$figure == figure, ]
    pool[c("grade", "address")] <- own[match(pool$cohort_id, own$cohort_id), c("grade", "address")]

    reason <- rep(NA_character_, nrow(pool))
    put <- function(which, text) {
        open <- is.na(reason) & which
        reason[open] <<- rep_len(text, nrow(pool))[open]
    }
    put(!is_intercalary(cohorts$comparability), sprintf("not comparable: %s", cohorts$comparability))
    put(!is.na(cohorts$parent_id), sprintf("subgroup or other version of %s", cohorts$parent_id))
    put(!is.na(pool$overlap_group) & pool$overlap_group %in% exclude,
        "may share patients with the index cohort")
    put(is.na(pool$events), sprintf("no count of %s", figure))
    put(!by_patient, "counts interfaces, not patients")
    put(is.na(pool[[denominator]]), if (denominator == "n") "no denominator" else "no person-years")

    free <- which(is.na(reason))
    best <- free[order(pool$grade[free], -pool[[denominator]][free], free)]
    group <- ifelse(is.na(pool$overlap_group), paste("alone", seq_len(nrow(pool))), pool$overlap_group)
    chosen <- best[!duplicated(group[best])]
    put(!seq_len(nrow(pool)) %in% chosen,
        sprintf("may share patients with %s, which was taken",
                pool$cohort_id[chosen][match(group, group[chosen])]))
    left_out <- cbind(pool[c("cohort_id", "overlap_group", "events", "n", "person_years")], reason = reason)
    left_out <- left_out[!is.na(reason), ]
    rows <- pool[sort(chosen), ]
    rownames(rows) <- rownames(left_out) <- NULL
    list(rows = rows, left_out = left_out)
}

# "Mahdal", or where the authors are not known the journal, or the identifier.
first_author <- function(cohorts) {
    name <- sub("^(\\S+).*$", "\\1", sub(",.*$", "", cohorts$authors))
    ifelse(is.na(name), ifelse(is.na(cohorts$journal), cohorts$cohort_id, cohorts$journal), name)
}
