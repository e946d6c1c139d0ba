#ifndef OSS_MELDING_H
#define OSS_MELDING_H

/* Melded confidence intervals (Fay, Proschan and Brittain 2015, Biometrics 71:146): the effect of
 * two independent parameters in (0, 1), each with a variable for its lower and one for its upper
 * limit. The lower limit of the effect is the quantile of effect(high of the first, low of the
 * second), the upper limit that of effect(low of the first, high of the second). With the variables
 * of Clopper-Pearson limits p of no difference is that of the central Fisher test. */

#include "beta_product.h"
#include "status.h"

typedef enum {
    OSS_MELD_DIFFERENCE, /* second minus first */
    OSS_MELD_RATIO,      /* log of second over first */
    OSS_MELD_ODDS_RATIO  /* log of the odds of the second over those of the first */
} oss_meld_effect;

/* Betas by their moments; a point at 0 or at 1 where these are degenerate. */
typedef struct {
    oss_beta_product low, high;
} oss_meld_arm;

typedef struct {
    double low, high; /* at -1, 1, -Inf or Inf where the data set no limit */
    double p; /* two-sided, of effect 0: 0 is outside the interval just where p < 1 - level */
} oss_melded;

/* P(effect <= at) and P(effect >= at) of two beta variables, by quadrature to a relative 1e-12. */
OSS_CHECKED oss_status oss_meld_tails(const oss_beta_product *first, const oss_beta_product *second,
                                      oss_meld_effect effect, double at, double *below,
                                      double *above, oss_error *err);

/* mid_p: each arm's variable is the half-and-half mixture of its two, for both limits. An effect
 * that is not defined, such as 0 / 0, counts against either limit. No allocation; some hundred
 * evaluations of the beta distribution a limit. OSS_ENOCONV when the quadrature gives up. */
OSS_CHECKED oss_status oss_meld(const oss_meld_arm *first, const oss_meld_arm *second,
                                oss_meld_effect effect, int mid_p, double conf_level,
                                oss_melded *result, oss_error *err);

#endif
