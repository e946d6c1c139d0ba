/* Beta-binomial and gamma-Poisson fits, their profile limits and predictive distributions. */
#include "fuzz.h"
#include "../../src/core/count_model.h"
#include "../../src/core/count_predictive.h"

#include <gsl/gsl_errno.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    fuzz_input in = { bytes, n_bytes };
    gsl_set_error_handler_off();
    const size_t k = (size_t) fuzz_below(&in, 6), p = 1 + (size_t) fuzz_below(&in, 2), q = p + 1;
    const oss_count_kind kind = fuzz_below(&in, 2) ? OSS_RATE : OSS_PROPORTION;
    double *x = fuzz_array(k, sizeof *x), *size = fuzz_array(k, sizeof *size);
    double *design = fuzz_array(k * p, sizeof *design), *beta = fuzz_array(p, sizeof *beta);
    double *information = fuzz_array(q * q, sizeof *information);
    double *contrast = fuzz_array(p, sizeof *contrast);
    double *work = fuzz_array(oss_count_work(p), sizeof *work);
    const int tame = fuzz_below(&in, 4);
    for (size_t i = 0; i < k; i++) {
        x[i] = tame ? fuzz_below(&in, 30) : fuzz_double(&in);
        size[i] = tame ? x[i] + 1 + fuzz_below(&in, 300) : fuzz_double(&in);
        for (size_t r = 0; r < p; r++)
            design[r * k + i] = r ? fuzz_below(&in, 3) : 1;
    }
    const oss_count_data data = { kind, k, p, x, size, design };
    oss_count_fit fit;
    oss_error err = OSS_ERROR_INIT;
    oss_status status = oss_count_fit_model(&data, beta, information, work, &fit, NULL, &err);
    FUZZ_REQUIRE(status == OSS_OK || err.code == status);
    if (status == OSS_OK) {
        FUZZ_REQUIRE(fit.log_lik <= 1e-7 * k && fit.log_lik >= fit.log_lik0);
        FUZZ_REQUIRE(fit.g >= 0 && fit.boundary == (fit.g == 0));
        FUZZ_REQUIRE(fit.converged || !tame);
        /* No point nearby is better. */
        double *at = fuzz_array(q, sizeof *at);
        for (size_t j = 0; fit.converged && j < (fit.boundary ? p : q); j++)
            for (int side = -1; side < 2; side += 2) {
                for (size_t r = 0; r < p; r++)
                    at[r] = beta[r];
                at[p] = fit.boundary ? 0 : log(fit.g);
                at[j] += 1e-3 * side;
                const double near = oss_count_loglik(&data, !fit.boundary, at, NULL, NULL);
                FUZZ_REQUIRE(!(near > fit.log_lik + 1e-9 * (1 + fabs(fit.log_lik))));
            }
        free(at);
        for (size_t r = 0; r < p; r++)
            contrast[r] = r == 0;
        double low, high;
        if (oss_count_interval(&data, contrast, beta, &fit, NAN, 1.92, work, &low, &high, NULL,
                               &err) == OSS_OK)
            FUZZ_REQUIRE(low <= beta[0] && beta[0] <= high);
    }
    if (k > 2 && oss_count_check(&data, NULL) == OSS_OK) {
        const size_t nodes = oss_predictive_nodes();
        double *room = fuzz_array(3 * nodes + oss_predictive_work(), sizeof *room), lower, upper;
        oss_predictive dist = { kind, 0, room, room + nodes, room + 2 * nodes };
        double *rest = room + 3 * nodes, at_most, at_least, low, high;
        if (oss_count_predictive(&data, &dist, rest, NULL, NULL) == OSS_OK) {
            FUZZ_REQUIRE(oss_predictive_quantile(&dist, 0.025, &lower, NULL) == OSS_OK);
            FUZZ_REQUIRE(oss_predictive_quantile(&dist, 0.975, &upper, NULL) == OSS_OK);
            FUZZ_REQUIRE(0 <= lower && lower < upper);
            if (kind == OSS_PROPORTION) {
                FUZZ_REQUIRE(upper <= 1);
                FUZZ_REQUIRE(oss_predictive_count(&dist, 11, 3, 0.025, rest, &at_most, &at_least,
                                                  &low, &high, NULL, NULL) == OSS_OK);
                FUZZ_REQUIRE(at_most + at_least >= 1 - 1e-9 && low <= high && high <= 11);
            }
        }
        free(room);
    }
    free(x);
    free(size);
    free(design);
    free(beta);
    free(information);
    free(contrast);
    free(work);
    return 0;
}
