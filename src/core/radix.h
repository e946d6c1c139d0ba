#ifndef OSS_RADIX_H
#define OSS_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Ascending, stable order of n < 2^32 finite doubles; the one sort of the core. On return the row
 * of the i-th smallest value is oss_row(sorted[i]). sorted and spare hold n elements each.
 *
 * A 32-bit key of the range-reduced value and the 4-byte row travel together through three passes
 * of 11 bits; runs of equal keys are then put in exact order, by insertion or, if long, by merging
 * (values crowded into one key by an outlier). O(n) but for such runs, O(n log n) then. Values that
 * come sorted cost one pass. */
void oss_sort(size_t n, const double *x, uint64_t *sorted, uint64_t *spare);

static inline uint32_t oss_row(uint64_t pair) { return (uint32_t) pair; }

/* values[i] = x of the i-th smallest. values may be the spare memory of the sort, if that was
 * allocated without a type. */
void oss_gather(size_t n, const double *x, const uint64_t *sorted, double *values);

/* The largest difference of two tied neighbours among the values of one or two ascending sequences:
 * 1.5e-8 (the root of the double's epsilon) of the mean absolute value, each distinct value counted
 * once, as survival::aeqSurv. Relative only, so that the unit of time does not matter. */
double oss_tie_width(size_t n_a, const double *a, size_t n_b, const double *b);

#endif
