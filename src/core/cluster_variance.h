#ifndef OSS_CLUSTER_VARIANCE_H
#define OSS_CLUSTER_VARIANCE_H

/* Variance of a survival curve whose rows come in clusters: only the clusters are independent. */

#include "kaplan_meier.h"

typedef enum {
    OSS_CLUSTER_NONE, /* infinitesimal jackknife: sum over clusters of squared influence */
    OSS_CLUSTER_CR1,  /* the same times G / (G - 1) */
    OSS_CLUSTER_CR3   /* jackknife of S: (G - 1) / G times the squared distances from their mean */
} oss_cluster_correction;

typedef struct {
    const oss_risk_rows *rows;
    const oss_risk_table *table;
    const uint32_t *row_time; /* [rows->n] from oss_risk_fill */
    const int *cluster;       /* [rows->n] 1 .. n_cluster; a cluster may reach over strata */
    size_t n_cluster;
} oss_clustered;

/* std_error[n_time]: of S (estimate[n_time], from oss_kaplan_meier) just after each time, 0 where S
 * is 0. size[n_stratum]: clusters with a row in the stratum (G); with one the corrected standard
 * errors do not exist (NaN).
 *
 * The influence of a row on log S is the exact derivative of the product by its weight: minus the
 * sum over the times it is at risk of (event - d / n) / (n - d), as in Ying and Wei (1994) J
 * Multivar Anal 50:17 in the limit. That of a cluster is P + A R, where A is the sum of d / (n (n -
 * d)), R its weight at risk, and P changes only at its own entries and exits: three running sums
 * give the variance at every time. O(rows log + times); memory O(rows + clusters). The jackknife
 * leaves each cluster out in turn, O(clusters x times); past the last time at which anyone is left
 * its curve stays where it is. */
OSS_CHECKED oss_status oss_cluster_std_error(const oss_clustered *data,
                                             oss_cluster_correction correction,
                                             const double *estimate, double *std_error,
                                             double *size, const oss_hook *hook, oss_error *err);

/* Limits from them; small: the t quantile with G - 1 degrees of freedom, else the normal one. */
void oss_cluster_limits(const oss_risk_table *table, oss_conf_type type, double conf_level,
                        int small, const double *size, const double *estimate,
                        const double *std_error, double *low, double *high);

#endif
