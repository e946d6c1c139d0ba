#ifndef OSS_STREAM_H
#define OSS_STREAM_H

/* Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, SC11). The key
 * is the seed, the upper half of the counter the number of the stream, so that stream b of a seed
 * is the same whoever draws it, and when. 2^66 numbers of 32 bits a stream, 2^64 streams. */

#include "status.h"

typedef struct {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4]; /* numbers made and not yet drawn: the last `left` of them */
    int left;
} oss_stream;

oss_stream oss_stream_new(uint64_t seed, uint64_t number);

uint32_t oss_stream_bits(oss_stream *stream);

/* In [0, 1), 53 bits. */
double oss_stream_uniform(oss_stream *stream);

/* In 0 .. n - 1, n >= 1, without bias (Lemire 2019, ACM TOMACS 29:3). */
uint32_t oss_stream_below(oss_stream *stream, uint32_t n);

/* Standard exponential, by inversion. */
double oss_stream_exponential(oss_stream *stream);

/* One block of the generator, for its test against the published figures. */
void oss_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]);

#endif
