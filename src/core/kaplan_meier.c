#include "kaplan_meier.h"
#include "beta_product.h"
#include "beta_quantiles.h"
#include "curve_limits.h"
#include "quantile.h"
#include "vector_math.h"

#include <math.h>
#include <string.h>

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

enum { BLOCK = 512 };

typedef struct {
    double survival, greenwood;
} product_limit;

/* Estimate and standard error after times lo .. lo + n - 1, n <= BLOCK. The divisions and roots go
 * in vectors; only the product and the sum are one after the other. */
OSS_VECTOR_CLONES
static void product_limit_block(const oss_risk_table *table, size_t lo, size_t n, product_limit *at,
                                double *estimate, double *std_error)
{
    double events[BLOCK], kept[BLOCK], term[BLOCK];
    const double *n_risk = table->n_risk + lo;
    memcpy(events, table->n_event + lo, n * sizeof *events);
    for (size_t c = 1; c < table->n_cause; c++)
        for (size_t i = 0; i < n; i++)
            events[i] += table->n_event[c * table->n_time + lo + i];
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const double left = n_risk[i] - events[i];
        kept[i] = left / n_risk[i];
        term[i] = events[i] / (n_risk[i] * left);
    }
    double survival = at->survival, greenwood = at->greenwood;
    for (size_t i = 0; i < n; i++) {
        if (n_risk[i] > events[i]) {
            survival *= kept[i];
            greenwood += term[i];
        } else if (events[i] > 0) { /* nobody is left; nobody at risk would be 0 / 0 */
            survival = 0;
        }
        estimate[i] = survival;
        term[i] = greenwood;
    }
    at->survival = survival;
    at->greenwood = greenwood;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        std_error[i] = estimate[i] * sqrt(term[i]);
}

static oss_status likelihood_ratio_curve(const oss_risk_table *table, size_t lo, size_t hi,
                                         double quantile, double *low, double *high,
                                         const oss_hook *hook, oss_error *err)
{
    double below = NAN, above = NAN;
    ratio_state ratio = { .smallest_left = INFINITY };
    for (size_t k = lo; k < hi; k++) {
        const double d = all_events(table, k);
        if (d > 0) {
            if (oss_stopped(hook, (double) k / (double) table->n_time))
                return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
            ratio.smallest_left = fmin(ratio.smallest_left, table->n_risk[k] - d);
            ratio_limits(table, lo, k + 1, quantile * quantile, &ratio, &below, &above);
        }
        low[k] = below;
        high[k] = above;
    }
    return OSS_OK;
}

/* The products only fall; betas matched to them need not. */
static double falling(size_t n, double highest, double *limit)
{
    for (size_t i = 0; i < n; i++) {
        highest = limit[i] < highest ? limit[i] : highest;
        limit[i] = highest;
    }
    return highest;
}

static void mid_p_curve(const oss_risk_table *table, size_t lo, size_t hi, double tail, double *low,
                        double *high)
{
    oss_beta_product product = OSS_BETA_PRODUCT_START;
    for (size_t k = lo; k < hi; k++) {
        const double n = table->n_risk[k], d = all_events(table, k);
        oss_beta_product_step(&product, n, d);
        oss_beta_product_mid_p(&product, n - d - table->n_censor[k], tail, low + k, high + k);
    }
    falling(hi - lo, 1, low + lo);
    falling(hi - lo, 1, high + lo);
}

/* Times whose moments are kept at once, for their quantiles to be sought on several threads. */
enum { CHUNK = 1 << 16, N_MOMENTS = 3 };

/* work: 2 * N_MOMENTS * CHUNK doubles, or hi - lo instead of CHUNK if that is less. */
static void beta_product_curve(const oss_risk_table *table, size_t lo, size_t hi, double tail,
                               int threads, double *work, double *low, double *high)
{
    const size_t most = hi - lo < CHUNK ? hi - lo : CHUNK;
    double *mean = work, *complement = mean + most, *variation = complement + most;
    double *mean_next = variation + most, *complement_next = mean_next + most,
           *variation_next = complement_next + most;
    oss_beta_product product = OSS_BETA_PRODUCT_START;
    double below = 1, above = 1;
    for (size_t first = lo; first < hi; first += most) {
        const size_t n = hi - first < most ? hi - first : most;
        for (size_t i = 0; i < n; i++) {
            const size_t k = first + i;
            const double at_risk = table->n_risk[k], d = all_events(table, k);
            oss_beta_product_step(&product, at_risk, d);
            const oss_beta_product next =
                oss_beta_product_below(&product, at_risk - d - table->n_censor[k]);
            mean[i] = product.mean;
            complement[i] = product.complement;
            variation[i] = product.variation;
            mean_next[i] = next.mean;
            complement_next[i] = next.complement;
            variation_next[i] = next.variation;
        }
        oss_beta_quantiles(tail, n, mean_next, complement_next, variation_next, threads,
                           low + first);
        oss_beta_quantiles(1 - tail, n, mean, complement, variation, threads, high + first);
        below = falling(n, below, low + first);
        above = falling(n, above, high + first);
    }
}

static size_t longest_stratum(const oss_risk_table *table)
{
    size_t most = 0;
    for (size_t s = 0; s < table->n_stratum; s++)
        most = table->start[s + 1] - table->start[s] > most ? table->start[s + 1] - table->start[s]
                                                            : most;
    return most;
}

oss_status oss_kaplan_meier(const oss_risk_table *table, oss_conf_type type, double conf_level,
                            int threads, double *estimate, double *std_error, double *low,
                            double *high, const oss_hook *hook, oss_error *err)
{
    const double tail = (1 - conf_level) / 2, quantile = oss_normal_quantile(1 - tail);
    double *work = NULL;
    if (type == OSS_CONF_BETA_PRODUCT) {
        const size_t most = longest_stratum(table);
        work = oss_calloc(2 * N_MOMENTS * (most < CHUNK ? most : CHUNK), sizeof *work);
        if (work == NULL)
            return oss_no_memory(err);
    }
    oss_status code = OSS_OK;
    for (size_t s = 0; s < table->n_stratum && code == OSS_OK; s++) {
        const size_t start = table->start[s], end = table->start[s + 1];
        product_limit at = { 1, 0 };
        for (size_t lo = start; lo < end; lo += BLOCK)
            product_limit_block(table, lo, end - lo < BLOCK ? end - lo : BLOCK, &at, estimate + lo,
                                std_error + lo);
        if (type == OSS_CONF_BETA_PRODUCT)
            beta_product_curve(table, start, end, tail, threads, work, low, high);
        else if (type == OSS_CONF_BETA_PRODUCT_MID_P)
            mid_p_curve(table, start, end, tail, low, high);
        else if (type == OSS_CONF_LIKELIHOOD_RATIO)
            code = likelihood_ratio_curve(table, start, end, quantile, low, high, hook, err);
        else
            oss_curve_limits(type, end - start, estimate + start, std_error + start, quantile,
                             threads, low + start, high + start);
    }
    oss_free(work);
    return code;
}
