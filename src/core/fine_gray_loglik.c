#include "fine_gray_model.h"

#include <math.h>

/* exp() of a linear predictor within these bounds neither overflows nor vanishes, nor do sums of
 * them. */
enum { SAFE_EXPONENT = 300 };

static double linear_predictor(const oss_fine_gray *m, const double *beta, size_t i)
{
    const size_t p = m->p;
    const double *x = m->x + i * p;
    double eta = m->offset ? m->offset[i] : 0;
    for (size_t j = 0; j < p; j++)
        eta += x[j] * beta[j];
    return eta;
}

static void clear(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 0;
}

/* Adds `risk` times (1, x) to a sum of p + 1. */
static inline void add_row(double *sum, double risk, const double *x, size_t p)
{
    sum[0] += risk;
    for (size_t j = 0; j < p; j++)
        sum[j + 1] += risk * x[j];
}

/* Weights of the rows, and their sums over those who leave at or join after each event. Writes the
 * part of the log-likelihood that belongs to the rows with an event. */
static double sum_rows(oss_fine_gray *m, const double *beta)
{
    const size_t n = m->n, p = m->p;
    double bound = 0, value = 0;
    for (size_t j = 0; j < p; j++)
        bound += fabs(beta[j]);
    m->shift = 0;
    /* The largest covariate is at most sqrt(total weight) deviations from its mean. */
    if (m->offset || !(bound * sqrt(m->total) < SAFE_EXPONENT)) {
        m->shift = -INFINITY;
        for (size_t i = 0; i < n; i++)
            m->shift = fmax(m->shift, linear_predictor(m, beta, i));
        if (!isfinite(m->shift))
            return NAN;
    }
    clear(m->sums, m->n_event * (p + 1));
    clear(m->joining, m->cell_start[m->n_stratum] * (p + 1));
    for (size_t s = 0; s < m->n_stratum; s++) {
        const size_t begin = m->event_start[s];
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            const double *x = m->x + i * p, w = oss_fg_weight(m, i);
            const double eta = linear_predictor(m, beta, i) - m->shift, risk = w * exp(eta);
            const size_t bin = m->bin[i], first = m->first ? m->first[i] : begin;
            m->risk[i] = risk;
            if (m->kind[i] == 1)
                value += w * eta;
            if (first < bin) {
                add_row(m->sums + (bin - 1) * (p + 1), risk, x, p);
                if (first > begin)
                    add_row(m->sums + (first - 1) * (p + 1), -risk, x, p);
            }
            if (m->join[i] > 0)
                add_row(m->joining + oss_fg_cell(m, s, bin, oss_fg_local(m, i)) * (p + 1),
                        risk * m->join[i], x, p);
        }
    }
    return value;
}

/* From those sums to the risk sets: backward for the rows still there, forward for those who stay
 * in by their weights. Then sums holds the jump of the hazard and the mean covariates at each
 * event. */
static double sum_events(oss_fine_gray *m)
{
    const size_t p = m->p, width = p + 1;
    double value = 0;
    for (size_t s = 0; s < m->n_stratum; s++) {
        const size_t begin = m->event_start[s], end = m->event_start[s + 1],
                     n_local = m->n_local[s];
        for (size_t e = end; e-- > begin + 1;)
            for (size_t j = 0; j < width; j++)
                m->sums[(e - 1) * width + j] += m->sums[e * width + j];
        for (size_t e = begin; e < end; e++) {
            double *sum = m->sums + e * width;
            for (size_t l = 0; l < n_local; l++) {
                const size_t cell = oss_fg_cell(m, s, e, l);
                double *carried = m->joining + cell * width;
                if (e > begin) {
                    const double *before = m->joining + (cell - n_local) * width;
                    for (size_t j = 0; j < width; j++)
                        carried[j] += m->ratio[cell] * before[j];
                }
                for (size_t j = 0; j < width; j++)
                    sum[j] += carried[j];
            }
            if (!(sum[0] > 0) || !isfinite(sum[0]))
                return NAN;
            value -= m->event_weight[e] * log(sum[0]);
            for (size_t j = 1; j < width; j++)
                sum[j] /= sum[0];
            sum[0] = m->event_weight[e] / sum[0];
        }
    }
    return value;
}

void oss_fg_accumulate(const oss_fine_gray *m, size_t n_column, const double *column, size_t stride,
                       double *before, double *later)
{
    const size_t width = m->p + 1;
    for (size_t s = 0; s < m->n_stratum; s++) {
        const size_t begin = m->event_start[s], end = m->event_start[s + 1],
                     n_local = m->n_local[s];
        for (size_t k = 0; k < n_column; k++)
            before[(begin + s) * n_column + k] = 0;
        for (size_t e = begin; e < end; e++)
            for (size_t k = 0; k < n_column; k++)
                before[(e + s + 1) * n_column + k] =
                    before[(e + s) * n_column + k] + m->sums[e * width] * column[e * stride + k];
        for (size_t e = end; e-- > begin;)
            for (size_t l = 0; l < n_local; l++) {
                const size_t cell = oss_fg_cell(m, s, e, l);
                for (size_t k = 0; k < n_column; k++) {
                    const double after = e + 1 < end ? m->ratio[cell + n_local] *
                                                           later[(cell + n_local) * n_column + k]
                                                     : 0;
                    later[cell * n_column + k] =
                        m->sums[e * width] * column[e * stride + k] + after;
                }
            }
    }
}

/* Sum over the events that row i is at risk of, with its weights, of jump * column k. */
static inline double over_events(const oss_fine_gray *m, size_t s, size_t i, size_t n_column,
                                 size_t k, const double *before, const double *later)
{
    const size_t bin = m->bin[i], first = m->first ? m->first[i] : m->event_start[s];
    double sum = 0;
    if (first < bin)
        sum = before[(bin + s) * n_column + k] - before[(first + s) * n_column + k];
    if (m->join[i] > 0)
        sum += m->join[i] * later[oss_fg_cell(m, s, bin, oss_fg_local(m, i)) * n_column + k];
    return sum;
}

/* Minus the Hessian and the score of the unpenalised log-likelihood. */
static void derivatives(const oss_fine_gray *m, double *gradient, double *information)
{
    const size_t p = m->p;
    clear(gradient, p);
    if (information)
        clear(information, p * p);
    for (size_t s = 0; s < m->n_stratum; s++)
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            const double *x = m->x + i * p;
            const double expected = m->risk[i] * over_events(m, s, i, 1, 0, m->hazard, m->later);
            const double residual = (m->kind[i] == 1 ? oss_fg_weight(m, i) : 0) - expected;
            for (size_t j = 0; j < p; j++)
                gradient[j] += residual * x[j];
            if (information && expected > 0)
                for (size_t j = 0; j < p; j++) {
                    const double part = expected * x[j];
                    for (size_t k = 0; k <= j; k++)
                        information[j * p + k] += part * x[k];
                }
        }
    if (!information)
        return;
    for (size_t e = 0; e < m->n_event; e++) {
        const double *mean = m->sums + e * (p + 1) + 1;
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++)
                information[j * p + k] -= m->event_weight[e] * mean[j] * mean[k];
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++)
            information[k * p + j] = information[j * p + k];
}

/* Half the derivative of log|information|, given the information's inverse. With means m and
 * variances V of the covariates over the risk sets it is half the sum over events of d E[(x - m)' J
 * (x - m) (x - m)], multiplied out so that it needs one pass over the rows and no third moments. */
static void penalty_gradient(const oss_fine_gray *m, const double *inverse, double *gradient)
{
    const size_t p = m->p, width = p + 1;
    double *jx = m->work, *carried = jx + p;
    oss_fg_accumulate(m, p, m->sums + 1, width, m->mean_before, m->mean_later);
    clear(gradient, p);
    for (size_t s = 0; s < m->n_stratum; s++)
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            const double *x = m->x + i * p, risk = m->risk[i];
            const double expected = risk * over_events(m, s, i, 1, 0, m->hazard, m->later);
            if (!(expected > 0))
                continue;
            double square = 0, cross = 0;
            for (size_t j = 0; j < p; j++) {
                jx[j] = 0;
                for (size_t k = 0; k < p; k++)
                    jx[j] += inverse[j * p + k] * x[k];
                carried[j] = risk * over_events(m, s, i, p, j, m->mean_before, m->mean_later);
                square += jx[j] * x[j];
                cross += jx[j] * carried[j];
            }
            for (size_t j = 0; j < p; j++)
                gradient[j] +=
                    0.5 * (expected * square * x[j] - square * carried[j]) - cross * x[j];
        }
    for (size_t e = 0; e < m->n_event; e++) {
        const double *mean = m->sums + e * width + 1;
        double square = 0;
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < p; k++)
                square += mean[j] * inverse[j * p + k] * mean[k];
        for (size_t j = 0; j < p; j++)
            gradient[j] += m->event_weight[e] * square * mean[j];
    }
}

/* Value, score[p] and information[p * p] (NULL allowed) without penalty. */
static double evaluate(oss_fine_gray *m, const double *beta, double *score, double *information)
{
    const double ones = 1;
    double value = sum_rows(m, beta);
    if (!isnan(value))
        value += sum_events(m);
    if (!isfinite(value))
        return -INFINITY;
    oss_fg_accumulate(m, 1, &ones, 0, m->hazard, m->later);
    derivatives(m, score, information);
    return value;
}

/* The same with penalty; inverse[p * p] is work. */
static double evaluate_firth(oss_fine_gray *m, const double *beta, double *score,
                             double *penalty_score, double *information, double *inverse)
{
    const size_t p = m->p;
    double log_det, value = evaluate(m, beta, score, information);
    if (isinf(value))
        return value;
    for (size_t k = 0; k < p * p; k++)
        inverse[k] = information[k];
    if (oss_spd_inverse(p, inverse, &log_det, NULL) != OSS_OK)
        return -INFINITY;
    penalty_gradient(m, inverse, penalty_score);
    return value + 0.5 * log_det;
}

/* The penalty's own curvature by central differences of its gradient: it only directs the steps,
 * which end where the exact gradient is 0. */
static void add_penalty_hessian(oss_fine_gray *m, const double *beta, double *hessian)
{
    const size_t p = m->p;
    const double step = 1e-4;
    double *score = m->work + 2 * p, *low = score + p, *high = low + p, *at = high + p,
           *information = at + p, *inverse = information + p * p, *own = inverse + p * p;
    for (size_t j = 0; j < p; j++)
        at[j] = beta[j];
    for (size_t j = 0; j < p; j++) {
        at[j] = beta[j] - step;
        int defined = isfinite(evaluate_firth(m, at, score, low, information, inverse));
        at[j] = beta[j] + step;
        defined = defined && isfinite(evaluate_firth(m, at, score, high, information, inverse));
        at[j] = beta[j];
        if (!defined)
            return;
        for (size_t k = 0; k < p; k++)
            own[j * p + k] = (high[k] - low[k]) / (2 * step);
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            hessian[j * p + k] += 0.5 * (own[j * p + k] + own[k * p + j]);
}

oss_status oss_fine_gray_loglik(void *context, const double *beta, double *value, double *gradient,
                                double *hessian, oss_error *err)
{
    oss_fine_gray *m = context;
    const size_t p = m->p;
    double *score = m->work + 6 * p + 3 * p * p, *penalty = score + p, *information = penalty + p,
           *inverse = information + p * p;
    (void) err;
    *value = m->firth ? evaluate_firth(m, beta, score, penalty, information, inverse)
                      : evaluate(m, beta, score, hessian ? information : NULL);
    if (!isfinite(*value))
        return OSS_OK;
    for (size_t j = 0; gradient && j < p; j++)
        gradient[j] = score[j] + (m->firth ? penalty[j] : 0);
    if (hessian) {
        for (size_t k = 0; k < p * p; k++)
            hessian[k] = -information[k];
        if (m->firth)
            add_penalty_hessian(m, beta, hessian);
    }
    return OSS_OK;
}

oss_status oss_fine_gray_set_firth(oss_fine_gray *m, int firth, oss_error *err)
{
    m->firth = firth;
    if (!firth || m->mean_before)
        return OSS_OK;
    m->mean_before = oss_calloc(m->n_event + m->n_stratum, (m->p + 1) * sizeof *m->mean_before);
    m->mean_later = oss_calloc(m->cell_start[m->n_stratum], (m->p + 1) * sizeof *m->mean_later);
    return m->mean_before && m->mean_later ? OSS_OK : oss_no_memory(err);
}

oss_status oss_fine_gray_at(oss_fine_gray *m, const double *beta, double *information, int *stratum,
                            double *time, double *n_event, double *jump, oss_error *err)
{
    double *score = m->work;
    if (!isfinite(evaluate(m, beta, score, information)))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the log-likelihood is not finite");
    for (size_t s = 0; s < m->n_stratum; s++)
        for (size_t e = m->event_start[s]; e < m->event_start[s + 1]; e++) {
            if (stratum)
                stratum[e] = (int) s;
            if (time)
                time[e] = m->time[m->event_time[e]];
            if (n_event)
                n_event[e] = m->event_weight[e];
            if (jump)
                jump[e] = m->sums[e * (m->p + 1)] * exp(-m->shift);
        }
    return OSS_OK;
}
