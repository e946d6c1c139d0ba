#include "check.h"
#include "../../src/core/cox.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int stop(void *context, double fraction)
{
    (void) context;
    (void) fraction;
    return 1;
}

/* Freireich's trial: pairs of control and 6-MP. */
static const double weeks[] = { 1,  10, 22, 7,  3,  32, 12, 23, 8, 22, 17, 6,  2,  16,
                                11, 34, 8,  32, 12, 25, 2,  11, 5, 20, 4,  19, 15, 6,
                                8,  17, 23, 35, 5,  6,  11, 13, 4, 9,  1,  6,  8,  10 };
static const int relapse[] = { 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1,
                               0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0 };
enum { N = 42 };
static double control[N];

static oss_cox_rows trial(void)
{
    for (int i = 0; i < N; i++)
        control[i] = i % 2 == 0;
    return (oss_cox_rows){
        .n = N, .p = 1, .exit = weeks, .status = relapse, .event = 1, .n_stratum = 1, .x = control
    };
}

static void test_published_coefficients(void)
{
    const oss_cox_rows rows = trial();
    const double want[] = { 1.509191, 1.572125 };
    for (int efron = 0; efron < 2; efron++) {
        const oss_cox_options options = { efron, 0, 1 };
        oss_cox *cox;
        double beta, variance, low, high, drop;
        int infinite, alias;
        oss_cox_fit fit;
        CHECK(oss_cox_new(&rows, &options, &cox, NULL) == OSS_OK);
        CHECK(oss_cox_events(cox) == 30);
        CHECK(oss_cox_alias(cox, &alias, NULL) == OSS_OK && alias == 0);
        CHECK(oss_cox_maximise(cox, &beta, &variance, &infinite, &fit, NULL, NULL) == OSS_OK);
        CHECK_NEAR(beta, want[efron], 1e-6);
        if (efron)
            CHECK_NEAR(sqrt(variance), 0.412397, 2e-6);
        CHECK(fit.converged && !fit.diverging && infinite == 0);
        CHECK(oss_cox_profile(cox, &beta, &variance, &infinite, fit.loglik, 3.841459, &low, &high,
                              &drop, NULL, NULL) == OSS_OK);
        CHECK(low < beta && beta < high && low > 0);
        CHECK_NEAR(2 * drop, fit.likelihood, 1e-10);
        oss_cox_free(cox);
    }
}

/* t = 1..10, x = status = 1 for the first five (coxphf): HR exp(3.243052), 2.6498 to 3439.14. */
static void test_separation(void)
{
    double t[10], x[10];
    int d[10];
    for (int i = 0; i < 10; i++) {
        t[i] = i + 1;
        x[i] = d[i] = i < 5;
    }
    const oss_cox_rows rows = {
        .n = 10, .p = 1, .exit = t, .status = d, .event = 1, .n_stratum = 1, .x = x
    };
    for (int firth = 0; firth < 2; firth++) {
        const oss_cox_options options = { 1, firth, 1 };
        oss_cox *cox;
        double beta, variance, low, high, drop;
        int infinite;
        oss_cox_fit fit;
        CHECK(oss_cox_new(&rows, &options, &cox, NULL) == OSS_OK);
        CHECK(oss_cox_maximise(cox, &beta, &variance, &infinite, &fit, NULL, NULL) == OSS_OK);
        CHECK(fit.diverging == !firth && infinite == !firth);
        CHECK(oss_cox_profile(cox, &beta, &variance, &infinite, fit.loglik, 3.841458820694124, &low,
                              &high, &drop, NULL, NULL) == OSS_OK);
        if (firth) {
            CHECK_NEAR(beta, 3.243052, 1e-6);
            CHECK_NEAR(exp(low), 2.6498, 1e-4);
            CHECK_NEAR(exp(high), 3439.14, 1e-5);
        } else {
            CHECK(isfinite(low) && high == INFINITY);
        }
        oss_cox_free(cox);
    }
}

/* Late entry with tied times, strata, weights and an offset, over several chunks. */
enum { MANY = 9000, P = 3 };
static double entry[MANY], leave[MANY], weight[MANY], shift[MANY], many_x[MANY * P];
static int status[MANY], stratum[MANY], cluster[MANY];

static oss_cox_rows many_rows(void)
{
    unsigned state = 7;
    for (int i = 0; i < MANY; i++) {
        unsigned draw[8];
        for (int k = 0; k < 8; k++)
            draw[k] = (state = state * 1664525u + 1013904223u) >> 16 & 1023;
        leave[i] = 2 + draw[0] / 8;
        entry[i] = draw[1] % 2 ? 0 : floor(leave[i] * (draw[1] / 1024.0) * 0.9);
        status[i] = draw[2] % 3 == 0;
        weight[i] = 1 + draw[3] % 3;
        stratum[i] = 1 + (int) draw[4] % 2;
        shift[i] = draw[5] / 2048.0;
        many_x[i] = draw[6] / 512.0;
        many_x[MANY + i] = draw[7] % 2;
        many_x[2 * MANY + i] = draw[5] % 7 + draw[6] % 3;
        cluster[i] = 1 + i % 20;
    }
    return (oss_cox_rows){ MANY, P, entry, leave, status, 1, weight, stratum, 2, many_x, shift };
}

static void test_identities(void)
{
    const oss_cox_rows rows = many_rows();
    for (int efron = 0; efron < 2; efron++) {
        double beta[2][P], variance[P * P];
        for (int threads = 1; threads < 3; threads++) {
            const oss_cox_options options = { efron, 0, threads };
            oss_cox *cox;
            int infinite[P];
            oss_cox_fit fit;
            CHECK(oss_cox_new(&rows, &options, &cox, NULL) == OSS_OK);
            CHECK(oss_cox_maximise(cox, beta[threads - 1], variance, infinite, &fit, NULL, NULL) ==
                  OSS_OK);
            CHECK(fit.converged);
            double *m = malloc(MANY * sizeof *m), *score = malloc(MANY * P * sizeof *score),
                   *omega = malloc(20 * P * P * sizeof *omega);
            CHECK(oss_cox_residuals(cox, beta[0], m, score, NULL, NULL) == OSS_OK);
            CHECK(oss_cox_omega(cox, beta[0], cluster, 20, omega, NULL) == OSS_OK);
            /* Martingale and score residuals sum to 0, the derivatives to the information. */
            double total = 0, u[P] = { 0 }, information[P * P] = { 0 };
            for (int i = 0; i < MANY; i++) {
                total += weight[i] * m[i];
                for (int j = 0; j < P; j++)
                    u[j] += weight[i] * score[j * MANY + i];
            }
            CHECK_NEAR(total, 0, 1e-8);
            for (int j = 0; j < P; j++)
                CHECK_NEAR(u[j], 0, 1e-7);
            for (int c = 0; c < 20; c++)
                for (int j = 0; j < P * P; j++)
                    information[j] += omega[c * P * P + j];
            for (int j = 0; j < P; j++)
                for (int k = 0; k < P; k++) {
                    double unit = 0;
                    for (int l = 0; l < P; l++)
                        unit += information[j * P + l] * variance[l * P + k];
                    CHECK_NEAR(unit, j == k, 1e-9);
                }
            free(m);
            free(score);
            free(omega);
            oss_cox_free(cox);
        }
        CHECK(memcmp(beta[0], beta[1], sizeof beta[0]) == 0);
    }
}

static void test_alias(void)
{
    double x[2 * N];
    oss_cox_rows rows = trial();
    for (int i = 0; i < N; i++) {
        x[i] = control[i];
        x[N + i] = 3 - 2 * control[i];
    }
    rows.x = x;
    rows.p = 2;
    const oss_cox_options options = { 1, 0, 1 };
    oss_cox *cox;
    int alias[2];
    CHECK(oss_cox_new(&rows, &options, &cox, NULL) == OSS_OK);
    CHECK(oss_cox_alias(cox, alias, NULL) == OSS_OK);
    CHECK(alias[0] == 0 && alias[1] == 1);
    oss_cox_free(cox);
}

static void test_refused(void)
{
    const oss_cox_options options = { 1, 0, 1 };
    oss_cox *cox;
    oss_error err = OSS_ERROR_INIT;
    oss_cox_rows rows = trial();
    double late[N] = { 0 }, bad_weight[N] = { 0 }, shift_nan[N] = { 0 };
    int strata[N] = { 0 };
    late[3] = weeks[3];
    rows.entry = late;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 3 && cox == NULL);
    late[3] = weeks[3] * (1 - 1e-12);
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 3);
    rows.entry = NULL;
    rows.weight = bad_weight;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 0);
    rows.weight = NULL;
    rows.stratum = strata;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 0);
    rows.stratum = NULL;
    shift_nan[5] = NAN;
    rows.offset = shift_nan;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 5);
    rows.offset = NULL;
    control[7] = INFINITY;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL && err.index == 7);
    rows = trial();
    rows.n = 0;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_EINVAL);
    rows = trial();
    const oss_hook hook = { stop, NULL };
    double beta, variance;
    int infinite;
    oss_cox_fit fit;
    CHECK(oss_cox_new(&rows, &options, &cox, &err) == OSS_OK);
    CHECK(oss_cox_maximise(cox, &beta, &variance, &infinite, &fit, &hook, &err) == OSS_ECANCEL);
    oss_cox_free(cox);
    oss_cox_free(NULL);
}

static oss_status everything(const oss_cox_rows *rows, const oss_cox_options *options)
{
    oss_cox *cox;
    double beta, variance, low, high, drop, m[N], score[N], omega[2], columns[4 * N], mean[N], g[N],
        four[4];
    int infinite, two[N], codes[N];
    oss_cox_fit fit;
    for (int i = 0; i < N; i++) {
        two[i] = 1 + i % 2;
        g[i] = weeks[i];
    }
    oss_status result = oss_cox_new(rows, options, &cox, NULL);
    if (result == OSS_OK)
        result = oss_cox_maximise(cox, &beta, &variance, &infinite, &fit, NULL, NULL);
    if (result == OSS_OK)
        result = oss_cox_profile(cox, &beta, &variance, &infinite, fit.loglik, 3.84, &low, &high,
                                 &drop, NULL, NULL);
    if (result == OSS_OK)
        result = oss_cox_residuals(cox, &beta, m, score, NULL, NULL);
    if (result == OSS_OK)
        result = oss_cox_omega(cox, &beta, two, 2, omega, NULL);
    if (result == OSS_OK)
        result = oss_cox_baseline(cox, &beta, codes, columns, columns + N, columns + 2 * N,
                                  columns + 3 * N, mean, NULL);
    if (result == OSS_OK)
        result = oss_cox_trend(cox, &beta, g, four, four + 1, four + 2, four + 3, NULL);
    oss_cox_free(cox);
    return result;
}

static void test_no_memory(void)
{
    oss_cox_rows rows = trial();
    double early[N] = { 0 }, ones[N], zero[N] = { 0 };
    for (int i = 0; i < N; i++)
        ones[i] = 1;
    rows.entry = early;
    rows.weight = ones;
    rows.offset = zero;
    for (int firth = 0; firth < 2; firth++) {
        const oss_cox_options options = { 1, firth, 1 };
        oss_status result = OSS_ENOMEM;
        for (size_t k = 1; result != OSS_OK && k < 100000; k++) {
            (void) oss_fail_allocation(k);
            result = everything(&rows, &options);
            CHECK(result == OSS_OK || result == OSS_ENOMEM);
        }
        (void) oss_fail_allocation(0);
        CHECK(result == OSS_OK);
    }
}

int main(void)
{
    test_published_coefficients();
    test_separation();
    test_identities();
    test_alias();
    test_refused();
    test_no_memory();
    return check_report();
}
