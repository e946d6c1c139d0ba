#include "bounded_step.h"

#include <math.h>

enum { MAX_PIVOT = 100, MAX_WORSE = 3 };

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

typedef struct {
    size_t k;
    const double *hessian, *slope, *mass;
    double *step;
    const oss_bounded_work *work;
} problem;

static inline double entry(const problem *q, size_t i, size_t j)
{
    return i <= j ? q->hessian[i * q->k + j] : q->hessian[j * q->k + i];
}

/* step[] with the bound cells at -mass. */
static void solve_free(const problem *q)
{
    const size_t k = q->k;
    const oss_bounded_work *w = q->work;
    size_t n = 0;
    for (size_t j = 0; j < k; j++) {
        if (w->bound[j])
            q->step[j] = -q->mass[j];
        else
            w->free_cell[n++] = (uint32_t) j;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t row = w->free_cell[i];
        double *to = w->factor + i * n;
        const double *from = q->hessian + row * k;
        for (size_t j = i; j < n; j++)
            to[j] = from[w->free_cell[j]];
        double sum = q->slope[row];
        if (n < k)
            for (size_t j = 0; j < k; j++)
                if (w->bound[j] && q->mass[j] > 0)
                    sum += entry(q, row, j) * q->mass[j];
        w->rhs[i] = sum;
    }
    cholesky(n, w->factor);
    cholesky_solve(n, w->factor, w->rhs);
    for (size_t i = 0; i < n; i++)
        q->step[w->free_cell[i]] = w->rhs[i];
}

/* Does cell j contradict the side it is on: a free one below 0, a bound one that wants to rise? */
static int is_wrong(const problem *q, size_t j, double small)
{
    if (!q->work->bound[j])
        return q->mass[j] + q->step[j] < 0;
    double push = q->slope[j];
    for (size_t l = 0; l < q->k; l++)
        push -= entry(q, j, l) * q->step[l];
    return push > small;
}

void oss_bounded_step(size_t k, const double *hessian, const double *slope, const double *mass,
                      double small, double *step, const oss_bounded_work *work)
{
    const problem q = { k, hessian, slope, mass, step, work };
    for (size_t j = 0; j < k; j++)
        work->bound[j] = (mass[j] == 0 && slope[j] <= 0) || hessian[j * k + j] == 0;
    size_t fewest = k + 1;
    int worse = MAX_WORSE;
    for (int pivot = 0; pivot < MAX_PIVOT; pivot++) {
        solve_free(&q);
        size_t n_wrong = 0, last = 0;
        for (size_t j = 0; j < k; j++) {
            work->wrong[j] = (unsigned char) is_wrong(&q, j, small);
            if (work->wrong[j]) {
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
            for (size_t j = 0; j < k; j++)
                work->bound[j] ^= work->wrong[j];
        } else {
            work->bound[last] ^= 1;
        }
    }
}
