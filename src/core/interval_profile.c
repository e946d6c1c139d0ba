#include "interval_limits.h"
#include "npmle.h"
#include "quantile.h"

#include <math.h>
#include <string.h>

/* Finer places: 3 p, and for a place between two times, where t divides what the table need not,
 * 3 p + 1 ends at t and 3 p + 2 starts after it. */
static uint32_t ends_at(uint32_t place) { return 3 * place + (place % 2 == 0); }
static uint32_t starts_after(uint32_t place) { return place % 2 ? 3 * (place + 1) : 3 * place + 2; }

enum { START = 1, END = 2, MAX_TRIAL = 60, MAX_ITERATIONS = 500 };

typedef struct {
    size_t n, n_cell;
    uint32_t *lo, *hi; /* [n] */
    uint32_t *cut;     /* [n_place] cells up to the place */
    oss_npmle *problem;
} refined;

/* Innermost intervals of the rows and of [0, t] and (t, infinity) at every place. */
static oss_status refine(const oss_interval_table *t, size_t first, size_t last, size_t n_place,
                         const uint32_t *place, refined *r, oss_error *err)
{
    const size_t n_code = 3 * (2 * t->n_time + 1) + 2;
    r->n = last - first;
    unsigned char *mark = oss_calloc(n_code, 1);
    uint32_t *starts = oss_calloc(n_code + 1, sizeof *starts); /* cells that start before a code */
    uint32_t *ends = oss_calloc(n_code + 1, sizeof *ends);     /* cells that end before a code */
    r->lo = oss_calloc(r->n, sizeof *r->lo);
    r->hi = oss_calloc(r->n, sizeof *r->hi);
    r->cut = oss_calloc(n_place, sizeof *r->cut);
    oss_status status = OSS_OK;
    if (mark && starts && ends && r->lo && r->hi && r->cut) {
        mark[0] = START;
        mark[n_code - 2] = END;
        for (size_t d = first; d < last; d++) {
            mark[3 * t->start[d]] |= START;
            mark[3 * t->end[d]] |= END;
        }
        for (size_t i = 0; i < n_place; i++) {
            mark[ends_at(place[i])] |= END;
            mark[starts_after(place[i])] |= START;
        }
        size_t open = n_code;
        for (size_t c = 0; c < n_code; c++) {
            if (mark[c] & START)
                open = c;
            if (mark[c] & END && open < n_code) {
                starts[open + 1]++;
                ends[c + 1]++;
                r->n_cell++;
                open = n_code;
            }
        }
        for (size_t c = 0; c < n_code; c++) {
            starts[c + 1] += starts[c];
            ends[c + 1] += ends[c];
        }
        for (size_t d = first; d < last; d++) {
            r->lo[d - first] = starts[3 * t->start[d]];
            r->hi[d - first] = ends[3 * t->end[d] + 1];
        }
        for (size_t i = 0; i < n_place; i++)
            r->cut[i] = ends[ends_at(place[i]) + 1];
        status = oss_npmle_new(r->n, r->lo, r->hi, t->weight + first, r->n_cell, &r->problem, err);
    } else {
        status = oss_no_memory(err);
    }
    oss_free(mark);
    oss_free(starts);
    oss_free(ends);
    return status;
}

/* The share on the pressed side of the cut where twice the log-likelihood lost is `allowed`: with
 * w rows added to that side, the lost likelihood grows with w, and its derivative by the share is
 * 2 w / share. *w: the guess, then the answer; *other: the share of the other side, NaN if it was
 * not found. weight: of all rows. */
static oss_status find_share(oss_npmle *problem, size_t cut, int before, double best,
                             double allowed, double weight, double *w, double *other,
                             const oss_hook *hook, oss_error *err)
{
    double w_low = 0, w_high = INFINITY, root_low = 0, root_high = 0;
    const double aim = sqrt(allowed);
    for (int trial = 0; trial < MAX_TRIAL; trial++) {
        oss_npmle_tilt(problem, cut, before ? *w : 0, before ? 0 : *w);
        oss_npmle_fit fit;
        const oss_status status = oss_npmle_solve(problem, 1e-9, MAX_ITERATIONS, &fit, hook, err);
        if (status != OSS_OK)
            return status;
        if (!fit.converged)
            break;
        double below, above;
        oss_npmle_split(problem, cut, &below, &above);
        const double share = before ? below : above;
        *other = before ? above : below;
        const double lost = fmax(2 * (best - fit.loglik), 0), root = sqrt(lost);
        if (*other == 0 && lost <= allowed)
            return OSS_OK;
        const double change = (allowed - lost) * share / (2 * *w);
        if (fabs(change) <= 1e-5 * *other && fabs(allowed - lost) < 0.01) {
            *other = fmax(*other - change, 0);
            return OSS_OK;
        }
        if (root < aim) {
            w_low = *w;
            root_low = root;
        } else {
            w_high = *w;
            root_high = root;
        }
        double next;
        if (w_high == INFINITY)
            next = root > 0.05 * aim ? fmin(*w * aim / root * 1.02, 20 * *w) : 20 * *w;
        else
            next = w_low + (aim - root_low) / (root_high - root_low) * (w_high - w_low);
        if (w_high < INFINITY && (!(next > w_low && next < w_high) || trial % 6 == 5))
            next = (w_low + w_high) / 2;
        *w = next;
        /* However hard the side is pressed, the likelihood does not mind. */
        if (*w > 1e9 * weight) {
            *other = 0;
            return OSS_OK;
        }
    }
    *other = NAN;
    return OSS_OK;
}

static oss_status find_limits(const refined *r, size_t n_place, double level, double weight,
                              double *low, double *high, const oss_hook *hook, oss_error *err)
{
    oss_npmle_fit fit;
    oss_status status = oss_npmle_solve(r->problem, 1e-9, MAX_ITERATIONS, &fit, hook, err);
    const double allowed = oss_chisq_quantile(level, 1), best = fit.loglik;
    /* The estimate 1 or 0 is its own limit; asked while the tilt is off. */
    for (size_t i = 0; status == OSS_OK && i < n_place; i++) {
        double below, above;
        oss_npmle_split(r->problem, r->cut[i], &below, &above);
        low[i] = above == 0 ? 0 : NAN;
        high[i] = below == 0 ? 1 : NAN;
    }
    for (int side = 0; side < 2; side++) {
        double w = 1;
        for (size_t i = 0; status == OSS_OK && i < n_place; i++) {
            double *limit = side == 0 ? low + i : high + i, other = 0;
            if (!isnan(*limit))
                continue;
            status = find_share(r->problem, r->cut[i], side == 0, best, allowed, weight, &w, &other,
                                hook, err);
            *limit = side == 0 ? other : 1 - other;
        }
    }
    return status;
}

oss_status oss_interval_likelihood_ratio(const oss_interval_table *t, size_t stratum,
                                         size_t n_place, const uint32_t *place, double level,
                                         double *low, double *high, const oss_hook *hook,
                                         oss_error *err)
{
    for (size_t i = 0; i < n_place; i++)
        if (place[i] > 2 * t->n_time || (i > 0 && place[i] < place[i - 1]))
            return oss_fail(err, OSS_EINVAL, i, "the places must ascend, below never");
    double weight = 0;
    for (size_t d = t->distinct_at[stratum]; d < t->distinct_at[stratum + 1]; d++)
        weight += t->weight[d];
    refined r;
    memset(&r, 0, sizeof r);
    oss_status status =
        refine(t, t->distinct_at[stratum], t->distinct_at[stratum + 1], n_place, place, &r, err);
    if (status == OSS_OK)
        status = find_limits(&r, n_place, level, weight, low, high, hook, err);
    oss_npmle_free(r.problem);
    oss_free(r.lo);
    oss_free(r.hi);
    oss_free(r.cut);
    return status;
}
