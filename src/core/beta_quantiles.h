#ifndef OSS_BETA_QUANTILES_H
#define OSS_BETA_QUANTILES_H

#include <stddef.h>

/* oss_matched_beta_quantile at one p along a curve of n times; each array [n]. Where shapes are
 * large several times go together in vector arithmetic; elsewhere the neighbour's quantile is the
 * start of the next; where nothing changes nothing is computed. Equal to the quantiles one by one
 * but for rounding; the answer does not depend on the number of threads, at least 1. */
void oss_beta_quantiles(double p, size_t n, const double *mean, const double *complement,
                        const double *variation, int threads, double *quantile);

#endif
