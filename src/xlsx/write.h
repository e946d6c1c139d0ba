#ifndef OSS_WRITE_H
#define OSS_WRITE_H

#include "layout.h"

#include <xlsxwriter.h>

typedef enum {
    OSS_CELL,
    OSS_CELL_RIGHT,
    OSS_LINK,
    OSS_HEADER,
    OSS_HEADER_RIGHT,
    OSS_BOLD,
    OSS_TITLE_TEXT,
    OSS_HEADING_TEXT
} oss_style;

typedef struct {
    oss_style style;
    const char *number; /* Excel number format; NULL: General */
    int wrap, top;
    lxw_format *made;
} oss_format;

/* A workbook being written. */
typedef struct {
    const oss_workbook *book;
    const oss_layout *layout;
    const oss_hook *hook;
    lxw_workbook *file;
    lxw_worksheet **sheets;
    oss_format *formats; /* each once: the library hashes a second equal one at every cell */
    size_t n_formats;
    double cells_done, cells_all;
} oss_writer;

/* The library's code as one of ours; OSS_OK for none. */
oss_status oss_writer_status(lxw_error code, oss_error *err);

/* Formats that a workbook can need: three a column, and nine of other texts. */
size_t oss_most_formats(const oss_workbook *book);

/* The format of these properties, made when it is first asked for; NULL if there is no memory. */
lxw_format *oss_get_format(oss_writer *writer, oss_style style, const char *number, int wrap,
                           int top);

/* Adds the chart of block b of sheet s. Its data may stand on any sheet. */
oss_status oss_write_chart(const oss_writer *writer, size_t s, size_t b,
                           oss_error *err) OSS_CHECKED;

#endif
