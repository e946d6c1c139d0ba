/* Contrasts of survival between the strata of any rows, at any times, by every effect. */

#include "../../src/core/survival_contrast.h"
#include "rows.h"

enum { N_AT = 4 };

static void check_contrast(const oss_survival_point *x, const oss_survival_point *y,
                           oss_meld_effect effect, oss_contrast_type type, double level)
{
    oss_contrast got, mirrored;
    FUZZ_REQUIRE(oss_survival_contrast(x, y, effect, type, level, &got, NULL) == OSS_OK);
    FUZZ_REQUIRE(oss_survival_contrast(y, x, effect, type, level, &mirrored, NULL) == OSS_OK);
    if (!x->known || !y->known) {
        FUZZ_REQUIRE(isnan(got.estimate) && isnan(got.low) && isnan(got.p));
        return;
    }
    if (isnan(got.low)) {
        FUZZ_REQUIRE(type == OSS_CONTRAST_WALD && isnan(got.std_error));
        return;
    }
    FUZZ_REQUIRE(got.p >= 0 && got.p <= 1 && got.low < got.high);
    FUZZ_REQUIRE(got.std_error >= 0 || isnan(got.std_error));
    if (type == OSS_CONTRAST_WALD)
        return;
    FUZZ_REQUIRE(fabs(got.p - mirrored.p) <= 1e-9);
    FUZZ_REQUIRE(got.low == -mirrored.high ||
                 fabs(got.low + mirrored.high) <= 1e-7 * fmax(1, fabs(got.low)));
    FUZZ_REQUIRE(effect != OSS_MELD_DIFFERENCE || (got.low >= -1 && got.high <= 1));
    /* p and interval agree. */
    const double tail = 1 - level;
    if (got.p > tail * (1 + 1e-6))
        FUZZ_REQUIRE(got.low <= 1e-7 && got.high >= -1e-7);
    if (got.p < tail * (1 - 1e-6))
        FUZZ_REQUIRE(got.low >= -1e-7 || got.high <= 1e-7);
    /* The limits have the tails that they are to have. */
    if (type == OSS_CONTRAST_MELDED && fabs(got.low) < 1 && fabs(got.high) < 1) {
        const oss_beta_product low = oss_beta_product_below(&y->product, y->at_risk_after),
                               other = oss_beta_product_below(&x->product, x->at_risk_after);
        double below, above, unused;
        FUZZ_REQUIRE(oss_meld_tails(&x->product, &low, effect, got.low, &below, &unused, NULL) ==
                     OSS_OK);
        FUZZ_REQUIRE(oss_meld_tails(&other, &y->product, effect, got.high, &unused, &above, NULL) ==
                     OSS_OK);
        FUZZ_REQUIRE(fabs(below - tail / 2) <= 1e-8 * tail);
        FUZZ_REQUIRE(fabs(above - tail / 2) <= 1e-8 * tail);
    }
    /* p does not depend on the scale. */
    if (type == OSS_CONTRAST_MELDED && effect == OSS_MELD_DIFFERENCE) {
        oss_contrast ratio;
        FUZZ_REQUIRE(oss_survival_contrast(x, y, OSS_MELD_RATIO, type, level, &ratio, NULL) ==
                     OSS_OK);
        FUZZ_REQUIRE(fabs(ratio.p - got.p) <= 1e-9);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double levels[] = { 0.95, 0.5, 0.8, 0.999 };
    fuzz_input in = { data, size };
    const int choice = (int) fuzz_bits(&in, 1);
    double at[N_AT] = { 0 };
    for (int i = 1; i < N_AT; i++)
        at[i] = at[i - 1] + (1 + fuzz_below(&in, 64)) / 8.0;
    fuzz_rows x = rows_read(&in, 0, 0);
    x.rows.n_cause = 1;
    for (size_t i = 0; i < x.rows.n; i++)
        x.status[i] = x.status[i] > 0;
    fuzz_table made = table_make(&x.rows);
    if (!made.status) {
        const size_t n = made.table.n_stratum;
        oss_survival_point *points = fuzz_array(n * N_AT, sizeof *points);
        for (size_t s = 0; s < n; s++)
            oss_survival_points(&made.table, s, N_AT, at, points + s * N_AT);
        for (size_t s = 1; s < n; s++)
            for (int i = 0; i < N_AT; i++)
                check_contrast(&points[i], &points[s * N_AT + (size_t) i],
                               (oss_meld_effect) (choice % 3), (oss_contrast_type) (choice / 3 % 3),
                               levels[choice / 9 % 4]);
        free(points);
    }
    table_free(&made);
    rows_free(&x);
    return 0;
}
