#ifndef OSS_BOUNDED_STEP_H
#define OSS_BOUNDED_STEP_H

/* The Newton step of masses that may not fall below 0: maximise slope' s - s' H s / 2 over
 * s >= -mass, by block principal pivoting (Portugal, Judice and Vicente 1994, Math. Comp. 63:625)
 * on a Cholesky factor. */

#include <stddef.h>
#include <stdint.h>

/* Work arrays of at least k (factor: k * k) elements. */
typedef struct {
    double *factor, *rhs;
    uint32_t *free_cell;
    unsigned char *bound, *wrong;
} oss_bounded_work;

/* hessian[k * k]: upper triangle of H, positive semidefinite. A cell without curvature gives its
 * mass away; one that depends on those before it does not move. `small`: a push that rounding alone
 * can explain. */
void oss_bounded_step(size_t k, const double *hessian, const double *slope, const double *mass,
                      double small, double *step, const oss_bounded_work *work);

#endif
