/* Pseudo-values on any rows: they equal new estimates without each row, and the infinitesimal ones
 * average to the estimate. */

#include "../../src/core/pseudo_values.h"
#include "rows.h"

/* The estimate in the stratum of row `left`, that row's weight less by one, from the definition. */
static double slow(const fuzz_rows *x, const uint32_t *row_time, const oss_risk_table *table,
                   const oss_pseudo *what, size_t stratum, size_t left, double *size)
{
    double theta = what->measure == OSS_PSEUDO_SURVIVAL ? 1 : 0, free = 1, last = 0;
    *size = 0;
    for (size_t k = table->start[stratum]; k < table->start[stratum + 1]; k++) {
        double n = 0, d = 0, counted = 0;
        for (size_t i = 0; i < x->rows.n; i++) {
            if (x->stratum && (size_t) x->stratum[i] != stratum + 1)
                continue;
            const double w = (x->weight ? x->weight[i] : 1) - (i == left);
            n += row_time[i] >= k ? w : 0;
            d += row_time[i] == k && x->status[i] ? w : 0;
            counted += row_time[i] == k && x->status[i] == what->cause ? w : 0;
        }
        if (k == table->start[stratum])
            *size = n;
        if (table->time[k] > what->time)
            break;
        if (what->measure == OSS_PSEUDO_RMST)
            theta += free * (table->time[k] - last);
        last = table->time[k];
        if (n > 0) {
            if (what->measure == OSS_PSEUDO_INCIDENCE)
                theta += free * counted / n;
            free *= (n - d) / n;
        }
    }
    if (what->measure == OSS_PSEUDO_SURVIVAL)
        return free;
    return what->measure == OSS_PSEUDO_RMST ? theta + free * (what->time - last) : theta;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    fuzz_rows x = rows_read(&in, 0, 0);
    const size_t n = x.rows.n;
    fuzz_table made = table_make(&x.rows);
    FUZZ_REQUIRE(made.status == OSS_OK);
    oss_pseudo what = { .measure = (oss_pseudo_measure) fuzz_below(&in, 3),
                        .cause = 1 + fuzz_below(&in, (int) x.rows.n_cause) };
    const double factors[] = { 1, 0.5, 1.01, 0 };
    what.time =
        made.table.time[fuzz_below(&in, (int) made.table.n_time)] * factors[fuzz_below(&in, 4)];
    double *work = fuzz_array(oss_pseudo_work(made.table.n_time), sizeof *work);
    double *out = fuzz_array(n, sizeof *out), *small = fuzz_array(n, sizeof *small);
    oss_pseudo_values(&made.table, &what, n, made.row_time, x.status, work, out);
    what.infinitesimal = 1;
    oss_pseudo_values(&made.table, &what, n, made.row_time, x.status, work, small);
    for (size_t i = 0; i < n; i++) {
        const size_t s = x.stratum ? (size_t) x.stratum[i] - 1 : 0;
        double all, others;
        const double theta = slow(&x, made.row_time, &made.table, &what, s, n, &all);
        const double without = slow(&x, made.row_time, &made.table, &what, s, i, &others);
        FUZZ_REQUIRE(isnan(out[i]) == isnan(small[i]));
        if (isnan(out[i]))
            continue;
        const double scale = all * all * (what.measure == OSS_PSEUDO_RMST ? 1e-300 + what.time : 1);
        FUZZ_REQUIRE(fabs(out[i] - (all * theta - others * without)) <= 1e-11 * scale);
        double mean = 0;
        for (size_t j = 0; j < n; j++)
            if (!x.stratum || x.stratum[j] == x.stratum[i])
                mean += small[j] * (x.weight ? x.weight[j] : 1) / all;
        FUZZ_REQUIRE(fabs(mean - theta) <= 1e-9 * scale);
    }
    free(work);
    free(out);
    free(small);
    table_free(&made);
    rows_free(&x);
    return 0;
}
