#include "cox_model.h"
#include "radix.h"

#include <math.h>
#include <string.h>

enum { CHUNK_ROWS = 2048 };

void oss_cox_free(oss_cox *cox)
{
    if (cox == NULL)
        return;
    void *const owned[] = { cox->centre,       cox->scale,       cox->total,     cox->z,
                            cox->offset,       cox->weight,      cox->row,       cox->group,
                            cox->dead,         cox->stratum,     cox->time,      cox->stop,
                            cox->leave,        cox->leave_first, cox->chunk,     cox->risk,
                            cox->hazard,       cox->tied,        cox->cumulated, cox->carry,
                            cox->carry_hazard, cox->sums,        cox->scratch,   cox->fit_work,
                            cox->known[0] };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        oss_free(owned[i]);
    oss_free(cox);
}

double oss_cox_events(const oss_cox *cox) { return cox->events; }

size_t oss_cox_groups(const oss_cox *cox) { return cox->n_group; }

static oss_status check_rows(const oss_cox_rows *rows, oss_error *err)
{
    const size_t n = rows->n;
    if (n == 0 || n >= UINT32_MAX - 1)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to 2^32 - 3 rows");
    for (size_t i = 0; i < n; i++)
        if (!(rows->exit[i] >= 0 && rows->exit[i] <= 1.7e308))
            return oss_fail(err, OSS_EINVAL, i, "the time must be finite and >= 0");
    for (size_t i = 0; rows->entry && i < n; i++)
        if (!(rows->entry[i] >= 0 && rows->entry[i] < rows->exit[i]))
            return oss_fail(err, OSS_EINVAL, i, "the entry must be >= 0 and before the exit");
    for (size_t i = 0; rows->weight && i < n; i++)
        if (!(rows->weight[i] > 0 && rows->weight[i] <= 1e15 &&
              rows->weight[i] == floor(rows->weight[i])))
            return oss_fail(err, OSS_EINVAL, i, "the weight must be a whole number above 0");
    for (size_t i = 0; rows->stratum && i < n; i++)
        if (rows->stratum[i] < 1 || (size_t) rows->stratum[i] > rows->n_stratum)
            return oss_fail(err, OSS_EINVAL, i, "the stratum must be between 1 and %zu",
                            rows->n_stratum);
    for (size_t i = 0; rows->offset && i < n; i++)
        if (!isfinite(rows->offset[i]))
            return oss_fail(err, OSS_EINVAL, i, "the offset must be finite");
    return OSS_OK;
}

/* Sorted rows and their values, of the exits or of the entries. */
typedef struct {
    uint64_t *sorted, *spare;
    double *values;
} ordered;

static int order_of(size_t n, const double *x, ordered *o)
{
    o->sorted = oss_calloc(n, sizeof *o->sorted);
    o->spare = oss_calloc(n, sizeof *o->spare);
    o->values = (double *) (void *) o->spare;
    if (o->sorted == NULL || o->spare == NULL)
        return 0;
    oss_sort(n, x, o->sorted, o->spare);
    oss_gather(n, x, o->sorted, o->values);
    return 1;
}

/* Tied values of both sequences get one rank, ascending from 0. */
static void rank_times(size_t n, const ordered *exits, const ordered *entries, uint32_t *exit_rank,
                       uint32_t *entry_rank)
{
    const size_t n_entry = entries->sorted ? n : 0;
    const double width = oss_tie_width(n, exits->values, n_entry, entries->values);
    uint32_t rank = 0;
    double last = 0;
    for (size_t i = 0, j = 0; i < n || j < n_entry;) {
        const int is_exit = j == n_entry || (i < n && exits->values[i] <= entries->values[j]);
        const double value = is_exit ? exits->values[i] : entries->values[j];
        if (i + j > 0 && value - last > width)
            rank++;
        last = value;
        if (is_exit)
            exit_rank[oss_row(exits->sorted[i++])] = rank;
        else
            entry_rank[oss_row(entries->sorted[j++])] = rank;
    }
}

/* Rows by stratum, latest first; groups of tied times; events first in their group. */
static oss_status arrange(oss_cox *cox, const oss_cox_rows *rows, const ordered *exits,
                          const uint32_t *rank, oss_error *err)
{
    const size_t n = cox->n;
    size_t *first = oss_calloc(rows->n_stratum + 1, sizeof *first);
    if (first == NULL)
        return oss_no_memory(err);
    for (size_t i = 0; i < n; i++)
        first[rows->stratum ? (size_t) rows->stratum[i] : 1]++;
    for (size_t s = 1; s <= rows->n_stratum; s++)
        first[s] += first[s - 1];
    uint32_t *order = cox->row;
    for (size_t i = n; i-- > 0;) {
        const uint32_t row = oss_row(exits->sorted[i]);
        order[first[rows->stratum ? rows->stratum[row] - 1 : 0]++] = row;
    }
    oss_free(first);

    size_t g = 0;
    for (size_t i = 0; i < n; g++) {
        const int stratum = rows->stratum ? rows->stratum[order[i]] : 1;
        double time = rows->exit[order[i]];
        size_t end = i, dead = 0;
        for (; end < n && rank[order[end]] == rank[order[i]] &&
               (rows->stratum ? rows->stratum[order[end]] : 1) == stratum;
             end++) {
            time = fmin(time, rows->exit[order[end]]);
            if (rows->status[order[end]] == rows->event) {
                const uint32_t row = order[end];
                order[end] = order[i + dead];
                order[i + dead++] = row;
            }
        }
        cox->group[g] = (uint32_t) i;
        cox->dead[g] = (uint32_t) dead;
        cox->stratum[g] = (uint32_t) stratum - 1;
        cox->time[g] = time;
        i = end;
    }
    cox->group[g] = (uint32_t) n;
    cox->n_group = g;
    return OSS_OK;
}

/* Where each row leaves the risk set on the way back in time. */
static void arrange_entries(oss_cox *cox, const uint32_t *rank, const uint32_t *entry_rank)
{
    for (size_t lo = 0, hi; lo < cox->n_group; lo = hi) {
        for (hi = lo + 1; hi < cox->n_group && !starts_stratum(cox, hi); hi++)
            ;
        for (size_t g = lo; g < hi; g++)
            for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++) {
                /* The first group after g whose rank is at most the entry's. */
                size_t a = g + 1, b = hi;
                while (a < b) {
                    const size_t middle = a + (b - a) / 2;
                    if (rank[cox->row[cox->group[middle]]] <= entry_rank[cox->row[i]])
                        b = middle;
                    else
                        a = middle + 1;
                }
                cox->stop[i] = (uint32_t) a;
                if (a < hi)
                    cox->leave_first[a + 1]++;
            }
    }
    for (size_t g = 0; g < cox->n_group; g++)
        cox->leave_first[g + 1] += cox->leave_first[g];
    uint32_t *next = cox->leave_first;
    for (size_t i = 0; i < cox->n; i++) {
        const size_t g = cox->stop[i];
        if (g < cox->n_group && !starts_stratum(cox, g))
            cox->leave[next[g]++] = (uint32_t) i;
    }
    for (size_t g = cox->n_group; g > 0; g--)
        next[g] = next[g - 1];
    next[0] = 0;
}

static oss_status standardise(oss_cox *cox, const oss_cox_rows *rows, oss_error *err)
{
    const size_t n = cox->n, p = cox->p;
    double weight = 0;
    for (size_t i = 0; i < n; i++)
        weight += rows->weight ? rows->weight[i] : 1;
    for (size_t j = 0; j < p; j++) {
        const double *x = rows->x + j * n;
        double sum = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            sum += (rows->weight ? rows->weight[i] : 1) * (x[i] / weight);
        for (size_t i = 0; i < n; i++) {
            const double d = x[i] - sum;
            square += (rows->weight ? rows->weight[i] : 1) * (d * d / weight);
        }
        if (!isfinite(sum) || !isfinite(square)) {
            size_t at = 0;
            while (at < n && isfinite(x[at]))
                at++;
            return oss_fail(err, OSS_EINVAL, at < n ? at : OSS_NO_INDEX,
                            "column %zu of the covariates must be finite and not too large", j + 1);
        }
        cox->centre[j] = sum;
        /* The spread of a constant is rounding. */
        cox->scale[j] = square > 1e-28 * sum * sum ? sqrt(square) : 1;
        cox->log_scale += log(cox->scale[j]);
    }
    double offset = 0;
    for (size_t i = 0; rows->offset && i < n; i++)
        offset += (rows->weight ? rows->weight[i] : 1) * (rows->offset[i] / weight);
    cox->offset_centre = offset;
#ifdef _OPENMP
#pragma omp parallel for num_threads(cox->n_threads) schedule(static)
#endif
    for (size_t i = 0; i < n; i++) {
        const size_t row = cox->row[i];
        for (size_t j = 0; j < p; j++)
            cox->z[i * p + j] = (rows->x[j * n + row] - cox->centre[j]) / cox->scale[j];
        if (rows->offset)
            cox->offset[i] = rows->offset[row] - offset;
        if (rows->weight)
            cox->weight[i] = rows->weight[row];
    }
    for (size_t g = 0; g < cox->n_group; g++)
        for (size_t i = cox->group[g]; i < cox->group[g] + cox->dead[g]; i++) {
            const double w = row_weight(cox, i);
            cox->events += w;
            for (size_t j = 0; j < p; j++)
                cox->total[j] += w * cox->z[i * p + j];
            if (rows->offset)
                cox->offset_total += w * cox->offset[i];
        }
    return OSS_OK;
}

static void cut_chunks(oss_cox *cox)
{
    const size_t least = CHUNK_ROWS > 4 * cox->p * cox->p ? CHUNK_ROWS : 4 * cox->p * cox->p;
    size_t c = 0, rows = least;
    for (size_t g = 0; g < cox->n_group; g++) {
        if (rows >= least) {
            cox->chunk[c++] = (uint32_t) g;
            rows = 0;
        }
        rows += cox->group[g + 1] - cox->group[g];
    }
    cox->chunk[c] = (uint32_t) cox->n_group;
    cox->n_chunk = c;
}

static oss_status fill(oss_cox *cox, const oss_cox_rows *rows, ordered *exits, ordered *entries,
                       uint32_t **rank, oss_error *err)
{
    const size_t n = cox->n, p = cox->p;
    rank[0] = oss_calloc(n, sizeof **rank);
    rank[1] = oss_calloc(rows->entry ? n : 0, sizeof **rank);
    if (!order_of(n, rows->exit, exits) || rank[0] == NULL || rank[1] == NULL ||
        (rows->entry && !order_of(n, rows->entry, entries)))
        return oss_no_memory(err);
    rank_times(n, exits, entries, rank[0], rank[1]);
    for (size_t i = 0; rows->entry && i < n; i++)
        if (rank[1][i] >= rank[0][i])
            return oss_fail(err, OSS_EINVAL, i,
                            "entry and exit differ by less than the tie tolerance");

    cox->row = oss_calloc(n, sizeof *cox->row);
    cox->group = oss_calloc(n + 1, sizeof *cox->group);
    cox->dead = oss_calloc(n, sizeof *cox->dead);
    cox->stratum = oss_calloc(n, sizeof *cox->stratum);
    cox->time = oss_calloc(n, sizeof *cox->time);
    if (!cox->row || !cox->group || !cox->dead || !cox->stratum || !cox->time)
        return oss_no_memory(err);
    const oss_status status = arrange(cox, rows, exits, rank[0], err);
    if (status != OSS_OK)
        return status;
    oss_free(exits->sorted);
    oss_free(exits->spare);
    *exits = (ordered){ 0 };
    if (rows->entry) {
        cox->stop = oss_calloc(n, sizeof *cox->stop);
        cox->leave = oss_calloc(n, sizeof *cox->leave);
        cox->leave_first = oss_calloc(cox->n_group + 1, sizeof *cox->leave_first);
        cox->cumulated = oss_calloc(cox->n_group + 1, sizeof *cox->cumulated);
        if (!cox->stop || !cox->leave || !cox->leave_first || !cox->cumulated)
            return oss_no_memory(err);
        arrange_entries(cox, rank[0], rank[1]);
    }
    cox->centre = oss_calloc(p, sizeof *cox->centre);
    cox->scale = oss_calloc(p, sizeof *cox->scale);
    cox->total = oss_calloc(p, sizeof *cox->total);
    cox->z = oss_calloc(n, (p ? p : 1) * sizeof *cox->z);
    cox->chunk = oss_calloc(n / CHUNK_ROWS + 2, sizeof *cox->chunk);
    cox->risk = oss_calloc(n, sizeof *cox->risk);
    cox->hazard = oss_calloc(cox->n_group, sizeof *cox->hazard);
    cox->tied = oss_calloc(cox->n_group, sizeof *cox->tied);
    if (rows->offset)
        cox->offset = oss_calloc(n, sizeof *cox->offset);
    if (rows->weight)
        cox->weight = oss_calloc(n, sizeof *cox->weight);
    if (!cox->centre || !cox->scale || !cox->total || !cox->z || !cox->chunk || !cox->risk ||
        !cox->hazard || !cox->tied || (rows->offset && !cox->offset) ||
        (rows->weight && !cox->weight))
        return oss_no_memory(err);
    cut_chunks(cox);
    cox->n_sum = 1 + p + packed(p);
    cox->n_scratch = 12 * (p + 1);
    cox->carry = oss_calloc(cox->n_chunk, 2 * (p + 1) * sizeof *cox->carry);
    cox->carry_hazard = oss_calloc(cox->n_chunk, sizeof *cox->carry_hazard);
    cox->sums = oss_calloc(cox->n_chunk, cox->n_sum * sizeof *cox->sums);
    cox->scratch = oss_calloc((size_t) cox->n_threads, cox->n_scratch * sizeof *cox->scratch);
    cox->fit_work =
        oss_calloc(oss_maximise_given_work(p) + 8 * p * p + 8 * p, sizeof *cox->fit_work);
    cox->known[0] = oss_calloc(2 * known_size(p), sizeof **cox->known);
    if (cox->known[0])
        cox->known[1] = cox->known[0] + known_size(p);
    if (!cox->carry || !cox->carry_hazard || !cox->sums || !cox->scratch || !cox->fit_work ||
        !cox->known[0])
        return oss_no_memory(err);
    return standardise(cox, rows, err);
}

oss_status oss_cox_new(const oss_cox_rows *rows, const oss_cox_options *options, oss_cox **cox,
                       oss_error *err)
{
    *cox = NULL;
    oss_status status = check_rows(rows, err);
    if (status != OSS_OK)
        return status;
    oss_cox *made = oss_calloc(1, sizeof *made);
    if (made == NULL)
        return oss_no_memory(err);
    made->n = rows->n;
    made->p = rows->p;
    made->efron = options->efron;
    made->firth = options->firth;
    made->n_threads = options->n_threads > 1 ? options->n_threads : 1;
    ordered exits = { 0 }, entries = { 0 };
    uint32_t *rank[2] = { NULL, NULL };
    status = fill(made, rows, &exits, &entries, rank, err);
    oss_free(exits.sorted);
    oss_free(exits.spare);
    oss_free(entries.sorted);
    oss_free(entries.spare);
    oss_free(rank[0]);
    oss_free(rank[1]);
    if (status != OSS_OK)
        oss_cox_free(made);
    else
        *cox = made;
    return status;
}
