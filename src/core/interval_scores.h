#ifndef OSS_INTERVAL_SCORES_H
#define OSS_INTERVAL_SCORES_H

/* Scores of interval-censored rows for linear rank tests, from the NPMLE of all rows together. */

#include "status.h"

typedef enum {
    OSS_SCORES_LOGRANK,     /* Sun 1996: cumulative hazard by sums of discrete hazards */
    OSS_SCORES_FINKELSTEIN, /* Finkelstein 1986: score of proportional hazards */
    OSS_SCORES_WILCOXON     /* score of proportional odds; Wilcoxon-Mann-Whitney */
} oss_interval_score_kind;

/* Row i covers cells lo[i] .. hi[i] - 1 (lo < hi <= m) of the masses p of the NPMLE, mass[m] >= 0
 * with sum 1, not all 0 where a row is. With a = S before lo, b = S after hi - 1, and H the
 * cumulative hazard, the sum of p_j / (p_j + p_j+1 + ...):
 *
 *     log-rank (b H_b - a H_a) / (a - b),   Finkelstein (a log a - b log b) / (a - b),
 *     Wilcoxon a + b - 1
 *
 * (Fay 1999, Stat Med 18:273, with the sign that makes early events high). With exact and
 * right-censored rows the first is status minus Nelson-Aalen. work: [2 * (m + 1)]. O(n + m). */
void oss_interval_scores(size_t n, const uint32_t *lo, const uint32_t *hi, size_t m,
                         const double *mass, oss_interval_score_kind kind, double *work,
                         double *score);

#endif
