#include "check.h"
#include "../../src/core/log_rank.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    oss_risk_table table;
    uint32_t row_time[64];
    double doubles[4 * 64];
    size_t start[9];
} made;

static void make(const oss_risk_rows *rows, made *x)
{
    oss_risk_plan plan;
    CHECK(oss_risk_scan(rows, &plan, NULL) == OSS_OK);
    void *scratch = malloc(plan.scratch);
    CHECK(oss_risk_sort(rows, scratch, &plan, NULL) == OSS_OK);
    CHECK(plan.n_time <= 64);
    x->table = (oss_risk_table){ .start = x->start,
                                 .time = x->doubles,
                                 .n_risk = x->doubles + 64,
                                 .n_event = x->doubles + 128,
                                 .n_censor = x->doubles + 192 };
    oss_risk_fill(rows, &plan, &x->table, x->row_time);
    free(scratch);
}

static const double none[] = { 0, 0 };

/* Two groups, times 1 (group 1 fails), 2 (group 2 fails, group 1 censored), 3 (group 2 fails).
 * Expected in group 2: 2/4 + 2/3 + 1; variance 1/4 + 2/9. */
static void test_by_hand(void)
{
    const double exit[] = { 1, 2, 2, 3 };
    const int status[] = { 1, 0, 1, 1 }, cell[] = { 1, 1, 2, 2 };
    const oss_risk_rows rows = { 4, NULL, exit, status, NULL, cell, 1, 2 };
    made x;
    make(&rows, &x);
    double observed[4], expected[4], covariance[16];
    oss_log_rank_sums out = { 2, 2, observed, expected, covariance };
    const double rho[] = { 0, 1 }, gamma[] = { 0, 0 };
    CHECK(oss_log_rank(&rows, &x.table, rho, gamma, &out, NULL, NULL) == OSS_OK);
    CHECK_NEAR(observed[1], 2, 0);
    CHECK_NEAR(expected[1], 0.5 + 2.0 / 3 + 1, 1e-15);
    CHECK_NEAR(covariance[3], 0.25 + 2.0 / 9, 1e-15);
    CHECK_NEAR(covariance[1], -covariance[3], 1e-15);
    /* Weights 1, 3/4, 1/2. */
    CHECK_NEAR(expected[3], 0.5 + 0.75 * 2 / 3 + 0.5, 1e-15);
    CHECK_NEAR(covariance[15], 0.25 + 0.5625 * 2 / 9, 1e-15);
    CHECK_NEAR(covariance[7], 0.25 + 0.75 * 2 / 9, 1e-15);
    CHECK(covariance[7] == covariance[11]);

    /* Scores of the pooled table sum to observed minus expected. */
    const oss_risk_rows pooled = { 4, NULL, exit, status, NULL, NULL, 1, 1 };
    made y;
    make(&pooled, &y);
    double score[8];
    CHECK(oss_log_rank_scores(&pooled, &y.table, y.row_time, rho, gamma, 2, score, NULL) == OSS_OK);
    CHECK_NEAR(score[2] + score[3], observed[1] - expected[1], 1e-15);
    CHECK_NEAR(score[6] + score[7], observed[3] - expected[3], 1e-15);
    CHECK_NEAR(score[1], -0.25 - 1.0 / 3, 1e-15);
}

/* Entries at 0, 0, 1.5, 1: the third row is not yet at risk at time 1, nor the fourth, which enters
 * there. */
static void test_left_truncation(void)
{
    const double entry[] = { 0, 0, 1.5, 1 }, exit[] = { 1, 2, 2.5, 3 };
    const int status[] = { 1, 0, 1, 1 }, cell[] = { 1, 2, 2, 1 };
    const oss_risk_rows rows = { 4, entry, exit, status, NULL, cell, 1, 2 };
    made x;
    make(&rows, &x);
    double observed[2], expected[2], covariance[4];
    oss_log_rank_sums out = { 2, 1, observed, expected, covariance };
    CHECK(oss_log_rank(&rows, &x.table, none, none, &out, NULL, NULL) == OSS_OK);
    CHECK_NEAR(expected[1], 0.5 + 0.5, 1e-15);
    CHECK_NEAR(expected[0], 0.5 + 0.5 + 1, 1e-15);
    CHECK_NEAR(covariance[0], 0.5, 1e-15);
    const oss_risk_rows pooled = { 4, entry, exit, status, NULL, NULL, 1, 1 };
    made y;
    make(&pooled, &y);
    double score[4];
    CHECK(oss_log_rank_scores(&pooled, &y.table, y.row_time, none, none, 1, score, NULL) == OSS_OK);
    CHECK_NEAR(score[0], 0.5, 1e-15);
    CHECK_NEAR(score[1], -0.5, 1e-15);
    CHECK_NEAR(score[2], 0.5, 1e-15);
    CHECK_NEAR(score[3], -0.5, 1e-15);
}

static void test_memory_can_run_out(void)
{
    const double entry[] = { 0, 0, 1.5, 1 }, exit[] = { 1, 2, 2.5, 3 };
    const int status[] = { 1, 0, 1, 1 }, cell[] = { 1, 2, 2, 1 };
    const oss_risk_rows rows = { 4, entry, exit, status, NULL, cell, 1, 2 };
    made x;
    make(&rows, &x);
    double observed[2], expected[2], covariance[4], score[4];
    oss_log_rank_sums out = { 2, 1, observed, expected, covariance };
    size_t k = 1;
    for (; k < 20; k++) {
        oss_error err = OSS_ERROR_INIT;
        (void) oss_fail_allocation(k);
        const oss_status status_k = oss_log_rank(&rows, &x.table, none, none, &out, NULL, &err);
        (void) oss_fail_allocation(0);
        if (status_k == OSS_OK)
            break;
        CHECK(status_k == OSS_ENOMEM && err.code == OSS_ENOMEM);
    }
    CHECK(k > 4 && k < 20);
    (void) oss_fail_allocation(1);
    CHECK(oss_log_rank_scores(&rows, &x.table, x.row_time, none, none, 1, score, NULL) ==
          OSS_ENOMEM);
    (void) oss_fail_allocation(0);
    oss_error err = OSS_ERROR_INIT;
    out.n_group = 3;
    CHECK(oss_log_rank(&rows, &x.table, none, none, &out, NULL, &err) == OSS_EINVAL);
}

static void test_quadratic_form(void)
{
    /* Rank 2 of 3: V = B B' with rows that sum to 0. */
    const double v[] = { 2, -1, -1, -1, 2, -1, -1, -1, 2 }, u[] = { 1, 2, -3 };
    double solution[3], work[21];
    size_t rank;
    CHECK_NEAR(oss_quadratic(3, u, v, solution, work, &rank), 14.0 / 3, 1e-14);
    CHECK(rank == 2);
    double form = 0;
    for (int i = 0; i < 3; i++)
        form += u[i] * solution[i];
    CHECK_NEAR(form, 14.0 / 3, 1e-14);
    const double zero[9] = { 0 };
    CHECK(oss_quadratic(3, u, zero, NULL, work, &rank) == 0 && rank == 0);
}

int main(void)
{
    test_by_hand();
    test_left_truncation();
    test_memory_can_run_out();
    test_quadratic_form();
    return check_report();
}
