# A cohort of every kind of end, with groups (one missing), two modes, a reconstruction with one interface, episodes of
# one reconstruction, one after the end of follow-up, labs with missing pairs and with one stage.
mixed_tables <- function() {
    list(
        patients = data.frame(
            patient = 1:10, prosthesis = rep(c("solid", "porous"), 5), followup_mo = c(6, 10, 14, 20, 24, 30, 36, 48, 60, 72),
            end = c("failure", "death", "failure", "amputation", "censored", "failure", "lost", "failure", "censored",
                    "censored"),
            failure_mode = c(2, NA, 4, NA, NA, 2, NA, 3, NA, NA), scheme = "ISOLS 2014",
            group = c("a", "a", "a", "b", "b", "b", "a", "b", NA, "a"), lefs = c(40, NA, 55, 60, 62, 30, 70, 71, 66, 58),
            rom_min = 0, rom_max = c(90, 100, 110, 120, 95, 105, 115, 125, 130, 85), sex = rep(c("F", "M", NA, "M", "F"), 2)),
        interfaces = data.frame(
            reconstruction = c(1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 8, 8),
            interface = c("proximal", "distal", "proximal", "distal", "proximal", "distal", "proximal", "proximal", "distal",
                          "proximal", "distal", "proximal", "distal"),
            left_mo = c(0, 3, 3, 6, 6, 6, 0, 3, 12, 6, 6, 3, 24), right_mo = c(3, Inf, 6, Inf, 12, 12, 3, 6, Inf, Inf, 12, 6, 36)),
        infections = data.frame(
            reconstruction = c(3, 3, 6, 8, 10), onset_left_mo = c(2, 9, 12, 50, 30), onset_right_mo = c(3, 10, 15, 55, 30),
            organism = c("S. aureus; E. coli", "S. aureus", NA, "E. coli", "E. coli")),
        complications = data.frame(reconstruction = c(1, 1, 4, 4), complication = c("fracture", "fracture", "nerve", "fracture"),
                                   onset_mo = c(1, 2, NA, 3)),
        labs = data.frame(
            reconstruction = c(1:6, 1:6, 1:3), marker = c(rep("CRP", 12), rep("ESR", 3)),
            stage = c(rep(1, 6), rep(2, 6), rep(1, 3)), value = c(9, 12, 20, 7, 15, NA, 3, 4, 22, NA, 6, 5, 30, 40, 50),
            unit = c(rep("mg/L", 12), rep("mm/h", 3))))
}

mixed_cohort <- function(...) {
    tables <- mixed_tables()
    tables[names(list(...))] <- list(...)
    do.call(cohort, Filter(Negate(is.null), c(tables, name = "Mixed")))
}

# Many reconstructions drawn at random, with everything in them.
random_outcomes <- function(seed, n = 150, entry = FALSE) {
    set.seed(seed)
    end <- sample(c("censored", "lost", "failure", "death", "amputation"), n, TRUE)
    patients <- data.frame(
        patient = seq_len(n), prosthesis = sample(c("solid", "porous"), n, TRUE), followup_mo = sample(2:90, n, TRUE),
        end = end, failure_mode = ifelse(end == "failure", sample(1:5, n, TRUE), NA), scheme = "Henderson 2011",
        site = sample(c("femur", "tibia", NA), n, TRUE))
    if (entry) patients$entry_mo <- pmin(sample(0:6, n, TRUE), patients$followup_mo - 1)
    left <- sample(c(0, 3, 6), 2 * n, TRUE)
    episodes <- sample(n, 40, TRUE)
    onset <- round(runif(40, 0, 40))
    cohort(patients,
           interfaces = data.frame(reconstruction = rep(seq_len(n), 2), interface = rep(c("proximal", "distal"), each = n),
                                   left_mo = left, right_mo = left + sample(c(3, 6, Inf), 2 * n, TRUE)),
           infections = data.frame(reconstruction = episodes, onset_left_mo = onset, onset_right_mo = onset + sample(0:3, 40, TRUE)))
}
