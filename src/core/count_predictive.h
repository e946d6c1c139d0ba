#ifndef OSS_COUNT_PREDICTIVE_H
#define OSS_COUNT_PREDICTIVE_H

/* What the next study may show, given studies under one of the models of count_model.h (one group,
 * its design is not read). The likelihood is integrated, not maximised: with few studies the
 * maximum often lies at g = 0 and would predict a single point. Weights: Jeffreys' for the mean,
 * Beta(1/2, 1/2) or rate^(-1/2), and half-normal with scale 1 for tau, the standard deviation
 * between studies of the logit of the true proportion or the log of the true rate. Deterministic
 * Gauss-Legendre quadrature on a box that closes in on where the integrand lives. */

#include "count_model.h"

/* The mixture over (mean, g): weight sums to 1. */
typedef struct {
    oss_count_kind kind;
    size_t n;
    double *mean, *g, *weight; /* [oss_predictive_nodes()] each */
} oss_predictive;

size_t oss_predictive_nodes(void);
size_t oss_predictive_work(void);

/* Fills p (its arrays handed in). O(k) a node. */
OSS_CHECKED oss_status oss_count_predictive(const oss_count_data *data, oss_predictive *p,
                                            double *work, const oss_hook *hook, oss_error *err);

/* Quantile of the true proportion or rate of a new study. */
OSS_CHECKED oss_status oss_predictive_quantile(const oss_predictive *p, double probability,
                                               double *value, oss_error *err);

/* Number of events in a new study of that size: P(X <= x), P(X >= x), and the smallest counts whose
 * distribution function exceeds tail and reaches 1 - tail. O(nodes * count). */
OSS_CHECKED oss_status oss_predictive_count(const oss_predictive *p, double size, double x,
                                            double tail, double *work, double *at_most,
                                            double *at_least, double *low, double *high,
                                            const oss_hook *hook, oss_error *err);

#endif
