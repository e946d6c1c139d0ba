#include "permutation_lists.h"
#include "permutation_half.h"

#include <math.h>
#include <string.h>

/* ---- where to cut ---- */

/* Sums of the first i rows (turned: the last i), i = 0 .. n, at most: over all numbers drawn that
 * can still end in m. A run of r equal scores gives r + 1 of them, not 2^r. work: [2 * (m + 1)]. */
static void count_sums(const oss_draw *draw, int turned, double same, double *work, double *total)
{
    const size_t n = draw->n, m = draw->m;
    double *ways = work, *before = work + m + 1;
    memset(work, 0, 2 * (m + 1) * sizeof *work);
    ways[0] = total[0] = 1;
    for (size_t i = 0; i < n; i++) {
        const size_t at = turned ? n - 1 - i : i;
        const size_t last = turned ? at + 1 : at - 1;
        if (i == 0 || fabs(draw->score[at] - draw->score[last]) > same)
            memcpy(before, ways, (m + 1) * sizeof *ways);
        for (size_t k = m; k > 0; k--)
            ways[k] = ways[k - 1] + before[k];
        ways[0] = before[0];
        total[i + 1] = 0;
        for (size_t k = oss_least(m, n, i + 1); k <= oss_most(m, i + 1); k++)
            total[i + 1] += ways[k];
    }
}

static double same_value(const oss_permutation_law *law) { return 1e-12 * law->range; }

oss_lists_plan oss_lists_plan_new(const oss_permutation_law *law, double *work, double *profile)
{
    oss_lists_plan best = { 0, 0, INFINITY };
    double after = 1, before = 1;
    const double same = same_value(law);
    /* Draw by draw from the end: how many sums the draws after it have. */
    for (size_t s = 0; s < law->n_draw; s++) {
        count_sums(law->draw + s, 0, same, work, profile);
        after *= profile[law->draw[s].n];
    }
    for (size_t s = 0; s < law->n_draw; s++) {
        const size_t n = law->draw[s].n;
        double *first = profile, *second = profile + n + 1;
        count_sums(law->draw + s, 0, same, work, first);
        count_sums(law->draw + s, 1, same, work, second);
        after = isfinite(after) ? after / first[n] : after;
        for (size_t row = 0; row <= n; row++) {
            const double size = before * first[row] + after * second[n - row];
            if (size < best.size)
                best = (oss_lists_plan){ s, row, size };
        }
        before *= first[n];
    }
    return best;
}

/* ---- the lists ---- */

/* Lists for k = least .. most drawn, one behind the other: list k is start[k] .. start[k + 1] - 1.
 */
typedef struct {
    double *value, *count;
    size_t *start;
    size_t least, most, capacity;
} lists;

static void lists_free(lists *x)
{
    oss_free(x->value);
    oss_free(x->count);
    oss_free(x->start);
    memset(x, 0, sizeof *x);
}

/* What the list holds is lost. */
static int lists_room(lists *x, size_t n)
{
    if (n <= x->capacity)
        return 1;
    oss_free(x->value);
    oss_free(x->count);
    x->value = oss_calloc(n, sizeof *x->value);
    x->count = oss_calloc(n, sizeof *x->count);
    x->capacity = x->value && x->count ? n : 0;
    return x->capacity > 0;
}

/* Appends the merge of the elements i .. i_end - 1, and shift + those j .. j_end - 1, at `end`;
 * returns where it ends. Which is next cannot be foreseen: it is chosen by arithmetic, as a branch
 * would be mispredicted every other time. */
static size_t merge(const lists *from, size_t i, size_t i_end, size_t j, size_t j_end, double shift,
                    double same, const lists *to, size_t end)
{
    const double *value = from->value, *count = from->count;
    double *const out = to->value, *const out_count = to->count, last = -INFINITY;
    while (i < i_end && j < j_end) {
        const double u = value[i], v = value[j] + shift, next = u <= v ? u : v;
        const size_t first = u <= v;
        const double many = count[j ^ ((i ^ j) & (0 - first))];
        i += first;
        j += 1 - first;
        if (next - last > same) {
            out[end] = last = next;
            out_count[end++] = many;
        } else
            out_count[end - 1] += many;
    }
    /* What is left of one of them. */
    const size_t rest = i < i_end ? i : j, rest_end = i < i_end ? i_end : j_end;
    const double moved = i < i_end ? 0 : shift;
    for (size_t k = rest; k < rest_end; k++) {
        const double next = value[k] + moved;
        if (next - last > same) {
            out[end] = last = next;
            out_count[end++] = count[k];
        } else
            out_count[end - 1] += count[k];
    }
    return end;
}

/* Row i of n (i from 0) joins: to = from, with it or without. */
static int add_row(const lists *from, lists *to, double score, size_t m, size_t n, size_t i,
                   double same)
{
    const size_t held = from->start[from->most + 1] - from->start[from->least];
    if (!lists_room(to, 2 * held))
        return 0;
    to->least = oss_least(m, n, i + 1);
    to->most = oss_most(m, i + 1);
    size_t end = 0;
    for (size_t k = to->least; k <= to->most; k++) {
        const int without = k >= from->least && k <= from->most;
        const int with = k > from->least && k - 1 <= from->most;
        to->start[k] = end;
        end = merge(from, without ? from->start[k] : 0, without ? from->start[k + 1] : 0,
                    with ? from->start[k - 1] : 0, with ? from->start[k] : 0, score, same, to, end);
    }
    to->start[to->most + 1] = end;
    return 1;
}

static oss_status add_rows(lists *now, lists *spare, const double *score, size_t rows, size_t n,
                           size_t m, double same, const oss_hook *hook, oss_error *err)
{
    for (size_t i = 0; i < rows; i++) {
        if (!add_row(now, spare, score[i], m, n, i, same))
            return oss_no_memory(err);
        const lists other = *now;
        *now = *spare;
        *spare = other;
        if (oss_stopped(hook, 0.5))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
    }
    return OSS_OK;
}

static oss_status half_lists(const oss_half *half, size_t largest, double same, lists *now,
                             const oss_hook *hook, oss_error *err)
{
    lists spare = { 0 };
    oss_status status = OSS_OK;
    *now = spare;
    now->start = oss_calloc(largest + 2, sizeof *now->start);
    spare.start = oss_calloc(largest + 2, sizeof *spare.start);
    if (!now->start || !spare.start || !lists_room(now, 1))
        status = oss_no_memory(err);
    else {
        now->value[0] = 0;
        now->count[0] = now->start[1] = 1;
    }
    for (size_t s = 0; s < half->n_whole && !status; s++) {
        const oss_draw *draw = half->whole + s;
        status = add_rows(now, &spare, draw->score, draw->n, draw->n, draw->m, same, hook, err);
        if (!status) { /* only the list of all m is left: it becomes that of none of the next */
            now->start[1] = now->start[now->most + 1];
            now->start[0] = now->least = now->most = 0;
        }
    }
    if (!status)
        status = add_rows(now, &spare, half->score, half->n, half->n + half->other, half->m, same,
                          hook, err);
    lists_free(&spare);
    return status;
}

/* ---- the tails ---- */

/* Adds the pairs of a and b (its counts cumulated) with a sum of at least x - tie, at most x + tie.
 */
static void sweep(const double *a, const double *a_count, size_t na, const double *b,
                  const double *b_count, size_t nb, size_t split, double total, double x,
                  double tie, double *lower, double *upper)
{
    size_t j = nb;
    for (size_t i = 0; i < na; i++) {
        const double least = x - tie - a[i], most = x + tie - a[i];
        while (j > 0 && b[j - 1] >= least)
            j--;
        size_t end = j;
        while (end < nb && b[end] <= most)
            end++;
        *upper += a_count[i] * oss_from(b_count, nb, split, total, j);
        *lower += a_count[i] * oss_before(b_count, nb, split, total, end);
    }
}

static void count_tails(const oss_permutation_law *law, const lists *a, lists *b, size_t m,
                        size_t n_at, const double *x, oss_permutation_tails *tails)
{
    double all = 0;
    memset(tails, 0, n_at * sizeof *tails);
    for (size_t k = a->least; k <= a->most; k++) {
        const size_t other = m - k, from = a->start[k], na = a->start[k + 1] - from;
        const size_t to = b->start[other], nb = b->start[other + 1] - to;
        double total, first = 0;
        const size_t split = oss_cumulate(b->count + to, nb, &total);
        for (size_t i = 0; i < na; i++)
            first += a->count[from + i];
        all += first * total;
        for (size_t i = 0; i < n_at; i++)
            sweep(a->value + from, a->count + from, na, b->value + to, b->count + to, nb, split,
                  total, x[i], law->tie, &tails[i].lower, &tails[i].upper);
    }
    for (size_t i = 0; i < n_at; i++) {
        const double lower = tails[i].lower / all, upper = tails[i].upper / all;
        tails[i] = (oss_permutation_tails){ lower, lower, lower, upper, upper, upper };
    }
}

oss_status oss_lists_tails(const oss_permutation_law *law, const oss_lists_plan *plan, size_t n_at,
                           const double *x, oss_permutation_tails *tails, const oss_hook *hook,
                           oss_error *err)
{
    const oss_half first = oss_first_half(law, plan->draw, plan->row);
    const oss_half second = oss_second_half(law, plan->draw, plan->row);
    size_t largest = 0;
    for (size_t s = 0; s < law->n_draw; s++)
        largest = law->draw[s].m > largest ? law->draw[s].m : largest;
    lists a = { 0 }, b = { 0 };
    oss_status status = half_lists(&first, largest, same_value(law), &a, hook, err);
    if (!status)
        status = half_lists(&second, largest, same_value(law), &b, hook, err);
    if (!status)
        count_tails(law, &a, &b, first.m, n_at, x, tails);
    lists_free(&a);
    lists_free(&b);
    return status;
}
