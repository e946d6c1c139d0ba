#ifndef OSS_PSEUDO_FIT_H
#define OSS_PSEUDO_FIT_H

/* Least squares of pseudo-values on covariates through a link: generalised estimating equations
 * with an independence working matrix (Andersen, Klein and Rosthoj 2003, Biometrika 90:15). */

#include "status.h"

typedef enum {
    OSS_LINK_IDENTITY,
    OSS_LINK_LOG,
    OSS_LINK_LOGIT,
    OSS_LINK_CLOGLOG,         /* mean = 1 - exp(-exp(eta)) */
    OSS_LINK_SURVIVAL_CLOGLOG /* mean = exp(-exp(eta)) */
} oss_link;

typedef struct {
    size_t n, n_time, p;  /* rows; values of each; covariates */
    const double *y;      /* [n * n_time], time by time */
    const double *x;      /* [n * p], covariate by covariate */
    const double *weight; /* [n] whole numbers: so many equal rows; NULL: 1 each */
    const int *cluster;   /* [n] 1..n_cluster; NULL: each row, and each of its equals, by itself */
    size_t n_cluster;
    oss_link link;
} oss_pseudo_data;

typedef struct {
    double sum_of_squares, gradient;
    size_t iterations;
    int converged, diverging;
} oss_pseudo_result;

/* Bytes of work. */
size_t oss_pseudo_fit_work(const oss_pseudo_data *data);

/* beta[q], q = n_time + p: an intercept for each time, then the covariates; in: a start, out: the
 * fit. robust[q * q]: sandwich variance with clusters (rows, if none) as units. corrected: each
 * residual divided by what its cluster leaves to it, as a jackknife does (Mancl and DeRouen 2001,
 * Biometrics 57:126); NaN where a cluster alone determines a coefficient. All NaN, and diverging,
 * where the information is singular: dependent columns, or means at the edge of the link. */
OSS_CHECKED oss_status oss_pseudo_fit(const oss_pseudo_data *data, int corrected, double *beta,
                                      double *robust, void *work, oss_pseudo_result *result,
                                      const oss_hook *hook, oss_error *err);

#endif
