#include "beta_product.h"
#include "interval_limits.h"

#include <math.h>

/* Counts of one stratum by place; cumulative ones include their place. */
typedef struct {
    double n;        /* all rows */
    double *ended;   /* events whose interval ends at a place */
    double *started; /* events whose interval starts up to a place */
    double *gone;    /* rows never seen that start up to a place: no longer at risk there */
} counts;

static int is_never(const oss_interval_table *t, size_t d) { return t->end[d] > 2 * t->n_time; }

static void count_rows(const oss_interval_table *t, size_t first, size_t last, counts *c)
{
    for (size_t d = first; d < last; d++) {
        c->n += t->weight[d];
        if (is_never(t, d)) {
            c->gone[t->start[d]] += t->weight[d];
        } else {
            c->started[t->start[d]] += t->weight[d];
            c->ended[t->end[d]] += t->weight[d];
        }
    }
    for (size_t p = 1; p < 2 * t->n_time + 2; p++) {
        c->started[p] += c->started[p - 1];
        c->gone[p] += c->gone[p - 1];
    }
}

/* Events as late as possible: those that end before the place at their end, the rest at the place.
 */
static void lower_limits(const counts *c, size_t n_place, const uint32_t *place, double tail,
                         double *low)
{
    oss_beta_product product = OSS_BETA_PRODUCT_START;
    double before = 0, start = NAN; /* events that end before p */
    uint32_t p = 0;
    for (size_t i = 0; i < n_place; i++) {
        for (; p < place[i]; p++) {
            oss_beta_product_step(&product, c->n - c->gone[p] - before, c->ended[p]);
            before += c->ended[p];
        }
        oss_beta_product here = product;
        const double now = c->started[p] - before;
        oss_beta_product_step(&here, c->n - c->gone[p] - before, now);
        /* Who was last seen without the event at t itself is at risk of the next failure. */
        low[i] = oss_beta_product_low(&here, c->n - c->gone[p] - before - now, tail, start);
        start = low[i];
    }
}

/* Events that end by the place, as early as possible. */
static double upper_limit(const oss_interval_table *t, const counts *c, size_t first, size_t last,
                          uint32_t place, double tail, double start)
{
    oss_beta_product product = OSS_BETA_PRODUCT_START;
    double before = 0;
    for (size_t d = first; d < last && t->start[d] <= place;) {
        const uint32_t p = t->start[d];
        double events = 0;
        for (; d < last && t->start[d] == p; d++)
            if (t->end[d] <= place)
                events += t->weight[d];
        oss_beta_product_step(&product, c->n - c->gone[p] - before, events);
        before += events;
    }
    return oss_beta_product_high(&product, tail, start);
}

oss_status oss_interval_exact(const oss_interval_table *t, size_t stratum, size_t n_place,
                              const uint32_t *place, double level, double *low, double *high,
                              const oss_hook *hook, oss_error *err)
{
    const size_t first = t->distinct_at[stratum], last = t->distinct_at[stratum + 1];
    const size_t room = 2 * t->n_time + 3;
    const double tail = (1 - level) / 2;
    counts c = { 0, oss_calloc(room, sizeof *c.ended), oss_calloc(room, sizeof *c.started),
                 oss_calloc(room, sizeof *c.gone) };
    oss_status status = OSS_OK;
    for (size_t i = 0; i < n_place && status == OSS_OK; i++)
        if (place[i] > 2 * t->n_time || (i > 0 && place[i] < place[i - 1]))
            status = oss_fail(err, OSS_EINVAL, i, "the places must ascend, below never");
    if (!c.ended || !c.started || !c.gone)
        status = oss_no_memory(err);
    if (status == OSS_OK) {
        count_rows(t, first, last, &c);
        lower_limits(&c, n_place, place, tail, low);
        for (size_t i = 0; i < n_place; i++) {
            high[i] =
                upper_limit(t, &c, first, last, place[i], tail, i > 0 ? high[i - 1] : (double) NAN);
            if (i % 64 == 63 && oss_stopped(hook, (double) i / (double) n_place)) {
                status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
                break;
            }
        }
    }
    oss_free(c.ended);
    oss_free(c.started);
    oss_free(c.gone);
    return status;
}
