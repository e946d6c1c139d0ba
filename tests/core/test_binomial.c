#include "check.h"
#include "../../src/core/binomial.h"
#include "../../src/core/poisson.h"

static oss_split split(double p)
{
    const oss_split at = { p, 1 - p, NAN };
    return at;
}

static double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

static double mass_by_hand(int x, int n, double p)
{
    return factorial(n) / factorial(x) / factorial(n - x) * pow(p, x) * pow(1 - p, n - x);
}

static void test_tails_by_summation(void)
{
    const double ps[] = { 0.001, 0.2, 0.5, 0.93 };
    for (int n = 1; n <= 12; n++)
        for (int x = 0; x <= n; x++)
            for (int i = 0; i < 4; i++) {
                double upper = 0, lower = 0;
                for (int k = 0; k <= n; k++) {
                    upper += k >= x ? mass_by_hand(k, n, ps[i]) : 0;
                    lower += k <= x ? mass_by_hand(k, n, ps[i]) : 0;
                }
                const oss_split at = split(ps[i]);
                CHECK_NEAR(oss_binomial_upper(x, n, at), upper, 1e-13);
                CHECK_NEAR(oss_binomial_lower(x, n, at), lower, 1e-13);
                CHECK_NEAR(oss_binomial_mass(x, n, at), mass_by_hand(x, n, ps[i]), 1e-13);
            }
    CHECK(oss_binomial_upper(-1, 3, split(0.5)) == 1 && oss_binomial_upper(4, 3, split(0.5)) == 0);
    CHECK(oss_binomial_mass(4, 3, split(0.5)) == 0);
}

/* 10 of 11, as printed by the authors or by R. */
static void test_published(void)
{
    CHECK_NEAR(oss_binomial_limit_low(OSS_CENTRAL, 10, 11, 0.05).x, 0.5872200830116, 1e-13);
    CHECK_NEAR(oss_binomial_limit_high(OSS_CENTRAL, 10, 11, 0.05).x, 0.9977010277861858, 1e-13);
    CHECK_NEAR(oss_binomial_limit_low(OSS_MID_P, 10, 11, 0.05).x, 0.626576249, 1e-9);
    CHECK_NEAR(oss_binomial_limit_high(OSS_MID_P, 10, 11, 0.05).x, 0.995453161, 1e-9);
    CHECK_NEAR(oss_binomial_limit_low(OSS_BLAKER, 10, 11, 0.05).x, 0.5990, 5e-5);
    CHECK_NEAR(oss_binomial_limit_high(OSS_BLAKER, 10, 11, 0.05).x, 0.9953, 5e-5);
    CHECK_NEAR(oss_binomial_limit_low(OSS_SCORE, 10, 11, 0.05).x, 0.622642, 5e-7);
    CHECK_NEAR(oss_binomial_limit_high(OSS_SCORE, 10, 11, 0.05).x, 0.983768, 5e-7);
    CHECK_NEAR(oss_poisson_limit_high(OSS_CENTRAL, 0, 0.05), 3.688879454113936, 1e-13);
    CHECK_NEAR(oss_poisson_limit_high(OSS_MID_P, 0, 0.05), 2.995732273553991, 1e-13);
}

static const oss_limit_method all[] = { OSS_CENTRAL, OSS_MID_P,         OSS_BLAKER,
                                        OSS_SCORE,   OSS_AGRESTI_COULL, OSS_JEFFREYS };

static void test_limits_enclose_mirror_and_widen(void)
{
    const double sizes[] = { 1, 2, 7, 40, 1e5, 1e9, 9007199254740992.0 };
    for (int m = 0; m < 6; m++)
        for (int i = 0; i < 7; i++)
            for (int j = 0; j <= 4; j++) {
                const double n = sizes[i], x = floor(n * j / 4);
                double narrow_low = 1, narrow_high = 0;
                const double alphas[] = { 0.9, 0.5, 0.05, 1e-6 };
                for (int a = 0; a < 4; a++) {
                    const oss_split low = oss_binomial_limit_low(all[m], x, n, alphas[a]);
                    const oss_split high = oss_binomial_limit_high(all[m], x, n, alphas[a]);
                    const double edge = 1e-12;
                    CHECK(low.x >= 0 && high.x <= 1 && low.x <= high.x);
                    CHECK_NEAR(low.x + low.y, 1, 1e-15);
                    CHECK(low.x <= narrow_low + edge && high.x >= narrow_high - edge);
                    if (all[m] == OSS_CENTRAL || all[m] == OSS_BLAKER || all[m] == OSS_SCORE)
                        CHECK(low.x <= x / n * (1 + edge) && high.y <= (n - x) / n * (1 + edge));
                    const oss_split mirror = oss_binomial_limit_low(all[m], n - x, n, alphas[a]);
                    CHECK(mirror.x == high.y && mirror.y == high.x);
                    narrow_low = low.x;
                    narrow_high = high.x;
                }
            }
}

static void test_poisson_is_the_limit_of_the_binomial(void)
{
    const oss_limit_method methods[] = { OSS_CENTRAL, OSS_MID_P, OSS_BLAKER, OSS_SCORE };
    for (int m = 0; m < 4; m++)
        for (double x = 0; x < 40; x += 3) {
            const double n = 1e13;
            CHECK_NEAR(oss_poisson_limit_low(methods[m], x, 0.05),
                       n * oss_binomial_limit_low(methods[m], x, n, 0.05).x, 1e-9);
            CHECK_NEAR(oss_poisson_limit_high(methods[m], x, 0.05),
                       n * oss_binomial_limit_high(methods[m], x, n, 0.05).x, 1e-9);
        }
}

/* A limit is where the two-sided p passes alpha. */
static void test_p_inverts_the_limits(void)
{
    const oss_limit_method methods[] = { OSS_CENTRAL, OSS_MID_P, OSS_SCORE };
    for (int m = 0; m < 3; m++)
        for (double x = 1; x < 20; x++) {
            const oss_split low = oss_binomial_limit_low(methods[m], x, 20, 0.1);
            const oss_split high = oss_binomial_limit_high(methods[m], x, 20, 0.1);
            CHECK_NEAR(oss_binomial_p(methods[m], x, 20, low), 0.1, 1e-12);
            CHECK_NEAR(oss_binomial_p(methods[m], x, 20, high), 0.1, 1e-12);
        }
    /* Sign test, 6 against 1: (1 + 7 + 7 + 1) / 128. */
    CHECK_NEAR(oss_binomial_p(OSS_CENTRAL, 6, 7, split(0.5)), 0.125, 1e-15);
    CHECK_NEAR(oss_binomial_p(OSS_BLAKER, 6, 7, split(0.5)), 0.125, 1e-15);
    CHECK_NEAR(oss_binomial_p(OSS_MID_P, 6, 7, split(0.5)), 0.125 - 7.0 / 128, 1e-15);
    CHECK(oss_binomial_p(OSS_CENTRAL, 0, 0, split(0.5)) == 1);
    CHECK(oss_binomial_p(OSS_SCORE, 1, 3, split(0)) == 0);
}

static void test_impossible_requests(void)
{
    CHECK(isnan(oss_binomial_limit_low(OSS_CENTRAL, 0, 0, 0.05).x));
    CHECK(isnan(oss_binomial_limit_high(OSS_CENTRAL, 3, 2, 0.05).x));
    CHECK(isnan(oss_binomial_limit_low(OSS_BYAR, 1, 2, 0.05).x));
    CHECK(isnan(oss_binomial_limit_low(OSS_BLAKER, 1, 2, 1).x));
    CHECK(isnan(oss_poisson_limit_low(OSS_JEFFREYS, 1, 0.05)));
    CHECK(isnan(oss_poisson_limit_high(OSS_AGRESTI_COULL, 1, 0.05)));
    CHECK(isnan(oss_poisson_limit_high(OSS_CENTRAL, NAN, 0.05)));
    CHECK(isnan(oss_binomial_p(OSS_JEFFREYS, 1, 2, split(0.5))));
}

int main(void)
{
    test_tails_by_summation();
    test_published();
    test_limits_enclose_mirror_and_widen();
    test_poisson_is_the_limit_of_the_binomial();
    test_p_inverts_the_limits();
    test_impossible_requests();
    return check_report();
}
