#include "cox_model.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* A direction with less information than this, an event with standardised covariates having about
 * 1, has none: what is left is rounding, or a likelihood that is monotone in it. */
static const double no_information = 1e-9, no_pivot = 1e-11;

oss_status oss_cox_alias(oss_cox *cox, int *alias, oss_error *err)
{
    const size_t p = cox->p;
    double *zero = cox->fit_work + loglik_work(p), *g = zero + p, *a = g + p;
    memset(zero, 0, p * sizeof *zero);
    if (!isfinite(cox_plain_loglik(cox, zero, g, a)))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the offset leaves no finite likelihood");
    /* Cholesky in the order of the columns, without those that add nothing. */
    for (size_t j = 0; j < p; j++) {
        const double own = a[j * p + j];
        double pivot = own;
        for (size_t k = 0; k < j; k++) {
            if (alias[k]) {
                a[j * p + k] = 0;
                continue;
            }
            double sum = a[j * p + k];
            for (size_t l = 0; l < k; l++)
                sum -= a[j * p + l] * a[k * p + l];
            a[j * p + k] = sum / a[k * p + k];
            pivot -= a[j * p + k] * a[j * p + k];
        }
        alias[j] = !(own > no_pivot * cox->events && pivot > no_pivot * own);
        a[j * p + j] = alias[j] ? 1 : sqrt(pivot);
        for (size_t l = 0; alias[j] && l < j; l++)
            a[j * p + l] = 0;
    }
    return OSS_OK;
}

/* Inverse of the information on the directions that have any; the others make their coefficients
 * infinite. */
static oss_status invert_information(const oss_cox *cox, const double *beta, double *information,
                                     double *variance, int *infinite, int *flat, oss_error *err)
{
    const size_t p = cox->p;
    *flat = 0;
    double *space = oss_calloc(p * p + 2 * p, sizeof *space);
    gsl_eigen_symmv_workspace *work = p ? gsl_eigen_symmv_alloc(p) : NULL;
    if (space == NULL || (p && work == NULL)) {
        oss_free(space);
        gsl_eigen_symmv_free(work);
        return oss_no_memory(err);
    }
    memset(variance, 0, p * p * sizeof *variance);
    memset(infinite, 0, p * sizeof *infinite);
    if (p) {
        double *value = space + p * p, *away = value + p;
        gsl_matrix_view a = gsl_matrix_view_array(information, p, p),
                        vectors = gsl_matrix_view_array(space, p, p);
        gsl_vector_view values = gsl_vector_view_array(value, p);
        gsl_eigen_symmv(&a.matrix, &values.vector, &vectors.matrix, work);
        gsl_eigen_symmv_free(work);
        for (size_t l = 0; l < p; l++) {
            if (value[l] > no_information * cox->events) {
                for (size_t j = 0; j < p; j++)
                    for (size_t k = 0; k < p; k++)
                        variance[j * p + k] += space[j * p + l] * space[k * p + l] / value[l];
                continue;
            }
            *flat = 1;
            double along = 0;
            for (size_t j = 0; j < p; j++)
                along += space[j * p + l] * beta[j];
            for (size_t j = 0; j < p; j++)
                away[j] += along * space[j * p + l];
        }
        double most = 0;
        for (size_t j = 0; j < p; j++)
            most = fmax(most, fabs(away[j]));
        for (size_t j = 0; *flat && j < p; j++)
            infinite[j] = fabs(away[j]) <= 1e-5 * most ? 0 : away[j] > 0 ? 1 : -1;
    }
    oss_free(space);
    return OSS_OK;
}

oss_status oss_cox_maximise(oss_cox *cox, double *beta, double *variance, int *infinite,
                            oss_cox_fit *fit, const oss_hook *hook, oss_error *err)
{
    const size_t p = cox->p;
    double *information = cox->fit_work + loglik_work(p), *g = information + p * p, *work = g + p;
    *fit = (oss_cox_fit){ 0 };
    memset(beta, 0, p * sizeof *beta);
    /* With the information, to be kept for the fit's first step. */
    fit->loglik_null = cox_plain_loglik(cox, beta, g, information);
    oss_status status = cox_loglik(cox, beta, &fit->loglik_null, g, NULL, err);
    if (status != OSS_OK)
        return status;
    if (!isfinite(fit->loglik_null))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the likelihood is not finite at coefficients 0");
    if (p) {
        oss_error none = OSS_ERROR_INIT;
        cox_plain_loglik(cox, beta, NULL, information);
        fit->score = NAN;
        if (oss_spd_inverse(p, information, NULL, &none) == OSS_OK) {
            fit->score = 0;
            for (size_t j = 0; j < p; j++)
                for (size_t k = 0; k < p; k++)
                    fit->score += g[j] * information[j * p + k] * g[k];
        }
    }
    const oss_problem problem = { cox_loglik, cox, p };
    const oss_optimise_control control = { 0, 0, hook };
    oss_optimum optimum;
    status = oss_maximise(&problem, beta, &control, work, &optimum, err);
    if (status != OSS_OK)
        return status;
    cox_plain_loglik(cox, beta, NULL, information);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            fit->wald += beta[j] * information[j * p + k] * beta[k];
    int flat;
    status = invert_information(cox, beta, information, variance, infinite, &flat, err);
    if (status != OSS_OK)
        return status;
    fit->loglik = optimum.value + (cox->firth ? cox->log_scale : 0);
    fit->loglik_null += cox->firth ? cox->log_scale : 0;
    fit->likelihood = 2 * (fit->loglik - fit->loglik_null);
    fit->iterations = optimum.iterations;
    fit->converged = optimum.converged;
    fit->gradient = optimum.gradient;
    fit->diverging = flat && !cox->firth;
    if (cox->firth)
        memset(infinite, 0, p * sizeof *infinite);
    for (size_t j = 0; j < p; j++) {
        beta[j] /= cox->scale[j];
        for (size_t k = 0; k < p; k++)
            variance[j * p + k] /= cox->scale[j] * cox->scale[k];
    }
    return OSS_OK;
}

/* The profile likelihood of one coefficient. */
typedef struct {
    oss_cox *cox;
    size_t j;
    double best;   /* the maximum, in the units of cox_loglik */
    double target; /* the drop looked for */
    double *centre, *x, *unit, *gradient, *hessian, *work;
    const oss_hook *hook;
} profile;

static oss_status drop_at(void *context, double theta, double *drop, oss_error *err)
{
    profile *q = context;
    const oss_problem problem = { cox_loglik, q->cox, q->cox->p };
    const oss_optimise_control control = { 0, 0, q->hook };
    oss_optimum optimum;
    double slope;
    oss_error own = OSS_ERROR_INIT;
    oss_status status = OSS_OK;
    /* Where other coefficients run away a start may lose itself: from the last place, from the
     * maximum, from zero. */
    for (int start = 0; start < 3; start++) {
        for (size_t k = 0; start > 0 && k < q->cox->p; k++)
            q->x[k] = start == 1 ? q->centre[k] : 0;
        own = (oss_error) OSS_ERROR_INIT;
        status = oss_maximise_given(&problem, q->unit, theta, q->x, &control, q->work, &optimum,
                                    &slope, &own);
        if (status != OSS_EINVAL && status != OSS_ENOCONV)
            break;
    }
    if (status == OSS_EINVAL || status == OSS_ENOCONV) {
        /* No finite likelihood there: as far down as can be. */
        memcpy(q->x, q->centre, q->cox->p * sizeof *q->x);
        *drop = INFINITY;
        return OSS_OK;
    }
    if (status != OSS_OK && err)
        *err = own;
    *drop = q->best - optimum.value;
    return status;
}

/* Newton for value = best - target with the scores of the other coefficients zero; *found says
 * whether it got there. With h the Hessian of the others (o): a = h_oo^-1 h_oj, b = h_oo^-1 g_o. */
static oss_status limit_by_newton(profile *q, const double *variance, double side, double *limit,
                                  int *found, oss_error *err)
{
    const size_t p = q->cox->p, j = q->j;
    double *x = q->x, *g = q->gradient, *h = q->hessian, *a = q->work, *b = a + p, *rest = b + p,
           *reduced = rest + p;
    *found = 0;
    const double own = sqrt(2 * q->target * variance[j * p + j]);
    for (size_t k = 0; k < p; k++)
        x[k] = q->centre[k] + side * own * variance[k * p + j] / variance[j * p + j];
    for (int iteration = 0; iteration < 40; iteration++) {
        double value;
        const oss_status status = cox_loglik(q->cox, x, &value, g, h, err);
        if (status != OSS_OK)
            return status;
        if (!isfinite(value))
            return OSS_OK;
        if (oss_stopped(q->hook, 0))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        for (size_t k = 0, m = 0; k < p; k++) {
            if (k == j)
                continue;
            rest[m] = g[k];
            for (size_t l = 0, i = 0; l < p; l++)
                if (l != j)
                    reduced[m * (p - 1) + i++] = -h[k * p + l];
            m++;
        }
        oss_error none = OSS_ERROR_INIT;
        if (oss_spd_inverse(p - 1, reduced, NULL, &none) != OSS_OK)
            return OSS_OK;
        double slope = g[j], gain = 0;
        for (size_t m = 0; m + 1 < p; m++) {
            a[m] = b[m] = 0;
            for (size_t i = 0; i + 1 < p; i++) {
                a[m] -= reduced[m * (p - 1) + i] * h[(i + (i >= j)) * p + j];
                b[m] -= reduced[m * (p - 1) + i] * rest[i];
            }
        }
        for (size_t m = 0; m + 1 < p; m++) {
            slope -= rest[m] * a[m];
            gain += rest[m] * b[m];
        }
        if (!(side * slope < 0))
            return OSS_OK;
        const double step = (gain - (value - q->best + q->target)) / slope;
        double most = fabs(step);
        x[j] += step;
        for (size_t m = 0; m + 1 < p; m++) {
            const double other = -b[m] - a[m] * step;
            x[m + (m >= j)] += other;
            most = fmax(most, fabs(other));
        }
        if (!isfinite(most) || side * (x[j] - q->centre[j]) <= 0)
            return OSS_OK;
        if (most <= 1e-10 * (1 + fabs(x[j] - q->centre[j]))) {
            *limit = x[j];
            *found = 1;
            return OSS_OK;
        }
    }
    return OSS_OK;
}

static oss_status find_limit(profile *q, const double *variance, double side, int infinite,
                             double *limit, oss_error *err)
{
    const size_t p = q->cox->p;
    if (infinite && side * infinite > 0) {
        *limit = side * INFINITY;
        return OSS_OK;
    }
    int found = 0;
    if (!infinite) {
        const oss_status status = limit_by_newton(q, variance, side, limit, &found, err);
        if (status != OSS_OK || found)
            return status;
    }
    memcpy(q->x, q->centre, p * sizeof *q->x);
    const double step = infinite ? 1 : sqrt(2 * q->target * variance[q->j * p + q->j]);
    return oss_profile_limit(drop_at, q, q->centre[q->j], side * fmin(step, 10), 500, q->target,
                             limit, err);
}

oss_status oss_cox_profile(oss_cox *cox, const double *beta, const double *variance,
                           const int *infinite, double loglik, double quantile, double *low,
                           double *high, double *drop, const oss_hook *hook, oss_error *err)
{
    const size_t p = cox->p;
    double *space = oss_calloc(2 * p * p + 5 * p, sizeof *space);
    if (space == NULL)
        return oss_no_memory(err);
    double *z_variance = space + p * p;
    profile q = { .cox = cox,
                  .best = loglik - (cox->firth ? cox->log_scale : 0),
                  .target = 0.5 * quantile,
                  .centre = z_variance + p * p,
                  .hessian = space,
                  .work = cox->fit_work + loglik_work(p),
                  .hook = hook };
    q.x = q.centre + p;
    q.unit = q.x + p;
    q.gradient = q.unit + p;
    cox_standardise(cox, beta, q.centre);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            z_variance[j * p + k] = variance[j * p + k] * cox->scale[j] * cox->scale[k];
    oss_status status = OSS_OK;
    for (size_t j = 0; j < p && status == OSS_OK; j++) {
        q.j = j;
        memset(q.unit, 0, p * sizeof *q.unit);
        q.unit[j] = 1;
        memcpy(q.x, q.centre, p * sizeof *q.x);
        status = drop_at(&q, 0, drop + j, err);
        drop[j] = fmax(drop[j], 0);
        if (status == OSS_OK)
            status = find_limit(&q, z_variance, -1, infinite[j], low + j, err);
        if (status == OSS_OK)
            status = find_limit(&q, z_variance, 1, infinite[j], high + j, err);
        low[j] /= cox->scale[j];
        high[j] /= cox->scale[j];
    }
    oss_free(space);
    return status;
}
