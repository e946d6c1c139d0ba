#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

oss_status oss_fail(oss_error *err, oss_status code, size_t index, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        err->code = code;
        err->index = index;
    }
    return code;
}

oss_status oss_no_memory(oss_error *err)
{
    return oss_fail(err, OSS_ENOMEM, OSS_NO_INDEX, "not enough memory");
}

#ifdef OSS_TEST_ALLOCATION
static size_t allocations, failing;

size_t oss_fail_allocation(size_t k)
{
    const size_t seen = allocations;
    allocations = 0;
    failing = k;
    return seen;
}
#endif

void *oss_calloc(size_t n, size_t size)
{
#ifdef OSS_TEST_ALLOCATION
    if (++allocations == failing)
        return NULL;
#endif
    return calloc(n ? n : 1, size);
}

void oss_free(void *pointer) { free(pointer); }

int oss_stopped(const oss_hook *hook, double fraction)
{
    return hook && hook->poll && hook->poll(hook->context, fraction);
}
