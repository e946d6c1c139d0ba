#include "entries.h"
#include "glue.h"
#include "resample.h"
#include "../core/cox.h"

#include <string.h>

/* The model as R hands it over, in this order: entry, time, status, weight, stratum, n_stratum, x,
 * offset, event, efron, firth, threads. */
enum {
    ENTRY,
    TIME,
    STATUS,
    WEIGHT,
    STRATUM,
    N_STRATUM,
    X,
    OFFSET,
    EVENT,
    EFRON,
    FIRTH,
    THREADS,
    N_PARTS
};

static oss_cox_rows read_rows(SEXP model, oss_cox_options *options)
{
    if (TYPEOF(model) != VECSXP || XLENGTH(model) != N_PARTS)
        Rf_error("a Cox model is a list of %d parts", N_PARTS);
    SEXP time = VECTOR_ELT(model, TIME), x = VECTOR_ELT(model, X);
    const R_xlen_t n = XLENGTH(time);
    const R_xlen_t size = XLENGTH(x);
    if (n == 0 || size % n != 0)
        Rf_error("the covariates must be a matrix of %.0f rows", (double) n);
    *options = (oss_cox_options){ glue_int(VECTOR_ELT(model, EFRON), "efron"),
                                  glue_int(VECTOR_ELT(model, FIRTH), "firth"),
                                  glue_threads(VECTOR_ELT(model, THREADS)) };
    return (oss_cox_rows){ (size_t) n,
                           (size_t) (size / n),
                           glue_doubles_or_null(VECTOR_ELT(model, ENTRY), n, "entry"),
                           glue_doubles(time, n, "time"),
                           glue_ints(VECTOR_ELT(model, STATUS), n, "status"),
                           glue_int(VECTOR_ELT(model, EVENT), "event"),
                           glue_doubles_or_null(VECTOR_ELT(model, WEIGHT), n, "weight"),
                           glue_ints_or_null(VECTOR_ELT(model, STRATUM), n, "stratum"),
                           glue_size(VECTOR_ELT(model, N_STRATUM), "n_stratum"),
                           glue_doubles(x, size, "x"),
                           glue_doubles_or_null(VECTOR_ELT(model, OFFSET), n, "offset") };
}

static SEXP square_matrix(size_t p) { return Rf_allocMatrix(REALSXP, (int) p, (int) p); }

/* list(alias, beta, variance, infinite, fit, low, high, drop): only alias where a column is; the
 * last three only with quantile above 0 (of chi-square: profile limits). */
SEXP ffi_cox(SEXP model, SEXP quantile)
{
    oss_cox_options options;
    const oss_cox_rows rows = read_rows(model, &options);
    const double target = glue_double(quantile, "quantile");
    const oss_hook hook = glue_interrupt_hook();
    static const char *const names[] = { "alias", "beta", "variance", "infinite",
                                         "fit",   "low",  "high",     "drop" };
    const R_xlen_t p = (R_xlen_t) rows.p;
    SEXP values[8] = { PROTECT(Rf_allocVector(INTSXP, p)),  PROTECT(Rf_allocVector(REALSXP, p)),
                       PROTECT(square_matrix(rows.p)),      PROTECT(Rf_allocVector(INTSXP, p)),
                       PROTECT(Rf_allocVector(REALSXP, 9)), PROTECT(Rf_allocVector(REALSXP, p)),
                       PROTECT(Rf_allocVector(REALSXP, p)), PROTECT(Rf_allocVector(REALSXP, p)) };
    int *alias = INTEGER(values[0]);
    oss_error err = OSS_ERROR_INIT;
    oss_cox *cox;
    oss_cox_fit fit = { 0 };
    int aliased = 0;
    double events = 0;

    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    if (status == OSS_OK) {
        events = oss_cox_events(cox);
        status = oss_cox_alias(cox, alias, &err);
        for (R_xlen_t j = 0; j < p; j++)
            aliased |= alias[j];
        if (status == OSS_OK && !aliased) {
            status = oss_cox_maximise(cox, REAL(values[1]), REAL(values[2]), INTEGER(values[3]),
                                      &fit, &hook, &err);
            if (status == OSS_OK && target > 0)
                status = oss_cox_profile(cox, REAL(values[1]), REAL(values[2]), INTEGER(values[3]),
                                         fit.loglik, target, REAL(values[5]), REAL(values[6]),
                                         REAL(values[7]), &hook, &err);
        }
        oss_cox_free(cox);
    }
    if (status != OSS_OK)
        oss_raise(&err);
    const double all[9] = { fit.loglik,    fit.loglik_null, fit.score,
                            fit.wald,      fit.likelihood,  (double) fit.iterations,
                            fit.converged, fit.gradient,    events };
    memcpy(REAL(values[4]), all, sizeof all);
    SEXP list = glue_list(aliased ? 1 : target > 0 ? 8 : 5, names, values);
    UNPROTECT(8);
    return list;
}

/* list(martingale, score, schoenfeld), the last two only if wanted. */
SEXP ffi_cox_residuals(SEXP model, SEXP beta, SEXP wanted)
{
    oss_cox_options options;
    const oss_cox_rows rows = read_rows(model, &options);
    const double *at = glue_doubles(beta, (R_xlen_t) rows.p, "beta");
    const int by_column = glue_int(wanted, "wanted");
    static const char *const names[] = { "martingale", "score", "schoenfeld" };
    SEXP values[3] = { PROTECT(glue_new_doubles(rows.n)),
                       PROTECT(glue_new_doubles(by_column ? rows.n * rows.p : 0)),
                       PROTECT(glue_new_doubles(by_column ? rows.n * rows.p : 0)) };
    oss_error err = OSS_ERROR_INIT;
    oss_cox *cox;
    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    if (status == OSS_OK) {
        status = oss_cox_residuals(cox, at, REAL(values[0]), by_column ? REAL(values[1]) : NULL,
                                   by_column ? REAL(values[2]) : NULL, &err);
        oss_cox_free(cox);
    }
    if (status != OSS_OK)
        oss_raise(&err);
    SEXP list = glue_list(by_column ? 3 : 1, names, values);
    UNPROTECT(3);
    return list;
}

/* The p * p matrices of the clusters, one after the other. */
SEXP ffi_cox_omega(SEXP model, SEXP beta, SEXP cluster, SEXP n_cluster)
{
    oss_cox_options options;
    const oss_cox_rows rows = read_rows(model, &options);
    const double *at = glue_doubles(beta, (R_xlen_t) rows.p, "beta");
    const int *codes = glue_ints(cluster, (R_xlen_t) rows.n, "cluster");
    const size_t count = glue_size(n_cluster, "n_cluster");
    SEXP omega = PROTECT(glue_new_doubles(count * rows.p * rows.p));
    oss_error err = OSS_ERROR_INIT;
    oss_cox *cox;
    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    if (status == OSS_OK) {
        status = oss_cox_omega(cox, at, codes, count, REAL(omega), &err);
        oss_cox_free(cox);
    }
    if (status != OSS_OK)
        oss_raise(&err);
    UNPROTECT(1);
    return omega;
}

/* list(stratum, time, event, hazard, variance, mean), mean one column a covariate. */
SEXP ffi_cox_baseline(SEXP model, SEXP beta)
{
    oss_cox_options options;
    const oss_cox_rows rows = read_rows(model, &options);
    const double *at = glue_doubles(beta, (R_xlen_t) rows.p, "beta");
    static const char *const names[] = { "stratum", "time", "event", "hazard", "variance", "mean" };
    int *stratum = glue_scratch(rows.n, sizeof *stratum);
    double *columns = glue_scratch(rows.n, 4 * sizeof *columns);
    double *mean = glue_scratch(rows.n, (rows.p + 1) * sizeof *mean);
    oss_error err = OSS_ERROR_INIT;
    oss_cox *cox;
    size_t m = 0;
    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    if (status == OSS_OK) {
        m = oss_cox_groups(cox);
        status = oss_cox_baseline(cox, at, stratum, columns, columns + m, columns + 2 * m,
                                  columns + 3 * m, mean, &err);
        oss_cox_free(cox);
    }
    if (status != OSS_OK)
        oss_raise(&err);
    SEXP values[6];
    values[0] = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t) m));
    memcpy(INTEGER(values[0]), stratum, m * sizeof *stratum);
    for (size_t i = 0; i < 4; i++) {
        values[1 + i] = PROTECT(glue_new_doubles(m));
        memcpy(REAL(values[1 + i]), columns + i * m, m * sizeof *columns);
    }
    values[5] = PROTECT(Rf_allocMatrix(REALSXP, (int) m, (int) rows.p));
    memcpy(REAL(values[5]), mean, m * rows.p * sizeof *mean);
    SEXP list = glue_list(6, names, values);
    UNPROTECT(6);
    return list;
}

/* list(score, plain, cross, square). */
SEXP ffi_cox_trend(SEXP model, SEXP beta, SEXP g)
{
    oss_cox_options options;
    const oss_cox_rows rows = read_rows(model, &options);
    const double *at = glue_doubles(beta, (R_xlen_t) rows.p, "beta");
    const double *trend = glue_doubles(g, (R_xlen_t) rows.n, "g");
    static const char *const names[] = { "score", "plain", "cross", "square" };
    SEXP values[4] = { PROTECT(glue_new_doubles(rows.p)), PROTECT(square_matrix(rows.p)),
                       PROTECT(square_matrix(rows.p)), PROTECT(square_matrix(rows.p)) };
    oss_error err = OSS_ERROR_INIT;
    oss_cox *cox;
    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    if (status == OSS_OK) {
        status = oss_cox_trend(cox, at, trend, REAL(values[0]), REAL(values[1]), REAL(values[2]),
                               REAL(values[3]), &err);
        oss_cox_free(cox);
    }
    if (status != OSS_OK)
        oss_raise(&err);
    SEXP list = glue_list(4, names, values);
    UNPROTECT(4);
    return list;
}
