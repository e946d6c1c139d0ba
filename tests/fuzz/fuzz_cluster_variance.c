/* Clustered standard errors of any table; with a cluster a row the jackknife and the influence
 * agree in what is 0, and clusters that hold everything leave nothing. */
#include "rows.h"
#include "../../src/core/cluster_variance.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    fuzz_input in = { bytes, n_bytes };
    const int n_cluster = 1 + fuzz_below(&in, 12);
    fuzz_rows x = rows_read(&in, 1, 0);
    fuzz_table t = table_make(&x.rows);
    if (t.status == OSS_OK) {
        const size_t m = t.plan.n_time, n = x.rows.n;
        double *estimate = fuzz_array(m, sizeof *estimate), *se = fuzz_array(m, sizeof *se);
        double *low = fuzz_array(m, sizeof *low), *high = fuzz_array(m, sizeof *high);
        double *size = fuzz_array(x.rows.n_stratum, sizeof *size);
        int *cluster = fuzz_array(n, sizeof *cluster);
        for (size_t i = 0; i < n; i++)
            cluster[i] = 1 + fuzz_below(&in, n_cluster);
        oss_error err = OSS_ERROR_INIT;
        FUZZ_REQUIRE(oss_kaplan_meier(&t.table, OSS_CONF_PLAIN, 0.95, 1, estimate, se, low, high,
                                      NULL, &err) == OSS_OK);
        const oss_clustered data = { &x.rows, &t.table, t.row_time, cluster, (size_t) n_cluster };
        for (int how = 0; how < 3; how++) {
            FUZZ_REQUIRE(oss_cluster_std_error(&data, (oss_cluster_correction) how, estimate, se,
                                               size, NULL, &err) == OSS_OK);
            oss_cluster_limits(&t.table, OSS_CONF_LOG_LOG, 0.95, 1, size, estimate, se, low, high);
            for (size_t s = 0; s < x.rows.n_stratum; s++) {
                FUZZ_REQUIRE(size[s] >= 0 && size[s] <= n_cluster);
                for (size_t k = t.table.start[s]; k < t.table.start[s + 1]; k++) {
                    const int exists = how == 0 || size[s] > 1 || estimate[k] == 0;
                    FUZZ_REQUIRE(exists ? se[k] >= 0 && isfinite(se[k]) : isnan(se[k]));
                    FUZZ_REQUIRE(isnan(low[k]) ||
                                 (low[k] <= estimate[k] && estimate[k] <= high[k]));
                }
            }
            /* All rows in one cluster have no influence together. */
            if (how == 0 && n_cluster == 1)
                for (size_t k = 0; k < m; k++)
                    FUZZ_REQUIRE(x.rows.entry || se[k] < 1e-6);
        }
        free(estimate);
        free(se);
        free(low);
        free(high);
        free(size);
        free(cluster);
    }
    table_free(&t);
    rows_free(&x);
    return 0;
}
