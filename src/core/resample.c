#include "resample.h"

#ifdef _OPENMP
#include <omp.h>
#endif

/* Replicates taken at a time: few enough to stop soon, many enough that taking them costs nothing.
 */
enum { BATCH = 16, CACHE_LINE = 64 };

static int this_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* What the threads share while they work. */
typedef struct {
    size_t next;   /* first replicate not yet taken */
    int cancelled; /* the hook said stop */
    size_t failed; /* smallest replicate that failed so far; n: none */
    oss_error err;
} progress;

static size_t take(progress *shared)
{
    size_t first;
#pragma omp atomic capture
    {
        first = shared->next;
        shared->next += BATCH;
    }
    return first;
}

static void note_failure(progress *shared, size_t b, oss_status code, const oss_error *err)
{
#pragma omp critical(oss_resample_failure)
    if (b < shared->failed) {
        shared->failed = b;
        shared->err = *err;
        shared->err.code = code;
    }
}

static size_t failed_at(progress *shared)
{
    size_t failed;
#pragma omp critical(oss_resample_failure)
    failed = shared->failed;
    return failed;
}

static int is_cancelled(progress *shared)
{
    int cancelled;
#pragma omp atomic read
    cancelled = shared->cancelled;
    return cancelled;
}

static void run(const oss_resampling *plan, void *work, double *out, const oss_hook *hook,
                progress *shared)
{
    for (size_t first; (first = take(shared)) < plan->n && first < failed_at(shared);) {
        if (this_thread() == 0 && oss_stopped(hook, (double) first / (double) plan->n)) {
#pragma omp atomic write
            shared->cancelled = 1;
        }
        if (is_cancelled(shared))
            return;
        const size_t end = first + BATCH < plan->n ? first + BATCH : plan->n;
        for (size_t b = first; b < end; b++) {
            oss_stream stream = oss_stream_new(plan->seed, b);
            oss_error err = OSS_ERROR_INIT;
            const oss_status code =
                plan->replicate(plan->context, work, &stream, b, out + b * plan->width, &err);
            if (code != OSS_OK) {
                note_failure(shared, b, code, &err);
                break;
            }
        }
    }
}

oss_status oss_resample(const oss_resampling *plan, double *out, const oss_hook *hook,
                        oss_error *err)
{
    /* More threads than batches would only wait. */
    const size_t batches = (plan->n + BATCH - 1) / BATCH;
    const size_t wanted = plan->threads > 1 ? (size_t) plan->threads : 1;
    const size_t threads = wanted < batches ? wanted : batches ? batches : 1;
    const size_t share = (plan->work + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    char *work = oss_calloc(threads, share);
    if (work == NULL)
        return oss_no_memory(err);
    progress shared = { .failed = plan->n };
#pragma omp parallel num_threads((int) threads) if (threads > 1)
    run(plan, work + (size_t) this_thread() * share, out, hook, &shared);
    oss_free(work);
    if (shared.failed < plan->n) {
        if (err)
            *err = shared.err;
        return shared.err.code;
    }
    if (shared.cancelled)
        return oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "cancelled");
    return OSS_OK;
}
