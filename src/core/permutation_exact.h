#ifndef OSS_PERMUTATION_EXACT_H
#define OSS_PERMUTATION_EXACT_H

/* Exact tails of a permutation law, by the cheapest way there is. */

#include "permutation.h"

typedef enum {
    OSS_EXACT_NONE = 0, /* more work than allowed: tails not set */
    OSS_EXACT_LISTS,    /* meeting in the middle */
    OSS_EXACT_LATTICE,  /* all scores on a lattice: counted */
    OSS_EXACT_ENCLOSED  /* estimate and enclosure, by the finest lattice that is affordable */
} oss_exact_way;

/* Rows up to which counts stay below the largest double. */
enum { OSS_EXACT_ROWS = 1000 };

/* at[n_at]: values of T. enclose: an enclosure will do where exact tails are out of reach. *way
 * says what was done. */
OSS_CHECKED oss_status oss_permutation_exact(const oss_permutation_law *law, int enclose,
                                             size_t n_at, const double *at,
                                             oss_permutation_tails *tails, oss_exact_way *way,
                                             const oss_hook *hook, oss_error *err);

#endif
