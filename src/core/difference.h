#ifndef OSS_DIFFERENCE_H
#define OSS_DIFFERENCE_H

#include "status.h"

/* Difference of two binomial probabilities, p1 - p2: x1 of n1 against x2 of n2, whole numbers. */

typedef enum {
    OSS_MIETTINEN_NURMINEN, /* (1985) Stat Med 4:213: score test, variance with N / (N - 1) */
    OSS_NEWCOMBE,           /* (1998) Stat Med 17:873, method 10: Wilson's limits combined */
    OSS_CHAN_ZHANG          /* (1999) Biometrics 55:1202: exact, ordered by the score */
} oss_difference_method;

/* Score statistic for p1 - p2 = delta, its variance under the constrained maximum likelihood
 * estimates. 0 where difference and variance are both 0; infinite where only the variance is. */
double oss_difference_score(double x1, double n1, double x2, double n2, double delta);

/* For each of n rows: limits of confidence 1 - alpha and two-sided p of no difference. A row with
 * n1 or n2 = 0 gets NaN. Chan and Zhang's limits are the hull of the differences that neither
 * one-sided exact test at alpha / 2 rejects; the nuisance parameter is maximised by branch and
 * bound, so that the limits are outside the hull by at most 1e-9. O(n1 + n2) a table looked at,
 * some thousand tables. Errors: OSS_EINVAL, OSS_ENOMEM, OSS_ECANCEL. */
OSS_CHECKED oss_status oss_proportion_difference(size_t n, const double *x1, const double *n1,
                                                 const double *x2, const double *n2,
                                                 oss_difference_method method, double alpha,
                                                 double *low, double *high, double *p,
                                                 const oss_hook *hook, oss_error *err);

#endif
