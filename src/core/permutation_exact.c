#include "permutation_exact.h"
#include "permutation_lattice.h"
#include "permutation_lists.h"

#include <math.h>

/* Elements of both halves together: 2^23 are 256 MB while they are made, and n = 44. */
static const double most_elements = 8388608;

/* With so few the lattice is not looked for. */
static const double cheap_elements = 16384;

/* Of a lattice: additions, about a third of a second, and doubles in one half. */
static const double most_additions = 5e8, most_cells = 1e7;

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

/* An estimate by a coarse lattice, then an enclosure by the finest that is affordable. */
static oss_status enclose_tails(const oss_permutation_law *law, const oss_lists_plan *cut,
                                size_t n_at, const double *x, oss_permutation_tails *tails,
                                oss_exact_way *way, const oss_hook *hook, oss_error *err)
{
    const double coarse = 0.004 * sqrt(law->variance / (double) law->n);
    oss_lattice_plan plan;
    oss_status status = oss_lattice_plan_new(law, cut->draw, cut->row, coarse, &plan, err);
    if (status || plan.cost > most_additions || plan.cells > most_cells)
        return status;
    status = oss_lattice_tails(law, &plan, OSS_LATTICE_ESTIMATE, n_at, x, tails, hook, err);
    if (status)
        return status;
    *way = OSS_EXACT_ENCLOSED;
    const double finer = fmax(1, fmin(most_additions / plan.cost, most_cells / plan.cells));
    status = oss_lattice_plan_new(law, cut->draw, cut->row, coarse / finer, &plan, err);
    if (status)
        return status;
    return oss_lattice_tails(law, &plan, OSS_LATTICE_ENCLOSE, n_at, x, tails, hook, err);
}

static oss_status choose(const oss_permutation_law *law, int enclose, size_t n_at, const double *x,
                         double *work, oss_permutation_tails *tails, oss_exact_way *way,
                         const oss_hook *hook, oss_error *err)
{
    const oss_lists_plan lists = oss_lists_plan_new(law, work, work + 2 * (law->n + 2));
    if (lists.size <= cheap_elements) {
        *way = OSS_EXACT_LISTS;
        return oss_lists_tails(law, &lists, n_at, x, tails, hook, err);
    }
    oss_lattice_plan lattice;
    const oss_status status = oss_lattice_plan_new(law, lists.draw, lists.row, 0, &lattice, err);
    if (status)
        return status;
    const int affordable =
        lattice.step > 0 && lattice.cells <= most_cells && lattice.cost <= 4 * most_additions;
    if (affordable && lattice.cost < 10 * lists.size) {
        *way = OSS_EXACT_LATTICE;
        return oss_lattice_tails(law, &lattice, OSS_LATTICE_EXACT, n_at, x, tails, hook, err);
    }
    if (lists.size <= most_elements) {
        *way = OSS_EXACT_LISTS;
        return oss_lists_tails(law, &lists, n_at, x, tails, hook, err);
    }
    return enclose ? enclose_tails(law, &lists, n_at, x, tails, way, hook, err) : OSS_OK;
}

oss_status oss_permutation_exact(const oss_permutation_law *law, int enclose, size_t n_at,
                                 const double *at, oss_permutation_tails *tails, oss_exact_way *way,
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
            status = choose(law, enclose, n_at, x, work, tails, way, hook, err);
    }
    oss_free(work);
    oss_free(x);
    return status;
}
