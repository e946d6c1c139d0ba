#include "check.h"
#include "../../src/core/survival_contrast.h"

/* Two groups: 3 of 4 fail at 1, 2, 2, one censored at 3; 1 of 3 fails at 2, censored at 1 and 2. */
static double time[] = { 0, 1, 2, 3, 0, 1, 2 }, n_risk[] = { 4, 4, 3, 1, 3, 3, 2 },
              n_event[] = { 0, 1, 2, 0, 0, 0, 1 }, n_censor[] = { 0, 0, 0, 1, 0, 1, 1 };
static size_t start[] = { 0, 4, 7 };
static const oss_risk_table table = { 7, 1, 2, start, time, n_risk, n_event, n_censor };
static const double at[] = { 0, 1, 1.5, 2, 2.5 };

static void test_points(void)
{
    oss_survival_point x[5], y[5];
    oss_survival_points(&table, 0, 5, at, x);
    oss_survival_points(&table, 1, 5, at, y);
    CHECK(x[0].survival == 1 && x[0].at_risk_after == 4 && x[0].greenwood == 0);
    CHECK_NEAR(x[2].survival, 0.75, 1e-15);
    CHECK_NEAR(x[3].survival, 0.25, 1e-15);
    CHECK_NEAR(x[3].greenwood, 1.0 / 12 + 2.0 / 3, 1e-15);
    CHECK_NEAR(x[3].product.mean, 4.0 / 5 * 2 / 4, 1e-15);
    /* Censored at the time itself: still there just after it, gone later. */
    CHECK(y[1].at_risk_after == 3 && y[2].at_risk_after == 2 && y[3].at_risk_after == 1);
    CHECK(x[4].known && y[3].known && !y[4].known);
}

static void test_contrasts(void)
{
    oss_survival_point x[5], y[5];
    oss_contrast got;
    oss_survival_points(&table, 0, 5, at, x);
    oss_survival_points(&table, 1, 5, at, y);
    CHECK(oss_survival_contrast(&x[3], &y[3], OSS_MELD_DIFFERENCE, OSS_CONTRAST_WALD, 0.95, &got,
                                NULL) == OSS_OK);
    CHECK_NEAR(got.estimate, 0.25, 1e-15);
    CHECK_NEAR(got.std_error, sqrt(0.0625 * 0.75 + 0.25 * 0.5), 1e-15);
    CHECK_NEAR(got.low, 0.25 - 1.959963984540054 * got.std_error, 1e-14);
    CHECK_NEAR(got.p, erfc(0.25 / got.std_error / sqrt(2)), 1e-15);
    CHECK(oss_survival_contrast(&x[3], &y[3], OSS_MELD_ODDS_RATIO, OSS_CONTRAST_WALD, 0.95, &got,
                                NULL) == OSS_OK);
    CHECK_NEAR(got.estimate, log(3), 1e-15);
    CHECK_NEAR(got.std_error, sqrt(0.75 / 0.5625 + 0.5 / 0.25), 1e-15);
    for (int type = 0; type < 3; type++) {
        CHECK(oss_survival_contrast(&x[4], &y[4], OSS_MELD_RATIO, (oss_contrast_type) type, 0.95,
                                    &got, NULL) == OSS_OK);
        CHECK(isnan(got.estimate) && isnan(got.low) && isnan(got.p));
        /* Before any failure: no Wald interval, a melded one. */
        CHECK(oss_survival_contrast(&x[0], &y[0], OSS_MELD_DIFFERENCE, (oss_contrast_type) type,
                                    0.95, &got, NULL) == OSS_OK);
        CHECK(got.estimate == 0 && isnan(got.std_error));
        if (type == OSS_CONTRAST_WALD)
            CHECK(isnan(got.low) && isnan(got.p));
        else
            CHECK(got.low < -0.4 && got.high > 0.3 && got.low > -1 && got.high < 1 && got.p > 0.9);
    }
    CHECK(oss_survival_contrast(&x[0], &y[0], OSS_MELD_DIFFERENCE, OSS_CONTRAST_MELDED, 0.95, &got,
                                NULL) == OSS_OK);
    CHECK_NEAR(got.high, 1 - pow(0.025, 1.0 / 4), 1e-12);
    CHECK_NEAR(got.low, pow(0.025, 1.0 / 3) - 1, 1e-12);
}

int main(void)
{
    test_points();
    test_contrasts();
    return check_report();
}
