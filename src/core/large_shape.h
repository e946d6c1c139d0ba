#ifndef OSS_LARGE_SHAPE_H
#define OSS_LARGE_SHAPE_H

/* Beta and gamma distributions of large shape in a time that does not grow with the shape: Temme's
 * uniform expansion (1982, SIAM J Math Anal 13:239; for the beta DiDonato and Morris 1992, ACM TOMS
 * 18:360) in one variable for both.
 *
 * With p = a / (a + b), q = 1 - p, N = (a + b) p q and x = p + p q s, the tail is
 *     I = integral to w of h(v) exp(-N v^2 / 2) dv / the same over all v,   h(v) = v / s(v),
 *     w^2 / 2 = -(p log(1 + q s) + q log(1 - p s)) / (p q),   sign(w) = sign(s).
 * The gamma is its limit p -> 0: N = a, x = a (1 + s). From s s' = w (1 + q s) (1 - p s) follow the
 * power series of s(w) and h(w); they converge for |w| < 3.5 at least. Integrated by parts,
 *     I = Phi(z) - phi(z) r(z),   z = w sqrt(N).
 * Used for |w| < OSS_LARGE_REACH and N >= OSS_LARGE_N, where 16 terms leave less than 1e-16. */

#define OSS_LARGE_N 100.0
#define OSS_LARGE_REACH 0.3
#define OSS_LARGE_TERMS 16

typedef struct {
    double root;  /* sqrt(N) */
    double total; /* of the integral over all v, over its first term */
    int terms;
    double s[OSS_LARGE_TERMS + 1]; /* s[j] w^(j + 1) */
    double h[OSS_LARGE_TERMS + 1]; /* h[k] w^k */
} oss_large_shape;

/* skew = q - p (1 for the gamma), spread = p q (0 for the gamma); enough terms for |w| <= reach. */
oss_large_shape oss_large_shape_of(double n, double skew, double spread, double reach);

/* r(z), and the derivative of I in z over phi(z). */
double oss_large_correction(const oss_large_shape *shape, double z);
double oss_large_density(const oss_large_shape *shape, double z);

/* s with I = Phi(normal), for |normal| < OSS_LARGE_REACH sqrt(N). */
double oss_large_quantile(const oss_large_shape *shape, double normal);

#endif
