#include "check.h"
#include "../../src/core/interval_limits.h"
#include "../../src/core/quantile.h"

#include <stdlib.h>

typedef oss_status limits_of(const oss_interval_table *table, size_t stratum, size_t n_place,
                             const uint32_t *place, double level, double *low, double *high,
                             const oss_hook *hook, oss_error *err);

static oss_interval_table *make(size_t n, const double *left, const double *right,
                                const double *weight)
{
    oss_interval_table *table;
    const oss_interval_rows rows = { n, left, right, weight, NULL, 1 };
    CHECK(oss_interval_table_new(&rows, &table, NULL) == OSS_OK);
    return table;
}

static void at_times(limits_of *limits, const oss_interval_table *t, size_t n, const double *times,
                     double *low, double *high)
{
    uint32_t place[8];
    oss_error err = OSS_ERROR_INIT;
    oss_interval_places(t, n, times, place);
    CHECK(limits(t, 0, n, place, 0.95, low, high, NULL, &err) == OSS_OK);
}

static void test_binomial(void)
{
    /* 3 of 11 by time 6, the others seen without the event at 6: Clopper-Pearson. */
    const double left[] = { 3, 6 }, right[] = { 6, INFINITY }, weight[] = { 3, 8 }, at = 6;
    oss_interval_table *t = make(2, left, right, weight);
    double low, high;
    at_times(oss_interval_exact, t, 1, &at, &low, &high);
    CHECK_NEAR(low, oss_beta_quantile(0.025, 8, 4, NAN), 1e-10);
    CHECK_NEAR(high, oss_beta_quantile(0.975, 9, 3, NAN), 1e-10);
    at_times(oss_interval_likelihood_ratio, t, 1, &at, &low, &high);
    const double best = 3 * log(3.0 / 11) + 8 * log(8.0 / 11);
    CHECK_NEAR(2 * (best - 3 * log(1 - low) - 8 * log(low)), oss_chisq_quantile(0.95, 1), 1e-7);
    CHECK_NEAR(2 * (best - 3 * log(1 - high) - 8 * log(high)), oss_chisq_quantile(0.95, 1), 1e-7);
    CHECK(low < 8.0 / 11 && high > 8.0 / 11);
    oss_interval_table_free(t);
}

static void test_no_event(void)
{
    const double left[] = { 36 }, right[] = { INFINITY }, weight[] = { 11 };
    const double at[] = { 0, 12, 36, 40 };
    oss_interval_table *t = make(1, left, right, weight);
    double low[4], high[4];
    at_times(oss_interval_exact, t, 4, at, low, high);
    for (int i = 0; i < 3; i++)
        CHECK_NEAR(low[i], 1 - 0.284914, 1e-6);
    CHECK(low[3] == 0 && high[0] == 1 && high[3] == 1);
    at_times(oss_interval_likelihood_ratio, t, 4, at, low, high);
    for (int i = 0; i < 3; i++)
        CHECK_NEAR(low[i], exp(-oss_chisq_quantile(0.95, 1) / 22), 1e-7);
    CHECK(low[3] == 0 && high[0] == 1 && high[3] == 1);
    oss_interval_table_free(t);
}

static void test_placement_by_hand(void)
{
    /* (0, 4] and (2, Inf): at 1 the event can have happened, at 4 it must. Low at 1: one event of
     * two, then one at risk: product of the factors U1, U2 of Beta(2, 1), Beta(1, 1). High at 4: as
     * early as 0+, before the other is lost: Beta(2, 1). */
    const double left[] = { 0, 2 }, right[] = { 4, INFINITY }, at[] = { 1, 4 };
    oss_interval_table *t = make(2, left, right, NULL);
    double low[2], high[2];
    at_times(oss_interval_exact, t, 2, at, low, high);
    CHECK_NEAR(low[0], 1 - sqrt(0.975), 1e-9); /* Beta(1, 2) */
    CHECK(high[0] == 1 && low[1] == 0);
    CHECK_NEAR(high[1], sqrt(0.975), 1e-9);
    oss_interval_table_free(t);
}

static int stop(void *context, double fraction)
{
    (void) fraction;
    return (*(int *) context)-- <= 0;
}

static void test_faults(void)
{
    double left[200], right[200], low[200], high[200];
    uint32_t place[200];
    for (int i = 0; i < 200; i++) {
        left[i] = i;
        right[i] = i + 3.5;
    }
    oss_interval_table *t = make(200, left, right, NULL);
    for (uint32_t i = 0; i < 200; i++)
        place[i] = 2 * i + 1;
    limits_of *const both[] = { oss_interval_exact, oss_interval_likelihood_ratio };
    for (int which = 0; which < 2; which++) {
        oss_error err = OSS_ERROR_INIT;
        int polls = 1;
        const oss_hook hook = { stop, &polls };
        CHECK(both[which](t, 0, 200, place, 0.95, low, high, &hook, &err) == OSS_ECANCEL);
        const uint32_t never[] = { 3, (uint32_t) (2 * t->n_time + 1) }, back[] = { 5, 3 };
        CHECK(both[which](t, 0, 2, never, 0.95, low, high, NULL, &err) == OSS_EINVAL &&
              err.index == 1);
        CHECK(both[which](t, 0, 2, back, 0.95, low, high, NULL, &err) == OSS_EINVAL);
        oss_status status = OSS_ENOMEM;
        for (size_t k = 1; status != OSS_OK; k++) {
            (void) oss_fail_allocation(k);
            status = both[which](t, 0, 3, place, 0.95, low, high, NULL, NULL);
            CHECK(status == OSS_OK || status == OSS_ENOMEM);
        }
        (void) oss_fail_allocation(0);
    }
    oss_interval_table_free(t);
}

int main(void)
{
    test_binomial();
    test_no_event();
    test_placement_by_hand();
    test_faults();
    return check_report();
}
