#include "unconditional.h"
#include "difference.h"

#include <math.h>

#define WIDTH_OF_DELTA 1e-10
#define WIDTH_OF_CELL 1e-9
#define CLOSE 1e-10
#define MOST_CELLS 64 /* open cells of a depth-first search that halves: one a level */

struct oss_unconditional {
    double *threshold; /* for each x1 the largest x2 in the tail, -1: none */
    double *mass;      /* of x1 */
    double *below;     /* of x2: cumulative */
    double n1, n2;
};

oss_unconditional *oss_unconditional_new(size_t most)
{
    oss_unconditional *work = oss_calloc(1, sizeof *work);
    if (!work)
        return NULL;
    work->threshold = oss_calloc(most + 1, sizeof(double));
    work->mass = oss_calloc(most + 1, sizeof(double));
    work->below = oss_calloc(most + 1, sizeof(double));
    if (!work->threshold || !work->mass || !work->below) {
        oss_unconditional_free(work);
        return NULL;
    }
    return work;
}

void oss_unconditional_free(oss_unconditional *work)
{
    if (work) {
        oss_free(work->threshold);
        oss_free(work->mass);
        oss_free(work->below);
        oss_free(work);
    }
}

/* The tables whose score at delta is at least bound. Scores that differ by rounding are equal. */
static void make_tail(oss_unconditional *work, double delta, double bound)
{
    const double least = isinf(bound) ? bound : bound - 1e-9 * fmax(1, fabs(bound));
    double k = -1;
    for (double i = 0; i <= work->n1; i++) {
        while (k < work->n2 && oss_difference_score(i, work->n1, k + 1, work->n2, delta) >= least)
            k++;
        work->threshold[(size_t) i] = k;
    }
}

/* Binomial masses 0..n, from the mode outwards and then scaled to sum 1. */
static void masses(double n, double p, double *mass)
{
    const size_t last = (size_t) n;
    if (p <= 0 || p >= 1) {
        for (size_t i = 0; i <= last; i++)
            mass[i] = 0;
        mass[p <= 0 ? 0 : last] = 1;
        return;
    }
    const double odds = p / (1 - p);
    const size_t mode = (size_t) fmin(n, floor((n + 1) * p));
    double sum = mass[mode] = 1;
    for (size_t i = mode; i > 0; i--)
        sum += mass[i - 1] = mass[i] * ((double) i / ((n - (double) i + 1) * odds));
    for (size_t i = mode; i < last; i++)
        sum += mass[i + 1] = mass[i] * ((n - (double) i) * odds / ((double) i + 1));
    for (size_t i = 0; i <= last; i++)
        mass[i] /= sum;
}

static double tail_probability(oss_unconditional *work, double p1, double p2)
{
    masses(work->n1, p1, work->mass);
    masses(work->n2, p2, work->below);
    double below = 0;
    for (size_t k = 0; k <= (size_t) work->n2; k++)
        work->below[k] = below += work->below[k];
    double sum = 0;
    for (size_t i = 0; i <= (size_t) work->n1; i++)
        if (work->threshold[i] >= 0)
            sum += work->mass[i] * work->below[(size_t) work->threshold[i]];
    return sum;
}

typedef struct {
    double lo, hi, f_lo, f_hi;
} cell;

/* The largest tail probability over p1 = p2 + delta, or the first one found above `enough`; what is
 * at most `idle`, or no more than 1e-10 above the largest found, is not looked for. In a cell it is
 * bounded by the tail at (largest p1, smallest p2), and, as its second derivative in p2 is at most
 * (n1 + n2)^2, by its values at the ends. A cell too narrow to halve counts with its bound. */
static double supremum(oss_unconditional *work, double delta, double idle, double enough)
{
    const double first = fmax(0, -delta), last = fmin(1, 1 - delta);
    const double bend = (work->n1 + work->n2) * (work->n1 + work->n2) / 8;
    const int n_start = 32;
    cell open[MOST_CELLS];
    double best = 0, left = tail_probability(work, fmin(1, first + delta), first);
    for (int j = 0; j < n_start; j++) {
        const double lo = first + (last - first) * j / n_start;
        const double hi = first + (last - first) * (j + 1) / n_start;
        const double right = tail_probability(work, fmin(1, hi + delta), hi);
        open[0] = (cell){ lo, hi, left, right };
        left = right;
        for (int n_open = 1; n_open > 0;) {
            const cell c = open[--n_open];
            best = fmax(best, fmax(c.f_lo, c.f_hi));
            if (best > enough)
                return best;
            const double settled = fmax(idle, best + CLOSE), width = c.hi - c.lo;
            const double curved = fmax(c.f_lo, c.f_hi) + bend * width * width;
            if (curved <= settled)
                continue;
            const double corner = tail_probability(work, fmin(1, c.hi + delta), c.lo);
            if (corner <= settled)
                continue;
            if (width < WIDTH_OF_CELL || n_open + 2 > MOST_CELLS) {
                best = fmax(best, fmin(curved, corner));
                continue;
            }
            const double middle = 0.5 * (c.lo + c.hi);
            const double f = tail_probability(work, fmin(1, middle + delta), middle);
            open[n_open++] = (cell){ c.lo, middle, c.f_lo, f };
            open[n_open++] = (cell){ middle, c.hi, f, c.f_hi };
        }
    }
    return best;
}

static int rejected(oss_unconditional *work, double x1, double x2, double lo, double hi,
                    double tail)
{
    make_tail(work, lo, oss_difference_score(x1, work->n1, x2, work->n2, hi));
    return supremum(work, hi, tail, tail) <= tail;
}

/* From -1 upwards, ranges of delta are rejected as a whole or halved. */
int oss_chan_zhang_low(oss_unconditional *work, double x1, double n1, double x2, double n2,
                       double tail, double *low, const oss_hook *hook)
{
    double open[64][2];
    work->n1 = n1;
    work->n2 = n2;
    *low = x1 / n1 - x2 / n2;
    open[0][0] = -1;
    open[0][1] = *low;
    for (int n_open = 1; n_open > 0;) {
        if (oss_stopped(hook, 0))
            return 1;
        n_open--;
        const double lo = open[n_open][0], hi = open[n_open][1];
        if (rejected(work, x1, x2, lo, hi, tail))
            continue;
        if (hi - lo < WIDTH_OF_DELTA) {
            *low = lo;
            return 0;
        }
        open[n_open][0] = open[n_open + 1][1] = 0.5 * (lo + hi);
        open[n_open + 1][0] = lo;
        n_open += 2;
    }
    return 0;
}

int oss_chan_zhang_p(oss_unconditional *work, double x1, double n1, double x2, double n2, double *p,
                     const oss_hook *hook)
{
    if (oss_stopped(hook, 0))
        return 1;
    work->n1 = n1;
    work->n2 = n2;
    make_tail(work, 0, oss_difference_score(x1, n1, x2, n2, 0));
    *p = fmin(1, supremum(work, 0, 0, 2));
    return 0;
}
