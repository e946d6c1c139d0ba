#include "check.h"
#include "../../src/core/normal_box.h"
#include "../../src/core/quantile.h"

static double box(size_t n, const double *correlation, double lower, double upper)
{
    double p = -1;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_normal_box(n, correlation, lower, upper, &p, &err) == OSS_OK);
    return p;
}

static void fill(size_t n, double rho, double *correlation)
{
    for (size_t i = 0; i < n * n; i++)
        correlation[i] = i % (n + 1) ? rho : 1;
}

static void test_known_probabilities(void)
{
    double r[64];
    const double inside = 2 * oss_normal_cdf(2) - 1;
    for (size_t n = 1; n <= 4; n++) {
        fill(n, 0, r);
        CHECK_NEAR(box(n, r, -2, 2), pow(inside, (double) n), 1e-8);
        CHECK_NEAR(box(n, r, -INFINITY, 1), pow(oss_normal_cdf(1), (double) n), 1e-8);
        /* Equal correlations of a half: the orthant has probability 1 / (n + 1). */
        fill(n, 0.5, r);
        CHECK_NEAR(box(n, r, -INFINITY, 0), 1 / (1 + (double) n), 1e-7);
    }
    for (size_t n = 2; n <= 8; n++) { /* all the same */
        fill(n, 1, r);
        CHECK_NEAR(box(n, r, -2, 2), inside, 1e-12);
    }
}

/* The third is the sum of the first two: their orthant is in its half space. */
static void test_singular(void)
{
    const double s = sqrt(0.5), r[] = { 1, 0, s, 0, 1, s, s, s, 1 };
    CHECK_NEAR(box(3, r, -INFINITY, 0), 0.25, 1e-9);
    const double opposite[] = { 1, -1, -1, 1 };
    CHECK_NEAR(box(2, opposite, -INFINITY, 1), 2 * oss_normal_cdf(1) - 1, 1e-12);
    CHECK(box(2, opposite, -INFINITY, -1) == 0);
}

static void test_nearly_singular(void)
{
    /* P(|Z| <= 2, |r Z + c W| <= 2), c = 1e-3: by the mean of a steep edge, 2 phi(2) c E|W| less.
     */
    const double c = 1e-3, rho = sqrt(1 - c * c), r[] = { 1, rho, rho, 1 };
    const double density = exp(-2) * 0.3989422804014327, mean = 0.3989422804014327;
    CHECK_NEAR(box(2, r, -2, 2), 2 * oss_normal_cdf(2) - 1 - 2 * density * c * mean, 1e-6);
}

static void test_refused(void)
{
    double r[81], p;
    fill(5, 0, r);
    CHECK(oss_normal_box(5, r, -1, 1, &p, NULL) == OSS_EINVAL); /* rank 5 */
    CHECK(oss_normal_box(0, r, -1, 1, &p, NULL) == OSS_EINVAL);
    CHECK(oss_normal_box(9, r, -1, 1, &p, NULL) == OSS_EINVAL);
    CHECK(oss_normal_box(2, r, NAN, 1, &p, NULL) == OSS_EINVAL);
    r[1] = 2;
    CHECK(oss_normal_box(2, r, -1, 1, &p, NULL) == OSS_EINVAL);
    r[1] = NAN;
    CHECK(oss_normal_box(2, r, -1, 1, &p, NULL) == OSS_EINVAL);
}

int main(void)
{
    test_known_probabilities();
    test_singular();
    test_nearly_singular();
    test_refused();
    return check_report();
}
