/* Any rows and clusters: refused by row, or ranges of survival that fall with time within a
 * stratum, NaN only where no cluster of the stratum was drawn, and the same again. */
#include "fuzz.h"
#include "../../src/core/interval_bootstrap.h"

#include <math.h>

enum { MOST = 24, TIMES = 4, B = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t n = 1 + (size_t) fuzz_below(&in, MOST),
                 n_cluster = 1 + (size_t) fuzz_below(&in, 8);
    const int hostile = fuzz_below(&in, 4) == 3, n_stratum = 1 + fuzz_below(&in, 2);
    double *left = fuzz_array(n, sizeof *left), *right = fuzz_array(n, sizeof *right);
    int *cluster = fuzz_array(n, sizeof *cluster), *stratum = fuzz_array(n, sizeof *stratum);
    int *pool = fuzz_array(n_cluster, sizeof *pool);
    for (size_t i = 0; i < n; i++) {
        left[i] = hostile ? fuzz_double(&in) : fuzz_below(&in, 8);
        const int gap = fuzz_below(&in, 6);
        right[i] = hostile ? fuzz_double(&in) : gap == 5 ? INFINITY : left[i] + gap;
        cluster[i] = 1 + fuzz_below(&in, (int) n_cluster + hostile);
        stratum[i] = 1 + fuzz_below(&in, n_stratum);
    }
    for (size_t c = 0; c < n_cluster; c++)
        pool[c] = 1 + fuzz_below(&in, 2);
    double time[2 * TIMES];
    int group[2 * TIMES];
    for (int i = 0; i < 2 * TIMES; i++) {
        time[i] = 3 * (i % TIMES);
        group[i] = i < TIMES || n_stratum == 1 ? 1 : 2;
    }
    const oss_interval_bootstrap plan = { .rows = { .n = n,
                                                    .left = left,
                                                    .right = right,
                                                    .stratum = stratum,
                                                    .n_stratum = (size_t) n_stratum },
                                          .cluster = cluster,
                                          .n_cluster = n_cluster,
                                          .pool = pool,
                                          .n_pool = 2,
                                          .n_time = 2 * TIMES,
                                          .time = time,
                                          .group = group,
                                          .tolerance = 1e-8,
                                          .n = B,
                                          .seed = fuzz_bits(&in, 2),
                                          .threads = 1 };
    double first[2 * 2 * TIMES * B], second[2 * 2 * TIMES * B];
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_interval_resample(&plan, first, NULL, &err);
    FUZZ_REQUIRE(hostile || status == OSS_OK || status == OSS_EINVAL);
    if (status == OSS_OK) {
        FUZZ_REQUIRE(oss_interval_resample(&plan, second, NULL, &err) == OSS_OK);
        FUZZ_REQUIRE(memcmp(first, second, sizeof first) == 0);
        for (int b = 0; b < B; b++) {
            for (int i = 0; i < 2 * TIMES; i++) {
                const double *at = first + (b * 2 * TIMES + i) * 2;
                FUZZ_REQUIRE(isnan(at[0]) == isnan(at[1]));
                FUZZ_REQUIRE(isnan(at[0]) || (0 <= at[0] && at[0] <= at[1] + 1e-12 && at[1] <= 1));
                if (i % TIMES && !isnan(at[0]))
                    FUZZ_REQUIRE(at[0] <= at[-2] + 1e-9 && at[1] <= at[-1] + 1e-9);
            }
        }
    }
    free(left);
    free(right);
    free(cluster);
    free(stratum);
    free(pool);
    return 0;
}
