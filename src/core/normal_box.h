#ifndef OSS_NORMAL_BOX_H
#define OSS_NORMAL_BOX_H

/* P(lower <= Z_k <= upper for all k) for a normal vector with unit variances and the given
 * correlations, which may be singular: the first of a family of statistics is often a sum of
 * others. */

#include "status.h"

enum { OSS_BOX_MOST = 8, OSS_BOX_MOST_RANK = 4 };

/* correlation[n * n], 1 <= n <= OSS_BOX_MOST, of rank (to 1e-9) at most OSS_BOX_MOST_RANK; lower
 * may be -Inf, upper Inf. Deterministic: Gauss-Kronrod quadrature in rank - 1 dimensions, adaptive
 * between the corners of the region; absolute error about 1e-9, for rank 4 1e-7. */
OSS_CHECKED oss_status oss_normal_box(size_t n, const double *correlation, double lower,
                                      double upper, double *probability, oss_error *err);

#endif
