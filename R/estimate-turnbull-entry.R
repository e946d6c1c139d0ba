# Left truncation of interval-censored rows: a row was observed only because its event came after its entry.

#' Entries of the rows
#'
#' @param input From read_survival() of kind "interval" with `carry` among it "entry".
#' @return `input`, `left` of left-censored rows moved to their entry, and `entry` (double; 0: not truncated).
#' @noRd
read_entry <- function(input) {
    entry <- read_times(input$carried$entry, "entry", input$row)
    refuse <- function(bad, text) {
        if (!any(bad)) return()
        at <- which(bad)[1]
        row <- row_number(at, input$row)
        abort_invalid(sprintf(text, row, format(entry[at]), format(input$left[at]), format(input$right[at])), "entry", row)
    }
    refuse(entry >= input$right & entry > 0,
           "`entry` must lie before the right end, or the row could not be observed; row %d has %s and (%s, %s].")
    unknown <- input$left == 0 & input$right < Inf & input$right > 0
    refuse(!unknown & entry > input$left & input$left < input$right,
           paste("`entry` must not lie after the left end; row %d has %s and (%s, %s]. The event came after the entry: give",
                 "the entry as its left end."))
    input$left[unknown] <- entry[unknown]
    input$entry <- entry
    input
}

check_truncated_conf <- function(conf.type, clustered) {
    if (clustered) {
        abort_invalid("`cluster` is not available with `entry`: leave it out.", "cluster")
    }
    if (!conf.type %in% c("auto", "none")) {
        abort_invalid(sprintf("`conf.type` \"%s\" has no theory with `entry`: use \"none\".", conf.type), "conf.type")
    }
}

fit_truncated <- function(input, conf.type, conf.level, tolerance) {
    input <- read_entry(input)
    fit <- .Call(ffi_turnbull_truncated, input$left, input$right, input$entry, input$weight, input$stratum,
                 length(input$strata), tolerance, 1000)
    counts <- count_strata(input)
    exists <- fit$empty == 0
    fits <- as_frame(list(strata = input$strata, n = counts$n, events = counts$events,
                          logLik = replace(fit$logLik, !exists, NA_real_), iterations = as.integer(fit$iterations),
                          kkt = replace(fit$kkt, !exists, NA_real_), converged = fit$converged == 1,
                          unique = replace(fit$unique == 1, !exists, NA), exists = exists))
    known <- rep.int(exists, fit$size)
    table <- as_frame(list(strata = rep.int(input$strata, fit$size), left = fit$left, right = fit$right,
                           mass = replace(fit$mass, !known, NA_real_),
                           estimate = replace(fit$estimate, fit$right == Inf | !known, NA_real_),
                           conf.low = rep.int(NA_real_, length(known)), conf.high = rep.int(NA_real_, length(known))))
    warn_unconverged(fits, tolerance)
    new_result(
        "turnbull",
        title = "Turnbull estimate of survival from interval-censored, left-truncated data",
        table = table,
        glance = list(n = sum(fits$n), events = sum(fits$events), n.strata = length(input$strata),
                      logLik = sum(fits$logLik), iterations = sum(fits$iterations), kkt = sum(fits$kkt),
                      converged = all(fits$converged), unique = all(fits$unique), exists = all(exists),
                      conf.type = "none", conf.level = conf.level),
        estimand = estimand_card(
            endpoint = input$endpoint,
            measure = "probability of no event up to a time (net: as if nothing else could end follow-up)",
            censoring = "entries and visits do not depend on the event, given the strata"),
        methods = paste("Survival was estimated by nonparametric maximum likelihood (Turnbull), conditional on no event",
                        "before entry (left truncation), to the global optimum", turnbull_conf_text("none", conf.level)),
        references = c("Turnbull (1976) J R Stat Soc B 38:290", "Frydman (1994) J R Stat Soc B 56:71",
                       "Hudgens (2005) J R Stat Soc B 67:573"),
        notes = c(input$notes, if (conf.type == "auto") "No interval: none is available with left truncation.",
                  entry_notes(input, fit, exists), turnbull_notes(fits)),
        fits = fits, size = as.integer(fit$size), strata = input$strata, conf.type = "none", conf.level = conf.level,
        rows = list(left = input$left, right = input$right, weight = input$weight, stratum = input$stratum,
                    entry = input$entry)
    )
}

# What the entries leave open: the time before the first, and a risk set that empties before the last.
entry_notes <- function(input, fit, exists) {
    stratum <- input$stratum %||% rep.int(1L, input$n)
    label <- function(s) if (length(exists) == 1) "" else sprintf(" in %s", input$strata[s])
    last <- cumsum(fit$size)
    unlist(lapply(seq_along(exists), function(s) {
        entry <- input$entry[stratum == s]
        if (!exists[s]) {
            cell <- last[s] - fit$size[s] + fit$empty[s]
            from <- min(entry[entry >= fit$right[cell] * (1 - 1.5e-8)])
            return(sprintf(paste("The likelihood%s has no maximum, so survival is NA: nobody is known to be at risk after",
                                 "the events up to %s, and rows enter later. Survival given no event by %s: `subset` to the",
                                 "rows with an entry of at least %s."),
                           label(s), format(fit$right[cell]), format(from), format(from)))
        }
        if (min(entry) > 0) {
            sprintf("No row%s entered before %s: survival is given no event by then.", label(s), format(min(entry)))
        }
    }))
}
