#include "risk.h"
#include "entries.h"
#include "../core/pseudo_values.h"

/* [rows x times x causes] pseudo-values. measure: in the order of oss_pseudo_measure, from 0;
 * cause: from 1, one or more, of which only incidence makes use. */
SEXP ffi_pseudo_values(SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_cause,
                       SEXP n_stratum, SEXP measure, SEXP cause, SEXP infinitesimal, SEXP times)
{
    const oss_risk_rows rows =
        glue_risk_rows(R_NilValue, time, status, weight, stratum, n_cause, n_stratum);
    const int *causes = glue_ints(cause, OSS_ANY_LENGTH, "cause");
    const double *at = glue_doubles(times, OSS_ANY_LENGTH, "times");
    const size_t n = rows.n, n_at = (size_t) XLENGTH(times), n_of = (size_t) XLENGTH(cause);
    oss_pseudo what = { .measure = (oss_pseudo_measure) glue_int(measure, "measure"),
                        .infinitesimal = glue_int(infinitesimal, "infinitesimal") };

    uint32_t *row_time = glue_scratch(n, sizeof *row_time);
    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, row_time));
    double *work = glue_scratch(oss_pseudo_work(table.n_time), sizeof *work);
    SEXP out = PROTECT(glue_new_doubles(n * n_at * n_of));
    const oss_hook hook = glue_interrupt_hook();
    for (size_t c = 0, done = 0; c < n_of; c++)
        for (size_t k = 0; k < n_at; k++, done++) {
            oss_error err = OSS_ERROR_INIT;
            if (oss_stopped(&hook, (double) done / (double) (n_at * n_of))) {
                (void) oss_fail(&err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
                oss_raise(&err);
            }
            what.cause = causes[c];
            what.time = at[k];
            oss_pseudo_values(&table, &what, n, row_time, rows.status, work, REAL(out) + done * n);
        }
    glue_nan_to_na(out);
    UNPROTECT(2);
    return out;
}
