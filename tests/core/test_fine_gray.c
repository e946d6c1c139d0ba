#include "check.h"
#include "../../src/core/fine_gray.h"

#include <stdlib.h>

static const double time_10[] = { 1, 2, 2, 3, 4, 5, 5, 6, 7, 8 };
static const int kind_10[] = { 1, 2, 0, 1, 2, 1, 0, 1, 0, 1 };
static const double x_10[] = { 2, 0, 1, 1, 3, 0, 2, 1, 1, 0, /* second column */
                               0, 1, 0, 1, 1, 0, 0, 1, 0, 1 };

static oss_fine_gray_rows ten(void)
{
    const oss_fine_gray_rows rows = {
        .n = 10, .p = 2, .exit = time_10, .kind = kind_10, .x = x_10
    };
    return rows;
}

/* Log pseudo-likelihood of the ten rows, straight from its definition; b per unit of x. */
static double definition(double b0, double b1)
{
    double value = 0;
    for (int e = 0; e < 10; e++) {
        if (kind_10[e] != 1)
            continue;
        double sum = 0;
        for (int i = 0; i < 10; i++) {
            double weight = time_10[i] >= time_10[e];
            if (time_10[i] < time_10[e] && kind_10[i] == 2) {
                weight = 1;
                for (int c = 0; c < 10; c++) {
                    if (kind_10[c] || time_10[c] < time_10[i] || time_10[c] >= time_10[e])
                        continue;
                    double at_risk = 0;
                    for (int k = 0; k < 10; k++)
                        at_risk += time_10[k] >= time_10[c];
                    weight *= 1 - 1 / at_risk; /* no two censored at once here */
                }
            }
            sum += weight * exp(b0 * x_10[i] + b1 * x_10[10 + i]);
        }
        value += b0 * x_10[e] + b1 * x_10[10 + e] - log(sum);
    }
    return value;
}

static void test_equals_the_definition(void)
{
    const oss_fine_gray_rows rows = ten();
    oss_fine_gray *model;
    CHECK(oss_fine_gray_new(&rows, &model, NULL) == OSS_OK);
    CHECK(oss_fine_gray_n_event(model) == 5);
    const double s0 = oss_fine_gray_scale(model, 0), s1 = oss_fine_gray_scale(model, 1);
    for (int k = 0; k < 9; k++) {
        const double b[2] = { 0.4 * (k % 3 - 1), 0.7 * (k / 3 - 1) };
        double value, gradient[2], hessian[4];
        CHECK(oss_fine_gray_loglik(model, b, &value, gradient, hessian, NULL) == OSS_OK);
        CHECK_NEAR(value, definition(b[0] / s0, b[1] / s1), 1e-13);
        const double h = 1e-5;
        CHECK_NEAR(
            gradient[0],
            (definition((b[0] + h) / s0, b[1] / s1) - definition((b[0] - h) / s0, b[1] / s1)) /
                (2 * h),
            1e-8);
        CHECK_NEAR(hessian[1], hessian[2], 1e-15);
    }
    oss_fine_gray_free(model);
}

/* The gradient against differences of the value, the Hessian against differences of the gradient.
 */
static void check_derivatives(oss_fine_gray *model, const double *at, double tolerance)
{
    double value, gradient[2], hessian[4];
    CHECK(oss_fine_gray_loglik(model, at, &value, gradient, hessian, NULL) == OSS_OK);
    for (int j = 0; j < 2; j++) {
        const double h = 1e-5;
        double b[2] = { at[0], at[1] }, high, low, g_high[2], g_low[2];
        b[j] += h;
        CHECK(oss_fine_gray_loglik(model, b, &high, g_high, NULL, NULL) == OSS_OK);
        b[j] -= 2 * h;
        CHECK(oss_fine_gray_loglik(model, b, &low, g_low, NULL, NULL) == OSS_OK);
        CHECK_NEAR(gradient[j], (high - low) / (2 * h), 1e-8);
        for (int k = 0; k < 2; k++)
            CHECK_NEAR(hessian[j * 2 + k], (g_high[k] - g_low[k]) / (2 * h), tolerance);
    }
}

static const double entry_10[] = { 0, 0, 0, 1, 0, 2, 3, 2, 4, 0 };
static const double weight_10[] = { 1, 2, 1, 3, 1, 1, 2, 1, 1, 2 };
static const int stratum_10[] = { 1, 2, 2, 2, 1, 1, 2, 2, 1, 1 };
static const int group_10[] = { 1, 1, 2, 2, 1, 2, 1, 2, 1, 1 };
static const double offset_10[] = { 0.1, 0, -0.3, 0, 2, 0, 1, 0, 0, -1 };

static void test_derivatives(void)
{
    for (int k = 0; k < 32; k++) {
        oss_fine_gray_rows rows = ten();
        rows.entry = k & 1 ? entry_10 : NULL;
        rows.weight = k & 2 ? weight_10 : NULL;
        rows.stratum = k & 4 ? stratum_10 : NULL;
        rows.group = k & 8 ? group_10 : NULL;
        rows.offset = k & 16 ? offset_10 : NULL;
        rows.n_stratum = rows.n_group = 2;
        oss_fine_gray *model;
        CHECK(oss_fine_gray_new(&rows, &model, NULL) == OSS_OK);
        const double at[2] = { 0.3, -0.5 };
        check_derivatives(model, at, 1e-7);
        CHECK(oss_fine_gray_set_firth(model, 1, NULL) == OSS_OK);
        check_derivatives(model, at, 1e-6);
        oss_fine_gray_free(model);
    }
}

static void test_weight_two_is_the_row_twice(void)
{
    enum { N = 15 };
    double time[N], x[2 * N];
    int kind[N];
    for (int i = 0, at = 0; i < 10; i++)
        for (int r = 0; r < weight_10[i]; r++, at++) {
            time[at] = time_10[i];
            kind[at] = kind_10[i];
            x[at] = x_10[i];
            x[N + at] = x_10[10 + i];
        }
    oss_fine_gray_rows rows = ten();
    rows.weight = weight_10;
    const oss_fine_gray_rows twice = { .n = N, .p = 2, .exit = time, .kind = kind, .x = x };
    const oss_fine_gray_rows *both[] = { &rows, &twice };
    double beta[2][2], naive[2][4], robust[2][4];
    for (int k = 0; k < 2; k++) {
        oss_fine_gray *model;
        oss_fine_gray_fit fit;
        int infinite[2];
        CHECK(oss_fine_gray_new(both[k], &model, NULL) == OSS_OK);
        CHECK(oss_fine_gray_maximise(model, beta[k], infinite, &fit, NULL, NULL) == OSS_OK);
        CHECK(fit.converged && !fit.diverging && !infinite[0] && !infinite[1]);
        CHECK(oss_fine_gray_covariance(model, beta[k], infinite, naive[k], robust[k], NULL) ==
              OSS_OK);
        beta[k][0] /= oss_fine_gray_scale(model, 0);
        beta[k][1] /= oss_fine_gray_scale(model, 1);
        oss_fine_gray_free(model);
    }
    for (int j = 0; j < 2; j++)
        CHECK_NEAR(beta[0][j], beta[1][j], 1e-11);
    for (int j = 0; j < 4; j++) {
        CHECK_NEAR(naive[0][j], naive[1][j], 1e-11);
        CHECK_NEAR(robust[0][j], robust[1][j], 1e-11);
    }
}

static void test_separation_and_alias(void)
{
    const double time[] = { 1, 2, 3, 4, 5, 6 }, x[] = { 1, 0, 1, 0, 0, 1, 2, 0, 2, 0, 0, 2 };
    const int kind[] = { 1, 0, 1, 2, 0, 0 };
    oss_fine_gray_rows rows = { .n = 6, .p = 1, .exit = time, .kind = kind, .x = x };
    oss_fine_gray *model;
    oss_fine_gray_fit fit;
    double beta, low, high, drop, step = 1;
    int infinite, alias[2];
    CHECK(oss_fine_gray_new(&rows, &model, NULL) == OSS_OK);
    CHECK(oss_fine_gray_maximise(model, &beta, &infinite, &fit, NULL, NULL) == OSS_OK);
    CHECK(fit.diverging && infinite == 1);
    CHECK(oss_fine_gray_profile(model, &beta, &infinite, fit.loglik, 1.92, &step, &low, &high,
                                &drop, NULL, NULL) == OSS_OK);
    CHECK(high == INFINITY && isfinite(low) && drop > 0);
    CHECK(oss_fine_gray_set_firth(model, 1, NULL) == OSS_OK);
    CHECK(oss_fine_gray_maximise(model, &beta, &infinite, &fit, NULL, NULL) == OSS_OK);
    CHECK(fit.converged && !fit.diverging && !infinite && beta > 0 && beta < 5);
    oss_fine_gray_free(model);
    rows.p = 2;
    CHECK(oss_fine_gray_new(&rows, &model, NULL) == OSS_OK);
    CHECK(oss_fine_gray_alias(model, alias, NULL) == OSS_OK);
    CHECK(alias[0] == 0 && alias[1] == 1);
    oss_fine_gray_free(model);
}

static void refuse(const oss_fine_gray_rows *rows, size_t index)
{
    oss_fine_gray *model;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_fine_gray_new(rows, &model, &err) == OSS_EINVAL);
    CHECK(err.index == index);
    oss_fine_gray_free(model);
}

static void test_refuses_bad_rows(void)
{
    const double late[] = { 0, 3, 4 }, time[] = { 2, 6, 7 }, x[] = { 0, 1, 0 },
                 bad_x[] = { 0, NAN, 0 };
    const double weight[] = { 1, 1.5, 1 }, tied[] = { 0, 6 - 1e-9, 4 };
    const int kind[] = { 2, 1, 0 }, bad[] = { 0, 1, 3 };
    oss_fine_gray_rows rows = { .n = 3, .p = 1, .exit = time, .kind = kind, .x = x };
    rows.entry = late;
    refuse(&rows, 0); /* its weight is infinite once the others enter */
    rows.entry = tied;
    refuse(&rows, 1);
    rows.entry = NULL;
    rows.weight = weight;
    refuse(&rows, 1);
    rows.weight = NULL;
    rows.x = bad_x;
    refuse(&rows, 1);
    rows.x = x;
    rows.kind = bad;
    refuse(&rows, 2);
    rows.n = 0;
    refuse(&rows, OSS_NO_INDEX);
}

/* Everything that allocates, in turn; stops at the first failure. */
static oss_status whole_fit(oss_error *err)
{
    oss_fine_gray_rows rows = ten();
    rows.entry = entry_10;
    rows.weight = weight_10;
    rows.stratum = stratum_10;
    rows.group = group_10;
    rows.offset = offset_10;
    rows.cluster = stratum_10;
    rows.n_stratum = rows.n_group = rows.n_cluster = 2;
    oss_fine_gray *model;
    oss_fine_gray_fit fit;
    double beta[2], naive[4], robust[4], low[2], high[2], drop[2], variance[16], hazard[2],
        slope[4];
    const double step[2] = { 1, 1 }, times[2] = { 3, 8 };
    int infinite[2], alias[2];
    oss_status status = oss_fine_gray_new(&rows, &model, err);
    if (!status)
        status = oss_fine_gray_alias(model, alias, err);
    if (!status)
        status = oss_fine_gray_set_firth(model, 1, err);
    if (!status)
        status = oss_fine_gray_maximise(model, beta, infinite, &fit, NULL, err);
    if (!status)
        status = oss_fine_gray_covariance(model, beta, infinite, naive, robust, err);
    if (!status)
        status = oss_fine_gray_variance(model, 1, 2, times, variance, hazard, slope, err);
    if (!status)
        status = oss_fine_gray_profile(model, beta, infinite, fit.loglik, 1.92, step, low, high,
                                       drop, NULL, err);
    oss_fine_gray_free(model);
    return status;
}

static void test_survives_failing_memory(void)
{
    oss_error err = OSS_ERROR_INIT;
    oss_status status = OSS_ENOMEM;
    size_t k = 0;
    while (status == OSS_ENOMEM && k < 500) {
        oss_fail_allocation(++k);
        status = whole_fit(&err);
    }
    oss_fail_allocation(0);
    CHECK(status == OSS_OK);
    CHECK(k > 50);
}

int main(void)
{
    test_equals_the_definition();
    test_derivatives();
    test_weight_two_is_the_row_twice();
    test_separation_and_alias();
    test_refuses_bad_rows();
    test_survives_failing_memory();
    return check_report();
}
