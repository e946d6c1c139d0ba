#include "check.h"
#include "../../src/core/npmle.h"

#include <stdlib.h>
#include <string.h>

static int draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int) (*seed >> 8);
}

enum { MOST = 64 };

/* The optimality conditions written out: returns max_j d_j - N, and the log-likelihood. */
static double slack(size_t n, const uint32_t *lo, const uint32_t *hi, const double *weight,
                    size_t m, const double *mass, double *loglik)
{
    double total = 0, worst = -INFINITY;
    double *d = calloc(m, sizeof *d);
    *loglik = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : 1;
        double covered = 0;
        for (size_t j = lo[i]; j < hi[i]; j++)
            covered += mass[j];
        *loglik += w * log(covered);
        total += w;
        for (size_t j = lo[i]; j < hi[i]; j++)
            d[j] += w / covered;
    }
    for (size_t j = 0; j < m; j++)
        worst = d[j] - total > worst ? d[j] - total : worst;
    free(d);
    return worst;
}

static oss_npmle_fit fit(size_t n, const uint32_t *lo, const uint32_t *hi, const double *weight,
                         size_t m, double *mass, int *unique)
{
    oss_error err = OSS_ERROR_INIT;
    oss_npmle *problem;
    oss_npmle_fit out;
    memset(&out, 0, sizeof out);
    CHECK(oss_npmle_new(n, lo, hi, weight, m, &problem, &err) == OSS_OK);
    CHECK(oss_npmle_solve(problem, 1e-8, 500, &out, NULL, &err) == OSS_OK);
    oss_npmle_mass(problem, mass);
    if (unique)
        CHECK(oss_npmle_unique(problem, unique, &err) == OSS_OK);
    oss_npmle_free(problem);
    return out;
}

static void test_by_hand(void)
{
    double mass[MOST];
    int unique;
    /* Two rows that meet in no cell, one that covers both: 1/2, 1/2. */
    const uint32_t lo[] = { 0, 1, 0 }, hi[] = { 1, 2, 2 };
    oss_npmle_fit f = fit(3, lo, hi, NULL, 2, mass, &unique);
    CHECK(f.converged && unique && f.n_support == 2);
    CHECK_NEAR(mass[0], 0.5, 1e-12);
    CHECK_NEAR(f.loglik, 2 * log(0.5), 1e-12);
    /* Kaplan-Meier 1/3, 0, 2/3 of exact, censored, exact. */
    const uint32_t klo[] = { 0, 1, 1 }, khi[] = { 1, 2, 2 };
    f = fit(3, klo, khi, NULL, 2, mass, &unique);
    CHECK_NEAR(mass[0], 1.0 / 3, 1e-14);
    CHECK(f.iterations == 0);
    /* One row over one cell. */
    f = fit(1, klo, khi, NULL, 1, mass, &unique);
    CHECK(mass[0] == 1 && f.loglik == 0 && f.kkt <= 1e-12 && unique);
    /* A mass that is exactly 0: the middle cell is covered by fewer rows than either side. */
    const uint32_t zlo[] = { 0, 0, 1, 2, 0, 2 }, zhi[] = { 2, 1, 3, 3, 1, 3 };
    f = fit(6, zlo, zhi, NULL, 3, mass, &unique);
    CHECK(f.converged && mass[1] == 0 && f.n_support == 2);
    /* Censored between events: the closed form, also reversed. */
    const uint32_t slo[] = { 0, 1, 1, 2, 3, 2 }, shi[] = { 1, 2, 4, 3, 4, 4 };
    f = fit(6, slo, shi, NULL, 4, mass, &unique);
    CHECK(f.iterations == 0 && unique);
    CHECK_NEAR(mass[1], 5.0 / 6 / 4, 1e-14);
    uint32_t rlo[6], rhi[6];
    double back[4];
    for (int i = 0; i < 6; i++) {
        rlo[i] = 4 - shi[i];
        rhi[i] = 4 - slo[i];
    }
    f = fit(6, rlo, rhi, NULL, 4, back, &unique);
    for (int j = 0; j < 4; j++)
        CHECK_NEAR(back[3 - j], mass[j], 1e-14);
}

static void test_not_unique(void)
{
    /* Gentleman and Geyer: cells 0..3; rows {0,1}, {2,3}, {0..3} leave 0 against 1 open. */
    double mass[MOST];
    int unique;
    const uint32_t lo[] = { 0, 2, 0 }, hi[] = { 2, 4, 4 };
    oss_npmle_fit f = fit(3, lo, hi, NULL, 4, mass, &unique);
    CHECK(f.converged && !unique);
    CHECK_NEAR(mass[0] + mass[1], 0.5, 1e-10);
    /* The cycle {0,1}, {1,2}, ... closed by rows that make it determined. */
    const uint32_t clo[] = { 0, 1, 2, 0 }, chi[] = { 2, 3, 4, 1 };
    fit(4, clo, chi, NULL, 4, mass, &unique);
    CHECK(unique == 0 || unique == 1);
}

static void test_random(void)
{
    unsigned seed = 3;
    for (int round = 0; round < 600; round++) {
        const size_t n = 1 + (size_t) (draw(&seed) % 40), m = 1 + (size_t) (draw(&seed) % MOST);
        uint32_t lo[40], hi[40];
        double weight[40], mass[MOST], again[MOST];
        for (size_t i = 0; i < n; i++) {
            lo[i] = (uint32_t) ((size_t) draw(&seed) % m);
            hi[i] = lo[i] + 1 + (uint32_t) ((size_t) draw(&seed) % (m - lo[i]));
            weight[i] = round % 3 == 0 ? 1 + draw(&seed) % 5 : round % 7 == 0 ? 1e6 : 1;
        }
        oss_npmle_fit f = fit(n, lo, hi, weight, m, mass, NULL);
        double loglik, sum = 0, total = 0;
        for (size_t i = 0; i < n; i++)
            total += weight[i];
        CHECK(f.converged && f.kkt >= 0 && f.kkt <= fmax(1e-8, 2e-15 * total));
        CHECK(slack(n, lo, hi, weight, m, mass, &loglik) <= 1e-7 * fmax(1, total / 1e3));
        CHECK_NEAR(loglik, f.loglik, 1e-11);
        for (size_t j = 0; j < m; j++) {
            CHECK(mass[j] >= 0);
            sum += mass[j];
        }
        CHECK_NEAR(sum, 1, 1e-13);
        /* Rows in another order: the same bits. */
        for (size_t i = 0; i < n / 2; i++) {
            const size_t k = n - 1 - i;
            const uint32_t a = lo[i], b = hi[i];
            const double w = weight[i];
            lo[i] = lo[k];
            hi[i] = hi[k];
            weight[i] = weight[k];
            lo[k] = a;
            hi[k] = b;
            weight[k] = w;
        }
        fit(n, lo, hi, weight, m, again, NULL);
        CHECK(!memcmp(mass, again, m * sizeof *mass));
    }
}

/* The uniqueness rule against its definition: maximise each mass over all maximisers by the
 * vertices is costly, so move along every basis of the null space is checked on small problems by
 * comparing solutions from different starts. */
static void test_unique_against_starts(void)
{
    unsigned seed = 11;
    size_t n_open = 0;
    for (int round = 0; round < 400; round++) {
        const size_t n = 2 + (size_t) (draw(&seed) % 4), m = 2 + (size_t) (draw(&seed) % 4);
        uint32_t lo[8], hi[8];
        double mass[MOST];
        for (size_t i = 0; i < n; i++) {
            lo[i] = (uint32_t) ((size_t) draw(&seed) % m);
            hi[i] = lo[i] + 1 + (uint32_t) ((size_t) draw(&seed) % (m - lo[i]));
        }
        int unique, moved = 0;
        fit(n, lo, hi, NULL, m, mass, &unique);
        /* Starting EM elsewhere keeps apart what the likelihood leaves open. */
        for (size_t start = 0; start < m && !moved; start++) {
            double p[MOST], d[MOST];
            for (size_t j = 0; j < m; j++)
                p[j] = (j == start ? 10.0 : 1.0) / (double) (m + 9);
            for (int step = 0; step < 20000; step++) {
                memset(d, 0, sizeof d);
                for (size_t i = 0; i < n; i++) {
                    double covered = 0;
                    for (size_t j = lo[i]; j < hi[i]; j++)
                        covered += p[j];
                    for (size_t j = lo[i]; j < hi[i]; j++)
                        d[j] += 1 / covered;
                }
                for (size_t j = 0; j < m; j++)
                    p[j] *= d[j] / (double) n;
            }
            for (size_t j = 0; j < m; j++)
                moved |= fabs(p[j] - mass[j]) > 0.01;
        }
        n_open += (size_t) moved;
        CHECK(unique == !moved);
    }
    CHECK(n_open > 20);
}

static void test_tilt(void)
{
    /* Binomial: 3 of 10 before the cut; w more rows there make (3 + w) / (10 + w). */
    const uint32_t lo[] = { 0, 1 }, hi[] = { 1, 2 };
    const double weight[] = { 3, 7 };
    oss_npmle *problem;
    oss_npmle_fit f;
    double before, after;
    CHECK(oss_npmle_new(2, lo, hi, weight, 2, &problem, NULL) == OSS_OK);
    CHECK(oss_npmle_solve(problem, 1e-10, 100, &f, NULL, NULL) == OSS_OK);
    oss_npmle_tilt(problem, 1, 2.5, 0);
    CHECK(oss_npmle_solve(problem, 1e-10, 100, &f, NULL, NULL) == OSS_OK);
    oss_npmle_split(problem, 1, &before, &after);
    CHECK_NEAR(before, 5.5 / 12.5, 1e-9);
    CHECK_NEAR(after, 7 / 12.5, 1e-9);
    CHECK_NEAR(f.loglik, 3 * log(5.5 / 12.5) + 7 * log(7 / 12.5), 1e-8);
    oss_npmle_free(problem);
    /* Mass appears where there was none. */
    const uint32_t all_lo[] = { 1, 0 }, all_hi[] = { 2, 2 };
    CHECK(oss_npmle_new(2, all_lo, all_hi, NULL, 2, &problem, NULL) == OSS_OK);
    CHECK(oss_npmle_solve(problem, 1e-10, 100, &f, NULL, NULL) == OSS_OK);
    oss_npmle_tilt(problem, 1, 1, 0);
    CHECK(oss_npmle_solve(problem, 1e-10, 100, &f, NULL, NULL) == OSS_OK);
    oss_npmle_split(problem, 1, &before, &after);
    CHECK_NEAR(before, 0.5, 1e-9);
    oss_npmle_free(problem);
}

/* More support than the dense solver takes: exact rows among intervals. */
static void test_large_support(void)
{
    const size_t m = 3000, n = 4000;
    uint32_t *lo = malloc(n * sizeof *lo), *hi = malloc(n * sizeof *hi);
    double *mass = malloc(m * sizeof *mass), loglik;
    unsigned seed = 5;
    for (size_t i = 0; i < n; i++) {
        lo[i] = (uint32_t) (i < m ? i : (size_t) draw(&seed) % m);
        hi[i] = i < m ? lo[i] + 1 : lo[i] + 1 + (uint32_t) ((size_t) draw(&seed) % (m - lo[i]));
    }
    int unique;
    oss_npmle_fit f = fit(n, lo, hi, NULL, m, mass, &unique);
    CHECK(f.converged && unique && f.n_support == m);
    CHECK(slack(n, lo, hi, NULL, m, mass, &loglik) <= 1e-8);
    free(lo);
    free(hi);
    free(mass);
}

static int stop(void *context, double fraction)
{
    (void) context;
    (void) fraction;
    return 1;
}

static void random_rows(size_t n, uint32_t m, uint32_t *lo, uint32_t *hi)
{
    unsigned seed = 9;
    for (size_t i = 0; i < n; i++) {
        lo[i] = (uint32_t) draw(&seed) % (m - 1);
        const uint32_t width = 1 + (uint32_t) draw(&seed) % 40;
        hi[i] = lo[i] + width < m ? lo[i] + width : m;
    }
}

static void test_faults(void)
{
    uint32_t lo[2] = { 0, 1 }, hi[2] = { 1, 1 };
    oss_npmle *problem;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_npmle_new(2, lo, hi, NULL, 2, &problem, &err) == OSS_EINVAL && err.index == 1 &&
          !problem);
    hi[1] = 3;
    CHECK(oss_npmle_new(2, lo, hi, NULL, 2, &problem, &err) == OSS_EINVAL);
    CHECK(oss_npmle_new(0, lo, hi, NULL, 2, &problem, &err) == OSS_EINVAL);
    hi[1] = 2;
    const double weight[] = { 1, 0 };
    CHECK(oss_npmle_new(2, lo, hi, weight, 2, &problem, &err) == OSS_EINVAL && err.index == 1);

    uint32_t many_lo[300], many_hi[300];
    random_rows(300, 200, many_lo, many_hi);
    const oss_hook hook = { stop, NULL };
    oss_npmle_fit f;
    CHECK(oss_npmle_new(300, many_lo, many_hi, NULL, 200, &problem, &err) == OSS_OK);
    CHECK(oss_npmle_solve(problem, 1e-8, 100, &f, &hook, &err) == OSS_ECANCEL);
    CHECK(oss_npmle_solve(problem, 1e-8, 0, &f, NULL, &err) == OSS_OK && !f.converged &&
          f.kkt > 1e-8);
    CHECK(oss_npmle_solve(problem, 1e-8, 100, &f, NULL, &err) == OSS_OK && f.converged);
    oss_npmle_free(problem);
    oss_npmle_free(NULL);
}

static void no_memory(size_t n, const uint32_t *lo, const uint32_t *hi, size_t m)
{
    oss_status status = OSS_ENOMEM;
    for (size_t k = 1; status != OSS_OK; k++) {
        oss_npmle *problem;
        oss_npmle_fit f;
        int unique;
        (void) oss_fail_allocation(k);
        status = oss_npmle_new(n, lo, hi, NULL, m, &problem, NULL);
        if (status == OSS_OK)
            status = oss_npmle_solve(problem, 1e-8, 100, &f, NULL, NULL);
        if (status == OSS_OK)
            status = oss_npmle_unique(problem, &unique, NULL);
        CHECK(status == OSS_OK || status == OSS_ENOMEM);
        oss_npmle_free(problem);
    }
    (void) oss_fail_allocation(0);
}

static void test_no_memory(void)
{
    uint32_t lo[300], hi[300], large_lo[1500], large_hi[1500];
    random_rows(300, 200, lo, hi);
    no_memory(300, lo, hi, 200);
    for (uint32_t i = 0; i < 1500; i++) {
        large_lo[i] = i < 1200 ? i : i - 1200;
        large_hi[i] = i < 1200 ? i + 1 : i - 1100;
    }
    no_memory(1500, large_lo, large_hi, 1200);
}

int main(void)
{
    test_by_hand();
    test_not_unique();
    test_random();
    test_unique_against_starts();
    test_tilt();
    test_large_support();
    test_faults();
    test_no_memory();
    return check_report();
}
