/* Critical values of any range, and the band of a Kaplan-Meier curve. */
#include "rows.h"
#include "../../src/core/band.h"

static void critical_values(fuzz_input *in)
{
    const oss_band_type type = fuzz_below(in, 2) ? OSS_BAND_EQUAL_PRECISION : OSS_BAND_HALL_WELLNER;
    const int tame = fuzz_below(in, 4);
    const double from =
        tame ? ldexp(1 + fuzz_below(in, 255), -fuzz_below(in, 26) - 9) : fuzz_double(in);
    const double share = fuzz_below(in, 1 << 12) / 4096.0, width = ldexp(1, -fuzz_below(in, 40));
    const double to = tame ? from + (1 - from) * share * width : fuzz_double(in);
    const double level = tame ? 0.5 + fuzz_below(in, 499) / 1000.0 : fuzz_double(in);
    double critical, probability;
    oss_error err = OSS_ERROR_INIT;
    const oss_status status = oss_band_critical(type, from, to, level, &critical, &err);
    FUZZ_REQUIRE(!tame || status == OSS_OK);
    if (status)
        return;
    FUZZ_REQUIRE(critical >= 0 && isfinite(critical));
    if (to > from && tame) {
        FUZZ_REQUIRE(oss_band_probability(type, from, to, critical, &probability, &err) == OSS_OK);
        FUZZ_REQUIRE(fabs(probability - level) < 1e-9);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    fuzz_input in = { bytes, n_bytes };
    if (fuzz_below(&in, 2)) {
        critical_values(&in);
        return 0;
    }
    const oss_band_type type =
        fuzz_below(&in, 2) ? OSS_BAND_EQUAL_PRECISION : OSS_BAND_HALL_WELLNER;
    const oss_conf_type scale = (oss_conf_type) (OSS_CONF_LOG_LOG + fuzz_below(&in, 5));
    fuzz_rows x = rows_read(&in, 1, 0);
    fuzz_table t = table_make(&x.rows);
    if (t.status == OSS_OK) {
        const size_t m = t.table.start[1];
        const size_t lo = (size_t) fuzz_below(&in, (int) m),
                     hi = (size_t) fuzz_below(&in, (int) m + 2);
        double *value = fuzz_array(4 * t.plan.n_time, sizeof *value);
        double *se = value + t.plan.n_time, *a = se + t.plan.n_time, *b = a + t.plan.n_time;
        double *low = fuzz_array(m, sizeof *low), *high = fuzz_array(m, sizeof *high);
        oss_error err = OSS_ERROR_INIT;
        oss_band band;
        FUZZ_REQUIRE(oss_kaplan_meier(&t.table, OSS_CONF_PLAIN, 0.95, 1, value, se, a, b, NULL,
                                      &err) == OSS_OK);
        const oss_status status = oss_confidence_band(type, scale, 0.95, (double) x.rows.n, m,
                                                      value, se, lo, hi, low, high, &band, &err);
        for (size_t k = 0; status == OSS_OK && k < m; k++) {
            const int inside = band.first <= band.last && k >= band.first && k <= band.last;
            FUZZ_REQUIRE(inside == !isnan(low[k]) && inside == !isnan(high[k]));
            FUZZ_REQUIRE(!inside || (k >= lo && k <= hi && value[k] > 0 && value[k] < 1));
            FUZZ_REQUIRE(!inside || (low[k] <= value[k] * (1 + 1e-12) && low[k] >= 0 &&
                                     high[k] >= value[k] * (1 - 1e-12) && high[k] <= 1));
        }
        free(value);
        free(low);
        free(high);
    }
    table_free(&t);
    rows_free(&x);
    return 0;
}
