/* Random-effects fits by every method. */
#include "fuzz.h"
#include "../../src/core/normal_normal.h"

#include <gsl/gsl_errno.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    fuzz_input in = { bytes, n_bytes };
    gsl_set_error_handler_off();
    const size_t k = (size_t) fuzz_below(&in, 8), p = (size_t) fuzz_below(&in, 4);
    const oss_tau2 method = (oss_tau2) fuzz_below(&in, 5);
    double *y = fuzz_array(k, sizeof *y), *v = fuzz_array(k, sizeof *v);
    double *x = fuzz_array(k * p, sizeof *x), *beta = fuzz_array(p, sizeof *beta);
    double *vcov = fuzz_array(p * p, sizeof *vcov);
    double *work = fuzz_array(oss_normal_work(k, p), sizeof *work);
    const int tame = fuzz_below(&in, 4);
    for (size_t i = 0; i < k; i++) {
        y[i] = tame ? fuzz_below(&in, 200) / 16.0 - 6 : fuzz_double(&in);
        v[i] = tame ? (1 + fuzz_below(&in, 64)) / 16.0 : fuzz_double(&in);
        for (size_t r = 0; r < p; r++)
            x[r * k + i] = r ? fuzz_below(&in, 6) : 1;
    }
    const oss_normal_data data = { k, p, y, v, x };
    oss_normal_fit fit;
    oss_error err = OSS_ERROR_INIT;
    const oss_status status =
        oss_normal_normal(&data, method, 0.95, beta, vcov, work, &fit, NULL, &err);
    FUZZ_REQUIRE(status == OSS_OK || err.code == status);
    if (status == OSS_OK && tame) {
        FUZZ_REQUIRE(fit.converged && fit.tau2 >= 0 && fit.q >= 0 && isfinite(fit.log_lik));
        FUZZ_REQUIRE(method != OSS_TAU2_FIXED || fit.tau2 == 0);
        FUZZ_REQUIRE(!(fit.tau2_low > fit.tau2_high) && !(fit.i2 < 0) && !(fit.i2 > 1));
        if (method == OSS_TAU2_PM && fit.tau2 > 0)
            FUZZ_REQUIRE(fabs(fit.scale - 1) < 1e-8);
        if (method >= OSS_TAU2_ML)
            FUZZ_REQUIRE(fit.tau2 > 0 ? fabs(fit.gradient * fit.tau2) < 1e-6
                                      : fit.gradient <= 1e-9);
        for (size_t r = 0; r < p; r++)
            FUZZ_REQUIRE(vcov[r * p + r] > 0);
    }
    free(y);
    free(v);
    free(x);
    free(beta);
    free(vcov);
    free(work);
    return 0;
}
