#include "cluster_variance.h"
#include "quantile.h"
#include "sum2.h"

#include <math.h>

enum { POLL_EVERY = 1 << 16 };

/* Rows in the order of their exits and of their entries; both run stratum by stratum, as the table
 * does. exit_start[k] .. exit_start[k + 1] - 1 leave at table row k; entries at or before the time
 * of row k and after that of k - 1 are at risk from row k + 1 on. */
typedef struct {
    uint32_t *exits, *entries;
    size_t *exit_start, *entry_start;
} row_order;

typedef struct {
    row_order order;
    double *influence, *at_risk; /* by cluster: P and R */
    uint32_t *seen;              /* by cluster: stratum + 1 that has met it */
    /* jackknife */
    uint32_t *next, *head, *tail, *met;
    double *moved, *squared; /* by time */
} cluster_work;

static double events_at(const oss_risk_table *table, size_t k)
{
    double events = 0;
    for (size_t c = 0; c < table->n_cause; c++)
        events += table->n_event[c * table->n_time + k];
    return events;
}

static double weight_of_row(const oss_risk_rows *rows, size_t i)
{
    return rows->weight ? rows->weight[i] : 1;
}

/* The last row of the stratum whose time is not after t. */
static uint32_t row_before(const oss_risk_table *table, size_t stratum, double t)
{
    size_t lo = table->start[stratum], hi = table->start[stratum + 1];
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (table->time[middle] <= t)
            lo = middle;
        else
            hi = middle;
    }
    return (uint32_t) lo;
}

static void bucket(size_t n, const uint32_t *row, size_t n_time, size_t *start, uint32_t *order)
{
    for (size_t i = 0; i < n; i++)
        start[row[i] + 1]++;
    for (size_t k = 0; k < n_time; k++)
        start[k + 1] += start[k];
    for (size_t i = 0; i < n; i++)
        order[start[row[i]]++] = (uint32_t) i;
    for (size_t k = n_time; k > 0; k--)
        start[k] = start[k - 1];
    start[0] = 0;
}

static void work_free(cluster_work *w)
{
    void *const blocks[] = { w->order.exits,
                             w->order.entries,
                             w->order.exit_start,
                             w->order.entry_start,
                             w->influence,
                             w->at_risk,
                             w->seen,
                             w->next,
                             w->head,
                             w->tail,
                             w->met,
                             w->moved,
                             w->squared };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        oss_free(blocks[i]);
}

static oss_status work_new(const oss_clustered *data, int jackknife, cluster_work *w,
                           oss_error *err)
{
    const size_t n = data->rows->n, n_time = data->table->n_time, n_cluster = data->n_cluster;
    *w = (cluster_work){ 0 };
    int ok = (w->order.exits = oss_calloc(n, sizeof(uint32_t))) &&
             (w->order.exit_start = oss_calloc(n_time + 1, sizeof(size_t))) &&
             (w->influence = oss_calloc(n_cluster, sizeof(double))) &&
             (w->at_risk = oss_calloc(n_cluster, sizeof(double))) &&
             (w->seen = oss_calloc(n_cluster, sizeof(uint32_t)));
    if (ok && data->rows->entry)
        ok = (w->order.entries = oss_calloc(n, sizeof(uint32_t))) &&
             (w->order.entry_start = oss_calloc(n_time + 1, sizeof(size_t)));
    if (ok && jackknife)
        ok = (w->next = oss_calloc(n, sizeof(uint32_t))) &&
             (w->head = oss_calloc(n_cluster, sizeof(uint32_t))) &&
             (w->tail = oss_calloc(n_cluster, sizeof(uint32_t))) &&
             (w->met = oss_calloc(n_cluster, sizeof(uint32_t))) &&
             (w->moved = oss_calloc(n_time, sizeof(double))) &&
             (w->squared = oss_calloc(n_time, sizeof(double)));
    if (!ok) {
        work_free(w);
        return oss_no_memory(err);
    }
    bucket(n, data->row_time, n_time, w->order.exit_start, w->order.exits);
    if (data->rows->entry) {
        uint32_t *row = oss_calloc(n, sizeof *row);
        if (row == NULL) {
            work_free(w);
            return oss_no_memory(err);
        }
        for (size_t i = 0; i < n; i++) {
            const size_t s = data->rows->stratum ? (size_t) data->rows->stratum[i] - 1 : 0;
            row[i] = row_before(data->table, s, data->rows->entry[i]);
        }
        bucket(n, row, n_time, w->order.entry_start, w->order.entries);
        oss_free(row);
    }
    return OSS_OK;
}

/* Sums over clusters of P^2, P R and R^2. */
typedef struct {
    sum2 pp, pr, rr;
} running_sums;

static void change(running_sums *sums, cluster_work *w, size_t g, double p, double r)
{
    const double p0 = w->influence[g], r0 = w->at_risk[g], p1 = p0 + p, r1 = r0 + r;
    sums->pp = sum2_add(sums->pp, (p1 - p0) * (p1 + p0));
    sums->pr = sum2_add(sum2_add(sums->pr, p1 * r1), -p0 * r0);
    sums->rr = sum2_add(sums->rr, (r1 - r0) * (r1 + r0));
    w->influence[g] = p1;
    w->at_risk[g] = r1;
}

/* One stratum by influence; the standard errors of log S. Returns its number of clusters. */
static double stratum_influence(const oss_clustered *data, cluster_work *w, size_t s,
                                double *std_error)
{
    const oss_risk_rows *rows = data->rows;
    const oss_risk_table *table = data->table;
    const row_order *order = &w->order;
    const size_t lo = table->start[s], hi = table->start[s + 1];
    running_sums sums = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
    double n_cluster = 0, hazard = 0;
    for (size_t j = order->exit_start[lo]; j < order->exit_start[hi]; j++) {
        const size_t i = order->exits[j], g = (size_t) data->cluster[i] - 1;
        if (w->seen[g] != s + 1) {
            w->seen[g] = (uint32_t) s + 1;
            n_cluster++;
        }
        if (rows->entry == NULL)
            change(&sums, w, g, 0, weight_of_row(rows, i));
    }
    int alive = 1;
    for (size_t k = lo; k < hi; k++) {
        const double n = table->n_risk[k], d = events_at(table, k);
        alive = alive && !(d > 0 && d >= n);
        if (d > 0 && alive)
            hazard += d / (n * (n - d));
        for (size_t j = order->exit_start[k]; alive && j < order->exit_start[k + 1]; j++) {
            const size_t i = order->exits[j], g = (size_t) data->cluster[i] - 1;
            const double weight = weight_of_row(rows, i);
            const double event = rows->status[i] > 0 ? 1 / (n - d) : 0;
            change(&sums, w, g, weight * (hazard - event), -weight);
        }
        const double own = sum2_value(sums.pp), both = 2 * hazard * sum2_value(sums.pr);
        const double held = hazard * hazard * sum2_value(sums.rr);
        const double variance = own + both + held;
        /* Clusters whose members cancel leave nothing but rounding. */
        const int known = alive && variance > 1e-13 * (own + fabs(both) + held);
        std_error[k] = known ? sqrt(variance) : 0;
        for (size_t j = rows->entry && alive ? order->entry_start[k] : 0;
             rows->entry && alive && j < order->entry_start[k + 1]; j++) {
            const size_t i = order->entries[j], g = (size_t) data->cluster[i] - 1;
            const double weight = weight_of_row(rows, i);
            change(&sums, w, g, -weight * hazard, weight);
        }
    }
    for (size_t j = order->exit_start[lo]; j < order->exit_start[hi]; j++) {
        const size_t g = (size_t) data->cluster[order->exits[j]] - 1;
        w->influence[g] = w->at_risk[g] = 0;
    }
    return n_cluster;
}

static const uint32_t nobody = UINT32_MAX;

/* Chains of the rows of each cluster, in the order given, by next and head. Returns the number of
 * clusters met. */
static size_t chain(const oss_clustered *data, cluster_work *w, size_t s)
{
    const size_t lo = w->order.exit_start[data->table->start[s]];
    const size_t hi = w->order.exit_start[data->table->start[s + 1]];
    size_t n_met = 0;
    for (size_t j = lo; j < hi; j++) {
        const uint32_t i = w->order.exits[j];
        const size_t g = (size_t) data->cluster[i] - 1;
        w->next[i] = nobody;
        if (w->seen[g] != s + 1) {
            w->seen[g] = (uint32_t) s + 1;
            w->met[n_met++] = (uint32_t) g;
            w->head[g] = i;
        } else {
            w->next[w->tail[g]] = i;
        }
        w->tail[g] = i;
    }
    return n_met;
}

/* The curve without cluster g, added to the sums. moved and squared hold the cluster's change of
 * the numbers at risk and its events while it is walked. */
static void leave_out(const oss_clustered *data, cluster_work *w, size_t s, size_t g,
                      const double *estimate, double *at_risk, double *events)
{
    const oss_risk_rows *rows = data->rows;
    const oss_risk_table *table = data->table;
    const size_t lo = table->start[s], hi = table->start[s + 1];
    double own = 0;
    for (uint32_t i = w->head[g]; i != nobody; i = w->next[i]) {
        const double weight = weight_of_row(rows, i);
        const size_t k = data->row_time[i];
        if (rows->entry)
            at_risk[row_before(table, s, rows->entry[i])] += weight;
        else
            own += weight;
        at_risk[k] -= weight;
        if (rows->status[i] > 0)
            events[k] += weight;
    }
    double survival = 1;
    for (size_t k = lo; k < hi; k++) {
        const double n = table->n_risk[k] - own, d = events_at(table, k) - events[k];
        if (d > 0)
            survival = n > d ? survival * ((n - d) / n) : 0;
        own += at_risk[k];
        at_risk[k] = events[k] = 0;
        const double distance = survival - estimate[k];
        w->moved[k] += distance;
        w->squared[k] += distance * distance;
    }
}

static oss_status stratum_jackknife(const oss_clustered *data, cluster_work *w, size_t s,
                                    const double *estimate, double *scratch, double *std_error,
                                    double *size, const oss_hook *hook, oss_error *err)
{
    const oss_risk_table *table = data->table;
    const size_t lo = table->start[s], hi = table->start[s + 1], n_met = chain(data, w, s);
    const double count = (double) n_met;
    for (size_t c = 0, walked = 0; c < n_met; c++) {
        walked += hi - lo;
        if (walked > POLL_EVERY) {
            walked = 0;
            if (oss_stopped(hook, (double) c / count))
                return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        }
        leave_out(data, w, s, w->met[c], estimate, scratch, scratch + table->n_time);
    }
    for (size_t k = lo; k < hi; k++) {
        const double variance =
            (count - 1) / count * (w->squared[k] - w->moved[k] * w->moved[k] / count);
        std_error[k] = n_met > 1 ? sqrt(fmax(variance, 0)) : NAN;
        if (estimate[k] == 0 || (n_met > 1 && w->squared[k] < count * 1e-29))
            std_error[k] = 0;
    }
    *size = count;
    return OSS_OK;
}

oss_status oss_cluster_std_error(const oss_clustered *data, oss_cluster_correction correction,
                                 const double *estimate, double *std_error, double *size,
                                 const oss_hook *hook, oss_error *err)
{
    const oss_risk_table *table = data->table;
    for (size_t i = 0; i < data->rows->n; i++)
        if (data->cluster[i] < 1 || (size_t) data->cluster[i] > data->n_cluster)
            return oss_fail(err, OSS_EINVAL, i, "the cluster must be between 1 and %zu",
                            data->n_cluster);
    const int jackknife = correction == OSS_CLUSTER_CR3;
    cluster_work w;
    oss_status status = work_new(data, jackknife, &w, err);
    if (status)
        return status;
    double *scratch = jackknife ? oss_calloc(2 * table->n_time, sizeof *scratch) : NULL;
    if (jackknife && scratch == NULL)
        status = oss_no_memory(err);
    for (size_t s = 0; !status && s < table->n_stratum; s++) {
        if (jackknife) {
            status =
                stratum_jackknife(data, &w, s, estimate, scratch, std_error, size + s, hook, err);
            continue;
        }
        if (s % 1024 == 0 && oss_stopped(hook, (double) s / (double) table->n_stratum)) {
            status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
            break;
        }
        size[s] = stratum_influence(data, &w, s, std_error);
        const double factor = correction == OSS_CLUSTER_NONE ? 1
                              : size[s] > 1                  ? sqrt(size[s] / (size[s] - 1))
                                                             : NAN;
        for (size_t k = table->start[s]; k < table->start[s + 1]; k++)
            std_error[k] = estimate[k] > 0 ? std_error[k] * estimate[k] * factor : 0;
    }
    oss_free(scratch);
    work_free(&w);
    return status;
}

void oss_cluster_limits(const oss_risk_table *table, oss_conf_type type, double conf_level,
                        int small, const double *size, const double *estimate,
                        const double *std_error, double *low, double *high)
{
    const double tail = (1 - conf_level) / 2;
    for (size_t s = 0; s < table->n_stratum; s++) {
        const double quantile = small ? size[s] > 1 ? oss_t_quantile(1 - tail, size[s] - 1) : NAN
                                      : oss_normal_quantile(1 - tail);
        for (size_t k = table->start[s]; k < table->start[s + 1]; k++) {
            /* A standard error of 0 says that the clusters agree, not that they are known. */
            const int known = std_error[k] > 0 && !isnan(quantile);
            oss_transformed_limits(type, known ? estimate[k] : 0, std_error[k], quantile, &low[k],
                                   &high[k]);
        }
    }
}
