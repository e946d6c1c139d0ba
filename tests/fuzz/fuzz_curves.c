/* Kaplan-Meier and cumulative incidence with every interval on the table of any rows. */

#include "../../src/core/cumulative_incidence.h"
#include "rows.h"

typedef struct {
    double *estimate, *std_error, *low, *high;
} curve;

static curve curve_new(size_t n)
{
    const curve x = { fuzz_array(n, sizeof(double)), fuzz_array(n, sizeof(double)),
                      fuzz_array(n, sizeof(double)), fuzz_array(n, sizeof(double)) };
    return x;
}

static void curve_free(curve *x)
{
    free(x->estimate);
    free(x->std_error);
    free(x->low);
    free(x->high);
}

/* 0 <= low <= estimate <= high <= 1, or no interval at all where none exists. */
static void check_point(const curve *x, size_t k, int always)
{
    const double estimate = x->estimate[k], low = x->low[k], high = x->high[k];
    FUZZ_REQUIRE(estimate >= 0 && estimate <= 1);
    FUZZ_REQUIRE(x->std_error[k] >= 0 && x->std_error[k] < INFINITY);
    if (isnan(low) || isnan(high)) {
        FUZZ_REQUIRE(!always && isnan(low) && isnan(high));
        return;
    }
    FUZZ_REQUIRE(low >= 0 && low <= estimate && estimate <= high && high <= 1 && low < high);
}

static void check_survival(const oss_risk_table *table, oss_conf_type type, double level)
{
    curve x = curve_new(table->n_time);
    FUZZ_REQUIRE(oss_kaplan_meier(table, type, level, 1, x.estimate, x.std_error, x.low, x.high,
                                  NULL, NULL) == OSS_OK);
    const int beta = type == OSS_CONF_BETA_PRODUCT || type == OSS_CONF_BETA_PRODUCT_MID_P;
    for (size_t s = 0; s < table->n_stratum; s++)
        for (size_t k = table->start[s]; k < table->start[s + 1]; k++) {
            double d = 0;
            for (size_t c = 0; c < table->n_cause; c++)
                d += table->n_event[c * table->n_time + k];
            check_point(&x, k, beta);
            const int first = k == table->start[s];
            const double before = first ? 1 : x.estimate[k - 1];
            FUZZ_REQUIRE(d > 0 && before > 0 ? x.estimate[k] < before : x.estimate[k] == before);
            FUZZ_REQUIRE(d == 0 || d < table->n_risk[k] || x.estimate[k] == 0);
            const int ordered = beta || type == OSS_CONF_LIKELIHOOD_RATIO;
            if (!first && ordered && !isnan(x.low[k - 1])) {
                FUZZ_REQUIRE(x.low[k] <= x.low[k - 1] + 1e-9);
                FUZZ_REQUIRE(x.high[k] <= x.high[k - 1] + 1e-9);
            }
            const int within = x.estimate[k] > 0 && x.estimate[k] < 1;
            FUZZ_REQUIRE(beta || !within || !isnan(x.low[k]));
        }
    curve_free(&x);
}

static void check_incidence(const oss_risk_table *table, oss_incidence_type type, double level)
{
    const size_t n = table->n_time;
    curve x = curve_new(n * table->n_cause);
    curve survival = curve_new(n);
    double *event_free = fuzz_array(n, sizeof(double));
    FUZZ_REQUIRE(oss_cumulative_incidence(table, type, level, 1, x.estimate, x.std_error, x.low,
                                          x.high, event_free, NULL, NULL) == OSS_OK);
    FUZZ_REQUIRE(oss_kaplan_meier(table, OSS_CONF_BETA_PRODUCT, level, 1, survival.estimate,
                                  survival.std_error, survival.low, survival.high, NULL,
                                  NULL) == OSS_OK);
    for (size_t s = 0; s < table->n_stratum; s++)
        for (size_t k = table->start[s]; k < table->start[s + 1]; k++) {
            double sum = event_free[k];
            FUZZ_REQUIRE(event_free[k] == survival.estimate[k]);
            for (size_t c = 0; c < table->n_cause; c++) {
                const size_t j = c * n + k;
                check_point(&x, j, type == OSS_INCIDENCE_EXACT);
                if (k > table->start[s]) {
                    FUZZ_REQUIRE(x.estimate[j] >= x.estimate[j - 1]);
                    FUZZ_REQUIRE(type != OSS_INCIDENCE_EXACT ||
                                 (x.low[j] >= x.low[j - 1] && x.high[j] >= x.high[j - 1]));
                }
                sum += x.estimate[j];
            }
            FUZZ_REQUIRE(fabs(sum - 1) < 1e-12);
            if (table->n_cause == 1 && type == OSS_INCIDENCE_EXACT) {
                FUZZ_REQUIRE(fabs(x.low[k] + survival.high[k] - 1) < 1e-9);
                FUZZ_REQUIRE(fabs(x.high[k] + survival.low[k] - 1) < 1e-9);
            }
        }
    free(event_free);
    curve_free(&survival);
    curve_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double levels[] = { 0.95, 0.5, 0.8, 0.999 };
    fuzz_input in = { data, size };
    const int choice = (int) fuzz_bits(&in, 1);
    fuzz_rows x = rows_read(&in, choice & 1, 0);
    fuzz_table made = table_make(&x.rows);
    if (!made.status) {
        const oss_risk_table *table = &made.table;
        const double level = levels[choice >> 1 & 3];
        for (int type = 0; type <= OSS_CONF_ARCSIN; type++)
            if (!x.entry || type >= OSS_CONF_LIKELIHOOD_RATIO)
                check_survival(table, (oss_conf_type) type, level);
        for (int type = x.entry ? 1 : 0; type <= OSS_INCIDENCE_PLAIN; type++)
            check_incidence(table, (oss_incidence_type) type, level);
    }
    table_free(&made);
    rows_free(&x);
    return 0;
}
