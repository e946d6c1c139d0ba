/* Up to 24 differences: the exact tails equal the count over all signs (to 12), the interval holds
 * the estimate and turns with the sign, and the normal branch stands. */
#include "fuzz.h"
#include "../../src/core/signed_rank.h"

#include <math.h>

static oss_status ask(size_t n, const double *d, oss_zeros zeros, int exact, double tie,
                      oss_signed_rank_result *r)
{
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_signed_rank(n, d, zeros, exact, tie, 0.05, r, NULL, &err);
    FUZZ_REQUIRE(status == err.code);
    return status;
}

/* P(W >= w), from 2^n signs. */
static double by_enumeration(size_t n, const double *d, oss_zeros zeros)
{
    double doubled[12];
    size_t m = 0;
    double observed = 0;
    for (size_t i = 0; i < n; i++) {
        double below = 0, same = 0;
        for (size_t j = 0; j < n; j++) {
            if (zeros == OSS_ZEROS_WILCOXON && d[j] == 0)
                continue;
            below += fabs(d[j]) < fabs(d[i]);
            same += fabs(d[j]) == fabs(d[i]);
        }
        if (d[i] == 0)
            continue;
        doubled[m] = 2 * below + same + 1;
        observed += d[i] > 0 ? doubled[m] : 0;
        m++;
    }
    double hits = 0;
    for (size_t signs = 0; signs < (size_t) 1 << m; signs++) {
        double sum = 0;
        for (size_t i = 0; i < m; i++)
            sum += signs >> i & 1 ? doubled[i] : 0;
        hits += sum >= observed;
    }
    return hits / (double) ((size_t) 1 << m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const int wild = fuzz_below(&in, 4) == 0;
    const oss_zeros zeros = (oss_zeros) fuzz_below(&in, 2);
    const size_t n = (size_t) fuzz_below(&in, 25);
    double *d = fuzz_array(n, sizeof *d), *turned = fuzz_array(n, sizeof *turned);
    for (size_t i = 0; i < n; i++) {
        d[i] = wild ? fuzz_double(&in) : (fuzz_below(&in, 40) - 17) / 4.0;
        turned[i] = -d[i];
    }
    oss_signed_rank_result r, t, normal;
    const oss_status status = ask(n, d, zeros, 1, 0, &r);
    FUZZ_REQUIRE(ask(n, turned, zeros, 1, 0, &t) == status);
    FUZZ_REQUIRE(ask(n, d, zeros, 0, 0, &normal) == status);
    if (status == OSS_OK) {
        FUZZ_REQUIRE(0 <= r.p_less && r.p_less <= 1 && 0 <= r.p_greater && r.p_greater <= 1);
        FUZZ_REQUIRE(r.p_less + r.p_greater >= 1 - 1e-12);
        FUZZ_REQUIRE(isnan(r.estimate) || (r.low <= r.high && normal.low <= normal.high));
        if (!wild) {
            FUZZ_REQUIRE(isnan(r.estimate) || (r.low <= r.estimate && r.estimate <= r.high));
            FUZZ_REQUIRE(isnan(r.estimate) || (r.low == -t.high && r.high == -t.low));
            FUZZ_REQUIRE(fabs(r.p_less - t.p_greater) <= 1e-12);
            FUZZ_REQUIRE(isnan(r.estimate) || fabs(r.estimate - normal.estimate) <= 1e-12);
            if (n <= 12)
                FUZZ_REQUIRE(fabs(r.p_greater - by_enumeration(n, d, zeros)) <= 1e-12);
        }
    }
    free(turned);
    free(d);
    return 0;
}
