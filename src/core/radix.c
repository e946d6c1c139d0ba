#include "radix.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, N_DIGITS = 1 << DIGIT_BITS, SHORT_RUN = 24 };

static void insertion_sort(size_t n, const double *x, uint64_t *pairs)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t pair = pairs[i];
        const double value = x[oss_row(pair)];
        size_t j = i;
        for (; j > 0 && x[oss_row(pairs[j - 1])] > value; j--)
            pairs[j] = pairs[j - 1];
        pairs[j] = pair;
    }
}

/* Bottom-up, stable; the result is in pairs. */
static void merge_sort(size_t n, const double *x, uint64_t *pairs, uint64_t *spare)
{
    uint64_t *from = pairs, *to = spare;
    for (size_t lo = 0; lo < n; lo += SHORT_RUN)
        insertion_sort(n - lo < SHORT_RUN ? n - lo : SHORT_RUN, x, pairs + lo);
    for (size_t width = SHORT_RUN; width < n; width *= 2) {
        for (size_t lo = 0; lo < n; lo += 2 * width) {
            const size_t mid = n - lo < width ? n : lo + width;
            const size_t hi = n - mid < width ? n : mid + width;
            size_t i = lo, j = mid;
            for (size_t k = lo; k < hi; k++)
                to[k] = i < mid && (j == hi || x[oss_row(from[i])] <= x[oss_row(from[j])])
                            ? from[i++]
                            : from[j++];
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != pairs)
        memcpy(pairs, from, n * sizeof *pairs);
}

static void exact_order(size_t n, const double *x, uint64_t *pairs, uint64_t *spare)
{
    if (n <= SHORT_RUN)
        insertion_sort(n, x, pairs);
    else
        merge_sort(n, x, pairs, spare);
}

void oss_sort(size_t n, const double *x, uint64_t *sorted, uint64_t *spare)
{
    if (n == 0)
        return;
    double lo = x[0], hi = x[0];
    int ascending = 1;
    for (size_t i = 1; i < n; i++) {
        ascending &= x[i - 1] <= x[i];
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    /* Half the range, so that it cannot overflow. */
    const double scale = 2147483647.0 / (hi / 2 - lo / 2);
    if (ascending || n <= SHORT_RUN || !isfinite(scale)) {
        for (size_t i = 0; i < n; i++)
            sorted[i] = i;
        if (!ascending)
            exact_order(n, x, sorted, spare);
        return;
    }

    size_t count[3][N_DIGITS];
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = (uint32_t) ((x[i] / 2 - lo / 2) * scale * 2);
        spare[i] = (uint64_t) key << 32 | i;
        count[0][key & (N_DIGITS - 1)]++;
        count[1][key >> DIGIT_BITS & (N_DIGITS - 1)]++;
        count[2][key >> 2 * DIGIT_BITS]++;
    }
    uint64_t *from = spare, *to = sorted;
    for (int pass = 0; pass < 3; pass++) {
        size_t sum = 0;
        for (size_t digit = 0; digit < N_DIGITS; digit++) {
            const size_t here = count[pass][digit];
            count[pass][digit] = sum;
            sum += here;
        }
        const int shift = 32 + pass * DIGIT_BITS;
        for (size_t i = 0; i < n; i++)
            to[count[pass][from[i] >> shift & (N_DIGITS - 1)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    /* Three passes end in `sorted`. */
    for (size_t i = 0; i + 1 < n;) {
        size_t end = i + 1;
        while (end < n && sorted[end] >> 32 == sorted[i] >> 32)
            end++;
        if (end - i > 1)
            exact_order(end - i, x, sorted + i, spare + i);
        i = end;
    }
}

void oss_gather(size_t n, const double *x, const uint64_t *sorted, double *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = x[oss_row(sorted[i])];
}

double oss_tie_width(size_t n_a, const double *a, size_t n_b, const double *b)
{
    /* Scaled, since the sum of many of the largest doubles would overflow. */
    const double scale = 0x1p-34;
    double sum = 0, last = 0;
    size_t n_distinct = 0;
    for (size_t i = 0, j = 0; i < n_a || j < n_b;) {
        const double value = j == n_b || (i < n_a && a[i] <= b[j]) ? a[i++] : b[j++];
        if (n_distinct == 0 || value != last) {
            sum += fabs(value) * scale;
            n_distinct++;
        }
        last = value;
    }
    return n_distinct ? sqrt(DBL_EPSILON) * (sum / (double) n_distinct / scale) : 0;
}
