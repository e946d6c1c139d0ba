# Step functions for drawing: right-continuous, one row of a tidy table holding from its time to the next.

# Corners of the steps of one curve: row i is drawn from time[i] to time[i + 1], the last row as a point. A
# single row comes twice, since a path needs two ends.
step_corners <- function(table, columns) {
    table <- table[order(table$time), , drop = FALSE]
    if (nrow(table) == 1) table <- table[c(1, 1), , drop = FALSE]
    n <- nrow(table)
    value <- rep(seq_len(n), each = 2)[-2 * n]
    place <- rep(seq_len(n), each = 2)[-1]
    corners <- table[value, columns, drop = FALSE]
    corners$time <- table$time[place]
    row.names(corners) <- NULL
    corners
}

step_corners_by <- function(table, by, columns) {
    groups <- interaction(table[by], drop = TRUE, lex.order = TRUE)
    bind_rows(lapply(split(table, groups), step_corners, columns = unique(c(by, columns))))
}

# Value of a step function at the times `at`; `before` holds before its first row.
step_value <- function(time, value, at, before = NA_real_) {
    c(before, value)[findInterval(at, time) + 1]
}

# A curve of a million rows is drawn from those that a page can show: the last row within each of 2000 slots
# of time. Tables keep every row.
thin_steps <- function(table, slots = 2000) {
    if (nrow(table) <= 2 * slots) return(table)
    last <- max(table$time)
    slot <- if (last > 0) floor(table$time / last * slots) else rep(0, nrow(table))
    table[!duplicated(slot, fromLast = TRUE) | seq_len(nrow(table)) == 1, , drop = FALSE]
}

# Numbers for a risk table at `times`: at risk just before, events and censored until then. The three add up
# to the size of the stratum (without left truncation).
risk_counts <- function(table, times) {
    one <- function(rows) {
        rows <- rows[order(rows$time), , drop = FALSE]
        next_row <- findInterval(times * (1 - 1.5e-8), rows$time, left.open = TRUE) + 1
        past <- function(n) if (is.null(n)) NA_real_ else c(0, cumsum(n))[next_row]
        data.frame(strata = rows$strata[1], time = times, n.risk = c(rows$n.risk, 0)[next_row],
                   n.event = past(rows$n.event), n.censor = past(rows$n.censor), stringsAsFactors = FALSE)
    }
    bind_rows(lapply(split(table, factor(table$strata, unique(table$strata))), one))
}
