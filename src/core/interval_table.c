#include "interval_table.h"
#include "radix.h"

#include <math.h>
#include <string.h>

/* Past so many distinct rows hashing no longer beats the sort. */
enum { MAX_HASHED = 4096, MAX_ROWS_LOG2 = 30 };

/* What is ordered: the distinct rows if they are few, else the rows themselves. */
typedef struct {
    size_t n;
    const double *left, *right, *weight; /* weight NULL: 1 each */
    const int *stratum;                  /* NULL: one stratum */
} item_list;

typedef struct {
    double *left, *right, *weight; /* [MAX_HASHED] distinct rows */
    int *stratum;
    uint32_t *slot;           /* hash table of item + 1; 0 is free */
    uint64_t *sorted, *spare; /* [n_ends] */
    double *ends;             /* [n_ends] */
    uint32_t *rank;           /* [n_ends] */
    uint32_t *start, *end;    /* [n items] places */
    uint32_t *order, *by_end; /* [n items] */
    uint32_t *distinct_of;    /* [n items] */
    uint32_t *count;          /* buckets of the counting sort */
} workspace;

static void free_workspace(workspace *w)
{
    void *all[] = { w->left,   w->right, w->weight,      w->stratum, w->slot,
                    w->sorted, w->spare, w->ends,        w->rank,    w->start,
                    w->end,    w->order, w->distinct_of, w->count,   w->by_end };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
}

/* + 0.0 turns -0 into 0, so that equal numbers have equal bits. */
static inline double left_of(const double *left, size_t i)
{
    return isnan(left[i]) ? 0 : left[i] + 0.0;
}

static inline double right_of(const double *right, size_t i)
{
    return isnan(right[i]) ? INFINITY : right[i] + 0.0;
}

static oss_status check_rows(const oss_interval_rows *rows, oss_error *err)
{
    if (rows->n == 0 || rows->n >> MAX_ROWS_LOG2)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to 2^30 - 1 rows");
    double total = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const double l = left_of(rows->left, i), r = right_of(rows->right, i);
        if (!(l >= 0 && l <= 1.7e308))
            return oss_fail(err, OSS_EINVAL, i, "the left end must be finite and >= 0, or missing");
        if (!(r >= l) || (isfinite(r) && r > 1.7e308))
            return oss_fail(err, OSS_EINVAL, i,
                            "the right end must not lie before the left end; Inf if never seen");
        if (isnan(rows->left[i]) && isnan(rows->right[i]))
            return oss_fail(err, OSS_EINVAL, i, "one end must be given");
        if (rows->weight) {
            const double w = rows->weight[i];
            if (!(w >= 0 && w <= 1e15 && w == floor(w)))
                return oss_fail(err, OSS_EINVAL, i, "the weight must be a whole number >= 0");
            total += w;
        }
        if (rows->stratum && (rows->stratum[i] < 1 || (size_t) rows->stratum[i] > rows->n_stratum))
            return oss_fail(err, OSS_EINVAL, i, "the stratum must be between 1 and %zu",
                            rows->n_stratum);
    }
    if (rows->weight && total == 0)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "one weight at least must be above 0");
    return OSS_OK;
}

static inline size_t hash_row(double l, double r, int stratum)
{
    uint64_t a, b;
    memcpy(&a, &l, sizeof a);
    memcpy(&b, &r, sizeof b);
    uint64_t h = (a ^ (b << 23 | b >> 41)) + (uint64_t) stratum * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ h >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (size_t) (h ^ h >> 32);
}

/* The distinct rows by hashing; n_item = 0 when there are too many of them. */
static oss_status hash_rows(const oss_interval_rows *rows, workspace *w, uint32_t *row_item,
                            size_t *n_item, oss_error *err)
{
    const size_t most = rows->n < MAX_HASHED ? rows->n : MAX_HASHED;
    size_t n_slot = 16;
    while (n_slot < 4 * most)
        n_slot *= 2;
    w->slot = oss_calloc(n_slot, sizeof *w->slot);
    w->left = oss_calloc(most, sizeof *w->left);
    w->right = oss_calloc(most, sizeof *w->right);
    w->weight = oss_calloc(most, sizeof *w->weight);
    w->stratum = oss_calloc(most, sizeof *w->stratum);
    if (!w->slot || !w->left || !w->right || !w->weight || !w->stratum)
        return oss_no_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const double weight = rows->weight ? rows->weight[i] : 1;
        if (weight == 0) {
            row_item[i] = OSS_NO_INTERVAL;
            continue;
        }
        const double l = left_of(rows->left, i), r = right_of(rows->right, i);
        const int s = rows->stratum ? rows->stratum[i] : 1;
        size_t at = hash_row(l, r, s) & (n_slot - 1);
        uint32_t item;
        for (;; at = (at + 1) & (n_slot - 1)) {
            item = w->slot[at];
            if (item == 0 ||
                (w->left[item - 1] == l && w->right[item - 1] == r && w->stratum[item - 1] == s))
                break;
        }
        if (item == 0) {
            if (n == most) {
                *n_item = 0;
                return OSS_OK;
            }
            w->left[n] = l;
            w->right[n] = r;
            w->stratum[n] = s;
            w->slot[at] = item = (uint32_t) ++n;
        }
        w->weight[item - 1] += weight;
        row_item[i] = item - 1;
    }
    *n_item = n;
    return OSS_OK;
}

static inline int is_idle(const item_list *items, size_t i)
{
    return items->weight && items->weight[i] == 0;
}

/* The finite ends of the items, in the order of the items: left unless place 0, right unless never
 * or equal to the left. One 0 stands for all left-censored rows. */
static size_t collect_ends(const item_list *items, double *ends)
{
    size_t n = 0;
    int from_zero = 0;
    for (size_t i = 0; i < items->n; i++) {
        if (is_idle(items, i))
            continue;
        const double l = left_of(items->left, i), r = right_of(items->right, i);
        if (l == 0 && r > 0 && r < INFINITY)
            from_zero = 1;
        else
            ends[n++] = l;
        if (r < INFINITY && r != l)
            ends[n++] = r;
    }
    if (from_zero)
        ends[n++] = 0;
    return n;
}

/* Sorted ends -> the times of the table and the rank of each end. */
static size_t rank_ends(size_t n, workspace *w, double *time)
{
    oss_sort(n, w->ends, w->sorted, w->spare);
    double *value = (double *) (void *) w->spare;
    oss_gather(n, w->ends, w->sorted, value);
    const double width = oss_tie_width(n, value, 0, NULL);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && value[i] - value[i - 1] > width)
            k++;
        if (i == 0 || value[i] - value[i - 1] > width)
            time[k] = value[i];
        w->rank[oss_row(w->sorted[i])] = (uint32_t) k;
    }
    return k + 1;
}

static void place_items(const item_list *items, size_t n_time, const double *time, workspace *w)
{
    const uint32_t never = (uint32_t) (2 * n_time + 1);
    size_t e = 0;
    for (size_t i = 0; i < items->n; i++) {
        if (is_idle(items, i))
            continue;
        const double l = left_of(items->left, i), r = right_of(items->right, i);
        const int unknown = l == 0 && r > 0 && r < INFINITY;
        const uint32_t a = unknown ? 0 : w->rank[e++];
        const uint32_t b = r == l ? a : r < INFINITY ? w->rank[e++] : 0;
        w->end[i] = r < INFINITY ? 2 * b + 1 : never;
        if (unknown || (r < INFINITY && time[a] == 0 && b > a))
            w->start[i] = 0;
        else
            w->start[i] = 2 * a + (r < INFINITY && a == b ? 1 : 2);
    }
}

/* Stable counting sort of the items listed in `from` by key. */
static void sort_by(size_t n, const uint32_t *from, const uint32_t *key, size_t n_key,
                    uint32_t *count, uint32_t *to)
{
    memset(count, 0, (n_key + 1) * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[key[from[i]] + 1]++;
    for (size_t k = 0; k < n_key; k++)
        count[k + 1] += count[k];
    for (size_t i = 0; i < n; i++)
        to[count[key[from[i]]]++] = from[i];
}

static void merge_equal(const item_list *items, size_t n, const uint32_t *order, workspace *w,
                        oss_interval_table *t)
{
    size_t d = 0;
    int last = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t item = order[i];
        const int s = items->stratum ? items->stratum[item] - 1 : 0;
        if (d == 0 || s != last || w->start[item] != t->start[d - 1] ||
            w->end[item] != t->end[d - 1]) {
            t->start[d] = w->start[item];
            t->end[d] = w->end[item];
            t->distinct_at[s + 1] = ++d;
            last = s;
        }
        t->weight[d - 1] += items->weight ? items->weight[item] : 1;
        w->distinct_of[item] = (uint32_t) (d - 1);
    }
    t->n_distinct = d;
    for (size_t s = 0; s < t->n_stratum; s++)
        if (t->distinct_at[s + 1] == 0)
            t->distinct_at[s + 1] = t->distinct_at[s];
}

/* Starts come in the order of the distinct intervals, ends in by_end: one pass over both. */
static void find_innermost(const item_list *items, size_t n, workspace *w, oss_interval_table *t)
{
    size_t q = 0, item_at = 0;
    for (size_t s = 0; s < t->n_stratum; s++) {
        const size_t first = q, stop = t->distinct_at[s + 1];
        size_t d = t->distinct_at[s], item_stop = item_at;
        t->inner_at[s] = first;
        int fresh = 0;
        for (; item_stop < n; item_stop++) {
            const uint32_t item = w->by_end[item_stop];
            if (items->stratum && (size_t) items->stratum[item] != s + 1)
                break;
            for (; d < stop && t->start[d] <= w->end[item]; d++)
                fresh = 1;
            if (fresh) {
                t->inner_start[q] = t->start[d - 1];
                t->inner_end[q++] = w->end[item];
                fresh = 0;
            }
        }
        size_t before = first;
        for (d = t->distinct_at[s]; d < stop; d++) {
            while (before < q && t->inner_start[before] < t->start[d])
                before++;
            t->lo[d] = (uint32_t) (before - first);
        }
        before = first;
        for (; item_at < item_stop; item_at++) {
            const uint32_t item = w->by_end[item_at];
            while (before < q && t->inner_end[before] <= w->end[item])
                before++;
            t->hi[w->distinct_of[item]] = (uint32_t) (before - first);
        }
    }
    t->inner_at[t->n_stratum] = t->n_inner = q;
}

static oss_status order_items(const item_list *items, workspace *w, oss_interval_table *t,
                              uint32_t *row_item, oss_error *err)
{
    const size_t n_all = items->n, n_ends = 2 * n_all + 1;
    w->ends = oss_calloc(n_ends, sizeof *w->ends);
    w->sorted = oss_calloc(n_ends, sizeof *w->sorted);
    w->spare = oss_calloc(n_ends, sizeof *w->spare);
    w->rank = oss_calloc(n_ends, sizeof *w->rank);
    w->start = oss_calloc(n_all, sizeof *w->start);
    w->end = oss_calloc(n_all, sizeof *w->end);
    w->order = oss_calloc(n_all, sizeof *w->order);
    w->by_end = oss_calloc(n_all, sizeof *w->by_end);
    w->distinct_of = oss_calloc(n_all, sizeof *w->distinct_of);
    if (!w->ends || !w->sorted || !w->spare || !w->rank || !w->start || !w->end || !w->order ||
        !w->by_end || !w->distinct_of)
        return oss_no_memory(err);
    const size_t used = collect_ends(items, w->ends);
    t->time = oss_calloc(used, sizeof *t->time);
    if (!t->time)
        return oss_no_memory(err);
    t->n_time = rank_ends(used, w, t->time);
    place_items(items, t->n_time, t->time, w);

    const size_t n_place = 2 * t->n_time + 2;
    w->count = oss_calloc((n_place > t->n_stratum ? n_place : t->n_stratum) + 2, sizeof *w->count);
    if (!w->count)
        return oss_no_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < n_all; i++)
        if (!is_idle(items, i))
            w->order[n++] = (uint32_t) i;
    sort_by(n, w->order, w->end, n_place, w->count, w->by_end);
    sort_by(n, w->by_end, w->start, n_place, w->count, w->order);
    if (items->stratum) {
        uint32_t *code = (uint32_t *) (void *) w->ends, *spare = (uint32_t *) (void *) w->spare;
        for (size_t i = 0; i < n_all; i++)
            code[i] = (uint32_t) items->stratum[i] - 1;
        sort_by(n, w->by_end, code, t->n_stratum, w->count, spare);
        memcpy(w->by_end, spare, n * sizeof *spare);
        sort_by(n, w->order, code, t->n_stratum, w->count, spare);
        memcpy(w->order, spare, n * sizeof *spare);
    }

    t->start = oss_calloc(n, sizeof *t->start);
    t->end = oss_calloc(n, sizeof *t->end);
    t->weight = oss_calloc(n, sizeof *t->weight);
    t->lo = oss_calloc(n, sizeof *t->lo);
    t->hi = oss_calloc(n, sizeof *t->hi);
    t->inner_start = oss_calloc(n, sizeof *t->inner_start);
    t->inner_end = oss_calloc(n, sizeof *t->inner_end);
    if (!t->start || !t->end || !t->weight || !t->lo || !t->hi || !t->inner_start || !t->inner_end)
        return oss_no_memory(err);
    merge_equal(items, n, w->order, w, t);
    find_innermost(items, n, w, t);

    const int hashed = items->left == w->left;
    for (size_t i = 0; i < t->n_row; i++) {
        const uint32_t item = hashed ? row_item[i] : (uint32_t) i;
        t->row[i] = item == OSS_NO_INTERVAL || is_idle(items, item) ? OSS_NO_INTERVAL
                                                                    : w->distinct_of[item];
    }
    return OSS_OK;
}

static oss_status build(const oss_interval_rows *rows, workspace *w, oss_interval_table *t,
                        oss_error *err)
{
    t->n_row = rows->n;
    t->n_stratum = rows->stratum ? rows->n_stratum : 1;
    t->row = oss_calloc(rows->n, sizeof *t->row);
    t->distinct_at = oss_calloc(t->n_stratum + 1, sizeof *t->distinct_at);
    t->inner_at = oss_calloc(t->n_stratum + 1, sizeof *t->inner_at);
    if (!t->row || !t->distinct_at || !t->inner_at)
        return oss_no_memory(err);
    item_list items = { 0, NULL, NULL, NULL, NULL };
    oss_status status = hash_rows(rows, w, t->row, &items.n, err);
    if (status != OSS_OK)
        return status;
    if (items.n > 0) {
        items.left = w->left;
        items.right = w->right;
        items.weight = w->weight;
        items.stratum = rows->stratum ? w->stratum : NULL;
    } else {
        items.n = rows->n;
        items.left = rows->left;
        items.right = rows->right;
        items.weight = rows->weight;
        items.stratum = rows->stratum;
    }
    return order_items(&items, w, t, t->row, err);
}

oss_status oss_interval_table_new(const oss_interval_rows *rows, oss_interval_table **table,
                                  oss_error *err)
{
    *table = NULL;
    oss_status status = check_rows(rows, err);
    if (status != OSS_OK)
        return status;
    oss_interval_table *t = oss_calloc(1, sizeof *t);
    if (!t)
        return oss_no_memory(err);
    workspace w;
    memset(&w, 0, sizeof w);
    status = build(rows, &w, t, err);
    free_workspace(&w);
    if (status == OSS_OK)
        *table = t;
    else
        oss_interval_table_free(t);
    return status;
}

void oss_interval_table_free(oss_interval_table *t)
{
    if (!t)
        return;
    void *all[] = { t->time, t->distinct_at, t->inner_at, t->start,       t->end,       t->weight,
                    t->lo,   t->hi,          t->row,      t->inner_start, t->inner_end, t };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
}

double oss_interval_time(const oss_interval_table *t, uint32_t place)
{
    if (place == 0)
        return 0;
    const size_t k = (place - 1) / 2;
    return k < t->n_time ? t->time[k] : INFINITY;
}

void oss_interval_places(const oss_interval_table *t, size_t n, const double *times,
                         uint32_t *place)
{
    const double width = oss_tie_width(t->n_time, t->time, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        size_t lo = 0, hi = t->n_time; /* the table times before lo are <= times[i] */
        while (lo < hi) {
            const size_t mid = lo + (hi - lo) / 2;
            if (t->time[mid] <= times[i])
                lo = mid + 1;
            else
                hi = mid;
        }
        if (lo < t->n_time && t->time[lo] - times[i] <= width)
            place[i] = (uint32_t) (2 * lo + 1);
        else if (lo > 0 && times[i] - t->time[lo - 1] <= width)
            place[i] = (uint32_t) (2 * lo - 1);
        else
            place[i] = (uint32_t) (2 * lo);
    }
}
