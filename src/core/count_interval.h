#ifndef OSS_COUNT_INTERVAL_H
#define OSS_COUNT_INTERVAL_H

#include "binomial.h"
#include "status.h"

/* Intervals for one proportion, one rate, the ratio of two rates, a row each. Counts are whole and
 * not negative, times positive. Rows without information (n = 0; time = 0 with no events; no events
 * at all in a ratio) get NaN or, for the ratio, the limits 0 and Inf and p = 1. Not allocating.
 * Errors: OSS_EINVAL with the row, OSS_ECANCEL. */

OSS_CHECKED oss_status oss_proportion_ci(size_t n_rows, const double *x, const double *n,
                                         oss_limit_method method, double alpha, double *low,
                                         double *high, const oss_hook *hook, oss_error *err);

/* Limits of events / time. */
OSS_CHECKED oss_status oss_rate_ci(size_t n_rows, const double *events, const double *time,
                                   oss_limit_method method, double alpha, double *low, double *high,
                                   const oss_hook *hook, oss_error *err);

/* Limits of (events1 / time1) / (events2 / time2) and two-sided p of ratio 1, from the binomial law
 * of events1 given events1 + events2. Methods: OSS_CENTRAL, OSS_MID_P, OSS_BLAKER, OSS_SCORE. */
OSS_CHECKED oss_status oss_rate_ratio(size_t n_rows, const double *events1, const double *time1,
                                      const double *events2, const double *time2,
                                      oss_limit_method method, double alpha, double *low,
                                      double *high, double *p, const oss_hook *hook,
                                      oss_error *err);

#endif
