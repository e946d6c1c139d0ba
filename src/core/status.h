#ifndef OSS_STATUS_H
#define OSS_STATUS_H

/* What every core function returns, the record it fills on failure, its memory, and the hook by
 * which a long loop asks whether to go on. Nothing here, or anywhere in the core, knows of R. */

#include <stddef.h>
#include <stdint.h>

typedef enum {
    OSS_OK = 0,
    OSS_EINVAL, /* bad input: text names the argument, index the element */
    OSS_ENOMEM,
    OSS_ENOCONV, /* an iteration did not reach its tolerance */
    OSS_ECANCEL, /* the hook said stop */
    OSS_EIO
} oss_status;

typedef struct {
    oss_status code;
    size_t index; /* 0-based element at fault; OSS_NO_INDEX if none */
    char text[256];
} oss_error;

#define OSS_NO_INDEX SIZE_MAX
#define OSS_ERROR_INIT                                                                             \
    {                                                                                              \
        OSS_OK, OSS_NO_INDEX, ""                                                                   \
    }

#if defined(__GNUC__) || defined(__clang__)
#define OSS_CHECKED __attribute__((warn_unused_result))
#define OSS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define OSS_CHECKED
#define OSS_PRINTF(fmt, args)
#endif

/* Fills err (NULL allowed) and returns code, so that a function can end in `return oss_fail(...)`.
 * The text has no full stop: the caller's language adds the element and the stop. */
oss_status oss_fail(oss_error *err, oss_status code, size_t index, const char *format, ...)
    OSS_PRINTF(4, 5);
oss_status oss_no_memory(oss_error *err);

/* Zeroed memory for n elements of the given size, NULL when there is none or n * size overflows.
 * n = 0 gives a valid pointer. Free with oss_free (NULL allowed). */
void *oss_calloc(size_t n, size_t size) OSS_CHECKED;
void oss_free(void *pointer);

/* poll() returns non-zero to stop; fraction is the share of work done, 0 to 1. A NULL hook never
 * stops. Called between chunks, on the caller's thread. */
typedef struct {
    int (*poll)(void *context, double fraction);
    void *context;
} oss_hook;

int oss_stopped(const oss_hook *hook, double fraction);

#ifdef OSS_TEST_ALLOCATION
/* Test builds only: the k-th allocation from now on (1 = the next) fails; 0 = none fails. Returns
 * the number of allocations since the last call. */
size_t oss_fail_allocation(size_t k);
#endif

#endif
