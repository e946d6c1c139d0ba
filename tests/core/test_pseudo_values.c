#include "check.h"
#include "../../src/core/pseudo_values.h"

/* Five rows: event of cause 1 at 1, censored at 2, causes 2 and 1 at 3, censored at 5. */
enum { N = 5 };
static size_t start[] = { 0, 5 };
static double time_of[] = { 0, 1, 2, 3, 5 };
static double n_risk[] = { 5, 5, 4, 3, 1 };
static double n_event[] = { 0, 1, 0, 1, 0, 0, 0, 0, 1, 0 };
static double n_censor[] = { 0, 0, 1, 0, 1 };
static const oss_risk_table table = { 5, 2, 1, start, time_of, n_risk, n_event, n_censor };
static const uint32_t row_time[N] = { 1, 2, 3, 3, 4 };
static const int status[N] = { 1, 0, 2, 1, 0 };

static void values(oss_pseudo what, double *out)
{
    double work[20];
    CHECK(oss_pseudo_work(5) <= 20);
    oss_pseudo_values(&table, &what, N, row_time, status, work, out);
}

static void check_all(const double *got, const double *want)
{
    for (int i = 0; i < N; i++)
        CHECK_NEAR(got[i], want[i], 1e-14);
}

/* S(3) = 4/5 1/3; without a row 1/3, 3/4 1/3, 3/4 1/2, 3/4 1/2, 3/4 0. */
static void test_survival_by_hand(void)
{
    double out[N];
    values((oss_pseudo){ OSS_PSEUDO_SURVIVAL, 1, 0, 3 }, out);
    const double whole = 5 * 4.0 / 15;
    check_all(out, (double[]){ whole - 4.0 / 3, whole - 1, whole - 1.5, whole - 1.5, whole });
    values((oss_pseudo){ OSS_PSEUDO_SURVIVAL, 1, 0, 0 }, out);
    check_all(out, (double[]){ 1, 1, 1, 1, 1 });
    values((oss_pseudo){ OSS_PSEUDO_SURVIVAL, 1, 0, 5.1 }, out); /* past the end, someone left */
    CHECK(isnan(out[0]) && isnan(out[4]));
}

/* F1(3) = 1/5 + 4/5 1/3; without a row 1/3, 1/4 + 3/4 1/3, 1/4 + 3/4 1/2, 1/4, 1/4 + 3/4 1/2. */
static void test_incidence_by_hand(void)
{
    double out[N];
    values((oss_pseudo){ OSS_PSEUDO_INCIDENCE, 1, 0, 4 }, out);
    const double whole = 5 * (0.2 + 4.0 / 15);
    check_all(out, (double[]){ whole - 4.0 / 3, whole - 2, whole - 2.5, whole - 1, whole - 2.5 });
}

/* To 4: 1 + 2 4/5 + 4/15. */
static void test_mean_time_by_hand(void)
{
    double out[N];
    values((oss_pseudo){ OSS_PSEUDO_RMST, 1, 0, 4 }, out);
    const double whole = 5 * (1 + 1.6 + 4.0 / 15);
    check_all(out, (double[]){ whole - 4 * (3 + 1.0 / 3), whole - 4 * (1 + 1.5 + 0.25),
                               whole - 4 * (1 + 1.5 + 0.375), whole - 4 * (1 + 1.5 + 0.375),
                               whole - 4 * (1 + 1.5) });
}

/* The derivative by a row's weight, by the difference quotient of weighted counts. */
static void test_infinitesimal_is_the_derivative(void)
{
    const double h = 1e-6;
    double out[N];
    values((oss_pseudo){ OSS_PSEUDO_SURVIVAL, 1, 1, 3 }, out);
    const double s = 4.0 / 15;
    const double moved[N] = { 4 / (5 + h) * (1.0 / 3), (4 + h) / (5 + h) * (1.0 / 3),
                              (4 + h) / (5 + h) * (1 / (3 + h)), (4 + h) / (5 + h) * (1 / (3 + h)),
                              (4 + h) / (5 + h) * ((1 + h) / (3 + h)) };
    double sum = 0;
    for (int i = 0; i < N; i++) {
        CHECK_NEAR(out[i], s + 5 * (moved[i] - s) / h, 1e-5);
        sum += out[i];
    }
    CHECK_NEAR(sum / N, s, 1e-14);
}

int main(void)
{
    test_survival_by_hand();
    test_incidence_by_hand();
    test_mean_time_by_hand();
    test_infinitesimal_is_the_derivative();
    return check_report();
}
