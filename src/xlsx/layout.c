#include "layout.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_UNITS 32767
#define MAX_NAME_UNITS 31
#define DEFAULT_WIDTH 8.43
#define CHART_ROW_PIXELS 20

int oss_is_missing(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return isnan(x) && (uint32_t) bits == 1954;
}

static int same_name(const char *a, const char *b)
{
    while (*a && tolower((unsigned char) *a) == tolower((unsigned char) *b)) {
        a++;
        b++;
    }
    return tolower((unsigned char) *a) == tolower((unsigned char) *b);
}

/* Text outside the cells of a table: UTF-8, no control characters, not too long. */
static oss_status check_text(const oss_sheet *sheet, const char *text, const char *what, int lines,
                             oss_error *err)
{
    oss_text_size size;
    if (!text)
        return OSS_OK;
    if (!oss_text_measure(text, &size))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "%s of sheet \"%.60s\" is not valid UTF-8",
                        what, sheet->name);
    if (size.control || (!lines && size.lines > 1))
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "%s of sheet \"%.60s\" holds a control character", what, sheet->name);
    if (size.units > MAX_UNITS)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "%s of sheet \"%.60s\" is longer than 32,767 characters", what,
                        sheet->name);
    return OSS_OK;
}

static oss_status check_sheet_name(const oss_workbook *book, size_t s, oss_error *err)
{
    const char *name = book->sheets[s].name;
    oss_text_size size;
    if (!name || !*name || !oss_text_measure(name, &size) || size.control || size.lines > 1 ||
        size.units > MAX_NAME_UNITS || strpbrk(name, "[]:*?/\\") || name[0] == '\'' ||
        name[strlen(name) - 1] == '\'' || same_name(name, "history"))
        return oss_fail(err, OSS_EINVAL, s,
                        "sheet name \"%.60s\" must have 1 to 31 characters, none of []:*?/\\, no "
                        "apostrophe at its ends, and not be History",
                        name ? name : "");
    for (size_t t = 0; t < s; t++)
        if (same_name(name, book->sheets[t].name))
            return oss_fail(err, OSS_EINVAL, s, "sheet name \"%.60s\" is used twice", name);
    return OSS_OK;
}

/* Characters that a number takes in an Excel format; the digits before the point are counted. */
static double number_width(const char *format, double largest, int negative, int whole)
{
    const int general = !format || strcmp(format, "General") == 0;
    double digits = 1;
    if (strchr(format ? format : "", 'y'))
        return (double) strlen(format) + 1;
    if (format && strchr(format, '%'))
        largest *= 100;
    if (largest >= 10)
        digits += floor(log10(largest));
    if (general)
        return (whole ? fmin(digits, 11) : 10) + negative;
    const char *point = strchr(format, '.');
    size_t decimals = point ? strspn(point + 1, "0#") : 0;
    return digits + (strchr(format, ',') ? floor((digits - 1) / 3) : 0) +
           (point ? 1.0 + (double) decimals : 0) + (strchr(format, '%') != NULL) + negative;
}

typedef struct {
    double width; /* of the content, in characters */
    int wraps;    /* some text has several lines */
} oss_fit;

static oss_status fit_text(const oss_sheet *sheet, const oss_column *column, const char *text,
                           size_t row, oss_fit *fit, oss_error *err)
{
    oss_text_size size;
    if (!text)
        return OSS_OK;
    if (!oss_text_measure(text, &size))
        return oss_fail(err, OSS_EINVAL, row,
                        "column `%.60s` of sheet \"%.60s\" holds text that is not valid UTF-8",
                        column->name, sheet->name);
    if (size.units > MAX_UNITS)
        return oss_fail(err, OSS_EINVAL, row,
                        "column `%.60s` of sheet \"%.60s\" holds text of more than 32,767 "
                        "characters, which a cell cannot",
                        column->name, sheet->name);
    if ((double) size.width > fit->width)
        fit->width = (double) size.width;
    if (size.lines > 1)
        fit->wraps = 1;
    return OSS_OK;
}

static void fit_numbers(const oss_column *column, size_t n, oss_fit *fit)
{
    double largest = 0;
    int negative = 0, whole = 1;
    for (size_t i = 0; i < n; i++) {
        const double x = column->kind == OSS_NUMBERS              ? column->numbers[i]
                         : column->integers[i] == OSS_MISSING_INT ? NAN
                                                                  : column->integers[i];
        if (isnan(x))
            continue;
        if (isinf(x)) {
            fit->width =
                fmax(fit->width, (double) strlen(column->infinite ? column->infinite : "Inf"));
            continue;
        }
        largest = fmax(largest, fabs(x));
        negative |= x < 0;
        whole &= x == floor(x);
    }
    fit->width = fmax(fit->width, number_width(column->format, largest, negative, whole));
}

/* Parses {name} references: each must be a column of the table. */
static oss_status check_formula(const oss_sheet *sheet, const oss_table *table,
                                const oss_column *column, oss_error *err)
{
    for (const char *open = strchr(column->formula, '{'); open; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        size_t c = 0;
        while (close && c < table->n_columns &&
               (strncmp(table->columns[c].name, open + 1, (size_t) (close - open) - 1) != 0 ||
                table->columns[c].name[close - open - 1] != '\0'))
            c++;
        if (!close || c == table->n_columns)
            return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                            "the formula of column `%.60s` of sheet \"%.60s\" names a column that "
                            "the table has not",
                            column->name, sheet->name);
    }
    return OSS_OK;
}

static oss_status fit_column(const oss_sheet *sheet, const oss_table *table,
                             const oss_column *column, oss_fit *fit, oss_error *err)
{
    oss_status status = OSS_OK;
    const size_t n = column->kind == OSS_LEVELS ? column->n_levels : table->n_rows;
    if (column->text)
        for (size_t i = 0; i < n && status == OSS_OK; i++)
            status = fit_text(sheet, column, column->text[i], i, fit, err);
    if (status == OSS_OK && (column->kind == OSS_NUMBERS || column->kind == OSS_INTEGERS))
        fit_numbers(column, table->n_rows, fit);
    if (column->kind == OSS_LOGICALS)
        fit->width = fmax(fit->width, 5);
    if (status == OSS_OK && column->kind == OSS_LEVELS)
        for (size_t i = 0; i < table->n_rows; i++)
            if (column->integers[i] != OSS_MISSING_INT &&
                (column->integers[i] < 1 || (size_t) column->integers[i] > column->n_levels))
                return oss_fail(err, OSS_EINVAL, i,
                                "column `%.60s` of sheet \"%.60s\" has a code without a level",
                                column->name, sheet->name);
    return status;
}

/* A list object needs a row of data and headers that are all there, short and different. */
static int can_be_list(const oss_table *table)
{
    if (!table->name || !table->n_rows || !table->n_columns)
        return 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        oss_text_size size;
        const char *name = table->columns[c].name;
        if (!*name || !oss_text_measure(name, &size) || size.units > 255 || size.lines > 1)
            return 0;
        for (size_t d = 0; d < c; d++)
            if (same_name(name, table->columns[d].name))
                return 0;
    }
    return 1;
}

static oss_status lay_table(const oss_sheet *sheet, const oss_table *table, oss_sheet_layout *out,
                            oss_place *place, int *wraps, oss_error *err)
{
    if (table->n_columns > OSS_MAX_COLUMNS)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the table of sheet \"%.60s\" has %zu columns; a sheet holds 16,384",
                        sheet->name, table->n_columns);
    if (table->n_rows >= OSS_MAX_ROWS)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "the table of sheet \"%.60s\" has %zu rows; a sheet holds 1,048,576 with "
                        "the header",
                        sheet->name, table->n_rows);
    place->n_rows = 1 + (table->n_rows ? table->n_rows : 1);
    place->wraps = wraps;
    place->list_object = !out->constant_memory && can_be_list(table);
    for (size_t c = 0; c < table->n_columns; c++) {
        const oss_column *column = &table->columns[c];
        oss_fit fit = { 0, column->wrap };
        oss_text_size header;
        oss_status status = check_text(sheet, column->name, "a column name", 1, err);
        if (status == OSS_OK)
            status = check_text(sheet, column->comment, "a header comment", 1, err);
        if (status == OSS_OK && column->formula)
            status = check_formula(sheet, table, column, err);
        if (status == OSS_OK)
            status = fit_column(sheet, table, column, &fit, err);
        if (status != OSS_OK)
            return status;
        if (!oss_text_measure(column->name, &header))
            return oss_fail(err, OSS_EINVAL, c, "a column name is not valid UTF-8");
        double width = column->width;
        if (!(width > 0)) /* the filter's button takes three characters */
            width = fmin(fmax(fit.width, (double) header.width + 3) + 1, OSS_WIDEST);
        wraps[c] = fit.wraps || (fit.width > width && column->kind != OSS_NUMBERS &&
                                 column->kind != OSS_INTEGERS);
        out->widths[c] = fmax(out->widths[c], width);
    }
    return OSS_OK;
}

static size_t note_rows(const char *text, size_t width)
{
    size_t lines = 0;
    for (const char *next = text; next; lines++)
        (void) oss_text_line(next, width, &next);
    return (lines + OSS_NOTE_LINES - 1) / OSS_NOTE_LINES;
}

static int above_ten_thousand(const oss_sheet *sheet)
{
    size_t rows = 0;
    for (size_t b = 0; b < sheet->n_blocks; b++)
        if (sheet->blocks[b].kind == OSS_TABLE)
            rows += sheet->blocks[b].table->n_rows;
    return rows > OSS_IN_MEMORY_ROWS;
}

/* Columns from `first` on that are together `wanted` characters wide; *width: how wide they are. */
static size_t span(const oss_sheet_layout *out, size_t first, double wanted, size_t *width)
{
    double total = 0;
    size_t c = first;
    while (c < OSS_MAX_COLUMNS && (c == first || total < wanted - 5)) {
        total += c < out->n_columns ? out->widths[c] : DEFAULT_WIDTH;
        c++;
    }
    *width = (size_t) total;
    return c - first;
}

static oss_status place_blocks(const oss_sheet *sheet, oss_sheet_layout *out, oss_error *err)
{
    size_t row = 0, n_tables = 0, last_table = OSS_NO_INDEX, below = 0;
    for (size_t b = 0; b < sheet->n_blocks; b++) {
        const oss_block *block = &sheet->blocks[b];
        oss_place *place = &out->blocks[b];
        const int beside =
            block->kind == OSS_CHART && block->chart->beside && last_table != OSS_NO_INDEX;
        if (!beside && row < below)
            row = below; /* a chart beside a table may reach further down than the table */
        place->row = row;
        switch (block->kind) {
        case OSS_TITLE:
        case OSS_HEADING:
            place->n_rows = 1;
            row += 1;
            break;
        case OSS_NOTE:
        case OSS_ITEM: {
            const int more = b + 1 < sheet->n_blocks && sheet->blocks[b + 1].kind == block->kind;
            const int item = block->kind == OSS_ITEM;
            place->column = (size_t) item;
            place->n_rows = note_rows(block->text, item ? out->item_width : out->note_width);
            if (out->constant_memory) { /* no merged cells: one line a row */
                place->n_rows = 0;
                for (const char *next = block->text; next; place->n_rows++)
                    (void) oss_text_line(next, OSS_NOTE_WIDTH, &next);
            }
            row += place->n_rows + !more;
            break;
        }
        case OSS_TABLE:
            if (out->header == OSS_NO_INDEX)
                out->header = row;
            n_tables++;
            last_table = b;
            row += place->n_rows + 1;
            break;
        case OSS_CHART:
            place->n_rows =
                (size_t) (block->chart->height + CHART_ROW_PIXELS - 1) / CHART_ROW_PIXELS;
            if (beside) {
                place->row = out->blocks[last_table].row + 1;
                place->column = sheet->blocks[last_table].table->n_columns + 1;
                below = place->row + place->n_rows + 1;
            } else {
                row += place->n_rows + 1;
            }
            break;
        }
    }
    out->n_rows = row;
    /* The header of an only table stays in view, unless that would fill the window with what stands
     * above it; over several tables it would name the wrong columns, so there the title stays. */
    if (n_tables > 1)
        out->header = OSS_NO_INDEX;
    out->frozen = n_tables > 1 ? 1 : out->header <= 5 ? out->header + 1 : 0;
    if (row > OSS_MAX_ROWS + 1)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX,
                        "sheet \"%.60s\" needs %zu rows; a sheet holds 1,048,576", sheet->name,
                        row);
    return OSS_OK;
}

static oss_status check_chart(const oss_workbook *book, const oss_sheet *sheet,
                              const oss_chart *chart, oss_error *err)
{
    oss_status status = check_text(sheet, chart->title, "a chart title", 0, err);
    if (status == OSS_OK)
        status = check_text(sheet, chart->x.name, "an axis title", 0, err);
    if (status == OSS_OK)
        status = check_text(sheet, chart->y.name, "an axis title", 0, err);
    for (size_t i = 0; i < chart->n_series && status == OSS_OK; i++) {
        const oss_series *series = &chart->series[i];
        const oss_sheet *source =
            series->sheet < book->n_sheets ? &book->sheets[series->sheet] : NULL;
        const oss_table *table =
            source && series->block < source->n_blocks ? source->blocks[series->block].table : NULL;
        if (!table || !table->n_rows || series->x >= table->n_columns ||
            series->y >= table->n_columns || table->columns[series->x].kind != OSS_NUMBERS ||
            table->columns[series->y].kind != OSS_NUMBERS ||
            (series->labels != OSS_NO_INDEX && (series->labels >= table->n_columns ||
                                                table->columns[series->labels].kind != OSS_TEXTS)))
            return oss_fail(err, OSS_EINVAL, i,
                            "a chart of sheet \"%.60s\" has a series without data", sheet->name);
        status = check_text(sheet, series->name, "a series name", 0, err);
    }
    return status;
}

static oss_status lay_sheet(const oss_workbook *book, size_t s, oss_sheet_layout *out,
                            const oss_hook *hook, oss_error *err)
{
    const oss_sheet *sheet = &book->sheets[s];
    size_t n_wraps = 0;
    oss_status status = OSS_OK;
    for (size_t b = 0; b < sheet->n_blocks; b++)
        if (sheet->blocks[b].kind == OSS_TABLE) {
            const size_t n = sheet->blocks[b].table->n_columns;
            n_wraps += n;
            out->n_columns = n > out->n_columns ? n : out->n_columns;
        }
    out->n_columns = out->n_columns ? out->n_columns : 1;
    out->header = OSS_NO_INDEX;
    out->constant_memory = above_ten_thousand(sheet);
    out->blocks = oss_calloc(sheet->n_blocks, sizeof *out->blocks);
    out->widths = oss_calloc(out->n_columns, sizeof *out->widths);
    out->wraps = oss_calloc(n_wraps, sizeof *out->wraps);
    if (!out->blocks || !out->widths || !out->wraps)
        return oss_no_memory(err);

    int *wraps = out->wraps;
    for (size_t b = 0; b < sheet->n_blocks && status == OSS_OK; b++) {
        const oss_block *block = &sheet->blocks[b];
        if (block->kind == OSS_TABLE) {
            status = lay_table(sheet, block->table, out, &out->blocks[b], wraps, err);
            wraps += block->table->n_columns;
        } else if (block->kind == OSS_CHART) {
            status = check_chart(book, sheet, block->chart, err);
        } else {
            const int lines = block->kind == OSS_NOTE || block->kind == OSS_ITEM;
            oss_text_size label;
            status = check_text(sheet, block->text, "a text", lines, err);
            if (status == OSS_OK)
                status = check_text(sheet, block->label, "a label", 0, err);
            if (status == OSS_OK && block->label && oss_text_measure(block->label, &label))
                out->widths[0] = fmax(out->widths[0], fmin((double) label.width + 2, 30));
        }
        if (status == OSS_OK && oss_stopped(hook, 0))
            status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
    }
    if (status != OSS_OK)
        return status;
    for (size_t c = 0; c < out->n_columns; c++)
        if (!(out->widths[c] > 0))
            out->widths[c] = DEFAULT_WIDTH;
    out->note_columns = span(out, 0, OSS_NOTE_WIDTH, &out->note_width);
    out->item_columns = span(out, 1, OSS_NOTE_WIDTH - fmin(out->widths[0], 30), &out->item_width);
    return place_blocks(sheet, out, err);
}

oss_status oss_layout_new(const oss_workbook *book, const oss_hook *hook, oss_layout **layout,
                          oss_error *err)
{
    *layout = NULL;
    if (!book->n_sheets)
        return oss_fail(err, OSS_EINVAL, OSS_NO_INDEX, "a workbook needs a sheet");
    oss_layout *out = oss_calloc(1, sizeof *out);
    if (!out)
        return oss_no_memory(err);
    out->n_sheets = book->n_sheets;
    out->sheets = oss_calloc(book->n_sheets, sizeof *out->sheets);
    oss_status status = out->sheets ? OSS_OK : oss_no_memory(err);
    for (size_t s = 0; s < book->n_sheets && status == OSS_OK; s++)
        status = check_sheet_name(book, s, err);
    for (size_t s = 0; s < book->n_sheets && status == OSS_OK; s++)
        status = lay_sheet(book, s, &out->sheets[s], hook, err);
    if (status != OSS_OK) {
        oss_layout_free(out);
        return status;
    }
    *layout = out;
    return OSS_OK;
}

void oss_layout_free(oss_layout *layout)
{
    if (!layout)
        return;
    for (size_t s = 0; layout->sheets && s < layout->n_sheets; s++) {
        oss_free(layout->sheets[s].blocks);
        oss_free(layout->sheets[s].widths);
        oss_free(layout->sheets[s].wraps);
    }
    oss_free(layout->sheets);
    oss_free(layout);
}
