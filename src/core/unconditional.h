#ifndef OSS_UNCONDITIONAL_H
#define OSS_UNCONDITIONAL_H

#include "status.h"

/* Exact unconditional one-sided tests and limits for a difference of two probabilities, by Chan and
 * Zhang (1999, Biometrics 55:1202): tables are ordered by the score statistic for p1 - p2 = delta
 * (difference.h), and the tail is maximised over what delta leaves free.
 *
 * The score rises with x1 and falls with x2 and delta, so that the tables at least as extreme form
 * a staircase (one threshold for each x1), the tail grows with p1 and falls with p2, and over a
 * range of delta the union of the tails is bounded by the staircase made of the score at its two
 * ends. All bounds below follow from that; nothing is left to a grid.
 *
 * 0 <= x1 <= n1, 0 <= x2 <= n2, whole, both n at least 1 and at most what the workspace was made
 * for. Return 1 when the hook says stop, else 0. */

#define OSS_UNCONDITIONAL_MOST 10000.0

typedef struct oss_unconditional oss_unconditional;

oss_unconditional *oss_unconditional_new(size_t most) OSS_CHECKED; /* NULL: no memory */
void oss_unconditional_free(oss_unconditional *work);

/* Smallest delta that the test of "p1 - p2 <= delta" at level tail does not reject. */
OSS_CHECKED int oss_chan_zhang_low(oss_unconditional *work, double x1, double n1, double x2,
                                   double n2, double tail, double *low, const oss_hook *hook);

/* One-sided p of "p1 - p2 <= 0". Attained at some p1 = p2, within 1e-9 of the supremum. */
OSS_CHECKED int oss_chan_zhang_p(oss_unconditional *work, double x1, double n1, double x2,
                                 double n2, double *p, const oss_hook *hook);

#endif
