/* Restricted means of any rows to any tau, against the sums written out, and their permutation. */

#include "../../src/core/restricted_mean.h"
#include "rows.h"

static void check_mean(const oss_risk_table *table, size_t s, double tau, int truncated)
{
    const oss_restricted got = oss_restricted_mean(table, s, tau, 1);
    FUZZ_REQUIRE(got.mean >= 0 && got.mean <= tau * (1 + 1e-12));
    FUZZ_REQUIRE(got.variance >= 0 && got.variance <= tau * tau);
    double area = 0, survival = 1, from = 0, variance = 0;
    for (size_t k = table->start[s]; k < table->start[s + 1] && table->time[k] < tau; k++) {
        area += survival * (table->time[k] - from);
        from = table->time[k];
        if (table->n_event[k] > 0)
            survival *= 1 - table->n_event[k] / table->n_risk[k];
    }
    area += survival * (tau - from);
    FUZZ_REQUIRE(fabs(area - got.mean) <= 1e-9 * tau);
    for (size_t k = table->start[s]; k < table->start[s + 1] && table->time[k] < tau; k++) {
        double after = 0, now = 1, last = 0;
        const double n = table->n_risk[k], d = table->n_event[k];
        for (size_t j = table->start[s]; j <= table->start[s + 1]; j++) {
            const int past = j == table->start[s + 1] || table->time[j] >= tau;
            const double to = past ? tau : table->time[j];
            if (j > k)
                after += now * (to - last);
            last = to;
            if (past)
                break;
            if (table->n_event[j] > 0)
                now *= 1 - table->n_event[j] / table->n_risk[j];
        }
        if (d > 0 && n > d)
            variance += after * after * d / (n * (n - d));
    }
    FUZZ_REQUIRE(fabs(variance - got.variance) <= 1e-8 * tau * tau);
    if (truncated)
        return;
    /* The estimate lies between the two means; no variance is negative. */
    FUZZ_REQUIRE(got.low.mean <= got.mean / tau + 1e-9 && got.high.mean >= got.mean / tau - 1e-9);
    FUZZ_REQUIRE(got.low.variation >= 0 && got.high.variation >= 0);
    FUZZ_REQUIRE(got.low.mean <= got.high.mean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const int choice = (int) fuzz_bits(&in, 1);
    const double tau = (1 + fuzz_below(&in, 512)) / 8.0;
    fuzz_rows x = rows_read(&in, choice & 1, 0);
    x.rows.n_cause = 1;
    for (size_t i = 0; i < x.rows.n; i++)
        x.status[i] = x.status[i] > 0;
    fuzz_table made = table_make(&x.rows);
    if (!made.status) {
        const oss_risk_table *table = &made.table;
        const size_t m = table->n_time;
        for (size_t s = 0; s < table->n_stratum; s++)
            check_mean(table, s, tau, x.entry != NULL);
        double *time = fuzz_array(m, sizeof *time), *event = fuzz_array(m, sizeof *time),
               *censor = fuzz_array(m, sizeof *time);
        for (size_t s = 1; s < table->n_stratum && !x.entry; s++) {
            oss_restricted_labels labels = { .time = time, .n_event = event, .n_censor = censor };
            labels.tau = tau;
            labels.n_time = oss_restricted_pool(table, 0, s, tau, time, event, censor);
            labels.n_first = table->n_risk[0];
            labels.n_second = table->n_risk[table->start[s]];
            FUZZ_REQUIRE(labels.n_time <= m);
            oss_stream stream = oss_stream_new((uint64_t) choice, s), again = stream;
            double out[4], same[4];
            FUZZ_REQUIRE(oss_restricted_replicate(&labels, NULL, &stream, 0, out, NULL) == OSS_OK);
            FUZZ_REQUIRE(oss_restricted_replicate(&labels, NULL, &again, 0, same, NULL) == OSS_OK);
            for (int i = 0; i < 4; i++)
                FUZZ_REQUIRE(!isnan(out[i]) && out[i] == same[i]);
        }
        free(time);
        free(event);
        free(censor);
    }
    table_free(&made);
    rows_free(&x);
    return 0;
}
