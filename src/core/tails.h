#ifndef OSS_TAILS_H
#define OSS_TAILS_H

#include "large_shape.h"

/* Tails of the beta and gamma distributions and one step of the iteration that inverts them: what
 * the quantiles, the mid-p and Blaker's intervals share. Arguments are the callers' to check:
 * a, b > 0 and finite, 0 < x < 1 (or x > 0). */

/* A number of (0, 1) with its complement, x + y = 1, both with all their digits. */
typedef struct {
    double x, y, logit;
} oss_split;

oss_split oss_from_logit(double logit);
oss_split oss_mirror(oss_split at); /* 1 - x in the place of x */

/* What does not change while x is sought. log_scale: log density of logit(X) at a y = b x, or of
 * log(X) at x = a. The expansion is filled where `large`. */
typedef struct {
    double a, b, log_scale;
    int large;
    oss_large_shape expansion;
} oss_beta_shape;

typedef struct {
    double a, log_scale;
    int large;
    oss_large_shape expansion;
} oss_gamma_shape;

/* P(X <= x), P(X > x), and the density of logit(X), for a gamma of log(X): x^a y^b / B(a, b) or
 * x^a e^-x / Gamma(a). */
typedef struct {
    double lower, upper, density;
} oss_tails;

oss_beta_shape oss_beta_shape_of(double a, double b);
double oss_beta_size(double a, double b); /* a b / (a + b), the N of the expansion */
oss_tails oss_beta_tails(const oss_beta_shape *shape, double x, double y);
double oss_beta_log_tail(double a, double b, double log_scale); /* log(a B(a, b)) */

oss_gamma_shape oss_gamma_shape_of(double a);
oss_tails oss_gamma_tails(const oss_gamma_shape *shape, double x);
double oss_gamma_log_tail(const oss_gamma_shape *shape); /* log(a Gamma(a)) */

/* First guesses from the normal deviate z of the lower tail: logit(x), log(x). NaN: no idea. */
double oss_beta_logit_guess(double a, double b, double z);
double oss_gamma_log_guess(double a, double z);

/* One step towards the root of log(tail) = log(p) in a coordinate where log(tail) is concave:
 * Halley's. gap = log(tail / p), slope = its derivative, bend = second over first derivative;
 * rising: the lower tail. Moves *at, tightens the bracket *lo < root < *hi; returns 1 when the root
 * is reached. */
int oss_tail_step(int rising, double gap, double slope, double bend, double *at, double *lo,
                  double *hi);

#endif
