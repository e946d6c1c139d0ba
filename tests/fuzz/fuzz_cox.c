/* A Cox model of any rows: the fit is no worse than none, martingale residuals sum to zero at the
 * maximum, the limits stand on either side of it. */

#include "rows.h"
#include "../../src/core/cox.h"

#include <gsl/gsl_errno.h>

enum { MAX_P = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsl_set_error_handler_off();
    fuzz_input in = { data, size };
    const int choice = (int) fuzz_bits(&in, 1);
    const size_t p = (size_t) (choice >> 2) % (MAX_P + 1);
    const oss_cox_options options = { choice & 1, choice >> 1 & 1, 1 };
    const int hostile = choice >> 6 == 3;
    fuzz_rows x = rows_read(&in, 1, hostile);
    const size_t n = x.rows.n;
    double *z = fuzz_array(n * p, sizeof *z), *m = fuzz_array(n, sizeof *m),
           *score = fuzz_array(n * p, sizeof *score);
    for (size_t i = 0; i < n * p; i++)
        z[i] = hostile ? fuzz_double(&in) : (double) (int8_t) fuzz_bits(&in, 1) / 32;
    const oss_cox_rows rows = { n,        p,         x.entry,          x.exit, x.status, 1,
                                x.weight, x.stratum, x.rows.n_stratum, z,      NULL };
    oss_cox *cox;
    oss_error err = OSS_ERROR_INIT;
    double beta[MAX_P], variance[MAX_P * MAX_P], low[MAX_P], high[MAX_P], drop[MAX_P];
    int alias[MAX_P], infinite[MAX_P], usable = 1;
    oss_cox_fit fit;
    oss_status status = oss_cox_new(&rows, &options, &cox, &err);
    FUZZ_REQUIRE((status == OSS_OK) == (cox != NULL));
    FUZZ_REQUIRE(status == OSS_OK || status == OSS_EINVAL);
    if (status == OSS_OK)
        status = oss_cox_alias(cox, alias, &err);
    for (size_t j = 0; status == OSS_OK && j < p; j++)
        usable = usable && !alias[j];
    if (status == OSS_OK && usable)
        status = oss_cox_maximise(cox, beta, variance, infinite, &fit, NULL, &err);
    if (status == OSS_OK && usable) {
        FUZZ_REQUIRE(fit.loglik >= fit.loglik_null - 1e-9 * (1 + fabs(fit.loglik)));
        if (oss_cox_profile(cox, beta, variance, infinite, fit.loglik, 2.7, low, high, drop, NULL,
                            &err) == OSS_OK)
            for (size_t j = 0; j < p; j++)
                FUZZ_REQUIRE(infinite[j] || !fit.converged ||
                             (low[j] <= beta[j] && beta[j] <= high[j]));
        if (!hostile && fit.converged && !fit.diverging &&
            oss_cox_residuals(cox, beta, m, score, NULL, &err) == OSS_OK) {
            double sum = 0, most = 0;
            for (size_t i = 0; i < n; i++) {
                const double w = x.weight ? x.weight[i] : 1;
                sum += w * m[i];
                most += w * fabs(m[i]);
            }
            FUZZ_REQUIRE(fabs(sum) <= 1e-8 * (1 + most));
        }
    }
    oss_cox_free(cox);
    free(z);
    free(m);
    free(score);
    rows_free(&x);
    return 0;
}
