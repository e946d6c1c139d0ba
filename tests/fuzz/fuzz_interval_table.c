/* Random rows; the table must hold each row's own ends (to the tie rule), and a row must cover
 * exactly the innermost intervals that lie within its places. */
#include "fuzz.h"
#include "../../src/core/interval_table.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const size_t n = 1 + (size_t) fuzz_below(&in, 40);
    const size_t n_stratum = 1 + (size_t) fuzz_below(&in, 3);
    const int weighted = fuzz_below(&in, 2), tame = fuzz_below(&in, 4);
    double *left = fuzz_array(n, sizeof *left), *right = fuzz_array(n, sizeof *right);
    double *weight = fuzz_array(n, sizeof *weight);
    int *stratum = fuzz_array(n, sizeof *stratum);
    for (size_t i = 0; i < n; i++) {
        left[i] = tame ? fuzz_below(&in, 12) : fuzz_double(&in);
        const int width = fuzz_below(&in, 6);
        right[i] = !tame ? fuzz_double(&in) : width == 5 ? INFINITY : left[i] + width;
        weight[i] = fuzz_below(&in, 4);
        stratum[i] = 1 + fuzz_below(&in, (int) n_stratum);
    }
    const oss_interval_rows rows = { n, left, right, weighted ? weight : NULL, stratum, n_stratum };
    oss_interval_table *t;
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_table_new(&rows, &t, &err) == OSS_OK) {
        double total = 0, summed = 0;
        for (size_t k = 1; k < t->n_time; k++)
            FUZZ_REQUIRE(t->time[k - 1] < t->time[k]);
        for (size_t i = 0; i < n; i++) {
            const uint32_t d = t->row[i];
            FUZZ_REQUIRE((d == OSS_NO_INTERVAL) == (weighted && weight[i] == 0));
            if (d == OSS_NO_INTERVAL)
                continue;
            total += weighted ? weight[i] : 1;
            const size_t s = (size_t) stratum[i] - 1, at = t->inner_at[s],
                         stop = t->inner_at[s + 1];
            FUZZ_REQUIRE(t->distinct_at[s] <= d && d < t->distinct_at[s + 1]);
            if (tame) {
                FUZZ_REQUIRE(oss_interval_time(t, t->start[d]) == left[i]);
                FUZZ_REQUIRE(oss_interval_time(t, t->end[d]) == right[i]);
            }
            FUZZ_REQUIRE(t->start[d] <= t->end[d] && t->lo[d] < t->hi[d]);
            for (size_t q = at; q < stop; q++) {
                const int inside = t->start[d] <= t->inner_start[q] && t->inner_end[q] <= t->end[d];
                const int apart = t->inner_end[q] < t->start[d] || t->end[d] < t->inner_start[q];
                FUZZ_REQUIRE(inside != apart);
                FUZZ_REQUIRE(inside == (t->lo[d] <= q - at && q - at < t->hi[d]));
            }
        }
        for (size_t d = 0; d < t->n_distinct; d++)
            summed += t->weight[d];
        FUZZ_REQUIRE(summed == total);
        oss_interval_table_free(t);
    }
    free(left);
    free(right);
    free(weight);
    free(stratum);
    return 0;
}
