test_that("the 11 femora give the figures of the tables", {
    p <- masquelet_femur$patients
    expect_s3_class(masquelet_femur, "cohort")
    expect_identical(p$followup_mo, c(68, 25, 24, 61, 56, 51, 45, 36, 53, 30, 24))
    expect_identical(sum(p$followup_mo), 473)
    expect_equal(sum(p$defect_cm), 154.1)
    expect_identical(sum(p$debridements), 49)
    expect_identical(sum(p$union), 10)
    expect_identical(sum(p$defect_type == "critical"), 8L)
    expect_identical(sum(!is.na(p$external_fixation_days)), 8L)
    expect_true(all(p$end == "censored"))
    expect_identical(p$union[8], 0)
    expect_identical(p$union_basis[8], "inferred")
    expect_match(p$fixation_basis[8], "^inferred")
    expect_identical(p$fixation[8], "integrated nail")
})

test_that("infection, complications and laboratory figures are as printed", {
    i <- masquelet_femur$infections
    expect_identical(i$reconstruction, "4")
    expect_identical(i$onset_left_mo, 0)
    expect_equal(i$onset_right_mo, 7 / (365.25 / 12), tolerance = 1e-12)
    expect_equal(i$resolved_mo, 1 + 7 / (365.25 / 12), tolerance = 1e-12)
    expect_true(i$retained)
    # 1 in 473 / 12 years, REFERENCE: 2.5370 per 100
    expect_equal(100 * nrow(i) / (sum(masquelet_femur$patients$followup_mo) / 12), 2.5370, tolerance = 1e-4)
    n <- table(masquelet_femur$complications$complication)
    expect_identical(c(n[["Stiff knee"]], n[["Pin tract infection"]], n[["Deep infection"]]), c(3L, 3L, 1L))
    labs <- masquelet_femur$labs
    expect_identical(nrow(labs), 66L)
    change <- function(marker) {
        own <- labs[labs$marker == marker, ]
        own$value[own$stage == 2] - own$value[own$stage == 1]
    }
    expect_identical(sum(change("ESR") == 0), 1L)
    # Hodges-Lehmann: median of Walsh averages, REFERENCE
    walsh <- function(d) median(outer(d, d, "+")[upper.tri(diag(length(d)), TRUE)] / 2)
    expect_lt(abs(walsh(change("CRP")) + 1.12), 0.00501)
    expect_lt(abs(walsh(change("WBC")) - 0.36), 0.00501)
    expect_identical(walsh(change("ESR")), -24.25)
    organisms <- strsplit(masquelet_femur$patients$organism, "; ", fixed = TRUE)
    expect_identical(sum(lengths(organisms) == 2), 4L)
})

test_that("its own text is held against its rows", {
    s <- masquelet_femur$suspicions
    expect_match(s$value[s$rule == "text_total"], "stated 4.4, rows give 4.455|stated 9, rows give 8")
    expect_identical(sum(s$rule == "text_total"), 2L)
    expect_identical(s$value[s$rule == "short_followup_excluded"], "shortest 24")
    expect_identical(s$row[s$rule == "fixation_outlasts_interval"], c(1L, 2L, 3L, 4L, 5L, 7L, 8L))
    expect_false("union_before_eradication" %in% s$rule)
})

test_that("84 different tables agree with the paper and are valid", {
    tables <- masquelet_femur_assignments()
    expect_length(tables, 84)
    expect_length(unique(lapply(tables, function(t) t[order(t$patient, t$interface), 1:4])), 84)
    expect_identical(masquelet_femur$interfaces[names(tables[[1]])], tables[[1]])
    followup <- setNames(masquelet_femur$patients$followup_mo, masquelet_femur$patients$patient)
    any_split <- character()
    for (t in tables) {
        x <- cohort(masquelet_femur$patients, interfaces = t)
        expect_identical(nrow(t), 22L)
        seen <- is.finite(t$right_mo)
        proximal <- t$interface == "proximal"
        # Table 3 and REFERENCE: proximal 9, distal 4, 13 of 22; both 3; discordant 6 against 1
        expect_identical(c(sum(seen & proximal), sum(seen & !proximal)), c(9L, 4L))
        both <- tapply(seen, t$patient, all)
        expect_identical(sum(both), 3L)
        only <- seen & !both[t$patient]
        expect_identical(c(sum(only & proximal), sum(only & !proximal)), c(6L, 1L))
        expect_true(all(t$left_mo[!seen] == followup[t$patient[!seen]]))
        left <- tapply(t$left_mo, t$patient, min)
        right <- tapply(t$right_mo, t$patient, min)
        any_split <- c(any_split, paste(sort(sprintf("(%g,%g]", left, right)), collapse = " "))
        # Union of any interface is what the paper calls union.
        expect_identical(as.vector(is.finite(right[masquelet_femur$patients$patient])), masquelet_femur$patients$union == 1)
    }
    # Any interface by month 6 for certain: 7 of 11 in 60 tables; in the others the late case may have united earlier.
    certain <- sapply(tables, function(t) {
        left <- tapply(t$left_mo, t$patient, min)
        right <- tapply(t$right_mo, t$patient, min)
        late <- right == 12 & left == 0
        c(sum(right == 6), sum(right == 12 & left == 6), sum(late), sum(right == Inf))
    })
    expect_identical(sum(certain[3, ] == 0), 60L)
    expect_identical(unique(certain[1, certain[3, ] == 0]), 7L)
    expect_identical(unique(certain[2, certain[3, ] == 0]), 3L)
    expect_identical(unique(certain[4, ]), 1L)
    expect_identical(sum(certain[3, ] == 1), 24L)
})

test_that("any-interface figures are those of REFERENCE in 60 and 24 tables", {
    # Self-consistency iteration for the NPMLE over the cells (0,3], (3,6], (6,12], (12,Inf)
    cuts <- c(0, 3, 6, 12, Inf)
    npmle <- function(left, right) {
        inside <- outer(seq_along(left), 1:4, function(i, j) cuts[j] >= left[i] & cuts[j + 1] <= right[i])
        stopifnot(rowSums(inside) > 0)
        p <- rep(.25, 4)
        for (k in 1:5000) p <- colMeans(inside * rep(p, each = length(left)) / as.vector(inside %*% p))
        p
    }
    masses <- sapply(masquelet_femur_assignments(), function(t) {
        left <- tapply(t$left_mo, t$patient, min)
        right <- tapply(t$right_mo, t$patient, min)
        # Distal growth without a visit is known to the proximal visit; never seen starts after the last cut.
        left[is.infinite(right)] <- 12
        npmle(left, right)
    })
    first <- round(masses[2, ], 4)
    expect_identical(as.vector(table(first)), c(60L, 24L))
    sixty <- masses[, first == 0.6364][, 1]
    expect_equal(sixty[2:4], c(7, 3, 1) / 11, tolerance = 1e-6)
    other <- masses[, first != 0.6364][, 1]
    expect_equal(round(other[2:4], 4), c(.7071, .2020, .0909))
})

test_that("the cohort is read the same from CSV and from a workbook, and rebuilds", {
    folder <- system.file("extdata", "masquelet-femur", package = "osseosurv")
    csv <- read_cohort(folder, masquelet_femur$name)
    known <- setdiff(names(csv), c("assignments", "overlap_group"))
    expect_identical(unclass(csv)[known], unclass(masquelet_femur)[known])
    workbook <- system.file("extdata", "masquelet-femur.xlsx", package = "osseosurv")
    xlsx <- read_cohort(workbook, masquelet_femur$name)
    for (part in setdiff(names(csv), "source")) expect_identical(xlsx[[part]], csv[[part]], info = part)
    expect_identical(xlsx$source, data.frame(file = "masquelet-femur.xlsx", md5 = unname(tools::md5sum(workbook))))
    expect_identical(csv$source$md5, unname(tools::md5sum(file.path(folder, csv$source$file))))
})

test_that("what the text says is there beside what the tables give", {
    published <- read.csv(system.file("extdata", "chen-2024-published.csv", package = "osseosurv"))
    expect_identical(names(published), c("figure", "text", "place", "from_tables"))
    expect_false(anyNA(published))
    expect_true(all(nchar(as.matrix(published)) < 130))
})
