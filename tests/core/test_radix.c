#include "check.h"
#include "../../src/core/radix.h"

#include <stdlib.h>

static double noise(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double) (*state >> 11) / 9007199254740992.0;
}

/* Sorted, a permutation, and stable. */
static int is_stable_order(size_t n, const double *x)
{
    uint64_t *sorted = malloc((n ? n : 1) * sizeof *sorted),
             *spare = malloc((n ? n : 1) * sizeof *spare);
    char *seen = calloc(n ? n : 1, 1);
    oss_sort(n, x, sorted, spare);
    int good = 1;
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = oss_row(sorted[i]);
        good &= row < n && !seen[row];
        seen[row] = 1;
        if (i > 0) {
            const uint32_t before = oss_row(sorted[i - 1]);
            good &= x[before] < x[row] || (x[before] == x[row] && before < row);
        }
    }
    free(sorted);
    free(spare);
    free(seen);
    return good;
}

static void test_orders_of_many_shapes(void)
{
    enum { N = 5000 };
    double *x = malloc(N * sizeof *x);
    uint64_t state = 7;
    for (size_t n = 0; n < 70; n++) {
        for (size_t i = 0; i < n; i++)
            x[i] = floor(10 * noise(&state));
        CHECK(is_stable_order(n, x));
    }
    for (int shape = 0; shape < 7; shape++) {
        for (size_t i = 0; i < N; i++) {
            const double u = noise(&state);
            switch (shape) {
            case 0:
                x[i] = u;
                break; /* continuous */
            case 1:
                x[i] = floor(100 * u);
                break; /* ties */
            case 2:
                x[i] = i == 17 ? 1e300 : u;
                break; /* an outlier crowds the keys */
            case 3:
                x[i] = 1 + u * 1e-14;
                break; /* neighbours in the last bits */
            case 4:
                x[i] = (2 * u - 1) * 1.7e308;
                break; /* the range overflows */
            case 5:
                x[i] = 5e-324 * floor(40 * u);
                break; /* subnormal range */
            default:
                x[i] = N - (double) i;
                break; /* descending */
            }
        }
        CHECK(is_stable_order(N, x));
    }
    free(x);
}

static void test_tie_width_counts_distinct_values_once(void)
{
    const double a[] = { 1, 1, 2 }, b[] = { 2, 3 };
    CHECK_NEAR(oss_tie_width(3, a, 2, b), ldexp(1, -26) * 2, 1e-15);
    CHECK_NEAR(oss_tie_width(3, a, 0, NULL), ldexp(1, -26) * 1.5, 1e-15);
    CHECK(oss_tie_width(0, NULL, 0, NULL) == 0);
}

int main(void)
{
    test_orders_of_many_shapes();
    test_tie_width_counts_distinct_values_once();
    return check_report();
}
