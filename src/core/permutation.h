#ifndef OSS_PERMUTATION_H
#define OSS_PERMUTATION_H

/* The permutation law of a linear statistic: T = sum of the scores of the rows in the second of two
 * groups, given the scores and, in every stratum, the size of the groups; strata are independent.
 * Pairs as strata of two rows, one of them in the second group, give sign flips. */

#include "status.h"

typedef struct {
    size_t n;            /* rows, >= 1 */
    const double *score; /* [n] finite, at most 1e100 in size */
    const int *second;   /* [n] 1: in the second group, 0: in the first */
    const int *stratum;  /* [n] 1 .. n_stratum; NULL: one stratum */
    size_t n_stratum;    /* >= 1 */
} oss_permutation_rows;

/* A stratum with something to permute: m of its n rows are drawn. Scores ascend and add to 0; where
 * the second group is the larger one the first is drawn instead and the scores are negated. */
typedef struct {
    size_t n, m; /* 1 <= m <= n / 2 */
    const double *score;
} oss_draw;

/* T = centre + sum of the drawn scores. Made once by oss_permutation_law_new (O(n log n)). */
typedef struct {
    size_t n_draw, n; /* n: rows of all draws */
    oss_draw *draw;
    double *score;
    double centre;   /* the mean of T */
    double at;       /* T observed, minus centre */
    double variance; /* of T */
    double range;    /* widest range of the scores of one draw */
    double tie;      /* values of T this close are equal: 1e-9 range */
    double log_size; /* log of the number of allocations */
} oss_permutation_law;

OSS_CHECKED oss_status oss_permutation_law_new(const oss_permutation_rows *rows,
                                               oss_permutation_law *law, oss_error *err);
void oss_permutation_law_free(oss_permutation_law *law); /* also after an error */

/* P(T <= t) and P(T >= t). Where low < high the probability is known to lie between them, and the
 * value is an estimate; else all three are equal. */
typedef struct {
    double lower, lower_low, lower_high;
    double upper, upper_low, upper_high;
} oss_permutation_tails;

#endif
