#ifndef OSS_CURVE_LIMITS_H
#define OSS_CURVE_LIMITS_H

#include "kaplan_meier.h"

/* oss_transformed_limits along a curve of n times: limits are computed where the estimate or its
 * standard error changes and carried on in between. Equal to the limits one by one but for rounding
 * (log-log, in vector arithmetic: 1e-14). The answer does not depend on the number of threads. */
void oss_curve_limits(oss_conf_type type, size_t n, const double *estimate, const double *std_error,
                      double quantile, int threads, double *low, double *high);

#endif
