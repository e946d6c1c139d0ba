#include "check.h"
#include "../../src/core/difference.h"
#include "../../src/core/unconditional.h"

typedef struct {
    double low, high, p;
} answer;

static answer ask(oss_difference_method method, double x1, double n1, double x2, double n2)
{
    answer a = { -9, -9, -9 };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_difference(1, &x1, &n1, &x2, &n2, method, 0.05, &a.low, &a.high, &a.p,
                                    NULL, &err) == OSS_OK);
    return a;
}

/* Newcombe (1998), table II. */
static void test_published(void)
{
    answer a = ask(OSS_MIETTINEN_NURMINEN, 56, 70, 48, 80);
    CHECK_NEAR(a.low, 0.0528, 5e-5);
    CHECK_NEAR(a.high, 0.3382, 5e-5);
    a = ask(OSS_NEWCOMBE, 56, 70, 48, 80);
    CHECK_NEAR(a.low, 0.0524, 5e-5);
    CHECK_NEAR(a.high, 0.3339, 5e-5);
    a = ask(OSS_NEWCOMBE, 9, 10, 3, 10);
    CHECK_NEAR(a.low, 0.1705, 5e-5);
    CHECK_NEAR(a.high, 0.8090, 5e-5);
}

static void test_exact_by_hand(void)
{
    /* 3 of 3 against 0 of 3: only that table is as extreme; its largest probability is 1 / 64. */
    answer a = ask(OSS_CHAN_ZHANG, 3, 3, 0, 3);
    CHECK_NEAR(a.p, 1.0 / 32, 1e-9);
    /* ((1 + d) / 2)^6 = 0.025 */
    CHECK_NEAR(a.low, 2 * pow(0.025, 1.0 / 6) - 1, 1e-9);
    CHECK(a.high == 1);
    a = ask(OSS_CHAN_ZHANG, 0, 11, 0, 11);
    CHECK_NEAR(a.high, 1 - pow(0.025, 1.0 / 11), 1e-9);
    CHECK(a.low == -a.high && a.p == 1);
}

static void test_symmetry_and_order(void)
{
    for (int method = 0; method < 3; method++)
        for (int x1 = 0; x1 <= 5; x1++)
            for (int x2 = 0; x2 <= 3; x2++) {
                const answer a = ask((oss_difference_method) method, x1, 5, x2, 3);
                const answer b = ask((oss_difference_method) method, x2, 3, x1, 5);
                const answer c = ask((oss_difference_method) method, 5 - x1, 5, 3 - x2, 3);
                const double d = x1 / 5.0 - x2 / 3.0;
                CHECK(a.low <= d && d <= a.high && a.low < a.high);
                CHECK_NEAR(a.low, -b.high, 1e-9);
                CHECK_NEAR(a.low, -c.high, 1e-9);
                CHECK_NEAR(a.p, b.p, 1e-9);
                CHECK_NEAR(a.p, c.p, 1e-9);
            }
}

static void test_score_is_monotone(void)
{
    for (double delta = -0.9375; delta < 1; delta += 0.125)
        for (double i = 0; i <= 7; i++)
            for (double k = 0; k <= 11; k++) {
                const double z = oss_difference_score(i, 7, k, 11, delta);
                const double slack = 1e-9 * fmax(1, fabs(z));
                if (i < 7)
                    CHECK(oss_difference_score(i + 1, 7, k, 11, delta) >= z - slack);
                if (k < 11)
                    CHECK(oss_difference_score(i, 7, k + 1, 11, delta) <= z + slack);
                if (delta < 0.9)
                    CHECK(oss_difference_score(i, 7, k, 11, delta + 0.125) <= z + slack);
            }
    CHECK(oss_difference_score(1, 7, 3, 11, -1) == INFINITY);
    CHECK(oss_difference_score(7, 7, 0, 11, 1) == 0 && oss_difference_score(0, 7, 0, 9, 0) == 0);
}

static void test_bad_rows(void)
{
    const double one = 1, two = 2, zero = 0, many = 20000;
    double low, high, p;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_difference(1, &two, &one, &one, &two, OSS_NEWCOMBE, 0.05, &low, &high, &p,
                                    NULL, &err) == OSS_EINVAL);
    CHECK(oss_proportion_difference(1, &one, &one, &two, &one, OSS_NEWCOMBE, 0.05, &low, &high, &p,
                                    NULL, &err) == OSS_EINVAL);
    CHECK(oss_proportion_difference(1, &one, &many, &one, &two, OSS_CHAN_ZHANG, 0.05, &low, &high,
                                    &p, NULL, &err) == OSS_EINVAL);
    CHECK(oss_proportion_difference(1, &zero, &zero, &one, &two, OSS_CHAN_ZHANG, 0.05, &low, &high,
                                    &p, NULL, &err) == OSS_OK);
    CHECK(isnan(low) && isnan(high) && isnan(p));
}

static void test_memory_runs_out(void)
{
    const double x = 1, n = 4;
    double low, high, p;
    oss_status status = OSS_ENOMEM;
    size_t k = 1;
    for (; status == OSS_ENOMEM && k < 100; k++) {
        oss_error err = OSS_ERROR_INIT;
        (void) oss_fail_allocation(k);
        status = oss_proportion_difference(1, &x, &n, &x, &n, OSS_CHAN_ZHANG, 0.05, &low, &high, &p,
                                           NULL, &err);
        CHECK(status == err.code);
    }
    (void) oss_fail_allocation(0);
    CHECK(status == OSS_OK && k == 6);
}

static int stop(void *context, double fraction)
{
    (void) fraction;
    return ++*(int *) context > 5;
}

static void test_the_hook_stops(void)
{
    const double x = 7, n = 15;
    double low, high, p;
    int polled = 0;
    const oss_hook hook = { stop, &polled };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_proportion_difference(1, &x, &n, &x, &n, OSS_CHAN_ZHANG, 0.05, &low, &high, &p, &hook,
                                    &err) == OSS_ECANCEL);
    CHECK(polled == 6);
}

int main(void)
{
    test_published();
    test_exact_by_hand();
    test_symmetry_and_order();
    test_score_is_monotone();
    test_bad_rows();
    test_memory_runs_out();
    test_the_hook_stops();
    return check_report();
}
