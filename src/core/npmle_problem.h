#ifndef OSS_NPMLE_PROBLEM_H
#define OSS_NPMLE_PROBLEM_H

/* Inside of the NPMLE, shared by its files. */

#include "npmle.h"
#include "sum2.h"

struct oss_npmle {
    size_t n, m;       /* distinct rows; cells */
    uint32_t *lo, *hi; /* [n] ordered by lo, then hi */
    double *weight;    /* [n] */
    double total;      /* N, without the tilt */
    size_t cut;
    double before, after; /* the tilt */

    size_t k;       /* cells of the working support */
    uint32_t *cell; /* [m] ascending, k used; so all that follow */
    double *mass;   /* [m] */
    sum2 *below;    /* [m + 1] distribution function before each support cell, and the total */
    uint32_t *rank; /* [m + 1] support cells below a cell */
    double *slope;  /* [m] over the support: d_j - N */
    double *step;   /* [m] over the support */
    double *trial;  /* [m] over the support */
    double *d;      /* [m] over all cells: d_j */
    sum2 *drop;     /* [m + 1] */

    /* The rows as they look from the support: those that cover the same support cells are one. */
    size_t n_edge;
    uint32_t *from, *to; /* [n + 2] ordered by from */
    double *many;        /* [n + 2] weight */
    double *curve;       /* [n + 2] weight / mass^2 */
    double *pile;        /* [MAX_DENSE + 2] */

    size_t capacity;          /* support cells that the next arrays hold */
    double *hessian, *factor; /* [capacity^2] */
    double *rhs;              /* [capacity] */
    uint32_t *free_cell;      /* [capacity] */
    unsigned char *bound;     /* [capacity] */

    double *cg; /* [7 (m + 1)], made when first needed */
};

/* Past this support conjugate gradients cost less than a Cholesky factor. */
enum { OSS_MAX_DENSE = 1000 };

static inline double npmle_total(const oss_npmle *q) { return q->total + q->before + q->after; }

/* The edges that are rows; those of the tilt follow. */
static inline size_t n_row_edges(const oss_npmle *q)
{
    return q->n_edge - (q->before > 0) - (q->after > 0);
}

/* Puts the rows into edges over the support, after it has changed. */
void npmle_look(oss_npmle *q);

/* Makes the masses sum to 1. */
void npmle_rescale(oss_npmle *q);

void npmle_em_step(oss_npmle *q);
int npmle_product_limit(oss_npmle *q, int reverse);
void npmle_first_support(oss_npmle *q);

/* Distribution function of the support masses. */
void npmle_cumulate(oss_npmle *q);

/* slope[] and curve[] at the current masses; returns the largest slope. */
double npmle_slopes(oss_npmle *q);

/* Log-likelihood, tilt included, of `mass` (over the support) divided by its sum; -Inf if a row has
 * no mass. Leaves the distribution function of these masses in below[]. */
double npmle_value(oss_npmle *q, const double *mass);

/* The masses move along the arc (mass + t step)+ to a better place; returns 0 if there is none. */
int npmle_move(oss_npmle *q, double decrement);

/* step[] of the quadratic problem at the current masses. */
oss_status npmle_dense_step(oss_npmle *q, oss_error *err) OSS_CHECKED;
oss_status npmle_sparse_step(oss_npmle *q, double accuracy, oss_error *err) OSS_CHECKED;

/* A cell at a maximiser: mass would cost likelihood; has none but would cost nothing; has mass. */
enum { OSS_CELL_SHUT = 0, OSS_CELL_OPEN, OSS_CELL_MASS };

/* Does the curve follow at every cell boundary from its value at one, by the rule of
 * oss_npmle_unique? ends_tied: its values at 0 and m have a fixed difference. */
oss_status npmle_tied(size_t m, const unsigned char *kind, size_t n, const uint32_t *lo,
                      const uint32_t *hi, int ends_tied, int *tied, oss_error *err) OSS_CHECKED;

#endif
