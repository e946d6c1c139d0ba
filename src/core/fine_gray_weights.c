#include "fine_gray_model.h"

#include <math.h>

/* Writes the curve of one kind of change: rows with change[i] set change at time at[i], and a row
 * could change at the times numbered lo[i] .. hi[i] - 1. inverse: the factor is 1 / (1 - h). */
typedef struct {
    const unsigned char *change;
    const uint32_t *at, *lo, *hi;
    int inverse;
} change_rows;

static size_t group_of(const oss_fine_gray *m, size_t i) { return m->group ? m->group[i] : 0; }

size_t oss_product_limit_seek(const oss_product_limit *curve, size_t g, uint32_t target)
{
    const uint32_t *index = curve->index;
    size_t lo = curve->start[g], hi = curve->start[g + 1], at = curve->hint[g];
    /* Searches follow each other closely: widen from the last place, then halve. */
    if (at < hi && index[at] < target) {
        for (size_t step = 1;; step *= 2) {
            lo = at + 1;
            if (hi - at <= step || index[at + step] >= target) {
                hi = hi - at <= step ? hi : at + step;
                break;
            }
            at += step;
        }
    } else {
        for (size_t step = 1;; step *= 2) {
            hi = at;
            if (at - lo < step || index[at - step] < target) {
                lo = at - lo < step ? lo : at - step + 1;
                break;
            }
            at -= step;
        }
    }
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (index[middle] < target)
            lo = middle + 1;
        else
            hi = middle;
    }
    curve->hint[g] = lo;
    return lo;
}

/* The changes of each group in order of time, equal times joined: by counting, first by time, then
 * by group. */
static oss_status list_changes(const oss_fine_gray *m, const change_rows *rows,
                               oss_product_limit *curve, oss_error *err)
{
    const size_t n = m->n, n_group = m->n_group;
    size_t *place = oss_calloc(m->n_time + 1, sizeof *place);
    uint32_t *order = oss_calloc(n, sizeof *order), *by_group = oss_calloc(n, sizeof *by_group);
    oss_status status = OSS_OK;
    if (!place || !order || !by_group) {
        status = oss_no_memory(err);
        goto done;
    }
    size_t n_change = 0;
    for (size_t i = 0; i < n; i++)
        if (rows->change[i])
            place[rows->at[i] + 1]++;
    for (size_t k = 0; k < m->n_time; k++)
        place[k + 1] += place[k];
    for (size_t i = 0; i < n; i++)
        if (rows->change[i]) {
            order[place[rows->at[i]]++] = (uint32_t) i;
            curve->start[group_of(m, i) + 1]++;
            n_change++;
        }
    for (size_t g = 0; g < n_group; g++) {
        curve->start[g + 1] += curve->start[g];
        curve->hint[g] = curve->start[g];
    }
    for (size_t k = 0; k < n_change; k++)
        by_group[curve->hint[group_of(m, order[k])]++] = order[k];
    size_t kept = 0, next = 0;
    for (size_t g = 0; g < n_group; g++) {
        const size_t end = curve->start[g + 1], begin = kept;
        for (; next < end; next++) {
            const uint32_t row = by_group[next], at = rows->at[row];
            if (kept == begin || curve->index[kept - 1] != at)
                curve->index[kept++] = at;
            curve->events[kept - 1] += oss_fg_weight(m, row);
        }
        curve->start[g] = curve->hint[g] = begin;
    }
    curve->start[n_group] = kept;
done:
    oss_free(place);
    oss_free(order);
    oss_free(by_group);
    return status;
}

static oss_status make_curve(const oss_fine_gray *m, const change_rows *rows,
                             oss_product_limit *curve, oss_error *err)
{
    const size_t n = m->n, n_group = m->n_group;
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += rows->change[i];
    curve->start = oss_calloc(n_group + 1, sizeof *curve->start);
    curve->hint = oss_calloc(n_group, sizeof *curve->hint);
    curve->index = oss_calloc(most, sizeof *curve->index);
    curve->events = oss_calloc(most, sizeof *curve->events);
    curve->risk = oss_calloc(most, sizeof *curve->risk);
    curve->product = oss_calloc(most + n_group, sizeof *curve->product);
    curve->power = oss_calloc(most + n_group, sizeof *curve->power);
    curve->nulls = oss_calloc(most + n_group, sizeof *curve->nulls);
    if (!curve->start || !curve->hint || !curve->index || !curve->events || !curve->risk ||
        !curve->product || !curve->power || !curve->nulls)
        return oss_no_memory(err);
    const oss_status status = list_changes(m, rows, curve, err);
    if (status)
        return status;

    /* Differences of the number at risk, then their sums. */
    for (size_t i = 0; i < n; i++) {
        const size_t g = group_of(m, i), end = curve->start[g + 1];
        const size_t lo =
            rows->lo ? oss_product_limit_seek(curve, g, rows->lo[i]) : curve->start[g];
        const size_t hi = oss_product_limit_seek(curve, g, rows->hi[i]);
        const double w = oss_fg_weight(m, i);
        if (lo < hi) {
            curve->risk[lo] += w;
            if (hi < end)
                curve->risk[hi] -= w;
        }
    }
    for (size_t g = 0; g < n_group; g++) {
        double at_risk = 0, product = 1;
        int power = 0;
        uint32_t nulls = 0;
        for (size_t k = curve->start[g];; k++) {
            int own;
            product = frexp(product, &own);
            power += own;
            curve->product[k + g] = product;
            curve->power[k + g] = power;
            curve->nulls[k + g] = nulls;
            if (k == curve->start[g + 1])
                break;
            at_risk += curve->risk[k];
            curve->risk[k] = at_risk;
            const double factor = (at_risk - curve->events[k]) / at_risk;
            if (factor > 0) {
                product = rows->inverse ? product / factor : product * factor;
            } else {
                product = 1;
                power = 0;
                nulls++;
            }
        }
    }
    return OSS_OK;
}

void oss_product_limit_free(oss_product_limit *curve)
{
    oss_free(curve->start);
    oss_free(curve->hint);
    oss_free(curve->index);
    oss_free(curve->events);
    oss_free(curve->risk);
    oss_free(curve->product);
    oss_free(curve->power);
    oss_free(curve->nulls);
}

/* The product of the factors at from <= u < to; *null: one of them is 0 (for inverse ones:
 * infinite).
 */
static double product_between(const oss_product_limit *curve, size_t g, uint32_t from, uint32_t to,
                              int *null)
{
    const size_t a = oss_product_limit_seek(curve, g, from) + g;
    const size_t b = oss_product_limit_seek(curve, g, to) + g;
    *null = curve->nulls[a] != curve->nulls[b];
    return *null ? 0
                 : ldexp(curve->product[b] / curve->product[a], curve->power[b] - curve->power[a]);
}

/* Weight of group g at time `to` over that at `from`; INFINITY if it has none. */
static double weight_ratio(const oss_fine_gray *m, size_t g, uint32_t from, uint32_t to)
{
    int null;
    /* Past the group's last follow-up nothing is known of its censoring: 0, as in crr. */
    if (to > m->last_time[g])
        return 0;
    const double stay = product_between(&m->censoring, g, from, to, &null);
    if (null || !m->entry)
        return stay;
    const double come = product_between(&m->entering, g, from, to, &null);
    return null ? INFINITY : stay * come;
}

oss_status oss_fg_weights(oss_fine_gray *m, oss_error *err)
{
    const size_t n = m->n;
    unsigned char *change = oss_calloc(n, 1);
    uint32_t *lo = m->entry ? oss_calloc(n, sizeof *lo) : NULL;
    uint32_t *hi = oss_calloc(n, sizeof *hi);
    oss_status status = OSS_OK;
    if (!change || !hi || (m->entry && !lo)) {
        status = oss_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t g = group_of(m, i);
        change[i] = m->kind[i] == 0;
        hi[i] = m->exit[i] + 1;
        if (lo)
            lo[i] = m->entry[i] + 1;
        if (m->exit[i] > m->last_time[g])
            m->last_time[g] = m->exit[i];
    }
    const change_rows censored = { change, m->exit, lo, hi, 0 };
    status = make_curve(m, &censored, &m->censoring, err);
    if (status)
        goto done;
    if (m->entry) {
        /* Looking back in time a row comes in at its exit and goes out at its entry. */
        for (size_t i = 0; i < n; i++)
            change[i] = 1;
        const change_rows entered = { change, m->entry, m->entry, m->exit, 1 };
        status = make_curve(m, &entered, &m->entering, err);
        if (status)
            goto done;
    }

    for (size_t s = 0; s < m->n_stratum; s++) {
        const size_t begin = m->event_start[s], end = m->event_start[s + 1];
        for (size_t l = 0; l < m->n_local[s]; l++) {
            const size_t g = m->local_group[m->local_start[s] + l];
            for (size_t e = begin + 1; e < end; e++)
                m->ratio[oss_fg_cell(m, s, e, l)] =
                    weight_ratio(m, g, m->event_time[e - 1], m->event_time[e]);
        }
        /* A weight is carried along from the row's own time: an infinite factor is a fault only
         * where somebody is there to carry it, so it is first carried back over the events before.
         */
        for (size_t l = 0; m->entry && l < m->n_local[s]; l++)
            for (size_t e = end; e-- > begin + 2;) {
                double *before = m->ratio + oss_fg_cell(m, s, e - 1, l);
                if (*before > 0 && isinf(m->ratio[oss_fg_cell(m, s, e, l)]))
                    *before = INFINITY;
            }
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            const size_t e = m->bin[i];
            if (m->kind[i] != 2 || e == end)
                continue;
            m->join[i] = weight_ratio(m, group_of(m, i), m->exit[i], m->event_time[e]);
            if (isinf(m->join[i]) ||
                (m->join[i] > 0 && e + 1 < end &&
                 isinf(m->ratio[oss_fg_cell(m, s, e + 1, oss_fg_local(m, i))]))) {
                status =
                    oss_fail(err, OSS_EINVAL, m->row[i],
                             "late entry leaves the weight of a row that failed from another "
                             "cause infinite: at some time after it all at risk have only just "
                             "entered");
                goto done;
            }
        }
        for (size_t c = m->cell_start[s]; c < m->cell_start[s + 1]; c++)
            if (isinf(m->ratio[c]))
                m->ratio[c] = 0; /* nobody carries it */
    }
done:
    oss_free(change);
    oss_free(lo);
    oss_free(hi);
    return status;
}
