#include "beta_quantiles.h"
#include "beta_product.h"
#include "large_shape.h"
#include "quantile.h"
#include "vector_math.h"

#include <math.h>

/* Times taken at once, whatever the number of threads; betas that go through the vector units
 * together; powers of a Newton step. */
enum { BLOCK = 512, PARALLEL_FROM = 4 * BLOCK, LANES = 16, POWERS = 40 };

typedef struct {
    double p, tail;       /* the smaller of p and 1 - p */
    int mirrored;         /* p is above 1/2: the quantile of 1 - X */
    double normal;        /* of the tail */
    double power[POWERS]; /* m(e) = sum of power[k] e^(k + 1), see oss_large_quantile */
} level;

static level level_of(double p)
{
    level at = { .p = p, .tail = p <= 0.5 ? p : 1 - p, .mirrored = p > 0.5 };
    at.normal = oss_normal_quantile(at.tail);
    double before = 0, last = 1;
    for (int k = 0; k < POWERS; k++) {
        const double next = (at.normal * last + before) / (k + 2);
        at.power[k] = last;
        before = last;
        last = next;
    }
    return at;
}

static int terms_for(double root, double normal)
{
    const double ratio = 3.5 / fmax(fabs(normal) / root, 3 / root);
    return (int) fmin(OSS_LARGE_TERMS, ceil(39 / log(ratio)));
}

/* The power of e at which m(e) has all its digits. */
static int powers_for(const level *at, double e)
{
    double term = fabs(e);
    int k = 1;
    for (; k < POWERS - 1 && fabs(at->power[k] * term) + fabs(at->power[k + 1] * term * e) > 1e-17;
         k++)
        term *= fabs(e);
    return k;
}

/* oss_large_shape_of and oss_large_quantile for LANES betas at once. left: mean of X, or of 1 - X
 * if mirrored; right: its complement; size: N. */
OSS_VECTOR_CLONES
static void large_lanes(const level *at, const double *left, const double *right,
                        const double *size, double *quantile)
{
    double s[OSS_LARGE_TERMS + 1][LANES], h[OSS_LARGE_TERMS + 1][LANES],
        square[OSS_LARGE_TERMS + 3][LANES];
    double root[LANES], step[LANES], skew[LANES], spread[LANES], total[LANES], sum[LANES];
    double least = INFINITY;
    for (int l = 0; l < LANES; l++) {
        root[l] = sqrt(size[l]);
        least = fmin(least, root[l]);
    }
    const int terms = terms_for(least, at->normal);
#pragma omp simd
    for (int l = 0; l < LANES; l++) {
        skew[l] = right[l] - left[l];
        spread[l] = left[l] * right[l];
        step[l] = 1 / root[l];
        square[0][l] = square[1][l] = 0;
        square[2][l] = s[0][l] = h[0][l] = total[l] = 1;
    }
    for (int j = 2; j <= terms + 1; j++) {
        const double share = 2.0 / (j + 1);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] = square[j + 1][l] =
                share * (skew[l] * s[j - 2][l] - spread[l] * square[j - 1][l]);
        for (int i = 1; 2 * i <= j - 1; i++) {
            const double twice = 2 * i == j - 1 ? 1 : 2;
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                sum[l] -= twice * s[i][l] * s[j - 1 - i][l];
        }
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            s[j - 1][l] = 0.5 * sum[l];
    }
    for (int k = 1; k <= terms; k++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] = 0;
        for (int i = 1; i <= k; i++)
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                sum[l] -= s[i][l] * h[k - i][l];
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            h[k][l] = sum[l];
    }
    double power[LANES];
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        power[l] = 1;
    for (int k = 2; k <= terms; k += 2)
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            power[l] *= (k - 1) * (step[l] * step[l]);
            total[l] += h[k][l] * power[l];
        }

    double e[LANES], z[LANES], m[LANES], before[LANES], last[LANES], correction[LANES],
        density[LANES];
    for (int l = 0; l < LANES; l++) {
        e[l] = 0;
        z[l] = at->normal;
    }
    for (int iteration = 0; iteration < 20; iteration++) {
        double most = 0;
        for (int l = 0; l < LANES; l++)
            most = fmax(most, fabs(e[l]));
        const int top = powers_for(at, most);
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            before[l] = 0;
            last[l] = power[l] = step[l];
            correction[l] = h[1][l] * step[l];
            density[l] = h[terms][l];
            m[l] = at->power[top];
        }
        for (int k = top - 1; k >= 0; k--)
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                m[l] = m[l] * e[l] + at->power[k];
        for (int k = 2; k <= terms; k++)
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                power[l] *= z[l] * step[l];
                const double next = (k - 1) * (step[l] * step[l]) * before[l] + power[l];
                correction[l] += h[k][l] * next;
                before[l] = last[l];
                last[l] = next;
            }
        for (int k = terms - 1; k >= 0; k--)
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                density[l] = density[l] * (z[l] * step[l]) + h[k][l];
        double largest = 0;
#pragma omp simd reduction(max : largest)
        for (int l = 0; l < LANES; l++) {
            const double gap = m[l] * e[l] - correction[l] / total[l];
            const double change = gap / (z[l] * gap + density[l] / total[l]);
            e[l] -= change;
            z[l] = at->normal + e[l];
            const double next = change * change * (1 + fabs(z[l]));
            largest = next > largest ? next : largest;
        }
        if (largest <= 1e-16)
            break;
    }
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        sum[l] = s[terms][l];
    for (int k = terms - 1; k >= 0; k--)
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] = sum[l] * (z[l] * step[l]) + s[k][l];
    for (int l = 0; l < LANES; l++) {
        const double shift = z[l] * step[l] * sum[l];
        quantile[l] =
            at->mirrored ? right[l] * (1 - left[l] * shift) : left[l] * (1 + right[l] * shift);
    }
}

/* The times of a block whose betas are large. */
typedef struct {
    size_t n;
    double left[BLOCK + LANES], right[BLOCK + LANES], size[BLOCK + LANES], quantile[BLOCK + LANES];
    unsigned short of[BLOCK];
} large_betas;

static void solve_large(const level *at, large_betas *large, double *quantile)
{
    for (size_t k = large->n; k % LANES; k++) { /* the last group is filled up */
        large->left[k] = large->left[large->n - 1];
        large->right[k] = large->right[large->n - 1];
        large->size[k] = large->size[large->n - 1];
    }
    for (size_t k = 0; k < large->n; k += LANES)
        large_lanes(at, large->left + k, large->right + k, large->size + k, large->quantile + k);
    for (size_t k = 0; k < large->n; k++)
        quantile[large->of[k]] = large->quantile[k];
}

static void quantiles_block(const level *at, size_t n, const double *mean, const double *complement,
                            const double *variation, double *quantile)
{
    large_betas large;
    large.n = 0;
    unsigned short of[BLOCK]; /* where each time has its quantile from */
    double start = NAN;
    for (size_t i = 0; i < n; i++) {
        of[i] = (unsigned short) i;
        if (i && mean[i] == mean[i - 1] && complement[i] == complement[i - 1] &&
            variation[i] == variation[i - 1]) {
            of[i] = of[i - 1];
            continue;
        }
        const double all = mean[i] + complement[i];
        const double m = mean[i] / all, c = complement[i] / all;
        const double size = m * c * (complement[i] / (mean[i] * variation[i]) - 1) * all;
        if (mean[i] > 0 && complement[i] > 0 && size >= OSS_LARGE_N && size < 1e300 &&
            fabs(at->normal) < OSS_LARGE_REACH * sqrt(size)) {
            large.left[large.n] = at->mirrored ? c : m;
            large.right[large.n] = at->mirrored ? m : c;
            large.size[large.n] = size;
            large.of[large.n++] = (unsigned short) i;
        } else {
            quantile[i] = start =
                oss_matched_beta_quantile(at->p, mean[i], complement[i], variation[i], start);
        }
    }
    solve_large(at, &large, quantile);
    for (size_t i = 0; i < n; i++)
        quantile[i] = quantile[of[i]];
}

void oss_beta_quantiles(double p, size_t n, const double *mean, const double *complement,
                        const double *variation, int threads, double *quantile)
{
    (void) threads; /* without OpenMP */
    const level at = level_of(p);
    const size_t n_block = (n + BLOCK - 1) / BLOCK;
#pragma omp parallel for num_threads(threads)                                                      \
    schedule(dynamic, 4) if (threads > 1 && n >= PARALLEL_FROM)
    for (size_t block = 0; block < n_block; block++) {
        const size_t lo = block * BLOCK, size = n - lo < BLOCK ? n - lo : BLOCK;
        quantiles_block(&at, size, mean + lo, complement + lo, variation + lo, quantile + lo);
    }
}
