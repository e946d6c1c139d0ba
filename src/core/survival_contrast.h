#ifndef OSS_SURVIVAL_CONTRAST_H
#define OSS_SURVIVAL_CONTRAST_H

/* Survival at given times, group by group, and its contrast between two groups. */

#include "melding.h"
#include "risk_table.h"

typedef struct {
    double survival;
    double greenwood;         /* var S / S^2; Inf where all failed */
    oss_beta_product product; /* moments so far; no theory with left truncation */
    double at_risk_after;     /* just after the time, those censored at it among them */
    int known;                /* followed up to the time, or S has reached 0 */
} oss_survival_point;

/* Stratum s just after each of at[n_at], ascending. O(times of the stratum + n_at). */
void oss_survival_points(const oss_risk_table *table, size_t s, size_t n_at, const double *at,
                         oss_survival_point *points);

typedef enum {
    OSS_CONTRAST_MELDED,
    OSS_CONTRAST_MELDED_MID_P,
    OSS_CONTRAST_WALD
} oss_contrast_type;

typedef struct {
    double estimate, std_error, low, high, p;
} oss_contrast;

/* Second against first. Ratios are logs. NaN: not known at the time, or 0 / 0; the standard error
 * (Greenwood, delta method) and the Wald interval also where either survival is 0 or 1. */
OSS_CHECKED oss_status oss_survival_contrast(const oss_survival_point *first,
                                             const oss_survival_point *second,
                                             oss_meld_effect effect, oss_contrast_type type,
                                             double conf_level, oss_contrast *result,
                                             oss_error *err);

#endif
