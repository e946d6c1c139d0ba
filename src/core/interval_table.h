#ifndef OSS_INTERVAL_TABLE_H
#define OSS_INTERVAL_TABLE_H

/* The front end for interval-censored data: rows -> distinct observed intervals, innermost
 * (Turnbull) intervals, and the run of innermost intervals that each observed one covers.
 *
 * Places. The distinct finite ends of all strata together, after ties, are time[0] < time[1] < ...
 * An end is then a whole number that orders open and closed ends rightly:
 *     0           from the very beginning, time 0 included (left-censored)
 *     2 k + 1     at time[k]
 *     2 k + 2     just after time[k]
 *     2 K + 1     never, K = n_time
 * (l, r] starts just after l and ends at r; an exact event at t is [t, t]; a left end of 0 (or NaN)
 * with a finite right end starts at place 0; never seen after l is (l, infinity). So (1, 3] holds
 * the exact 3 but not the exact 1, and (1, 3] and (3, 6] do not meet.
 *
 * Innermost intervals run from a start to an end with neither in between; only they can carry mass
 * (Peto 1973; Turnbull 1976, JRSS-B 38:290). */

#include "status.h"

typedef struct {
    size_t n;             /* rows, 1 <= n < 2^30 */
    const double *left;   /* [n] >= 0 and finite, or NaN (as 0) */
    const double *right;  /* [n] >= left, or Inf or NaN (never seen); not NaN with left NaN */
    const double *weight; /* [n] whole numbers >= 0; 0 leaves the row out; NULL: 1 each */
    const int *stratum;   /* [n] 1..n_stratum; NULL: one stratum */
    size_t n_stratum;     /* >= 1 */
} oss_interval_rows;

#define OSS_NO_INTERVAL UINT32_MAX

typedef struct {
    size_t n_row, n_stratum, n_time, n_distinct, n_inner;
    double *time;        /* [n_time] ascending; a tied run takes its smallest time */
    size_t *distinct_at; /* [n_stratum + 1] distinct intervals of stratum s: distinct_at[s] .. */
    size_t *inner_at;    /* [n_stratum + 1] innermost intervals of stratum s: inner_at[s] .. */
    uint32_t *start;     /* [n_distinct] places, ordered by stratum, start, end */
    uint32_t *end;       /* [n_distinct] */
    double *weight;      /* [n_distinct] summed over equal rows */
    uint32_t *lo, *hi; /* [n_distinct] covers the innermost lo .. hi - 1 of its stratum; lo < hi */
    uint32_t *inner_start, *inner_end; /* [n_inner] places, ascending within a stratum */
    uint32_t *row;                     /* [n_row] its distinct interval, OSS_NO_INTERVAL: none */
} oss_interval_table;

/* Makes the table; *table is NULL on failure. Rows are equal, and ends tied, by the rule of
 * radix.h; a row whose two ends are tied becomes exact. The order of the rows does not matter.
 * O(n): few distinct rows are found by hashing and never sorted, else one sort of the ends. */
oss_status oss_interval_table_new(const oss_interval_rows *rows, oss_interval_table **table,
                                  oss_error *err) OSS_CHECKED;
void oss_interval_table_free(oss_interval_table *table); /* NULL allowed */

/* The time of a place: 0 for place 0, Inf for never. */
double oss_interval_time(const oss_interval_table *table, uint32_t place);

/* The places of any times t >= 0, finite: at a table time (within the tie rule) or just after the
 * last one before t; 0 if t lies before all. S(t) counts what ends after it. O(log n_time) each. */
void oss_interval_places(const oss_interval_table *table, size_t n, const double *t,
                         uint32_t *place);

#endif
