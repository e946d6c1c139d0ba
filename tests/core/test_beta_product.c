#include "check.h"
#include "../../src/core/beta_product.h"
#include "../../src/core/quantile.h"

/* Without censoring the limits are Clopper-Pearson's: x of n alive after n - x failures. */
static void test_uncensored_is_clopper_pearson(void)
{
    for (int n = 1; n <= 40; n++) {
        oss_beta_product product = OSS_BETA_PRODUCT_START;
        for (int alive = n; alive >= 0; alive--) {
            if (alive < n)
                oss_beta_product_step(&product, alive + 1, 1);
            const double low = alive ? oss_beta_quantile(0.025, alive, n - alive + 1, NAN) : 0;
            const double high = alive < n ? oss_beta_quantile(0.975, alive + 1, n - alive, NAN) : 1;
            CHECK_NEAR(oss_beta_product_low(&product, alive, 0.025, NAN), low, 1e-11);
            CHECK_NEAR(oss_beta_product_high(&product, 0.025, NAN), high, 1e-11);
        }
    }
}

/* d failures at once are d failures one after the other. */
static void test_ties_are_one_by_one(void)
{
    oss_beta_product together = OSS_BETA_PRODUCT_START, apart = OSS_BETA_PRODUCT_START;
    oss_beta_product_step(&together, 11, 4);
    for (int y = 11; y > 7; y--)
        oss_beta_product_step(&apart, y, 1);
    CHECK_NEAR(together.mean, apart.mean, 1e-15);
    CHECK_NEAR(together.complement, 1 - together.mean, 1e-15);
    CHECK_NEAR(together.variation, apart.variation, 1e-14);
    oss_beta_product_step(&together, 7, 0);
    CHECK(together.mean == 8.0 / 12);
}

static void test_mid_p_lies_inside(void)
{
    oss_beta_product product = OSS_BETA_PRODUCT_START;
    double low, high;
    oss_beta_product_mid_p(&product, 11, 0.025, &low, &high);
    CHECK_NEAR(low, pow(0.05, 1 / 11.0), 1e-12); /* half of the lower variable alone */
    CHECK(high == 1);
    oss_beta_product_step(&product, 11, 3);
    oss_beta_product_mid_p(&product, 6, 0.025, &low, &high);
    CHECK(low > oss_beta_product_low(&product, 6, 0.025, NAN));
    CHECK(high < oss_beta_product_high(&product, 0.025, NAN));
    oss_beta_product_mid_p(&product, 0, 0.025, &low, &high);
    CHECK(low == 0);
    CHECK_NEAR(high, oss_beta_product_high(&product, 0.05, NAN), 1e-12);
}

int main(void)
{
    test_uncensored_is_clopper_pearson();
    test_ties_are_one_by_one();
    test_mid_p_lies_inside();
    return check_report();
}
