#include "check.h"
#include "../../src/core/pseudo_fit.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

enum { N = 6 };
static const double y[N] = { 1, 0.5, 0, 0.75, 1, 0.25 };
static const double x[N] = { 0, 0, 0, 1, 1, 1 };

static oss_status fit(oss_pseudo_data data, int corrected, double *beta, double *robust,
                      oss_pseudo_result *result)
{
    void *work = malloc(oss_pseudo_fit_work(&data));
    const oss_status status =
        oss_pseudo_fit(&data, corrected, beta, robust, work, result, NULL, NULL);
    free(work);
    return status;
}

/* Two means: each group's variance over n, corrected by (n / (n - 1))^2 as HC3 does. */
static void test_two_groups_by_hand(void)
{
    const double of_0 = (0.25 + 0 + 0.25) / 9;
    const double second = (1.0 / 144 + 1.0 / 9 + 25.0 / 144) / 9; /* about 2/3: .083, .333, -.417 */
    oss_pseudo_data data = { .n = N, .n_time = 1, .p = 1, .y = y, .x = x };
    double beta[2] = { 0.5, 0 }, robust[4];
    oss_pseudo_result result;
    CHECK(fit(data, 0, beta, robust, &result) == OSS_OK && result.converged);
    CHECK_NEAR(beta[0], 0.5, 1e-14);
    CHECK_NEAR(beta[1], 2.0 / 3 - 0.5, 1e-14);
    CHECK_NEAR(robust[0], of_0, 1e-14);
    CHECK_NEAR(robust[3], of_0 + second, 1e-14);
    CHECK_NEAR(robust[1], robust[2], 0);
    CHECK(fit(data, 1, beta, robust, &result) == OSS_OK);
    CHECK_NEAR(robust[3], 2.25 * (of_0 + second), 1e-13);

    /* Through any link the two means are the same. */
    const oss_link links[] = { OSS_LINK_LOG, OSS_LINK_LOGIT, OSS_LINK_CLOGLOG,
                               OSS_LINK_SURVIVAL_CLOGLOG };
    const double at_half[] = { log(0.5), 0, log(log(2)), log(log(2)) };
    for (int i = 0; i < 4; i++) {
        data.link = links[i];
        beta[0] = beta[1] = 0.1;
        CHECK(fit(data, 1, beta, robust, &result) == OSS_OK && result.converged);
        CHECK_NEAR(beta[0], at_half[i], 1e-10);
        CHECK(result.sum_of_squares > 0 && result.gradient < 1e-8);
    }
}

/* A weight is so many rows; rows that are clusters of one are rows; times share the effect. */
static void test_weights_and_clusters(void)
{
    const double weight[N] = { 1, 2, 3, 1, 2, 1 };
    double long_y[20], long_x[20], long_weighted[20];
    int each[20];
    size_t n = 0;
    for (int i = 0; i < N; i++)
        for (int w = 0; w < weight[i]; w++) {
            long_y[n] = y[i];
            long_x[n] = x[i];
            each[n] = (int) n + 1;
            n++;
        }
    for (size_t i = 0; i < n; i++) { /* a second time, so that each row has two values */
        long_y[n + i] = long_y[i] / 2;
        long_weighted[i] = 1;
    }
    double two_y[2 * N];
    for (int i = 0; i < N; i++) {
        two_y[i] = y[i];
        two_y[N + i] = y[i] / 2;
    }
    for (int corrected = 0; corrected < 2; corrected++) {
        double a[3] = { 0.5, 0.2, 0 }, b[3] = { 0.5, 0.2, 0 }, v[9], u[9];
        oss_pseudo_result result;
        CHECK(fit((oss_pseudo_data){ N, 2, 1, two_y, x, weight, NULL, 0, OSS_LINK_LOGIT },
                  corrected, a, v, &result) == OSS_OK);
        CHECK(fit((oss_pseudo_data){ n, 2, 1, long_y, long_x, long_weighted, each, n,
                                     OSS_LINK_LOGIT },
                  corrected, b, u, &result) == OSS_OK);
        for (int j = 0; j < 3; j++)
            CHECK_NEAR(a[j], b[j], 1e-9);
        for (int j = 0; j < 9; j++)
            CHECK_NEAR(v[j], u[j], 1e-8);
    }
}

static void test_what_cannot_be_estimated(void)
{
    const double alone[N] = { 0, 0, 0, 0, 0, 1 },
                 twice[2 * N] = { 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1 };
    double beta[3] = { 0.5, 0, 0 }, robust[9];
    oss_pseudo_result result;
    oss_pseudo_data data = { .n = N, .n_time = 1, .p = 1, .y = y, .x = alone };
    CHECK(fit(data, 0, beta, robust, &result) == OSS_OK && robust[3] > 0);
    CHECK(fit(data, 1, beta, robust, &result) == OSS_OK && isnan(robust[3]));
    data.x = twice;
    data.p = 2;
    beta[0] = 0.5;
    beta[1] = beta[2] = 0;
    CHECK(fit(data, 0, beta, robust, &result) == OSS_OK);
    CHECK(result.diverging && isnan(robust[0]) && isnan(robust[8]));
}

int main(void)
{
    gsl_set_error_handler_off();
    test_two_groups_by_hand();
    test_weights_and_clusters();
    test_what_cannot_be_estimated();
    return check_report();
}
