#include "restricted_mean.h"

#include <math.h>

/* The area so far and its variance. With w = d / (n (n - d)) of each time and a the area since,
 * sums of w, a w and a^2 w: all terms positive, nothing cancels. */
typedef struct {
    double survival, area, w, aw, aaw;
} running;

static void running_span(running *x, double span)
{
    const double a = x->survival * span;
    x->aaw += a * (2 * x->aw + a * x->w);
    x->aw += a * x->w;
    x->area += a;
}

static void running_events(running *x, double n, double d)
{
    if (n > d) {
        x->survival *= (n - d) / n;
        x->w += d / (n * (n - d));
    } else { /* no area follows */
        x->survival = 0;
    }
}

/* Moments of the random curve S at the time, of its area I, and their covariance; the factor by
 * which the low curve lies below S in this stretch between two failures is J over the stretch. */
typedef struct {
    double mean_s, var_s, mean_i, var_i, covariance;
    double mean_j, sd_j;
} random_area;

/* Adds S J to the area, J with the given mean and variance and independent of S. */
static void add_stretch(random_area *x, double mean_j, double var_j)
{
    x->var_i += 2 * mean_j * x->covariance + x->var_s * (mean_j * mean_j + var_j) +
                x->mean_s * x->mean_s * var_j;
    x->mean_i += x->mean_s * mean_j;
}

/* S becomes S B, where B may vary with the J that was added. */
static void multiply(random_area *x, double mean_b, double var_b, double mean_j, double cov_jb)
{
    const double square = x->mean_s * x->mean_s;
    x->covariance =
        x->covariance * mean_b + x->var_s * (mean_j * mean_b + cov_jb) + square * cov_jb;
    x->var_s = x->var_s * (mean_b * mean_b + var_b) + square * var_b;
    x->mean_s *= mean_b;
}

static double sd_of_next(double y) { return sqrt(y / (y + 2)) / (y + 1); } /* Beta(y, 1) */

static void high_events(random_area *x, double n, double d)
{
    const double mean = (n - d + 1) / (n + 1);
    multiply(x, mean, mean * d / ((n + 1) * (n + 2)), 0, 0);
}

static void low_events(random_area *x, double n, double d)
{
    const double mean = (n - d + 1) / (n + 1);
    add_stretch(x, x->mean_j, x->sd_j * x->sd_j);
    /* Of d factors the first is the one that the stretch before shares. */
    multiply(x, mean, mean * d / ((n + 1) * (n + 2)), x->mean_j,
             x->sd_j * sd_of_next(n) * ((n - d + 1) / n));
    x->mean_j = x->sd_j = 0;
}

static oss_beta_product moments_of(const random_area *x)
{
    oss_beta_product product = { x->mean_i, fmax(1 - x->mean_i, 0), 0 };
    if (x->mean_i > 1e-150 &&
        product.complement > 0) /* below it is 0, and so would its square be */
        product.variation = x->var_i / (x->mean_i * x->mean_i);
    return product;
}

oss_restricted oss_restricted_mean(const oss_risk_table *table, size_t s, double tau, int moments)
{
    const size_t start = table->start[s], end = table->start[s + 1];
    running curve = { 1, 0, 0, 0, 0 };
    random_area low = { .mean_s = 1 }, high = { .mean_s = 1 };
    double from = 0, at_risk = table->n_risk[start];
    for (size_t k = start; from < tau; k++) {
        const double to = k < end && table->time[k] < tau ? table->time[k] : tau;
        const double span = to - from, share = span / tau;
        running_span(&curve, span);
        if (moments) {
            high.var_i += share * (2 * high.covariance + share * high.var_s);
            high.covariance += share * high.var_s;
            high.mean_i += share * high.mean_s;
            low.mean_j += share * at_risk / (at_risk + 1);
            low.sd_j += share * sd_of_next(at_risk);
        }
        from = to;
        if (k >= end || table->time[k] >= tau)
            break;
        const double n = table->n_risk[k], d = table->n_event[k];
        if (d > 0) {
            running_events(&curve, n, d);
            if (moments) {
                high_events(&high, n, d);
                low_events(&low, n, d);
            }
        }
        at_risk = n - d - table->n_censor[k];
    }
    add_stretch(&low, low.mean_j, low.sd_j * low.sd_j);
    /* A tied run has its smallest time in the table. */
    const int known = tau - table->time[end - 1] <= 1.5e-8 * tau || curve.survival == 0;
    const oss_restricted result = { curve.area, curve.aaw, known, moments_of(&low),
                                    moments_of(&high) };
    return result;
}

size_t oss_restricted_pool(const oss_risk_table *table, size_t first, size_t second, double tau,
                           double *time, double *n_event, double *n_censor)
{
    size_t i = table->start[first], j = table->start[second], m = 0;
    const size_t end_i = table->start[first + 1], end_j = table->start[second + 1];
    while (i < end_i || j < end_j) {
        const double t_i = i < end_i ? table->time[i] : INFINITY;
        const double t_j = j < end_j ? table->time[j] : INFINITY;
        const double t = t_i < t_j ? t_i : t_j;
        if (t >= tau)
            break;
        time[m] = t;
        n_event[m] = n_censor[m] = 0;
        if (t_i == t) {
            n_event[m] += table->n_event[i];
            n_censor[m] += table->n_censor[i++];
        }
        if (t_j == t) {
            n_event[m] += table->n_event[j];
            n_censor[m] += table->n_censor[j++];
        }
        m++;
    }
    return m;
}

static double studentised(double value, double variance)
{
    if (value == 0 || isnan(value))
        return 0;
    return variance > 0 ? value / sqrt(variance) : copysign(INFINITY, value);
}

void oss_restricted_statistics(double tau, double mean_1, double variance_1, double mean_2,
                               double variance_2, double *out)
{
    const double lost_1 = tau - mean_1, lost_2 = tau - mean_2;
    out[0] = studentised(mean_2 - mean_1, variance_1 + variance_2);
    out[1] = studentised(log(mean_2 / mean_1),
                         variance_1 / (mean_1 * mean_1) + variance_2 / (mean_2 * mean_2));
    out[2] = -out[0];
    /* Without any time lost the log is infinite, and so is its variance: no evidence. */
    out[3] = lost_1 > 0 && lost_2 > 0
                 ? studentised(log(lost_2 / lost_1),
                               variance_1 / (lost_1 * lost_1) + variance_2 / (lost_2 * lost_2))
                 : 0;
}

/* How many of `count` rows are of the second group, when those left of it are spread at random. */
static double draw(oss_stream *stream, double count, double *left, double *left_second)
{
    double second = 0;
    for (double i = 0; i < count; i++) {
        const int is_second = oss_stream_below(stream, (uint32_t) *left) < *left_second;
        *left -= 1;
        *left_second -= is_second;
        second += is_second;
    }
    return second;
}

oss_status oss_restricted_replicate(const void *labels, void *work, oss_stream *stream, size_t b,
                                    double *out, oss_error *err)
{
    const oss_restricted_labels *rows = labels;
    running first = { 1, 0, 0, 0, 0 }, second = first;
    double left = rows->n_first + rows->n_second, left_second = rows->n_second, from = 0;
    (void) work;
    (void) b;
    (void) err;
    for (size_t k = 0; k < rows->n_time; k++) {
        const double span = rows->time[k] - from;
        running_span(&first, span);
        running_span(&second, span);
        from = rows->time[k];
        const double n_1 = left - left_second, n_2 = left_second, d = rows->n_event[k];
        const double d_2 = draw(stream, d, &left, &left_second);
        if (d_2 > 0)
            running_events(&second, n_2, d_2);
        if (d > d_2)
            running_events(&first, n_1, d - d_2);
        draw(stream, rows->n_censor[k], &left, &left_second);
    }
    running_span(&first, rows->tau - from);
    running_span(&second, rows->tau - from);
    oss_restricted_statistics(rows->tau, first.area, first.aaw, second.area, second.aaw, out);
    return OSS_OK;
}
