#include "check.h"
#include "../../src/core/permutation_exact.h"
#include "../../src/core/permutation_lattice.h"
#include "../../src/core/permutation_lists.h"
#include "../../src/core/permutation_sample.h"

#include <string.h>

enum { MOST = 16 };

static oss_permutation_tails tails_of(const oss_permutation_rows *rows, oss_exact_way *way)
{
    oss_error err = OSS_ERROR_INIT;
    oss_permutation_law law;
    oss_permutation_tails tails = { 0 };
    CHECK(oss_permutation_law_new(rows, &law, &err) == OSS_OK);
    const double at = law.centre + law.at;
    /* T of the rows as they stand, by whichever group it is counted */
    double t = 0;
    for (size_t i = 0; i < rows->n; i++)
        t += rows->second[i] ? rows->score[i] : 0;
    CHECK(oss_permutation_exact(&law, 1, 1, &t, &tails, way, NULL, &err) == OSS_OK);
    if (law.n_draw)
        CHECK_NEAR(at, t, 1e-12);
    oss_permutation_law_free(&law);
    return tails;
}

/* 1 2 3 | 4 5 6: the second group has the largest of 20 sums. */
static void test_six_by_hand(void)
{
    const double score[] = { 1, 2, 3, 4, 5, 6 };
    const int second[] = { 0, 0, 0, 1, 1, 1 };
    oss_exact_way way;
    const oss_permutation_rows rows = { 6, score, second, NULL, 1 };
    const oss_permutation_tails t = tails_of(&rows, &way);
    CHECK(way != OSS_EXACT_NONE);
    CHECK_NEAR(t.upper, 1.0 / 20, 1e-15);
    CHECK(t.lower == 1);
    CHECK(t.upper_low == t.upper && t.upper_high == t.upper);
    const int most[] = { 0, 1, 1, 1, 1, 1 }; /* 5 of 6: counted by the one left out */
    const oss_permutation_rows five = { 6, score, most, NULL, 1 };
    const oss_permutation_tails u = tails_of(&five, &way);
    CHECK_NEAR(u.upper, 1.0 / 6, 1e-15);
    CHECK(u.lower == 1);
}

/* Two strata of pairs and one without information. */
static void test_strata_by_hand(void)
{
    const double score[] = { 1, 0, 3, 0, 7, 7 };
    const int second[] = { 1, 0, 0, 1, 1, 1 }, stratum[] = { 1, 1, 2, 2, 3, 3 };
    const oss_permutation_rows rows = { 6, score, second, stratum, 4 };
    oss_exact_way way;
    const oss_permutation_tails t = tails_of(&rows, &way); /* 14 + one of 0 1 3 4, here 1 */
    CHECK_NEAR(t.lower, 0.5, 1e-15);
    CHECK_NEAR(t.upper, 0.75, 1e-15);
}

static void test_refusals(void)
{
    const double score[] = { 1, NAN };
    const int second[] = { 0, 1 }, odd[] = { 0, 2 };
    const int strata[] = { 1, 2 };
    const double fine[] = { 1, 2 };
    oss_error err = OSS_ERROR_INIT;
    oss_permutation_law law;
    const oss_permutation_rows rows[] = { { 2, score, second, NULL, 1 },
                                          { 2, fine, odd, NULL, 1 },
                                          { 2, fine, second, strata, 1 } };
    for (int i = 0; i < 3; i++) {
        CHECK(oss_permutation_law_new(rows + i, &law, &err) == OSS_EINVAL);
        CHECK(err.index == 1);
        oss_permutation_law_free(&law);
    }
}

/* Every subset of 12 rows of size 5, against both ways of sampling. */
static void test_sampling(void)
{
    double score[12], t = 0;
    int second[12], group[12];
    for (int i = 0; i < 12; i++) {
        score[i] = sqrt(i + 1.0);
        second[i] = i % 5 < 2;
        group[i] = second[i] + 1;
        t += second[i] ? score[i] : 0;
    }
    double at_most = 0, all = 0;
    for (unsigned set = 0; set < 1u << 12; set++) {
        double sum = 0;
        int size = 0;
        for (int i = 0; i < 12; i++)
            if (set >> i & 1) {
                sum += score[i];
                size++;
            }
        if (size == 6) {
            all++;
            at_most += sum <= t + 1e-9;
        }
    }
    const oss_permutation_rows rows = { 12, score, second, NULL, 1 };
    oss_exact_way way;
    CHECK_NEAR(tails_of(&rows, &way).lower, at_most / all, 1e-15);

    oss_error err = OSS_ERROR_INIT;
    oss_permutation_law law;
    oss_permutation_hits hits, one;
    const oss_permutation_plan plan = { 40000, 11, 2 };
    CHECK(oss_permutation_law_new(&rows, &law, &err) == OSS_OK);
    CHECK(oss_permutation_sample(&law, &plan, &hits, NULL, &err) == OSS_OK);
    oss_permutation_law_free(&law);
    CHECK(fabs(hits.lower / 40000 - at_most / all) < 0.0125); /* five standard errors */
    const double axis[] = { 0, 1 };
    const oss_group_rows groups = { 12, score, group, NULL, 2, 1, 1, axis };
    double statistic;
    CHECK(oss_permutation_groups(&groups, &plan, &statistic, &one, NULL, &err) == OSS_OK);
    CHECK(fabs(one.lower / 40000 - at_most / all) < 0.0125);
}

/* All ways give one answer: lists, an exact lattice, an enclosure and its estimate. */
static void test_ways_agree(void)
{
    enum { ROWS = 30 };
    double score[ROWS], whole[ROWS];
    int second[ROWS], stratum[ROWS];
    for (int strata = 1; strata <= 3; strata++) {
        for (int i = 0; i < ROWS; i++) {
            score[i] = log(i + 1.5) * (i % 7 - 2.75);
            whole[i] = floor(3 * score[i]) / 3;
            second[i] = i * i % 11 < 5;
            stratum[i] = 1 + i % strata;
        }
        for (int kind = 0; kind < 2; kind++) {
            const oss_permutation_rows rows = { ROWS, kind ? whole : score, second, stratum, 3 };
            oss_error err = OSS_ERROR_INIT;
            oss_permutation_law law;
            double work[4 * (ROWS + 2)];
            CHECK(oss_permutation_law_new(&rows, &law, &err) == OSS_OK);
            const oss_lists_plan lists = oss_lists_plan_new(&law, work, work + 2 * (ROWS + 2));
            oss_permutation_tails want, got;
            CHECK(oss_lists_tails(&law, &lists, 1, &law.at, &want, NULL, &err) == OSS_OK);
            oss_lattice_plan plan;
            CHECK(oss_lattice_plan_new(&law, lists.draw, lists.row, 0, &plan, &err) == OSS_OK);
            CHECK((plan.step > 0) == kind);
            if (kind) {
                CHECK_NEAR(plan.step, 1.0 / 3, 1e-12);
                CHECK(oss_lattice_tails(&law, &plan, OSS_LATTICE_EXACT, 1, &law.at, &got, NULL,
                                        &err) == OSS_OK);
                CHECK_NEAR(got.lower / want.lower, 1, 1e-12);
                CHECK_NEAR(got.upper / want.upper, 1, 1e-12);
            }
            double width = 2;
            for (double step = 0.05; step > 2e-4; step /= 4) {
                CHECK(oss_lattice_plan_new(&law, lists.draw, lists.row, step * sqrt(2), &plan,
                                           &err) == OSS_OK);
                CHECK(oss_lattice_tails(&law, &plan, OSS_LATTICE_ESTIMATE, 1, &law.at, &got, NULL,
                                        &err) == OSS_OK);
                CHECK(got.lower_low <= want.lower && want.lower <= got.lower_high);
                CHECK(got.upper_low <= want.upper && want.upper <= got.upper_high);
                if (!kind) {
                    CHECK(got.lower_high - got.lower_low < width);
                    CHECK(fabs(got.lower - want.lower) < 2e-3 * step + 1e-5);
                    width = got.lower_high - got.lower_low;
                }
            }
            oss_permutation_law_free(&law);
        }
    }
}

static void test_no_memory(void)
{
    const double score[] = { 1, 2.5, 3.25, 4, 5, 6.125 };
    const int second[] = { 0, 1, 0, 1, 0, 1 }, group[] = { 1, 2, 3, 1, 2, 3 };
    const double axis[] = { 1, 0, 0, 0, 1, 0 };
    const oss_permutation_rows rows = { 6, score, second, NULL, 1 };
    const oss_group_rows groups = { 6, score, group, NULL, 3, 1, 2, axis };
    const oss_permutation_plan plan = { 10, 1, 1 };
    for (int kind = 0; kind < 3; kind++) {
        oss_status status = OSS_ENOMEM;
        for (size_t k = 1; status == OSS_ENOMEM && k < 100; k++) {
            oss_error err = OSS_ERROR_INIT;
            oss_permutation_law law = { 0 };
            oss_permutation_hits hits;
            oss_permutation_tails tails;
            oss_exact_way way;
            double t = 10;
            (void) oss_fail_allocation(k);
            if (kind == 2)
                status = oss_permutation_groups(&groups, &plan, &t, &hits, NULL, &err);
            else {
                status = oss_permutation_law_new(&rows, &law, &err);
                if (!status)
                    status = kind ? oss_permutation_sample(&law, &plan, &hits, NULL, &err)
                                  : oss_permutation_exact(&law, 1, 1, &t, &tails, &way, NULL, &err);
                oss_permutation_law_free(&law);
            }
            CHECK(status == err.code);
        }
        (void) oss_fail_allocation(0);
        CHECK(status == OSS_OK);
    }
}

int main(void)
{
    test_six_by_hand();
    test_strata_by_hand();
    test_refusals();
    test_sampling();
    test_ways_agree();
    test_no_memory();
    return check_report();
}
