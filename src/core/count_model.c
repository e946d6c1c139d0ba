#include "count_model.h"
#include "optimise.h"

#include <math.h>
#include <string.h>

oss_status oss_count_check(const oss_count_data *data, oss_error *err)
{
    for (size_t i = 0; i < data->k; i++) {
        const double x = data->x[i], size = data->size[i];
        if (!(x >= 0) || !isfinite(x) || x != floor(x))
            return oss_fail(err, OSS_EINVAL, i, "`events` must be a whole number >= 0");
        if (!(size > 0) || !isfinite(size))
            return oss_fail(err, OSS_EINVAL, i, "a size must be above 0 and finite");
        if (data->kind == OSS_PROPORTION && (size != floor(size) || x > size))
            return oss_fail(err, OSS_EINVAL, i,
                            "`n` must be a whole number, at least the number of events");
        if (x > 1e9 || (data->kind == OSS_PROPORTION && size > 1e9))
            return oss_fail(err, OSS_EINVAL, i, "counts above 1e9 are not supported");
        for (size_t r = 0; r < data->p; r++)
            if (!isfinite(data->design[r * data->k + i]))
                return oss_fail(err, OSS_EINVAL, i, "a moderator must be a finite number");
    }
    if (data->k == 0 || data->k < data->p)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "there are fewer studies (%zu) than coefficients (%zu)", data->k, data->p);
    return OSS_OK;
}

/* One study's log-likelihood and its derivatives by eta and by f = log g. */
typedef struct {
    double l, e, ee, f, ef, ff;
} study;

static double lchoose(double n, double x)
{
    return lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1);
}

static study binomial(double x, double n, double eta)
{
    const double mu = 1 / (1 + exp(-eta)), nu = 1 / (1 + exp(eta));
    /* The two forms keep the digits of a gradient near 0 at either end. */
    const double e = mu < 0.5 ? x - n * mu : n * nu - (n - x);
    study s = { lchoose(n, x), e, -n * mu * nu, 0, 0, 0 };
    if (x > 0)
        s.l -= x * log1p(exp(-eta));
    if (n > x)
        s.l -= (n - x) * log1p(exp(eta));
    return s;
}

/* Sums over j < count of log(m + j g), 1 / (m + j g) and its square. */
typedef struct {
    double log, inverse, square;
} sums;

/* ((1 + r) log1p(r) - r) / r: the mean of log(1 + r u) over u in (0, 1). */
static double mean_log(double r)
{
    if (r > 0.02)
        return ((1 + r) * log1p(r) - r) / r;
    double sum = 0, power = r;
    for (int i = 1; i < 10; i++, power *= -r)
        sum += power / (i * (i + 1));
    return sum;
}

/* Euler-Maclaurin corrections at s, e = g / s: f / 2 and the odd derivatives up to the seventh. */
static sums correction(double s, double g)
{
    const double e = g / s, e2 = e * e;
    const double b2 = 1.0 / 12, b4 = 1.0 / 720, b6 = 1.0 / 30240, b8 = 1.0 / 1209600;
    const sums c = { -0.5 * log(s) + e * (b2 - e2 * (2 * b4 - e2 * (24 * b6 - e2 * 720 * b8))),
                     (-0.5 - e * (b2 - e2 * (6 * b4 - e2 * (120 * b6 - e2 * 5040 * b8)))) / s,
                     (-0.5 - e * (2 * b2 - e2 * (24 * b4 - e2 * (720 * b6 - e2 * 40320 * b8)))) /
                         s / s };
    return c;
}

/* The first terms one by one, the rest by Euler-Maclaurin to rounding (next term below 1e-14). */
static sums sum_terms(double m, double g, double count)
{
    sums total = { 0, 0, 0 };
    const double first = count < 64 ? count : 20;
    for (double j = 0; j < first; j++) {
        const double s = m + j * g;
        total.log += log(s);
        total.inverse += 1 / s;
        total.square += 1 / (s * s);
    }
    if (first == count)
        return total;
    const double rest = count - first, lo = m + first * g, hi = m + count * g;
    const sums below = correction(lo, g), above = correction(hi, g);
    total.log += rest * (log(lo) + mean_log(rest * g / lo)) + above.log - below.log;
    total.inverse += log1p(rest * g / lo) / g + above.inverse - below.inverse;
    total.square += rest / lo / hi + above.square - below.square;
    return total;
}

/* Large n: O(1). With t = j g / (m + j g), sum t = count - m S1, sum t (1 - t) = m S1 - m^2 S2 and
 * sum t / (m + j g) = S1 - m S2. */
static study beta_binomial_large(double x, double n, double mu, double nu, double g)
{
    const double y = n - x, d = mu * nu;
    const sums sx = sum_terms(mu, g, x), sy = sum_terms(nu, g, y), sn = sum_terms(1, g, n);
    const double a = sx.inverse - sy.inverse, b = -sx.square - sy.square;
    const double af = -(sx.inverse - mu * sx.square) + (sy.inverse - nu * sy.square);
    const study s = { lchoose(n, x) + sx.log + sy.log - sn.log,
                      a * d,
                      b * d * d + a * d * (nu - mu),
                      sn.inverse - mu * sx.inverse - nu * sy.inverse,
                      af * d,
                      mu * (sx.inverse - mu * sx.square) + nu * (sy.inverse - nu * sy.square) -
                          (sn.inverse - sn.square) };
    return s;
}

static study beta_binomial(double x, double n, double eta, double g)
{
    const double mu = 1 / (1 + exp(-eta)), nu = 1 / (1 + exp(eta)), d = mu * nu;
    if (n > 128)
        return beta_binomial_large(x, n, mu, nu, g);
    study s = { lchoose(n, x), 0, 0, 0, 0, 0 };
    /* a, b: derivatives by mu. The smaller of mu and nu is paired with the denominators as
     * log1p(-small / (1 + j g)), which keeps the value exact where it nears 0. */
    double a = 0, b = 0, af = 0;
    const double y = n - x, few = mu < 0.5 ? y : x, small = mu < 0.5 ? mu : nu;
    for (double j = 0; j < n; j++) {
        const double jg = j * g, t1 = jg / (1 + jg);
        if (j < few)
            s.l += log1p(-small / (1 + jg));
        else
            s.l -= log1p(jg);
        s.f -= t1;
        s.ff -= t1 / (1 + jg);
        if (j < x) {
            const double m = mu + jg, t = jg / m;
            if (mu < 0.5)
                s.l += log(m);
            a += 1 / m;
            b -= 1 / (m * m);
            s.f += t;
            s.ff += t * (mu / m);
            af -= t / m;
        }
        if (j < y) {
            const double m = nu + jg, t = jg / m;
            if (!(mu < 0.5))
                s.l += log(m);
            a -= 1 / m;
            b -= 1 / (m * m);
            s.f += t;
            s.ff += t * (nu / m);
            af += t / m;
        }
    }
    s.e = a * d;
    s.ee = b * d * d + a * d * (nu - mu);
    s.ef = af * d;
    return s;
}

static study poisson(double x, double m)
{
    const study s = { (x > 0 ? x * log(m) : 0) - m - lgamma(x + 1), x - m, -m, 0, 0, 0 };
    return s;
}

/* log1p(u) / u, (log1p(u) - u / (1 + u)) / u^2 and its derivative by log u plus itself. */
static void log_ratios(double u, double *first, double *second, double *third)
{
    if (u < 0.05) {
        double power = 1;
        *first = *second = *third = 0;
        for (int i = 0; i < 14; i++, power *= -u) {
            *first += power / (i + 1);
            *second += power * (i + 1) / (i + 2);
            *third += power * (i + 1) * (i + 1) / (i + 2);
        }
        return;
    }
    const double log_u = log1p(u);
    *first = log_u / u;
    *second = (log_u - u / (1 + u)) / u / u;
    *third = ((1 + 2 * u) / (1 + u) * (u / (1 + u)) - log_u) / u / u;
}

static study gamma_poisson(double x, double m, double g)
{
    const double u = g * m;
    double first, second, third;
    log_ratios(u, &first, &second, &third);
    study s = { -m * first - lgamma(x + 1),
                (x - m) / (1 + u),
                -m / (1 + u) * ((1 + g * x) / (1 + u)),
                m * u * second - x * (u / (1 + u)),
                -(x - m) / (1 + u) * (u / (1 + u)),
                m * u * third - x * (u / (1 + u)) / (1 + u) };
    if (x > 0)
        s.l += x * (log(m) - log1p(u));
    const sums own = sum_terms(1, g, x);
    s.l += own.log;
    s.f += x - own.inverse;
    s.ff += own.inverse - own.square;
    return s;
}

double oss_count_loglik(const oss_count_data *data, int with_g, const double *at, double *gradient,
                        double *hessian)
{
    const size_t k = data->k, p = data->p, q = p + (with_g ? 1 : 0);
    const double g = with_g ? exp(at[p]) : 0;
    double value = 0;
    if (gradient)
        memset(gradient, 0, q * sizeof *gradient);
    if (hessian)
        memset(hessian, 0, q * q * sizeof *hessian);
    if (!isfinite(g))
        return -INFINITY;
    for (size_t i = 0; i < k; i++) {
        const double x = data->x[i], size = data->size[i];
        double eta = 0;
        for (size_t r = 0; r < p; r++)
            eta += data->design[r * k + i] * at[r];
        study s;
        if (data->kind == OSS_PROPORTION) {
            /* So far out the derivatives overflow before the value does. */
            if (isnan(eta) || (eta < -300 && x > 0) || (eta > 300 && x < size))
                return -INFINITY;
            s = g > 0 ? beta_binomial(x, size, eta, g) : binomial(x, size, eta);
        } else {
            const double m = size * exp(eta);
            if (!isfinite(m) || !isfinite(g * m) || (x > 0 && m < 1e-150))
                return -INFINITY;
            s = g > 0 ? gamma_poisson(x, m, g) : poisson(x, m);
        }
        value += s.l;
        for (size_t r = 0; r < p && (gradient || hessian); r++) {
            const double xr = data->design[r * k + i];
            if (gradient)
                gradient[r] += s.e * xr;
            if (!hessian)
                continue;
            for (size_t c = 0; c < p; c++)
                hessian[r * q + c] += s.ee * xr * data->design[c * k + i];
            if (with_g) {
                hessian[r * q + p] += s.ef * xr;
                hessian[p * q + r] += s.ef * xr;
            }
        }
        if (with_g && gradient)
            gradient[p] += s.f;
        if (with_g && hessian)
            hessian[p * q + p] += s.ff;
    }
    return value;
}

static oss_status with_dispersion(void *context, const double *at, double *value, double *gradient,
                                  double *hessian, oss_error *err)
{
    (void) err;
    *value = oss_count_loglik(context, 1, at, gradient, hessian);
    return OSS_OK;
}

static oss_status homogeneous(void *context, const double *at, double *value, double *gradient,
                              double *hessian, oss_error *err)
{
    (void) err;
    *value = oss_count_loglik(context, 0, at, gradient, hessian);
    return OSS_OK;
}

size_t oss_count_work(size_t p)
{
    const size_t q = p + 1;
    return oss_maximise_given_work(q) + 5 * q + q * q;
}

/* beta whose linear predictor is the pooled link everywhere, as near as the design can. */
static oss_status pooled_start(const oss_count_data *data, double *beta, double *work,
                               oss_error *err)
{
    const size_t k = data->k, p = data->p;
    double events = 0.5, size = 0;
    for (size_t i = 0; i < k; i++) {
        events += data->x[i];
        size += data->size[i];
    }
    const double link =
        data->kind == OSS_PROPORTION ? log(events / (size + 1 - events)) : log(events / size);
    for (size_t r = 0; r < p; r++)
        for (size_t s = 0; s < p; s++) {
            double sum = 0;
            for (size_t i = 0; i < k; i++)
                sum += data->design[r * k + i] * data->design[s * k + i];
            work[r * p + s] = sum;
        }
    if (oss_spd_inverse(p, work, NULL, err) != OSS_OK)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the moderators are collinear");
    for (size_t r = 0; r < p; r++) {
        beta[r] = 0;
        for (size_t s = 0; s < p; s++) {
            double sum = 0;
            for (size_t i = 0; i < k; i++)
                sum += data->design[s * k + i];
            beta[r] += work[r * p + s] * sum * link;
        }
    }
    return OSS_OK;
}

/* Starts for log g: a little and a lot of variation between studies. */
static const double starts[2] = { -3, 0.5 };

oss_status oss_count_fit_model(const oss_count_data *data, double *beta, double *information,
                               double *work, oss_count_fit *fit, const oss_hook *hook,
                               oss_error *err)
{
    const size_t p = data->p, q = p + 1;
    double *at = work, *pooled = at + q, *rest = pooled + q;
    const oss_optimise_control control = { 200, 0, hook };
    oss_optimum optimum;
    *fit = (oss_count_fit){ .boundary = 1 };
    oss_status status = oss_count_check(data, err);
    if (status == OSS_OK)
        status = pooled_start(data, pooled, rest, err);
    if (status != OSS_OK)
        return status;

    union {
        const oss_count_data *read;
        void *context;
    } view = { data };
    memcpy(beta, pooled, p * sizeof *beta);
    const oss_problem null = { homogeneous, view.context, p };
    status = oss_maximise(&null, beta, &control, rest, &optimum, err);
    if (status != OSS_OK)
        return status;
    fit->log_lik = fit->log_lik0 = optimum.value;
    fit->gradient = optimum.gradient;
    fit->converged = optimum.converged;
    fit->diverging = optimum.diverging;
    fit->iterations = optimum.iterations;

    const oss_problem full = { with_dispersion, view.context, q };
    for (size_t s = 0; s < 2; s++) {
        memcpy(at, pooled, p * sizeof *at);
        at[p] = starts[s];
        status = oss_maximise(&full, at, &control, rest, &optimum, err);
        if (status != OSS_OK)
            return status;
        fit->iterations += optimum.iterations;
        /* Sliding down to g = 0 reaches the homogeneous likelihood but for rounding. */
        if (optimum.value > fit->log_lik + 1e-10 * (1 + fabs(fit->log_lik))) {
            fit->log_lik = optimum.value;
            fit->gradient = optimum.gradient;
            fit->converged = optimum.converged;
            fit->diverging = optimum.diverging;
            fit->boundary = 0;
            fit->g = exp(at[p]);
            memcpy(beta, at, p * sizeof *beta);
        }
    }

    memcpy(at, beta, p * sizeof *at);
    at[p] = fit->boundary ? 0 : log(fit->g);
    double *hessian = rest;
    oss_count_loglik(data, !fit->boundary, at, NULL, hessian);
    const size_t n = fit->boundary ? p : q;
    memset(information, 0, q * q * sizeof *information);
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < n; c++)
            information[r * q + c] = -hessian[r * n + c];
    return OSS_OK;
}

typedef struct {
    const oss_count_data *data;
    const oss_count_fit *fit;
    double *contrast, *warm, *warm0, *at, *rest;
    const oss_hook *hook;
} profile;

static oss_status drop_at(void *context, double theta, double *value, oss_error *err)
{
    profile *c = context;
    const size_t p = c->data->p, q = p + 1;
    union {
        const oss_count_data *read;
        void *context;
    } view = { c->data };
    const oss_optimise_control control = { 200, 0, c->hook };
    const oss_problem null = { homogeneous, view.context, p };
    const oss_problem full = { with_dispersion, view.context, q };
    double best = -INFINITY, slope;
    oss_optimum optimum;
    for (int s = 0; s < 4; s++) {
        memcpy(c->at, s ? c->warm : c->warm0, q * sizeof *c->at);
        if (s > 1)
            c->at[p] = starts[s - 2];
        const oss_status status = oss_maximise_given(s ? &full : &null, c->contrast, theta, c->at,
                                                     &control, c->rest, &optimum, &slope, err);
        /* Not finite where it starts: as good as impossible. */
        if (status == OSS_EINVAL)
            continue;
        if (status != OSS_OK)
            return status;
        if (s == 0)
            memcpy(c->warm0, c->at, p * sizeof *c->at);
        else if (optimum.value > best && fabs(c->at[p]) < 20)
            memcpy(c->warm, c->at, q * sizeof *c->at);
        best = fmax(best, optimum.value);
    }
    *value = c->fit->log_lik - best;
    return OSS_OK;
}

oss_status oss_count_interval(const oss_count_data *data, const double *contrast,
                              const double *beta, const oss_count_fit *fit, double se,
                              double target, double *work, double *low, double *high,
                              const oss_hook *hook, oss_error *err)
{
    const size_t p = data->p, q = p + 1;
    double *weights = work, *warm = weights + q, *warm0 = warm + q, *at = warm0 + q, *rest = at + q;
    double centre = 0;
    oss_status status = oss_count_check(data, err);
    if (status != OSS_OK)
        return status;
    for (size_t r = 0; r < p; r++) {
        weights[r] = contrast[r];
        centre += contrast[r] * beta[r];
    }
    const int usable = isfinite(se) && se > 0;
    const double step = usable ? se * sqrt(2 * target) : 2, reach = usable ? 1000 * step : 80;
    *low = -INFINITY;
    *high = INFINITY;
    for (int side = 0; side < 2; side++) {
        memcpy(warm, beta, p * sizeof *warm);
        memcpy(warm0, beta, p * sizeof *warm0);
        weights[p] = warm0[p] = 0;
        warm[p] = fit->boundary ? starts[0] : fmin(log(fit->g), 10);
        profile c = { data, fit, weights, warm, warm0, at, rest, hook };
        status = oss_profile_limit(drop_at, &c, centre, side ? step : -step, reach, target,
                                   side ? high : low, err);
        if (status != OSS_OK)
            return status;
    }
    return OSS_OK;
}
