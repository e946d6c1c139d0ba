#include "pair_proportion.h"
#include "binomial.h"
#include "optimise.h"

#include <math.h>

/* A binomial probability with its complement, for the tails. */
static oss_split split_of(double p)
{
    const double x = p < 0 ? 0 : p > 1 ? 1 : p;
    const oss_split at = { x, 1 - x, log(x) - log1p(-x) };
    return at;
}

static double binomial_upper(double x, double n, double p)
{
    if (x <= 0 || x > n)
        return x <= 0;
    if (p <= 0 || p >= 1)
        return p >= 1;
    return oss_binomial_upper(x, n, split_of(p));
}

static double binomial_mass(double x, double n, double p)
{
    if (p <= 0 || p >= 1)
        return p <= 0 ? x == 0 : x == n;
    return oss_binomial_mass(x, n, split_of(p));
}

/* Of the pairs, k have exactly one; of the others each has both with probability (p - q / 2) / (1 -
 * q). Terms below this share cannot matter to 1e-15. */
#define NEGLIGIBLE 1e-19

static double pairs_upper(size_t pairs, double x, double p, double q)
{
    if (x <= 0 || x > 2 * (double) pairs)
        return x <= 0;
    const double both = q < 1 ? fmin(1, fmax(0, (p - 0.5 * q) / (1 - q))) : 0;
    double sum = 0;
    for (size_t k = 0; k <= pairs; k++) {
        const double mass = binomial_mass((double) k, (double) pairs, q);
        if (mass > NEGLIGIBLE)
            sum += mass * binomial_upper(ceil((x - (double) k) / 2), (double) (pairs - k), both);
    }
    return fmin(1, sum);
}

double oss_pair_upper(size_t pairs, size_t singles, size_t x, double p, double q)
{
    double sum = 0;
    for (size_t s = 0; s <= singles; s++) {
        const double mass = binomial_mass((double) s, (double) singles, p);
        if (mass > NEGLIGIBLE)
            sum += mass * pairs_upper(pairs, (double) x - (double) s, p, q);
    }
    return fmin(1, sum);
}

typedef struct {
    size_t pairs, singles, x;
    double log_tail;
} search;

/* Golden section for the largest tail between a and b, where it has one peak. */
static double refine(const search *s, double p, double a, double b)
{
    const double golden = 0.6180339887498949;
    double c = b - golden * (b - a), d = a + golden * (b - a);
    double f = oss_pair_upper(s->pairs, s->singles, s->x, p, c),
           g = oss_pair_upper(s->pairs, s->singles, s->x, p, d);
    while (b - a > 1e-7) {
        if (f >= g) {
            b = d;
            d = c;
            g = f;
            c = b - golden * (b - a);
            f = oss_pair_upper(s->pairs, s->singles, s->x, p, c);
        } else {
            a = c;
            c = d;
            f = g;
            d = a + golden * (b - a);
            g = oss_pair_upper(s->pairs, s->singles, s->x, p, d);
        }
    }
    return fmax(f, g);
}

static double largest_tail(const search *s, double p)
{
    enum { POINTS = 64 };
    if (s->pairs == 0)
        return oss_pair_upper(0, s->singles, s->x, p, 0);
    const double top = 2 * fmin(p, 1 - p), step = top / POINTS;
    double best = -1;
    int at = 0;
    for (int i = 0; i <= POINTS; i++) {
        const double tail = oss_pair_upper(s->pairs, s->singles, s->x, p, i * step);
        if (tail > best) {
            best = tail;
            at = i;
        }
    }
    return fmax(best, refine(s, p, fmax(0, (at - 1) * step), fmin(top, (at + 1) * step)));
}

/* The root is sought in logit(p), where the tail's logarithm bends little. */
static oss_status excess(void *context, double logit, double *value, oss_error *err)
{
    (void) err;
    const search *s = context;
    *value = log(largest_tail(s, 1 / (1 + exp(-logit)))) - s->log_tail;
    return OSS_OK;
}

oss_status oss_pair_limit_low(size_t pairs, size_t singles, size_t x, double alpha, double *low,
                              oss_error *err)
{
    const size_t units = 2 * pairs + singles;
    if (units == 0 || pairs + singles > OSS_PAIRS_MOST || x > units)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to %d clusters",
                        OSS_PAIRS_MOST);
    if (!(alpha >= 1e-9 && alpha < 1))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "alpha must be between 1e-9 and 1");
    *low = 0;
    if (x == 0)
        return OSS_OK;
    search s = { pairs, singles, x, log(alpha / 2) };
    /* At the least p the tail is below p times the number of units, at the greatest above a half.
     */
    const double all = (double) units;
    double logit;
    const oss_status status = oss_root(excess, &s, log(alpha / 2 / all) - 1,
                                       -log1p(-exp(-alpha / (4 * all))) + 40, 1e-12, &logit, err);
    if (status == OSS_OK)
        *low = 1 / (1 + exp(-logit));
    return status;
}
