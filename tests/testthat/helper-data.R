# Random right-censored data of many shapes, by number.
random_cohort <- function(shape) {
    set.seed(shape)
    n <- sample(c(1:12, 30, 100), 1)
    time <- switch(shape %% 4 + 1, rexp(n), sample(0:6, n, TRUE), round(rexp(n, 0.1), 1), sample(5, n, TRUE) + runif(n) * 1e-10)
    share <- c(0, 0.2, 0.5, 0.9, 1)[shape %% 5 + 1]
    data.frame(time = time, status = rbinom(n, 1, share), cause = sample(0:2, n, TRUE, c(1 - share, share / 2, share / 2)),
               entry = time * runif(n) * rbinom(n, 1, 0.7), group = sample(letters[1:3], n, TRUE),
               weight = sample(1:3, n, TRUE))
}

gehan <- data.frame(
    time = c(1, 10, 22, 7, 3, 32, 12, 23, 8, 22, 17, 6, 2, 16, 11, 34, 8, 32, 12, 25, 2, 11, 5, 20, 4, 19, 15, 6, 8, 17, 23,
             35, 5, 6, 11, 13, 4, 9, 1, 6, 8, 10),
    cens = c(1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1,
             0, 1, 0, 1, 0),
    treat = rep(c("control", "6-MP"), 21))

months_11 <- c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24)

# Rows 1:n repeated as often as the weights say.
replicated <- function(data) data[rep(seq_len(nrow(data)), data$weight), , drop = FALSE]
