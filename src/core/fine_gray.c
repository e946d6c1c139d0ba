#include "fine_gray.h"
#include "fine_gray_model.h"
#include "risk_table.h"

#include <float.h>
#include <math.h>

void oss_fine_gray_free(oss_fine_gray *m)
{
    if (!m)
        return;
    void *const arrays[] = { m->time,       m->row,         m->exit,        m->entry,
                             m->kind,       m->weight,      m->group,       m->cluster,
                             m->offset,     m->x,           m->centre,      m->scale,
                             m->row_start,  m->event_start, m->event_time,  m->event_weight,
                             m->bin,        m->first,       m->n_local,     m->cell_start,
                             m->local,      m->local_start, m->local_group, m->ratio,
                             m->join,       m->last_time,   m->risk,        m->sums,
                             m->joining,    m->later,       m->hazard,      m->mean_before,
                             m->mean_later, m->work };
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        oss_free(arrays[k]);
    oss_product_limit_free(&m->censoring);
    oss_product_limit_free(&m->entering);
    oss_free(m);
}

/* Numbers of the distinct times, over all strata, at each exit and entry: number[n], or [2 n] with
 * the entries behind. The table counts entries as times of their own, so that one rule ties them
 * all. */
static oss_status number_times(const oss_fine_gray_rows *in, oss_fine_gray *m, uint32_t *number,
                               oss_error *err)
{
    const size_t n = in->n, n_all = in->entry ? 2 * n : n;
    oss_status status;
    oss_risk_plan plan;
    void *scratch = NULL;
    size_t start[2];
    double *table = NULL, *times = NULL;
    int *status_of = oss_calloc(n_all, sizeof *status_of);
    if (in->entry)
        times = oss_calloc(n_all, sizeof *times);
    if (!status_of || (in->entry && !times)) {
        status = oss_no_memory(err);
        goto done;
    }
    for (size_t i = 0; in->entry && i < n; i++) {
        times[i] = in->exit[i];
        times[n + i] = in->entry[i];
    }
    const oss_risk_rows rows = { .n = n_all,
                                 .exit = in->entry ? times : in->exit,
                                 .status = status_of,
                                 .n_cause = 1,
                                 .n_stratum = 1 };
    status = oss_risk_scan(&rows, &plan, err);
    if (status)
        goto done;
    scratch = oss_calloc(plan.scratch, 1);
    if (!scratch) {
        status = oss_no_memory(err);
        goto done;
    }
    status = oss_risk_sort(&rows, scratch, &plan, err);
    if (status)
        goto done;
    m->n_time = plan.n_time;
    m->time = oss_calloc(plan.n_time, sizeof *m->time);
    table = oss_calloc(plan.n_time, 3 * sizeof *table);
    if (!m->time || !table) {
        status = oss_no_memory(err);
        goto done;
    }
    oss_risk_table filled = { .start = start,
                              .time = m->time,
                              .n_risk = table,
                              .n_event = table + plan.n_time,
                              .n_censor = table + 2 * plan.n_time };
    oss_risk_fill(&rows, &plan, &filled, number);
    for (size_t i = 0; in->entry && i < n; i++)
        if (number[n + i] >= number[i]) {
            status = oss_fail(err, OSS_EINVAL, i, "the entry must lie before the exit");
            break;
        }
done:
    oss_free(status_of);
    oss_free(times);
    oss_free(scratch);
    oss_free(table);
    return status;
}

static oss_status check_rows(const oss_fine_gray_rows *in, oss_error *err)
{
    const size_t n = in->n;
    if (n == 0 || n >= UINT32_MAX / 2)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to 2^31 - 2 rows");
    for (size_t i = 0; i < n; i++) {
        if (in->kind[i] < 0 || in->kind[i] > 2)
            return oss_fail(err, OSS_EINVAL, i, "the status must be 0, 1 or 2");
        if (in->weight &&
            !(in->weight[i] > 0 && in->weight[i] <= 1e15 && in->weight[i] == floor(in->weight[i])))
            return oss_fail(err, OSS_EINVAL, i, "the weight must be a whole number above 0");
        if ((in->stratum && (in->stratum[i] < 1 || (size_t) in->stratum[i] > in->n_stratum)) ||
            (in->group && (in->group[i] < 1 || (size_t) in->group[i] > in->n_group)) ||
            (in->cluster && (in->cluster[i] < 1 || (size_t) in->cluster[i] > in->n_cluster)))
            return oss_fail(err, OSS_EINVAL, i, "the stratum, group or cluster is out of range");
        if (in->offset && !isfinite(in->offset[i]))
            return oss_fail(err, OSS_EINVAL, i, "the offset must be finite");
    }
    for (size_t k = 0; k < n * in->p; k++)
        if (!isfinite(in->x[k]))
            return oss_fail(err, OSS_EINVAL, k % n, "the covariate must be finite");
    return OSS_OK;
}

/* m->row: the rows by stratum, then time, then as they came. number: of their exit times. */
static oss_status order_rows(const oss_fine_gray_rows *in, oss_fine_gray *m, const uint32_t *number,
                             oss_error *err)
{
    const size_t n = m->n;
    size_t *place = oss_calloc(m->n_time + 1, sizeof *place);
    uint32_t *order = in->stratum ? oss_calloc(n, sizeof *order) : m->row;
    oss_status status = OSS_OK;
    if (!place || !order) {
        status = oss_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        place[number[i] + 1]++;
    for (size_t k = 0; k < m->n_time; k++)
        place[k + 1] += place[k];
    for (size_t i = 0; i < n; i++)
        order[place[number[i]]++] = (uint32_t) i;
    m->row_start[m->n_stratum] = n;
    if (in->stratum) {
        for (size_t s = 0; s <= m->n_stratum; s++)
            m->row_start[s] = 0;
        for (size_t i = 0; i < n; i++)
            m->row_start[in->stratum[i]]++;
        for (size_t s = 0; s < m->n_stratum; s++)
            m->row_start[s + 1] += m->row_start[s];
        for (size_t k = 0; k < n; k++)
            m->row[m->row_start[in->stratum[order[k]] - 1]++] = order[k];
        for (size_t s = m->n_stratum; s > 0; s--)
            m->row_start[s] = m->row_start[s - 1];
        m->row_start[0] = 0;
    }
done:
    oss_free(place);
    if (in->stratum)
        oss_free(order);
    return status;
}

/* Copies the rows in order, the covariates centred and scaled. */
static oss_status copy_rows(const oss_fine_gray_rows *in, oss_fine_gray *m, const uint32_t *number,
                            oss_error *err)
{
    const size_t n = m->n, p = m->p;
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += in->weight ? in->weight[i] : 1;
    m->total = total;
    for (size_t j = 0; j < p; j++) {
        const double *x = in->x + j * n;
        double largest = 0, sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            largest = fmax(largest, fabs(x[i]));
        if (largest == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            sum += (in->weight ? in->weight[i] : 1) * (x[i] / largest);
        const double mean = sum / total;
        for (size_t i = 0; i < n; i++) {
            const double d = x[i] / largest - mean;
            squares += (in->weight ? in->weight[i] : 1) * d * d;
        }
        m->centre[j] = mean * largest;
        const double sd = sqrt(squares / total);
        /* A constant, to rounding. */
        m->scale[j] = sd > 1e-13 * fabs(mean) ? sd * largest : 0;
        if (!isfinite(m->centre[j]) || (m->scale[j] != 0 && !(m->scale[j] > DBL_MIN * 4)))
            return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                            "covariate %zu has too large or too small a range", j + 1);
    }
    for (size_t k = 0; k < n; k++) {
        const size_t i = m->row[k];
        m->exit[k] = number[i];
        m->kind[k] = (unsigned char) in->kind[i];
        if (m->entry)
            m->entry[k] = number[n + i];
        if (m->weight)
            m->weight[k] = in->weight[i];
        if (m->group)
            m->group[k] = (uint32_t) in->group[i] - 1;
        if (m->offset)
            m->offset[k] = in->offset[i];
        for (size_t j = 0; j < p; j++)
            m->x[k * p + j] = m->scale[j] > 0 ? (in->x[j * n + i] - m->centre[j]) / m->scale[j] : 0;
    }
    for (size_t i = 0; m->cluster && i < n; i++)
        m->cluster[i] = in->cluster[i];
    return OSS_OK;
}

/* Events of each stratum, the place of every row among them, and the cells. */
static oss_status find_events(oss_fine_gray *m, oss_error *err)
{
    const size_t n = m->n;
    m->event_start = oss_calloc(m->n_stratum + 1, sizeof *m->event_start);
    m->n_local = oss_calloc(m->n_stratum, sizeof *m->n_local);
    m->cell_start = oss_calloc(m->n_stratum + 1, sizeof *m->cell_start);
    m->local_start = oss_calloc(m->n_stratum + 1, sizeof *m->local_start);
    size_t *seen = oss_calloc(m->n_group, sizeof *seen),
           *slot = oss_calloc(m->n_group, sizeof *slot);
    oss_status status = OSS_OK;
    if (!m->event_start || !m->n_local || !m->cell_start || !m->local_start || !seen || !slot) {
        status = oss_no_memory(err);
        goto done;
    }
    size_t n_event = 0, n_local = 0;
    for (size_t s = 0; s < m->n_stratum; s++) {
        m->event_start[s] = n_event;
        m->local_start[s] = n_local;
        for (size_t i = m->row_start[s], last = SIZE_MAX; i < m->row_start[s + 1]; i++) {
            if (m->kind[i] == 1 && m->exit[i] != last) {
                last = m->exit[i];
                n_event++;
            }
            const size_t g = m->group ? m->group[i] : 0;
            if (m->kind[i] == 2 && seen[g] != s + 1) {
                seen[g] = s + 1;
                n_local++;
            }
        }
        m->n_local[s] = n_local - m->local_start[s];
        m->cell_start[s + 1] = m->cell_start[s] + (n_event - m->event_start[s]) * m->n_local[s];
    }
    m->event_start[m->n_stratum] = m->n_event = n_event;
    m->local_start[m->n_stratum] = n_local;
    m->event_time = oss_calloc(n_event, sizeof *m->event_time);
    m->event_weight = oss_calloc(n_event, sizeof *m->event_weight);
    m->bin = oss_calloc(n, sizeof *m->bin);
    m->first = m->entry ? oss_calloc(n, sizeof *m->first) : NULL;
    m->local = m->group ? oss_calloc(n, sizeof *m->local) : NULL;
    m->local_group = oss_calloc(n_local, sizeof *m->local_group);
    if (!m->event_time || !m->event_weight || !m->bin || (m->entry && !m->first) ||
        (m->group && !m->local) || !m->local_group) {
        status = oss_no_memory(err);
        goto done;
    }
    for (size_t g = 0; g < m->n_group; g++)
        seen[g] = 0;
    for (size_t s = 0; s < m->n_stratum; s++) {
        size_t e = m->event_start[s], l = 0;
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            if (m->kind[i] == 1) {
                if (e == m->event_start[s] || m->event_time[e - 1] != m->exit[i])
                    m->event_time[e++] = m->exit[i];
                m->event_weight[e - 1] += oss_fg_weight(m, i);
            }
            const size_t g = m->group ? m->group[i] : 0;
            if (m->kind[i] == 2 && seen[g] != s + 1) {
                seen[g] = s + 1;
                slot[g] = l;
                m->local_group[m->local_start[s] + l++] = (uint32_t) g;
            }
            if (m->local && m->kind[i] == 2)
                m->local[i] = (uint32_t) slot[g];
        }
        e = m->event_start[s];
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            while (e < m->event_start[s + 1] && m->event_time[e] <= m->exit[i])
                e++;
            m->bin[i] = (uint32_t) e;
            if (!m->entry)
                continue;
            size_t lo = m->event_start[s], hi = e;
            while (lo < hi) {
                const size_t middle = lo + (hi - lo) / 2;
                if (m->event_time[middle] <= m->entry[i])
                    lo = middle + 1;
                else
                    hi = middle;
            }
            m->first[i] = (uint32_t) lo;
        }
    }
done:
    oss_free(seen);
    oss_free(slot);
    return status;
}

static oss_status new_model(const oss_fine_gray_rows *in, oss_fine_gray *m, oss_error *err)
{
    const size_t n = in->n, p = in->p;
    uint32_t *number = oss_calloc(n, (in->entry ? 2 : 1) * sizeof *number);
    if (!number)
        return oss_no_memory(err);
    oss_status status = number_times(in, m, number, err);
    if (status)
        goto done;
    m->row = oss_calloc(n, sizeof *m->row);
    m->row_start = oss_calloc(m->n_stratum + 1, sizeof *m->row_start);
    m->exit = oss_calloc(n, sizeof *m->exit);
    m->entry = in->entry ? oss_calloc(n, sizeof *m->entry) : NULL;
    m->kind = oss_calloc(n, 1);
    m->weight = in->weight ? oss_calloc(n, sizeof *m->weight) : NULL;
    m->group = in->group ? oss_calloc(n, sizeof *m->group) : NULL;
    m->cluster = in->cluster ? oss_calloc(n, sizeof *m->cluster) : NULL;
    m->offset = in->offset ? oss_calloc(n, sizeof *m->offset) : NULL;
    m->x = oss_calloc(n, (p ? p : 1) * sizeof *m->x);
    m->centre = oss_calloc(p, sizeof *m->centre);
    m->scale = oss_calloc(p, sizeof *m->scale);
    m->last_time = oss_calloc(m->n_group, sizeof *m->last_time);
    m->join = oss_calloc(n, sizeof *m->join);
    m->risk = oss_calloc(n, sizeof *m->risk);
    m->work = oss_calloc(5 * p * p + 8 * p, sizeof *m->work);
    if (!m->row || !m->row_start || !m->exit || (in->entry && !m->entry) || !m->kind ||
        (in->weight && !m->weight) || (in->group && !m->group) || (in->cluster && !m->cluster) ||
        (in->offset && !m->offset) || !m->x || !m->centre || !m->scale || !m->last_time ||
        !m->join || !m->risk || !m->work) {
        status = oss_no_memory(err);
        goto done;
    }
    status = order_rows(in, m, number, err);
    if (!status)
        status = copy_rows(in, m, number, err);
    if (!status)
        status = find_events(m, err);
    if (status)
        goto done;
    const size_t n_cell = m->cell_start[m->n_stratum];
    m->ratio = oss_calloc(n_cell, sizeof *m->ratio);
    m->sums = oss_calloc(m->n_event, (p + 1) * sizeof *m->sums);
    m->joining = oss_calloc(n_cell, (p + 1) * sizeof *m->joining);
    m->later = oss_calloc(n_cell, sizeof *m->later);
    m->hazard = oss_calloc(m->n_event + m->n_stratum, sizeof *m->hazard);
    if (!m->ratio || !m->sums || !m->joining || !m->later || !m->hazard)
        status = oss_no_memory(err);
    else
        status = oss_fg_weights(m, err);
done:
    oss_free(number);
    return status;
}

oss_status oss_fine_gray_new(const oss_fine_gray_rows *rows, oss_fine_gray **model, oss_error *err)
{
    *model = NULL;
    const oss_status status = check_rows(rows, err);
    if (status)
        return status;
    oss_fine_gray *m = *model = oss_calloc(1, sizeof *m);
    if (!m)
        return oss_no_memory(err);
    m->n = rows->n;
    m->p = rows->p;
    m->n_stratum = rows->stratum ? rows->n_stratum : 1;
    m->n_group = rows->group ? rows->n_group : 1;
    m->n_cluster = rows->cluster ? rows->n_cluster : 0;
    return new_model(rows, m, err);
}

size_t oss_fine_gray_n_event(const oss_fine_gray *m) { return m->n_event; }
double oss_fine_gray_centre(const oss_fine_gray *m, size_t j) { return m->centre[j]; }
double oss_fine_gray_scale(const oss_fine_gray *m, size_t j) { return m->scale[j]; }
