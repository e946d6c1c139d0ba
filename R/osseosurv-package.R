#' osseosurv: outcomes of prostheses that bridge large bone defects
#'
#' A cohort goes in ([cohort()], [read_cohort()]); four outcomes come out ([reconstruction_survival()],
#' [osseointegration()], [infection_recurrence()], [compare_literature()]), each a short composition of
#' estimators that stand alone on any survival data; [outcome_report()] writes workbook, figures and page.
#'
#' @keywords internal
#' @useDynLib osseosurv, .registration = TRUE
#' @importFrom survival Surv strata
#' @importFrom generics tidy glance
#' @importFrom ggplot2 autoplot
#' @importFrom stats coef logLik quantile residuals vcov
"_PACKAGE"

#' @export
survival::Surv
#' @export
survival::strata
#' @export
generics::tidy
#' @export
generics::glance
#' @export
ggplot2::autoplot

.onUnload <- function(libpath) {
    library.dynam.unload("osseosurv", libpath)
}
