#include "melding.h"
#include "quantile.h"
#include "tails.h"

#include <math.h>

#define HALF_PI 1.57079632679489661923132169164

/* What an ordinary tail may lack; a tail below RARE is sought with all that doubles hold. */
#define CUT 1e-17
#define RARE 1e-4
#define LEAST 1e-300

/* Agreement of two rules; their errors are about as the square of it. */
#define FINE 1e-9

enum { POINT_0, POINT_1, SPREAD };

/* One beta variable, or a point. */
typedef struct {
    int kind;
    oss_beta_shape shape;
    double centre, variance; /* about, on the scale on which the effect is a difference */
    double from, to;         /* logits beyond which there is less than CUT */
} variable;

/* The variables of an arm, equally likely: one, or the two that mid-p mixes. */
typedef struct {
    int n;
    variable of[2];
} arm;

typedef struct {
    oss_meld_effect effect;
    arm first, second;
    double precision; /* relative, of two doublings of the rule */
    int failed;
} problem;

static variable variable_of(const oss_beta_product *moments, oss_meld_effect effect)
{
    double a, b;
    variable x = { .kind = moments->mean > 0.5 ? POINT_1 : POINT_0 };
    if (oss_beta_product_shapes(moments, &a, &b)) {
        const double n = a + b;
        x.kind = SPREAD;
        x.shape = oss_beta_shape_of(a, b);
        x.from = oss_beta_quantile_split(CUT, a, b, NAN).logit;
        x.to = -oss_beta_quantile_split(CUT, b, a, NAN).logit;
        switch (effect) {
        case OSS_MELD_DIFFERENCE:
            x.centre = a / n;
            x.variance = (a / n) * (b / n) / (n + 1);
            break;
        case OSS_MELD_RATIO:
            x.centre = log(a / n);
            x.variance = b / (a * (n + 1));
            break;
        default:
            x.centre = log(a / b);
            x.variance = 1 / a + 1 / b;
        }
    } else {
        x.centre = effect == OSS_MELD_DIFFERENCE ? x.kind == POINT_1 : 0;
    }
    return x;
}

/* The bound z on the inner variable that goes with x of the outer: effect(x, z) = shift. The bound
 * of the other way round is that of -shift. Returns -1 below 0, 1 above 1, else 0 and the
 * derivative of logit(z) by the shift. */
static int bound_at(oss_meld_effect effect, oss_split x, double shift, oss_split *z, double *rate)
{
    if (effect == OSS_MELD_ODDS_RATIO) {
        *z = oss_from_logit(x.logit + shift);
        *rate = 1;
    } else if (effect == OSS_MELD_RATIO) {
        z->x = x.x * exp(shift);
        z->y = x.y - x.x * expm1(shift);
        *rate = 1 / z->y;
    } else {
        z->x = x.x + shift;
        z->y = x.y - shift;
        *rate = 1 / (z->x * z->y);
    }
    return !(z->x > 0) ? -1 : !(z->y > 0) ? 1 : 0;
}

/* The logits of x between which the bound is inside (0, 1). */
static void inside(oss_meld_effect effect, double shift, double *lo, double *hi)
{
    *lo = -INFINITY;
    *hi = INFINITY;
    if (effect == OSS_MELD_DIFFERENCE && shift < 0)
        *lo = shift > -1 ? log(-shift / (1 + shift)) : INFINITY;
    else if (effect == OSS_MELD_DIFFERENCE && shift > 0)
        *hi = shift < 1 ? log((1 - shift) / shift) : -INFINITY;
    else if (effect == OSS_MELD_RATIO && shift > 0)
        *hi = shift < 700 ? -log(expm1(shift)) : -shift;
}

/* An integral over the logit of the outer variable. */
typedef struct {
    oss_meld_effect effect;
    const oss_beta_shape *outer, *inner;
    double shift;
    int upper; /* which tail of the inner */
    double middle, half;
    int smooth; /* the density is gone at both ends; else something bends or ends there */
} integral;

/* Density of the outer times the tail of the inner, and times its density, at t. */
static void integrand(const integral *in, double t, double *value, double *slope)
{
    double v, weight;
    if (in->smooth) {
        v = in->middle + in->half * t;
        weight = in->half;
    } else { /* Takahasi and Mori (1974): both ends at a double exponential pace */
        const double turn = HALF_PI * sinh(t), c = cosh(turn);
        v = in->middle + in->half * tanh(turn);
        weight = in->half * HALF_PI * cosh(t) / (c * c);
    }
    const oss_split x = oss_from_logit(v);
    const oss_tails outer = oss_beta_tails(in->outer, x.x, x.y);
    oss_split z;
    double rate;
    const int side = bound_at(in->effect, x, in->shift, &z, &rate);
    *value = *slope = 0;
    if (!(outer.density > 0) || side) {
        if (side && (side > 0) != in->upper)
            *value = outer.density * weight;
        return;
    }
    const oss_tails inner = oss_beta_tails(in->inner, z.x, z.y);
    const double density = outer.density * weight;
    *value = density * (in->upper ? inner.upper : inner.lower);
    *slope = density * inner.density * rate;
}

/* The trapezoidal rule, doubled until two agree: it converges so fast here that the second is then
 * exact. known: what is added to the integral; the error is judged against the sum. A sum below
 * `enough` is not wanted exactly. */
static int integrate(const integral *in, double known, double precision, double enough,
                     double *value, double *slope)
{
    enum { FIRST = 16, LAST = 1 << 15 };
    const double reach = in->smooth ? 1 : 3.15;
    double sum = 0, rise = 0, before = NAN;
    for (int n = FIRST; n <= LAST; n *= 2) {
        const double step = 2 * reach / n;
        for (int i = n == FIRST ? 0 : 1; i <= n; i += n == FIRST ? 1 : 2) {
            double one, one_slope;
            integrand(in, i * step - reach, &one, &one_slope);
            sum += one;
            rise += one_slope;
        }
        *value = sum * step;
        *slope = rise * step;
        const double error = fabs(*value - before), all = *value + known;
        if (n > FIRST && (error <= precision * all || error + all < enough))
            return 1;
        before = *value;
    }
    return 0;
}

/* The tail with the outer variable between two logits. */
static double tail_between(problem *p, integral *in, double from, double to, double enough,
                           double *density)
{
    double lo, hi, known = 0, value = 0;
    inside(in->effect, in->shift, &lo, &hi);
    if (!in->upper && hi < to) {
        const oss_split end = oss_from_logit(hi);
        known = end.x > 0 ? oss_beta_tails(in->outer, end.x, end.y).upper : 1;
    } else if (in->upper && lo > from) {
        const oss_split end = oss_from_logit(lo);
        known = end.y > 0 ? oss_beta_tails(in->outer, end.x, end.y).lower : 1;
    }
    in->smooth = lo <= from && hi >= to;
    const double left = fmax(lo, from), right = fmin(hi, to);
    *density = 0;
    if (left < right) {
        in->middle = 0.5 * (left + right);
        in->half = 0.5 * (right - left);
        p->failed |= !integrate(in, known, p->precision, enough, &value, density);
    }
    return fmin(value + known, 1);
}

/* P(effect <= at), or >= for `upper`, of two spread variables, and the density of the effect there.
 * The outer of the two integrals is over the narrower variable, across which the other's tail is
 * smooth. */
static double spread_tail(problem *p, const variable *first, const variable *second, double at,
                          int upper, double *density)
{
    const int by_first = first->variance <= second->variance;
    const variable *outer = by_first ? first : second, *inner = by_first ? second : first;
    integral in = { .effect = p->effect,
                    .outer = &outer->shape,
                    .inner = &inner->shape,
                    .shift = by_first ? at : -at,
                    .upper = by_first ? upper : !upper };
    const double value = tail_between(p, &in, outer->from, outer->to, RARE, density);
    if (value > RARE)
        return value;
    const double a = in.outer->a, b = in.outer->b;
    return tail_between(p, &in, oss_beta_quantile_split(LEAST, a, b, NAN).logit,
                        -oss_beta_quantile_split(LEAST, b, a, NAN).logit, 0, density);
}

/* The effect of two points; NaN if not defined. */
static double point_effect(oss_meld_effect effect, int first, int second)
{
    if (effect == OSS_MELD_DIFFERENCE)
        return second - first;
    if (first == second)
        return effect == OSS_MELD_RATIO && first == POINT_1 ? 0 : NAN;
    return second == POINT_1 ? INFINITY : -INFINITY;
}

/* With one spread variable: the other is a point, so that the effect is a function of one. */
static double half_point_tail(oss_meld_effect effect, const variable *first, const variable *second,
                              double at, int upper, double *density)
{
    const int by_first = first->kind == SPREAD, point = by_first ? second->kind : first->kind;
    const oss_beta_shape *shape = by_first ? &first->shape : &second->shape;
    oss_split z = { .x = point == POINT_1, .y = point == POINT_0 };
    double rate = 0;
    *density = 0;
    if (effect == OSS_MELD_ODDS_RATIO || (effect == OSS_MELD_RATIO && point == POINT_0)) {
        const int large = (point == POINT_0) != by_first; /* a denominator of 0, odds of Inf */
        return large == upper;
    }
    /* The spread variable against its bound. */
    const int side = bound_at(effect, z, by_first ? -at : at, &z, &rate);
    const int above = by_first ? !upper : upper;
    if (side)
        return (side < 0) == above;
    const oss_tails t = oss_beta_tails(shape, z.x, z.y);
    *density = t.density * rate;
    return above ? t.upper : t.lower;
}

/* P(effect <= at) or P(effect >= at) for the mixtures; what is not defined counts in either. */
static double tail_at(problem *p, double at, int upper, double *density)
{
    double sum = 0;
    *density = 0;
    for (int i = 0; i < p->first.n; i++)
        for (int j = 0; j < p->second.n; j++) {
            const variable *first = &p->first.of[i], *second = &p->second.of[j];
            double slope = 0;
            if (first->kind == SPREAD && second->kind == SPREAD) {
                sum += spread_tail(p, first, second, at, upper, &slope);
            } else if (first->kind != SPREAD && second->kind != SPREAD) {
                const double value = point_effect(p->effect, first->kind, second->kind);
                sum += isnan(value) || (upper ? value >= at : value <= at);
            } else {
                sum += half_point_tail(p->effect, first, second, at, upper, &slope);
            }
            *density += slope;
        }
    const double pairs = p->first.n * p->second.n;
    *density /= pairs;
    return sum / pairs;
}

/* Where the tail has grown to `share`: Newton's steps on the normal deviate of the tail, in which
 * it is nearly a straight line. */
static double limit_of(problem *p, double share, int upper)
{
    p->precision = FINE;
    const double far = p->effect == OSS_MELD_DIFFERENCE ? 1 : 800, sign = upper ? -1 : 1;
    double density;
    if (tail_at(p, -sign * far, upper, &density) >= share)
        return p->effect == OSS_MELD_DIFFERENCE ? -sign : -sign * INFINITY;
    const double target = oss_normal_quantile(share);
    double lo = -far, hi = far, u = 0, spread = 0; /* u = sign * effect */
    for (int i = 0; i < p->first.n; i++)
        for (int j = 0; j < p->second.n; j++) {
            u += sign * (p->second.of[j].centre - p->first.of[i].centre);
            spread += sqrt(p->second.of[j].variance + p->first.of[i].variance);
        }
    const double pairs = p->first.n * p->second.n;
    u = (u + target * spread) / pairs;
    for (int k = 0; k < 200 && !p->failed; k++) {
        p->precision = k ? FINE : 1e-3; /* the first step need not be exact */
        if (!(u > lo && u < hi))
            u = 0.5 * (lo + hi);
        const double tail = tail_at(p, sign * u, upper, &density);
        if (tail >= share)
            hi = u;
        else
            lo = u;
        const double z = tail > 0 && tail < 1 ? oss_normal_quantile(tail) : NAN;
        const double slope = density * 2.50662827463100050 * exp(0.5 * z * z);
        const double step = (target - z) / slope;
        /* Quadratic: the step after one of 1e-8 is rounding. */
        if (k && fabs(step) <= 1e-8 * fmin(1, 1 / fabs(z)) && u + step >= lo && u + step <= hi)
            return sign * (u + step);
        if (hi - lo <= 1e-15 * fmax(1, fabs(u)))
            return sign * hi;
        u += step;
    }
    return p->failed ? NAN : sign * u;
}

static oss_status no_convergence(oss_error *err)
{
    return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX, "the melding integral did not converge");
}

oss_status oss_meld_tails(const oss_beta_product *first, const oss_beta_product *second,
                          oss_meld_effect effect, double at, double *below, double *above,
                          oss_error *err)
{
    problem p = { .effect = effect,
                  .precision = FINE,
                  .first = { 1, { variable_of(first, effect) } },
                  .second = { 1, { variable_of(second, effect) } } };
    double density;
    *below = tail_at(&p, at, 0, &density);
    *above = tail_at(&p, at, 1, &density);
    return p.failed ? no_convergence(err) : OSS_OK;
}

oss_status oss_meld(const oss_meld_arm *first, const oss_meld_arm *second, oss_meld_effect effect,
                    int mid_p, double conf_level, oss_melded *result, oss_error *err)
{
    const double share = (1 - conf_level) / 2;
    const variable low_1 = variable_of(&first->low, effect),
                   high_1 = variable_of(&first->high, effect),
                   low_2 = variable_of(&second->low, effect),
                   high_2 = variable_of(&second->high, effect);
    problem lower = { effect, { 1, { high_1 } }, { 1, { low_2 } }, FINE, 0 };
    problem upper = { effect, { 1, { low_1 } }, { 1, { high_2 } }, FINE, 0 };
    if (mid_p) {
        lower.first = (arm){ 2, { high_1, low_1 } };
        lower.second = (arm){ 2, { low_2, high_2 } };
        upper = lower;
    }
    double density;
    result->low = limit_of(&lower, share, 0);
    result->high = limit_of(&upper, share, 1);
    result->p = fmin(1, 2 * fmin(tail_at(&lower, 0, 0, &density), tail_at(&upper, 0, 1, &density)));
    return lower.failed || upper.failed ? no_convergence(err) : OSS_OK;
}
