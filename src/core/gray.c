#include "gray.h"

#include <math.h>
#include <string.h>

/* A stratum while it is passed through, in one block of doubles. m = n_group - 1. The names of the
 * variance's parts are those of its terms: sums over times of products of a martingale's variance
 * `own` with what a jump in group k does to score i, directly and through the later incidence. */
typedef struct {
    double *km, *at_risk, *events, *after, *share, *effect; /* [n_group], effect [m] */
    double *incidence, *drift, *own, *cross, *within; /* a cause: [g], [m g], [g], [m g], [m m] */
    double *pooled;                                   /* [n_cause] incidence of all */
} pass;

static size_t cause_size(size_t g) { return 2 * g + 2 * (g - 1) * g + (g - 1) * (g - 1); }

/* A pass, the events of a time, and a count or a place for each group. */
size_t oss_gray_work(const oss_gray_test *test, size_t n_status)
{
    const size_t g = test->n_group;
    return 6 * g + test->n_cause * (cause_size(g) + 1) + n_status * g + g;
}

static pass lay_out(const oss_gray_test *test, double *work)
{
    const size_t g = test->n_group, m = g - 1, n = test->n_cause;
    pass x;
    x.km = work;
    x.at_risk = x.km + g;
    x.events = x.at_risk + g;
    x.after = x.events + g;
    x.share = x.after + g;
    x.effect = x.share + g;
    x.incidence = x.effect + g;
    x.drift = x.incidence + n * g;
    x.own = x.drift + n * m * g;
    x.cross = x.own + n * g;
    x.within = x.cross + n * m * g;
    x.pooled = x.within + n * m * m;
    return x;
}

/* The caller sets at_risk. */
static void begin(const oss_gray_test *test, pass *x)
{
    const size_t g = test->n_group, n = test->n_cause;
    for (size_t k = 0; k < g; k++)
        x->km[k] = 1;
    memset(x->incidence, 0, n * (cause_size(g) + 1) * sizeof(double));
}

/* within += spread * effect effect', cross += spread * step * effect. */
static void add_jump(size_t m, const double *effect, double spread, double step, double *cross,
                     size_t stride, double *within)
{
    for (size_t i = 0; i < m; i++) {
        const double scaled = spread * effect[i];
        cross[i * stride] += step * scaled;
        for (size_t j = 0; j <= i; j++)
            within[i * m + j] += scaled * effect[j];
    }
}

/* One time of one cause: `of_cause` events of it in each group, x->events of all causes. */
static void step_cause(const oss_gray_test *test, pass *x, size_t e, const double *of_cause,
                       double *score)
{
    const size_t g = test->n_group, m = g - 1;
    double *incidence = x->incidence + e * g, *drift = x->drift + e * m * g, *own = x->own + e * g;
    double *cross = x->cross + e * m * g, *within = x->within + e * m * m;
    double d = 0, others = 0;
    for (size_t k = 0; k < g; k++) {
        d += of_cause[k];
        others += x->events[k] - of_cause[k];
    }
    if (d > 0) {
        double hazard = 0, rest = 0; /* sums of Y / S and of Y (1 - F) / S */
        for (size_t k = 0; k < g; k++) {
            x->share[k] = x->at_risk[k] > 0 ? x->at_risk[k] / x->km[k] : 0;
            hazard += x->share[k];
            rest += x->share[k] * (1 - incidence[k]);
        }
        const double left = 1 - x->pooled[e], jump = d / hazard;
        const double weight = test->rho == 0 ? 1 : pow(left, test->rho);
        const double each = weight / hazard, drifting = jump / left;
        x->pooled[e] += jump;
        const double event_free = 1 - x->pooled[e];
        for (size_t k = 0; k < g; k++) {
            if (x->share[k] <= 0)
                continue;
            score[k] += weight * (of_cause[k] - d * x->share[k] * (1 - incidence[k]) / rest);
            if (of_cause[k] > 0)
                incidence[k] += x->km[k] * of_cause[k] / x->at_risk[k];
            const double reach = x->after[k] > 0 ? 1 - event_free / x->after[k] : 1;
            double spread = jump / x->share[k];
            if (d > 1) /* tied */
                spread *= 1 - (d - 1) / (hazard * x->km[k] - 1);
            for (size_t i = 0; i < m; i++) {
                const double direct =
                    each * x->share[i] * (i == k ? hazard - x->share[k] : -x->share[k]);
                drift[i * g + k] += direct * drifting;
                x->effect[i] = direct - reach * drift[i * g + k];
            }
            own[k] += reach * reach * spread;
            add_jump(m, x->effect, spread, reach, cross + k, g, within);
        }
    }
    if (others > 0) {
        const double event_free = 1 - x->pooled[e];
        for (size_t k = 0; k < g; k++) {
            const double d2 = x->events[k] - of_cause[k], y = x->at_risk[k];
            if (d2 <= 0 || x->after[k] <= 0)
                continue;
            const double reach = event_free / x->after[k];
            double spread = x->km[k] * x->km[k] * d2 / (y * y);
            if (d2 > 1)
                spread *= 1 - (d2 - 1) / (y - 1);
            for (size_t i = 0; i < m; i++)
                x->effect[i] = -reach * drift[i * g + k];
            own[k] += reach * reach * spread;
            add_jump(m, x->effect, spread, reach, cross + k, g, within);
        }
    }
}

/* events: [n_status * n_group], cause by cause; x->events: their sum, not all 0. */
static void step(const oss_gray_test *test, pass *x, const double *events, double *score)
{
    const size_t g = test->n_group;
    for (size_t k = 0; k < g; k++)
        x->after[k] = x->events[k] > 0 ? x->km[k] * ((x->at_risk[k] - x->events[k]) / x->at_risk[k])
                                       : x->km[k];
    for (size_t e = 0; e < test->n_cause; e++)
        step_cause(test, x, e, events + (size_t) (test->cause[e] - 1) * g, score + e * g);
    memcpy(x->km, x->after, g * sizeof *x->km);
}

static void end(const oss_gray_test *test, const pass *x, double *variance)
{
    const size_t g = test->n_group, m = g - 1;
    for (size_t e = 0; e < test->n_cause; e++) {
        const double *drift = x->drift + e * m * g, *own = x->own + e * g;
        const double *cross = x->cross + e * m * g, *within = x->within + e * m * m;
        double *v = variance + e * m * m;
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j <= i; j++) {
                double sum = within[i * m + j];
                for (size_t k = 0; k < g; k++) {
                    const double a = drift[i * g + k], b = drift[j * g + k];
                    sum += a * b * own[k] + a * cross[j * g + k] + b * cross[i * g + k];
                }
                v[i * m + j] += sum;
                if (j < i)
                    v[j * m + i] += sum;
            }
    }
}

oss_status oss_gray(const oss_risk_table *table, const oss_gray_test *test, double *score,
                    double *variance, double *work, const oss_hook *hook, oss_error *err)
{
    enum { POLL = 1 << 14 };
    const size_t g = test->n_group, m = g - 1, n_time = table->n_time;
    if (g < 2 || table->n_stratum % g)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 2 or more groups");
    pass x = lay_out(test, work);
    double *events = x.pooled + test->n_cause; /* [n_cause of the table * g] */
    size_t *next = (size_t *) (events + table->n_cause * g);
    memset(score, 0, test->n_cause * g * sizeof *score);
    memset(variance, 0, test->n_cause * m * m * sizeof *variance);
    size_t steps = 0;
    for (size_t s = 0; s < table->n_stratum; s += g) {
        const size_t *last = table->start + s + 1;
        begin(test, &x);
        for (size_t k = 0; k < g; k++) {
            next[k] = table->start[s + k];
            x.at_risk[k] = table->n_risk[next[k]];
        }
        for (;;) {
            double time = INFINITY;
            for (size_t k = 0; k < g; k++)
                if (next[k] < last[k] && table->time[next[k]] < time)
                    time = table->time[next[k]];
            if (time == INFINITY)
                break;
            if (++steps % POLL == 0 && oss_stopped(hook, (double) next[0] / (double) n_time))
                return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
            double total = 0;
            for (size_t k = 0; k < g; k++) {
                x.events[k] = 0;
                const int here = next[k] < last[k] && table->time[next[k]] == time;
                if (here)
                    x.at_risk[k] = table->n_risk[next[k]];
                for (size_t c = 0; c < table->n_cause; c++) {
                    const double d = here ? table->n_event[c * n_time + next[k]] : 0;
                    events[c * g + k] = d;
                    x.events[k] += d;
                }
                total += x.events[k];
            }
            if (total > 0)
                step(test, &x, events, score);
            for (size_t k = 0; k < g; k++)
                if (next[k] < last[k] && table->time[next[k]] == time) {
                    x.at_risk[k] -= x.events[k] + table->n_censor[next[k]];
                    next[k]++;
                }
        }
        end(test, &x, variance);
    }
    return OSS_OK;
}

double oss_gray_statistic(size_t m, const double *score, const double *variance, double *work,
                          size_t *df)
{
    const double negligible = 1e-10;
    double *root = work, *z = work + m * m, statistic = 0;
    *df = 0;
    for (size_t i = 0; i < m; i++) {
        const double diagonal = variance[i * m + i];
        double rest = score[i], pivot = diagonal, size = fabs(score[i]);
        for (size_t j = 0; j < i; j++) {
            double sum = variance[i * m + j];
            for (size_t k = 0; k < j; k++)
                sum -= root[i * m + k] * root[j * m + k];
            root[i * m + j] = root[j * m + j] > 0 ? sum / root[j * m + j] : 0;
            pivot -= root[i * m + j] * root[i * m + j];
            rest -= root[i * m + j] * z[j];
            size += fabs(root[i * m + j] * z[j]);
        }
        if (!(diagonal >= 0 && pivot >= -negligible * diagonal))
            return NAN;
        if (pivot > negligible * diagonal) {
            root[i * m + i] = sqrt(pivot);
            z[i] = rest / root[i * m + i];
            statistic += z[i] * z[i];
            ++*df;
        } else {
            root[i * m + i] = z[i] = 0;
            if (fabs(rest) > 1e-6 * size && fabs(rest) > 1e-9)
                return NAN;
        }
    }
    return statistic;
}

oss_status oss_gray_arrangements(const oss_gray_rows *rows, uint64_t most, uint64_t *count,
                                 oss_error *err)
{
    const size_t g = rows->test.n_group;
    size_t *dealt = oss_calloc(g, sizeof *dealt);
    if (dealt == NULL)
        return oss_no_memory(err);
    /* Row by row, m of a group's c after so many rows of the stratum: times m / c, always whole. */
    *count = 1;
    for (size_t s = 0, i = 0; s < rows->n_stratum && *count; s++) {
        memset(dealt, 0, g * sizeof *dealt);
        for (size_t seen = 1; i < rows->end[s] && *count; i++, seen++) {
            *count = *count * seen / ++dealt[rows->group[i]];
            if (*count > most)
                *count = 0;
        }
    }
    oss_free(dealt);
    return OSS_OK;
}

/* Arrangement `number` of the labels group[lo .. hi - 1], of which there are `count`. */
static void deal_arrangement(const oss_gray_rows *rows, size_t lo, size_t hi, uint64_t number,
                             uint64_t count, size_t *left, int *group)
{
    const size_t g = rows->test.n_group;
    memset(left, 0, g * sizeof *left);
    for (size_t i = lo; i < hi; i++)
        left[rows->group[i]]++;
    for (size_t i = lo; i < hi; i++) {
        for (size_t k = 0; k < g; k++) {
            const uint64_t with = count * left[k] / (hi - i); /* arrangements with k here */
            if (number < with) {
                group[i] = (int) k;
                left[k]--;
                count = with;
                break;
            }
            number -= with;
        }
    }
}

static uint64_t arrangements_within(const oss_gray_rows *rows, size_t lo, size_t hi, size_t *dealt)
{
    uint64_t count = 1;
    memset(dealt, 0, rows->test.n_group * sizeof *dealt);
    for (size_t i = lo; i < hi; i++)
        count = count * (i - lo + 1) / ++dealt[rows->group[i]];
    return count;
}

static void deal(const oss_gray_rows *rows, oss_stream *stream, size_t b, size_t *left, int *group)
{
    uint64_t number = b;
    for (size_t s = 0, lo = 0; s < rows->n_stratum; lo = rows->end[s], s++) {
        const size_t hi = rows->end[s];
        if (rows->n_arrangement) {
            const uint64_t count = arrangements_within(rows, lo, hi, left);
            deal_arrangement(rows, lo, hi, number % count, count, left, group);
            number /= count;
            continue;
        }
        memcpy(group + lo, rows->group + lo, (hi - lo) * sizeof *group);
        for (size_t i = hi; i > lo + 1; i--) {
            const size_t j = lo + oss_stream_below(stream, (uint32_t) (i - lo));
            const int label = group[j];
            group[j] = group[i - 1];
            group[i - 1] = label;
        }
    }
}

size_t oss_gray_replicate_work(const oss_gray_rows *rows)
{
    const size_t g = rows->test.n_group, m = g - 1;
    return (oss_gray_work(&rows->test, rows->n_status) + rows->test.n_cause * (g + m * m) +
            m * (m + 1) + g) *
               sizeof(double) +
           rows->n * sizeof(int);
}

oss_status oss_gray_replicate(const void *context, void *work, oss_stream *stream, size_t b,
                              double *out, oss_error *err)
{
    (void) err;
    const oss_gray_rows *rows = context;
    const oss_gray_test *test = &rows->test;
    const size_t g = test->n_group, m = g - 1;
    pass x = lay_out(test, work);
    double *events = x.pooled + test->n_cause;
    double *score = (double *) work + oss_gray_work(test, rows->n_status);
    double *variance = score + test->n_cause * g, *root = variance + test->n_cause * m * m;
    double *gone = root + m * (m + 1);
    int *group = (int *) (gone + g);

    deal(rows, stream, b, (size_t *) (events + rows->n_status * g), group);
    memset(score, 0, test->n_cause * (g + m * m) * sizeof *score);
    for (size_t s = 0, i = 0; s < rows->n_stratum; s++) {
        begin(test, &x);
        memset(x.at_risk, 0, g * sizeof *x.at_risk);
        for (size_t j = i; j < rows->end[s]; j++)
            x.at_risk[group[j]]++;
        while (i < rows->end[s]) {
            const uint32_t time = rows->time[i];
            memset(x.events, 0, g * sizeof *x.events);
            memset(events, 0, rows->n_status * g * sizeof *events);
            memset(gone, 0, g * sizeof *gone);
            int some = 0;
            for (; i < rows->end[s] && rows->time[i] == time; i++) {
                const size_t k = (size_t) group[i];
                gone[k]++;
                if (rows->status[i]) {
                    events[(size_t) (rows->status[i] - 1) * g + k]++;
                    x.events[k]++;
                    some = 1;
                }
            }
            if (some)
                step(test, &x, events, score);
            for (size_t k = 0; k < g; k++)
                x.at_risk[k] -= gone[k];
        }
        end(test, &x, variance);
    }
    for (size_t e = 0; e < test->n_cause; e++) {
        size_t df;
        out[e] = oss_gray_statistic(m, score + e * g, variance + e * m * m, root, &df);
        if (isnan(out[e]))
            out[e] = INFINITY;
    }
    return OSS_OK;
}
