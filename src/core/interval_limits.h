#ifndef OSS_INTERVAL_LIMITS_H
#define OSS_INTERVAL_LIMITS_H

/* Pointwise confidence limits of S(t) from interval-censored data, at places (interval_table.h) of
 * one stratum. place: [n_place], below never; low, high: [n_place]. */

#include "interval_table.h"

/* Beta-product limits that hold over every placement of each event inside its interval. Low: each
 * event that can have happened by t has, as late as it can. High: only those have that must, as
 * early as they can. Rows never seen are censored at their left end. Among right-censored data with
 * these rows the product of the factors Beta(Y, 1) is stochastically smallest and largest there,
 * because moving an event later lets only censorings pass it. A row last seen without the event at
 * t itself counts as at risk for the last factor of the lower limit: it was observed through t, and
 * what happens after t says nothing of S(t). So 0 of n seen at t gives Clopper-Pearson's limit.
 * O(n_distinct) a place. */
oss_status oss_interval_exact(const oss_interval_table *table, size_t stratum, size_t n_place,
                              const uint32_t *place, double level, double *low, double *high,
                              const oss_hook *hook, oss_error *err) OSS_CHECKED;

/* Likelihood-ratio limits: the values of S(t) whose best log-likelihood is within half the
 * chi-square(1) quantile of the maximum. One NPMLE with tilted weights for each trial; the cells
 * are refined at the places, so that mass may lie on either side of each. Accurate to 1e-7; NaN where the search failed. */
oss_status oss_interval_likelihood_ratio(const oss_interval_table *table, size_t stratum,
                                         size_t n_place, const uint32_t *place, double level,
                                         double *low, double *high, const oss_hook *hook,
                                         oss_error *err) OSS_CHECKED;

#endif
