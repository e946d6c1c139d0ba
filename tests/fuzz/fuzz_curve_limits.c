/* Along any curve: the limits, the beta quantiles and the vector functions are those of each point
 * by itself. */
#include "fuzz.h"
#include "../../src/core/beta_product.h"
#include "../../src/core/beta_quantiles.h"
#include "../../src/core/curve_limits.h"

#include <math.h>

static double share(fuzz_input *in)
{
    const double x = (double) (1 + fuzz_below(in, 65535)) / 65536;
    switch (fuzz_below(in, 4)) {
    case 0:
        return x;
    case 1:
        return 1 - x / 65536;
    case 2:
        return pow(x, 8 * fuzz_below(in, 16));
    default:
        return (double) fuzz_below(in, 2);
    }
}

static int same(double got, double want, double tolerance)
{
    return isnan(want) ? isnan(got) : fabs(got - want) <= tolerance * fmax(want, 1e-300);
}

static void limits(fuzz_input *in, size_t n)
{
    double *x = fuzz_array(n, sizeof *x), *se = fuzz_array(n, sizeof *se);
    double *low = fuzz_array(n, sizeof *low), *high = fuzz_array(n, sizeof *high);
    const oss_conf_type type = (oss_conf_type) (OSS_CONF_LOG_LOG + fuzz_below(in, 5));
    for (size_t i = 0; i < n; i++) {
        const int again = i && fuzz_below(in, 3) == 0;
        x[i] = again ? x[i - 1] : share(in);
        se[i] = again ? se[i - 1] : x[i] * share(in);
    }
    oss_curve_limits(type, n, x, se, 1.96, 1, low, high);
    for (size_t i = 0; i < n; i++) {
        double a, b;
        oss_transformed_limits(type, x[i], se[i], 1.96, &a, &b);
        /* The exponent may be 700, and its rounding counts as often. */
        FUZZ_REQUIRE(same(low[i], a, 1e-11) && same(high[i], b, 1e-11));
    }
    free(x);
    free(se);
    free(low);
    free(high);
}

static void quantiles(fuzz_input *in, size_t n)
{
    double *mean = fuzz_array(n, sizeof *mean), *complement = fuzz_array(n, sizeof *mean);
    double *variation = fuzz_array(n, sizeof *mean), *x = fuzz_array(n, sizeof *mean);
    const double tail = pow(10, -9.0 * fuzz_below(in, 65536) / 65536) / 2;
    const double p = fuzz_below(in, 2) ? tail : 1 - tail;
    for (size_t i = 0; i < n; i++) {
        const double a = pow(10, -1 + 10.0 * fuzz_below(in, 65536) / 65536);
        const double b = pow(10, -1 + 10.0 * fuzz_below(in, 65536) / 65536);
        const int again = i && fuzz_below(in, 3) == 0;
        mean[i] = again ? mean[i - 1] : a / (a + b);
        complement[i] = again ? complement[i - 1] : b / (a + b);
        variation[i] = again ? variation[i - 1] : b / (a * (a + b + 1));
    }
    oss_beta_quantiles(p, n, mean, complement, variation, 1, x);
    for (size_t i = 0; i < n; i++)
        FUZZ_REQUIRE(same(
            x[i], oss_matched_beta_quantile(p, mean[i], complement[i], variation[i], NAN), 1e-10));
    free(mean);
    free(complement);
    free(variation);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t n = 1 + (size_t) fuzz_below(&in, 600);
    if (fuzz_below(&in, 2))
        limits(&in, n);
    else
        quantiles(&in, n);
    return 0;
}
