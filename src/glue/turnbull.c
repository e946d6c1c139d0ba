#include "glue.h"
#include "entries.h"
#include "resample.h"
#include "../core/interval_bootstrap.h"
#include "../core/interval_limits.h"
#include "../core/interval_scores.h"
#include "../core/interval_table.h"
#include "../core/npmle.h"
#include "../core/npmle_truncated.h"

#include <string.h>

/* What the core allocated, owned by an external pointer, so that a jump of R frees it. */
typedef struct {
    oss_interval_table *table;
    oss_npmle *problem;
} owned;

static void release(SEXP pointer)
{
    owned *own = R_ExternalPtrAddr(pointer);
    if (!own)
        return;
    oss_npmle_free(own->problem);
    oss_interval_table_free(own->table);
    oss_free(own);
    R_ClearExternalPtr(pointer);
}

/* Sets *own; the caller protects the pointer. */
static SEXP own_memory(owned **own)
{
    SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(pointer, release, TRUE);
    *own = oss_calloc(1, sizeof **own);
    if (!*own) {
        const oss_error err = { OSS_ENOMEM, OSS_NO_INDEX, "not enough memory" };
        oss_raise(&err);
    }
    R_SetExternalPtrAddr(pointer, *own);
    UNPROTECT(1);
    return pointer;
}

static oss_interval_rows read_rows(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum)
{
    const R_xlen_t n = XLENGTH(left);
    const oss_interval_rows rows = {
        .n = (size_t) n,
        .left = glue_doubles(left, n, "left"),
        .right = glue_doubles(right, n, "right"),
        .weight = glue_doubles_or_null(weight, n, "weight"),
        .stratum = glue_ints_or_null(stratum, n, "stratum"),
        .n_stratum = (size_t) glue_int(n_stratum, "n_stratum"),
    };
    return rows;
}

/* Does no finite interval of the stratum have the end of another inside it? */
static int on_grid(const oss_interval_table *t, size_t s)
{
    for (size_t d = t->distinct_at[s]; d < t->distinct_at[s + 1]; d++)
        if (t->end[d] <= 2 * t->n_time && t->hi[d] - t->lo[d] > 1)
            return 0;
    return 1;
}

enum { LEFT, RIGHT, MASS, ESTIMATE, N_COLUMNS };
enum { LOGLIK, KKT, ITERATIONS, CONVERGED, UNIQUE, GRID, SIZE, N_FACTS };

static oss_status solve_stratum(owned *own, size_t s, double tolerance, size_t max_iterations,
                                oss_npmle_fit *fit, const oss_hook *hook, oss_error *err)
{
    const oss_interval_table *t = own->table;
    const size_t first = t->distinct_at[s];
    oss_npmle_free(own->problem);
    const oss_status status =
        oss_npmle_new(t->distinct_at[s + 1] - first, t->lo + first, t->hi + first,
                      t->weight + first, t->inner_at[s + 1] - t->inner_at[s], &own->problem, err);
    return status ? status
                  : oss_npmle_solve(own->problem, tolerance, max_iterations, fit, hook, err);
}

static oss_status fit_stratum(owned *own, size_t s, double tolerance, size_t max_iterations,
                              double *const *column, double *const *fact, const oss_hook *hook,
                              oss_error *err)
{
    const oss_interval_table *t = own->table;
    const size_t at = t->inner_at[s], m = t->inner_at[s + 1] - at;
    oss_npmle_fit fit;
    int unique = 0;
    oss_status status = solve_stratum(own, s, tolerance, max_iterations, &fit, hook, err);
    if (status == OSS_OK)
        status = oss_npmle_unique(own->problem, &unique, err);
    if (status != OSS_OK)
        return status;
    double *mass = column[MASS] + at;
    oss_npmle_mass(own->problem, mass);
    double after = 0;
    for (size_t j = m; j-- > 0;) {
        column[LEFT][at + j] = oss_interval_time(t, t->inner_start[at + j]);
        column[RIGHT][at + j] = oss_interval_time(t, t->inner_end[at + j]);
        column[ESTIMATE][at + j] = after;
        after += mass[j];
    }
    fact[LOGLIK][s] = fit.loglik;
    fact[KKT][s] = fit.kkt;
    fact[ITERATIONS][s] = (double) fit.iterations;
    fact[CONVERGED][s] = fit.converged;
    fact[UNIQUE][s] = unique;
    fact[GRID][s] = on_grid(t, s);
    fact[SIZE][s] = (double) m;
    return OSS_OK;
}

/* list(left, right, mass, estimate, [by stratum:] logLik, kkt, iterations, converged, unique, grid,
 * size). estimate: survival after the interval; grid: does no interval hold an end of another? */
SEXP ffi_turnbull(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum, SEXP tolerance,
                  SEXP max_iterations)
{
    const oss_interval_rows rows = read_rows(left, right, weight, stratum, n_stratum);
    const double enough = glue_double(tolerance, "tolerance");
    const size_t most = glue_size(max_iterations, "max_iterations");
    const oss_hook hook = glue_interrupt_hook();
    owned *own;
    SEXP pointer = PROTECT(own_memory(&own));
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_table_new(&rows, &own->table, &err))
        oss_raise(&err);

    static const char *const names[] = { "left",   "right", "mass",       "estimate",
                                         "logLik", "kkt",   "iterations", "converged",
                                         "unique", "grid",  "size" };
    SEXP values[N_COLUMNS + N_FACTS];
    double *number[N_COLUMNS + N_FACTS];
    for (int i = 0; i < N_COLUMNS + N_FACTS; i++) {
        const size_t length = i < N_COLUMNS ? own->table->n_inner : own->table->n_stratum;
        values[i] = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) length));
        number[i] = REAL(values[i]);
    }
    for (size_t s = 0; s < own->table->n_stratum; s++)
        if (fit_stratum(own, s, enough, most, number, number + N_COLUMNS, &hook, &err))
            oss_raise(&err);
    release(pointer);
    SEXP list = glue_list(N_COLUMNS + N_FACTS, names, values);
    UNPROTECT(N_COLUMNS + N_FACTS + 1);
    return list;
}

/* The rows, then one row (.., entry] for each, so that entries are among the right ends: their
 * cells come out with those of the rows. Of weight 0 where nothing is truncated. */
static oss_interval_rows with_entries(const oss_interval_rows *rows, const double *entry)
{
    const size_t n = rows->n;
    double *left = glue_scratch(2 * n, sizeof *left), *right = glue_scratch(2 * n, sizeof *right);
    double *weight = glue_scratch(2 * n, sizeof *weight);
    int *stratum = rows->stratum ? glue_scratch(2 * n, sizeof *stratum) : NULL;
    for (size_t i = 0; i < n; i++) {
        left[i] = rows->left[i];
        right[i] = rows->right[i];
        weight[i] = rows->weight ? rows->weight[i] : 1;
        left[n + i] = 0;
        right[n + i] = entry[i];
        weight[n + i] = entry[i] > 0 ? weight[i] : 0;
        if (stratum)
            stratum[i] = stratum[n + i] = rows->stratum[i];
    }
    const oss_interval_rows all = { 2 * n, left, right, weight, stratum, rows->n_stratum };
    return all;
}

/* Distinct rows and entered weight by cell, over all strata; a stratum whose first cell is covered
 * by entries only has skip 1. */
typedef struct {
    double *weight, *entered;
    uint32_t *lo, *hi, *skip;
    size_t *from, *cell; /* [n_stratum + 1] first row and first cell of each */
} truncated_rows;

static truncated_rows collect_truncated(const oss_interval_table *t, const oss_interval_rows *all,
                                        oss_error *err)
{
    const size_t n = all->n / 2, n_stratum = t->n_stratum;
    truncated_rows x = { .weight = glue_scratch(t->n_distinct, sizeof(double)),
                         .entered = glue_scratch(t->n_inner, sizeof(double)),
                         .lo = glue_scratch(t->n_distinct, sizeof(uint32_t)),
                         .hi = glue_scratch(t->n_distinct, sizeof(uint32_t)),
                         .skip = glue_scratch(n_stratum, sizeof(uint32_t)),
                         .from = glue_scratch(n_stratum + 1, sizeof(size_t)),
                         .cell = glue_scratch(n_stratum + 1, sizeof(size_t)) };
    memset(x.weight, 0, t->n_distinct * sizeof *x.weight);
    memset(x.entered, 0, t->n_inner * sizeof *x.entered);
    for (size_t i = 0; i < n; i++) {
        if (t->row[i] == OSS_NO_INTERVAL)
            continue;
        const size_t s = all->stratum ? (size_t) all->stratum[i] - 1 : 0;
        const uint32_t own = t->row[i], gate = t->row[n + i];
        const uint32_t in = gate == OSS_NO_INTERVAL ? 0 : t->hi[gate];
        if (in > t->lo[own]) {
            (void) oss_fail(err, OSS_EINVAL, i,
                            "the entry must lie before the right end, not tied with it");
            oss_raise(err);
        }
        x.weight[own] += all->weight[i];
        x.entered[t->inner_at[s] + in] += all->weight[i];
    }
    x.from[0] = x.cell[0] = 0;
    for (size_t s = 0; s < n_stratum; s++) {
        size_t k = x.from[s];
        x.skip[s] = 1;
        for (size_t d = t->distinct_at[s]; d < t->distinct_at[s + 1]; d++)
            if (x.weight[d] > 0 && t->lo[d] == 0)
                x.skip[s] = 0;
        for (size_t d = t->distinct_at[s]; d < t->distinct_at[s + 1]; d++) {
            if (x.weight[d] == 0)
                continue;
            x.lo[k] = t->lo[d] - x.skip[s];
            x.hi[k] = t->hi[d] - x.skip[s];
            x.weight[k++] = x.weight[d];
        }
        x.from[s + 1] = k;
        x.cell[s + 1] = x.cell[s] + (t->inner_at[s + 1] - t->inner_at[s]) - x.skip[s];
    }
    return x;
}

/* As ffi_turnbull, with an entry for each row (0: not truncated; after no left end):
 * list(left, right, mass, estimate, [by stratum:] logLik, kkt, iterations, converged, unique, size,
 * empty): the interval (1-based) after which nobody is at risk; 0 if the maximum exists. */
SEXP ffi_turnbull_truncated(SEXP left, SEXP right, SEXP entry, SEXP weight, SEXP stratum,
                            SEXP n_stratum, SEXP tolerance, SEXP max_iterations)
{
    const oss_interval_rows rows = read_rows(left, right, weight, stratum, n_stratum);
    const double *first_seen = glue_doubles(entry, (R_xlen_t) rows.n, "entry");
    const double enough = glue_double(tolerance, "tolerance");
    const size_t most = glue_size(max_iterations, "max_iterations");
    const oss_hook hook = glue_interrupt_hook();
    const oss_interval_rows all = with_entries(&rows, first_seen);
    owned *own;
    SEXP pointer = PROTECT(own_memory(&own));
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_table_new(&all, &own->table, &err))
        oss_raise(&err);
    const oss_interval_table *t = own->table;
    const truncated_rows x = collect_truncated(t, &all, &err);

    enum { LOG, BOUND, STEPS, DONE, ONLY, COUNT, EMPTY, N_ABOUT };
    static const char *const names[] = { "left",   "right", "mass",       "estimate",
                                         "logLik", "kkt",   "iterations", "converged",
                                         "unique", "size",  "empty" };
    SEXP values[N_COLUMNS + N_ABOUT];
    double *column[N_COLUMNS], *about[N_ABOUT];
    for (int i = 0; i < N_COLUMNS + N_ABOUT; i++) {
        const size_t length = i < N_COLUMNS ? x.cell[t->n_stratum] : t->n_stratum;
        values[i] = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) length));
        *(i < N_COLUMNS ? column + i : about + i - N_COLUMNS) = REAL(values[i]);
    }
    for (size_t s = 0; s < t->n_stratum; s++) {
        const size_t at = x.cell[s], m = x.cell[s + 1] - at, from = x.from[s];
        const size_t inner = t->inner_at[s] + x.skip[s];
        double *entered = x.entered + inner;
        if (x.skip[s])
            entered[0] += entered[-1];
        oss_truncated_fit fit;
        if (oss_npmle_truncated(x.from[s + 1] - from, x.lo + from, x.hi + from, x.weight + from, m,
                                entered, enough, most, column[MASS] + at, &fit, &hook, &err))
            oss_raise(&err);
        double after = 0;
        for (size_t k = m; k-- > 0;) {
            column[LEFT][at + k] = oss_interval_time(t, t->inner_start[inner + k]);
            column[RIGHT][at + k] = oss_interval_time(t, t->inner_end[inner + k]);
            column[ESTIMATE][at + k] = after;
            after += column[MASS][at + k];
        }
        about[LOG][s] = fit.loglik;
        about[BOUND][s] = fit.kkt;
        about[STEPS][s] = (double) fit.iterations;
        about[DONE][s] = fit.converged;
        about[ONLY][s] = fit.unique;
        about[COUNT][s] = (double) m;
        about[EMPTY][s] = fit.exists ? 0 : (double) (fit.empty + 1);
    }
    release(pointer);
    SEXP list = glue_list(N_COLUMNS + N_ABOUT, names, values);
    UNPROTECT(N_COLUMNS + N_ABOUT + 1);
    return list;
}

/* Scores of the rows from the NPMLE of each stratum: list(scores, kkt, converged), the last two by
 * stratum. kind: oss_interval_score_kind. */
SEXP ffi_interval_scores(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                         SEXP tolerance, SEXP max_iterations, SEXP kind)
{
    const oss_interval_rows rows = read_rows(left, right, weight, stratum, n_stratum);
    const double enough = glue_double(tolerance, "tolerance");
    const size_t most = glue_size(max_iterations, "max_iterations");
    const oss_interval_score_kind which = (oss_interval_score_kind) glue_int(kind, "kind");
    const oss_hook hook = glue_interrupt_hook();
    owned *own;
    SEXP pointer = PROTECT(own_memory(&own));
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_table_new(&rows, &own->table, &err))
        oss_raise(&err);

    const oss_interval_table *t = own->table;
    size_t largest = 0;
    for (size_t s = 0; s < t->n_stratum; s++)
        largest = t->inner_at[s + 1] - t->inner_at[s] > largest
                      ? t->inner_at[s + 1] - t->inner_at[s]
                      : largest;
    double *mass = glue_scratch(largest, sizeof *mass);
    double *work = glue_scratch(2 * (largest + 1), sizeof *work);
    double *score = glue_scratch(t->n_distinct, sizeof *score);
    SEXP values[3];
    values[0] = PROTECT(glue_new_doubles(rows.n));
    values[1] = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t) t->n_stratum));
    values[2] = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t) t->n_stratum));
    for (size_t s = 0; s < t->n_stratum; s++) {
        oss_npmle_fit fit;
        const size_t first = t->distinct_at[s];
        if (solve_stratum(own, s, enough, most, &fit, &hook, &err))
            oss_raise(&err);
        oss_npmle_mass(own->problem, mass);
        oss_interval_scores(t->distinct_at[s + 1] - first, t->lo + first, t->hi + first,
                            t->inner_at[s + 1] - t->inner_at[s], mass, which, work, score + first);
        REAL(values[1])[s] = fit.kkt;
        LOGICAL(values[2])[s] = fit.converged;
    }
    for (size_t i = 0; i < rows.n; i++)
        REAL(values[0])[i] = t->row[i] == OSS_NO_INTERVAL ? NA_REAL : score[t->row[i]];
    release(pointer);
    static const char *const names[] = { "scores", "kkt", "converged" };
    SEXP list = glue_list(3, names, values);
    UNPROTECT(4);
    return list;
}

/* list(conf.low, conf.high) of S at each time in the stratum beside it (1-based), ordered by
 * stratum, then time. method: 0 exact, 1 likelihood ratio. */
SEXP ffi_turnbull_limits(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                         SEXP time, SEXP time_stratum, SEXP method, SEXP conf_level)
{
    const oss_interval_rows rows = read_rows(left, right, weight, stratum, n_stratum);
    const R_xlen_t n_time = XLENGTH(time);
    const double *at = glue_doubles(time, n_time, "time");
    const int *group = glue_ints(time_stratum, n_time, "time_stratum");
    const int ratio = glue_int(method, "method");
    const double level = glue_double(conf_level, "conf_level");
    const oss_hook hook = glue_interrupt_hook();
    uint32_t *place = glue_scratch((size_t) n_time, sizeof *place);
    owned *own;
    SEXP pointer = PROTECT(own_memory(&own));
    SEXP values[2];
    values[0] = PROTECT(Rf_allocVector(REALSXP, n_time));
    values[1] = PROTECT(Rf_allocVector(REALSXP, n_time));
    double *low = REAL(values[0]), *high = REAL(values[1]);
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_table_new(&rows, &own->table, &err))
        oss_raise(&err);
    oss_interval_places(own->table, (size_t) n_time, at, place);
    for (R_xlen_t i = 0; i < n_time;) {
        const R_xlen_t from = i;
        for (; i < n_time && group[i] == group[from]; i++)
            continue;
        const size_t s = (size_t) group[from] - 1, n = (size_t) (i - from);
        if (s >= own->table->n_stratum)
            Rf_error("internal: `time_stratum` must be a stratum");
        if (ratio ? oss_interval_likelihood_ratio(own->table, s, n, place + from, level, low + from,
                                                  high + from, &hook, &err)
                  : oss_interval_exact(own->table, s, n, place + from, level, low + from,
                                       high + from, &hook, &err))
            oss_raise(&err);
    }
    release(pointer);
    static const char *const names[] = { "conf.low", "conf.high" };
    SEXP list = glue_list(2, names, values);
    UNPROTECT(3);
    return list;
}

/* Bootstrap replicates of S at each time in the stratum beside it (1-based): a vector of 2 x times
 * x resamples, the lowest and highest value that the likelihood leaves. */
SEXP ffi_turnbull_bootstrap(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                            SEXP cluster, SEXP pool, SEXP n_pool, SEXP time, SEXP time_stratum,
                            SEXP resamples, SEXP seed, SEXP threads)
{
    const R_xlen_t n = XLENGTH(left), n_time = XLENGTH(time);
    const oss_interval_bootstrap plan = {
        .rows = read_rows(left, right, weight, stratum, n_stratum),
        .cluster = glue_ints(cluster, n, "cluster"),
        .n_cluster = (size_t) XLENGTH(pool),
        .pool = glue_ints(pool, OSS_ANY_LENGTH, "pool"),
        .n_pool = (size_t) glue_int(n_pool, "n_pool"),
        .n_time = (size_t) n_time,
        .time = glue_doubles(time, n_time, "time"),
        .group = glue_ints(time_stratum, n_time, "time_stratum"),
        .tolerance = 1e-8,
        .n = glue_size(resamples, "resamples"),
        .seed = glue_seed(seed),
        .threads = glue_threads(threads),
    };
    SEXP survival = PROTECT(glue_new_doubles(2 * plan.n_time * plan.n));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_interval_resample(&plan, REAL(survival), &hook, &err))
        oss_raise(&err);
    UNPROTECT(1);
    return survival;
}
