/* Up to 14 rows: the exact tails equal the count over all subsets; lists, lattice and enclosure
 * agree; sampling counts every resample in at least one tail. */
#include "fuzz.h"
#include "../../src/core/permutation_exact.h"
#include "../../src/core/permutation_lattice.h"
#include "../../src/core/permutation_lists.h"
#include "../../src/core/permutation_sample.h"

#include <math.h>

enum { MOST = 14 };

typedef struct {
    double score[MOST];
    int second[MOST], stratum[MOST], group[MOST];
    size_t n;
    int n_stratum;
} sample;

/* P(T <= t) and P(T >= t) over all subsets that leave every stratum its number. */
static void by_enumeration(const sample *x, double t, double tie, double *lower, double *upper)
{
    int wanted[4] = { 0 };
    for (size_t i = 0; i < x->n; i++)
        wanted[x->stratum[i]] += x->second[i];
    double all = 0, low = 0, high = 0;
    for (size_t set = 0; set < (size_t) 1 << x->n; set++) {
        int held[4] = { 0 };
        double sum = 0;
        for (size_t i = 0; i < x->n; i++)
            if (set >> i & 1) {
                held[x->stratum[i]]++;
                sum += x->score[i];
            }
        if (memcmp(held, wanted, sizeof held))
            continue;
        all++;
        low += sum <= t + tie;
        high += sum >= t - tie;
    }
    *lower = low / all;
    *upper = high / all;
}

static void check_lattice(const oss_permutation_law *law, const oss_permutation_tails *want,
                          int share)
{
    double work[4 * (MOST + 2)];
    oss_error err = OSS_ERROR_INIT;
    oss_permutation_tails got;
    oss_lattice_plan plan;
    const oss_lists_plan cut = oss_lists_plan_new(law, work, work + 2 * (MOST + 2));
    FUZZ_REQUIRE(oss_lists_tails(law, &cut, 1, &law->at, &got, NULL, &err) == OSS_OK);
    FUZZ_REQUIRE(fabs(got.lower - want->lower) <= 1e-12);
    FUZZ_REQUIRE(!oss_lattice_plan_new(law, cut.draw, cut.row, 0, &plan, &err));
    if (plan.step > 0 && plan.cost < 1e6) {
        FUZZ_REQUIRE(
            !oss_lattice_tails(law, &plan, OSS_LATTICE_EXACT, 1, &law->at, &got, NULL, &err));
        FUZZ_REQUIRE(fabs(got.lower - want->lower) <= 1e-12);
        FUZZ_REQUIRE(fabs(got.upper - want->upper) <= 1e-12);
    }
    const double step = law->range / (1.5 + share);
    FUZZ_REQUIRE(!oss_lattice_plan_new(law, cut.draw, cut.row, step, &plan, &err));
    for (int aim = OSS_LATTICE_ESTIMATE; aim <= OSS_LATTICE_ENCLOSE; aim++) {
        FUZZ_REQUIRE(
            !oss_lattice_tails(law, &plan, (oss_lattice_aim) aim, 1, &law->at, &got, NULL, &err));
        FUZZ_REQUIRE(got.lower_low <= want->lower + 1e-12 && want->lower <= got.lower_high + 1e-12);
        FUZZ_REQUIRE(got.upper_low <= want->upper + 1e-12 && want->upper <= got.upper_high + 1e-12);
        FUZZ_REQUIRE(got.lower_low <= got.lower && got.lower <= got.lower_high);
    }
}

static void check_sampling(const sample *x, const oss_permutation_law *law)
{
    oss_error err = OSS_ERROR_INIT;
    oss_permutation_hits hits;
    const oss_permutation_plan plan = { 40, 1, 1 };
    FUZZ_REQUIRE(!oss_permutation_sample(law, &plan, &hits, NULL, &err));
    FUZZ_REQUIRE(hits.lower + hits.upper >= 40 && hits.far <= 40);
    const double axis[] = { 0, 1, 0.5, 1, 0, 0.25 };
    for (size_t n_axis = 1; n_axis <= 2; n_axis++) {
        const oss_group_rows rows = { x->n, x->score, x->group, x->stratum, 3, 4, n_axis, axis };
        double statistic;
        FUZZ_REQUIRE(!oss_permutation_groups(&rows, &plan, &statistic, &hits, NULL, &err));
        FUZZ_REQUIRE(hits.lower + hits.upper >= 40);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    const int shape = fuzz_below(&in, 4), n_stratum = 1 + fuzz_below(&in, 3);
    sample x = { .n = 1 + (size_t) fuzz_below(&in, MOST), .n_stratum = n_stratum };
    double *score = fuzz_array(x.n, sizeof *score), t = 0;
    int *second = fuzz_array(x.n, sizeof *second), *stratum = fuzz_array(x.n, sizeof *stratum);
    for (size_t i = 0; i < x.n; i++) {
        const int ticks = fuzz_below(&in, 60000);
        x.score[i] = shape == 0   ? ticks % 9
                     : shape == 1 ? ticks / 7.0
                     : shape == 2 ? log(1 + ticks)
                                  : fuzz_double(&in);
        x.second[i] = fuzz_below(&in, 2);
        x.stratum[i] = 1 + fuzz_below(&in, n_stratum);
        x.group[i] = 1 + ticks % 3;
        t += x.second[i] ? x.score[i] : 0;
        score[i] = x.score[i];
        second[i] = x.second[i];
        stratum[i] = x.stratum[i];
    }
    const oss_permutation_rows rows = { x.n, score, second, stratum, 4 };
    oss_permutation_law law;
    oss_permutation_tails tails;
    oss_exact_way way;
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_permutation_law_new(&rows, &law, &err);
    FUZZ_REQUIRE(status == err.code && (shape == 3 || status == OSS_OK));
    if (!status) {
        FUZZ_REQUIRE(!oss_permutation_exact(&law, 1, 1, &t, &tails, &way, NULL, &err));
        FUZZ_REQUIRE(way != OSS_EXACT_NONE);
        FUZZ_REQUIRE(tails.lower >= 0 && tails.lower <= 1 && tails.upper >= 0 && tails.upper <= 1);
        if (shape < 3) {
            double lower, upper;
            by_enumeration(&x, t, 1e-9 * (1 + law.range), &lower, &upper);
            FUZZ_REQUIRE(fabs(tails.lower - lower) <= 1e-12 && fabs(tails.upper - upper) <= 1e-12);
            if (law.n_draw)
                check_lattice(&law, &tails, fuzz_below(&in, 200));
            check_sampling(&x, &law);
        }
    }
    oss_permutation_law_free(&law);
    free(stratum);
    free(second);
    free(score);
    return 0;
}
