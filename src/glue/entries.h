#ifndef OSS_ENTRIES_H
#define OSS_ENTRIES_H

/* Every .Call entry, in one place for registration. */

#include <Rinternals.h>

/* band.c */
SEXP ffi_band_critical(SEXP type, SEXP from, SEXP to, SEXP level);
SEXP ffi_confidence_band(SEXP type, SEXP conf_type, SEXP level, SEXP n, SEXP size, SEXP estimate,
                         SEXP std_error, SEXP lo, SEXP hi);

/* bivariate.c */
SEXP ffi_bivariate(SEXP x_left, SEXP x_right, SEXP x_known, SEXP y_left, SEXP y_right, SEXP y_known,
                   SEXP tolerance);

/* columns.c */
SEXP ffi_event_codes(SEXP status);
SEXP ffi_first_bad_time(SEXP x, SEXP infinite);

/* cox.c */
SEXP ffi_cox(SEXP model, SEXP quantile);
SEXP ffi_cox_baseline(SEXP model, SEXP beta);
SEXP ffi_cox_omega(SEXP model, SEXP beta, SEXP cluster, SEXP n_cluster);
SEXP ffi_cox_residuals(SEXP model, SEXP beta, SEXP wanted);
SEXP ffi_cox_trend(SEXP model, SEXP beta, SEXP g);

/* cumulative_incidence.c */
SEXP ffi_cumulative_incidence(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                              SEXP n_cause, SEXP n_stratum, SEXP conf_type, SEXP conf_level,
                              SEXP threads);

/* gray.c */
SEXP ffi_gray(SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_status, SEXP n_stratum,
              SEXP n_group, SEXP cause, SEXP rho);
SEXP ffi_gray_permute(SEXP time, SEXP status, SEXP stratum, SEXP group, SEXP n_status,
                      SEXP n_stratum, SEXP n_group, SEXP cause, SEXP rho, SEXP resamples, SEXP seed,
                      SEXP threads);

/* fine_gray.c */
SEXP ffi_fine_gray(SEXP input, SEXP firth, SEXP profile, SEXP target);
SEXP ffi_fine_gray_baseline(SEXP input, SEXP beta, SEXP stratum, SEXP times);

/* kaplan_meier.c */
SEXP ffi_kaplan_meier(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_stratum,
                      SEXP conf_type, SEXP conf_level, SEXP threads);
SEXP ffi_kaplan_meier_table(SEXP time, SEXP n_risk, SEXP n_event, SEXP n_censor, SEXP size,
                            SEXP conf_type, SEXP conf_level);
SEXP ffi_kaplan_meier_cluster(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                              SEXP n_stratum, SEXP conf_type, SEXP conf_level, SEXP cluster,
                              SEXP n_cluster, SEXP correction, SEXP small);

/* label_runs.c */
SEXP ffi_label_runs(SEXP labels, SEXP ends);
void glue_label_runs_init(DllInfo *dll);

/* permutation.c */
SEXP ffi_permutation_exact(SEXP score, SEXP second, SEXP stratum, SEXP n_stratum, SEXP at,
                           SEXP enclose);
SEXP ffi_permutation_groups(SEXP score, SEXP group, SEXP stratum, SEXP n_stratum, SEXP axis,
                            SEXP n_group, SEXP resamples, SEXP seed, SEXP threads);
SEXP ffi_permutation_sample(SEXP score, SEXP second, SEXP stratum, SEXP n_stratum, SEXP resamples,
                            SEXP seed, SEXP threads);

/* log_rank.c */
SEXP ffi_log_rank(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP cell, SEXP n_group,
                  SEXP n_stratum, SEXP rho, SEXP gamma);
SEXP ffi_log_rank_scores(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                         SEXP n_stratum, SEXP rho, SEXP gamma);
SEXP ffi_log_rank_resample(SEXP time, SEXP status, SEXP group, SEXP stratum, SEXP n_stratum,
                           SEXP rho, SEXP gamma, SEXP group_score, SEXP deal, SEXP form, SEXP draws,
                           SEXP seed, SEXP threads);
SEXP ffi_normal_box(SEXP correlation, SEXP lower, SEXP upper);
SEXP ffi_quadratic(SEXP u, SEXP v);

/* proportion.c */
SEXP ffi_proportion_ci(SEXP x, SEXP n, SEXP method, SEXP alpha);
SEXP ffi_pair_limit_low(SEXP x, SEXP pairs, SEXP singles, SEXP alpha);
SEXP ffi_proportion_difference(SEXP x1, SEXP n1, SEXP x2, SEXP n2, SEXP method, SEXP alpha);
SEXP ffi_rate_ci(SEXP events, SEXP time, SEXP method, SEXP alpha);
SEXP ffi_rate_ratio(SEXP events1, SEXP time1, SEXP events2, SEXP time2, SEXP method, SEXP alpha);

/* pseudo_fit.c */
SEXP ffi_pseudo_fit(SEXP y, SEXP x, SEXP weight, SEXP cluster, SEXP n_cluster, SEXP link,
                    SEXP corrected, SEXP start);

/* pseudo_values.c */
SEXP ffi_pseudo_values(SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_cause,
                       SEXP n_stratum, SEXP measure, SEXP cause, SEXP infinitesimal, SEXP times);

/* quantile.c */
SEXP ffi_beta_quantile(SEXP p, SEXP a, SEXP b, SEXP upper);
SEXP ffi_gamma_quantile(SEXP p, SEXP shape, SEXP upper);
SEXP ffi_tail(SEXP which, SEXP x, SEXP a, SEXP b, SEXP upper);
SEXP ffi_t_quantile(SEXP p, SEXP df);

/* restricted_mean.c */
SEXP ffi_restricted_mean(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                         SEXP n_stratum, SEXP first, SEXP second, SEXP tau, SEXP lost,
                         SEXP meld, SEXP conf_level, SEXP seed, SEXP threads, SEXP resamples);

/* signed_rank.c */
SEXP ffi_signed_rank(SEXP d, SEXP zeros, SEXP exact, SEXP tie, SEXP tail);

/* survival_difference.c */
SEXP ffi_survival_difference(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                             SEXP n_stratum, SEXP at, SEXP first, SEXP second, SEXP effect,
                             SEXP type, SEXP conf_level);

/* turnbull.c */
SEXP ffi_interval_scores(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                         SEXP tolerance, SEXP max_iterations, SEXP kind);
SEXP ffi_turnbull(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum, SEXP tolerance,
                  SEXP max_iterations);
SEXP ffi_turnbull_bootstrap(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                            SEXP cluster, SEXP pool, SEXP n_pool, SEXP time, SEXP time_stratum,
                            SEXP resamples, SEXP seed, SEXP threads);
SEXP ffi_turnbull_limits(SEXP left, SEXP right, SEXP weight, SEXP stratum, SEXP n_stratum,
                         SEXP time, SEXP time_stratum, SEXP method, SEXP conf_level);
SEXP ffi_turnbull_truncated(SEXP left, SEXP right, SEXP entry, SEXP weight, SEXP stratum,
                            SEXP n_stratum, SEXP tolerance, SEXP max_iterations);

/* workbook.c */
SEXP ffi_write_workbook(SEXP model, SEXP temporary, SEXP target);

/* meta.c */
SEXP ffi_normal_normal(SEXP y, SEXP v, SEXP x, SEXP method, SEXP conf_level);
SEXP ffi_count_check(SEXP kind, SEXP x, SEXP size, SEXP new_x, SEXP new_size, SEXP tail);
SEXP ffi_count_predictive(SEXP kind, SEXP x, SEXP size, SEXP probabilities);
SEXP ffi_count_fit(SEXP kind, SEXP x, SEXP size, SEXP design);
SEXP ffi_count_interval(SEXP kind, SEXP x, SEXP size, SEXP design, SEXP contrast, SEXP beta,
                        SEXP fitted, SEXP se, SEXP target);
SEXP ffi_count_loglik(SEXP kind, SEXP x, SEXP size, SEXP design, SEXP at);

#endif
