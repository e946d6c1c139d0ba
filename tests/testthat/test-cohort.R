four <- function(...) {
    patients <- data.frame(patient = c("a", "b", "c", "d"), prosthesis = c("solid", "porous", "porous", "solid"),
                           followup_mo = c(24, 36.5, 6, 60), end = c("censored", "lost", "failure", "death"))
    changes <- list(...)
    patients[names(changes)] <- changes
    patients
}
faults_of_call <- function(...) {
    caught <- tryCatch(cohort(...), error = identity)
    expect_s3_class(caught, c("osseosurv_invalid", "osseosurv_error", "error", "condition"), exact = TRUE)
    caught$faults
}

test_that("the four required columns are enough, and defaults are filled in", {
    x <- cohort(four(), name = "Four")
    expect_s3_class(x, "cohort", exact = TRUE)
    expect_identical(x$name, "Four")
    expect_identical(x$patients$reconstruction, c("a", "b", "c", "d"))
    expect_identical(x$patients$entry_mo, rep(0, 4))
    expect_identical(names(x), c("name", "patients", "interfaces", "visits", "infections", "findings", "complications",
                                 "labs", "totals", "assignments", "overlap_group", "suspicions", "source"))
    expect_null(x$interfaces)
    expect_null(x$source)
})

test_that("further columns are kept, in every table", {
    x <- cohort(four(hospital = 1:4, grade = factor(c("x", "y", "x", "y"))),
                complications = data.frame(patient = "a", complication = "stiff knee", seen_by = "me"))
    expect_identical(x$patients$hospital, 1:4)
    expect_identical(levels(x$patients$grade), c("x", "y"))
    expect_identical(x$complications$seen_by, "me")
    expect_identical(x$complications$reconstruction, "a")
})

test_that("patient stands for reconstruction only where each patient has one", {
    patients <- four(patient = c("a", "a", "b", "c"), reconstruction = c("a1", "a2", "b1", "c1"))
    x <- cohort(patients, interfaces = data.frame(reconstruction = "a2", interface = "distal", left_mo = 0, right_mo = 3))
    expect_identical(x$interfaces$reconstruction, "a2")
    found <- faults_of_call(patients, complications = data.frame(patient = c("b", "a"), complication = "x"))
    expect_identical(found[c("table", "row", "column", "value")],
                     data.frame(table = "complications", row = 2L, column = "patient", value = "a"))
    expect_match(found$rule, "several reconstructions")
})

test_that("numbers as identifiers match text", {
    x <- cohort(four(patient = c(1, 2, 100000, 4)), complications = data.frame(patient = "100000", complication = "x"))
    expect_identical(x$patients$patient, c("1", "2", "100000", "4"))
    expect_identical(x$complications$reconstruction, "100000")
})

test_that("dates become months of 365.25 / 12 days where there is an index date", {
    day <- as.Date("2020-01-01")
    patients <- four(index_date = rep(day, 4), followup_mo = day + c(365.25 * 2, 100, 200, 300))
    x <- cohort(patients, visits = data.frame(patient = c("a", "a"), interface = "distal", month = c("2020-04-01", "2020-07-01"), union = 0:1))
    expect_equal(x$patients$followup_mo, c(24, c(100, 200, 300) / (365.25 / 12)), tolerance = 1e-12)
    expect_equal(x$interfaces$left_mo, 91 / (365.25 / 12), tolerance = 1e-12)
    expect_equal(x$interfaces$right_mo, 182 / (365.25 / 12), tolerance = 1e-12)
    text <- cohort(transform(patients, followup_mo = as.character(followup_mo), index_date = as.character(index_date)))
    expect_equal(text$patients$followup_mo, floor(c(730.5, 100, 200, 300)) / (365.25 / 12), tolerance = 1e-12)
    expect_match(faults_of_call(transform(patients, followup_mo = day - 1))$rule[1], "before `index_date`")
    stamp <- as.POSIXct("2020-07-01 23:30:00", tz = "Etc/GMT+11")
    expect_equal(cohort(four(index_date = rep(day, 4), followup_mo = rep(stamp, 4)))$patients$followup_mo[1],
                 182 / (365.25 / 12), tolerance = 1e-12)
})

test_that("every fault is reported at once, with table, row, column, value and rule", {
    patients <- four(followup_mo = c(24, -1, NA, 60), end = c("censored", "vanished", "failure", "death"), lefs = c(81, 10, 20, 30))
    found <- faults_of_call(patients, interfaces = data.frame(patient = c("a", "zz"), interface = c("middle", "distal"),
                                                              left_mo = c(6, 0), right_mo = c(3, NaN)))
    expect_identical(names(found), c("table", "row", "column", "value", "rule"))
    expect_setequal(paste(found$table, found$row, found$column, found$value),
                    c("patients 2 followup_mo -1", "patients 3 followup_mo NA", "patients 2 end vanished", "patients 1 lefs 81",
                      "interfaces 2 patient zz", "interfaces 1 interface middle", "interfaces 2 right_mo NaN",
                      "interfaces 1 left_mo 6 against 3"))
    caught <- tryCatch(cohort(patients), error = identity)
    expect_identical(caught$argument, "patients")
    expect_identical(caught$index, caught$faults$row[1])
    expect_match(conditionMessage(caught), "has 4 faults; nothing was changed:.*patients, row 2, `end` is vanished: must be one of censored, lost")
})

bad_patients <- list(
    "dates as text without an index date" = list(four(followup_mo = c("2021-03-04", "2021-03-05", NA, "2021-03-06")), c(1, 2, 3, 4), "followup_mo", "index_date|missing"),
    "dates in another order" = list(four(index_date = as.Date("2020-01-01"), followup_mo = c("2021-03-04", "03/04/2021", "2021-03-04", "2021-02-30")), c(2, 4), "followup_mo", "number of months"),
    "numbers as text" = list(four(followup_mo = c("24", "36", "6", "60")), 1:4, "followup_mo", "as.numeric"),
    "a number with its unit" = list(four(followup_mo = c("24", "36 months", "6", "60")), 2, "followup_mo", "finite number of months"),
    "a decimal comma" = list(four(bmi = c("24", "36,5", "26", "60")), 2, "bmi", "finite number"),
    "negative follow-up" = list(four(followup_mo = c(1, 2, -3, 4)), 3, "followup_mo", ">= 0"),
    "infinite follow-up" = list(four(followup_mo = c(1, Inf, 3, 4)), 2, "followup_mo", "finite"),
    "NaN follow-up" = list(four(followup_mo = c(1, NaN, 3, 4)), 2, "followup_mo", "finite"),
    "a spreadsheet's serial date" = list(four(followup_mo = c(1, 44256, 3, 4)), 2, "followup_mo", "day count"),
    "a serial index date" = list(four(index_date = c(44256, 44257, 44258, 44259)), 1:4, "index_date", "must be a date"),
    "an unknown end" = list(four(end = c("censored", "Censored", "x", "death")), 2:3, "end", "one of censored"),
    "an unknown prosthesis as a factor" = list(four(prosthesis = factor(c("solid", "porous", "titanium", "solid"))), 3, "prosthesis", "solid, porous"),
    "a missing end" = list(four(end = c("censored", NA, "lost", "death")), 2, "end", "missing"),
    "identifiers repeated" = list(four(patient = c("a", "b", "a", "d")), 3, "patient", "repeated"),
    "a missing identifier" = list(four(patient = c("a", NA, "c", "d")), 2, "patient", "missing"),
    "a blank identifier" = list(four(patient = c("a", " ", "c", "d")), 2, "patient", "identifier"),
    "entry after the end" = list(four(entry_mo = c(0, 40, 6, 1)), 2:3, "entry_mo", "before the end"),
    "a missing entry" = list(four(entry_mo = c(0, NA, 1, 1)), 2, "entry_mo", "missing"),
    "a failure mode without its scheme" = list(four(failure_mode = c(NA, NA, 2, NA)), 3, "failure_mode", "needs its `scheme`"),
    "a mode the scheme lacks" = list(four(failure_mode = c(NA, NA, 6, NA), scheme = "Henderson 2011"), 3, "failure_mode", "no such mode"),
    "a mode without a failure" = list(four(failure_mode = c(2, NA, 2, NA), scheme = "ISOLS 2014"), 1, "failure_mode", "belongs to"),
    "half a mode" = list(four(failure_mode = c(NA, NA, 2.5, NA), scheme = "ISOLS 2014"), 3, "failure_mode", "whole number"),
    "an unknown scheme" = list(four(scheme = c(NA, NA, "Henderson", NA)), 3, "scheme", "Henderson 2011, ISOLS 2014"),
    "a function score above its range" = list(four(lefs = c(80, 80.5, 0, NA)), 2, "lefs", "<= 80"),
    "range of motion reversed" = list(four(rom_min = c(0, 10, 0, 0), rom_max = c(90, 5, NA, 0)), 2, "rom_min", "exceed"),
    "a logical number" = list(four(age = c(TRUE, FALSE, NA, TRUE)), c(1, 2, 4), "age", "finite number"),
    "a factor of digits" = list(four(bmi = factor(c(20, 21, 22, 23))), 1:4, "bmi", "as.numeric"),
    "half a debridement" = list(four(debridements = c(1, 2.5, 0, 3)), 2, "debridements", "whole number")
)

test_that("each bad column of patients is one classed error that names its rows", {
    for (case in names(bad_patients)) {
        one <- bad_patients[[case]]
        found <- faults_of_call(one[[1]])
        expect_identical(sort(found$row), as.integer(one[[2]]), info = case)
        expect_identical(unique(found$column), one[[3]], info = case)
        expect_match(found$rule, one[[4]], all = TRUE, info = case)
        expect_identical(unique(found$table), "patients", info = case)
    }
})

bad_shapes <- list(
    "no rows" = list(four()[0, ], "value", "0 rows"),
    "no data frame" = list(1:3, "value", "integer"),
    "NULL" = list(NULL, "value", "logical"),
    "a list column" = list({ p <- four(); p$notes <- list(1, 2, 3, 4); p }, "column", "notes"),
    "a matrix column" = list({ p <- four(); p$m <- matrix(1:8, 4); p }, "column", "m"),
    "a required column that is a list" = list({ p <- four(); p$end <- as.list(p$end); p }, "column", "end"),
    "a missing column" = list(four()[-3], "column", "followup_mo"),
    "a column name twice" = list({ p <- four(x = 1); names(p)[5] <- "end"; p }, "column", "end"),
    "a column without a name" = list({ p <- four(x = 1); names(p)[5] <- ""; p }, "column", "5")
)

test_that("a table of the wrong shape is one classed error", {
    for (case in names(bad_shapes)) {
        one <- bad_shapes[[case]]
        found <- faults_of_call(one[[1]])
        expect_identical(nrow(found), 1L, info = case)
        expect_identical(found[[one[[2]]]], one[[3]], info = case)
        expect_true(is.na(found$row), info = case)
    }
    expect_error(cohort(), class = "osseosurv_invalid")
    expect_error(cohort(four(), name = NA), class = "osseosurv_invalid")
})

face <- function(...) as.data.frame(utils::modifyList(as.list(data.frame(patient = c("a", "a"), interface = c("proximal", "distal"), left_mo = c(3, 0), right_mo = c(6, Inf))), list(...)))
illness <- function(...) as.data.frame(utils::modifyList(as.list(data.frame(patient = "a", onset_left_mo = 1, onset_right_mo = 2, resolved_mo = 5, retained = TRUE)), list(...)))
bad_tables <- list(
    "left after right" = list(list(interfaces = face(left_mo = c(7, 0))), 1, "left_mo", "(left, right]"),
    "an unknown reconstruction" = list(list(interfaces = face(patient = c("a", "q"))), 2, "patient", "no row of"),
    "an interface twice" = list(list(interfaces = face(interface = "distal")), 2, "reconstruction + interface", "repeated"),
    "right missing instead of Inf" = list(list(interfaces = face(right_mo = c(6, NA))), 2, "right_mo", "missing"),
    "left infinite" = list(list(interfaces = face(left_mo = c(3, Inf))), 2, "left_mo", "finite"),
    "right minus infinity" = list(list(interfaces = face(right_mo = c(6, -Inf))), 2, "right_mo", "must"),
    "an unknown interface" = list(list(interfaces = face(interface = c("proximal", "lateral"))), 2, "interface", "proximal, distal"),
    "union beyond 0 and 1" = list(list(visits = data.frame(patient = "a", interface = "distal", month = 1:2, union = c(1, 2))), 2, "union", "0 or 1"),
    "a film without a month" = list(list(visits = data.frame(patient = "a", interface = "distal", month = c(NA, 2), union = 0)), 1, "month", "missing"),
    "union at once" = list(list(interfaces = face(left_mo = 0, right_mo = c(0, 6))), 1, "right_mo", "implantation itself"),
    "a film with union at once" = list(list(visits = data.frame(patient = "a", interface = "distal", month = c(0, 2), union = 1)), 1, "month", "implantation itself"),
    "onset reversed" = list(list(infections = illness(onset_left_mo = 3)), 1, "onset_left_mo", "exceed"),
    "resolved before it began" = list(list(infections = illness(resolved_mo = .5)), 1, "onset_left_mo", "before it began"),
    "onset unknown" = list(list(infections = illness(onset_right_mo = Inf)), 1, "onset_right_mo", "finite"),
    "retained as a word" = list(list(infections = illness(retained = "yes")), 1, "retained", "TRUE or FALSE"),
    "a finding of nobody" = list(list(findings = data.frame(patient = NA, month = 3)), 1, "patient", "missing"),
    "a negative measurement" = list(list(labs = data.frame(patient = "a", marker = "CRP", stage = 1:2, value = c(1, -1))), 2, "value", ">= 0"),
    "a complication without a name" = list(list(complications = data.frame(patient = "a", complication = NA)), 1, "complication", "missing"),
    "an unknown statistic" = list(list(totals = data.frame(table = "patients", column = "age", statistic = "mode", stated = "3")), 1, "statistic", "mean")
)

test_that("each bad row of another table is one classed error that names it", {
    for (case in names(bad_tables)) {
        one <- bad_tables[[case]]
        found <- do.call(faults_of_call, c(list(four()), one[[1]]))
        expect_identical(found$row, as.integer(one[[2]]), info = case)
        expect_identical(found$table, names(one[[1]]), info = case)
        expect_identical(found$column, one[[3]], info = case)
        expect_match(found$rule, one[[4]], fixed = TRUE, info = case)
    }
})

test_that("alternatives exclude each other, and a wrong owner is found", {
    found <- faults_of_call(four(), interfaces = face(), visits = data.frame(patient = "a", interface = "distal", month = 1, union = 0))
    expect_match(found$rule, "either `interfaces` or `visits`")
    found <- faults_of_call(four(reconstruction = paste0("r", 1:4)), complications = data.frame(patient = "b", reconstruction = "r1", complication = "x"))
    expect_match(found$rule, "another patient")
})

test_that("a table without rows differs from a table left out", {
    x <- cohort(four(), infections = illness()[0, ])
    expect_identical(nrow(x$infections), 0L)
    expect_null(x$complications)
    expect_null(cohort(four())$infections)
})

test_that("days for months are accepted with a warning", {
    expect_warning(x <- cohort(four(followup_mo = c(1800, 20, 6, 60))), "days given for months", class = "osseosurv_invalid")
    expect_identical(x$patients$followup_mo[1], 1800)
    expect_true("days_for_months" %in% x$suspicions$rule)
})

test_that("empty factor levels are dropped with a warning", {
    patients <- four(prosthesis = factor(rep("porous", 4), levels = c("solid", "porous")), ward = factor(rep("w", 4), c("v", "w")))
    expect_warning(x <- cohort(patients), "patients\\$prosthesis, patients\\$ward", class = "osseosurv_warning")
    expect_identical(levels(x$patients$prosthesis), "porous")
    expect_identical(levels(x$patients$ward), "w")
})

test_that("order of rows and columns changes nothing but their order", {
    set.seed(1)
    x <- cohort(four(), interfaces = face())
    y <- cohort(four()[4:1, 4:1], interfaces = face()[2:1, c(4, 2, 1, 3)])
    expect_identical(y$patients[4:1, names(x$patients)], x$patients, ignore_attr = TRUE)
    expect_identical(as.list(y$interfaces[2:1, names(x$interfaces)]), as.list(x$interfaces))
})

test_that("a cohort of one patient works and survives saveRDS", {
    x <- cohort(four()[1, ], interfaces = face())
    file <- tempfile(fileext = ".rds")
    saveRDS(x, file)
    expect_identical(readRDS(file), x)
    expect_output(print(x), "1 reconstruction in 1 patient \\(1 solid\\)")
    expect_output(print(summary(x)), "No suspicions")
})

test_that("an outcome can say what to collect", {
    x <- cohort(four())
    expect_error(osseosurv:::cohort_needs(x, "interfaces", purpose = "the time to union"), "The time to union needs the table `interfaces`",
                 class = "osseosurv_invalid")
    expect_error(osseosurv:::cohort_needs(x, "patients", c("end", "lefs"), "function"), "`lefs`, lower extremity functional scale \\(points\\)")
    expect_error(osseosurv:::check_cohort(list()), "made by cohort")
})

test_that("random tables either pass or give faults, never another error", {
    set.seed(20240617)
    pool <- list(0, -1, 3.5, NA, Inf, NaN, "x", "", "2021-01-01", TRUE, "solid", "failure", 1e9, as.Date("2021-01-01"))
    for (k in 1:300) {
        patients <- four(lefs = 1, entry_mo = 0, failure_mode = NA, scheme = NA, index_date = as.Date("2020-01-01"))
        column <- sample(names(patients), 1)
        patients[[column]] <- rep(sample(pool, 1)[[1]], 4)
        if (runif(1) < .5) patients <- patients[sample(ncol(patients), sample(4:ncol(patients), 1))]
        visits <- data.frame(patient = sample(c("a", "b", "z"), 3, TRUE, c(.6, .3, .1)), interface = "distal", month = sample(0:9, 3), union = sample(0:1, 3, TRUE))
        caught <- tryCatch(suppressWarnings(cohort(patients, visits = visits)), error = identity)
        if (inherits(caught, "cohort")) {
            expect_true(all(caught$interfaces$left_mo < caught$interfaces$right_mo))
        } else {
            expect_s3_class(caught, "osseosurv_invalid")
            expect_true(nrow(caught$faults) > 0)
        }
    }
})
