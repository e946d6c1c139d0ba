#include "check.h"
#include "../../src/core/count_model.h"
#include "../../src/core/count_predictive.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

static const double one[4] = { 1, 1, 1, 1 };

static double log_density(oss_count_kind kind, double x, double size, double eta, double g)
{
    double l = 0;
    if (kind == OSS_RATE) {
        const double m = size * exp(eta);
        return lgamma(x + 1 / g) - lgamma(1 / g) - lgamma(x + 1) - (x + 1 / g) * log1p(g * m) +
               x * log(g * m);
    }
    const double mu = 1 / (1 + exp(-eta));
    for (double j = 0; j < size; j++) {
        l -= log(1 + j * g);
        if (j < x)
            l += log(mu + j * g);
        if (j < size - x)
            l += log(1 - mu + j * g);
    }
    return l + lgamma(size + 1) - lgamma(x + 1) - lgamma(size - x + 1);
}

static void test_density_and_derivatives(void)
{
    /* The last sizes take the summation formula. */
    const double x[7] = { 0, 3, 20, 0, 40, 900, 5000 }, n[7] = { 9, 11, 20, 129, 3000, 1000, 5000 };
    const double etas[3] = { -2.5, 0.3, 1.7 }, logs[5] = { -14, -6, -2, 0, 3 };
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < 7; i++)
            for (int e = 0; e < 3; e++)
                for (int l = 0; l < 5; l++) {
                    const oss_count_data data = { (oss_count_kind) kind, 1, 1, &x[i], &n[i], one };
                    double at[2] = { etas[e], logs[l] }, g[2], h[4], gu[2], gd[2];
                    const double value = oss_count_loglik(&data, 1, at, g, h);
                    const double want =
                        log_density((oss_count_kind) kind, x[i], n[i], at[0], exp(at[1]));
                    CHECK_NEAR(value, want, 1e-7);
                    for (int j = 0; j < 2; j++) {
                        const double step = 1e-5;
                        double up[2] = { at[0], at[1] }, down[2] = { at[0], at[1] };
                        up[j] += step;
                        down[j] -= step;
                        const double vu = oss_count_loglik(&data, 1, up, gu, NULL);
                        const double vd = oss_count_loglik(&data, 1, down, gd, NULL);
                        const double scale = 1 + fabs(value) + fabs(g[0]);
                        CHECK(fabs((vu - vd) / (2 * step) - g[j]) < 2e-6 * scale);
                        for (int c = 0; c < 2; c++)
                            CHECK(fabs((gu[c] - gd[c]) / (2 * step) - h[2 * j + c]) <
                                  1e-6 * (1 + fabs(h[0]) + fabs(h[3]) + fabs(g[c])));
                    }
                }
}

static oss_status fit(oss_count_kind kind, size_t k, const double *x, const double *size,
                      double *beta, oss_count_fit *f, double *low, double *high)
{
    const oss_count_data data = { kind, k, 1, x, size, one };
    double information[4], *work = malloc(oss_count_work(1) * sizeof *work);
    if (!work)
        abort();
    const double contrast = 1;
    oss_status status = oss_count_fit_model(&data, beta, information, work, f, NULL, NULL);
    if (status == OSS_OK)
        status = oss_count_interval(&data, &contrast, beta, f, NAN, 1.9207294, work, low, high,
                                    NULL, NULL);
    free(work);
    return status;
}

static double expit(double x) { return 1 / (1 + exp(-x)); }

static void test_fits(void)
{
    double beta, low, high;
    oss_count_fit f;
    const double none[3] = { 0, 0, 0 }, n[3] = { 14, 11, 9 };
    CHECK(fit(OSS_PROPORTION, 3, none, n, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.diverging && low == -INFINITY);
    CHECK_NEAR(expit(high), 1 - exp(-1.9207294 / 3), 1e-7);
    CHECK(fit(OSS_PROPORTION, 3, n, n, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.diverging && high == INFINITY);
    CHECK(fit(OSS_RATE, 3, none, n, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.diverging && high == INFINITY);
    const double mixed[3] = { 0, 10, 0 }, m[3] = { 14, 39, 11 };
    CHECK(fit(OSS_PROPORTION, 3, mixed, m, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.converged && !f.boundary && !f.diverging && f.gradient < 1e-9);
    CHECK(low < beta && beta < high);
    const double even[3] = { 2, 4, 3 }, size[3] = { 20, 40, 30 };
    CHECK(fit(OSS_PROPORTION, 3, even, size, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.boundary && f.g == 0);
    CHECK_NEAR(expit(beta), 0.1, 1e-12);
    CHECK(fit(OSS_RATE, 3, even, size, &beta, &f, &low, &high) == OSS_OK);
    CHECK_NEAR(exp(beta), 0.1, 1e-12);
    const double extremes[2] = { 14, 0 };
    CHECK(fit(OSS_PROPORTION, 2, extremes, n, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.diverging && f.g > 1e6);
    CHECK_NEAR(beta, 0, 1e-7);
}

static void test_large_counts(void)
{
    const double x[3] = { 100000, 250000, 90000 }, n[3] = { 1e6, 2e6, 1e6 };
    double beta, low, high;
    oss_count_fit f;
    CHECK(fit(OSS_PROPORTION, 3, x, n, &beta, &f, &low, &high) == OSS_OK);
    CHECK(f.converged && !f.boundary && low < beta && beta < high);
}

static void test_predictive(void)
{
    const size_t nodes = oss_predictive_nodes();
    double *mean = malloc(nodes * sizeof *mean), *g = malloc(nodes * sizeof *g),
           *weight = malloc(nodes * sizeof *weight),
           *work = malloc(oss_predictive_work() * sizeof *work);
    const double x[3] = { 0, 10, 0 }, n[3] = { 14, 39, 11 };
    for (int kind = 0; kind < 2; kind++) {
        const oss_count_data data = { (oss_count_kind) kind, 3, 0, x, n, NULL };
        oss_predictive p = { OSS_PROPORTION, 0, mean, g, weight };
        CHECK(oss_count_predictive(&data, &p, work, NULL, NULL) == OSS_OK);
        double sum = 0;
        for (size_t i = 0; i < p.n; i++)
            sum += p.weight[i];
        CHECK_NEAR(sum, 1, 1e-12);
        double lower, median, upper;
        CHECK(oss_predictive_quantile(&p, 0.025, &lower, NULL) == OSS_OK);
        CHECK(oss_predictive_quantile(&p, 0.5, &median, NULL) == OSS_OK);
        CHECK(oss_predictive_quantile(&p, 0.975, &upper, NULL) == OSS_OK);
        CHECK(0 < lower && lower < median && median < upper);
        double below = 0;
        for (double j = 0; j <= 11; j++) {
            double at_most, at_least, low, high;
            CHECK(oss_predictive_count(&p, 11, j, 0.025, work, &at_most, &at_least, &low, &high,
                                       NULL, NULL) == OSS_OK);
            CHECK_NEAR(at_least, 1 - below, 1e-12);
            CHECK(at_most >= below && low <= high);
            below = at_most;
        }
        if (kind == OSS_PROPORTION)
            CHECK_NEAR(below, 1, 1e-12);
    }
    free(mean);
    free(g);
    free(weight);
    free(work);
}

static void test_bad_input(void)
{
    const double x[2] = { 1, 5 }, n[2] = { 3, 4 };
    const oss_count_data data = { OSS_PROPORTION, 2, 1, x, n, one };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_count_check(&data, &err) == OSS_EINVAL && err.index == 1);
    const double half[2] = { 0.5, 1 };
    const oss_count_data fraction = { OSS_RATE, 2, 1, half, n, one };
    CHECK(oss_count_check(&fraction, &err) == OSS_EINVAL && err.index == 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_density_and_derivatives();
    test_fits();
    test_large_counts();
    test_predictive();
    test_bad_input();
    return check_report();
}
