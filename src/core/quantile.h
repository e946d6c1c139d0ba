#ifndef OSS_QUANTILE_H
#define OSS_QUANTILE_H

#include "tails.h"

/* Incomplete beta and gamma functions, their inverses, and the quantiles made of them. Pure
 * functions: no state, no allocation, safe in threads. Impossible arguments give NaN.
 *
 * GSL is not used here: gsl_cdf_beta_Pinv gives NaN at (.025, 525, 28) and fails in 14% of a wide
 * range. Every inverse is Newton's on the log of the smaller tail as a function of logit(x) (beta)
 * or log(x) (gamma): there both tails are concave, both have a closed-form outer bound, and Newton
 * cannot diverge.
 *
 * a, b, shape: positive, finite (the points of mass that belong to 0 are the caller's).
 * p: probability, 0 to 1. start: a guess, such as the neighbour's solution; NaN or out of range:
 * none. A good start saves time and changes the result by rounding only. */

/* P(X <= x) and P(X > x); x below or above the range gives 0 or 1. */
double oss_beta_cdf(double x, double a, double b);
double oss_beta_cdf_upper(double x, double a, double b);
double oss_gamma_cdf(double x, double shape);
double oss_gamma_cdf_upper(double x, double shape);

/* x with P(X <= x) = p, or P(X > x) = p for the upper forms, which keep their digits for small p.
 * Relative accuracy about 1e-13 where x is well determined by p. */
double oss_beta_quantile(double p, double a, double b, double start);
double oss_beta_quantile_upper(double p, double a, double b, double start);
double oss_gamma_quantile(double p, double shape, double start);
double oss_gamma_quantile_upper(double p, double shape, double start);

/* The beta quantile with its complement, both with all their digits. */
oss_split oss_beta_quantile_split(double p, double a, double b, double start);

double oss_normal_cdf(double z);
double oss_normal_quantile(double p);
double oss_t_quantile(double p, double df); /* df > 0, Inf allowed */
double oss_chisq_quantile(double p, double df);

#endif
