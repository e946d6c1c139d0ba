#include "beta_product.h"
#include "quantile.h"

#include <math.h>

void oss_beta_product_step(oss_beta_product *product, double at_risk, double events)
{
    if (events <= 0)
        return;
    const double lost = events / (at_risk + 1);
    const double variation = events / ((at_risk - events + 1) * (at_risk + 2));
    product->complement += product->mean * lost;
    product->mean *= (at_risk - events + 1) / (at_risk + 1);
    product->variation += variation + product->variation * variation;
}

int oss_beta_product_shapes(const oss_beta_product *x, double *a, double *b)
{
    if (!(x->variation > 0 && x->mean > 0 && x->complement > 0))
        return 0;
    const double size = x->complement / (x->mean * x->variation) - 1;
    *a = x->mean * size;
    *b = x->complement * size;
    return *a > 0 && *b > 0;
}

static double degenerate_value(const oss_beta_product *x) { return x->mean > 0.5 ? 1 : 0; }

double oss_matched_beta_quantile(double p, double mean, double complement, double variation,
                                 double start)
{
    const oss_beta_product x = { mean, complement, variation };
    double a, b;
    return oss_beta_product_shapes(&x, &a, &b) ? oss_beta_quantile(p, a, b, start) : degenerate_value(&x);
}

double oss_mixed_beta_quantile(double p, const oss_beta_product *lower,
                               const oss_beta_product *upper)
{
    double a_low = 0, b_low = 0, a_high = 0, b_high = 0;
    const int low_spread = oss_beta_product_shapes(lower, &a_low, &b_low);
    const int high_spread = oss_beta_product_shapes(upper, &a_high, &b_high);
    if (!low_spread && !high_spread)
        return p <= 0.5 ? degenerate_value(lower) : degenerate_value(upper);
    if (!high_spread) /* all mass of the upper at 1 */
        return 2 * p < 1 ? oss_beta_quantile(2 * p, a_low, b_low, NAN) : 1;
    if (!low_spread) /* all mass of the lower at 0 */
        return 2 * p > 1 ? oss_beta_quantile(2 * p - 1, a_high, b_high, NAN) : 0;

    /* The root lies between the two quantiles. Regula falsi (Illinois), with bisection's safety. */
    double lo = oss_beta_quantile(p, a_low, b_low, NAN);
    double hi = oss_beta_quantile(p, a_high, b_high, NAN);
    double f_lo = oss_beta_cdf(lo, a_high, b_high) - p;
    double f_hi = oss_beta_cdf(hi, a_low, b_low) - p;
    int side = 0;
    for (int i = 0; i < 200 && hi - lo > 1e-15 * hi; i++) {
        double at = f_hi > f_lo ? (lo * f_hi - hi * f_lo) / (f_hi - f_lo) : (lo + hi) / 2;
        if (!(at > lo && at < hi) || i % 8 == 7)
            at = (lo + hi) / 2;
        if (!(at > lo && at < hi))
            break;
        const double f = oss_beta_cdf(at, a_low, b_low) + oss_beta_cdf(at, a_high, b_high) - 2 * p;
        if (f == 0)
            return at;
        if (f < 0) {
            lo = at;
            f_lo = f;
            f_hi *= side < 0 ? 0.5 : 1;
            side = -1;
        } else {
            hi = at;
            f_hi = f;
            f_lo *= side > 0 ? 0.5 : 1;
            side = 1;
        }
    }
    return (lo + hi) / 2;
}

oss_beta_product oss_beta_product_below(const oss_beta_product *product, double at_risk_after)
{
    oss_beta_product below = { 0, 1, 0 };
    if (at_risk_after > 0) {
        below = *product;
        oss_beta_product_step(&below, at_risk_after, 1);
    }
    return below;
}

double oss_beta_product_low(const oss_beta_product *product, double at_risk_after, double tail,
                            double start)
{
    const oss_beta_product below = oss_beta_product_below(product, at_risk_after);
    return oss_matched_beta_quantile(tail, below.mean, below.complement, below.variation, start);
}

double oss_beta_product_high(const oss_beta_product *product, double tail, double start)
{
    return oss_matched_beta_quantile(1 - tail, product->mean, product->complement,
                                     product->variation, start);
}

void oss_beta_product_mid_p(const oss_beta_product *product, double at_risk_after, double tail,
                            double *low, double *high)
{
    const oss_beta_product below = oss_beta_product_below(product, at_risk_after);
    *low = oss_mixed_beta_quantile(tail, &below, product);
    *high = oss_mixed_beta_quantile(1 - tail, &below, product);
}
