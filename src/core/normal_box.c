#include "normal_box.h"
#include "quantile.h"

#include <math.h>

/* Z = A y, y independent standard normals. Beside the n slabs of the Z the region is cut at |y| <=
 * REACH, so that every coordinate has corners where the probability of the others turns steep. */
enum { MOST_SLABS = OSS_BOX_MOST + OSS_BOX_MOST_RANK, MOST_CORNERS = 512, DEEPEST = 30 };
static const double REACH = 7;

/* lower <= a . y <= upper, in the coordinates still free. */
typedef struct {
    double a[OSS_BOX_MOST_RANK], lower, upper;
} slab;

typedef struct {
    size_t n_slab, free; /* coordinates still free */
    slab slabs[MOST_SLABS];
} region;

static double probability_of(const region *where, double tolerance);

/* What is left when the first free coordinate is y. */
static double slice(const region *where, double y, double tolerance)
{
    region rest = { .n_slab = where->n_slab, .free = where->free - 1 };
    for (size_t k = 0; k < where->n_slab; k++) {
        const double done = where->slabs[k].a[0] * y;
        rest.slabs[k].lower = where->slabs[k].lower - done;
        rest.slabs[k].upper = where->slabs[k].upper - done;
        for (size_t i = 0; i < rest.free; i++)
            rest.slabs[k].a[i] = where->slabs[k].a[i + 1];
    }
    return exp(-0.5 * y * y) * 0.39894228040143267794 * probability_of(&rest, tolerance);
}

static double last_coordinate(const region *where)
{
    double lo = -INFINITY, hi = INFINITY;
    for (size_t k = 0; k < where->n_slab; k++) {
        const slab *s = &where->slabs[k];
        const double a = s->a[0];
        if (fabs(a) < 1e-9) {
            if (s->lower > 1e-9 || s->upper < -1e-9)
                return 0;
            continue;
        }
        const double one = s->lower / a, other = s->upper / a;
        lo = fmax(lo, fmin(one, other));
        hi = fmin(hi, fmax(one, other));
    }
    if (!(lo < hi))
        return 0;
    return lo > 0 ? oss_normal_cdf(-lo) - oss_normal_cdf(-hi)
                  : oss_normal_cdf(hi) - oss_normal_cdf(lo);
}

/* Solves a x = b for the point where d planes meet, in place of b; 0 where there is no one point.
 */
static int meeting_point(size_t d, double a[][OSS_BOX_MOST_RANK], double *b)
{
    for (size_t c = 0; c < d; c++) {
        size_t pivot = c;
        for (size_t i = c + 1; i < d; i++)
            if (fabs(a[i][c]) > fabs(a[pivot][c]))
                pivot = i;
        if (fabs(a[pivot][c]) < 1e-12)
            return 0;
        for (size_t j = 0; j < d; j++) {
            const double keep = a[c][j];
            a[c][j] = a[pivot][j];
            a[pivot][j] = keep;
        }
        const double keep = b[c];
        b[c] = b[pivot];
        b[pivot] = keep;
        for (size_t i = 0; i < d; i++) {
            const double times = i == c ? 0 : a[i][c] / a[c][c];
            for (size_t j = c; j < d; j++)
                a[i][j] -= times * a[c][j];
            b[i] -= times * b[c];
        }
    }
    for (size_t c = 0; c < d; c++)
        b[c] /= a[c][c];
    return 1;
}

static int inside(const region *where, const double *x)
{
    for (size_t k = 0; k < where->n_slab; k++) {
        const slab *s = &where->slabs[k];
        double value = 0;
        for (size_t i = 0; i < where->free; i++)
            value += s->a[i] * x[i];
        if (!(value >= s->lower - 1e-8 && value <= s->upper + 1e-8))
            return 0;
    }
    return 1;
}

static void insert(double *corner, size_t *n, double value)
{
    if (*n == MOST_CORNERS)
        return;
    size_t i = *n;
    for (; i > 0 && corner[i - 1] > value; i--)
        ;
    if ((i > 0 && value - corner[i - 1] < 1e-7) || (i < *n && corner[i] - value < 1e-7))
        return;
    for (size_t j = *n; j > i; j--)
        corner[j] = corner[j - 1];
    corner[i] = value;
    ++*n;
}

/* First coordinates of the corners of the region, where as many planes meet as coordinates are
 * free: between two of them the slice is smooth, outside it is empty. Returns their number. */
static size_t corners(const region *where, double *corner)
{
    const size_t d = where->free, m = where->n_slab;
    size_t n = 0, chosen[OSS_BOX_MOST_RANK];
    for (size_t i = 0; i < d; i++)
        chosen[i] = i;
    for (;;) {
        for (size_t sides = 0; sides < (size_t) 1 << d; sides++) {
            double a[OSS_BOX_MOST_RANK][OSS_BOX_MOST_RANK], b[OSS_BOX_MOST_RANK];
            int bounded = 1;
            for (size_t i = 0; i < d; i++) {
                const slab *s = &where->slabs[chosen[i]];
                b[i] = sides >> i & 1 ? s->upper : s->lower;
                bounded &= isfinite(b[i]) != 0;
                for (size_t j = 0; j < d; j++)
                    a[i][j] = s->a[j];
            }
            if (bounded && meeting_point(d, a, b) && inside(where, b))
                insert(corner, &n, b[0]);
        }
        size_t i = d;
        while (i > 0 && chosen[i - 1] == m - d + i - 1)
            i--;
        if (i == 0)
            return n;
        chosen[i - 1]++;
        for (; i < d; i++)
            chosen[i] = chosen[i - 1] + 1;
    }
}

/* Gauss-Kronrod 7-15 on [lo, hi], halved until both agree. */
static double integrate(const region *where, double lo, double hi, double tolerance, int depth)
{
    static const double node[] = {
        0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
        0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
        0.586087235467691130294144691693,    0.405845151377397166906606412076961,
        0.207784955007898467600689403773245, 0
    };
    static const double kronrod[] = {
        0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
        0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
        0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
        0.204432940075298892414161999234649, 0.209482141084727828012999174891714
    };
    static const double gauss[] = { 0.129484966168869693270611432679082,
                                    0.279705391489276667901467771423780,
                                    0.381830050505118944950369775488975,
                                    0.417959183673469387755102040816327 };
    const double middle = 0.5 * (lo + hi), half = 0.5 * (hi - lo);
    double fine = 0, coarse = 0;
    for (int i = 0; i < 8; i++) {
        const double step = half * node[i];
        double value = slice(where, middle + step, 0.1 * tolerance);
        if (i < 7)
            value += slice(where, middle - step, 0.1 * tolerance);
        fine += kronrod[i] * value;
        if (i % 2)
            coarse += gauss[i / 2] * value;
    }
    if (depth == 0 || fabs(fine - coarse) * half <= tolerance)
        return fine * half;
    return integrate(where, lo, middle, tolerance, depth - 1) +
           integrate(where, middle, hi, tolerance, depth - 1);
}

static double probability_of(const region *where, double tolerance)
{
    if (where->free == 1)
        return last_coordinate(where);
    double corner[MOST_CORNERS], sum = 0;
    const size_t n = corners(where, corner);
    for (size_t i = 1; i < n; i++)
        sum += integrate(where, corner[i - 1], corner[i], tolerance, DEEPEST);
    return sum;
}

oss_status oss_normal_box(size_t n, const double *correlation, double lower, double upper,
                          double *probability, oss_error *err)
{
    if (n < 1 || n > OSS_BOX_MOST)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "there must be 1 to %d statistics",
                        OSS_BOX_MOST);
    if (isnan(lower) || isnan(upper))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the bounds must be numbers");
    for (size_t i = 0; i < n * n; i++)
        if (!(fabs(correlation[i]) <= 1 + 1e-9))
            return oss_fail(err, OSS_EINVAL, i, "the correlation must lie between -1 and 1");
    region whole = { .n_slab = n };
    double left[OSS_BOX_MOST];
    for (size_t k = 0; k < n; k++) {
        left[k] = 1;
        whole.slabs[k].lower = lower;
        whole.slabs[k].upper = upper;
    }
    /* Rank by Cholesky with pivots. */
    for (;;) {
        size_t pivot = n;
        for (size_t k = 0; k < n; k++)
            if (left[k] > 1e-9 && (pivot == n || left[k] > left[pivot]))
                pivot = k;
        if (pivot == n)
            break;
        if (whole.free == OSS_BOX_MOST_RANK)
            return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                            "the statistics must have a correlation of rank 1 to %d",
                            OSS_BOX_MOST_RANK);
        const size_t r = whole.free++;
        const double root = sqrt(left[pivot]);
        double column[OSS_BOX_MOST];
        for (size_t k = 0; k < n; k++) {
            double value = correlation[k * n + pivot];
            for (size_t j = 0; j < r; j++)
                value -= whole.slabs[k].a[j] * whole.slabs[pivot].a[j];
            column[k] = k == pivot ? root : value / root;
        }
        for (size_t k = 0; k < n; k++) {
            whole.slabs[k].a[r] = column[k];
            left[k] = k == pivot ? 0 : left[k] - column[k] * column[k];
        }
    }
    for (size_t i = 0; i < whole.free; i++, whole.n_slab++)
        whole.slabs[whole.n_slab] = (slab){ .lower = -REACH, .upper = REACH };
    for (size_t i = 0; i < whole.free; i++)
        whole.slabs[n + i].a[i] = 1;
    const double value = probability_of(&whole, whole.free < OSS_BOX_MOST_RANK ? 1e-9 : 1e-7);
    *probability = value < 0 ? 0 : value > 1 ? 1 : value;
    return OSS_OK;
}
