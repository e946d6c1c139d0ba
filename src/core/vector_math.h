#ifndef OSS_VECTOR_MATH_H
#define OSS_VECTOR_MATH_H

/* exp and log without a branch or a table, for `#pragma omp simd` loops: good to 2e-16 relative
 * within their ranges, and the same on every machine (no fused operations). A function made of such
 * loops is OSS_VECTOR_CLONES: compiled a second time for wider vectors where the compiler can
 * choose between the two when the library is loaded. */

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) &&   \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define OSS_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define OSS_VECTOR_CLONES
#endif

#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33

static inline uint64_t vector_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double vector_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* |x| <= 700. x = k log(2) + r, |r| <= log(2) / 2, and the series of exp(r). */
static inline double vector_exp(double x)
{
    const double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;
    const double k = shifted - 0x1.8p52;
    const double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    const double s = r * r, q = s * s;
    const double high = (1.0 / 39916800 + r * (1.0 / 479001600)) + s * (1.0 / 6227020800);
    const double middle =
        (1.0 / 5040 + r * (1.0 / 40320)) + s * (1.0 / 362880 + r * (1.0 / 3628800));
    const double low = (1.0 / 6 + r * (1.0 / 24)) + s * (1.0 / 120 + r * (1.0 / 720));
    const double tail = low + q * (middle + q * high);
    const double value = 1 + (r + s * (0.5 + r * tail));
    return value * vector_double((vector_bits(shifted) << 52) + 0x3ff0000000000000u);
}

/* 1e-300 <= x <= 1e300. x = 2^k m, m about 1, and the series of log((1 + s) / (1 - s)). */
static inline double vector_log(double x)
{
    /* Adding 1 - sqrt(1/2) in the bits moves the change of exponent from 1 to sqrt(1/2). */
    const uint64_t moved = vector_bits(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    const double k = vector_double((moved >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
    const double m = vector_double((moved & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    const double f = m - 1, s = f / (2 + f), z = s * s, y = z * z;
    const double odd = 1.0 / 3 + y * (1.0 / 7 + y * (1.0 / 11 + y * (1.0 / 15 + y * (1.0 / 19))));
    const double even = 1.0 / 5 + y * (1.0 / 9 + y * (1.0 / 13 + y * (1.0 / 17 + y * (1.0 / 21))));
    const double half = 0.5 * f * f;
    const double rest = s * (half + 2 * z * (odd + z * even));
    /* log(m) = f - half + s (half + R), as in Sun's libm: the leading term is exact. */
    return k * LN2_HIGH - ((half - (rest + k * LN2_LOW)) - f);
}

#endif
