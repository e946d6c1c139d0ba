#include "interval_scores.h"

#include <math.h>

/* x log x, continuous at 0. */
static double entropy(double x) { return x > 0 ? x * log(x) : 0; }

void oss_interval_scores(size_t n, const uint32_t *lo, const uint32_t *hi, size_t m,
                         const double *mass, oss_interval_score_kind kind, double *work,
                         double *score)
{
    double *survival = work, *hazard = work + m + 1;
    survival[m] = 0;
    for (size_t j = m; j-- > 0;)
        survival[j] = survival[j + 1] + mass[j];
    const double all = survival[0];
    for (size_t j = 0; j < m; j++)
        survival[j] /= all;
    hazard[0] = 0;
    for (size_t j = 0; j < m; j++)
        hazard[j + 1] = hazard[j] + (survival[j] > 0 ? 1 - survival[j + 1] / survival[j] : 0);
    for (size_t i = 0; i < n; i++) {
        const double a = survival[lo[i]], b = survival[hi[i]];
        if (kind == OSS_SCORES_WILCOXON)
            score[i] = a + b - 1;
        else if (kind == OSS_SCORES_FINKELSTEIN)
            score[i] = (entropy(a) - entropy(b)) / (a - b);
        else
            score[i] = (b * hazard[hi[i]] - a * hazard[lo[i]]) / (a - b);
    }
}
