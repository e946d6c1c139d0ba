#include "permutation_sample.h"
#include "resample.h"

#include <math.h>
#include <string.h>

/* Resamples drawn from one stream: few enough to share out, many enough that a stream costs
 * nothing.
 */
enum { RUN = 32, MOST_BITS = 6 };

/* Up to so many rows the sums of every four scores are tabled. */
static const size_t most_tabled = 65536;

typedef struct {
    const oss_draw *draw;
    size_t words;        /* of 32 rows */
    unsigned share;      /* rows are marked with probability share / 2^bits */
    int bits;            /* 0: none is marked at first */
    const double *table; /* [16 * 8 * words] sums of the marked of four rows; NULL: not tabled */
} sampler;

typedef struct {
    size_t n_sampler;
    sampler *samplers;
    size_t n; /* resamples in all */
    double at, tie;
} two_groups;

/* Random numbers that a resample takes about, if rows are first marked with probability q. */
static double cost_of(const oss_draw *draw, double q, int bits)
{
    const double n = (double) draw->n, m = (double) draw->m;
    const double off = fabs(m - n * q), spread = 0.8 * sqrt(n * q * (1 - q));
    const double easy = q > 0 && n * q > m ? q : 1 - m / n;
    return bits * ceil(n / 32) + (off > spread ? off : spread) / easy;
}

static sampler sampler_of(const oss_draw *draw)
{
    sampler best = { draw, (draw->n + 31) / 32, 0, 0, NULL };
    double least = cost_of(draw, 0, 0);
    const double wanted = (double) draw->m / (double) draw->n;
    for (int bits = 1; bits <= MOST_BITS; bits++) {
        const double share = fmax(1, nearbyint(wanted * ldexp(1, bits)));
        const double cost = cost_of(draw, ldexp(share, -bits), bits);
        if (cost < least) {
            least = cost;
            best.bits = bits;
            best.share = (unsigned) share;
        }
    }
    return best;
}

/* 32 bits, each 1 with probability share / 2^bits. */
static uint32_t marked(oss_stream *stream, unsigned share, int bits)
{
    uint32_t word = 0;
    for (int i = 0; i < bits; i++) {
        const uint32_t random = oss_stream_bits(stream);
        word = share >> i & 1 ? word | random : word & random;
    }
    return word;
}

static size_t count_bits(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return x * 0x01010101u >> 24;
}

static double tabled_sum(const double *table, uint32_t word)
{
    double even = 0, odd = 0;
    for (int i = 0; i < 8; i += 2, word >>= 8) {
        even += table[16 * i + (word & 15)];
        odd += table[16 * i + 16 + (word >> 4 & 15)];
    }
    return even + odd;
}

static double direct_sum(const double *score, uint32_t word)
{
    double sum = 0;
    for (; word; word >>= 1, score++)
        if (word & 1)
            sum += *score;
    return sum;
}

/* The sum of m scores drawn at random. word: [words] scratch. */
static double draw_sum(const sampler *x, uint32_t *word, oss_stream *stream)
{
    const oss_draw *draw = x->draw;
    const uint32_t n = (uint32_t) draw->n;
    size_t held = 0;
    double sum = 0;
    if (x->bits == 0)
        memset(word, 0, x->words * sizeof *word);
    else
        for (size_t w = 0; w < x->words; w++) {
            word[w] = marked(stream, x->share, x->bits);
            if (w == x->words - 1 && n % 32)
                word[w] &= (1u << n % 32) - 1;
            held += count_bits(word[w]);
            sum += x->table ? tabled_sum(x->table + 128 * w, word[w])
                            : direct_sum(draw->score + 32 * w, word[w]);
        }
    const int add = held < draw->m;
    while (held != draw->m) {
        const uint32_t row = oss_stream_below(stream, n), bit = 1u << row % 32;
        if ((word[row / 32] & bit) == 0) {
            if (!add)
                continue;
            sum += draw->score[row];
            held++;
        } else {
            if (add)
                continue;
            sum -= draw->score[row];
            held--;
        }
        word[row / 32] ^= bit;
    }
    return sum;
}

static void count_hit(double x, double at, double tie, double *out)
{
    out[0] += x <= at + tie;
    out[1] += x >= at - tie;
    out[2] += fabs(x) >= fabs(at) - tie;
}

static size_t run_length(size_t n, size_t b) { return n - b * RUN < RUN ? n - b * RUN : RUN; }

static oss_status replicate(const void *context, void *work, oss_stream *stream, size_t b,
                            double *out, oss_error *err)
{
    (void) err;
    const two_groups *x = context;
    out[0] = out[1] = out[2] = 0;
    for (size_t i = run_length(x->n, b); i > 0; i--) {
        double sum = 0;
        for (size_t s = 0; s < x->n_sampler; s++)
            sum += draw_sum(x->samplers + s, work, stream);
        count_hit(sum, x->at, x->tie, out);
    }
    return OSS_OK;
}

static oss_status run_all(oss_replicate one, const void *context, size_t work,
                          const oss_permutation_plan *plan, oss_permutation_hits *hits,
                          const oss_hook *hook, oss_error *err)
{
    const size_t runs = (plan->n + RUN - 1) / RUN;
    const oss_resampling resampling = { .replicate = one,
                                        .context = context,
                                        .n = runs,
                                        .width = 3,
                                        .work = work,
                                        .seed = plan->seed,
                                        .threads = plan->threads };
    double *out = oss_calloc(runs, 3 * sizeof *out);
    if (!out)
        return oss_no_memory(err);
    const oss_status status = oss_resample(&resampling, out, hook, err);
    memset(hits, 0, sizeof *hits);
    for (size_t b = 0; b < runs && !status; b++) {
        hits->lower += out[3 * b];
        hits->upper += out[3 * b + 1];
        hits->far += out[3 * b + 2];
    }
    oss_free(out);
    return status;
}

static void fill_table(const oss_draw *draw, double *table)
{
    for (size_t i = 0; i < draw->n; i++) {
        double *four = table + 16 * (i / 4);
        for (size_t set = 0; set < 16; set++)
            if (set >> i % 4 & 1)
                four[set] += draw->score[i];
    }
}

oss_status oss_permutation_sample(const oss_permutation_law *law, const oss_permutation_plan *plan,
                                  oss_permutation_hits *hits, const oss_hook *hook, oss_error *err)
{
    sampler *samplers = oss_calloc(law->n_draw, sizeof *samplers);
    if (!samplers)
        return oss_no_memory(err);
    size_t tabled = 0, longest = 0;
    for (size_t s = 0; s < law->n_draw; s++) {
        samplers[s] = sampler_of(law->draw + s);
        longest = samplers[s].words > longest ? samplers[s].words : longest;
        if (samplers[s].bits && law->n <= most_tabled)
            tabled += 128 * samplers[s].words;
    }
    oss_status status = OSS_OK;
    double *table = oss_calloc(tabled, sizeof *table), *next = table;
    if (!table)
        status = oss_no_memory(err);
    else {
        for (size_t s = 0; s < law->n_draw; s++)
            if (samplers[s].bits && law->n <= most_tabled) {
                fill_table(samplers[s].draw, next);
                samplers[s].table = next;
                next += 128 * samplers[s].words;
            }
        const two_groups context = { law->n_draw, samplers, plan->n, law->at, law->tie };
        status = run_all(replicate, &context, longest * sizeof(uint32_t), plan, hits, hook, err);
    }
    oss_free(table);
    oss_free(samplers);
    return status;
}

/* ---- any number of groups ---- */

typedef struct {
    size_t n, start; /* rows, sorted by stratum */
    size_t largest;  /* the group that gets the rows left over */
} block;

typedef struct {
    const oss_group_rows *rows;
    size_t n_block, n; /* n: resamples */
    block *blocks;
    size_t *size;  /* [n_stratum * n_group] */
    double *score; /* [n] by stratum, each less its stratum's mean */
    double at, tie;
} many_groups;

static double statistic_of(const oss_group_rows *rows, const double *sums)
{
    double squares = 0;
    for (size_t a = 0; a < rows->n_axis; a++) {
        double y = 0;
        for (size_t g = 0; g < rows->n_group; g++)
            y += rows->axis[a * rows->n_group + g] * sums[g];
        if (rows->n_axis == 1)
            return y;
        squares += y * y;
    }
    return squares;
}

/* Deals the rows of a stratum out to all its groups but the largest, and takes them back, so that
 * the next resample finds the same order. order: [n]; swapped: [n]. */
static void deal(const many_groups *x, const block *stratum, const size_t *size, double *order,
                 uint32_t *swapped, double *sums, oss_stream *stream)
{
    double dealt = 0;
    size_t at = 0;
    for (size_t g = 0; g < x->rows->n_group; g++) {
        if (g == stratum->largest)
            continue;
        double sum = 0;
        for (size_t i = 0; i < size[g]; i++, at++) {
            const size_t other = at + oss_stream_below(stream, (uint32_t) (stratum->n - at));
            swapped[at] = (uint32_t) other;
            const double score = order[other];
            order[other] = order[at];
            order[at] = score;
            sum += score;
        }
        sums[g] += sum;
        dealt += sum;
    }
    sums[stratum->largest] -= dealt;
    while (at-- > 0) {
        const double score = order[at];
        order[at] = order[swapped[at]];
        order[swapped[at]] = score;
    }
}

/* work: the scores, the sums, the swaps, and whether the scores have been copied yet. */
static oss_status deal_run(const void *context, void *work, oss_stream *stream, size_t b,
                           double *out, oss_error *err)
{
    (void) err;
    const many_groups *x = context;
    const size_t n = x->rows->n, n_group = x->rows->n_group;
    double *ready = work, *order = ready + 1, *sums = order + n;
    uint32_t *swapped = (uint32_t *) (sums + n_group);
    if (*ready == 0) {
        memcpy(order, x->score, n * sizeof *order);
        *ready = 1;
    }
    out[0] = out[1] = out[2] = 0;
    for (size_t i = run_length(x->n, b); i > 0; i--) {
        memset(sums, 0, n_group * sizeof *sums);
        for (size_t s = 0; s < x->n_block; s++)
            deal(x, x->blocks + s, x->size + s * n_group, order + x->blocks[s].start, swapped, sums,
                 stream);
        count_hit(statistic_of(x->rows, sums), x->at, x->tie, out);
    }
    return OSS_OK;
}

static oss_status read_groups(const oss_group_rows *rows, many_groups *x, double *sums,
                              oss_error *err)
{
    for (size_t i = 0; i < rows->n; i++) {
        const int s = rows->stratum ? rows->stratum[i] : 1, g = rows->group[i];
        if (!(fabs(rows->score[i]) <= 1e100))
            return oss_fail(err, OSS_EINVAL, i, "scores must be finite, at most 1e100 in size");
        if (s < 1 || (size_t) s > rows->n_stratum || g < 1 || (size_t) g > rows->n_group)
            return oss_fail(err, OSS_EINVAL, i, "a group or stratum is out of range");
        x->blocks[s - 1].n++;
        x->size[(size_t) (s - 1) * rows->n_group + (size_t) (g - 1)]++;
    }
    for (size_t s = 0, next = 0; s < rows->n_stratum; s++) {
        block *stratum = x->blocks + s;
        stratum->start = next;
        next += stratum->n;
        for (size_t g = 1; g < rows->n_group; g++)
            if (x->size[s * rows->n_group + g] > x->size[s * rows->n_group + stratum->largest])
                stratum->largest = g;
        stratum->n = 0;
    }
    for (size_t i = 0; i < rows->n; i++) {
        block *stratum = x->blocks + (rows->stratum ? rows->stratum[i] - 1 : 0);
        x->score[stratum->start + stratum->n++] = rows->score[i];
    }
    for (size_t s = 0; s < rows->n_stratum; s++) {
        double *score = x->score + x->blocks[s].start, mean = 0;
        for (size_t i = 0; i < x->blocks[s].n; i++)
            mean += score[i] / (double) x->blocks[s].n;
        for (size_t i = 0; i < x->blocks[s].n; i++)
            score[i] -= mean;
        for (size_t g = 0; g < rows->n_group; g++)
            sums[g] -= mean * (double) x->size[s * rows->n_group + g];
    }
    for (size_t i = 0; i < rows->n; i++)
        sums[rows->group[i] - 1] += rows->score[i];
    return OSS_OK;
}

oss_status oss_permutation_groups(const oss_group_rows *rows, const oss_permutation_plan *plan,
                                  double *statistic, oss_permutation_hits *hits,
                                  const oss_hook *hook, oss_error *err)
{
    many_groups x = { .rows = rows, .n_block = rows->n_stratum, .n = plan->n };
    x.blocks = oss_calloc(rows->n_stratum, sizeof *x.blocks);
    x.size = oss_calloc(rows->n_stratum, rows->n_group * sizeof *x.size);
    x.score = oss_calloc(rows->n, sizeof *x.score);
    double *sums = oss_calloc(rows->n_group, sizeof *sums);
    oss_status status = x.blocks && x.size && x.score && sums ? read_groups(rows, &x, sums, err)
                                                              : oss_no_memory(err);
    if (!status) {
        *statistic = x.at = statistic_of(rows, sums);
        x.tie = 1e-9 * fmax(1, fabs(x.at));
        status =
            run_all(deal_run, &x,
                    (rows->n + rows->n_group + 1) * sizeof(double) + rows->n * sizeof(uint32_t),
                    plan, hits, hook, err);
    }
    oss_free(sums);
    oss_free(x.score);
    oss_free(x.size);
    oss_free(x.blocks);
    return status;
}
