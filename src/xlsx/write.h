#ifndef OSS_WRITE_H
#define OSS_WRITE_H

#include "layout.h"

#include <xlsxwriter.h>

/* A workbook being written. */
typedef struct {
    const oss_workbook *book;
    const oss_layout *layout;
    const oss_hook *hook;
    lxw_workbook *file;
    lxw_worksheet **sheets;
    double cells_done, cells_all;
} oss_writer;

/* The library's code as one of ours; OSS_OK for none. */
oss_status oss_writer_status(lxw_error code, oss_error *err);

/* Adds the chart of block b of sheet s. Its data may stand on any sheet. */
oss_status oss_write_chart(const oss_writer *writer, size_t s, size_t b,
                           oss_error *err) OSS_CHECKED;

#endif
