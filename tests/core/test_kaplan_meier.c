#include "check.h"
#include "../../src/core/kaplan_meier.h"

static int stop(void *context, double fraction)
{
    (void) context;
    (void) fraction;
    return 1;
}

/* Freireich's 6-MP arm to 10 weeks. */
static double time[] = { 0, 6, 7, 9, 10 }, n_risk[] = { 21, 21, 17, 16, 15 },
              n_event[] = { 0, 3, 1, 0, 1 }, n_censor[] = { 0, 1, 0, 1, 1 };
static size_t start[] = { 0, 5 };
static const oss_risk_table arm = { 5, 1, 1, start, time, n_risk, n_event, n_censor };

static void test_published_limits(void)
{
    const double want[][2] = { { .500826, .915031 }, { .524899561, .903365363 },
                               { .5401, .9037 },     { .5032, .8894 },
                               { .5859, .9676 },     { .5641, .9418 },
                               { .5248, .8937 },     { .5462, .9119 } };
    const double digits[] = { 5e-7, 5e-10, 5e-5, 5e-5, 5e-5, 5e-5, 5e-5, 5e-5 };
    double s[5], se[5], low[5], high[5];
    for (int type = 0; type < 8; type++) {
        CHECK(oss_kaplan_meier(&arm, (oss_conf_type) type, 0.95, 1, s, se, low, high, NULL, NULL) ==
              OSS_OK);
        CHECK_NEAR(s[4], 18.0 / 21 * 16 / 17 * 14 / 15, 1e-15);
        CHECK_NEAR(se[4], .0963, 5e-5);
        CHECK_NEAR(low[4], want[type][0], digits[type]);
        CHECK_NEAR(high[4], want[type][1], digits[type]);
        CHECK(s[0] == 1 &&
              (type < 2 ? high[0] == 1 && low[0] < 0.9 : isnan(low[0]) && isnan(high[0])));
    }
}

static void test_all_fail(void)
{
    double t[] = { 0, 1, 2 }, at_risk[] = { 3, 3, 2 }, events[] = { 0, 1, 2 }, none[] = { 0, 0, 0 };
    size_t from[] = { 0, 3 };
    const oss_risk_table table = { 3, 1, 1, from, t, at_risk, events, none };
    double s[3], se[3], low[3], high[3];
    for (int type = 0; type < 8; type++) {
        CHECK(oss_kaplan_meier(&table, (oss_conf_type) type, 0.95, 1, s, se, low, high, NULL,
                               NULL) == OSS_OK);
        CHECK(s[2] == 0 && se[2] == 0);
        CHECK(type < 3 ? low[2] == 0 && high[2] > 0 && high[2] < 1
                       : isnan(low[2]) && isnan(high[2]));
    }
}

/* One of one fails long after 29 of 35 are gone: the matched beta then has the longer upper tail.
 * bpcp 1.5.5 at alpha = 0.001, which forces its limits to fall. */
static void test_beta_limits_never_rise(void)
{
    double t[] = { 0, 1, 2 }, at_risk[] = { 35, 35, 1 }, events[] = { 0, 5, 1 },
           gone[] = { 0, 29, 0 };
    size_t from[] = { 0, 3 };
    const oss_risk_table table = { 3, 1, 1, from, t, at_risk, events, gone };
    double s[3], se[3], low[3], high[3];
    CHECK(oss_kaplan_meier(&table, OSS_CONF_BETA_PRODUCT, 0.999, 1, s, se, low, high, NULL, NULL) ==
          OSS_OK);
    CHECK_NEAR(low[1], 0.001422849, 5e-10);
    CHECK_NEAR(high[1], 0.980997, 5e-7);
    CHECK(high[2] == high[1] && low[2] == 0);
}

static void test_long_work_can_be_stopped(void)
{
    double s[5], se[5], low[5], high[5];
    oss_error err = OSS_ERROR_INIT;
    const oss_hook hook = { stop, NULL };
    CHECK(oss_kaplan_meier(&arm, OSS_CONF_LIKELIHOOD_RATIO, 0.95, 1, s, se, low, high, &hook,
                           &err) == OSS_ECANCEL);
    CHECK(err.code == OSS_ECANCEL);
}

static void test_no_memory(void)
{
    double s[5], se[5], low[5], high[5];
    oss_error err = OSS_ERROR_INIT;
    oss_fail_allocation(1);
    CHECK(oss_kaplan_meier(&arm, OSS_CONF_BETA_PRODUCT, 0.95, 1, s, se, low, high, NULL, &err) ==
          OSS_ENOMEM);
    oss_fail_allocation(2);
    CHECK(oss_kaplan_meier(&arm, OSS_CONF_BETA_PRODUCT, 0.95, 1, s, se, low, high, NULL, &err) ==
          OSS_OK);
    oss_fail_allocation(0);
}

int main(void)
{
    test_published_limits();
    test_all_fail();
    test_beta_limits_never_rise();
    test_long_work_can_be_stopped();
    test_no_memory();
    return check_report();
}
