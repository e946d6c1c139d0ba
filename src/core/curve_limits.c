#include "curve_limits.h"
#include "vector_math.h"

#include <math.h>

/* Times taken at once, whatever the number of threads. */
enum { BLOCK = 512, PARALLEL_FROM = 1 << 15 };

/* Log-log limits of n <= BLOCK estimates. Returns 0, with nothing of use written, where an estimate
 * or an exponent is out of the range of the vector functions. */
OSS_VECTOR_CLONES
static int log_log_block(size_t n, const double *estimate, const double *std_error, double quantile,
                         double *low, double *high)
{
    int inside = 1;
#pragma omp simd reduction(& : inside)
    for (size_t i = 0; i < n; i++) {
        const double log_estimate = vector_log(estimate[i]);
        const double reach = -(quantile * std_error[i]) / (estimate[i] * log_estimate);
        const double factor = vector_exp(reach);
        const double below = log_estimate * factor, above = log_estimate / factor;
        low[i] = vector_exp(below);
        high[i] = vector_exp(above);
        inside &= (estimate[i] >= 1e-300) & (estimate[i] < 1) & (reach <= 700) & (below >= -700);
    }
    return inside;
}

static void limits_block(oss_conf_type type, size_t n, const double *estimate,
                         const double *std_error, double quantile, double *low, double *high)
{
    double at[BLOCK] = { 0 }, se[BLOCK] = { 0 }, below[BLOCK], above[BLOCK];
    unsigned short of[BLOCK]; /* which change each time has its limits from */
    size_t n_change = 0;
    double last = NAN, last_se = NAN;
    for (size_t i = 0; i < n; i++) {
        /* Written at every time, kept where something changed: no branch to mispredict. */
        at[n_change] = estimate[i];
        se[n_change] = std_error[i];
        n_change += (size_t) ((estimate[i] != last) | (std_error[i] != last_se));
        of[i] = (unsigned short) (n_change - 1);
        last = estimate[i];
        last_se = std_error[i];
    }
    if (type != OSS_CONF_LOG_LOG || !log_log_block(n_change, at, se, quantile, below, above))
        for (size_t j = 0; j < n_change; j++)
            oss_transformed_limits(type, at[j], se[j], quantile, below + j, above + j);
    for (size_t i = 0; i < n; i++) {
        low[i] = below[of[i]];
        high[i] = above[of[i]];
    }
}

void oss_curve_limits(oss_conf_type type, size_t n, const double *estimate, const double *std_error,
                      double quantile, int threads, double *low, double *high)
{
    (void) threads; /* without OpenMP */
    const size_t n_block = (n + BLOCK - 1) / BLOCK;
#pragma omp parallel for num_threads(threads)                                                      \
    schedule(dynamic, 4) if (threads > 1 && n >= PARALLEL_FROM)
    for (size_t block = 0; block < n_block; block++) {
        const size_t lo = block * BLOCK, size = n - lo < BLOCK ? n - lo : BLOCK;
        limits_block(type, size, estimate + lo, std_error + lo, quantile, low + lo, high + lo);
    }
}
