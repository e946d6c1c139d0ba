#include "fine_gray_model.h"

#include <math.h>

/* The score is a sum over rows of integrals of f dM, f = x_i - m(t) in the columns of beta; the
 * cumulative hazard adds columns with f = [t <= time] / S0(t). Both are x_i - column(t), x_i being
 * 0 in the added ones, so one pass serves all. */
typedef struct {
    const oss_fine_gray *m;
    size_t k;                     /* columns */
    double *column;               /* [n_event * k] */
    double *before, *later;       /* its sums: see oss_fg_accumulate */
    double *censoring, *entering; /* [(changes + n_group) * k] what estimating each factor adds */
} influence;

static size_t group_of(const oss_fine_gray *m, size_t i) { return m->group ? m->group[i] : 0; }

/* Adds `sign` * q of one stratum and group at its present state: the sum over those who failed from
 * another cause (sums `carried` of their weights at the next event) of what they are expected to
 * contribute from that event on. */
static void add_q(const influence *f, const double *carried, size_t cell, int more, double sign,
                  double *to)
{
    const size_t p = f->m->p;
    if (!more || !(carried[0] > 0))
        return;
    const double hazard = f->m->later[cell], *later = f->later + cell * f->k;
    for (size_t c = 0; c < f->k; c++)
        to[c] += sign * ((c < p ? carried[c + 1] * hazard : 0) - carried[0] * later[c]);
}

/* q(u) by its changes, at each group's own times: to a curve's position, counting from its first.
 */
static void collect_q(const influence *f, double *carried)
{
    const oss_fine_gray *m = f->m;
    const size_t p = m->p, width = p + 1;
    for (size_t s = 0; s < m->n_stratum; s++) {
        const size_t end = m->event_start[s + 1], n_local = m->n_local[s];
        const uint32_t *groups = m->local_group + m->local_start[s];
        size_t e = m->event_start[s];
        if (n_local == 0 || e == end)
            continue;
        for (size_t k = 0; k < n_local * width; k++)
            carried[k] = 0;
        for (size_t i = m->row_start[s], next; i < m->row_start[s + 1]; i = next) {
            const uint32_t now = m->exit[i];
            int any = e < end && m->event_time[e] == now;
            for (next = i; next < m->row_start[s + 1] && m->exit[next] == now; next++)
                any = any || m->join[next] > 0;
            if (!any)
                continue;
            const int event = e < end && m->event_time[e] == now;
            for (int pass = 0; pass < 2; pass++) {
                /* Take off the old state, put on the new one. */
                const double sign = pass ? 1 : -1;
                for (size_t l = 0; l < n_local; l++) {
                    const size_t g = groups[l];
                    const size_t cell = e < end ? oss_fg_cell(m, s, e, l) : 0;
                    /* u > X and u <= t: in force for changes after now. */
                    add_q(f, carried + l * width, cell, e < end, sign,
                          f->censoring +
                              (oss_product_limit_seek(&m->censoring, g, now + 1) + g) * f->k);
                    /* A row enters just after its entry: u >= X and u < t. */
                    if (m->entry)
                        add_q(f, carried + l * width, cell, e < end, sign,
                              f->entering +
                                  (oss_product_limit_seek(&m->entering, g, now) + g) * f->k);
                }
                if (pass)
                    break;
                if (event) {
                    e++;
                    for (size_t l = 0; l < n_local; l++)
                        for (size_t j = 0; j < width; j++)
                            carried[l * width + j] *=
                                e < end ? m->ratio[oss_fg_cell(m, s, e, l)] : 0;
                }
                for (size_t r = i; r < next; r++)
                    if (m->join[r] > 0) {
                        double *own = carried + oss_fg_local(m, r) * width;
                        const double risk = m->risk[r] * m->join[r];
                        own[0] += risk;
                        for (size_t j = 0; j < p; j++)
                            own[j + 1] += risk * m->x[r * p + j];
                    }
            }
        }
    }
}

/* From changes of q to what a row adds: at position j (+ group) the sum over the curve's times
 * before j of q dN / Y^2, and in `own` q / Y at the time itself. */
static void finish_curve(const influence *f, const oss_product_limit *curve, double *sums,
                         double *own)
{
    const size_t k = f->k;
    for (size_t g = 0; g < f->m->n_group; g++) {
        double *q = sums + (curve->start[g] + g) * k;
        for (size_t c = 0; c < k; c++) {
            double level = 0, sum = 0;
            for (size_t j = curve->start[g]; j < curve->start[g + 1]; j++) {
                double *here = q + (j - curve->start[g]) * k + c;
                level += *here;
                *here = sum;
                own[j * k + c] = level / curve->risk[j];
                sum += level / curve->risk[j] * (curve->events[j] / curve->risk[j]);
            }
            q[(curve->start[g + 1] - curve->start[g]) * k + c] = sum;
        }
    }
}

/* The row's term, not yet times its weight. */
static void row_term(const influence *f, size_t s, size_t i, const double *own_censoring,
                     const double *own_entering, double *term)
{
    const oss_fine_gray *m = f->m;
    const size_t k = f->k, p = m->p, g = group_of(m, i), begin = m->event_start[s];
    const size_t bin = m->bin[i], first = m->first ? m->first[i] : begin;
    const double *x = m->x + i * p, risk = m->risk[i] / oss_fg_weight(m, i);
    double expected = 0;
    const double *late = NULL, *hi = NULL, *lo = NULL;
    if (first < bin) {
        expected = m->hazard[bin + s] - m->hazard[first + s];
        hi = f->before + (bin + s) * k;
        lo = f->before + (first + s) * k;
    }
    if (m->join[i] > 0) {
        const size_t cell = oss_fg_cell(m, s, bin, oss_fg_local(m, i));
        expected += m->join[i] * m->later[cell];
        late = f->later + cell * k;
    }
    for (size_t c = 0; c < k; c++) {
        const double xc = c < p ? x[c] : 0;
        double sum = -xc * expected;
        if (hi)
            sum += hi[c] - lo[c];
        if (late)
            sum += m->join[i] * late[c];
        term[c] = risk * sum;
        if (m->kind[i] == 1)
            term[c] += xc - f->column[(bin - 1) * k + c];
    }
    /* Censoring: dN / Y at the row's own time, less the sum over the times it was at risk. */
    const oss_product_limit *curve = &m->censoring;
    const size_t to = oss_product_limit_seek(curve, g, m->exit[i] + 1);
    const size_t from =
        m->entry ? oss_product_limit_seek(curve, g, m->entry[i] + 1) : curve->start[g];
    for (size_t c = 0; c < k; c++) {
        if (m->kind[i] == 0)
            term[c] += own_censoring[(to - 1) * k + c];
        term[c] -= f->censoring[(to + g) * k + c] - f->censoring[(from + g) * k + c];
    }
    if (!m->entry)
        return;
    curve = &m->entering;
    const size_t at = oss_product_limit_seek(curve, g, m->entry[i]);
    const size_t until = oss_product_limit_seek(curve, g, m->exit[i]);
    for (size_t c = 0; c < k; c++) {
        term[c] -= own_entering[at * k + c];
        term[c] += f->entering[(until + g) * k + c] - f->entering[(at + g) * k + c];
    }
}

static void add_square(size_t k, double weight, const double *term, double *variance)
{
    for (size_t a = 0; a < k; a++) {
        const double part = weight * term[a];
        for (size_t b = 0; b <= a; b++)
            variance[a * k + b] += part * term[b];
    }
}

/* The columns of the score, and of the cumulative hazard at each time. */
static void fill_columns(influence *f, size_t stratum, size_t n_time, const double *time,
                         double *hazard, double *gradient_time)
{
    const oss_fine_gray *m = f->m;
    const size_t p = m->p, k = f->k, width = p + 1;
    const double unit = exp(-m->shift); /* the hazard was scaled by its inverse */
    for (size_t e = 0; e < m->n_event; e++)
        for (size_t c = 0; c < k; c++)
            f->column[e * k + c] = c < p ? m->sums[e * width + 1 + c] : 0;
    for (size_t t = 0; t < n_time; t++) {
        hazard[t] = 0;
        for (size_t j = 0; j < p; j++)
            gradient_time[t * p + j] = 0;
        for (size_t e = m->event_start[stratum];
             e < m->event_start[stratum + 1] && m->time[m->event_time[e]] <= time[t]; e++) {
            const double jump = m->sums[e * width] * unit;
            f->column[e * k + p + t] = -jump / m->event_weight[e];
            hazard[t] += jump;
            for (size_t j = 0; j < p; j++)
                gradient_time[t * p + j] -= jump * m->sums[e * width + 1 + j];
        }
    }
}

oss_status oss_fine_gray_variance(oss_fine_gray *m, size_t stratum, size_t n_time,
                                  const double *time, double *variance, double *hazard,
                                  double *gradient_time, oss_error *err)
{
    const size_t k = m->p + n_time, n_cell = m->cell_start[m->n_stratum];
    const size_t n_censoring = m->censoring.start[m->n_group];
    const size_t n_entering = m->entry ? m->entering.start[m->n_group] : 0;
    size_t most_local = 0;
    for (size_t s = 0; s < m->n_stratum; s++)
        most_local = m->n_local[s] > most_local ? m->n_local[s] : most_local;
    for (size_t a = 0; a < k * k; a++)
        variance[a] = 0;
    influence f = { .m = m, .k = k };
    const size_t doubles = k ? k * sizeof(double) : 1;
    f.column = oss_calloc(m->n_event, doubles);
    f.before = oss_calloc(m->n_event + m->n_stratum, doubles);
    f.later = oss_calloc(n_cell, doubles);
    f.censoring = oss_calloc(n_censoring + m->n_group, doubles);
    f.entering = oss_calloc(n_entering + m->n_group, doubles);
    double *own_censoring = oss_calloc(n_censoring, doubles);
    double *own_entering = oss_calloc(n_entering, doubles);
    double *carried = oss_calloc(most_local, (m->p + 1) * sizeof *carried);
    double *term = oss_calloc(1, doubles);
    double *by_cluster = oss_calloc(m->n_cluster, doubles);
    oss_status status = OSS_OK;
    if (!f.column || !f.before || !f.later || !f.censoring || !f.entering || !own_censoring ||
        !own_entering || !carried || !term || !by_cluster) {
        status = oss_no_memory(err);
        goto done;
    }
    fill_columns(&f, stratum, n_time, time, hazard, gradient_time);
    oss_fg_accumulate(m, k, f.column, k, f.before, f.later);
    collect_q(&f, carried);
    finish_curve(&f, &m->censoring, f.censoring, own_censoring);
    if (m->entry)
        finish_curve(&f, &m->entering, f.entering, own_entering);
    for (size_t s = 0; s < m->n_stratum; s++)
        for (size_t i = m->row_start[s]; i < m->row_start[s + 1]; i++) {
            const double w = oss_fg_weight(m, i);
            row_term(&f, s, i, own_censoring, own_entering, term);
            if (!m->cluster) {
                add_square(k, w, term, variance);
                continue;
            }
            double *sum = by_cluster + ((size_t) m->cluster[m->row[i]] - 1) * k;
            for (size_t c = 0; c < k; c++)
                sum[c] += w * term[c];
        }
    for (size_t c = 0; c < m->n_cluster; c++)
        add_square(k, 1, by_cluster + c * k, variance);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < a; b++)
            variance[b * k + a] = variance[a * k + b];
done:
    oss_free(f.column);
    oss_free(f.before);
    oss_free(f.later);
    oss_free(f.censoring);
    oss_free(f.entering);
    oss_free(own_censoring);
    oss_free(own_entering);
    oss_free(carried);
    oss_free(term);
    oss_free(by_cluster);
    return status;
}
