#include "quantile.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_2 1.41421356237309504880168872421

/* log(ratio) - v where ratio = 1 + v, without the cancellation at small v; far from 1 the ratio has
 * digits that v has lost. */
static double log_minus(double ratio, double v)
{
    if (v < -0.4 || v > 0.7)
        return log(ratio) - v;
    const double r = v / (2 + v), s = r * r;
    double sum = 0;
    const int terms = fabs(v) < 0.02 ? 4 : fabs(v) < 0.15 ? 7 : 15;
    for (int k = terms; k >= 1; k--)
        sum = sum * s + 1.0 / (2 * k + 1);
    return r * (2 * s * sum - v);
}

/* lgamma(a) - ((a - 1/2) log(a) - a + log sqrt(2 pi)): what Stirling's formula lacks. libm's lgamma
 * writes a global and loses the digits of the difference at large a. */
static double stirling_error(double a)
{
    double shift = 0, up = a;
    if (a < 12) {
        double product = 1;
        for (; up < 12; up++)
            product *= up;
        shift = (up - 0.5) * log(up) - up - log(product) - ((a - 0.5) * log(a) - a);
    }
    const double r = 1 / up, s = r * r;
    return shift +
           r * (1.0 / 12 -
                s * (1.0 / 360 -
                     s * (1.0 / 1260 -
                          s * (1.0 / 1680 - s * (1.0 / 1188 - s * (691.0 / 360360 - s / 156))))));
}

/* What does not change while x is sought. */
typedef struct {
    double a, b;
    double
        log_scale; /* log of the density of logit(X) (or log X) at its mode, a y = b x (or x = a) */
} beta_shape;

static beta_shape beta_of(double a, double b)
{
    const double n = a + b;
    /* a b / n as written could overflow. */
    const double size = a < b ? a * (b / n) : b * (a / n);
    const beta_shape shape = { a, b,
                               0.5 * log(size) - LOG_SQRT_2PI + stirling_error(n) -
                                   stirling_error(a) - stirling_error(b) };
    return shape;
}

/* log(a B(a, b)). */
static double beta_log_tail(const beta_shape *s)
{
    const double n = s->a + s->b;
    return log(s->a) - s->log_scale + s->a * log(s->a / n) + s->b * log1p(-s->a / n);
}

/* x^a y^b / B(a, b), the density of logit(X); y = 1 - x. */
static double beta_density(const beta_shape *s, double x, double y)
{
    const double excess = s->b * x - s->a * y, n = s->a + s->b;
    return exp(s->log_scale + s->a * log_minus(x * (n / s->a), excess / s->a) +
               s->b * log_minus(y * (n / s->b), -excess / s->b));
}

/* P(X <= x) / density where x is below about the mean: the continued fraction of DiDonato and
 * Morris (1992, ACM TOMS 18:360, eq. 9), by Lentz's method. O(sqrt(a + b)) steps at worst. */
static double beta_ratio(double a, double b, double x, double y)
{
    const double lambda = a * y - b * x + 1;
    double value = a * lambda / (a + 1);
    if (value == 0)
        value = DBL_MIN;
    double c = value, d = 0;
    for (double m = 1; m < 100000; m++) {
        const double k = a + 2 * m - 1, inverse = 1 / k;
        const double t = m * (b - m) * x * inverse;
        const double numerator = (a + m - 1) * inverse * (a + b + m - 1) * x * t;
        const double denominator = m + t + (a + m) * (lambda + m * (1 + y)) / (k + 2);
        d = denominator + numerator * d;
        c = denominator + numerator / c;
        if (d == 0)
            d = DBL_MIN;
        if (c == 0)
            c = DBL_MIN;
        d = 1 / d;
        const double factor = c * d;
        value *= factor;
        if (fabs(factor - 1) <= 2 * DBL_EPSILON)
            break;
    }
    return 1 / value;
}

/* Both tails and the density of logit(X) at x = 1 - y. */
typedef struct {
    double lower, upper, density;
} tails;

static tails beta_tails(const beta_shape *s, double x, double y)
{
    tails t;
    t.density = beta_density(s, x, y);
    if (s->b * x - s->a * y < y - x) {
        t.lower = fmin(t.density * beta_ratio(s->a, s->b, x, y), 1);
        t.upper = 1 - t.lower;
    } else {
        t.upper = fmin(t.density * beta_ratio(s->b, s->a, y, x), 1);
        t.lower = 1 - t.upper;
    }
    return t;
}

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
    const beta_shape s = beta_of(a, b);
    return beta_tails(&s, x, 1 - x).lower;
}

double oss_beta_cdf_upper(double x, double a, double b)
{
    if (beta_bad(a, b) || isnan(x))
        return NAN;
    if (x <= 0 || x >= 1)
        return x <= 0;
    const beta_shape s = beta_of(a, b);
    return beta_tails(&s, x, 1 - x).upper;
}

/* Halley's steps shrink as the cube: after a step d the next is about d (c d)^2, where c measures
 * how fast the tail curves. Below this that step is not worth its evaluation. */
#define LAST_STEP 1e-16

/* One step towards the root of log(tail) = log(p) in a coordinate where log(tail) is concave:
 * Halley's. gap = log(tail / p), slope = its derivative, bend = second over first derivative;
 * rising: the lower tail. Moves *at, tightens the bracket lo < root < hi; returns 1 when the root
 * is reached. */
static int tail_step(int rising, double gap, double slope, double bend, double *at, double *lo,
                     double *hi)
{
    const int above = (gap > 0) == rising;
    *(above ? hi : lo) = *at;
    const double newton = gap / slope;
    double half = 1 - 0.5 * newton * bend;
    half = half < 0.5 ? 0.5 : half > 2 ? 2 : half;
    double step = -newton / half;
    double next = *at + step;
    if (!(next > *lo && next < *hi)) {
        /* At the end of the bracket rounding alone decides. */
        if (fabs(step) <= 4 * DBL_EPSILON * fmax(1, fabs(*at)))
            return 1;
        next = 0.5 * (*lo + *hi);
        step = next - *at;
    }
    *at = next;
    const double change = (fabs(bend) + fabs(slope) + 1) * step;
    return fabs(step) * (change * change) <= LAST_STEP * fmax(1, fabs(next)) ||
           fabs(step) <= 2 * DBL_EPSILON * fabs(next);
}

/* Cornish-Fisher on logit(x) (Abramowitz and Stegun 1964, 26.5.22): a fair first guess. z is the
 * normal deviate of the lower tail. */
static double beta_guess(double a, double b, double z)
{
    if (a <= 1 || b <= 1)
        return NAN;
    const double r = 1 / (2 * a - 1), s = 1 / (2 * b - 1), h = 2 / (r + s), l = (z * z - 3) / 6;
    const double root = h + l;
    if (!(root > 0))
        return NAN;
    return log(a / b) + 2 * z * sqrt(root) / h + 2 * (s - r) * (l + 5.0 / 6 - 2 / (3 * h));
}

typedef struct {
    double x, y, logit;
} part_of_one;

static part_of_one from_logit(double u)
{
    const double e = exp(-fabs(u)), large = 1 / (1 + e), small = e / (1 + e);
    const part_of_one at = { u < 0 ? small : large, u < 0 ? large : small, u };
    return at;
}

/* x and 1 - x with P(X <= x) = p, 0 < p <= 1/2; start = logit of a guess or NaN. */
static part_of_one beta_solve(double p, double a, double b, double start)
{
    const beta_shape s = beta_of(a, b);
    const beta_shape mirror = { b, a, s.log_scale };
    const double log_p = log(p), log_a = beta_log_tail(&s), log_b = beta_log_tail(&mirror);
    /* P <= e^(a u) / (a B) and Q <= e^(-b u) / (b B) with equality in the far tails. */
    double lo = (log_p + log_a) / a, hi = -(log1p(-p) + log_b) / b;
    if (lo < -50 && (a + b) * exp(lo) < 1e-17) {
        const part_of_one at = { exp(lo), 1, lo };
        return at;
    }
    if (hi > 700) {
        const part_of_one at = { 1, exp(-hi), hi };
        return at;
    }
    double u = start;
    if (!(u > lo && u < hi))
        u = beta_guess(a, b, oss_normal_quantile(p));
    /* From the lower bound Newton's steps rise to the root without passing it. */
    if (!(u > lo && u < hi))
        u = lo;
    lo = lo - 1e-9 * fmax(1, fabs(lo));
    hi = hi + 1e-9 * fmax(1, fabs(hi));
    for (int k = 0; k < 200; k++) {
        const part_of_one at = from_logit(u);
        const tails t = beta_tails(&s, at.x, at.y);
        if (!(t.lower > 0)) { /* so far out that the tail is lost: halve the way back */
            lo = u;
            u = 0.5 * (lo + hi);
            continue;
        }
        const double slope = t.density / t.lower;
        if (tail_step(1, log(t.lower) - log_p, slope, a * at.y - b * at.x - slope, &u, &lo, &hi))
            break;
    }
    return from_logit(u);
}

static double logit(double x, double y) { return x > 0 && y > 0 ? log(x / y) : NAN; }

double oss_beta_quantile(double p, double a, double b, double start)
{
    if (beta_bad(a, b) || !(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p;
    return p <= 0.5 ? beta_solve(p, a, b, logit(start, 1 - start)).x
                    : beta_solve(1 - p, b, a, logit(1 - start, start)).y;
}

double oss_beta_quantile_upper(double p, double a, double b, double start)
{
    if (beta_bad(a, b) || !(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return 1 - p;
    return p <= 0.5 ? beta_solve(p, b, a, logit(1 - start, start)).y
                    : beta_solve(1 - p, a, b, logit(start, 1 - start)).x;
}

/* x^a e^-x / Gamma(a), the density of log(X). log_scale as for the beta. */
static double gamma_log_scale(double a) { return 0.5 * log(a) - LOG_SQRT_2PI - stirling_error(a); }

static tails gamma_tails(double x, double a, double log_scale)
{
    tails t;
    t.density = exp(log_scale + a * log_minus(x / a, (x - a) / a));
    if (x < a + 1) {
        double sum = 0, term = 1 / a;
        for (double k = a + 1; term > sum * (0.25 * DBL_EPSILON); k++) {
            sum += term;
            term *= x / k;
        }
        t.lower = fmin(t.density * sum, 1);
        t.upper = 1 - t.lower;
    } else {
        /* 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)), Legendre's, by Lentz's method. */
        double denominator = x + 1 - a, c = DBL_MAX, d = 1 / denominator, value = d;
        for (double k = 1; k < 1000000; k++) {
            const double numerator = -k * (k - a);
            denominator += 2;
            d = numerator * d + denominator;
            c = denominator + numerator / c;
            if (d == 0)
                d = DBL_MIN;
            if (c == 0)
                c = DBL_MIN;
            d = 1 / d;
            const double factor = c * d;
            value *= factor;
            if (fabs(factor - 1) <= 2 * DBL_EPSILON)
                break;
        }
        t.upper = fmin(t.density * value, 1);
        t.lower = 1 - t.upper;
    }
    return t;
}

static int gamma_bad(double a) { return !(a > 0 && a <= DBL_MAX); }

double oss_gamma_cdf(double x, double shape)
{
    if (gamma_bad(shape) || isnan(x))
        return NAN;
    if (x <= 0 || x > DBL_MAX)
        return x > 0;
    return gamma_tails(x, shape, gamma_log_scale(shape)).lower;
}

double oss_gamma_cdf_upper(double x, double shape)
{
    if (gamma_bad(shape) || isnan(x))
        return NAN;
    if (x <= 0 || x > DBL_MAX)
        return x <= 0;
    return gamma_tails(x, shape, gamma_log_scale(shape)).upper;
}

/* Lower tail p, or upper tail p, 0 < p <= 1/2. */
static double gamma_solve(double p, int upper, double a, double start)
{
    const double log_scale = gamma_log_scale(a), log_p = log(p);
    const double log_tail = log(a) - log_scale + a * log(a) - a; /* log(a Gamma(a)) */
    /* P <= x^a / (a Gamma(a)), with equality at 0. */
    double lo = ((upper ? log1p(-p) : log_p) + log_tail) / a, hi = log(DBL_MAX);
    if (lo < -50 && exp(lo) < 1e-17)
        return exp(lo);
    double u = log(start);
    if (!(u > lo && u < hi)) {
        /* Wilson and Hilferty (1931): the cube root is nearly normal. */
        const double z = upper ? -oss_normal_quantile(p) : oss_normal_quantile(p);
        const double root = 1 - 1 / (9 * a) + z / (3 * sqrt(a));
        u = root > 0.1 ? log(a) + 3 * log(root) : NAN;
    }
    if (!(u > lo && u < hi))
        u = lo;
    lo = lo - 1e-9 * fmax(1, fabs(lo));
    for (int k = 0; k < 200; k++) {
        const double x = exp(u);
        const tails t = gamma_tails(x, a, log_scale);
        const double tail = upper ? t.upper : t.lower;
        if (!(tail > 0)) {
            *(upper ? &hi : &lo) = u;
            u = 0.5 * (lo + hi);
            continue;
        }
        const double slope = (upper ? -t.density : t.density) / tail;
        if (tail_step(!upper, log(tail) - log_p, slope, a - x - slope, &u, &lo, &hi))
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
