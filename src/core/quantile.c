#include "quantile.h"
#include "tails.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#define SQRT_2 1.41421356237309504880168872421

static int beta_bad(double a, double b)
{
    return !(a > 0 && b > 0 && a <= DBL_MAX && b <= DBL_MAX);
}

double oss_beta_cdf(double x, double a, double b)
{
    if (beta_bad(a, b) || isnan(x))
        return NAN;
    if (x <= 0 || x >= 1)
        return x >= 1;
    const oss_beta_shape s = oss_beta_shape_of(a, b);
    return oss_beta_tails(&s, x, 1 - x).lower;
}

double oss_beta_cdf_upper(double x, double a, double b)
{
    if (beta_bad(a, b) || isnan(x))
        return NAN;
    if (x <= 0 || x >= 1)
        return x <= 0;
    const oss_beta_shape s = oss_beta_shape_of(a, b);
    return oss_beta_tails(&s, x, 1 - x).upper;
}

/* The same for large shapes, without iteration on the tail itself; 0 where that does not reach. */
static int beta_large(double p, double a, double b, oss_split *at)
{
    const double size = oss_beta_size(a, b);
    if (!(size >= OSS_LARGE_N))
        return 0;
    const double z = oss_normal_quantile(p), w = fabs(z) / sqrt(size);
    if (!(w < OSS_LARGE_REACH))
        return 0;
    const double left = a / (a + b), right = b / (a + b);
    const oss_large_shape l = oss_large_shape_of(size, right - left, left * right, w);
    const double s = oss_large_quantile(&l, z);
    at->x = left * (1 + right * s);
    at->y = right * (1 - left * s);
    at->logit = log(at->x / at->y);
    return 1;
}

/* x and 1 - x with P(X <= x) = p, 0 < p <= 1/2; start = logit of a guess or NaN. */
static oss_split beta_solve(double p, double a, double b, double start)
{
    oss_split at;
    if (beta_large(p, a, b, &at))
        return at;
    const oss_beta_shape s = oss_beta_shape_of(a, b);
    const double log_p = log(p), log_a = oss_beta_log_tail(a, b, s.log_scale);
    const double log_b = oss_beta_log_tail(b, a, s.log_scale);
    /* P <= e^(a u) / (a B) and Q <= e^(-b u) / (b B) with equality in the far tails. */
    double lo = (log_p + log_a) / a, hi = -(log1p(-p) + log_b) / b;
    if (lo < -50 && (a + b) * exp(lo) < 1e-17) {
        at = (oss_split){ exp(lo), 1, lo };
        return at;
    }
    /* The bound is a small number over b: rounding may move it far when b is small too. */
    const double loose = 1e-13 / b;
    if (hi > 700 && hi - loose > 700) {
        at = (oss_split){ 1, exp(-hi), hi };
        return at;
    }
    double u = start;
    if (!(u > lo && u < hi))
        u = oss_beta_logit_guess(a, b, oss_normal_quantile(p));
    /* From the lower bound Newton's steps rise to the root without passing it. */
    if (!(u > lo && u < hi))
        u = lo;
    lo = lo - 1e-9 * fmax(1, fabs(lo));
    hi = fmin(745, hi + loose + 1e-9 * fmax(1, fabs(hi)));
    for (int k = 0; k < 200; k++) {
        at = oss_from_logit(u);
        const oss_tails t = oss_beta_tails(&s, at.x, at.y);
        if (!(t.lower > 0)) { /* so far out that the tail is lost: halve the way back */
            lo = u;
            u = 0.5 * (lo + hi);
            continue;
        }
        const double slope = t.density / t.lower;
        if (oss_tail_step(1, log(t.lower) - log_p, slope, a * at.y - b * at.x - slope, &u, &lo,
                          &hi))
            break;
    }
    return oss_from_logit(u);
}

static double logit(double x, double y) { return x > 0 && y > 0 ? log(x / y) : NAN; }

oss_split oss_beta_quantile_split(double p, double a, double b, double start)
{
    const oss_split none = { NAN, NAN, NAN }, zero = { 0, 1, -INFINITY };
    if (beta_bad(a, b) || !(p >= 0 && p <= 1))
        return none;
    if (p == 0 || p == 1)
        return p == 0 ? zero : oss_mirror(zero);
    return p <= 0.5 ? beta_solve(p, a, b, logit(start, 1 - start))
                    : oss_mirror(beta_solve(1 - p, b, a, logit(1 - start, start)));
}

double oss_beta_quantile(double p, double a, double b, double start)
{
    return oss_beta_quantile_split(p, a, b, start).x;
}

double oss_beta_quantile_upper(double p, double a, double b, double start)
{
    return oss_beta_quantile_split(p, b, a, 1 - start).y;
}

static int gamma_bad(double a) { return !(a > 0 && a <= DBL_MAX); }

double oss_gamma_cdf(double x, double shape)
{
    if (gamma_bad(shape) || isnan(x))
        return NAN;
    if (x <= 0 || x > DBL_MAX)
        return x > 0;
    const oss_gamma_shape s = oss_gamma_shape_of(shape);
    return oss_gamma_tails(&s, x).lower;
}

double oss_gamma_cdf_upper(double x, double shape)
{
    if (gamma_bad(shape) || isnan(x))
        return NAN;
    if (x <= 0 || x > DBL_MAX)
        return x <= 0;
    const oss_gamma_shape s = oss_gamma_shape_of(shape);
    return oss_gamma_tails(&s, x).upper;
}

/* Lower tail p, or upper tail p, 0 < p <= 1/2. */
static double gamma_solve(double p, int upper, double a, double start)
{
    if (a >= OSS_LARGE_N) {
        /* The upper tail is the lower one of -s, with the skew turned. */
        const double z = oss_normal_quantile(p), w = fabs(z) / sqrt(a), turn = upper ? -1 : 1;
        if (w < OSS_LARGE_REACH) {
            const oss_large_shape l = oss_large_shape_of(a, turn, 0, w);
            return a * (1 + turn * oss_large_quantile(&l, z));
        }
    }
    const oss_gamma_shape s = oss_gamma_shape_of(a);
    const double log_p = log(p), log_tail = oss_gamma_log_tail(&s);
    /* P <= x^a / (a Gamma(a)), with equality at 0. */
    double lo = ((upper ? log1p(-p) : log_p) + log_tail) / a, hi = log(DBL_MAX);
    if (lo < -50 && exp(lo) < 1e-17)
        return exp(lo);
    double u = log(start);
    if (!(u > lo && u < hi))
        u = oss_gamma_log_guess(a, oss_normal_quantile(upper ? 1 - p : p));
    if (!(u > lo && u < hi))
        u = lo;
    lo = lo - 1e-9 * fmax(1, fabs(lo));
    for (int k = 0; k < 200; k++) {
        const double x = exp(u);
        const oss_tails t = oss_gamma_tails(&s, x);
        const double tail = upper ? t.upper : t.lower;
        if (!(tail > 0)) {
            *(upper ? &hi : &lo) = u;
            u = 0.5 * (lo + hi);
            continue;
        }
        const double slope = (upper ? -t.density : t.density) / tail;
        if (oss_tail_step(!upper, log(tail) - log_p, slope, a - x - slope, &u, &lo, &hi))
            break;
    }
    return exp(u);
}

double oss_gamma_quantile(double p, double shape, double start)
{
    if (gamma_bad(shape) || !(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? 0 : INFINITY;
    return p <= 0.5 ? gamma_solve(p, 0, shape, start) : gamma_solve(1 - p, 1, shape, start);
}

double oss_gamma_quantile_upper(double p, double shape, double start)
{
    if (gamma_bad(shape) || !(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p == 1 ? 0 : INFINITY;
    return p <= 0.5 ? gamma_solve(p, 1, shape, start) : gamma_solve(1 - p, 0, shape, start);
}

double oss_normal_cdf(double z) { return 0.5 * erfc(-z / SQRT_2); }

/* GSL's rational approximation (Wichura's AS 241 method). */
double oss_normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    return gsl_cdf_ugaussian_Pinv(p);
}

double oss_t_quantile(double p, double df)
{
    if (!(df > 0) || !(p >= 0 && p <= 1))
        return NAN;
    if (df > DBL_MAX)
        return oss_normal_quantile(p);
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5)
        return 0;
    /* df / (df + T^2) is Beta(df / 2, 1 / 2). */
    const double tail = 2 * (p < 0.5 ? p : 1 - p);
    const double logit = tail <= 0.5 ? beta_solve(tail, 0.5 * df, 0.5, NAN).logit
                                     : -beta_solve(1 - tail, 0.5, 0.5 * df, NAN).logit;
    const double t = sqrt(df) * exp(-0.5 * logit);
    return p < 0.5 ? -t : t;
}

double oss_chisq_quantile(double p, double df) { return 2 * oss_gamma_quantile(p, 0.5 * df, NAN); }
