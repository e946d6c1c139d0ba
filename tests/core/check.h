#ifndef OSS_CHECK_H
#define OSS_CHECK_H

/* A unit test is a function `static void test_x(void)` of CHECK lines; main() runs them with RUN
 * and ends with `return check_report();`, which prints "N passed, N failed". */

#include <math.h>
#include <stdio.h>

static int checks_passed, checks_failed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (condition)                                                                             \
            checks_passed++;                                                                       \
        else {                                                                                     \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                \
        }                                                                                          \
    } while (0)

/* Relative where |want| > 1, absolute below. */
#define CHECK_NEAR(got, want, tolerance)                                                           \
    do {                                                                                           \
        const double got_ = (got), want_ = (want);                                                 \
        const double scale_ = fabs(want_) > 1 ? fabs(want_) : 1;                                   \
        if (got_ == want_ || fabs(got_ - want_) <= (tolerance) *scale_)                            \
            checks_passed++;                                                                       \
        else {                                                                                     \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: failed: %s is %.17g, not %.17g\n", __FILE__, __LINE__, #got,   \
                    got_, want_);                                                                  \
        }                                                                                          \
    } while (0)

static inline int check_report(void)
{
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed > 0;
}

#endif
