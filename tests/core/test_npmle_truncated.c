#include "check.h"
#include "../../src/core/npmle.h"
#include "../../src/core/npmle_truncated.h"

#include <string.h>

static int draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int) (*seed >> 8);
}

enum { MOST = 24, ROWS = 40 };

typedef struct {
    size_t n, m;
    uint32_t lo[ROWS + MOST], hi[ROWS + MOST], in[ROWS + MOST];
    double weight[ROWS + MOST], entered[MOST];
} rows;

/* Random rows, the first m of which start at each cell. */
static rows random_rows(unsigned *seed, int truncated)
{
    rows x;
    memset(&x, 0, sizeof x);
    x.m = 1 + (size_t) (draw(seed) % MOST);
    x.n = x.m + (size_t) (draw(seed) % (draw(seed) % 2 ? ROWS : 2));
    const int exact = draw(seed) % 3;
    for (size_t i = 0; i < x.n; i++) {
        const size_t lo = i < x.m ? i : (size_t) draw(seed) % x.m;
        x.lo[i] = (uint32_t) lo;
        x.hi[i] = exact == 0            ? (uint32_t) (draw(seed) % 2 ? lo + 1 : x.m)
                  : draw(seed) % 4 == 0 ? (uint32_t) x.m
                                        : (uint32_t) (lo + 1 + (size_t) draw(seed) % (x.m - lo));
        x.in[i] =
            !truncated || draw(seed) % 3 == 0 ? 0 : (uint32_t) ((size_t) draw(seed) % (lo + 1));
        x.weight[i] = 1 + draw(seed) % 3;
        x.entered[x.in[i]] += x.weight[i];
    }
    return x;
}

static oss_truncated_fit fit(const rows *x, double *mass)
{
    oss_truncated_fit f;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_npmle_truncated(x->n, x->lo, x->hi, x->weight, x->m, x->entered, 1e-8, 500, mass, &f,
                              NULL, &err) == OSS_OK);
    return f;
}

static double loglik(const rows *x, const double *mass)
{
    double value = 0;
    for (size_t i = 0; i < x->n; i++) {
        double own = 0, all = 0;
        for (size_t k = x->in[i]; k < x->m; k++) {
            all += mass[k];
            own += k >= x->lo[i] && k < x->hi[i] ? mass[k] : 0;
        }
        value += x->weight[i] * log(own / all);
    }
    return value;
}

/* Self-consistency with the expected number of those never observed. */
static double by_ghosts(const rows *x, double *p, int steps)
{
    for (size_t k = 0; k < x->m; k++)
        p[k] = 1.0 / (double) x->m;
    for (int s = 0; s < steps; s++) {
        double next[MOST] = { 0 }, sum = 0;
        for (size_t i = 0; i < x->n; i++) {
            double own = 0, all = 0;
            for (size_t k = x->in[i]; k < x->m; k++) {
                all += p[k];
                own += k >= x->lo[i] && k < x->hi[i] ? p[k] : 0;
            }
            for (size_t k = 0; k < x->m; k++)
                next[k] += x->weight[i] * p[k] *
                           (k < x->in[i]                    ? 1 / all
                            : k >= x->lo[i] && k < x->hi[i] ? 1 / own
                                                            : 0);
        }
        for (size_t k = 0; k < x->m; k++)
            sum += next[k];
        for (size_t k = 0; k < x->m; k++)
            p[k] = next[k] / sum;
    }
    return loglik(x, p);
}

static void test_by_hand(void)
{
    double mass[4];
    /* Exact at 1 (entry 0), exact at 2 (entry 0), exact at 3 (entry 1), censored at 2 (entry 0):
     * 3 at risk, 1 event; then 3 at risk, 1 event; then 1, 1. */
    rows x = { 4, 3, { 0, 1, 2, 2 }, { 1, 2, 3, 3 }, { 0, 0, 1, 0 }, { 1, 1, 1, 1 }, { 3, 1 } };
    oss_truncated_fit f = fit(&x, mass);
    CHECK(f.exists && f.unique && f.converged && f.iterations == 0 && f.empty == 3);
    CHECK_NEAR(mass[0], 1.0 / 3, 1e-15);
    CHECK_NEAR(mass[1], 2.0 / 9, 1e-15);
    CHECK_NEAR(mass[2], 4.0 / 9, 1e-15);
    CHECK_NEAR(f.loglik, loglik(&x, mass), 1e-14);
    /* The first fails before the second enters: no maximum. */
    rows gap = { 2, 2, { 0, 1 }, { 1, 2 }, { 0, 1 }, { 1, 1 }, { 1, 1 } };
    f = fit(&gap, mass);
    CHECK(!f.exists && f.empty == 0 && f.loglik == 0 && mass[0] == 1 && mass[1] == 0);
    /* The first is lost before: a maximum that says nothing about the cell between. */
    rows lost = { 2, 2, { 0, 1 }, { 2, 2 }, { 0, 1 }, { 1, 1 }, { 1, 1 } };
    f = fit(&lost, mass);
    CHECK(f.exists && !f.unique && mass[0] == 0 && mass[1] == 1);
}

static void test_random(void)
{
    unsigned seed = 5;
    size_t n_absent = 0, n_open = 0;
    for (int round = 0; round < 1500; round++) {
        rows x = random_rows(&seed, round % 4 > 0);
        double mass[MOST], p[MOST], sum = 0;
        const oss_truncated_fit f = fit(&x, mass);
        CHECK(f.converged && f.kkt <= 1e-8);
        for (size_t k = 0; k < x.m; k++) {
            CHECK(mass[k] >= 0);
            sum += mass[k];
        }
        CHECK_NEAR(sum, 1, 1e-13);
        const double ghosts = by_ghosts(&x, p, 300);
        CHECK(f.loglik >= ghosts - 1e-8);
        n_absent += !f.exists;
        n_open += f.exists && !f.unique;
        if (f.exists)
            CHECK_NEAR(loglik(&x, mass), f.loglik, 1e-10);
        if (f.exists && round % 10 < 1) {
            CHECK(f.loglik - by_ghosts(&x, p, 20000) < 0.02);
            double worst = 0;
            for (size_t k = 0; k < x.m; k++)
                worst = fmax(worst, fabs(mass[k] - p[k]));
            CHECK(!f.unique || worst < 0.05);
        }
        if (round % 4 == 0) {
            oss_npmle *problem;
            oss_npmle_fit other;
            int unique;
            CHECK(oss_npmle_new(x.n, x.lo, x.hi, x.weight, x.m, &problem, NULL) == OSS_OK);
            CHECK(oss_npmle_solve(problem, 1e-8, 500, &other, NULL, NULL) == OSS_OK);
            CHECK(oss_npmle_unique(problem, &unique, NULL) == OSS_OK);
            CHECK(f.exists && fabs(other.loglik - f.loglik) < 2e-8 && unique == f.unique);
            oss_npmle_free(problem);
        }
    }
    CHECK(n_absent > 30 && n_open > 30);
}

static void test_large(void)
{
    /* Visits of a grid by many rows, which enter at some of them: against fewer distinct rows. */
    enum { N = 20000, M = 300 };
    static uint32_t lo[N], hi[N];
    static double weight[N], entered[M], mass[M];
    unsigned seed = 9;
    for (size_t i = 0; i < N; i++) {
        const size_t a = i < M ? i : (size_t) draw(&seed) % M;
        lo[i] = (uint32_t) a;
        hi[i] = draw(&seed) % 3 ? (uint32_t) (a + 1 + (size_t) draw(&seed) % (M - a)) : M;
        weight[i] = 1;
        entered[draw(&seed) % 2 ? 0 : (size_t) draw(&seed) % (a + 1)]++;
    }
    oss_truncated_fit f;
    CHECK(oss_npmle_truncated(N, lo, hi, weight, M, entered, 1e-8, 500, mass, &f, NULL, NULL) ==
          OSS_OK);
    CHECK(f.exists && f.converged && f.iterations < 100);
}

static void test_refused(void)
{
    double mass[2];
    oss_truncated_fit f;
    oss_error err = OSS_ERROR_INIT;
    const uint32_t lo[] = { 0, 1 }, hi[] = { 1, 2 }, bad[] = { 1, 1 };
    const double one[] = { 1, 1 }, entered[] = { 2, 0 }, late[] = { 0, 2 }, few[] = { 1, 0.5 };
    CHECK(oss_npmle_truncated(0, lo, hi, one, 2, entered, 1e-8, 9, mass, &f, NULL, &err) ==
          OSS_EINVAL);
    CHECK(oss_npmle_truncated(2, hi, lo, one, 2, entered, 1e-8, 9, mass, &f, NULL, &err) ==
          OSS_EINVAL);
    CHECK(oss_npmle_truncated(2, bad, hi, one, 2, entered, 1e-8, 9, mass, &f, NULL, &err) ==
          OSS_EINVAL);
    CHECK(oss_npmle_truncated(2, lo, hi, one, 2, late, 1e-8, 9, mass, &f, NULL, &err) ==
          OSS_EINVAL);
    CHECK(oss_npmle_truncated(2, lo, hi, one, 2, few, 1e-8, 9, mass, &f, NULL, &err) == OSS_EINVAL);
}

static int stop(void *context, double fraction)
{
    (void) context;
    return fraction >= 0;
}

static void test_stopped_and_memory(void)
{
    unsigned seed = 6;
    rows x = random_rows(&seed, 1);
    while (x.m < 8)
        x = random_rows(&seed, 1);
    double mass[MOST];
    oss_truncated_fit f;
    oss_error err = OSS_ERROR_INIT;
    const oss_hook hook = { stop, NULL };
    CHECK(oss_npmle_truncated(x.n, x.lo, x.hi, x.weight, x.m, x.entered, 0, 500, mass, &f, &hook,
                              &err) != OSS_ENOMEM);
    int k = 0;
    oss_status status;
    do {
        oss_fail_allocation(++k);
        status = oss_npmle_truncated(x.n, x.lo, x.hi, x.weight, x.m, x.entered, 1e-8, 500, mass, &f,
                                     NULL, &err);
        CHECK(status == OSS_OK || status == OSS_ENOMEM);
    } while (status != OSS_OK);
    oss_fail_allocation(0);
    CHECK(k > 20);
}

int main(void)
{
    test_by_hand();
    test_random();
    test_large();
    test_refused();
    test_stopped_and_memory();
    return check_report();
}
