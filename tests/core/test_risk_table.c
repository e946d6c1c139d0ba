#include "check.h"
#include "../../src/core/risk_table.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    oss_risk_table table;
    uint32_t *row_time;
    oss_status status;
    oss_error err;
    int counting;
} made;

static made make(const oss_risk_rows *rows)
{
    made out;
    memset(&out, 0, sizeof out);
    oss_risk_plan plan;
    out.status = oss_risk_scan(rows, &plan, &out.err);
    if (out.status)
        return out;
    void *scratch = malloc(plan.scratch);
    out.status = oss_risk_sort(rows, scratch, &plan, &out.err);
    if (!out.status) {
        const size_t m = plan.n_time;
        out.table.start = malloc((rows->n_stratum + 1) * sizeof(size_t));
        out.table.time = malloc(m * sizeof(double));
        out.table.n_risk = malloc(m * sizeof(double));
        out.table.n_event = malloc(rows->n_cause * m * sizeof(double));
        out.table.n_censor = malloc(m * sizeof(double));
        out.row_time = malloc(rows->n * sizeof(uint32_t));
        out.counting = plan.counting;
        oss_risk_fill(rows, &plan, &out.table, out.row_time);
    }
    free(scratch);
    return out;
}

static void release(made *x)
{
    free(x->table.start);
    free(x->table.time);
    free(x->table.n_risk);
    free(x->table.n_event);
    free(x->table.n_censor);
    free(x->row_time);
}

static void test_by_hand(void)
{
    /* Two causes, a tie of event and censoring at 3, nobody at 0. */
    const double exit[] = { 3, 1, 3, 5 };
    const int status[] = { 1, 2, 0, 1 };
    made x = make(
        &(oss_risk_rows){ .n = 4, .exit = exit, .status = status, .n_cause = 2, .n_stratum = 1 });
    CHECK(x.status == OSS_OK && x.counting && x.table.n_time == 4);
    const double time[] = { 0, 1, 3, 5 }, n_risk[] = { 4, 4, 3, 1 }, first[] = { 0, 0, 1, 1 },
                 second[] = { 0, 1, 0, 0 }, n_censor[] = { 0, 0, 1, 0 };
    CHECK(!memcmp(x.table.time, time, sizeof time) &&
          !memcmp(x.table.n_risk, n_risk, sizeof n_risk));
    CHECK(!memcmp(x.table.n_event, first, sizeof first));
    CHECK(!memcmp(x.table.n_event + 4, second, sizeof second));
    CHECK(!memcmp(x.table.n_censor, n_censor, sizeof n_censor));
    CHECK(x.row_time[0] == 2 && x.row_time[1] == 1 && x.row_time[2] == 2 && x.row_time[3] == 3);
    release(&x);
}

static void test_left_truncation_by_hand(void)
{
    /* At 2: row 1 only, since row 2 enters at 2. The risk set empties at 4 and fills again. */
    const double entry[] = { 0, 1, 2, 5 }, exit[] = { 2, 4, 4, 6.5 };
    const int status[] = { 1, 1, 0, 1 };
    made x = make(&(oss_risk_rows){
        .n = 4, .entry = entry, .exit = exit, .status = status, .n_cause = 1, .n_stratum = 1 });
    const double time[] = { 0, 2, 4, 6.5 }, n_risk[] = { 1, 2, 2, 1 };
    CHECK(x.status == OSS_OK && x.table.n_time == 4);
    CHECK(!memcmp(x.table.time, time, sizeof time) &&
          !memcmp(x.table.n_risk, n_risk, sizeof n_risk));
    release(&x);
}

static void test_ties_are_relative(void)
{
    const int status[] = { 1, 1, 1 };
    for (int k = -300; k <= 300; k += 100) {
        const double unit = pow(10, k);
        const double close[] = { 0.1 * unit, (0.1 + 1e-10) * unit, 0.7 * unit };
        made x = make(&(oss_risk_rows){
            .n = 3, .exit = close, .status = status, .n_cause = 1, .n_stratum = 1 });
        CHECK(x.status == OSS_OK && x.table.n_time == 3 && x.table.n_event[1] == 2);
        CHECK(x.table.time[1] == close[0]);
        release(&x);
    }
}

static void test_largest_times_stay_apart(void)
{
    const int status[] = { 1, 0, 1, 1 };
    const double exit[] = { 1.7e308, 1.2e308, 1.5e308, 1.6e308 };
    made x = make(
        &(oss_risk_rows){ .n = 4, .exit = exit, .status = status, .n_cause = 1, .n_stratum = 1 });
    CHECK(x.status == OSS_OK && x.table.n_time == 5);
    release(&x);
}

static void test_faults_are_named(void)
{
    double exit[] = { 1, 2, 3 }, entry[] = { 0, 1, 2 }, weight[] = { 1, 2, 1 };
    int status[] = { 0, 1, 1 }, stratum[] = { 1, 2, 1 };
    oss_risk_rows rows = { .n = 3,
                           .entry = entry,
                           .exit = exit,
                           .status = status,
                           .weight = weight,
                           .stratum = stratum,
                           .n_cause = 1,
                           .n_stratum = 2 };
    oss_risk_plan plan;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_OK);
    const double bad[] = { NAN, INFINITY, -1 };
    for (int b = 0; b < 3; b++) {
        exit[1] = bad[b];
        CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL && err.index == 1);
        exit[1] = 2;
        entry[2] = bad[b];
        CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL && err.index == 2);
        entry[2] = 2;
        weight[0] = bad[b];
        CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL && err.index == 0);
        weight[0] = 1;
    }
    status[2] = 2;
    CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL && err.index == 2);
    status[2] = 1;
    stratum[0] = 3;
    CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL && err.index == 0);
    stratum[0] = 1;
    entry[1] = 2 - 1e-12;
    made x = make(&rows);
    CHECK(x.status == OSS_EINVAL && x.err.index == 1);
    rows.n = 0;
    CHECK(oss_risk_scan(&rows, &plan, &err) == OSS_EINVAL);
}

/* Counted straight from the definition, for random rows of many shapes. */
static void test_against_the_definition(void)
{
    enum { N = 60, CAUSES = 3, STRATA = 3 };
    uint64_t state = 99;
    for (int round = 0; round < 400; round++) {
        double exit[N], entry[N], weight[N];
        int status[N], stratum[N];
        const int whole = round % 2, late = round / 2 % 2, n = 1 + round % N;
        for (int i = 0; i < n; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const unsigned bits = (unsigned) (state >> 33);
            exit[i] = whole ? bits % 12 + late : (bits % 97) / 7.0 + 0.01;
            entry[i] =
                whole ? floor(exit[i] * (bits / 97 % 10) / 10) : exit[i] * (bits / 97 % 10) / 10;
            if (late && entry[i] >= exit[i])
                entry[i] = 0;
            status[i] = (int) (bits / 7 % (CAUSES + 1));
            stratum[i] = round % 5 ? (int) (bits / 31 % STRATA) + 1 : 1;
            weight[i] = bits / 1009 % 3 + 1;
        }
        made x = make(&(oss_risk_rows){ .n = (size_t) n,
                                        .entry = late ? entry : NULL,
                                        .exit = exit,
                                        .status = status,
                                        .weight = round % 3 ? weight : NULL,
                                        .stratum = stratum,
                                        .n_cause = CAUSES,
                                        .n_stratum = round % 5 ? STRATA : 1 });
        const size_t n_stratum = x.table.n_stratum;
        CHECK(x.status == OSS_OK && x.table.start[n_stratum] == x.table.n_time);
        int good = 1;
        for (size_t s = 0; s < n_stratum; s++) {
            for (size_t k = x.table.start[s]; k < x.table.start[s + 1]; k++) {
                const double t = x.table.time[k];
                double n_risk = 0, n_censor = 0, n_event[CAUSES] = { 0 };
                for (int i = 0; i < n; i++) {
                    if ((size_t) stratum[i] != s + 1)
                        continue;
                    const double w = round % 3 ? weight[i] : 1;
                    n_risk += exit[i] >= t && (!late || entry[i] < t || (t == 0 && entry[i] == 0))
                                  ? w
                                  : 0;
                    if (exit[i] == t) {
                        good &= x.row_time[i] == k;
                        if (status[i])
                            n_event[status[i] - 1] += w;
                        else
                            n_censor += w;
                    }
                }
                good &= n_risk == x.table.n_risk[k] && n_censor == x.table.n_censor[k];
                for (size_t c = 0; c < CAUSES; c++)
                    good &= n_event[c] == x.table.n_event[c * x.table.n_time + k];
                good &= k == x.table.start[s] ? t == 0 : t > x.table.time[k - 1];
            }
        }
        CHECK(good);
        release(&x);
    }
}

int main(void)
{
    test_by_hand();
    test_left_truncation_by_hand();
    test_ties_are_relative();
    test_largest_times_stay_apart();
    test_faults_are_named();
    test_against_the_definition();
    return check_report();
}
