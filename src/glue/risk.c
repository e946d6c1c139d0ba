#include "risk.h"
#include "entries.h"

oss_risk_rows glue_risk_rows(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                             SEXP n_cause, SEXP n_stratum)
{
    const R_xlen_t n = XLENGTH(time);
    const oss_risk_rows rows = {
        .n = (size_t) n,
        .entry = glue_doubles_or_null(entry, n, "entry"),
        .exit = glue_doubles(time, n, "time"),
        .status = glue_ints(status, n, "status"),
        .weight = glue_doubles_or_null(weight, n, "weight"),
        .stratum = glue_ints_or_null(stratum, n, "stratum"),
        .n_cause = (size_t) glue_int(n_cause, "n_cause"),
        .n_stratum = (size_t) glue_int(n_stratum, "n_stratum"),
    };
    return rows;
}

SEXP glue_risk_table(const oss_risk_rows *rows, oss_risk_table *table, uint32_t *row_time)
{
    oss_error err = OSS_ERROR_INIT;
    oss_risk_plan plan;
    if (oss_risk_scan(rows, &plan, &err))
        oss_raise(&err);
    SEXP work = PROTECT(glue_work_new(plan.scratch));
    if (oss_risk_sort(rows, glue_work(work), &plan, &err))
        oss_raise(&err);

    const size_t m = plan.n_time;
    static const char *const names[] = { "time", "n.risk", "n.event", "n.censor", "size" };
    SEXP columns[5];
    columns[0] = PROTECT(glue_new_doubles(m));
    columns[1] = PROTECT(glue_new_doubles(m));
    columns[2] = PROTECT(glue_new_doubles(m * rows->n_cause));
    columns[3] = PROTECT(glue_new_doubles(m));
    columns[4] = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t) rows->n_stratum));
    table->time = REAL(columns[0]);
    table->n_risk = REAL(columns[1]);
    table->n_event = REAL(columns[2]);
    table->n_censor = REAL(columns[3]);
    table->start = glue_scratch(rows->n_stratum + 1, sizeof *table->start);
    oss_risk_fill(rows, &plan, table, row_time);
    glue_work_free(work);
    for (size_t s = 0; s < rows->n_stratum; s++)
        INTEGER(columns[4])[s] = (int) (table->start[s + 1] - table->start[s]);
    SEXP list = glue_list(5, names, columns);
    UNPROTECT(6);
    return list;
}
