#include "band.h"
#include "optimise.h"
#include "quantile.h"

#include <complex.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

/* Gauss-Legendre rule on [-1, 1] for even functions, N_NODES positive nodes, and the even Legendre
 * polynomials there. A Gaussian of the width that smooth() allows has no coefficient above 1e-16
 * beyond. */
enum { N_NODES = 48, N_SMOOTH = 48, N_CONTOUR = 32 };

typedef struct {
    double node[N_NODES], weight[N_NODES]; /* weight of both signs */
    double even[N_SMOOTH][N_NODES];        /* P_{2j}(node) */
} even_rule;

static void even_rule_set(even_rule *rule)
{
    const int n = 2 * N_NODES;
    for (int i = 0; i < N_NODES; i++) {
        double s = cos(pi * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int step = 0; step < 8; step++) {
            double before = 1, now = s;
            for (int k = 1; k < n; k++) {
                const double next = ((2 * k + 1) * s * now - k * before) / (k + 1);
                before = now;
                now = next;
            }
            slope = n * (s * now - before) / (s * s - 1);
            s -= now / slope;
        }
        rule->node[i] = s;
        rule->weight[i] = 4 / ((1 - s * s) * slope * slope);
        double before = 1, now = s;
        rule->even[0][i] = 1;
        for (int k = 1; k < 2 * N_SMOOTH - 1; k++) {
            const double next = ((2 * k + 1) * s * now - k * before) / (k + 1);
            before = now;
            now = next;
            if (k % 2)
                rule->even[(k + 1) / 2][i] = now;
        }
    }
}

/* The killed process in the box [-c, c]: P = <end, exp(-T H) start> with H = -D d^2 + A x^2 + B and
 * Gaussians exp(-x^2 / (2 v)) times a height at either end. */
typedef struct {
    double duration, diffusion, square, constant;
    double start_variance, start_height, end_variance, end_height;
} killed_process;

/* A Gaussian that polynomials of degree 2 N_SMOOTH resolve. */
static int smooth(double c, double variance) { return c * c <= 64 * variance; }

/* <Gaussian, P_{2j} - P_{2j+2}> over the box. */
static void project(const even_rule *rule, double c, double variance, double height, size_t n,
                    double *load)
{
    double value[N_NODES];
    for (int i = 0; i < N_NODES; i++) {
        const double x = c * rule->node[i];
        value[i] = c * height * rule->weight[i] * exp(-x * x / (2 * variance));
    }
    double before = 0;
    for (size_t j = 0; j <= n; j++) {
        double now = 0;
        for (int i = 0; j < N_SMOOTH && i < N_NODES; i++)
            now += value[i] * rule->even[j][i];
        if (j > 0)
            load[j - 1] = before - now;
        before = now;
    }
}

/* <P_m, s^2 P_n> for n = m and n = m + 2. */
static double square_same(double m)
{
    const double up = (m + 1) * (m + 1) / ((2 * m + 1) * (2 * m + 3));
    const double down = m * m / ((2 * m + 1) * (2 * m - 1));
    return (up + down) * 2 / (2 * m + 1);
}
static double square_next(double m)
{
    return (m + 1) * (m + 2) / ((2 * m + 1) * (2 * m + 3)) * 2 / (2 * m + 5);
}

/* Half of the symmetric band of the mass and of the form of H in the basis P_{2j} - P_{2j+2}. */
typedef struct {
    double mass0, mass1, form0, form1, form2;
} band_row;

static band_row band_row_of(const killed_process *x, double c, size_t row)
{
    const double j = (double) row, m = 2 * j;
    const double q0 = square_same(m) - 2 * square_next(m) + square_same(m + 2);
    const double q1 = square_next(m) - square_same(m + 2) + square_next(m + 2);
    const double q2 = -square_next(m + 2);
    const double well = c * c * c * x->square;
    band_row out = { .mass0 = c * (2 / (4 * j + 1) + 2 / (4 * j + 5)),
                     .mass1 = -2 * c / (4 * j + 5) };
    out.form0 = x->diffusion / c * 2 * (4 * j + 3) + well * q0 + x->constant * out.mass0;
    out.form1 = well * q1 + x->constant * out.mass1;
    out.form2 = well * q2;
    return out;
}

/* The layer at the ends of the box is as wide as the path moves in the duration. */
static size_t basis_size(const killed_process *x, double c)
{
    const double layer = sqrt(x->diffusion * x->duration) / c;
    const double n = 10 / sqrt(layer);
    return n < N_SMOOTH ? N_SMOOTH : (size_t) n;
}

static double galerkin(const killed_process *x, double c, const even_rule *rule, size_t n,
                       band_row *rows, double *start, double *end)
{
    project(rule, c, x->start_variance, x->start_height, n, start);
    project(rule, c, x->end_variance, x->end_height, n, end);
    for (size_t j = 0; j < n; j++)
        rows[j] = band_row_of(x, c, j);
    double total = 0;
    for (int k = 0; k < N_CONTOUR / 2; k++) {
        const double angle = (2 * k + 1) * pi / N_CONTOUR;
        const double scale = N_CONTOUR / x->duration;
        const double complex z =
            scale * (0.1309 - 0.1194 * angle * angle + 0.2500 * angle * _Complex_I);
        const double complex slope = scale * (-0.2388 * angle + 0.2500 * _Complex_I);
        /* end' (z M + A)^-1 start by elimination forward alone: the matrix is symmetric. */
        double complex sum = 0, d0 = 0, d1 = 0, e0 = 0, s0 = 0, s1 = 0, t0 = 0, t1 = 0;
        for (size_t j = 0; j < n; j++) {
            /* what the last two rows left over for this one and the next */
            const double complex diagonal = z * rows[j].mass0 + rows[j].form0 - d0;
            const double complex off = z * rows[j].mass1 + rows[j].form1 - e0;
            const double complex far = rows[j].form2;
            const double complex s = start[j] - s0, t = end[j] - t0;
            const double complex m1 = off / diagonal, m2 = far / diagonal;
            sum += s * t / diagonal;
            d0 = d1 + m1 * off;
            d1 = m2 * far;
            e0 = m1 * far;
            s0 = s1 + m1 * s;
            s1 = m2 * s;
            t0 = t1 + m1 * t;
            t1 = m2 * t;
        }
        total += cimag(cexp(z * x->duration) * sum * slope);
    }
    return 2 * total / N_CONTOUR;
}

/* Integral of the Gaussian times cos(m pi x / (2 c)) over the box. */
static double cosine_part(const even_rule *rule, double c, double variance, double height, double m)
{
    if (!smooth(c, variance)) {
        const double phase = m * pi * sqrt(variance) / (2 * c);
        return height * sqrt(2 * pi * variance) * exp(-phase * phase / 2);
    }
    double sum = 0;
    for (int i = 0; i < N_NODES; i++) {
        const double s = rule->node[i];
        sum += rule->weight[i] * exp(-c * c * s * s / (2 * variance)) * cos(m * pi * s / 2);
    }
    return c * height * sum;
}

/* Eigenfunctions of Brownian motion in the box. */
static double sine_series(const killed_process *x, double c, const even_rule *rule)
{
    double sum = 0;
    for (double m = 1; m < 1e5; m += 2) {
        const double rate = m * m * pi * pi / (8 * c * c);
        const double decay = rate * x->duration;
        if (decay > 42)
            break;
        sum += exp(-decay) / c * cosine_part(rule, c, x->start_variance, x->start_height, m) *
               cosine_part(rule, c, x->end_variance, x->end_height, m);
    }
    return sum;
}

typedef struct {
    oss_band_type type;
    double from, to, level;
    even_rule rule;
} supremum;

/* Length of the range in the time of the stationary Ornstein-Uhlenbeck process. */
static double stationary_time(double from, double to)
{
    return 0.5 * log1p((to - from) / (from * (1 - to)));
}

static oss_status supremum_probability(const supremum *x, double c, double *probability,
                                       oss_error *err)
{
    const double a = x->from, b = x->to, time = stationary_time(a, b);
    if (time < 1e-7) {
        /* Outside at the start, or crossing soon from just inside: to order time^(3/2). */
        const double z = x->type == OSS_BAND_HALL_WELLNER ? c / sqrt(a * (1 - a)) : c;
        const double density = exp(-z * z / 2) / sqrt(2 * pi);
        const double drift = x->type == OSS_BAND_HALL_WELLNER ? 1 - a : 0.5;
        const double crossing = 2 * density * (2 * sqrt(time / pi) + z * time * drift);
        *probability = fmax(0, 1 - 2 * oss_normal_cdf(-z) - crossing);
        return OSS_OK;
    }
    if (c <= 0) {
        *probability = 0;
        return OSS_OK;
    }
    killed_process process;
    if (x->type == OSS_BAND_HALL_WELLNER) {
        process = (killed_process){ .duration = b - a,
                                    .diffusion = 0.5,
                                    .start_variance = a,
                                    .start_height = 1 / sqrt(2 * pi * a),
                                    .end_variance = 1 - b,
                                    .end_height = 1 / sqrt(1 - b) };
        if (!smooth(c, a) || !smooth(c, 1 - b)) {
            *probability = fmin(fmax(sine_series(&process, c, &x->rule), 0), 1);
            return OSS_OK;
        }
    } else {
        const double height = pow(2 * pi, -0.25);
        process = (killed_process){ .duration = time,
                                    .diffusion = 1,
                                    .square = 0.25,
                                    .constant = -0.5,
                                    .start_variance = 2,
                                    .start_height = height,
                                    .end_variance = 2,
                                    .end_height = height };
    }
    const size_t n = basis_size(&process, c);
    band_row *rows = oss_calloc(n, sizeof *rows);
    double *loads = oss_calloc(2 * n, sizeof *loads);
    if (rows == NULL || loads == NULL) {
        oss_free(rows);
        oss_free(loads);
        return oss_no_memory(err);
    }
    *probability = fmin(fmax(galerkin(&process, c, &x->rule, n, rows, loads, loads + n), 0), 1);
    oss_free(rows);
    oss_free(loads);
    return OSS_OK;
}

static oss_status check_range(double from, double to, oss_error *err)
{
    if (from > 0 && from <= to && to < 1)
        return OSS_OK;
    return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the range of a band must lie between 0 and 1");
}

oss_status oss_band_probability(oss_band_type type, double from, double to, double critical,
                                double *probability, oss_error *err)
{
    const oss_status range = check_range(from, to, err);
    if (range)
        return range;
    supremum x = { .type = type, .from = from, .to = to };
    even_rule_set(&x.rule);
    return supremum_probability(&x, critical, probability, err);
}

static oss_status excess(void *context, double c, double *value, oss_error *err)
{
    const supremum *x = context;
    const oss_status status = supremum_probability(x, c, value, err);
    *value -= x->level;
    return status;
}

oss_status oss_band_critical(oss_band_type type, double from, double to, double level,
                             double *critical, oss_error *err)
{
    oss_status status = check_range(from, to, err);
    if (status)
        return status;
    if (!(level > 0 && level <= 1 - 1e-9))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the level of a band must be above 0 and at most 1 - 1e-9");
    supremum x = { .type = type, .from = from, .to = to, .level = level };
    even_rule_set(&x.rule);
    /* The widest standard deviation in the range. */
    const double middle = from > 0.5 ? from : to < 0.5 ? to : 0.5;
    const double unit = type == OSS_BAND_HALL_WELLNER ? sqrt(middle * (1 - middle)) : 1;
    const double pointwise = unit * oss_normal_quantile((1 + level) / 2);
    if (from == to) {
        *critical = pointwise;
        return OSS_OK;
    }
    double lo = pointwise * (1 - 1e-9), hi = pointwise, value = -1;
    while (!status && value < 0 && hi < 64 * unit) {
        hi = hi * 1.25 + 0.01 * unit;
        status = excess(&x, hi, &value, err);
    }
    return status ? status : oss_root(excess, &x, lo, hi, 1e-13, critical, err);
}

oss_status oss_confidence_band(oss_band_type type, oss_conf_type conf_type, double level, double n,
                               size_t m, const double *estimate, const double *std_error, size_t lo,
                               size_t hi, double *low, double *high, oss_band *band, oss_error *err)
{
    for (size_t k = 0; k < m; k++)
        low[k] = high[k] = NAN;
    size_t first = lo, end = lo;
    while (first < m && first <= hi && !(estimate[first] < 1))
        first++;
    for (end = first; end < m && end <= hi && estimate[end] > 0;)
        end++;
    *band = (oss_band){ .first = 1, .from = NAN, .to = NAN, .critical = NAN };
    if (end == first)
        return OSS_OK;
    const double sd_first = std_error[first] / estimate[first];
    const double sd_last = std_error[end - 1] / estimate[end - 1];
    const double v_first = n * sd_first * sd_first, v_last = n * sd_last * sd_last;
    *band = (oss_band){ .first = first,
                        .last = end - 1,
                        .from = v_first / (1 + v_first),
                        .to = v_last / (1 + v_last) };
    const oss_status status =
        oss_band_critical(type, band->from, band->to, level, &band->critical, err);
    if (status)
        return status;
    for (size_t k = first; k < end; k++) {
        const double sd = std_error[k] / estimate[k];
        const double unit = type == OSS_BAND_HALL_WELLNER
                                ? (1 + n * sd * sd) / sqrt(n) * estimate[k]
                                : std_error[k];
        if (k > first && estimate[k] == estimate[k - 1]) {
            low[k] = low[k - 1];
            high[k] = high[k - 1];
        } else {
            oss_transformed_limits(conf_type, estimate[k], unit, band->critical, &low[k], &high[k]);
        }
    }
    return OSS_OK;
}
