#ifndef OSS_FINE_GRAY_H
#define OSS_FINE_GRAY_H

/* Proportional subdistribution hazards (Fine and Gray 1999, JASA 94:496), ties as Breslow.
 *
 * Whoever failed from another cause at X stays in the risk sets after X with the weight
 * G(t-) / G(X-), G the product-limit estimate of being uncensored, by group of censoring; with late
 * entry times H(t-) / H(X-), H that of having entered (Geskus 2011, Biometrics 67:39). As a product
 * of the factors between X and t it is carried on from event to event, so that each evaluation is
 * one pass backward and one forward (Kawaguchi, Shen, Suchard and Li 2021, JCGS 30:685): O(n p^2).
 */

#include "optimise.h"

typedef struct {
    size_t n, p;
    const double *entry;  /* [n] or NULL; as in oss_risk_rows, and so the next four */
    const double *exit;   /* [n] */
    const int *kind;      /* [n] 0 censored, 1 the event, 2 another cause */
    const double *weight; /* [n] or NULL */
    const int *stratum;   /* [n] 1..n_stratum, a baseline hazard each; NULL: one */
    const int *group;     /* [n] 1..n_group, a censoring distribution each; NULL: one */
    const int *cluster;   /* [n] 1..n_cluster, for the variance; NULL: every row its own */
    size_t n_stratum, n_group, n_cluster;
    const double *x;      /* [p * n] covariates, column by column, finite */
    const double *offset; /* [n] or NULL */
} oss_fine_gray_rows;

typedef struct oss_fine_gray oss_fine_gray;

/* Sorts the rows and sets up weights and memory. *model: to be freed whatever the status (NULL
 * allowed). OSS_EINVAL for a fault in the rows, and where late entry leaves a weight infinite:
 * after another cause all at risk at some time have only just entered. */
OSS_CHECKED oss_status oss_fine_gray_new(const oss_fine_gray_rows *rows, oss_fine_gray **model,
                                         oss_error *err);
void oss_fine_gray_free(oss_fine_gray *model);

/* Distinct event times over the strata; the strata's parts of them lie one behind the other. */
size_t oss_fine_gray_n_event(const oss_fine_gray *model);

/* The log pseudo-likelihood, for oss_maximise; context: the model. Parameters and derivatives are
 * in units of the covariates' standard deviations: see oss_fine_gray_scale. With Firth's penalty
 * half the log determinant of the information is added (Firth 1993, Biometrika 80:27). */
oss_status oss_fine_gray_loglik(void *context, const double *beta, double *value, double *gradient,
                                double *hessian, oss_error *err);
OSS_CHECKED oss_status oss_fine_gray_set_firth(oss_fine_gray *model, int firth, oss_error *err);

/* The mean and the scale of covariate j; a column that does not vary has scale 0 and a parameter
 * that the likelihood does not depend on. */
double oss_fine_gray_centre(const oss_fine_gray *model, size_t j);
double oss_fine_gray_scale(const oss_fine_gray *model, size_t j);

/* At beta: information[p * p] (minus the Hessian without penalty; NULL allowed) in the same units,
 * and the baseline at the mean covariates by event: stratum (from 0), time, weighted events, jump
 * of the hazard (each NULL allowed). */
OSS_CHECKED oss_status oss_fine_gray_at(oss_fine_gray *model, const double *beta,
                                        double *information, int *stratum, double *time,
                                        double *n_event, double *jump, oss_error *err);

/* Variance[k * k], k = p + n_time, of the sums over rows or clusters of the score's terms, those of
 * estimating G and H among them (Fine and Gray 1999, eta + psi, sec. 5; q(u) counts u > X and u <=
 * t, as there), and of the baseline cumulative hazard of one stratum (from 0) at n_time times; of
 * this last the part for a given beta. hazard[n_time]: itself, gradient_time[n_time * p]: its
 * derivative by beta (each NULL if n_time is 0). Call after oss_fine_gray_at. O(n (p + n_time)^2).
 */
OSS_CHECKED oss_status oss_fine_gray_variance(oss_fine_gray *model, size_t stratum, size_t n_time,
                                              const double *time, double *variance, double *hazard,
                                              double *gradient_time, oss_error *err);

/* Which columns carry information of their own at beta = 0, given those before them: alias[p] 0
 * or 1. With an aliased column there is no maximum: leave it out. */
OSS_CHECKED oss_status oss_fine_gray_alias(oss_fine_gray *model, int *alias, oss_error *err);

typedef struct {
    double loglik, loglik_null; /* penalised with Firth */
    double gradient;            /* largest element */
    size_t iterations;
    int converged, diverging;
} oss_fine_gray_fit;

/* Maximises from 0. beta[p] per standard deviation. Where the likelihood is monotone (diverging)
 * infinite[j] is -1 or 1 for a coefficient on its way to -Inf or Inf, else 0; beta is then where
 * the likelihood is flat. */
OSS_CHECKED oss_status oss_fine_gray_maximise(oss_fine_gray *model, double *beta, int *infinite,
                                              oss_fine_gray_fit *fit, const oss_hook *hook,
                                              oss_error *err);

/* In units of the covariates: naive[p * p], the inverse of the information, and robust[p * p], the
 * sandwich. NaN for infinite coefficients, and everywhere if the information has no inverse. */
OSS_CHECKED oss_status oss_fine_gray_covariance(oss_fine_gray *model, const double *beta,
                                                const int *infinite, double *naive, double *robust,
                                                oss_error *err);

/* Where the profile log pseudo-likelihood of each coefficient has dropped by target > 0: low[p],
 * high[p]; infinite where it never does. drop[p]: how far it has dropped at 0. step[j] > 0: about
 * the way there. */
OSS_CHECKED oss_status oss_fine_gray_profile(oss_fine_gray *model, const double *beta,
                                             const int *infinite, double loglik, double target,
                                             const double *step, double *low, double *high,
                                             double *drop, const oss_hook *hook, oss_error *err);

#endif
