#include "check.h"
#include "../../src/core/interval_table.h"

#include <stdlib.h>
#include <string.h>

static int draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int) (*seed >> 8);
}

#define NEVER INFINITY

static oss_interval_table *make(size_t n, const double *left, const double *right,
                                const double *weight, const int *stratum, size_t n_stratum)
{
    oss_error err = OSS_ERROR_INIT;
    oss_interval_table *table;
    const oss_interval_rows rows = { n, left, right, weight, stratum, n_stratum };
    const oss_status status = oss_interval_table_new(&rows, &table, &err);
    CHECK(status == OSS_OK);
    return table;
}

static void test_ends_by_hand(void)
{
    /* (1,3], exact 1, exact 3, (3,6], never after 3, left-censored at 1. */
    const double left[] = { 1, 1, 3, 3, 3, 0 }, right[] = { 3, 1, 3, 6, NEVER, 1 };
    oss_interval_table *t = make(6, left, right, NULL, NULL, 1);
    CHECK(t->n_distinct == 6);
    /* Innermost: [1,1], [3,3], (3,6]. */
    CHECK(t->n_inner == 3);
    CHECK(oss_interval_time(t, t->inner_start[0]) == 1 &&
          oss_interval_time(t, t->inner_end[0]) == 1);
    CHECK(oss_interval_time(t, t->inner_start[2]) == 3 &&
          oss_interval_time(t, t->inner_end[2]) == 6);
    const uint32_t lo[] = { 1, 0, 1, 2, 2, 0 }, hi[] = { 2, 1, 2, 3, 3, 1 };
    for (size_t i = 0; i < 6; i++)
        CHECK(t->lo[t->row[i]] == lo[i] && t->hi[t->row[i]] == hi[i]);
    const double asked[] = { 0, 1, 2, 3, 7, 3 * (1 + 1e-9) };
    uint32_t place[6];
    oss_interval_places(t, 6, asked, place);
    const uint32_t want[] = { 1, 3, 4, 5, 8, 5 }; /* times 0, 1, 3, 6 */
    CHECK(t->n_time == 4 && !memcmp(place, want, sizeof want));
    CHECK(isinf(oss_interval_time(t, 9)) && oss_interval_time(t, 0) == 0);
    oss_interval_table_free(t);
}

static void test_zero(void)
{
    /* Left-censored includes an event at 0; never seen after 0 does not. NaN as in the contract. */
    const double left[] = { 0, 0, 0, NAN }, right[] = { 0, 2, NAN, 2 };
    oss_interval_table *t = make(4, left, right, NULL, NULL, 1);
    CHECK(t->n_inner == 2 && t->n_distinct == 3);
    CHECK(t->row[1] == t->row[3] && t->weight[t->row[1]] == 2);
    CHECK(t->lo[t->row[1]] == 0 && t->hi[t->row[1]] == 2);
    CHECK(t->lo[t->row[0]] == 0 && t->hi[t->row[0]] == 1);
    CHECK(t->lo[t->row[2]] == 1 && t->hi[t->row[2]] == 2);
    oss_interval_table_free(t);
}

static void test_ties(void)
{
    /* 3 and 3 + 1e-9 are one time; a row between them is exact. */
    const double left[] = { 1, 3 + 1e-9, 3 }, right[] = { 3, 6, 3 + 1e-9 };
    oss_interval_table *t = make(3, left, right, NULL, NULL, 1);
    CHECK(t->n_time == 3 && t->time[1] == 3);
    CHECK(t->n_inner == 2);
    CHECK(t->lo[t->row[0]] == t->lo[t->row[2]] && t->lo[t->row[1]] == 1);
    oss_interval_table_free(t);
}

static void test_weights_and_strata(void)
{
    const double left[] = { 0, 0, 3, 3, 1 }, right[] = { 3, 3, 6, 6, 9 },
                 weight[] = { 2, 1, 1, 4, 0 };
    const int stratum[] = { 3, 3, 1, 3, 1 };
    oss_interval_table *t = make(5, left, right, weight, stratum, 3);
    CHECK(t->n_distinct == 3 && t->n_inner == 3);
    CHECK(t->distinct_at[1] == 1 && t->distinct_at[2] == 1 && t->distinct_at[3] == 3);
    CHECK(t->inner_at[1] == 1 && t->inner_at[2] == 1 && t->inner_at[3] == 3);
    CHECK(t->row[4] == OSS_NO_INTERVAL && t->weight[t->row[0]] == 3 && t->weight[t->row[3]] == 4);
    oss_interval_table_free(t);
}

/* Is an event at each point (the times, and the gaps between) covered? The slow way. */
static int covers(double left, double right, double at, int gap)
{
    if (left == right)
        return at == left && !gap;
    const int after = gap ? at >= left : at > left || (left == 0 && right < NEVER && at >= 0);
    const int before = gap ? at < right : at <= right;
    return after && before;
}

/* Cliques of an interval graph: maximal sets of rows with a common point are the innermost ones. */
static void test_random(void)
{
    unsigned seed = 1;
    for (int round = 0; round < 400; round++) {
        const size_t n = 1 + (size_t) (draw(&seed) % 12);
        double left[12], right[12];
        for (size_t i = 0; i < n; i++) {
            left[i] = draw(&seed) % 6;
            right[i] = draw(&seed) % 4 == 0 ? NEVER : left[i] + draw(&seed) % 4;
        }
        oss_interval_table *t = make(n, left, right, NULL, NULL, 1);
        unsigned set[24];
        size_t n_set = 0, n_clique = 0;
        for (int p = 0; p < 24; p++) {
            unsigned s = 0;
            for (size_t i = 0; i < n; i++)
                s |= (unsigned) covers(left[i], right[i], p / 2, p % 2) << i;
            if (s && (n_set == 0 || set[n_set - 1] != s))
                set[n_set++] = s;
        }
        for (size_t a = 0; a < n_set; a++) {
            int maximal = 1;
            for (size_t b = 0; b < n_set; b++)
                maximal &= set[a] == set[b] || (set[a] & ~set[b]) != 0;
            if (!maximal)
                continue;
            unsigned s = 0;
            for (size_t i = 0; i < n; i++)
                if (t->lo[t->row[i]] <= n_clique && n_clique < t->hi[t->row[i]])
                    s |= 1u << i;
            CHECK(s == set[a]);
            n_clique++;
        }
        CHECK(n_clique == t->n_inner);
        oss_interval_table_free(t);
    }
}

/* Past the hash table's size the rows are sorted: the same answer as for a part of them. */
static void test_many_rows(void)
{
    const size_t n = 20000;
    double *left = malloc(n * sizeof *left), *right = malloc(n * sizeof *right);
    unsigned seed = 7;
    for (size_t i = 0; i < n; i++) {
        left[i] = draw(&seed) / 1e6;
        right[i] = left[i] + 1 + draw(&seed) / 1e7;
    }
    oss_interval_table *t = make(n, left, right, NULL, NULL, 1);
    CHECK(t->n_time > n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t d = t->row[i];
        /* Neighbours may be tied. */
        CHECK(fabs(oss_interval_time(t, t->start[d]) - left[i]) < 1e-4 &&
              fabs(oss_interval_time(t, t->end[d]) - right[i]) < 1e-4);
        CHECK(t->lo[d] < t->hi[d] && t->inner_start[t->lo[d]] >= t->start[d] &&
              t->inner_end[t->hi[d] - 1] <= t->end[d]);
        CHECK(t->lo[d] == 0 || t->inner_start[t->lo[d] - 1] < t->start[d]);
        CHECK(t->hi[d] == t->n_inner || t->inner_end[t->hi[d]] > t->end[d]);
    }
    for (size_t d = 0; d < t->n_distinct; d++)
        sum += t->weight[d];
    CHECK(sum == (double) n);
    oss_interval_table_free(t);
    free(left);
    free(right);
}

static void test_faults(void)
{
    const struct {
        double left, right, weight;
        int stratum;
    } bad[] = { { 2, 1, 1, 1 },     { -1, 1, 1, 1 }, { INFINITY, INFINITY, 1, 1 },
                { NAN, NAN, 1, 1 }, { 1, 2, -1, 1 }, { 1, 2, 0.5, 1 },
                { 1, 2, 1, 3 },     { 1, 2, 1, 0 } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const double left[] = { 0, bad[i].left }, right[] = { 1, bad[i].right },
                     weight[] = { 1, bad[i].weight };
        const int stratum[] = { 1, bad[i].stratum };
        const oss_interval_rows rows = { 2, left, right, weight, stratum, 2 };
        oss_interval_table *table;
        oss_error err = OSS_ERROR_INIT;
        CHECK(oss_interval_table_new(&rows, &table, &err) == OSS_EINVAL && !table &&
              err.index == 1);
    }
    const double one = 1, none = 0;
    const oss_interval_rows idle = { 1, &one, &one, &none, NULL, 1 },
                            empty = { 0, &one, &one, NULL, NULL, 1 };
    oss_interval_table *table;
    CHECK(oss_interval_table_new(&idle, &table, NULL) == OSS_EINVAL);
    CHECK(oss_interval_table_new(&empty, &table, NULL) == OSS_EINVAL);
}

static void test_no_memory(void)
{
    const double left[] = { 0, 3, 3 }, right[] = { 3, 6, NEVER };
    const int stratum[] = { 1, 2, 2 };
    const oss_interval_rows rows = { 3, left, right, NULL, stratum, 2 };
    oss_status status = OSS_ENOMEM;
    for (size_t k = 1; status != OSS_OK; k++) {
        oss_interval_table *table;
        (void) oss_fail_allocation(k);
        status = oss_interval_table_new(&rows, &table, NULL);
        CHECK(status == OSS_OK || (status == OSS_ENOMEM && !table));
        oss_interval_table_free(table);
    }
    (void) oss_fail_allocation(0);
}

int main(void)
{
    test_ends_by_hand();
    test_zero();
    test_ties();
    test_weights_and_strata();
    test_random();
    test_many_rows();
    test_faults();
    test_no_memory();
    return check_report();
}
