#ifndef OSS_PERMUTATION_LATTICE_H
#define OSS_PERMUTATION_LATTICE_H

/* Tails by counting on a lattice: sums of whole multiples of a step h are counted in arrays, row by
 * row and by the number drawn, in two halves that meet (Streitberg and Roehmel's shift algorithm).
 *
 * Where all scores lie on a lattice that is the exact law. Where they do not, each score b of a
 * draw is h v + e with v whole, and the remainders e of a draw are made to add to 0 by moving the
 * lattice, so that the lattice keeps the mean of T. With V and E the sums of v and e over the drawn
 * rows, T = h V + E, and for every u, w >= 0
 *
 *     P(h V >= t + w) - P(E < -w) <= P(T >= t) <= P(h V >= t - u) + P(E > u),
 *
 * because T >= t with h V < t - u needs E > u, and T < t with h V >= t + w needs E < -w. P(E > u)
 * is at most exp(-a u) M(a) for any a > 0, where M(a), the mean of exp(a E) over all allocations,
 * is a product over draws of elementary symmetric means, which a recursion of positive terms gives
 * to rounding; and it is 0 beyond the sum of the m largest remainders. So p is enclosed, whatever
 * the scores. The estimate between takes E as normal given V, with the mean and variance of its
 * regression on V. */

#include "permutation.h"

typedef struct {
    size_t draw, row; /* where to cut */
    double step;      /* of a lattice that all scores lie on; 0: there is none */
    double cost;      /* additions that it takes */
    double cells;     /* doubles that it takes */
} oss_lattice_plan;

/* step: 0 looks for a lattice that all scores lie on. */
OSS_CHECKED oss_status oss_lattice_plan_new(const oss_permutation_law *law, size_t draw, size_t row,
                                            double step, oss_lattice_plan *plan, oss_error *err);

typedef enum {
    OSS_LATTICE_EXACT,    /* the scores lie on the lattice of the plan */
    OSS_LATTICE_ESTIMATE, /* an estimate and an enclosure; for a coarse lattice */
    OSS_LATTICE_ENCLOSE   /* a narrower enclosure of the tails as they stand */
} oss_lattice_aim;

/* x[n_at]: T minus the law's centre. */
OSS_CHECKED oss_status oss_lattice_tails(const oss_permutation_law *law,
                                         const oss_lattice_plan *plan, oss_lattice_aim aim,
                                         size_t n_at, const double *x, oss_permutation_tails *tails,
                                         const oss_hook *hook, oss_error *err);

#endif
