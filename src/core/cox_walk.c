#include "cox_model.h"

#include <math.h>
#include <string.h>

/* Moments of a row: 1, z, z z' (packed), and with v: q = z' v z, q z. */
static void row_moments(size_t p, const double *z, const double *v, double *m)
{
    m[0] = 1;
    memcpy(m + 1, z, p * sizeof *z);
    double *second = m + 1 + p, q = 0;
    for (size_t j = 0; j < p; j++) {
        double inner = 0;
        for (size_t k = j; k < p; k++)
            *second++ = z[j] * z[k];
        for (size_t k = 0; v && k < p; k++)
            inner += v[j * p + k] * z[k];
        q += inner * z[j];
    }
    if (v) {
        *second++ = q;
        for (size_t j = 0; j < p; j++)
            *second++ = q * z[j];
    }
}

oss_status cox_walk(oss_cox *cox, const double *v, cox_visit visit, void *context, oss_error *err)
{
    const size_t p = cox->p, size = 1 + p + packed(p) + (v ? 1 + p : 0);
    double *sum = oss_calloc(5 * size, sizeof *sum);
    if (sum == NULL)
        return oss_no_memory(err);
    double *rest = sum + size, *one = rest + size, *tied = one + size, *scaled = tied + size;
    for (size_t g = 0; g < cox->n_group; g++) {
        if (starts_stratum(cox, g)) {
            memset(sum, 0, 2 * size * sizeof *sum);
        } else if (cox->leave) {
            for (size_t k = cox->leave_first[g]; k < cox->leave_first[g + 1]; k++) {
                const size_t i = cox->leave[k];
                row_moments(p, cox->z + i * p, v, one);
                for (size_t m = 0; m < size; m++) {
                    const sum2 t = sum2_add((sum2){ sum[m], rest[m] }, -cox->risk[i] * one[m]);
                    sum[m] = t.s;
                    rest[m] = t.c;
                }
            }
        }
        const int many = cox->efron && group_events(cox, g) > 1;
        if (many)
            memset(tied, 0, size * sizeof *tied);
        for (size_t i = cox->group[g]; i < cox->group[g + 1]; i++) {
            row_moments(p, cox->z + i * p, v, one);
            const double r = cox->risk[i];
            if (many && i < cox->group[g] + cox->dead[g])
                for (size_t m = 0; m < size; m++)
                    tied[m] += r * one[m];
            if (cox->leave == NULL) {
                for (size_t m = 0; m < size; m++)
                    sum[m] += r * one[m];
                continue;
            }
            for (size_t m = 0; m < size; m++) {
                const sum2 t = sum2_add((sum2){ sum[m], rest[m] }, r * one[m]);
                sum[m] = t.s;
                rest[m] = t.c;
            }
        }
        const double d = group_events(cox, g);
        for (double k = 0; k < d; k++) {
            const double share = cox->efron ? k / d : 0;
            for (size_t m = 0; m < size; m++)
                scaled[m] = (sum[m] + rest[m]) - (many ? share * tied[m] : 0);
            const double inverse = 1 / scaled[0];
            for (size_t m = 1; m < size; m++)
                scaled[m] *= inverse;
            const cox_term term = { g,
                                    cox->efron ? 1 : d,
                                    share,
                                    scaled[0],
                                    scaled + 1,
                                    scaled + 1 + p,
                                    v ? scaled + 1 + p + packed(p) : NULL };
            visit(context, &term);
            if (!cox->efron)
                break;
        }
    }
    oss_free(sum);
    return OSS_OK;
}

typedef struct {
    size_t p;
    const double *v;
    double *gradient, *vm, *last; /* [p] each: v times mean, and second moments times that */
} firth;

/* The third central moments contracted with v: E[(z - m)' v (z - m) (z_j - m_j)]. */
static void add_firth(void *context, const cox_term *term)
{
    const firth *f = context;
    const size_t p = f->p;
    const double *m = term->mean;
    double mvm = 0;
    for (size_t j = 0; j < p; j++) {
        double sum = 0;
        for (size_t k = 0; k < p; k++)
            sum += f->v[j * p + k] * m[k];
        f->vm[j] = sum;
        f->last[j] = 0;
        mvm += m[j] * sum;
    }
    /* E z z' times v m. */
    const double *second = term->second;
    for (size_t j = 0; j < p; j++) {
        f->last[j] += *second++ * f->vm[j];
        for (size_t k = j + 1; k < p; k++) {
            f->last[j] += *second * f->vm[k];
            f->last[k] += *second++ * f->vm[j];
        }
    }
    for (size_t j = 0; j < p; j++)
        f->gradient[j] +=
            0.5 * term->weight *
            (term->extra[1 + j] - m[j] * term->extra[0] - 2 * (f->last[j] - m[j] * mvm));
}

oss_status cox_firth_gradient(oss_cox *cox, const double *v, double *gradient, oss_error *err)
{
    /* The chunks are done with theirs. */
    double *vm = cox->scratch;
    firth f = { cox->p, v, gradient, vm, vm + cox->p };
    return cox_walk(cox, v, add_firth, &f, err);
}

typedef struct {
    const oss_cox *cox;
    const double *g;
    double *score, *plain, *cross, *square;
} trend;

static void add_trend(void *context, const cox_term *term)
{
    const trend *t = context;
    const size_t p = t->cox->p;
    const double g = t->g[t->cox->row[t->cox->group[term->group]]];
    const double *second = term->second, *m = term->mean, *scale = t->cox->scale;
    for (size_t j = 0; j < p; j++) {
        t->score[j] -= term->weight * g * m[j] * scale[j];
        for (size_t k = j; k < p; k++) {
            const double c = term->weight * (*second++ - m[j] * m[k]) * scale[j] * scale[k];
            t->plain[j * p + k] += c;
            t->cross[j * p + k] += g * c;
            t->square[j * p + k] += g * g * c;
        }
    }
}

oss_status oss_cox_trend(oss_cox *cox, const double *beta, const double *g, double *score,
                         double *plain, double *cross, double *square, oss_error *err)
{
    const size_t p = cox->p;
    cox_standardise(cox, beta, cox->fit_work);
    oss_status status = cox_evaluate_at(cox, cox->fit_work, err);
    if (status != OSS_OK)
        return status;
    memset(score, 0, p * sizeof *score);
    memset(plain, 0, p * p * sizeof *plain);
    memset(cross, 0, p * p * sizeof *cross);
    memset(square, 0, p * p * sizeof *square);
    trend t = { cox, g, score, plain, cross, square };
    status = cox_walk(cox, NULL, add_trend, &t, err);
    if (status != OSS_OK)
        return status;
    for (size_t k = 0; k < cox->n_group; k++)
        for (size_t i = cox->group[k]; i < cox->group[k] + cox->dead[k]; i++)
            for (size_t j = 0; j < p; j++)
                score[j] += row_weight(cox, i) * g[cox->row[cox->group[k]]] * cox->z[i * p + j] *
                            cox->scale[j];
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++) {
            plain[j * p + k] = plain[k * p + j];
            cross[j * p + k] = cross[k * p + j];
            square[j * p + k] = square[k * p + j];
        }
    return OSS_OK;
}
