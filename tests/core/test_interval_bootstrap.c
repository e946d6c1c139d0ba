#include "check.h"
#include "../../src/core/interval_bootstrap.h"

#include <string.h>

enum { N = 6, TIMES = 4, B = 4000 };

static const double left[N] = { 0, 3, 6, 0, 3, 6 }, right[N] = { 3, 6, INFINITY, 3, 6, INFINITY };
static const int cluster[N] = { 1, 1, 2, 2, 3, 3 }, pool[3] = { 1, 1, 1 };
static const double when[TIMES] = { 2, 3, 6, 50 };
static const int group[TIMES] = { 1, 1, 1, 1 };

static oss_interval_bootstrap plan_of(int threads)
{
    const oss_interval_bootstrap plan = {
        .rows = { .n = N, .left = left, .right = right, .n_stratum = 1 },
        .cluster = cluster,
        .n_cluster = 3,
        .pool = pool,
        .n_pool = 1,
        .n_time = TIMES,
        .time = when,
        .group = group,
        .tolerance = 1e-10,
        .n = B,
        .seed = 5,
        .threads = threads,
    };
    return plan;
}

static double out[2 * TIMES * B], again[2 * TIMES * B];

/* On a grid the NPMLE is the share, so its bootstrap mean and variance are those of the mean of
 * three clusters drawn from 1/2, 1/2 (event by 3: one of two; none; one) and so on. */
static void test_mean_and_variance_are_those_of_cluster_means(void)
{
    oss_error err = OSS_ERROR_INIT;
    oss_interval_bootstrap plan = plan_of(1);
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_OK);
    const double survival[2][3] = { { 0.5, 0.5, 1 }, { 0, 0.5, 0.5 } }; /* of each cluster */
    for (int k = 0; k < 2; k++) {
        const double *s = survival[k];
        double mean = (s[0] + s[1] + s[2]) / 3, variance = 0, got = 0, square = 0;
        for (int c = 0; c < 3; c++)
            variance += (s[c] - mean) * (s[c] - mean) / 9;
        for (size_t b = 0; b < B; b++) {
            const double *at = out + (b * TIMES + 1 + (size_t) k) * 2;
            CHECK_NEAR(at[0], at[1], 1e-8);
            got += at[0] / B;
            square += at[0] * at[0] / B;
        }
        CHECK(fabs(got - mean) < 5 * sqrt(variance / B));
        CHECK(fabs(square - got * got - variance) < 0.1 * variance);
    }
    for (size_t b = 0; b < B; b++) {
        const double *inside = out + b * TIMES * 2, *late = inside + 6;
        CHECK(inside[0] <= inside[1] && fabs(inside[0] - out[(b * TIMES + 1) * 2]) < 1e-8);
        CHECK(inside[1] > 1 - 1e-12 || inside[0] == inside[1]);
        CHECK(late[0] >= 0 && late[1] <= 1 + 1e-12);
    }
}

static void test_threads_and_memory(void)
{
    oss_error err = OSS_ERROR_INIT;
    oss_interval_bootstrap plan = plan_of(3);
    CHECK(oss_interval_resample(&plan, again, NULL, &err) == OSS_OK);
    CHECK(memcmp(out, again, sizeof out) == 0);
    plan = plan_of(1);
    plan.n = 3;
    int failures = 0;
    for (size_t k = 1;; k++) {
        (void) oss_fail_allocation(k);
        const oss_status status = oss_interval_resample(&plan, again, NULL, &err);
        (void) oss_fail_allocation(0);
        if (status == OSS_OK)
            break;
        CHECK(status == OSS_ENOMEM);
        failures++;
    }
    CHECK(failures > 10);
    CHECK(memcmp(out, again, 3 * 2 * TIMES * sizeof *out) == 0);
}

static void test_a_stratum_keeps_its_clusters(void)
{
    const int stratum[N] = { 1, 1, 1, 1, 2, 2 }, pools[3] = { 1, 1, 2 }, groups[2] = { 1, 2 };
    const double at[2] = { 3, 6 };
    oss_error err = OSS_ERROR_INIT;
    oss_interval_bootstrap plan = plan_of(1);
    plan.rows.stratum = stratum;
    plan.rows.n_stratum = 2;
    plan.pool = pools;
    plan.n_pool = 2;
    plan.n_time = 2;
    plan.time = at;
    plan.group = groups;
    plan.n = 200;
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_OK);
    for (size_t b = 0; b < 200; b++) {
        CHECK_NEAR(out[(b * 2 + 1) * 2], 0.5, 1e-8); /* one cluster, always itself */
        CHECK(!isnan(out[b * 4]));
    }
    /* Drawn from one pool, the second stratum is missing now and then. */
    plan.pool = pool;
    plan.n_pool = 1;
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_OK);
    int missing = 0;
    for (size_t b = 0; b < 200; b++)
        missing += isnan(out[(b * 2 + 1) * 2]);
    CHECK(missing > 30 && missing < 90); /* (2/3)^3 of 200 */
}

static void test_refusals(void)
{
    const int bad[N] = { 1, 1, 2, 2, 3, 4 };
    const double never[TIMES] = { 2, 3, 6, INFINITY };
    oss_error err = OSS_ERROR_INIT;
    oss_interval_bootstrap plan = plan_of(1);
    plan.cluster = bad;
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_EINVAL && err.index == 5);
    plan = plan_of(1);
    plan.time = never;
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_EINVAL && err.index == 3);
    plan = plan_of(1);
    plan.n_pool = 0;
    CHECK(oss_interval_resample(&plan, out, NULL, &err) == OSS_EINVAL);
}

int main(void)
{
    test_mean_and_variance_are_those_of_cluster_means();
    test_threads_and_memory();
    test_a_stratum_keeps_its_clusters();
    test_refusals();
    return check_report();
}
