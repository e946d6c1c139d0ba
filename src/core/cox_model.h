#ifndef OSS_COX_MODEL_H
#define OSS_COX_MODEL_H

/* What the files of the Cox model share. Rows stand by stratum, within it by time, latest first, in
 * groups of tied times, rows with the event first in their group: a walk forward through memory
 * goes backward in time and meets the risk set as a running sum. */

#include "cox.h"
#include "sum2.h"

#include <math.h>

struct oss_cox {
    size_t n, p, n_group, n_chunk;
    int efron, firth, n_threads;
    double events, log_scale, offset_centre;
    double *centre, *scale;  /* [p] standardised z = (x - centre) / scale */
    double *total;           /* [p] sum of z over the events */
    double offset_total;     /* the same of the offset */
    double *z;               /* [n * p] row by row */
    double *offset, *weight; /* [n] or NULL */
    uint32_t *row;           /* [n] the caller's row */
    uint32_t *group;         /* [n_group + 1] first row of each */
    uint32_t *dead;          /* [n_group] rows with the event */
    uint32_t *stratum;       /* [n_group] 0-based */
    double *time;            /* [n_group] */
    uint32_t *stop;  /* late entry: [n] the first group, going back in time, where the row is not at
                        risk */
    uint32_t *leave; /* late entry: rows by the group where they leave, */
    uint32_t *leave_first; /* [n_group + 1] */
    uint32_t *chunk;       /* [n_chunk + 1] first group of each */
    double *risk;          /* [n] weight * exp(eta) */
    double *hazard, *tied; /* [n_group] sum over the tied events of 1 / s0, and what a tied event is
                              spared of it */
    double *cumulated;     /* late entry: [n_group + 1] hazard from the stratum's first time on */
    double *carry;         /* [n_chunk * 2 (p + 1)] sums of the risk set when a chunk starts */
    double *carry_hazard;  /* [n_chunk] */
    double *sums;          /* [n_chunk * n_sum] */
    double *scratch;       /* [n_threads * n_scratch] */
    double *fit_work;
    double *known[2]; /* likelihoods that are needed again, at 0 and the last with its information:
                         value, [p] beta, [p] score, [p * p] information */
    int is_known[2];
    size_t n_sum, n_scratch;
};

static inline size_t packed(size_t p) { return p * (p + 1) / 2; }

static inline int starts_stratum(const oss_cox *cox, size_t g)
{
    return g == 0 || cox->stratum[g] != cox->stratum[g - 1];
}

static inline double row_weight(const oss_cox *cox, size_t i)
{
    return cox->weight ? cox->weight[i] : 1;
}

/* Weighted number of events in a group. */
static inline double group_events(const oss_cox *cox, size_t g)
{
    if (!cox->weight)
        return cox->dead[g];
    double d = 0;
    for (size_t i = cox->group[g]; i < cox->group[g] + cox->dead[g]; i++)
        d += cox->weight[i];
    return d;
}

/* Sums over the tied events of a group, event k of d with a share f = k / d of the group's events
 * taken out of the risk set (Efron), or none (Breslow): a = sum 1 / s, b = sum f / s, and the same
 * over s^2 with f^0, f^1, f^2. s0: risk set, d0: its events. */
typedef struct {
    double a, b, a2, b2, c2, log_sum;
} tie_sums;

static inline tie_sums sum_ties(int efron, double d, double s0, double d0)
{
    tie_sums t = { 0 };
    if (d == 1 || !efron) {
        t.a = d / s0;
        t.a2 = d / (s0 * s0);
        t.log_sum = d * log(s0);
        return t;
    }
    for (double k = 0; k < d; k++) {
        const double f = k / d, s = s0 - f * d0, one = 1 / s;
        t.a += one;
        t.b += f * one;
        t.a2 += one * one;
        t.b2 += f * one * one;
        t.c2 += f * f * one * one;
        t.log_sum += log(s);
    }
    return t;
}

/* fit_work: the likelihood's own part comes first. */
static inline size_t loglik_work(size_t p) { return 3 * p * p + 3 * p; }

/* Information of the unpenalised likelihood, full and symmetric, and the score (NULL allowed). */
double cox_plain_loglik(oss_cox *cox, const double *beta, double *gradient, double *information);

static inline size_t known_size(size_t p) { return 1 + 2 * p + p * p; }

/* Log-likelihood in standardised coefficients; the oss_loglik of a fit. */
oss_status cox_loglik(void *context, const double *beta, double *value, double *gradient,
                      double *hessian, oss_error *err);

/* Fills risk, hazard and tied at standardised beta. Non-finite sums: OSS_EINVAL. */
oss_status cox_evaluate_at(oss_cox *cox, const double *beta, oss_error *err);

/* beta of the caller's units in standardised ones. */
void cox_standardise(const oss_cox *cox, const double *beta, double *z_beta);

/* One event with its risk set, going back in time: moments of z under the risk weights. */
typedef struct {
    size_t group;
    double weight;        /* equal events that this one stands for (Breslow) */
    double share;         /* f: how far the group's events are taken out */
    double sum;           /* s0 */
    const double *mean;   /* [p] */
    const double *second; /* [packed(p)] E z z', upper triangle by rows */
    const double *extra;  /* with v: E q, then [p] E q z, where q = z' v z */
} cox_term;

typedef void (*cox_visit)(void *context, const cox_term *term);

/* Calls visit for every event; risk must be filled. v: [p * p] or NULL. O(n p^2). */
oss_status cox_walk(oss_cox *cox, const double *v, cox_visit visit, void *context, oss_error *err);

/* Adds half the gradient of log det information, given v, its inverse. */
oss_status cox_firth_gradient(oss_cox *cox, const double *v, double *gradient, oss_error *err);

#endif
