#include "permutation_remainder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Remainders of a draw, adding to 0; returns what the lattice moved by. */
static double remainders(const oss_draw *draw, double step, double *e)
{
    double mean = 0;
    for (size_t i = 0; i < draw->n; i++) {
        const double above = draw->score[i] - draw->score[0];
        e[i] = above - step * nearbyint(above / step);
        mean += e[i] / (double) draw->n;
    }
    for (size_t i = 0; i < draw->n; i++)
        e[i] -= mean;
    return draw->score[0] + mean;
}

/* Log of the mean of exp(a sum) over the subsets of m of e[n]: means of the products of k of the
 * first i factors, from k = 0 up. mean: [m + 1]. */
static double log_mean(const double *e, size_t n, size_t m, double a, double *mean)
{
    memset(mean, 0, (m + 1) * sizeof *mean);
    mean[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        const double factor = exp(a * e[i - 1]);
        for (size_t k = i < m ? i : m; k > 0; k--)
            mean[k] = ((double) (i - k) * mean[k] + (double) k * factor * mean[k - 1]) / (double) i;
    }
    return log(mean[m]) + 1e-9; /* more than rounding can take away */
}

static void moments(const oss_permutation_law *law, double step, double *e, oss_remainder *r)
{
    double of_e = 0, both = 0, of_v = 0;
    for (size_t s = 0; s < law->n_draw; s++) {
        const oss_draw *draw = law->draw + s;
        const double n = (double) draw->n, m = (double) draw->m;
        const double scale = m * (n - m) / (n * (n - 1));
        r->offset += m * remainders(draw, step, e);
        for (size_t i = 0; i < draw->n; i++) {
            const double v = draw->score[i] - e[i]; /* both add to 0 */
            of_e += scale * e[i] * e[i];
            both += scale * e[i] * v;
            of_v += scale * v * v;
        }
        qsort(e, draw->n, sizeof *e, by_value);
        for (size_t i = 0; i < draw->m; i++) {
            r->least += e[i];
            r->most += e[draw->n - 1 - i];
        }
    }
    r->slope = of_v > 0 ? both / of_v : 0;
    r->sd = sqrt(fmax(of_e - r->slope * both, 1e-6 * of_e));
}

oss_status oss_remainder_new(const oss_permutation_law *law, double step, int law_of_e,
                             oss_remainder *r, oss_error *err)
{
    memset(r, 0, sizeof *r);
    size_t n = 0, m = 0;
    for (size_t s = 0; s < law->n_draw; s++) {
        n = law->draw[s].n > n ? law->draw[s].n : n;
        m = law->draw[s].m > m ? law->draw[s].m : m;
    }
    double *e = oss_calloc(n, sizeof *e), *work = oss_calloc(m + 1, sizeof *work);
    oss_status status = OSS_OK;
    if (!e || !work)
        status = oss_no_memory(err);
    else {
        moments(law, step, e, r);
        const double rounding = 1e-13 * (double) law->n * law->range;
        r->most += rounding;
        r->least -= rounding;
        for (int p = 0; p < OSS_REMAINDER_POINTS && law_of_e && r->sd > rounding; p++) {
            r->a[p] = (2 + 0.5 * p) / r->sd;
            for (size_t s = 0; s < law->n_draw; s++) {
                const oss_draw *draw = law->draw + s;
                (void) remainders(draw, step, e);
                r->log_up[p] += log_mean(e, draw->n, draw->m, r->a[p], work);
                r->log_down[p] += log_mean(e, draw->n, draw->m, -r->a[p], work);
            }
        }
    }
    oss_free(work);
    oss_free(e);
    return status;
}

/* The least u with P(E > u) <= exp(log_beyond), of all that the points and the extreme give. */
static double reach_of(const double *a, const double *log_mean_exp, double extreme,
                       double log_beyond)
{
    double least = extreme;
    for (int p = 0; p < OSS_REMAINDER_POINTS; p++)
        if (a[p] > 0)
            least = fmin(least, (log_mean_exp[p] - log_beyond) / a[p]);
    return fmax(least, 0);
}

oss_reach oss_remainder_reach(const oss_remainder *r, double x, double sd)
{
    const double z = x / sd, density = exp(-0.5 * z * z) / (2.5066282746310002 * sd);
    oss_reach best = { r->most, -r->least, 0 };
    double width = (best.up + best.down) * density;
    for (int digits = 3; digits <= 16; digits++) {
        const double beyond = pow(10, -digits);
        const double up = reach_of(r->a, r->log_up, r->most, log(beyond));
        const double down = reach_of(r->a, r->log_down, -r->least, log(beyond));
        if ((up + down) * density + 2 * beyond < width) {
            width = (up + down) * density + 2 * beyond;
            best = (oss_reach){ up, down, beyond };
        }
    }
    return best;
}
