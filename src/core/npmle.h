#ifndef OSS_NPMLE_H
#define OSS_NPMLE_H

/* Nonparametric maximum likelihood from rows that each cover a contiguous run of cells: maximise
 *     l(p) = sum_i w_i log(p[lo_i] + ... + p[hi_i - 1])   over p >= 0, sum p = 1.
 *
 * With N = sum_i w_i and d_j = sum of w_i / (mass of row i) over the rows that cover cell j, p is
 * optimal if and only if d_j <= N everywhere, and for any p no distribution has a log-likelihood
 * above l(p) + N log(max_j d_j / N) (Jensen's inequality): that bound is the certificate `kkt`.
 *
 * Method: constrained Newton on a working support that grows by the steepest cell of each gap
 * (Wang 2007, JRSS-B 69:185). The quadratic problem of a step, with bounds p >= 0, is solved by
 * block principal pivoting (Portugal, Judice and Vicente 1994, Math. Comp. 63:625) on a Cholesky
 * factor, or, past 1000 cells of support or with few rows a cell, by conjugate gradients with the
 * tridiagonal part of the Hessian of the distribution function as preconditioner. Data that are
 * only exact and right-censored (or exact and left-censored) have a closed form. Sums are
 * compensated. */

#include "status.h"

typedef struct oss_npmle oss_npmle;

typedef struct {
    double loglik;     /* of the rows, without the tilt */
    double kkt;        /* no distribution has a (tilted) log-likelihood above this one + kkt */
    size_t iterations; /* times the support was extended */
    size_t n_support;  /* cells with mass */
    int converged; /* kkt at most the tolerance, or the rounding error of N where that is more */
    int unique;    /* 1 if the masses are the only maximiser, see oss_npmle_solve */
} oss_npmle_fit;

/* n rows (lo[i] < hi[i] <= m, weight[i] > 0; NULL: 1 each) over m cells, n, m < 2^30. Equal rows
 * are summed; their order does not matter. *problem is NULL on failure. O(n + m). */
oss_status oss_npmle_new(size_t n, const uint32_t *lo, const uint32_t *hi, const double *weight,
                         size_t m, oss_npmle **problem, oss_error *err) OSS_CHECKED;
void oss_npmle_free(oss_npmle *problem); /* NULL allowed */

/* Adds `before` rows that cover the cells below cut and `after` rows that cover those from cut on
 * (weights >= 0, any number; 0 < cut < m unless both are 0), in place of those added before. The
 * maximiser then is the one with the distribution function at cut held fixed at some value. */
void oss_npmle_tilt(oss_npmle *problem, size_t cut, double before, double after);

/* Solves from where the last solution was (the first time: from scratch). Not reaching the
 * tolerance is no error: look at fit->converged. */
oss_status oss_npmle_solve(oss_npmle *problem, double tolerance, size_t max_iterations,
                           oss_npmle_fit *fit, const oss_hook *hook, oss_error *err) OSS_CHECKED;

/* After a solution without tilt: *unique = 1 if no other masses reach this likelihood. Masses can
 * move without changing it only if the distribution function moves by a constant on each connected
 * part of the graph that joins lo_i and hi_i of every row, over the cells with d_j = N, and does
 * not decrease over a cell of mass 0. So the maximiser is unique if and only if that graph, with an
 * edge j -> j + 1 for each such cell of mass 0, is strongly connected (the rank condition of
 * Gentleman and Geyer 1994 is the part without directed edges). d_j = N is judged to 1e-9 N.
 * O(n + m). */
oss_status oss_npmle_unique(const oss_npmle *problem, int *unique, oss_error *err) OSS_CHECKED;

/* The solution: mass[m]; the mass on either side of a cut, 0 <= cut <= m. */
void oss_npmle_mass(const oss_npmle *problem, double *mass);
void oss_npmle_split(const oss_npmle *problem, size_t cut, double *before, double *after);

#endif
