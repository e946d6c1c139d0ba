#include "permutation_lattice.h"
#include "permutation_half.h"
#include "permutation_remainder.h"
#include "quantile.h"

#include <math.h>
#include <string.h>

/* ---- scores on the lattice ---- */

/* The largest step of which all of score[n] (ascending) less score[0] are multiples, and `step` too
 * (0: not yet known); 0 if none above `least` is. */
static double common_step(const double *score, size_t n, double step, double same, double least)
{
    for (size_t i = 1; i < n; i++) {
        double a = score[i] - score[0], b = step;
        while (a > same) { /* Euclid, by the nearest multiple */
            const double rest = b > 0 ? fabs(b - a * nearbyint(b / a)) : 0;
            b = a;
            a = rest;
        }
        step = b;
        if (i > 1 && step > 0 && step < least)
            return 0;
    }
    return step;
}

static double find_step(const oss_permutation_law *law)
{
    const double same = 1e-12 * law->range, least = 1e-6 * law->range;
    double step = 0;
    for (size_t s = 0; s < law->n_draw; s++) {
        step = common_step(law->draw[s].score, law->draw[s].n, step, 1e3 * same, least);
        if (!(step >= least))
            return 0;
    }
    step = law->range / nearbyint(law->range / step);
    for (size_t s = 0; s < law->n_draw; s++)
        for (size_t i = 0; i < law->draw[s].n; i++) {
            const double v = (law->draw[s].score[i] - law->draw[s].score[0]) / step;
            if (fabs(v - nearbyint(v)) * step > same)
                return 0;
        }
    return step;
}

/* ---- what it takes ---- */

/* prefix[i]: sum of the first i values on the lattice. */
static void prefix_sums(const double *score, size_t n, double base, double step, double *prefix)
{
    prefix[0] = 0;
    for (size_t i = 0; i < n; i++)
        prefix[i + 1] = prefix[i] + nearbyint((score[i] - base) / step);
}

/* Cells of the sums of k of the first i values. */
static double span_of(const double *prefix, double before, size_t i, size_t k)
{
    return before + prefix[i] - prefix[i - k] - prefix[k];
}

static void count_rows_cost(const double *prefix, size_t rows, size_t n, size_t m, double before,
                            oss_lattice_plan *plan)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t k = oss_least(m, n, i + 1); k <= oss_most(m, i + 1); k++)
            if (k > 0)
                plan->cost += span_of(prefix, before, i, k - 1);
    double cells = 0;
    for (size_t k = 0; k <= oss_most(m, rows); k++)
        cells += span_of(prefix, before, rows, k);
    plan->cells = fmax(plan->cells, cells);
}

static void count_cost(const oss_half *half, double step, double *prefix, oss_lattice_plan *plan)
{
    double span = 1;
    for (size_t s = 0; s < half->n_whole; s++) {
        const oss_draw *draw = half->whole + s;
        prefix_sums(draw->score, draw->n, draw->score[0], step, prefix);
        count_rows_cost(prefix, draw->n, draw->n, draw->m, span, plan);
        span = span_of(prefix, span, draw->n, draw->m);
    }
    prefix_sums(half->score, half->n, half->base, step, prefix);
    count_rows_cost(prefix, half->n, half->n + half->other, half->m, span, plan);
}

oss_status oss_lattice_plan_new(const oss_permutation_law *law, size_t draw, size_t row,
                                double step, oss_lattice_plan *plan, oss_error *err)
{
    *plan = (oss_lattice_plan){ draw, row, step > 0 ? step : find_step(law), 0, 0 };
    if (plan->step == 0)
        return OSS_OK;
    double *prefix = oss_calloc(law->n + 1, sizeof *prefix);
    if (!prefix)
        return oss_no_memory(err);
    const oss_half first = oss_first_half(law, draw, row);
    const oss_half second = oss_second_half(law, draw, row);
    count_cost(&first, plan->step, prefix, plan);
    count_cost(&second, plan->step, prefix, plan);
    oss_free(prefix);
    return OSS_OK;
}

/* ---- the arrays ---- */

/* Counts of the sums low[k] .. low[k] + span[k] - 1 of k values, k = 0 .. most, at count + from[k].
 */
typedef struct {
    size_t least, most;
    size_t *from, *span, *low;
    double *count;
} layers;

static void layers_free(layers *x)
{
    oss_free(x->from);
    oss_free(x->count);
    memset(x, 0, sizeof *x);
}

static int layers_new(layers *x, size_t most, const double *prefix, size_t rows, size_t low,
                      size_t span)
{
    memset(x, 0, sizeof *x);
    x->most = most;
    x->from = oss_calloc(most + 1, 3 * sizeof *x->from);
    if (!x->from)
        return 0;
    x->span = x->from + most + 1;
    x->low = x->span + most + 1;
    size_t cells = 0;
    for (size_t k = 0; k <= most; k++) {
        x->from[k] = cells;
        x->low[k] = low + (size_t) prefix[k];
        x->span[k] = (size_t) span_of(prefix, (double) span, rows, k);
        cells += x->span[k];
    }
    x->count = oss_calloc(cells, sizeof *x->count);
    return x->count != NULL;
}

/* The rows join the law in layer `kept` of `now`, which is replaced. */
static oss_status add_rows(layers *now, size_t kept, const double *prefix, size_t rows, size_t n,
                           size_t m, const oss_hook *hook, oss_error *err)
{
    layers next;
    oss_status status = OSS_OK;
    if (!layers_new(&next, oss_most(m, rows), prefix, rows, now->low[kept], now->span[kept]))
        status = oss_no_memory(err);
    else
        memcpy(next.count, now->count + now->from[kept], now->span[kept] * sizeof *next.count);
    const double before = (double) now->span[kept];
    for (size_t i = 0; i < rows && !status; i++) {
        const size_t value = (size_t) (prefix[i + 1] - prefix[i]);
        const size_t least = oss_least(m, n, i + 1);
        for (size_t k = oss_most(m, i + 1); k >= least && k > 0; k--) {
            const size_t cells = (size_t) span_of(prefix, before, i, k - 1);
            const double *source = next.count + next.from[k - 1];
            double *target =
                next.count + next.from[k] + (value - (size_t) (prefix[k] - prefix[k - 1]));
            for (size_t u = 0; u < cells; u++)
                target[u] += source[u];
        }
        if (oss_stopped(hook, (double) i / (double) rows))
            status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
    }
    next.least = oss_least(m, n, rows);
    layers_free(now);
    *now = next;
    return status;
}

static oss_status half_layers(const oss_half *half, double step, double *prefix, layers *now,
                              const oss_hook *hook, oss_error *err)
{
    prefix[0] = 0;
    if (!layers_new(now, 0, prefix, 0, 0, 1))
        return oss_no_memory(err);
    now->count[0] = 1;
    oss_status status = OSS_OK;
    for (size_t s = 0; s < half->n_whole && !status; s++) {
        const oss_draw *draw = half->whole + s;
        prefix_sums(draw->score, draw->n, draw->score[0], step, prefix);
        status = add_rows(now, now->most, prefix, draw->n, draw->n, draw->m, hook, err);
    }
    if (!status) {
        prefix_sums(half->score, half->n, half->base, step, prefix);
        status =
            add_rows(now, now->most, prefix, half->n, half->n + half->other, half->m, hook, err);
    }
    return status;
}

/* ---- the tails ---- */

typedef struct {
    layers a, b; /* counts of b cumulated */
    size_t *split;
    double *total; /* of each layer of b */
    double all;    /* allocations */
    size_t m;
} law_of_v;

/* P(V <= below) and P(V >= above). */
static void tails_of_v(const law_of_v *x, double below, double above, double *lower, double *upper)
{
    double low = 0, high = 0;
    for (size_t k = x->a.least; k <= x->a.most; k++) {
        const size_t other = x->m - k, nb = x->b.span[other];
        const double *a = x->a.count + x->a.from[k], *b = x->b.count + x->b.from[other];
        const double low_sum = (double) (x->a.low[k] + x->b.low[other]);
        for (size_t u = 0; u < x->a.span[k]; u++) {
            if (a[u] == 0)
                continue;
            const double end = below - low_sum - (double) u + 1;
            const double first = above - low_sum - (double) u;
            const size_t n_low = end <= 0 ? 0 : end >= (double) nb ? nb : (size_t) end;
            const size_t start = first <= 0 ? 0 : first >= (double) nb ? nb : (size_t) first;
            low += a[u] * oss_before(b, nb, x->split[other], x->total[other], n_low);
            high += a[u] * oss_from(b, nb, x->split[other], x->total[other], start);
        }
    }
    *lower = low / x->all;
    *upper = high / x->all;
}

static int meet(law_of_v *x)
{
    x->split = oss_calloc(x->b.most + 1, sizeof *x->split);
    x->total = oss_calloc(x->b.most + 1, sizeof *x->total);
    if (!x->split || !x->total)
        return 0;
    for (size_t k = 0; k <= x->b.most; k++)
        x->split[k] = oss_cumulate(x->b.count + x->b.from[k], x->b.span[k], x->total + k);
    for (size_t k = x->a.least; k <= x->a.most; k++) {
        double first = 0;
        for (size_t u = 0; u < x->a.span[k]; u++)
            first += x->a.count[x->a.from[k] + u];
        x->all += first * x->total[x->m - k];
    }
    return 1;
}

/* E taken as normal given V. */
static void estimate(const law_of_v *v, const oss_remainder *r, double step, double x,
                     oss_permutation_tails *tails)
{
    const double slope = 1 + r->slope, sd = r->sd;
    const double reach = 6 * sd / slope;
    const double first = floor((x / slope - reach - r->offset) / step);
    const double last = ceil((x / slope + reach - r->offset) / step);
    double below, above;
    tails_of_v(v, first - 1, last + 1, &below, &above);
    double next, lower, upper = 0;
    tails_of_v(v, first - 1, first, &lower, &next);
    for (double cell = first; cell <= last; cell++) {
        double after;
        tails_of_v(v, cell, cell + 1, &lower, &after);
        const double z = ((r->offset + step * cell) * slope - x) / sd;
        const double mass = fmax(next - after, 0);
        upper += mass * oss_normal_cdf(z);
        below += mass * oss_normal_cdf(-z);
        next = after;
    }
    tails->upper = fmin(fmax(upper + above, tails->upper_low), tails->upper_high);
    tails->lower = fmin(fmax(below, tails->lower_low), tails->lower_high);
}

static void narrow(double low, double high, double beyond, double *in_low, double *value,
                   double *in_high)
{
    *in_low = fmin(fmax(*in_low, low - beyond), 1);
    *in_high = fmax(fmin(*in_high, high + beyond), *in_low);
    *value = fmin(fmax(*value, *in_low), *in_high);
}

static void tails_at(const oss_permutation_law *law, const law_of_v *v, const oss_remainder *r,
                     double step, oss_lattice_aim aim, double x, oss_permutation_tails *tails)
{
    const double lattice = x - r->offset, tie = law->tie;
    double low[2], high[2]; /* of the lower tail, of the upper */
    if (aim == OSS_LATTICE_EXACT) {
        tails_of_v(v, floor((lattice + tie) / step), ceil((lattice - tie) / step), low, high);
        *tails = (oss_permutation_tails){ low[0], low[0], low[0], high[0], high[0], high[0] };
        return;
    }
    if (aim == OSS_LATTICE_ESTIMATE)
        *tails = (oss_permutation_tails){ 0, 0, 1, 0, 0, 1 };
    const oss_reach reach = oss_remainder_reach(r, x, sqrt(law->variance));
    tails_of_v(v, floor((lattice - reach.up) / step), ceil((lattice - tie - reach.up) / step), low,
               high + 1);
    tails_of_v(v, floor((lattice + tie + reach.down) / step), ceil((lattice + reach.down) / step),
               high, low + 1);
    narrow(low[0], high[0], reach.beyond, &tails->lower_low, &tails->lower, &tails->lower_high);
    narrow(low[1], high[1], reach.beyond, &tails->upper_low, &tails->upper, &tails->upper_high);
    if (aim == OSS_LATTICE_ESTIMATE)
        estimate(v, r, step, x, tails);
}

oss_status oss_lattice_tails(const oss_permutation_law *law, const oss_lattice_plan *plan,
                             oss_lattice_aim aim, size_t n_at, const double *x,
                             oss_permutation_tails *tails, const oss_hook *hook, oss_error *err)
{
    const oss_half first = oss_first_half(law, plan->draw, plan->row);
    const oss_half second = oss_second_half(law, plan->draw, plan->row);
    law_of_v v = { .m = first.m };
    oss_remainder remainder = { 0 };
    double *prefix = oss_calloc(law->n + 1, sizeof *prefix);
    oss_status status =
        prefix ? oss_remainder_new(law, plan->step, aim != OSS_LATTICE_EXACT, &remainder, err)
               : oss_no_memory(err);
    if (!status)
        status = half_layers(&first, plan->step, prefix, &v.a, hook, err);
    if (!status)
        status = half_layers(&second, plan->step, prefix, &v.b, hook, err);
    if (!status && !meet(&v))
        status = oss_no_memory(err);
    for (size_t i = 0; i < n_at && !status; i++)
        tails_at(law, &v, &remainder, plan->step, aim, x[i], tails + i);
    oss_free(v.total);
    oss_free(v.split);
    layers_free(&v.b);
    layers_free(&v.a);
    oss_free(prefix);
    return status;
}
