#ifndef OSS_INTERVAL_BOOTSTRAP_H
#define OSS_INTERVAL_BOOTSTRAP_H

/* Bootstrap of the NPMLE of interval-censored data with whole clusters as units, by the resampling
 * engine. Clusters are drawn with replacement within their pool (those that lie in the same
 * strata), so that no stratum loses its share by chance. */

#include "interval_table.h"
#include "resample.h"

typedef struct {
    oss_interval_rows rows;
    const int *cluster; /* [rows.n] 1..n_cluster */
    size_t n_cluster;
    const int *pool; /* [n_cluster] 1..n_pool, each with a cluster */
    size_t n_pool;
    size_t n_time;      /* times at which survival is wanted */
    const double *time; /* [n_time] finite, >= 0 */
    const int *group;   /* [n_time] stratum of each, 1..n_stratum */
    double tolerance;   /* of the log-likelihood of each replicate */
    size_t n;           /* replicates */
    uint64_t seed;
    int threads;
} oss_interval_bootstrap;

/* survival[2 * n_time * n]: for replicate b and time i the range that its likelihood leaves for
 * S(time), lowest at [(b * n_time + i) * 2] and highest after it. NaN where a stratum has no rows
 * in a replicate. */
OSS_CHECKED oss_status oss_interval_resample(const oss_interval_bootstrap *plan, double *survival,
                                             const oss_hook *hook, oss_error *err);

#endif
