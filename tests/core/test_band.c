#include "../../src/core/band.h"
#include "check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>

static double critical_of(oss_band_type type, double from, double to, double level)
{
    oss_error err = OSS_ERROR_INIT;
    double critical = NAN;
    CHECK(oss_band_critical(type, from, to, level, &critical, &err) == OSS_OK);
    return critical;
}

static double probability_of(oss_band_type type, double from, double to, double c)
{
    oss_error err = OSS_ERROR_INIT;
    double p = NAN;
    CHECK(oss_band_probability(type, from, to, c, &p, &err) == OSS_OK);
    return p;
}

/* Over (0, 1) the supremum has Kolmogorov's law. */
static void test_kolmogorov(void)
{
    for (double c = 0.5; c < 2.5; c += 0.25) {
        double sum = 1;
        for (int k = 1; k < 40; k++)
            sum += 2 * (k % 2 ? -1 : 1) * exp(-2 * k * k * c * c);
        CHECK_NEAR(probability_of(OSS_BAND_HALL_WELLNER, 1e-9, 1 - 1e-9, c), sum, 1e-8);
    }
    CHECK_NEAR(critical_of(OSS_BAND_HALL_WELLNER, 1e-7, 1 - 1e-7, 0.95), 1.3580986393225505, 1e-9);
}

/* Integrate the density of the bridge at `from` and `to`, with the path between kept in the box by
 * the reflection principle. */
typedef struct {
    double from, to, c, x;
    gsl_integration_glfixed_table *rule;
} reflected;

static double reflected_end(double y, void *context)
{
    const reflected *r = context;
    const double t = r->to - r->from, c = r->c, x = r->x;
    double inside = 0;
    for (int k = -12; k <= 12; k++)
        inside += exp(-pow(y - x - 4 * k * c, 2) / (2 * t)) -
                  exp(-pow(y + x - 2 * c - 4 * k * c, 2) / (2 * t));
    return inside / sqrt(t) * exp(-y * y / (2 * (1 - r->to))) / sqrt(1 - r->to);
}

static double reflected_start(double x, void *context)
{
    reflected *r = context;
    r->x = x;
    gsl_function f = { reflected_end, r };
    return gsl_integration_glfixed(&f, -r->c, r->c, r->rule) * exp(-x * x / (2 * r->from)) /
           sqrt(r->from);
}

static void test_hall_wellner_by_reflection(void)
{
    static const double range[][2] = {
        { 0.1, 0.9 }, { 0.3, 0.5 }, { 0.4, 0.45 }, { 0.05, 0.2 }, { 0.7, 0.98 }
    };
    gsl_integration_glfixed_table *rule = gsl_integration_glfixed_table_alloc(256);
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        for (double c = 0.3; c < 1.8; c += 0.3) {
            reflected r = { range[i][0], range[i][1], c, 0, rule };
            gsl_function f = { reflected_start, &r };
            const double want = gsl_integration_glfixed(&f, -c, c, rule) / (2 * acos(-1));
            CHECK_NEAR(probability_of(OSS_BAND_HALL_WELLNER, range[i][0], range[i][1], c), want,
                       1e-11);
        }
    gsl_integration_glfixed_table_free(rule);
}

/* Where the boundary is a root of an even Hermite polynomial of the Ornstein-Uhlenbeck process,
 * that polynomial is the slowest mode: He_2 at 1 (rate 2), He_4 at sqrt(3 - sqrt 6) (rate 4). */
static void test_equal_precision_decay(void)
{
    static const double at[] = { 1, 0.74196378430272585765 }, rate[] = { 2, 4 };
    for (int i = 0; i < 2; i++) {
        /* range of length T: odds ratio exp(2 T), symmetric */
        double p[2];
        for (int k = 0; k < 2; k++) {
            const double odds = exp(1.5 + k), a = 1 / (1 + odds);
            p[k] = probability_of(OSS_BAND_EQUAL_PRECISION, a, 1 - a, at[i]);
        }
        CHECK_NEAR(log(p[0] / p[1]), rate[i], 1e-6); /* T grows by 1 */
    }
}

/* A vanishing range gives the pointwise quantile, the branches meet, wider ranges need more. */
static void test_limits(void)
{
    for (int t = 0; t < 2; t++) {
        const oss_band_type type = t ? OSS_BAND_EQUAL_PRECISION : OSS_BAND_HALL_WELLNER;
        const double unit = t ? 1 : sqrt(0.3 * 0.7);
        CHECK_NEAR(critical_of(type, 0.3, 0.3, 0.95), unit * 1.959963984540054, 1e-12);
        CHECK_NEAR(critical_of(type, 0.3, 0.3 + 1e-13, 0.95), unit * 1.959963984540054, 1e-6);
        const double switch_width = 0.21 * 2e-7;
        for (double z = 0.5; z < 4; z += 0.5)
            CHECK_NEAR(probability_of(type, 0.3, 0.3 + switch_width * (1 - 1e-6), z * unit),
                       probability_of(type, 0.3, 0.3 + switch_width * (1 + 1e-6), z * unit), 1e-9);
        double last = 0;
        for (double b = 0.3; b < 1; b += 0.0999) {
            const double c = critical_of(type, 0.3, b, 0.9);
            CHECK(c >= last);
            last = c;
            if (b > 0.3)
                CHECK_NEAR(probability_of(type, 0.3, b, c), 0.9, 1e-11);
        }
        /* The bridge backwards is a bridge. */
        CHECK_NEAR(critical_of(type, 0.1, 0.4, 0.95), critical_of(type, 0.6, 0.9, 0.95), 1e-9);
    }
    for (double c = 0.7; c < 1.6; c += 0.2) { /* peaked start or end: the series of sines */
        const double a = c * c / 64;
        CHECK_NEAR(probability_of(OSS_BAND_HALL_WELLNER, a * (1 - 1e-9), 0.6, c),
                   probability_of(OSS_BAND_HALL_WELLNER, a * (1 + 1e-9), 0.6, c), 1e-11);
    }
}

static void test_refused(void)
{
    oss_error err = OSS_ERROR_INIT;
    double c;
    CHECK(oss_band_critical(OSS_BAND_HALL_WELLNER, 0, 0.5, 0.95, &c, &err) == OSS_EINVAL);
    CHECK(oss_band_critical(OSS_BAND_HALL_WELLNER, 0.5, 0.4, 0.95, &c, &err) == OSS_EINVAL);
    CHECK(oss_band_critical(OSS_BAND_HALL_WELLNER, NAN, 0.4, 0.95, &c, &err) == OSS_EINVAL);
    CHECK(oss_band_critical(OSS_BAND_HALL_WELLNER, 0.5, 1, 0.95, &c, &err) == OSS_EINVAL);
    CHECK(oss_band_critical(OSS_BAND_HALL_WELLNER, 0.4, 0.5, 1, &c, &err) == OSS_EINVAL);
    CHECK(oss_band_critical(OSS_BAND_EQUAL_PRECISION, 1e-9, 1 - 1e-9, 1 - 1e-9, &c, &err) ==
          OSS_OK);
    CHECK(c > 6 && c < 9);
}

/* 6-MP arm of Freireich et al.: the rows at 0, 6, 7, 10, 13, 16, 22, 23, 25. */
static const double s6mp[] = { 1,
                               0.8571428571428571,
                               0.8067226890756302,
                               0.7529411764705882,
                               0.6901960784313725,
                               0.6274509803921569,
                               0.5378151260504201,
                               0.4481792717086834,
                               0.4481792717086834 };
static const double se6mp[] = { 0,         0.07636035, 0.08693529, 0.09634965, 0.1068147,
                                0.1140540, 0.1282338,  0.1345911,  0.1345911 };

static void test_band(void)
{
    enum { M = 9 };
    double low[M], high[M];
    oss_band band;
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_confidence_band(OSS_BAND_HALL_WELLNER, OSS_CONF_LOG_LOG, 0.95, 21, M, s6mp, se6mp, 1,
                              7, low, high, &band, &err) == OSS_OK);
    CHECK(isnan(low[0]) && isnan(low[8]) && band.first == 1 && band.last == 7);
    CHECK_NEAR(low[3], 0.3234, 0.002);
    CHECK_NEAR(high[3], 0.9312, 0.002);
    CHECK(oss_confidence_band(OSS_BAND_EQUAL_PRECISION, OSS_CONF_LOG_LOG, 0.95, 21, M, s6mp, se6mp,
                              0, M - 1, low, high, &band, &err) == OSS_OK);
    CHECK(isnan(low[0]) && low[8] == low[7] && band.first == 1 && band.last == 8);
    CHECK_NEAR(low[3], 0.3571, 0.002);
    CHECK_NEAR(high[3], 0.9248, 0.002);
    /* No row between 0 and 1. */
    const double flat[] = { 1, 1, 0 }, none[] = { 0, 0, 0 };
    CHECK(oss_confidence_band(OSS_BAND_EQUAL_PRECISION, OSS_CONF_PLAIN, 0.95, 3, 3, flat, none, 0,
                              2, low, high, &band, &err) == OSS_OK);
    CHECK(band.first > band.last && isnan(low[2]) && isnan(band.critical));
}

static void test_no_memory(void)
{
    for (size_t k = 1;; k++) {
        oss_error err = OSS_ERROR_INIT;
        double c;
        oss_fail_allocation(k);
        const oss_status status =
            oss_band_critical(OSS_BAND_EQUAL_PRECISION, 0.2, 0.7, 0.95, &c, &err);
        oss_fail_allocation(0);
        if (status == OSS_OK)
            break;
        CHECK(status == OSS_ENOMEM);
    }
    CHECK_NEAR(critical_of(OSS_BAND_EQUAL_PRECISION, 0.25, 0.75, 0.95), 2.835749858618, 1e-10);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_kolmogorov();
    test_hall_wellner_by_reflection();
    test_equal_precision_decay();
    test_limits();
    test_refused();
    test_band();
    test_no_memory();
    return check_report();
}
