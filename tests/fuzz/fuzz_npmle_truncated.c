/* Random runs of cells with entries: masses are a distribution, the likelihood is what they give,
 * and a claim to be converged holds by the optimality conditions of the cumulative hazard. */
#include "fuzz.h"
#include "../../src/core/npmle_truncated.h"

#include <math.h>

enum { MOST = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t m = 1 + (size_t) fuzz_below(&in, MOST), n = m + (size_t) fuzz_below(&in, 40);
    uint32_t *lo = fuzz_array(n, sizeof *lo), *hi = fuzz_array(n, sizeof *hi);
    uint32_t *from = fuzz_array(n, sizeof *from);
    double *weight = fuzz_array(n, sizeof *weight), *entered = fuzz_array(m, sizeof *entered);
    double *mass = fuzz_array(m, sizeof *mass);
    for (size_t k = 0; k < m; k++)
        entered[k] = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t shape = fuzz_bits(&in, 1);
        lo[i] = i < m ? (uint32_t) i : (uint32_t) fuzz_below(&in, (int) m);
        hi[i] = shape % 4 == 0   ? (uint32_t) m
                : shape % 4 == 1 ? lo[i] + 1
                                 : lo[i] + 1 + (uint32_t) fuzz_below(&in, (int) (m - lo[i]));
        from[i] = shape & 16 ? 0 : (uint32_t) fuzz_below(&in, (int) lo[i] + 1);
        weight[i] = 1 + (double) (shape >> 5);
        entered[from[i]] += weight[i];
    }
    oss_truncated_fit fit;
    FUZZ_REQUIRE(oss_npmle_truncated(n, lo, hi, weight, m, entered, 1e-8, 500, mass, &fit, NULL,
                                     NULL) == OSS_OK);
    FUZZ_REQUIRE(fit.converged && fit.kkt >= 0 && fit.kkt < 1e-7);
    double sum = 0, loglik = 0, after[MOST + 1] = { 0 };
    for (size_t k = m; k-- > 0;) {
        FUZZ_REQUIRE(mass[k] >= 0);
        after[k] = after[k + 1] + mass[k];
    }
    sum = after[0];
    FUZZ_REQUIRE(fabs(sum - 1) < 1e-9);
    FUZZ_REQUIRE(fit.exists ? fit.empty == m : fit.empty + 1 < m);
    if (fit.exists) {
        /* d l / d (hazard of k) <= 0 for every cell that somebody is known to survive. */
        for (size_t k = 0; k < m; k++) {
            double slope = 0;
            for (size_t i = 0; i < n; i++) {
                if (from[i] <= k && k < lo[i])
                    slope -= weight[i];
                if (lo[i] <= k && k < hi[i] && hi[i] < m && after[hi[i]] > 1e-12)
                    slope += weight[i] * after[hi[i]] / (after[lo[i]] - after[hi[i]]);
            }
            FUZZ_REQUIRE(slope < 1e-3);
        }
        for (size_t i = 0; i < n; i++)
            loglik += weight[i] * log((after[lo[i]] - after[hi[i]]) / after[from[i]]);
        FUZZ_REQUIRE(after[m - 1] < 1e-9 || fabs(loglik - fit.loglik) < 1e-4 * (1 + fabs(loglik)));
    }
    free(lo);
    free(hi);
    free(from);
    free(weight);
    free(entered);
    free(mass);
    return 0;
}
