/* Random runs of cells: masses are a distribution, and a claim to be converged holds by the
 * optimality conditions written out. Then the same with a tilt. */
#include "fuzz.h"
#include "../../src/core/npmle.h"

#include <math.h>

enum { MOST = 48 };

static void check(size_t n, const uint32_t *lo, const uint32_t *hi, const double *weight, size_t m,
                  const oss_npmle *problem, const oss_npmle_fit *fit)
{
    double mass[MOST], d[MOST] = { 0 }, sum = 0, total = 0;
    oss_npmle_mass(problem, mass);
    for (size_t j = 0; j < m; j++) {
        FUZZ_REQUIRE(mass[j] >= 0);
        sum += mass[j];
    }
    FUZZ_REQUIRE(fabs(sum - 1) < 1e-9 && fit->kkt >= 0 && !isnan(fit->loglik));
    for (size_t i = 0; i < n; i++) {
        double covered = 0;
        for (size_t j = lo[i]; j < hi[i]; j++)
            covered += mass[j];
        FUZZ_REQUIRE(covered > 0);
        for (size_t j = lo[i]; j < hi[i]; j++)
            d[j] += weight[i] / covered;
        total += weight[i];
    }
    for (size_t j = 0; j < m && fit->converged; j++)
        FUZZ_REQUIRE(d[j] <= total + 1e-6 + 1e-9 * total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t m = 1 + (size_t) fuzz_below(&in, MOST), n = 1 + (size_t) fuzz_below(&in, 60);
    uint32_t *lo = fuzz_array(n + 1, sizeof *lo), *hi = fuzz_array(n + 1, sizeof *hi);
    double *weight = fuzz_array(n + 1, sizeof *weight);
    for (size_t i = 0; i < n; i++) {
        lo[i] = (uint32_t) fuzz_below(&in, (int) m);
        hi[i] = lo[i] + 1 + (uint32_t) fuzz_below(&in, (int) (m - lo[i]));
        weight[i] = 1 + fuzz_below(&in, 9);
    }
    oss_npmle *problem;
    oss_npmle_fit fit;
    int unique;
    if (oss_npmle_new(n, lo, hi, weight, m, &problem, NULL) == OSS_OK) {
        FUZZ_REQUIRE(oss_npmle_solve(problem, 1e-8, 300, &fit, NULL, NULL) == OSS_OK);
        FUZZ_REQUIRE(fit.converged);
        check(n, lo, hi, weight, m, problem, &fit);
        FUZZ_REQUIRE(oss_npmle_unique(problem, &unique, NULL) == OSS_OK);
        const size_t cut = (size_t) fuzz_below(&in, (int) m);
        if (cut > 0) {
            const int before = fuzz_below(&in, 2);
            const double w = 0.25 * (1 + fuzz_below(&in, 400));
            oss_npmle_tilt(problem, cut, before ? w : 0, before ? 0 : w);
            FUZZ_REQUIRE(oss_npmle_solve(problem, 1e-8, 300, &fit, NULL, NULL) == OSS_OK);
            FUZZ_REQUIRE(fit.converged);
            lo[n] = before ? 0 : (uint32_t) cut;
            hi[n] = before ? (uint32_t) cut : (uint32_t) m;
            weight[n] = w;
            check(n + 1, lo, hi, weight, m, problem, &fit);
        }
        oss_npmle_free(problem);
    }
    free(lo);
    free(hi);
    free(weight);
    return 0;
}
