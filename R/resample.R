# What every estimator that resamples hands to the engine (src/core/resample.h).

#' Seed and threads of a resampling
#'
#' @param seed `NULL`: drawn from R's own generator, so that `set.seed()` decides; or a whole number from 0 to 2^53,
#'   which leaves R's generator alone.
#' @return List: `seed`, two whole numbers below 2^32; `threads`, from the option `osseosurv.threads`, 1 if not set (`NA`:
#'   as many as OpenMP gives). The answer does not depend on it.
#' @noRd
resampling <- function(seed = NULL) {
    words <- if (is.null(seed)) {
        floor(stats::runif(2) * 2^32)
    } else {
        if (!(is.numeric(seed) && length(seed) == 1 && !is.na(seed) && seed >= 0 && seed <= 2^53 &&
              seed == floor(seed))) {
            abort_invalid(sprintf("`seed` must be a whole number from 0 to 2^53; got %s.", value_text(seed)), "seed")
        }
        c(seed %/% 2^32, seed %% 2^32)
    }
    list(seed = words, threads = thread_count())
}

# Threads wanted: the option `osseosurv.threads`, 1 if it is not set, `NA`: as many as OpenMP gives. The answer of an
# estimator never depends on it.
thread_count <- function() {
    threads <- getOption("osseosurv.threads", 1L)
    if (!(length(threads) == 1 && (is.na(threads) || is.numeric(threads) && threads >= 1))) {
        abort_invalid(sprintf("Option `osseosurv.threads` must be a whole number of at least 1; got %s.",
                              value_text(threads)), "osseosurv.threads")
    }
    as.integer(threads)
}

#' Evaluate code that draws by R's own generator
#'
#' @param seed `NULL`: the generator as it is; a whole number: started by it, and left as it was found.
#' @noRd
with_seed <- function(seed, code) {
    if (is.null(seed)) return(code)
    seed <- check_numbers(check_number(seed, "seed", 0, .Machine$integer.max), "seed", whole = TRUE)
    old <- get0(".Random.seed", globalenv(), inherits = FALSE)
    on.exit(if (is.null(old)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", old, globalenv()))
    set.seed(seed)
    code
}
