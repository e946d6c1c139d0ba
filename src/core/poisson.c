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

static double lower_tail(double k, double mean) { return oss_gamma_cdf_upper(mean, k + 1); }

static double upper_tail(double k, double mean) { return k > 0 ? oss_gamma_cdf(mean, k) : 1; }

/* For the lower limit P(X >= x), P(X <= k), P(X <= k + 1) at v = log(mean), k = -1: empty; for the
 * upper one P(X <= x), P(X >= k), P(X >= k - 1) at v = -log(mean). */
typedef struct {
    oss_gamma_shape shape[3];
    int high, empty;
} tail_set;

static oss_point tail_at(const void *context, oss_tail_role role, double v)
{
    const tail_set *set = context;
    oss_point out = { 0, 0 };
    if (role == OSS_OPPOSITE && set->empty)
        return out;
    const oss_tails t = oss_gamma_tails(&set->shape[role], exp(set->high ? -v : v));
    const int rising = role == OSS_OBSERVED;
    out.value = rising != set->high ? t.lower : t.upper;
    out.slope = rising ? t.density : -t.density;
    return out;
}

/* The last opposite tail of at most bound, below x (low) or above it; it ends at -1 or at infinity.
 */
static double last_opposite(double x, int high, double mean, double bound)
{
    const double z = oss_normal_quantile(bound) * (high ? -1 : 1);
    const double step = high ? -1 : 1;
    double k = floor(mean + z * sqrt(mean) + (z * z - 1) / 6 + (high ? 0.5 : -0.5));
    k = high ? fmax(k, x + 1) : fmax(-1, fmin(k, x - 1));
    double (*tail)(double, double) = high ? upper_tail : lower_tail;
    while ((high || k >= 0) && tail(k, mean) > bound)
        k -= step;
    while (k + step != x && tail(k + step, mean) <= bound)
        k += step;
    return k;
}

static double blaker(double x, int high, double alpha)
{
    const double central = high ? oss_gamma_quantile_upper(0.5 * alpha, x + 1, NAN)
                                : oss_gamma_quantile(0.5 * alpha, x, NAN);
    const double k = last_opposite(x, high, central, 0.5 * alpha * (1 + 1e-9));
    tail_set set;
    set.high = high;
    set.empty = k < 0;
    set.shape[OSS_OBSERVED] = oss_gamma_shape_of(high ? x + 1 : x);
    if (!set.empty)
        set.shape[OSS_OPPOSITE] = oss_gamma_shape_of(high ? k : k + 1);
    set.shape[OSS_OPPOSITE_NEXT] = oss_gamma_shape_of(high ? k - 1 : k + 2);
    const double v = oss_blaker_limit(tail_at, &set, alpha, high ? -log(central) : log(central));
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
