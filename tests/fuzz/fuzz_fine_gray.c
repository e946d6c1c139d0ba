/* Fine-Gray model of any rows: what it accepts it evaluates to finite values with the gradient that
 * differences give, at risk sums that do not depend on the order of the rows. */

#include "../../src/core/fine_gray.h"
#include "rows.h"

#include <gsl/gsl_errno.h>
#include <math.h>

enum { P = 2 };

static oss_fine_gray_rows make_rows(const fuzz_rows *x, int *kind, const double *covariates,
                                    const int *group)
{
    for (size_t i = 0; i < x->rows.n; i++)
        kind[i] = x->status[i] > 2 || x->status[i] < 0 ? 2 : x->status[i];
    const oss_fine_gray_rows rows = { .n = x->rows.n,
                                      .p = P,
                                      .entry = x->entry,
                                      .exit = x->exit,
                                      .kind = kind,
                                      .weight = x->weight,
                                      .stratum = x->stratum,
                                      .group = group,
                                      .n_stratum = x->rows.n_stratum,
                                      .n_group = MAX_STRATA,
                                      .x = covariates };
    return rows;
}

/* The value, and its gradient against central differences, where both are well away from rounding.
 */
static double check_gradient(oss_fine_gray *model, const double *beta)
{
    double value, gradient[P], hessian[P * P];
    FUZZ_REQUIRE(oss_fine_gray_loglik(model, beta, &value, gradient, hessian, NULL) == OSS_OK);
    if (!isfinite(value))
        return value;
    for (int j = 0; j < P; j++) {
        const double h = 1e-4;
        double at[P] = { beta[0], beta[1] }, high, low;
        at[j] += h;
        FUZZ_REQUIRE(oss_fine_gray_loglik(model, at, &high, NULL, NULL, NULL) == OSS_OK);
        at[j] -= 2 * h;
        FUZZ_REQUIRE(oss_fine_gray_loglik(model, at, &low, NULL, NULL, NULL) == OSS_OK);
        if (isfinite(high) && isfinite(low))
            FUZZ_REQUIRE(fabs((high - low) / (2 * h) - gradient[j]) <= 1e-4 * (1 + fabs(value)));
        FUZZ_REQUIRE(hessian[j * P + j] <= 1e-6 * (1 + fabs(value)));
    }
    return value;
}

static void check_variance(oss_fine_gray *model, const double *beta, size_t n_stratum, double last)
{
    double variance[16], hazard[2], slope[2 * P];
    const double times[2] = { last / 2, last };
    if (oss_fine_gray_at(model, beta, NULL, NULL, NULL, NULL, NULL, NULL) != OSS_OK)
        return;
    FUZZ_REQUIRE(oss_fine_gray_variance(model, n_stratum - 1, 2, times, variance, hazard, slope,
                                        NULL) == OSS_OK);
    FUZZ_REQUIRE(hazard[0] >= 0 && hazard[1] >= hazard[0]);
    for (int j = 0; j < 4; j++)
        FUZZ_REQUIRE(variance[j * 4 + j] >= 0 && variance[j * 4 + j] < INFINITY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsl_set_error_handler_off();
    fuzz_input in = { data, size };
    const int options = (int) fuzz_bits(&in, 1);
    fuzz_rows x = rows_read(&in, options & 1, options & 2);
    const size_t n = x.rows.n;
    int *kind = fuzz_array(n, sizeof *kind), *group = fuzz_array(n, sizeof *group);
    double *covariates = fuzz_array(n * P, sizeof *covariates);
    for (size_t i = 0; i < n * P; i++)
        covariates[i] = options & 8 ? fuzz_double(&in) : (double) fuzz_below(&in, 9) - 4;
    for (size_t i = 0; i < n; i++)
        group[i] = 1 + fuzz_below(&in, MAX_STRATA);
    const oss_fine_gray_rows rows = make_rows(&x, kind, covariates, options & 4 ? group : NULL);
    const double beta[P] = { fuzz_below(&in, 41) / 10.0 - 2, fuzz_below(&in, 41) / 10.0 - 2 };

    oss_fine_gray *model;
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_fine_gray_new(&rows, &model, &err);
    FUZZ_REQUIRE(status == OSS_OK || (status == OSS_EINVAL && err.text[0]));
    if (!status) {
        double last = 0;
        for (size_t i = 0; i < n; i++)
            last = fmax(last, x.exit[i]);
        const double value = check_gradient(model, beta);
        check_variance(model, beta, rows.stratum ? rows.n_stratum : 1, last);
        FUZZ_REQUIRE(oss_fine_gray_set_firth(model, 1, NULL) == OSS_OK);
        double penalised;
        FUZZ_REQUIRE(oss_fine_gray_loglik(model, beta, &penalised, NULL, NULL, NULL) == OSS_OK);
        FUZZ_REQUIRE(!isnan(penalised) && (isfinite(value) || penalised == value));
    }
    oss_fine_gray_free(model);
    free(kind);
    free(group);
    free(covariates);
    rows_free(&x);
    return 0;
}
