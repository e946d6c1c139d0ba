# Kaplan-Meier curves whose rows come in clusters.

# The order is that of oss_cluster_correction in src/core/cluster_variance.h.
cluster_corrections <- c("none", "CR1", "CR3")

fit_clustered <- function(input, conf.type, conf.level, chosen) {
    if (conf.type == "auto") conf.type <- "log-log"
    if (startsWith(conf.type, "beta-product") || conf.type == "likelihood-ratio") {
        abort_invalid(sprintf(paste("`conf.type` \"%s\" has no theory for clustered rows: use \"log-log\" or another",
                                    "interval from the standard error."), conf.type), "conf.type")
    }
    values <- unique(input$carried$cluster)
    cluster <- match(input$carried$cluster, values)
    if (length(values) == input$n) {
        input$notes <- c(input$notes, "Every cluster is a single row.")
    }
    fit <- .Call(ffi_kaplan_meier_cluster, input$entry, input$time, input$status, input$weight, input$stratum,
                 length(input$strata), match(conf.type, survival_conf_types) - 1L, conf.level, cluster, length(values),
                 match(chosen, cluster_corrections) - 1L, as.integer(chosen != "none"))
    alone <- fit$clusters < 2
    notes <- c(input$notes,
               sprintf("Variance: %s.", cluster_text[[chosen]]),
               if (any(alone)) {
                   sprintf("With one cluster%s no variance between clusters is estimable.",
                           if (length(alone) > 1) sprintf(" (%s)", paste(input$strata[alone], collapse = "; ")) else "")
               })
    if (any(alone)) {
        single <- rep(alone, fit$table$size)
        fit$std.error[single] <- fit$conf.low[single] <- fit$conf.high[single] <- NA_real_
    }
    result <- kaplan_meier_result(input, fit, conf.type, conf.level, notes, cluster = fit$clusters)
    result$glance$n.cluster <- length(values)
    result$glance$cluster.correction <- chosen
    result$estimand[["unit"]] <- "row, in independent clusters"
    result$methods <- paste(
        sprintf("Survival was estimated by the product-limit method with pointwise %s confidence intervals on the %s scale;",
                percent_text(conf.level), conf.type),
        sprintf("the variance treats clusters as the independent units: %s.", cluster_text[[chosen]]))
    result$references <- c("Kaplan and Meier (1958) J Am Stat Assoc 53:457", cluster_source[[chosen]])
    result
}

cluster_text <- c(none = "infinitesimal jackknife over clusters, normal quantile",
                  CR1 = "infinitesimal jackknife over clusters times G / (G - 1), t quantile with G - 1 degrees of freedom",
                  CR3 = "jackknife leaving out a cluster at a time, t quantile with G - 1 degrees of freedom")

cluster_source <- c(none = "Ying and Wei (1994) J Multivar Anal 50:17", CR1 = "Ying and Wei (1994) J Multivar Anal 50:17",
                    CR3 = "Lipsitz, Dear and Zhao (1994) Biometrics 50:842")
