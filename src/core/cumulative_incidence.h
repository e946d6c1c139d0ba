#ifndef OSS_CUMULATIVE_INCIDENCE_H
#define OSS_CUMULATIVE_INCIDENCE_H

#include "kaplan_meier.h"

typedef enum {
    OSS_INCIDENCE_EXACT, /* Dirichlet spacings given to the cause of their failure */
    OSS_INCIDENCE_LOG_LOG,
    OSS_INCIDENCE_PLAIN
} oss_incidence_type;

/* Aalen-Johansen cumulative incidence of each cause just after each time, with its standard error
 * (Aalen, binomial increments: what survfit gives) and limits at conf_level. estimate, std_error,
 * low, high: [n_cause * n_time], cause by cause; event_free: [n_time].
 *
 * The exact type gives each spacing of the beta product to the cause of its failure: with Y at
 * risk, d failing, d_j from cause j, (D_j, D_other, B) ~ Dirichlet(d_j, d - d_j, Y + 1 - d), F += S
 * D_j, S *= B. Lower limit: quantile of F. Upper: of F with the next spacing given to j as well.
 * Betas are matched on mean and variance; the limits never fall. Clopper-Pearson without censoring;
 * one minus the beta-product interval with one cause; 0 below without an event of the cause. Not
 * for left-truncated tables. Log-log and plain limits are NaN unless 0 < F < 1. O(times x causes).
 * The answer does not depend on the number of threads, at least 1. */
oss_status oss_cumulative_incidence(const oss_risk_table *table, oss_incidence_type type,
                                    double conf_level, int threads, double *estimate,
                                    double *std_error, double *low, double *high,
                                    double *event_free, const oss_hook *hook,
                                    oss_error *err) OSS_CHECKED;

#endif
