#ifndef OSS_FUZZ_ROWS_H
#define OSS_FUZZ_ROWS_H

/* Right-censored rows from the fuzzer's bytes, and their risk table, every array in an exact-size
 * block. First come the options, then row by row. */

#include "../../src/core/risk_table.h"
#include "fuzz.h"

#include <math.h>

enum { MAX_ROWS = 40, MAX_CAUSES = 3, MAX_STRATA = 3 };

typedef struct {
    oss_risk_rows rows;
    double *entry, *exit, *weight;
    int *status, *stratum;
} fuzz_rows;

/* hostile: any bit pattern may come, so the rows may be refused. */
static inline fuzz_rows rows_read(fuzz_input *in, int allow_entry, int hostile)
{
    const int options = (int) fuzz_bits(in, 1), shape = options >> 5;
    const int n = 1 + fuzz_below(in, MAX_ROWS);
    fuzz_rows x = { .exit = fuzz_array((size_t) n, sizeof(double)),
                    .status = fuzz_array((size_t) n, sizeof(int)) };
    if (allow_entry && options & 1)
        x.entry = fuzz_array((size_t) n, sizeof(double));
    if (options & 2)
        x.weight = fuzz_array((size_t) n, sizeof(double));
    if (options & 4)
        x.stratum = fuzz_array((size_t) n, sizeof(int));
    const int n_cause = 1 + (options >> 3 & 3) % MAX_CAUSES;
    const int n_stratum = options & 4 ? MAX_STRATA : 1;
    for (int i = 0; i < n; i++) {
        const int ticks = (int) fuzz_bits(in, 1);
        switch (shape) {
        case 0:
            x.exit[i] = ticks; /* whole */
            break;
        case 1:
            x.exit[i] = ticks / 7.0;
            break;
        case 2: /* neighbours about the tie width apart */
            x.exit[i] = 1 + ticks / 32 * 0.25 + ticks % 32 * 1e-8;
            break;
        case 3: /* one far out */
            x.exit[i] = ticks == 255 ? 1e12 : ticks / 16.0;
            break;
        case 4: /* the smallest and largest numbers there are */
            x.exit[i] = ldexp(1 + ticks % 16 / 16.0, ticks / 16 * 130 - 1000);
            break;
        default:
            x.exit[i] = hostile ? fuzz_double(in) : ticks % 16 * 0.5;
        }
        x.status[i] = fuzz_below(in, n_cause + 1 + (hostile && shape == 7));
        if (x.entry) {
            const double share = (double) fuzz_bits(in, 1) / (hostile ? 255 : 256);
            const double early = shape == 0 ? floor(x.exit[i] * share) : x.exit[i] * share;
            x.entry[i] = hostile || early < x.exit[i] ? early : 0;
        }
        if (x.weight)
            x.weight[i] = hostile && shape == 6 ? fuzz_double(in) : 1 + fuzz_below(in, 5);
        if (x.stratum)
            x.stratum[i] = 1 + fuzz_below(in, n_stratum + (hostile && shape == 7));
    }
    x.rows = (oss_risk_rows){ .n = (size_t) n,
                              .entry = x.entry,
                              .exit = x.exit,
                              .status = x.status,
                              .weight = x.weight,
                              .stratum = x.stratum,
                              .n_cause = (size_t) n_cause,
                              .n_stratum = (size_t) n_stratum };
    return x;
}

static inline void rows_free(fuzz_rows *x)
{
    free(x->entry);
    free(x->exit);
    free(x->weight);
    free(x->status);
    free(x->stratum);
}

typedef struct {
    oss_status status;
    oss_error err;
    oss_risk_plan plan;
    oss_risk_table table;
    uint32_t *row_time;
} fuzz_table;

static inline fuzz_table table_make(const oss_risk_rows *rows)
{
    fuzz_table x = { .err = OSS_ERROR_INIT };
    x.status = oss_risk_scan(rows, &x.plan, &x.err);
    if (x.status)
        return x;
    void *scratch = fuzz_array(x.plan.scratch, 1);
    x.status = oss_risk_sort(rows, scratch, &x.plan, &x.err);
    if (!x.status) {
        const size_t m = x.plan.n_time;
        x.table.start = fuzz_array(rows->n_stratum + 1, sizeof(size_t));
        x.table.time = fuzz_array(m, sizeof(double));
        x.table.n_risk = fuzz_array(m, sizeof(double));
        x.table.n_event = fuzz_array(rows->n_cause * m, sizeof(double));
        x.table.n_censor = fuzz_array(m, sizeof(double));
        x.row_time = fuzz_array(rows->n, sizeof(uint32_t));
        oss_risk_fill(rows, &x.plan, &x.table, x.row_time);
    }
    free(scratch);
    return x;
}

static inline void table_free(fuzz_table *x)
{
    free(x->table.start);
    free(x->table.time);
    free(x->table.n_risk);
    free(x->table.n_event);
    free(x->table.n_censor);
    free(x->row_time);
}

#endif
