#ifndef OSS_RISK_TABLE_H
#define OSS_RISK_TABLE_H

/* The front end for right-censored data: rows -> distinct times with the number at risk, events by
 * cause, censored. Kaplan-Meier, cumulative incidence and all that follow from counts read it.
 *
 * In four steps, so that the caller can own every array: oss_risk_scan (check the rows, choose a
 * way), oss_risk_sort (order and ties, into scratch of the size the scan found), then the caller
 * allocates a table of plan.n_time rows, then oss_risk_fill. O(n). */

#include "status.h"

typedef struct {
    size_t n;             /* rows, 1 <= n < 2^32 */
    const double *entry;  /* [n] finite, >= 0, < exit; NULL: at risk from the start */
    const double *exit;   /* [n] finite, >= 0 */
    const int *status;    /* [n] 0 censored, 1..n_cause */
    const double *weight; /* [n] whole numbers > 0: equal rows; NULL: 1 each */
    const int *stratum;   /* [n] 1..n_stratum; NULL: one stratum */
    size_t n_cause;       /* >= 1 */
    size_t n_stratum;     /* >= 1 */
} oss_risk_rows;

typedef struct {
    int counting;     /* whole times, few of them: counted, never sorted */
    size_t n_cell;    /* counting: times 0 .. n_cell - 1 */
    size_t scratch;   /* bytes that oss_risk_sort needs */
    size_t n_time;    /* after the sort: rows of the table, over all strata */
    double tie_width; /* after the sort: neighbours this close are one time */
    void *data;       /* the scratch, between sort and fill */
} oss_risk_plan;

/* Caller-owned. Rows start[s] .. start[s + 1] - 1 belong to stratum s, times ascending, each
 * stratum with a row at time 0. A tied run takes its smallest time. */
typedef struct {
    size_t n_time, n_cause, n_stratum;
    size_t *start;    /* [n_stratum + 1] */
    double *time;     /* [n_time] */
    double *n_risk;   /* [n_time] just before the time; at 0: entered by 0 */
    double *n_event;  /* [n_cause * n_time], cause by cause */
    double *n_censor; /* [n_time] */
} oss_risk_table;

oss_status oss_risk_scan(const oss_risk_rows *rows, oss_risk_plan *plan,
                         oss_error *err) OSS_CHECKED;

/* scratch: plan->scratch bytes, aligned for double. OSS_EINVAL when a row's entry and exit are
 * tied. */
oss_status oss_risk_sort(const oss_risk_rows *rows, void *scratch, oss_risk_plan *plan,
                         oss_error *err) OSS_CHECKED;

/* row_time (NULL allowed): [n] the table row of each data row's exit. */
void oss_risk_fill(const oss_risk_rows *rows, const oss_risk_plan *plan, oss_risk_table *table,
                   uint32_t *row_time);

#endif
