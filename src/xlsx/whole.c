#include "whole.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define CHUNK 65536
#define EDGE 512 /* bytes kept of the start and of the end of a part */

/* Records of the ZIP format (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16), all numbers little-endian. */
#define LOCAL_SIZE 30
#define CENTRAL_SIZE 46
#define END_SIZE 22

typedef struct {
    FILE *file;
    unsigned char *packed, *plain; /* CHUNK each */
} archive;

typedef struct {
    char head[EDGE + 1], tail[EDGE + 1];
    size_t n_head, n_tail, total;
} edges;

static unsigned long number(const unsigned char *bytes, int n)
{
    unsigned long value = 0;
    for (int i = n - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static int read_at(FILE *file, unsigned long offset, unsigned char *out, size_t n)
{
    return offset <= LONG_MAX && fseek(file, (long) offset, SEEK_SET) == 0 &&
           fread(out, 1, n, file) == n;
}

static void keep_edges(edges *kept, const unsigned char *bytes, size_t n)
{
    if (kept->n_head < EDGE) {
        const size_t room = EDGE - kept->n_head, take = n < room ? n : room;
        memcpy(kept->head + kept->n_head, bytes, take);
        kept->n_head += take;
    }
    if (n >= EDGE) {
        memcpy(kept->tail, bytes + n - EDGE, EDGE);
        kept->n_tail = EDGE;
    } else {
        const size_t old = kept->n_tail + n > EDGE ? EDGE - n : kept->n_tail;
        memmove(kept->tail, kept->tail + kept->n_tail - old, old);
        memcpy(kept->tail + old, bytes, n);
        kept->n_tail = old + n;
    }
    kept->total += n;
}

/* Does the end close the element that the start opens? */
static int closes_root(edges *kept)
{
    const char *open = kept->head;
    kept->head[kept->n_head] = '\0';
    kept->tail[kept->n_tail] = '\0';
    size_t end = kept->n_tail;
    while (end && strchr("\r\n\t ", kept->tail[end - 1]))
        end--;
    for (open = strchr(open, '<'); open && open[1] == '?'; open = strchr(open + 1, '<'))
        ;
    if (!open)
        return 0;
    const size_t name = strcspn(open + 1, " \t\r\n/>");
    if (kept->total <= EDGE && end >= 2 && strncmp(kept->tail + end - 2, "/>", 2) == 0)
        return strchr(open + 1, '<') == NULL; /* nothing but an empty root */
    return end >= name + 3 && strncmp(kept->tail + end - name - 3, "</", 2) == 0 &&
           strncmp(kept->tail + end - name - 1, open + 1, name) == 0 && kept->tail[end - 1] == '>';
}

static int part_is_whole(const archive *in, unsigned long offset, unsigned long packed_size,
                         unsigned long plain_size)
{
    unsigned char local[LOCAL_SIZE];
    edges kept = { .n_head = 0 };
    z_stream stream;
    int code = Z_OK;
    if (!read_at(in->file, offset, local, LOCAL_SIZE) || number(local, 4) != 0x04034b50)
        return 0;
    if (!read_at(in->file, offset + LOCAL_SIZE + number(local + 26, 2) + number(local + 28, 2),
                 local, 0))
        return 0;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return 0;
    while (code == Z_OK) {
        if (!stream.avail_in && packed_size) {
            const size_t n = packed_size < CHUNK ? packed_size : CHUNK;
            if (fread(in->packed, 1, n, in->file) != n)
                break;
            packed_size -= n;
            stream.next_in = in->packed;
            stream.avail_in = (uInt) n;
        }
        stream.next_out = in->plain;
        stream.avail_out = CHUNK;
        code = inflate(&stream, Z_NO_FLUSH);
        keep_edges(&kept, in->plain, CHUNK - stream.avail_out);
    }
    inflateEnd(&stream);
    return code == Z_STREAM_END && kept.total == plain_size && closes_root(&kept);
}

static int is_whole(const archive *in)
{
    unsigned char end[END_SIZE], entry[CENTRAL_SIZE];
    if (fseek(in->file, -END_SIZE, SEEK_END) != 0 ||
        fread(end, 1, END_SIZE, in->file) != END_SIZE || number(end, 4) != 0x06054b50)
        return 0;
    const unsigned long parts = number(end + 10, 2);
    unsigned long at = number(end + 16, 4);
    for (unsigned long i = 0; i < parts; i++) {
        if (!read_at(in->file, at, entry, CENTRAL_SIZE) || number(entry, 4) != 0x02014b50 ||
            !part_is_whole(in, number(entry + 42, 4), number(entry + 20, 4), number(entry + 24, 4)))
            return 0;
        at += CENTRAL_SIZE + number(entry + 28, 2) + number(entry + 30, 2) + number(entry + 32, 2);
    }
    return parts > 0;
}

oss_status oss_workbook_is_whole(const char *path, oss_error *err)
{
    archive in = { fopen(path, "rb"), oss_calloc(CHUNK, 1), oss_calloc(CHUNK, 1) };
    oss_status status = OSS_OK;
    if (!in.packed || !in.plain)
        status = oss_no_memory(err);
    else if (!in.file || !is_whole(&in))
        status = oss_fail(err, OSS_EIO, OSS_NO_INDEX,
                          "the workbook was not written whole; the disk, or the one for temporary "
                          "files, may be full");
    if (in.file)
        fclose(in.file);
    oss_free(in.packed);
    oss_free(in.plain);
    return status;
}
