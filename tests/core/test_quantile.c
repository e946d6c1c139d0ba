#include "check.h"
#include "../../src/core/quantile.h"

#define CHECK_RELATIVE(got, want, tolerance) CHECK_NEAR((got) / (want), 1, tolerance)

/* Closed forms: Beta(a, 1), Beta(1, b), the arcsine law, Gamma(1). */
static void test_closed_forms(void)
{
    const double ps[] = { 1e-300, 1e-12, 1e-5, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-9 };
    const double as[] = { 0.01, 0.3, 1, 7, 525, 1e5, 1e8 };
    for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
        const double p = ps[i];
        for (size_t j = 0; j < sizeof as / sizeof *as; j++) {
            const double a = as[j], root = exp(log(p) / a);
            const double near = 1e-14 * (1 + (1 + fabs(log(p))) / a);
            if (root > 1e-300) {
                CHECK_RELATIVE(oss_beta_quantile(p, a, 1, NAN), root, near);
                CHECK_RELATIVE(oss_beta_cdf(root, a, 1), p, 1e-14 * (10 + a));
            }
            CHECK_RELATIVE(oss_beta_quantile(p, 1, a, NAN), -expm1(log1p(-p) / a), 1e-13);
            CHECK_RELATIVE(oss_beta_quantile_upper(p, 1, a, NAN), -expm1(log(p) / a), 1e-13);
        }
        if (p > 1e-100)
            CHECK_RELATIVE(oss_beta_quantile(p, 0.5, 0.5, NAN),
                           pow(sin(1.57079632679489662 * p), 2), 2e-13);
        CHECK_RELATIVE(oss_gamma_quantile(p, 1, NAN), -log1p(-p), 1e-13);
        CHECK_RELATIVE(oss_gamma_quantile_upper(p, 1, NAN), -log(p), 1e-13);
    }
}

/* qbeta, qgamma and qt of R 4.2.2. */
static void test_against_r(void)
{
    CHECK_RELATIVE(oss_beta_quantile(0.025, 525, 28, NAN), 0.92962932484017147, 1e-13);
    CHECK_RELATIVE(oss_beta_quantile(0.025, 10, 2, NAN), 0.58722008301161732, 1e-13);
    CHECK_RELATIVE(oss_beta_quantile(0.975, 11, 1, NAN), 0.99770102778618575, 1e-13);
    CHECK_RELATIVE(oss_beta_quantile(0.975, 1, 11, NAN), 0.28491415291815436, 1e-13);
    CHECK_RELATIVE(oss_gamma_quantile(0.025, 56, NAN), 42.30179818263021, 1e-13);
    CHECK_RELATIVE(oss_gamma_quantile(0.975, 57, NAN), 72.72065800758495868, 1e-13);
    CHECK_RELATIVE(oss_t_quantile(0.975, 10), 2.22813885198627393, 1e-13);
    CHECK_RELATIVE(oss_t_quantile(0.6, 3), 0.27667066233268983, 1e-13);
    CHECK_RELATIVE(oss_normal_quantile(0.975), 1.95996398454005361, 1e-15);
    CHECK_RELATIVE(oss_chisq_quantile(0.95, 1), 3.84145882069412403, 1e-13);
}

/* The start changes rounding only, however bad it is. */
static void test_any_start_reaches_the_root(void)
{
    const double starts[] = { NAN, -1, 0, 1e-300, 1e-20, 0.2, 0.999, 1, 2, INFINITY };
    const double shapes[] = { 0.02, 0.8, 3, 40, 1e4, 1e7 };
    const double ps[] = { 1e-12, 0.025, 0.5, 0.975 };
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            for (size_t k = 0; k < 4; k++) {
                const double a = shapes[i], b = shapes[j], p = ps[k];
                const double x = oss_beta_quantile(p, a, b, NAN);
                const double g = oss_gamma_quantile(p, a, NAN);
                for (size_t m = 0; m < 10; m++) {
                    if (x > 1e-300)
                        CHECK_RELATIVE(oss_beta_quantile(p, a, b, starts[m]), x, 1e-13);
                    if (g > 1e-300)
                        CHECK_RELATIVE(oss_gamma_quantile(p, a, a * starts[m]), g, 1e-13);
                }
            }
}

static void test_mirror(void)
{
    const double shapes[] = { 0.02, 0.8, 3, 40, 1e4, 1e7 };
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++) {
            const double a = shapes[i], b = shapes[j];
            CHECK_NEAR(oss_beta_quantile(0.1, a, b, NAN),
                       1 - oss_beta_quantile_upper(0.1, b, a, NAN), 1e-15);
            CHECK_NEAR(oss_beta_cdf(0.3, a, b), oss_beta_cdf_upper(0.7, b, a), 1e-12);
        }
}

static void test_limits_and_bad_arguments(void)
{
    CHECK(oss_beta_quantile(0, 2, 3, NAN) == 0 && oss_beta_quantile(1, 2, 3, NAN) == 1);
    CHECK(oss_beta_quantile_upper(0, 2, 3, NAN) == 1 && oss_beta_quantile_upper(1, 2, 3, NAN) == 0);
    CHECK(oss_gamma_quantile(0, 2, NAN) == 0 && oss_gamma_quantile(1, 2, NAN) == INFINITY);
    CHECK(oss_beta_cdf(-1, 2, 3) == 0 && oss_beta_cdf(2, 2, 3) == 1);
    CHECK(oss_beta_cdf_upper(0, 2, 3) == 1 && oss_gamma_cdf(INFINITY, 2) == 1);
    const double bad[] = { NAN, -1, 0, INFINITY };
    for (size_t i = 0; i < 4; i++) {
        CHECK(isnan(oss_beta_quantile(0.5, bad[i], 1, NAN)));
        CHECK(isnan(oss_beta_quantile_upper(0.5, 1, bad[i], NAN)));
        CHECK(isnan(oss_gamma_quantile(0.5, bad[i], NAN)));
        CHECK(isnan(oss_beta_cdf(0.5, bad[i], 1)) && isnan(oss_gamma_cdf_upper(0.5, bad[i])));
    }
    CHECK(isnan(oss_beta_quantile(NAN, 1, 1, NAN)) && isnan(oss_beta_quantile(1.1, 1, 1, NAN)));
    CHECK(isnan(oss_normal_quantile(-0.1)) && isnan(oss_t_quantile(0.5, 0)));
    CHECK(oss_t_quantile(0.975, INFINITY) == oss_normal_quantile(0.975));
}

int main(void)
{
    test_closed_forms();
    test_against_r();
    test_any_start_reaches_the_root();
    test_mirror();
    test_limits_and_bad_arguments();
    return check_report();
}
