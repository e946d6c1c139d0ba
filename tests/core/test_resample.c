#include "check.h"
#include "../../src/core/resample.h"

#include <string.h>

enum { N = 1003, WIDTH = 3 };

/* Uses the work memory for something that differs from thread to thread, and must not show. */
static oss_status draw(const void *context, void *work, oss_stream *stream, size_t b, double *out,
                       oss_error *err)
{
    (void) err;
    double *calls = work;
    calls[0]++;
    for (int i = 0; i < WIDTH; i++)
        out[i] = *(const double *) context + oss_stream_uniform(stream) + (double) b;
    return OSS_OK;
}

static oss_status fail_late(const void *context, void *work, oss_stream *stream, size_t b,
                            double *out, oss_error *err)
{
    if (b == 700 || b == 705 || b == 900)
        return oss_fail(err, OSS_ENOCONV, b, "replicate %zu does not converge", b);
    return draw(context, work, stream, b, out, err);
}

static const double shift = 0.25;

static oss_resampling plan_of(oss_replicate replicate, int threads)
{
    const oss_resampling plan = { .replicate = replicate,
                                  .context = &shift,
                                  .n = N,
                                  .width = WIDTH,
                                  .work = sizeof(double),
                                  .seed = 42,
                                  .threads = threads };
    return plan;
}

static void test_threads_change_nothing(void)
{
    static double one[N * WIDTH], many[N * WIDTH];
    oss_error err = OSS_ERROR_INIT;
    oss_resampling plan = plan_of(draw, 1);
    CHECK(oss_resample(&plan, one, NULL, &err) == OSS_OK);
    for (int threads = 2; threads <= 7; threads++) {
        plan.threads = threads;
        memset(many, 0, sizeof many);
        CHECK(oss_resample(&plan, many, NULL, &err) == OSS_OK);
        CHECK(memcmp(one, many, sizeof one) == 0);
    }
    plan.n = 10; /* a shorter run is the beginning of the longer one */
    CHECK(oss_resample(&plan, many, NULL, &err) == OSS_OK);
    CHECK(memcmp(one, many, 10 * WIDTH * sizeof(double)) == 0);
    plan.n = 0;
    CHECK(oss_resample(&plan, many, NULL, &err) == OSS_OK);
    plan.n = N;
    plan.seed++;
    CHECK(oss_resample(&plan, many, NULL, &err) == OSS_OK);
    CHECK(one[0] != many[0]);
}

static void test_the_first_failure_is_reported(void)
{
    static double out[N * WIDTH];
    for (int threads = 1; threads <= 4; threads++) {
        oss_error err = OSS_ERROR_INIT;
        const oss_resampling plan = plan_of(fail_late, threads);
        CHECK(oss_resample(&plan, out, NULL, &err) == OSS_ENOCONV);
        CHECK(err.code == OSS_ENOCONV && err.index == 700);
    }
}

static int stop_after(void *context, double fraction) { return fraction > *(double *) context; }

static void test_the_hook_stops_it(void)
{
    static double out[N * WIDTH];
    double after = 0.5;
    const oss_hook hook = { stop_after, &after };
    oss_error err = OSS_ERROR_INIT;
    const oss_resampling plan = plan_of(draw, 1);
    CHECK(oss_resample(&plan, out, &hook, &err) == OSS_ECANCEL);
    after = 1;
    CHECK(oss_resample(&plan, out, &hook, &err) == OSS_OK);
}

static void test_no_memory(void)
{
    static double out[N * WIDTH];
    oss_error err = OSS_ERROR_INIT;
    const oss_resampling plan = plan_of(draw, 2);
    (void) oss_fail_allocation(1);
    CHECK(oss_resample(&plan, out, NULL, &err) == OSS_ENOMEM);
    (void) oss_fail_allocation(0);
}

int main(void)
{
    test_threads_change_nothing();
    test_the_first_failure_is_reported();
    test_the_hook_stops_it();
    test_no_memory();
    return check_report();
}
