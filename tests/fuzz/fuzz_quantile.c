/* Any arguments: NaN for the impossible ones and only for them, else within the range. From 1e-3 to
 * 1e9: a quantile returns its tail, whatever the start. */
#include "fuzz.h"
#include "../../src/core/quantile.h"

#include <float.h>
#include <math.h>

static double shape_of(fuzz_input *in)
{
    return pow(10, -3 + 12.0 * fuzz_below(in, 65536) / 65536);
}

static double probability(fuzz_input *in)
{
    const double tail = pow(10, -14.0 * fuzz_below(in, 65536) / 65536) / 2;
    return fuzz_below(in, 2) ? tail : 1 - tail;
}

static int possible(double shape) { return shape > 0 && shape <= DBL_MAX; }

static void anything(fuzz_input *in)
{
    const double p = fuzz_double(in), a = fuzz_double(in), b = fuzz_double(in);
    const double start = fuzz_double(in);
    const int fine = p >= 0 && p <= 1;
    const double x = oss_beta_quantile(p, a, b, start), g = oss_gamma_quantile(p, a, start);
    FUZZ_REQUIRE(fine && possible(a) && possible(b) ? x >= 0 && x <= 1 : isnan(x));
    FUZZ_REQUIRE(fine && possible(a) ? g >= 0 : isnan(g));
    const double tail = oss_beta_cdf(p, a, b), upper = oss_gamma_cdf_upper(start, a);
    FUZZ_REQUIRE(!isnan(p) && possible(a) && possible(b) ? tail >= 0 && tail <= 1 : isnan(tail));
    FUZZ_REQUIRE(!isnan(start) && possible(a) ? upper >= 0 && upper <= 1 : isnan(upper));
    (void) oss_t_quantile(p, b);
}

/* A move of x by a relative 1e-9 passes p, or x is at the end of what a double can say. */
static void near(double below, double at_p, double above)
{
    FUZZ_REQUIRE(below <= at_p * (1 + 1e-9) && above >= at_p * (1 - 1e-9));
}

static void return_trip(fuzz_input *in)
{
    const double p = probability(in), a = shape_of(in), b = shape_of(in);
    const double start = fuzz_double(in), move = 1e-9;
    const oss_split x = oss_beta_quantile_split(p, a, b, start);
    const oss_split again = oss_beta_quantile_split(p, a, b, NAN);
    FUZZ_REQUIRE(fabs(x.x - again.x) <= 1e-9 * again.x && fabs(x.y - again.y) <= 1e-9 * again.y);
    if (x.x > 1e-290 && x.x < 0.5) {
        if (p <= 0.5)
            near(oss_beta_cdf(x.x * (1 - move), a, b), p, oss_beta_cdf(x.x * (1 + move), a, b));
        else
            near(oss_beta_cdf_upper(x.x * (1 + move), a, b), 1 - p,
                 oss_beta_cdf_upper(x.x * (1 - move), a, b));
    }
    const double g = oss_gamma_quantile(p, a, start);
    if (g > 1e-290) {
        if (p <= 0.5)
            near(oss_gamma_cdf(g * (1 - move), a), p, oss_gamma_cdf(g * (1 + move), a));
        else
            near(oss_gamma_cdf_upper(g * (1 + move), a), 1 - p,
                 oss_gamma_cdf_upper(g * (1 - move), a));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    if (fuzz_below(&in, 2))
        anything(&in);
    else
        return_trip(&in);
    return 0;
}
