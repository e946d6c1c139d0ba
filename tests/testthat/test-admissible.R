sets <- list(data.frame(time = c(2, 4, 6), status = c(1, 0, 1)), data.frame(time = c(2, 4, 6), status = c(0, 1, 1)),
             data.frame(time = c(2, 4, 6), status = c(0, 0, 0)))
at <- function(x, times = c(3, 5)) survival_at(kaplan_meier(Surv(time, status) ~ 1, x), times)

test_that("the range is that of the analyses done by hand", {
    by_hand <- lapply(sets, at)
    column <- function(name) sapply(by_hand, `[[`, name)
    x <- admissible_range(sets, at)
    expect_identical(x$table$time, c(3, 5))
    expect_identical(x$table$estimate.min, apply(column("estimate"), 1, min))
    expect_identical(x$table$estimate.max, apply(column("estimate"), 1, max))
    expect_identical(x$table$conf.low, apply(column("conf.low"), 1, min))
    expect_identical(x$table$conf.high, apply(column("conf.high"), 1, max))
    expect_identical(x$table$sets, c(3L, 3L))
    expect_identical(as.list(glance(x)), list(sets = 3L, admissible = 3L, complete = TRUE))
    expect_identical(tidy(admissible_range(sets, at, times = 3)), x$table[1, ])
})

test_that("a whole result passes, and rows that only some have are counted", {
    curves <- admissible_range(sets, function(x) kaplan_meier(Surv(time, status) ~ 1, x[x$time > 2 | x$status == 1, ]))
    expect_identical(curves$table$time, c(0, 2, 4, 6))
    expect_identical(curves$table$sets, c(3L, 1L, 3L, 3L))
    expect_match(curves$notes, "do not occur in every data set")
    cox <- function(x) data.frame(term = c("a", "b"), p.value = c(mean(x$status), NA), text = c("same", "same"))
    ranged <- tidy(admissible_range(sets, cox))
    expect_identical(ranged$p.value.min, c(0, NA))
    expect_identical(ranged$text, c("same", "same"))
})

test_that("choices are the product of their parts, the first varying slowest", {
    part <- function(...) lapply(list(...), function(v) data.frame(v = v))
    choices <- admissible_choices(part(1, 2), part(10), part(100, 200, 300))
    expect_identical(choices$n, 6)
    all <- admissible_range(choices, function(x) data.frame(term = paste(x$v, collapse = " "), value = sum(x$v)))
    expect_identical(all$table$term, paste(rep(1:2, each = 3), 10, c(100, 200, 300)))
})

test_that("too many data sets are drawn, without replacement and by the seed", {
    many <- do.call(admissible_choices, rep(list(list(data.frame(v = 0), data.frame(v = 1))), 40))
    which_set <- function(x) data.frame(term = paste(x$v, collapse = ""), value = 1)
    set.seed(5)
    before <- .Random.seed
    first <- admissible_range(many, which_set, most = 50, seed = 1)
    expect_identical(.Random.seed, before)
    expect_identical(nrow(first$table), 50L)
    expect_identical(admissible_range(many, which_set, most = 50, seed = 1), first)
    expect_false(identical(admissible_range(many, which_set, most = 50, seed = 2)$table, first$table))
    expect_false(first$glance$complete)
    expect_match(first$notes[1], "wider")
    set.seed(5)
    third <- admissible_range(many, which_set, most = 50)
    set.seed(5)
    expect_identical(admissible_range(many, which_set, most = 50), third)
})

test_that("what cannot be a set, an estimator or a key is refused", {
    expect_error(admissible_range(list(), at), "`sets`", class = "osseosurv_invalid")
    expect_error(admissible_range(sets[[1]], at), "`sets`", class = "osseosurv_invalid")
    expect_error(admissible_range(sets, 3), "`estimator`", class = "osseosurv_invalid")
    expect_error(admissible_range(sets, at, by = "arm"), "`arm`", class = "osseosurv_invalid")
    expect_error(admissible_range(sets, at, by = "strata"), "tell the rows", class = "osseosurv_invalid")
    failed <- tryCatch(admissible_range(c(sets, list(NULL)), at), error = identity)
    expect_s3_class(failed, "osseosurv_invalid")
    expect_identical(failed$index, 4L)
    expect_error(admissible_choices(list()), "Part 1", class = "osseosurv_invalid")
    expect_error(admissible_choices(list(data.frame(a = 1)), data.frame(a = 1)), "Part 2", class = "osseosurv_invalid")
})

test_that("the 84 tables of the eleven femora give what the paper leaves open", {
    tables <- masquelet_femur_assignments()
    both <- function(x) {
        both <- tapply(x$right_mo, x$patient, max)
        proportion_ci(sum(both < Inf), length(both))
    }
    x <- tidy(admissible_range(tables, both))
    expect_identical(c(x$estimate.min, x$estimate.max), c(3, 3) / 11)
    expect_equal(c(x$conf.low, x$conf.high), c(0.06021773, 0.60974256), tolerance = 1e-7)
    first <- function(x) {
        any <- tapply(x$right_mo, x$patient, min)
        proportion_ci(sum(any <= 3), length(any))
    }
    early <- tidy(admissible_range(tables, first))
    expect_identical(c(early$estimate.min, early$estimate.max), range(sapply(tables, function(t) first(t)$estimate)))
})
