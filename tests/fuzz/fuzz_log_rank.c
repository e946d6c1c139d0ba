/* The log-rank sums, scores and replicates of any rows in one to three groups and strata. */

#include "../../src/core/log_rank.h"
#include "../../src/core/log_rank_resample.h"
#include "rows.h"

static int near(double a, double b, double scale) { return fabs(a - b) <= 1e-9 * (1 + scale); }

/* Replicates of unweighted rows without entries; strata in order. */
static void check_replicates(const fuzz_rows *x, const int *group, size_t n_group,
                             const double *rho, const double *gamma, int choice)
{
    const size_t n = x->rows.n;
    oss_risk_rows rows = x->rows;
    rows.n_stratum = 1;
    rows.stratum = NULL;
    fuzz_table made = table_make(&rows);
    if (made.status) {
        table_free(&made);
        return;
    }
    const double score[] = { 0, 1, 0.25 };
    oss_log_rank_data data = { n,
                               n_group,
                               2,
                               x->status,
                               group,
                               made.row_time,
                               &made.table,
                               rho,
                               gamma,
                               score,
                               (oss_deal) (1 + (choice & 1)),
                               (oss_log_rank_form) ((choice >> 1) % 3) };
    enum { DRAWS = 5 };
    double *out = fuzz_array(DRAWS + 1, sizeof(double)),
           *again = fuzz_array(DRAWS + 1, sizeof(double));
    FUZZ_REQUIRE(oss_log_rank_resample(&data, DRAWS, 11, 1, out, NULL, NULL) == OSS_OK);
    data.deal = OSS_DEAL_PERMUTE;
    FUZZ_REQUIRE(oss_log_rank_resample(&data, DRAWS, 12, 1, again, NULL, NULL) == OSS_OK);
    FUZZ_REQUIRE(out[DRAWS] == again[DRAWS]);
    for (int b = 0; b <= DRAWS; b++)
        FUZZ_REQUIRE(isfinite(out[b]) && (data.form == OSS_LARGEST || out[b] >= 0));
    free(out);
    free(again);
    if (n_group == 2 && oss_log_rank_deals(&data) <= 300) {
        const size_t deals = (size_t) oss_log_rank_deals(&data);
        double *every = fuzz_array(deals + 1, sizeof(double));
        data.deal = OSS_DEAL_ENUMERATE;
        FUZZ_REQUIRE(oss_log_rank_resample(&data, deals, 0, 1, every, NULL, NULL) == OSS_OK);
        int found = 0;
        for (size_t b = 0; b < deals; b++)
            found |= fabs(every[b] - every[deals]) < 1e-9;
        FUZZ_REQUIRE(found);
        free(every);
    }
    table_free(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double powers[] = { 0, 1, 0.5, 3 };
    fuzz_input in = { data, size };
    const int choice = (int) fuzz_bits(&in, 1);
    const size_t n_group = 1 + (size_t) (choice & 3) % 3;
    const double rho[] = { 0, powers[choice >> 2 & 3] }, gamma[] = { 0, powers[choice >> 4 & 3] };
    fuzz_rows x = rows_read(&in, 1, 0);
    const size_t n = x.rows.n, n_stratum = x.rows.n_stratum;
    int *group = fuzz_array(n, sizeof(int)), *cell = fuzz_array(n, sizeof(int));
    for (size_t i = 0; i < n; i++) {
        x.status[i] = x.status[i] > 0;
        group[i] = fuzz_below(&in, (int) n_group);
        cell[i] = (x.stratum ? x.stratum[i] - 1 : 0) * (int) n_group + group[i] + 1;
    }
    x.rows.n_cause = 1;
    oss_risk_rows cells = x.rows;
    cells.stratum = cell;
    cells.n_stratum = n_stratum * n_group;

    fuzz_table split = table_make(&cells), pooled = table_make(&x.rows);
    FUZZ_REQUIRE(split.status == pooled.status);
    if (!split.status) {
        const size_t p = n_group;
        double *observed = fuzz_array(2 * p, sizeof(double)),
               *expected = fuzz_array(2 * p, sizeof(double)),
               *covariance = fuzz_array(4 * p * p, sizeof(double)),
               *score = fuzz_array(2 * n, sizeof(double)), *sum = fuzz_array(2 * p, sizeof(double)),
               *work = fuzz_array(p * (p + 4), sizeof(double));
        oss_log_rank_sums out = { p, 2, observed, expected, covariance };
        FUZZ_REQUIRE(oss_log_rank(&cells, &split.table, rho, gamma, &out, NULL, NULL) == OSS_OK);
        FUZZ_REQUIRE(oss_log_rank_scores(&x.rows, &pooled.table, pooled.row_time, rho, gamma, 2,
                                         score, NULL) == OSS_OK);
        memset(sum, 0, 2 * p * sizeof *sum);
        for (size_t w = 0; w < 2; w++) {
            double total_observed = 0, total_expected = 0;
            for (size_t i = 0; i < n; i++)
                sum[w * p + (size_t) group[i]] +=
                    score[w * n + i] * (x.rows.weight ? x.rows.weight[i] : 1);
            for (size_t g = 0; g < p; g++) {
                const double o = observed[w * p + g], e = expected[w * p + g];
                FUZZ_REQUIRE(o >= 0 && e >= -1e-12);
                FUZZ_REQUIRE(near(sum[w * p + g], o - e, o + e));
                total_observed += o;
                total_expected += e;
                const double *v = covariance + (w * 2 + w) * p * p;
                double row = 0;
                for (size_t h = 0; h < p; h++)
                    row += v[g * p + h];
                FUZZ_REQUIRE(v[g * p + g] >= 0 && near(row, 0, v[g * p + g]));
            }
            FUZZ_REQUIRE(near(total_observed, total_expected, total_observed));
            for (size_t g = 0; g < p; g++)
                sum[w * p + g] = observed[w * p + g] - expected[w * p + g];
            size_t rank;
            const double form =
                oss_quadratic(p, sum + w * p, covariance + (w * 2 + w) * p * p, NULL, work, &rank);
            FUZZ_REQUIRE(form >= 0 && isfinite(form) && rank < p + (p == 0));
        }
        free(observed);
        free(expected);
        free(covariance);
        free(score);
        free(sum);
        free(work);
    }
    if (!x.entry && !x.weight)
        check_replicates(&x, group, n_group, rho, gamma, choice);
    table_free(&split);
    table_free(&pooled);
    free(group);
    free(cell);
    rows_free(&x);
    return 0;
}
