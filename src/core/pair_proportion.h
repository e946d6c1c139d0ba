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

/* x of 2 pairs + singles, 0 < 2 pairs + singles, at most OSS_PAIRS_MOST clusters; alpha in [1e-9, 1).
 * 0 below at x = 0, 1 above at x = all. The maximum over q is sought on 65 points and refined
 * between the neighbours of the best to 1e-10. */
OSS_CHECKED oss_status oss_pair_limits(size_t pairs, size_t singles, size_t x, double alpha,
                                       double *low, double *high, const oss_hook *hook,
                                       oss_error *err);

/* P(count >= x) at p and q, 0 <= x <= 2 pairs + singles: for the search above and for tests. */
double oss_pair_upper(size_t pairs, size_t singles, size_t x, double p, double q);

#endif
