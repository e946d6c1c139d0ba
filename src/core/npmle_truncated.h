#ifndef OSS_NPMLE_TRUNCATED_H
#define OSS_NPMLE_TRUNCATED_H

/* Nonparametric maximum likelihood with left truncation. Row i covers the cells lo_i .. hi_i - 1
 * and was observed only because its event came in cell e_i <= lo_i or later: maximise l(p) = sum_i
 * w_i log( P[lo_i, hi_i) / P[e_i, m) )   over p >= 0, sum p = 1.
 *
 * In p this is not concave. In the increments of the cumulative hazard,
 *     d_k = -log(1 - p_k / P[k, m)) >= 0,   r_k = weight of the rows with e_i <= k < lo_i,
 * it is:
 *     l = sum_i w_i log(1 - exp(-(d_lo + ... + d_{hi - 1}))) - sum_k r_k d_k,
 * so any local maximum is the global one. With y_i >= 0 and phi(y) = y log(1 + 1/y) + log(1 + y),
 * no d reaches more than -sum w_i phi(y_i) if sum_{i covers k} w_i y_i <= r_k for every k (the
 * dual): that bound, at y_i = 1 / (exp(x_i) - 1) scaled until it is feasible, is the certificate
 * `kkt`.
 *
 * Existence (the case of left truncation of Hudgens 2005, JRSS-B 67:573, theorem 1). r_k = 0 before
 * the last entry means that nobody is known to be at risk across cell k. The likelihood then rises,
 * and the laws before and after separate, as the hazard of cell k goes to 1, where l is 0/0: it
 * has no maximum. Only if every row that covers cell k also covers the last cell (never seen) does
 * that hazard not matter; it is put to 0 and the maximum is not unique.
 *
 * Cells must be innermost intervals of the rows with the entries among the right ends (Frydman
 * 1994, JRSS-B 56:71), so that each is the first cell of some row.
 *
 * Method: Newton on a growing support with the bounds d >= 0, its equations solved by conjugate
 * gradients; only exact and right-censored rows: closed form. O(n + m) an inner step. */

#include "status.h"

typedef struct {
    double loglik; /* its supremum where no maximum exists */
    double kkt;    /* no distribution has a log-likelihood above loglik + kkt */
    size_t iterations;
    int converged; /* kkt at most the tolerance, or the rounding error where that is more */
    int unique;    /* 1 if the masses are the only maximiser, see oss_npmle_unique */
    int exists;
    size_t empty; /* without a maximum: the last cell that nobody is known to survive; else m */
} oss_truncated_fit;

/* n rows (lo[i] < hi[i] <= m, weight[i] > 0; equal ones need not be summed) over m cells;
 * entered[m]: weight of the rows with e_i = k. Writes mass[m]; without a maximum the limit of laws
 * that approach the supremum, 0 after the first emptied cell. */
oss_status oss_npmle_truncated(size_t n, const uint32_t *lo, const uint32_t *hi,
                               const double *weight, size_t m, const double *entered,
                               double tolerance, size_t max_iterations, double *mass,
                               oss_truncated_fit *fit, const oss_hook *hook,
                               oss_error *err) OSS_CHECKED;

#endif
