#include "fine_gray.h"
#include "fine_gray_model.h"

#include <math.h>

oss_status oss_fine_gray_alias(oss_fine_gray *m, int *alias, oss_error *err)
{
    const size_t p = m->p;
    double *beta = oss_calloc(p, sizeof *beta), *a = oss_calloc(p, p * sizeof *a);
    oss_status status = beta && a ? OSS_OK : oss_no_memory(err);
    if (!status)
        status = oss_fine_gray_at(m, beta, a, NULL, NULL, NULL, NULL, err);
    double events = 0;
    for (size_t e = 0; e < m->n_event; e++)
        events += m->event_weight[e];
    /* Cholesky that passes over a column whose pivot is rounding of its diagonal. Standardised
     * columns have a diagonal of about the number of events, or 0 if none varies at the events. */
    for (size_t j = 0; !status && j < p; j++) {
        double pivot = a[j * p + j];
        for (size_t k = 0; k < j; k++) {
            double rest = a[j * p + k];
            for (size_t l = 0; l < k; l++)
                rest -= a[j * p + l] * a[k * p + l];
            a[j * p + k] = alias[k] ? 0 : rest / a[k * p + k];
            pivot -= a[j * p + k] * a[j * p + k];
        }
        alias[j] = !(pivot > 1e-11 * fmax(a[j * p + j], 1e-3 * events));
        a[j * p + j] = sqrt(fmax(pivot, 0));
    }
    oss_free(beta);
    oss_free(a);
    return status;
}

/* The step that Newton would take next tells which coefficients are under way: that of a converged
 * one is small, that of a diverging one moves some linear predictor by about 1. Asked where the
 * curvature is still above rounding. */
static oss_status find_infinite(oss_fine_gray *m, int *infinite, double *work, const oss_hook *hook,
                                oss_error *err)
{
    const size_t p = m->p;
    double *beta = work, *gradient = beta + p, *hessian = gradient + p, *rest = hessian + p * p;
    const oss_problem problem = { oss_fine_gray_loglik, m, p };
    const oss_optimise_control control = { 100, 1e-8, hook };
    oss_optimum optimum;
    double value;
    for (size_t j = 0; j < p; j++)
        beta[j] = 0;
    oss_status status = oss_maximise(&problem, beta, &control, rest, &optimum, err);
    if (!status)
        status = oss_fine_gray_loglik(m, beta, &value, gradient, hessian, err);
    if (status)
        return status;
    for (size_t k = 0; k < p * p; k++)
        hessian[k] = -hessian[k];
    if (oss_spd_inverse(p, hessian, NULL, NULL) != OSS_OK)
        return OSS_OK;
    for (size_t j = 0; j < p; j++) {
        double step = 0, least = INFINITY, most = -INFINITY;
        for (size_t k = 0; k < p; k++)
            step += hessian[j * p + k] * gradient[k];
        for (size_t i = 0; i < m->n; i++) {
            least = fmin(least, m->x[i * p + j]);
            most = fmax(most, m->x[i * p + j]);
        }
        if (fabs(step) * (most - least) > 0.05)
            infinite[j] = step > 0 ? 1 : -1;
    }
    return OSS_OK;
}

oss_status oss_fine_gray_maximise(oss_fine_gray *m, double *beta, int *infinite,
                                  oss_fine_gray_fit *fit, const oss_hook *hook, oss_error *err)
{
    const size_t p = m->p;
    const oss_problem problem = { oss_fine_gray_loglik, m, p };
    const oss_optimise_control control = { 100, 0, hook };
    oss_optimum optimum;
    double *work = oss_calloc(oss_maximise_work(p) + p * p + 2 * p, sizeof *work);
    *fit = (oss_fine_gray_fit){ 0 };
    if (!work)
        return oss_no_memory(err);
    for (size_t j = 0; j < p; j++) {
        beta[j] = 0;
        infinite[j] = 0;
    }
    oss_status status = oss_fine_gray_loglik(m, beta, &fit->loglik_null, NULL, NULL, err);
    if (!status)
        status = oss_maximise(&problem, beta, &control, work, &optimum, err);
    if (status)
        goto done;
    fit->loglik = optimum.value;
    fit->gradient = optimum.gradient;
    fit->iterations = optimum.iterations;
    fit->converged = optimum.converged;
    fit->diverging = optimum.diverging;
    if (fit->diverging)
        status = find_infinite(m, infinite, work, hook, err);
done:
    oss_free(work);
    return status;
}

typedef struct {
    const oss_problem *problem;
    const oss_optimise_control *control;
    const double *contrast;
    double *at, *work;
    double loglik;
} profile;

static oss_status drop_at(void *context, double theta, double *value, oss_error *err)
{
    profile *c = context;
    oss_optimum optimum;
    double slope;
    const oss_status status = oss_maximise_given(c->problem, c->contrast, theta, c->at, c->control,
                                                 c->work, &optimum, &slope, err);
    /* Not finite where it starts: as good as impossible. */
    *value = status == OSS_EINVAL ? INFINITY : c->loglik - optimum.value;
    return status == OSS_EINVAL ? OSS_OK : status;
}

oss_status oss_fine_gray_profile(oss_fine_gray *m, const double *beta, const int *infinite,
                                 double loglik, double target, const double *step, double *low,
                                 double *high, double *drop, const oss_hook *hook, oss_error *err)
{
    const size_t p = m->p;
    const oss_problem problem = { oss_fine_gray_loglik, m, p };
    const oss_optimise_control control = { 100, 0, hook };
    double *work = oss_calloc(oss_maximise_given_work(p) + 2 * p, sizeof *work);
    oss_status status = work ? OSS_OK : oss_no_memory(err);
    for (size_t j = 0; !status && j < p; j++)
        /* The sides, and between them 0. */
        for (int side = -1; !status && side <= 1; side++) {
            double *contrast = work, *at = work + p, *limit = side < 0 ? low + j : high + j;
            for (size_t k = 0; k < p; k++) {
                contrast[k] = k == j;
                at[k] = beta[k];
            }
            if (side && infinite[j] == side) {
                *limit = side * INFINITY;
                continue;
            }
            profile c = { &problem, &control, contrast, at, work + 2 * p, loglik };
            if (side == 0) {
                status = drop_at(&c, 0, drop + j, err);
                continue;
            }
            const double first = step[j] > 0 && isfinite(step[j]) ? step[j] : 1;
            status = oss_profile_limit(drop_at, &c, beta[j], side * first, 500 * fmax(first, 1),
                                       target, limit, err);
        }
    oss_free(work);
    return status;
}

oss_status oss_fine_gray_covariance(oss_fine_gray *m, const double *beta, const int *infinite,
                                    double *naive, double *robust, oss_error *err)
{
    const size_t p = m->p;
    double *inverse = oss_calloc(p, p * sizeof *inverse), *omega = oss_calloc(p, p * sizeof *omega);
    double *half = oss_calloc(p, p * sizeof *half);
    size_t *kept = oss_calloc(p, sizeof *kept), q = 0;
    oss_status status = inverse && omega && half && kept ? OSS_OK : oss_no_memory(err);
    if (!status)
        status = oss_fine_gray_at(m, beta, naive, NULL, NULL, NULL, NULL, err);
    if (!status)
        status = oss_fine_gray_variance(m, 0, 0, NULL, omega, NULL, NULL, err);
    for (size_t j = 0; !status && j < p; j++)
        if (!infinite[j])
            kept[q++] = j;
    for (size_t a = 0; !status && a < q; a++)
        for (size_t b = 0; b < q; b++)
            inverse[a * q + b] = naive[kept[a] * p + kept[b]];
    const int singular = !status && oss_spd_inverse(q, inverse, NULL, NULL) != OSS_OK;
    for (size_t k = 0; !status && k < p * p; k++)
        naive[k] = robust[k] = NAN;
    for (size_t a = 0; !status && !singular && a < q; a++)
        for (size_t b = 0; b < q; b++) {
            half[a * q + b] = 0;
            for (size_t c = 0; c < q; c++)
                half[a * q + b] += inverse[a * q + c] * omega[kept[c] * p + kept[b]];
        }
    for (size_t a = 0; !status && !singular && a < q; a++)
        for (size_t b = 0; b < q; b++) {
            double sum = 0;
            for (size_t c = 0; c < q; c++)
                sum += half[a * q + c] * inverse[c * q + b];
            const double unit = m->scale[kept[a]] * m->scale[kept[b]];
            naive[kept[a] * p + kept[b]] = inverse[a * q + b] / unit;
            robust[kept[a] * p + kept[b]] = sum / unit;
        }
    oss_free(inverse);
    oss_free(omega);
    oss_free(half);
    oss_free(kept);
    return status;
}
