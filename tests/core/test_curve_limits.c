#include "check.h"
#include "../../src/core/curve_limits.h"
#include "../../src/core/vector_math.h"

#include <stdlib.h>

static void test_exp_and_log_are_those_of_libm(void)
{
    double worst_exp = 0, worst_log = 0;
    for (int i = -70000; i <= 70000; i++) {
        const double x = i % 3 ? i * 1e-2 : i * 1e-5;
        worst_exp = fmax(worst_exp, fabs(vector_exp(x) / exp(x) - 1));
        const double y = i % 3 ? exp(x * 0.98) : 1 - fabs(x) * 1e-6;
        if (y != 1)
            worst_log = fmax(worst_log, fabs(vector_log(y) / log(y) - 1));
    }
    CHECK(worst_exp < 5e-16);
    CHECK(worst_log < 5e-16);
    CHECK(vector_exp(0) == 1 && vector_log(1) == 0);
    CHECK_NEAR(vector_log(1e-300), log(1e-300), 1e-15);
    CHECK_NEAR(vector_exp(-700) * 1e304, exp(-700) * 1e304, 1e-15);
}

/* A curve that falls, with stretches where nothing changes, and from 1 to 0 if it is long. */
static void curve(size_t n, double *estimate, double *std_error)
{
    double s = 1, variance = 0;
    for (size_t i = 0; i < n; i++) {
        const double at_risk = (double) (n - i);
        if (i % 5 && i > 3) {
            s *= (at_risk - 1) / at_risk;
            variance += at_risk > 1 ? 1 / (at_risk * (at_risk - 1)) : 0;
        }
        estimate[i] = s;
        std_error[i] = s * sqrt(variance);
    }
}

static void test_limits_are_those_of_each_time(void)
{
    const size_t sizes[] = { 1, 2, 17, 511, 512, 513, 5000, 70000 };
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        const size_t n = sizes[j];
        double *x = malloc(6 * n * sizeof *x);
        double *se = x + n, *low = se + n, *high = low + n, *low_2 = high + n, *high_2 = low_2 + n;
        curve(n, x, se);
        for (int type = OSS_CONF_LOG_LOG; type <= OSS_CONF_ARCSIN; type++) {
            oss_curve_limits((oss_conf_type) type, n, x, se, 1.96, 1, low, high);
            oss_curve_limits((oss_conf_type) type, n, x, se, 1.96, 2, low_2, high_2);
            double worst = 0;
            int same = 1, missing = 1;
            for (size_t i = 0; i < n; i++) {
                double a, b;
                oss_transformed_limits((oss_conf_type) type, x[i], se[i], 1.96, &a, &b);
                missing &= isnan(a) == isnan(low[i]) && isnan(b) == isnan(high[i]);
                same &= (low[i] == low_2[i] || isnan(a)) && (high[i] == high_2[i] || isnan(b));
                if (!isnan(a))
                    worst = fmax(worst, fmax(fabs(low[i] - a), fabs(high[i] - b)));
            }
            CHECK(same && missing);
            CHECK_NEAR(worst, 0, 1e-14);
        }
        free(x);
    }
}

static void test_beyond_the_vector_range(void)
{
    const double x[] = { 1e-305, 0.5, 0.999, 1e-9 }, se[] = { 1e-306, 400, 40, 1e-12 };
    double low[4], high[4];
    oss_curve_limits(OSS_CONF_LOG_LOG, 4, x, se, 1.96, 1, low, high);
    for (int i = 0; i < 4; i++) {
        double a, b;
        oss_transformed_limits(OSS_CONF_LOG_LOG, x[i], se[i], 1.96, &a, &b);
        CHECK(low[i] == a && high[i] == b);
    }
}

int main(void)
{
    test_exp_and_log_are_those_of_libm();
    test_limits_are_those_of_each_time();
    test_beyond_the_vector_range();
    return check_report();
}
