#include "log_rank.h"
#include "radix.h"

#include <math.h>
#include <string.h>

enum { POLL_EVERY = 1 << 20 };

/* Entries by cell, ascending, to know who is at risk between two times of a cell's own table. */
typedef struct {
    double *time, *weight; /* [n], cell by cell */
    size_t *next, *end;    /* [n_cell] */
} entry_lists;

static void entries_free(entry_lists *x)
{
    oss_free(x->time);
    oss_free(x->weight);
    oss_free(x->next);
    *x = (entry_lists){ 0 };
}

static oss_status entries_new(const oss_risk_rows *rows, entry_lists *x, oss_error *err)
{
    const size_t n = rows->n, n_cell = rows->n_stratum;
    uint64_t *sorted = oss_calloc(n, 2 * sizeof *sorted);
    x->time = oss_calloc(n, sizeof *x->time);
    x->weight = oss_calloc(n, sizeof *x->weight);
    x->next = oss_calloc(n_cell, 2 * sizeof *x->next);
    if (!sorted || !x->time || !x->weight || !x->next) {
        oss_free(sorted);
        entries_free(x);
        return oss_no_memory(err);
    }
    x->end = x->next + n_cell;
    for (size_t i = 0; i < n; i++)
        x->end[rows->stratum ? rows->stratum[i] - 1 : 0]++;
    for (size_t cell = 0, at = 0; cell < n_cell; cell++) {
        const size_t size = x->end[cell];
        x->next[cell] = x->end[cell] = at;
        at += size;
    }
    oss_sort(n, rows->entry, sorted, sorted + n);
    for (size_t i = 0; i < n; i++) {
        const size_t row = oss_row(sorted[i]);
        const size_t at = x->end[rows->stratum ? rows->stratum[row] - 1 : 0]++;
        x->time[at] = rows->entry[row];
        x->weight[at] = rows->weight ? rows->weight[row] : 1;
    }
    oss_free(sorted);
    return OSS_OK;
}

static double power(double x, double exponent)
{
    return exponent == 0 ? 1 : exponent == 1 ? x : pow(x, exponent);
}

static double weight_at(double survival, double rho, double gamma)
{
    return power(survival, rho) * power(1 - survival, gamma);
}

/* One event time of one stratum. */
typedef struct {
    double n, d;               /* of all groups */
    double *n_group, *d_group; /* [n_group] */
    double *weight;            /* [n_weight] */
} event_time;

static void add_time(const event_time *at, oss_log_rank_sums *out)
{
    const size_t n_group = out->n_group, n_weight = out->n_weight;
    for (size_t w = 0; w < n_weight; w++) {
        const double each = at->weight[w] * at->d / at->n;
        for (size_t g = 0; g < n_group; g++) {
            out->observed[w * n_group + g] += at->weight[w] * at->d_group[g];
            out->expected[w * n_group + g] += each * at->n_group[g];
        }
    }
    if (at->n <= 1 || at->d >= at->n)
        return;
    const double spread = at->d * (at->n - at->d) / ((at->n - 1) * at->n * at->n);
    for (size_t g = 0; g < n_group; g++) {
        if (at->n_group[g] == 0)
            continue;
        for (size_t h = 0; h <= g; h++) {
            const double one = spread * (g == h ? at->n_group[g] * (at->n - at->n_group[g])
                                                : -at->n_group[g] * at->n_group[h]);
            for (size_t v = 0; v < n_weight; v++)
                for (size_t w = 0; w <= v; w++)
                    out->covariance[((v * n_weight + w) * n_group + g) * n_group + h] +=
                        at->weight[v] * at->weight[w] * one;
        }
    }
}

/* Summed in the lower triangles only. */
static void mirror(oss_log_rank_sums *out)
{
    const size_t p = out->n_group, q = out->n_weight;
    double *c = out->covariance;
    for (size_t v = 0; v < q; v++)
        for (size_t w = 0; w <= v; w++)
            for (size_t g = 0; g < p; g++)
                for (size_t h = 0; h <= g; h++) {
                    const double value = c[((v * q + w) * p + g) * p + h];
                    c[((v * q + w) * p + h) * p + g] = value;
                    c[((w * q + v) * p + g) * p + h] = value;
                    c[((w * q + v) * p + h) * p + g] = value;
                }
}

oss_status oss_log_rank(const oss_risk_rows *rows, const oss_risk_table *table, const double *rho,
                        const double *gamma, oss_log_rank_sums *out, const oss_hook *hook,
                        oss_error *err)
{
    const size_t n_group = out->n_group, n_weight = out->n_weight;
    if (n_group == 0 || table->n_stratum % n_group)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the strata must hold %zu groups each",
                        n_group);
    memset(out->observed, 0, n_weight * n_group * sizeof(double));
    memset(out->expected, 0, n_weight * n_group * sizeof(double));
    memset(out->covariance, 0, n_weight * n_weight * n_group * n_group * sizeof(double));

    entry_lists entries = { 0 };
    size_t *next = oss_calloc(n_group, sizeof *next);
    double *present = oss_calloc(3 * n_group + n_weight, sizeof *present);
    if (!next || !present || (rows->entry && entries_new(rows, &entries, err))) {
        oss_free(next);
        oss_free(present);
        return oss_no_memory(err);
    }
    event_time at = { .n_group = present, .d_group = present + n_group };
    double *entered_less_left = present + 2 * n_group;
    at.weight = present + 3 * n_group;

    oss_status status = OSS_OK;
    size_t visited = 0;
    for (size_t first = 0; first < table->n_stratum && status == OSS_OK; first += n_group) {
        const size_t *start = table->start + first;
        double survival = 1;
        for (size_t g = 0; g < n_group; g++) {
            next[g] = start[g];
            entered_less_left[g] = 0;
        }
        for (;;) {
            double time = INFINITY;
            for (size_t g = 0; g < n_group; g++)
                if (next[g] < start[g + 1] && table->time[next[g]] < time)
                    time = table->time[next[g]];
            if (time == INFINITY)
                break;
            at.n = at.d = 0;
            for (size_t g = 0; g < n_group; g++) {
                const size_t k = next[g];
                const int leaving = k < start[g + 1] && table->time[k] == time;
                at.d_group[g] = leaving ? table->n_event[k] : 0;
                if (rows->entry) {
                    size_t *e = entries.next + first + g;
                    for (; *e < entries.end[first + g] &&
                           (entries.time[*e] < time || entries.time[*e] == 0);
                         ++*e)
                        entered_less_left[g] += entries.weight[*e];
                    at.n_group[g] = entered_less_left[g];
                } else {
                    at.n_group[g] = k < start[g + 1] ? table->n_risk[k] : 0;
                }
                at.n += at.n_group[g];
                at.d += at.d_group[g];
                if (leaving) {
                    entered_less_left[g] -= table->n_event[k] + table->n_censor[k];
                    next[g]++;
                }
            }
            if (at.d > 0) {
                for (size_t w = 0; w < n_weight; w++)
                    at.weight[w] = weight_at(survival, rho[w], gamma[w]);
                add_time(&at, out);
                survival *= at.d < at.n ? (at.n - at.d) / at.n : 0;
            }
            if (++visited % POLL_EVERY == 0 &&
                oss_stopped(hook, (double) visited / (double) table->n_time)) {
                status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "cancelled");
                break;
            }
        }
    }
    mirror(out);
    entries_free(&entries);
    oss_free(next);
    oss_free(present);
    return status;
}

/* The last row of the stratum at or before the time; a run of ties carries its smallest time, so
 * that an entry in the run finds it. */
static size_t row_at(const oss_risk_table *table, size_t lo, size_t hi, double time)
{
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (table->time[middle] <= time)
            lo = middle;
        else
            hi = middle;
    }
    return lo;
}

oss_status oss_log_rank_scores(const oss_risk_rows *rows, const oss_risk_table *table,
                               const uint32_t *row_time, const double *rho, const double *gamma,
                               size_t n_weight, double *score, oss_error *err)
{
    const size_t n = rows->n, n_time = table->n_time;
    double *weight = oss_calloc(n_time, 2 * sizeof *weight);
    if (weight == NULL)
        return oss_no_memory(err);
    double *cumulative = weight + n_time;
    for (size_t w = 0; w < n_weight; w++) {
        for (size_t s = 0; s < table->n_stratum; s++) {
            double survival = 1, sum = 0;
            for (size_t k = table->start[s]; k < table->start[s + 1]; k++) {
                const double d = table->n_event[k], at_risk = table->n_risk[k];
                weight[k] = weight_at(survival, rho[w], gamma[w]);
                if (d > 0) {
                    sum += weight[k] * d / at_risk;
                    survival *= d < at_risk ? (at_risk - d) / at_risk : 0;
                }
                cumulative[k] = sum;
            }
        }
        for (size_t i = 0; i < n; i++) {
            const size_t k = row_time[i], s = rows->stratum ? (size_t) rows->stratum[i] - 1 : 0;
            double value = (rows->status[i] ? weight[k] : 0) - cumulative[k];
            /* Who enters at time 0 is at risk there. */
            if (rows->entry && rows->entry[i] > 0)
                value +=
                    cumulative[row_at(table, table->start[s], table->start[s + 1], rows->entry[i])];
            score[w * n + i] = value;
        }
    }
    oss_free(weight);
    return OSS_OK;
}

double oss_quadratic(size_t p, const double *u, const double *v, double *solution, double *work,
                     size_t *rank)
{
    double *left = work, *rest = work + p, *step = work + 2 * p, *pivots = work + 3 * p;
    double *factor = work + 4 * p; /* column by column, rows in their old order */
    double largest = 0, form = 0;
    for (size_t i = 0; i < p; i++) {
        left[i] = v[i * p + i];
        rest[i] = u[i];
        largest = left[i] > largest ? left[i] : largest;
    }
    size_t r = 0;
    for (; r < p; r++) {
        size_t pivot = p;
        for (size_t i = 0; i < p; i++)
            if (left[i] > 1e-10 * largest && (pivot == p || left[i] > left[pivot]))
                pivot = i;
        if (pivot == p)
            break;
        const double root = sqrt(left[pivot]);
        double *column = factor + r * p;
        for (size_t i = 0; i < p; i++) {
            double value = v[i * p + pivot];
            for (size_t k = 0; k < r; k++)
                value -= factor[k * p + i] * factor[k * p + pivot];
            column[i] = value / root;
        }
        pivots[r] = (double) pivot;
        step[r] = rest[pivot] / root;
        form += step[r] * step[r];
        for (size_t i = 0; i < p; i++) {
            rest[i] -= column[i] * step[r];
            left[i] -= column[i] * column[i];
        }
        left[pivot] = 0;
    }
    *rank = r;
    if (solution == NULL)
        return form;
    memset(solution, 0, p * sizeof *solution);
    for (size_t j = r; j-- > 0;) {
        double value = step[j];
        for (size_t k = j + 1; k < r; k++)
            value -= factor[j * p + (size_t) pivots[k]] * solution[(size_t) pivots[k]];
        solution[(size_t) pivots[j]] = value / factor[j * p + (size_t) pivots[j]];
    }
    return form;
}
