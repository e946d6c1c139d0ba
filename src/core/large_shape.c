#include "large_shape.h"

#include <math.h>

oss_large_shape oss_large_shape_of(double n, double skew, double spread, double reach)
{
    oss_large_shape l;
    l.root = sqrt(n);
    /* The terms fall by reach / 3.5; the integral's own variable is at least about 3 / sqrt(N). */
    const double ratio = 3.5 / fmax(reach, 3 / l.root);
    l.terms = (int) fmin(OSS_LARGE_TERMS, ceil(39 / log(ratio)));

    /* square[m]: coefficient of w^m in s^2, from (s^2)' = 2 w (1 + skew s - spread s^2). */
    double square[OSS_LARGE_TERMS + 3];
    square[0] = square[1] = 0;
    square[2] = 1;
    l.s[0] = 1;
    for (int j = 2; j <= l.terms + 1; j++) {
        square[j + 1] = 2 * (skew * l.s[j - 2] - spread * square[j - 1]) / (j + 1);
        double sum = square[j + 1];
        for (int i = 1; i < j - 1; i++)
            sum -= l.s[i] * l.s[j - 1 - i];
        l.s[j - 1] = 0.5 * sum;
    }
    l.h[0] = 1;
    for (int k = 1; k <= l.terms; k++) {
        double sum = 0;
        for (int i = 1; i <= k; i++)
            sum -= l.s[i] * l.h[k - i];
        l.h[k] = sum;
    }

    double power = 1;
    l.total = 1;
    for (int k = 2; k <= l.terms; k += 2) {
        power *= (k - 1) / n;
        l.total += l.h[k] * power;
    }
    return l;
}

/* Sum of h[k] N^(-k/2) P_k(z), where P_k(z) phi(z) is what the integral of u^k phi(u) to z has
 * beside Phi: P_0 = 0, P_1 = 1, P_k = (k - 1) P_(k-2) + z^(k-1). */
double oss_large_correction(const oss_large_shape *l, double z)
{
    const double step = 1 / l->root;
    double before = 0, last = step, power = step, sum = l->h[1] * last;
    for (int k = 2; k <= l->terms; k++) {
        power *= z * step; /* z^(k-1) N^(-k/2) */
        const double next = (k - 1) * (step * step) * before + power;
        sum += l->h[k] * next;
        before = last;
        last = next;
    }
    return sum / l->total;
}

static double polynomial(const double *coefficient, int degree, double w)
{
    double sum = coefficient[degree];
    for (int k = degree - 1; k >= 0; k--)
        sum = sum * w + coefficient[k];
    return sum;
}

double oss_large_density(const oss_large_shape *l, double z)
{
    return polynomial(l->h, l->terms, z / l->root) / l->total;
}

/* With z = normal + e the equation Phi(z) - Phi(normal) = phi(z) r(z) is m(e) = r(z), where
 * m' = 1 + z m, m(0) = 0: a short power series, no exponential. */
double oss_large_quantile(const oss_large_shape *l, double normal)
{
    double e = 0, z = normal;
    for (int i = 0; i < 20; i++) {
        double before = 0, last = 1, power = e, m = e;
        for (int k = 1; k < 60; k++) {
            const double next = (normal * last + before) / (k + 1);
            power *= e;
            m += next * power;
            before = last;
            last = next;
            if (fabs((last + fabs(before)) * power) <= 1e-17 * fabs(m))
                break;
        }
        const double gap = m - oss_large_correction(l, z);
        const double step = gap / (z * gap + oss_large_density(l, z));
        e -= step;
        z = normal + e;
        /* Newton's: the next step would be about z step^2. */
        if (fabs(step) * fabs(step) * (1 + fabs(z)) <= 1e-16)
            break;
    }
    const double w = z / l->root;
    return w * polynomial(l->s, l->terms, w);
}
