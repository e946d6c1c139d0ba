#include "resample.h"
#include "risk.h"
#include "entries.h"
#include "../core/cluster_variance.h"
#include "../core/kaplan_meier.h"

/* list(table, estimate, std.error, conf.low, conf.high); conf_type is the index of the type in the
 * order of oss_conf_type, from 0. */
SEXP ffi_kaplan_meier(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_stratum,
                      SEXP conf_type, SEXP conf_level, SEXP threads)
{
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const oss_conf_type type = (oss_conf_type) glue_int(conf_type, "conf_type");
    const double level = glue_double(conf_level, "conf_level");
    const int n_threads = glue_threads(threads);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    static const char *const names[] = { "table", "estimate", "std.error", "conf.low",
                                         "conf.high" };
    oss_risk_table table;
    SEXP values[5];
    values[0] = PROTECT(glue_risk_table(&rows, &table, NULL));
    for (int i = 1; i < 5; i++)
        values[i] = PROTECT(glue_new_doubles(table.n_time));
    if (oss_kaplan_meier(&table, type, level, n_threads, REAL(values[1]), REAL(values[2]),
                         REAL(values[3]), REAL(values[4]), &hook, &err))
        oss_raise(&err);
    glue_nan_to_na(values[3]);
    glue_nan_to_na(values[4]);
    SEXP list = glue_list(5, names, values);
    UNPROTECT(6);
    return list;
}

/* The same with the variance of independent clusters, and size, the number of clusters by stratum.
 * correction: index in the order of oss_cluster_correction, from 0; small: t instead of normal. */
SEXP ffi_kaplan_meier_cluster(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                              SEXP n_stratum, SEXP conf_type, SEXP conf_level, SEXP cluster,
                              SEXP n_cluster, SEXP correction, SEXP small)
{
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const oss_conf_type type = (oss_conf_type) glue_int(conf_type, "conf_type");
    const double level = glue_double(conf_level, "conf_level");
    const oss_cluster_correction how = (oss_cluster_correction) glue_int(correction, "correction");
    const int use_t = glue_int(small, "small");
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    uint32_t *row_time = glue_scratch(rows.n, sizeof *row_time);

    static const char *const names[] = { "table",    "estimate",  "std.error",
                                         "conf.low", "conf.high", "clusters" };
    oss_risk_table table;
    SEXP values[6];
    values[0] = PROTECT(glue_risk_table(&rows, &table, row_time));
    for (int i = 1; i < 5; i++)
        values[i] = PROTECT(glue_new_doubles(table.n_time));
    values[5] = PROTECT(glue_new_doubles(rows.n_stratum));
    double *estimate = REAL(values[1]), *std_error = REAL(values[2]);
    double *low = REAL(values[3]), *high = REAL(values[4]), *size = REAL(values[5]);
    const oss_clustered data = { .rows = &rows,
                                 .table = &table,
                                 .row_time = row_time,
                                 .cluster = glue_ints(cluster, (R_xlen_t) rows.n, "cluster"),
                                 .n_cluster = (size_t) glue_int(n_cluster, "n_cluster") };
    if (oss_kaplan_meier(&table, OSS_CONF_PLAIN, level, 1, estimate, std_error, low, high, &hook,
                         &err) ||
        oss_cluster_std_error(&data, how, estimate, std_error, size, &hook, &err))
        oss_raise(&err);
    oss_cluster_limits(&table, type, level, use_t, size, estimate, std_error, low, high);
    for (int i = 2; i < 5; i++)
        glue_nan_to_na(values[i]);
    SEXP list = glue_list(6, names, values);
    UNPROTECT(7);
    return list;
}

/* From a table that is already counted: its columns, and the number of times of each stratum.
 * list(estimate, std.error, conf.low, conf.high). */
SEXP ffi_kaplan_meier_table(SEXP time, SEXP n_risk, SEXP n_event, SEXP n_censor, SEXP size,
                            SEXP conf_type, SEXP conf_level)
{
    const R_xlen_t n = XLENGTH(time), n_stratum = XLENGTH(size);
    const int *sizes = glue_ints(size, OSS_ANY_LENGTH, "size");
    size_t *start = glue_scratch((size_t) n_stratum + 1, sizeof *start);
    start[0] = 0;
    for (R_xlen_t s = 0; s < n_stratum; s++) {
        if (sizes[s] < 1)
            Rf_error("internal: a stratum without a time");
        start[s + 1] = start[s] + (size_t) sizes[s];
    }
    if (start[n_stratum] != (size_t) n)
        Rf_error("internal: the sizes of the strata do not add up");
    /* The core reads the table; only its type says that it could write. */
    const oss_risk_table table = { .n_time = (size_t) n,
                                   .n_cause = 1,
                                   .n_stratum = (size_t) n_stratum,
                                   .start = start,
                                   .time = (double *) glue_doubles(time, n, "time"),
                                   .n_risk = (double *) glue_doubles(n_risk, n, "n_risk"),
                                   .n_event = (double *) glue_doubles(n_event, n, "n_event"),
                                   .n_censor = (double *) glue_doubles(n_censor, n, "n_censor") };
    const oss_conf_type type = (oss_conf_type) glue_int(conf_type, "conf_type");
    const double level = glue_double(conf_level, "conf_level");
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    static const char *const names[] = { "estimate", "std.error", "conf.low", "conf.high" };
    SEXP values[4];
    for (int i = 0; i < 4; i++)
        values[i] = PROTECT(glue_new_doubles((size_t) n));
    if (oss_kaplan_meier(&table, type, level, 1, REAL(values[0]), REAL(values[1]), REAL(values[2]),
                         REAL(values[3]), &hook, &err))
        oss_raise(&err);
    glue_nan_to_na(values[2]);
    glue_nan_to_na(values[3]);
    SEXP list = glue_list(4, names, values);
    UNPROTECT(4);
    return list;
}
