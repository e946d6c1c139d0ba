# Runs the R tests against the installed package and prints "N passed, N failed, N skipped".
library(testthat)
library(osseosurv)
results <- as.data.frame(test_dir("tests/testthat", package = "osseosurv", load_package = "installed",
                                  reporter = "check", stop_on_failure = FALSE))
failed <- sum(results$failed) + sum(results$error)
cat(sprintf("testthat: %d passed, %d failed, %d skipped\n", sum(results$passed), failed, sum(results$skipped)))
quit(status = as.integer(failed > 0))
