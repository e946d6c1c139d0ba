#ifndef OSS_FUZZ_H
#define OSS_FUZZ_H

/* Reads structured values from the fuzzer's bytes; past the end everything is zero. Targets put
 * their arrays into exact-size heap blocks (fuzz_array), so that an over-read of one element is
 * seen, and abort() when an invariant fails. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *data;
    size_t left;
} fuzz_input;

static inline uint64_t fuzz_bits(fuzz_input *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes && in->left; i++, in->left--)
        value |= (uint64_t) *in->data++ << (8 * i);
    return value;
}

static inline int fuzz_below(fuzz_input *in, int n)
{
    return n < 2 ? 0 : (int) (fuzz_bits(in, 2) % (unsigned) n);
}

/* A small whole number, a fraction, or any bit pattern at all: NaN and Inf among them. */
static inline double fuzz_double(fuzz_input *in)
{
    switch (fuzz_below(in, 4)) {
    case 0:
        return (double) fuzz_below(in, 16);
    case 1:
        return (double) fuzz_below(in, 65536) / 4096;
    case 2:
        return (double) (int16_t) fuzz_bits(in, 2);
    default: {
        const uint64_t bits = fuzz_bits(in, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    }
}

static inline void *fuzz_array(size_t n, size_t size)
{
    void *block = malloc(n * size ? n * size : 1);
    if (!block)
        abort();
    return block;
}

#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#endif
