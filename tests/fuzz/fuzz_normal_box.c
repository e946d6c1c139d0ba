/* Normal boxes of any correlation up to rank 3: between the bounds that single statistics set. */

#include "../../src/core/normal_box.h"
#include "../../src/core/quantile.h"
#include "fuzz.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t n = 1 + (size_t) fuzz_below(&in, 5), rank = 1 + (size_t) fuzz_below(&in, 3);
    double *root = fuzz_array(n * rank, sizeof(double)), *r = fuzz_array(n * n, sizeof(double));
    for (size_t k = 0; k < n; k++) {
        double length = 0;
        for (size_t i = 0; i < rank; i++) {
            root[k * rank + i] = (fuzz_below(&in, 256) - 127.5) / 64;
            length += root[k * rank + i] * root[k * rank + i];
        }
        for (size_t i = 0; i < rank; i++)
            root[k * rank + i] /= sqrt(length);
    }
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < n; k++) {
            r[j * n + k] = 0;
            for (size_t i = 0; i < rank; i++)
                r[j * n + k] += root[j * rank + i] * root[k * rank + i];
        }
    const double q = fuzz_below(&in, 1000) / 200.0;
    double both, upper, wider;
    FUZZ_REQUIRE(oss_normal_box(n, r, -q, q, &both, NULL) == OSS_OK);
    FUZZ_REQUIRE(oss_normal_box(n, r, -INFINITY, q, &upper, NULL) == OSS_OK);
    FUZZ_REQUIRE(oss_normal_box(n, r, -q - 0.1, q + 0.1, &wider, NULL) == OSS_OK);
    const double one = 2 * oss_normal_cdf(q) - 1;
    /* Sidak (1967) below, one statistic above; Slepian has no such bound for one side. */
    FUZZ_REQUIRE(both <= one + 1e-7 && both >= pow(one, (double) n) - 1e-7);
    FUZZ_REQUIRE(both <= upper + 1e-7 && upper <= oss_normal_cdf(q) + 1e-7);
    FUZZ_REQUIRE(both <= wider + 1e-7);
    free(root);
    free(r);
    return 0;
}
