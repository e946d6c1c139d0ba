#include "check.h"
#include "../../src/core/stream.h"

#include <string.h>

/* The figures printed with the generator's authors' library (kat_vectors, philox4x32 10). */
static void test_philox_gives_the_published_figures(void)
{
    static const uint32_t cases[3][10] = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
        { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
          0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
        { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
          0x94fdcceb, 0x5001e420, 0x24126ea1 },
    };
    for (int i = 0; i < 3; i++) {
        uint32_t block[4];
        oss_philox(cases[i], cases[i] + 4, block);
        CHECK(memcmp(block, cases[i] + 6, sizeof block) == 0);
    }
}

static void test_streams_differ_and_repeat(void)
{
    oss_stream a = oss_stream_new(7, 3), again = oss_stream_new(7, 3), next = oss_stream_new(7, 4),
               other = oss_stream_new(8, 3);
    int same_next = 0, same_other = 0;
    for (int i = 0; i < 1000; i++) {
        const uint32_t x = oss_stream_bits(&a);
        CHECK(x == oss_stream_bits(&again));
        same_next += x == oss_stream_bits(&next);
        same_other += x == oss_stream_bits(&other);
    }
    CHECK(same_next == 0 && same_other == 0);
}

static void test_the_counter_carries(void)
{
    oss_stream stream = oss_stream_new(1, 2);
    stream.counter[0] = 0xffffffff;
    for (int i = 0; i < 5; i++)
        (void) oss_stream_bits(&stream);
    CHECK(stream.counter[0] == 1 && stream.counter[1] == 1 && stream.counter[2] == 2);
}

static void test_uniform_has_mean_and_variance(void)
{
    enum { N = 1000000 };
    oss_stream stream = oss_stream_new(20, 0);
    double sum = 0, square = 0, least = 1, most = 0, exponential = 0;
    for (int i = 0; i < N; i++) {
        const double u = oss_stream_uniform(&stream);
        sum += u;
        square += u * u;
        least = u < least ? u : least;
        most = u > most ? u : most;
        exponential += oss_stream_exponential(&stream);
    }
    CHECK(least >= 0 && most < 1);
    CHECK(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    CHECK(fabs(square / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
    CHECK(fabs(exponential / N - 1) < 5 * sqrt(1.0 / N));
}

/* A range just above 2^31 is where the bias of a plain product would be largest. */
static void test_below_is_even(void)
{
    enum { N = 600000, K = 6 };
    const uint32_t wide = 3221225472u;
    oss_stream stream = oss_stream_new(99, 1);
    double count[K] = { 0 }, third[3] = { 0 };
    for (int i = 0; i < N; i++) {
        const uint32_t x = oss_stream_below(&stream, K);
        CHECK(x < K);
        count[x]++;
        third[oss_stream_below(&stream, wide) / (wide / 3)]++;
    }
    double chi = 0, chi3 = 0;
    for (int k = 0; k < K; k++)
        chi += (count[k] - N / K) * (count[k] - N / K) / (N / K);
    for (int k = 0; k < 3; k++)
        chi3 += (third[k] - N / 3) * (third[k] - N / 3) / (N / 3);
    CHECK(chi < 25.7);  /* 0.9999 quantile of chi-square(5) */
    CHECK(chi3 < 18.4); /* and of chi-square(2) */
    CHECK(oss_stream_below(&stream, 1) == 0);
}

int main(void)
{
    test_philox_gives_the_published_figures();
    test_streams_differ_and_repeat();
    test_the_counter_carries();
    test_uniform_has_mean_and_variance();
    test_below_is_even();
    return check_report();
}
