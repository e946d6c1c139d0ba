library(testthat)
library(osseosurv)

test_check("osseosurv")
