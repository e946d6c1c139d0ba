# Union of two interfaces of one bone: several estimands from one data set, and their joint distribution.

union_estimand_names <- c("any", "both", "proximal", "distal")

#' Union of any, both and each interface
#'
#' Two interfaces in one bone are never two patients: from the intervals of both come the share of reconstructions with
#' *any* and with *both* interfaces united, with the *proximal* and with the *distal* one, and the share of *interfaces*
#' united with an interval that allows for two in one bone.
#'
#' *Any* has united in (min left, min right], *both* in (max left, max right], of a reconstruction with both interfaces on
#' record. Whether an estimand is reached by a time is known if its interval lies on one side of it; the estimate is
#' the NPMLE of [turnbull()], which is `x / n` where all are known, with its exact interval.
#'
#' For the share of interfaces the two of a bone may depend on each other in any way, also negatively: the interval is
#' exact and unconditional, the largest tail over all associations (its level holds whatever that is). Where some
#' are not known at a time, it covers every value they can have. Beyond 300 reconstructions it is a logit interval
#' with the variance between reconstructions and t quantiles.
#'
#' @param interfaces Data frame, a row an interface: `reconstruction` (or `patient`), `interface` (proximal, distal), and
#'   `left`, `right` or `left_mo`, `right_mo` (union in `(left, right]`; right `Inf`: not seen).
#' @param times Times at which the shares are given, finite, >= 0; `NULL`: the finite right ends.
#' @param conf.level Confidence level.
#' @return A result whose [tidy()] has a row per estimand (`any`, `both`, `proximal`, `distal`, `interface`) and time:
#'   `estimand`, `time`, `x` (known to be united by the time), `n` (known to be united or not), `unknown` (neither),
#'   `estimate`, `conf.low`, `conf.high` (share, 0 to 1; `estimate` `NA` where the likelihood leaves it open). `x$joint`: data frame `time`,
#'   `proximal`, `distal` (united, not united, not known, not on record), `n` reconstructions. `x$bivariate`: the bivariate
#'   NPMLE of the two times, of reconstructions with at least one interface on record: a row per maximal intersection,
#'   `proximal.left`, `proximal.right`, `distal.left`, `distal.right` (half-open as above), `mass`, and `mass.min`,
#'   `mass.max`, the range that it has among all maximisers of the likelihood (equal where it is unique); `NULL` with
#'   more than 2,000 distinct pairs of intervals. [glance()]: `logLik`, `kkt` (no distribution of the two times has a
#'   log-likelihood above `logLik + kkt`), `unique`.
#' @section Coverage: The interval for `interface` was enumerated at 8, 11, 20 and 60 pairs over probabilities 0.02 to
#'   0.98 and all associations from the most negative to 1 (`inst/validation/union-coverage.R`); for nominal 95% the
#'   lowest coverage was 95.9%, of interfaces that always agree (independent ones: 99.4%). The other intervals are those of [turnbull()].
#' @references Betensky RA, Finkelstein DM (1999) A non-parametric maximum likelihood estimator for bivariate interval
#'   censored data. Stat Med 18:3089-3100. Maathuis MH (2005) Reduction algorithm for the NPMLE for the distribution
#'   function of bivariate interval-censored data. J Comput Graph Stat 14:352-362.
#' @section Agreement: The log-likelihood of the bivariate NPMLE is never below that of `MLEcens::computeMLE` on random data
#'   (minus 1e-8).
#' @section Errors: `osseosurv_invalid`, with `argument` and `index`, for missing columns, an interface that is not
#'   proximal or distal, the same interface twice, ends that are missing, negative or in the wrong order.
#' @seealso [turnbull()], [intervals_from_visits()], [osseointegration()].
#' @examples
#' union_estimands(masquelet_femur$interfaces, times = c(3, 6, 12))
#' @export
union_estimands <- function(interfaces, times = NULL, conf.level = 0.95) {
    conf.level <- check_conf_level(conf.level)
    pairs <- interface_pairs(interfaces)
    ends <- c(pairs$proximal$right, pairs$distal$right)
    times <- if (is.null(times)) sort(unique(ends[is.finite(ends)])) else check_times(times)
    intervals <- union_intervals(pairs)
    fits <- lapply(Filter(function(x) nrow(x) > 0, intervals), function(x) {
        turnbull(Surv(x$left, x$right, type = "interval2"), conf.level = conf.level)
    })
    rows <- lapply(names(fits), function(name) {
        curve <- survival_at(fits[[name]], times)
        as_frame(c(list(estimand = rep(name, length(times)), time = times), counts_at(intervals[[name]], times),
                   list(estimate = 1 - curve$estimate, conf.low = 1 - curve$conf.high, conf.high = 1 - curve$conf.low)))
    })
    joint <- joint_npmle(pairs)
    table <- bind_rows(c(rows, list(interfaces_at(pairs, times, conf.level))))
    new_result(
        "union_estimands",
        title = sprintf("Union of any, both and each interface, %s intervals", percent_text(conf.level)),
        table = table,
        glance = list(n = length(pairs$reconstruction), pairs = nrow(intervals$both), logLik = joint$logLik,
                      kkt = joint$kkt, unique = joint$unique, conf.level = conf.level),
        estimand = estimand_card(
            endpoint = "union of an interface, in (last film without, first film with]",
            measure = "share united by a time: any, both, the proximal, the distal interface; of all interfaces",
            unit = "reconstruction (any, both, proximal, distal); interface, two of a reconstruction dependent",
            censoring = "films do not depend on union"),
        methods = paste("The shares of reconstructions with any, both, the proximal and the distal interface united were",
                        "estimated by nonparametric maximum likelihood with intervals that hold for every placement of the",
                        "events; the share of interfaces has an exact unconditional interval that allows any dependence",
                        "between the two interfaces of a bone. The joint distribution of the two times is the bivariate",
                        "nonparametric maximum likelihood estimate."),
        references = unique(c(unlist(lapply(fits, function(fit) fit$references), use.names = FALSE),
                              "Betensky and Finkelstein (1999) Stat Med 18:3089")),
        notes = c(union_estimand_notes(pairs, table, fits), joint$note),
        joint = joint_table(pairs, times), bivariate = joint$table, conf.level = conf.level)
}

#' Interfaces side by side
#'
#' @return List: `reconstruction`; `proximal`, `distal`: data frames `left`, `right` (`NA`: not on record), a row per
#'   reconstruction.
#' @noRd
interface_pairs <- function(interfaces) {
    if (!is.data.frame(interfaces)) {
        abort_invalid(sprintf("`interfaces` must be a data frame with a row an interface; got %s.",
                              value_text(interfaces)), "interfaces")
    }
    column <- function(...) {
        found <- intersect(c(...), names(interfaces))
        if (!length(found)) {
            abort_invalid(sprintf("`interfaces` needs a column `%s`.", ..1), "interfaces")
        }
        interfaces[[found[1]]]
    }
    id <- as.character(column("reconstruction", "patient"))
    side <- as.character(column("interface"))
    bad <- which(is.na(id) | !side %in% c("proximal", "distal"))
    if (length(bad)) {
        abort_invalid(sprintf("`interface` must be proximal or distal, of a named reconstruction; row %d is %s.", bad[1],
                              value_text(side[bad[1]])), "interface", bad[1])
    }
    twice <- which(duplicated(data.frame(id, side)))
    if (length(twice)) {
        abort_invalid(sprintf("Each interface may have one row; row %d is the second of %s, %s.", twice[1], id[twice[1]],
                              side[twice[1]]), "interface", twice[1])
    }
    left <- column("left", "left_mo")
    right <- column("right", "right_mo")
    left <- read_times(left, "left", NULL)
    right <- read_times(right, "right", NULL, infinite = TRUE)
    bad <- which(left > right)
    if (length(bad)) {
        abort_invalid(sprintf("`left` must not exceed `right`; row %d has %s and %s.", bad[1], format(left[bad[1]]),
                              format(right[bad[1]])), "left", bad[1])
    }
    reconstruction <- unique(id)
    if (!length(reconstruction)) abort_invalid("`interfaces` has no rows: give at least one.", "interfaces")
    one <- function(name) {
        at <- match(reconstruction, id[side == name])
        as_frame(list(left = left[side == name][at], right = right[side == name][at]))
    }
    list(reconstruction = reconstruction, proximal = one("proximal"), distal = one("distal"))
}

# By estimand, a data frame `reconstruction` (its number), `left`, `right`, without those that have no such interface.
union_intervals <- function(pairs) {
    p <- pairs$proximal
    d <- pairs$distal
    sets <- list(any = list(pmin(p$left, d$left), pmin(p$right, d$right)),
                 both = list(pmax(p$left, d$left), pmax(p$right, d$right)),
                 proximal = p, distal = d)
    lapply(sets, function(x) {
        keep <- which(!is.na(x[[1]]))
        as_frame(list(reconstruction = keep, left = x[[1]][keep], right = x[[2]][keep]))
    })
}

counts_at <- function(x, times) {
    united <- vapply(times, function(t) sum(x$right <= t), 0L)
    not <- vapply(times, function(t) sum(x$right > t & x$left >= t), 0L)
    list(x = united, n = united + not, unknown = nrow(x) - united - not)
}

interfaces_at <- function(pairs, times, conf.level) {
    p <- pairs$proximal
    d <- pairs$distal
    single <- xor(is.na(p$left), is.na(d$left))
    cluster <- rep(seq_along(single), 2)
    all <- as_frame(list(left = c(p$left, d$left), right = c(p$right, d$right)))
    known <- !is.na(all$left)
    cluster <- cluster[known]
    all <- all[known, ]
    counts <- counts_at(all, times)
    fit <- turnbull(Surv(all$left, all$right, type = "interval2"), conf.type = "none")
    # Those not known may all be united, or none of them.
    low <- vapply(times, function(t) lower_share(all$right <= t, cluster, sum(single), conf.level), 0)
    high <- 1 - vapply(times, function(t) lower_share(!(all$left < t), cluster, sum(single), conf.level), 0)
    as_frame(c(list(estimand = rep("interface", length(times)), time = times), counts,
               list(estimate = 1 - survival_at(fit, times)$estimate, conf.low = low, conf.high = high)))
}

most_pairs <- 300

# Lower limit of the share of `united` interfaces, in clusters of two, `singles` of one.
lower_share <- function(united, cluster, singles, conf.level) {
    clusters <- length(unique(cluster))
    if (clusters <= most_pairs) {
        return(.Call(ffi_pair_limit_low, as.double(sum(united)), as.double(clusters - singles), as.double(singles),
                     1 - conf.level))
    }
    share <- mean(united)
    # As if the interfaces of a reconstruction always agreed: each counted once.
    if (share %in% 0:1) return(proportion_ci(share * clusters, clusters, conf.level = conf.level)$conf.low)
    residual <- rowsum(united - share, cluster)
    se <- sqrt(clusters / (clusters - 1) * sum(residual^2)) / length(united) / (share * (1 - share))
    stats::plogis(stats::qlogis(share) - stats::qt((1 + conf.level) / 2, clusters - 1) * se)
}

joint_states <- c("united", "not united", "not known", "not on record")

# How many reconstructions are in each pair of states at each time; pairs that nobody is in are left out.
joint_table <- function(pairs, times) {
    state <- function(x, t) {
        joint_states[ifelse(is.na(x$left), 4L, ifelse(x$right <= t, 1L, ifelse(x$left >= t, 2L, 3L)))]
    }
    bind_rows(lapply(times, function(t) {
        counts <- table(proximal = factor(state(pairs$proximal, t), joint_states),
                        distal = factor(state(pairs$distal, t), joint_states))
        cells <- as.data.frame(counts, responseName = "n", stringsAsFactors = FALSE)
        cells <- cells[cells$n > 0, ]
        cells <- cells[order(match(cells$proximal, joint_states), match(cells$distal, joint_states)), ]
        as_frame(list(time = rep(t, nrow(cells)), proximal = cells$proximal, distal = cells$distal, n = cells$n))
    }))
}

union_estimand_notes <- function(pairs, table, fits) {
    single <- sum(xor(is.na(pairs$proximal$left), is.na(pairs$distal$left)))
    c(if (single) {
          sprintf("%d reconstruction%s with one interface on record: no row in any and both.", single, plural_s(single))
      },
      if (anyNA(table$estimate)) "NA: at that time the likelihood leaves the share open (see survival_at() of the NPMLE).",
      if (any(table$unknown > 0)) "Those not known at a time are counted by the NPMLE, not in `x` and `n`.",
      named_notes(fits))
}

most_rectangles <- 2000

#' Bivariate NPMLE of the two times to union
#'
#' @param pairs From interface_pairs().
#' @return List: `table` (see union_estimands(), or `NULL`), `logLik`, `kkt`, `unique` (`NA` if not computed), `note`.
#' @noRd
joint_npmle <- function(pairs) {
    side <- function(x) list(left = ifelse(is.na(x$left), 0, x$left), right = ifelse(is.na(x$right), Inf, x$right),
                             known = !is.na(x$left))
    p <- side(pairs$proximal)
    d <- side(pairs$distal)
    distinct <- sum(!duplicated(data.frame(p, d)))
    if (distinct > most_rectangles) {
        return(list(table = NULL, logLik = NA_real_, kkt = NA_real_, unique = NA,
                    note = sprintf("The joint distribution was not estimated: %d distinct pairs of intervals, at most %d.",
                                   distinct, most_rectangles)))
    }
    fit <- .Call(ffi_bivariate, p$left, p$right, p$known, d$left, d$right, d$known, 1e-9)
    if (!fit$fit[4]) {
        warn("convergence", sprintf("The joint log-likelihood may be short of its maximum by up to %.2g.", fit$fit[2]))
    }
    range <- mass_ranges(fit)
    table <- as_frame(list(proximal.left = fit$x.left, proximal.right = fit$x.right, distal.left = fit$y.left,
                           distal.right = fit$y.right, mass = fit$mass, mass.min = range$min, mass.max = range$max))
    unique <- all(range$max - range$min <= 0)
    list(table = table, logLik = fit$fit[1], kkt = fit$fit[2], unique = unique,
         note = if (!unique) paste("Masses of the joint distribution are not unique: `mass.min` and `mass.max` give the",
                                   "range that the likelihood leaves."))
}

# The maximisers are the masses over the active cells that give every row the same mass as those found do; over them
# each mass has a least and a greatest value (linear programming).
mass_ranges <- function(fit) {
    least <- most <- fit$mass
    active <- which(fit$active)
    rows <- matrix(as.double(t(fit$rows[active, , drop = FALSE])), ncol = length(active))
    if (qr(rows, tol = 1e-9)$rank == length(active)) return(list(min = least, max = most))
    held <- as.vector(rows %*% fit$mass[active])
    for (j in seq_along(active)) {
        goal <- as.double(seq_along(active) == j)
        value <- function(direction) lpSolve::lp(direction, goal, rows, rep("=", nrow(rows)), held)
        down <- value("min")
        up <- value("max")
        # What found no corner moves within rounding only.
        if (down$status == 0 && up$status == 0 && up$objval - down$objval > 1e-7) {
            least[active[j]] <- min(down$objval, fit$mass[active[j]])
            most[active[j]] <- max(up$objval, fit$mass[active[j]])
        }
    }
    list(min = least, max = most)
}
