#include "risk.h"
#include "entries.h"
#include "../core/kaplan_meier.h"

/* list(table, estimate, std.error, conf.low, conf.high); conf_type is the index of the type in the
 * order of oss_conf_type, from 0. */
SEXP ffi_kaplan_meier(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_stratum,
                      SEXP conf_type, SEXP conf_level)
{
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const oss_conf_type type = (oss_conf_type) glue_int(conf_type, "conf_type");
    const double level = glue_double(conf_level, "conf_level");
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    static const char *const names[] = { "table", "estimate", "std.error", "conf.low",
                                         "conf.high" };
    oss_risk_table table;
    SEXP values[5];
    values[0] = PROTECT(glue_risk_table(&rows, &table, NULL));
    for (int i = 1; i < 5; i++)
        values[i] = PROTECT(glue_new_doubles(table.n_time));
    if (oss_kaplan_meier(&table, type, level, REAL(values[1]), REAL(values[2]), REAL(values[3]),
                         REAL(values[4]), &hook, &err))
        oss_raise(&err);
    glue_nan_to_na(values[3]);
    glue_nan_to_na(values[4]);
    SEXP list = glue_list(5, names, values);
    UNPROTECT(6);
    return list;
}
