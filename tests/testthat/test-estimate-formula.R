invalid <- function(code, argument = NULL, index = NULL, text = NULL) {
    caught <- tryCatch(code, error = identity)
    expect_s3_class(caught, "osseosurv_invalid")
    if (!is.null(argument)) expect_identical(caught$argument, argument)
    if (!is.null(index)) expect_equal(caught$index, index)
    if (!is.null(text)) expect_match(conditionMessage(caught), text, fixed = TRUE)
}

test_that("every fault is one classed error naming argument and row", {
    d <- data.frame(t = c(1, 2, 3), s = c(1, 0, 1), e = c(0, 1, 2), g = c("a", "b", "a"))
    fit <- function(...) kaplan_meier(..., data = d)
    invalid(fit(Surv(replace(t, 2, -1), s) ~ 1), "replace(t, 2, -1)", 2, "row 2 is -1")
    invalid(fit(Surv(replace(t, 3, NaN), s) ~ 1), NULL, 3, "row 3 is NaN")
    invalid(fit(Surv(replace(t, 1, Inf), s) ~ 1), NULL, 1, "row 1 is Inf")
    invalid(fit(Surv(replace(e, 3, 3), t, s) ~ 1), "replace(e, 3, 3)", 3, "must lie before exit")
    invalid(fit(Surv(replace(e, 3, 4), t, s) ~ 1), NULL, 3, "row 3 has 4 and 3")
    invalid(fit(Surv(t, c(0, 1, 3)) ~ 1), NULL, 3, "row 3 is 3")
    invalid(fit(Surv(t, c(0, 0.5, 1)) ~ 1), NULL, 2, "row 2 is 0.5")
    invalid(fit(Surv(t, c(0, -1, 1)) ~ 1), NULL, 2, "row 2 is -1")
    expect_silent(invalid(fit(Surv(t, c(0, 1, 1e10)) ~ 1), NULL, 3, "row 3 is 1e+10"))
    invalid(fit(Surv(t, c(2L, 1L, 0L)) ~ 1), NULL, 3, "row 3 is 0")
    invalid(fit(Surv(t, factor(s)) ~ 1), "factor(s)", NULL, "cumulative_incidence()")
    invalid(fit(Surv(t, c("dead", "alive", "dead")) ~ 1), NULL, NULL, "0/1")
    invalid(fit(Surv(letters[1:3], s) ~ 1), NULL, NULL, "must be numeric")
    invalid(fit(Surv(t, s) ~ 1, weights = c(1, -1, 1)), "weights", 2, "row 2 is -1")
    invalid(fit(Surv(t, s) ~ 1, weights = c(1, 1.5, 1)), "weights", 2, "whole numbers")
    invalid(fit(Surv(t, s) ~ 1, weights = 1:2), "weights", NULL, "2 elements")
    invalid(fit(Surv(t, s[1:2]) ~ 1), "s[1:2]", NULL, "has 2 elements but the response has 3 rows")
    invalid(fit(Surv(t, s) ~ g[1:2]), "g[1:2]", NULL, "2 elements")
    invalid(fit(Surv(t, s) ~ 1, subset = t > 5), "data", NULL, "no rows")
    invalid(fit(Surv(t, s) ~ 1, subset = "a"), "subset")
    invalid(fit(Surv(t, s) ~ g - 1), "formula")
    invalid(fit(Surv(t, s) ~ .), "formula")
    invalid(fit(~g), "formula", NULL, "needs a response")
    invalid(fit(t ~ g), "formula", NULL, "Surv")
    invalid(kaplan_meier(5), "formula")
    invalid(kaplan_meier(Surv(t, s) ~ 1, data = "d"), "data")
    invalid(fit(Surv(e, t, type = "interval2") ~ 1), "formula", NULL, "turnbull()")
    invalid(fit(Surv(replace(t, 2, NA), s) ~ 1, na.action = na.fail), "data", 2)
    invalid(fit(Surv(t, s) ~ 1, conf.level = 1), "conf.level")
    invalid(fit(Surv(t, s) ~ 1, conf.type = "exactly"), "conf.type")
    invalid(fit(Surv(t, s) ~ 1, cluster = list(1)), "cluster")
    invalid(fit(Surv(e, t, s) ~ 1, conf.type = "beta-product"), "conf.type", NULL, "no theory")
    invalid(cumulative_incidence(Surv(t, s) ~ 1, d), "s", NULL, "must be a factor")
    invalid(cumulative_incidence(Surv(e, t, factor(s)) ~ 1, d), "conf.type", NULL, "log-log")
    invalid(survival_at(fit(Surv(t, s) ~ 1), c(1, NA)), "times", 2)
    invalid(survival_at(fit(Surv(t, s) ~ 1), Inf), "times", 1)
    invalid(quantile(fit(Surv(t, s) ~ 1), 1.5), "probs", 1)
})

test_that("a fault keeps its row when rows before it are left out", {
    d <- data.frame(t = c(NA, 2, -3), s = c(1, 0, 1))
    invalid(kaplan_meier(Surv(t, s) ~ 1, d), "t", 3, "row 3 is -3")
})

test_that("what subset leaves out is not judged, and no row is taken twice", {
    d <- data.frame(t = c(1, NaN, 3), s = c(1, 0, 1), keep = c(TRUE, FALSE, TRUE))
    expect_equal(glance(kaplan_meier(Surv(t, s) ~ 1, d, subset = keep))$n, 2)
    invalid(kaplan_meier(Surv(t, s) ~ 1, d, subset = c(1, 1, 3)), "subset", NULL, "each once")
})

test_that("many combinations of groups cost what is present", {
    d <- data.frame(t = 1:3000, s = 1, a = 1:3000, b = 3000:1, c = 1:3000)
    fit <- kaplan_meier(Surv(t, s) ~ a + b + c, d)
    expect_identical(fit$strata, sprintf("a=%d, b=%d, c=%d", d$a, d$b, d$c))
    expect_identical(tidy(fit)$time[2 * 1:3000], as.double(d$t))
})

test_that("the error names the call the user made", {
    caught <- tryCatch(kaplan_meier(Surv(-1, 1)), error = identity)
    expect_identical(as.character(conditionCall(caught)[[1]]), "kaplan_meier")
})

test_that("missing rows are counted, not silently dropped", {
    d <- data.frame(t = c(1, NA, 3, 4), s = c(1, 0, NA, 1), g = c("a", "a", "b", NA))
    fit <- kaplan_meier(Surv(t, s) ~ g, d)
    expect_identical(fit$notes[1], "3 rows with missing values left out.")
    expect_equal(glance(fit)$n, 1)
    fit <- kaplan_meier(Surv(t, s) ~ 1, d, weights = c(1, 1, 1, 0))
    expect_match(fit$notes, "weight 0 left out", all = FALSE)
})

test_that("formula, call and object give the same", {
    d <- random_cohort(7)
    d$entry <- 0
    plain <- tidy(kaplan_meier(Surv(time, status) ~ 1, d))
    with(d, expect_identical(tidy(kaplan_meier(Surv(time, status))), plain))
    object <- with(d, Surv(time, status))
    expect_identical(tidy(kaplan_meier(object)), plain)
    expect_identical(tidy(kaplan_meier(object ~ 1)), plain)
    expect_identical(tidy(kaplan_meier(Surv(time, status == 1) ~ 1, d)), plain)
    expect_identical(tidy(kaplan_meier(Surv(time, status + 1) ~ 1, d)), plain)
    expect_identical(tidy(kaplan_meier(survival::Surv(time = time, event = status) ~ 1, d)), plain)
    f <- Surv(time, status) ~ 1
    expect_identical(tidy(kaplan_meier(f, d)), plain)
    grouped <- tidy(kaplan_meier(Surv(time, status) ~ group, d))
    expect_identical(tidy(kaplan_meier(object, group = d$group)), grouped)
    expect_identical(tidy(kaplan_meier(Surv(time, status) ~ strata(group), d)), grouped)
    expect_identical(tidy(kaplan_meier(Surv(time, status) ~ 1, d, subset = group == "a")),
                     tidy(kaplan_meier(Surv(time, status) ~ 1, d[d$group == "a", ])))
})

test_that("strata are labelled as in survival", {
    d <- survival::lung[1:60, ]
    fit <- kaplan_meier(Surv(time, status) ~ sex + ph.ecog, d)
    peer <- survival::survfit(Surv(time, status) ~ sex + ph.ecog, d)
    expect_identical(unique(tidy(fit)$strata), gsub(" +,", ",", trimws(names(peer$strata))))
    expect_identical(unique(tidy(kaplan_meier(Surv(time, status) ~ strata(sex, ph.ecog), d))$strata),
                     unique(tidy(fit)$strata))
})

test_that("an empty level is dropped with a warning", {
    d <- data.frame(t = 1:4, s = 1, g = factor(c("a", "a", "b", "b"), c("a", "b", "c")))
    expect_warning(fit <- kaplan_meier(Surv(t, s) ~ g, d), "no rows with level \"c\"", class = "osseosurv_empty_level")
    expect_identical(fit$strata, c("g=a", "g=b"))
})

test_that("results survive saving and hold no environment", {
    fit <- kaplan_meier(Surv(time, cens) ~ treat, gehan)
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    saveRDS(fit, file)
    expect_identical(readRDS(file), fit)
    has_environment <- function(x) is.environment(x) || is.function(x) || !is.null(attr(x, ".Environment")) ||
        (is.list(x) && any(vapply(x, has_environment, NA)))
    expect_false(has_environment(unclass(fit)))
})

test_that("whether status is 0/1 or 1/2 does not depend on the rows left out", {
    lung <- survival::lung
    subset <- kaplan_meier(Surv(time, status) ~ 1, lung, subset = status == 1)
    expect_equal(glance(subset)[c("n", "events")], data.frame(n = 63, events = 0))
    peer <- survival::survfit(Surv(time, status) ~ 1, lung, subset = status == 1)
    expect_identical(tidy(subset)$n.event[-1], peer$n.event)
    expect_equal(glance(kaplan_meier(Surv(time, status) ~ 1, lung, weights = 2 - status))$events, 0)
    missing <- transform(lung, time = ifelse(status == 2, NA, time))
    expect_equal(glance(kaplan_meier(Surv(time, status) ~ 1, missing))$events, 0)
    expect_equal(glance(turnbull(Surv(time, status) ~ 1, lung, conf.type = "none", subset = status == 1))$events, 0)
    plain <- data.frame(time = 1:3, status = c(0, 1, 1))
    expect_equal(glance(kaplan_meier(Surv(time, status) ~ 1, plain, subset = status == 1))$events, 2)
    # With a third code it is no 1/2 coding; rows of 1 are events.
    three <- data.frame(time = 1:3, status = 0:2)
    expect_equal(glance(kaplan_meier(Surv(time, status) ~ 1, three, subset = status == 1))$events, 1)
})

test_that("what cannot be evaluated, and what is no group, is one classed error", {
    d <- data.frame(t = c(1, 2, 3), s = c(1, 0, 1))
    fit <- function(...) kaplan_meier(..., data = d)
    invalid(fit(Surv(t, nowhere) ~ 1), "formula", NULL, "object 'nowhere' not found")
    invalid(fit(Surv(t, s) ~ nowhere), "formula", NULL, "object 'nowhere' not found")
    invalid(kaplan_meier(Surv(nowhere, s) ~ 1), "formula", NULL, "in `data`")
    invalid(fit(Surv(t, s) ~ 1, weights = nowhere), "weights", NULL, "object 'nowhere' not found")
    invalid(fit(Surv(t, s) ~ 1, subset = nowhere > 1), "subset", NULL, "object 'nowhere' not found")
    invalid(fit(Surv() ~ 1), "formula", NULL, "time argument")
    invalid(fit(Surv(t, s, type = "foo") ~ 1), "formula", NULL, "should be one of")
    invalid(fit(Surv(t, s, t, s) ~ 1), "formula")
    invalid(kaplan_meier(), "formula", NULL, "is required")
    invalid(cumulative_incidence(), "formula", NULL, "is required")
    invalid(turnbull(), "formula", NULL, "is required")
    invalid(fit(Surv(t, s) ~ 0), "formula", NULL, "must be 1 or name groups; got 0")
    invalid(fit(Surv(t, s) ~ NULL), "formula", NULL, "got NULL")
    invalid(fit(Surv(t, s) ~ offset(t)), "formula", NULL, "`offset(t)` is not one")
    invalid(fit(Surv(t, s) ~ s + cluster(t)), "formula", NULL, "`cluster(t)` is not one")
    invalid(fit(Surv(t, s) ~ 1, na.action = na.pass), "na.action")
    invalid(fit(Surv(t, s) ~ 1, na.action = "na.keep"), "na.action")
    invalid(fit(Surv(t, s) ~ t, group = 1:3), "group", NULL, "right-hand side")
    invalid(fit(Surv(t, s) ~ 1, weights = c(1, 1, 1e300)), "weights", 3)
    invalid(fit(Surv(structure(t, class = "integer64"), s) ~ 1), NULL, NULL, "as.double()")
    invalid(fit(Surv(t, c(0, 1e10, 1)) ~ 1), NULL, 2, "row 2 is 1e+10")
    invalid(fit(Surv(t, c(0, -Inf, 1)) ~ 1), NULL, 2, "row 2 is -Inf")
})

test_that("weights, subset and variables are found wherever the call stands", {
    lung <- survival::lung
    lung$w <- rep(1:3, 76)
    expected <- tidy(kaplan_meier(Surv(time, status) ~ sex, lung[lung$age > 60, ], weights = lung$w[lung$age > 60]))
    through_dots <- function(d, ...) kaplan_meier(Surv(time, status) ~ sex, d, ...)
    expect_identical(tidy(through_dots(lung, weights = w, subset = age > 60)), expected)
    through_arguments <- function(formula, d, mine, rows) kaplan_meier(formula, d, weights = mine * 1, subset = rows)
    expect_identical(tidy(through_arguments(Surv(time, status) ~ sex, lung, lung$w, lung$age > 60)), expected)
    local_variables <- function(data) {
        frame <- data$time
        response <- data$status
        terms <- data$sex
        tidy(kaplan_meier(Surv(frame, response) ~ terms, weights = data$w, subset = data$age > 60))[-1]
    }
    expect_identical(local_variables(lung), expected[-1])
    made_by_do_call <- do.call(kaplan_meier, list(Surv(time, status) ~ sex, lung, weights = quote(w), subset = quote(age > 60)))
    expect_identical(tidy(made_by_do_call), expected)
    values <- do.call("kaplan_meier", list(Surv(time, status) ~ sex, lung, weights = lung$w, subset = lung$age > 60))
    expect_identical(tidy(values), expected)
    in_turn <- lapply(list(Surv(time, status) ~ sex, Surv(time, status) ~ 1), kaplan_meier, data = lung, weights = lung$w,
                      subset = lung$age > 60)
    expect_identical(tidy(in_turn[[1]]), expected)
    by_sex <- lapply(1:2, function(s) glance(kaplan_meier(Surv(time, status) ~ 1, lung, subset = sex == s))$n)
    expect_equal(unlist(by_sex), c(138, 90))
    internals <- data.frame(response = lung$time, parts = lung$status, data = lung$sex, keep = lung$w, row = lung$age)
    expect_identical(tidy(kaplan_meier(Surv(response, parts) ~ data, internals, weights = keep, subset = row > 60))[-1],
                     expected[-1])
})

test_that("difftime times are read in their unit", {
    expect_identical(tidy(kaplan_meier(Surv(as.difftime(c(1, 2, 3), units = "days"), c(1, 0, 1)))),
                     tidy(kaplan_meier(Surv(c(1, 2, 3), c(1, 0, 1)))))
})

test_that("groups and strata() terms are told apart where an estimator asks for it", {
    read <- function(formula, data = NULL, subset = NULL, weights = NULL, na.action = NULL, group = NULL, strata = NULL,
                     roles = "groups") {
        osseosurv:::read_survival(environment(), frame = parent.frame(), roles = roles)
    }
    d <- data.frame(t = 1:6, s = 1, a = c(2, 1, 1, 2, 2, NA), b = c("x", "x", "y", "y", "x", "x"), k = 6:1)
    got <- read(Surv(t, s) ~ a + strata(b), d)
    expect_identical(got[c("group", "groups", "stratum", "strata", "row")],
                     list(group = c(2L, 1L, 1L, 2L, 2L), groups = c("a=1", "a=2"), stratum = c(1L, 1L, 2L, 2L, 1L),
                          strata = c("b=x", "b=y"), row = 1:5))
    expect_identical(got[c("group", "stratum")], read(Surv(t, s) ~ (strata(b) + a), d)[c("group", "stratum")])
    both <- read(Surv(t, s) ~ a + k + strata(b) + strata(b, k), d, subset = a == 1)
    expect_identical(both$groups, c("a=1, k=4", "a=1, k=5"))
    expect_identical(both$strata, c("b=x, b=x, k=5", "b=y, b=y, k=4"))
    expect_identical(read(Surv(t, s) ~ strata(b), d)[c("group", "groups")], list(group = NULL, groups = ""))
    vector <- read(Surv(1:6, rep(1, 6)), group = d$a, strata = d$b)
    expect_identical(vector[c("groups", "strata")], list(groups = c("group=1", "group=2"), strata = c("x", "y")))
    expect_null(read(Surv(1:6, rep(1, 6)), group = d$k)$stratum)
    invalid(read(Surv(t, s) ~ a * strata(b), d), "formula", NULL, "joined to the other terms")
    invalid(read(Surv(t, s) ~ a, d, strata = d$b), "strata")
    invalid(read(Surv(1:6, rep(1, 6)), group = d$k, strata = 1:2), "strata", NULL, "2 elements")
})

test_that("whole numbers as groups are coded as any other", {
    set.seed(5)
    for (values in list(c(-3L, 0L, 7L), 1:2, 5L, c(0L, 9999L), c(-20000L, 20000L))) {
        x <- sample(rep(values, length.out = 1500))
        got <- group_codes(x, "x")
        expect_identical(got$levels, as.character(sort(values)))
        expect_identical(as.integer(got$code), match(x, sort(values)))
    }
})
