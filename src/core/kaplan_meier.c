#include "kaplan_meier.h"
#include "beta_product.h"
#include "quantile.h"

#include <math.h>

static double all_events(const oss_risk_table *table, size_t k)
{
    double events = table->n_event[k];
    for (size_t c = 1; c < table->n_cause; c++)
        events += table->n_event[c * table->n_time + k];
    return events;
}

void oss_transformed_limits(oss_conf_type type, double estimate, double std_error, double quantile,
                            double *low, double *high)
{
    *low = *high = NAN;
    if (!(estimate > 0 && estimate < 1))
        return;
    const double reach = quantile * std_error;
    switch (type) {
    case OSS_CONF_PLAIN:
        *low = fmax(estimate - reach, 0);
        *high = fmin(estimate + reach, 1);
        break;
    case OSS_CONF_LOG: {
        const double factor = exp(reach / estimate);
        *low = estimate / factor;
        *high = fmin(estimate * factor, 1);
        break;
    }
    case OSS_CONF_LOGIT: {
        const double factor = exp(reach / (estimate * (1 - estimate)));
        const double odds = estimate / (1 - estimate);
        *low = odds / (factor + odds);
        *high = odds * factor / (1 + odds * factor);
        if (isnan(*high))
            *high = 1;
        break;
    }
    case OSS_CONF_ARCSIN: {
        const double angle = asin(sqrt(estimate));
        const double turn = reach / (2 * sqrt(estimate * (1 - estimate)));
        const double lo = sin(fmax(angle - turn, 0)), hi = sin(fmin(angle + turn, asin(1)));
        *low = lo * lo;
        *high = hi * hi;
        break;
    }
    default: {
        const double log_estimate = log(estimate);
        const double factor = exp(-reach / (estimate * log_estimate));
        *low = exp(log_estimate * factor);
        *high = exp(log_estimate / factor);
    }
    }
}

/* Minus twice the log of the empirical likelihood ratio for the multiplier lambda, less the
 * critical value, and its derivative; events at rows lo .. hi - 1. lambda > 0 pulls S up, < 0 down.
 */
static double ratio_excess(const oss_risk_table *table, size_t lo, size_t hi, double lambda,
                           double critical, double *slope)
{
    double sum = 0, derivative = 0;
    for (size_t k = lo; k < hi; k++) {
        const double d = all_events(table, k);
        if (d <= 0)
            continue;
        const double n = table->n_risk[k], left = n - d;
        sum += n * log1p(lambda / n);
        if (left > 0)
            sum -= left * log1p(lambda / left);
        derivative += d * lambda / ((n + lambda) * (left + lambda));
    }
    *slope = 2 * derivative;
    return 2 * sum - critical;
}

static double survival_at_multiplier(const oss_risk_table *table, size_t lo, size_t hi,
                                     double lambda)
{
    double log_survival = 0;
    for (size_t k = lo; k < hi; k++) {
        const double d = all_events(table, k);
        if (d > 0)
            log_survival += log1p(-d / (table->n_risk[k] + lambda));
    }
    return exp(log_survival);
}

/* The root between 0, where the excess is below zero, and `far`, where it is above. */
static double ratio_root(const oss_risk_table *table, size_t lo, size_t hi, double far,
                         double critical)
{
    double inner = 0, outer = far, lambda = far;
    for (int i = 0; i < 200; i++) {
        double slope;
        const double excess = ratio_excess(table, lo, hi, lambda, critical, &slope);
        if (fabs(excess) <= 1e-13 * critical)
            return lambda;
        if (excess > 0)
            outer = lambda;
        else
            inner = lambda;
        double next = lambda - excess / slope;
        if (!(fabs(next) > fabs(inner) && fabs(next) < fabs(outer) && next * far > 0))
            next = (inner + outer) / 2;
        if (next == lambda || fabs(outer - inner) <= 1e-15 * fabs(outer))
            return next;
        lambda = next;
    }
    return lambda;
}

typedef struct {
    double up, down;      /* multipliers of the last event time: outer bounds of the next */
    double smallest_left; /* fewest left at risk after an event */
} ratio_state;

static void ratio_limits(const oss_risk_table *table, size_t lo, size_t hi, double critical,
                         ratio_state *state, double *low, double *high)
{
    double slope;
    if (state->up == 0) {
        state->up = 1;
        state->down = INFINITY;
    }
    while (ratio_excess(table, lo, hi, state->up, critical, &slope) < 0)
        state->up *= 2;
    state->up = ratio_root(table, lo, hi, state->up, critical);
    *high = survival_at_multiplier(table, lo, hi, state->up);
    if (state->smallest_left == 0) {
        *low = 0;
        return;
    }
    if (!(fabs(state->down) < state->smallest_left)) {
        double gap =
            state->smallest_left / 2; /* the excess grows without bound as the gap closes */
        while (ratio_excess(table, lo, hi, gap - state->smallest_left, critical, &slope) < 0 &&
               gap > state->smallest_left * 1e-12)
            gap /= 2;
        state->down = gap - state->smallest_left;
    }
    state->down = ratio_root(table, lo, hi, state->down, critical);
    *low = survival_at_multiplier(table, lo, hi, state->down);
}

oss_status oss_kaplan_meier(const oss_risk_table *table, oss_conf_type type, double conf_level,
                            double *estimate, double *std_error, double *low, double *high,
                            const oss_hook *hook, oss_error *err)
{
    const double tail = (1 - conf_level) / 2, quantile = oss_normal_quantile(1 - tail);
    const int beta = type == OSS_CONF_BETA_PRODUCT || type == OSS_CONF_BETA_PRODUCT_MID_P;
    for (size_t s = 0; s < table->n_stratum; s++) {
        const size_t lo = table->start[s], hi = table->start[s + 1];
        double survival = 1, greenwood = 0, below = NAN, above = NAN, se = 0;
        double matched_low = NAN, matched_high = NAN;
        oss_beta_product product = OSS_BETA_PRODUCT_START;
        ratio_state ratio = { .smallest_left = INFINITY };
        for (size_t k = lo; k < hi; k++) {
            const double n = table->n_risk[k], d = all_events(table, k);
            if (d > 0) {
                survival = n > d ? survival * ((n - d) / n) : 0;
                greenwood += d / (n * (n - d));
                se = survival > 0 ? survival * sqrt(greenwood) : 0;
                if (type == OSS_CONF_LIKELIHOOD_RATIO) {
                    if (oss_stopped(hook, (double) k / (double) table->n_time))
                        return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
                    ratio.smallest_left = fmin(ratio.smallest_left, n - d);
                    ratio_limits(table, lo, k + 1, quantile * quantile, &ratio, &below, &above);
                } else if (!beta) {
                    oss_transformed_limits(type, survival, se, quantile, &below, &above);
                }
            }
            const double after = n - d - table->n_censor[k];
            if (type == OSS_CONF_BETA_PRODUCT) {
                oss_beta_product_step(&product, n, d);
                matched_low = oss_beta_product_low(&product, after, tail, matched_low);
                if (d > 0 || k == lo)
                    matched_high = oss_beta_product_high(&product, tail, matched_high);
            } else if (type == OSS_CONF_BETA_PRODUCT_MID_P) {
                oss_beta_product_step(&product, n, d);
                oss_beta_product_mid_p(&product, after, tail, &matched_low, &matched_high);
            }
            /* The products only fall; betas matched to them need not. */
            if (beta) {
                below = fmin(below, matched_low);
                above = fmin(above, matched_high);
            }
            estimate[k] = survival;
            std_error[k] = se;
            low[k] = below;
            high[k] = above;
        }
    }
    return OSS_OK;
}
