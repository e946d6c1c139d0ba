#ifndef OSS_PSEUDO_VALUES_H
#define OSS_PSEUDO_VALUES_H

/* Pseudo-values of a curve at a time: n theta - (n - 1) theta without the row (Andersen, Klein and
 * Rosthoj 2003, Biometrika 90:15), n being the rows of the row's stratum; or their first order,
 * theta + n times the derivative of theta by the row's weight. */

#include "risk_table.h"

typedef enum {
    OSS_PSEUDO_SURVIVAL,  /* product limit of all events */
    OSS_PSEUDO_INCIDENCE, /* Aalen-Johansen, of one cause */
    OSS_PSEUDO_RMST       /* mean time without event up to the time */
} oss_pseudo_measure;

typedef struct {
    oss_pseudo_measure measure;
    int cause;         /* from 1; for incidence only */
    int infinitesimal; /* 0: leave one out */
    double time;       /* >= 0 */
} oss_pseudo;

/* Doubles of work for a table of n_time rows. */
size_t oss_pseudo_work(size_t n_time);

/* out[n] for n rows with their row_time (from oss_risk_fill) and status (0 censored, else the
 * cause); a row of weight w stands for w rows, each with this value. NaN in strata followed for
 * less than the time, unless nobody was left without event by then; a curve left with fewer rows
 * goes on from its last time unchanged. Not for left-truncated tables. O(times + rows). */
void oss_pseudo_values(const oss_risk_table *table, const oss_pseudo *what, size_t n,
                       const uint32_t *row_time, const int *status, double *work, double *out);

#endif
