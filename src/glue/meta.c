#include "glue.h"
#include "entries.h"

#include "../core/count_model.h"
#include "../core/count_predictive.h"
#include "../core/normal_normal.h"

static SEXP real_matrix(size_t n, const double *values)
{
    SEXP m = Rf_allocMatrix(REALSXP, (int) n, (int) n);
    for (size_t i = 0; i < n * n; i++)
        REAL(m)[i] = values[i];
    return m;
}

static SEXP real_vector(size_t n, const double *values)
{
    SEXP v = Rf_allocVector(REALSXP, (R_xlen_t) n);
    for (size_t i = 0; i < n; i++)
        REAL(v)[i] = values[i];
    return v;
}

SEXP ffi_normal_normal(SEXP y, SEXP v, SEXP x, SEXP method, SEXP conf_level)
{
    const size_t k = (size_t) XLENGTH(y), p = k ? (size_t) XLENGTH(x) / k : 0;
    const oss_normal_data data = { k, p, glue_doubles(y, OSS_ANY_LENGTH, "y"),
                                   glue_doubles(v, (R_xlen_t) k, "v"),
                                   glue_doubles(x, (R_xlen_t) (k * p), "x") };
    const oss_tau2 how = (oss_tau2) glue_int(method, "method");
    const double level = glue_double(conf_level, "conf.level");
    double *work = glue_scratch(oss_normal_work(k, p), sizeof *work);
    double *beta = glue_scratch(p, sizeof *beta), *vcov = glue_scratch(p * p, sizeof *vcov);
    const oss_hook hook = glue_interrupt_hook();
    oss_normal_fit fit;
    oss_error err = OSS_ERROR_INIT;
    if (oss_normal_normal(&data, how, level, beta, vcov, work, &fit, &hook, &err) != OSS_OK)
        oss_raise(&err);

    SEXP values[13] = {
        PROTECT(real_vector(p, beta)),           PROTECT(real_matrix(p, vcov)),
        PROTECT(Rf_ScalarReal(fit.tau2)),        PROTECT(Rf_ScalarReal(fit.tau2_se)),
        PROTECT(Rf_ScalarReal(fit.tau2_low)),    PROTECT(Rf_ScalarReal(fit.tau2_high)),
        PROTECT(Rf_ScalarReal(fit.q)),           PROTECT(Rf_ScalarReal(fit.i2)),
        PROTECT(Rf_ScalarReal(fit.scale)),       PROTECT(Rf_ScalarReal(fit.log_lik)),
        PROTECT(Rf_ScalarReal(fit.gradient)),    PROTECT(Rf_ScalarInteger((int) fit.iterations)),
        PROTECT(Rf_ScalarLogical(fit.converged))
    };
    static const char *const names[13] = { "beta",     "vcov",      "tau2",     "tau2.se",
                                           "tau2.low", "tau2.high", "q",        "i2",
                                           "scale",    "logLik",    "gradient", "iterations",
                                           "converged" };
    SEXP list = glue_list(13, names, values);
    UNPROTECT(13);
    return list;
}

static oss_count_data read_counts(SEXP kind, SEXP x, SEXP size, SEXP design)
{
    const size_t k = (size_t) XLENGTH(x), p = k ? (size_t) XLENGTH(design) / k : 0;
    const oss_count_data data = { glue_int(kind, "kind") ? OSS_RATE : OSS_PROPORTION,
                                  k,
                                  p,
                                  glue_doubles(x, OSS_ANY_LENGTH, "x"),
                                  glue_doubles(size, (R_xlen_t) k, "size"),
                                  glue_doubles(design, (R_xlen_t) (k * p), "design") };
    return data;
}

/* Studies without a design. */
static oss_count_data one_group(SEXP kind, SEXP x, SEXP size)
{
    const oss_count_data data = { glue_int(kind, "kind") ? OSS_RATE : OSS_PROPORTION,
                                  (size_t) XLENGTH(x),
                                  0,
                                  glue_doubles(x, OSS_ANY_LENGTH, "x"),
                                  glue_doubles(size, XLENGTH(x), "size"),
                                  NULL };
    return data;
}

SEXP ffi_count_fit(SEXP kind, SEXP x, SEXP size, SEXP design)
{
    const oss_count_data data = read_counts(kind, x, size, design);
    const size_t p = data.p, q = p + 1;
    double *work = glue_scratch(oss_count_work(p), sizeof *work);
    double *beta = glue_scratch(p, sizeof *beta), *information = glue_scratch(q * q, sizeof *work);
    const oss_hook hook = glue_interrupt_hook();
    oss_count_fit fit;
    oss_error err = OSS_ERROR_INIT;
    if (oss_count_fit_model(&data, beta, information, work, &fit, &hook, &err) != OSS_OK)
        oss_raise(&err);

    SEXP values[10] = { PROTECT(real_vector(p, beta)),
                        PROTECT(real_matrix(q, information)),
                        PROTECT(Rf_ScalarReal(fit.g)),
                        PROTECT(Rf_ScalarReal(fit.log_lik)),
                        PROTECT(Rf_ScalarReal(fit.log_lik0)),
                        PROTECT(Rf_ScalarReal(fit.gradient)),
                        PROTECT(Rf_ScalarInteger((int) fit.iterations)),
                        PROTECT(Rf_ScalarLogical(fit.converged)),
                        PROTECT(Rf_ScalarLogical(fit.boundary)),
                        PROTECT(Rf_ScalarLogical(fit.diverging)) };
    static const char *const names[10] = { "beta",     "information", "g",          "logLik",
                                           "logLik0",  "gradient",    "iterations", "converged",
                                           "boundary", "diverging" };
    SEXP list = glue_list(10, names, values);
    UNPROTECT(10);
    return list;
}

SEXP ffi_count_interval(SEXP kind, SEXP x, SEXP size, SEXP design, SEXP contrast, SEXP beta,
                        SEXP fitted, SEXP se, SEXP target)
{
    const oss_count_data data = read_counts(kind, x, size, design);
    const double *weights = glue_doubles(contrast, (R_xlen_t) data.p, "contrast");
    const double *estimate = glue_doubles(beta, (R_xlen_t) data.p, "beta");
    const double *known = glue_doubles(fitted, 2, "fitted"); /* g and log-likelihood of the fit */
    const oss_count_fit fit = { .g = known[0], .log_lik = known[1], .boundary = known[0] == 0 };
    const double width = glue_double(se, "se"), drop = glue_double(target, "target");
    double *work = glue_scratch(oss_count_work(data.p), sizeof *work);
    const oss_hook hook = glue_interrupt_hook();
    double limits[2];
    oss_error err = OSS_ERROR_INIT;
    if (oss_count_interval(&data, weights, estimate, &fit, width, drop, work, &limits[0],
                           &limits[1], &hook, &err) != OSS_OK)
        oss_raise(&err);
    return real_vector(2, limits);
}

SEXP ffi_count_loglik(SEXP kind, SEXP x, SEXP size, SEXP design, SEXP at)
{
    const oss_count_data data = read_counts(kind, x, size, design);
    const size_t q = data.p + 1;
    const double *point = glue_doubles(at, (R_xlen_t) q, "at");
    double *gradient = glue_scratch(q, sizeof *gradient),
           *hessian = glue_scratch(q * q, sizeof *hessian);
    const double value = oss_count_loglik(&data, 1, point, gradient, hessian);
    SEXP values[3] = { PROTECT(Rf_ScalarReal(value)), PROTECT(real_vector(q, gradient)),
                       PROTECT(real_matrix(q, hessian)) };
    static const char *const names[3] = { "value", "gradient", "hessian" };
    SEXP list = glue_list(3, names, values);
    UNPROTECT(3);
    return list;
}

/* Room for a predictive distribution in R's memory. */
static oss_predictive predictive_room(void)
{
    const size_t n = oss_predictive_nodes();
    const oss_predictive p = { OSS_PROPORTION, 0, glue_scratch(n, sizeof(double)),
                               glue_scratch(n, sizeof(double)), glue_scratch(n, sizeof(double)) };
    return p;
}

/* Quantiles of the true proportion or rate of a new study. */
SEXP ffi_count_predictive(SEXP kind, SEXP x, SEXP size, SEXP probabilities)
{
    const oss_count_data data = one_group(kind, x, size);
    const double *wanted = glue_doubles(probabilities, 2, "probabilities");
    oss_predictive p = predictive_room();
    double *work = glue_scratch(oss_predictive_work(), sizeof *work), limits[2];
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    oss_status status = oss_count_predictive(&data, &p, work, &hook, &err);
    for (int i = 0; i < 2 && status == OSS_OK; i++)
        status = oss_predictive_quantile(&p, wanted[i], &limits[i], &err);
    if (status != OSS_OK)
        oss_raise(&err);
    return real_vector(2, limits);
}

/* For each new study: P(X <= x), P(X >= x), and the limits of the predictive interval. */
SEXP ffi_count_check(SEXP kind, SEXP x, SEXP size, SEXP new_x, SEXP new_size, SEXP tail)
{
    const oss_count_data data = one_group(kind, x, size);
    const size_t m = (size_t) XLENGTH(new_x);
    const double *count = glue_doubles(new_x, OSS_ANY_LENGTH, "events");
    const double *room = glue_doubles(new_size, (R_xlen_t) m, "size");
    const double share = glue_double(tail, "tail");
    oss_predictive p = predictive_room();
    double *work = glue_scratch(oss_predictive_work(), sizeof *work);
    double *out = glue_scratch(4 * m, sizeof *out);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    oss_status status = oss_count_predictive(&data, &p, work, &hook, &err);
    for (size_t i = 0; i < m && status == OSS_OK; i++)
        status = oss_predictive_count(&p, room[i], count[i], share, work, &out[i], &out[m + i],
                                      &out[2 * m + i], &out[3 * m + i], &hook, &err);
    if (status != OSS_OK)
        oss_raise(&err);
    return real_vector(4 * m, out);
}
