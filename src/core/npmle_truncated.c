#include "npmle_truncated.h"
#include "npmle_problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_CG = 1000 };

typedef struct {
    size_t n, m; /* rows that bend the likelihood; cells */
    uint32_t *lo, *hi;
    double *weight; /* [n] */
    double *risk;   /* [m] r_k; 0: the hazard is 1, or does not matter */
    double *hazard; /* [m] d_k */
    double *trial, *step, *slope, *diagonal, *residual, *along, *image; /* [m] */
    double *span, *row;  /* [n] x_i; any number for each row */
    sum2 *below;         /* [m + 1] */
    unsigned char *open; /* [m] in the working support */
    unsigned char *kind; /* [m] */
    double total;
} workspace;

static void free_workspace(workspace *q)
{
    void *all[] = { q->lo,       q->hi,    q->weight, q->risk,     q->hazard, q->trial,
                    q->step,     q->slope, q->span,   q->row,      q->below,  q->open,
                    q->diagonal, q->along, q->image,  q->residual, q->kind };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
}

static int make_workspace(workspace *q, size_t n, size_t m)
{
    q->m = m;
    q->lo = oss_calloc(n, sizeof *q->lo);
    q->hi = oss_calloc(n, sizeof *q->hi);
    double **by_row[] = { &q->weight, &q->span, &q->row };
    double **by_cell[] = { &q->risk,  &q->hazard,   &q->trial,    &q->step, &q->slope,
                           &q->along, &q->diagonal, &q->residual, &q->image };
    int have = q->lo && q->hi;
    for (size_t i = 0; i < sizeof by_row / sizeof *by_row; i++)
        have &= (*by_row[i] = oss_calloc(n, sizeof(double))) != NULL;
    for (size_t i = 0; i < sizeof by_cell / sizeof *by_cell; i++)
        have &= (*by_cell[i] = oss_calloc(m, sizeof(double))) != NULL;
    q->below = oss_calloc(m + 1, sizeof *q->below);
    q->open = oss_calloc(m, 1);
    q->kind = oss_calloc(m, 1);
    return have && q->below && q->open && q->kind;
}

/* r_k; the rows are checked on the way. */
static oss_status count_risk(workspace *q, size_t n, const uint32_t *lo, const uint32_t *hi,
                             const double *weight, const double *entered, oss_error *err)
{
    const size_t m = q->m;
    double *started = q->trial;
    for (size_t i = 0; i < n; i++) {
        if (!(lo[i] < hi[i] && hi[i] <= m && weight[i] > 0 && weight[i] <= 1e15))
            return oss_fail(err, OSS_EINVAL, i, "a row must cover cells and have a weight above 0");
        started[lo[i]] += weight[i];
    }
    sum2 at_risk = { 0, 0 };
    for (size_t k = 0; k < m; k++) {
        if (!(entered[k] >= 0) || started[k] == 0)
            return oss_fail(err, OSS_EINVAL, k, "each cell must be the first of some row");
        at_risk = sum2_add(sum2_add(at_risk, entered[k]), -started[k]);
        q->risk[k] = sum2_value(at_risk);
        q->total += entered[k];
        if (q->risk[k] < 0)
            return oss_fail(err, OSS_EINVAL, k, "a row must not enter after its first cell");
    }
    if (q->risk[m - 1] != 0)
        return oss_fail(err, OSS_EINVAL, m - 1, "each row must enter once");
    return OSS_OK;
}

/* Keeps the rows that cover no cell of hazard 1: the others are certain there. */
static void keep_rows(workspace *q, size_t n, const uint32_t *lo, const uint32_t *hi,
                      const double *weight)
{
    uint32_t next = (uint32_t) q->m; /* the first cell without risk from here on */
    double *first = q->image;
    for (size_t k = q->m; k-- > 0;)
        first[k] = next = q->risk[k] == 0 ? (uint32_t) k : next;
    for (size_t i = 0; i < n; i++) {
        if (first[lo[i]] < hi[i])
            continue;
        q->lo[q->n] = lo[i];
        q->hi[q->n] = hi[i];
        q->weight[q->n++] = weight[i];
    }
}

/* out[k] = sum of value over the rows that cover k. */
static void spread(workspace *q, const double *value, double *out)
{
    sum2 *change = q->below;
    memset(change, 0, (q->m + 1) * sizeof *change);
    for (size_t i = 0; i < q->n; i++) {
        change[q->lo[i]] = sum2_add(change[q->lo[i]], value[i]);
        change[q->hi[i]] = sum2_add(change[q->hi[i]], -value[i]);
    }
    sum2 sum = { 0, 0 };
    for (size_t k = 0; k < q->m; k++) {
        sum = sum2_add(sum2_add(sum, change[k].s), change[k].c);
        out[k] = sum2_value(sum);
    }
}

/* out[i] = sum of value over the cells of row i. */
static void gather(workspace *q, const double *value, double *out)
{
    sum2 sum = { 0, 0 };
    for (size_t k = 0; k < q->m; k++) {
        q->below[k] = sum;
        sum = sum2_add(sum, value[k]);
    }
    q->below[q->m] = sum;
    for (size_t i = 0; i < q->n; i++)
        out[i] = sum2_minus(q->below[q->hi[i]], q->below[q->lo[i]]);
}

/* A few cells that hit every row, each the last of the first row not hit yet; there the increments
 * that would be right if each row had its event in its cells of the support alike. */
static void start(workspace *q)
{
    const size_t m = q->m;
    double *latest = q->along; /* latest first cell (+ 1) of the rows that end with a cell */
    memset(latest, 0, m * sizeof *latest);
    for (size_t i = 0; i < q->n; i++)
        if (q->lo[i] + 1 > latest[q->hi[i] - 1])
            latest[q->hi[i] - 1] = q->lo[i] + 1;
    size_t hit = 0;
    for (size_t k = 0; k < m; k++) {
        if (latest[k] > (double) hit) {
            q->open[k] = 1;
            hit = k + 1;
        }
        q->trial[k] = q->open[k];
    }
    gather(q, q->trial, q->row);
    for (size_t i = 0; i < q->n; i++)
        q->row[i] = q->weight[i] / q->row[i];
    spread(q, q->row, q->slope);
    for (size_t k = 0; k < m; k++)
        q->hazard[k] = q->open[k] ? log1p(q->slope[k] / q->risk[k]) : 0;
}

static double value_at(workspace *q, const double *hazard)
{
    gather(q, hazard, q->span);
    sum2 value = { 0, 0 };
    for (size_t i = 0; i < q->n; i++) {
        const double x = q->span[i];
        if (!(x > 0))
            return -INFINITY;
        value = sum2_add(value, q->weight[i] * (x < 0.7 ? log(-expm1(-x)) : log1p(-exp(-x))));
    }
    for (size_t k = 0; k < q->m; k++)
        value = sum2_add(value, -q->risk[k] * hazard[k]);
    return sum2_value(value);
}

/* slope[] and diagonal[] from span[]; returns what the likelihood can still rise by. */
static double slopes(workspace *q, double value)
{
    for (size_t i = 0; i < q->n; i++)
        q->row[i] = q->weight[i] / expm1(q->span[i]);
    spread(q, q->row, q->slope);
    double share = 1;
    for (size_t k = 0; k < q->m; k++) {
        if (q->slope[k] > q->risk[k] && q->risk[k] / q->slope[k] < share)
            share = q->risk[k] / q->slope[k];
        q->slope[k] -= q->risk[k];
    }
    sum2 bound = { 0, 0 };
    for (size_t i = 0; i < q->n; i++) {
        const double y = share * q->row[i] / q->weight[i];
        if (y > 0)
            bound = sum2_add(bound, -q->weight[i] * (y * log1p(1 / y) + log1p(y)));
    }
    for (size_t i = 0; i < q->n; i++)
        q->row[i] *= 1 + q->row[i] / q->weight[i];
    spread(q, q->row, q->diagonal);
    const double gap = sum2_value(bound) - value;
    return gap > 0 ? gap : 0;
}

/* Opens, between any two cells of the support, the steepest one that would gain. */
static void extend(workspace *q)
{
    size_t best = q->m;
    for (size_t k = 0; k <= q->m; k++) {
        if (k == q->m || q->open[k]) {
            if (best < q->m)
                q->open[best] = 1;
            best = q->m;
        } else if (q->risk[k] > 0 && q->slope[k] > 0 &&
                   (best == q->m || q->slope[k] > q->slope[best])) {
            best = k;
        }
    }
}

/* image = -Hessian along, over the free cells; row[] holds the curvature of each row. */
static void apply(workspace *q, const unsigned char *is_free, const double *curvature,
                  double *work_row)
{
    gather(q, q->along, work_row);
    for (size_t i = 0; i < q->n; i++)
        work_row[i] *= curvature[i];
    spread(q, work_row, q->image);
    for (size_t k = 0; k < q->m; k++)
        q->image[k] = is_free[k] ? q->image[k] + 1e-14 * q->diagonal[k] * q->along[k] : 0;
}

/* step[] over the free cells solves Hessian step = -residual, residual[] given. */
static void solve_free(workspace *q, const unsigned char *is_free, double *step)
{
    double rz = 0, first = 0;
    for (size_t k = 0; k < q->m; k++) {
        if (!is_free[k]) {
            q->residual[k] = q->along[k] = 0;
            continue;
        }
        q->along[k] = q->residual[k] / q->diagonal[k];
        rz += q->residual[k] * q->along[k];
    }
    first = rz;
    for (int c = 0; c < MOST_CG && rz > 1e-24 * first && rz > 0; c++) {
        apply(q, is_free, q->row, q->span);
        double curve = 0, next = 0;
        for (size_t k = 0; k < q->m; k++)
            curve += q->along[k] * q->image[k];
        if (!(curve > 0))
            break;
        for (size_t k = 0; k < q->m; k++) {
            if (!is_free[k])
                continue;
            step[k] += rz / curve * q->along[k];
            q->residual[k] -= rz / curve * q->image[k];
            next += q->residual[k] * q->residual[k] / q->diagonal[k];
        }
        for (size_t k = 0; k < q->m; k++)
            if (is_free[k])
                q->along[k] = q->residual[k] / q->diagonal[k] + next / rz * q->along[k];
        rz = next;
    }
}

/* The Newton step within hazard + step >= 0: cells that would fall below 0 are put to 0 and the
 * others solved again. Returns the slope along the step. */
static double newton_step(workspace *q)
{
    unsigned char *is_free = q->kind;
    size_t held = 1;
    memset(q->step, 0, q->m * sizeof *q->step);
    for (size_t k = 0; k < q->m; k++)
        is_free[k] = q->open[k] && q->diagonal[k] > 0 && (q->hazard[k] > 0 || q->slope[k] > 0);
    while (held > 0) {
        for (size_t k = 0; k < q->m; k++)
            q->along[k] = q->step[k];
        gather(q, q->along, q->span);
        for (size_t i = 0; i < q->n; i++)
            q->span[i] *= q->row[i];
        spread(q, q->span, q->image);
        for (size_t k = 0; k < q->m; k++)
            q->residual[k] = is_free[k] ? q->slope[k] - q->image[k] : 0;
        solve_free(q, is_free, q->step);
        held = 0;
        for (size_t k = 0; k < q->m; k++) {
            if (is_free[k] && q->hazard[k] + q->step[k] < 0) {
                is_free[k] = 0;
                q->step[k] = -q->hazard[k];
                held++;
            }
        }
    }
    double rise = 0;
    for (size_t k = 0; k < q->m; k++)
        rise += q->slope[k] * q->step[k];
    return rise;
}

static double rounding_of(const workspace *q, double value)
{
    return 32 * DBL_EPSILON * (q->total + fabs(value));
}

/* Moves along the arc (hazard + t step)+; returns 0 if there is no place better or, near the
 * maximum, where the slope still tells what the value no longer does, as good. */
static int move(workspace *q, double *value)
{
    const double blur = rounding_of(q, *value);
    for (double t = 1; t > 1e-12; t /= 2) {
        double gain = 0;
        for (size_t k = 0; k < q->m; k++) {
            const double to = q->hazard[k] + t * q->step[k];
            q->trial[k] = to > 0 ? to : 0;
            gain += q->slope[k] * (q->trial[k] - q->hazard[k]);
        }
        const double found = value_at(q, q->trial);
        if (found >= *value + 1e-4 * gain - (t == 1 ? blur : 0) && gain > 0) {
            memcpy(q->hazard, q->trial, q->m * sizeof *q->hazard);
            *value = found;
            return 1;
        }
    }
    return 0;
}

static void close_empty(workspace *q)
{
    for (size_t k = 0; k < q->m; k++)
        if (q->hazard[k] == 0)
            q->open[k] = 0;
}

static oss_status maximise(workspace *q, double tolerance, size_t max_iterations,
                           oss_truncated_fit *fit, const oss_hook *hook, oss_error *err)
{
    start(q);
    double value = value_at(q, q->hazard);
    double best = INFINITY;
    for (size_t idle = 0;; fit->iterations++) {
        fit->loglik = value;
        fit->kkt = slopes(q, value);
        const double rounding = rounding_of(q, value);
        idle = fit->kkt < 0.9 * best || fit->kkt > 1e-6 * q->total ? 0 : idle + 1;
        best = fit->kkt < best ? fit->kkt : best;
        fit->converged = fit->kkt <= (tolerance > rounding ? tolerance : rounding);
        if (fit->converged || fit->iterations == max_iterations || idle > 5)
            return OSS_OK;
        if (oss_stopped(hook, (double) fit->iterations / (double) max_iterations))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        extend(q);
        if (!(newton_step(q) > 0 && move(q, &value))) {
            /* Uphill cell by cell, each scaled by its own curvature. */
            for (size_t k = 0; k < q->m; k++)
                q->step[k] = q->open[k] && q->diagonal[k] > 0 ? q->slope[k] / q->diagonal[k] : 0;
            idle += !move(q, &value);
        }
        close_empty(q);
        value = value_at(q, q->hazard);
    }
}

static void find_gap(const workspace *q, size_t n, const uint32_t *lo, const uint32_t *hi,
                     double *seen_over, oss_truncated_fit *fit, int *free_cell)
{
    /* Weight, by cell, of the rows that cover it but not the last cell. */
    memset(seen_over, 0, (q->m + 1) * sizeof *seen_over);
    for (size_t i = 0; i < n; i++) {
        if (hi[i] == q->m)
            continue;
        seen_over[lo[i]]++;
        seen_over[hi[i]]--;
    }
    double covered = 0;
    for (size_t k = 0; k + 1 < q->m; k++) {
        seen_over[k] = covered += seen_over[k];
        if (q->risk[k] > 0)
            continue;
        if (covered > 0) {
            fit->exists = 0;
            fit->empty = k;
        } else {
            *free_cell = 1;
        }
    }
}

static void write_mass(const workspace *q, const double *seen_over, double *mass)
{
    double survival = 1;
    for (size_t k = 0; k < q->m; k++) {
        const int certain = q->risk[k] == 0 && (k + 1 == q->m || seen_over[k] > 0);
        mass[k] = certain ? survival : -survival * expm1(-q->hazard[k]);
        survival = certain ? 0 : survival * exp(-q->hazard[k]);
    }
}

static oss_status fit_rows(workspace *q, size_t n, const uint32_t *lo, const uint32_t *hi,
                           const double *weight, const double *entered, double tolerance,
                           size_t max_iterations, double *mass, oss_truncated_fit *fit,
                           const oss_hook *hook, oss_error *err)
{
    const size_t m = q->m;
    oss_status status = count_risk(q, n, lo, hi, weight, entered, err);
    if (status == OSS_OK) {
        keep_rows(q, n, lo, hi, weight);
        status = maximise(q, tolerance, max_iterations, fit, hook, err);
    }
    if (status != OSS_OK)
        return status;
    fit->exists = 1;
    fit->empty = m;
    int free_cell = 0;
    double *seen_over = (double *) (void *) q->below;
    find_gap(q, n, lo, hi, seen_over, fit, &free_cell);
    write_mass(q, seen_over, mass);
    for (size_t k = 0; k < m; k++) {
        const int flat = q->risk[k] > 0 && q->slope[k] >= -1e-9 * q->risk[k];
        q->kind[k] = q->hazard[k] > 0 ? OSS_CELL_MASS : flat ? OSS_CELL_OPEN : OSS_CELL_SHUT;
    }
    status = npmle_tied(m, q->kind, q->n, q->lo, q->hi, 0, &fit->unique, err);
    fit->unique = fit->unique && !free_cell;
    return status;
}

oss_status oss_npmle_truncated(size_t n, const uint32_t *lo, const uint32_t *hi,
                               const double *weight, size_t m, const double *entered,
                               double tolerance, size_t max_iterations, double *mass,
                               oss_truncated_fit *fit, const oss_hook *hook, oss_error *err)
{
    memset(fit, 0, sizeof *fit);
    if (n == 0 || m == 0 || n >> 30 || m >> 30)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be rows and cells");
    workspace q;
    memset(&q, 0, sizeof q);
    const oss_status status = make_workspace(&q, n, m)
                                  ? fit_rows(&q, n, lo, hi, weight, entered, tolerance,
                                             max_iterations, mass, fit, hook, err)
                                  : oss_no_memory(err);
    free_workspace(&q);
    return status;
}
