#ifndef OSS_BAND_H
#define OSS_BAND_H

/* Simultaneous bands of a survival curve: Hall and Wellner (1980) Biometrika 67:133, and equal
 * precision, Nair (1984) Technometrics 26:265. Their critical values are computed, not tabled. */

#include "kaplan_meier.h"

typedef enum { OSS_BAND_HALL_WELLNER, OSS_BAND_EQUAL_PRECISION } oss_band_type;

/* P(sup |B(u)| <= critical), from <= u <= to, where B is a Brownian bridge, for equal precision
 * divided by its standard deviation sqrt(u (1 - u)). 0 < from <= to < 1; critical >= 0.
 *
 * A path that stays below its boundary is a diffusion killed at the ends of a box: Brownian motion
 * for Hall-Wellner, an Ornstein-Uhlenbeck process for equal precision (DeLong 1981, Commun Stat
 * A10:2197). The resolvent is solved by a Legendre-Galerkin method, the Laplace transform inverted
 * on a parabola (Weideman and Trefethen 2007, Math Comp 76:1341); where the path starts or ends in
 * a peak, the series of sines; over a vanishing range, the boundary layer. Absolute error below
 * 1e-11.
 */
OSS_CHECKED oss_status oss_band_probability(oss_band_type type, double from, double to,
                                            double critical, double *probability, oss_error *err);

/* The value that the supremum exceeds with probability 1 - level, to 1e-10. level up to 1 - 1e-9,
 * else OSS_EINVAL. */
OSS_CHECKED oss_status oss_band_critical(oss_band_type type, double from, double to, double level,
                                         double *critical, oss_error *err);

/* A curve of m times and n subjects (any positive number where rows enter late: it only weighs
 * early times against late ones). The band reaches over the rows first .. last (from row lo on
 * those with S below 1, up to row hi those with S above 0); elsewhere, and everywhere if there is
 * no such row (first > last), low and high are NaN. conf_type: one of the last five. */
typedef struct {
    size_t first, last;
    double from, to; /* range of u */
    double critical;
} oss_band;

OSS_CHECKED oss_status oss_confidence_band(oss_band_type type, oss_conf_type conf_type,
                                           double level, double n, size_t m, const double *estimate,
                                           const double *std_error, size_t lo, size_t hi,
                                           double *low, double *high, oss_band *band,
                                           oss_error *err);

#endif
