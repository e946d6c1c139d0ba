#include "stream.h"

#include <math.h>

void oss_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t even = (uint64_t) 0xD2511F53u * c0, odd = (uint64_t) 0xCD9E8D57u * c2;
        c0 = (uint32_t) (odd >> 32) ^ c1 ^ k0;
        c1 = (uint32_t) odd;
        c2 = (uint32_t) (even >> 32) ^ c3 ^ k1;
        c3 = (uint32_t) even;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    block[0] = c0;
    block[1] = c1;
    block[2] = c2;
    block[3] = c3;
}

oss_stream oss_stream_new(uint64_t seed, uint64_t number)
{
    const oss_stream stream = { .key = { (uint32_t) seed, (uint32_t) (seed >> 32) },
                                .counter = { 0, 0, (uint32_t) number, (uint32_t) (number >> 32) } };
    return stream;
}

uint32_t oss_stream_bits(oss_stream *stream)
{
    if (stream->left == 0) {
        oss_philox(stream->counter, stream->key, stream->block);
        stream->counter[1] += ++stream->counter[0] == 0;
        stream->left = 4;
    }
    return stream->block[4 - stream->left--];
}

double oss_stream_uniform(oss_stream *stream)
{
    const uint64_t high = oss_stream_bits(stream) >> 5, low = oss_stream_bits(stream) >> 6;
    return (double) (high << 26 | low) * 0x1p-53;
}

uint32_t oss_stream_below(oss_stream *stream, uint32_t n)
{
    uint64_t product = (uint64_t) oss_stream_bits(stream) * n;
    if ((uint32_t) product < n) {
        const uint32_t least = (uint32_t) -n % n;
        while ((uint32_t) product < least)
            product = (uint64_t) oss_stream_bits(stream) * n;
    }
    return (uint32_t) (product >> 32);
}

double oss_stream_exponential(oss_stream *stream) { return -log1p(-oss_stream_uniform(stream)); }
