#ifndef OSS_KAPLAN_MEIER_H
#define OSS_KAPLAN_MEIER_H

#include "risk_table.h"

typedef enum {
    OSS_CONF_BETA_PRODUCT,
    OSS_CONF_BETA_PRODUCT_MID_P,
    OSS_CONF_LIKELIHOOD_RATIO, /* Thomas and Grunkemeier (1975) JASA 70:865 */
    OSS_CONF_LOG_LOG,
    OSS_CONF_LOG,
    OSS_CONF_PLAIN,
    OSS_CONF_LOGIT,
    OSS_CONF_ARCSIN
} oss_conf_type;

/* Product-limit estimate just after each time of the table (events of all causes together), with
 * Greenwood's standard error and limits at conf_level; each array [table->n_time]. At S = 1 and S =
 * 0 the limits of the last five types do not exist (NaN), and the standard error at 0 is its limit,
 * 0. Beta-product limits never rise. The likelihood ratio has no limits before the first event and
 * 0 below once S is 0. O(times), but O(events^2) for the likelihood ratio, which polls the hook.
 * The answer does not depend on the number of threads, at least 1. */
oss_status oss_kaplan_meier(const oss_risk_table *table, oss_conf_type type, double conf_level,
                            int threads, double *estimate, double *std_error, double *low,
                            double *high, const oss_hook *hook, oss_error *err) OSS_CHECKED;

/* Limits on the scale of a transformation, the same for any probability with a standard error:
 * NaN unless 0 < estimate < 1. type: one of the last five; quantile: of the normal. */
void oss_transformed_limits(oss_conf_type type, double estimate, double std_error, double quantile,
                            double *low, double *high);

#endif
