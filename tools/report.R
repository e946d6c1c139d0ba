# The main job: the published cohort in, the report folder out.
library(osseosurv)
dir <- commandArgs(TRUE)[1]
paths <- outcome_report(masquelet_femur, dir)
cat("Written:", paste(" ", paths), sep = "\n")
