#include "log_rank_resample.h"
#include "log_rank.h"

#include <math.h>
#include <string.h>

/* What the replicates share. */
typedef struct {
    const oss_log_rank_data *data;
    size_t draws;
    size_t *start;    /* [n_stratum + 1] rows of the strata */
    double *survival; /* [n_time] of all groups, just after the time */
    double *followup; /* [n_group * n_time] group by group, just after the time */
    size_t longest;   /* times of the longest stratum */
} shared_parts;

/* One thread's memory, laid out for `longest` times. */
typedef struct {
    double *gone;   /* [n_group * longest] who leaves at the time, then who is at risk */
    double *events; /* [n_group * longest] */
    double *at;     /* [n_group] at risk */
    double *u, *v;  /* sums: Z: [n_weight] each; chi-square: [n_group], [n_group^2] */
    double *solve;  /* [n_group * (n_group + 4)] */
    uint32_t *row;  /* [n] row dealt to a place */
    int *group;     /* [n] group of a place */
} thread_parts;

static size_t thread_doubles(const oss_log_rank_data *data, size_t longest)
{
    const size_t p = data->n_group;
    return 2 * p * longest + 2 * p + p * p + 2 * data->n_weight + p * (p + 4);
}

static thread_parts lay_out(const shared_parts *parts, void *work)
{
    const oss_log_rank_data *data = parts->data;
    const size_t p = data->n_group, cells = p * parts->longest;
    double *next = work;
    thread_parts x = { .gone = next, .events = next + cells, .at = next + 2 * cells };
    x.u = x.at + p;
    x.v = x.u + p + data->n_weight;
    x.solve = x.v + p * p + data->n_weight;
    x.row = (uint32_t *) (x.solve + p * (p + 4));
    x.group = (int *) (x.row + data->n);
    return x;
}

static double binomial(size_t n, size_t k)
{
    double value = 1;
    for (size_t i = 1; i <= k && value < 0x1p53; i++)
        value = round(value * (double) (n - k + i) / (double) i);
    return value < 0x1p53 ? value : INFINITY;
}

static size_t later_group_size(const oss_log_rank_data *data, size_t lo, size_t hi)
{
    size_t m = 0;
    for (size_t i = lo; i < hi; i++)
        m += (size_t) (data->group[i] == 1);
    return m;
}

/* Rows come stratum by stratum, so a stratum's rows are a run of row_time. */
static size_t stratum_end(const oss_log_rank_data *data, size_t s, size_t lo)
{
    size_t hi = lo;
    while (hi < data->n && data->row_time[hi] < data->table->start[s + 1])
        hi++;
    return hi;
}

double oss_log_rank_deals(const oss_log_rank_data *data)
{
    double ways = 1;
    for (size_t s = 0, lo = 0, hi; s < data->table->n_stratum; s++, lo = hi) {
        hi = stratum_end(data, s, lo);
        ways *= binomial(hi - lo, later_group_size(data, lo, hi));
    }
    return ways <= 0x1p53 ? ways : INFINITY;
}

/* The way numbered `number` of the stratum's, and what is left of the number for the others. */
static double deal_way(const shared_parts *parts, size_t s, double number, int *group)
{
    const size_t lo = parts->start[s], hi = parts->start[s + 1];
    size_t m = later_group_size(parts->data, lo, hi);
    const double ways = binomial(hi - lo, m), rest = floor(number / ways);
    double rank = number - rest * ways;
    for (size_t i = lo; i < hi; i++) {
        const double with = m ? binomial(hi - i - 1, m - 1) : 0;
        group[i] = rank < with;
        if (rank < with)
            m--;
        else
            rank -= with;
    }
    return rest;
}

static void shuffle(uint32_t *row, size_t lo, size_t hi, oss_stream *stream)
{
    for (size_t i = lo; i + 1 < hi; i++) {
        const size_t j = i + oss_stream_below(stream, (uint32_t) (hi - i));
        const uint32_t keep = row[i];
        row[i] = row[j];
        row[j] = keep;
    }
}

/* First time from `lo` on at which the falling curve is at most `level`; `hi` if it never is. */
static size_t first_at_most(const double *curve, size_t lo, size_t hi, double level)
{
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (curve[middle] <= level)
            hi = middle;
        else
            lo = middle + 1;
    }
    return lo;
}

/* Time and status of a place of `group` that had row `own` and is dealt row `dealt`. */
static size_t outcome(const shared_parts *parts, size_t s, size_t own, size_t dealt, int group,
                      oss_stream *stream, int *event)
{
    const oss_log_rank_data *data = parts->data;
    const size_t lo = data->table->start[s], hi = data->table->start[s + 1];
    size_t end = data->row_time[own], time = data->row_time[dealt];
    if (data->status[own]) {
        const double *followup = parts->followup + (size_t) group * data->table->n_time;
        const double before = end > lo ? followup[end - 1] : 1;
        end = first_at_most(followup, end, hi, (1 - oss_stream_uniform(stream)) * before);
    }
    if (!data->status[dealt])
        time = first_at_most(parts->survival, time + 1, hi,
                             (1 - oss_stream_uniform(stream)) * parts->survival[time]);
    *event = time < hi && time <= end;
    const size_t first = time < end ? time : end;
    return first < hi ? first : hi - 1; /* followed to the last time of all */
}

static double power(double x, double exponent)
{
    return exponent == 0 ? 1 : exponent == 1 ? x : pow(x, exponent);
}

/* Adds a stratum: its leavers and events by time and group are counted. */
static void add_stratum(const oss_log_rank_data *data, size_t n_time, const thread_parts *x)
{
    const size_t p = data->n_group, q = data->n_weight;
    for (size_t g = 0; g < p; g++)
        x->at[g] = 0;
    for (size_t k = n_time; k-- > 0;)
        for (size_t g = 0; g < p; g++)
            x->gone[k * p + g] = x->at[g] += x->gone[k * p + g];
    double survival = 1;
    for (size_t k = 0; k < n_time; k++) {
        const double *at_risk = x->gone + k * p, *events = x->events + k * p;
        double n = 0, d = 0;
        for (size_t g = 0; g < p; g++) {
            n += at_risk[g];
            d += events[g];
        }
        if (d == 0)
            continue;
        const double spread = d < n ? d * (n - d) / (n - 1) : 0;
        if (data->form == OSS_CHI_SQUARE) {
            const double w = power(survival, data->rho[0]) * power(1 - survival, data->gamma[0]);
            for (size_t g = 0; g < p; g++) {
                const double share = at_risk[g] / n;
                x->u[g] += w * (events[g] - d * share);
                for (size_t h = 0; h < p; h++)
                    x->v[g * p + h] += w * w * spread * share * ((g == h ? 1 : 0) - at_risk[h] / n);
            }
        } else {
            double seen = 0, mean = 0, square = 0;
            for (size_t g = 0; g < p; g++) {
                const double score = data->group_score[g];
                seen += score * events[g];
                mean += score * at_risk[g];
                square += score * score * at_risk[g];
            }
            mean /= n;
            square = square / n - mean * mean;
            for (size_t w = 0; w < q; w++) {
                const double weight =
                    power(survival, data->rho[w]) * power(1 - survival, data->gamma[w]);
                x->u[w] += weight * (seen - d * mean);
                x->v[w] += weight * weight * spread * square;
            }
        }
        survival *= (n - d) / n;
    }
}

static double statistic(const oss_log_rank_data *data, const thread_parts *x)
{
    size_t rank;
    if (data->form == OSS_CHI_SQUARE)
        return oss_quadratic(data->n_group, x->u, x->v, NULL, x->solve, &rank);
    double largest = -INFINITY;
    for (size_t w = 0; w < data->n_weight; w++) {
        /* Rounding leaves a variance of 0 just beside it. */
        double z = x->v[w] > 1e-12 ? x->u[w] / sqrt(x->v[w]) : 0;
        if (data->form == OSS_LARGEST_ABSOLUTE)
            z = fabs(z);
        largest = z > largest ? z : largest;
    }
    return largest;
}

static oss_status replicate(const void *context, void *work, oss_stream *stream, size_t b,
                            double *out, oss_error *err)
{
    (void) err;
    const shared_parts *parts = context;
    const oss_log_rank_data *data = parts->data;
    const thread_parts x = lay_out(parts, work);
    const size_t p = data->n_group;
    const int as_is = b == parts->draws, impute = data->deal == OSS_DEAL_IMPUTE && !as_is;
    double number = (double) b;
    memset(x.u, 0, (p + p * p + 2 * data->n_weight) * sizeof *x.u);
    for (size_t s = 0; s < data->table->n_stratum; s++) {
        const size_t lo = parts->start[s], hi = parts->start[s + 1];
        const size_t first = data->table->start[s], n_time = data->table->start[s + 1] - first;
        memset(x.gone, 0, p * n_time * sizeof *x.gone);
        memset(x.events, 0, p * n_time * sizeof *x.events);
        for (size_t i = lo; i < hi; i++) {
            x.row[i] = (uint32_t) i;
            x.group[i] = data->group[i];
        }
        if (!as_is && data->deal == OSS_DEAL_ENUMERATE)
            number = deal_way(parts, s, number, x.group);
        else if (!as_is)
            shuffle(x.row, lo, hi, stream);
        for (size_t i = lo; i < hi; i++) {
            const size_t dealt = x.row[i], g = (size_t) x.group[i];
            int event = data->status[dealt];
            size_t time = data->row_time[dealt];
            if (impute)
                time = outcome(parts, s, i, dealt, x.group[i], stream, &event);
            x.gone[(time - first) * p + g] += 1;
            x.events[(time - first) * p + g] += event;
        }
        add_stratum(data, n_time, &x);
    }
    *out = statistic(data, &x);
    return OSS_OK;
}

/* Kaplan-Meier of the event in all groups, and of the end of follow-up in each, where an event at
 * the same time comes first. */
static oss_status prepare(shared_parts *parts, oss_error *err)
{
    const oss_log_rank_data *data = parts->data;
    const oss_risk_table *table = data->table;
    const size_t p = data->n_group, m = table->n_time;
    double *counts = oss_calloc(2 * p * m, sizeof *counts); /* events, then censored */
    if (counts == NULL)
        return oss_no_memory(err);
    for (size_t i = 0; i < data->n; i++)
        counts[(size_t) (1 - data->status[i]) * p * m + (size_t) data->group[i] * m +
               data->row_time[i]] += 1;
    for (size_t s = 0; s < table->n_stratum; s++) {
        const size_t lo = table->start[s], hi = table->start[s + 1];
        double survival = 1;
        for (size_t k = lo; k < hi; k++) {
            if (table->n_event[k] > 0)
                survival *= (table->n_risk[k] - table->n_event[k]) / table->n_risk[k];
            parts->survival[k] = survival;
        }
        for (size_t g = 0; g < p; g++) {
            const double *events = counts + g * m, *censored = counts + (p + g) * m;
            double at_risk = 0, followed = 1;
            for (size_t k = lo; k < hi; k++)
                at_risk += events[k] + censored[k];
            for (size_t k = lo; k < hi; k++) {
                at_risk -= events[k];
                if (censored[k] > 0)
                    followed *= (at_risk - censored[k]) / at_risk;
                at_risk -= censored[k];
                parts->followup[g * m + k] = followed;
            }
        }
        parts->longest = hi - lo > parts->longest ? hi - lo : parts->longest;
        parts->start[s + 1] = stratum_end(data, s, parts->start[s]);
    }
    oss_free(counts);
    return OSS_OK;
}

oss_status oss_log_rank_resample(const oss_log_rank_data *data, size_t draws, uint64_t seed,
                                 int threads, double *out, const oss_hook *hook, oss_error *err)
{
    const size_t p = data->n_group, m = data->table->n_time;
    shared_parts parts = { .data = data, .draws = draws };
    parts.start = oss_calloc(data->table->n_stratum + 1, sizeof *parts.start);
    parts.survival = oss_calloc((p + 1) * m, sizeof *parts.survival);
    oss_status status = parts.start && parts.survival ? OSS_OK : oss_no_memory(err);
    if (status == OSS_OK) {
        parts.followup = parts.survival + m;
        status = prepare(&parts, err);
    }
    if (status == OSS_OK) {
        const oss_resampling plan = {
            .replicate = replicate,
            .context = &parts,
            .n = draws + 1,
            .width = 1,
            .work = thread_doubles(data, parts.longest) * sizeof(double) +
                    data->n * (sizeof(uint32_t) + sizeof(int)),
            .seed = seed,
            .threads = threads,
        };
        status = oss_resample(&plan, out, hook, err);
    }
    oss_free(parts.start);
    oss_free(parts.survival);
    return status;
}
