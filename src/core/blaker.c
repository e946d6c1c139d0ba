#include "blaker.h"

#include <float.h>
#include <math.h>

typedef struct {
    oss_tail_at tail;
    const void *context;
    double alpha;
} request;

/* log(observed tail / next opposite tail): where it is 0 that tail joins. */
static oss_point balance(const request *r, double v)
{
    const oss_point near = r->tail(r->context, OSS_OBSERVED, v);
    const oss_point far = r->tail(r->context, OSS_OPPOSITE_NEXT, v);
    const oss_point out = { log(near.value / far.value),
                            near.slope / near.value - far.slope / far.value };
    return out;
}

/* log(acceptability / alpha) before that. */
static oss_point excess(const request *r, double v)
{
    const oss_point near = r->tail(r->context, OSS_OBSERVED, v);
    const oss_point far = r->tail(r->context, OSS_OPPOSITE, v);
    const double sum = near.value + far.value;
    const oss_point out = { log(sum / r->alpha), (near.slope + far.slope) / sum };
    return out;
}

/* The root between lo and hi, where f goes from negative to positive, once: Newton's steps, or
 * halves where those leave the bracket. */
static double rising_root(oss_point (*f)(const request *, double), const request *r, double lo,
                          double hi, double v)
{
    for (int i = 0; i < 200 && hi - lo > DBL_EPSILON * fmax(1, fabs(v)); i++) {
        const oss_point at = f(r, v);
        if (at.value > 0)
            hi = v;
        else
            lo = v;
        const double newton = -at.value / at.slope;
        double next = v + newton;
        if (!(next > lo && next < hi)) {
            if (fabs(newton) <= 2 * DBL_EPSILON * fmax(1, fabs(v)))
                break;
            next = isinf(hi) ? v + 1 : 0.5 * (lo + hi);
        } else if (newton * newton * fabs(at.slope) <= 1e-16 * fmax(1, fabs(v)))
            return next; /* the error of the next step would be less than rounding */
        v = next;
    }
    return v;
}

double oss_blaker_limit(oss_tail_at tail, const void *context, double alpha, double central)
{
    const request r = { tail, context, alpha };
    const double rise = rising_root(excess, &r, central, INFINITY, central);
    if (balance(&r, rise).value <= 0)
        return rise;
    return rising_root(balance, &r, central, rise, central);
}
