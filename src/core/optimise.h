#ifndef OSS_OPTIMISE_H
#define OSS_OPTIMISE_H

/* The one optimiser of the likelihood models: Newton with a ridge and step halving, profile
 * likelihood for a linear contrast, and a bracketing root finder. No allocation: the caller hands
 * in the work arrays. GSL's root solvers allocate and its Newton is not bracketed, so the root
 * finder is the core's own; the linear algebra is GSL's. */

#include "status.h"

/* A smooth log-likelihood of p parameters. Writes the value; gradient[p] and hessian[p * p] (full,
 * symmetric) unless NULL. A value of -Inf or NaN means "not here": the step is halved. Any status
 * but OSS_OK ends the fit. */
typedef oss_status (*oss_loglik)(void *context, const double *x, double *value, double *gradient,
                                 double *hessian, oss_error *err);

typedef struct {
    oss_loglik evaluate;
    void *context;
    size_t p;
} oss_problem;

typedef struct {
    size_t max_iterations; /* 0: 100 */
    double tolerance;      /* of decrement / (1 + |value|); 0: 1e-15 */
    const oss_hook *hook;  /* asked once an iteration; NULL: never */
} oss_optimise_control;

typedef struct {
    double value;
    double decrement; /* half the squared Newton step in its own metric: the gain it promises */
    double gradient;  /* largest absolute element */
    size_t iterations;
    int converged; /* the decrement is below the tolerance */
    int diverging; /* and yet a parameter still moves: the likelihood is monotone in it */
} oss_optimum;

/* Doubles of work for oss_maximise and for oss_maximise_given with p parameters. */
size_t oss_maximise_work(size_t p);
size_t oss_maximise_given_work(size_t p);

/* Maximises from x[p] (in: start, out: optimum). p = 0 only evaluates. Error within the last step:
 * quadratic once near, so a tolerance of 1e-15 leaves 1e-14 standard errors. A start where the
 * value is not finite: OSS_EINVAL. Not converging is no error: see `converged`. */
OSS_CHECKED oss_status oss_maximise(const oss_problem *problem, double *x,
                                    const oss_optimise_control *control, double *work,
                                    oss_optimum *result, oss_error *err);

/* The same under contrast[p]' x = theta (contrast not all zero). x: start (need not obey), out:
 * optimum. *slope: derivative of the maximum by theta. */
OSS_CHECKED oss_status oss_maximise_given(const oss_problem *problem, const double *contrast,
                                          double theta, double *x,
                                          const oss_optimise_control *control, double *work,
                                          oss_optimum *result, double *slope, oss_error *err);

/* A function of one variable for the root finder; NaN ends the search with OSS_ENOCONV. */
typedef oss_status (*oss_scalar)(void *context, double x, double *value, oss_error *err);

/* Root in [lo, hi] where f has opposite signs at the ends (else OSS_EINVAL), to a relative
 * 4 eps plus `tolerance`. Brent (1973), Algorithms for Minimization without Derivatives, ch. 4. */
OSS_CHECKED oss_status oss_root(oss_scalar f, void *context, double lo, double hi, double tolerance,
                                double *root, oss_error *err);

/* One end of a likelihood-ratio interval: goes from `centre` (where drop(centre) < target) in steps
 * that double, first `step` (its sign gives the side), until drop() > target, then solves
 * drop(theta) = target. *limit = +-Inf if the drop stays below the target as far as |theta -
 * centre| = reach. drop() is the maximum minus the profile log-likelihood. */
OSS_CHECKED oss_status oss_profile_limit(oss_scalar drop, void *context, double centre, double step,
                                         double reach, double target, double *limit,
                                         oss_error *err);

/* Symmetric positive definite a[p * p] to its inverse in place, *log_det its log determinant (NULL
 * allowed). Not positive definite, to 1e-13 of the diagonal: OSS_ENOCONV. */
OSS_CHECKED oss_status oss_spd_inverse(size_t p, double *a, double *log_det, oss_error *err);

#endif
