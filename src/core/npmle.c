#include "npmle_problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MAX_NEWTON = 30, MAX_IDLE = 12, THIN = 64 };

static int allocate(oss_npmle *q, size_t n, size_t m)
{
    q->lo = oss_calloc(n, sizeof *q->lo);
    q->hi = oss_calloc(n, sizeof *q->hi);
    q->weight = oss_calloc(n, sizeof *q->weight);
    q->cell = oss_calloc(m, sizeof *q->cell);
    q->mass = oss_calloc(m, sizeof *q->mass);
    q->below = oss_calloc(m + 1, sizeof *q->below);
    q->rank = oss_calloc(m + 2, sizeof *q->rank);
    q->slope = oss_calloc(m, sizeof *q->slope);
    q->step = oss_calloc(m, sizeof *q->step);
    q->trial = oss_calloc(m, sizeof *q->trial);
    q->d = oss_calloc(m, sizeof *q->d);
    q->drop = oss_calloc(m + 1, sizeof *q->drop);
    q->from = oss_calloc(n + 2, sizeof *q->from);
    q->to = oss_calloc(n + 2, sizeof *q->to);
    q->many = oss_calloc(n + 2, sizeof *q->many);
    q->curve = oss_calloc(n + 2, sizeof *q->curve);
    q->pile = oss_calloc(OSS_MAX_DENSE + 2, sizeof *q->pile);
    return q->lo && q->hi && q->weight && q->cell && q->mass && q->below && q->rank && q->slope &&
           q->step && q->trial && q->d && q->drop && q->from && q->to && q->many && q->curve &&
           q->pile;
}

void oss_npmle_free(oss_npmle *q)
{
    if (!q)
        return;
    void *all[] = { q->lo,     q->hi,    q->weight,    q->cell,  q->mass, q->below,
                    q->rank,   q->slope, q->step,      q->trial, q->d,    q->drop,
                    q->from,   q->to,    q->many,      q->curve, q->pile, q->hessian,
                    q->factor, q->rhs,   q->free_cell, q->bound, q->cg,   q };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
}

/* Rows by lo, then hi, equal ones summed. Two counting sorts; q's own arrays serve as scratch. */
static void collect_rows(oss_npmle *q, size_t n, const uint32_t *lo, const uint32_t *hi,
                         const double *weight)
{
    uint32_t *count = q->rank, *order = q->from;
    const size_t m = q->m;
    memset(count, 0, (m + 2) * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[hi[i]]++;
    for (size_t j = 0, sum = 0; j <= m; j++) {
        const uint32_t here = count[j];
        count[j] = (uint32_t) sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        order[count[hi[i]]++] = (uint32_t) i;
    memset(count, 0, (m + 2) * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[lo[i]]++;
    for (size_t j = 0, sum = 0; j <= m; j++) {
        const uint32_t here = count[j];
        count[j] = (uint32_t) sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        q->to[count[lo[order[i]]]++] = order[i];
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t row = q->to[i];
        const double w = weight ? weight[row] : 1;
        if (i == 0 || lo[row] != q->lo[last] || hi[row] != q->hi[last]) {
            last = i == 0 ? 0 : last + 1;
            q->lo[last] = lo[row];
            q->hi[last] = hi[row];
        }
        q->weight[last] += w;
    }
    q->n = last + 1;
    sum2 total = { 0, 0 };
    for (size_t i = 0; i < q->n; i++)
        total = sum2_add(total, q->weight[i]);
    q->total = sum2_value(total);
}

oss_status oss_npmle_new(size_t n, const uint32_t *lo, const uint32_t *hi, const double *weight,
                         size_t m, oss_npmle **problem, oss_error *err)
{
    *problem = NULL;
    if (n == 0 || n >> 30 || m == 0 || m >> 30)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "there must be 1 to 2^30 - 1 rows and cells");
    for (size_t i = 0; i < n; i++) {
        if (lo[i] >= hi[i] || hi[i] > m)
            return oss_fail(err, OSS_EINVAL, i, "a row must cover a run of the cells");
        if (weight && !(weight[i] > 0 && weight[i] <= 1e15))
            return oss_fail(err, OSS_EINVAL, i, "the weight must be above 0");
    }
    oss_npmle *q = oss_calloc(1, sizeof *q);
    if (!q)
        return oss_no_memory(err);
    q->m = m;
    if (!allocate(q, n, m)) {
        oss_npmle_free(q);
        return oss_no_memory(err);
    }
    collect_rows(q, n, lo, hi, weight);
    *problem = q;
    return OSS_OK;
}

void oss_npmle_tilt(oss_npmle *q, size_t cut, double before, double after)
{
    q->cut = cut;
    q->before = before;
    q->after = after;
}

void npmle_cumulate(oss_npmle *q)
{
    sum2 sum = { 0, 0 };
    for (size_t j = 0; j < q->k; j++) {
        q->below[j] = sum;
        sum = sum2_add(sum, q->mass[j]);
    }
    q->below[q->k] = sum;
}

void npmle_rescale(oss_npmle *q)
{
    npmle_cumulate(q);
    const double total = sum2_value(q->below[q->k]);
    if (total == 1)
        return;
    for (size_t j = 0; j < q->k; j++)
        q->mass[j] /= total;
    npmle_cumulate(q);
}

static void add_edge(oss_npmle *q, uint32_t from, uint32_t to, double weight)
{
    q->from[q->n_edge] = from;
    q->to[q->n_edge] = to;
    q->many[q->n_edge++] = weight;
}

/* Weights of the rows from support cell a on, by where they end. */
static void flush_pile(oss_npmle *q, uint32_t a)
{
    for (uint32_t b = a + 1; b <= q->k; b++) {
        if (q->pile[b] > 0) {
            add_edge(q, a, b, q->pile[b]);
            q->pile[b] = 0;
        }
    }
}

void npmle_look(oss_npmle *q)
{
    size_t j = 0;
    for (size_t c = 0; c <= q->m; c++) {
        q->rank[c] = (uint32_t) j;
        if (j < q->k && q->cell[j] == c)
            j++;
    }
    q->n_edge = 0;
    if (q->k <= OSS_MAX_DENSE) {
        uint32_t a = 0;
        for (size_t i = 0; i < q->n; i++) {
            const uint32_t here = q->rank[q->lo[i]];
            if (here != a) {
                flush_pile(q, a);
                a = here;
            }
            q->pile[q->rank[q->hi[i]]] += q->weight[i];
        }
        flush_pile(q, a);
    } else {
        for (size_t i = 0; i < q->n; i++) {
            const uint32_t a = q->rank[q->lo[i]], b = q->rank[q->hi[i]];
            if (q->n_edge > 0 && q->from[q->n_edge - 1] == a && q->to[q->n_edge - 1] == b)
                q->many[q->n_edge - 1] += q->weight[i];
            else
                add_edge(q, a, b, q->weight[i]);
        }
    }
    if (q->before > 0)
        add_edge(q, 0, q->rank[q->cut], q->before);
    if (q->after > 0)
        add_edge(q, q->rank[q->cut], (uint32_t) q->k, q->after);
}

double npmle_slopes(oss_npmle *q)
{
    memset(q->drop, 0, (q->k + 1) * sizeof *q->drop);
    sum2 *start = q->below + 0, *drop = q->drop;
    for (size_t e = 0; e < q->n_edge; e++) {
        const uint32_t a = q->from[e], b = q->to[e];
        const double inverse = 1 / sum2_minus(start[b], start[a]), v = q->many[e] * inverse;
        drop[a] = sum2_add(drop[a], v);
        drop[b] = sum2_add(drop[b], -v);
        q->curve[e] = v * inverse;
    }
    const double total = npmle_total(q);
    sum2 sum = { 0, 0 };
    sum = sum2_add(sum, -total);
    double top = -INFINITY;
    for (size_t j = 0; j < q->k; j++) {
        sum = sum2_add(sum, drop[j].s);
        sum = sum2_add(sum, drop[j].c);
        q->slope[j] = sum2_value(sum);
        top = q->slope[j] > top ? q->slope[j] : top;
    }
    return top;
}

double npmle_value(oss_npmle *q, const double *mass)
{
    sum2 sum = { 0, 0 }, value = { 0, 0 };
    for (size_t j = 0; j < q->k; j++) {
        q->below[j] = sum;
        sum = sum2_add(sum, mass[j]);
    }
    q->below[q->k] = sum;
    for (size_t e = 0; e < q->n_edge; e++) {
        const double covered = sum2_minus(q->below[q->to[e]], q->below[q->from[e]]);
        if (!(covered > 0))
            return -INFINITY;
        value = sum2_add(value, q->many[e] * log(covered));
    }
    return sum2_value(sum2_add(value, -npmle_total(q) * log(sum2_value(sum))));
}

int npmle_move(oss_npmle *q, double decrement)
{
    /* Close to the optimum the full step is safe, and a difference of values only noise. */
    const int close = decrement < 1e-3;
    const double value = close ? 0 : npmle_value(q, q->mass);
    for (double t = 1; t > 1e-10; t /= t == 1 ? 2 : 4) {
        double sum = 0;
        for (size_t j = 0; j < q->k; j++) {
            const double x = q->mass[j] + t * q->step[j];
            q->trial[j] = x > 0 ? x : 0;
            sum += q->trial[j];
        }
        if (!(sum > 0 && sum < INFINITY))
            continue;
        const double next = npmle_value(q, q->trial);
        if (close ? next > -INFINITY : next >= value + 1e-4 * t * decrement) {
            memcpy(q->mass, q->trial, q->k * sizeof *q->mass);
            npmle_rescale(q);
            return 1;
        }
    }
    npmle_cumulate(q);
    return 0;
}

static void keep_cells(oss_npmle *q)
{
    size_t k = 0;
    for (size_t j = 0; j < q->k; j++) {
        if (q->mass[j] > 0) {
            q->cell[k] = q->cell[j];
            q->mass[k++] = q->mass[j];
        }
    }
    q->k = k;
    npmle_cumulate(q);
}

/* d_j of every cell; returns the largest, for masses that sum to 1. */
static double gradient(oss_npmle *q)
{
    size_t s = 0;
    for (size_t c = 0; c <= q->m; c++) {
        q->rank[c] = (uint32_t) s;
        if (s < q->k && q->cell[s] == c)
            s++;
    }
    memset(q->drop, 0, (q->m + 1) * sizeof *q->drop);
    const double mass_all = sum2_value(q->below[q->k]);
    if (q->before > 0) {
        const double v = q->before / sum2_minus(q->below[q->rank[q->cut]], q->below[0]);
        q->drop[0] = sum2_add(q->drop[0], -v);
        q->drop[q->cut] = sum2_add(q->drop[q->cut], v);
    }
    if (q->after > 0) {
        const double v = q->after / sum2_minus(q->below[q->k], q->below[q->rank[q->cut]]);
        q->drop[q->cut] = sum2_add(q->drop[q->cut], -v);
    }
    sum2 sum = { 0, 0 };
    double top = 0;
    for (size_t c = 0, i = 0; c < q->m; c++) {
        for (; i < q->n && q->lo[i] == c; i++) {
            const size_t hi = q->hi[i];
            const double v = q->weight[i] / sum2_minus(q->below[q->rank[hi]], q->below[q->rank[c]]);
            sum = sum2_add(sum, v);
            q->drop[hi] = sum2_add(q->drop[hi], v);
        }
        sum = sum2_add(sum, -q->drop[c].s);
        sum = sum2_add(sum, -q->drop[c].c);
        q->d[c] = sum2_value(sum) * mass_all;
        top = q->d[c] > top ? q->d[c] : top;
    }
    return top;
}

/* Adds the steepest cell of each gap between support cells, with mass 0. */
static void extend(oss_npmle *q, double least)
{
    size_t n_fresh = 0;
    uint32_t *fresh = q->rank;
    for (size_t c = 0, s = 0; s <= q->k; s++) {
        const size_t stop = s < q->k ? q->cell[s] : q->m;
        double best = least;
        size_t at = q->m;
        for (; c < stop; c++) {
            if (q->d[c] > best) {
                best = q->d[c];
                at = c;
            }
        }
        c = stop + 1;
        if (at < q->m)
            fresh[n_fresh++] = (uint32_t) at;
    }
    size_t i = q->k, f = n_fresh;
    for (size_t to = q->k + n_fresh; f > 0;) {
        to--;
        if (i > 0 && q->cell[i - 1] > fresh[f - 1]) {
            q->cell[to] = q->cell[--i];
            q->mass[to] = q->mass[i];
        } else {
            q->cell[to] = fresh[--f];
            q->mass[to] = 0;
        }
    }
    q->k += n_fresh;
    npmle_cumulate(q);
}

/* A tilted problem needs mass on the tilted side of the cut: some goes to the cell next to it. */
static void meet_tilt(oss_npmle *q)
{
    enum { TOO_LITTLE = 1000000 };
    const int side = q->before > 0 ? -1 : q->after > 0 ? 1 : 0;
    double before, after;
    oss_npmle_split(q, q->cut, &before, &after);
    if (side == 0 || (side < 0 ? before : after) * TOO_LITTLE > 1)
        return;
    const uint32_t cell = (uint32_t) (side < 0 ? q->cut - 1 : q->cut);
    size_t at = 0;
    while (at < q->k && q->cell[at] < cell)
        at++;
    if (at == q->k || q->cell[at] != cell) {
        memmove(q->cell + at + 1, q->cell + at, (q->k - at) * sizeof *q->cell);
        memmove(q->mass + at + 1, q->mass + at, (q->k - at) * sizeof *q->mass);
        q->cell[at] = cell;
        q->mass[at] = 0;
        q->k++;
    }
    q->mass[at] += (q->before + q->after) / npmle_total(q);
    npmle_rescale(q);
}

/* Newton on the support until the slopes there are at most `target`. patient: with the exact factor
 * wherever it can be had. */
static oss_status climb(oss_npmle *q, double target, int patient, oss_error *err)
{
    /* With few rows a cell, many exact among them, conjugate gradients win much earlier. */
    const int thin = q->k > THIN && q->n_edge < 6 * q->k && !patient;
    const int dense = q->k <= OSS_MAX_DENSE && !thin;
    for (int newton = 0; newton < (dense ? MAX_NEWTON : 1); newton++) {
        const double top = npmle_slopes(q);
        if (newton > 0 && top <= target)
            break;
        oss_status status = dense ? npmle_dense_step(q, err) : npmle_sparse_step(q, 1e-6, err);
        if (status != OSS_OK)
            return status;
        double decrement = 0;
        for (size_t j = 0; j < q->k; j++)
            decrement += q->slope[j] * q->step[j];
        if (!(decrement > 0) || !npmle_move(q, decrement)) {
            npmle_em_step(q);
            break;
        }
    }
    return OSS_OK;
}

static double log_bound(double top, double total)
{
    return top > total ? total * log1p((top - total) / total) : 0;
}

oss_status oss_npmle_solve(oss_npmle *q, double tolerance, size_t max_iterations,
                           oss_npmle_fit *fit, const oss_hook *hook, oss_error *err)
{
    const double total = npmle_total(q);
    double best = INFINITY;
    size_t idle = 0;
    memset(fit, 0, sizeof *fit);
    const int closed = q->k == 0 && q->before + q->after == 0 &&
                       (npmle_product_limit(q, 0) || npmle_product_limit(q, 1));
    if (q->k == 0)
        npmle_first_support(q);
    meet_tilt(q);
    /* What rounding of d_j alone can amount to. */
    const double rounding = 8 * DBL_EPSILON * total,
                 enough = tolerance > rounding ? tolerance : rounding;
    for (int first = 1;; first = 0) {
        if (!(first && closed)) {
            npmle_look(q);
            const oss_status status =
                climb(q, fmax(enough / 4, 0.01 * best), fit->iterations > 40, err);
            if (status != OSS_OK)
                return status;
            keep_cells(q);
        }
        const double top = gradient(q);
        fit->kkt = log_bound(top, total);
        /* Only what rounding can explain counts as standing still. */
        idle = fit->kkt < 0.9 * best || fit->kkt > 1e-9 * total ? 0 : idle + 1;
        best = fit->kkt < best ? fit->kkt : best;
        fit->converged = fit->kkt <= enough;
        if (fit->converged || fit->iterations >= max_iterations || idle > MAX_IDLE)
            break;
        if (oss_stopped(hook, (double) fit->iterations / (double) max_iterations))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        fit->iterations++;
        extend(q, total + enough / 2);
    }
    npmle_look(q);
    sum2 value = { 0, 0 };
    for (size_t e = 0; e < n_row_edges(q); e++)
        value =
            sum2_add(value, q->many[e] * log(sum2_minus(q->below[q->to[e]], q->below[q->from[e]])));
    fit->loglik = sum2_value(value) - q->total * log(sum2_value(q->below[q->k]));
    fit->n_support = q->k;
    return OSS_OK;
}

void oss_npmle_mass(const oss_npmle *q, double *mass)
{
    memset(mass, 0, q->m * sizeof *mass);
    for (size_t j = 0; j < q->k; j++)
        mass[q->cell[j]] = q->mass[j];
}

void oss_npmle_split(const oss_npmle *q, size_t cut, double *before, double *after)
{
    size_t j = 0;
    while (j < q->k && q->cell[j] < cut)
        j++;
    *before = j > 0 ? sum2_value(q->below[j]) : 0;
    *after = j < q->k ? sum2_minus(q->below[q->k], q->below[j]) : 0;
}
