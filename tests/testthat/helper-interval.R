# Random interval-censored data of many shapes, by number.
random_intervals <- function(shape, n = sample(c(1:8, 20, 60), 1)) {
    set.seed(shape)
    n <- n
    event <- rexp(n, 0.2)
    if (shape %% 4 < 2) {
        visits <- lapply(seq_len(n), function(i) {
            if (shape %% 4 == 0) c(0, sort(runif(sample(0:5, 1), 0, 15))) else c(0, c(1, 3, 6, 12, 24)[runif(5) < 0.7])
        })
        left <- mapply(function(v, t) max(v[v < t], 0), visits, event)
        right <- mapply(function(v, t) min(v[v >= t], Inf), visits, event)
    } else if (shape %% 4 == 2) {
        left <- sample(0:8, n, TRUE)
        right <- left + sample(c(0, 1, 3, Inf), n, TRUE)
    } else {
        end <- runif(n, 0, 10)
        left <- ifelse(event < end, ifelse(runif(n) < 0.5, event, event * runif(n)), end)
        right <- ifelse(event < end, ifelse(left == event, event, event + runif(n)), Inf)
    }
    data.frame(left = left, right = right, weight = sample(1:3, n, TRUE), group = sample(letters[1:2], n, TRUE))
}

# Turnbull's estimate the slow way: cells between all ends, self-consistency. left 0 with finite right starts at 0.
slow_turnbull <- function(left, right, steps = 20000) {
    points <- sort(unique(c(0, left, right[right < Inf])))
    middle <- c((points[-1] + points[-length(points)]) / 2, max(points) + 1)
    at <- sort(c(points, middle))
    covers <- t(vapply(seq_along(left), function(i) {
        if (left[i] == right[i]) at == left[i]
        else if (left[i] == 0 && right[i] < Inf) at <= right[i]
        else at > left[i] & at <= right[i]
    }, logical(length(at))))
    if (length(left) == 1) covers <- matrix(covers, 1)
    covers <- covers[, colSums(covers) > 0, drop = FALSE]
    p <- rep(1 / ncol(covers), ncol(covers))
    for (step in seq_len(steps)) p <- p * drop(crossprod(covers, 1 / drop(covers %*% p))) / nrow(covers)
    list(logLik = sum(log(covers %*% p)), at = at, p = p)
}

loglik_of <- function(fit, left, right, weight = 1) {
    table <- tidy(fit)
    exact <- table$left == table$right
    covered <- vapply(seq_along(left), function(i) {
        inside <- if (left[i] == right[i]) exact & table$left == left[i]
                  else table$right <= right[i] & (table$left > left[i] |
                      table$left == left[i] & (!exact | left[i] == 0 & right[i] < Inf))
        sum(table$mass[inside])
    }, 0)
    sum(weight * log(covered))
}

# Beta-product limits at t from right-censored data, written from the moments (Fay, Brittain and Proschan 2013).
# Rows censored at t itself count as at risk for the last factor of the lower limit.
slow_beta_product <- function(time, event, t, level = 0.95) {
    moments <- c(1, 1)
    for (s in sort(unique(time[event & time <= t]))) {
        for (y in sum(time >= s) - seq_len(sum(event & time == s)) + 1) {
            moments <- moments * c(y / (y + 1), y / (y + 2))
        }
    }
    limit <- function(m, p) {
        variance <- m[2] - m[1]^2
        if (m[1] == 0 || variance < 1e-15) return(m[1])
        size <- m[1] * (1 - m[1]) / variance - 1
        qbeta(p, m[1] * size, (1 - m[1]) * size)
    }
    after <- sum(ifelse(event, time > t, time >= t))
    c(if (after == 0) 0 else limit(moments * c(after / (after + 1), after / (after + 2)), (1 - level) / 2),
      limit(moments, (1 + level) / 2))
}
