#ifndef OSS_POISSON_H
#define OSS_POISSON_H

#include "binomial.h"

/* Limits for the mean of one Poisson count x (whole, >= 0), confidence 1 - alpha. Methods:
 * OSS_CENTRAL, OSS_MID_P, OSS_BLAKER, OSS_SCORE, OSS_BYAR (Breslow and Day 1987: Wilson
 * and Hilferty's approximation of the central limits); others give NaN. 0 below at x = 0. */
double oss_poisson_limit_low(oss_limit_method method, double x, double alpha);
double oss_poisson_limit_high(oss_limit_method method, double x, double alpha);

#endif
