#include "glue.h"
#include "entries.h"
#include "../core/pseudo_fit.h"

/* list(beta, vcov, fit), fit: sum of squares, gradient, iterations, converged, diverging. y: rows x
 * times; x: rows x covariates; link: in the order of oss_link, from 0; start: of beta. */
SEXP ffi_pseudo_fit(SEXP y, SEXP x, SEXP weight, SEXP cluster, SEXP n_cluster, SEXP link,
                    SEXP corrected, SEXP start)
{
    const R_xlen_t n = Rf_nrows(y);
    const size_t n_time = (size_t) Rf_ncols(y), p = (size_t) Rf_ncols(x), q = n_time + p;
    const oss_pseudo_data data = {
        .n = (size_t) n,
        .n_time = n_time,
        .p = p,
        .y = glue_doubles(y, n * (R_xlen_t) n_time, "y"),
        .x = glue_doubles(x, n * (R_xlen_t) p, "x"),
        .weight = glue_doubles_or_null(weight, n, "weight"),
        .cluster = glue_ints_or_null(cluster, n, "cluster"),
        .n_cluster = (size_t) glue_int(n_cluster, "n_cluster"),
        .link = (oss_link) glue_int(link, "link"),
    };
    const double *from = glue_doubles(start, (R_xlen_t) q, "start");
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    static const char *const names[] = { "beta", "vcov", "fit" };
    SEXP values[3];
    values[0] = PROTECT(glue_new_doubles(q));
    values[1] = PROTECT(Rf_allocMatrix(REALSXP, (int) q, (int) q));
    values[2] = PROTECT(glue_new_doubles(5));
    for (size_t j = 0; j < q; j++)
        REAL(values[0])[j] = from[j];
    void *work = glue_scratch(oss_pseudo_fit_work(&data), 1);
    oss_pseudo_result result;
    if (oss_pseudo_fit(&data, glue_int(corrected, "corrected"), REAL(values[0]), REAL(values[1]),
                       work, &result, &hook, &err))
        oss_raise(&err);
    const double fit[] = { result.sum_of_squares, result.gradient, (double) result.iterations,
                           result.converged, result.diverging };
    for (int i = 0; i < 5; i++)
        REAL(values[2])[i] = fit[i];
    glue_nan_to_na(values[1]);
    SEXP list = glue_list(3, names, values);
    UNPROTECT(3);
    return list;
}
