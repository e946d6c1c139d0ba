#include "check.h"
#include "../../src/core/interval_scores.h"

/* Cells with masses 1/2, 1/4, 1/4; rows in the first, in the last two, beyond the first, in all. */
static void test_by_hand(void)
{
    const uint32_t lo[] = { 0, 1, 2, 0 }, hi[] = { 1, 3, 3, 3 };
    const double mass[] = { 1, 0.5, 0.5 }; /* not yet divided by their sum */
    double work[8], score[4];
    oss_interval_scores(4, lo, hi, 3, mass, OSS_SCORES_WILCOXON, work, score);
    CHECK_NEAR(score[0], 0.5, 1e-15);
    CHECK_NEAR(score[1], -0.5, 1e-15);
    CHECK_NEAR(score[2], -0.75, 1e-15);
    CHECK_NEAR(score[3], 0, 1e-15);
    oss_interval_scores(4, lo, hi, 3, mass, OSS_SCORES_LOGRANK, work,
                        score); /* hazards 1/2 1/2 1 */
    CHECK_NEAR(score[0], 0.5, 1e-15);
    CHECK_NEAR(score[1], -0.5, 1e-15);
    CHECK_NEAR(score[2], -1, 1e-15);
    CHECK_NEAR(score[3], 0, 1e-15);
    oss_interval_scores(4, lo, hi, 3, mass, OSS_SCORES_FINKELSTEIN, work, score);
    CHECK_NEAR(score[0], log(2), 1e-15);
    CHECK_NEAR(score[1], -log(2), 1e-15);
    CHECK_NEAR(score[2], -log(4), 1e-15);
    CHECK_NEAR(score[3], 0, 1e-15);
}

int main(void)
{
    test_by_hand();
    return check_report();
}
