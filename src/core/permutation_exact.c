#include "permutation_exact.h"
#include "permutation_lists.h"

#include <math.h>

/* Elements of both halves together: 2^23 are 256 MB while they are made, and n = 44. */
static const double most_elements = 8388608;

/* Nothing to permute: T is its mean. */
static void one_value(const oss_permutation_law *law, size_t n_at, const double *x,
                      oss_permutation_tails *tails)
{
    for (size_t i = 0; i < n_at; i++) {
        const double same = 1e-12 * (1 + fabs(law->centre));
        const double lower = x[i] >= -same, upper = x[i] <= same;
        tails[i] = (oss_permutation_tails){ lower, lower, lower, upper, upper, upper };
    }
}

static oss_status choose(const oss_permutation_law *law, size_t n_at, const double *x, double *work,
                         oss_permutation_tails *tails, oss_exact_way *way, const oss_hook *hook,
                         oss_error *err)
{
    const oss_lists_plan plan = oss_lists_plan_new(law, work, work + 2 * (law->n + 2));
    if (!(plan.size <= most_elements))
        return OSS_OK;
    *way = OSS_EXACT_LISTS;
    return oss_lists_tails(law, &plan, n_at, x, tails, hook, err);
}

oss_status oss_permutation_exact(const oss_permutation_law *law, size_t n_at, const double *at,
                                 oss_permutation_tails *tails, oss_exact_way *way,
                                 const oss_hook *hook, oss_error *err)
{
    *way = OSS_EXACT_NONE;
    if (law->n > OSS_EXACT_ROWS)
        return OSS_OK;
    double *x = oss_calloc(n_at, sizeof *x);
    double *work = oss_calloc(law->n + 2, 4 * sizeof *work);
    oss_status status = OSS_OK;
    if (!x || !work)
        status = oss_no_memory(err);
    else {
        for (size_t i = 0; i < n_at; i++)
            x[i] = at[i] - law->centre;
        if (law->n_draw == 0) {
            one_value(law, n_at, x, tails);
            *way = OSS_EXACT_LISTS;
        } else
            status = choose(law, n_at, x, work, tails, way, hook, err);
    }
    oss_free(work);
    oss_free(x);
    return status;
}
