quiet <- function(code) suppressWarnings(code, classes = "osseosurv_invalid")

test_that("eleven femora: counts, the exact McNemar test and the intraclass correlation as printed", {
    x <- osseointegration(masquelet_femur)
    counts <- x$tables[["United by the last film"]]
    expect_equal(counts$x[match(c("both", "proximal", "distal"), counts$estimand)], c(3, 9, 4))
    expect_equal(round(100 * counts$conf.low[match(c("both", "proximal", "distal"), counts$estimand)], 1), c(6.0, 48.2, 10.9))
    expect_equal(round(100 * counts$conf.high[match(c("both", "proximal", "distal"), counts$estimand)], 1), c(61.0, 97.7, 69.2))
    pair <- x$tables[["Proximal against distal"]]
    expect_equal(c(pair$discordant.proximal, pair$discordant.distal), c(7, 1) - c(1, 0))
    expect_equal(pair$p.value, 0.125)
    expect_equal(round(pair$icc, 2), -0.27)
    expect_equal(pair$both + pair$neither + pair$discordant.proximal + pair$discordant.distal, 11)
})

test_that("the range over the assignments is that of a slow loop", {
    tables <- masquelet_femur$assignments[c(1, 17, 40, 84)]
    few <- masquelet_femur
    few$assignments <- tables
    x <- osseointegration(few, times = c(6, 12))
    slow <- lapply(tables, function(rows) {
        wide <- merge(rows[rows$interface == "proximal", ], rows[rows$interface == "distal", ], by = "reconstruction")
        intervals <- list(any = data.frame(l = pmin(wide$left_mo.x, wide$left_mo.y), r = pmin(wide$right_mo.x, wide$right_mo.y)),
                          both = data.frame(l = pmax(wide$left_mo.x, wide$left_mo.y), r = pmax(wide$right_mo.x, wide$right_mo.y)),
                          proximal = data.frame(l = wide$left_mo.x, r = wide$right_mo.x),
                          distal = data.frame(l = wide$left_mo.y, r = wide$right_mo.y))
        lapply(intervals, function(i) survival_at(turnbull(Surv(l, r, type = "interval2") ~ 1, i), c(6, 12)))
    })
    at <- x$tables[["United by the visit"]]
    for (name in c("any", "both", "proximal", "distal")) {
        all <- lapply(slow, function(one) one[[name]])
        each <- function(column) do.call(cbind, lapply(all, `[[`, column))
        here <- at$estimand == name
        expect_equal(at$estimate.min[here], 1 - apply(each("estimate"), 1, max))
        expect_equal(at$estimate.max[here], 1 - apply(each("estimate"), 1, min))
        expect_equal(at$conf.low[here], 1 - apply(each("conf.high"), 1, max))
        expect_equal(at$conf.high[here], 1 - apply(each("conf.low"), 1, min))
    }
    mass <- x$tables[["Mass over the admissible tables"]]
    expect_true(all(mass$mass.min <= mass$mass.max & mass$sets <= 4))
})

test_that("any of eleven femora over all 84: 7 by 6 months in 60 of them, .7071 in 24", {
    mass <- osseointegration(masquelet_femur)$tables[["Mass over the admissible tables"]]
    any <- mass[mass$estimand == "any" & mass$mass.max > 1e-9, ]
    early <- any[any$left == 3 & any$right == 6, ]
    expect_equal(c(early$mass.min, early$mass.max), c(7 / 11, 0.7071), tolerance = 1e-4)
    late <- any[is.infinite(any$right), ]
    expect_equal(c(late$mass.min, late$mass.max), c(1, 1) / 11, tolerance = 1e-8)
})

test_that("a reconstruction with one interface counts for that interface alone", {
    x <- osseointegration(quiet(mixed_cohort()))
    counts <- x$tables[["United by the last film"]]
    expect_equal(counts$n, c(6, 6, 7, 6))
    expect_equal(counts$x, c(6, 2, 6, 3))
    expect_match(x$notes, "1 reconstruction with one interface on record", all = FALSE)
    pair <- x$tables[["Proximal against distal"]]
    expect_equal(unlist(pair[c("n", "both", "discordant.proximal", "discordant.distal", "neither")], use.names = FALSE),
                 c(6, 2, 3, 1, 0))
    expect_equal(pair$estimate, 3)
    expect_equal(pair$p.value, 0.625)
    share <- tidy(proportion_ci(3, 4))
    expect_equal(c(pair$conf.low, pair$conf.high), c(share$conf.low, share$conf.high) / (1 - c(share$conf.low, share$conf.high)))
    seen <- x$tables[["Visits by interface"]]
    expect_equal(sum(seen$n), 13)
    expect_equal(seen$n[seen$interface == "proximal" & seen$first.seen == 6], 3)
    expect_equal(seen$n[seen$interface == "distal" & is.infinite(seen$first.seen)], 3)
})

test_that("groups with a missing value are fitted apart", {
    cohort <- quiet(random_outcomes(3))
    x <- osseointegration(cohort, by = "site")
    counts <- x$tables[["United by the last film"]]
    i <- cohort$interfaces
    of <- cohort$patients$site[match(i$reconstruction, cohort$patients$reconstruction)]
    for (site in c("femur", "tibia")) {
        one <- i[of %in% site, ]
        united <- tapply(is.finite(one$right_mo), one$reconstruction, sum)
        here <- counts[counts$strata == paste0("site=", site), ]
        expect_equal(here$x[match(c("any", "both"), here$estimand)], c(sum(united > 0), sum(united == 2)))
        expect_equal(here$n[match(c("any", "both"), here$estimand)], rep(length(united), 2))
    }
})

test_that("visits give the intervals of their films", {
    visits <- data.frame(reconstruction = rep(1:3, each = 4), interface = rep(c("proximal", "distal"), each = 2, times = 3),
                         month = rep(c(3, 6), 6), union = c(0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0))
    x <- osseointegration(quiet(cohort(data.frame(patient = 1:3, prosthesis = "solid", followup_mo = 24, end = "censored"),
                                       visits = visits)))
    seen <- x$tables[["Visits by interface"]]
    expect_equal(seen$first.seen, c(3, 6, Inf, 6, Inf))
    expect_equal(seen$n, c(1, 1, 1, 1, 2))
})

test_that("one interface throughout, none united, no row", {
    patients <- data.frame(patient = 1:3, prosthesis = "solid", followup_mo = 24, end = "censored")
    one <- data.frame(reconstruction = 1:3, interface = "proximal", left_mo = c(0, 3, 6), right_mo = c(3, 6, Inf))
    x <- osseointegration(quiet(cohort(patients, interfaces = one)))
    expect_identical(x$tables[["United by the last film"]]$estimand, "proximal")
    expect_false("Proximal against distal" %in% names(x$tables))
    expect_match(x$notes, "3 reconstructions with one interface", all = FALSE)
    expect_output(print(x), "Visits by interface")
    none <- rbind(one, transform(one, interface = "distal"))
    none$right_mo <- Inf
    x <- osseointegration(quiet(cohort(patients, interfaces = none)))
    expect_equal(x$tables[["United by the last film"]]$conf.high, rep(tidy(proportion_ci(0, 3))$conf.high, 4))
    expect_true(is.na(x$tables[["Proximal against distal"]]$estimate))
    expect_equal(x$tables[["Proximal against distal"]]$p.value, 1)
    expect_error(osseointegration(quiet(cohort(patients, interfaces = one[0, ]))), "interface on record", class = "osseosurv_invalid")
    expect_error(osseointegration(quiet(cohort(patients))), "`interfaces` or `visits`", class = "osseosurv_invalid")
})
