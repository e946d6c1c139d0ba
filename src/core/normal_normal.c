#include "normal_normal.h"
#include "optimise.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

/* What the weights 1 / (v + tau2) make of the data. With P = W - W X A X' W, A = (X' W X)^-1, every
 * trace and quadratic form below costs O(k p^2): no k x k matrix is formed. */
typedef struct {
    const oss_normal_data *data;
    int restricted;
    double *w, *u, *beta;            /* [k] weights, [k] P y = w * residual, [p] */
    double *a, *s2, *s3, *b, *c, *d; /* [p * p] x 4, [p] x 2 */
    double q, yppy, ypppy, tr_p, tr_pp, sum_w, sum_w2, log_det, sum_log;
} weighing;

size_t oss_normal_work(size_t k, size_t p)
{
    return 2 * k + 4 * p * p + 3 * p + oss_maximise_work(1);
}

static void place(weighing *m, const oss_normal_data *data, double *work)
{
    const size_t k = data->k, p = data->p;
    *m = (weighing){ .data = data };
    m->w = work;
    m->u = m->w + k;
    m->a = m->u + k;
    m->s2 = m->a + p * p;
    m->s3 = m->s2 + p * p;
    m->b = m->s3 + p * p;
    m->c = m->b + p * p;
    m->d = m->c + p;
    m->beta = m->d + p;
}

static double form(size_t p, const double *left, const double *a, const double *right)
{
    double sum = 0;
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            sum += left[i] * a[i * p + j] * right[j];
    return sum;
}

/* tr(a b) for symmetric a, b. */
static double trace2(size_t p, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < p * p; i++)
        sum += a[i] * b[i];
    return sum;
}

static oss_status weigh(weighing *m, double tau2, int traces, oss_error *err)
{
    const size_t k = m->data->k, p = m->data->p;
    const double *x = m->data->x, *y = m->data->y, *v = m->data->v;
    m->sum_w = m->sum_w2 = m->sum_log = 0;
    for (size_t i = 0; i < k; i++) {
        m->w[i] = 1 / (v[i] + tau2);
        m->sum_w += m->w[i];
        m->sum_w2 += m->w[i] * m->w[i];
        m->sum_log += log(v[i] + tau2);
    }
    for (size_t r = 0; r < p; r++) {
        m->c[r] = 0;
        for (size_t i = 0; i < k; i++)
            m->c[r] += x[r * k + i] * m->w[i] * y[i];
        for (size_t s = 0; s <= r; s++) {
            double s1 = 0, s2 = 0, s3 = 0;
            for (size_t i = 0; i < k; i++) {
                const double w = m->w[i], xx = x[r * k + i] * x[s * k + i] * w;
                s1 += xx;
                s2 += xx * w;
                s3 += xx * w * w;
            }
            m->a[r * p + s] = m->a[s * p + r] = s1;
            m->s2[r * p + s] = m->s2[s * p + r] = s2;
            m->s3[r * p + s] = m->s3[s * p + r] = s3;
        }
    }
    const oss_status status = oss_spd_inverse(p, m->a, &m->log_det, err);
    if (status != OSS_OK)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the moderators are collinear, or vary less than rounding");
    for (size_t r = 0; r < p; r++) {
        m->beta[r] = 0;
        for (size_t s = 0; s < p; s++)
            m->beta[r] += m->a[r * p + s] * m->c[s];
    }
    m->q = m->yppy = 0;
    double pwp = 0;
    for (size_t i = 0; i < k; i++) {
        double residual = y[i];
        for (size_t r = 0; r < p; r++)
            residual -= x[r * k + i] * m->beta[r];
        m->u[i] = m->w[i] * residual;
        m->q += m->u[i] * residual;
        m->yppy += m->u[i] * m->u[i];
        pwp += m->w[i] * m->u[i] * m->u[i];
    }
    if (!traces)
        return OSS_OK;
    for (size_t r = 0; r < p; r++) {
        m->d[r] = 0;
        for (size_t i = 0; i < k; i++)
            m->d[r] += x[r * k + i] * m->w[i] * m->u[i];
    }
    m->ypppy = pwp - form(p, m->d, m->a, m->d);
    for (size_t r = 0; r < p; r++)
        for (size_t s = 0; s < p; s++) {
            double sum = 0;
            for (size_t i = 0; i < p; i++)
                sum += m->a[r * p + i] * m->s2[i * p + s];
            m->b[r * p + s] = sum;
        }
    double ab = 0;
    for (size_t r = 0; r < p; r++)
        for (size_t s = 0; s < p; s++)
            ab += m->b[r * p + s] * m->b[s * p + r];
    m->tr_p = m->sum_w - trace2(p, m->a, m->s2);
    m->tr_pp = m->sum_w2 - 2 * trace2(p, m->a, m->s3) + ab;
    return OSS_OK;
}

/* Up to a constant in tau2, and its derivatives by tau2. */
static double log_lik(const weighing *m)
{
    return -0.5 * (m->sum_log + m->q + (m->restricted ? m->log_det : 0));
}

static double score(const weighing *m)
{
    return 0.5 * (m->yppy - (m->restricted ? m->tr_p : m->sum_w));
}

static double curvature(const weighing *m)
{
    return 0.5 * (m->restricted ? m->tr_pp : m->sum_w2) - m->ypppy;
}

/* As a function of log tau2. */
static oss_status evaluate(void *context, const double *x, double *value, double *gradient,
                           double *hessian, oss_error *err)
{
    weighing *m = context;
    const double tau2 = exp(x[0]);
    if (!(tau2 <= DBL_MAX)) {
        *value = -INFINITY;
        return OSS_OK;
    }
    const oss_status status = weigh(m, tau2, gradient || hessian, err);
    if (status != OSS_OK)
        return status;
    *value = log_lik(m);
    if (gradient)
        gradient[0] = tau2 * score(m);
    if (hessian)
        hessian[0] = tau2 * score(m) + tau2 * tau2 * curvature(m);
    return OSS_OK;
}

/* tau2 >= 0 with Q(tau2) = target; 0 if Q(0) is below it. Q falls and is convex, so Newton from the
 * left never overshoots. */
static oss_status match_q(weighing *m, double target, double *tau2, size_t *iterations,
                          int *converged, oss_error *err)
{
    *tau2 = 0;
    *converged = 0;
    for (*iterations = 0; *iterations < 200; ++*iterations) {
        oss_status status = weigh(m, *tau2, 0, err);
        if (status != OSS_OK)
            return status;
        const double step = (m->q - target) / m->yppy;
        if (!(step > 4 * DBL_EPSILON * *tau2)) {
            *converged = 1;
            return OSS_OK;
        }
        *tau2 += step;
    }
    return OSS_OK;
}

/* Best of tau2 = 0 and the interior maxima reached from a small and from a moment start. */
static oss_status maximise(weighing *m, double start, double *work, oss_normal_fit *fit,
                           const oss_hook *hook, oss_error *err)
{
    double typical = 0;
    for (size_t i = 0; i < m->data->k; i++)
        typical += m->data->v[i];
    typical /= (double) m->data->k;
    oss_status status = weigh(m, 0, 1, err);
    if (status != OSS_OK)
        return status;
    double best = log_lik(m);
    fit->tau2 = 0;
    fit->converged = 1;
    const oss_problem problem = { evaluate, m, 1 };
    const oss_optimise_control control = { 0, 0, hook };
    const double starts[2] = { fmax(start, 0.1 * typical), 0.01 * fmax(start, 0.1 * typical) };
    for (int s = 0; s < 2; s++) {
        double x = log(starts[s]);
        oss_optimum optimum;
        status = oss_maximise(&problem, &x, &control, work, &optimum, err);
        if (status != OSS_OK)
            return status;
        fit->iterations += optimum.iterations;
        const double tau2 = exp(x);
        /* Sliding down to 0 gives the boundary's likelihood but for rounding. */
        if (optimum.value > best + 1e-12 * (1 + fabs(best)) && !optimum.diverging) {
            best = optimum.value;
            fit->tau2 = tau2;
            fit->converged = optimum.converged;
        }
    }
    return OSS_OK;
}

static oss_status check(const oss_normal_data *data, oss_tau2 method, oss_error *err)
{
    for (size_t i = 0; i < data->k; i++) {
        if (!isfinite(data->y[i]))
            return oss_fail(err, OSS_EINVAL, i, "an effect must be a finite number");
        if (!(data->v[i] > 0) || !isfinite(data->v[i]))
            return oss_fail(err, OSS_EINVAL, i, "a sampling variance must be above 0 and finite");
        for (size_t r = 0; r < data->p; r++)
            if (!isfinite(data->x[r * data->k + i]))
                return oss_fail(err, OSS_EINVAL, i, "a moderator must be a finite number");
    }
    if (data->p == 0 || data->k < data->p || (data->k == data->p && method != OSS_TAU2_FIXED))
        return oss_fail(
            err, OSS_EINVAL, OSS_NO_INDEX,
            "the variance between studies needs more studies (%zu) than coefficients (%zu)",
            data->k, data->p);
    return OSS_OK;
}

oss_status oss_normal_normal(const oss_normal_data *data, oss_tau2 method, double conf_level,
                             double *beta, double *vcov, double *work, oss_normal_fit *fit,
                             const oss_hook *hook, oss_error *err)
{
    const size_t k = data->k, p = data->p;
    const double df = (double) k - (double) p;
    oss_status status = check(data, method, err);
    if (status != OSS_OK)
        return status;
    *fit = (oss_normal_fit){ .tau2_se = NAN, .tau2_low = NAN, .tau2_high = NAN, .converged = 1 };
    weighing m;
    place(&m, data, work);
    double *rest = m.beta + p;
    status = weigh(&m, 0, 1, err);
    if (status != OSS_OK)
        return status;
    fit->q = m.q;
    const double tr_p = m.tr_p, moment = fmax(0, (m.q - df) / tr_p);

    switch (method) {
    case OSS_TAU2_FIXED:
        break;
    case OSS_TAU2_DL:
        fit->tau2 = moment;
        break;
    case OSS_TAU2_PM:
        status = match_q(&m, df, &fit->tau2, &fit->iterations, &fit->converged, err);
        break;
    default:
        m.restricted = method == OSS_TAU2_REML;
        status = maximise(&m, moment, rest, fit, hook, err);
    }
    if (status != OSS_OK)
        return status;
    if (conf_level > 0 && df > 0) {
        const double tail = 0.5 * (1 - conf_level);
        const double upper = gsl_cdf_chisq_Qinv(tail, df), lower = gsl_cdf_chisq_Pinv(tail, df);
        size_t iterations;
        int converged;
        if (fit->q > lower) {
            status = match_q(&m, upper, &fit->tau2_low, &iterations, &converged, err);
            if (status == OSS_OK)
                status = match_q(&m, lower, &fit->tau2_high, &iterations, &converged, err);
            if (status != OSS_OK)
                return status;
        }
    }

    status = weigh(&m, fit->tau2, 1, err);
    if (status != OSS_OK)
        return status;
    for (size_t i = 0; i < p; i++)
        beta[i] = m.beta[i];
    for (size_t i = 0; i < p * p; i++)
        vcov[i] = m.a[i];
    fit->scale = df > 0 ? m.q / df : NAN;
    fit->i2 = df > 0 ? fit->tau2 / (fit->tau2 + df / tr_p) : NAN;
    m.restricted = method == OSS_TAU2_REML;
    fit->log_lik = log_lik(&m) - 0.5 * log(2 * acos(-1.0)) * (m.restricted ? df : (double) k);
    if (method == OSS_TAU2_ML || method == OSS_TAU2_REML) {
        fit->gradient = score(&m);
        if (fit->tau2 > 0 && curvature(&m) < 0)
            fit->tau2_se = 1 / sqrt(-curvature(&m));
    }
    if (m.restricted) {
        for (size_t r = 0; r < p; r++)
            for (size_t s = 0; s < p; s++) {
                double sum = 0;
                for (size_t i = 0; i < k; i++)
                    sum += data->x[r * k + i] * data->x[s * k + i];
                m.a[r * p + s] = sum;
            }
        double log_det;
        status = oss_spd_inverse(p, m.a, &log_det, err);
        if (status != OSS_OK)
            return status;
        fit->log_lik += 0.5 * log_det;
    }
    return OSS_OK;
}
