#include "permutation.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* Sizes of the strata and their second groups, and where each begins; checks the rows. */
static oss_status count_rows(const oss_permutation_rows *rows, size_t *size, size_t *drawn,
                             oss_error *err)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (!(fabs(rows->score[i]) <= 1e100))
            return oss_fail(err, OSS_EINVAL, i, "scores must be finite, at most 1e100 in size");
        if (rows->second[i] != 0 && rows->second[i] != 1)
            return oss_fail(err, OSS_EINVAL, i, "the second group is 1, the first 0");
        const int s = rows->stratum ? rows->stratum[i] : 1;
        if (s < 1 || (size_t) s > rows->n_stratum)
            return oss_fail(err, OSS_EINVAL, i, "a stratum is out of range");
        size[s - 1]++;
        drawn[s - 1] += (size_t) rows->second[i];
    }
    return OSS_OK;
}

/* Turns the n scores of a stratum, m of them drawn with the sum `observed`, into a draw. */
static void add_draw(oss_permutation_law *law, double *score, size_t n, size_t m, double observed)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += score[i];
    mean /= (double) n;
    law->centre += (double) m * mean;
    const int turned = m > n - m;
    double low = INFINITY, high = -INFINITY, squares = 0;
    for (size_t i = 0; i < n; i++) {
        score[i] = turned ? mean - score[i] : score[i] - mean;
        low = fmin(low, score[i]);
        high = fmax(high, score[i]);
        squares += score[i] * score[i];
    }
    if (turned)
        m = n - m;
    if (m == 0 || !(high - low > 4 * DBL_EPSILON * fmax(fabs(mean), high - low)))
        return;
    qsort(score, n, sizeof *score, by_value);
    law->at += observed - (double) (turned ? n - m : m) * mean;
    law->variance += (double) m * (double) (n - m) / ((double) n * (double) (n - 1)) * squares;
    law->range = fmax(law->range, high - low);
    law->log_size += log_choose((double) n, (double) m);
    law->draw[law->n_draw++] = (oss_draw){ n, m, score };
    law->n += n;
}

static oss_status fill(const oss_permutation_rows *rows, oss_permutation_law *law, size_t *size,
                       size_t *drawn, size_t *next, double *observed, oss_error *err)
{
    const oss_status status = count_rows(rows, size, drawn, err);
    if (status)
        return status;
    for (size_t s = 1; s < rows->n_stratum; s++)
        next[s] = next[s - 1] + size[s - 1];
    for (size_t i = 0; i < rows->n; i++) {
        const size_t s = rows->stratum ? (size_t) rows->stratum[i] - 1 : 0;
        law->score[next[s]++] = rows->score[i];
        if (rows->second[i])
            observed[s] += rows->score[i];
    }
    for (size_t s = 0; s < rows->n_stratum; s++)
        if (size[s])
            add_draw(law, law->score + next[s] - size[s], size[s], drawn[s], observed[s]);
    law->tie = 1e-9 * law->range;
    return OSS_OK;
}

oss_status oss_permutation_law_new(const oss_permutation_rows *rows, oss_permutation_law *law,
                                   oss_error *err)
{
    memset(law, 0, sizeof *law);
    const size_t n_stratum = rows->n_stratum;
    size_t *size = oss_calloc(n_stratum, 3 * sizeof *size);
    double *observed = oss_calloc(n_stratum, sizeof *observed);
    law->score = oss_calloc(rows->n, sizeof *law->score);
    law->draw = oss_calloc(n_stratum, sizeof *law->draw);
    const oss_status status =
        size && observed && law->score && law->draw
            ? fill(rows, law, size, size + n_stratum, size + 2 * n_stratum, observed, err)
            : oss_no_memory(err);
    oss_free(observed);
    oss_free(size);
    return status;
}

void oss_permutation_law_free(oss_permutation_law *law)
{
    oss_free(law->score);
    oss_free(law->draw);
    law->score = NULL;
    law->draw = NULL;
}
