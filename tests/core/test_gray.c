#include "check.h"
#include "../../src/core/gray.h"

#include <stdlib.h>
#include <string.h>

enum { N = 12 };
static const double time_of[N] = { 2, 5, 7, 9, 12, 15, 18, 24, 30, 36, 12, 7 };
static const int status_of[N] = { 2, 0, 1, 1, 0, 2, 1, 0, 2, 0, 1, 1 };
static const int both_causes[] = { 1, 2 };

typedef struct {
    oss_risk_table table;
    uint32_t row_time[N];
    size_t start[16];
    double time[64], n_risk[64], n_event[128], n_censor[64];
} built;

static void build(const double *time, const int *status, const int *stratum, size_t n_stratum,
                  built *x)
{
    const oss_risk_rows rows = { .n = N,
                                 .exit = time,
                                 .status = status,
                                 .stratum = stratum,
                                 .n_cause = 2,
                                 .n_stratum = n_stratum };
    oss_risk_plan plan;
    CHECK(oss_risk_scan(&rows, &plan, NULL) == OSS_OK);
    void *scratch = malloc(plan.scratch);
    CHECK(oss_risk_sort(&rows, scratch, &plan, NULL) == OSS_OK && plan.n_time <= 64);
    x->table = (oss_risk_table){ .start = x->start,
                                 .time = x->time,
                                 .n_risk = x->n_risk,
                                 .n_event = x->n_event,
                                 .n_censor = x->n_censor };
    oss_risk_fill(&rows, &plan, &x->table, x->row_time);
    free(scratch);
}

static void statistics(const built *x, const oss_gray_test *test, double *statistic, size_t *df)
{
    const size_t g = test->n_group, m = g - 1;
    double score[8], variance[16], root[64];
    double *work = malloc(oss_gray_work(test, 2) * sizeof *work);
    CHECK(oss_gray(&x->table, test, score, variance, work, NULL, NULL) == OSS_OK);
    for (size_t e = 0; e < test->n_cause; e++) {
        double sum = 0;
        for (size_t k = 0; k < g; k++)
            sum += score[e * g + k];
        CHECK_NEAR(sum, 0, 1e-14);
        statistic[e] = oss_gray_statistic(m, score + e * g, variance + e * m * m, root, &df[e]);
    }
    free(work);
}

/* Figures of cmprsk 2.2-11. */
static void test_statistics_of_cuminc(void)
{
    built x;
    double statistic[2];
    size_t df[2];
    oss_gray_test test = { 2, 2, both_causes, 0 };
    const int two[N] = { 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2, 2 };
    build(time_of, status_of, two, 2, &x);
    statistics(&x, &test, statistic, df);
    CHECK_NEAR(statistic[0], 0.0852662869903413, 1e-13);
    CHECK_NEAR(statistic[1], 0.7034925628416092, 1e-13);
    CHECK(df[0] == 1 && df[1] == 1);

    int stratified[N]; /* the second half a stratum of its own */
    for (int i = 0; i < N; i++)
        stratified[i] = two[i] + (i < 6 ? 0 : 2);
    build(time_of, status_of, stratified, 4, &x);
    test.rho = 0.5;
    statistics(&x, &test, statistic, df);
    CHECK_NEAR(statistic[0], 0.109666016423393, 1e-13);
    CHECK_NEAR(statistic[1], 1.709198813056380, 1e-13);

    int three[N];
    for (int i = 0; i < N; i++)
        three[i] = 1 + i % 3;
    build(time_of, status_of, three, 3, &x);
    test.rho = 0;
    test.n_group = 3;
    statistics(&x, &test, statistic, df);
    CHECK_NEAR(statistic[0], 0.280966975729794, 1e-13);
    CHECK_NEAR(statistic[1], 0.977104724254398, 1e-13);
    CHECK(df[0] == 2 && df[1] == 2);
    oss_error err = OSS_ERROR_INIT;
    double nothing[1];
    test.n_group = 2; /* 3 strata of the table are no whole number of pairs */
    CHECK(oss_gray(&x.table, &test, nothing, nothing, nothing, NULL, &err) == OSS_EINVAL);
}

static void test_singular_variances(void)
{
    double work[16];
    size_t df;
    const double score[] = { 2, 2, 0 };
    const double variance[] = { 4, 4, 0, 4, 4, 0, 0, 0, 0 };
    CHECK_NEAR(oss_gray_statistic(3, score, variance, work, &df), 1, 1e-15);
    CHECK(df == 1);
    const double outside[] = { 2, -2, 0 };
    CHECK(isnan(oss_gray_statistic(3, outside, variance, work, &df)));
    const double negative[] = { -1 };
    CHECK(isnan(oss_gray_statistic(1, score, negative, work, &df)));
    const double none[] = { 0 };
    CHECK(oss_gray_statistic(1, none, none, work, &df) == 0 && df == 0);
}

/* In the order of stratum and time already, two strata of six rows. */
static const double sorted_time[N] = { 2, 5, 7, 9, 12, 12, 3, 7, 7, 8, 30, 36 };
static const int sorted_status[N] = { 2, 0, 1, 1, 2, 1, 1, 0, 2, 1, 1, 0 };
static const int half[N] = { 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2 };
static const size_t end_of[] = { 6, 12 };

static void test_every_arrangement_once(void)
{
    built x, y;
    build(sorted_time, sorted_status, half, 2, &x);
    int group[N], label[N];
    for (int i = 0; i < N; i++)
        group[i] = i % 3 == 0;
    oss_gray_rows rows = { .test = { 2, 2, both_causes, 0 },
                           .n = N,
                           .n_stratum = 2,
                           .n_status = 2,
                           .end = end_of,
                           .time = x.row_time,
                           .status = sorted_status,
                           .group = group };
    uint64_t count;
    CHECK(oss_gray_arrangements(&rows, 224, &count, NULL) == OSS_OK && count == 0);
    CHECK(oss_gray_arrangements(&rows, 225, &count, NULL) == OSS_OK && count == 225);
    rows.n_arrangement = count;
    void *work = calloc(oss_gray_replicate_work(&rows), 1);
    double out[2], sum = 0, slow = 0;
    for (size_t b = 0; b < count; b++) {
        CHECK(oss_gray_replicate(&rows, work, NULL, b, out, NULL) == OSS_OK);
        sum += out[0] + 3 * out[1];
    }
    free(work);
    size_t found = 0;
    for (unsigned bits = 0; bits < 1u << N; bits++) {
        int one = 0, two = 0;
        for (int i = 0; i < N; i++) {
            label[i] = 1 + (int) (bits >> i & 1) + (i < 6 ? 0 : 2);
            *(i < 6 ? &one : &two) += (int) (bits >> i & 1);
        }
        if (one != 2 || two != 2)
            continue;
        found++;
        double statistic[2];
        size_t df[2];
        build(sorted_time, sorted_status, label, 4, &y);
        statistics(&y, &rows.test, statistic, df);
        slow += statistic[0] + 3 * statistic[1];
    }
    CHECK(found == count && isfinite(slow));
    CHECK_NEAR(sum, slow, 1e-12);
}

static void test_drawn_labels_stay_in_their_stratum(void)
{
    built x;
    build(sorted_time, sorted_status, half, 2, &x);
    int group[N]; /* all of a group in one stratum: nothing to deal */
    for (int i = 0; i < N; i++)
        group[i] = i >= 6;
    const oss_gray_rows rows = { .test = { 2, 2, both_causes, 1 },
                                 .n = N,
                                 .n_stratum = 2,
                                 .n_status = 2,
                                 .end = end_of,
                                 .time = x.row_time,
                                 .status = sorted_status,
                                 .group = group };
    uint64_t count;
    CHECK(oss_gray_arrangements(&rows, 1000, &count, NULL) == OSS_OK && count == 1);
    static double out[200];
    const oss_resampling plan = { .replicate = oss_gray_replicate,
                                  .context = &rows,
                                  .n = 100,
                                  .width = 2,
                                  .work = oss_gray_replicate_work(&rows),
                                  .seed = 7,
                                  .threads = 1 };
    CHECK(oss_resample(&plan, out, NULL, NULL) == OSS_OK);
    for (int b = 0; b < 200; b++)
        CHECK(out[b] == 0);
    CHECK(group[0] == 0 && group[6] == 1);
}

static void test_no_memory(void)
{
    const int group[N] = { 0, 1 };
    const oss_gray_rows rows = {
        .test = { 2, 2, both_causes, 0 }, .n = N, .n_stratum = 2, .end = end_of, .group = group
    };
    uint64_t count;
    oss_error err = OSS_ERROR_INIT;
    (void) oss_fail_allocation(1);
    CHECK(oss_gray_arrangements(&rows, 1000, &count, &err) == OSS_ENOMEM);
    (void) oss_fail_allocation(0);
    CHECK(oss_gray_arrangements(&rows, 1000, &count, &err) == OSS_OK && count == 6);
}

int main(void)
{
    test_statistics_of_cuminc();
    test_singular_variances();
    test_every_arrangement_once();
    test_drawn_labels_stay_in_their_stratum();
    test_no_memory();
    return check_report();
}
