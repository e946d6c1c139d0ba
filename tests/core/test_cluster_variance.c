#include "../../src/core/cluster_variance.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { N = 12, MAX_TIMES = 30 };

typedef struct {
    oss_risk_table table;
    double time[MAX_TIMES], risk[MAX_TIMES], event[MAX_TIMES], censor[MAX_TIMES];
    size_t start[4];
    uint32_t row_time[N];
    double estimate[MAX_TIMES], se[MAX_TIMES], low[MAX_TIMES], high[MAX_TIMES];
} fitted;

static void fit(const oss_risk_rows *rows, fitted *x)
{
    oss_risk_plan plan;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_risk_scan(rows, &plan, &err) == OSS_OK);
    void *scratch = malloc(plan.scratch);
    CHECK(oss_risk_sort(rows, scratch, &plan, &err) == OSS_OK);
    x->table = (oss_risk_table){ .start = x->start,
                                 .time = x->time,
                                 .n_risk = x->risk,
                                 .n_event = x->event,
                                 .n_censor = x->censor };
    oss_risk_fill(rows, &plan, &x->table, x->row_time);
    free(scratch);
    CHECK(oss_kaplan_meier(&x->table, OSS_CONF_PLAIN, 0.95, 1, x->estimate, x->se, x->low, x->high,
                           NULL, &err) == OSS_OK);
}

static const double exits[N] = { 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 8.5, 9 };
static const double entries[N] = { 0, 0, 1, 0, 2, 0, 0, 3, 4, 0, 0, 5 };
static const int status[N] = { 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0 };
static const double weight[N] = { 1, 2, 1, 1, 3, 1, 1, 1, 2, 1, 1, 1 };
static const int cluster[N] = { 1, 1, 2, 3, 3, 4, 2, 5, 5, 4, 1, 6 };

static oss_risk_rows rows_of(int truncated)
{
    return (oss_risk_rows){ .n = N,
                            .entry = truncated ? entries : NULL,
                            .exit = exits,
                            .status = status,
                            .weight = weight,
                            .n_cause = 1,
                            .n_stratum = 1 };
}

/* Straight from the definition, for one cluster and time. */
static double influence(const oss_risk_rows *rows, const fitted *x, int g, double until)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; cluster[i] == g && k < x->table.n_time && x->time[k] <= until; k++) {
            const double n = x->risk[k], d = x->event[k];
            const int at_risk =
                exits[i] >= x->time[k] && (rows->entry == NULL || entries[i] < x->time[k]);
            const int event = status[i] && exits[i] == x->time[k];
            if (d > 0 && at_risk)
                sum -= weight[i] * (event - d / n) / (n - d);
        }
    return sum;
}

static void test_influence(void)
{
    for (int truncated = 0; truncated < 2; truncated++) {
        const oss_risk_rows rows = rows_of(truncated);
        fitted x;
        fit(&rows, &x);
        const oss_clustered data = { &rows, &x.table, x.row_time, cluster, 6 };
        double plain[MAX_TIMES], corrected[MAX_TIMES], size;
        oss_error err = OSS_ERROR_INIT;
        CHECK(oss_cluster_std_error(&data, OSS_CLUSTER_NONE, x.estimate, plain, &size, NULL,
                                    &err) == OSS_OK);
        CHECK(size == 6);
        CHECK(oss_cluster_std_error(&data, OSS_CLUSTER_CR1, x.estimate, corrected, &size, NULL,
                                    &err) == OSS_OK);
        for (size_t k = 0; k < x.table.n_time; k++) {
            double sum = 0;
            for (int g = 1; g <= 6; g++)
                sum += pow(influence(&rows, &x, g, x.time[k]), 2);
            CHECK_NEAR(plain[k], x.estimate[k] * sqrt(sum), 1e-14);
            CHECK_NEAR(corrected[k], plain[k] * sqrt(6.0 / 5), 1e-14);
        }
    }
}

/* Each cluster left out by building the table anew. */
static void test_jackknife(void)
{
    for (int truncated = 0; truncated < 2; truncated++) {
        const oss_risk_rows all = rows_of(truncated);
        fitted x, without;
        fit(&all, &x);
        const oss_clustered data = { &all, &x.table, x.row_time, cluster, 6 };
        double se[MAX_TIMES], size, left[6][MAX_TIMES];
        oss_error err = OSS_ERROR_INIT;
        CHECK(oss_cluster_std_error(&data, OSS_CLUSTER_CR3, x.estimate, se, &size, NULL, &err) ==
              OSS_OK);
        for (int g = 1; g <= 6; g++) {
            double e[N], t[N], w[N];
            int s[N];
            size_t n = 0;
            for (size_t i = 0; i < N; i++)
                if (cluster[i] != g) {
                    e[n] = entries[i];
                    t[n] = exits[i];
                    w[n] = weight[i];
                    s[n++] = status[i];
                }
            const oss_risk_rows rest = { .n = n,
                                         .entry = truncated ? e : NULL,
                                         .exit = t,
                                         .status = s,
                                         .weight = w,
                                         .n_cause = 1,
                                         .n_stratum = 1 };
            fit(&rest, &without);
            for (size_t k = 0, j = 0; k < x.table.n_time; k++) {
                while (j + 1 < without.table.n_time && without.time[j + 1] <= x.time[k])
                    j++;
                left[g - 1][k] = without.estimate[j];
            }
        }
        for (size_t k = 0; k < x.table.n_time; k++) {
            double mean = 0, squares = 0;
            for (int g = 0; g < 6; g++)
                mean += left[g][k] / 6;
            for (int g = 0; g < 6; g++)
                squares += pow(left[g][k] - mean, 2);
            CHECK_NEAR(se[k], sqrt(5.0 / 6 * squares), 1e-14);
        }
    }
}

static void test_strata_and_single(void)
{
    int stratum[N];
    for (int i = 0; i < N; i++)
        stratum[i] = i < 2 ? 1 : 2;
    oss_risk_rows rows = rows_of(0);
    rows.stratum = stratum;
    rows.n_stratum = 2;
    fitted x;
    fit(&rows, &x);
    const oss_clustered data = { &rows, &x.table, x.row_time, cluster, 6 };
    double se[MAX_TIMES], size[2], low[MAX_TIMES], high[MAX_TIMES];
    oss_error err = OSS_ERROR_INIT;
    for (int how = 0; how < 3; how++) {
        CHECK(oss_cluster_std_error(&data, (oss_cluster_correction) how, x.estimate, se, size, NULL,
                                    &err) == OSS_OK);
        CHECK(size[0] == 1 && size[1] == 6);
        CHECK(how == 0 || isnan(se[1]));
        oss_cluster_limits(&x.table, OSS_CONF_LOG_LOG, 0.95, 1, size, x.estimate, se, low, high);
        CHECK(isnan(low[1]));
        for (size_t k = x.start[1] + 2; k < x.start[2]; k++)
            CHECK(low[k] < x.estimate[k] && x.estimate[k] < high[k]);
    }
    const int bad[N] = { 1, 1, 1, 1, 7, 1, 1, 1, 1, 1, 1, 1 };
    const oss_clustered wrong = { &rows, &x.table, x.row_time, bad, 6 };
    CHECK(oss_cluster_std_error(&wrong, OSS_CLUSTER_NONE, x.estimate, se, size, NULL, &err) ==
          OSS_EINVAL);
    CHECK(err.index == 4);
}

static int stop(void *context, double fraction)
{
    (void) context;
    (void) fraction;
    return 1;
}

static void test_no_memory_and_stop(void)
{
    const oss_risk_rows rows = rows_of(1);
    fitted x;
    fit(&rows, &x);
    const oss_clustered data = { &rows, &x.table, x.row_time, cluster, 6 };
    double se[MAX_TIMES], size;
    for (size_t k = 1;; k++) {
        oss_error err = OSS_ERROR_INIT;
        oss_fail_allocation(k);
        const oss_status result =
            oss_cluster_std_error(&data, OSS_CLUSTER_CR3, x.estimate, se, &size, NULL, &err);
        oss_fail_allocation(0);
        if (result == OSS_OK)
            break;
        CHECK(result == OSS_ENOMEM);
    }
    const oss_hook hook = { stop, NULL };
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_cluster_std_error(&data, OSS_CLUSTER_NONE, x.estimate, se, &size, &hook, &err) ==
          OSS_ECANCEL);
}

int main(void)
{
    test_influence();
    test_jackknife();
    test_strata_and_single();
    test_no_memory_and_stop();
    return check_report();
}
