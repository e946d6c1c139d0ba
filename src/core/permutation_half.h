#ifndef OSS_PERMUTATION_HALF_H
#define OSS_PERMUTATION_HALF_H

/* Internal to the exact permutation tails: a law cut in two. The halves share one draw, whose first
 * rows belong to one and whose other rows to the other; draws before and after it are whole. */

#include "permutation.h"

typedef struct {
    const oss_draw *whole; /* [n_whole] */
    size_t n_whole;
    const double *score; /* [n] this half's rows of the shared draw, ascending */
    size_t n, other;     /* rows here and in the other half */
    size_t m;            /* drawn in both */
    double base;         /* smallest score of the shared draw */
} oss_half;

static inline oss_half oss_first_half(const oss_permutation_law *law, size_t draw, size_t row)
{
    const oss_draw *shared = law->draw + draw;
    return (oss_half){ law->draw,       draw,      shared->score,   row,
                       shared->n - row, shared->m, shared->score[0] };
}

static inline oss_half oss_second_half(const oss_permutation_law *law, size_t draw, size_t row)
{
    const oss_draw *shared = law->draw + draw;
    return (
        oss_half){ shared + 1, law->n_draw - draw - 1, shared->score + row, shared->n - row, row,
                   shared->m,  shared->score[0] };
}

/* How many of the first i of n rows can be drawn, if m are drawn in all: from least to most. */
static inline size_t oss_least(size_t m, size_t n, size_t i) { return m > n - i ? m - (n - i) : 0; }
static inline size_t oss_most(size_t m, size_t i) { return m < i ? m : i; }

/* Sums of positive terms, each from its nearer end, so that a small tail keeps its digits. */
static inline size_t oss_cumulate(double *x, size_t n, double *total)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += x[i];
    *total = all;
    size_t split = 0;
    double sum = 0;
    while (split < n && sum + x[split] <= 0.5 * all) {
        sum += x[split];
        x[split++] = sum;
    }
    sum = 0;
    for (size_t i = n; i-- > split;) {
        sum += x[i];
        x[i] = sum;
    }
    return split;
}

/* Sum of the elements from i on, and of those before i. */
static inline double oss_from(const double *x, size_t n, size_t split, double total, size_t i)
{
    if (i >= n)
        return 0;
    return i >= split ? x[i] : i ? total - x[i - 1] : total;
}
static inline double oss_before(const double *x, size_t n, size_t split, double total, size_t i)
{
    if (i == 0)
        return 0;
    return i <= split ? x[i - 1] : i < n ? total - x[i] : total;
}

#endif
