# The picture of the README, from the installed package: Rscript tools/readme-figure.R
library(osseosurv)
figure <- figures(osseointegration(masquelet_femur))$union
dir.create("man/figures", showWarnings = FALSE, recursive = TRUE)
ggplot2::ggsave("man/figures/README-union.png", figure, width = 180, height = 115, units = "mm", dpi = 160, bg = "white")
