#ifndef OSS_PAIR_PROPORTION_H
#define OSS_PAIR_PROPORTION_H

/* Exact limits for a probability p from units that come in pairs (two interfaces of one bone) and
 * singly. The two of a pair share p, and may depend on each other in any way: P(exactly one) = q
 * lies anywhere in [0, 2 min(p, 1 - p)]. A limit is the p at which the largest tail over q of the
 * count is alpha / 2; that tail rises with p, because pairs with a larger p can be coupled to lie
 * above. So the level holds whatever the association, the negative one too. */

#include "status.h"

/* The most pairs and singles together: a tail costs up to pairs x singles terms. */
#define OSS_PAIRS_MOST 300

/* The lower limit of p at x of 2 pairs + singles units, with alpha / 2 in the tail; the upper one
 * is 1 minus the lower limit at what is left of the units. 0 at x = 0. 1 to OSS_PAIRS_MOST
 * clusters; alpha in [1e-9, 1). The maximum over q is sought on 65 points and refined between the
 * neighbours of the best to 1e-7, where the tail is flat to 1e-13. */
OSS_CHECKED oss_status oss_pair_limit_low(size_t pairs, size_t singles, size_t x, double alpha,
                                          double *low, oss_error *err);

/* P(count >= x) at p and q, 0 <= x <= 2 pairs + singles: for the search above and for tests. */
double oss_pair_upper(size_t pairs, size_t singles, size_t x, double p, double q);

#endif
