#include "check.h"
#include "../../src/core/melding.h"
#include "../../src/core/quantile.h"

static oss_beta_product beta(double a, double b)
{
    const double n = a + b;
    const oss_beta_product x = { a / n, b / n, b / (a * (n + 1)) };
    return x;
}

static const oss_beta_product zero = { 0, 1, 0 }, one = { 1, 0, 0 };

/* x of n without censoring: the variables of Clopper-Pearson limits for the share that survives. */
static oss_meld_arm counted(double failed, double n)
{
    const oss_meld_arm arm = { failed < n ? beta(n - failed, failed + 1) : zero,
                               failed > 0 ? beta(n - failed + 1, failed) : one };
    return arm;
}

static double choose(int n, int k)
{
    double value = 1;
    for (int i = 1; i <= k; i++)
        value *= (double) (n - k + i) / i;
    return value;
}

/* Twice the smaller of Fisher's one-sided p. */
static double fisher_central(int x1, int n1, int x2, int n2)
{
    double below = 0, above = 0, all = 0;
    for (int k = 0; k <= x1 + x2; k++) {
        if (k > n1 || x1 + x2 - k > n2)
            continue;
        const double share = choose(n1, k) * choose(n2, x1 + x2 - k);
        all += share;
        below += k <= x1 ? share : 0;
        above += k >= x1 ? share : 0;
    }
    return fmin(1, 2 * fmin(below, above) / all);
}

static void test_fisher(void)
{
    for (int n1 = 1; n1 <= 12; n1 += 2)
        for (int n2 = 1; n2 <= 14; n2 += 3)
            for (int x1 = 0; x1 <= n1; x1++)
                for (int x2 = 0; x2 <= n2; x2++) {
                    const oss_meld_arm first = counted(x1, n1), second = counted(x2, n2);
                    for (int effect = 0; effect < 3; effect++) {
                        oss_melded got;
                        CHECK(oss_meld(&first, &second, (oss_meld_effect) effect, 0, 0.95, &got,
                                       NULL) == OSS_OK);
                        const double want = fisher_central(x1, n1, x2, n2);
                        CHECK_NEAR(got.p, want, 1e-11);
                        CHECK(got.low < got.high);
                        CHECK(fabs(want - 0.05) < 1e-9 ||
                              (want < 0.05) == (got.low > 0 || got.high < 0));
                    }
                }
}

/* Uniforms: difference triangular, ratio and odds in closed form. */
static void test_uniform(void)
{
    const oss_beta_product u = beta(1, 1);
    for (double at = -0.975; at < 1; at += 0.05) {
        double below, above;
        CHECK(oss_meld_tails(&u, &u, OSS_MELD_DIFFERENCE, at, &below, &above, NULL) == OSS_OK);
        CHECK_NEAR(below, at < 0 ? (1 + at) * (1 + at) / 2 : 1 - (1 - at) * (1 - at) / 2, 1e-12);
        CHECK_NEAR(above, at > 0 ? (1 - at) * (1 - at) / 2 : 1 - (1 + at) * (1 + at) / 2, 1e-12);
        const double w = 4 * at, r = exp(w);
        CHECK(oss_meld_tails(&u, &u, OSS_MELD_RATIO, w, &below, &above, NULL) == OSS_OK);
        CHECK_NEAR(below, r < 1 ? r / 2 : 1 - 1 / (2 * r), 1e-12);
        CHECK(oss_meld_tails(&u, &u, OSS_MELD_ODDS_RATIO, w, &below, &above, NULL) == OSS_OK);
        /* P(V <= r U / (1 - U + r U)) = r (r - 1 - log r) / (r - 1)^2 */
        const double odds = fabs(w) < 1e-12 ? 0.5 : r * (r - 1 - w) / ((r - 1) * (r - 1));
        CHECK_NEAR(below, odds, 1e-11);
        CHECK_NEAR(above, 1 - odds, 1e-11);
    }
}

/* Registry against ward, and tails as small as doubles hold. */
static void test_scales(void)
{
    const double shapes[][2] = { { 3, 9 }, { 4e6, 5e5 }, { 9.5e6, 12 }, { 0.3, 4 }, { 12, 1 } };
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            for (int effect = 0; effect < 3; effect++) {
                const oss_beta_product x = beta(shapes[i][0], shapes[i][1]),
                                       y = beta(shapes[j][0], shapes[j][1]);
                double last = 0;
                for (double at = -0.9; at < 0.95; at += 0.1) {
                    double below, above, mirrored, other;
                    CHECK(oss_meld_tails(&x, &y, (oss_meld_effect) effect, at, &below, &above,
                                         NULL) == OSS_OK);
                    CHECK_NEAR(below + above, 1, 1e-11);
                    CHECK(below >= last * (1 - 1e-11));
                    last = below;
                    CHECK(oss_meld_tails(&y, &x, (oss_meld_effect) effect, -at, &other, &mirrored,
                                         NULL) == OSS_OK);
                    CHECK(fabs(mirrored - below) <= 1e-10 * below);
                }
            }
    /* Normal approximation of two registries, one a little better: 60 standard deviations. */
    const oss_beta_product x = beta(9e6, 1e6), y = beta(8.95e6, 1.05e6);
    double below, above;
    CHECK(oss_meld_tails(&x, &y, OSS_MELD_DIFFERENCE, 0.0, &below, &above, NULL) == OSS_OK);
    CHECK(above > 0 && above < 1e-250);
}

static void test_points(void)
{
    oss_melded got;
    const oss_meld_arm all_failed = counted(5, 5), none_failed = counted(0, 8),
                       some = counted(2, 9);
    CHECK(oss_meld(&all_failed, &none_failed, OSS_MELD_DIFFERENCE, 0, 0.95, &got, NULL) == OSS_OK);
    CHECK(got.high == 1 && got.low > 0 && got.low < 0.6);
    CHECK(oss_meld(&none_failed, &all_failed, OSS_MELD_RATIO, 0, 0.95, &got, NULL) == OSS_OK);
    CHECK(isinf(got.low) && got.low < 0 && got.high < 0);
    CHECK(oss_meld(&none_failed, &none_failed, OSS_MELD_DIFFERENCE, 0, 0.95, &got, NULL) == OSS_OK);
    CHECK_NEAR(got.low, -got.high, 1e-12);
    CHECK_NEAR(got.high, 1 - pow(0.025, 1.0 / 8), 1e-12);
    CHECK(got.p == 1);
    CHECK(oss_meld(&none_failed, &none_failed, OSS_MELD_ODDS_RATIO, 0, 0.95, &got, NULL) == OSS_OK);
    CHECK(got.low == -INFINITY && got.high == INFINITY && got.p == 1);
    for (int mid_p = 0; mid_p < 2; mid_p++)
        for (int effect = 0; effect < 3; effect++) {
            oss_melded other;
            CHECK(oss_meld(&some, &none_failed, (oss_meld_effect) effect, mid_p, 0.9, &got, NULL) ==
                  OSS_OK);
            CHECK(oss_meld(&none_failed, &some, (oss_meld_effect) effect, mid_p, 0.9, &other,
                           NULL) == OSS_OK);
            CHECK_NEAR(got.low, -other.high, 1e-10);
            CHECK_NEAR(got.high, -other.low, 1e-10);
            CHECK_NEAR(got.p, other.p, 1e-10);
        }
}

/* The limits have the tails they are to have. */
static void test_limits_solve(void)
{
    for (int i = 0; i < 60; i++) {
        const oss_meld_arm first = counted(i % 7, 7 + i), second = counted(i % 5 + i, 9 + 3 * i);
        for (int effect = 0; effect < 3; effect++) {
            oss_melded got;
            double below, above;
            const double level = i % 2 ? 0.95 : 0.5;
            CHECK(oss_meld(&first, &second, (oss_meld_effect) effect, 0, level, &got, NULL) ==
                  OSS_OK);
            CHECK(oss_meld_tails(&first.high, &second.low, (oss_meld_effect) effect, got.low,
                                 &below, &above, NULL) == OSS_OK);
            if (got.low > -INFINITY)
                CHECK_NEAR(below, (1 - level) / 2, 1e-11);
            CHECK(oss_meld_tails(&first.low, &second.high, (oss_meld_effect) effect, got.high,
                                 &below, &above, NULL) == OSS_OK);
            if (got.high < INFINITY)
                CHECK_NEAR(above, (1 - level) / 2, 1e-11);
        }
    }
}

int main(void)
{
    test_fisher();
    test_uniform();
    test_scales();
    test_points();
    test_limits_solve();
    return check_report();
}
