#include "check.h"
#include "../../src/core/cumulative_incidence.h"
#include "../../src/core/quantile.h"

/* REFERENCE: t 2 5 7 9 12 15 18 24 30 36, mode 2 0 4 1 0 4 death 0 0 0; causes 1, 2, 4, death. */
static void test_published_estimates(void)
{
    double time[] = { 0, 2, 5, 7, 9, 12, 15, 18, 24, 30, 36 },
           n_risk[] = { 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    double n_censor[] = { 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1 };
    double n_event[44] = { 0 };
    n_event[4] = 1;      /* mode 1 at 9 */
    n_event[11 + 1] = 1; /* mode 2 at 2 */
    n_event[22 + 3] = 1; /* mode 4 at 7 */
    n_event[22 + 6] = 1; /* and at 15 */
    n_event[33 + 7] = 1; /* death at 18 */
    size_t start[] = { 0, 11 };
    const oss_risk_table table = { 11, 4, 1, start, time, n_risk, n_event, n_censor };
    double f[44], se[44], low[44], high[44], s[11];
    for (int type = 0; type < 3; type++) {
        CHECK(oss_cumulative_incidence(&table, (oss_incidence_type) type, 0.95, 1, f, se, low, high,
                                       s, NULL, NULL) == OSS_OK);
        CHECK_NEAR(f[5], 0.1125, 1e-15);
        CHECK_NEAR(f[11 + 5], 0.1, 1e-15);
        CHECK_NEAR(f[22 + 8], 0.2475, 1e-15);
        CHECK_NEAR(se[22 + 8], 0.15263, 5e-6);
        CHECK_NEAR(f[33 + 8], 0.135, 1e-15);
        CHECK_NEAR(s[8], 0.405, 1e-15);
        for (int k = 0; k < 44; k++) {
            if (type == 0)
                CHECK(low[k] <= f[k] && f[k] <= high[k] && high[k] > low[k] && high[k] <= 1);
            else
                CHECK(f[k] > 0 ? low[k] <= f[k] && f[k] <= high[k]
                               : isnan(low[k]) && isnan(high[k]));
        }
        for (int k = 0; k < 11; k++)
            CHECK_NEAR(s[k] + f[k] + f[11 + k] + f[22 + k] + f[33 + k], 1, 1e-15);
    }
}

/* Without censoring Clopper-Pearson for d_j of n, whatever the order and the ties. */
static void test_uncensored_is_clopper_pearson(void)
{
    for (int order = 0; order < 64; order++) {
        double time[] = { 0, 1, 2, 3, 4 }, n_risk[] = { 11, 11, 9, 7, 4 }, n_censor[5] = { 0 };
        double n_event[10] = { 0 };
        const double dead[] = { 0, 2, 2, 3, 4 };
        size_t start[] = { 0, 5 };
        double total = 0;
        for (int k = 1; k < 5; k++) {
            n_event[k] = (order >> (k - 1)) & 1 ? dead[k] - 1 : 1;
            n_event[5 + k] = dead[k] - n_event[k];
            total += n_event[k];
        }
        const oss_risk_table table = { 5, 2, 1, start, time, n_risk, n_event, n_censor };
        double f[10], se[10], low[10], high[10], s[5];
        CHECK(oss_cumulative_incidence(&table, OSS_INCIDENCE_EXACT, 0.95, 1, f, se, low, high, s,
                                       NULL, NULL) == OSS_OK);
        CHECK_NEAR(f[4], total / 11, 1e-14);
        CHECK_NEAR(low[4], oss_beta_quantile(0.025, total, 11 - total + 1, NAN), 1e-11);
        CHECK_NEAR(high[4], oss_beta_quantile(0.975, total + 1, 11 - total, NAN), 1e-11);
        CHECK_NEAR(se[4], sqrt(f[4] * (1 - f[4]) / 11), 1e-13);
    }
}

/* 1 - 1/3 1/5 ... rounds; the log-log and plain intervals at 1 must not shrink to a point there. */
static void test_all_of_one_cause_have_no_transformed_limits(void)
{
    for (int n = 2; n < 60; n++) {
        double time[60], n_risk[60], n_event[120] = { 0 }, n_censor[60] = { 0 };
        size_t start[] = { 0, (size_t) n + 1 };
        for (int k = 0; k <= n; k++) {
            time[k] = k;
            n_risk[k] = k ? 3 * (n - k) + 1 : 3 * n - 2;
            n_event[k] = k > 0;
            n_censor[k] = k && k < n ? 2 : 0;
        }
        const oss_risk_table table = {
            (size_t) n + 1, 2, 1, start, time, n_risk, n_event, n_censor
        };
        double f[120], se[120], low[120], high[120], s[60];
        /* The second cause has no event: its rows stand behind those of the first. */
        for (int type = 1; type < 3; type++) {
            CHECK(oss_cumulative_incidence(&table, (oss_incidence_type) type, 0.95, 1, f, se, low,
                                           high, s, NULL, NULL) == OSS_OK);
            CHECK(f[n] == 1 && se[n] == 0 && isnan(low[n]) && isnan(high[n]) && s[n] == 0);
        }
    }
}

static void test_no_memory(void)
{
    double time[] = { 0, 1, 2 }, n_risk[] = { 3, 3, 2 }, n_event[] = { 0, 1, 0, 0, 0, 1 },
           n_censor[] = { 0, 0, 1 };
    size_t start[] = { 0, 3 };
    const oss_risk_table table = { 3, 2, 1, start, time, n_risk, n_event, n_censor };
    double f[6], se[6], low[6], high[6], s[3];
    oss_status code = OSS_ENOMEM;
    for (size_t k = 1; k < 10 && code == OSS_ENOMEM; k++) {
        oss_error err = OSS_ERROR_INIT;
        oss_fail_allocation(k);
        code = oss_cumulative_incidence(&table, OSS_INCIDENCE_EXACT, 0.95, 1, f, se, low, high, s,
                                        NULL, &err);
        CHECK(k > 2 ? code == OSS_OK : code == OSS_ENOMEM);
    }
    oss_fail_allocation(0);
}

int main(void)
{
    test_published_estimates();
    test_uncensored_is_clopper_pearson();
    test_all_of_one_cause_have_no_transformed_limits();
    test_no_memory();
    return check_report();
}
