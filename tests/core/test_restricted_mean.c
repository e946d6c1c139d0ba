#include "check.h"
#include "../../src/core/restricted_mean.h"

/* Freireich: 6-MP, placebo. */
static double time[] = { 0,  6,  7, 9, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32,
                         34, 35, 0, 1, 2,  3,  4,  5,  8,  11, 12, 15, 17, 22, 23 };
static double n_risk[] = { 21, 21, 17, 16, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
                           2,  1,  21, 21, 19, 17, 16, 14, 12, 8, 6, 4, 3, 2, 1 };
static double n_event[] = { 0, 3, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0,
                            0, 0, 0, 2, 2, 1, 2, 2, 4, 2, 2, 1, 1, 1, 1 };
static double n_censor[] = { 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 2,
                             1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static size_t start[] = { 0, 17, 30 };
static const oss_risk_table arms = { 30, 1, 2, start, time, n_risk, n_event, n_censor };

static void test_published(void)
{
    const oss_restricted drug = oss_restricted_mean(&arms, 0, 23, 1),
                         none = oss_restricted_mean(&arms, 1, 23, 1);
    CHECK_NEAR(drug.mean, 17.9092, 3e-6);
    CHECK_NEAR(none.mean, 8.6667, 5e-6);
    CHECK_NEAR(drug.mean - none.mean, 9.242577, 1e-7);
    const double reach = 1.959963984540054 * sqrt(drug.variance + none.variance);
    CHECK_NEAR(drug.mean - none.mean - reach, 5.173774, 1e-6);
    CHECK_NEAR(drug.mean - none.mean + reach, 13.311380, 1e-6);
    CHECK(drug.known && none.known);
    CHECK(oss_restricted_mean(&arms, 0, 35, 1).known &&
          !oss_restricted_mean(&arms, 0, 36, 1).known);
    CHECK(oss_restricted_mean(&arms, 1, 1000, 1).known);
}

/* Without censoring the low and the high area are means over Dirichlet(1, ..., 1) weights on the
 * times with 0, or with tau. */
static void check_gaffke(int n, const double *x, double tau)
{
    double t[16], r[16], d[16], c[16] = { 0 };
    size_t m = 1, from[2] = { 0, 0 };
    t[0] = 0;
    r[0] = n;
    d[0] = 0;
    for (int i = 0; i < n; i++) {
        if (m > 1 && x[i] == t[m - 1]) {
            d[m - 1]++;
            continue;
        }
        t[m] = x[i];
        r[m] = n - i;
        d[m++] = 1;
    }
    from[1] = m;
    const oss_risk_table table = { m, 1, 1, from, t, r, d, c };
    const oss_restricted got = oss_restricted_mean(&table, 0, tau, 1);
    for (int high = 0; high < 2; high++) {
        double sum = high, square = high;
        for (int i = 0; i < n; i++) {
            const double share = x[i] < tau ? x[i] / tau : 1;
            sum += share;
            square += share * share;
        }
        const double mean = sum / (n + 1), variance = (square / (n + 1) - mean * mean) / (n + 2);
        const oss_beta_product moments = high ? got.high : got.low;
        CHECK_NEAR(moments.mean, mean, 1e-14);
        CHECK_NEAR(moments.complement, 1 - mean, 1e-14);
        CHECK_NEAR(moments.variation * mean * mean, variance, 1e-14);
    }
}

static void test_gaffke(void)
{
    const double spread[] = { 1, 2.5, 3, 4.25, 6, 7, 9 }, tied[] = { 1, 2, 2, 2, 3, 5, 5, 8 };
    check_gaffke(7, spread, 9);
    check_gaffke(7, spread, 12);
    check_gaffke(7, spread, 5);
    check_gaffke(8, tied, 6);
    check_gaffke(8, tied, 20);
}

static void test_no_events(void)
{
    double t[] = { 0, 2, 5 }, r[] = { 2, 2, 1 }, d[] = { 0, 0, 0 }, c[] = { 0, 1, 1 };
    size_t from[] = { 0, 3 };
    const oss_risk_table table = { 3, 1, 1, from, t, r, d, c };
    const oss_restricted got = oss_restricted_mean(&table, 0, 4, 1);
    CHECK(got.mean == 4 && got.variance == 0 && got.known);
    CHECK(got.high.mean == 1 && got.high.variation == 0);
    /* Half the time with two at risk, half with one. */
    CHECK_NEAR(got.low.mean, 0.5 * 2 / 3 + 0.5 / 2, 1e-15);
    const double sd = 0.5 * sqrt(1.0 / 18) + 0.5 * sqrt(1.0 / 12);
    CHECK_NEAR(got.low.variation, sd * sd / (7.0 / 12 * 7 / 12), 1e-14);
}

/* Four rows, two of either group: six equally likely labellings. */
static void test_permutation(void)
{
    double t[] = { 0, 1, 3, 0, 2, 4 }, r[] = { 2, 2, 1, 2, 2, 1 }, d[] = { 0, 1, 1, 0, 1, 0 },
           c[] = { 0, 0, 0, 0, 0, 1 };
    size_t from[] = { 0, 3, 6 };
    const oss_risk_table table = { 6, 1, 2, from, t, r, d, c };
    double pooled[18];
    oss_restricted_labels labels = { .time = pooled,
                                     .n_event = pooled + 6,
                                     .n_censor = pooled + 12,
                                     .tau = 4,
                                     .n_first = 2,
                                     .n_second = 2 };
    labels.n_time = oss_restricted_pool(&table, 0, 1, 4, pooled, pooled + 6, pooled + 12);
    CHECK(labels.n_time == 4 && pooled[3] == 3 && pooled[9] == 1);
    double six[6];
    int n = 0;
    const double at[] = { 1, 2, 3, 4 };
    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++) {
            double mean[2], variance[2], out[4];
            for (int g = 0; g < 2; g++) {
                double own[2];
                int m = 0;
                for (int k = 0; k < 4; k++)
                    if ((k == i || k == j) == g)
                        own[m++] = at[k];
                mean[g] = (own[0] + own[1]) / 2; /* all fail by 4, or stay to 4 */
                variance[g] = (own[1] - own[0]) * (own[1] - own[0]) / 8;
            }
            oss_restricted_statistics(4, mean[0], variance[0], mean[1], variance[1], out);
            six[n++] = out[0];
        }
    static double drawn[4 * 6000];
    const oss_resampling plan = { .replicate = oss_restricted_replicate,
                                  .context = &labels,
                                  .n = 6000,
                                  .width = 4,
                                  .seed = 11,
                                  .threads = 1 };
    CHECK(oss_resample(&plan, drawn, NULL, NULL) == OSS_OK);
    int seen[6] = { 0 }, other = 0;
    for (int b = 0; b < 6000; b++) {
        int found = -1;
        for (int k = 0; k < 6 && found < 0; k++)
            if (fabs(drawn[4 * b] - six[k]) < 1e-12)
                found = k;
        if (found < 0)
            other++;
        else
            seen[found]++;
        CHECK(drawn[4 * b + 2] == -drawn[4 * b]);
    }
    CHECK(other == 0);
    for (int k = 0; k < 6; k++) {
        int same = 0, first = k;
        for (int l = 0; l < 6; l++)
            if (fabs(six[l] - six[k]) < 1e-12) {
                same++;
                first = l < first ? l : first;
            }
        CHECK(fabs(seen[first] - 1000.0 * same) < 150 * same);
    }
}

static void test_degenerate_statistics(void)
{
    double out[4];
    oss_restricted_statistics(5, 5, 0, 5, 0, out);
    CHECK(out[0] == 0 && out[1] == 0 && out[3] == 0);
    oss_restricted_statistics(5, 5, 0, 4, 0, out);
    CHECK(out[0] == -INFINITY && out[1] == -INFINITY && out[3] == 0);
}

int main(void)
{
    test_published();
    test_gaffke();
    test_no_events();
    test_permutation();
    test_degenerate_statistics();
    return check_report();
}
