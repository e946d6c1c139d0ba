#ifndef OSS_GRAY_H
#define OSS_GRAY_H

/* Gray's test of equal cumulative incidence of a cause in several groups (Gray 1988, Ann Stat
 * 16:1141), its statistic and its permutation distribution. */

#include "resample.h"
#include "risk_table.h"

/* What is tested. cause[n_cause]: numbers of the causes, from 1, each tested by itself. */
typedef struct {
    size_t n_group; /* >= 2 */
    size_t n_cause; /* >= 1 */
    const int *cause;
    double rho; /* power of 1 - incidence by which differences are weighed */
} oss_gray_test;

/* Doubles of work for oss_gray on a table of n_status causes. */
size_t oss_gray_work(const oss_gray_test *test, size_t n_status);

/* Score of each group (observed minus expected, weighed; they sum to 0), score[n_cause * n_group],
 * and the variance of those of the first n_group - 1, variance[n_cause * (n_group - 1)^2], both
 * summed over strata. The strata of the table are the groups of the first stratum, then those of
 * the second, ...; not for left-truncated tables. At a time with D events of the cause and D' of
 * the others in group k, S the Kaplan-Meier estimate of all events just before it, Y at risk, F the
 * incidence: R = Y (1 - F) / S, score = (1 - F_all)^rho (D_k - D R_k / R). One pass, O(times x
 * n_group^3). */
OSS_CHECKED oss_status oss_gray(const oss_risk_table *table, const oss_gray_test *test,
                                double *score, double *variance, double *work, const oss_hook *hook,
                                oss_error *err);

/* score' variance^- score of m scores, *df its rank: scores that the others determine, or that
 * cannot vary, are left out. NaN if the variance is no variance, or does not span the scores.
 * work: m * (m + 1) doubles. */
double oss_gray_statistic(size_t m, const double *score, const double *variance, double *work,
                          size_t *df);

/* Rows in the order of stratum and time, for relabelling. */
typedef struct {
    oss_gray_test test;
    size_t n, n_stratum, n_status; /* n_status: causes there are */
    const size_t *end;             /* [n_stratum] rows of the strata end here */
    const uint32_t *time;          /* [n] ascending; equal: tied; no two strata share one */
    const int *status;             /* [n] 0 censored, 1..n_status */
    const int *group;              /* [n] 0..n_group - 1 as observed */
    uint64_t n_arrangement;        /* not 0: replicate b is arrangement b of so many */
} oss_gray_rows;

/* Ways to deal the labels within strata; 0 if more than `most` (below 2^31). */
OSS_CHECKED oss_status oss_gray_arrangements(const oss_gray_rows *rows, uint64_t most,
                                             uint64_t *count, oss_error *err);

/* An oss_replicate: deals the labels anew within strata and writes the statistic of each cause,
 * Inf where it does not exist. context: oss_gray_rows. O(n + times x n_group^3). */
OSS_CHECKED oss_status oss_gray_replicate(const void *context, void *work, oss_stream *stream,
                                          size_t b, double *out, oss_error *err);
size_t oss_gray_replicate_work(const oss_gray_rows *rows);

#endif
