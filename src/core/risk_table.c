#include "risk_table.h"
#include "radix.h"

#include <math.h>
#include <string.h>

/* Counting beats sorting while the cells fit the cache; never more than two cells a row. */
enum { MAX_CELLS = 1 << 16 };

static inline double weight_of(const oss_risk_rows *rows, size_t i)
{
    return rows->weight ? rows->weight[i] : 1;
}

/* One stratum, all at risk from the start: one pass over the sorted rows is enough. */
static inline int is_plain(const oss_risk_rows *rows)
{
    return rows->entry == NULL && rows->n_stratum == 1;
}

static inline size_t stratum_of(const oss_risk_rows *rows, size_t i)
{
    return rows->stratum ? (size_t) rows->stratum[i] - 1 : 0;
}

oss_status oss_risk_scan(const oss_risk_rows *rows, oss_risk_plan *plan, oss_error *err)
{
    const size_t n = rows->n;
    if (n == 0 || n >= UINT32_MAX)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to 2^32 - 2 rows");
    double highest = 0;
    int whole = 1;
    for (size_t i = 0; i < n; i++) {
        const double t = rows->exit[i];
        if (!(t >= 0 && t <= 1.7e308))
            return oss_fail(err, OSS_EINVAL, i, "the time must be finite and >= 0");
        highest = t > highest ? t : highest;
        whole &= t <= MAX_CELLS && t == (double) (int) t;
        if (rows->status[i] < 0 || (size_t) rows->status[i] > rows->n_cause)
            return oss_fail(err, OSS_EINVAL, i, "the status must be between 0 and %zu",
                            rows->n_cause);
    }
    for (size_t i = 0; rows->entry && i < n; i++) {
        const double t = rows->entry[i];
        if (!(t >= 0 && t < rows->exit[i]))
            return oss_fail(err, OSS_EINVAL, i, "the entry must be >= 0 and before the exit");
        whole &= t <= MAX_CELLS && t == (double) (int) t;
    }
    for (size_t i = 0; rows->weight && i < n; i++)
        if (!(rows->weight[i] > 0 && rows->weight[i] <= 1e15 &&
              rows->weight[i] == floor(rows->weight[i])))
            return oss_fail(err, OSS_EINVAL, i, "the weight must be a whole number above 0");
    for (size_t i = 0; rows->stratum && i < n; i++)
        if (rows->stratum[i] < 1 || (size_t) rows->stratum[i] > rows->n_stratum)
            return oss_fail(err, OSS_EINVAL, i, "the stratum must be between 1 and %zu",
                            rows->n_stratum);

    memset(plan, 0, sizeof *plan);
    plan->n_cell = whole ? (size_t) highest + 1 : 0;
    const size_t n_layer = rows->n_cause + 2; /* censored, causes, entries */
    plan->counting = whole && plan->n_cell * rows->n_stratum <= 2 * n + 1024 &&
                     plan->n_cell * rows->n_stratum * n_layer <= (size_t) 4 * MAX_CELLS;
    plan->scratch = plan->counting ? plan->n_cell * rows->n_stratum * n_layer * sizeof(double)
                                   : (n * (rows->entry ? 4 : 2)) * sizeof(uint64_t) +
                                         rows->n_stratum * 2 * sizeof(size_t);
    return OSS_OK;
}

/* Counting: cell[(s * n_layer + layer) * n_cell + t], layer 0 censored, 1.. causes, last entries.
 */
static void count_cells(const oss_risk_rows *rows, const oss_risk_plan *plan, double *cell)
{
    const size_t n_layer = rows->n_cause + 2, n_cell = plan->n_cell;
    memset(cell, 0, n_cell * rows->n_stratum * n_layer * sizeof *cell);
    for (size_t i = 0; i < rows->n; i++) {
        const size_t block = stratum_of(rows, i) * n_layer;
        const double w = weight_of(rows, i);
        cell[(block + (size_t) rows->status[i]) * n_cell + (size_t) rows->exit[i]] += w;
        if (rows->entry)
            cell[(block + n_layer - 1) * n_cell + (size_t) rows->entry[i]] += w;
    }
}

static int cell_is_used(const double *block, size_t n_exit_layer, size_t n_cell, size_t t)
{
    for (size_t layer = 0; layer < n_exit_layer; layer++)
        if (block[layer * n_cell + t] > 0)
            return 1;
    return 0;
}

/* The scratch of a sorted plan: rows in the order of exit and those exits; the same for entries;
 * by stratum the last group seen and the number of times. */
typedef struct {
    uint64_t *exits, *entries;
    double *exit_values, *entry_values;
    size_t *last, *size;
} sort_scratch;

static sort_scratch lay_out(const oss_risk_rows *rows, void *scratch)
{
    const size_t n = rows->n;
    uint64_t *blocks = scratch;
    sort_scratch at = { .exits = blocks, .exit_values = (double *) (blocks + n) };
    blocks += 2 * n;
    if (rows->entry) {
        at.entries = blocks;
        at.entry_values = (double *) (blocks + n);
        blocks += 2 * n;
    }
    at.last = (size_t *) blocks;
    at.size = at.last + rows->n_stratum;
    return at;
}

/* A walk through the pooled, sorted exits and entries, group of tied times by group. */
typedef struct {
    sort_scratch at;
    size_t n_exit, n_entry;
    size_t exit_lo, exit_hi; /* this group's exits */
    size_t entry_lo, entry_hi;
    double time; /* smallest of the group */
    double tie_width;
} tied_groups;

static tied_groups groups_begin(const oss_risk_rows *rows, const oss_risk_plan *plan)
{
    const tied_groups walk = { .at = lay_out(rows, plan->data),
                               .n_exit = rows->n,
                               .n_entry = rows->entry ? rows->n : 0,
                               .tie_width = plan->tie_width };
    return walk;
}

static int groups_next(tied_groups *walk)
{
    const double *exits = walk->at.exit_values, *entries = walk->at.entry_values;
    size_t i = walk->exit_lo = walk->exit_hi, j = walk->entry_lo = walk->entry_hi;
    if (i == walk->n_exit && j == walk->n_entry)
        return 0;
    double last = walk->time =
        j == walk->n_entry || (i < walk->n_exit && exits[i] <= entries[j]) ? exits[i] : entries[j];
    for (int grew = 1; grew;) {
        grew = 0;
        for (; i < walk->n_exit && exits[i] - last <= walk->tie_width; i++, grew = 1)
            last = exits[i] > last ? exits[i] : last;
        for (; j < walk->n_entry && entries[j] - last <= walk->tie_width; j++, grew = 1)
            last = entries[j] > last ? entries[j] : last;
    }
    walk->exit_hi = i;
    walk->entry_hi = j;
    return 1;
}

/* All at risk from the start: the tied groups are runs of the exits, and need no walk through two
 * lists. Counts the times of each stratum. */
static void count_times(const oss_risk_rows *rows, oss_risk_plan *plan, const sort_scratch *at)
{
    size_t group = 1;
    double first = at->exit_values[0], last = first;
    for (size_t i = 0; i < rows->n; i++) {
        const double time = at->exit_values[i];
        const int opens = time - last > plan->tie_width;
        group += (size_t) opens;
        first = opens ? time : first;
        last = time;
        const size_t row = oss_row(at->exits[i]), s = stratum_of(rows, row);
        const int fresh = first > 0 && at->last[s] != group;
        at->last[s] = first > 0 ? group : at->last[s];
        at->size[s] += (size_t) fresh;
        plan->n_time += (size_t) fresh;
        /* Sorted, the pair needs its key no more: carry the stratum on to the fill. */
        at->exits[i] = (uint64_t) s << 32 | row;
    }
}

oss_status oss_risk_sort(const oss_risk_rows *rows, void *scratch, oss_risk_plan *plan,
                         oss_error *err)
{
    const size_t n = rows->n, n_stratum = rows->n_stratum;
    plan->data = scratch;
    plan->n_time = n_stratum; /* the rows at time 0 */
    if (plan->counting) {
        count_cells(rows, plan, scratch);
        for (size_t s = 0; s < n_stratum; s++) {
            const double *block = (double *) scratch + s * (rows->n_cause + 2) * plan->n_cell;
            for (size_t t = 1; t < plan->n_cell; t++)
                plan->n_time += (size_t) cell_is_used(block, rows->n_cause + 1, plan->n_cell, t);
        }
        return OSS_OK;
    }

    const sort_scratch at = lay_out(rows, scratch);
    oss_sort(n, rows->exit, at.exits, (uint64_t *) at.exit_values);
    oss_gather(n, rows->exit, at.exits, at.exit_values);
    if (rows->entry) {
        oss_sort(n, rows->entry, at.entries, (uint64_t *) at.entry_values);
        oss_gather(n, rows->entry, at.entries, at.entry_values);
    }
    plan->tie_width = oss_tie_width(n, at.exit_values, rows->entry ? n : 0, at.entry_values);

    if (is_plain(rows)) {
        plan->n_time += at.exit_values[0] > 0;
        for (size_t i = 1; i < n; i++)
            plan->n_time += at.exit_values[i] - at.exit_values[i - 1] > plan->tie_width;
        return OSS_OK;
    }
    for (size_t s = 0; s < n_stratum; s++) {
        at.last[s] = 0;
        at.size[s] = 1;
    }
    if (rows->entry == NULL) {
        count_times(rows, plan, &at);
        return OSS_OK;
    }
    size_t group = 0;
    for (tied_groups walk = groups_begin(rows, plan); groups_next(&walk);) {
        group++;
        for (size_t i = walk.exit_lo; i < walk.exit_hi; i++) {
            const size_t row = oss_row(at.exits[i]), s = stratum_of(rows, row);
            /* Between the group's smallest time and the exit: in the same group. */
            if (rows->entry && rows->entry[row] >= walk.time)
                return oss_fail(err, OSS_EINVAL, row,
                                "entry and exit differ by less than the tie tolerance %.3g",
                                plan->tie_width);
            if (walk.time > 0 && at.last[s] != group) {
                at.last[s] = group;
                at.size[s]++;
                plan->n_time++;
            }
            /* Sorted, the pair needs its key no more: carry the stratum on to the fill. */
            at.exits[i] = (uint64_t) s << 32 | row;
        }
    }
    return OSS_OK;
}

static void fill_counted(const oss_risk_rows *rows, const oss_risk_plan *plan,
                         oss_risk_table *table, uint32_t *row_time)
{
    const size_t n_cell = plan->n_cell, n_layer = rows->n_cause + 2;
    double *cells = plan->data;
    size_t k = 0;
    for (size_t s = 0; s < rows->n_stratum; s++) {
        double *block = cells + s * n_layer * n_cell;
        const double *entered = block + (n_layer - 1) * n_cell;
        double at_risk = 0;
        table->start[s] = k;
        if (rows->entry == NULL)
            for (size_t i = 0; i < (n_layer - 1) * n_cell; i++)
                at_risk += block[i];
        for (size_t t = 0; t < n_cell; t++) {
            if (t == 0)
                at_risk += rows->entry ? entered[0] : 0;
            if (t == 0 || cell_is_used(block, n_layer - 1, n_cell, t)) {
                table->time[k] = (double) t;
                table->n_risk[k] = at_risk;
                table->n_censor[k] = block[t];
                at_risk -= block[t];
                for (size_t c = 0; c < rows->n_cause; c++) {
                    const double events = block[(c + 1) * n_cell + t];
                    table->n_event[c * plan->n_time + k] = events;
                    at_risk -= events;
                }
                block[t] = (double) k; /* for row_time */
                k++;
            }
            if (t > 0)
                at_risk += rows->entry ? entered[t] : 0;
        }
    }
    table->start[rows->n_stratum] = k;
    for (size_t i = 0; row_time && i < rows->n; i++)
        row_time[i] =
            (uint32_t) cells[stratum_of(rows, i) * n_layer * n_cell + (size_t) rows->exit[i]];
}

/* How far ahead the rows are asked for, which lie anywhere in memory. */
enum { AHEAD = 24 };

static inline void ask_for(const void *address)
{
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(address);
#else
    (void) address;
#endif
}

static void fill_plain(const oss_risk_rows *rows, const oss_risk_plan *plan, oss_risk_table *table,
                       uint32_t *row_time)
{
    const size_t n = rows->n, n_time = plan->n_time;
    const sort_scratch at = lay_out(rows, plan->data);
    double at_risk = (double) n;
    if (rows->weight) {
        at_risk = 0;
        for (size_t i = 0; i < n; i++)
            at_risk += rows->weight[i];
    }
    memset(table->n_event, 0, rows->n_cause * n_time * sizeof *table->n_event);
    table->start[0] = 0;
    table->start[1] = n_time;
    table->time[0] = 0;
    table->n_risk[0] = at_risk;
    double last = 0, censored = 0, events = 0; /* events: of the one cause there is */
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const double time = at.exit_values[i];
        const size_t row = oss_row(at.exits[i]);
        ask_for(rows->status + oss_row(at.exits[i + AHEAD < n ? i + AHEAD : i]));
        if (i ? time - last > plan->tie_width : time > 0) {
            table->n_censor[k] = censored;
            if (rows->n_cause == 1)
                table->n_event[k] = events;
            events = censored = 0;
            k++;
            table->time[k] = time;
            table->n_risk[k] = at_risk;
        }
        last = time;
        const double w = weight_of(rows, row);
        const int status = rows->status[row];
        at_risk -= w;
        if (rows->n_cause == 1) { /* status is 0 or 1: no branch to mispredict */
            events += w * status;
            censored += w * (1 - status);
        } else if (status) {
            table->n_event[(size_t) (status - 1) * n_time + k] += w;
        } else {
            censored += w;
        }
        if (row_time)
            row_time[row] = (uint32_t) k;
    }
    table->n_censor[k] = censored;
    if (rows->n_cause == 1)
        table->n_event[k] = events;
}

/* Begins stratum s in its row at time 0; the sizes are read, and their place holds the next row. */
static void begin_strata(const oss_risk_rows *rows, const sort_scratch *at, oss_risk_table *table)
{
    table->start[0] = 0;
    for (size_t s = 0; s < rows->n_stratum; s++) {
        table->start[s + 1] = table->start[s] + at->size[s];
        table->time[table->start[s]] = 0;
        at->size[s] = table->start[s] + 1;
        at->last[s] = 0;
    }
}

/* Several strata, all at risk from the start: one pass, each row of the table set when it is
 * opened. Without branches on the status, which no processor can foresee. */
static void fill_strata(const oss_risk_rows *rows, const oss_risk_plan *plan, oss_risk_table *table,
                        uint32_t *row_time)
{
    const size_t n_cause = rows->n_cause, n_time = plan->n_time, n = rows->n;
    const sort_scratch at = lay_out(rows, plan->data);
    size_t *last = at.last, *next = at.size;
    begin_strata(rows, &at, table);
    memset(table->n_event, 0, n_cause * n_time * sizeof *table->n_event);
    memset(table->n_censor, 0, n_time * sizeof *table->n_censor);
    for (size_t s = 0; s < rows->n_stratum; s++)
        table->n_risk[table->start[s]] = 0;
    for (size_t i = 0; i < n; i++)
        table->n_risk[table->start[at.exits[i] >> 32]] += weight_of(rows, oss_row(at.exits[i]));

    size_t group = 1;
    double first = at.exit_values[0], before = first;
    for (size_t i = 0; i < n; i++) {
        const double time = at.exit_values[i];
        if (time - before > plan->tie_width) {
            group++;
            first = time;
        }
        before = time;
        const size_t row = oss_row(at.exits[i]), s = (size_t) (at.exits[i] >> 32);
        if (last[s] != group && first > 0) {
            const size_t k = next[s]++;
            double left = table->n_risk[k - 1] - table->n_censor[k - 1];
            for (size_t c = 0; c < n_cause; c++)
                left -= table->n_event[c * n_time + k - 1];
            last[s] = group;
            table->time[k] = first;
            table->n_risk[k] = left;
        }
        const size_t k = next[s] - 1;
        const double w = weight_of(rows, row);
        const int status = rows->status[row];
        if (n_cause == 1) {
            table->n_event[k] += w * status;
            table->n_censor[k] += w * (1 - status);
        } else {
            double *to = status ? table->n_event + (size_t) (status - 1) * n_time : table->n_censor;
            to[k] += w;
        }
        if (row_time)
            row_time[row] = (uint32_t) k;
    }
}

/* With late entries. */
static void fill_sorted(const oss_risk_rows *rows, const oss_risk_plan *plan, oss_risk_table *table,
                        uint32_t *row_time)
{
    const size_t n_stratum = rows->n_stratum, n_time = plan->n_time;
    const sort_scratch at = lay_out(rows, plan->data);
    size_t *last = at.last, *next = at.size, *start = table->start;
    size_t group = 0;
    memset(table->n_event, 0, rows->n_cause * n_time * sizeof *table->n_event);
    memset(table->n_censor, 0, n_time * sizeof *table->n_censor);
    memset(table->n_risk, 0, n_time * sizeof *table->n_risk);
    begin_strata(rows, &at, table);
    /* n_risk first collects those who enter before the time and after the one above it. */
    for (tied_groups walk = groups_begin(rows, plan); groups_next(&walk);) {
        group++;
        for (size_t i = walk.exit_lo; i < walk.exit_hi; i++) {
            const size_t row = oss_row(at.exits[i]), s = (size_t) (at.exits[i] >> 32);
            if (walk.time > 0 && last[s] != group) {
                last[s] = group;
                table->time[next[s]++] = walk.time;
            }
            const size_t k = next[s] - 1;
            const double w = weight_of(rows, row);
            const int status = rows->status[row];
            if (status == 0)
                table->n_censor[k] += w;
            else
                table->n_event[(size_t) (status - 1) * n_time + k] += w;
            if (row_time)
                row_time[row] = (uint32_t) k;
        }
        for (size_t j = walk.entry_lo; j < walk.entry_hi; j++) {
            const size_t row = oss_row(at.entries[j]), s = stratum_of(rows, row);
            if (walk.time > 0 && next[s] < start[s + 1])
                table->n_risk[next[s]] += weight_of(rows, row);
            else if (walk.time == 0)
                table->n_risk[start[s]] += weight_of(rows, row);
        }
    }
    for (size_t s = 0; s < n_stratum; s++) {
        double at_risk = 0;
        for (size_t k = start[s]; k < start[s + 1]; k++) {
            at_risk += table->n_risk[k];
            table->n_risk[k] = at_risk;
            at_risk -= table->n_censor[k];
            for (size_t c = 0; c < rows->n_cause; c++)
                at_risk -= table->n_event[c * n_time + k];
        }
    }
}

void oss_risk_fill(const oss_risk_rows *rows, const oss_risk_plan *plan, oss_risk_table *table,
                   uint32_t *row_time)
{
    table->n_time = plan->n_time;
    table->n_cause = rows->n_cause;
    table->n_stratum = rows->n_stratum;
    if (plan->counting)
        fill_counted(rows, plan, table, row_time);
    else if (is_plain(rows))
        fill_plain(rows, plan, table, row_time);
    else if (rows->entry == NULL)
        fill_strata(rows, plan, table, row_time);
    else
        fill_sorted(rows, plan, table, row_time);
}
