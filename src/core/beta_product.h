#ifndef OSS_BETA_PRODUCT_H
#define OSS_BETA_PRODUCT_H

/* The beta-product confidence procedure for a survival probability (Fay, Brittain and Proschan
 * 2013, Biostatistics 14:723), by the method of moments: each failure with Y at risk multiplies S
 * by an independent Beta(Y, 1), so d failures with Y at risk by a Beta(Y - d + 1, d). */

/* Moments of the product so far. The complement of the mean and the squared coefficient of
 * variation are kept apart, so that neither is lost to cancellation in a large registry. */
typedef struct {
    double mean;       /* E S */
    double complement; /* 1 - E S */
    double variation;  /* var S / (E S)^2 */
} oss_beta_product;

#define OSS_BETA_PRODUCT_START                                                                     \
    {                                                                                              \
        1, 0, 0                                                                                    \
    }

/* A time with at_risk at risk and 0 <= events <= at_risk of them failing. */
void oss_beta_product_step(oss_beta_product *product, double at_risk, double events);

/* Lower limit of S(t) leaving `tail` below; at_risk_after: at risk just after t, 0 gives 0. Upper
 * limit leaving `tail` above: 1 without a failure so far. start: a neighbour's limit, or NaN. */
double oss_beta_product_low(const oss_beta_product *product, double at_risk_after, double tail,
                            double start);
double oss_beta_product_high(const oss_beta_product *product, double tail, double start);

/* Both limits of the mid-p version, which mixes the two variables half and half. */
void oss_beta_product_mid_p(const oss_beta_product *product, double at_risk_after, double tail,
                            double *low, double *high);

/* The variable of the lower limit: S once the next of those at risk has failed as well; 0 when nobody
 * is left. */
oss_beta_product oss_beta_product_below(const oss_beta_product *product, double at_risk_after);

/* Shapes of the beta with these moments; 0 where all its mass is in one point. */
int oss_beta_product_shapes(const oss_beta_product *product, double *a, double *b);

/* The quantile at p of the beta variable with the given mean, complement (1 - mean) and squared
 * coefficient of variation; 0 or 1 where that is degenerate. start: a neighbour's quantile or NaN.
 */
double oss_matched_beta_quantile(double p, double mean, double complement, double variation,
                                 double start);

/* The same for the half-and-half mixture of two such variables, lower stochastically below upper.
 */
double oss_mixed_beta_quantile(double p, const oss_beta_product *lower,
                               const oss_beta_product *upper);

#endif
