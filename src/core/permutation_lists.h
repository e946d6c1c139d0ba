#ifndef OSS_PERMUTATION_LISTS_H
#define OSS_PERMUTATION_LISTS_H

/* Exact tails by meeting in the middle: the sums of each half as sorted lists, by the number drawn,
 * each made from the one before by merging, so that nothing is sorted; equal sums are one element
 * with its count. About 2^(n/2) elements for n scores that all differ, far fewer with ties. */

#include "permutation.h"

typedef struct {
    size_t draw, row; /* where to cut: the shared draw, its first row of the second half */
    double size;      /* elements of both halves at most */
} oss_lists_plan;

/* The cut with the fewest elements. O(sum of n m over draws); work: [2 * (largest n + 2)]. */
oss_lists_plan oss_lists_plan_new(const oss_permutation_law *law, double *work, double *profile);

/* x[n_at]: T minus the law's centre. Counts are exact below 2^53, beyond that to about 1e-13
 * relative. */
OSS_CHECKED oss_status oss_lists_tails(const oss_permutation_law *law, const oss_lists_plan *plan,
                                       size_t n_at, const double *x, oss_permutation_tails *tails,
                                       const oss_hook *hook, oss_error *err);

#endif
