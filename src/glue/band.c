#include "glue.h"
#include "entries.h"
#include "../core/band.h"

static oss_band_type read_type(SEXP type) { return (oss_band_type) glue_int(type, "type"); }

/* Critical values for ranges from[n] .. to[n]. */
SEXP ffi_band_critical(SEXP type, SEXP from, SEXP to, SEXP level)
{
    const oss_band_type kind = read_type(type);
    const R_xlen_t n = XLENGTH(from);
    const double *a = glue_doubles(from, n, "from"), *b = glue_doubles(to, n, "to");
    const double conf_level = glue_double(level, "level");
    SEXP critical = PROTECT(Rf_allocVector(REALSXP, n));
    oss_error err = OSS_ERROR_INIT;
    for (R_xlen_t i = 0; i < n; i++)
        if (oss_band_critical(kind, a[i], b[i], conf_level, REAL(critical) + i, &err))
            oss_raise(&err);
    UNPROTECT(1);
    return critical;
}

/* list(low, high, first, last, from, to, critical): the limits of all rows; by stratum the first
 * and last row of the band (1-based within the stratum, NA if there is none) and its critical
 * value. conf_type: index of the type in the order of oss_conf_type, from 0; lo, hi: 0-based rows
 * within the stratum. */
SEXP ffi_confidence_band(SEXP type, SEXP conf_type, SEXP level, SEXP n, SEXP size, SEXP estimate,
                         SEXP std_error, SEXP lo, SEXP hi)
{
    static const char *const names[] = { "low", "high", "first", "last", "from", "to", "critical" };
    const oss_band_type kind = read_type(type);
    const oss_conf_type scale = (oss_conf_type) glue_int(conf_type, "conf_type");
    const double conf_level = glue_double(level, "level");
    const R_xlen_t n_stratum = XLENGTH(size), n_time = XLENGTH(estimate);
    const int *rows = glue_ints(size, n_stratum, "size");
    const double *subjects = glue_doubles(n, n_stratum, "n");
    const double *begin = glue_doubles(lo, n_stratum, "lo"),
                 *end = glue_doubles(hi, n_stratum, "hi");
    const double *s = glue_doubles(estimate, n_time, "estimate");
    const double *se = glue_doubles(std_error, n_time, "std_error");
    R_xlen_t total = 0;
    for (R_xlen_t i = 0; i < n_stratum; i++)
        total += rows[i];
    if (total != n_time)
        Rf_error("`size` does not add up to the rows");

    SEXP values[7];
    values[0] = PROTECT(glue_new_doubles((size_t) n_time));
    values[1] = PROTECT(glue_new_doubles((size_t) n_time));
    for (int i = 2; i < 7; i++)
        values[i] = PROTECT(glue_new_doubles((size_t) n_stratum));
    oss_error err = OSS_ERROR_INIT;
    size_t start = 0;
    for (R_xlen_t i = 0; i < n_stratum; i++) {
        oss_band band;
        if (oss_confidence_band(kind, scale, conf_level, subjects[i], (size_t) rows[i], s + start,
                                se + start, (size_t) begin[i], (size_t) end[i],
                                REAL(values[0]) + start, REAL(values[1]) + start, &band, &err))
            oss_raise(&err);
        const int exists = band.first <= band.last;
        REAL(values[2])[i] = exists ? (double) band.first + 1 : NA_REAL;
        REAL(values[3])[i] = exists ? (double) band.last + 1 : NA_REAL;
        REAL(values[4])[i] = exists ? band.from : NA_REAL;
        REAL(values[5])[i] = exists ? band.to : NA_REAL;
        REAL(values[6])[i] = exists ? band.critical : NA_REAL;
        start += (size_t) rows[i];
    }
    glue_nan_to_na(values[0]);
    glue_nan_to_na(values[1]);
    SEXP list = glue_list(7, names, values);
    UNPROTECT(7);
    return list;
}
