/* Two small groups: the interval holds the estimate, and turns with the groups and the outcomes.
 * Any rows at all: refused, or intervals in order. */
#include "fuzz.h"
#include "../../src/core/difference.h"

#include <math.h>

typedef struct {
    double low, high, p;
} answer;

static answer ask(oss_difference_method method, double x1, double n1, double x2, double n2,
                  double alpha)
{
    answer a;
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_proportion_difference(1, &x1, &n1, &x2, &n2, method, alpha,
                                                        &a.low, &a.high, &a.p, NULL, &err);
    FUZZ_REQUIRE(status == OSS_OK);
    return a;
}

static void small(fuzz_input *in)
{
    const oss_difference_method method = (oss_difference_method) fuzz_below(in, 3);
    const int most = method == OSS_CHAN_ZHANG ? 6 : 1000;
    const int n1 = 1 + fuzz_below(in, most), n2 = 1 + fuzz_below(in, most);
    const int x1 = fuzz_below(in, n1 + 1), x2 = fuzz_below(in, n2 + 1);
    const double alpha = (1 + fuzz_below(in, 998)) / 1000.0, slack = 1e-7;
    const answer a = ask(method, x1, n1, x2, n2, alpha);
    const answer turned = ask(method, x2, n2, x1, n1, alpha);
    const answer failures = ask(method, n1 - x1, n1, n2 - x2, n2, alpha);
    const double d = (double) x1 / n1 - (double) x2 / n2;
    FUZZ_REQUIRE(-1 <= a.low && a.low <= d + slack && d <= a.high + slack && a.high <= 1);
    FUZZ_REQUIRE(0 <= a.p && a.p <= 1);
    FUZZ_REQUIRE(fabs(a.low + turned.high) <= slack && fabs(a.low + failures.high) <= slack);
    FUZZ_REQUIRE(fabs(a.p - turned.p) <= slack && fabs(a.p - failures.p) <= slack);
    const answer wider = ask(method, x1, n1, x2, n2, alpha / 2);
    FUZZ_REQUIRE(wider.low <= a.low + slack && wider.high >= a.high - slack);
}

static void rows(fuzz_input *in)
{
    const size_t n = (size_t) fuzz_below(in, 4);
    double *column[7];
    for (int k = 0; k < 7; k++) {
        column[k] = fuzz_array(n, sizeof(double));
        for (size_t i = 0; i < n; i++)
            column[k][i] = k < 4 ? fuzz_double(in) : -2;
    }
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_proportion_difference(
        n, column[0], column[1], column[2], column[3], (oss_difference_method) fuzz_below(in, 2),
        0.05, column[4], column[5], column[6], NULL, &err);
    FUZZ_REQUIRE(status == err.code);
    for (size_t i = 0; i < n && !status; i++)
        FUZZ_REQUIRE(isnan(column[4][i]) ? column[1][i] < 1 || column[3][i] < 1
                                         : column[4][i] <= column[5][i]);
    for (int k = 0; k < 7; k++)
        free(column[k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    if (fuzz_below(&in, 3))
        small(&in);
    else
        rows(&in);
    return 0;
}
