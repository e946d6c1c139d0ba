# From a fit to what the reader sees: levels, contrasts, notes, sentences.

from_link <- function(x, measure) if (measure == "rate") exp(x) else stats::plogis(x)

meta_rows <- function(fit, studies, design, choice, spec) {
    if (is.null(design$levels)) return(coefficient_rows(fit, studies, design, choice, spec))
    measure <- spec$measure
    x <- colSums(design$x * studies$x)
    size <- colSums(design$x * studies$size)
    exact <- pooled_exact(x, size, measure, spec$conf.level)
    p <- length(x)
    if (choice$method == "exact") {
        se <- rep(NA_real_, p)
        link <- rbind(if (measure == "rate") log(exact) else stats::qlogis(exact))
        pred <- link
    } else {
        limits <- model_limits(fit, studies, design, choice, spec, diag(p))
        se <- limits$se
        link <- limits$limits
        pred <- level_prediction(fit, studies, design, choice, spec, se)
    }
    natural <- !spec$link
    show <- function(value) if (natural) from_link(value, measure) else value
    on_link <- function(value) if (natural) value else if (measure == "rate") log(value) else stats::qlogis(value)
    estimate <- show(fit$beta)
    slope <- if (!natural) 1 else if (measure == "rate") estimate else estimate * (1 - estimate)
    unset <- rep(NA_real_, p)
    table <- list(term = design$levels,
                  scale = rep(if (natural) measure else if (measure == "rate") "log rate" else "logit", p),
                  k = as.integer(colSums(design$x)), events = x, n = size, estimate = estimate, std.error = se * slope,
                  statistic = unset, p.value = unset, conf.low = show(link[1, ]), conf.high = show(link[2, ]),
                  pred.low = show(pred[1, ]), pred.high = show(pred[2, ]), exact.estimate = on_link(x / size),
                  exact.low = on_link(exact[1, ]), exact.high = on_link(exact[2, ]))
    if (p > 1) {
        more <- contrast_rows(fit, studies, design, choice, spec, x, size)
        table <- Map(c, table, more)
    }
    if (measure == "rate") names(table)[5] <- "time"
    list(table = as_frame(table))
}

# Wald or profile limits of each row of `contrasts`, on the link.
model_limits <- function(fit, studies, design, choice, spec, contrasts) {
    rows <- nrow(contrasts)
    beta <- fit$beta
    estimate <- vapply(seq_len(rows), function(i) {
        used <- contrasts[i, ] != 0
        sum(contrasts[i, used] * beta[used])
    }, 0)
    factor <- if (choice$test != "hksj") 1 else if (spec$adhoc) max(1, fit$scale) else fit$scale
    variance <- vapply(seq_len(rows), function(i) {
        used <- contrasts[i, ] != 0
        sum(contrasts[i, used] %o% contrasts[i, used] * fit$vcov[used, used])
    }, 0) * factor
    se <- sqrt(variance)
    crit <- stats::qt((1 + spec$conf.level) / 2, choice$df)
    limits <- rbind(estimate - crit * se, estimate + crit * se)
    profile <- if (choice$method == "beta-binomial") choice$test == "profile" | !is.finite(se) else rep(FALSE, rows)
    for (i in which(rep_len(profile, rows))) {
        limits[, i] <- count_profile(fit, studies, design, contrasts[i, ], se[i], spec$conf.level)
    }
    statistic <- estimate / se
    list(estimate = estimate, se = se, limits = limits, statistic = statistic,
         p.value = 2 * stats::pt(-abs(statistic), choice$df))
}

level_prediction <- function(fit, studies, design, choice, spec, se) {
    p <- ncol(design$x)
    if (choice$method == "beta-binomial") {
        return(vapply(seq_len(p), function(j) {
            own <- design$x[, j] == 1
            limits <- count_prediction(studies$x[own], studies$size[own], spec$measure, spec$conf.level)
            if (spec$measure == "rate") log(limits) else stats::qlogis(limits)
        }, c(0, 0)))
    }
    df <- nrow(design$x) - p
    crit <- if (df > 0) stats::qt((1 + spec$conf.level) / 2, df) else NA_real_
    if (choice$method == "fixed") crit <- stats::qt((1 + spec$conf.level) / 2, choice$df)
    half <- crit * sqrt(fit$tau2 + se^2)
    rbind(fit$beta - half, fit$beta + half)
}

contrast_rows <- function(fit, studies, design, choice, spec, x, size) {
    p <- length(x)
    rest <- seq_len(p)[-1]
    unset <- rep(NA_real_, p - 1)
    exact <- vapply(rest, function(j) exact_contrast(x[j], size[j], x[1], size[1], spec$measure, spec$conf.level),
                    numeric(4))
    if (choice$method == "exact") {
        rows <- list(estimate = exact[1, ], se = unset, limits = exact[2:3, , drop = FALSE], statistic = unset,
                     p.value = exact[4, ])
    } else {
        contrasts <- cbind(-1, diag(p - 1))
        rows <- model_limits(fit, studies, design, choice, spec, contrasts)
    }
    ratio <- if (spec$measure == "rate") "rate ratio" else "odds ratio"
    show <- if (spec$exponentiate) exp else identity
    list(term = paste(design$levels[rest], "-", design$levels[1]),
         scale = rep(if (spec$exponentiate) ratio else paste("log", ratio), p - 1),
         k = as.integer(colSums(design$x)[rest] + sum(design$x[, 1])), events = x[rest] + x[1], n = size[rest] + size[1],
         estimate = show(rows$estimate), std.error = rows$se * (if (spec$exponentiate) exp(rows$estimate) else 1),
         statistic = rows$statistic, p.value = rows$p.value, conf.low = show(rows$limits[1, ]),
         conf.high = show(rows$limits[2, ]), pred.low = unset, pred.high = unset, exact.estimate = show(exact[1, ]),
         exact.low = show(exact[2, ]), exact.high = show(exact[3, ]))
}

coefficient_rows <- function(fit, studies, design, choice, spec) {
    p <- ncol(design$x)
    rows <- model_limits(fit, studies, design, choice, spec, diag(p))
    intercept <- design$coefficients == "(Intercept)"
    ratio <- if (spec$measure == "rate") "rate ratio" else "odds ratio"
    scale <- ifelse(intercept, if (spec$measure == "rate") "log rate" else "logit", paste("log", ratio))
    shown <- spec$exponentiate & !intercept
    scale[shown] <- ratio
    show <- function(value) ifelse(shown, exp(value), value)
    unset <- rep(NA_real_, p)
    table <- list(term = design$coefficients, scale = scale, k = rep(length(studies$x), p),
                  events = rep(sum(studies$x), p), n = rep(sum(studies$size), p), estimate = show(rows$estimate),
                  std.error = ifelse(shown, exp(rows$estimate), 1) * rows$se, statistic = rows$statistic,
                  p.value = rows$p.value, conf.low = show(rows$limits[1, ]), conf.high = show(rows$limits[2, ]),
                  pred.low = unset, pred.high = unset, exact.estimate = unset, exact.low = unset, exact.high = unset)
    if (spec$measure == "rate") names(table)[5] <- "time"
    list(table = as_frame(table))
}

# What the reader has to know about this fit.
model_notes <- function(fit, table, studies, choice, spec) {
    levels <- table$scale %in% c("proportion", "rate", "logit", "log rate")
    counts <- choice$method == "beta-binomial"
    beside <- any(!is.na(table$exact.low[levels]))
    c(if (sum(studies$x) == 0) no_event_note(length(studies$x), counts, spec$measure)
      else if (counts && choice$test != "profile" && anyNA(table$std.error)) {
          paste("Where a standard error is missing the estimate is on the boundary, or moves without bound;",
                "the interval there is the likelihood-ratio one.")
      },
      if (counts && fit$boundary && sum(studies$x) > 0) {
          paste("The most likely variation between studies is none (overdispersion 0): conf.low and conf.high",
                "do not allow for more, pred.low and pred.high do.")
      },
      few_df_note(choice, spec, beside && sum(studies$x) > 0),
      hksj_note(fit, choice, spec),
      if (!is.na(fit$q.p.value) && fit$q.p.value < 0.05 && beside) {
          sprintf(paste("The studies differ more than by chance (Q = %.1f, p %s): the exact.* columns assume one",
                        "common risk and are too narrow; %s"),
                  fit$q, format.pval(fit$q.p.value, 2, 1e-4),
                  if (choice$method == "exact") "so is this interval; use \"beta-binomial\"." else
                      "where they disagree with conf.low and conf.high, this is the reason.")
      },
      if (counts && any(table$k[levels] < 3) && beside) {
          paste("No prediction interval for a level with fewer than three studies: the variation between",
                "studies cannot be judged from them.")
      },
      if (choice$method %in% c("exact", "fixed")) {
          paste("The prediction interval equals the confidence interval: this method assumes that all",
                "populations share one risk.")
      })
}

no_event_note <- function(k, counts, measure) {
    base <- "No study has an event: the estimate is 0 and only an upper limit can be given."
    if (!counts) return(base)
    if (measure == "rate") {
        return(paste(base, "Events might all fall in few populations, and then no amount of follow-up in these",
                     "studies bounds the mean rate: the upper limit is Inf; exact.high is the limit if all",
                     "populations share one rate."))
    }
    paste(base, sprintf(paste("The variation between studies cannot be seen either, and at its worst each study",
                              "counts as one patient (conf.high, likelihood ratio); exact.high is the limit if",
                              "all %d share one risk."), k))
}

few_df_note <- function(choice, spec, beside) {
    if (!choice$test %in% c("t", "hksj") || choice$df > 2 || !beside) return(NULL)
    sprintf("Only %d degree%s of freedom: the t quantile is %.1f, so the interval says little; %s", choice$df,
            if (choice$df == 1) "" else "s", stats::qt((1 + spec$conf.level) / 2, choice$df),
            if (choice$method == "beta-binomial") "test = \"profile\" gives a shorter one." else
                "the exact interval under homogeneity is beside it.")
}

hksj_note <- function(fit, choice, spec) {
    if (choice$test != "hksj" || spec$adhoc) return(NULL)
    upper <- (1 + spec$conf.level) / 2
    share <- sqrt(fit$scale) * stats::qt(upper, choice$df) / stats::qnorm(upper)
    if (share >= 1) return(NULL)
    sprintf(paste("The HKSJ interval is %.0f%% as wide as the z interval: the studies differ less than chance alone",
                  "would make them; adhoc = TRUE keeps the factor at 1 or above."), 100 * share)
}

TAU2_NAMES <- c(reml = "restricted maximum likelihood", ml = "maximum likelihood", pm = "the method of Paule and Mandel",
                dl = "the method of DerSimonian and Laird")

method_label <- function(method, measure) {
    switch(method,
           "beta-binomial" = if (measure == "rate") "gamma-Poisson likelihood" else "beta-binomial likelihood",
           exact = "exact under homogeneity", fixed = "common effect, inverse variance",
           paste("random effects, tau2 by", TAU2_NAMES[[method]]))
}

test_label <- function(choice) {
    switch(choice$test, hksj = sprintf("HKSJ interval, t(%d)", choice$df),
           t = sprintf("t(%d) interval", choice$df), z = "z interval", profile = "likelihood-ratio interval",
           exact = "exact interval")
}

meta_methods_text <- function(choice, spec) {
    rate <- spec$measure == "rate"
    effects <- if (rate) "Log rates" else "Logit proportions"
    model <- switch(
        choice$method,
        "beta-binomial" = paste("Events were pooled by maximum likelihood under a",
                                if (rate) "gamma-Poisson (negative binomial) model with a log-linear mean" else
                                    "beta-binomial model with a logit-linear mean"),
        exact = sprintf("Events were pooled as if from one study, with the %s interval",
                        if (rate) "Garwood" else "Clopper-Pearson"),
        fixed = paste(effects, "were pooled with inverse-variance weights (common effect)"),
        paste(effects, "were pooled in a random-effects model, with the variance between studies by",
              TAU2_NAMES[[choice$method]]))
    interval <- switch(
        choice$test,
        hksj = sprintf(" and Hartung-Knapp-Sidik-Jonkman intervals (t, %d df%s)", choice$df,
                       if (spec$adhoc) ", factor at least 1" else ""),
        t = sprintf(" and t intervals on the link (%d df)", choice$df), z = " and normal intervals on the link",
        profile = " and likelihood-ratio intervals", exact = "")
    paste0(model, interval, sprintf("; level %g%%.", 100 * spec$conf.level))
}

meta_references <- function(choice, spec) {
    rate <- spec$measure == "rate"
    c(switch(choice$method,
             "beta-binomial" = if (rate) "Lawless 1987, Can J Stat 15:209" else "Griffiths 1973, Biometrics 29:637",
             exact = if (rate) "Garwood 1936, Biometrika 28:437" else "Clopper and Pearson 1934, Biometrika 26:404",
             dl = "DerSimonian and Laird 1986, Control Clin Trials 7:177",
             pm = "Paule and Mandel 1982, J Res NBS 87:377",
             fixed = NULL,
             "Viechtbauer 2005, J Educ Behav Stat 30:261"),
      if (choice$test == "hksj") "Knapp and Hartung 2003, Stat Med 22:2693",
      if (!choice$method %in% c("exact", "fixed", "beta-binomial")) {
          "Higgins, Thompson and Spiegelhalter 2009, J R Stat Soc A 172:137"
      })
}
