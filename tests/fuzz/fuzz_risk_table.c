/* The risk table against its definition, counted row by row, for rows of every shape. */

#include "rows.h"

/* Groups of tied times by the definition: pooled distinct values in order, a new group wherever the
 * step to the next exceeds the tie width. */
typedef struct {
    size_t n;
    double value[2 * MAX_ROWS], first[2 * MAX_ROWS];
} groups;

static void groups_add(groups *g, double value)
{
    size_t k = g->n;
    for (size_t i = 0; i < g->n; i++)
        if (g->value[i] == value)
            return;
    for (; k > 0 && g->value[k - 1] > value; k--)
        g->value[k] = g->value[k - 1];
    g->value[k] = value;
    g->n++;
}

static groups groups_of(const oss_risk_rows *rows)
{
    groups g = { .n = 0 };
    for (size_t i = 0; i < rows->n; i++) {
        groups_add(&g, rows->exit[i]);
        if (rows->entry)
            groups_add(&g, rows->entry[i]);
    }
    double mean = 0;
    for (size_t i = 0; i < g.n; i++)
        mean += g.value[i] / (double) g.n;
    for (size_t i = 0; i < g.n; i++) {
        const double step = i ? g.value[i] - g.value[i - 1] : INFINITY, width = mean * 0x1p-26;
        /* The mean is summed in another order: leave out what hangs on its last digits. */
        if (i && fabs(step - width) <= 1e-12 * width)
            g.n = 0;
        g.first[i] = step <= width ? g.first[i - 1] : g.value[i];
    }
    return g;
}

static double first_of(const groups *g, double value)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->value[i] == value)
            return g->first[i];
    abort();
}

static int row_is_good(const oss_risk_rows *rows, size_t i)
{
    const double w = rows->weight ? rows->weight[i] : 1;
    return rows->exit[i] >= 0 && rows->exit[i] <= 1.7e308 && rows->status[i] >= 0 &&
           (size_t) rows->status[i] <= rows->n_cause &&
           (!rows->entry || (rows->entry[i] >= 0 && rows->entry[i] < rows->exit[i])) && w > 0 &&
           w <= 1e15 && w == floor(w) &&
           (!rows->stratum || (size_t) rows->stratum[i] <= rows->n_stratum);
}

static void check_refused(const oss_risk_rows *rows, const fuzz_table *x, const groups *g)
{
    FUZZ_REQUIRE(x->status == OSS_EINVAL && x->err.code == OSS_EINVAL && x->err.text[0]);
    const size_t i = x->err.index;
    FUZZ_REQUIRE(i < rows->n);
    FUZZ_REQUIRE(!row_is_good(rows, i) ||
                 (g && rows->entry && first_of(g, rows->entry[i]) == first_of(g, rows->exit[i])));
}

static void check_table(const oss_risk_rows *rows, const fuzz_table *x, const groups *g)
{
    const oss_risk_table *t = &x->table;
    FUZZ_REQUIRE(t->start[0] == 0 && t->start[rows->n_stratum] == t->n_time &&
                 t->n_time == x->plan.n_time);
    for (size_t s = 0; s < rows->n_stratum; s++) {
        FUZZ_REQUIRE(t->start[s] < t->start[s + 1] && t->time[t->start[s]] == 0);
        for (size_t k = t->start[s]; k < t->start[s + 1]; k++) {
            const double time = t->time[k];
            FUZZ_REQUIRE(k == t->start[s] || time > t->time[k - 1]);
            double n_risk = 0, n_censor = 0, n_event[MAX_CAUSES] = { 0 };
            int seen = k == t->start[s];
            for (size_t i = 0; i < rows->n; i++) {
                if (rows->stratum && (size_t) rows->stratum[i] != s + 1)
                    continue;
                const double w = rows->weight ? rows->weight[i] : 1;
                const double exit = first_of(g, rows->exit[i]);
                const double entry = rows->entry ? first_of(g, rows->entry[i]) : -1;
                if (exit >= time && (entry < time || (time == 0 && entry == 0)))
                    n_risk += w;
                if (exit != time)
                    continue;
                seen = 1;
                FUZZ_REQUIRE(x->row_time[i] == k);
                if (rows->status[i])
                    n_event[rows->status[i] - 1] += w;
                else
                    n_censor += w;
            }
            FUZZ_REQUIRE(seen && n_risk == t->n_risk[k] && n_censor == t->n_censor[k]);
            for (size_t c = 0; c < rows->n_cause; c++)
                FUZZ_REQUIRE(n_event[c] == t->n_event[c * t->n_time + k]);
        }
    }
    for (size_t i = 0; i < rows->n; i++)
        FUZZ_REQUIRE(t->time[x->row_time[i]] == first_of(g, rows->exit[i]));
}

/* Whole times are counted, a seventh of them sorted: to the same table. */
static void check_both_ways(fuzz_rows *in, const fuzz_table *counted)
{
    for (size_t i = 0; i < in->rows.n; i++) {
        in->exit[i] /= 7;
        if (in->entry)
            in->entry[i] /= 7;
    }
    fuzz_table sorted = table_make(&in->rows);
    const oss_risk_table *a = &counted->table, *b = &sorted.table;
    FUZZ_REQUIRE(sorted.status == OSS_OK && a->n_time == b->n_time);
    for (size_t k = 0; k < a->n_time; k++) {
        FUZZ_REQUIRE(a->time[k] / 7 == b->time[k] && a->n_risk[k] == b->n_risk[k] &&
                     a->n_censor[k] == b->n_censor[k]);
        for (size_t c = 0; c < a->n_cause; c++)
            FUZZ_REQUIRE(a->n_event[c * a->n_time + k] == b->n_event[c * a->n_time + k]);
    }
    FUZZ_REQUIRE(!memcmp(counted->row_time, sorted.row_time, in->rows.n * sizeof(uint32_t)));
    table_free(&sorted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    fuzz_rows x = rows_read(&in, 1, 1);
    int good = 1;
    double total = 0;
    for (size_t i = 0; i < x.rows.n; i++) {
        good &= row_is_good(&x.rows, i);
        total += x.weight ? x.weight[i] : 1;
    }
    fuzz_table table = table_make(&x.rows);
    if (!good) {
        check_refused(&x.rows, &table, NULL);
    } else {
        const groups g = groups_of(&x.rows);
        if (g.n && table.status)
            check_refused(&x.rows, &table, &g);
        else if (g.n && total < 0x1p53)
            check_table(&x.rows, &table, &g);
        if (!table.status && table.plan.counting && total < 0x1p53)
            check_both_ways(&x, &table);
    }
    table_free(&table);
    rows_free(&x);
    return 0;
}
