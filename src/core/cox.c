#include "cox_model.h"

#include <math.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

static int this_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* upper += sum over four vectors of weight * v v', upper triangle by rows. */
static void add_outer(size_t p, const double *const v[4], const double *weight, double *upper)
{
    const double *a = v[0], *b = v[1], *c = v[2], *d = v[3];
    for (size_t j = 0; j < p; j++) {
        const double wa = weight[0] * a[j], wb = weight[1] * b[j], wc = weight[2] * c[j],
                     wd = weight[3] * d[j];
        for (size_t k = j; k < p; k++)
            *upper++ += (wa * a[k] + wb * b[k]) + (wc * c[k] + wd * d[k]);
    }
}

/* The same, vectors arriving one by one. */
typedef struct {
    size_t p, n;
    double *kept; /* [4 p] */
    double weight[4];
    double *upper;
} outer;

static void outer_flush(outer *o)
{
    if (o->n == 0)
        return;
    for (size_t i = o->n; i < 4; i++)
        o->weight[i] = 0;
    const double *const v[4] = { o->kept, o->kept + (o->n > 1) * o->p,
                                 o->kept + (o->n > 2) * 2 * o->p, o->kept + (o->n > 3) * 3 * o->p };
    add_outer(o->p, v, o->weight, o->upper);
    o->n = 0;
}

static double *outer_next(outer *o, double weight)
{
    if (o->n == 4)
        outer_flush(o);
    o->weight[o->n] = weight;
    return o->kept + o->n++ * o->p;
}

/* The running sums of a risk set: s0, s1, in two doubles each where rows also leave it. */
typedef struct {
    size_t p;
    double *sum, *rest; /* [p + 1]; rest NULL: plain sums */
} risk_set;

static inline void risk_add(const risk_set *s, double r, const double *z)
{
    const size_t p = s->p;
    if (s->rest == NULL) {
        s->sum[0] += r;
        for (size_t j = 0; j < p; j++)
            s->sum[1 + j] += r * z[j];
        return;
    }
    for (size_t j = 0; j <= p; j++) {
        const sum2 t = sum2_add((sum2){ s->sum[j], s->rest[j] }, j ? r * z[j - 1] : r);
        s->sum[j] = t.s;
        s->rest[j] = t.c;
    }
}

static inline double risk_value(const risk_set *s, size_t j)
{
    return s->rest ? s->sum[j] + s->rest[j] : s->sum[j];
}

static void risk_clear(const risk_set *s)
{
    memset(s->sum, 0, (s->p + 1) * sizeof *s->sum);
    if (s->rest)
        memset(s->rest, 0, (s->p + 1) * sizeof *s->rest);
}

/* A group's rows join the risk set, those that had not entered yet at its time leave it. */
static inline void risk_step(const oss_cox *cox, const risk_set *s, size_t g)
{
    const size_t p = cox->p;
    if (starts_stratum(cox, g))
        risk_clear(s);
    else if (cox->leave)
        for (size_t k = cox->leave_first[g]; k < cox->leave_first[g + 1]; k++)
            risk_add(s, -cox->risk[cox->leave[k]], cox->z + cox->leave[k] * p);
    for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++)
        risk_add(s, cox->risk[i], cox->z + i * p);
}

static void fill_risk(oss_cox *cox, const double *beta, size_t lo, size_t hi)
{
    const size_t p = cox->p;
    for (size_t i = lo; i < hi; i++) {
        const double *z = cox->z + i * p;
        double eta = cox->offset ? cox->offset[i] : 0;
        for (size_t j = 0; j < p; j++)
            eta += beta[j] * z[j];
        cox->risk[i] = cox->weight ? cox->weight[i] * exp(eta) : exp(eta);
    }
}

/* What a chunk adds to the risk set: the sums at its end if nothing were carried in. */
static void total_chunk(oss_cox *cox, size_t c, double *total)
{
    const risk_set s = { cox->p, total, cox->leave ? total + cox->p + 1 : NULL };
    risk_clear(&s);
    for (size_t g = cox->chunk[c]; g < cox->chunk[c + 1]; g++)
        risk_step(cox, &s, g);
}

/* total, of chunk c, becomes what the next one starts with. */
static void carry_on(const oss_cox *cox, size_t c, double *total)
{
    if (c + 1 >= cox->n_chunk)
        return;
    for (size_t g = cox->chunk[c]; g < cox->chunk[c + 1]; g++)
        if (starts_stratum(cox, g))
            return;
    const double *before = total - 2 * (cox->p + 1);
    for (size_t j = 0; j <= cox->p; j++) {
        if (cox->leave) {
            const size_t low = j + cox->p + 1;
            sum2 t = sum2_add((sum2){ before[j], before[low] }, total[j]);
            t = sum2_add(t, total[low]);
            total[j] = t.s;
            total[low] = t.c;
        } else {
            total[j] += before[j];
        }
    }
}

/* Hazards of a chunk's groups, and with sums its share of the log-likelihood (sums[0]), of the
 * score (then p) and of the Gram matrix of the risk-set means (then packed(p), negative). */
static void walk_chunk(oss_cox *cox, size_t c, const double *carry, double *sums, int want_score,
                       int want_gram)
{
    const size_t p = cox->p;
    double *scratch = cox->scratch + (size_t) this_thread() * cox->n_scratch;
    const risk_set s = { p, scratch, cox->leave ? scratch + p + 1 : NULL };
    double *tied = scratch + 2 * (p + 1);
    outer gram = { p, 0, scratch + 3 * (p + 1), { 0 }, sums + 1 + p };
    memcpy(scratch, carry, 2 * (p + 1) * sizeof *scratch);
    memset(sums, 0, cox->n_sum * sizeof *sums);
    double loglik = 0;
    for (size_t g = cox->chunk[c]; g < cox->chunk[c + 1]; g++) {
        risk_step(cox, &s, g);
        cox->hazard[g] = cox->tied[g] = 0;
        if (cox->dead[g] == 0)
            continue;
        const double d = group_events(cox, g), s0 = risk_value(&s, 0);
        double d0 = 0;
        const int many = cox->efron && d > 1;
        if (many) {
            memset(tied, 0, p * sizeof *tied);
            for (size_t i = cox->group[g]; i < cox->group[g] + cox->dead[g]; i++) {
                d0 += cox->risk[i];
                for (size_t j = 0; j < p; j++)
                    tied[j] += cox->risk[i] * cox->z[i * p + j];
            }
        }
        const tie_sums t = sum_ties(cox->efron, d, s0, d0);
        loglik -= t.log_sum;
        cox->hazard[g] = t.a;
        cox->tied[g] = t.b;
        if (want_score)
            for (size_t j = 0; j < p; j++)
                sums[1 + j] -= t.a * risk_value(&s, 1 + j) - (many ? t.b * tied[j] : 0);
        if (want_gram && !many) {
            double *m = outer_next(&gram, -d);
            const double one = 1 / s0;
            for (size_t j = 0; j < p; j++)
                m[j] = risk_value(&s, 1 + j) * one;
        } else if (want_gram) {
            /* The events of a tied group, as two vectors. */
            double *m = outer_next(&gram, -t.a2);
            for (size_t j = 0; j < p; j++)
                m[j] = risk_value(&s, 1 + j) - t.b2 / t.a2 * tied[j];
            m = outer_next(&gram, -(t.c2 - t.b2 * t.b2 / t.a2));
            memcpy(m, tied, p * sizeof *m);
        }
    }
    if (want_gram)
        outer_flush(&gram);
    sums[0] = loglik;
}

/* Gram matrix of a chunk's rows, each weighted by its risk and the hazard it has lived through;
 * after: the hazard of the stratum up to the chunk. */
static void gram_chunk(oss_cox *cox, size_t c, double after, double *upper)
{
    const size_t p = cox->p;
    const double *v[4] = { cox->z, cox->z, cox->z, cox->z };
    double weight[4] = { 0 };
    size_t held = 0;
    double hazard = after;
    for (size_t g = cox->chunk[c + 1]; g-- > cox->chunk[c];) {
        hazard += cox->hazard[g];
        for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++) {
            double lived = hazard;
            if (cox->leave)
                lived = cox->cumulated[g] -
                        (cox->stop[i] < cox->n_group && !starts_stratum(cox, cox->stop[i])
                             ? cox->cumulated[cox->stop[i]]
                             : 0);
            if (i < cox->group[g] + cox->dead[g])
                lived -= cox->tied[g];
            v[held] = cox->z + i * p;
            weight[held] = cox->risk[i] * lived;
            if (++held == 4) {
                add_outer(p, v, weight, upper);
                held = 0;
            }
        }
        if (starts_stratum(cox, g))
            hazard = 0;
    }
    for (size_t k = held; k < 4; k++)
        weight[k] = 0;
    if (held)
        add_outer(p, v, weight, upper);
}

/* The hazard of the stratum from its first time to the end of each chunk, and by group if rows
 * enter late. */
static void carry_hazards(oss_cox *cox)
{
    double hazard = 0;
    for (size_t c = cox->n_chunk; c-- > 0;) {
        cox->carry_hazard[c] = hazard;
        for (size_t g = cox->chunk[c + 1]; g-- > cox->chunk[c];) {
            hazard += cox->hazard[g];
            if (cox->cumulated)
                cox->cumulated[g] = hazard;
            if (starts_stratum(cox, g))
                hazard = 0;
        }
    }
}

/* Log-likelihood, score, and the two Gram matrices, all by chunks. */
static void evaluate(oss_cox *cox, const double *beta, int want_score, int want_gram)
{
    const size_t p = cox->p, n_chunk = cox->n_chunk, size = 2 * (p + 1);
    const int fused = cox->n_threads == 1 && !cox->leave;
    /* Rows leave the risk set in another chunk than their own, so that risks must all be there. */
    if (!fused) {
#ifdef _OPENMP
#pragma omp parallel for num_threads(cox->n_threads) schedule(static)
#endif
        for (size_t c = 0; c < n_chunk; c++)
            fill_risk(cox, beta, cox->group[cox->chunk[c]], cox->group[cox->chunk[c + 1]]);
#ifdef _OPENMP
#pragma omp parallel for num_threads(cox->n_threads) schedule(static)
#endif
        for (size_t c = 0; c < n_chunk; c++)
            if (c + 1 < n_chunk)
                total_chunk(cox, c, cox->carry + (c + 1) * size);
    }
    memset(cox->carry, 0, size * sizeof *cox->carry);
    for (size_t c = 0; c < n_chunk; c++) {
        if (fused) {
            fill_risk(cox, beta, cox->group[cox->chunk[c]], cox->group[cox->chunk[c + 1]]);
            if (c + 1 < n_chunk)
                total_chunk(cox, c, cox->carry + (c + 1) * size);
        }
        carry_on(cox, c, cox->carry + (c + 1) * size);
        if (fused)
            walk_chunk(cox, c, cox->carry + c * size, cox->sums + c * cox->n_sum, want_score,
                       want_gram);
    }
    if (!fused) {
#ifdef _OPENMP
#pragma omp parallel for num_threads(cox->n_threads) schedule(static)
#endif
        for (size_t c = 0; c < n_chunk; c++)
            walk_chunk(cox, c, cox->carry + c * size, cox->sums + c * cox->n_sum, want_score,
                       want_gram);
    }
    if (!want_gram)
        return;
    carry_hazards(cox);
#ifdef _OPENMP
#pragma omp parallel for num_threads(cox->n_threads) schedule(static)
#endif
    for (size_t c = 0; c < n_chunk; c++)
        gram_chunk(cox, c, cox->carry_hazard[c], cox->sums + c * cox->n_sum + 1 + p);
}

oss_status cox_evaluate_at(oss_cox *cox, const double *beta, oss_error *err)
{
    evaluate(cox, beta, 0, 0);
    carry_hazards(cox);
    double total = 0;
    for (size_t g = 0; g < cox->n_group; g++)
        total += cox->hazard[g] + cox->tied[g];
    if (!isfinite(total))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the hazard is not finite at these coefficients");
    return OSS_OK;
}

void cox_standardise(const oss_cox *cox, const double *beta, double *z_beta)
{
    for (size_t j = 0; j < cox->p; j++)
        z_beta[j] = beta[j] * cox->scale[j];
}

/* Kept: the one at 0, and the last one otherwise. */
static int recall(const oss_cox *cox, const double *beta, double *value, double *gradient,
                  double *information)
{
    const size_t p = cox->p;
    for (size_t k = 0; k < 2; k++) {
        const double *own = cox->known[k] + 1;
        size_t same = 0;
        while (same < p && own[same] == beta[same])
            same++;
        if (!cox->is_known[k] || same < p)
            continue;
        *value = own[-1];
        if (gradient)
            memcpy(gradient, own + p, p * sizeof *gradient);
        if (information)
            memcpy(information, own + 2 * p, p * p * sizeof *information);
        return 1;
    }
    return 0;
}

static void remember(oss_cox *cox, const double *beta, double value, const double *gradient,
                     const double *information)
{
    const size_t p = cox->p;
    int other = 0;
    for (size_t j = 0; j < p; j++)
        other |= beta[j] != 0;
    double *own = cox->known[other];
    cox->is_known[other] = 1;
    own[0] = value;
    memcpy(own + 1, beta, p * sizeof *own);
    memcpy(own + 1 + p, gradient, p * sizeof *own);
    memcpy(own + 1 + 2 * p, information, p * p * sizeof *own);
}

double cox_plain_loglik(oss_cox *cox, const double *beta, double *gradient, double *information)
{
    const size_t p = cox->p;
    double known;
    if (recall(cox, beta, &known, gradient, information)) {
        if (cox->firth && gradient) /* whose penalty reads the risks */
            evaluate(cox, beta, 0, 0);
        return known;
    }
    evaluate(cox, beta, gradient != NULL, information != NULL);
    double value = cox->offset_total;
    for (size_t j = 0; j < p; j++)
        value += beta[j] * cox->total[j];
    if (gradient)
        memcpy(gradient, cox->total, p * sizeof *gradient);
    if (information)
        memset(information, 0, p * p * sizeof *information);
    for (size_t c = 0; c < cox->n_chunk; c++) {
        const double *sums = cox->sums + c * cox->n_sum, *upper = sums + 1 + p;
        value += sums[0];
        for (size_t j = 0; gradient && j < p; j++)
            gradient[j] += sums[1 + j];
        for (size_t j = 0; information && j < p; j++)
            for (size_t k = j; k < p; k++)
                information[j * p + k] += *upper++;
    }
    for (size_t j = 0; information && j < p; j++)
        for (size_t k = 0; k < j; k++)
            information[j * p + k] = information[k * p + j];
    if (gradient && information)
        remember(cox, beta, value, gradient, information);
    return value;
}

/* Hessian of the penalised likelihood by central differences of its gradient; left as it is where a
 * neighbour has none. The information stands in for it in larger data, where the penalty's share of
 * the curvature is small and only slows the last steps. */
enum { DIFFERENCED_ROWS = 40 };

static oss_status difference_hessian(oss_cox *cox, const double *beta, double *hessian,
                                     oss_error *err)
{
    const size_t p = cox->p;
    const double h = 1e-5;
    double *x = cox->fit_work + 2 * p * p + p, *g = x + p, *made = g + p;
    memcpy(x, beta, p * sizeof *x);
    for (size_t j = 0; j < p; j++) {
        for (int side = 0; side < 2; side++) {
            double value;
            x[j] = beta[j] + (side ? -h : h);
            const oss_status status = cox_loglik(cox, x, &value, g, NULL, err);
            if (status != OSS_OK || !isfinite(value))
                return status;
            for (size_t k = 0; k < p; k++)
                made[j * p + k] = side ? (made[j * p + k] - g[k]) / (2 * h) : g[k];
        }
        x[j] = beta[j];
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            hessian[j * p + k] = 0.5 * (made[j * p + k] + made[k * p + j]);
    return OSS_OK;
}

oss_status cox_loglik(void *context, const double *beta, double *value, double *gradient,
                      double *hessian, oss_error *err)
{
    oss_cox *cox = context;
    const size_t p = cox->p;
    double *information = cox->fit_work, *inverse = information + p * p;
    const int want_information = hessian != NULL || (cox->firth && p > 0);
    *value = cox_plain_loglik(cox, beta, gradient, want_information ? information : NULL);
    for (size_t i = 0; hessian && i < p * p; i++)
        hessian[i] = -information[i];
    if (!isfinite(*value))
        *value = -INFINITY;
    if (!cox->firth || p == 0 || !isfinite(*value))
        return OSS_OK;

    double log_det;
    memcpy(inverse, information, p * p * sizeof *inverse);
    oss_error none = OSS_ERROR_INIT;
    if (oss_spd_inverse(p, inverse, &log_det, &none) != OSS_OK) {
        *value = -INFINITY;
        return OSS_OK;
    }
    *value += 0.5 * log_det;
    if (gradient == NULL)
        return OSS_OK;
    const oss_status status = cox_firth_gradient(cox, inverse, gradient, err);
    if (status != OSS_OK || hessian == NULL || cox->n > DIFFERENCED_ROWS)
        return status;
    return difference_hessian(cox, beta, hessian, err);
}
