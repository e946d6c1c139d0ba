#include "bivariate.h"
#include "bounded_step.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_corner(const void *a, const void *b)
{
    const oss_rectangle *p = a, *q = b;
    if (p->x0 != q->x0)
        return p->x0 < q->x0 ? -1 : 1;
    if (p->x1 != q->x1)
        return p->x1 < q->x1 ? -1 : 1;
    if (p->y0 != q->y0)
        return p->y0 < q->y0 ? -1 : 1;
    return p->y1 < q->y1 ? -1 : p->y1 > q->y1;
}

typedef struct {
    oss_rectangle row;
    double weight;
} weighed;

static int by_row(const void *a, const void *b)
{
    return by_corner(&((const weighed *) a)->row, &((const weighed *) b)->row);
}

void oss_bivariate_free(oss_bivariate *fit)
{
    if (!fit)
        return;
    oss_free(fit->row);
    oss_free(fit->weight);
    oss_free(fit->cell);
    oss_free(fit->mass);
    oss_free(fit->gradient);
    oss_free(fit);
}

static oss_status collect(oss_bivariate *fit, size_t n, const oss_rectangle *row,
                          const double *weight, oss_error *err)
{
    weighed *all = oss_calloc(n, sizeof *all);
    if (!all)
        return oss_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const weighed one = { row[i], weight ? weight[i] : 1 };
        all[i] = one;
    }
    qsort(all, n, sizeof *all, by_row);
    size_t k = 0;
    for (size_t i = 1; i < n; i++) {
        if (by_row(all + k, all + i) == 0)
            all[k].weight += all[i].weight;
        else
            all[++k] = all[i];
    }
    fit->n = k + 1;
    fit->row = oss_calloc(fit->n, sizeof *fit->row);
    fit->weight = oss_calloc(fit->n, sizeof *fit->weight);
    const int enough = fit->row && fit->weight;
    for (size_t i = 0; enough && i < fit->n; i++) {
        fit->row[i] = all[i].row;
        fit->weight[i] = all[i].weight;
    }
    oss_free(all);
    return enough ? OSS_OK : oss_no_memory(err);
}

/* One end of a rectangle on an axis: starts come before ends at the same place, because both are
 * included; equal ones of a kind are told apart by their row. */
typedef struct {
    uint64_t key;
    uint32_t row;
} end_of_row;

static int by_key(const void *a, const void *b)
{
    const end_of_row *p = a, *q = b;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* Ranks 0 .. 2 n - 1 of the starts and ends along an axis; place[rank]: where that end lies. */
typedef struct {
    uint32_t *start, *end, *place;
    end_of_row *sorted;
} axis;

static void rank_ends(const oss_bivariate *fit, int along_y, axis *to)
{
    const size_t n = fit->n;
    for (size_t i = 0; i < n; i++) {
        const oss_rectangle *r = fit->row + i;
        const uint64_t start = along_y ? r->y0 : r->x0, end = along_y ? r->y1 : r->x1;
        const end_of_row a = { 2 * start, (uint32_t) i }, b = { 2 * end + 1, (uint32_t) i };
        to->sorted[2 * i] = a;
        to->sorted[2 * i + 1] = b;
    }
    qsort(to->sorted, 2 * n, sizeof *to->sorted, by_key);
    for (size_t k = 0; k < 2 * n; k++) {
        const end_of_row *e = to->sorted + k;
        to->place[k] = (uint32_t) (e->key / 2);
        *(e->key % 2 ? to->end + e->row : to->start + e->row) = (uint32_t) k;
    }
}

static int axis_new(axis *a, size_t n)
{
    a->start = oss_calloc(n, sizeof *a->start);
    a->end = oss_calloc(n, sizeof *a->end);
    a->place = oss_calloc(2 * n, sizeof *a->place);
    a->sorted = oss_calloc(2 * n, sizeof *a->sorted);
    return a->start && a->end && a->place && a->sorted;
}

static void axis_free(axis *a)
{
    oss_free(a->start);
    oss_free(a->end);
    oss_free(a->place);
    oss_free(a->sorted);
}

/* height[i * side + j]: rectangles over the square between ranks i, i + 1 and j, j + 1. */
static void fill_heights(const oss_bivariate *fit, const axis *x, const axis *y, int32_t *height)
{
    const size_t side = 2 * fit->n;
    for (size_t i = 0; i < fit->n; i++) {
        height[x->start[i] * side + y->start[i]]++;
        height[x->start[i] * side + y->end[i]]--;
        height[x->end[i] * side + y->start[i]]--;
        height[x->end[i] * side + y->end[i]]++;
    }
    for (size_t i = 0; i < side; i++)
        for (size_t j = 1; j < side; j++)
            height[i * side + j] += height[i * side + j - 1];
    for (size_t i = 1; i < side; i++)
        for (size_t j = 0; j < side; j++)
            height[i * side + j] += height[(i - 1) * side + j];
}

/* The flat region around a square, walked on a stack; is no neighbour of it higher? Its squares
 * turn negative, so that they are walked once. The region is a rectangle if it is a maximum. */
typedef struct {
    size_t side;
    int32_t *height;
    uint32_t *stack; /* [side * side] */
} terrain;

static int is_peak(const terrain *t, size_t from, uint32_t *box)
{
    const size_t side = t->side;
    const int32_t level = t->height[from];
    size_t n = 0;
    int peak = 1;
    box[0] = box[1] = (uint32_t) (from / side);
    box[2] = box[3] = (uint32_t) (from % side);
    t->stack[n++] = (uint32_t) from;
    t->height[from] = -level;
    while (n > 0) {
        const size_t at = t->stack[--n], i = at / side, j = at % side;
        box[0] = i < box[0] ? (uint32_t) i : box[0];
        box[1] = i > box[1] ? (uint32_t) i : box[1];
        box[2] = j < box[2] ? (uint32_t) j : box[2];
        box[3] = j > box[3] ? (uint32_t) j : box[3];
        const size_t next[4] = { i > 0 ? at - side : at, i + 1 < side ? at + side : at,
                                 j > 0 ? at - 1 : at, j + 1 < side ? at + 1 : at };
        for (int k = 0; k < 4; k++) {
            const int32_t h = t->height[next[k]];
            if (h == level) {
                t->height[next[k]] = -level;
                t->stack[n++] = (uint32_t) next[k];
            } else if (abs(h) > level) {
                peak = 0;
            }
        }
    }
    return peak;
}

static int add_cell(oss_bivariate *fit, size_t *room, oss_rectangle cell)
{
    if (fit->m == *room) {
        const size_t more = 2 * *room + 16;
        oss_rectangle *grown = oss_calloc(more, sizeof *grown);
        if (!grown)
            return 0;
        if (fit->m)
            memcpy(grown, fit->cell, fit->m * sizeof *grown);
        oss_free(fit->cell);
        fit->cell = grown;
        *room = more;
    }
    fit->cell[fit->m++] = cell;
    return 1;
}

static oss_status find_cells(oss_bivariate *fit, oss_error *err)
{
    const size_t side = 2 * fit->n;
    axis x = { 0 }, y = { 0 };
    terrain t = { side, NULL, NULL };
    int enough = axis_new(&x, fit->n) && axis_new(&y, fit->n);
    if (enough) {
        t.height = oss_calloc(side * side, sizeof *t.height);
        t.stack = oss_calloc(side * side, sizeof *t.stack);
        enough = t.height && t.stack;
    }
    if (enough) {
        rank_ends(fit, 0, &x);
        rank_ends(fit, 1, &y);
        fill_heights(fit, &x, &y, t.height);
        size_t room = 0;
        uint32_t box[4];
        for (size_t at = 0; enough && at < side * side; at++) {
            if (t.height[at] <= 0 || !is_peak(&t, at, box))
                continue;
            /* A square lies between its rank and the next. */
            const oss_rectangle cell = { x.place[box[0]], x.place[box[1] + 1], y.place[box[2]],
                                         y.place[box[3] + 1] };
            enough = add_cell(fit, &room, cell);
        }
    }
    if (enough) {
        qsort(fit->cell, fit->m, sizeof *fit->cell, by_corner);
        fit->mass = oss_calloc(fit->m, sizeof *fit->mass);
        fit->gradient = oss_calloc(fit->m, sizeof *fit->gradient);
        enough = fit->mass && fit->gradient;
    }
    axis_free(&x);
    axis_free(&y);
    oss_free(t.height);
    oss_free(t.stack);
    return enough ? OSS_OK : oss_no_memory(err);
}

oss_status oss_bivariate_new(size_t n, const oss_rectangle *row, const double *weight,
                             oss_bivariate **fit, oss_error *err)
{
    *fit = NULL;
    if (n == 0 || n >> 30)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to 2^30 - 1 rows");
    for (size_t i = 0; i < n; i++) {
        if (row[i].x0 > row[i].x1 || row[i].y0 > row[i].y1)
            return oss_fail(err, OSS_EINVAL, i, "a rectangle must have its ends in order");
        if (weight && !(weight[i] > 0 && weight[i] <= 1e15))
            return oss_fail(err, OSS_EINVAL, i, "the weight must be above 0");
    }
    oss_bivariate *made = oss_calloc(1, sizeof *made);
    if (!made)
        return oss_no_memory(err);
    oss_status status = collect(made, n, row, weight, err);
    if (status == OSS_OK && made->n > OSS_RECTANGLES_MOST)
        status = oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                          "there are %zu distinct rectangles; at most %d can be analysed together",
                          made->n, OSS_RECTANGLES_MOST);
    if (status == OSS_OK)
        status = find_cells(made, err);
    if (status == OSS_OK)
        *fit = made;
    else
        oss_bivariate_free(made);
    return status;
}

/* What the solve works on: the support, k cells with their masses. */
typedef struct {
    const oss_bivariate *fit;
    double total;
    size_t k, room;
    uint32_t *cell;
    double *mass, *slope, *step, *trial, *hessian;
    double *covered; /* [n] mass of each row */
    oss_bounded_work work;
} solver;

static void solver_free(solver *s)
{
    void *all[] = { s->cell,           s->mass,       s->slope,      s->step,
                    s->trial,          s->hessian,    s->covered,    s->work.rhs,
                    s->work.free_cell, s->work.bound, s->work.wrong, s->work.factor };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
}

/* Room for k cells of support, what is there kept. */
static int make_room(solver *s, size_t k)
{
    if (k <= s->room)
        return 1;
    const size_t room = k + k / 2 + 8;
    solver old = *s;
    s->cell = oss_calloc(room, sizeof *s->cell);
    s->mass = oss_calloc(room, sizeof *s->mass);
    s->slope = oss_calloc(room, sizeof *s->slope);
    s->step = oss_calloc(room, sizeof *s->step);
    s->trial = oss_calloc(room, sizeof *s->trial);
    s->hessian = oss_calloc(room * room, sizeof *s->hessian);
    s->covered = oss_calloc(s->fit->n, sizeof *s->covered);
    s->work.factor = oss_calloc(room * room, sizeof *s->work.factor);
    s->work.rhs = oss_calloc(room, sizeof *s->work.rhs);
    s->work.free_cell = oss_calloc(room, sizeof *s->work.free_cell);
    s->work.bound = oss_calloc(room, sizeof *s->work.bound);
    s->work.wrong = oss_calloc(room, sizeof *s->work.wrong);
    const int enough = s->cell && s->mass && s->slope && s->step && s->trial && s->hessian &&
                       s->covered && s->work.factor && s->work.rhs && s->work.free_cell &&
                       s->work.bound && s->work.wrong;
    s->room = enough ? room : 0;
    if (enough && old.k) {
        memcpy(s->cell, old.cell, old.k * sizeof *s->cell);
        memcpy(s->mass, old.mass, old.k * sizeof *s->mass);
    }
    solver_free(&old);
    return enough;
}

static inline int covers(const solver *s, size_t row, size_t j)
{
    return oss_rectangle_covers(s->fit->row + row, s->fit->cell + s->cell[j]);
}

/* Log-likelihood of masses over the support divided by their sum; -Inf if a row has none. */
static double value_of(const solver *s, const double *mass)
{
    double sum = 0, value = 0;
    for (size_t j = 0; j < s->k; j++)
        sum += mass[j];
    for (size_t i = 0; i < s->fit->n; i++) {
        double covered = 0;
        for (size_t j = 0; j < s->k; j++)
            covered += covers(s, i, j) ? mass[j] : 0;
        if (!(covered > 0))
            return -INFINITY;
        value += s->fit->weight[i] * log(covered);
    }
    return value - s->total * log(sum);
}

static void cover_rows(solver *s)
{
    for (size_t i = 0; i < s->fit->n; i++) {
        s->covered[i] = 0;
        for (size_t j = 0; j < s->k; j++)
            s->covered[i] += covers(s, i, j) ? s->mass[j] : 0;
    }
}

static double fill_newton(solver *s)
{
    double top = -INFINITY;
    cover_rows(s);
    memset(s->hessian, 0, s->k * s->k * sizeof *s->hessian);
    for (size_t j = 0; j < s->k; j++) {
        s->slope[j] = -s->total;
        for (size_t i = 0; i < s->fit->n; i++) {
            if (!covers(s, i, j))
                continue;
            const double v = s->fit->weight[i] / s->covered[i], curve = v / s->covered[i];
            s->slope[j] += v;
            for (size_t l = j; l < s->k; l++)
                s->hessian[j * s->k + l] += covers(s, i, l) ? curve : 0;
        }
        top = fmax(top, s->slope[j]);
    }
    return top;
}

/* Along the arc (mass + t step)+ to a better place; 0 if there is none. */
static int move(solver *s, double decrement)
{
    const int close = decrement < 1e-3;
    const double value = close ? 0 : value_of(s, s->mass);
    for (double t = 1; t > 1e-10; t /= t == 1 ? 2 : 4) {
        double sum = 0;
        for (size_t j = 0; j < s->k; j++) {
            s->trial[j] = fmax(0, s->mass[j] + t * s->step[j]);
            sum += s->trial[j];
        }
        if (!(sum > 0 && sum < INFINITY))
            continue;
        const double next = value_of(s, s->trial);
        if (close ? next > -INFINITY : next >= value + 1e-4 * t * decrement) {
            for (size_t j = 0; j < s->k; j++)
                s->mass[j] = s->trial[j] / sum;
            return 1;
        }
    }
    return 0;
}

static void climb(solver *s, double target)
{
    enum { MAX_NEWTON = 30 };
    const double small = fmax(1e-10, 32 * DBL_EPSILON * s->total);
    for (int newton = 0; newton < MAX_NEWTON; newton++) {
        if (fill_newton(s) <= target && newton > 0)
            break;
        oss_bounded_step(s->k, s->hessian, s->slope, s->mass, small, s->step, &s->work);
        double decrement = 0;
        for (size_t j = 0; j < s->k; j++)
            decrement += s->slope[j] * s->step[j];
        if (!(decrement > 0) || !move(s, decrement)) {
            /* The step of the EM algorithm never goes down. */
            for (size_t j = 0; j < s->k; j++)
                s->mass[j] *= (s->slope[j] + s->total) / s->total;
            break;
        }
    }
    size_t k = 0;
    for (size_t j = 0; j < s->k; j++) {
        if (s->mass[j] > 0) {
            s->cell[k] = s->cell[j];
            s->mass[k++] = s->mass[j];
        }
    }
    s->k = k;
}

/* d of every cell; the largest is returned. */
static double fill_gradient(solver *s, oss_bivariate *fit)
{
    double top = 0;
    cover_rows(s);
    for (size_t c = 0; c < fit->m; c++) {
        double sum = 0;
        for (size_t i = 0; i < fit->n; i++)
            if (oss_rectangle_covers(fit->row + i, fit->cell + c))
                sum += fit->weight[i] / s->covered[i];
        fit->gradient[c] = sum;
        top = fmax(top, sum);
    }
    return top;
}

/* Adds for every row the steepest cell that it covers, if that is above `least`. */
static int extend(solver *s, double least)
{
    const oss_bivariate *fit = s->fit;
    for (size_t i = 0; i < fit->n; i++) {
        size_t best = fit->m;
        for (size_t c = 0; c < fit->m; c++)
            if (fit->gradient[c] > least && oss_rectangle_covers(fit->row + i, fit->cell + c) &&
                (best == fit->m || fit->gradient[c] > fit->gradient[best]))
                best = c;
        int known = best == fit->m;
        for (size_t j = 0; j < s->k && !known; j++)
            known = s->cell[j] == best;
        if (known)
            continue;
        if (!make_room(s, s->k + 1))
            return 0;
        s->cell[s->k] = (uint32_t) best;
        s->mass[s->k++] = 0;
    }
    return 1;
}

/* First support: for every row the cell that most rows share with it. */
static int begin(solver *s, oss_bivariate *fit)
{
    for (size_t c = 0; c < fit->m; c++) {
        fit->gradient[c] = 0;
        for (size_t i = 0; i < fit->n; i++)
            if (oss_rectangle_covers(fit->row + i, fit->cell + c))
                fit->gradient[c] += fit->weight[i];
    }
    if (!extend(s, 0))
        return 0;
    for (size_t j = 0; j < s->k; j++)
        s->mass[j] = 1 / (double) s->k;
    return 1;
}

static oss_status solve(solver *s, oss_bivariate *fit, double tolerance, size_t max_iterations,
                        const oss_hook *hook, oss_error *err)
{
    enum { MAX_IDLE = 12 };
    const double rounding = 8 * DBL_EPSILON * s->total, enough = fmax(tolerance, rounding);
    double best = INFINITY;
    int idle = 0;
    if (!begin(s, fit))
        return oss_no_memory(err);
    for (fit->iterations = 0;; fit->iterations++) {
        climb(s, fmax(enough / 4, 0.01 * best));
        const double top = fill_gradient(s, fit);
        fit->kkt = top > s->total ? s->total * log(top / s->total) : 0;
        idle = fit->kkt < 0.9 * best ? 0 : idle + 1;
        best = fmin(best, fit->kkt);
        fit->converged = fit->kkt <= enough;
        if (fit->converged || fit->iterations >= max_iterations || idle > MAX_IDLE)
            return OSS_OK;
        if (oss_stopped(hook, (double) fit->iterations / (double) max_iterations))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        if (!extend(s, s->total + enough / 2))
            return oss_no_memory(err);
    }
}

oss_status oss_bivariate_solve(oss_bivariate *fit, double tolerance, size_t max_iterations,
                               const oss_hook *hook, oss_error *err)
{
    solver s = { .fit = fit };
    for (size_t i = 0; i < fit->n; i++)
        s.total += fit->weight[i];
    oss_status status = make_room(&s, fit->n < 64 ? fit->n : 64) ? OSS_OK : oss_no_memory(err);
    if (status == OSS_OK)
        status = solve(&s, fit, tolerance, max_iterations, hook, err);
    if (status == OSS_OK) {
        memset(fit->mass, 0, fit->m * sizeof *fit->mass);
        for (size_t j = 0; j < s.k; j++)
            fit->mass[s.cell[j]] = s.mass[j];
        fit->loglik = value_of(&s, s.mass);
    }
    solver_free(&s);
    return status;
}
