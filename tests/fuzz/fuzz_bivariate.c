/* Random rectangles: every row holds a cell, no cell's rows are among another's, the masses are a
 * distribution, and a claim to be converged holds by the optimality conditions written out.
 * Anything else is refused. */
#include "fuzz.h"
#include "../../src/core/bivariate.h"

#include <math.h>

/* Do all rows that hold cell c hold cell d as well? */
static int within(const oss_bivariate *f, size_t c, size_t d)
{
    for (size_t i = 0; i < f->n; i++)
        if (oss_rectangle_covers(f->row + i, f->cell + c) &&
            !oss_rectangle_covers(f->row + i, f->cell + d))
            return 0;
    return 1;
}

static void check(const oss_bivariate *f)
{
    for (size_t c = 0; c < f->m; c++)
        for (size_t d = 0; d < f->m; d++)
            FUZZ_REQUIRE(c == d || !within(f, c, d));
    double sum = 0, total = 0;
    for (size_t c = 0; c < f->m; c++) {
        FUZZ_REQUIRE(f->mass[c] >= 0 && f->cell[c].x0 <= f->cell[c].x1 &&
                     f->cell[c].y0 <= f->cell[c].y1);
        sum += f->mass[c];
    }
    FUZZ_REQUIRE(fabs(sum - 1) < 1e-9 && f->kkt >= 0 && isfinite(f->loglik));
    double *covered = fuzz_array(f->n, sizeof *covered);
    for (size_t i = 0; i < f->n; i++) {
        covered[i] = 0;
        for (size_t c = 0; c < f->m; c++)
            covered[i] += oss_rectangle_covers(f->row + i, f->cell + c) ? f->mass[c] : 0;
        FUZZ_REQUIRE(covered[i] > 0);
        total += f->weight[i];
    }
    for (size_t c = 0; c < f->m && f->converged; c++) {
        double d = 0;
        for (size_t i = 0; i < f->n; i++)
            d += oss_rectangle_covers(f->row + i, f->cell + c) ? f->weight[i] / covered[i] : 0;
        FUZZ_REQUIRE(d <= total + 1e-6 + 1e-9 * total);
    }
    free(covered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t n = 1 + (size_t) fuzz_below(&in, 30);
    const int weighted = fuzz_below(&in, 2), hostile = fuzz_below(&in, 4) == 3;
    oss_rectangle *row = fuzz_array(n, sizeof *row);
    double *weight = fuzz_array(n, sizeof *weight);
    for (size_t i = 0; i < n; i++) {
        const uint32_t x = (uint32_t) fuzz_bits(&in, 1) % 16, y = (uint32_t) fuzz_bits(&in, 1) % 16;
        const uint32_t w = (uint32_t) fuzz_bits(&in, 1), h = (uint32_t) fuzz_bits(&in, 1);
        const oss_rectangle one = { x, hostile ? w : x + w % 8, y, hostile ? h : y + h % 8 };
        row[i] = one;
        weight[i] = hostile ? fuzz_double(&in) : 1 + fuzz_below(&in, 9);
    }
    oss_error err = OSS_ERROR_INIT;
    oss_bivariate *fit;
    const oss_status status = oss_bivariate_new(n, row, weighted ? weight : NULL, &fit, &err);
    FUZZ_REQUIRE(hostile ? status == OSS_OK || status == OSS_EINVAL : status == OSS_OK);
    if (status == OSS_OK) {
        FUZZ_REQUIRE(oss_bivariate_solve(fit, 1e-9, 300, NULL, &err) == OSS_OK);
        check(fit);
    }
    oss_bivariate_free(fit);
    free(row);
    free(weight);
    return 0;
}
