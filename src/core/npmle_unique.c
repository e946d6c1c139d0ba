#include "npmle_problem.h"

#include <math.h>
#include <string.h>

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* Do all nodes follow from node 0 along the rows (both ways) and the cells without mass (upwards,
 * or downwards)? root[] must be final. */
static int reaches_all(size_t n_node, const uint32_t *root, const unsigned char *without, int up,
                       uint32_t *first, uint32_t *next, uint32_t *stack, unsigned char *seen)
{
    memset(seen, 0, n_node);
    for (size_t v = 0; v < n_node; v++)
        first[v] = UINT32_MAX;
    size_t n_part = 0;
    for (size_t v = n_node; v-- > 0;) {
        next[v] = first[root[v]];
        first[root[v]] = (uint32_t) v;
        n_part += root[v] == v;
    }
    size_t height = 0, n_seen = 1;
    stack[height++] = root[0];
    seen[root[0]] = 1;
    while (height > 0) {
        for (uint32_t v = first[stack[--height]]; v != UINT32_MAX; v = next[v]) {
            const int open = up ? v + 1 < n_node && without[v] : v > 0 && without[v - 1];
            if (!open)
                continue;
            const uint32_t to = root[up ? v + 1 : v - 1];
            if (!seen[to]) {
                seen[to] = 1;
                n_seen++;
                stack[height++] = to;
            }
        }
    }
    return n_seen == n_part;
}

oss_status npmle_tied(size_t m, const unsigned char *kind, size_t n, const uint32_t *lo,
                      const uint32_t *hi, int ends_tied, int *tied, oss_error *err)
{
    const size_t room = m + 1;
    uint32_t *node = oss_calloc(room, sizeof *node), *root = oss_calloc(room, sizeof *root);
    uint32_t *first = oss_calloc(room, sizeof *first), *next = oss_calloc(room, sizeof *next);
    uint32_t *stack = oss_calloc(room, sizeof *stack);
    unsigned char *without = oss_calloc(room, 1), *seen = oss_calloc(room, 1);
    oss_status status = OSS_OK;
    if (node && root && first && next && stack && without && seen) {
        size_t last = 0; /* cells that may carry mass */
        for (size_t c = 0; c < m; c++) {
            node[c] = (uint32_t) last;
            if (kind[c] != OSS_CELL_SHUT)
                without[last++] = kind[c] == OSS_CELL_OPEN;
        }
        node[m] = (uint32_t) last;
        for (size_t v = 0; v <= last; v++)
            root[v] = (uint32_t) v;
        if (ends_tied)
            join(root, 0, (uint32_t) last);
        for (size_t i = 0; i < n; i++)
            join(root, node[lo[i]], node[hi[i]]);
        for (size_t v = 0; v <= last; v++)
            root[v] = root_of(root, (uint32_t) v);
        *tied = reaches_all(last + 1, root, without, 1, first, next, stack, seen) &&
                reaches_all(last + 1, root, without, 0, first, next, stack, seen);
    } else {
        status = oss_no_memory(err);
    }
    void *all[] = { node, root, first, next, stack, without, seen };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        oss_free(all[i]);
    return status;
}

oss_status oss_npmle_unique(const oss_npmle *q, int *unique, oss_error *err)
{
    const double total = npmle_total(q), least = total - 1e-9 * total;
    unsigned char *kind = oss_calloc(q->m, 1);
    if (!kind)
        return oss_no_memory(err);
    size_t s = 0;
    for (size_t c = 0; c < q->m; c++) {
        const int has = s < q->k && q->cell[s] == c;
        s += (size_t) has;
        if (has || q->d[c] >= least)
            kind[c] = has && q->mass[s - 1] > 0 ? OSS_CELL_MASS : OSS_CELL_OPEN;
    }
    /* The masses sum to 1, so both ends of the distribution function are given. */
    const oss_status status = npmle_tied(q->m, kind, q->n, q->lo, q->hi, 1, unique, err);
    oss_free(kind);
    return status;
}
