#include "check.h"
#include "../../src/core/signed_rank.h"

static oss_signed_rank_result ask(size_t n, const double *d, oss_zeros zeros, int exact,
                                  double tail)
{
    oss_signed_rank_result r = { 0 };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_signed_rank(n, d, zeros, exact, 1e-9, tail, &r, NULL, &err) == OSS_OK);
    return r;
}

/* C-reactive protein and erythrocyte sedimentation rate of 11 patients (Chen 2024). */
static void test_published(void)
{
    const double crp[] = {
        -1.12, -1.02, -4.04, -0.57, -1.0, -0.22, -1.1, -1.33, -7.24, -1.48, -0.52
    };
    oss_signed_rank_result r = ask(11, crp, OSS_ZEROS_PRATT, 1, 0.025);
    CHECK_NEAR(r.estimate, -1.115, 1e-14);
    CHECK_NEAR(r.low, -3.88, 1e-14);
    CHECK_NEAR(r.high, -0.76, 1e-14);
    CHECK_NEAR(r.p_less, 1.0 / 2048, 1e-16);
    CHECK(r.p_greater == 1 && r.statistic == 0 && r.n_used == 11);

    const double esr[] = { -33, -17, -33, -15, -32, 0, -18, -16, -43, -40, -13 };
    r = ask(11, esr, OSS_ZEROS_PRATT, 1, 0.025);
    CHECK(r.estimate == -24.25 && r.n_zero == 1 && r.n_used == 10);
    CHECK_NEAR(r.p_less, 1.0 / 1024, 1e-16);
    r = ask(11, esr, OSS_ZEROS_WILCOXON, 1, 0.025);
    CHECK(r.estimate == -25);
}

/* 1, -2, 3: sums 0..6 with one way each but two for 3; positive ranks 1 + 3. */
static void test_by_hand(void)
{
    const double d[] = { 3, 1, -2 };
    oss_signed_rank_result r = ask(3, d, OSS_ZEROS_PRATT, 1, 0.025);
    CHECK(r.statistic == 4);
    CHECK_NEAR(r.p_greater, 3.0 / 8, 1e-16);
    CHECK_NEAR(r.p_less, 6.0 / 8, 1e-16);
    CHECK(r.estimate == 0.75); /* -2, -0.5, 0.5, 1, 2, 3 */
    CHECK(r.low == -INFINITY && r.high == INFINITY);
    r = ask(3, d, OSS_ZEROS_PRATT, 1, 0.125);
    CHECK(r.low == -2 && r.high == 3);
    /* Ties: ranks 1.5, 1.5, 3; zero first: ranks 2, 3. */
    const double tied[] = { 1, -1, 2 }, zero[] = { 0, 1, 2 };
    CHECK_NEAR(ask(3, tied, OSS_ZEROS_PRATT, 1, 0.025).p_greater, 3.0 / 8, 1e-16);
    CHECK(ask(3, zero, OSS_ZEROS_PRATT, 1, 0.025).statistic == 5);
    CHECK(ask(3, zero, OSS_ZEROS_WILCOXON, 1, 0.025).statistic == 3);
}

static void test_degenerate(void)
{
    const double zeros[8] = { 0 }, equal[8] = { 2, 2, 2, 2, 2, 2, 2, 2 };
    for (int exact = 0; exact < 2; exact++) {
        CHECK(isnan(ask(0, zeros, OSS_ZEROS_PRATT, exact, 0.025).estimate));
        CHECK(isnan(ask(8, zeros, OSS_ZEROS_WILCOXON, exact, 0.025).low));
        CHECK(ask(8, zeros, OSS_ZEROS_PRATT, exact, 0.025).p_less == 1);
        CHECK(ask(8, equal, OSS_ZEROS_PRATT, exact, 0.025).estimate == 2);
    }
    CHECK_NEAR(ask(8, equal, OSS_ZEROS_PRATT, 1, 0.025).p_greater, 1.0 / 256, 1e-16);
}

/* A sequence without ties, and one full of them. */
static void fill(double *d, size_t n, int ties)
{
    for (size_t i = 0; i < n; i++) {
        const double u = fmod(0.5 + (double) i * 0.6180339887498949, 1);
        d[i] = ties ? floor(9 * u) - 3 : u - 0.4;
    }
}

static void test_normal_approaches_exact(void)
{
    double d[100];
    for (int ties = 0; ties < 2; ties++) {
        fill(d, 100, ties);
        const oss_signed_rank_result exact = ask(100, d, OSS_ZEROS_PRATT, 1, 0.025);
        const oss_signed_rank_result normal = ask(100, d, OSS_ZEROS_PRATT, 0, 0.025);
        CHECK_NEAR(exact.p_greater, normal.p_greater, 2e-3);
        CHECK_NEAR(exact.estimate, normal.estimate, 1e-14);
        CHECK_NEAR(exact.low, normal.low, ties ? 0.51 : 0.01);
        CHECK(exact.low <= exact.estimate && exact.estimate <= exact.high);
        CHECK(exact.exact && !normal.exact);
    }
}

static void test_order_statistics_of_many(void)
{
    enum { N = 3001 };
    static double d[N], turned[N];
    fill(d, N, 0);
    for (int i = 0; i < N; i++)
        turned[i] = -d[i];
    const oss_signed_rank_result r = ask(N, d, OSS_ZEROS_PRATT, 0, 0.025);
    const oss_signed_rank_result t = ask(N, turned, OSS_ZEROS_PRATT, 0, 0.025);
    CHECK(r.low == -t.high && r.high == -t.low && r.low < r.estimate && r.estimate < r.high);
    CHECK_NEAR(r.p_less, t.p_greater, 1e-14);
    CHECK_NEAR(r.estimate, 0.1, 1e-2);
}

static void test_refusals(void)
{
    const double bad[] = { 1, NAN };
    double many[2001] = { 0 };
    oss_signed_rank_result r;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_signed_rank(2, bad, OSS_ZEROS_PRATT, 1, 0, 0.025, &r, NULL, &err) == OSS_EINVAL);
    CHECK(err.index == 1);
    CHECK(oss_signed_rank(2001, many, OSS_ZEROS_PRATT, 1, 0, 0.025, &r, NULL, &err) == OSS_EINVAL);
}

static void test_memory_runs_out(void)
{
    double d[12];
    fill(d, 12, 1);
    oss_status status = OSS_ENOMEM;
    size_t k = 1;
    for (; status == OSS_ENOMEM && k < 100; k++) {
        oss_signed_rank_result r;
        oss_error err = OSS_ERROR_INIT;
        (void) oss_fail_allocation(k);
        status = oss_signed_rank(12, d, OSS_ZEROS_PRATT, 1, 0, 0.025, &r, NULL, &err);
        CHECK(status == err.code);
    }
    (void) oss_fail_allocation(0);
    CHECK(status == OSS_OK && k == 7);
}

static int stop(void *context, double fraction)
{
    (void) fraction;
    return ++*(int *) context > 3;
}

static void test_the_hook_stops(void)
{
    double d[60];
    fill(d, 60, 0);
    int polled = 0;
    const oss_hook hook = { stop, &polled };
    oss_signed_rank_result r;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_signed_rank(60, d, OSS_ZEROS_PRATT, 1, 0, 0.025, &r, &hook, &err) == OSS_ECANCEL);
    CHECK(polled == 4 && err.code == OSS_ECANCEL);
}

int main(void)
{
    test_published();
    test_by_hand();
    test_degenerate();
    test_normal_approaches_exact();
    test_order_statistics_of_many();
    test_refusals();
    test_memory_runs_out();
    test_the_hook_stops();
    return check_report();
}
