#include "resample.h"
#include "risk.h"
#include "entries.h"
#include "../core/cumulative_incidence.h"

/* list(table, event.free, estimate, std.error, conf.low, conf.high), the last four cause by cause;
 * conf_type is the index of the type in the order of oss_incidence_type, from 0. */
SEXP ffi_cumulative_incidence(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                              SEXP n_cause, SEXP n_stratum, SEXP conf_type, SEXP conf_level,
                              SEXP threads)
{
    const oss_risk_rows rows =
        glue_risk_rows(entry, time, status, weight, stratum, n_cause, n_stratum);
    const oss_incidence_type type = (oss_incidence_type) glue_int(conf_type, "conf_type");
    const double level = glue_double(conf_level, "conf_level");
    const int n_threads = glue_threads(threads);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    static const char *const names[] = { "table",     "event.free", "estimate",
                                         "std.error", "conf.low",   "conf.high" };
    oss_risk_table table;
    SEXP values[6];
    values[0] = PROTECT(glue_risk_table(&rows, &table, NULL));
    values[1] = PROTECT(glue_new_doubles(table.n_time));
    for (int i = 2; i < 6; i++)
        values[i] = PROTECT(glue_new_doubles(table.n_time * rows.n_cause));
    if (oss_cumulative_incidence(&table, type, level, n_threads, REAL(values[2]), REAL(values[3]),
                                 REAL(values[4]), REAL(values[5]), REAL(values[1]), &hook, &err))
        oss_raise(&err);
    glue_nan_to_na(values[4]);
    glue_nan_to_na(values[5]);
    SEXP list = glue_list(6, names, values);
    UNPROTECT(6);
    return list;
}
