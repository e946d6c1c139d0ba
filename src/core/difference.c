#include "difference.h"
#include "binomial.h"
#include "quantile.h"
#include "unconditional.h"

#include <float.h>
#include <math.h>

typedef struct {
    double x1, n1, x2, n2;
} table;

/* Variance of the difference under the estimates that maximise the likelihood subject to
 * p1 - p2 = delta: a root of a cubic (Miettinen and Nurminen 1985), by its
 * trigonometric solution and two of Newton's steps for the digits that acos() loses. */
static double constrained_variance(const table *t, double delta)
{
    const double ratio = t->n2 / t->n1, o1 = t->x1 / t->n1, o2 = t->x2 / t->n2;
    const double a = 1 + ratio, b = -(a + o1 + ratio * o2 + delta * (ratio + 2));
    const double c = delta * delta + delta * (2 * o1 + a) + o1 + ratio * o2;
    const double d = -o1 * delta * (1 + delta);
    const double third = b / (3 * a);
    const double v = third * third * third - b * c / (6 * a * a) + d / (2 * a);
    const double u = copysign(sqrt(fmax(0, third * third - c / (3 * a))), v);
    const double cube = u * u * u;
    const double angle = cube == 0 ? 0 : acos(fmax(-1, fmin(1, v / cube)));
    const double lo = fmax(0, delta), hi = fmin(1, 1 + delta);
    double p = 2 * u * cos((3.14159265358979323846 + angle) / 3) - third;
    for (int i = 0; i < 2; i++) {
        const double value = ((a * p + b) * p + c) * p + d, slope = (3 * a * p + 2 * b) * p + c;
        const double step = value / slope;
        if (fabs(step) < 1e-6)
            p -= step;
    }
    p = fmax(lo, fmin(hi, p));
    const double q = fmax(0, fmin(1, p - delta));
    const double total = t->n1 + t->n2;
    return (p * (1 - p) / t->n1 + q * (1 - q) / t->n2) * (total / (total - 1));
}

static double gap(const table *t, double delta) { return t->x1 / t->n1 - t->x2 / t->n2 - delta; }

double oss_difference_score(double x1, double n1, double x2, double n2, double delta)
{
    const table t = { x1, n1, x2, n2 };
    const double difference = gap(&t, delta), variance = constrained_variance(&t, delta);
    if (fabs(difference) <= 4 * DBL_EPSILON)
        return 0;
    return variance > 0 ? difference / sqrt(variance) : copysign(INFINITY, difference);
}

/* The delta below the estimate at which the score is z, by Ridders' method: gap - z sd is positive
 * at -1, negative just below the estimate. */
static double score_low(const table *t, double z)
{
    double lo = -1, hi = gap(t, 0);
    if (hi <= -1)
        return -1;
    double f_lo = hi + 1, f_hi = -z * sqrt(constrained_variance(t, hi));
    if (f_hi >= 0) { /* no variance there: 0 of n1 against 0 of n2, or all against all */
        hi -= 1e-12;
        f_hi = -DBL_MIN;
    }
    for (int i = 0; i < 100 && hi - lo > 2 * DBL_EPSILON; i++) {
        const double middle = 0.5 * (lo + hi);
        const double f = gap(t, middle) - z * sqrt(constrained_variance(t, middle));
        if (f == 0)
            return middle;
        const double at = middle + (middle - lo) * f / sqrt(f * f - f_lo * f_hi);
        *(f > 0 ? &lo : &hi) = middle;
        *(f > 0 ? &f_lo : &f_hi) = f;
        if (!(at > lo && at < hi))
            continue;
        const double g = gap(t, at) - z * sqrt(constrained_variance(t, at));
        if (g == 0)
            return at;
        *(g > 0 ? &lo : &hi) = at;
        *(g > 0 ? &f_lo : &f_hi) = g;
    }
    return 0.5 * (lo + hi);
}

/* Newcombe's lower limit with Wilson's limits at deviate z. */
static double newcombe_low(const table *t, double z)
{
    const double o1 = t->x1 / t->n1, o2 = t->x2 / t->n2;
    const double down = o1 - oss_wilson_low(t->x1, t->n1, z).x;
    const double up = oss_wilson_low(t->n2 - t->x2, t->n2, z).y - o2;
    return fmax(-1, o1 - o2 - sqrt(down * down + up * up));
}

static table swapped(const table *t)
{
    const table out = { t->x2, t->n2, t->x1, t->n1 };
    return out;
}

/* The p at which Newcombe's interval has its end at 0: the limits move outwards with z. */
static double newcombe_p(const table *t)
{
    const table s = swapped(t);
    const table *up = gap(t, 0) >= 0 ? t : &s;
    if (gap(up, 0) <= 4 * DBL_EPSILON)
        return 1;
    double lo = 0, hi = 1;
    while (hi < 64 && newcombe_low(up, hi) > 0) {
        lo = hi;
        hi *= 2;
    }
    for (int i = 0; i < 100 && hi - lo > 1e-14 * hi; i++) {
        const double middle = 0.5 * (lo + hi);
        *(newcombe_low(up, middle) > 0 ? &lo : &hi) = middle;
    }
    return 2 * oss_normal_cdf(-hi);
}

static oss_status chan_zhang(const table *t, double alpha, oss_unconditional *work, double *low,
                             double *high, double *p, const oss_hook *hook)
{
    const table s = swapped(t);
    double above, below;
    if (oss_chan_zhang_low(work, t->x1, t->n1, t->x2, t->n2, 0.5 * alpha, low, hook) ||
        oss_chan_zhang_low(work, s.x1, s.n1, s.x2, s.n2, 0.5 * alpha, high, hook) ||
        oss_chan_zhang_p(work, t->x1, t->n1, t->x2, t->n2, &above, hook) ||
        oss_chan_zhang_p(work, s.x1, s.n1, s.x2, s.n2, &below, hook))
        return OSS_ECANCEL;
    *high = -*high;
    *p = fmin(1, 2 * fmin(above, below));
    return OSS_OK;
}

static oss_status one_row(const table *t, oss_difference_method method, double alpha,
                          oss_unconditional *work, double *low, double *high, double *p,
                          const oss_hook *hook)
{
    if (t->n1 == 0 || t->n2 == 0) {
        *low = *high = *p = NAN;
        return OSS_OK;
    }
    const double z = -oss_normal_quantile(0.5 * alpha);
    const table s = swapped(t);
    switch (method) {
    case OSS_MIETTINEN_NURMINEN:
        *low = score_low(t, z);
        *high = -score_low(&s, z);
        *p = 2 * oss_normal_cdf(-fabs(oss_difference_score(t->x1, t->n1, t->x2, t->n2, 0)));
        return OSS_OK;
    case OSS_NEWCOMBE:
        *low = newcombe_low(t, z);
        *high = -newcombe_low(&s, z);
        *p = newcombe_p(t);
        return OSS_OK;
    default:
        return chan_zhang(t, alpha, work, low, high, p, hook);
    }
}

oss_status oss_proportion_difference(size_t n, const double *x1, const double *n1, const double *x2,
                                     const double *n2, oss_difference_method method, double alpha,
                                     double *low, double *high, double *p, const oss_hook *hook,
                                     oss_error *err)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(x1[i] >= 0 && x1[i] <= n1[i] && n1[i] <= DBL_MAX))
            return oss_fail(err, OSS_EINVAL, i, "`x1` must lie between 0 and `n1`");
        if (!(x2[i] >= 0 && x2[i] <= n2[i] && n2[i] <= DBL_MAX))
            return oss_fail(err, OSS_EINVAL, i, "`x2` must lie between 0 and `n2`");
        most = fmax(most, fmax(n1[i], n2[i]));
    }
    oss_unconditional *work = NULL;
    if (method == OSS_CHAN_ZHANG) {
        if (most > OSS_UNCONDITIONAL_MOST)
            return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                            "the exact method takes groups of at most %g", OSS_UNCONDITIONAL_MOST);
        work = oss_unconditional_new((size_t) most);
        if (!work)
            return oss_no_memory(err);
    }
    oss_status status = OSS_OK;
    for (size_t i = 0; i < n && !status; i++) {
        const table t = { x1[i], n1[i], x2[i], n2[i] };
        status = (i & 1023) == 1023 && oss_stopped(hook, (double) i / (double) n)
                     ? OSS_ECANCEL
                     : one_row(&t, method, alpha, work, low + i, high + i, p + i, hook);
        if (status)
            (void) oss_fail(err, status, i, "stopped by the caller");
    }
    oss_unconditional_free(work);
    return status;
}
