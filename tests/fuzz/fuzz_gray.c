/* Gray's test on any rows in any groups: scores sum to 0, the order of the groups changes nothing,
 * and the rows dealt as they stand give what their table gives. */

#include "../../src/core/gray.h"
#include "rows.h"

enum { MAX_GROUPS = 4 };

static double statistic_of(const fuzz_table *made, const oss_gray_test *test, size_t n_status,
                           size_t *df, double *size)
{
    const size_t g = test->n_group, m = g - 1;
    double *score = fuzz_array(g, sizeof *score), *variance = fuzz_array(m * m, sizeof *variance);
    double *work = fuzz_array(oss_gray_work(test, n_status), sizeof *work);
    double *root = fuzz_array(m * (m + 1), sizeof *root);
    FUZZ_REQUIRE(oss_gray(&made->table, test, score, variance, work, NULL, NULL) == OSS_OK);
    double sum = 0;
    *size = 0;
    for (size_t k = 0; k < g; k++) {
        sum += score[k];
        *size += fabs(score[k]);
    }
    FUZZ_REQUIRE(!isfinite(sum) || fabs(sum) <= 1e-9 * (1 + *size));
    const double statistic = oss_gray_statistic(m, score, variance, root, df);
    FUZZ_REQUIRE(isnan(statistic) || statistic >= 0);
    FUZZ_REQUIRE(*df <= m);
    free(score);
    free(variance);
    free(work);
    free(root);
    return statistic;
}

static int same(double a, double b)
{
    return isnan(a) || isnan(b) || fabs(a - b) <= 1e-6 * (1 + fabs(a) + fabs(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    fuzz_rows x = rows_read(&in, 0, 0);
    free(x.weight); /* the permutation deals rows */
    x.weight = NULL;
    x.rows.weight = NULL;
    const size_t n = x.rows.n, g = 2 + (size_t) fuzz_below(&in, MAX_GROUPS - 1);
    const size_t n_stratum = x.rows.n_stratum;
    const int cause = 1 + fuzz_below(&in, (int) x.rows.n_cause);
    const double powers[] = { 0, 1, 0.5, -1 };
    const oss_gray_test test = { g, 1, &cause, powers[fuzz_below(&in, 4)] };

    int *group = fuzz_array(n, sizeof *group), *pooled = fuzz_array(n, sizeof *pooled);
    int *turned = fuzz_array(n, sizeof *turned);
    for (size_t i = 0; i < n; i++) {
        group[i] = fuzz_below(&in, (int) g);
        const int first = (x.stratum ? x.stratum[i] - 1 : 0) * (int) g + 1;
        pooled[i] = first + group[i];
        turned[i] = first + (group[i] + 1) % (int) g;
    }
    oss_risk_rows rows = x.rows;
    rows.stratum = pooled;
    rows.n_stratum = n_stratum * g;
    fuzz_table made = table_make(&rows);
    FUZZ_REQUIRE(made.status == OSS_OK);
    size_t df, df_turned;
    double score, score_turned;
    const double statistic = statistic_of(&made, &test, rows.n_cause, &df, &score);
    rows.stratum = turned;
    fuzz_table other = table_make(&rows);
    FUZZ_REQUIRE(other.status == OSS_OK);
    const double again = statistic_of(&other, &test, rows.n_cause, &df_turned, &score_turned);
    /* A negative power may divide by almost nothing; then the two orders of groups round apart. */
    if (df == df_turned && test.rho >= 0 && score < 1e6)
        FUZZ_REQUIRE(same(statistic, again));

    /* The rows by stratum and time. */
    fuzz_table plain = table_make(&x.rows);
    FUZZ_REQUIRE(plain.status == OSS_OK);
    uint32_t *time = fuzz_array(n, sizeof *time);
    int *status = fuzz_array(n, sizeof *status), *label = fuzz_array(n, sizeof *label);
    size_t *end = fuzz_array(n_stratum, sizeof *end), to = 0;
    for (size_t s = 0; s < n_stratum; s++) {
        for (size_t k = plain.table.start[s]; k < plain.table.start[s + 1]; k++)
            for (size_t i = 0; i < n; i++)
                if (plain.row_time[i] == k) {
                    time[to] = (uint32_t) k;
                    status[to] = x.status[i];
                    label[to++] = group[i];
                }
        end[s] = to;
    }
    oss_gray_rows sorted = { test, n, n_stratum, x.rows.n_cause, end, time, status, label, 0 };
    uint64_t count;
    FUZZ_REQUIRE(oss_gray_arrangements(&sorted, 64, &count, NULL) == OSS_OK);
    sorted.n_arrangement = count;
    void *work = fuzz_array(oss_gray_replicate_work(&sorted), 1);
    int met = 0;
    for (size_t b = 0; b < (count ? count : 3); b++) {
        double out;
        oss_stream stream = oss_stream_new(42, b);
        FUZZ_REQUIRE(oss_gray_replicate(&sorted, work, &stream, b, &out, NULL) == OSS_OK);
        FUZZ_REQUIRE(out >= 0);
        met |= out == statistic || (isnan(statistic) && isinf(out));
    }
    FUZZ_REQUIRE(count == 0 || met); /* among all arrangements is the one there was */

    free(work);
    free(time);
    free(status);
    free(label);
    free(end);
    table_free(&plain);
    table_free(&other);
    table_free(&made);
    free(group);
    free(pooled);
    free(turned);
    rows_free(&x);
    return 0;
}
