#include "interval_bootstrap.h"
#include "npmle.h"

#include <math.h>

enum { MOST_ITERATIONS = 1000 };

/* What all replicates read: the clusters pool by pool. */
typedef struct {
    const oss_interval_bootstrap *plan;
    uint32_t *member; /* [n_cluster] */
    size_t *begin;    /* [n_pool + 1] */
} shared;

static void draw_counts(const shared *s, oss_stream *stream, double *count)
{
    for (size_t c = 0; c < s->plan->n_cluster; c++)
        count[c] = 0;
    for (size_t k = 0; k < s->plan->n_pool; k++) {
        const size_t from = s->begin[k], size = s->begin[k + 1] - from;
        for (size_t i = 0; i < size; i++)
            count[s->member[from + oss_stream_below(stream, (uint32_t) size)]]++;
    }
}

/* Survival at the plan's times of the stratum, from its masses: all that has ended by the place is
 * gone, what has started may be. */
static void read_stratum(const oss_interval_bootstrap *plan, const oss_interval_table *t, size_t s,
                         const double *mass, const uint32_t *place, double *out)
{
    const size_t at = t->inner_at[s], m = t->inner_at[s + 1] - at;
    for (size_t i = 0; i < plan->n_time; i++) {
        if ((size_t) plan->group[i] - 1 != s)
            continue;
        double lowest = 0, highest = 0;
        for (size_t j = m; j-- > 0 && t->inner_end[at + j] > place[i];) {
            highest += mass[j];
            if (t->inner_start[at + j] > place[i])
                lowest += mass[j];
        }
        out[2 * i] = fmin(1, lowest);
        out[2 * i + 1] = fmin(1, highest);
    }
}

static oss_status solve_stratum(const oss_interval_bootstrap *plan, const oss_interval_table *t,
                                size_t s, double *mass, const uint32_t *place, double *out,
                                oss_error *err)
{
    const size_t first = t->distinct_at[s], n = t->distinct_at[s + 1] - first,
                 m = t->inner_at[s + 1] - t->inner_at[s];
    if (n == 0)
        return OSS_OK;
    oss_npmle *problem = NULL;
    oss_npmle_fit fit;
    oss_status status =
        oss_npmle_new(n, t->lo + first, t->hi + first, t->weight + first, m, &problem, err);
    if (status == OSS_OK)
        status = oss_npmle_solve(problem, plan->tolerance, MOST_ITERATIONS, &fit, NULL, err);
    if (status == OSS_OK) {
        oss_npmle_mass(problem, mass);
        read_stratum(plan, t, s, mass, place, out);
    }
    oss_npmle_free(problem);
    return status;
}

static oss_status replicate(const void *context, void *work, oss_stream *stream, size_t b,
                            double *out, oss_error *err)
{
    (void) b;
    const shared *s = context;
    const oss_interval_bootstrap *plan = s->plan;
    double *count = work, *weight = count + plan->n_cluster;
    draw_counts(s, stream, count);
    for (size_t i = 0; i < plan->rows.n; i++)
        weight[i] = count[plan->cluster[i] - 1] * (plan->rows.weight ? plan->rows.weight[i] : 1);
    for (size_t i = 0; i < 2 * plan->n_time; i++)
        out[i] = NAN;

    oss_interval_rows rows = plan->rows;
    rows.weight = weight;
    oss_interval_table *t = NULL;
    oss_status status = oss_interval_table_new(&rows, &t, err);
    if (status != OSS_OK)
        return status;
    double *mass = oss_calloc(t->n_inner, sizeof *mass);
    uint32_t *place = oss_calloc(plan->n_time, sizeof *place);
    if (mass && place) {
        oss_interval_places(t, plan->n_time, plan->time, place);
        for (size_t k = 0; status == OSS_OK && k < t->n_stratum; k++)
            status = solve_stratum(plan, t, k, mass, place, out, err);
    } else {
        status = oss_no_memory(err);
    }
    oss_free(mass);
    oss_free(place);
    oss_interval_table_free(t);
    return status;
}

static oss_status check_plan(const oss_interval_bootstrap *plan, oss_error *err)
{
    for (size_t i = 0; i < plan->rows.n; i++)
        if (plan->cluster[i] < 1 || (size_t) plan->cluster[i] > plan->n_cluster)
            return oss_fail(err, OSS_EINVAL, i, "the cluster must be between 1 and %zu",
                            plan->n_cluster);
    for (size_t c = 0; c < plan->n_cluster; c++)
        if (plan->pool[c] < 1 || (size_t) plan->pool[c] > plan->n_pool)
            return oss_fail(err, OSS_EINVAL, c, "the pool must be between 1 and %zu", plan->n_pool);
    for (size_t i = 0; i < plan->n_time; i++)
        if (!(plan->time[i] >= 0 && plan->time[i] < INFINITY) || plan->group[i] < 1 ||
            (size_t) plan->group[i] > plan->rows.n_stratum)
            return oss_fail(err, OSS_EINVAL, i, "the time must be finite and >= 0, of a stratum");
    return OSS_OK;
}

oss_status oss_interval_resample(const oss_interval_bootstrap *plan, double *survival,
                                 const oss_hook *hook, oss_error *err)
{
    oss_status status = check_plan(plan, err);
    if (status != OSS_OK)
        return status;
    shared s = { plan, oss_calloc(plan->n_cluster, sizeof *s.member),
                 oss_calloc(plan->n_pool + 2, sizeof *s.begin) };
    if (s.member && s.begin) {
        /* begin[k + 2] counts pool k, then begin[k + 1] is where its next member goes. */
        for (size_t c = 0; c < plan->n_cluster; c++)
            s.begin[plan->pool[c] + 1]++;
        for (size_t k = 2; k <= plan->n_pool + 1; k++)
            s.begin[k] += s.begin[k - 1];
        for (size_t c = 0; c < plan->n_cluster; c++)
            s.member[s.begin[plan->pool[c]]++] = (uint32_t) c;
        const oss_resampling engine = {
            .replicate = replicate,
            .context = &s,
            .n = plan->n,
            .width = 2 * plan->n_time,
            .work = (plan->n_cluster + plan->rows.n) * sizeof(double),
            .seed = plan->seed,
            .threads = plan->threads,
        };
        status = oss_resample(&engine, survival, hook, err);
    } else {
        status = oss_no_memory(err);
    }
    oss_free(s.member);
    oss_free(s.begin);
    return status;
}
