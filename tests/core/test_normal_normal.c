#include "check.h"
#include "../../src/core/normal_normal.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

static const double y[5] = { 0.3, -0.8, 1.4, 0.1, 2.2 }, v[5] = { 0.2, 0.1, 0.4, 0.3, 0.5 },
                    one[5] = { 1, 1, 1, 1, 1 };

static oss_status fit(size_t k, size_t p, const double *effects, const double *variances,
                      const double *x, oss_tau2 method, double *beta, double *vcov,
                      oss_normal_fit *out, oss_error *err)
{
    const oss_normal_data data = { k, p, effects, variances, x };
    double *work = malloc(oss_normal_work(k, p) * sizeof *work);
    if (!work)
        abort();
    const oss_status status =
        oss_normal_normal(&data, method, 0.95, beta, vcov, work, out, NULL, err);
    free(work);
    return status;
}

/* Restricted log-likelihood of one mean, from its definition. */
static double restricted(double tau2)
{
    double sw = 0, swy = 0, sl = 0, q = 0;
    for (int i = 0; i < 5; i++) {
        sw += 1 / (v[i] + tau2);
        swy += y[i] / (v[i] + tau2);
        sl += log(v[i] + tau2);
    }
    for (int i = 0; i < 5; i++)
        q += (y[i] - swy / sw) * (y[i] - swy / sw) / (v[i] + tau2);
    return -0.5 * (sl + log(sw) + q + 4 * log(2 * acos(-1.0)) - log(5));
}

static void test_each_method(void)
{
    double beta, vcov;
    oss_normal_fit f;
    CHECK(fit(5, 1, y, v, one, OSS_TAU2_REML, &beta, &vcov, &f, NULL) == OSS_OK);
    CHECK(f.converged && f.tau2 > 0 && fabs(f.gradient) < 1e-10);
    CHECK_NEAR(f.log_lik, restricted(f.tau2), 1e-13);
    CHECK(restricted(f.tau2) >= restricted(f.tau2 * 1.001) &&
          restricted(f.tau2) >= restricted(f.tau2 * 0.999));
    CHECK(fit(5, 1, y, v, one, OSS_TAU2_PM, &beta, &vcov, &f, NULL) == OSS_OK);
    CHECK_NEAR(f.scale, 1, 1e-13);
    CHECK(f.tau2_low < f.tau2 && f.tau2 < f.tau2_high);
    CHECK(fit(5, 1, y, v, one, OSS_TAU2_FIXED, &beta, &vcov, &f, NULL) == OSS_OK);
    CHECK_NEAR(vcov, 1 / (5 + 10 + 2.5 + 10.0 / 3 + 2), 1e-15);
    CHECK(f.tau2 == 0);
    CHECK(fit(5, 1, y, v, one, OSS_TAU2_DL, &beta, &vcov, &f, NULL) == OSS_OK);
    CHECK(f.tau2 > 0 && f.i2 > 0 && f.i2 < 1);
    CHECK(fit(5, 1, y, v, one, OSS_TAU2_ML, &beta, &vcov, &f, NULL) == OSS_OK);
    CHECK(fabs(f.gradient) < 1e-10);
}

static void test_no_variation(void)
{
    const double same[5] = { 1, 1, 1, 1, 1 };
    const oss_tau2 methods[4] = { OSS_TAU2_DL, OSS_TAU2_PM, OSS_TAU2_ML, OSS_TAU2_REML };
    for (int i = 0; i < 4; i++) {
        double beta, vcov;
        oss_normal_fit f;
        CHECK(fit(5, 1, same, v, one, methods[i], &beta, &vcov, &f, NULL) == OSS_OK);
        CHECK(f.tau2 == 0 && f.converged && isnan(f.tau2_low) && isnan(f.tau2_high));
        CHECK_NEAR(beta, 1, 1e-14);
    }
}

static void test_shift_and_scale(void)
{
    double moved[5], wide[5], beta[2], vcov[4], beta2[2], vcov2[4];
    double x[10] = { 1, 1, 1, 1, 1, 3, 8, 1, 9, 4 };
    for (int i = 0; i < 5; i++) {
        moved[i] = 10 * y[i] + 7 + 2 * x[5 + i];
        wide[i] = 100 * v[i];
    }
    oss_normal_fit f, g;
    CHECK(fit(5, 2, y, v, x, OSS_TAU2_REML, beta, vcov, &f, NULL) == OSS_OK);
    CHECK(fit(5, 2, moved, wide, x, OSS_TAU2_REML, beta2, vcov2, &g, NULL) == OSS_OK);
    CHECK_NEAR(g.tau2, 100 * f.tau2, 1e-8);
    CHECK_NEAR(beta2[1], 10 * beta[1] + 2, 1e-8);
    CHECK_NEAR(vcov2[3], 100 * vcov[3], 1e-8);
}

static void test_bad_input(void)
{
    double beta[2], vcov[4];
    oss_normal_fit f;
    oss_error err = OSS_ERROR_INIT;
    double bad[5] = { 0.2, 0, 0.4, 0.3, 0.5 };
    CHECK(fit(5, 1, y, bad, one, OSS_TAU2_REML, beta, vcov, &f, &err) == OSS_EINVAL);
    CHECK(err.index == 1);
    bad[1] = NAN;
    CHECK(fit(5, 1, bad, v, one, OSS_TAU2_REML, beta, vcov, &f, &err) == OSS_EINVAL);
    CHECK(fit(1, 1, y, v, one, OSS_TAU2_REML, beta, vcov, &f, &err) == OSS_EINVAL);
    CHECK(fit(1, 1, y, v, one, OSS_TAU2_FIXED, beta, vcov, &f, &err) == OSS_OK);
    const double twice[10] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 2 };
    CHECK(fit(5, 2, y, v, twice, OSS_TAU2_REML, beta, vcov, &f, &err) == OSS_EINVAL);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_each_method();
    test_no_variation();
    test_shift_and_scale();
    test_bad_input();
    return check_report();
}
