#include "count_predictive.h"
#include "optimise.h"
#include "quantile.h"

#include <gsl/gsl_sf_psi.h>
#include <math.h>

enum { MEANS = 32, SPREADS = 24, MOST = MEANS > SPREADS ? MEANS : SPREADS };

size_t oss_predictive_nodes(void) { return (size_t) MEANS * SPREADS; }

size_t oss_predictive_work(void) { return 4 * MOST + 2 * oss_predictive_nodes(); }

/* Gauss-Legendre nodes and weights on (0, 1); half[] are those of (-1, 1), by Newton. */
static void legendre(size_t n, double *node, double *weight)
{
    for (size_t i = 0; i < n; i++) {
        double z = cos(acos(-1.0) * ((double) i + 0.75) / ((double) n + 0.5)), slope = 1;
        for (int step = 0; step < 100; step++) {
            double p1 = 1, p2 = 0;
            for (size_t j = 0; j < n; j++) {
                const double p3 = p2, jj = (double) j;
                p2 = p1;
                p1 = ((2 * jj + 1) * z * p2 - jj * p3) / (jj + 1);
            }
            slope = (double) n * (z * p1 - p2) / (z * z - 1);
            const double move = p1 / slope;
            z -= move;
            if (fabs(move) < 1e-15)
                break;
        }
        node[n - 1 - i] = 0.5 * (1 + z);
        weight[n - 1 - i] = 1 / ((1 - z * z) * slope * slope);
    }
}

/* A point of the box: u gives the mean, s (near tau) gives g. */
typedef struct {
    double mean, complement, g, log_prior;
} point;

static double psi(int order, double a)
{
    gsl_sf_result r;
    /* For huge a GSL's series is slow and the leading terms are exact. */
    if (a > 1e6)
        return order == 1 ? 1 / a + 0.5 / (a * a) : -1 / (a * a) - 1 / (a * a * a);
    if (a < 1e-100)
        a = 1e-100;
    const int code = order == 1 ? gsl_sf_psi_1_e(a, &r) : gsl_sf_psi_n_e(2, a, &r);
    return code ? NAN : r.val;
}

/* log of the prior density of (u, s): flat in u (Jeffreys), half-normal in tau. */
static point place(const oss_count_data *data, double total, double u, double s)
{
    point p = { 0 };
    const double root = sqrt(1 + 4 * s * s), w = 0.5 * (root - 1), dw = 2 * s / root;
    double tau2, slope; /* slope: of tau2 by g */
    if (data->kind == OSS_PROPORTION) {
        p.mean = sin(u) * sin(u);
        p.complement = cos(u) * cos(u);
        p.g = w * p.mean * p.complement;
        const double a = p.mean / p.g, b = p.complement / p.g;
        tau2 = psi(1, a) + psi(1, b);
        slope = -(p.mean * psi(2, a) + p.complement * psi(2, b)) / (p.g * p.g);
        slope *= p.mean * p.complement * dw;
    } else {
        p.mean = u * u / total;
        p.g = w;
        tau2 = psi(1, 1 / w);
        slope = -psi(2, 1 / w) / (w * w) * dw;
    }
    p.log_prior = -0.5 * tau2 + log(slope / (2 * sqrt(tau2)));
    return p;
}

static double log_weight(const oss_count_data *data, const point *p)
{
    double sum = p->log_prior;
    if (data->kind == OSS_PROPORTION) {
        const double a = p->mean / p->g, b = p->complement / p->g, both = lgamma(a + b);
        const double la = lgamma(a), lb = lgamma(b);
        for (size_t i = 0; i < data->k; i++) {
            const double x = data->x[i], n = data->size[i];
            if (x > 0)
                sum += lgamma(a + x) - la;
            if (n > x)
                sum += lgamma(b + n - x) - lb;
            sum += both - lgamma(a + b + n);
        }
    } else {
        const double shape = 1 / p->g, ls = lgamma(shape);
        for (size_t i = 0; i < data->k; i++) {
            const double x = data->x[i], m = p->mean * data->size[i];
            sum -= (x + shape) * log1p(p->g * m);
            if (x > 0)
                sum += lgamma(shape + x) - ls + x * log(p->g * m);
        }
    }
    return isnan(sum) ? -INFINITY : sum;
}

oss_status oss_count_predictive(const oss_count_data *data, oss_predictive *p, double *work,
                                const oss_hook *hook, oss_error *err)
{
    oss_status status = oss_count_check(data, err);
    if (status != OSS_OK)
        return status;
    double *u_node = work, *u_weight = u_node + MOST, *s_node = u_weight + MOST,
           *s_weight = s_node + MOST, *logs = s_weight + MOST;
    legendre(MEANS, u_node, u_weight);
    legendre(SPREADS, s_node, s_weight);
    double events = 0, total = 0;
    for (size_t i = 0; i < data->k; i++) {
        events += data->x[i];
        total += data->size[i];
    }
    /* Beyond these ends the integrand is below 1e-7 of its largest value. */
    const double whole = data->kind == OSS_PROPORTION ? acos(0.0) : 10 * sqrt(events + 9);
    double u0 = 0, u1 = whole, s0 = 0, s1 = 10, largest = -INFINITY;
    for (int round = 0; round < 12; round++) {
        if (oss_stopped(hook, round / 12.0))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        largest = -INFINITY;
        for (size_t i = 0; i < MEANS; i++)
            for (size_t j = 0; j < SPREADS; j++) {
                const point at =
                    place(data, total, u0 + (u1 - u0) * u_node[i], s0 + (s1 - s0) * s_node[j]);
                const size_t node = i * SPREADS + j;
                logs[node] = log_weight(data, &at);
                p->mean[node] = at.mean;
                p->g[node] = at.g;
                p->weight[node] = u_weight[i] * s_weight[j];
                largest = fmax(largest, logs[node]);
            }
        if (!isfinite(largest))
            return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX,
                            "the predictive integral is not finite");
        size_t i0 = MEANS, i1 = 0, j0 = SPREADS, j1 = 0;
        for (size_t i = 0; i < MEANS; i++)
            for (size_t j = 0; j < SPREADS; j++)
                if (logs[i * SPREADS + j] > largest - 18) {
                    i0 = i < i0 ? i : i0, i1 = i > i1 ? i : i1;
                    j0 = j < j0 ? j : j0, j1 = j > j1 ? j : j1;
                }
        const double du = u1 - u0, ds = s1 - s0;
        const double u_lo = i0 ? u0 + du * u_node[i0 - 1] : u0,
                     u_hi = i1 + 1 < MEANS ? u0 + du * u_node[i1 + 1] : u1,
                     s_lo = j0 ? s0 + ds * s_node[j0 - 1] : s0,
                     s_hi = j1 + 1 < SPREADS ? s0 + ds * s_node[j1 + 1] : s1;
        if (u_hi - u_lo > 0.8 * du && s_hi - s_lo > 0.8 * ds)
            break;
        u0 = u_lo, u1 = u_hi, s0 = s_lo, s1 = s_hi;
    }
    double sum = 0;
    for (size_t i = 0; i < oss_predictive_nodes(); i++)
        sum += p->weight[i] *= exp(logs[i] - largest);
    p->kind = data->kind;
    p->n = 0;
    const double least = 1e-12 * sum;
    sum = 0;
    for (size_t i = 0; i < oss_predictive_nodes(); i++)
        if (p->weight[i] > least) {
            p->mean[p->n] = p->mean[i];
            p->g[p->n] = p->g[i];
            sum += p->weight[p->n++] = p->weight[i];
        }
    for (size_t i = 0; i < p->n; i++)
        p->weight[i] /= sum;
    return OSS_OK;
}

typedef struct {
    const oss_predictive *p;
    double probability;
} share;

static oss_status share_below(void *context, double link, double *value, oss_error *err)
{
    const share *s = context;
    (void) err;
    *value = -s->probability;
    for (size_t i = 0; i < s->p->n; i++) {
        const double mean = s->p->mean[i], g = s->p->g[i];
        *value +=
            s->p->weight[i] * (s->p->kind == OSS_PROPORTION
                                   ? oss_beta_cdf(1 / (1 + exp(-link)), mean / g, (1 - mean) / g)
                                   : oss_gamma_cdf(exp(link) / (mean * g), 1 / g));
    }
    return OSS_OK;
}

oss_status oss_predictive_quantile(const oss_predictive *p, double probability, double *value,
                                   oss_error *err)
{
    share s = { p, probability };
    double link = NAN, at_end;
    const double end = p->kind == OSS_PROPORTION ? 36 : 600;
    *value = NAN;
    /* A distribution may hold more than the tail beyond what a double tells from 0 or 1. */
    oss_status status = share_below(&s, -600, &at_end, err);
    if (status == OSS_OK && at_end >= 0) {
        *value = 0;
        return OSS_OK;
    }
    if (status == OSS_OK)
        status = share_below(&s, end, &at_end, err);
    if (status == OSS_OK && at_end <= 0) {
        *value = p->kind == OSS_PROPORTION ? 1 : INFINITY;
        return OSS_OK;
    }
    if (status == OSS_OK)
        status = oss_root(share_below, &s, -600, end, 1e-9, &link, err);
    if (status == OSS_OK)
        *value = p->kind == OSS_PROPORTION ? 1 / (1 + exp(-link)) : exp(link);
    return status;
}

oss_status oss_predictive_count(const oss_predictive *p, double size, double x, double tail,
                                double *work, double *at_most, double *at_least, double *low,
                                double *high, const oss_hook *hook, oss_error *err)
{
    double *log_mass = work;
    const int finite = p->kind == OSS_PROPORTION;
    double below = 0, cdf = 0;
    *low = *high = *at_most = NAN;
    *at_least = 1;
    for (double j = 0; !finite || j <= size; j++) {
        double mass = 0;
        for (size_t i = 0; i < p->n; i++) {
            const double mean = p->mean[i], g = p->g[i];
            if (finite) {
                const double a = mean / g, b = (1 - mean) / g;
                log_mass[i] =
                    j == 0 ? lgamma(b + size) - lgamma(b) + lgamma(a + b) - lgamma(a + b + size)
                           : log_mass[i] + log((size - j + 1) / j * (a + j - 1) / (b + size - j));
            } else {
                const double m = mean * size, u = g * m;
                log_mass[i] = j == 0 ? -log1p(u) / g
                                     : log_mass[i] + log((1 + (j - 1) * g) / j * (m / (1 + u)));
            }
            mass += p->weight[i] * exp(log_mass[i]);
        }
        below = cdf;
        cdf += mass;
        if (j == x) {
            *at_most = fmin(cdf, 1);
            *at_least = fmax(1 - below, 0);
        }
        if (isnan(*low) && cdf > tail * (1 + 1e-12))
            *low = j;
        if (isnan(*high) && cdf >= (1 - tail) * (1 - 1e-14))
            *high = j;
        if (j >= x && !isnan(*high))
            return OSS_OK;
        if (finite && j == size) {
            *high = size;
            return OSS_OK;
        }
        if (j >= 1e7)
            break;
        if (fmod(j, 1024) == 0 && oss_stopped(hook, finite ? j / size : 0))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
    }
    return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX, "the predicted count passes 1e7");
}
