#include "check.h"
#include "../../src/core/count_interval.h"

#include <string.h>

static void test_rows(void)
{
    const double x[] = { 10, 0, 0 }, n[] = { 11, 11, 0 };
    double low[3], high[3], p[3];
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_ci(3, x, n, OSS_CENTRAL, 0.05, low, high, NULL, &err) == OSS_OK);
    CHECK_NEAR(low[0], 0.5872200830116, 1e-12);
    CHECK(low[1] == 0);
    CHECK_NEAR(high[1], 0.284914152918, 1e-12);
    CHECK(isnan(low[2]) && isnan(high[2]));

    const double time[] = { 2, 4, 0 };
    CHECK(oss_rate_ci(3, x, time, OSS_MID_P, 0.05, low, high, NULL, &err) == OSS_OK);
    CHECK(low[1] == 0);
    CHECK_NEAR(high[1], 2.995732273553991 / 4, 1e-13);
    CHECK(isnan(low[2]));

    const double e1[] = { 56, 11, 0 }, t1[] = { 18524, 1000, 1 };
    const double e2[] = { 20, 0, 0 }, t2[] = { 18953, 800, 1 };
    CHECK(oss_rate_ratio(3, e1, t1, e2, t2, OSS_CENTRAL, 0.05, low, high, p, NULL, &err) == OSS_OK);
    CHECK_NEAR(low[0], 1.692519, 1e-6);
    CHECK_NEAR(high[0], 5.040385, 1e-6);
    CHECK_NEAR(p[0], 2.85e-5, 5e-8);
    CHECK_NEAR(low[1], 2.007863, 1e-6);
    CHECK(high[1] == INFINITY && low[2] == 0 && high[2] == INFINITY && p[2] == 1);
}

static void test_bad_rows_are_named(void)
{
    const double good[] = { 1, 1 }, bad[] = { 1, 1.5 }, zero[] = { 1, 0 };
    double low[2], high[2], p[2];
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_ci(2, bad, good, OSS_CENTRAL, 0.05, low, high, NULL, &err) == OSS_EINVAL);
    CHECK(err.index == 1 && strstr(err.text, "`x`"));
    CHECK(oss_proportion_ci(2, good, zero, OSS_CENTRAL, 0.05, low, high, NULL, &err) == OSS_EINVAL);
    CHECK(oss_rate_ci(2, good, zero, OSS_CENTRAL, 0.05, low, high, NULL, &err) == OSS_EINVAL);
    CHECK(err.index == 1 && strstr(err.text, "`time`"));
    CHECK(oss_rate_ci(2, bad, good, OSS_CENTRAL, 0.05, low, high, NULL, &err) == OSS_EINVAL);
    CHECK(oss_rate_ratio(2, good, good, good, zero, OSS_CENTRAL, 0.05, low, high, p, NULL, &err) ==
          OSS_EINVAL);
    CHECK(oss_rate_ratio(2, good, good, bad, good, OSS_CENTRAL, 0.05, low, high, p, NULL, &err) ==
          OSS_EINVAL);
}

static int stop(void *context, double fraction)
{
    (void) fraction;
    return ++*(int *) context > 1;
}

static void test_the_hook_stops(void)
{
    enum { N = 5000 };
    static double x[N], n[N], low[N], high[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 7;
        n[i] = 10;
    }
    int polled = 0;
    const oss_hook hook = { stop, &polled };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_ci(N, x, n, OSS_CENTRAL, 0.05, low, high, &hook, &err) == OSS_ECANCEL);
    CHECK(polled == 2 && err.code == OSS_ECANCEL);
}

int main(void)
{
    test_rows();
    test_bad_rows_are_named();
    test_the_hook_stops();
    return check_report();
}
