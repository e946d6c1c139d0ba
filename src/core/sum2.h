#ifndef OSS_SUM2_H
#define OSS_SUM2_H

/* A sum kept in two doubles, value s + c (Neumaier 1974): as if added in twice the precision. */
typedef struct {
    double s, c;
} sum2;

static inline sum2 sum2_add(sum2 a, double x)
{
    const double s = a.s + x, b = s - a.s;
    a.c += (a.s - (s - b)) + (x - b);
    a.s = s;
    return a;
}

static inline double sum2_value(sum2 a) { return a.s + a.c; }

/* a - b, rounded once where the leading parts are close. */
static inline double sum2_minus(sum2 a, sum2 b) { return (a.s - b.s) + (a.c - b.c); }

#endif
