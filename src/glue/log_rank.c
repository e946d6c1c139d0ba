#include "risk.h"
#include "entries.h"
#include "resample.h"
#include "../core/log_rank.h"
#include "../core/log_rank_resample.h"
#include "../core/normal_box.h"

/* list(observed, expected, covariance, n, events): weights by column; cell is the code of group and
 * stratum, (stratum - 1) * n_group + group. n and events by group, weighted. */
SEXP ffi_log_rank(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP cell, SEXP n_group,
                  SEXP n_stratum, SEXP rho, SEXP gamma)
{
    const size_t p = (size_t) glue_int(n_group, "n_group");
    const size_t q = (size_t) XLENGTH(rho);
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    SEXP cells = PROTECT(Rf_ScalarInteger((int) p * glue_int(n_stratum, "n_stratum")));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, cell, one, cells);
    const double *powers[2] = { glue_doubles(rho, (R_xlen_t) q, "rho"),
                                glue_doubles(gamma, (R_xlen_t) q, "gamma") };
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    static const char *const names[] = { "observed", "expected", "covariance", "n", "events" };
    const size_t size[] = { p * q, p * q, p * p * q * q, p, p };
    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, NULL));
    SEXP values[5];
    for (int i = 0; i < 5; i++)
        values[i] = PROTECT(glue_new_doubles(size[i]));
    oss_log_rank_sums out = { p, q, REAL(values[0]), REAL(values[1]), REAL(values[2]) };
    if (oss_log_rank(&rows, &table, powers[0], powers[1], &out, &hook, &err))
        oss_raise(&err);
    double *n = REAL(values[3]), *events = REAL(values[4]);
    for (size_t g = 0; g < p; g++)
        n[g] = events[g] = 0;
    for (size_t s = 0; s < table.n_stratum; s++)
        for (size_t k = table.start[s]; k < table.start[s + 1]; k++) {
            n[s % p] += table.n_event[k] + table.n_censor[k];
            events[s % p] += table.n_event[k];
        }
    SEXP list = glue_list(5, names, values);
    UNPROTECT(8);
    return list;
}

/* Scores of the rows, weights by column; see oss_log_rank_scores. */
SEXP ffi_log_rank_scores(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                         SEXP n_stratum, SEXP rho, SEXP gamma)
{
    const R_xlen_t q = XLENGTH(rho);
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const double *powers[2] = { glue_doubles(rho, q, "rho"), glue_doubles(gamma, q, "gamma") };
    oss_error err = OSS_ERROR_INIT;
    oss_risk_table table;
    uint32_t *row_time = glue_scratch(rows.n, sizeof *row_time);
    PROTECT(glue_risk_table(&rows, &table, row_time));
    SEXP score = PROTECT(glue_new_doubles(rows.n * (size_t) q));
    if (oss_log_rank_scores(&rows, &table, row_time, powers[0], powers[1], (size_t) q, REAL(score),
                            &err))
        oss_raise(&err);
    UNPROTECT(3);
    return score;
}

/* list(statistic, df, solution): u' V^- u, the rank of V, and V^- u. */
SEXP ffi_quadratic(SEXP u, SEXP v)
{
    const R_xlen_t p = XLENGTH(u);
    const double *score = glue_doubles(u, p, "u"), *variance = glue_doubles(v, p * p, "v");
    double *work = glue_scratch((size_t) p * ((size_t) p + 4), sizeof *work);
    static const char *const names[] = { "statistic", "df", "solution" };
    SEXP values[3];
    values[2] = PROTECT(glue_new_doubles((size_t) p));
    size_t rank = 0;
    values[0] = PROTECT(
        Rf_ScalarReal(oss_quadratic((size_t) p, score, variance, REAL(values[2]), work, &rank)));
    values[1] = PROTECT(Rf_ScalarReal((double) rank));
    SEXP list = glue_list(3, names, values);
    UNPROTECT(3);
    return list;
}

/* Statistics of the replicates, the last of the data as they are; see oss_log_rank_resample. Rows
 * come stratum by stratum; group counts from 1; deal and form are indices of their enums; draws
 * NULL: as many as there are deals. */
SEXP ffi_log_rank_resample(SEXP time, SEXP status, SEXP group, SEXP stratum, SEXP n_stratum,
                           SEXP rho, SEXP gamma, SEXP group_score, SEXP deal, SEXP form, SEXP draws,
                           SEXP seed, SEXP threads)
{
    const size_t n = (size_t) XLENGTH(time);
    const R_xlen_t q = XLENGTH(rho);
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows =
        glue_risk_rows(R_NilValue, time, status, R_NilValue, stratum, one, n_stratum);
    const int *code = glue_ints(group, (R_xlen_t) n, "group");
    int *from_zero = glue_scratch(n, sizeof *from_zero);
    for (size_t i = 0; i < n; i++)
        from_zero[i] = code[i] - 1;
    uint32_t *row_time = glue_scratch(n, sizeof *row_time);
    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, row_time));
    const oss_log_rank_data data = {
        .n = n,
        .n_group = (size_t) XLENGTH(group_score),
        .n_weight = (size_t) q,
        .status = rows.status,
        .group = from_zero,
        .row_time = row_time,
        .table = &table,
        .rho = glue_doubles(rho, q, "rho"),
        .gamma = glue_doubles(gamma, q, "gamma"),
        .group_score = glue_doubles(group_score, OSS_ANY_LENGTH, "group_score"),
        .deal = (oss_deal) glue_int(deal, "deal"),
        .form = (oss_log_rank_form) glue_int(form, "form"),
    };
    const size_t count =
        draws == R_NilValue ? (size_t) oss_log_rank_deals(&data) : glue_size(draws, "draws");
    SEXP out = PROTECT(glue_new_doubles(count + 1));
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_log_rank_resample(&data, count, glue_seed(seed), glue_threads(threads), REAL(out),
                              &hook, &err))
        oss_raise(&err);
    UNPROTECT(3);
    return out;
}

SEXP ffi_normal_box(SEXP correlation, SEXP lower, SEXP upper)
{
    const size_t n = (size_t) Rf_nrows(correlation);
    double value = 0;
    oss_error err = OSS_ERROR_INIT;
    if (oss_normal_box(n, glue_doubles(correlation, (R_xlen_t) (n * n), "correlation"),
                       glue_double(lower, "lower"), glue_double(upper, "upper"), &value, &err))
        oss_raise(&err);
    return Rf_ScalarReal(value);
}
