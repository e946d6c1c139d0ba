# Times alternatives on the same data, after checking that they give the same values.
#
#     source("bench/harness.R")
#     compare("exact-intervals", "Clopper-Pearson", n = 1e4, list(
#         osseosurv = function() limits(proportion_ci(x, n)),
#         qbeta     = function() cbind(qbeta(0.025, x, n - x + 1), qbeta(0.975, x + 1, n - x))),
#         tolerance = 1e-10)
#     save_results("exact-intervals")
#
# The first alternative is ours; the ratio is the other's median time over ours. The alternatives run
# in turn, in one R process, so that whatever else the machine does falls on all of them.

suppressMessages(library(osseosurv))

bench_rows <- new.env()

# threads: of ours (options(osseosurv.threads)). values: what to compare of a result (default: all of it). An alternative
# in `unchecked` is timed
# although its values differ for a reason that `why` gives. least: seconds of timing per alternative
# at least; runs: rounds at least; most: rounds at most. One round is enough for calls beyond 10 s.
compare <- function(capability, case, n, alternatives, tolerance = 1e-8, values = identity,
                    unchecked = character(), why = "", runs = 5L, least = 0.5, most = 200L, threads = 1L) {
    before <- options(osseosurv.threads = threads)
    on.exit(options(before))
    checked <- lapply(alternatives, function(f) values(f()))
    difference <- vapply(checked, largest_difference, 0, checked[[1]])
    wrong <- setdiff(names(alternatives)[!(difference <= tolerance)], unchecked)
    if (length(wrong)) {
        stop(sprintf("%s, %s: %s differs from %s by %.2g, more than %.2g", capability, case, wrong[1],
                     names(alternatives)[1], difference[[wrong[1]]], tolerance))
    }
    seconds <- matrix(NA_real_, most, length(alternatives), dimnames = list(NULL, names(alternatives)))
    # A call too short for the clock is timed in blocks.
    block <- vapply(alternatives, block_size, 0)
    for (round in seq_len(most)) {
        for (name in names(alternatives)) {
            seconds[round, name] <- elapsed(alternatives[[name]], block[[name]])
        }
        spent <- colSums(seconds[seq_len(round), , drop = FALSE] * rep(block, each = round))
        if (round >= runs && all(spent >= least)) break
        if (any(seconds[round, ] > 10) || (round >= 3 && any(spent > 30))) break
    }
    seconds <- seconds[seq_len(round), , drop = FALSE]
    middle <- apply(seconds, 2, median)
    rows <- data.frame(
        capability = capability, case = case, n = n, alternative = names(alternatives),
        version = vapply(names(alternatives), version_of, ""), median_s = middle,
        min_s = apply(seconds, 2, min), max_s = apply(seconds, 2, max), rounds = round,
        ratio = middle / middle[1], memory_mb = mapply(memory_used, alternatives, middle),
        difference = difference, threads = threads, note = ifelse(names(alternatives) %in% unchecked, why, ""),
        row.names = NULL)
    bench_rows[[capability]] <- rbind(bench_rows[[capability]], rows)
    write_results(capability) # a run that is stopped keeps what it has measured
    cat(sprintf("%-18s %-34s n = %-8s %-14s %10s  x %-8s %6.1f MB  diff %.1g\n", capability, case,
                format(n, scientific = 1), rows$alternative, format_seconds(rows$median_s),
                format(signif(rows$ratio, 3)), rows$memory_mb, rows$difference), sep = "")
    invisible(rows)
}

# Runs `step(n)` (which calls compare() and returns its rows) over growing n until an alternative
# needs more than `limit` seconds; that alternative is left out from then on by step's second argument.
grow <- function(sizes, step, limit = 30) {
    left_out <- character()
    for (n in sizes) {
        rows <- step(n, left_out)
        left_out <- union(left_out, rows$alternative[rows$median_s > limit])
        if (nrow(rows) < 2 && length(left_out)) break
    }
}

write_results <- function(capability, folder = "bench/results") {
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    rows <- bench_rows[[capability]]
    number <- vapply(rows, is.double, NA)
    rows[number] <- lapply(rows[number], signif, 4)
    # Cases have commas in their names.
    text <- which(vapply(rows, is.character, NA))
    file <- file.path(folder, paste0(capability, ".csv"))
    write.csv(rows, file, row.names = FALSE, quote = text)
    file
}

save_results <- function(capability, folder = "bench/results") {
    cat(sprintf("%s; R %s, %s, %d cores\n", write_results(capability, folder), getRversion(), R.version$platform,
                parallel::detectCores()))
}

largest_difference <- function(x, y) {
    x <- unlist(x, use.names = FALSE)
    y <- unlist(y, use.names = FALSE)
    if (length(x) != length(y) || !identical(is.na(x), is.na(y))) return(Inf)
    if (is.character(y)) return(if (identical(x, y)) 0 else Inf)
    same <- is.na(x) | x == y
    if (all(same)) return(0)
    max(abs(x - y)[!same] / pmax(1, abs(y[!same])))
}

elapsed <- function(f, times) {
    start <- proc.time()[[3]]
    for (i in seq_len(times)) f()
    (proc.time()[[3]] - start) / times
}

block_size <- function(f) {
    times <- 1
    while (times < 1e5 && elapsed(f, times) * times < 0.02) times <- times * 4
    times
}

# Most memory beyond what was there before, while the call runs; not asked of calls that take long.
memory_used <- function(f, seconds) {
    if (seconds > 10) return(NA_real_)
    before <- sum(gc(reset = TRUE)[, 2])
    f()
    after <- gc()
    max(0, sum(after[, ncol(after)]) - before)
}

version_of <- function(alternative) {
    package <- sub(":.*", "", alternative)
    if (nzchar(system.file(package = package))) as.character(utils::packageVersion(package)) else as.character(getRversion())
}

format_seconds <- function(s) {
    unit <- ifelse(s < 1e-3, 1, ifelse(s < 1, 2, 3))
    paste(format(signif(s * c(1e6, 1e3, 1)[unit], 3), trim = TRUE), c("us", "ms", "s")[unit])
}
