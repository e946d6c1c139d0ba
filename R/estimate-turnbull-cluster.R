# Limits of survival from interval-censored rows that come in clusters: whole clusters are drawn again.

#' What the bootstrap needs besides the rows
#'
#' Clusters are drawn within their pool, those that lie in the same strata, so that a stratum keeps its share.
#'
#' @param input From read_survival() with `carry = "cluster"`.
#' @return List: `cluster` (1 .. n_cluster, by row), `pool` (by cluster), `n_pool`, `resamples`, `seed`, `threads`.
#' @noRd
bootstrap_plan <- function(input, resamples, seed) {
    values <- unique(input$carried$cluster)
    cluster <- match(input$carried$cluster, values)
    pool <- if (is.null(input$stratum)) rep(1L, length(values)) else {
        present <- unique(cbind(cluster, input$stratum))
        present <- present[order(present[, 1], present[, 2]), , drop = FALSE]
        where <- as.vector(tapply(present[, 2], present[, 1], paste, collapse = " "))
        match(where, unique(where))
    }
    c(list(cluster = cluster, pool = pool, n_pool = max(pool), resamples = resamples), resampling(seed))
}

# The lowest values that the likelihood leaves give the lower limit, the highest the upper one. Where the replicates do not
# differ, nothing has been learnt of the variation: NA.
bootstrap_limits <- function(rows, n_stratum, times, stratum, conf.level) {
    plan <- rows$bootstrap
    drawn <- .Call(ffi_turnbull_bootstrap, rows$left, rows$right, rows$weight, rows$stratum, n_stratum, plan$cluster,
                   plan$pool, plan$n_pool, as.double(times), as.integer(stratum), plan$resamples, plan$seed, plan$threads)
    dim(drawn) <- c(2L, length(times), plan$resamples)
    tail <- (1 - conf.level) / 2
    limits <- vapply(seq_along(times), function(i) {
        low <- sort(drawn[1, i, ])
        high <- sort(drawn[2, i, ])
        n <- length(low)
        if (n < 2 || high[n] - low[1] < 1e-8) return(c(NA_real_, NA_real_))
        place <- max(1, floor((n + 1) * tail))
        c(low[place], high[n + 1 - place])
    }, numeric(2))
    list(conf.low = limits[1, ], conf.high = limits[2, ])
}

bootstrap_notes <- function(plan, table) {
    open <- is.na(table$conf.low) & is.finite(table$right)
    c(sprintf("Interval bootstrap: %d clusters drawn again %d times%s.", length(plan$pool), as.integer(plan$resamples),
              if (plan$n_pool > 1) ", within those that lie in the same strata" else ""),
      if (any(open)) {
          paste("The bootstrap interval is not estimable (NA) where no draw of the clusters differs from another, as where",
                "nothing or everything has happened; with one row a cluster the exact one is.")
      })
}
