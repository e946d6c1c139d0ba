#include "signed_rank.h"
#include "quantile.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    double size; /* |d - theta| */
    int positive;
} signed_size;

typedef struct {
    size_t n;
    const double *d; /* ascending */
    oss_zeros zeros;
    double tie;
    signed_size *sorted; /* scratch for a shift */
    size_t *rank;        /* doubled, without those of zeros */
    size_t n_rank, n_zero;
    size_t total, positive; /* sums of doubled ranks */
    double squares;
    double *law; /* scratch of the shift algorithm */
} ranking;

static int by_size(const void *a, const void *b)
{
    const double x = ((const signed_size *) a)->size, y = ((const signed_size *) b)->size;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Doubled mid-ranks of |d - theta|. */
static void rank_about(ranking *r, double theta)
{
    size_t m = 0;
    r->n_zero = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double gap = r->d[i] - theta;
        const int zero = fabs(gap) <= r->tie;
        r->n_zero += (size_t) zero;
        if (!zero || r->zeros == OSS_ZEROS_PRATT)
            r->sorted[m++] = (signed_size){ zero ? 0 : fabs(gap), gap > 0 };
    }
    qsort(r->sorted, m, sizeof *r->sorted, by_size);
    const size_t first = r->zeros == OSS_ZEROS_PRATT ? r->n_zero : 0;
    r->n_rank = r->total = r->positive = 0;
    r->squares = 0;
    for (size_t lo = first, hi; lo < m; lo = hi) {
        hi = lo + 1;
        while (hi < m && r->sorted[hi].size - r->sorted[hi - 1].size <= r->tie)
            hi++;
        const size_t doubled = lo + 1 + hi;
        for (size_t i = lo; i < hi; i++) {
            r->rank[r->n_rank++] = doubled;
            r->total += doubled;
            r->positive += r->sorted[i].positive ? doubled : 0;
            r->squares += (double) doubled * (double) doubled;
        }
    }
}

/* P(sum of the doubled ranks of heads <= bound), each coin fair. Probabilities, not counts, so that
 * nothing overflows; sums of positive terms, so that small tails keep their digits. */
static double lower_tail(const ranking *r, size_t bound)
{
    if (bound >= r->total)
        return 1;
    /* Beyond the middle the other tail is shorter. */
    if (bound >= r->total / 2 + 1)
        return 1 - lower_tail(r, r->total - bound - 1);
    double *law = r->law;
    for (size_t k = 1; k <= bound; k++)
        law[k] = 0;
    law[0] = 1;
    size_t reach = 0;
    for (size_t i = 0; i < r->n_rank; i++) {
        const size_t step = r->rank[i];
        reach = reach + step < bound ? reach + step : bound;
        for (size_t k = reach + 1; k-- > 0;)
            law[k] = 0.5 * (law[k] + (k >= step ? law[k - step] : 0));
    }
    double sum = 0;
    for (size_t k = 0; k <= bound; k++)
        sum += law[k];
    return sum < 1 ? sum : 1;
}

static double p_greater(const ranking *r) { return lower_tail(r, r->total - r->positive); }

static double p_less(const ranking *r) { return lower_tail(r, r->positive); }

/* Is the shift theta too low for the data (their positive ranks too large) at level tail?
 * Hoeffding's bound settles far shifts without the law. */
static int too_low(ranking *r, double theta, double tail)
{
    rank_about(r, theta);
    const double above = (double) r->positive - 0.5 * (double) r->total;
    if (above > 0 && exp(-2 * above * above / r->squares) <= tail)
        return 1;
    return p_greater(r) <= tail;
}

/* The lowest shift not rejected: the Walsh averages and the stretches between them in turn. */
static oss_status exact_low(ranking *r, const double *walsh, size_t m, double tail, double *low,
                            const oss_hook *hook)
{
    *low = -INFINITY;
    const double width = 1 + fabs(walsh[0]) + fabs(walsh[m - 1]);
    if (!too_low(r, walsh[0] - width, tail))
        return OSS_OK;
    for (size_t lo = 0, hi; lo < m; lo = hi) {
        hi = lo + 1;
        while (hi < m && walsh[hi] - walsh[hi - 1] <= r->tie)
            hi++;
        if (oss_stopped(hook, 0))
            return OSS_ECANCEL;
        *low = walsh[lo];
        const double beyond = hi < m ? 0.5 * (walsh[hi - 1] + walsh[hi]) : walsh[m - 1] + width;
        if (!too_low(r, walsh[lo], tail) || !too_low(r, beyond, tail))
            break;
    }
    return OSS_OK;
}

static void negate(double *x, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const double keep = x[i];
        x[i] = -x[n - 1 - i];
        x[n - 1 - i] = -keep;
    }
    if (n % 2)
        x[n / 2] = -x[n / 2];
}

static oss_status exact_limits(ranking *r, double *d, double tail, oss_signed_rank_result *result,
                               const oss_hook *hook, oss_error *err)
{
    const size_t m = r->n * (r->n + 1) / 2;
    double *walsh = oss_calloc(m, sizeof *walsh);
    if (!walsh)
        return oss_no_memory(err);
    size_t k = 0;
    for (size_t i = 0; i < r->n; i++)
        for (size_t j = i; j < r->n; j++)
            walsh[k++] = 0.5 * d[i] + 0.5 * d[j];
    qsort(walsh, m, sizeof *walsh, by_value);
    result->estimate = m % 2 ? walsh[m / 2] : 0.5 * (walsh[m / 2 - 1] + walsh[m / 2]);
    oss_status status = exact_low(r, walsh, m, tail, &result->low, hook);
    if (!status) {
        negate(d, r->n);
        negate(walsh, m);
        status = exact_low(r, walsh, m, tail, &result->high, hook);
        result->high = -result->high;
    }
    oss_free(walsh);
    return status ? oss_fail(err, status, OSS_NO_INDEX, "stopped by the caller") : OSS_OK;
}

/* How many Walsh averages are at most v; *above: the smallest beyond. d ascending. */
static double walsh_up_to(const double *d, size_t n, double v, double *above)
{
    double count = 0;
    size_t j = n;
    *above = INFINITY;
    for (size_t i = 0; i < n; i++) {
        while (j > 0 && 0.5 * d[i] + 0.5 * d[j - 1] > v)
            j--;
        if (j > i)
            count += (double) (j - i);
        const size_t next = j > i ? j : i;
        if (next < n)
            *above = fmin(*above, 0.5 * d[i] + 0.5 * d[next]);
    }
    return count;
}

/* The k-th smallest Walsh average, k = 1, 2, ...: halving, then the few left in turn. */
static double walsh_order(const double *d, size_t n, double k)
{
    double lo = d[0], hi = d[n - 1], above;
    if (walsh_up_to(d, n, lo, &above) >= k)
        return lo;
    const double enough = 1e-14 * fmax(fabs(lo), fabs(hi));
    while (hi - lo > enough) {
        const double middle = 0.5 * lo + 0.5 * hi;
        if (middle <= lo || middle >= hi)
            break;
        *(walsh_up_to(d, n, middle, &above) >= k ? &hi : &lo) = middle;
    }
    walsh_up_to(d, n, lo, &above);
    while (walsh_up_to(d, n, above, &hi) < k)
        above = hi;
    return above;
}

static void normal_limits(const double *d, size_t n, double tail, oss_signed_rank_result *result)
{
    const double size = (double) n, m = size * (size + 1) / 2;
    const double half = floor(m / 2);
    result->estimate = 2 * half == m
                           ? 0.5 * walsh_order(d, n, half) + 0.5 * walsh_order(d, n, half + 1)
                           : walsh_order(d, n, half + 1);
    const double sd = sqrt(m * (2 * size + 1) / 12);
    /* The largest number of Walsh averages above the shift that is not rejected. */
    const double most = ceil(m / 2 - oss_normal_quantile(tail) * sd + 0.5) - 1;
    result->low = most >= m ? -INFINITY : walsh_order(d, n, m - most);
    result->high = most >= m ? INFINITY : walsh_order(d, n, most + 1);
}

static void normal_p(const ranking *r, oss_signed_rank_result *result)
{
    const double sd = sqrt(r->squares) / 2;
    const double above = (double) r->positive - 0.5 * (double) r->total;
    /* The doubled statistic moves in steps of 2. */
    result->p_greater = sd > 0 ? oss_normal_cdf(-(above - 1) / sd) : 1;
    result->p_less = sd > 0 ? oss_normal_cdf((above + 1) / sd) : 1;
}

static oss_status solve(ranking *r, double *d, size_t n, int exact, double tail,
                        oss_signed_rank_result *result, const oss_hook *hook, oss_error *err)
{
    if (r->zeros == OSS_ZEROS_WILCOXON) {
        size_t kept = 0;
        for (size_t i = 0; i < n; i++)
            if (fabs(d[i]) > r->tie)
                d[kept++] = d[i];
        r->n = kept;
    }
    rank_about(r, 0);
    result->n_used = r->n_rank;
    result->n_zero = n - r->n_rank;
    result->statistic = 0.5 * (double) r->positive;
    result->exact = exact;
    result->estimate = result->low = result->high = NAN;
    if (exact) {
        result->p_greater = p_greater(r);
        result->p_less = p_less(r);
    } else
        normal_p(r, result);
    if (r->n == 0)
        return OSS_OK;
    if (exact)
        return exact_limits(r, d, tail, result, hook, err);
    normal_limits(d, r->n, tail, result);
    return OSS_OK;
}

oss_status oss_signed_rank(size_t n, const double *d, oss_zeros zeros, int exact, double tie,
                           double tail, oss_signed_rank_result *result, const oss_hook *hook,
                           oss_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(d[i]))
            return oss_fail(err, OSS_EINVAL, i, "differences must be finite");
    if (n > (size_t) 1 << 30 || (exact && n > 2000))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "too many differences");
    double *sorted = oss_calloc(n, sizeof *sorted);
    ranking r = { .n = n, .d = sorted, .zeros = zeros, .tie = tie };
    r.sorted = oss_calloc(n, sizeof *r.sorted);
    r.rank = oss_calloc(n, sizeof *r.rank);
    r.law = exact ? oss_calloc(n * (n + 1) / 2 + 2, sizeof *r.law) : oss_calloc(1, 1);
    oss_status status = OSS_OK;
    if (!sorted || !r.sorted || !r.rank || !r.law)
        status = oss_no_memory(err);
    else {
        for (size_t i = 0; i < n; i++)
            sorted[i] = d[i];
        qsort(sorted, n, sizeof *sorted, by_value);
        status = solve(&r, sorted, n, exact, tail, result, hook, err);
    }
    oss_free(r.law);
    oss_free(r.rank);
    oss_free(r.sorted);
    oss_free(sorted);
    return status;
}
