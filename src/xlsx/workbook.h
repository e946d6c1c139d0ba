#ifndef OSS_WORKBOOK_H
#define OSS_WORKBOOK_H

/* A workbook as a model: ordered sheets of ordered blocks (text, table, chart), all of it views
 * into the caller's memory. oss_workbook_write() checks the whole model, lays it out, and only
 * then writes, through libxlsxwriter. Every string is UTF-8. */

#include "../core/status.h"

#include <limits.h>

/* A missing number is any NaN with R's payload (1954 in the low word); another NaN is text "NaN".
 */
#define OSS_MISSING_INT INT_MIN

typedef enum { OSS_NUMBERS, OSS_INTEGERS, OSS_LOGICALS, OSS_TEXTS, OSS_LEVELS } oss_column_kind;

/* One column, n_rows long. Missing cells (a missing number, OSS_MISSING_INT, a NULL string) and
 * empty strings are blank. A string stays a string, also when it starts with "=". */
typedef struct {
    const char *name;
    const char *comment;  /* of the header cell; NULL: none */
    const char *format;   /* Excel number format; NULL: General */
    const char *infinite; /* text shown for +Inf; NULL: "Inf". -Inf is "-Inf" */
    oss_column_kind kind;
    const double *numbers;   /* NUMBERS */
    const int *integers;     /* INTEGERS; LOGICALS 0/1; LEVELS 1 to n_levels */
    const char *const *text; /* TEXTS: n_rows; LEVELS: n_levels; NUMBERS: NULL, or n_rows of which
                                the non-NULL stand in place of the number */
    size_t n_levels;
    const char *const *url; /* TEXTS: NULL, or n_rows of which the non-NULL make the cell a link */
    const char *formula;    /* NUMBERS: live formula, the number its cached value; {name} stands for
                               the cell of that column in the same row; NULL: none */
    double width;           /* in characters; 0: fits, at most OSS_WIDEST */
    int wrap;               /* wrap even if no text is wider than the column */
} oss_column;

#define OSS_WIDEST 60.0

typedef struct {
    const char *name; /* of the Excel table, unique in the workbook; NULL: no list object */
    size_t n_rows, n_columns;
    const oss_column *columns;
} oss_table;

/* Points (x, y) from two NUMBERS columns of the table in block `block` of sheet `sheet`; a blank
 * cell leaves a gap. */
typedef struct {
    const char *name;
    size_t sheet, block, x, y;
    size_t labels; /* TEXTS column whose strings stand right of the points; OSS_NO_INDEX: none */
    uint32_t color;
    double line_width; /* points; 0: no line */
    int dashed;
    int marker; /* oss_marker */
    int marker_size;
    int in_legend;
} oss_series;

typedef enum { OSS_NO_MARKER, OSS_SQUARE, OSS_DIAMOND, OSS_CIRCLE, OSS_PLUS } oss_marker;

typedef struct {
    const char *name;             /* NULL: none */
    const char *format;           /* of the tick labels; NULL: General */
    double lowest, highest, unit; /* NaN: chosen by the reader's program */
    int logarithmic, hidden;
} oss_axis;

typedef struct {
    const char *title; /* NULL: none */
    oss_axis x, y;
    int width, height; /* pixels */
    int legend;
    int beside; /* right of the table before it, instead of below */
    size_t n_series;
    const oss_series *series;
} oss_chart;

typedef enum { OSS_TITLE, OSS_HEADING, OSS_NOTE, OSS_ITEM, OSS_TABLE, OSS_CHART } oss_block_kind;

typedef struct {
    oss_block_kind kind;
    const char *text;       /* TITLE, HEADING: one line; NOTE, ITEM: a paragraph, wrapped */
    const char *label;      /* ITEM: stands in the first column, the text right of it */
    const oss_table *table; /* TABLE */
    const oss_chart *chart; /* CHART */
} oss_block;

typedef struct {
    const char *name;
    size_t n_blocks;
    const oss_block *blocks;
} oss_sheet;

typedef struct {
    const char *title, *subject, *author, *comments; /* document properties; NULL: none */
    size_t n_sheets;
    const oss_sheet *sheets;
} oss_workbook;

/* A sheet of more rows is written in constant memory: it has an autofilter and frozen panes in
 * place of list objects, header comments, links and merged cells. Other sheets of the same
 * workbook keep theirs. */
#define OSS_IN_MEMORY_ROWS 10000

/* Writes the workbook to `temporary`, which must not exist and lie in the folder of `target`,
 * checks that the file is whole, and renames it to `target`. On failure `target` is as it was and
 * `temporary` is gone. The same model gives the same bytes.
 * OSS_EINVAL: the model breaks a rule of Excel (sheet names; 1,048,576 rows, 16,384 columns, 32,767
 * characters a cell; UTF-8); the text names sheet and column, the index is the row, and nothing was
 * written. OSS_EIO: the file cannot be written. OSS_ECANCEL: the hook said stop. O(cells). */
oss_status oss_workbook_write(const oss_workbook *book, const char *temporary, const char *target,
                              const oss_hook *hook, oss_error *err) OSS_CHECKED;

#endif
