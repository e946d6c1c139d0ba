#ifndef OSS_PERMUTATION_SAMPLE_H
#define OSS_PERMUTATION_SAMPLE_H

/* Monte Carlo permutation of a linear statistic, by the resampling engine. */

#include "permutation.h"

typedef struct {
    size_t n; /* resamples */
    uint64_t seed;
    int threads; /* at least 1 */
} oss_permutation_plan;

/* Of the resamples, how many have T <= t, T >= t, |T - E T| >= |t - E T|. */
typedef struct {
    double lower, upper, far;
} oss_permutation_hits;

/* Two groups. Each resample marks rows by random bits with a probability near m / n, and then adds
 * or removes single rows at random until m are marked: given its size the first set is uniform, and
 * so is the last. That takes about n / 16 + sqrt(n) random numbers for groups of one size, m for a
 * small second group. */
OSS_CHECKED oss_status oss_permutation_sample(const oss_permutation_law *law,
                                              const oss_permutation_plan *plan,
                                              oss_permutation_hits *hits, const oss_hook *hook,
                                              oss_error *err);

/* Any number of groups. T is the vector of the sums by group, less their means; each column of
 * `axis` makes of it one number y. One column: the statistic is y, and hits are as above. More:
 * it is the sum of the y squared, and only `upper` counts. */
typedef struct {
    size_t n;            /* rows, 1 <= n < 2^32 */
    const double *score; /* [n] finite, at most 1e100 in size */
    const int *group;    /* [n] 1 .. n_group */
    const int *stratum;  /* [n] 1 .. n_stratum; NULL: one stratum */
    size_t n_group, n_stratum, n_axis;
    const double *axis; /* [n_group * n_axis], column by column */
} oss_group_rows;

OSS_CHECKED oss_status oss_permutation_groups(const oss_group_rows *rows,
                                              const oss_permutation_plan *plan, double *statistic,
                                              oss_permutation_hits *hits, const oss_hook *hook,
                                              oss_error *err);

#endif
