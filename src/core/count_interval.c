#include "count_interval.h"
#include "poisson.h"

#include <float.h>
#include <math.h>

static int count(double x) { return x >= 0 && x <= 9007199254740992.0 && x == floor(x); }

static oss_status stopped_at(const oss_hook *hook, size_t i, size_t n, oss_error *err)
{
    if ((i & 1023) == 1023 && oss_stopped(hook, (double) i / (double) n))
        return oss_fail(err, OSS_ECANCEL, i, "stopped by the caller");
    return OSS_OK;
}

oss_status oss_proportion_ci(size_t n_rows, const double *x, const double *n,
                             oss_limit_method method, double alpha, double *low, double *high,
                             const oss_hook *hook, oss_error *err)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (!count(x[i]) || !count(n[i]) || x[i] > n[i])
            return oss_fail(err, OSS_EINVAL, i, "`x` must be a count between 0 and `n`");
        if (stopped_at(hook, i, n_rows, err))
            return OSS_ECANCEL;
        low[i] = oss_binomial_limit_low(method, x[i], n[i], alpha).x;
        high[i] = oss_binomial_limit_high(method, x[i], n[i], alpha).x;
    }
    return OSS_OK;
}

oss_status oss_rate_ci(size_t n_rows, const double *events, const double *time,
                       oss_limit_method method, double alpha, double *low, double *high,
                       const oss_hook *hook, oss_error *err)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (!count(events[i]))
            return oss_fail(err, OSS_EINVAL, i, "`events` must be a count");
        if (!(time[i] >= 0 && time[i] <= DBL_MAX && (time[i] > 0 || events[i] == 0)))
            return oss_fail(err, OSS_EINVAL, i, "`time` must be positive where there are events");
        if (stopped_at(hook, i, n_rows, err))
            return OSS_ECANCEL;
        low[i] = time[i] > 0 ? oss_poisson_limit_low(method, events[i], alpha) / time[i] : NAN;
        high[i] = time[i] > 0 ? oss_poisson_limit_high(method, events[i], alpha) / time[i] : NAN;
    }
    return OSS_OK;
}

oss_status oss_rate_ratio(size_t n_rows, const double *events1, const double *time1,
                          const double *events2, const double *time2, oss_limit_method method,
                          double alpha, double *low, double *high, double *p, const oss_hook *hook,
                          oss_error *err)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (!count(events1[i]) || !count(events2[i]))
            return oss_fail(err, OSS_EINVAL, i, "`events1` and `events2` must be counts");
        if (!(time1[i] > 0 && time1[i] <= DBL_MAX && time2[i] > 0 && time2[i] <= DBL_MAX))
            return oss_fail(err, OSS_EINVAL, i, "`time1` and `time2` must be positive");
        if (stopped_at(hook, i, n_rows, err))
            return OSS_ECANCEL;
        const double total = events1[i] + events2[i], scale = time2[i] / time1[i];
        if (total == 0) {
            low[i] = 0;
            high[i] = INFINITY;
            p[i] = 1;
            continue;
        }
        const double share = time1[i] / (time1[i] + time2[i]);
        const oss_split null = { share, time2[i] / (time1[i] + time2[i]), NAN };
        const oss_split from = oss_binomial_limit_low(method, events1[i], total, alpha);
        const oss_split to = oss_binomial_limit_high(method, events1[i], total, alpha);
        low[i] = from.x / from.y * scale;
        high[i] = to.x / to.y * scale;
        p[i] = oss_binomial_p(method, events1[i], total, null);
    }
    return OSS_OK;
}
