#include "glue.h"
#include "entries.h"
#include "../core/difference.h"
#include "../core/count_interval.h"
#include "../core/pair_proportion.h"

static SEXP column(R_xlen_t n) { return Rf_allocVector(REALSXP, n); }

SEXP ffi_proportion_ci(SEXP x, SEXP n, SEXP method, SEXP alpha)
{
    const R_xlen_t rows = XLENGTH(x);
    const double *x_ = glue_doubles(x, rows, "x"), *n_ = glue_doubles(n, rows, "n");
    const int method_ = glue_int(method, "method");
    const double alpha_ = glue_double(alpha, "alpha");
    SEXP low = PROTECT(column(rows)), high = PROTECT(column(rows));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_proportion_ci((size_t) rows, x_, n_, (oss_limit_method) method_, alpha_, REAL(low),
                          REAL(high), &hook, &err) != OSS_OK)
        oss_raise(&err);
    const char *const names[] = { "conf.low", "conf.high" };
    const SEXP values[] = { low, high };
    SEXP out = glue_list(2, names, values);
    UNPROTECT(2);
    return out;
}

SEXP ffi_pair_limit_low(SEXP x, SEXP pairs, SEXP singles, SEXP alpha)
{
    const size_t x_ = glue_size(x, "x"), pairs_ = glue_size(pairs, "pairs");
    const size_t singles_ = glue_size(singles, "singles");
    const double alpha_ = glue_double(alpha, "alpha");
    oss_error err = OSS_ERROR_INIT;
    double low;
    if (oss_pair_limit_low(pairs_, singles_, x_, alpha_, &low, &err) != OSS_OK)
        oss_raise(&err);
    return Rf_ScalarReal(low);
}

SEXP ffi_rate_ci(SEXP events, SEXP time, SEXP method, SEXP alpha)
{
    const R_xlen_t rows = XLENGTH(events);
    const double *events_ = glue_doubles(events, rows, "events");
    const double *time_ = glue_doubles(time, rows, "time");
    const int method_ = glue_int(method, "method");
    const double alpha_ = glue_double(alpha, "alpha");
    SEXP low = PROTECT(column(rows)), high = PROTECT(column(rows));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_rate_ci((size_t) rows, events_, time_, (oss_limit_method) method_, alpha_, REAL(low),
                    REAL(high), &hook, &err) != OSS_OK)
        oss_raise(&err);
    const char *const names[] = { "conf.low", "conf.high" };
    const SEXP values[] = { low, high };
    SEXP out = glue_list(2, names, values);
    UNPROTECT(2);
    return out;
}

static SEXP comparison(SEXP p, SEXP low, SEXP high)
{
    const char *const names[] = { "p.value", "conf.low", "conf.high" };
    const SEXP values[] = { p, low, high };
    return glue_list(3, names, values);
}

SEXP ffi_rate_ratio(SEXP events1, SEXP time1, SEXP events2, SEXP time2, SEXP method, SEXP alpha)
{
    const R_xlen_t rows = XLENGTH(events1);
    const double *events1_ = glue_doubles(events1, rows, "events1");
    const double *time1_ = glue_doubles(time1, rows, "time1");
    const double *events2_ = glue_doubles(events2, rows, "events2");
    const double *time2_ = glue_doubles(time2, rows, "time2");
    const int method_ = glue_int(method, "method");
    const double alpha_ = glue_double(alpha, "alpha");
    SEXP p = PROTECT(column(rows)), low = PROTECT(column(rows)), high = PROTECT(column(rows));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_rate_ratio((size_t) rows, events1_, time1_, events2_, time2_,
                       (oss_limit_method) method_, alpha_, REAL(low), REAL(high), REAL(p), &hook,
                       &err) != OSS_OK)
        oss_raise(&err);
    SEXP out = comparison(p, low, high);
    UNPROTECT(3);
    return out;
}

SEXP ffi_proportion_difference(SEXP x1, SEXP n1, SEXP x2, SEXP n2, SEXP method, SEXP alpha)
{
    const R_xlen_t rows = XLENGTH(x1);
    const double *x1_ = glue_doubles(x1, rows, "x1"), *n1_ = glue_doubles(n1, rows, "n1");
    const double *x2_ = glue_doubles(x2, rows, "x2"), *n2_ = glue_doubles(n2, rows, "n2");
    const int method_ = glue_int(method, "method");
    const double alpha_ = glue_double(alpha, "alpha");
    SEXP p = PROTECT(column(rows)), low = PROTECT(column(rows)), high = PROTECT(column(rows));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_proportion_difference((size_t) rows, x1_, n1_, x2_, n2_,
                                  (oss_difference_method) method_, alpha_, REAL(low), REAL(high),
                                  REAL(p), &hook, &err) != OSS_OK)
        oss_raise(&err);
    SEXP out = comparison(p, low, high);
    UNPROTECT(3);
    return out;
}
