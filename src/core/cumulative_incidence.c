#include "cumulative_incidence.h"
#include "beta_product.h"
#include "quantile.h"

#include <math.h>

/* Means, complement and central second moments of S and F: kept central, since in a large registry
 * the variance is lost in the difference of raw moments. */
typedef struct {
    double s, f, rest; /* E S, E F, 1 - E F */
    double ss, sf, ff; /* var S, cov(S, F), var F */
} moments;

#define MOMENTS_START                                                                              \
    {                                                                                              \
        1, 0, 1, 0, 0, 0                                                                           \
    }

/* F += S D, S *= B, (D, B) independent of the past with the moments given. products: whether the
 * products of two variances count (true moments) or not (the delta method). */
static void advance(moments *x, double mean_d, double mean_b, double var_d, double var_b,
                    double cov_bd, int products)
{
    const double extra = products ? x->ss : 0, square = x->s * x->s;
    const double ff =
        x->ff + 2 * mean_d * x->sf + x->ss * mean_d * mean_d + (square + extra) * var_d;
    const double sf = mean_b * (x->sf + x->ss * mean_d) + (square + extra) * cov_bd;
    const double ss = x->ss * mean_b * mean_b + (square + extra) * var_b;
    x->f += x->s * mean_d;
    x->rest -= x->s * mean_d;
    x->s *= mean_b;
    x->ff = ff;
    x->sf = sf;
    x->ss = ss;
}

static void spacings_step(moments *x, double at_risk, double events, double of_cause)
{
    const double n = at_risk + 1, left = n - events, scale = 1 / (n * n * (n + 1));
    advance(x, of_cause / n, left / n, of_cause * (n - of_cause) * scale, left * events * scale,
            -left * of_cause * scale, 1);
}

static void aalen_step(moments *x, double at_risk, double events, double of_cause)
{
    const double n = at_risk, left = n - events, scale = 1 / (n * n * n);
    advance(x, of_cause / n, left / n, of_cause * (n - of_cause) * scale, left * events * scale,
            -left * of_cause * scale, 0);
}

static double incidence_quantile(double p, const moments *x, double start)
{
    const double rest = x->rest > 0 ? x->rest : 0;
    return oss_matched_beta_quantile(p, x->f, rest, x->ff / (x->f * x->f), start);
}

static double exact_low(const moments *x, double tail, double start)
{
    return x->f > 0 ? incidence_quantile(tail, x, start) : 0;
}

/* The next spacing is a Beta(1, Y) share of S; all of S when nobody is left. */
static double exact_high(const moments *x, double at_risk_after, double tail, double start)
{
    moments above = *x;
    const double y = at_risk_after, n = y + 1;
    const double var = y / (n * n * (n + 1));
    advance(&above, 1 / n, y / n, var, var, -var, 1);
    return incidence_quantile(1 - tail, &above, start);
}

oss_status oss_cumulative_incidence(const oss_risk_table *table, oss_incidence_type type,
                                    double conf_level, double *estimate, double *std_error,
                                    double *low, double *high, double *event_free,
                                    const oss_hook *hook, oss_error *err)
{
    const size_t n_time = table->n_time, n_cause = table->n_cause;
    const double tail = (1 - conf_level) / 2, quantile = oss_normal_quantile(1 - tail);
    for (size_t c = 0; c < n_cause; c++) {
        const double *of_cause = table->n_event + c * n_time;
        const size_t out = c * n_time;
        for (size_t s = 0; s < table->n_stratum; s++) {
            if (oss_stopped(hook, (double) c / (double) n_cause))
                return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
            moments spacings = MOMENTS_START, aalen = MOMENTS_START;
            double survival = 1, incidence = 0, below = NAN, above = NAN, others = 0;
            double matched_low = NAN, matched_high = NAN;
            for (size_t k = table->start[s]; k < table->start[s + 1]; k++) {
                const double n = table->n_risk[k];
                double d = 0;
                for (size_t j = 0; j < n_cause; j++)
                    d += table->n_event[j * n_time + k];
                if (d > 0) {
                    others += d - of_cause[k];
                    incidence += survival * (of_cause[k] / n);
                    survival = n > d ? survival * ((n - d) / n) : 0;
                    aalen_step(&aalen, n, d, of_cause[k]);
                    spacings_step(&spacings, n, d, of_cause[k]);
                    /* Alone so far: rounding must not leave the incidence beside 1 with an interval
                     * of no width when all have failed. */
                    if (others == 0) {
                        incidence = 1 - survival;
                        aalen.ff = survival > 0 ? aalen.ff : 0;
                    }
                }
                estimate[out + k] = incidence;
                /* Rounding may leave a variance that is 0 a little below. */
                std_error[out + k] = aalen.ff > 0 ? sqrt(aalen.ff) : 0;
                if (type == OSS_INCIDENCE_EXACT) {
                    if (d > 0 || k == table->start[s])
                        matched_low = exact_low(&spacings, tail, matched_low);
                    matched_high =
                        exact_high(&spacings, n - d - table->n_censor[k], tail, matched_high);
                    /* F only grows, and F with the next spacing too; matched betas need not. */
                    below = fmax(below, matched_low);
                    above = fmax(above, matched_high);
                } else if (d > 0) {
                    oss_transformed_limits(type == OSS_INCIDENCE_PLAIN ? OSS_CONF_PLAIN
                                                                       : OSS_CONF_LOG_LOG,
                                           incidence, std_error[out + k], quantile, &below, &above);
                }
                low[out + k] = below;
                high[out + k] = above;
                if (c == 0)
                    event_free[k] = survival;
            }
        }
    }
    return OSS_OK;
}
