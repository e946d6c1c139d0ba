#include "glue/glue.h"
#include "glue/entries.h"

#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>
#include <gsl/gsl_errno.h>

/* clang-format off */
#define ENTRY(name, n_args) { #name, (DL_FUNC) &name, n_args }
/* clang-format on */

static const R_CallMethodDef entries[] = {
    ENTRY(ffi_band_critical, 4),
    ENTRY(ffi_beta_quantile, 4),
    ENTRY(ffi_confidence_band, 9),
    ENTRY(ffi_bivariate, 7),
    ENTRY(ffi_count_check, 6),
    ENTRY(ffi_count_fit, 4),
    ENTRY(ffi_count_interval, 9),
    ENTRY(ffi_count_loglik, 5),
    ENTRY(ffi_count_predictive, 4),
    ENTRY(ffi_cox, 2),
    ENTRY(ffi_cox_baseline, 2),
    ENTRY(ffi_cox_omega, 4),
    ENTRY(ffi_cox_residuals, 3),
    ENTRY(ffi_cox_trend, 3),
    ENTRY(ffi_cumulative_incidence, 10),
    ENTRY(ffi_event_codes, 1),
    ENTRY(ffi_fine_gray, 4),
    ENTRY(ffi_fine_gray_baseline, 4),
    ENTRY(ffi_first_bad_time, 2),
    ENTRY(ffi_gamma_quantile, 3),
    ENTRY(ffi_gray, 9),
    ENTRY(ffi_gray_permute, 12),
    ENTRY(ffi_interval_scores, 8),
    ENTRY(ffi_kaplan_meier, 9),
    ENTRY(ffi_kaplan_meier_cluster, 12),
    ENTRY(ffi_kaplan_meier_table, 7),
    ENTRY(ffi_label_runs, 2),
    ENTRY(ffi_log_rank, 9),
    ENTRY(ffi_log_rank_resample, 13),
    ENTRY(ffi_log_rank_scores, 8),
    ENTRY(ffi_normal_box, 3),
    ENTRY(ffi_normal_normal, 5),
    ENTRY(ffi_pair_limit_low, 4),
    ENTRY(ffi_permutation_exact, 6),
    ENTRY(ffi_permutation_groups, 9),
    ENTRY(ffi_permutation_sample, 7),
    ENTRY(ffi_proportion_ci, 4),
    ENTRY(ffi_proportion_difference, 6),
    ENTRY(ffi_pseudo_fit, 8),
    ENTRY(ffi_pseudo_values, 10),
    ENTRY(ffi_quadratic, 2),
    ENTRY(ffi_rate_ci, 4),
    ENTRY(ffi_rate_ratio, 6),
    ENTRY(ffi_restricted_mean, 15),
    ENTRY(ffi_signed_rank, 5),
    ENTRY(ffi_survival_difference, 12),
    ENTRY(ffi_t_quantile, 2),
    ENTRY(ffi_tail, 5),
    ENTRY(ffi_turnbull, 7),
    ENTRY(ffi_turnbull_bootstrap, 13),
    ENTRY(ffi_turnbull_limits, 9),
    ENTRY(ffi_turnbull_truncated, 8),
    ENTRY(ffi_write_workbook, 3),
    { NULL, NULL, 0 },
};

/* GSL's default handler would end R; the core reads its return codes instead. */
static gsl_error_handler_t *previous_handler;

void attribute_visible R_init_osseosurv(DllInfo *dll)
{
    previous_handler = gsl_set_error_handler_off();
    R_registerRoutines(dll, NULL, entries, NULL, NULL);
    glue_label_runs_init(dll);
    R_useDynamicSymbols(dll, FALSE);
    R_forceSymbols(dll, TRUE);
}

void attribute_visible R_unload_osseosurv(DllInfo *dll)
{
    (void) dll;
    gsl_set_error_handler(previous_handler);
}
