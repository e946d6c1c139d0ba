#include "cumulative_incidence.h"
#include "beta_quantiles.h"
#include "curve_limits.h"
#include "quantile.h"
#include "vector_math.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256 };

/* Means, complement and central second moments of S and F: kept central, since in a large registry
 * the variance is lost in the difference of raw moments. S is the same for all causes. */
typedef struct {
    double s, ss; /* E S, var S */
} survival_moments;

typedef struct {
    double f, rest, sf, ff; /* E F, 1 - E F, cov(S, F), var F */
    double others;          /* failures of other causes so far; Inf: not asked */
} cause_moments;

/* At each time of a block, F += S D and S *= B, with (D, B) independent of the past. Its inputs,
 * and the moments just after the time. */
typedef struct {
    double at_risk[BLOCK], events[BLOCK];
    double mean_b[BLOCK], var_b[BLOCK], scale[BLOCK];
    double before[BLOCK], var_before[BLOCK], square[BLOCK]; /* of S, as var D is multiplied */
    double s[BLOCK], ss[BLOCK];
} survival_block;

typedef struct {
    double f[BLOCK], rest[BLOCK], sf[BLOCK], ff[BLOCK];
} cause_block;

/* Two laws of (D, B): each failure takes its share of those at risk and one more (spacings), true
 * moments; or its share of those at risk, by the delta method (Aalen), which leaves out the
 * products of two variances. */
typedef enum { AALEN, SPACINGS } law;

OSS_VECTOR_CLONES
static void advance_survival(law type, size_t n, survival_moments *x, survival_block *b)
{
    const double more = type == SPACINGS;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const double at_risk = b->at_risk[i] + more, all = at_risk > 0 ? at_risk : 1;
        const double left = all - b->events[i];
        b->scale[i] = 1 / (all * all * (all + more));
        b->mean_b[i] = left / all;
        b->var_b[i] = left * b->events[i] * b->scale[i];
    }
    double s = x->s, ss = x->ss;
    for (size_t i = 0; i < n; i++) {
        b->before[i] = s;
        b->var_before[i] = ss;
        b->square[i] = s * s + more * ss;
        ss = ss * (b->mean_b[i] * b->mean_b[i]) + b->square[i] * b->var_b[i];
        s *= b->mean_b[i];
        b->s[i] = s;
        b->ss[i] = ss;
    }
    x->s = s;
    x->ss = ss;
}

OSS_VECTOR_CLONES
static void advance_cause(law type, size_t n, const double *of_cause, const survival_block *b,
                          cause_moments *x, cause_block *out)
{
    const double more = type == SPACINGS;
    double step[BLOCK], twice[BLOCK], in_sf[BLOCK], on_sf[BLOCK], in_ff[BLOCK];
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const double at_risk = b->at_risk[i] + more, all = at_risk > 0 ? at_risk : 1;
        const double mean_d = of_cause[i] / all, left = all - b->events[i];
        const double var_d = of_cause[i] * (all - of_cause[i]) * b->scale[i];
        step[i] = b->before[i] * mean_d;
        twice[i] = 2 * mean_d;
        in_sf[i] = b->var_before[i] * mean_d;
        on_sf[i] = b->square[i] * (left * of_cause[i] * b->scale[i]);
        in_ff[i] = b->var_before[i] * mean_d * mean_d + b->square[i] * var_d;
    }
    cause_moments at = *x;
    for (size_t i = 0; i < n; i++) {
        at.f += step[i];
        at.rest -= step[i];
        at.ff += twice[i] * at.sf + in_ff[i];
        at.sf = b->mean_b[i] * (at.sf + in_sf[i]) - on_sf[i];
        at.others += b->events[i] - of_cause[i];
        /* Alone so far: rounding must not leave the incidence beside 1 with an interval of no
         * width when all have failed. */
        if (at.others == 0) {
            at.f = 1 - b->s[i];
            at.ff = b->s[i] > 0 ? at.ff : 0;
        }
        out->f[i] = at.f;
        out->rest[i] = at.rest;
        out->sf[i] = at.sf;
        out->ff[i] = at.ff;
    }
    *x = at;
}

/* What the quantiles of the exact type are of, for one cause: F, and F with the next spacing, a
 * Beta(1, Y) share of S, all of S when nobody is left. Times of a chunk. */
typedef struct {
    double *mean, *complement, *variation;
} matched;

OSS_VECTOR_CLONES
static void matched_block(size_t n, const double *after, const survival_block *b,
                          const cause_block *x, matched low, matched high)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const double rest = x->rest[i] > 0 ? x->rest[i] : 0;
        low.mean[i] = x->f[i];
        low.complement[i] = rest;
        low.variation[i] = x->f[i] > 0 ? x->ff[i] / (x->f[i] * x->f[i]) : 0;
        const double share = 1 / (after[i] + 1), var = after[i] * share * share / (after[i] + 2);
        const double ff = x->ff[i] + 2 * share * x->sf[i] + b->ss[i] * share * share +
                          (b->s[i] * b->s[i] + b->ss[i]) * var;
        const double f = x->f[i] + b->s[i] * share, left = x->rest[i] - b->s[i] * share;
        high.mean[i] = f;
        high.complement[i] = left > 0 ? left : 0;
        high.variation[i] = f > 0 ? ff / (f * f) : 0;
    }
}

/* Times taken at once. In a chunk all causes keep their moments, for the quantiles to be sought on
 * several threads. */
enum { CHUNK = 1 << 16, N_MOMENTS = 3 };

static matched matched_at(double *work, size_t most, size_t which, size_t at)
{
    double *mean = work + which * N_MOMENTS * most + at;
    const matched x = { mean, mean + most, mean + 2 * most };
    return x;
}

/* F only grows, and F with the next spacing too; matched betas need not. */
static double rising(size_t n, double lowest, double *limit)
{
    for (size_t i = 0; i < n; i++) {
        lowest = limit[i] > lowest ? limit[i] : lowest;
        limit[i] = lowest;
    }
    return lowest;
}

typedef struct {
    survival_moments aalen, spacings;
    survival_block aalen_block, spacings_block;
    cause_block of_cause;
    double after[BLOCK];
} walk;

typedef struct {
    cause_moments aalen, spacings;
    double below, above;
} cause_state;

static void begin(size_t n_cause, walk *at, cause_state *causes)
{
    const survival_moments all = { 1, 0 };
    const cause_state none = { { 0, 1, 0, 0, 0 }, { 0, 1, 0, 0, INFINITY }, 0, 0 };
    at->aalen = at->spacings = all;
    for (size_t c = 0; c < n_cause; c++)
        causes[c] = none;
}

/* Times k .. k + n - 1, at place `at` of a chunk of `most`; work NULL: not of the exact type. */
static void incidence_block(const oss_risk_table *table, size_t k, size_t n, walk *w,
                            cause_state *causes, double *work, size_t most, size_t at,
                            double *estimate, double *std_error, double *event_free)
{
    const size_t n_time = table->n_time;
    survival_block *aalen = &w->aalen_block, *spacings = &w->spacings_block;
    memcpy(aalen->at_risk, table->n_risk + k, n * sizeof(double));
    memcpy(aalen->events, table->n_event + k, n * sizeof(double));
    for (size_t c = 1; c < table->n_cause; c++)
        for (size_t i = 0; i < n; i++)
            aalen->events[i] += table->n_event[c * n_time + k + i];
    advance_survival(AALEN, n, &w->aalen, aalen);
    memcpy(event_free + k, aalen->s, n * sizeof(double));
    if (work) {
        memcpy(spacings->at_risk, aalen->at_risk, n * sizeof(double));
        memcpy(spacings->events, aalen->events, n * sizeof(double));
        advance_survival(SPACINGS, n, &w->spacings, spacings);
        for (size_t i = 0; i < n; i++)
            w->after[i] = aalen->at_risk[i] - aalen->events[i] - table->n_censor[k + i];
    }
    for (size_t c = 0; c < table->n_cause; c++) {
        const double *of_cause = table->n_event + c * n_time + k;
        double *se = std_error + c * n_time + k;
        advance_cause(AALEN, n, of_cause, aalen, &causes[c].aalen, &w->of_cause);
        memcpy(estimate + c * n_time + k, w->of_cause.f, n * sizeof(double));
        for (size_t i = 0; i < n; i++) /* rounding may leave a variance that is 0 a little below */
            se[i] = w->of_cause.ff[i] > 0 ? sqrt(w->of_cause.ff[i]) : 0;
        if (work) {
            advance_cause(SPACINGS, n, of_cause, spacings, &causes[c].spacings, &w->of_cause);
            matched_block(n, w->after, spacings, &w->of_cause, matched_at(work, most, 2 * c, at),
                          matched_at(work, most, 2 * c + 1, at));
        }
    }
}

oss_status oss_cumulative_incidence(const oss_risk_table *table, oss_incidence_type type,
                                    double conf_level, int threads, double *estimate,
                                    double *std_error, double *low, double *high,
                                    double *event_free, const oss_hook *hook, oss_error *err)
{
    const size_t n_time = table->n_time, n_cause = table->n_cause;
    const double tail = (1 - conf_level) / 2, quantile = oss_normal_quantile(1 - tail);
    const int exact = type == OSS_INCIDENCE_EXACT;
    const size_t most = n_time < CHUNK ? n_time : CHUNK;
    cause_state *causes = oss_calloc(n_cause, sizeof *causes);
    double *work = exact ? oss_calloc(n_cause * 2 * N_MOMENTS, most * sizeof *work) : NULL;
    oss_status code = causes == NULL || (exact && work == NULL) ? oss_no_memory(err) : OSS_OK;
    for (size_t s = 0; s < table->n_stratum && code == OSS_OK; s++) {
        const size_t start = table->start[s], end = table->start[s + 1];
        walk at;
        begin(n_cause, &at, causes);
        for (size_t lo = start; lo < end && code == OSS_OK; lo += most) {
            const size_t n = end - lo < most ? end - lo : most;
            if (oss_stopped(hook, (double) lo / (double) n_time)) {
                code = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
                break;
            }
            for (size_t i = 0; i < n; i += BLOCK)
                incidence_block(table, lo + i, n - i < BLOCK ? n - i : BLOCK, &at, causes, work,
                                most, i, estimate, std_error, event_free);
            for (size_t c = 0; c < n_cause && exact; c++) {
                double *below = low + c * n_time + lo, *above = high + c * n_time + lo;
                const matched of_low = matched_at(work, most, 2 * c, 0);
                const matched of_high = matched_at(work, most, 2 * c + 1, 0);
                oss_beta_quantiles(tail, n, of_low.mean, of_low.complement, of_low.variation,
                                   threads, below);
                oss_beta_quantiles(1 - tail, n, of_high.mean, of_high.complement, of_high.variation,
                                   threads, above);
                causes[c].below = rising(n, causes[c].below, below);
                causes[c].above = rising(n, causes[c].above, above);
            }
        }
        for (size_t c = 0; c < n_cause && !exact; c++) {
            const size_t at_cause = c * n_time + start;
            oss_curve_limits(type == OSS_INCIDENCE_PLAIN ? OSS_CONF_PLAIN : OSS_CONF_LOG_LOG,
                             end - start, estimate + at_cause, std_error + at_cause, quantile,
                             threads, low + at_cause, high + at_cause);
        }
    }
    oss_free(work);
    oss_free(causes);
    return code;
}
