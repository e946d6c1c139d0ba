#ifndef OSS_SIGNED_RANK_H
#define OSS_SIGNED_RANK_H

#include "status.h"

/* Wilcoxon's signed-rank test of differences d about 0, the Hodges-Lehmann estimate and the
 * interval that the test inverts. Ties have mid-ranks; all laws are conditional on the absolute
 * values, signs being fair coins, so that the exact ones are exact with ties too. */

typedef enum {
    OSS_ZEROS_PRATT,   /* (1959) JASA 54:655: zeros are ranked, then their ranks are left out */
    OSS_ZEROS_WILCOXON /* zeros are left out before ranking, and of the estimate */
} oss_zeros;

#define OSS_SIGNED_RANK_EXACT 100 /* differences up to which "exact" is the rule */

typedef struct {
    size_t n_used, n_zero; /* differences that are ranked; zeros among all */
    double statistic;      /* sum of the ranks of positive differences */
    double p_less, p_greater;
    double estimate;  /* median of the Walsh averages (d[i] + d[j]) / 2, i <= j; NaN if none */
    double low, high; /* -Inf, Inf where the test never rejects; NaN if the estimate is */
    int exact;
} oss_signed_rank_result;

/* d[n]: finite. Values closer than tie are tied; those below tie are zeros. tail: level of either
 * one-sided test behind the limits. Exact: tails by the shift algorithm on doubled ranks, limits
 * the hull of all shifts that are not rejected, found at and between the Walsh averages from
 * outside in. O(n^3) a tail. Else normal with tie-corrected variance and continuity correction, and
 * limits that are Walsh averages; O(n log n) in time and O(n) in memory. Errors: OSS_EINVAL
 * (index), OSS_ENOMEM, OSS_ECANCEL. */
OSS_CHECKED oss_status oss_signed_rank(size_t n, const double *d, oss_zeros zeros, int exact,
                                       double tie, double tail, oss_signed_rank_result *result,
                                       const oss_hook *hook, oss_error *err);

#endif
