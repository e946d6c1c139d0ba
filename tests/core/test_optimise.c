#include "check.h"
#include "../../src/core/optimise.h"

#include <gsl/gsl_errno.h>

/* -(exp(x0) - x0) - (x1 - 3)^2 - x0 x1 / 10 */
static oss_status smooth(void *context, const double *x, double *value, double *gradient,
                         double *hessian, oss_error *err)
{
    (void) err;
    ++*(int *) context;
    *value = -(exp(x[0]) - x[0]) - (x[1] - 3) * (x[1] - 3) - x[0] * x[1] / 10;
    if (gradient) {
        gradient[0] = -exp(x[0]) + 1 - x[1] / 10;
        gradient[1] = -2 * (x[1] - 3) - x[0] / 10;
    }
    if (hessian) {
        hessian[0] = -exp(x[0]);
        hessian[1] = hessian[2] = -0.1;
        hessian[3] = -2;
    }
    return OSS_OK;
}

/* Logistic likelihood of one success: rises for ever. */
static oss_status monotone(void *context, const double *x, double *value, double *gradient,
                           double *hessian, oss_error *err)
{
    (void) context;
    (void) err;
    const double miss = 1 / (1 + exp(x[0]));
    *value = -log1p(exp(-x[0]));
    if (gradient)
        gradient[0] = miss;
    if (hessian)
        hessian[0] = -miss * (1 - miss);
    return OSS_OK;
}

/* Not concave between the modes of a mixture; the domain ends at |x| = 6. */
static oss_status two_modes(void *context, const double *x, double *value, double *gradient,
                            double *hessian, oss_error *err)
{
    (void) context;
    (void) err;
    const double t = x[0];
    *value = fabs(t) > 6 ? NAN : -(t * t - 4) * (t * t - 4);
    if (gradient)
        gradient[0] = -4 * t * (t * t - 4);
    if (hessian)
        hessian[0] = -12 * t * t + 16;
    return OSS_OK;
}

static void test_reaches_the_maximum(void)
{
    int calls = 0;
    const oss_problem problem = { smooth, &calls, 2 };
    double work[64], g[2], value, x[2] = { 8, -20 };
    oss_optimum r;
    CHECK(oss_maximise_work(2) <= 64);
    CHECK(oss_maximise(&problem, x, NULL, work, &r, NULL) == OSS_OK);
    CHECK(r.converged && !r.diverging && r.iterations < 25);
    CHECK(smooth(&calls, x, &value, g, NULL, NULL) == OSS_OK);
    CHECK(fabs(g[0]) < 1e-12 && fabs(g[1]) < 1e-12);
    CHECK_NEAR(r.value, value, 1e-15);
    double again[2] = { x[0], x[1] };
    CHECK(oss_maximise(&problem, again, NULL, work, &r, NULL) == OSS_OK);
    CHECK(r.converged && !r.diverging && r.iterations == 0);
}

static void test_flags_a_monotone_likelihood(void)
{
    const oss_problem problem = { monotone, NULL, 1 };
    double work[16], x = 0;
    oss_optimum r;
    CHECK(oss_maximise(&problem, &x, NULL, work, &r, NULL) == OSS_OK);
    CHECK(r.converged && r.diverging && x > 20);
    CHECK(r.value > -1e-10);
}

static void test_leaves_a_saddle_and_respects_the_domain(void)
{
    const oss_problem problem = { two_modes, NULL, 1 };
    const double starts[] = { 0.1, -0.01, 5.9, 1.1 };
    for (int i = 0; i < 4; i++) {
        double work[16], x = starts[i];
        oss_optimum r;
        CHECK(oss_maximise(&problem, &x, NULL, work, &r, NULL) == OSS_OK);
        CHECK(r.converged && !r.diverging);
        CHECK_NEAR(fabs(x), 2, 1e-8);
    }
    double work[16], x = 7;
    oss_optimum r;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_maximise(&problem, &x, NULL, work, &r, &err) == OSS_EINVAL && err.code == OSS_EINVAL);
}

static void test_stops_at_the_limit_and_on_request(void)
{
    int calls = 0;
    const oss_problem problem = { smooth, &calls, 2 };
    double work[64], x[2] = { 8, -20 };
    oss_optimum r;
    oss_optimise_control control = { 2, 0, NULL };
    CHECK(oss_maximise(&problem, x, &control, work, &r, NULL) == OSS_OK);
    CHECK(!r.converged && r.iterations == 2);
    CHECK(oss_maximise(&(oss_problem){ smooth, &calls, 0 }, x, NULL, work, &r, NULL) == OSS_OK);
    CHECK(r.converged);
}

static int stop(void *context, double fraction)
{
    (void) context;
    return fraction >= 0;
}

static void test_cancels(void)
{
    int calls = 0;
    const oss_hook hook = { stop, NULL };
    const oss_optimise_control control = { 0, 0, &hook };
    const oss_problem problem = { smooth, &calls, 2 };
    double work[64], x[2] = { 8, -20 };
    oss_optimum r;
    CHECK(oss_maximise(&problem, x, &control, work, &r, NULL) == OSS_ECANCEL);
}

static void test_constrained_maximum(void)
{
    int calls = 0;
    const oss_problem problem = { smooth, &calls, 2 };
    const double contrast[2] = { 1, -2 };
    double work[64], x[2] = { 0, 0 }, g[2], value, slope, below, above;
    oss_optimum r;
    CHECK(oss_maximise_given_work(2) <= 64);
    CHECK(oss_maximise_given(&problem, contrast, -4, x, NULL, work, &r, &slope, NULL) == OSS_OK);
    CHECK_NEAR(x[0] - 2 * x[1], -4, 1e-13);
    CHECK(smooth(&calls, x, &value, g, NULL, NULL) == OSS_OK);
    /* Lagrange: the gradient is the slope times the contrast. */
    CHECK_NEAR(g[0], slope, 1e-10);
    CHECK_NEAR(g[1], -2 * slope, 1e-10);
    CHECK(oss_maximise_given(&problem, contrast, -4.001, x, NULL, work, &r, &below, NULL) ==
          OSS_OK);
    below = r.value;
    CHECK(oss_maximise_given(&problem, contrast, -3.999, x, NULL, work, &r, &above, NULL) ==
          OSS_OK);
    CHECK_NEAR((r.value - below) / 0.002, slope, 1e-6);
    const double nothing[2] = { 0, 0 };
    CHECK(oss_maximise_given(&problem, nothing, 1, x, NULL, work, &r, &slope, NULL) == OSS_EINVAL);
    CHECK(oss_maximise_given(&problem, contrast, NAN, x, NULL, work, &r, &slope, NULL) ==
          OSS_EINVAL);
}

static oss_status cubic(void *context, double x, double *value, oss_error *err)
{
    (void) context;
    (void) err;
    *value = x * x * x - 2;
    return OSS_OK;
}

static oss_status square(void *context, double x, double *value, oss_error *err)
{
    const double *centre = context;
    (void) err;
    *value = 0.5 * (x - *centre) * (x - *centre);
    if (x > *centre + 1.5)
        *value = INFINITY;
    return OSS_OK;
}

static oss_status saturating(void *context, double x, double *value, oss_error *err)
{
    (void) context;
    (void) err;
    *value = 1 - exp(-fabs(x));
    return OSS_OK;
}

static void test_roots(void)
{
    double root;
    CHECK(oss_root(cubic, NULL, -10, 10, 0, &root, NULL) == OSS_OK);
    CHECK_NEAR(root, cbrt(2), 1e-14);
    CHECK(oss_root(cubic, NULL, 10, -10, 0, &root, NULL) == OSS_OK);
    CHECK_NEAR(root, cbrt(2), 1e-14);
    CHECK(oss_root(cubic, NULL, 2, 10, 0, &root, NULL) == OSS_EINVAL);
    double centre = 4;
    CHECK(oss_profile_limit(square, &centre, centre, -0.1, 100, 1.92, &root, NULL) == OSS_OK);
    CHECK_NEAR(root, 4 - sqrt(2 * 1.92), 1e-9);
    /* On the other side the drop jumps to infinity before it reaches the target. */
    CHECK(oss_profile_limit(square, &centre, centre, 0.1, 100, 1.92, &root, NULL) == OSS_OK);
    CHECK_NEAR(root, 5.5, 1e-9);
    CHECK(oss_profile_limit(saturating, NULL, 0, 1, 50, 1.92, &root, NULL) == OSS_OK);
    CHECK(root == INFINITY);
    CHECK(oss_profile_limit(saturating, NULL, 0, -1, 50, 1.92, &root, NULL) == OSS_OK);
    CHECK(root == -INFINITY);
    /* centre + reach - centre may fall short of reach. */
    for (double from = -40; from < 0; from += 0.37) {
        CHECK(oss_profile_limit(saturating, NULL, from, 0.5, 0.1 - 2 * from, 1.92, &root, NULL) ==
              OSS_OK);
        CHECK(root == INFINITY);
    }
    CHECK(oss_profile_limit(saturating, NULL, 0, 0, 50, 1.92, &root, NULL) == OSS_EINVAL);
}

static void test_inverse(void)
{
    double a[4] = { 4, 2, 2, 3 }, log_det;
    CHECK(oss_spd_inverse(2, a, &log_det, NULL) == OSS_OK);
    CHECK_NEAR(a[0], 3.0 / 8, 1e-15);
    CHECK_NEAR(a[1], -2.0 / 8, 1e-15);
    CHECK_NEAR(a[3], 4.0 / 8, 1e-15);
    CHECK_NEAR(log_det, log(8), 1e-15);
    double singular[4] = { 1, 2, 2, 4 };
    CHECK(oss_spd_inverse(2, singular, NULL, NULL) == OSS_ENOCONV);
    /* A constant column beside the intercept, weights that rounding makes look different. */
    double collinear[] = { 0.7, 2.1, 2.1, 6.3 + 1e-15 };
    CHECK(oss_spd_inverse(2, collinear, NULL, NULL) == OSS_ENOCONV);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_reaches_the_maximum();
    test_flags_a_monotone_likelihood();
    test_leaves_a_saddle_and_respects_the_domain();
    test_stops_at_the_limit_and_on_request();
    test_cancels();
    test_constrained_maximum();
    test_roots();
    test_inverse();
    return check_report();
}
