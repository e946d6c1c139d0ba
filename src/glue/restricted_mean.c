#include "entries.h"
#include "resample.h"
#include "risk.h"
#include "../core/melding.h"
#include "../core/restricted_mean.h"

#include <math.h>

static oss_beta_product mirrored(oss_beta_product x)
{
    const double scale = x.mean / x.complement;
    const oss_beta_product lost = { x.complement, x.mean,
                                    x.complement > 0 ? x.variation * scale * scale : 0 };
    return lost;
}

static oss_meld_arm arm_of(const oss_restricted *x, int lost)
{
    const oss_meld_arm kept = { x->low, x->high };
    const oss_meld_arm gone = { mirrored(x->high), mirrored(x->low) };
    return lost ? gone : kept;
}

/* tau: NA: the smallest last follow-up. lost: time lost in place of the mean. list(tau; mean,
 * variance, known, low, high of each stratum; melded.low, melded.high, melded.p, draws: difference
 * and log ratio of each pair in turn). */
SEXP ffi_restricted_mean(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                         SEXP n_stratum, SEXP first, SEXP second, SEXP tau, SEXP lost, SEXP meld,
                         SEXP conf_level, SEXP seed, SEXP threads, SEXP resamples)
{
    SEXP one = PROTECT(Rf_ScalarInteger(1));
    const oss_risk_rows rows = glue_risk_rows(entry, time, status, weight, stratum, one, n_stratum);
    const size_t n_cell = rows.n_stratum, n_pair = (size_t) XLENGTH(first);
    const int *from = glue_ints(first, OSS_ANY_LENGTH, "first");
    const int *to = glue_ints(second, (R_xlen_t) n_pair, "second");
    const int time_lost = glue_int(lost, "lost");
    const int limits = glue_int(meld, "meld"); /* 0: none, 1: of the groups, 2: of pairs too */
    const double level = glue_double(conf_level, "conf_level"), tail = (1 - level) / 2;
    const size_t n_draw = glue_size(resamples, "resamples");
    const oss_hook hook = glue_interrupt_hook();
    double until = glue_double(tau, "tau");
    for (size_t i = 0; i < n_pair; i++)
        if (from[i] < 1 || to[i] < 1 || (size_t) from[i] > n_cell || (size_t) to[i] > n_cell)
            Rf_error("internal: a pair names a stratum that is not there");

    static const char *const names[] = { "tau",  "mean",       "variance",    "known",    "low",
                                         "high", "melded.low", "melded.high", "melded.p", "draws" };
    oss_error err = OSS_ERROR_INIT;
    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, NULL));
    if (isnan(until)) {
        until = INFINITY;
        for (size_t s = 0; s < n_cell; s++) {
            const double last = table.time[table.start[s + 1] - 1];
            if (table.n_risk[table.start[s]] > 0 || table.start[s + 1] - table.start[s] > 1)
                until = last < until ? last : until;
        }
    }
    SEXP values[10];
    values[0] = PROTECT(Rf_ScalarReal(until));
    for (int j = 1; j < 6; j++)
        values[j] = PROTECT(glue_new_doubles(n_cell));
    for (int j = 6; j < 9; j++)
        values[j] = PROTECT(glue_new_doubles(2 * n_pair));
    values[9] = PROTECT(glue_new_doubles(2 * n_pair * n_draw));
    if (!(until > 0)) {
        err.code = OSS_OK;
        oss_fail(&err, OSS_EINVAL, OSS_NO_INDEX,
                 "the smallest last follow-up of a group is 0: give a positive `tau`");
        oss_raise(&err);
    }
    oss_restricted *cells = glue_scratch(n_cell, sizeof *cells);
    for (size_t s = 0; s < n_cell; s++) {
        cells[s] = oss_restricted_mean(&table, s, until, limits > 0);
        const oss_meld_arm arm = arm_of(&cells[s], time_lost);
        REAL(values[1])[s] = time_lost ? until - cells[s].mean : cells[s].mean;
        REAL(values[2])[s] = cells[s].variance;
        REAL(values[3])[s] = cells[s].known;
        REAL(values[4])
        [s] = limits ? until * oss_beta_product_high(&arm.low, 1 - tail, NAN) : NA_REAL;
        REAL(values[5])[s] = limits ? until * oss_beta_product_high(&arm.high, tail, NAN) : NA_REAL;
    }
    for (size_t i = 0; i < 2 * n_pair; i++) {
        const oss_restricted *x = &cells[from[i / 2] - 1], *y = &cells[to[i / 2] - 1];
        oss_melded melded = { NAN, NAN, NAN };
        if (x->known && y->known && limits == 2) {
            const oss_meld_arm a = arm_of(x, time_lost), b = arm_of(y, time_lost);
            if (oss_meld(&a, &b, i % 2 ? OSS_MELD_RATIO : OSS_MELD_DIFFERENCE, 0, level, &melded,
                         &err))
                oss_raise(&err);
        }
        const double unit = i % 2 ? 1 : until;
        REAL(values[6])[i] = unit * melded.low;
        REAL(values[7])[i] = unit * melded.high;
        REAL(values[8])[i] = melded.p;
    }
    if (n_draw > 0) {
        double *pooled = glue_scratch(3 * table.n_time, sizeof *pooled);
        double *drawn = glue_scratch(4 * n_draw, sizeof *drawn);
        for (size_t i = 0; i < n_pair; i++) {
            const size_t x = (size_t) from[i] - 1, y = (size_t) to[i] - 1;
            oss_restricted_labels labels = { .time = pooled,
                                             .n_event = pooled + table.n_time,
                                             .n_censor = pooled + 2 * table.n_time,
                                             .tau = until,
                                             .n_first = table.n_risk[table.start[x]],
                                             .n_second = table.n_risk[table.start[y]] };
            if (labels.n_first + labels.n_second >= 4294967295.0)
                Rf_error("internal: too many rows to permute");
            labels.n_time = oss_restricted_pool(&table, x, y, until, pooled, pooled + table.n_time,
                                                pooled + 2 * table.n_time);
            const oss_resampling plan = { .replicate = oss_restricted_replicate,
                                          .context = &labels,
                                          .n = n_draw,
                                          .width = 4,
                                          .seed = glue_seed(seed),
                                          .threads = glue_threads(threads) };
            if (oss_resample(&plan, drawn, &hook, &err))
                oss_raise(&err);
            for (size_t b = 0; b < n_draw; b++) {
                REAL(values[9])[2 * i * n_draw + b] = drawn[4 * b + 2 * (size_t) time_lost];
                REAL(values[9])
                [(2 * i + 1) * n_draw + b] = drawn[4 * b + 2 * (size_t) time_lost + 1];
            }
        }
    }
    SEXP list = glue_list(10, names, values);
    UNPROTECT(12);
    return list;
}
