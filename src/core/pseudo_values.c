#include "pseudo_values.h"

#include <math.h>

/* What a row's status is to the measure. */
enum { CENSORED, COUNTED, OTHER, N_KIND };

size_t oss_pseudo_work(size_t n_time) { return (N_KIND + 1) * n_time; }

/* At a row of the table: at risk, events of all causes, and those that add to an incidence. */
typedef struct {
    double n, d, counted;
} at_time;

static at_time read_row(const oss_risk_table *table, const oss_pseudo *what, size_t k)
{
    at_time x = { table->n_risk[k], 0, 0 };
    for (size_t c = 0; c < table->n_cause; c++)
        x.d += table->n_event[c * table->n_time + k];
    if (what->measure == OSS_PSEUDO_INCIDENCE)
        x.counted = table->n_event[(size_t) (what->cause - 1) * table->n_time + k];
    return x;
}

/* Time of rows k - 1 to k, and from the last row to the time asked for, where time counts. */
static double lived(const oss_pseudo *what, double from, double to)
{
    return what->measure == OSS_PSEUDO_RMST ? to - from : 0;
}

/* Rows lo .. hi - 1 are those up to the time asked for. value[kind][k]: the pseudo-value of a row
 * of that kind that leaves at k, stride apart; ahead[k]: what is still to come for someone without
 * event just after k. Returns the value of rows that leave after the time. */
static double left_out(const oss_risk_table *table, const oss_pseudo *what, size_t lo, size_t hi,
                       double n, double theta, const double *ahead, double *value, size_t stride)
{
    double got = 0, free = 1; /* up to the row of the table, without one of those who stay longer */
    for (size_t k = lo; k < hi; k++) {
        const at_time x = read_row(table, what, k);
        if (k > lo)
            got += free * lived(what, table->time[k - 1], table->time[k]);
        const double rest = x.n - 1;
        for (int kind = 0; kind < N_KIND; kind++) {
            const double d = x.d - (kind != CENSORED), counted = x.counted - (kind == COUNTED);
            const double gain =
                rest > 0 && what->measure == OSS_PSEUDO_INCIDENCE ? counted / rest : 0;
            const double on = rest > 0 ? (rest - d) / rest : 1;
            value[(size_t) kind * stride + k] =
                n * theta - (n - 1) * (got + free * (gain + on * ahead[k]));
        }
        if (rest > 0) {
            got += free * (x.counted / rest);
            free *= (rest - x.d) / rest;
        }
    }
    return n * theta - (n - 1) * (got + free * ahead[hi - 1]);
}

static double derivatives(const oss_risk_table *table, const oss_pseudo *what, size_t lo, size_t hi,
                          double n, double theta, const double *ahead, double *value, size_t stride)
{
    const int incidence = what->measure == OSS_PSEUDO_INCIDENCE;
    double free = 1, stayed = 0; /* event-free before k; derivative by a row at risk so far */
    for (size_t k = lo; k < hi; k++) {
        const at_time x = read_row(table, what, k);
        if (x.n > 0)
            stayed += free * (x.d * ahead[k] - x.counted) / (x.n * x.n);
        for (int kind = 0; kind < N_KIND; kind++) {
            double own = 0;
            if (kind != CENSORED && x.n > 0)
                own = free * ((incidence && kind == COUNTED) - ahead[k]) / x.n;
            value[(size_t) kind * stride + k] = theta + n * (stayed + own);
        }
        free = x.d < x.n ? free * ((x.n - x.d) / x.n) : x.n > 0 ? 0 : free;
    }
    return theta + n * stayed;
}

void oss_pseudo_values(const oss_risk_table *table, const oss_pseudo *what, size_t n,
                       const uint32_t *row_time, const int *status, double *work, double *out)
{
    const size_t stride = table->n_time;
    double *value = work, *ahead = work + N_KIND * stride;
    for (size_t s = 0; s < table->n_stratum; s++) {
        const size_t lo = table->start[s], end = table->start[s + 1];
        if (table->n_risk[lo] <= 0)
            continue;
        size_t hi = lo + 1;
        while (hi < end && table->time[hi] <= what->time)
            hi++;
        /* From the time backwards: what is to come, then the estimate itself. */
        double to_come =
            what->measure == OSS_PSEUDO_SURVIVAL ? 1 : lived(what, table->time[hi - 1], what->time);
        double free = 1;
        for (size_t k = hi; k-- > lo;) {
            const at_time x = read_row(table, what, k);
            ahead[k] = to_come;
            const double on = (x.n - x.d) / x.n;
            to_come = x.counted / x.n + on * to_come;
            free *= on;
            if (k > lo)
                to_come += lived(what, table->time[k - 1], table->time[k]);
        }
        const double theta = to_come, size = table->n_risk[lo];
        const double later =
            what->infinitesimal
                ? derivatives(table, what, lo, hi, size, theta, ahead, value, stride)
                : left_out(table, what, lo, hi, size, theta, ahead, value, stride);
        const int known = what->time <= table->time[end - 1] || free <= 0;
        for (size_t k = lo; k < end; k++)
            for (size_t kind = 0; kind < N_KIND; kind++) {
                if (!known)
                    value[kind * stride + k] = NAN;
                else if (k >= hi)
                    value[kind * stride + k] = later;
            }
    }
    for (size_t i = 0; i < n; i++) {
        const int own = what->measure != OSS_PSEUDO_INCIDENCE || status[i] == what->cause;
        const size_t kind = status[i] == 0 ? CENSORED : own ? COUNTED : OTHER;
        out[i] = value[kind * stride + row_time[i]];
    }
}
