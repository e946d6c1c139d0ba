labs <- list(
    WBC = list(c(7.02, 4.82, 6.21, 4.35, 6.86, 6.33, 6.72, 8.85, 10.42, 11.73, 7.88),
               c(8.67, 7.78, 6.65, 5.38, 7.24, 9.41, 4.93, 8.50, 6.89, 8.16, 8.86)),
    CRP = list(c(2.13, 1.82, 4.56, 1.75, 1.93, 0.62, 1.62, 1.96, 7.37, 2.62, 1.72),
               c(1.01, 0.80, 0.52, 1.18, 0.93, 0.40, 0.52, 0.63, 0.13, 1.14, 1.20)),
    ESR = list(c(44, 37, 45, 25, 42, 22, 34, 27, 66, 43, 33), c(11, 20, 12, 10, 10, 22, 16, 11, 23, 3, 20)))
change <- function(marker, ...) tidy(paired_change(labs[[marker]][[1]], labs[[marker]][[2]], ...))

test_that("the published changes from stage 1 to stage 2", {
    crp <- change("CRP")
    expect_equal(c(crp$estimate, crp$conf.low, crp$conf.high), c(-1.115, -3.88, -0.76), tolerance = 1e-12)
    expect_equal(crp$p.value, 2 / 2^11, tolerance = 1e-14)
    wbc <- change("WBC")
    expect_equal(c(wbc$estimate, wbc$conf.low, wbc$conf.high), c(0.36, -1.565, 1.73), tolerance = 1e-12)
    expect_equal(wbc$p.value, 0.7646484375, tolerance = 1e-14)
    esr <- change("ESR")
    expect_equal(esr$estimate, -24.25)
    # Ten of eleven fell and one stayed: 2 / 2^10.
    expect_equal(esr$p.value, 2 / 2^10, tolerance = 1e-14)
    dropped <- change("ESR", zeros = "wilcoxon")
    expect_equal(c(dropped$estimate, dropped$p.value), c(-25, 2 / 2^10))
})

test_that("without ties it is wilcox.test(exact = TRUE)", {
    set.seed(11)
    for (n in c(6, 7, 11, 20, 35, 49)) {
        for (shift in c(0, 0.6)) {
            before <- rnorm(n)
            after <- before + rnorm(n, shift)
            for (level in c(0.8, 0.95, 0.99)) {
                for (alternative in c("two.sided", "less", "greater")) {
                    peer <- suppressWarnings(wilcox.test(after, before, paired = TRUE, conf.int = TRUE, exact = TRUE,
                                                         conf.level = level, alternative = alternative))
                    ours <- tidy(paired_change(before, after, alternative = alternative, conf.level = level))
                    expect_equal(ours$statistic, unname(peer$statistic))
                    expect_equal(ours$p.value, peer$p.value, tolerance = 1e-12)
                    expect_equal(ours$estimate, unname(peer$estimate), tolerance = 1e-12)
                    # Where no interval exists the peer gives the range of the data at a lower level.
                    if (is.null(attr(peer$conf.int, "conf.level")) || attr(peer$conf.int, "conf.level") >= level) {
                        expect_equal(c(ours$conf.low, ours$conf.high), as.numeric(peer$conf.int), tolerance = 1e-12)
                    }
                }
            }
        }
    }
})

# The test at a shift by enumeration of all signs, from the definition.
by_enumeration <- function(d, zeros) {
    d <- round(d, 9)
    if (zeros == "wilcoxon") d <- d[d != 0]
    rank <- rank(abs(d))[d != 0]
    d <- d[d != 0]
    if (!length(d)) return(c(less = 1, greater = 1))
    signs <- as.matrix(expand.grid(rep(list(0:1), length(d))))
    all <- as.vector(signs %*% rank)
    w <- sum(rank[d > 0])
    c(less = mean(all <= w + 1e-9), greater = mean(all >= w - 1e-9))
}

tied_data <- function(n) sample(-3:6, n, replace = TRUE) / 2

test_that("with ties and zeros p is that of all signs", {
    set.seed(5)
    for (i in 1:40) {
        d <- tied_data(sample(1:10, 1))
        for (zeros in c("pratt", "wilcoxon")) {
            peer <- by_enumeration(d, zeros)
            ours <- function(alternative) {
                tidy(paired_change(rep(1, length(d)), 1 + d, zeros = zeros, alternative = alternative))$p.value
            }
            expect_equal(ours("less"), peer[["less"]], tolerance = 1e-13)
            expect_equal(ours("greater"), peer[["greater"]], tolerance = 1e-13)
            expect_equal(ours("two.sided"), min(1, 2 * min(peer)), tolerance = 1e-13)
        }
    }
})

# Hull of the shifts that enumeration does not reject, looking at every Walsh average and gap.
slow_interval <- function(d, zeros, tail) {
    if (zeros == "wilcoxon") d <- d[d != 0]
    walsh <- sort(unique(as.vector(outer(d, d, "+")) / 2))
    shifts <- c(walsh[1] - 1, as.vector(rbind(walsh, c((walsh[-1] + walsh[-length(walsh)]) / 2, max(walsh) + 1))))
    p <- vapply(shifts, function(s) by_enumeration(d - s, zeros), c(less = 0, greater = 0))
    accepted <- which(p["less", ] > tail & p["greater", ] > tail)
    # Shifts are a gap, an average, a gap, ...; a gap that is accepted brings its ends.
    list(low = if (min(accepted) == 1) -Inf else walsh[min(accepted) %/% 2],
         high = if (max(accepted) == length(shifts)) Inf else walsh[(max(accepted) + 1) %/% 2])
}

test_that("with ties the interval is the hull of the shifts not rejected", {
    set.seed(8)
    for (i in 1:12) {
        d <- tied_data(sample(4:9, 1))
        if (diff(range(d)) == 0 || all(d == 0)) next
        for (zeros in c("pratt", "wilcoxon")) {
            if (zeros == "wilcoxon" && length(unique(d[d != 0])) < 2) next
            ours <- tidy(paired_change(0 * d, d, zeros = zeros, conf.level = 0.9))
            slow <- slow_interval(d, zeros, 0.05)
            expect_equal(c(ours$conf.low, ours$conf.high), c(slow$low, slow$high), tolerance = 1e-9)
            kept <- if (zeros == "pratt") d else d[d != 0]
            walsh <- outer(kept, kept, "+") / 2
            expect_equal(ours$estimate, median(walsh[upper.tri(walsh, diag = TRUE)]), tolerance = 1e-12)
        }
    }
})

test_that("the interval holds its level for rounded symmetric changes, by enumeration", {
    # Changes -1, 0, 1, 2, 3 about 1 with probabilities 0.1, 0.2, 0.4, 0.2, 0.1: all samples of 6.
    weights <- c(0.1, 0.2, 0.4, 0.2, 0.1)
    samples <- as.matrix(expand.grid(rep(list(0:6), 5)))
    samples <- samples[rowSums(samples) == 6, ]
    misses <- 0
    for (i in seq_len(nrow(samples))) {
        d <- rep(-1:3, samples[i, ])
        ours <- tidy(paired_change(0 * d, d, conf.level = 0.9))
        if (!is.na(ours$conf.low) && (ours$conf.low > 1 || ours$conf.high < 1)) {
            misses <- misses + dmultinom(samples[i, ], prob = weights)
        }
    }
    expect_gt(misses, 0)
    expect_lt(misses, 0.1)
})

test_that("beyond 100 differences it is the normal test, with limits that are Walsh averages", {
    set.seed(2)
    before <- round(rnorm(150), 1)
    after <- before + round(rnorm(150, 0.2), 1)
    d <- after - before
    result <- paired_change(before, after, zeros = "wilcoxon")
    ours <- tidy(result)
    peer <- suppressWarnings(wilcox.test(round(d, 6), exact = FALSE, correct = TRUE))
    expect_equal(ours$p.value, peer$p.value, tolerance = 1e-9)
    expect_equal(ours$statistic, unname(peer$statistic))
    expect_identical(glance(result)$method, "asymptotic")
    expect_output(print(result), "normal with tie and continuity correction, as there are more than 100")

    d <- rnorm(301)
    ours <- tidy(paired_change(0 * d, d))
    walsh <- outer(d, d, "+") / 2
    walsh <- sort(walsh[upper.tri(walsh, diag = TRUE)])
    expect_identical(ours$estimate, median(walsh))
    m <- length(walsh)
    most <- ceiling(m / 2 + qnorm(0.975) * sqrt(m * (2 * 301 + 1) / 12) + 0.5) - 1
    expect_equal(c(ours$conf.low, ours$conf.high), walsh[c(m - most, most + 1)], tolerance = 1e-14)
    # Close to the exact limits, which are counts of the signed-rank law.
    k <- qsignrank(0.025, 301)
    expect_equal(c(ours$conf.low, ours$conf.high), walsh[c(k, m + 1 - k)], tolerance = 2e-3)
})

test_that("exact and asymptotic agree at the border, and 1e5 pairs are no burden", {
    set.seed(4)
    d <- rnorm(101, 0.1)
    few <- tidy(paired_change(rep(0, 100), d[1:100]))
    exact <- wilcox.test(d[1:100], exact = TRUE, conf.int = TRUE)
    expect_equal(few$p.value, exact$p.value, tolerance = 1e-10)
    expect_equal(c(few$conf.low, few$conf.high), as.numeric(exact$conf.int), tolerance = 1e-12)
    many <- rnorm(1e5, 0.01)
    ours <- tidy(paired_change(0 * many, many))
    expect_equal(ours$estimate, mean(many), tolerance = 0.1)
    expect_lt(ours$conf.high - ours$conf.low, 0.02)
})

test_that("units, shifts and signs do what they should", {
    set.seed(9)
    for (n in c(9, 130)) {
        before <- round(rnorm(n, 5), 1)
        after <- round(before + rnorm(n, 0.3), 1)
        ours <- tidy(paired_change(before, after))
        scaled <- tidy(paired_change(1000 * before, 1000 * after))
        expect_equal(scaled$p.value, ours$p.value)
        expect_equal(unlist(scaled[2:4]), 1000 * unlist(ours[2:4]), tolerance = 1e-9)
        turned <- tidy(paired_change(after, before))
        expect_equal(turned$p.value, ours$p.value, tolerance = 1e-12)
        expect_equal(c(turned$conf.low, turned$conf.high), -c(ours$conf.high, ours$conf.low), tolerance = 1e-12)
        moved <- tidy(paired_change(before, after + 2))
        expect_equal(unlist(moved[2:4]), unlist(ours[2:4]) + 2, tolerance = 1e-9)
    }
})

test_that("missing, few, equal and no pairs say so", {
    result <- paired_change(c(1, 2, 3, NA, 5), c(2, 2.5, 5, 1, NA))
    expect_identical(glance(result)$n.missing, 2L)
    expect_match(result$notes[1], "2 pairs were left out")
    expect_match(result$notes[2], "No finite 95% interval exists for 3 pairs: the smallest p .* 0.25")
    expect_identical(unlist(tidy(result)[c("conf.low", "conf.high")], use.names = FALSE), c(-Inf, Inf))
    equal <- paired_change(1:8, 1:8 + 2)
    expect_identical(tidy(equal)$estimate, 2)
    expect_identical(tidy(equal)$conf.low, NA_real_)
    expect_match(equal$notes, "All differences are equal")
    still <- paired_change(1:8, 1:8)
    expect_identical(tidy(still)[c("estimate", "p.value")], data.frame(estimate = 0, p.value = 1))
    expect_identical(tidy(still)$conf.high, NA_real_)
    dropped <- paired_change(1:8, 1:8, "wilcoxon")
    expect_identical(tidy(dropped)$estimate, NA_real_)
    none <- paired_change(NA_real_, 1)
    expect_identical(tidy(none)$p.value, NA_real_)
    expect_match(none$notes[2], "No complete pair")
    one <- tidy(paired_change(1, 3))
    expect_identical(c(one$estimate, one$p.value), c(2, 1))
})

test_that("the result is an htest, survives saving, and bad input is named", {
    result <- paired_change(labs$CRP[[1]], labs$CRP[[2]])
    expect_s3_class(result, c("paired_change", "osseosurv_result", "htest"), exact = TRUE)
    expect_equal(result$p.value, tidy(result)$p.value)
    expect_identical(attr(result$conf.int, "conf.level"), 0.95)
    expect_identical(result$data.name, "labs$CRP[[1]] and labs$CRP[[2]]")
    path <- tempfile(fileext = ".rds")
    saveRDS(result, path)
    expect_identical(readRDS(path), result)
    unlink(path)
    caught <- expect_error(paired_change(1:3, 1:2), class = "osseosurv_invalid")
    expect_identical(caught$argument, "after")
    caught <- expect_error(paired_change(c(1, Inf), 1:2), class = "osseosurv_invalid")
    expect_identical(caught[c("argument", "index")], list(argument = "before", index = 2L))
    expect_error(paired_change("a", 1), class = "osseosurv_invalid")
    expect_error(paired_change(1, 1, zeros = "drop"), class = "osseosurv_invalid")
})
