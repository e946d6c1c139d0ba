#ifndef OSS_PERMUTATION_REMAINDER_H
#define OSS_PERMUTATION_REMAINDER_H

/* What is left of a permutation law when its scores are rounded to a lattice of step h: T less its
 * centre is offset + h V + E, E of mean 0. See permutation_lattice.h. */

#include "permutation.h"

/* Values of a at which the mean of exp(a E) is known. */
enum { OSS_REMAINDER_POINTS = 12 };

typedef struct {
    double offset;
    double slope, sd;   /* of E on h V, and about that line */
    double most, least; /* of E, over all allocations */
    double a[OSS_REMAINDER_POINTS];
    double log_up[OSS_REMAINDER_POINTS], log_down[OSS_REMAINDER_POINTS]; /* log mean exp(+-a E) */
} oss_remainder;

/* E > up, and E < -down, each have probability at most `beyond`. */
typedef struct {
    double up, down, beyond;
} oss_reach;

/* law_of_e 0: only the offset. O(n m) a point. */
OSS_CHECKED oss_status oss_remainder_new(const oss_permutation_law *law, double step, int law_of_e,
                                         oss_remainder *remainder, oss_error *err);

/* The reach that makes a tail at x of a law with standard deviation sd narrowest, about. */
oss_reach oss_remainder_reach(const oss_remainder *remainder, double x, double sd);

#endif
