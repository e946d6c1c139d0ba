#include "check.h"
#include "../../src/core/pair_proportion.h"

#include "../../src/core/binomial.h"

/* The count's distribution by adding one cluster at a time. */
static double slow_upper(size_t pairs, size_t singles, size_t x, double p, double q)
{
    double mass[64] = { 1 }, next[64];
    size_t top = 0;
    for (size_t i = 0; i < pairs + singles; i++) {
        const double two = i < pairs ? p - q / 2 : 0, one = i < pairs ? q : p, none = 1 - two - one;
        for (size_t k = 0; k < 64; k++)
            next[k] = 0;
        for (size_t k = 0; k <= top; k++) {
            next[k] += mass[k] * none;
            next[k + 1] += mass[k] * one;
            next[k + 2] += mass[k] * two;
        }
        top += 2;
        for (size_t k = 0; k < 64; k++)
            mass[k] = next[k];
    }
    double sum = 0;
    for (size_t k = x; k <= top; k++)
        sum += mass[k];
    return sum;
}

static void test_tail_is_that_of_adding_clusters(void)
{
    for (size_t pairs = 0; pairs <= 7; pairs++)
        for (size_t singles = pairs == 0; singles <= 3; singles++)
            for (int i = 0; i <= 4; i++) {
                const double p = i / 4.0, top = 2 * fmin(p, 1 - p);
                for (int j = 0; j <= 4; j++)
                    for (size_t x = 0; x <= 2 * pairs + singles; x++)
                        CHECK_NEAR(oss_pair_upper(pairs, singles, x, p, top * j / 4),
                                   slow_upper(pairs, singles, x, p, top * j / 4), 1e-13);
            }
}

static double largest(size_t pairs, size_t singles, size_t x, double p)
{
    double best = 0;
    for (int j = 0; j <= 4000; j++)
        best = fmax(best, slow_upper(pairs, singles, x, p, 2 * fmin(p, 1 - p) * j / 4000));
    return best;
}

static oss_status limits(size_t pairs, size_t singles, size_t x, double alpha, double *low,
                         double *high, oss_error *err)
{
    const size_t all = 2 * pairs + singles;
    double rest = 0;
    const oss_status status = oss_pair_limit_low(pairs, singles, x, alpha, low, err);
    if (status != OSS_OK)
        return status;
    const oss_status other = oss_pair_limit_low(pairs, singles, all - x, alpha, &rest, err);
    *high = 1 - rest;
    return other;
}

static void test_limits_meet_their_definition(void)
{
    oss_error err = OSS_ERROR_INIT;
    const size_t designs[5][2] = { { 4, 0 }, { 8, 0 }, { 11, 0 }, { 5, 3 }, { 1, 6 } };
    for (int d = 0; d < 5; d++) {
        const size_t pairs = designs[d][0], singles = designs[d][1], all = 2 * pairs + singles;
        double last = 0;
        for (size_t x = 0; x <= all; x++) {
            double low, high, mirror_low, mirror_high;
            CHECK(limits(pairs, singles, x, 0.05, &low, &high, &err) == OSS_OK);
            CHECK(limits(pairs, singles, all - x, 0.05, &mirror_low, &mirror_high, &err) == OSS_OK);
            const double estimate = (double) x / (double) all;
            CHECK(0 <= low && low <= estimate && estimate <= high && high <= 1);
            CHECK(x == 0 ? low == 0 : low > 0);
            CHECK(low >= last);
            last = low;
            CHECK_NEAR(mirror_high, 1 - low, 1e-12);
            if (x) {
                CHECK_NEAR(largest(pairs, singles, x, low), 0.025, 1e-6);
                CHECK(largest(pairs, singles, x, low - 1e-4) < 0.025);
            }
        }
    }
}

static void test_singles_alone_are_clopper_pearson(void)
{
    oss_error err = OSS_ERROR_INIT;
    for (size_t x = 0; x <= 11; x++) {
        double low, high;
        CHECK(limits(0, 11, x, 0.05, &low, &high, &err) == OSS_OK);
        CHECK_NEAR(low, oss_binomial_limit_low(OSS_CENTRAL, (double) x, 11, 0.05).x, 1e-10);
        CHECK_NEAR(high, oss_binomial_limit_high(OSS_CENTRAL, (double) x, 11, 0.05).x, 1e-10);
    }
}

static void test_refusals(void)
{
    oss_error err = OSS_ERROR_INIT;
    double low, high;
    CHECK(limits(0, 0, 0, 0.05, &low, &high, &err) == OSS_EINVAL);
    CHECK(limits(2, 0, 5, 0.05, &low, &high, &err) == OSS_EINVAL);
    CHECK(limits(200, 101, 5, 0.05, &low, &high, &err) == OSS_EINVAL);
    CHECK(limits(2, 0, 1, 1, &low, &high, &err) == OSS_EINVAL);
}

int main(void)
{
    test_tail_is_that_of_adding_clusters();
    test_limits_meet_their_definition();
    test_singles_alone_are_clopper_pearson();
    test_refusals();
    return check_report();
}
