#include "poisson.h"
#include "blaker.h"
#include "quantile.h"

#include <float.h>
#include <math.h>

/* Mean where the tail beyond x plus half the mass at x is alpha / 2: from below (the upper tail of
 * the count) or from above. The tail's derivative in log(mean) is half the mass times x + mean. */
static double mid_p(double x, int high, double alpha)
{
    const oss_gamma_shape shape = oss_gamma_shape_of(high ? x + 1 : x);
    const double target = log(0.5 * alpha), z = oss_normal_quantile(0.5 * alpha);
    double lo = -745, hi = 745;
    double u = oss_gamma_log_guess(x + 0.5, high ? -z : z);
    if (isnan(u))
        u = log(x);
    for (int i = 0; i < 200; i++) {
        const double mean = exp(u);
        const oss_tails t = oss_gamma_tails(&shape, mean);
        const double mass = t.density / (high ? mean : x);
        const double tail = (high ? t.upper : t.lower) - 0.5 * mass;
        if (!(tail > 0)) {
            *(high ? &hi : &lo) = u;
            u = 0.5 * (lo + hi);
            continue;
        }
        const double slope = (high ? -0.5 : 0.5) * mass * (x + mean) / tail;
        const double bend = x - mean + mean / (x + mean) - slope;
        if (oss_tail_step(!high, log(tail) - target, slope, bend, &u, &lo, &hi))
            break;
    }
    return exp(u);
}

static oss_point lower_count_tail(double k, double mean) /* P(X <= k), slope in log(mean) */
{
    oss_point out = { 0, 0 };
    if (k >= 0) {
        const oss_gamma_shape shape = oss_gamma_shape_of(k + 1);
        const oss_tails t = oss_gamma_tails(&shape, mean);
        out.value = t.upper;
        out.slope = -t.density;
    }
    return out;
}

static oss_point upper_count_tail(double k, double mean) /* P(X >= k) */
{
    oss_point out = { 1, 0 };
    if (k > 0) {
        const oss_gamma_shape shape = oss_gamma_shape_of(k);
        const oss_tails t = oss_gamma_tails(&shape, mean);
        out.value = t.lower;
        out.slope = t.density;
    }
    return out;
}

static oss_point turned(oss_point p)
{
    const oss_point out = { p.value, -p.slope };
    return out;
}

/* For the lower limit v = log(mean), for the upper one -log(mean); context: the count. */
static oss_point observed_low(const void *x, double v)
{
    return upper_count_tail(*(const double *) x, exp(v));
}

static oss_point opposite_low(const void *x, double v, double k)
{
    (void) x;
    return lower_count_tail(k, exp(v));
}

static oss_point observed_high(const void *x, double v)
{
    return turned(lower_count_tail(*(const double *) x, exp(-v)));
}

static oss_point opposite_high(const void *x, double v, double k)
{
    (void) x;
    return turned(upper_count_tail(k, exp(-v)));
}

/* The last opposite tail of at most bound, below x (low) or above it: ends at -1 or at infinity. */
static double last_opposite(double x, int high, double mean, double bound)
{
    const double z = oss_normal_quantile(bound) * (high ? -1 : 1);
    const double step = high ? -1 : 1;
    double k = floor(mean + z * sqrt(mean) + (z * z - 1) / 6 + (high ? 0.5 : -0.5));
    k = high ? fmax(k, x + 1) : fmax(-1, fmin(k, x - 1));
    oss_point (*tail)(double, double) = high ? upper_count_tail : lower_count_tail;
    while ((high || k >= 0) && tail(k, mean).value > bound)
        k -= step;
    while (k + step != x && tail(k + step, mean).value <= bound)
        k += step;
    return k;
}

static double blaker(double x, int high, double alpha)
{
    const oss_blaker_law law = { high ? observed_high : observed_low,
                                 high ? opposite_high : opposite_low, &x };
    const double central = high ? oss_gamma_quantile_upper(0.5 * alpha, x + 1, NAN)
                                : oss_gamma_quantile(0.5 * alpha, x, NAN);
    const double k = last_opposite(x, high, central, 0.5 * alpha * (1 + 1e-9));
    const double v =
        oss_blaker_limit(&law, alpha, high ? -log(central) : log(central), k, high ? -1 : 1);
    return exp(high ? -v : v);
}

static double byar(double count, double z)
{
    const double root = 1 - 1 / (9 * count) + z / (3 * sqrt(count));
    return root > 0 ? count * root * root * root : 0;
}

double oss_poisson_limit_low(oss_limit_method method, double x, double alpha)
{
    if (!(x >= 0 && alpha > 0 && alpha < 1) || method == OSS_AGRESTI_COULL ||
        method == OSS_JEFFREYS)
        return NAN;
    if (x == 0)
        return 0;
    const double z = -oss_normal_quantile(0.5 * alpha);
    switch (method) {
    case OSS_CENTRAL:
        return oss_gamma_quantile(0.5 * alpha, x, NAN);
    case OSS_MID_P:
        return mid_p(x, 0, alpha);
    case OSS_BLAKER:
        return blaker(x, 0, alpha);
    case OSS_SCORE: /* the two roots multiply to x^2 */
        return x * (x / (x + z * (0.5 * z + sqrt(x + 0.25 * z * z))));
    default:
        return byar(x, -z);
    }
}

double oss_poisson_limit_high(oss_limit_method method, double x, double alpha)
{
    if (!(x >= 0 && alpha > 0 && alpha < 1))
        return NAN;
    const double z = -oss_normal_quantile(0.5 * alpha);
    switch (method) {
    case OSS_CENTRAL:
        return oss_gamma_quantile_upper(0.5 * alpha, x + 1, NAN);
    case OSS_MID_P: /* at 0: exp(-mean) / 2 = alpha / 2 */
        return x == 0 ? -log(alpha) : mid_p(x, 1, alpha);
    case OSS_BLAKER:
        return blaker(x, 1, alpha);
    case OSS_SCORE:
        return x + z * (0.5 * z + sqrt(x + 0.25 * z * z));
    case OSS_BYAR:
        return byar(x + 1, z);
    default:
        return NAN;
    }
}
