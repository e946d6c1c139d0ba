/* Limits of the share of united interfaces: they hold the estimate, turn with the outcome, widen
 * with the level, and no association makes their tail larger than it may be. Anything else is
 * refused. */
#include "fuzz.h"
#include "../../src/core/pair_proportion.h"

#include <math.h>

static oss_status limits(size_t pairs, size_t singles, size_t x, double alpha, double *low,
                         double *high)
{
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_pair_limit_low(pairs, singles, x, alpha, low, &err);
    if (status != OSS_OK)
        return status;
    double rest = 0;
    const oss_status other =
        oss_pair_limit_low(pairs, singles, 2 * pairs + singles - x, alpha, &rest, &err);
    *high = 1 - rest;
    return other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t pairs = (size_t) fuzz_below(&in, 12), singles = (size_t) fuzz_below(&in, 6);
    const size_t units = 2 * pairs + singles, x = (size_t) fuzz_below(&in, (int) units + 2);
    const double alpha = fuzz_below(&in, 8) ? (1 + fuzz_below(&in, 498)) / 500.0 : fuzz_double(&in);
    double low = -1, high = -1;
    const oss_status status = limits(pairs, singles, x, alpha, &low, &high);
    const int valid = units > 0 && x <= units && alpha >= 1e-9 && alpha < 1;
    FUZZ_REQUIRE(valid ? status == OSS_OK : status == OSS_EINVAL);
    if (status != OSS_OK)
        return 0;
    const double estimate = (double) x / (double) units;
    FUZZ_REQUIRE(0 <= low && low <= estimate + 1e-9 && estimate <= high + 1e-9 && high <= 1);
    FUZZ_REQUIRE((x > 0) == (low > 0) && (x < units) == (high < 1));
    double turned_low, turned_high;
    FUZZ_REQUIRE(limits(pairs, singles, units - x, alpha, &turned_low, &turned_high) == OSS_OK);
    FUZZ_REQUIRE(fabs(turned_low - (1 - high)) < 1e-9 && fabs(turned_high - (1 - low)) < 1e-9);
    const double share = fuzz_below(&in, 1001) / 1000.0, q = share * 2 * fmin(low, 1 - low);
    if (x > 0)
        FUZZ_REQUIRE(oss_pair_upper(pairs, singles, x, low, q) <= alpha / 2 * (1 + 1e-6));
    return 0;
}
