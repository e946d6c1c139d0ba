#include "check.h"
#include "../../src/core/beta_product.h"
#include "../../src/core/beta_quantiles.h"

#include <stdlib.h>

/* Largest relative difference from the quantiles one by one; on two threads they must be the same
 * as on one. */
static double worst(double p, size_t n, const double *mean, const double *complement,
                    const double *variation)
{
    double *x = malloc(2 * n * sizeof *x), *x_2 = x + n, largest = 0;
    oss_beta_quantiles(p, n, mean, complement, variation, 1, x);
    oss_beta_quantiles(p, n, mean, complement, variation, 2, x_2);
    for (size_t i = 0; i < n; i++) {
        const double want = oss_matched_beta_quantile(p, mean[i], complement[i], variation[i], NAN);
        const double off = want == x[i] ? 0 : fabs(x[i] / want - 1);
        largest = fmax(largest, x[i] == x_2[i] ? off : INFINITY);
    }
    free(x);
    return largest;
}

static const double levels[] = { 0.025, 0.975, 1e-9, 1 - 1e-9, 0.3, 0.5 };

static void test_quantiles_are_those_of_each_time(void)
{
    const size_t sizes[] = { 1, 15, 16, 17, 512, 513, 20000 };
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        const size_t n = sizes[j];
        double *mean = malloc(3 * n * sizeof *mean), *complement = mean + n,
               *variation = complement + n;
        oss_beta_product product = OSS_BETA_PRODUCT_START;
        for (size_t i = 0; i < n; i++) {
            oss_beta_product_step(&product, (double) (n - i), i % 3 > 0);
            mean[i] = product.mean;
            complement[i] = product.complement;
            variation[i] = product.variation;
        }
        for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
            CHECK_NEAR(worst(levels[k], n, mean, complement, variation), 0, 1e-13);
        free(mean);
    }
}

/* Betas of shapes from 0.1 to 1e9, one beside another in any order. */
static void test_any_shapes(void)
{
    enum { N = 1000 };
    double mean[N], complement[N], variation[N];
    unsigned random = 1;
    for (int i = 0; i < N; i++) {
        random = random * 1664525u + 1013904223u;
        const double a = pow(10, -1 + 10 * (random / 4294967296.0));
        random = random * 1664525u + 1013904223u;
        const double b = pow(10, -1 + 10 * (random / 4294967296.0));
        mean[i] = a / (a + b);
        complement[i] = b / (a + b);
        variation[i] = b / (a * (a + b + 1));
    }
    for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
        CHECK_NEAR(worst(levels[k], N, mean, complement, variation), 0, 1e-12);
}

static void test_degenerate_betas(void)
{
    const double mean[] = { 1, 0, 0.5, 1 }, complement[] = { 0, 1, 0.5, 0 },
                 variation[] = { 0, 0, 0, 0 };
    double x[4];
    oss_beta_quantiles(0.025, 4, mean, complement, variation, 1, x);
    CHECK(x[0] == 1 && x[1] == 0 && x[2] == 0 && x[3] == 1);
}

int main(void)
{
    test_quantiles_are_those_of_each_time();
    test_any_shapes();
    test_degenerate_betas();
    return check_report();
}
