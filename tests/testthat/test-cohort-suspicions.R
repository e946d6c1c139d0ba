base <- function(...) {
    p <- data.frame(patient = letters[1:5], prosthesis = "porous", followup_mo = c(30, 8, 40, 50, 60), end = "censored")
    changes <- list(...)
    p[names(changes)] <- changes
    p
}
rules <- function(...) unique(suppressWarnings(cohort(...))$suspicions$rule)
ill <- function(...) as.data.frame(utils::modifyList(as.list(data.frame(patient = "a", onset_left_mo = 4, onset_right_mo = 4, resolved_mo = 8)), list(...)))
both <- function(left, right, patient = "a") data.frame(patient, interface = c("proximal", "distal"), left_mo = left, right_mo = right)
all_faces <- function(...) {
    rest <- do.call(rbind, lapply(letters[2:5], function(p) both(3, Inf, p)))
    rbind(both(...), rest)
}
lab <- function(...) as.data.frame(utils::modifyList(as.list(data.frame(patient = "a", marker = "CRP", stage = 1:2, value = c(5, 3), unit = "mg/L")), list(...)))

test_that("a plain cohort raises none", {
    expect_identical(rules(base(), interfaces = all_faces(3, 6), infections = ill(resolved_mo = 5)), character())
    expect_identical(rules(base(), labs = lab()), character())
})

cases <- list(
    days_for_months = list(base(followup_mo = c(30, 8, 1800, 40, 50))),
    days_for_months = list(base(), complications = data.frame(patient = "a", complication = "x", onset_mo = 900)),
    years_for_months = list(base(followup_mo = c(2, 3, 4, 5, 1)), complications = data.frame(patient = "a", complication = "x", onset_mo = 20)),
    text_total = list(base(), totals = data.frame(table = "patients", column = "followup_mo", statistic = "mean", stated = "37.5")),
    short_followup_excluded = list(base(followup_mo = c(12, 20, 30, 40, 50))),
    no_followup = list(base(followup_mo = c(0, 20, 30, 40, 50))),
    fixation_without_fixator = list(base(external_fixation_days = c(NA, NA, 20, NA, NA), defect_type = "shape-structural")),
    fixation_without_fixator = list(base(external_fixation_days = c(NA, NA, 20, NA, NA), external_fixator = c(TRUE, TRUE, FALSE, NA, TRUE))),
    fixation_outlasts_interval = list(base(external_fixation_days = 60, stage_interval_days = c(90, 90, 59, 60, 61))),
    weeks_for_days = list(base(stage_interval_days = c(42, 6, 50, 60, 50))),
    bmi_range = list(base(bmi = c(25, 250, 25, 30, 20))),
    age_range = list(base(age = c(25, 120, 25, 30, 20))),
    defect_range = list(base(defect_cm = c(12, 120, 11, 9, 8))),
    failure_without_mode = list(base(end = c("failure", rep("censored", 4)))),
    schemes_mixed = list(base(end = "failure", failure_mode = c(1, 2, 3, 1, 1), scheme = c("ISOLS 2014", rep("Henderson 2011", 4)))),
    infection_mode_without_episode = list(base(end = c("failure", rep("censored", 4)), failure_mode = c(4, NA, NA, NA, NA), scheme = "ISOLS 2014"), infections = ill(patient = "b")),
    union_before_eradication = list(base(), interfaces = all_faces(3, 6), infections = ill()),
    union_before_eradication = list(base(), interfaces = all_faces(3, 6), infections = ill(resolved_mo = NA_real_)),
    film_after_followup = list(base(), interfaces = all_faces(31, Inf)),
    film_after_followup = list(base(), visits = data.frame(patient = "b", interface = c("distal", "proximal"), month = c(5, 9), union = 0)),
    union_dated_exactly = list(base(), interfaces = all_faces(6, 6)),
    one_interface = list(base(), interfaces = all_faces(3, 6)[-1, ]),
    no_interface = list(base(), interfaces = all_faces(3, 6)[-(1:2), ]),
    film_repeated = list(base(), visits = data.frame(patient = "a", interface = "distal", month = c(5, 5), union = 0)),
    event_after_followup = list(base(), infections = ill(patient = "b", onset_left_mo = 9, onset_right_mo = 9, resolved_mo = 10)),
    event_after_followup = list(base(), findings = data.frame(patient = "b", month = 9)),
    episodes_overlap = list(base(), infections = ill(patient = c("a", "a"), onset_left_mo = c(4, 6), onset_right_mo = c(4, 6), resolved_mo = c(8, 9))),
    removed_without_failure = list(base(), infections = ill(retained = FALSE)),
    infection_only_as_complication = list(base(), infections = ill(patient = "b"), complications = data.frame(patient = "a", complication = "Deep infection")),
    lab_units_mixed = list(base(), labs = lab(unit = c("mg/L", "mg/dL"))),
    lab_range = list(base(), labs = lab(marker = "WBC", value = c(7020, 8.67), unit = "10^9/L")),
    lab_repeated = list(base(), labs = lab(stage = 1)),
    spellings = list(base(site = c("femur", "Femur", "femur ", "tibia", "tibia")))
)

test_that("each suspicion is raised by its case", {
    for (k in seq_along(cases)) expect_true(names(cases)[k] %in% do.call(rules, cases[[k]]), info = names(cases)[k])
})

test_that("every rule has a case here, in the tests of visits or of reading", {
    known <- c(names(cases), "contradictory_films", "not_read")
    expect_setequal(unique(known), names(osseosurv:::suspicion_rules))
})

test_that("rows and values are named", {
    s <- cohort(base(bmi = c(25, 250, 25, 30, 5)))$suspicions
    s <- s[s$rule == "bmi_range", ]
    expect_identical(s$row, c(2L, 5L))
    expect_identical(s$value, c("250", "5"))
    expect_identical(unique(s$column), "bmi")
    s <- cohort(base(), interfaces = all_faces(3, 6), infections = ill())$suspicions
    expect_identical(s$row[s$rule == "union_before_eradication"], 1:2)
})

test_that("a stated total is held to half a unit of its last digit", {
    total <- function(stated, statistic = "mean", column = "followup_mo", level = NA) {
        x <- cohort(base(), totals = data.frame(table = "patients", column = column, statistic = statistic, level = level, stated = stated))
        sum(x$suspicions$rule == "text_total")
    }
    expect_identical(mean(base()$followup_mo), 37.6)
    expect_identical(total("37.6"), 0L)
    expect_identical(total("38"), 0L)
    expect_identical(total("37.60"), 0L)
    expect_identical(total("37.65"), 1L)
    expect_identical(total("37"), 1L)
    expect_identical(total("188", "sum"), 0L)
    expect_identical(total("40", "median"), 0L)
    expect_identical(total("5", "rows"), 0L)
    expect_identical(total("6", "rows"), 1L)
    expect_identical(total("5", "count", "end", "censored"), 0L)
    expect_identical(total("4", "count", "end", "censored"), 1L)
    expect_identical(total("52.4", "mean", "age"), 0L)
})

test_that("summary lists suspicions with their question and rows", {
    x <- summary(cohort(base(bmi = c(25, 250, 25, 30, 5))))
    expect_s3_class(x, "summary.cohort")
    expect_output(print(x), "body mass index outside 10 to 70 kg/m2 \\(patients row 2: 250; patients row 5: 5\\)")
    expect_identical(x$tables, data.frame(table = "patients", rows = 5L))
    expect_identical(x$columns$filled[x$columns$column == "bmi"], 5L)
})
