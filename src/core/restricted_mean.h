#ifndef OSS_RESTRICTED_MEAN_H
#define OSS_RESTRICTED_MEAN_H

/* Restricted mean survival time: the area under the Kaplan-Meier curve up to tau. */

#include "beta_product.h"
#include "resample.h"
#include "risk_table.h"

typedef struct {
    double mean;     /* in the unit of time, 0 to tau */
    double variance; /* sum of area(t, tau)^2 d / (n (n - d)), Klein and Moeschberger (2003),
                        ch. 4.5 */
    int known;       /* followed up to tau, or survival has reached 0 */
    /* Moments of mean / tau when S is the random curve of the beta-product procedure: S falls at
     * each failure (high), or already just after the failure before (low). Between two failures the
     * factors of the low curve are taken as fully dependent, so that its variance is not
     * understated. Without censoring the limits are those of Gaffke (2005), with the beta of equal
     * moments. No theory with left truncation. */
    oss_beta_product low, high;
} oss_restricted;

/* Stratum s, tau > 0. One pass, O(times); low and high only if asked for, as they take longer than
 * the rest. */
oss_restricted oss_restricted_mean(const oss_risk_table *table, size_t s, double tau, int moments);

/* Two groups as one: its distinct times up to tau with the counts of both, for the permutation of
 * the labels. Arrays with room for the times of both. Returns the number of times. */
size_t oss_restricted_pool(const oss_risk_table *table, size_t first, size_t second, double tau,
                           double *time, double *n_event, double *n_censor);

typedef struct {
    size_t n_time;
    const double *time, *n_event, *n_censor; /* [n_time] of the pooled rows, ascending, <= tau */
    double tau;
    double n_first, n_second; /* rows of either group */
} oss_restricted_labels;

/* A replicate for oss_resample: the labels drawn anew, then out[0] difference over its standard
 * error, out[1] log ratio over its, second against first; out[2], out[3] the same of the time lost.
 * A curve that ends before tau goes on at its level. O(rows), no work memory. */
OSS_CHECKED oss_status oss_restricted_replicate(const void *labels, void *work, oss_stream *stream,
                                                size_t b, double *out, oss_error *err);

/* Those four numbers for two means. 0 / 0 is 0, and a difference without a standard error infinite.
 */
void oss_restricted_statistics(double tau, double mean_1, double variance_1, double mean_2,
                               double variance_2, double *out);

#endif
