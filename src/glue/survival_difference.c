#include "entries.h"
#include "risk.h"
#include "../core/survival_contrast.h"

/* at: ascending. first, second: strata of the pairs, from 1. effect, type: as oss_meld_effect and
 * oss_contrast_type. list(survival, estimate, std.error, conf.low, conf.high, p.value): survival
 * stratum by stratum (NA: not known), the others pair by pair, all times of each. */
SEXP ffi_survival_difference(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                             SEXP n_stratum, SEXP at, SEXP first, SEXP second, SEXP effect,
                             SEXP type, SEXP conf_level)
{
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const size_t n_at = (size_t) XLENGTH(at), n_pair = (size_t) XLENGTH(first);
    const double *times = glue_doubles(at, OSS_ANY_LENGTH, "at");
    const int *from = glue_ints(first, OSS_ANY_LENGTH, "first");
    const int *to = glue_ints(second, (R_xlen_t) n_pair, "second");
    const oss_meld_effect scale = (oss_meld_effect) glue_int(effect, "effect");
    const oss_contrast_type kind = (oss_contrast_type) glue_int(type, "type");
    const double level = glue_double(conf_level, "conf_level");
    const oss_hook hook = glue_interrupt_hook();
    for (size_t i = 0; i < n_pair; i++)
        if (from[i] < 1 || to[i] < 1 || (size_t) from[i] > rows.n_stratum ||
            (size_t) to[i] > rows.n_stratum)
            Rf_error("internal: a pair names a stratum that is not there");

    static const char *const names[] = { "survival", "estimate",  "std.error",
                                         "conf.low", "conf.high", "p.value" };
    oss_error err = OSS_ERROR_INIT;
    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, NULL));
    SEXP values[6];
    values[0] = PROTECT(glue_new_doubles(rows.n_stratum * n_at));
    for (int j = 1; j < 6; j++)
        values[j] = PROTECT(glue_new_doubles(n_pair * n_at));
    oss_survival_point *points = glue_scratch(rows.n_stratum * n_at, sizeof *points);
    for (size_t s = 0; s < rows.n_stratum; s++) {
        oss_survival_points(&table, s, n_at, times, points + s * n_at);
        for (size_t k = s * n_at; k < (s + 1) * n_at; k++)
            REAL(values[0])[k] = points[k].known ? points[k].survival : NA_REAL;
    }
    for (size_t i = 0; i < n_pair * n_at; i++) {
        const oss_survival_point *x = points + (size_t) (from[i / n_at] - 1) * n_at + i % n_at;
        const oss_survival_point *y = points + (size_t) (to[i / n_at] - 1) * n_at + i % n_at;
        oss_contrast found;
        if (oss_stopped(&hook, (double) i / (double) (n_pair * n_at)))
            oss_fail(&err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        else if (oss_survival_contrast(x, y, scale, kind, level, &found, &err) == OSS_OK) {
            REAL(values[1])[i] = found.estimate;
            REAL(values[2])[i] = found.std_error;
            REAL(values[3])[i] = found.low;
            REAL(values[4])[i] = found.high;
            REAL(values[5])[i] = found.p;
        }
        if (err.code != OSS_OK)
            oss_raise(&err);
    }
    for (int j = 1; j < 6; j++)
        glue_nan_to_na(values[j]);
    SEXP list = glue_list(6, names, values);
    UNPROTECT(8);
    return list;
}
