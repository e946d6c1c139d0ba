/* Up to 40 cells and rows: scores are finite and bounded, and over the cells themselves their mean
 * by mass is 0, whatever the masses. */
#include "fuzz.h"
#include "../../src/core/interval_scores.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t m = 1 + (size_t) fuzz_below(&in, 40), rows = (size_t) fuzz_below(&in, 40);
    double *mass = fuzz_array(m, sizeof *mass), *work = fuzz_array(2 * (m + 1), sizeof *work);
    double all = 0;
    for (size_t j = 0; j < m; j++) {
        mass[j] = 1 + fuzz_below(&in, 1000);
        all += mass[j];
    }
    const size_t n = m + rows;
    uint32_t *lo = fuzz_array(n, sizeof *lo), *hi = fuzz_array(n, sizeof *hi);
    double *score = fuzz_array(n, sizeof *score);
    for (size_t i = 0; i < n; i++) {
        lo[i] = i < m ? (uint32_t) i : (uint32_t) fuzz_below(&in, (int) m);
        hi[i] =
            i < m ? (uint32_t) i + 1 : lo[i] + 1 + (uint32_t) fuzz_below(&in, (int) (m - lo[i]));
    }
    for (int kind = 0; kind < 3; kind++) {
        oss_interval_scores(n, lo, hi, m, mass, (oss_interval_score_kind) kind, work, score);
        double mean = 0;
        for (size_t i = 0; i < n; i++) {
            FUZZ_REQUIRE(isfinite(score[i]) && score[i] <= 1 + 1e-9);
            if (i < m)
                mean += mass[i] / all * score[i];
            else if (lo[i] == 0 && hi[i] == m)
                FUZZ_REQUIRE(fabs(score[i]) <= 1e-12);
        }
        FUZZ_REQUIRE(fabs(mean) <= 1e-10);
    }
    free(score);
    free(hi);
    free(lo);
    free(work);
    free(mass);
    return 0;
}
