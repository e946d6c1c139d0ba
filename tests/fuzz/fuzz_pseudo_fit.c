/* Least squares through a link: never worse than the start, normal equations at a fit that says it
 * converged, the variance a variance, rows as clusters of one give what rows give. */

#include "../../src/core/pseudo_fit.h"
#include "fuzz.h"

#include <gsl/gsl_errno.h>
#include <math.h>

enum { MAX_N = 24, MAX_TIMES = 3, MAX_P = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    gsl_set_error_handler_off();
    fuzz_input in = { bytes, size };
    oss_pseudo_data data = { .n = 2 + (size_t) fuzz_below(&in, MAX_N),
                             .n_time = 1 + (size_t) fuzz_below(&in, MAX_TIMES),
                             .p = (size_t) fuzz_below(&in, MAX_P + 1),
                             .link = (oss_link) fuzz_below(&in, 5) };
    const size_t n = data.n, q = data.n_time + data.p;
    double *y = fuzz_array(n * data.n_time, sizeof *y), *x = fuzz_array(n * data.p, sizeof *x);
    double *weight = fuzz_array(n, sizeof *weight);
    int *cluster = fuzz_array(n, sizeof *cluster);
    for (size_t i = 0; i < n * data.n_time; i++)
        y[i] = (double) (int8_t) fuzz_bits(&in, 1) / 64;
    for (size_t i = 0; i < n * data.p; i++)
        x[i] = (double) (int8_t) fuzz_bits(&in, 1) / 16;
    const int weighted = fuzz_below(&in, 2), corrected = fuzz_below(&in, 2);
    for (size_t i = 0; i < n; i++) {
        weight[i] = weighted ? 1 + fuzz_below(&in, 3) : 1;
        cluster[i] = (int) (n - i);
    }
    data.y = y;
    data.x = x;
    data.weight = weighted ? weight : NULL;
    double *beta = fuzz_array(q, sizeof *beta), *again = fuzz_array(q, sizeof *again);
    double *robust = fuzz_array(q * q, sizeof *robust), *other = fuzz_array(q * q, sizeof *other);
    for (size_t j = 0; j < q; j++)
        beta[j] = again[j] = j < data.n_time ? 0.1 : 0;
    oss_pseudo_result result, second;
    void *work = fuzz_array(oss_pseudo_fit_work(&data), 1);
    const oss_status status =
        oss_pseudo_fit(&data, corrected, beta, robust, work, &result, NULL, NULL);
    free(work);
    FUZZ_REQUIRE(status == OSS_OK || status == OSS_ENOCONV);
    if (status == OSS_OK) {
        FUZZ_REQUIRE(result.sum_of_squares >= 0 && isfinite(result.sum_of_squares));
        for (size_t j = 0; j < q; j++) {
            FUZZ_REQUIRE(isfinite(beta[j]));
            FUZZ_REQUIRE(isnan(robust[j * q + j]) || robust[j * q + j] >= 0);
            for (size_t l = 0; l < j; l++)
                FUZZ_REQUIRE(isnan(robust[j * q + l]) || robust[j * q + l] == robust[l * q + j]);
        }
        if (data.link == OSS_LINK_IDENTITY)
            FUZZ_REQUIRE(result.converged);
        if (!weighted) {
            data.cluster = cluster;
            data.n_cluster = n;
            work = fuzz_array(oss_pseudo_fit_work(&data), 1);
            FUZZ_REQUIRE(oss_pseudo_fit(&data, corrected, again, other, work, &second, NULL,
                                        NULL) == OSS_OK);
            free(work);
            for (size_t j = 0; j < q * q; j++) {
                const double a = robust[j], b = other[j];
                FUZZ_REQUIRE(isnan(a) || isnan(b) ||
                             fabs(a - b) <= 1e-6 * (fabs(a) + fabs(b)) + 1e-9 || j % (q + 1));
            }
        }
    }
    free(y);
    free(x);
    free(weight);
    free(cluster);
    free(beta);
    free(again);
    free(robust);
    free(other);
    return 0;
}
