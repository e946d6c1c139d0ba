#include "tails.h"

#include <float.h>
#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_HALF 0.707106781186547524400844362105

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

/* lgamma(a) - ((a - 1/2) log(a) - a + log sqrt(2 pi)), a = 1/2, 1, 3/2, ..., 12. */
static const double stirling_table[] = {
    0.1534264097200273453,   0.08106146679532725822,  0.0548141210519176539,
    0.04134069595540929409,  0.03316287351993628749,  0.02767792568499833915,
    0.02374616365629749597,  0.02079067210376509311,  0.01848845053267318523,
    0.01664469118982119216,  0.01513497322191737887,  0.013876128823070748,
    0.01281046524292022692,  0.0118967099458917701,   0.01110455975820691733,
    0.0104112652619720965,   0.009799416126158803298, 0.009255462182712732918,
    0.008768700134139385463, 0.008330563433362871256, 0.007934114564314020547,
    0.007573675487951840795, 0.00724455430132038318,  0.006942840107209529866,
};

/* The same for any a: what Stirling's formula lacks. libm's lgamma writes a global and loses the
 * digits of the difference at large a. */
static double stirling_error(double a)
{
    double shift = 0, up = a;
    if (a >= 0.5 && a <= 12 && 2 * a == floor(2 * a))
        return stirling_table[(int) (2 * a) - 1];
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

/* a b / (a + b); as written that could overflow. */
double oss_beta_size(double a, double b) { return a < b ? a * (b / (a + b)) : b * (a / (a + b)); }

/* Beyond 39 standard deviations a tail is 0. */
static double whole_reach(double size) { return fmin(OSS_LARGE_REACH, 39 / sqrt(size)); }

static double large_log_scale(const oss_large_shape *expansion)
{
    return log(expansion->root / expansion->total) - LOG_SQRT_2PI;
}

oss_beta_shape oss_beta_shape_of(double a, double b)
{
    const double n = a + b, size = oss_beta_size(a, b);
    oss_beta_shape shape;
    shape.a = a;
    shape.b = b;
    shape.large = size >= OSS_LARGE_N;
    if (shape.large) {
        shape.expansion =
            oss_large_shape_of(size, (b - a) / n, (a / n) * (b / n), whole_reach(size));
        shape.log_scale = large_log_scale(&shape.expansion);
    } else
        shape.log_scale = 0.5 * log(size) - LOG_SQRT_2PI + stirling_error(n) - stirling_error(a) -
                          stirling_error(b);
    return shape;
}

/* log(a B(a, b)). */
double oss_beta_log_tail(double a, double b, double log_scale)
{
    const double n = a + b;
    return log(a) - log_scale + a * (a < b ? log(a / n) : log1p(-b / n)) +
           b * (b < a ? log(b / n) : log1p(-a / n));
}

/* -n times the divergence of (x, y) from (a, b) / n: log density over log_scale. */
static double beta_log_density(const oss_beta_shape *s, double x, double y, double excess)
{
    const double n = s->a + s->b;
    return s->a * log_minus(x * (n / s->a), excess / s->a) +
           s->b * log_minus(y * (n / s->b), -excess / s->b);
}

/* The tails at the log density (over log_scale) below the mode, on the side of its sign. */
static int large_tails(const oss_large_shape *l, double log_density, double side, oss_tails *t)
{
    const double z = copysign(sqrt(-2 * log_density), side);
    if (!(fabs(z) < OSS_LARGE_REACH * l->root))
        return 0;
    const double phi = exp(log_density - LOG_SQRT_2PI);
    const double correction = phi * oss_large_correction(l, z);
    t->density = phi * l->root / l->total;
    t->lower = fmax(0, 0.5 * erfc(-z * SQRT_HALF) - correction);
    t->upper = fmax(0, 0.5 * erfc(z * SQRT_HALF) + correction);
    return 1;
}

/* P(X <= x) / density where x is below about the mean: the continued fraction of DiDonato and
 * Morris (1992, ACM TOMS 18:360), by Lentz's method. O(sqrt(a + b)) steps at worst. */
static double beta_ratio(double a, double b, double x, double y)
{
    const double lambda = a * y - b * x + 1;
    double value = a * lambda / (a + 1);
    if (value == 0)
        value = DBL_MIN;
    double c = value, d = 0;
    for (double m = 1; m < 20000; m++) {
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

oss_tails oss_beta_tails(const oss_beta_shape *s, double x, double y)
{
    oss_tails t;
    const double excess = s->b * x - s->a * y;
    const double log_density = beta_log_density(s, x, y, excess);
    if (s->large && large_tails(&s->expansion, log_density, excess, &t))
        return t;
    t.density = exp(s->log_scale + log_density);
    if (excess < y - x) {
        t.lower = fmin(t.density * beta_ratio(s->a, s->b, x, y), 1);
        t.upper = 1 - t.lower;
    } else {
        t.upper = fmin(t.density * beta_ratio(s->b, s->a, y, x), 1);
        t.lower = 1 - t.upper;
    }
    return t;
}

/* Halley's steps shrink as the cube: after a step d the next is about d (c d)^2, where c measures
 * how fast the tail curves. Below this that step is not worth its evaluation. */
#define LAST_STEP 1e-16

int oss_tail_step(int rising, double gap, double slope, double bend, double *at, double *lo,
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
double oss_beta_logit_guess(double a, double b, double z)
{
    if (a <= 1 || b <= 1)
        return NAN;
    const double r = 1 / (2 * a - 1), s = 1 / (2 * b - 1), h = 2 / (r + s), l = (z * z - 3) / 6;
    const double root = h + l;
    if (!(root > 0))
        return NAN;
    return log(a / b) + 2 * z * sqrt(root) / h + 2 * (s - r) * (l + 5.0 / 6 - 2 / (3 * h));
}

oss_split oss_from_logit(double u)
{
    const double e = exp(-fabs(u)), large = 1 / (1 + e), small = e / (1 + e);
    const oss_split at = { u < 0 ? small : large, u < 0 ? large : small, u };
    return at;
}

oss_split oss_mirror(oss_split at)
{
    const oss_split other = { at.y, at.x, -at.logit };
    return other;
}

oss_gamma_shape oss_gamma_shape_of(double a)
{
    oss_gamma_shape shape;
    shape.a = a;
    shape.large = a >= OSS_LARGE_N;
    if (shape.large) {
        shape.expansion = oss_large_shape_of(a, 1, 0, whole_reach(a));
        shape.log_scale = large_log_scale(&shape.expansion);
    } else
        shape.log_scale = 0.5 * log(a) - LOG_SQRT_2PI - stirling_error(a);
    return shape;
}

double oss_gamma_log_tail(const oss_gamma_shape *s)
{
    return log(s->a) - s->log_scale + s->a * log(s->a) - s->a;
}

oss_tails oss_gamma_tails(const oss_gamma_shape *s, double x)
{
    oss_tails t;
    const double a = s->a, log_density = a * log_minus(x / a, (x - a) / a);
    if (s->large && large_tails(&s->expansion, log_density, x - a, &t))
        return t;
    t.density = exp(s->log_scale + log_density);
    if (x < a + 1) {
        double sum = 0, term = 1 / a;
        for (double k = 1; k < 20000 && term > sum * (0.25 * DBL_EPSILON); k++) {
            sum += term;
            term *= x / (a + k);
        }
        t.lower = fmin(t.density * sum, 1);
        t.upper = 1 - t.lower;
    } else {
        /* 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)), Legendre's, by Lentz's method. */
        double denominator = x + 1 - a, c = DBL_MAX, d = 1 / denominator, value = d;
        for (double k = 1; k < 20000; k++) {
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

/* Wilson and Hilferty (1931): the cube root is nearly normal. */
double oss_gamma_log_guess(double a, double z)
{
    const double root = 1 - 1 / (9 * a) + z / (3 * sqrt(a));
    return root > 0.1 ? log(a) + 3 * log(root) : NAN;
}
