#include "npmle_problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The Newton step on a small support: maximise slope' x - x' H x / 2 over x >= -mass, where
 * H = sum over rows of weight / (mass of the row)^2 on the cells it covers. */

enum { MAX_PIVOT = 100, MAX_WORSE = 3 };

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

/* U'U = A in place of the upper triangle of A (n x n, rows contiguous). A cell that depends on
 * those before it gets an endless pivot: it does not move. */
static void cholesky(size_t n, double *a)
{
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        const double diagonal = row[i];
        size_t r = 0;
        for (; r + 4 <= i; r += 4) {
            const double *u0 = a + r * n, *u1 = u0 + n, *u2 = u1 + n, *u3 = u2 + n;
            const double f0 = u0[i], f1 = u1[i], f2 = u2[i], f3 = u3[i];
            for (size_t j = i; j < n; j++)
                row[j] -= f0 * u0[j] + f1 * u1[j] + f2 * u2[j] + f3 * u3[j];
        }
        for (; r < i; r++) {
            const double *u = a + r * n, f = u[i];
            for (size_t j = i; j < n; j++)
                row[j] -= f * u[j];
        }
        const double pivot = row[i] > 1e-13 * diagonal ? sqrt(row[i]) : 1e150;
        for (size_t j = i + 1; j < n; j++)
            row[j] /= pivot;
        row[i] = pivot;
    }
}

static void cholesky_solve(size_t n, const double *u, double *x)
{
    for (size_t i = 0; i < n; i++) {
        const double *row = u + i * n;
        const double y = x[i] /= row[i];
        for (size_t j = i + 1; j < n; j++)
            x[j] -= row[j] * y;
    }
    for (size_t i = n; i-- > 0;) {
        const double *row = u + i * n;
        double sum = x[i];
        for (size_t j = i + 1; j < n; j++)
            sum -= row[j] * x[j];
        x[i] = sum / row[i];
    }
}

static inline double entry(const oss_npmle *q, size_t i, size_t j)
{
    return i <= j ? q->hessian[i * q->k + j] : q->hessian[j * q->k + i];
}

/* step[] with the bound cells at -mass. */
static void solve_free(oss_npmle *q)
{
    const size_t k = q->k;
    size_t n = 0;
    for (size_t j = 0; j < k; j++) {
        if (q->bound[j])
            q->step[j] = -q->mass[j];
        else
            q->free_cell[n++] = (uint32_t) j;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t row = q->free_cell[i];
        double *to = q->factor + i * n;
        const double *from = q->hessian + row * k;
        for (size_t j = i; j < n; j++)
            to[j] = from[q->free_cell[j]];
        double sum = q->slope[row];
        if (n < k)
            for (size_t j = 0; j < k; j++)
                if (q->bound[j] && q->mass[j] > 0)
                    sum += entry(q, row, j) * q->mass[j];
        q->rhs[i] = sum;
    }
    cholesky(n, q->factor);
    cholesky_solve(n, q->factor, q->rhs);
    for (size_t i = 0; i < n; i++)
        q->step[q->free_cell[i]] = q->rhs[i];
}

/* Does cell j contradict the side it is on: a free one below 0, a bound one that wants to rise? */
static int is_wrong(const oss_npmle *q, size_t j, double small)
{
    if (!q->bound[j])
        return q->mass[j] + q->step[j] < 0;
    double push = q->slope[j];
    for (size_t l = 0; l < q->k; l++)
        push -= entry(q, j, l) * q->step[l];
    return push > small;
}

oss_status npmle_dense_step(oss_npmle *q, oss_error *err)
{
    if (!make_room(q))
        return oss_no_memory(err);
    fill_hessian(q);
    const double small = fmax(1e-10, 32 * DBL_EPSILON * npmle_total(q));
    /* A cell that no row covers has no curvature: its mass goes. */
    for (size_t j = 0; j < q->k; j++)
        q->bound[j] = (q->mass[j] == 0 && q->slope[j] <= 0) || q->hessian[j * q->k + j] == 0;
    size_t fewest = q->k + 1;
    int worse = MAX_WORSE;
    unsigned char *wrong = (unsigned char *) (void *) q->trial;
    for (int pivot = 0; pivot < MAX_PIVOT; pivot++) {
        solve_free(q);
        size_t n_wrong = 0, last = 0;
        for (size_t j = 0; j < q->k; j++) {
            wrong[j] = (unsigned char) is_wrong(q, j, small);
            if (wrong[j]) {
                n_wrong++;
                last = j;
            }
        }
        if (n_wrong == 0)
            break;
        if (n_wrong < fewest) {
            fewest = n_wrong;
            worse = MAX_WORSE;
        } else {
            worse--;
        }
        if (worse >= 0) {
            for (size_t j = 0; j < q->k; j++)
                q->bound[j] ^= wrong[j];
        } else {
            q->bound[last] ^= 1;
        }
    }
    return OSS_OK;
}
