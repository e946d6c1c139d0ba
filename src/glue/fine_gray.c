#include "glue.h"
#include "entries.h"
#include "../core/fine_gray.h"

#include <math.h>

/* The rows as R gives them: input = list(entry, time, status, cause, weight, stratum, n.stratum,
 * group, n.group, cluster, n.cluster, x, offset), in this order. */
static oss_fine_gray_rows read_rows(SEXP input)
{
    if (TYPEOF(input) != VECSXP || XLENGTH(input) != 13)
        Rf_error("internal: `input` must be a list of 13");
    SEXP part[13];
    for (int k = 0; k < 13; k++)
        part[k] = VECTOR_ELT(input, k);
    const R_xlen_t n = XLENGTH(part[1]);
    const int p = Rf_ncols(part[11]);
    const int *status = glue_ints(part[2], n, "status");
    const int cause = glue_int(part[3], "cause");
    int *kind = glue_scratch((size_t) n, sizeof *kind);
    for (R_xlen_t i = 0; i < n; i++)
        kind[i] = status[i] == 0 ? 0 : status[i] == cause ? 1 : 2;
    const oss_fine_gray_rows rows = {
        .n = (size_t) n,
        .p = (size_t) p,
        .entry = glue_doubles_or_null(part[0], n, "entry"),
        .exit = glue_doubles(part[1], n, "time"),
        .kind = kind,
        .weight = glue_doubles_or_null(part[4], n, "weight"),
        .stratum = glue_ints_or_null(part[5], n, "stratum"),
        .n_stratum = (size_t) glue_int(part[6], "n.stratum"),
        .group = glue_ints_or_null(part[7], n, "group"),
        .n_group = (size_t) glue_int(part[8], "n.group"),
        .cluster = glue_ints_or_null(part[9], n, "cluster"),
        .n_cluster = (size_t) glue_int(part[10], "n.cluster"),
        .x = glue_doubles(part[11], n * p, "x"),
        .offset = glue_doubles_or_null(part[12], n, "offset"),
    };
    return rows;
}

typedef struct {
    oss_fine_gray_rows rows;
    int firth, profile;
    double target;
    oss_hook hook;
    int *alias, *infinite;
    double *beta, *naive, *robust, *low, *high, *drop, *step;
    oss_fine_gray_fit fit;
    size_t n_event;
} fit_call;

static oss_status limits(const fit_call *c, oss_fine_gray *model, oss_error *err)
{
    const size_t p = c->rows.p;
    for (size_t j = 0; j < p; j++)
        c->step[j] = sqrt(2 * c->target * c->naive[j * p + j]) * oss_fine_gray_scale(model, j);
    return oss_fine_gray_profile(model, c->beta, c->infinite, c->fit.loglik, c->target, c->step,
                                 c->low, c->high, c->drop, &c->hook, err);
}

static oss_status compute_fit(fit_call *c, oss_fine_gray *model, oss_error *err)
{
    const size_t p = c->rows.p;
    oss_status status = oss_fine_gray_alias(model, c->alias, err);
    for (size_t j = 0; !status && j < p; j++)
        if (c->alias[j])
            return OSS_OK;
    if (!status && c->firth)
        status = oss_fine_gray_set_firth(model, 1, err);
    if (!status)
        status = oss_fine_gray_maximise(model, c->beta, c->infinite, &c->fit, &c->hook, err);
    if (!status)
        status = oss_fine_gray_covariance(model, c->beta, c->infinite, c->naive, c->robust, err);
    if (!status && c->profile)
        status = limits(c, model, err);
    for (size_t j = 0; !status && j < p; j++) {
        const double scale = oss_fine_gray_scale(model, j);
        c->beta[j] /= scale;
        c->low[j] /= scale;
        c->high[j] /= scale;
        /* The determinant per unit of the covariates. */
        c->fit.loglik += c->firth ? log(scale) : 0;
        c->fit.loglik_null += c->firth ? log(scale) : 0;
    }
    return status;
}

/* list(alias, beta, infinite, naive, robust, low, high, drop, fit), fit = c(loglik, loglik.null,
 * gradient, iterations, converged, diverging). With an aliased column only `alias` is set. */
SEXP ffi_fine_gray(SEXP input, SEXP firth, SEXP profile, SEXP target)
{
    fit_call c = { .rows = read_rows(input),
                   .firth = glue_int(firth, "firth"),
                   .profile = glue_int(profile, "profile"),
                   .target = glue_double(target, "target"),
                   .hook = glue_interrupt_hook() };
    const size_t p = c.rows.p;
    const R_xlen_t length = (R_xlen_t) p;
    static const char *const names[] = { "alias", "beta", "infinite", "naive", "robust",
                                         "low",   "high", "drop",     "fit" };
    SEXP values[9];
    values[0] = PROTECT(Rf_allocVector(INTSXP, length));
    values[1] = PROTECT(Rf_allocVector(REALSXP, length));
    values[2] = PROTECT(Rf_allocVector(INTSXP, length));
    values[3] = PROTECT(Rf_allocMatrix(REALSXP, (int) p, (int) p));
    values[4] = PROTECT(Rf_allocMatrix(REALSXP, (int) p, (int) p));
    values[5] = PROTECT(Rf_allocVector(REALSXP, length));
    values[6] = PROTECT(Rf_allocVector(REALSXP, length));
    values[7] = PROTECT(Rf_allocVector(REALSXP, length));
    values[8] = PROTECT(Rf_allocVector(REALSXP, 6));
    c.alias = INTEGER(values[0]);
    c.beta = REAL(values[1]);
    c.infinite = INTEGER(values[2]);
    c.naive = REAL(values[3]);
    c.robust = REAL(values[4]);
    c.low = REAL(values[5]);
    c.high = REAL(values[6]);
    c.drop = REAL(values[7]);
    for (size_t j = 0; j < p; j++) {
        c.beta[j] = c.low[j] = c.high[j] = c.drop[j] = NA_REAL;
        c.infinite[j] = c.alias[j] = 0;
    }
    for (size_t k = 0; k < p * p; k++)
        c.naive[k] = c.robust[k] = NA_REAL;
    c.step = glue_scratch(p, sizeof *c.step);

    oss_error err = OSS_ERROR_INIT;
    oss_fine_gray *model;
    oss_status status = oss_fine_gray_new(&c.rows, &model, &err);
    if (!status)
        status = compute_fit(&c, model, &err);
    oss_fine_gray_free(model);
    if (status)
        oss_raise(&err);

    double *fit = REAL(values[8]);
    fit[0] = c.fit.loglik;
    fit[1] = c.fit.loglik_null;
    fit[2] = c.fit.gradient;
    fit[3] = (double) c.fit.iterations;
    fit[4] = c.fit.converged;
    fit[5] = c.fit.diverging;
    SEXP list = glue_list(9, names, values);
    UNPROTECT(9);
    return list;
}

/* The baseline of one stratum (from 1) at given times, for given beta (per unit): list(hazard,
 * gradient, variance, naive, centre): cumulative hazard at the mean covariates `centre`; [p x m]
 * its derivative by beta; variance [(p + m) x (p + m)] of the score and the hazards at this beta;
 * information's inverse. */
SEXP ffi_fine_gray_baseline(SEXP input, SEXP beta, SEXP stratum, SEXP times)
{
    const oss_fine_gray_rows rows = read_rows(input);
    const size_t p = rows.p, m = (size_t) XLENGTH(times), k = p + m;
    const double *per_unit = glue_doubles(beta, (R_xlen_t) p, "beta");
    const size_t s = (size_t) glue_int(stratum, "stratum") - 1;
    const double *at = glue_doubles(times, OSS_ANY_LENGTH, "times");
    static const char *const names[] = { "hazard", "gradient", "variance", "naive", "centre" };
    SEXP values[5];
    values[0] = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) m));
    values[1] = PROTECT(Rf_allocMatrix(REALSXP, (int) p, (int) m));
    values[2] = PROTECT(Rf_allocMatrix(REALSXP, (int) k, (int) k));
    values[3] = PROTECT(Rf_allocMatrix(REALSXP, (int) p, (int) p));
    values[4] = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) p));
    double *scaled = glue_scratch(p, sizeof *scaled), *robust = glue_scratch(p * p, sizeof *robust);
    int *infinite = glue_scratch(p, sizeof *infinite);
    double *gradient = REAL(values[1]), *variance = REAL(values[2]);

    oss_error err = OSS_ERROR_INIT;
    oss_fine_gray *model;
    oss_status status = oss_fine_gray_new(&rows, &model, &err);
    for (size_t j = 0; !status && j < p; j++) {
        scaled[j] = per_unit[j] * oss_fine_gray_scale(model, j);
        infinite[j] = 0;
        REAL(values[4])[j] = oss_fine_gray_centre(model, j);
    }
    if (!status)
        status = oss_fine_gray_covariance(model, scaled, infinite, REAL(values[3]), robust, &err);
    if (!status)
        status = oss_fine_gray_variance(model, s, m, at, variance, REAL(values[0]), gradient, &err);
    for (size_t j = 0; !status && j < p; j++) {
        const double scale = oss_fine_gray_scale(model, j);
        for (size_t t = 0; t < m; t++)
            gradient[t * p + j] *= scale;
        for (size_t b = 0; b < k; b++) {
            variance[j * k + b] *= scale;
            variance[b * k + j] *= scale;
        }
    }
    oss_fine_gray_free(model);
    if (status)
        oss_raise(&err);
    SEXP list = glue_list(5, names, values);
    UNPROTECT(5);
    return list;
}
