#include "npmle_problem.h"

#include <math.h>
#include <string.h>

/* The Newton step on a large support, by conjugate gradients in the distribution function at the
 * k - 1 inner nodes between support cells. There the Hessian is a sum of curve (y_to - y_from)^2
 * over the rows, so its tridiagonal part is exact for rows of one cell and dominates where many
 * events are exact. Bounds are left to the projection of the move. */

enum { MAX_CG = 300 };

static void apply(const oss_npmle *q, const double *x, double *to)
{
    memset(to, 0, (q->k + 1) * sizeof *to);
    for (size_t e = 0; e < q->n_edge; e++) {
        const double flow = q->curve[e] * (x[q->to[e]] - x[q->from[e]]);
        to[q->to[e]] += flow;
        to[q->from[e]] -= flow;
    }
    to[0] = to[q->k] = 0;
}

/* Factor of the tridiagonal part: pivot[] and ratio[] over nodes 1 .. k - 1. */
static void factor_tridiagonal(const oss_npmle *q, double *pivot, double *beside)
{
    const size_t k = q->k;
    memset(pivot, 0, (k + 1) * sizeof *pivot);
    memset(beside, 0, (k + 1) * sizeof *beside);
    for (size_t e = 0; e < q->n_edge; e++) {
        pivot[q->from[e]] += q->curve[e];
        pivot[q->to[e]] += q->curve[e];
        if (q->to[e] - q->from[e] == 1)
            beside[q->from[e]] -= q->curve[e]; /* between node v and v + 1 */
    }
    for (size_t v = 1; v < k; v++) {
        const double whole = pivot[v];
        if (v > 1)
            pivot[v] -= beside[v - 1] * beside[v - 1] / pivot[v - 1];
        /* No row tells the cells beside this node apart: it stays. */
        if (!(pivot[v] > 1e-14 * whole))
            pivot[v] = 1e300;
    }
}

static void solve_tridiagonal(size_t k, const double *pivot, const double *beside, const double *b,
                              double *x)
{
    x[0] = x[k] = 0;
    for (size_t v = 1; v < k; v++)
        x[v] = b[v] - (v > 1 ? beside[v - 1] / pivot[v - 1] * x[v - 1] : 0);
    for (size_t v = k; v-- > 1;)
        x[v] = (x[v] - (v + 1 < k ? beside[v] * x[v + 1] : 0)) / pivot[v];
}

static double dot(size_t n, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

oss_status npmle_sparse_step(oss_npmle *q, double accuracy, oss_error *err)
{
    const size_t k = q->k, room = q->m + 1;
    if (!q->cg) {
        q->cg = oss_calloc(7 * room, sizeof *q->cg);
        if (!q->cg)
            return oss_no_memory(err);
    }
    double *y = q->cg, *r = y + room, *z = r + room, *dir = z + room, *image = dir + room;
    double *pivot = image + room, *beside = pivot + room;
    factor_tridiagonal(q, pivot, beside);
    memset(y, 0, (k + 1) * sizeof *y);
    r[0] = r[k] = 0;
    for (size_t v = 1; v < k; v++)
        r[v] = q->slope[v - 1] - q->slope[v];
    solve_tridiagonal(k, pivot, beside, r, z);
    memcpy(dir, z, (k + 1) * sizeof *dir);
    double rz = dot(k + 1, r, z);
    const double stop = rz * accuracy * accuracy;
    for (int i = 0; i < MAX_CG && rz > stop && rz > 0; i++) {
        apply(q, dir, image);
        const double alpha = rz / dot(k + 1, dir, image);
        for (size_t v = 1; v < k; v++) {
            y[v] += alpha * dir[v];
            r[v] -= alpha * image[v];
        }
        solve_tridiagonal(k, pivot, beside, r, z);
        const double next = dot(k + 1, r, z), beta = next / rz;
        for (size_t v = 1; v < k; v++)
            dir[v] = z[v] + beta * dir[v];
        rz = next;
    }
    for (size_t j = 0; j < k; j++)
        q->step[j] = y[j + 1] - y[j];
    return OSS_OK;
}
