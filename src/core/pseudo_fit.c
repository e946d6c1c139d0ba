#include "pseudo_fit.h"
#include "optimise.h"

#include <math.h>
#include <string.h>

typedef struct {
    double mean, slope, bend; /* mean and its first two derivatives by the linear predictor */
} at_link;

static at_link read_link(oss_link link, double eta)
{
    switch (link) {
    case OSS_LINK_LOG: {
        const double mean = exp(eta);
        return (at_link){ mean, mean, mean };
    }
    case OSS_LINK_LOGIT: {
        const double mean = 1 / (1 + exp(-eta)), slope = mean / (1 + exp(eta));
        return (at_link){ mean, slope, slope * (1 - 2 * mean) };
    }
    case OSS_LINK_CLOGLOG:
    case OSS_LINK_SURVIVAL_CLOGLOG: {
        const double hazard = exp(eta), slope = hazard < 1e3 ? hazard * exp(-hazard) : 0;
        const double bend = slope > 0 ? slope * (1 - hazard) : 0;
        if (link == OSS_LINK_CLOGLOG)
            return (at_link){ -expm1(-hazard), slope, bend };
        return (at_link){ exp(-hazard), -slope, -bend };
    }
    default:
        return (at_link){ eta, 1, 0 };
    }
}

typedef struct {
    const oss_pseudo_data *data;
    double *z; /* [q] */
} context;

static double fill_row(const oss_pseudo_data *data, size_t i, size_t k, const double *beta,
                       double *z)
{
    memset(z, 0, data->n_time * sizeof *z);
    z[k] = 1;
    double eta = beta[k];
    for (size_t j = 0; j < data->p; j++) {
        z[data->n_time + j] = data->x[j * data->n + i];
        eta += z[data->n_time + j] * beta[data->n_time + j];
    }
    return eta;
}

static void add_square(size_t q, const double *z, double w, double *a)
{
    for (size_t j = 0; j < q; j++) {
        const double scaled = w * z[j];
        if (scaled != 0)
            for (size_t l = 0; l <= j; l++)
                a[j * q + l] += scaled * z[l];
    }
}

static void mirror(size_t q, double *a)
{
    for (size_t j = 0; j < q; j++)
        for (size_t l = 0; l < j; l++)
            a[l * q + j] = a[j * q + l];
}

/* Half the sum of squares, negative: its maximum is the least squares fit. */
static oss_status evaluate(void *pointer, const double *beta, double *value, double *gradient,
                           double *hessian, oss_error *err)
{
    (void) err;
    const context *at = pointer;
    const oss_pseudo_data *data = at->data;
    const size_t q = data->n_time + data->p;
    *value = 0;
    if (gradient)
        memset(gradient, 0, q * sizeof *gradient);
    if (hessian)
        memset(hessian, 0, q * q * sizeof *hessian);
    for (size_t k = 0; k < data->n_time; k++)
        for (size_t i = 0; i < data->n; i++) {
            const double w = data->weight ? data->weight[i] : 1;
            const at_link mu = read_link(data->link, fill_row(data, i, k, beta, at->z));
            const double rest = data->y[k * data->n + i] - mu.mean;
            *value -= w * rest * rest / 2;
            if (gradient)
                for (size_t j = 0; j < q; j++)
                    gradient[j] += w * rest * mu.slope * at->z[j];
            if (hessian)
                add_square(q, at->z, w * (rest * mu.bend - mu.slope * mu.slope), hessian);
        }
    if (hessian)
        mirror(q, hessian);
    return OSS_OK;
}

/* A cluster's share of the information and its score, [q * q] lower and [q], for one of the equal
 * rows (once) or for all. */
static void add_row(const oss_pseudo_data *data, size_t i, const double *beta, double w, double *z,
                    double *information, double *score)
{
    const size_t q = data->n_time + data->p;
    for (size_t k = 0; k < data->n_time; k++) {
        const at_link mu = read_link(data->link, fill_row(data, i, k, beta, z));
        const double rest = data->y[k * data->n + i] - mu.mean;
        add_square(q, z, w * mu.slope * mu.slope, information);
        for (size_t j = 0; j < q; j++)
            score[j] += w * rest * mu.slope * z[j];
    }
}

/* robust += times * (moved moved'), moved = inverse of (all - own, or of all) times score. */
static void add_cluster(size_t q, const double *all, const double *inverse, double *own,
                        const double *score, int corrected, double times, double *moved,
                        double *robust)
{
    const double *left = inverse;
    if (corrected) {
        for (size_t j = 0; j < q; j++)
            for (size_t l = 0; l <= j; l++)
                own[j * q + l] = all[j * q + l] - own[j * q + l];
        mirror(q, own);
        if (oss_spd_inverse(q, own, NULL, NULL))
            for (size_t j = 0; j < q * q; j++)
                own[j] = NAN;
        left = own;
    }
    for (size_t j = 0; j < q; j++) {
        moved[j] = 0;
        for (size_t l = 0; l < q; l++)
            moved[j] += left[j * q + l] * score[l];
    }
    add_square(q, moved, times, robust);
    for (size_t j = 0; j < q; j++)
        if (isnan(moved[j])) /* a zero of add_square() would hide it */
            robust[j * q + j] = NAN;
}

size_t oss_pseudo_fit_work(const oss_pseudo_data *data)
{
    const size_t q = data->n_time + data->p;
    return (oss_maximise_work(q) + 3 * q * q + 3 * q) * sizeof(double) +
           (data->cluster ? data->n + data->n_cluster + 1 : 0) * sizeof(size_t);
}

/* Rows by cluster: first[c] .. first[c + 1] - 1 of order[]. */
static void sort_clusters(const oss_pseudo_data *data, size_t *first, size_t *order)
{
    memset(first, 0, (data->n_cluster + 1) * sizeof *first);
    for (size_t i = 0; i < data->n; i++)
        first[data->cluster[i]]++;
    for (size_t c = 0; c < data->n_cluster; c++)
        first[c + 1] += first[c];
    for (size_t i = data->n; i-- > 0;)
        order[--first[data->cluster[i]]] = i;
    for (size_t c = 0; c < data->n_cluster; c++) /* those of cluster c + 1 stood in first[c + 1] */
        first[c] = first[c + 1];
    first[data->n_cluster] = data->n;
}

oss_status oss_pseudo_fit(const oss_pseudo_data *data, int corrected, double *beta, double *robust,
                          void *work, oss_pseudo_result *result, const oss_hook *hook,
                          oss_error *err)
{
    const size_t q = data->n_time + data->p, square = q * q;
    double *all = work, *inverse = all + square, *own = inverse + square;
    double *score = own + square, *moved = score + q, *z = moved + q, *rest = z + q;
    context at = { data, z };
    const oss_problem problem = { evaluate, &at, q };
    const oss_optimise_control control = { .hook = hook };
    oss_optimum optimum;
    const oss_status status = oss_maximise(&problem, beta, &control, rest, &optimum, err);
    if (status)
        return status;
    *result = (oss_pseudo_result){ -2 * optimum.value, optimum.gradient, optimum.iterations,
                                   optimum.converged, optimum.diverging };

    memset(all, 0, square * sizeof *all);
    for (size_t i = 0; i < data->n; i++)
        add_row(data, i, beta, data->weight ? data->weight[i] : 1, z, all, score);
    mirror(q, all);
    memcpy(inverse, all, square * sizeof *all);
    if (oss_spd_inverse(q, inverse, NULL, NULL)) {
        result->diverging = 1;
        for (size_t j = 0; j < square; j++)
            robust[j] = NAN;
        return OSS_OK;
    }
    memset(robust, 0, square * sizeof *robust);
    size_t *first = (size_t *) (rest + oss_maximise_work(q)), *order = first + data->n_cluster + 1;
    if (data->cluster)
        sort_clusters(data, first, order);
    const size_t n_unit = data->cluster ? data->n_cluster : data->n;
    for (size_t c = 0; c < n_unit; c++) {
        enum { POLL = 1 << 12 };
        if (c % POLL == 0 && oss_stopped(hook, (double) c / (double) n_unit))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        memset(own, 0, square * sizeof *own);
        memset(score, 0, q * sizeof *score);
        double times = 1;
        if (data->cluster) {
            for (size_t i = first[c]; i < first[c + 1]; i++)
                add_row(data, order[i], beta, data->weight ? data->weight[order[i]] : 1, z, own,
                        score);
        } else {
            add_row(data, c, beta, 1, z, own, score);
            times = data->weight ? data->weight[c] : 1;
        }
        add_cluster(q, all, inverse, own, score, corrected, times, moved, robust);
    }
    mirror(q, robust);
    return OSS_OK;
}
