#ifndef OSS_COUNT_MODEL_H
#define OSS_COUNT_MODEL_H

/* Meta-analysis of counts without a normal approximation. Study i has x[i] events.
 *   OSS_PROPORTION: x ~ beta-binomial among size[i] patients, mean mu = 1 / (1 + exp(-eta)); the
 *     true proportions are Beta(mu / g, (1 - mu) / g), intraclass correlation g / (1 + g).
 *   OSS_RATE: x ~ gamma-Poisson (negative binomial) in time size[i], mean rate exp(eta); the true
 *     rates are Gamma(1 / g) with that mean, squared coefficient of variation g.
 * eta = design[i]' beta; g >= 0 is shared; g = 0 is homogeneity (binomial, Poisson). Constants are
 * in the log-likelihood. Griffiths (1973) Biometrics 29:637; Lawless (1987) Can J Stat 15:209. */

#include "status.h"

typedef enum { OSS_PROPORTION = 0, OSS_RATE } oss_count_kind;

typedef struct {
    oss_count_kind kind;
    size_t k, p;
    const double *x;      /* [k] events, whole numbers */
    const double *size;   /* [k] patients (whole, >= x, > 0), or time (> 0) */
    const double *design; /* [k * p], column major, full rank */
} oss_count_data;

typedef struct {
    double g, log_lik; /* the maximum */
    double log_lik0;   /* at g = 0 */
    double gradient;   /* largest absolute element at the maximum */
    size_t iterations;
    int converged;
    int boundary;  /* g = 0 */
    int diverging; /* a linear predictor, or log g, runs to infinity */
} oss_count_fit;

OSS_CHECKED oss_status oss_count_check(const oss_count_data *data, oss_error *err);

/* Log-likelihood at (beta, log g) with gradient[p + 1] and hessian[(p + 1)^2]; NULL where not
 * wanted. with_g = 0: g = 0, at beta, p parameters. O(k p^2), whatever the counts. */
double oss_count_loglik(const oss_count_data *data, int with_g, const double *at, double *gradient,
                        double *hessian);

size_t oss_count_work(size_t p);

/* beta[p]; information[(p + 1)^2]: minus the Hessian at (beta, log g), the last row and column zero
 * on the boundary. */
OSS_CHECKED oss_status oss_count_fit_model(const oss_count_data *data, double *beta,
                                           double *information, double *work, oss_count_fit *fit,
                                           const oss_hook *hook, oss_error *err);

/* Likelihood-ratio interval of contrast' beta around the fit: drop of the profile log-likelihood
 * (over beta and g >= 0) by `target`. An end that the likelihood does not close is infinite; with
 * the estimate itself infinite the interval is one-sided. */
OSS_CHECKED oss_status oss_count_interval(const oss_count_data *data, const double *contrast,
                                          const double *beta, const oss_count_fit *fit, double se,
                                          double target, double *work, double *low, double *high,
                                          const oss_hook *hook, oss_error *err);

#endif
