#include "binomial.h"
#include "blaker.h"
#include "quantile.h"

#include <float.h>
#include <math.h>

/* Tails that differ by less than this ratio are equal: they are in theory, but for rounding. */
#define SAME_TAIL (1 + 1e-9)

double oss_binomial_upper(double x, double n, oss_split at)
{
    if (x <= 0 || x > n)
        return x <= 0;
    const oss_beta_shape s = oss_beta_shape_of(x, n - x + 1);
    return oss_beta_tails(&s, at.x, at.y).lower;
}

double oss_binomial_lower(double x, double n, oss_split at)
{
    return oss_binomial_upper(n - x, n, oss_mirror(at));
}

double oss_binomial_mass(double x, double n, oss_split at)
{
    if (x < 0 || x > n)
        return 0;
    if (x == 0 || x == n)
        return exp(n * (x == 0 ? (at.x < 0.5 ? log1p(-at.x) : log(at.y))
                               : (at.y < 0.5 ? log1p(-at.y) : log(at.x))));
    const oss_beta_shape s = oss_beta_shape_of(x, n - x + 1);
    return oss_beta_tails(&s, at.x, at.y).density / (x * at.y);
}

/* p with P(X > x) + P(X = x) / 2 = alpha / 2, 0 < x < n. The tail's derivative in logit(p) is half
 * the mass times x (1 - p) + (n - x) p, and its log is concave. */
static oss_split mid_p_low(double x, double n, double alpha)
{
    const oss_beta_shape s = oss_beta_shape_of(x, n - x + 1);
    const double target = log(0.5 * alpha);
    double lo = (target + oss_beta_log_tail(s.a, s.b, s.log_scale)) / x, hi = 745;
    lo -= 1e-9 * fmax(1, fabs(lo));
    double u = oss_beta_logit_guess(x + 0.5, n - x + 0.5, oss_normal_quantile(0.5 * alpha));
    if (!(u > lo && u < hi))
        u = lo;
    for (int i = 0; i < 200; i++) {
        const oss_split at = oss_from_logit(u);
        const oss_tails t = oss_beta_tails(&s, at.x, at.y);
        const double mass = t.density / (x * at.y), tail = t.lower - 0.5 * mass;
        const double weight = x * at.y + (n - x) * at.x;
        const double slope = 0.5 * mass * weight / tail;
        const double bend = x - n * at.x + (n - 2 * x) * (at.x * at.y) / weight - slope;
        if (oss_tail_step(1, log(tail) - target, slope, bend, &u, &lo, &hi))
            break;
    }
    return oss_from_logit(u);
}

/* P(X >= x), P(X <= k), P(X <= k + 1); k = -1: empty. */
typedef struct {
    oss_beta_shape shape[3];
    int empty;
} tail_set;

static oss_point tail_at(const void *context, oss_tail_role role, double v)
{
    const tail_set *set = context;
    oss_point out = { 0, 0 };
    if (role == OSS_OPPOSITE && set->empty)
        return out;
    const oss_split at = oss_from_logit(v);
    const oss_tails t = oss_beta_tails(&set->shape[role], at.x, at.y);
    out.value = role == OSS_OBSERVED ? t.lower : t.upper;
    out.slope = role == OSS_OBSERVED ? t.density : -t.density;
    return out;
}

/* The largest k < x with P(X <= k) <= bound; -1: none. */
static double last_lower_tail(double x, double n, oss_split at, double bound)
{
    double k = -1;
    if (bound < 1) {
        /* Cornish-Fisher, two terms: off by one or two at most where it matters. */
        const double z = oss_normal_quantile(bound);
        k = floor(n * at.x + z * sqrt(n * at.x * at.y) + (z * z - 1) * (at.y - at.x) / 6 - 0.5);
    }
    k = k >= -1 ? fmin(k, x - 1) : -1;
    while (k >= 0 && oss_binomial_lower(k, n, at) > bound)
        k--;
    while (k + 1 < x && oss_binomial_lower(k + 1, n, at) <= bound)
        k++;
    return k;
}

/* 0 < x. */
static oss_split blaker_low(double x, double n, double alpha)
{
    const oss_split central = oss_beta_quantile_split(0.5 * alpha, x, n - x + 1, NAN);
    const double k = last_lower_tail(x, n, central, 0.5 * alpha * SAME_TAIL);
    tail_set set;
    set.empty = k < 0;
    set.shape[OSS_OBSERVED] = oss_beta_shape_of(x, n - x + 1);
    if (!set.empty)
        set.shape[OSS_OPPOSITE] = oss_beta_shape_of(k + 1, n - k);
    set.shape[OSS_OPPOSITE_NEXT] = oss_beta_shape_of(k + 2, n - k - 1);
    return oss_from_logit(oss_blaker_limit(tail_at, &set, alpha, central.logit));
}

oss_split oss_wilson_low(double x, double n, double z)
{
    if (x == 0) {
        const oss_split zero = { 0, 1, -INFINITY };
        return zero;
    }
    const double z2 = z * z, rest = n - x;
    const double root = z * sqrt(z2 + 4 * x * (rest / n));
    /* The two roots of p multiply to x^2 / (n (n + z^2)). */
    const double low = 2 * x * (x / n) / (2 * x + z2 + root);
    const oss_split at = { low, (2 * rest + z2 + root) / (2 * (n + z2)), NAN };
    return at;
}

static oss_split agresti_coull_low(double x, double n, double alpha)
{
    const double z = -oss_normal_quantile(0.5 * alpha), z2 = z * z;
    const double size = n + z2, p = (x + 0.5 * z2) / size;
    const double low = fmax(0, p - z * sqrt(p * (1 - p) / size));
    const oss_split at = { low, 1 - low, NAN };
    return at;
}

oss_split oss_binomial_limit_low(oss_limit_method method, double x, double n, double alpha)
{
    const oss_split zero = { 0, 1, -INFINITY }, none = { NAN, NAN, NAN };
    if (!(n > 0 && x >= 0 && x <= n && alpha > 0 && alpha < 1))
        return none;
    if (method == OSS_AGRESTI_COULL)
        return agresti_coull_low(x, n, alpha);
    if (x == 0)
        return method == OSS_BYAR ? none : zero;
    switch (method) {
    case OSS_CENTRAL:
        return oss_beta_quantile_split(0.5 * alpha, x, n - x + 1, NAN);
    case OSS_MID_P:
        if (x == n) { /* p^n / 2 = alpha / 2 */
            const double log_p = log(alpha) / n;
            const oss_split at = { exp(log_p), -expm1(log_p), NAN };
            return at;
        }
        return mid_p_low(x, n, alpha);
    case OSS_BLAKER:
        return blaker_low(x, n, alpha);
    case OSS_SCORE:
        return oss_wilson_low(x, n, -oss_normal_quantile(0.5 * alpha));
    case OSS_JEFFREYS:
        return oss_beta_quantile_split(0.5 * alpha, x + 0.5, n - x + 0.5, NAN);
    default:
        return none;
    }
}

oss_split oss_binomial_limit_high(oss_limit_method method, double x, double n, double alpha)
{
    return oss_mirror(oss_binomial_limit_low(method, n - x, n, alpha));
}

double oss_binomial_p(oss_limit_method method, double x, double n, oss_split at)
{
    if (!(n >= 0 && x >= 0 && x <= n && at.x >= 0 && at.x <= 1))
        return NAN;
    if (n == 0)
        return 1;
    const double upper = oss_binomial_upper(x, n, at), lower = oss_binomial_lower(x, n, at);
    switch (method) {
    case OSS_CENTRAL:
        return fmin(1, 2 * fmin(upper, lower));
    case OSS_MID_P:
        return fmin(1, 2 * fmin(upper, lower) - oss_binomial_mass(x, n, at));
    case OSS_BLAKER: {
        const int low = upper <= lower;
        const oss_split p = low ? at : oss_mirror(at);
        const double own = low ? upper : lower, count = low ? x : n - x;
        const double k = last_lower_tail(count, n, p, own * SAME_TAIL);
        return fmin(1, own + (k >= 0 ? oss_binomial_lower(k, n, p) : 0));
    }
    case OSS_SCORE:
        if (at.x == 0 || at.y == 0)
            return x == n * at.x;
        return 2 * oss_normal_cdf(-fabs(x * at.y - (n - x) * at.x) / sqrt(n * at.x * at.y));
    default:
        return NAN;
    }
}
