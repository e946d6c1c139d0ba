#ifndef OSS_LOG_RANK_RESAMPLE_H
#define OSS_LOG_RANK_RESAMPLE_H

/* Reference distributions of the log-rank statistic, standardised anew in every replicate by its
 * hypergeometric variance. Three ways to a replicate, always within strata:
 *   enumerate  every way to deal the rows to two groups, once each;
 *   permute    rows dealt to the groups at random;
 *   impute     as permute, but each place keeps the follow-up of the patient who had it: an event
 *              hides how long its patient would have been followed, and a censored row when the
 *              event would have come; both are drawn anew, from the reverse Kaplan-Meier estimate
 *              of the group and the Kaplan-Meier estimate of all groups, each given what was seen
 *              (Heinze, Gnant and Schemper 2003, Biometrics 59:1151). */

#include "resample.h"
#include "risk_table.h"

typedef enum { OSS_DEAL_ENUMERATE, OSS_DEAL_PERMUTE, OSS_DEAL_IMPUTE } oss_deal;

/* Of one or several weights: Z of the group scores, the largest; |Z|, the largest; or chi-square of
 * all groups (one weight). */
typedef enum { OSS_LARGEST, OSS_LARGEST_ABSOLUTE, OSS_CHI_SQUARE } oss_log_rank_form;

typedef struct {
    size_t n, n_group, n_weight;
    const int *status;           /* [n] 0 or 1; rows stratum by stratum */
    const int *group;            /* [n] 0 .. n_group - 1 */
    const uint32_t *row_time;    /* [n] row of the table */
    const oss_risk_table *table; /* of the strata, no entries, weights 1 */
    const double *rho, *gamma;   /* [n_weight] */
    const double *group_score;   /* [n_group], for Z */
    oss_deal deal;
    oss_log_rank_form form;
} oss_log_rank_data;

/* Ways to deal the rows to two groups; Inf past 2^53. */
double oss_log_rank_deals(const oss_log_rank_data *data);

/* out[draws + 1]: the statistic of each replicate, and last of the data as they are. 0 where the
 * variance is 0. For OSS_DEAL_ENUMERATE draws is oss_log_rank_deals(). O(n log times) a replicate.
 */
OSS_CHECKED oss_status oss_log_rank_resample(const oss_log_rank_data *data, size_t draws,
                                             uint64_t seed, int threads, double *out,
                                             const oss_hook *hook, oss_error *err);

#endif
