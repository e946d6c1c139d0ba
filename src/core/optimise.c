#include "optimise.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>

/* Solves (a + ridge * diag|a|) step = g with a = -hessian. Returns 0 if not positive definite. */
static int newton_step(size_t p, const double *hessian, const double *g, double ridge,
                       double *factor, double *step)
{
    for (size_t i = 0; i < p * p; i++) {
        if (!isfinite(hessian[i]))
            return 0;
        factor[i] = -hessian[i];
    }
    double largest = 0;
    for (size_t i = 0; i < p; i++)
        largest = fmax(largest, fabs(factor[i * p + i]));
    for (size_t i = 0; i < p; i++) {
        const double own = fabs(factor[i * p + i]);
        factor[i * p + i] += ridge * (largest > 0 ? fmax(own, largest * 1e-8) : 1);
    }
    gsl_matrix_view a = gsl_matrix_view_array(factor, p, p);
    if (gsl_linalg_cholesky_decomp1(&a.matrix) != GSL_SUCCESS)
        return 0;
    const gsl_vector_const_view b = gsl_vector_const_view_array(g, p);
    gsl_vector_view s = gsl_vector_view_array(step, p);
    if (gsl_linalg_cholesky_solve(&a.matrix, &b.vector, &s.vector) != GSL_SUCCESS)
        return 0;
    for (size_t i = 0; i < p; i++)
        if (!isfinite(step[i]))
            return 0;
    return 1;
}

static double largest_element(size_t p, const double *g)
{
    double largest = 0;
    for (size_t i = 0; i < p; i++)
        largest = fmax(largest, fabs(g[i]));
    return largest;
}

size_t oss_maximise_work(size_t p) { return 2 * p * p + 6 * p; }

/* Still moving: in some parameter the last step is not small against the one before nor against
 * the way gone. Newton near a maximum squares its error; along a monotone likelihood every step is
 * about as long as the last. */
static int still_moving(size_t p, const double *step, const double *before, const double *x,
                        const double *start)
{
    for (size_t i = 0; i < p; i++)
        if (fabs(step[i]) > 0.5 * fabs(before[i]) && before[i] != 0 &&
            fabs(step[i]) > 1e-4 * fabs(x[i] - start[i]))
            return 1;
    return 0;
}

oss_status oss_maximise(const oss_problem *problem, double *x, const oss_optimise_control *control,
                        double *work, oss_optimum *result, oss_error *err)
{
    const size_t p = problem->p;
    const size_t max_iterations =
        control && control->max_iterations ? control->max_iterations : 100;
    const double tolerance = control && control->tolerance > 0 ? control->tolerance : 1e-15;
    double *hessian = work, *factor = hessian + p * p, *g = factor + p * p, *step = g + p,
           *before = step + p, *trial = before + p, *start = trial + p, *trial_g = start + p;

    *result = (oss_optimum){ 0 };
    double value;
    oss_status status = problem->evaluate(problem->context, x, &value, g, hessian, err);
    if (status != OSS_OK)
        return status;
    if (!isfinite(value))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the log-likelihood is not finite where the fit starts");
    result->value = value;
    if (p == 0) {
        result->converged = 1;
        return OSS_OK;
    }
    for (size_t i = 0; i < p; i++) {
        start[i] = x[i];
        before[i] = 0;
    }

    int stalled = 0;
    for (size_t iteration = 0;; iteration++) {
        double ridge = 0;
        while (!newton_step(p, hessian, g, ridge, factor, step)) {
            ridge = ridge == 0 ? 1e-6 : 10 * ridge;
            if (ridge > 1e12)
                return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX,
                                "the curvature of the log-likelihood is not finite");
        }
        double decrement = 0;
        for (size_t i = 0; i < p; i++)
            decrement += 0.5 * step[i] * g[i];
        result->decrement = decrement;
        result->gradient = largest_element(p, g);
        result->iterations = iteration;
        /* A ridge means that the point is no maximum, unless the likelihood is flat there. */
        const int flat = result->gradient <= 1e-14 * (1 + fabs(value));
        if (decrement <= tolerance * (1 + fabs(value)) && (ridge == 0 || flat)) {
            result->converged = 1;
            result->diverging = still_moving(p, step, before, x, start);
        }
        /* The value has not moved for five steps and yet a gain is promised: rounding times a
         * curvature that vanishes, beside a parameter on its way to infinity. */
        if (!result->converged && stalled == 5)
            result->converged = result->diverging = 1;
        if (iteration == max_iterations && !result->converged)
            return OSS_OK;
        if (oss_stopped(control ? control->hook : NULL,
                        (double) iteration / (double) max_iterations))
            return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");

        /* Where the gain is near the rounding of the value, a lower value says nothing and the
         * gradient decides. */
        const double noise = 64 * DBL_EPSILON * (1 + fabs(value));
        const int close = decrement <= 1e-8 * (1 + fabs(value));
        double scale = 1, trial_value = -INFINITY;
        int accepted = 0;
        for (int halving = 0; halving < 60 && !accepted; halving++, scale *= 0.5) {
            for (size_t i = 0; i < p; i++)
                trial[i] = x[i] + scale * step[i];
            status = problem->evaluate(problem->context, trial, &trial_value, trial_g,
                                       halving ? NULL : factor, err);
            if (status != OSS_OK)
                return status;
            accepted = isfinite(trial_value) &&
                       (trial_value >= value - noise ||
                        (close && !halving && largest_element(p, trial_g) <= result->gradient));
            if (accepted && halving) {
                status =
                    problem->evaluate(problem->context, trial, &trial_value, trial_g, factor, err);
                if (status != OSS_OK)
                    return status;
            }
        }
        if (!accepted)
            return OSS_OK;
        for (size_t i = 0; i < p; i++) {
            before[i] = trial[i] - x[i];
            x[i] = trial[i];
            g[i] = trial_g[i];
        }
        for (size_t i = 0; i < p * p; i++)
            hessian[i] = factor[i];
        stalled = close && trial_value - value <= noise ? stalled + 1 : 0;
        value = result->value = trial_value;
        if (result->converged) {
            result->gradient = largest_element(p, g);
            return OSS_OK;
        }
    }
}

/* The problem with x[pivot] given by the others through the contrast. */
typedef struct {
    const oss_problem *full;
    const double *contrast;
    double theta;
    size_t pivot;
    double *x, *gradient, *hessian; /* of the full problem */
} restricted;

static void expand(const restricted *r, const double *y, double *x)
{
    double rest = r->theta;
    for (size_t i = 0, m = 0; i < r->full->p; i++)
        if (i != r->pivot) {
            x[i] = y[m++];
            rest -= r->contrast[i] * x[i];
        }
    x[r->pivot] = rest / r->contrast[r->pivot];
}

static oss_status restricted_loglik(void *context, const double *y, double *value, double *gradient,
                                    double *hessian, oss_error *err)
{
    const restricted *r = context;
    const size_t p = r->full->p, j = r->pivot;
    expand(r, y, r->x);
    const oss_status status =
        r->full->evaluate(r->full->context, r->x, value, gradient ? r->gradient : NULL,
                          hessian ? r->hessian : NULL, err);
    if (status != OSS_OK)
        return status;
    const double *c = r->contrast, *h = r->hessian;
    for (size_t i = 0, m = 0; i < p; i++) {
        if (i == j)
            continue;
        const double ci = c[i] / c[j];
        if (gradient)
            gradient[m] = r->gradient[i] - ci * r->gradient[j];
        if (hessian)
            for (size_t l = 0, n = 0; l < p; l++) {
                if (l == j)
                    continue;
                const double cl = c[l] / c[j];
                hessian[m * (p - 1) + n++] =
                    h[i * p + l] - ci * h[j * p + l] - cl * h[i * p + j] + ci * cl * h[j * p + j];
            }
        m++;
    }
    return OSS_OK;
}

size_t oss_maximise_given_work(size_t p) { return oss_maximise_work(p) + p * p + 3 * p; }

oss_status oss_maximise_given(const oss_problem *problem, const double *contrast, double theta,
                              double *x, const oss_optimise_control *control, double *work,
                              oss_optimum *result, double *slope, oss_error *err)
{
    const size_t p = problem->p;
    double *hessian = work, *full_x = hessian + p * p, *gradient = full_x + p, *y = gradient + p,
           *rest = y + p;
    size_t pivot = 0;
    for (size_t i = 1; i < p; i++)
        if (fabs(contrast[i]) > fabs(contrast[pivot]))
            pivot = i;
    if (!isfinite(theta) || !(fabs(contrast[pivot]) > 0))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "a contrast must have a weight other than zero and a finite value");
    restricted r = { problem, contrast, theta, pivot, full_x, gradient, hessian };
    for (size_t i = 0, m = 0; i < p; i++)
        if (i != pivot)
            y[m++] = x[i];
    const oss_problem reduced = { restricted_loglik, &r, p - 1 };
    const oss_status status = oss_maximise(&reduced, y, control, rest, result, err);
    if (status != OSS_OK)
        return status;
    expand(&r, y, x);
    double value;
    const oss_status last = problem->evaluate(problem->context, x, &value, gradient, NULL, err);
    if (last != OSS_OK)
        return last;
    *slope = gradient[pivot] / contrast[pivot];
    return OSS_OK;
}

oss_status oss_root(oss_scalar f, void *context, double lo, double hi, double tolerance,
                    double *root, oss_error *err)
{
    double a = lo, b = hi, fa, fb;
    oss_status status = f(context, a, &fa, err);
    if (status == OSS_OK)
        status = f(context, b, &fb, err);
    if (status != OSS_OK)
        return status;
    if (isnan(fa) || isnan(fb) || (fa > 0) == (fb > 0)) {
        if (fa == 0 || fb == 0) {
            *root = fa == 0 ? a : b;
            return OSS_OK;
        }
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "the ends do not bracket a root");
    }
    /* b: best so far; c: the end on the other side of the root; a: the b before. */
    double c = a, fc = fa, d = b - a, e = d;
    for (int i = 0; i < 200; i++) {
        if (fabs(fc) < fabs(fb)) {
            a = b, b = c, c = a;
            fa = fb, fb = fc, fc = fa;
        }
        const double near = 2 * DBL_EPSILON * fabs(b) + 0.5 * tolerance;
        const double half = 0.5 * (c - b);
        if (fabs(half) <= near || fb == 0) {
            *root = b;
            return OSS_OK;
        }
        if (fabs(e) < near || fabs(fa) <= fabs(fb)) {
            d = e = half;
        } else {
            double p, q;
            const double s = fb / fa;
            if (a == c) {
                p = 2 * half * s;
                q = 1 - s;
            } else {
                const double t = fa / fc, r = fb / fc;
                p = s * (2 * half * t * (t - r) - (b - a) * (r - 1));
                q = (t - 1) * (r - 1) * (s - 1);
            }
            if (p > 0)
                q = -q;
            else
                p = -p;
            if (2 * p < fmin(3 * half * q - fabs(near * q), fabs(e * q))) {
                e = d;
                d = p / q;
            } else {
                d = e = half;
            }
        }
        a = b, fa = fb;
        b += fabs(d) > near ? d : copysign(near, half);
        status = f(context, b, &fb, err);
        if (status != OSS_OK)
            return status;
        if (isnan(fb))
            break;
        if ((fb > 0) == (fc > 0))
            c = a, fc = fa, d = e = b - a;
    }
    return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX, "no root found");
}

typedef struct {
    oss_scalar drop;
    void *context;
    double target;
} excess;

static oss_status excess_at(void *context, double x, double *value, oss_error *err)
{
    const excess *e = context;
    const oss_status status = e->drop(e->context, x, value, err);
    *value -= e->target;
    return status;
}

oss_status oss_profile_limit(oss_scalar drop, void *context, double centre, double step,
                             double reach, double target, double *limit, oss_error *err)
{
    if (!isfinite(centre) || !isfinite(step) || step == 0 || !(target > 0))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "a profile interval needs a finite start, step and level");
    excess e = { drop, context, target };
    double inside = centre, outside, value, distance = fmin(fabs(step), reach);
    for (;; distance = fmin(2 * distance, reach)) {
        outside = centre + copysign(distance, step);
        const oss_status status = excess_at(&e, outside, &value, err);
        if (status != OSS_OK)
            return status;
        if (isnan(value))
            return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX,
                            "the profile likelihood is not defined");
        if (value > 0)
            break;
        /* The distance itself is compared: centre + reach - centre may fall short of reach. */
        if (!(distance < reach)) {
            *limit = copysign(INFINITY, step);
            return OSS_OK;
        }
        inside = outside;
    }
    /* The drop may be infinite outside, where interpolation has nothing to go by. */
    while (isinf(value)) {
        const double middle = 0.5 * (inside + outside);
        if (middle == inside || middle == outside)
            break;
        const oss_status status = excess_at(&e, middle, &value, err);
        if (status != OSS_OK)
            return status;
        if (value > 0)
            outside = middle;
        else
            inside = middle, value = INFINITY;
    }
    return oss_root(excess_at, &e, inside, outside, 1e-10 * fabs(outside - inside), limit, err);
}

oss_status oss_spd_inverse(size_t p, double *a, double *log_det, oss_error *err)
{
    if (log_det)
        *log_det = 0;
    if (p == 0)
        return OSS_OK;
    gsl_matrix_view m = gsl_matrix_view_array(a, p, p);
    int definite = gsl_linalg_cholesky_decomp1(&m.matrix) == GSL_SUCCESS;
    /* A pivot that is rounding of its diagonal (the sum of squares of the factor's row) is a zero.
     */
    for (size_t i = 0; i < p && definite; i++) {
        double diagonal = 0;
        for (size_t j = 0; j <= i; j++)
            diagonal += a[i * p + j] * a[i * p + j];
        definite = a[i * p + i] * a[i * p + i] > 1e-13 * diagonal;
        if (log_det)
            *log_det += 2 * log(a[i * p + i]);
    }
    if (!definite)
        return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX, "a matrix is not positive definite");
    if (gsl_linalg_cholesky_invert(&m.matrix) != GSL_SUCCESS)
        return oss_fail(err, OSS_ENOCONV, OSS_NO_INDEX, "a matrix is not positive definite");
    return OSS_OK;
}
