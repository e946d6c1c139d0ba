#ifndef OSS_LAYOUT_H
#define OSS_LAYOUT_H

#include "workbook.h"

/* Where everything of a workbook goes. Rows and columns count from 0. */

#define OSS_MAX_ROWS 1048576
#define OSS_MAX_COLUMNS 16384
#define OSS_NOTE_LINES 25  /* lines in one cell of a note: Excel's tallest row holds 27 */
#define OSS_NOTE_WIDTH 110 /* characters a note runs to, over as many columns as that takes */

typedef struct {
    size_t row;       /* first row; of a table: its header */
    size_t column;    /* first column */
    size_t n_rows;    /* rows taken */
    int list_object;  /* the table can be one */
    const int *wraps; /* of each column of a table: its cells are wrapped */
} oss_place;

typedef struct {
    oss_place *blocks;
    double *widths; /* n_columns */
    int *wraps;
    size_t n_columns; /* columns used by tables, at least 1 */
    size_t n_rows;
    size_t note_columns, note_width; /* columns a note is merged over, characters that fit there */
    size_t item_columns, item_width; /* the same from the second column on, for items */
    size_t header;                   /* header row of the only table; OSS_NO_INDEX: none */
    size_t frozen;                   /* rows that stay in view */
    int constant_memory;
} oss_sheet_layout;

typedef struct {
    size_t n_sheets;
    oss_sheet_layout *sheets;
} oss_layout;

/* Checks every rule that Excel sets (see oss_workbook_write) and lays the model out. On success the
 * caller frees the layout; on failure there is none. O(cells). */
oss_status oss_layout_new(const oss_workbook *book, const oss_hook *hook, oss_layout **layout,
                          oss_error *err) OSS_CHECKED;
void oss_layout_free(oss_layout *layout); /* NULL allowed */

/* R's missing number: a NaN with 1954 in its low word. */
int oss_is_missing(double x);

#endif
