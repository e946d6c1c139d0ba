/* Any rows: refused, or intervals in order. Counts up to 2^40: each exact limit has its tail, and
 * Blaker's interval lies inside the central one. */
#include "fuzz.h"
#include "../../src/core/count_interval.h"
#include "../../src/core/poisson.h"
#include "../../src/core/quantile.h"

#include <math.h>

static void rows(fuzz_input *in)
{
    const size_t n = (size_t) fuzz_below(in, 4);
    double *column[7];
    for (int k = 0; k < 7; k++) {
        column[k] = fuzz_array(n, sizeof(double));
        for (size_t i = 0; i < n; i++)
            column[k][i] = k < 4 ? fuzz_double(in) : -1;
    }
    const oss_limit_method method = (oss_limit_method) fuzz_below(in, 7);
    const double alpha = (1 + fuzz_below(in, 998)) / 1000.0;
    double *low = column[4], *high = column[5], *p = column[6];
    oss_error err = OSS_ERROR_INIT;
    if (oss_proportion_ci(n, column[0], column[1], method, alpha, low, high, NULL, &err) == OSS_OK)
        for (size_t i = 0; i < n; i++)
            FUZZ_REQUIRE(isnan(low[i]) ? column[1][i] == 0 || method == OSS_BYAR
                                       : 0 <= low[i] && low[i] <= high[i] && high[i] <= 1);
    else
        FUZZ_REQUIRE(err.code == OSS_EINVAL && err.index < n);
    if (oss_rate_ci(n, column[0], column[1], method, alpha, low, high, NULL, &err) == OSS_OK)
        for (size_t i = 0; i < n; i++)
            FUZZ_REQUIRE(isnan(low[i]) || isnan(high[i]) || (0 <= low[i] && low[i] <= high[i]));
    if (oss_rate_ratio(n, column[0], column[1], column[2], column[3], method, alpha, low, high, p,
                       NULL, &err) == OSS_OK)
        for (size_t i = 0; i < n; i++)
            FUZZ_REQUIRE(isnan(p[i]) || isnan(low[i]) || isnan(high[i]) ||
                         (0 <= p[i] && p[i] <= 1 && low[i] <= high[i]));
    for (int k = 0; k < 7; k++)
        free(column[k]);
}

static int close_to(double got, double want) { return fabs(got - want) <= 1e-7 * want; }

static void limits(fuzz_input *in)
{
    const double n = 1 + floor(pow(2, 40.0 * fuzz_below(in, 65536) / 65536));
    const double x = 1 + floor((n - 1) * fuzz_below(in, 65536) / 65536);
    const double alpha = pow(10, -6.0 * fuzz_below(in, 65536) / 65536) * 0.9, tail = alpha / 2;
    const oss_split low = oss_binomial_limit_low(OSS_CENTRAL, x, n, alpha);
    FUZZ_REQUIRE(close_to(oss_binomial_upper(x, n, low), tail));
    const oss_split inner = oss_binomial_limit_low(OSS_BLAKER, x, n, alpha);
    FUZZ_REQUIRE(inner.x >= low.x * (1 - 1e-9) && inner.x <= x / n * (1 + 1e-9));
    /* At a jump rounding may leave the limit itself just outside. */
    double accepted = 0;
    for (double shift = 0; shift < 1e-8; shift = 10 * shift + 1e-13)
        accepted =
            fmax(accepted, oss_binomial_p(OSS_BLAKER, x, n, oss_from_logit(inner.logit + shift)));
    FUZZ_REQUIRE(accepted >= alpha * (1 - 1e-6));
    const oss_split mid = oss_binomial_limit_low(OSS_MID_P, x, n, alpha);
    FUZZ_REQUIRE(close_to(oss_binomial_upper(x, n, mid) - oss_binomial_mass(x, n, mid) / 2, tail));

    const double from = oss_poisson_limit_low(OSS_CENTRAL, x, alpha);
    const double to = oss_poisson_limit_high(OSS_CENTRAL, x, alpha);
    FUZZ_REQUIRE(close_to(oss_gamma_cdf(from, x), tail));
    FUZZ_REQUIRE(close_to(oss_gamma_cdf_upper(to, x + 1), tail));
    const double slack = 1e-9;
    FUZZ_REQUIRE(oss_poisson_limit_low(OSS_BLAKER, x, alpha) >= from * (1 - slack));
    FUZZ_REQUIRE(oss_poisson_limit_high(OSS_BLAKER, x, alpha) <= to * (1 + slack));
    FUZZ_REQUIRE(oss_poisson_limit_low(OSS_MID_P, x, alpha) >= from * (1 - slack));
    FUZZ_REQUIRE(oss_poisson_limit_high(OSS_MID_P, x, alpha) <= to * (1 + slack));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    if (fuzz_below(&in, 2))
        rows(&in);
    else
        limits(&in);
    return 0;
}
