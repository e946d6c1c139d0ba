#include "cox_model.h"

#include <math.h>
#include <string.h>

/* For each group, going back in time: with the sums of the risk set s and of the group's events t,
 * lived[p] = sum over its events of mean / s0 (hazard times mean), spared[p] the share of it that a
 * tied event is not exposed to, centre[p] the mean of the means. */
typedef struct {
    const oss_cox *cox;
    double *lived, *spared, *centre; /* [n_group * p]; spared and centre NULL: not wanted */
    double *variance;                /* [n_group] sum over the events of 1 / s0^2, or NULL */
} group_means;

static void add_means(void *context, const cox_term *term)
{
    group_means *m = context;
    const size_t p = m->cox->p, at = term->group * p;
    const double one = term->weight / term->sum;
    const double d = group_events(m->cox, term->group);
    for (size_t j = 0; j < p; j++) {
        m->lived[at + j] += one * term->mean[j];
        if (m->spared)
            m->spared[at + j] += term->share * one * term->mean[j];
        if (m->centre)
            m->centre[at + j] += term->weight / d * term->mean[j];
    }
    if (m->variance)
        m->variance[term->group] += one / term->sum;
}

/* Sums from the stratum's first time on, in place. */
static void cumulate(const oss_cox *cox, size_t width, const double *own, double *from_start)
{
    for (size_t g = cox->n_group; g-- > 0;) {
        const int last = g + 1 == cox->n_group || starts_stratum(cox, g + 1);
        for (size_t j = 0; j < width; j++)
            from_start[g * width + j] =
                own[g * width + j] + (last ? 0 : from_start[(g + 1) * width + j]);
    }
}

oss_status oss_cox_residuals(oss_cox *cox, const double *beta, double *martingale, double *score,
                             double *schoenfeld, oss_error *err)
{
    const size_t n = cox->n, p = cox->p, m = cox->n_group;
    cox_standardise(cox, beta, cox->fit_work);
    oss_status status = cox_evaluate_at(cox, cox->fit_work, err);
    if (status != OSS_OK)
        return status;
    double *space = oss_calloc(m, (4 * p + 1) * sizeof *space);
    if (space == NULL)
        return oss_no_memory(err);
    double *lived = space, *spared = lived + m * p, *centre = spared + m * p,
           *cumulated = centre + m * p, *hazard = cumulated + m * p;
    group_means means = { .cox = cox, .lived = lived, .spared = spared, .centre = centre };
    status = score || schoenfeld ? cox_walk(cox, NULL, add_means, &means, err) : OSS_OK;
    if (status != OSS_OK) {
        oss_free(space);
        return status;
    }
    cumulate(cox, p, lived, cumulated);
    cumulate(cox, 1, cox->hazard, hazard);
    for (size_t g = 0; g < m; g++)
        for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++) {
            const int dead = i < cox->group[g] + cox->dead[g];
            const size_t row = cox->row[i];
            const double e = cox->risk[i] / row_weight(cox, i), *z = cox->z + i * p;
            const size_t stop = cox->stop ? cox->stop[i] : m;
            const int late = stop < m && !starts_stratum(cox, stop);
            const double exposed =
                hazard[g] - (late ? hazard[stop] : 0) - (dead ? cox->tied[g] : 0);
            if (martingale)
                martingale[row] = dead - e * exposed;
            for (size_t j = 0; j < p; j++) {
                const double event = dead ? z[j] - centre[g * p + j] : 0;
                const double mean = cumulated[g * p + j] - (late ? cumulated[stop * p + j] : 0) -
                                    (dead ? spared[g * p + j] : 0);
                if (score)
                    score[j * n + row] = (event - e * (z[j] * exposed - mean)) * cox->scale[j];
                if (schoenfeld)
                    schoenfeld[j * n + row] = event * cox->scale[j];
            }
        }
    oss_free(space);
    return OSS_OK;
}

typedef struct {
    const oss_cox *cox;
    /* [n_group * packed(p)]: mean over the events of the variance c of z; the sum times hazard of m
       m' - c, m the mean; what a tied event is spared of it */
    double *event, *lived, *spared;
} group_variances;

static void add_variances(void *context, const cox_term *term)
{
    const group_variances *v = context;
    const size_t p = v->cox->p, size = packed(p);
    const double one = term->weight / term->sum, d = group_events(v->cox, term->group);
    size_t at = term->group * size, i = 0;
    for (size_t j = 0; j < p; j++)
        for (size_t k = j; k < p; k++, i++, at++) {
            const double mm = term->mean[j] * term->mean[k], c = term->second[i] - mm;
            v->event[at] += term->weight / d * c;
            v->lived[at] += one * (mm - c);
            v->spared[at] += term->share * one * (mm - c);
        }
}

oss_status oss_cox_omega(oss_cox *cox, const double *beta, const int *cluster, size_t n_cluster,
                         double *omega, oss_error *err)
{
    const size_t p = cox->p, m = cox->n_group, size = packed(p);
    cox_standardise(cox, beta, cox->fit_work);
    oss_status status = cox_evaluate_at(cox, cox->fit_work, err);
    if (status != OSS_OK)
        return status;
    double *space = oss_calloc(m, (3 * size + 2 * p + 1) * sizeof *space);
    if (space == NULL)
        return oss_no_memory(err);
    double *event = space, *lived = event + m * size, *spared = lived + m * size,
           *mean = spared + m * size, *mean_spared = mean + m * p, *hazard = mean_spared + m * p,
           *moved = cox->fit_work;
    group_variances variances = { cox, event, lived, spared };
    group_means means = { .cox = cox, .lived = mean, .spared = mean_spared };
    status = cox_walk(cox, NULL, add_variances, &variances, err);
    if (status == OSS_OK)
        status = cox_walk(cox, NULL, add_means, &means, err);
    if (status != OSS_OK) {
        oss_free(space);
        return status;
    }
    cumulate(cox, size, lived, lived);
    cumulate(cox, p, mean, mean);
    cumulate(cox, 1, cox->hazard, hazard);
    memset(omega, 0, n_cluster * p * p * sizeof *omega);
    for (size_t g = 0; g < m; g++)
        for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++) {
            const int dead = i < cox->group[g] + cox->dead[g];
            const double w = row_weight(cox, i), r = cox->risk[i], *z = cox->z + i * p;
            const size_t stop = cox->stop ? cox->stop[i] : m;
            const int late = stop < m && !starts_stratum(cox, stop);
            const double exposed =
                hazard[g] - (late ? hazard[stop] : 0) - (dead ? cox->tied[g] : 0);
            double *own = omega + (size_t) (cluster[cox->row[i]] - 1) * p * p;
            for (size_t j = 0; j < p; j++)
                moved[j] = mean[g * p + j] - (late ? mean[stop * p + j] : 0) -
                           (dead ? mean_spared[g * p + j] : 0);
            for (size_t j = 0, at = 0; j < p; j++)
                for (size_t k = j; k < p; k++, at++) {
                    const double inside = lived[g * size + at] -
                                          (late ? lived[stop * size + at] : 0) -
                                          (dead ? spared[g * size + at] : 0);
                    const double part =
                        (dead ? w * event[g * size + at] : 0) +
                        r * (z[j] * z[k] * exposed - z[j] * moved[k] - moved[j] * z[k] + inside);
                    own[j * p + k] += part * cox->scale[j] * cox->scale[k];
                }
        }
    for (size_t c = 0; c < n_cluster; c++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < j; k++)
                omega[(c * p + j) * p + k] = omega[(c * p + k) * p + j];
    oss_free(space);
    return OSS_OK;
}

oss_status oss_cox_baseline(oss_cox *cox, const double *beta, int *stratum, double *time,
                            double *event, double *hazard, double *variance, double *mean,
                            oss_error *err)
{
    const size_t p = cox->p, m = cox->n_group;
    cox_standardise(cox, beta, cox->fit_work);
    oss_status status = cox_evaluate_at(cox, cox->fit_work, err);
    if (status != OSS_OK)
        return status;
    double *lived = oss_calloc(m, (p + 1) * sizeof *lived);
    if (lived == NULL)
        return oss_no_memory(err);
    double *square = lived + m * p;
    group_means means = { .cox = cox, .lived = lived, .variance = square };
    status = cox_walk(cox, NULL, add_means, &means, err);
    if (status != OSS_OK) {
        oss_free(lived);
        return status;
    }
    /* From standardised covariates and centred offset to x = 0 and offset 0. */
    double centre = cox->offset_centre;
    for (size_t j = 0; j < p; j++)
        centre += beta[j] * cox->centre[j];
    const double back = exp(-centre);
    for (size_t lo = 0, hi; lo < m; lo = hi) {
        for (hi = lo + 1; hi < m && !starts_stratum(cox, hi); hi++)
            ;
        for (size_t g = lo; g < hi; g++) {
            const size_t to = lo + hi - 1 - g;
            stratum[to] = (int) cox->stratum[g] + 1;
            time[to] = cox->time[g];
            event[to] = group_events(cox, g);
            hazard[to] = cox->hazard[g] * back;
            variance[to] = square[g] * back * back;
            for (size_t j = 0; j < p; j++)
                mean[j * m + to] =
                    (lived[g * p + j] * cox->scale[j] + cox->hazard[g] * cox->centre[j]) * back;
        }
    }
    oss_free(lived);
    return OSS_OK;
}
