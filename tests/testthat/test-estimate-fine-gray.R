# Random competing-risks data; ties on whole times for every second shape.
random_causes <- function(shape, n = 90, p = 2) {
    set.seed(shape)
    x <- cbind(a = rnorm(n), b = rbinom(n, 1, 0.4), c = runif(n))[, seq_len(p), drop = FALSE]
    event <- rexp(n, 0.1 * exp(drop(x %*% c(0.6, -0.5, 1)[seq_len(p)])))
    censor <- runif(n, 0, 25)
    time <- pmin(event, censor)
    cause <- ifelse(event <= censor, sample(1:3, n, TRUE, c(0.5, 0.3, 0.2)), 0L)
    if (shape %% 2 == 0) time <- ceiling(time)
    data.frame(time = time, cause = cause, state = factor(cause, 0:3), x, group = sample(letters[1:3], n, TRUE),
               weight = sample(1:3, n, TRUE), id = sample(n %/% 3, n, TRUE), entry = floor(time * runif(n) * rbinom(n, 1, 0.3)))
}

# The score, information and Fine and Gray's eta + psi written out, one loop an event and a row; `group` of censoring.
slow_fine_gray <- function(d, x, beta, group = rep(1, nrow(d)), stratum = rep(1, nrow(d)), entry = NULL) {
    n <- nrow(d)
    p <- ncol(x)
    late <- !is.null(entry)
    if (!late) entry <- rep(-1, n)
    at_risk <- function(t) entry < t & d$time >= t
    changes <- sort(unique(d$time[d$cause == 0]))
    weight <- function(i, t) { # of row i at t
        if (at_risk(t)[i]) return(1)
        if (d$cause[i] < 2 || d$time[i] >= t) return(0)
        w <- 1
        own <- group == group[i]
        gone <- changes %in% d$time[own & d$cause == 0]
        for (u in changes[gone & changes >= d$time[i] & changes < t]) {
            w <- w * (1 - sum(own & d$cause == 0 & d$time == u) / sum(own & at_risk(u)))
        }
        if (w == 0) return(0)
        if (late) for (u in sort(unique(entry[own & entry >= d$time[i] & entry < t]))) {
            w <- w / (1 - sum(own & entry == u) / sum(own & entry <= u & d$time > u))
        }
        w
    }
    score <- matrix(0, n, p)
    information <- matrix(0, p, p)
    loglik <- 0
    parts <- list() # of each event time: what each row is expected to add to the score
    e <- exp(drop(x %*% beta))
    for (s in unique(stratum)) for (t in sort(unique(d$time[d$cause == 1 & stratum == s]))) {
        w <- e * vapply(seq_len(n), weight, 0, t) * (stratum == s)
        mean <- colSums(w * x) / sum(w)
        away <- sweep(x, 2, mean)
        hit <- d$cause == 1 & d$time == t & stratum == s
        score[hit, ] <- score[hit, ] + away[hit, ]
        expected <- sum(hit) * w / sum(w) * away
        score <- score - expected
        information <- information + sum(hit) * crossprod(away, w / sum(w) * away)
        loglik <- loglik + sum((x %*% beta)[hit]) - sum(hit) * log(sum(w))
        parts <- c(parts, list(list(time = t, expected = expected, past = !at_risk(t) & d$time < t)))
    }
    for (g in unique(group)) {
        for (u in changes[changes %in% d$time[d$cause == 0 & group == g]]) {
            q <- rep(0, p)
            for (part in parts) if (part$time >= u) {
                q <- q + colSums(part$expected * (part$past & d$time < u & group == g))
            }
            risk <- group == g & at_risk(u)
            gone <- group == g & d$cause == 0 & d$time == u
            score <- score + outer(gone / sum(risk) - risk * sum(gone) / sum(risk)^2, q)
        }
        if (late) for (u in sort(unique(entry[group == g]))) {
            q <- rep(0, p)
            for (part in parts) if (part$time > u) {
                q <- q + colSums(part$expected * (part$past & d$time <= u & group == g))
            }
            risk <- group == g & entry <= u & d$time > u
            come <- group == g & entry == u
            score <- score - outer(come / sum(risk) - risk * sum(come) / sum(risk)^2, q)
        }
    }
    list(loglik = loglik, score = score, information = information)
}

sandwich <- function(slow, cluster = seq_len(nrow(slow$score))) {
    inverse <- solve(slow$information)
    inverse %*% crossprod(rowsum(slow$score, cluster)) %*% inverse
}

test_that("equals crr on random data with ties and several causes", {
    skip_if_not_installed("cmprsk")
    for (shape in 1:12) {
        d <- random_causes(shape, n = c(40, 90)[shape %% 2 + 1], p = 3)
        for (code in 1:2) {
            fit <- fine_gray(Surv(time, state) ~ a + b + c, d, cause = code)
            peer <- cmprsk::crr(d$time, d$cause, as.matrix(d[c("a", "b", "c")]), failcode = code, gtol = 1e-12, maxiter = 50)
            expect_equal(tidy(fit)$estimate, unname(peer$coef), tolerance = 1e-9)
            expect_equal(unname(fit$vcov), peer$var, tolerance = 1e-9)
            expect_equal(unname(fit$vcov_naive), peer$invinf, tolerance = 1e-9)
            expect_equal(c(glance(fit)$logLik, glance(fit)$logLik.null), c(peer$loglik, peer$loglik.null), tolerance = 1e-12)
            new <- data.frame(a = c(0.3, -1), b = 0:1, c = 0.5)
            times <- peer$uftime[unique(round(seq(1, length(peer$uftime), length.out = 3)))]
            theirs <- stats::predict(peer, as.matrix(new))
            ours <- incidence_at(fit, times, new)
            expect_equal(ours$estimate, as.vector(theirs[match(times, theirs[, 1]), -1]), tolerance = 1e-9)
        }
        grouped <- cmprsk::crr(d$time, d$cause, d$a, cengroup = d$group, gtol = 1e-12, maxiter = 50)
        expect_equal(tidy(fine_gray(Surv(time, state) ~ a, d, censoring = ~group))$estimate, unname(grouped$coef),
                     tolerance = 1e-7)
    }
})

test_that("variance, strata, groups of censoring and late entry follow the formulas", {
    tested <- 0
    for (shape in 1:8) {
        d <- random_causes(shape, n = 45)
        x <- as.matrix(d[c("a", "b")])
        entry <- if (shape %in% c(3, 4, 7, 8)) d$entry
        formula <- if (is.null(entry)) Surv(time, state) ~ a + b + strata(group) else Surv(entry, time, state) ~ a + b + strata(group)
        late <- tryCatch(fine_gray(formula, d, censoring = ~group), osseosurv_invalid = identity)
        if (inherits(late, "condition")) {
            expect_match(conditionMessage(late), "infinite")
            next
        }
        tested <- tested + !is.null(entry)
        slow <- slow_fine_gray(d, x, tidy(late)$estimate, d$group, d$group, entry)
        expect_lt(max(abs(colSums(slow$score))), 1e-8)
        expect_equal(glance(late)$logLik, slow$loglik, tolerance = 1e-12)
        expect_equal(unname(late$vcov), unname(sandwich(slow)), tolerance = 1e-9)
        one <- fine_gray(if (is.null(entry)) Surv(time, state) ~ a + b else Surv(entry, time, state) ~ a + b, d, cluster = ~id)
        slow <- slow_fine_gray(d, x, tidy(one)$estimate, entry = entry)
        expect_lt(max(abs(colSums(slow$score))), 1e-8)
        expect_equal(unname(one$vcov), unname(sandwich(slow, d$id)), tolerance = 1e-9)
    }
    expect_gte(tested, 3)
})

test_that("late entry equals coxph on finegray data without ties", {
    for (shape in c(1, 3, 5)) {
        d <- random_causes(shape, n = 200)
        set.seed(shape)
        d$entry <- runif(200, 0, 3)
        d <- d[d$entry < d$time, ]
        d$id <- seq_len(nrow(d))
        fit <- fine_gray(Surv(entry, time, state) ~ a + b, d)
        long <- survival::finegray(Surv(entry, time, state) ~ a + b + id, d, id = id, etype = "1")
        peer <- survival::coxph(Surv(fgstart, fgstop, fgstatus) ~ a + b, long, weights = fgwt, ties = "breslow", robust = FALSE,
                                control = survival::coxph.control(eps = 1e-12, toler.chol = 1e-13))
        expect_equal(tidy(fit)$estimate, unname(coef(peer)), tolerance = 1e-9)
        expect_equal(unname(fit$vcov_naive), unname(peer$var), tolerance = 1e-6)
    }
})

test_that("strata and clusters equal crrSC", {
    skip_if_not_installed("crrSC")
    for (shape in 1:4) {
        d <- random_causes(shape)
        x <- as.matrix(d[c("a", "b")])
        code <- match(d$group, letters)
        regular <- crrSC::crrs(d$time, d$cause, x, strata = code, ctype = 1, gtol = 1e-12, maxiter = 50)
        ours <- fine_gray(Surv(time, state) ~ a + b + strata(group), d, censoring = ~group)
        expect_equal(tidy(ours)$estimate, unname(regular$coef), tolerance = 1e-9)
        expect_equal(unname(ours$vcov), regular$var, tolerance = 1e-9)
        high <- crrSC::crrs(d$time, d$cause, x, strata = code, ctype = 2, gtol = 1e-12, maxiter = 50)
        ours <- fine_gray(Surv(time, state) ~ a + b + strata(group), d, cluster = ~group)
        expect_equal(tidy(ours)$estimate, unname(high$coef), tolerance = 1e-9)
        expect_equal(unname(ours$vcov), high$var, tolerance = 1e-9)
        clustered <- crrSC::crrc(d$time, d$cause, x, cluster = d$id, gtol = 1e-12, maxiter = 50)
        ours <- fine_gray(Surv(time, state) ~ a + b, d, cluster = ~id)
        expect_equal(unname(ours$vcov), clustered$var, tolerance = 1e-9)
    }
})

test_that("frozen figures of crr, crrs and crrc", {
    # cmprsk 2.2-11 and crrSC 1.1.2, gtol 1e-12.
    d <- data.frame(time = c(3, 5, 5, 7, 9, 11, 12, 12, 15, 18, 20, 21, 21, 25, 30, 31, 33, 36, 40, 44),
                    state = factor(c(1, 2, 0, 1, 2, 0, 1, 1, 0, 2, 1, 2, 0, 1, 0, 1, 2, 0, 1, 0), 0:2),
                    x = c(2, 1, 3, 1, 0, 2, 3, 0, 1, 2, 1, 0, 2, 0, 1, 1, 0, 0, 2, 0),
                    g = rep(c(1, 1, 0, 0), 5))
    frozen <- list(coef = c(0.4221159431, -0.9981500951),
                   var = c(0.08330451696, 0.07274107214, 0.07274107214, 0.6718757391),
                   crrs = c(0.4642053771, 0.0843235125),
                   crrc = c(0.07505239808, 0.01124540805, 0.01124540805, 0.3217840512))
    fit <- fine_gray(Surv(time, state) ~ x + g, d)
    expect_equal(tidy(fit)$estimate, frozen$coef, tolerance = 1e-8)
    expect_equal(as.vector(fit$vcov), frozen$var, tolerance = 1e-8)
    strata <- fine_gray(Surv(time, state) ~ x + strata(g), d, censoring = ~g)
    expect_equal(c(tidy(strata)$estimate, strata$vcov), frozen$crrs, tolerance = 1e-8)
    cluster <- fine_gray(Surv(time, state) ~ x + g, d, cluster = rep(1:10, 2))
    expect_equal(as.vector(cluster$vcov), frozen$crrc, tolerance = 1e-8)
})

test_that("weights are equal rows; order, unit and the names of other causes change nothing", {
    for (shape in 1:6) {
        d <- random_causes(shape)
        weighted <- fine_gray(Surv(time, state) ~ a + b + strata(group), d, weights = weight)
        repeated <- fine_gray(Surv(time, state) ~ a + b + strata(group), replicated(d))
        expect_equal(tidy(weighted), tidy(repeated), tolerance = 1e-11)
        expect_equal(glance(weighted), glance(repeated), tolerance = 1e-10)
        fit <- fine_gray(Surv(time, state) ~ a + b, d)
        firth <- fine_gray(Surv(time, state) ~ a + b, d, penalty = "firth")
        other <- d[sample(nrow(d)), ]
        other$time <- other$time / 12
        other$state <- factor(ifelse(other$cause > 1, 5 - other$cause, other$cause), 0:3)
        for (penalty in c("none", "firth")) {
            expect_equal(tidy(fine_gray(Surv(time, state) ~ a + b, other, penalty = penalty)),
                         tidy(if (penalty == "none") fit else firth), tolerance = 1e-9)
        }
        merged <- factor(pmin(d$cause, 2), 0:2)
        expect_equal(tidy(fine_gray(Surv(time, merged) ~ a + b, d)), tidy(fit), tolerance = 1e-12)
        expect_equal(tidy(fine_gray(Surv(d$time, d$state), x = as.matrix(d[c("a", "b")]))), tidy(fit))
        scaled <- fine_gray(Surv(time, state) ~ I(1e6 * a + 1e7) + b, d)
        expect_equal(tidy(scaled)$estimate * c(1e6, 1), tidy(fit)$estimate, tolerance = 1e-8)
    }
})

test_that("without competing events it is Cox with Breslow ties, without censoring Cox with them kept at risk", {
    for (shape in 1:6) {
        d <- random_causes(shape)
        d$single <- factor(as.integer(d$cause > 0), 0:1)
        tight <- survival::coxph.control(eps = 1e-13, toler.chol = 1e-14)
        cox <- survival::coxph(Surv(time, cause > 0) ~ a + b, d, ties = "breslow", control = tight)
        fit <- fine_gray(Surv(time, single) ~ a + b, d)
        expect_equal(tidy(fit)$estimate, unname(coef(cox)), tolerance = 1e-9)
        expect_equal(unname(fit$vcov_naive), unname(vcov(cox)), tolerance = 1e-9)
        expect_equal(glance(fit)$logLik, cox$loglik[2], tolerance = 1e-12)
        robust <- survival::coxph(Surv(time, cause > 0) ~ a + b, d, ties = "breslow", cluster = seq_len(nrow(d)), control = tight)
        expect_equal(unname(fit$vcov), unname(vcov(robust)), tolerance = 1e-9)
        d <- d[d$cause > 0, ]
        d$state <- factor(d$cause, 0:3)
        d$longer <- ifelse(d$cause > 1, max(d$time) + 1, d$time)
        cox <- survival::coxph(Surv(longer, cause == 1) ~ a + b, d, ties = "breslow", control = tight)
        expect_equal(tidy(fine_gray(Surv(time, state) ~ a + b, d))$estimate, unname(coef(cox)), tolerance = 1e-9)
    }
})

test_that("Firth's estimate is where the penalised score is 0, and the profile drops by the quantile", {
    for (shape in 1:4) {
        d <- random_causes(shape, n = 30)
        x <- as.matrix(d[c("a", "b")])
        fit <- fine_gray(Surv(time, state) ~ a + b, d, penalty = "firth")
        penalised <- function(beta) {
            slow <- slow_fine_gray(d, x, beta)
            slow$loglik + as.numeric(determinant(slow$information)$modulus) / 2
        }
        at <- tidy(fit)$estimate
        expect_equal(glance(fit)$logLik, penalised(at), tolerance = 1e-11)
        for (j in 1:2) {
            h <- replace(c(0, 0), j, 1e-4)
            expect_lt(abs(penalised(at + h) - penalised(at - h)) / 2e-4, 1e-6)
        }
        given <- function(theta) stats::optimize(function(b) penalised(c(theta, b)), c(-6, 6), maximum = TRUE, tol = 1e-7)$objective
        for (limit in c(tidy(fit)$conf.low[1], tidy(fit)$conf.high[1])) {
            expect_equal(2 * (penalised(at) - given(limit)), stats::qchisq(0.95, 1), tolerance = 1e-5)
        }
        expect_equal(tidy(fit)$statistic[1]^2, 2 * (penalised(at) - given(0)), tolerance = 1e-5)
    }
    skip_if_not_installed("coxphf")
    d <- coxphf::breast
    d$state <- factor(d$CENS, 0:1)
    peer <- coxphf::coxphf(Surv(TIME, CENS) ~ T + N + G + CD, d, maxit = 200, epsilon = 1e-9, gconv = 1e-9)
    fit <- tidy(fine_gray(Surv(TIME, state) ~ T + N + G + CD, d, penalty = "firth", exponentiate = TRUE))
    expect_equal(fit$estimate, unname(exp(coef(peer))), tolerance = 1e-6)
    expect_equal(fit$conf.low, unname(peer$ci.lower), tolerance = 1e-4)
    expect_equal(fit$conf.high, unname(peer$ci.upper), tolerance = 1e-4)
})

separated <- data.frame(months = 1:11, mode = factor(c(1, 0, 2, 0, 0, 1, 0, 2, 0, 0, 0), 0:2),
                        prosthesis = factor(c("solid", "porous")[c(1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 2)], c("porous", "solid")))

test_that("separation is named, never a finite number of its own making", {
    fit <- fine_gray(Surv(months, mode) ~ prosthesis, separated)
    expect_identical(tidy(fit)$estimate, Inf)
    expect_true(is.na(tidy(fit)$std.error))
    expect_identical(tidy(fit)$conf.high, Inf)
    expect_true(is.finite(tidy(fit)$conf.low))
    expect_match(fit$notes, "level solid against porous, goes to Inf", all = FALSE)
    expect_identical(glance(fit)$conf.method, "profile")
    firth <- tidy(fine_gray(Surv(months, mode) ~ prosthesis, separated, penalty = "firth"))
    expect_true(all(is.finite(unlist(firth[-(1:2)]))))
    expect_true(firth$conf.low < firth$estimate && firth$estimate < firth$conf.high)
    expect_true(anyNA(incidence_at(fit, 5, data.frame(prosthesis = "solid"))$estimate))
    # The finite term keeps its estimate beside one that is not: that of the rows left when the level that never fails is.
    d <- random_causes(1)
    d$never <- as.integer(seq_len(90) %in% which(d$cause != 1)[1:9])
    both <- fine_gray(Surv(time, state) ~ a + never, d)
    expect_identical(tidy(both)$estimate[2], -Inf)
    expect_equal(tidy(both)$estimate[1], tidy(fine_gray(Surv(time, state) ~ a, d[d$never == 0, ], censoring = NULL))$estimate,
                 tolerance = 0.05)
    wald <- tidy(fine_gray(Surv(time, state) ~ a + never, d, conf.method = "wald"))
    expect_true(all(is.finite(unlist(wald[1, -(1:2)]))) && all(is.na(wald[2, c("std.error", "conf.low", "conf.high")])))
})

test_that("what cannot be estimated is NA with a note", {
    none <- fine_gray(Surv(1:4, factor(c(0, 2, 0, 2), 0:2)) ~ x, data.frame(x = 1:4))
    expect_true(is.na(tidy(none)$estimate))
    expect_match(none$notes, "No event of cause 1", all = FALSE)
    d <- random_causes(1)
    twice <- fine_gray(Surv(time, state) ~ a + I(2 * a) + b, d)
    expect_identical(is.na(tidy(twice)$estimate), c(FALSE, TRUE, FALSE))
    expect_equal(tidy(twice)[c(1, 3), -2], tidy(fine_gray(Surv(time, state) ~ a + b, d))[-2], tolerance = 1e-12,
                 ignore_attr = TRUE)
    expect_match(twice$notes, "I(2 * a)", fixed = TRUE, all = FALSE)
    expect_identical(nrow(tidy(fine_gray(Surv(time, state) ~ 1, d))), 0L)
    expect_identical(tidy(fine_gray(Surv(3, factor(1, 0:1)) ~ x, data.frame(x = 1)))$estimate, NA_real_)
})

test_that("bad input is a classed error", {
    d <- random_causes(1)
    fails <- function(code, pattern) expect_error(code, pattern, class = "osseosurv_invalid")
    fails(fine_gray(Surv(time, state) ~ a, d, cause = "death"), "`cause` must be one of")
    fails(fine_gray(Surv(time, cause) ~ a, d), "factor")
    fails(fine_gray(Surv(time, state) ~ a, d, penalty = "ridge"), "`penalty`")
    fails(fine_gray(Surv(time, state) ~ a, d, conf.method = "profile", cluster = ~id), "cluster")
    fails(fine_gray(Surv(time, state) ~ a, d, censoring = ~nothing), "cannot be evaluated")
    fails(fine_gray(Surv(time, state) ~ a, transform(d, a = replace(a, 3, Inf))), "row 3")
    fails(fine_gray(Surv(time, state) ~ a, transform(d, time = replace(time, 3, -1))), "row 3")
    # The first fails from the other cause before the second enters.
    late <- data.frame(entry = c(0, 3, 4), time = c(2, 6, 7), state = factor(c(2, 1, 0), 0:2), x = c(0, 1, 0))
    fails(fine_gray(Surv(entry, time, state) ~ x, late), "infinite")
    fit <- fine_gray(Surv(time, state) ~ a + factor(group), d)
    fails(incidence_at(fit, 3), "`newdata` is required")
    fails(incidence_at(fit, 3, data.frame(a = 1, group = "z")), "must be one of")
    fails(incidence_at(fit, 3, data.frame(group = "a")), "cannot be evaluated")
    fails(incidence_at(fit, 3, data.frame(a = NA_real_, group = "a")), "row 1")
    fails(incidence_at(fit, -1, data.frame(a = 1, group = "a")), "times")
    fails(incidence_at(fit, 3, 1:3), "data frame")
})

test_that("predicted incidence: without covariates the Aalen-Johansen estimate, its variance the jackknife's", {
    d <- random_causes(1, n = 120)
    d <- d[order(d$time), ]
    times <- c(1, 3, 6, 10)
    plain <- incidence_at(fine_gray(Surv(time, state) ~ 1, d), times, data.frame(row = 1))
    hazard <- -log1p(-plain$estimate)
    curve <- incidence_at(cumulative_incidence(Surv(time, state) ~ 1, d), times)
    # The product over the jumps of the subdistribution hazard is Aalen-Johansen's; exp() of minus their sum is near it.
    expect_equal(plain$estimate, curve$estimate[curve$cause == "1"], tolerance = 0.01)
    expect_equal(plain$std.error, curve$std.error[curve$cause == "1"], tolerance = 0.05)
    new <- data.frame(a = c(0, 1), b = 1)
    predict <- function(d) incidence_at(fine_gray(Surv(time, state) ~ a + b + strata(group), d, censoring = ~group), 5,
                                        cbind(new, group = c("a", "b")))
    whole <- predict(d)
    left <- vapply(seq_len(nrow(d)), function(i) predict(d[-i, ])$estimate, c(0, 0))
    jackknife <- sqrt(rowSums((left - rowMeans(left))^2) * (nrow(d) - 1) / nrow(d))
    expect_equal(whole$std.error, jackknife, tolerance = 0.15)
    expect_true(all(whole$conf.low < whole$estimate & whole$estimate < whole$conf.high))
    late <- incidence_at(fine_gray(Surv(time, state) ~ a, d), c(0, 1e3), new)
    expect_identical(late$estimate, c(0, NA, 0, NA))
    expect_true(all(is.na(late$conf.low)))
})

test_that("new data are read as the fit's: factors, interactions, strata, a matrix", {
    d <- random_causes(3)
    new <- d[c(5, 17, 30), ]
    plain <- fine_gray(Surv(time, state) ~ a * factor(group) + strata(b), d)
    own <- fine_gray(Surv(d$time, d$state), x = model.matrix(~ a * factor(group), d)[, -1], strata = d$b)
    expect_equal(tidy(plain)$estimate, tidy(own)$estimate, tolerance = 1e-12)
    columns <- as.data.frame(model.matrix(~ a * factor(group), d)[c(5, 17, 30), -1])
    columns$strata <- new$b
    expect_equal(incidence_at(plain, 4, new)$estimate, incidence_at(own, 4, columns)$estimate, tolerance = 1e-12)
    expect_identical(incidence_at(plain, 4, new)$strata, paste0("b=", new$b))
    kept <- fine_gray(Surv(time, state) ~ a + factor(group), d)
    file <- tempfile()
    on.exit(unlink(file))
    saveRDS(kept, file)
    expect_lt(file.size(file), 1e5)
    expect_identical(incidence_at(readRDS(file), 4, new), incidence_at(kept, 4, new))
})

test_that("exponentiate gives ratios; card, methods and glance say what was done", {
    d <- random_causes(2)
    log <- tidy(fine_gray(Surv(time, state) ~ a + b, d, cause = 2))
    fit <- fine_gray(Surv(time, state) ~ a + b, d, cause = 2, exponentiate = TRUE)
    ratio <- tidy(fit)
    for (column in c("estimate", "conf.low", "conf.high")) expect_equal(ratio[[column]], exp(log[[column]]))
    expect_equal(ratio$std.error, log$std.error * ratio$estimate)
    expect_identical(unique(ratio$cause), "2")
    expect_match(methods_text(fit), "Fine-Gray regression, tied events as Breslow")
    expect_identical(sum(unlist(glance(fit)[c("events", "n.competing", "n.censor")])), as.numeric(glance(fit)$n))
    expect_match(estimand(fit)[["competing"]], "1, 3: after one of them")
    expect_output(print(fit), "subdistribution")
})

test_that("tidy() exponentiates on demand; coef() and vcov() are of the logs", {
    d <- random_causes(2)
    fit <- fine_gray(Surv(time, state) ~ a + b, d, exponentiate = TRUE)
    expect_equal(tidy(fit, exponentiate = FALSE)$estimate, unname(coef(fit)))
    expect_equal(tidy(fit)$estimate, exp(unname(coef(fit))))
    expect_equal(sqrt(diag(vcov(fit))), stats::setNames(tidy(fit, exponentiate = FALSE)$std.error, c("a", "b")))
})
