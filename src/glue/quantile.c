#include "glue.h"
#include "entries.h"
#include "../core/quantile.h"

#include <math.h>

/* Quantiles of a run of parameters, each started from its neighbour's; all of one length. */
SEXP ffi_beta_quantile(SEXP p, SEXP a, SEXP b, SEXP upper)
{
    const R_xlen_t n = XLENGTH(p);
    const double *p_ = glue_doubles(p, n, "p"), *a_ = glue_doubles(a, n, "a");
    const double *b_ = glue_doubles(b, n, "b");
    const int upper_ = glue_int(upper, "upper");
    SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
    double *x = REAL(out), start = NAN;
    for (R_xlen_t i = 0; i < n; i++)
        x[i] = start = upper_ ? oss_beta_quantile_upper(p_[i], a_[i], b_[i], start)
                              : oss_beta_quantile(p_[i], a_[i], b_[i], start);
    UNPROTECT(1);
    return out;
}

SEXP ffi_gamma_quantile(SEXP p, SEXP shape, SEXP upper)
{
    const R_xlen_t n = XLENGTH(p);
    const double *p_ = glue_doubles(p, n, "p"), *shape_ = glue_doubles(shape, n, "shape");
    const int upper_ = glue_int(upper, "upper");
    SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
    double *x = REAL(out), start = NAN;
    for (R_xlen_t i = 0; i < n; i++)
        x[i] = start = upper_ ? oss_gamma_quantile_upper(p_[i], shape_[i], start)
                              : oss_gamma_quantile(p_[i], shape_[i], start);
    UNPROTECT(1);
    return out;
}

/* The distribution functions: which = 1, beta; 2, gamma of shape a. */
SEXP ffi_tail(SEXP which, SEXP x, SEXP a, SEXP b, SEXP upper)
{
    const R_xlen_t n = XLENGTH(x);
    const int which_ = glue_int(which, "which"), upper_ = glue_int(upper, "upper");
    const double *x_ = glue_doubles(x, n, "x"), *a_ = glue_doubles(a, n, "a");
    const double *b_ = glue_doubles(b, n, "b");
    SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
    double *tail = REAL(out);
    for (R_xlen_t i = 0; i < n; i++) {
        if (which_ == 1)
            tail[i] = upper_ ? oss_beta_cdf_upper(x_[i], a_[i], b_[i])
                             : oss_beta_cdf(x_[i], a_[i], b_[i]);
        else
            tail[i] = upper_ ? oss_gamma_cdf_upper(x_[i], a_[i]) : oss_gamma_cdf(x_[i], a_[i]);
    }
    UNPROTECT(1);
    return out;
}

/* Quantiles of the normal (df = Inf) and t distributions. */
SEXP ffi_t_quantile(SEXP p, SEXP df)
{
    const R_xlen_t n = XLENGTH(p);
    const double *p_ = glue_doubles(p, n, "p"), *df_ = glue_doubles(df, n, "df");
    SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
    for (R_xlen_t i = 0; i < n; i++)
        REAL(out)[i] = oss_t_quantile(p_[i], df_[i]);
    UNPROTECT(1);
    return out;
}
