#ifndef OSS_COX_H
#define OSS_COX_H

/* The Cox model: partial likelihood with Efron's or Breslow's rule for ties, strata, left
 * truncation and time-varying covariates ((entry, exit] rows), frequency weights and an offset;
 * Firth's penalty.
 *
 * oss_cox_new() sorts the rows once; a likelihood costs n p^2 / 2 multiply-adds for the Gram matrix
 * of the rows and as much for that of the risk-set means (the information is their difference).
 * Sums go by fixed chunks of rows, so that results do not depend on the number of threads.
 * Covariates are centred and scaled inside; every function here takes and gives them in the
 * caller's units. */

#include "optimise.h"
#include "status.h"

typedef struct {
    size_t n;             /* rows, 1 <= n < 2^32 - 1 */
    size_t p;             /* covariates */
    const double *entry;  /* [n] finite, >= 0, < exit; NULL: at risk from the start */
    const double *exit;   /* [n] finite, >= 0 */
    const int *status;    /* [n] */
    int event;            /* the value of status that is the event; all others are censored */
    const double *weight; /* [n] whole numbers > 0: equal rows; NULL: 1 each */
    const int *stratum;   /* [n] 1..n_stratum; NULL: one stratum */
    size_t n_stratum;     /* >= 1 */
    const double *x;      /* [n * p] finite, column by column */
    const double *offset; /* [n] finite; NULL: 0 */
} oss_cox_rows;

typedef struct {
    int efron;     /* else Breslow */
    int firth;     /* log-likelihood + 1/2 log det of its information, Heinze and Schemper (2001) */
    int n_threads; /* >= 1 */
} oss_cox_options;

typedef struct oss_cox oss_cox;

/* The rows are only read here, not afterwards. NULL in *cox on failure. O(n p). */
oss_status oss_cox_new(const oss_cox_rows *rows, const oss_cox_options *options, oss_cox **cox,
                       oss_error *err) OSS_CHECKED;
void oss_cox_free(oss_cox *cox); /* NULL allowed */

/* Sum of the weights of the rows with the event. */
double oss_cox_events(const oss_cox *cox);

typedef struct {
    double loglik, loglik_null;     /* penalised with Firth */
    double score, wald, likelihood; /* chi-square tests of all coefficients zero */
    size_t iterations;
    int converged, diverging;
    double gradient; /* largest element, of standardised covariates */
} oss_cox_fit;

/* Which columns carry information of their own at beta = 0, given those before them: alias[p] 0
 * or 1. An aliased column has to be left out before the fit. */
oss_status oss_cox_alias(oss_cox *cox, int *alias, oss_error *err) OSS_CHECKED;

/* Maximises from beta = 0. beta[p]; variance[p * p]: inverse of the information at beta (that of
 * the unpenalised likelihood). Where the likelihood is monotone (diverging) infinite[j] is -1 or 1
 * for a coefficient on its way to -Inf or Inf, else 0; beta then is where the likelihood is flat,
 * and the variance of the other coefficients is that of the rest. */
oss_status oss_cox_maximise(oss_cox *cox, double *beta, double *variance, int *infinite,
                            oss_cox_fit *fit, const oss_hook *hook, oss_error *err) OSS_CHECKED;

/* Profile likelihood of each coefficient after oss_cox_maximise(): where it has dropped by half
 * `quantile` (of chi-square, 1 df) below the maximum: low[p], high[p], -Inf and Inf where it never
 * does; drop[p]: its drop at 0, half a likelihood-ratio statistic. Newton on the limit's own
 * equations (Venzon and Moolgavkar 1988, Appl Stat 37:87), then, where that fails,
 * oss_profile_limit(). */
oss_status oss_cox_profile(oss_cox *cox, const double *beta, const double *variance,
                           const int *infinite, double loglik, double quantile, double *low,
                           double *high, double *drop, const oss_hook *hook,
                           oss_error *err) OSS_CHECKED;

/* Per row, in the caller's order, each NULL if not wanted: martingale[n]; score[n * p] (column by
 * column; for one of the equal rows that a weight stands for) and schoenfeld[n * p] (event minus
 * risk-set mean, 0 without event). Therneau and Grambsch (2000), ch. 4; ties by the model's rule.
 */
oss_status oss_cox_residuals(oss_cox *cox, const double *beta, double *martingale, double *score,
                             double *schoenfeld, oss_error *err) OSS_CHECKED;

/* omega[n_cluster * p * p]: minus the derivative of each cluster's score by beta, that of Breslow's
 * hazard included, so that it does not depend on the origin of the covariates; the sum is the
 * information. cluster[n] 1..n_cluster. Memory: distinct times times p^2. */
oss_status oss_cox_omega(oss_cox *cox, const double *beta, const int *cluster, size_t n_cluster,
                         double *omega, oss_error *err) OSS_CHECKED;

/* Distinct (stratum, time) pairs, and for each, strata and times ascending: stratum (1..), time,
 * events, hazard at x = 0 (of the caller's units) and offset 0, its variance term, and
 * mean[n_group * p], hazard times risk-set mean, column by column. Ties by the model's rule. */
size_t oss_cox_groups(const oss_cox *cox);
oss_status oss_cox_baseline(oss_cox *cox, const double *beta, int *stratum, double *time,
                            double *event, double *hazard, double *variance, double *mean,
                            oss_error *err) OSS_CHECKED;

/* Score test of x_j g(t) beside x (Grambsch and Therneau 1994). g[n]: the value at each row's exit.
 * score[p]; cross[p * p] and square[p * p]: information weighted by g and by its square; plain[p *
 * p]: the information. */
oss_status oss_cox_trend(oss_cox *cox, const double *beta, const double *g, double *score,
                         double *plain, double *cross, double *square, oss_error *err) OSS_CHECKED;

#endif
