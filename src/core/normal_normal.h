#ifndef OSS_NORMAL_NORMAL_H
#define OSS_NORMAL_NORMAL_H

/* Random-effects meta-regression: y[i] ~ N(x[i]' beta, tau2 + v[i]), v known. */

#include "status.h"

typedef enum { OSS_TAU2_FIXED = 0, OSS_TAU2_DL, OSS_TAU2_PM, OSS_TAU2_ML, OSS_TAU2_REML } oss_tau2;

typedef struct {
    size_t k, p;
    const double *y, *v; /* [k]; v > 0 */
    const double *x;     /* [k * p], column major, full rank, p < k or p = k with OSS_TAU2_FIXED */
} oss_normal_data;

typedef struct {
    double tau2, tau2_se; /* se: observed information; NaN where none (fixed, dl, pm, boundary) */
    double tau2_low, tau2_high; /* Q-profile (Viechtbauer 2007); NaN: empty, or p = k */
    double q;                   /* Cochran's, residual after x, k - p df */
    double i2;                  /* tau2 / (tau2 + typical v), 0 to 1 (Higgins and Thompson 2002) */
    double scale;               /* weighted residual sum of squares / (k - p): the factor of HKSJ */
    double log_lik;             /* restricted for REML, else full */
    double gradient;            /* of the (restricted) log-likelihood by tau2 (ML, REML), else 0 */
    size_t iterations;
    int converged;
} oss_normal_fit;

/* Doubles of work. */
size_t oss_normal_work(size_t k, size_t p);

/* Fits; beta[p], vcov[p * p] (not multiplied by `scale`). conf_level: of the Q-profile interval; 0
 * leaves it out. O(k p^2) an iteration. REML and ML to the optimum (Newton on log tau2, compared
 * with tau2 = 0), PM and the Q-profile by Newton on the convex Q(tau2). Formulas: Viechtbauer
 * (2005) J Educ Behav Stat 30:261; Paule and Mandel (1982); DerSimonian and Laird (1986). */
OSS_CHECKED oss_status oss_normal_normal(const oss_normal_data *data, oss_tau2 method,
                                         double conf_level, double *beta, double *vcov,
                                         double *work, oss_normal_fit *fit, const oss_hook *hook,
                                         oss_error *err);

#endif
