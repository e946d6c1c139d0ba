patients <- data.frame(patient = 1:3, prosthesis = "porous", followup_mo = 36, end = "censored")
films <- function(patient, month, union, interface = "distal") data.frame(patient, interface, month, union)

test_that("the interval runs from the last film without union to the first with it", {
    x <- cohort(patients, visits = rbind(films(1, c(1, 3, 6, 12), c(0, 0, 1, 1)), films(2, c(3, 1), c(0, 0)),
                                         films(3, c(6, 3), c(1, 1)), films(1, c(12, 1), c(0, 0), "proximal")))
    expect_identical(x$interfaces, data.frame(reconstruction = c("1", "2", "3", "1"),
                                              interface = c("distal", "distal", "distal", "proximal"),
                                              left_mo = c(3, 3, 0, 12), right_mo = c(6, Inf, 3, Inf)))
    expect_identical(nrow(x$visits), 10L)
    expect_false("contradictory_films" %in% x$suspicions$rule)
})

test_that("contradictory films are reported, and the first union ends the interval", {
    x <- cohort(patients, visits = films(1, c(1, 3, 6, 12, 24), c(0, 1, 0, 0, 1)))
    expect_identical(unlist(x$interfaces[3:4]), c(left_mo = 1, right_mo = 3))
    found <- x$suspicions[x$suspicions$rule == "contradictory_films", ]
    expect_identical(found$row, 3:4)
    expect_identical(found$value, c("0 at month 6", "0 at month 12"))
    same <- cohort(patients, visits = films(1, c(3, 6, 6), c(0, 0, 1)))
    expect_identical(unlist(same$interfaces[3:4]), c(left_mo = 3, right_mo = 6))
    expect_identical(same$suspicions$row[same$suspicions$rule == "contradictory_films"], 2L)
})

test_that("intervals equal those of a slow version on random visits, in any order of rows", {
    set.seed(7)
    for (k in 1:30) {
        n <- sample(1:40, 1)
        v <- data.frame(patient = sample(1:3, n, TRUE), interface = sample(c("distal", "proximal"), n, TRUE),
                        month = sample(1:12, n, TRUE), union = sample(0:1, n, TRUE, c(.8, .2)))
        x <- cohort(patients, visits = v)$interfaces
        for (i in seq_len(nrow(x))) {
            own <- v[v$patient == x$reconstruction[i] & v$interface == x$interface[i], ]
            right <- min(own$month[own$union == 1], Inf)
            left <- max(own$month[own$union == 0 & own$month < right], 0)
            expect_identical(c(x$left_mo[i], x$right_mo[i]), c(left, right))
        }
        mixed <- cohort(patients, visits = v[sample(n), ])$interfaces
        expect_setequal(do.call(paste, mixed), do.call(paste, x))
    }
})

test_that("no visits at all give no interfaces", {
    x <- cohort(patients, visits = films(1, 1, 0)[0, ])
    expect_identical(dim(x$interfaces), c(0L, 4L))
})

read_films <- function(month, union, ..., contradictory = "first") {
    x <- data.frame(id = "a", month = month, union = union, ...)
    suppressWarnings(intervals_from_visits(x, "id", contradictory = contradictory,
                                           not_before = if ("from" %in% names(x)) "from"))
}
ends_of <- function(...) unlist(read_films(...)[c("left", "right")])

test_that("contradictory films are warned of by row and read as asked", {
    month <- c(1, 3, 6, 12, 24)
    union <- c(0, 1, 0, 1, NA)
    expect_identical(ends_of(month, union), c(left = 1, right = 3))
    expect_identical(ends_of(month, union, contradictory = "confirmed"), c(left = 6, right = 12))
    expect_identical(ends_of(month, union, contradictory = "widest"), c(left = 1, right = 12))
    expect_identical(ends_of(month[1:3], union[1:3], contradictory = "confirmed"), c(left = 6, right = Inf))
    expect_identical(ends_of(month[1:3], union[1:3], contradictory = "widest"), c(left = 1, right = Inf))
    expect_identical(ends_of(c(3, 3), c(1, 0), contradictory = "confirmed"), c(left = 3, right = Inf))
    visits <- data.frame(id = "a", month = month, union = union)
    expect_warning(intervals_from_visits(visits, "id"), "row 3", class = "osseosurv_contradictory")
    refused <- tryCatch(intervals_from_visits(visits, "id", contradictory = "refuse"), error = identity)
    expect_s3_class(refused, "osseosurv_invalid")
    expect_identical(refused$index, 3L)
    expect_identical(read_films(month, union)$contradictory, 1L)
})

test_that("a film that was missed only widens the interval", {
    expect_identical(ends_of(c(3, 6, 12), c(0, NA, 1)), c(left = 3, right = 12))
    expect_identical(ends_of(c(3, 6), c(NA, NA)), c(left = 0, right = Inf))
    x <- read_films(c(3, 6, 12), c(0, NA, 1))
    expect_identical(c(x$visits, x$missed), c(2L, 1L))
})

test_that("planned visits without a film are counted, up to the last film", {
    visits <- data.frame(id = c("a", "a", "b", "c"), month = c(1.2, 11, 3.4, 40), union = c(0, 1, 0, 0))
    x <- intervals_from_visits(visits, "id", schedule = c(1, 3, 6, 12, 24))
    # a: 1 and nearly 12, which had not come by month 11; 3 and 6 missed. b: 3, not 1. c: a late film stands for 24.
    expect_identical(x$missed, c(2L, 1L, 4L))
    expect_identical(intervals_from_visits(visits, "id", schedule = 5)$missed, c(0L, 0L, 0L))
})

test_that("union counts from the eradication of the infection on", {
    month <- c(1, 3, 6, 12)
    union <- c(0, 1, 1, 1)
    expect_identical(ends_of(month, union, from = 0.5), c(left = 1, right = 3))
    expect_identical(ends_of(month, union, from = 2), c(left = 1, right = 3))
    expect_identical(ends_of(month, union, from = 3), c(left = 3, right = 3))
    expect_identical(ends_of(month, union, from = 7), c(left = 7, right = 7))
    expect_identical(ends_of(month, union, from = NA), c(left = 12, right = Inf))
    expect_identical(ends_of(month, 0 * union, from = 7), c(left = 12, right = Inf))
    # The later of the two times is in the interval, wherever union lies in its own.
    set.seed(3)
    for (k in 1:200) {
        true <- stats::rexp(1, 0.1)
        from <- round(stats::rexp(1, 0.1), 1)
        at <- sort(sample(1:40, 5))
        got <- ends_of(at, as.integer(true <= at), from = from)
        sought <- max(true, from)
        expect_true(got[["left"]] == got[["right"]] && sought == got[["left"]] ||
                        got[["left"]] < sought && sought <= got[["right"]])
    }
    differs <- data.frame(id = "a", month = 1:2, union = 0, from = c(1, 2))
    expect_error(intervals_from_visits(differs, "id", not_before = "from"), "row 2", class = "osseosurv_invalid")
})

test_that("bad visits are refused with column and row", {
    good <- data.frame(reconstruction = 1:2, interface = "distal", month = c(3, 6), union = 0:1)
    bad <- function(column, value, pattern) {
        good[[column]] <- value
        expect_error(intervals_from_visits(good), pattern, class = "osseosurv_invalid")
    }
    bad("month", c(3, NA), "`month`.*row 2")
    bad("month", c(3, -1), "`month`.*row 2")
    bad("month", c("3", "6"), "`month` must be numeric")
    bad("union", c(0, 2), "`union`.*row 2")
    bad("union", c("no", "yes"), "`union`")
    bad("reconstruction", c(1, NA), "`reconstruction`.*row 2")
    expect_error(intervals_from_visits(good, month = "day"), "`month` must name a column", class = "osseosurv_invalid")
    expect_error(intervals_from_visits(1:3), "data frame", class = "osseosurv_invalid")
    expect_error(intervals_from_visits(good, contradictory = "last"), "`contradictory`", class = "osseosurv_invalid")
    expect_error(intervals_from_visits(good, schedule = Inf), "`schedule`", class = "osseosurv_invalid")
    expect_identical(nrow(intervals_from_visits(good[0, ])), 0L)
    expect_identical(intervals_from_visits(transform(good, union = union == 1)), intervals_from_visits(good))
})
