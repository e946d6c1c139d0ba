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
