/* Newton on Poisson regressions with an offset of any kind, and Brent on their gradients. */
#include "fuzz.h"
#include "../../src/core/optimise.h"

#include <gsl/gsl_errno.h>
#include <math.h>

typedef struct {
    size_t k, p;
    const double *y, *x;
} regression;

static oss_status loglik(void *context, const double *b, double *value, double *gradient,
                         double *hessian, oss_error *err)
{
    const regression *d = context;
    (void) err;
    *value = 0;
    for (size_t r = 0; gradient && r < d->p; r++)
        gradient[r] = 0;
    for (size_t r = 0; hessian && r < d->p * d->p; r++)
        hessian[r] = 0;
    for (size_t i = 0; i < d->k; i++) {
        double eta = 0;
        for (size_t r = 0; r < d->p; r++)
            eta += d->x[i * d->p + r] * b[r];
        const double mu = exp(eta);
        *value += d->y[i] * eta - mu;
        for (size_t r = 0; r < d->p; r++) {
            if (gradient)
                gradient[r] += (d->y[i] - mu) * d->x[i * d->p + r];
            for (size_t c = 0; hessian && c < d->p; c++)
                hessian[r * d->p + c] -= mu * d->x[i * d->p + r] * d->x[i * d->p + c];
        }
    }
    return OSS_OK;
}

typedef struct {
    const oss_problem *problem;
    const double *contrast;
    double *x, *work, best;
} profile;

static oss_status drop(void *context, double theta, double *value, oss_error *err)
{
    profile *c = context;
    oss_optimum r;
    double slope;
    const oss_status status =
        oss_maximise_given(c->problem, c->contrast, theta, c->x, NULL, c->work, &r, &slope, err);
    *value = status == OSS_EINVAL ? INFINITY : c->best - r.value;
    return status == OSS_EINVAL ? OSS_OK : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    fuzz_input in = { bytes, n_bytes };
    gsl_set_error_handler_off();
    const size_t k = 1 + (size_t) fuzz_below(&in, 6), p = 1 + (size_t) fuzz_below(&in, 3);
    double *y = fuzz_array(k, sizeof *y), *x = fuzz_array(k * p, sizeof *x);
    double *b = fuzz_array(p, sizeof *b), *again = fuzz_array(p, sizeof *b);
    double *contrast = fuzz_array(p, sizeof *contrast), *gradient = fuzz_array(p, sizeof *gradient);
    double *work = fuzz_array(oss_maximise_given_work(p), sizeof *work);
    for (size_t i = 0; i < k; i++) {
        y[i] = fuzz_below(&in, 12);
        for (size_t r = 0; r < p; r++)
            x[i * p + r] = r ? fuzz_below(&in, 9) / 4.0 - 1 : 1;
    }
    for (size_t r = 0; r < p; r++) {
        b[r] = fuzz_below(&in, 16) / 4.0 - 2;
        contrast[r] = fuzz_below(&in, 5) - 2.0;
    }
    regression data = { k, p, y, x };
    const oss_problem problem = { loglik, &data, p };
    oss_optimum r;
    const oss_status status = oss_maximise(&problem, b, NULL, work, &r, NULL);
    FUZZ_REQUIRE(status == OSS_OK || status == OSS_ENOCONV);
    if (status == OSS_OK && r.converged) {
        double value;
        FUZZ_REQUIRE(loglik(&data, b, &value, gradient, NULL, NULL) == OSS_OK);
        FUZZ_REQUIRE(value == r.value);
        /* The likelihood is concave: at its end the gradient is zero. */
        for (size_t i = 0; i < p; i++)
            FUZZ_REQUIRE(fabs(gradient[i]) < 1e-5);
        double any = 0, centre = 0, limit;
        for (size_t i = 0; i < p; i++) {
            any += fabs(contrast[i]);
            centre += contrast[i] * b[i];
            again[i] = b[i];
        }
        profile c = { &problem, contrast, again, work, r.value };
        const oss_status found = oss_profile_limit(drop, &c, centre, 0.5, 60, 1.92, &limit, NULL);
        if (any > 0 && !r.diverging && found == OSS_OK)
            FUZZ_REQUIRE(limit > centre);
    }
    free(y);
    free(x);
    free(b);
    free(again);
    free(contrast);
    free(gradient);
    free(work);
    return 0;
}
