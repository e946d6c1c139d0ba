#ifndef OSS_BLAKER_H
#define OSS_BLAKER_H

/* Blaker's (2000, Canadian Journal of Statistics 28:783) interval for the parameter of a discrete
 * family, one limit at a time. The acceptability of a parameter is the observed tail plus the
 * largest opposite tail that is no larger; accepted are the parameters where it exceeds alpha.
 *
 * It jumps, and the accepted set may have gaps; the interval is its hull. The hull needs no sweep:
 * before the central (Clopper-Pearson, Garwood) limit acceptability is at most alpha, and at the
 * first parameter after it where the next opposite tail joins, it is twice the observed tail, so
 * more than alpha. In between it falls and then rises, once. So the limit is that rise, if it
 * passes alpha before the jump, or else the jump.
 * The rise is sought first: where it comes before the jump, that one root is enough.
 *
 * v is the parameter's coordinate (logit or log, with its sign turned for an upper limit), so that
 * the observed tail rises and the opposite tails fall with v. */

typedef struct {
    double value, slope; /* slope = derivative in v */
} oss_point;

/* The observed tail and two opposite ones: the last whose value at the central limit is at most
 * alpha / 2 (it may be empty), and the next larger one. */
typedef enum { OSS_OBSERVED, OSS_OPPOSITE, OSS_OPPOSITE_NEXT } oss_tail_role;
typedef oss_point (*oss_tail_at)(const void *context, oss_tail_role role, double v);

/* The limit, from the central one at v = central. */
double oss_blaker_limit(oss_tail_at tail, const void *context, double alpha, double central);

#endif
