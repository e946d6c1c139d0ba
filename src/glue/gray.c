#include "risk.h"
#include "resample.h"
#include "entries.h"
#include "../core/gray.h"

#include <math.h>

static oss_gray_test read_test(SEXP n_group, SEXP cause, SEXP rho)
{
    const oss_gray_test test = { .n_group = (size_t) glue_int(n_group, "n_group"),
                                 .n_cause = (size_t) XLENGTH(cause),
                                 .cause = glue_ints(cause, OSS_ANY_LENGTH, "cause"),
                                 .rho = glue_double(rho, "rho") };
    return test;
}

static void count_groups(const oss_risk_table *table, const oss_gray_test *test, double *events,
                         double *size)
{
    const size_t g = test->n_group;
    for (size_t k = 0; k < g; k++)
        size[k] = 0;
    for (size_t k = 0; k < test->n_cause * g; k++)
        events[k] = 0;
    for (size_t s = 0; s < table->n_stratum; s++) {
        size[s % g] += table->n_risk[table->start[s]];
        for (size_t e = 0; e < test->n_cause; e++) {
            const double *of_cause = table->n_event + (size_t) (test->cause[e] - 1) * table->n_time;
            for (size_t k = table->start[s]; k < table->start[s + 1]; k++)
                events[e * g + s % g] += of_cause[k];
        }
    }
}

/* list(score, variance, statistic, df, n.event, n): score and n.event by group within cause, n by
 * group; stratum: groups within strata, the group varying fastest. A statistic that does not exist
 * is NA. */
SEXP ffi_gray(SEXP time, SEXP status, SEXP weight, SEXP stratum, SEXP n_status, SEXP n_stratum,
              SEXP n_group, SEXP cause, SEXP rho)
{
    const oss_risk_rows rows =
        glue_risk_rows(R_NilValue, time, status, weight, stratum, n_status, n_stratum);
    const oss_gray_test test = read_test(n_group, cause, rho);
    const size_t g = test.n_group, m = g - 1;
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;

    oss_risk_table table;
    PROTECT(glue_risk_table(&rows, &table, NULL));
    double *work = glue_scratch(oss_gray_work(&test, rows.n_cause) + m * (m + 1), sizeof *work);
    static const char *const names[] = { "score", "variance", "statistic", "df", "n.event", "n" };
    SEXP values[6];
    values[0] = PROTECT(glue_new_doubles(test.n_cause * g));
    values[1] = PROTECT(glue_new_doubles(test.n_cause * m * m));
    values[2] = PROTECT(glue_new_doubles(test.n_cause));
    values[3] = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t) test.n_cause));
    values[4] = PROTECT(glue_new_doubles(test.n_cause * g));
    values[5] = PROTECT(glue_new_doubles(g));
    double *score = REAL(values[0]), *variance = REAL(values[1]);
    count_groups(&table, &test, REAL(values[4]), REAL(values[5]));
    if (oss_gray(&table, &test, score, variance, work, &hook, &err))
        oss_raise(&err);
    for (size_t e = 0; e < test.n_cause; e++) {
        size_t df;
        REAL(values[2])[e] = oss_gray_statistic(m, score + e * g, variance + e * m * m, work, &df);
        INTEGER(values[3])[e] = (int) df;
    }
    glue_nan_to_na(values[2]);
    SEXP list = glue_list(6, names, values);
    UNPROTECT(7);
    return list;
}

/* Statistics under permutation: list(statistic [n_cause x replicates], exact). group: 1, 2, ...;
 * stratum may be NULL. Every arrangement if there are at most `resamples` (then exact). */
SEXP ffi_gray_permute(SEXP time, SEXP status, SEXP stratum, SEXP group, SEXP n_status,
                      SEXP n_stratum, SEXP n_group, SEXP cause, SEXP rho, SEXP resamples, SEXP seed,
                      SEXP threads)
{
    const oss_risk_rows data =
        glue_risk_rows(R_NilValue, time, status, R_NilValue, stratum, n_status, n_stratum);
    const size_t n = data.n;
    const int *label = glue_ints(group, (R_xlen_t) n, "group");
    uint32_t *row_time = glue_scratch(n, sizeof *row_time);
    oss_risk_table table;
    PROTECT(glue_risk_table(&data, &table, row_time));

    /* By counting into the order of stratum and time, which is that of the table. */
    size_t *next = glue_scratch(table.n_time + 1, sizeof *next);
    uint32_t *at = glue_scratch(n, sizeof *at);
    int *code = glue_scratch(n, sizeof *code), *place = glue_scratch(n, sizeof *place);
    for (size_t k = 0; k <= table.n_time; k++)
        next[k] = 0;
    for (size_t i = 0; i < n; i++)
        next[row_time[i] + 1]++;
    for (size_t k = 0; k < table.n_time; k++)
        next[k + 1] += next[k];
    size_t *end = glue_scratch(table.n_stratum, sizeof *end);
    for (size_t s = 0; s < table.n_stratum; s++)
        end[s] = next[table.start[s + 1]];
    for (size_t i = 0; i < n; i++) {
        const size_t to = next[row_time[i]]++;
        at[to] = row_time[i];
        code[to] = data.status[i];
        place[to] = label[i] - 1;
    }
    oss_gray_rows rows = { .test = read_test(n_group, cause, rho),
                           .n = n,
                           .n_stratum = table.n_stratum,
                           .n_status = data.n_cause,
                           .end = end,
                           .time = at,
                           .status = code,
                           .group = place };
    oss_error err = OSS_ERROR_INIT;
    const size_t wanted = glue_size(resamples, "resamples");
    if (oss_gray_arrangements(&rows, wanted, &rows.n_arrangement, &err))
        oss_raise(&err);
    const oss_resampling plan = { .replicate = oss_gray_replicate,
                                  .context = &rows,
                                  .n = rows.n_arrangement ? (size_t) rows.n_arrangement : wanted,
                                  .width = rows.test.n_cause,
                                  .work = oss_gray_replicate_work(&rows),
                                  .seed = glue_seed(seed),
                                  .threads = glue_threads(threads) };
    static const char *const names[] = { "statistic", "exact" };
    SEXP values[2];
    values[0] = PROTECT(glue_new_doubles(plan.n * plan.width));
    values[1] = PROTECT(Rf_ScalarLogical(rows.n_arrangement > 0));
    const oss_hook hook = glue_interrupt_hook();
    if (oss_resample(&plan, REAL(values[0]), &hook, &err))
        oss_raise(&err);
    SEXP list = glue_list(2, names, values);
    UNPROTECT(3);
    return list;
}
