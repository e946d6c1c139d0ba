#include "npmle_problem.h"

#include <math.h>
#include <string.h>

/* Where the NPMLE starts from: the closed form if there is one, else a support that all rows meet.
 */

/* So few cells start in the support all together. */
enum { ALL_CELLS = 48, EM_STEPS = 8 };

/* Expectation-maximisation: mass times d_j / N. */
void npmle_em_step(oss_npmle *q)
{
    npmle_slopes(q);
    const double total = npmle_total(q);
    for (size_t j = 0; j < q->k; j++)
        q->mass[j] *= 1 + q->slope[j] / total;
    npmle_rescale(q);
}

/* Product-limit masses where all rows are exact or right-censored (reverse = 0), or exact or
 * left-censored (reverse = 1); returns 0 if they are not. Logarithms keep the product exact. */
int npmle_product_limit(oss_npmle *q, int reverse)
{
    const size_t m = q->m;
    double *exact = q->trial,
           *gone = q->d; /* gone[j]: censored so that cell j is the first covered */
    memset(exact, 0, m * sizeof *exact);
    memset(gone, 0, m * sizeof *gone);
    for (size_t i = 0; i < q->n; i++) {
        const size_t lo = reverse ? m - q->hi[i] : q->lo[i];
        const size_t hi = reverse ? m - q->lo[i] : q->hi[i];
        if (hi - lo == 1)
            exact[lo] += q->weight[i];
        else if (hi == m)
            gone[lo] += q->weight[i];
        else
            return 0;
    }
    sum2 log_survival = { 0, 0 }, at_risk = { 0, 0 };
    at_risk = sum2_add(at_risk, q->total);
    q->k = 0;
    for (size_t j = 0; j < m; j++) {
        at_risk = sum2_add(at_risk, -gone[j]);
        const double y = sum2_value(at_risk), survival = exp(sum2_value(log_survival));
        double mass = 0;
        if (j + 1 == m || exact[j] >= y)
            mass = survival;
        else if (exact[j] > 0)
            mass = survival * exact[j] / y;
        if (mass > 0) {
            q->cell[q->k] = (uint32_t) j;
            q->mass[q->k++] = mass;
        }
        if (j + 1 == m || exact[j] >= y)
            break;
        log_survival = sum2_add(log_survival, log1p(-exact[j] / y));
        at_risk = sum2_add(at_risk, -exact[j]);
    }
    for (size_t a = 0, b = q->k; reverse && a < b--; a++) {
        const uint32_t cell = (uint32_t) (m - 1) - q->cell[a];
        const double mass = q->mass[a];
        q->cell[a] = (uint32_t) (m - 1) - q->cell[b];
        q->mass[a] = q->mass[b];
        q->cell[b] = cell;
        q->mass[b] = mass;
    }
    npmle_cumulate(q);
    return 1;
}

/* A support that every row meets: the ends of a greedy piercing, and evenly spaced cells. */
void npmle_first_support(oss_npmle *q)
{
    const size_t m = q->m;
    uint32_t *latest = q->rank; /* 1 + the largest lo of the rows that end at a cell */
    memset(latest, 0, (m + 1) * sizeof *latest);
    for (size_t i = 0; i < q->n; i++)
        latest[q->hi[i]] = q->lo[i] + 1 > latest[q->hi[i]] ? q->lo[i] + 1 : latest[q->hi[i]];
    const size_t every = m <= ALL_CELLS ? 1 : (size_t) ((double) m / (6 * cbrt((double) m))) + 1;
    q->k = 0;
    size_t pierced = 0; /* 1 + the last pierced cell */
    for (size_t c = 0; c < m; c++) {
        const int pierce = latest[c + 1] > pierced;
        if (pierce)
            pierced = c + 1;
        if (pierce || c % every == every / 2)
            q->cell[q->k++] = (uint32_t) c;
    }
    for (size_t j = 0; j < q->k; j++)
        q->mass[j] = 1 / (double) q->k;
    npmle_rescale(q);
    npmle_look(q);
    for (int step = 0; step < EM_STEPS; step++)
        npmle_em_step(q);
}
