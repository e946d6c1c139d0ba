#include "check.h"
#include "../../src/core/log_rank_resample.h"

#include <string.h>

/* Six rows at the times 1 to 6, the third and last censored, behind the row at time 0. */
static double time[] = { 0, 1, 2, 3, 4, 5, 6 }, n_risk[] = { 6, 6, 5, 4, 3, 2, 1 },
              n_event[] = { 0, 1, 1, 0, 1, 1, 0 }, n_censor[] = { 0, 0, 0, 1, 0, 0, 1 };
static size_t start[] = { 0, 7 };
static const oss_risk_table table = { 7, 1, 1, start, time, n_risk, n_event, n_censor };
static const int status[] = { 1, 1, 0, 1, 1, 0 }, group[] = { 0, 1, 0, 1, 1, 0 };
static const uint32_t row_time[] = { 1, 2, 3, 4, 5, 6 };
static const double rho[] = { 0, 1 }, gamma[] = { 0, 0 }, score[] = { 0, 1 };

static oss_log_rank_data data_of(oss_deal deal, oss_log_rank_form form)
{
    const oss_log_rank_data data = { 6,      2,   1,     status, group, row_time,
                                     &table, rho, gamma, score,  deal,  form };
    return data;
}

static void test_enumeration(void)
{
    oss_log_rank_data data = data_of(OSS_DEAL_ENUMERATE, OSS_LARGEST);
    CHECK(oss_log_rank_deals(&data) == 20);
    double z[21];
    CHECK(oss_log_rank_resample(&data, 20, 1, 1, z, NULL, NULL) == OSS_OK);
    /* Group 2: expected 3/6 + 3/5 + 2/3 + 1/2, variance 1/4 + 6/25 + 2/9 + 1/4. */
    const double want = (3 - 0.5 - 0.6 - 2.0 / 3 - 0.5) / sqrt(0.25 + 0.24 + 2.0 / 9 + 0.25);
    CHECK_NEAR(z[20], want, 1e-14);
    /* Every deal once: the one seen among them once, and each with its mirror. */
    double sum = 0;
    int found = 0;
    for (int i = 0; i < 20; i++) {
        sum += z[i];
        found += fabs(z[i] - want) < 1e-12;
        int mirrored = 0;
        for (int j = 0; j < 20; j++)
            mirrored |= fabs(z[i] + z[j]) < 1e-12;
        CHECK(mirrored);
    }
    CHECK(found == 1);
    CHECK_NEAR(sum, 0, 1e-12);

    data.form = OSS_CHI_SQUARE;
    double chi[21];
    CHECK(oss_log_rank_resample(&data, 20, 1, 1, chi, NULL, NULL) == OSS_OK);
    for (int i = 0; i < 21; i++)
        CHECK_NEAR(chi[i], z[i] * z[i], 1e-12);
    data.form = OSS_LARGEST_ABSOLUTE;
    data.n_weight = 2;
    double most[21];
    CHECK(oss_log_rank_resample(&data, 20, 1, 1, most, NULL, NULL) == OSS_OK);
    for (int i = 0; i < 21; i++)
        CHECK(most[i] >= fabs(z[i]) - 1e-12);
}

static void test_two_strata_are_dealt_apart(void)
{
    double t[] = { 0, 1, 2, 0, 1, 2, 3 }, at_risk[] = { 2, 2, 1, 3, 3, 2, 1 },
           events[] = { 0, 1, 1, 0, 1, 1, 1 }, none[7] = { 0 };
    size_t from[] = { 0, 3, 7 };
    const oss_risk_table strata = { 7, 1, 2, from, t, at_risk, events, none };
    const int all[] = { 1, 1, 1, 1, 1 }, groups[] = { 0, 1, 1, 0, 0 };
    const uint32_t rows[] = { 1, 2, 4, 5, 6 };
    const oss_log_rank_data data = {
        5, 2, 1, all, groups, rows, &strata, rho, gamma, score, OSS_DEAL_ENUMERATE, OSS_LARGEST
    };
    CHECK(oss_log_rank_deals(&data) == 6);
    double z[7], random[201];
    CHECK(oss_log_rank_resample(&data, 6, 1, 1, z, NULL, NULL) == OSS_OK);
    oss_log_rank_data permuted = data;
    permuted.deal = OSS_DEAL_PERMUTE;
    CHECK(oss_log_rank_resample(&permuted, 200, 1, 1, random, NULL, NULL) == OSS_OK);
    CHECK(random[200] == z[6]);
    for (int i = 0; i < 200; i++) {
        int known = 0;
        for (int j = 0; j < 6; j++)
            known |= fabs(random[i] - z[j]) < 1e-12;
        CHECK(known);
    }
    for (int j = 0; j < 6; j++) {
        int seen = 0;
        for (int i = 0; i < 200; i++)
            seen |= fabs(random[i] - z[j]) < 1e-12;
        CHECK(seen);
    }
}

static void test_imputation(void)
{
    oss_log_rank_data data = data_of(OSS_DEAL_IMPUTE, OSS_LARGEST);
    double a[501], b[501];
    CHECK(oss_log_rank_resample(&data, 500, 7, 1, a, NULL, NULL) == OSS_OK);
    CHECK(oss_log_rank_resample(&data, 500, 7, 2, b, NULL, NULL) == OSS_OK);
    CHECK(memcmp(a, b, sizeof a) == 0);
    double sum = 0, square = 0;
    for (int i = 0; i < 500; i++) {
        CHECK(isfinite(a[i]) && fabs(a[i]) < 6);
        sum += a[i];
        square += a[i] * a[i];
    }
    CHECK(fabs(sum / 500) < 0.3 && square / 500 > 0.5 && square / 500 < 2);
    /* No censoring: nothing to impute, so every replicate is a permutation. */
    const int all[] = { 1, 1, 1, 1, 1, 1 };
    double events[] = { 0, 1, 1, 1, 1, 1, 1 }, none[7] = { 0 };
    const oss_risk_table full = { 7, 1, 1, start, time, n_risk, events, none };
    data.status = all;
    data.table = &full;
    oss_log_rank_data every = data;
    every.deal = OSS_DEAL_ENUMERATE;
    double z[21];
    CHECK(oss_log_rank_resample(&every, 20, 1, 1, z, NULL, NULL) == OSS_OK);
    CHECK(oss_log_rank_resample(&data, 500, 7, 1, a, NULL, NULL) == OSS_OK);
    for (int i = 0; i < 500; i++) {
        int known = 0;
        for (int j = 0; j < 20; j++)
            known |= fabs(a[i] - z[j]) < 1e-12;
        CHECK(known);
    }
}

static void test_memory_can_run_out(void)
{
    const oss_log_rank_data data = data_of(OSS_DEAL_PERMUTE, OSS_LARGEST);
    double z[11];
    size_t k = 1;
    for (; k < 20; k++) {
        oss_error err = OSS_ERROR_INIT;
        (void) oss_fail_allocation(k);
        const oss_status got = oss_log_rank_resample(&data, 10, 1, 1, z, NULL, &err);
        (void) oss_fail_allocation(0);
        if (got == OSS_OK)
            break;
        CHECK(got == OSS_ENOMEM && err.code == OSS_ENOMEM);
    }
    CHECK(k == 5);
}

int main(void)
{
    test_enumeration();
    test_two_strata_are_dealt_apart();
    test_imputation();
    test_memory_can_run_out();
    return check_report();
}
