#include "resample.h"
#include "entries.h"
#include "../core/permutation_exact.h"
#include "../core/permutation_sample.h"

static oss_permutation_rows rows_of(SEXP score, SEXP second, SEXP stratum, SEXP n_stratum)
{
    const R_xlen_t n = XLENGTH(score);
    return (oss_permutation_rows){ .n = (size_t) n,
                                   .score = glue_doubles(score, n, "score"),
                                   .second = glue_ints(second, n, "second"),
                                   .stratum = glue_ints_or_null(stratum, n, "stratum"),
                                   .n_stratum = (size_t) glue_int(n_stratum, "n_stratum") };
}

/* list(way, tails, log.size): tails a matrix with a row for each of `at`: lower, low, high, upper,
 * low, high; way (oss_exact_way) 0: more work than allowed. */
SEXP ffi_permutation_exact(SEXP score, SEXP second, SEXP stratum, SEXP n_stratum, SEXP at,
                           SEXP enclose)
{
    const oss_permutation_rows rows = rows_of(score, second, stratum, n_stratum);
    const int any = glue_int(enclose, "enclose");
    const size_t n_at = (size_t) XLENGTH(at);
    const double *where = glue_doubles(at, (R_xlen_t) n_at, "at");
    oss_permutation_tails *tails = glue_scratch(n_at, sizeof *tails);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    oss_permutation_law law;
    oss_exact_way way = OSS_EXACT_NONE;
    oss_status status = oss_permutation_law_new(&rows, &law, &err);
    if (!status)
        status = oss_permutation_exact(&law, any, n_at, where, tails, &way, &hook, &err);
    const double log_size = law.log_size;
    oss_permutation_law_free(&law);
    if (status)
        oss_raise(&err);

    static const char *const names[] = { "way", "tails", "log.size" };
    SEXP values[3];
    values[0] = PROTECT(Rf_ScalarInteger((int) way));
    values[1] = PROTECT(Rf_allocMatrix(REALSXP, (int) n_at, 6));
    values[2] = PROTECT(Rf_ScalarReal(log_size));
    double *out = REAL(values[1]);
    for (size_t i = 0; i < n_at && way; i++) {
        const oss_permutation_tails *x = tails + i;
        const double row[] = { x->lower, x->lower_low, x->lower_high,
                               x->upper, x->upper_low, x->upper_high };
        for (size_t j = 0; j < 6; j++)
            out[j * n_at + i] = row[j];
    }
    for (size_t i = 0; i < 6 * n_at && !way; i++)
        out[i] = NA_REAL;
    SEXP list = glue_list(3, names, values);
    UNPROTECT(3);
    return list;
}

static oss_permutation_plan plan_of(SEXP resamples, SEXP seed, SEXP threads)
{
    return (oss_permutation_plan){ .n = glue_size(resamples, "resamples"),
                                   .seed = glue_seed(seed),
                                   .threads = glue_threads(threads) };
}

/* Of the resamples, how many are as low, as high, as far from the mean: three counts. */
SEXP ffi_permutation_sample(SEXP score, SEXP second, SEXP stratum, SEXP n_stratum, SEXP resamples,
                            SEXP seed, SEXP threads)
{
    const oss_permutation_rows rows = rows_of(score, second, stratum, n_stratum);
    const oss_permutation_plan plan = plan_of(resamples, seed, threads);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    oss_permutation_law law;
    oss_permutation_hits hits;
    oss_status status = oss_permutation_law_new(&rows, &law, &err);
    if (!status)
        status = oss_permutation_sample(&law, &plan, &hits, &hook, &err);
    oss_permutation_law_free(&law);
    if (status)
        oss_raise(&err);

    SEXP counts = PROTECT(Rf_allocVector(REALSXP, 3));
    REAL(counts)[0] = hits.lower;
    REAL(counts)[1] = hits.upper;
    REAL(counts)[2] = hits.far;
    UNPROTECT(1);
    return counts;
}

/* axis: a matrix with a row for each group. The same three counts. */
SEXP ffi_permutation_groups(SEXP score, SEXP group, SEXP stratum, SEXP n_stratum, SEXP axis,
                            SEXP n_group, SEXP resamples, SEXP seed, SEXP threads)
{
    const R_xlen_t n = XLENGTH(score);
    const R_xlen_t groups = glue_int(n_group, "n_group");
    const oss_group_rows rows = { .n = (size_t) n,
                                  .score = glue_doubles(score, n, "score"),
                                  .group = glue_ints(group, n, "group"),
                                  .stratum = glue_ints_or_null(stratum, n, "stratum"),
                                  .n_group = (size_t) groups,
                                  .n_stratum = (size_t) glue_int(n_stratum, "n_stratum"),
                                  .n_axis = (size_t) (XLENGTH(axis) / groups),
                                  .axis = glue_doubles(axis, OSS_ANY_LENGTH, "axis") };
    const oss_permutation_plan plan = plan_of(resamples, seed, threads);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    oss_permutation_hits hits;
    double statistic;
    if (oss_permutation_groups(&rows, &plan, &statistic, &hits, &hook, &err))
        oss_raise(&err);

    SEXP counts = PROTECT(Rf_allocVector(REALSXP, 3));
    REAL(counts)[0] = hits.lower;
    REAL(counts)[1] = hits.upper;
    REAL(counts)[2] = hits.far;
    UNPROTECT(1);
    return counts;
}
