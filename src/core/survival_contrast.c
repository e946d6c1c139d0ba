#include "survival_contrast.h"
#include "quantile.h"

#include <math.h>

static double left_after(const oss_risk_table *table, size_t k)
{
    return table->n_risk[k] - table->n_event[k] - table->n_censor[k];
}

void oss_survival_points(const oss_risk_table *table, size_t s, size_t n_at, const double *at,
                         oss_survival_point *points)
{
    size_t k = table->start[s];
    const size_t end = table->start[s + 1];
    oss_survival_point now = { 1, 0, OSS_BETA_PRODUCT_START, table->n_risk[k], 1 };
    const double last = table->time[end - 1];
    for (size_t i = 0; i < n_at; i++) {
        if (k > table->start[s])
            now.at_risk_after = left_after(table, k - 1);
        for (; k < end && table->time[k] <= at[i]; k++) {
            const double n = table->n_risk[k], d = table->n_event[k];
            if (d > 0) {
                now.survival = n > d ? now.survival * ((n - d) / n) : 0;
                now.greenwood += d / (n * (n - d));
                oss_beta_product_step(&now.product, n, d);
            }
            /* Who is censored at the time itself is known to have survived it. */
            now.at_risk_after = table->time[k] == at[i] ? n - d : left_after(table, k);
        }
        now.known = at[i] <= last || now.survival == 0;
        points[i] = now;
    }
}

static double effect_of(oss_meld_effect effect, double first, double second)
{
    switch (effect) {
    case OSS_MELD_DIFFERENCE:
        return second - first;
    case OSS_MELD_RATIO:
        return log(second / first);
    default:
        return log(second / (1 - second)) - log(first / (1 - first));
    }
}

/* Of the arm's own term in the effect; NaN where Greenwood's variance says nothing. */
static double variance_of(oss_meld_effect effect, const oss_survival_point *x)
{
    const double s = x->survival;
    if (!(s > 0 && s < 1))
        return NAN;
    switch (effect) {
    case OSS_MELD_DIFFERENCE:
        return s * s * x->greenwood;
    case OSS_MELD_RATIO:
        return x->greenwood;
    default:
        return x->greenwood / ((1 - s) * (1 - s));
    }
}

static oss_meld_arm arm_of(const oss_survival_point *x)
{
    const oss_meld_arm arm = { oss_beta_product_below(&x->product, x->at_risk_after), x->product };
    return arm;
}

oss_status oss_survival_contrast(const oss_survival_point *first, const oss_survival_point *second,
                                 oss_meld_effect effect, oss_contrast_type type, double conf_level,
                                 oss_contrast *result, oss_error *err)
{
    const oss_contrast nothing = { NAN, NAN, NAN, NAN, NAN };
    *result = nothing;
    if (!first->known || !second->known)
        return OSS_OK;
    result->estimate = effect_of(effect, first->survival, second->survival);
    result->std_error = sqrt(variance_of(effect, first) + variance_of(effect, second));
    if (type == OSS_CONTRAST_WALD) {
        const double reach = oss_normal_quantile(0.5 + 0.5 * conf_level) * result->std_error;
        result->low = result->estimate - reach;
        result->high = result->estimate + reach;
        if (effect == OSS_MELD_DIFFERENCE) {
            result->low = result->low < -1 ? -1 : result->low;
            result->high = result->high > 1 ? 1 : result->high;
        }
        result->p = erfc(fabs(result->estimate / result->std_error) * 0.707106781186547524);
        return OSS_OK;
    }
    const oss_meld_arm arms[2] = { arm_of(first), arm_of(second) };
    oss_melded melded;
    if (oss_meld(&arms[0], &arms[1], effect, type == OSS_CONTRAST_MELDED_MID_P, conf_level, &melded,
                 err))
        return err ? err->code : OSS_ENOCONV;
    result->low = melded.low;
    result->high = melded.high;
    result->p = melded.p;
    return OSS_OK;
}
