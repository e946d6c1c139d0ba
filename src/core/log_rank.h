#ifndef OSS_LOG_RANK_H
#define OSS_LOG_RANK_H

/* The log-rank family. At an event time with d events among n at risk, n_g of them in group g, the
 * weight is S^rho (1 - S)^gamma (Harrington and Fleming 1982, Biometrika 69:553), S the
 * Kaplan-Meier estimate of all groups of the stratum together just before the time. Given the risk
 * sets, the events of the groups are hypergeometric. */

#include "risk_table.h"

/* Caller-owned; w runs over the weights, g and h over the groups. */
typedef struct {
    size_t n_group, n_weight;
    double *observed;   /* [n_weight * n_group], w by w: weighted events */
    double *expected;   /* the same */
    double *covariance; /* [n_weight^2 * n_group^2], ((w1 * n_weight + w2) * n_group + g) * n_group
                           + h: of observed minus expected, summed over strata */
} oss_log_rank_sums;

/* rows->stratum counts cells: group g of stratum s is s * n_group + g + 1; table is theirs, so that
 * equal times of two groups are bitwise equal. Entries are read from the rows. O(rows + times *
 * n_group * (n_group + n_weight)). */
OSS_CHECKED oss_status oss_log_rank(const oss_risk_rows *rows, const oss_risk_table *table,
                                    const double *rho, const double *gamma, oss_log_rank_sums *out,
                                    const oss_hook *hook, oss_error *err);

/* score[n_weight * n]: of each row, weight at its time if an event, minus the weighted Nelson-Aalen
 * increment from its entry to its exit; the scores of a group sum to observed minus expected. Here
 * rows->stratum are the strata, table is theirs, row_time as from oss_risk_fill. A row of weight 2
 * gets the score of each of its two. */
OSS_CHECKED oss_status oss_log_rank_scores(const oss_risk_rows *rows, const oss_risk_table *table,
                                           const uint32_t *row_time, const double *rho,
                                           const double *gamma, size_t n_weight, double *score,
                                           oss_error *err);

/* u' V^- u with the rank of V[p * p] (symmetric, non-negative definite), by Cholesky with pivots
 * down to 1e-10 of the largest variance; solution[p] = V^- u with the left-out rows 0 (NULL
 * allowed). u outside the range of V by rounding only. work: p * (p + 4) doubles. */
double oss_quadratic(size_t p, const double *u, const double *v, double *solution, double *work,
                     size_t *rank);

#endif
