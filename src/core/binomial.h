#ifndef OSS_BINOMIAL_H
#define OSS_BINOMIAL_H

#include "tails.h"

/* One binomial count: tails, limits for its probability, two-sided p-values. n > 0 trials,
 * 0 <= x <= n, whole numbers up to 2^53. All limits come as p and 1 - p, both with all their
 * digits, so that odds keep theirs. */

typedef enum {
    OSS_CENTRAL, /* Clopper-Pearson (1934); Garwood (1936) */
    OSS_MID_P,
    OSS_BLAKER,
    OSS_SCORE, /* Wilson (1927) */
    OSS_AGRESTI_COULL,
    OSS_JEFFREYS,
    OSS_BYAR
} oss_limit_method;

/* P(X >= x), P(X <= x), P(X = x) at p = at.x. x may lie outside 0..n. */
double oss_binomial_upper(double x, double n, oss_split at);
double oss_binomial_lower(double x, double n, oss_split at);
double oss_binomial_mass(double x, double n, oss_split at);

/* Limits of the interval of confidence 1 - alpha (alpha / 2 in either tail, but for Blaker's,
 * which bounds their sum). 0 below at x = 0 and 1 above at x = n for every method but
 * Agresti-Coull's. OSS_BYAR is no method for a binomial: NaN. */
oss_split oss_binomial_limit_low(oss_limit_method method, double x, double n, double alpha);
oss_split oss_binomial_limit_high(oss_limit_method method, double x, double n, double alpha);

/* Wilson's lower limit at the normal deviate z >= 0. */
oss_split oss_wilson_low(double x, double n, double z);

/* Two-sided p of p = at.x, by the test whose inverse is the interval: OSS_CENTRAL (twice the
 * smaller tail, at most 1), OSS_MID_P, OSS_BLAKER, OSS_SCORE; else NaN. */
double oss_binomial_p(oss_limit_method method, double x, double n, oss_split at);

#endif
