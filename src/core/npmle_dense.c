#include "bounded_step.h"
#include "npmle_problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The Newton step on a small support: maximise slope' x - x' H x / 2 over x >= -mass, where
 * H = sum over rows of weight / (mass of the row)^2 on the cells it covers. */

static int make_room(oss_npmle *q)
{
    if (q->k <= q->capacity)
        return 1;
    const size_t c = q->k + q->k / 2 + 8;
    oss_free(q->hessian);
    oss_free(q->factor);
    oss_free(q->rhs);
    oss_free(q->free_cell);
    oss_free(q->bound);
    q->hessian = oss_calloc(c * c, sizeof *q->hessian);
    q->factor = oss_calloc(c * c, sizeof *q->factor);
    q->rhs = oss_calloc(c + 1, sizeof *q->rhs);
    q->free_cell = oss_calloc(c, sizeof *q->free_cell);
    q->bound = oss_calloc(c, sizeof *q->bound);
    q->capacity = q->hessian && q->factor && q->rhs && q->free_cell && q->bound ? c : 0;
    return q->capacity > 0;
}

/* Upper triangle. Row j is row j - 1 and the rows of data that start at cell j. */
static void fill_hessian(oss_npmle *q)
{
    const size_t k = q->k;
    double *ends = q->rhs; /* [k + 1] curvature of the rows from cell j, by end */
    const size_t n_rows = n_row_edges(q);
    size_t e = 0;
    for (size_t j = 0; j < k; j++) {
        double *row = q->hessian + j * k;
        if (j > 0)
            memcpy(row + j, row - k + j, (k - j) * sizeof *row);
        memset(ends, 0, (k + 1) * sizeof *ends);
        for (; e < n_rows && q->from[e] == j; e++)
            ends[q->to[e]] += q->curve[e];
        for (size_t t = n_rows; t < q->n_edge; t++)
            if (q->from[t] == j)
                ends[q->to[t]] += q->curve[t];
        double sum = 0;
        for (size_t l = k; l-- > j;) {
            sum += ends[l + 1];
            if (j > 0)
                row[l] += sum;
            else
                row[l] = sum;
        }
    }
}

oss_status npmle_dense_step(oss_npmle *q, oss_error *err)
{
    if (!make_room(q))
        return oss_no_memory(err);
    fill_hessian(q);
    const oss_bounded_work work = { q->factor, q->rhs, q->free_cell, q->bound,
                                    (unsigned char *) (void *) q->trial };
    oss_bounded_step(q->k, q->hessian, q->slope, q->mass,
                     fmax(1e-10, 32 * DBL_EPSILON * npmle_total(q)), q->step, &work);
    return OSS_OK;
}
