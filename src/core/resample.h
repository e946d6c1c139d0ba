#ifndef OSS_RESAMPLE_H
#define OSS_RESAMPLE_H

/* The one resampling engine: permutation, bootstrap and simulation. Replicate b draws from stream b
 * of the seed and writes its own values, so the answer depends neither on the number of threads nor
 * on the order in which they work. */

#include "stream.h"

/* Computes replicate b: width doubles to out. work: this thread's own bytes, zero before its first
 * replicate and then as the last one left them; what the replicate writes must not depend on that.
 * Runs beside others: reads the context and never writes to it. */
typedef oss_status (*oss_replicate)(const void *context, void *work, oss_stream *stream, size_t b,
                                    double *out, oss_error *err);

typedef struct {
    oss_replicate replicate;
    const void *context;
    size_t n;     /* replicates */
    size_t width; /* doubles of each */
    size_t work;  /* bytes of work memory a thread */
    uint64_t seed;
    int threads; /* at least 1; without OpenMP one is used */
} oss_resampling;

/* out[n * width], replicate by replicate. The first replicate (smallest b) that fails ends it, with
 * its status and err. The hook is asked on the caller's thread. */
OSS_CHECKED oss_status oss_resample(const oss_resampling *plan, double *out, const oss_hook *hook,
                                    oss_error *err);

#endif
