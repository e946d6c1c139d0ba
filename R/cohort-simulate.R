# Cohorts with known truth, for trying out an analysis, planning a study and testing.

#' Simulate a cohort
#'
#' A [cohort()] as it would be recorded: reconstructions with solid and porous prostheses, films at visits that may be
#' missed, union of two dependent interfaces or never, competing ends of follow-up with modes of failure, infections. The
#' defaults are round numbers, not estimates from any cohort.
#'
#' Time to failure is exponential, and so are death and amputation and loss; the first of them and of the administrative
#' end (uniform between the two values of `followup`) ends the follow-up. Union of an interface that unites at all is
#' Weibull with shape 2; the two interfaces of a bone are joined by a normal copula, both in whether and in when they
#' unite. Films are taken at the times of `schedule` up to the end, each attended with probability `attendance`.
#'
#' @param n Number of reconstructions, a whole number >= 1; each patient has one.
#' @param porous Share of porous prostheses.
#' @param followup Two numbers: shortest and longest planned follow-up (months).
#' @param failure,death,amputation,loss Rates per 100 years; `failure` has one value or, by name, one for `solid` and one
#'   for `porous`.
#' @param modes Named numbers: relative frequency of the modes 1 to 5 of Henderson 2011; by default all alike.
#' @param union Median time to union of an interface that unites (months); one value, or `solid` and `porous`.
#' @param never Share of interfaces that never unite; one value, or `solid` and `porous`.
#' @param interface_correlation Correlation of the normal copula of the two interfaces, between -1 and 1.
#' @param schedule Months of the planned films.
#' @param attendance Probability that a planned film is taken.
#' @param infection Episodes of infection per 100 years.
#' @param seed Whole number, which leaves R's generator alone; `NULL`: R's generator (`set.seed()`) decides.
#' @param name One string, the name of the cohort.
#' @return A [cohort()] with `patients`, `visits` (and so `interfaces`) and `infections`. Its attribute `truth` is a list:
#'   `arguments`, those of this call, and `interfaces`, a data frame `reconstruction`, `interface`, `month` (time of union,
#'   `Inf`: never).
#' @section Errors: `osseosurv_invalid` for shares outside 0 to 1, rates below 0 and the like, naming the argument.
#' @seealso [cohort()], [masquelet_femur].
#' @examples
#' x <- simulate_cohort(30, seed = 1)
#' x
#' osseointegration(x, by = "prosthesis", times = c(6, 12))$tables[["United by the visit"]]
#' @export
simulate_cohort <- function(n, porous = 0.5, followup = c(24, 72), failure = 2, death = 2, amputation = 0.5, loss = 3,
                            modes = c("1" = 1, "2" = 1, "3" = 1, "4" = 1, "5" = 1), union = c(solid = 9, porous = 6),
                            never = c(solid = 0.3, porous = 0.1), interface_correlation = 0,
                            schedule = c(1, 3, 6, 12, 24, 36, 48, 60, 72), attendance = 0.9, infection = 2, seed = NULL,
                            name = "simulated cohort") {
    n <- check_numbers(check_number(n, "n", 1), "n", whole = TRUE)
    followup <- check_numbers(followup, "followup", 0, open = TRUE)
    if (length(followup) != 2 || diff(followup) < 0 || any(is.infinite(followup))) {
        abort_invalid("`followup` must be two finite numbers, the shortest and the longest follow-up.", "followup")
    }
    schedule <- sort(check_numbers(schedule, "schedule", 0, 20000, open = TRUE))
    arguments <- list(
        n = n, porous = check_number(porous, "porous", 0, 1), followup = followup,
        failure = by_prosthesis(failure, "failure", 0, 1e6), death = check_number(death, "death", 0, 1e6),
        amputation = check_number(amputation, "amputation", 0, 1e6), loss = check_number(loss, "loss", 0, 1e6),
        modes = check_modes(modes), union = by_prosthesis(union, "union", 0, 1e6), never = by_prosthesis(never, "never", 0, 1),
        interface_correlation = check_number(interface_correlation, "interface_correlation", -1, 1),
        schedule = schedule, attendance = check_number(attendance, "attendance", 0, 1),
        infection = check_number(infection, "infection", 0, 1e6))
    with_seed(seed, draw_cohort(arguments, name))
}

# One value for both prostheses, or one each by name.
by_prosthesis <- function(x, argument, lower, upper) {
    value <- check_numbers(x, argument, lower, upper)
    if (length(value) == 1 && is.null(names(x))) return(c(solid = value, porous = value))
    if (length(value) != 2 || !setequal(names(x), c("solid", "porous"))) {
        abort_invalid(sprintf("`%s` must be one number, or c(solid = , porous = ).", argument), argument)
    }
    stats::setNames(value, names(x))[c("solid", "porous")]
}

check_modes <- function(modes) {
    value <- check_numbers(modes, "modes", 0, 1e6)
    if (!length(value) || is.null(names(modes)) || !all(names(modes) %in% 1:5) || sum(value) == 0) {
        abort_invalid("`modes` must be relative frequencies by name, of the modes 1 to 5, not all 0.", "modes")
    }
    stats::setNames(value, names(modes))
}

draw_cohort <- function(a, name) {
    n <- a$n
    prosthesis <- ifelse(stats::runif(n) < a$porous, "porous", "solid")
    after <- function(per_100_years) {
        months <- stats::rexp(n) * 1200 / per_100_years
        ifelse(is.finite(months), months, Inf)
    }
    ends <- cbind(censored = a$followup[1] + stats::runif(n) * diff(a$followup), lost = after(a$loss),
                  failure = after(a$failure[prosthesis]), death = after(a$death), amputation = after(a$amputation))
    first <- max.col(-ends, ties.method = "first")
    end <- colnames(ends)[first]
    month <- ends[cbind(seq_len(n), first)]
    mode <- ifelse(end == "failure", sample(as.integer(names(a$modes)), n, TRUE, a$modes)[seq_len(n)], NA_integer_)
    id <- as.character(seq_len(n))
    patients <- data.frame(patient = id, prosthesis = prosthesis, followup_mo = month, end = end, failure_mode = mode,
                           scheme = ifelse(is.na(mode), NA_character_, "Henderson 2011"))
    union <- draw_union(a, prosthesis)
    x <- cohort(patients, visits = draw_films(a, id, month, union), infections = draw_infections(a, id, month, mode), name = name)
    attr(x, "truth") <- list(arguments = a, interfaces = data.frame(
        reconstruction = rep(id, 2), interface = rep(c("proximal", "distal"), each = n), month = c(union)))
    x
}

# Months of union, n x 2 (proximal, distal), Inf: never.
draw_union <- function(a, prosthesis) {
    n <- a$n
    joined <- function() {
        z <- matrix(stats::rnorm(2 * n), n)
        stats::pnorm(cbind(z[, 1], a$interface_correlation * z[, 1] + sqrt(1 - a$interface_correlation^2) * z[, 2]))
    }
    # A high rank of "whether" goes with an early "when".
    when <- a$union[prosthesis] * sqrt(-log(joined()) / log(2))
    when[joined() < a$never[prosthesis]] <- Inf
    when
}

draw_films <- function(a, id, end, union) {
    plan <- expand.grid(visit = seq_along(a$schedule), patient = seq_along(id))
    taken <- a$schedule[plan$visit] <= end[plan$patient] & stats::runif(nrow(plan)) < a$attendance
    film <- rep(which(taken), each = 2)
    side <- rep(1:2, sum(taken))
    month <- a$schedule[plan$visit[film]]
    data.frame(patient = id[plan$patient[film]], interface = c("proximal", "distal")[side], month = month,
               union = as.integer(union[cbind(plan$patient[film], side)] <= month))
}

# A Poisson process of onsets; each episode lasts 3 months or to the end of follow-up, and none begins within one. A failure
# by infection (mode 4) is an episode that has not been resolved.
draw_infections <- function(a, id, end, mode) {
    rows <- lapply(seq_along(id), function(i) {
        onset <- sort(stats::runif(stats::rpois(1, a$infection * end[i] / 1200)) * end[i])
        keep <- onset[c(TRUE, diff(onset) > 3)[seq_along(onset)]]
        resolved <- pmin(keep + 3, end[i])
        if (mode[i] %in% 4L) {
            keep <- c(keep[keep + 3 < end[i]], end[i])
            resolved <- c(resolved[seq_len(length(keep) - 1)], NA)
        }
        data.frame(patient = rep(id[i], length(keep)), onset_left_mo = keep, onset_right_mo = keep, resolved_mo = resolved)
    })
    do.call(rbind, rows)
}
