#include "write.h"
#include "text.h"
#include "whole.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HOOK_ROWS 1024
#define LINE_POINTS 15.0
#define TALLEST 27 /* lines: a row is at most 409 points high */
#define A4 9
/* Midnight of 1 January 1980, the date that the library gives every member of the file. */
#define CREATED 315532800

typedef struct {
    lxw_format *plain, *text, *link; /* numbers or text; text among numbers; a link */
} column_formats;

typedef struct {
    oss_writer *writer;
    lxw_worksheet *sheet;
    const oss_sheet *model;
    const oss_sheet_layout *layout;
    oss_error *err;
} sheet_writer;

oss_status oss_writer_status(lxw_error code, oss_error *err)
{
    if (code == LXW_NO_ERROR)
        return OSS_OK;
    if (code == LXW_ERROR_MEMORY_MALLOC_FAILED)
        return oss_no_memory(err);
    return oss_fail(err, OSS_EIO, OSS_NO_INDEX, "the workbook cannot be written: %s",
                    lxw_strerror(code));
}

/* Text stands at the top of its cell where some cell of the table is wrapped. A flag without any
 * format is shown as 1 or 0 by LibreOffice. */
static oss_status get_formats(oss_writer *writer, const oss_column *column, int wrap, int top,
                              column_formats *out, oss_error *err)
{
    const int plain = !column->format && !wrap && !top && column->kind != OSS_LOGICALS;
    out->plain = plain ? NULL
                       : oss_get_format(writer, OSS_CELL, column->format, wrap,
                                        top || column->kind == OSS_LOGICALS);
    if (column->kind == OSS_NUMBERS)
        out->text = oss_get_format(writer, OSS_CELL_RIGHT, NULL, wrap, top);
    if (column->url)
        out->link = oss_get_format(writer, OSS_LINK, NULL, wrap, top);
    if ((!plain && !out->plain) || (column->kind == OSS_NUMBERS && !out->text) ||
        (column->url && !out->link))
        return oss_no_memory(err);
    return OSS_OK;
}

static lxw_error write_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col, const char *text,
                            lxw_format *format)
{
    if (!text || !*text)
        return LXW_NO_ERROR;
    if (!oss_text_has_escape(text))
        return worksheet_write_string(sheet, row, col, text, format);
    char *escaped = oss_calloc(7 * strlen(text) + 1, 1);
    if (!escaped)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    oss_text_escape(text, escaped);
    const lxw_error code = worksheet_write_string(sheet, row, col, escaped, format);
    oss_free(escaped);
    return code;
}

/* {name} becomes the address of that column's cell in this row. The layout has checked the names.
 */
static lxw_error write_formula(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col,
                               const oss_table *table, const oss_column *column, double value,
                               lxw_format *format)
{
    const size_t room = strlen(column->formula) * LXW_MAX_CELL_NAME_LENGTH + 1;
    char *formula = oss_calloc(room, 1), *out = formula;
    if (!formula)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    for (const char *s = column->formula; *s; s++) {
        if (*s != '{') {
            *out++ = *s;
            continue;
        }
        const char *close = strchr(s, '}');
        for (size_t c = 0; c < table->n_columns; c++)
            if (strlen(table->columns[c].name) == (size_t) (close - s) - 1 &&
                strncmp(table->columns[c].name, s + 1, (size_t) (close - s) - 1) == 0) {
                lxw_rowcol_to_cell(out, row, (lxw_col_t) c);
                break;
            }
        out += strlen(out);
        s = close;
    }
    const lxw_error code = worksheet_write_formula_num(sheet, row, col, formula, format, value);
    oss_free(formula);
    return code;
}

static lxw_error write_number(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col,
                              const oss_table *table, const oss_column *column, size_t i,
                              const column_formats *formats)
{
    const double x = column->numbers[i];
    if (column->text && column->text[i])
        return write_text(sheet, row, col, column->text[i], formats->text);
    if (isfinite(x))
        return column->formula ? write_formula(sheet, row, col, table, column, x, formats->plain)
                               : worksheet_write_number(sheet, row, col, x, formats->plain);
    if (oss_is_missing(x))
        return LXW_NO_ERROR;
    const char *text = isnan(x) ? "NaN" : x < 0 ? "-Inf" : column->infinite;
    return worksheet_write_string(sheet, row, col, text ? text : "Inf", formats->text);
}

static lxw_error write_link(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col, const char *text,
                            const char *url, const column_formats *formats)
{
    lxw_error code = worksheet_write_url_opt(sheet, row, col, url, formats->link, text, NULL);
    /* Too long for Excel, or too many on the sheet: the text alone. */
    if (code == LXW_ERROR_WORKSHEET_MAX_URL_LENGTH_EXCEEDED ||
        code == LXW_ERROR_WORKSHEET_MAX_NUMBER_URLS_EXCEEDED)
        code = write_text(sheet, row, col, text, formats->plain);
    return code;
}

static lxw_error write_cell(const sheet_writer *to, const oss_table *table, size_t c, size_t i,
                            lxw_row_t row, const column_formats *formats)
{
    const oss_column *column = &table->columns[c];
    const lxw_col_t col = (lxw_col_t) c;
    switch (column->kind) {
    case OSS_NUMBERS:
        return write_number(to->sheet, row, col, table, column, i, formats);
    case OSS_INTEGERS:
        if (column->integers[i] == OSS_MISSING_INT)
            return LXW_NO_ERROR;
        return worksheet_write_number(to->sheet, row, col, column->integers[i], formats->plain);
    case OSS_LOGICALS:
        if (column->integers[i] == OSS_MISSING_INT)
            return LXW_NO_ERROR;
        return worksheet_write_boolean(to->sheet, row, col, column->integers[i], formats->plain);
    case OSS_LEVELS:
        if (column->integers[i] == OSS_MISSING_INT)
            return LXW_NO_ERROR;
        return write_text(to->sheet, row, col, column->text[column->integers[i] - 1],
                          formats->plain);
    case OSS_TEXTS:
        if (column->url && column->url[i] && column->text[i] && *column->text[i] &&
            !to->layout->constant_memory)
            return write_link(to->sheet, row, col, column->text[i], column->url[i], formats);
        return write_text(to->sheet, row, col, column->text[i], formats->plain);
    }
    return LXW_NO_ERROR;
}

/* The header of numbers stands over them, at the right. */
static int is_number(const oss_column *column)
{
    return column->kind == OSS_NUMBERS || column->kind == OSS_INTEGERS;
}

static oss_status write_list_object(const sheet_writer *to, const oss_table *table,
                                    const oss_place *place, lxw_format *header, lxw_format *right)
{
    const size_t n = table->n_columns;
    lxw_table_column *columns = oss_calloc(n, sizeof *columns);
    lxw_table_column **pointers = oss_calloc(n + 1, sizeof *pointers);
    oss_status status = columns && pointers ? OSS_OK : oss_no_memory(to->err);
    if (status == OSS_OK) {
        for (size_t c = 0; c < n; c++) {
            pointers[c] = &columns[c];
            columns[c].header = (char *) table->columns[c].name;
            columns[c].header_format = is_number(&table->columns[c]) ? right : header;
        }
        lxw_table_options options = { .name = (char *) table->name,
                                      .style_type = LXW_TABLE_STYLE_TYPE_LIGHT,
                                      .style_type_number = 1,
                                      .columns = pointers };
        status = oss_writer_status(worksheet_add_table(to->sheet, (lxw_row_t) place->row, 0,
                                                       (lxw_row_t) (place->row + table->n_rows),
                                                       (lxw_col_t) (n - 1), &options),
                                   to->err);
    }
    oss_free(pointers);
    oss_free(columns);
    return status;
}

static lxw_error write_comment(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t col, const char *text)
{
    size_t lines = 0;
    for (const char *next = text; next; lines++)
        (void) oss_text_line(next, 34, &next);
    lxw_comment_options options = { .width = 240, .height = (uint16_t) (18 * lines + 12) };
    return worksheet_write_comment_opt(sheet, row, col, text, &options);
}

static oss_status write_header(const sheet_writer *to, const oss_table *table,
                               const oss_place *place)
{
    lxw_format *format = oss_get_format(to->writer, OSS_HEADER, NULL, 1, 1);
    lxw_format *right = oss_get_format(to->writer, OSS_HEADER_RIGHT, NULL, 1, 1);
    if (!format || !right)
        return oss_no_memory(to->err);
    const lxw_row_t row = (lxw_row_t) place->row;
    lxw_error code = LXW_NO_ERROR;
    for (size_t c = 0; c < table->n_columns && code == LXW_NO_ERROR; c++) {
        const oss_column *column = &table->columns[c];
        code = write_text(to->sheet, row, (lxw_col_t) c, column->name,
                          is_number(column) ? right : format);
        if (code == LXW_NO_ERROR && column->comment && !to->layout->constant_memory)
            code = write_comment(to->sheet, row, (lxw_col_t) c, column->comment);
    }
    if (code == LXW_NO_ERROR && (!table->n_rows || !table->n_columns))
        code = worksheet_write_string(to->sheet, row + 1, 0,
                                      table->n_columns ? "(no rows)" : "(no columns)", NULL);
    oss_status status = oss_writer_status(code, to->err);
    if (status == OSS_OK && place->list_object)
        status = write_list_object(to, table, place, format, right);
    return status;
}

/* Programs that open the file do not all fit the height of a row with wrapped text. */
static lxw_error fit_height(const sheet_writer *to, const oss_table *table, const oss_place *place,
                            size_t i)
{
    size_t most = 1;
    for (size_t c = 0; c < table->n_columns; c++) {
        const oss_column *column = &table->columns[c];
        const char *text = NULL;
        size_t lines = 0;
        if (!place->wraps[c])
            continue;
        if (column->kind == OSS_TEXTS)
            text = column->text[i];
        else if (column->kind == OSS_LEVELS && column->integers[i] != OSS_MISSING_INT)
            text = column->text[column->integers[i] - 1];
        for (const char *next = text; next && lines < TALLEST; lines++)
            (void) oss_text_line(next, (size_t) to->layout->widths[c], &next);
        most = lines > most ? lines : most;
    }
    if (most == 1)
        return LXW_NO_ERROR;
    return worksheet_set_row(to->sheet, (lxw_row_t) (place->row + 1 + i),
                             LINE_POINTS * (double) most, NULL);
}

static oss_status write_rows(const sheet_writer *to, const oss_table *table, const oss_place *place,
                             const column_formats *formats, int wraps)
{
    oss_writer *writer = to->writer;
    for (size_t i = 0; i < table->n_rows; i++) {
        const lxw_row_t row = (lxw_row_t) (place->row + 1 + i);
        lxw_error code = wraps ? fit_height(to, table, place, i) : LXW_NO_ERROR;
        for (size_t c = 0; c < table->n_columns && code == LXW_NO_ERROR; c++)
            code = write_cell(to, table, c, i, row, &formats[c]);
        if (code != LXW_NO_ERROR)
            return oss_writer_status(code, to->err);
        if (i % HOOK_ROWS == HOOK_ROWS - 1) {
            const double done = writer->cells_done + (double) (i + 1) * (double) table->n_columns;
            if (oss_stopped(writer->hook, done / writer->cells_all))
                return oss_fail(to->err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
        }
    }
    writer->cells_done += (double) table->n_rows * (double) table->n_columns;
    return OSS_OK;
}

static oss_status write_table(const sheet_writer *to, const oss_table *table,
                              const oss_place *place)
{
    column_formats *formats = oss_calloc(table->n_columns, sizeof *formats);
    oss_status status = formats ? OSS_OK : oss_no_memory(to->err);
    int wraps = 0;
    for (size_t c = 0; c < table->n_columns; c++)
        wraps |= place->wraps[c];
    for (size_t c = 0; c < table->n_columns && status == OSS_OK; c++)
        status = get_formats(to->writer, &table->columns[c], place->wraps[c], wraps, &formats[c],
                             to->err);
    if (status == OSS_OK)
        status = write_header(to, table, place);
    if (status == OSS_OK)
        status = write_rows(to, table, place, formats, wraps);
    oss_free(formats);
    return status;
}

/* A note or an item: one line a row in constant memory, else cells merged over the width. */
static oss_status write_note(const sheet_writer *to, const oss_block *block, const oss_place *place)
{
    const oss_sheet_layout *layout = to->layout;
    const int merged = !layout->constant_memory, item = block->kind == OSS_ITEM;
    const size_t width = merged ? (item ? layout->item_width : layout->note_width) : OSS_NOTE_WIDTH;
    const size_t per_row = merged ? OSS_NOTE_LINES : 1;
    const lxw_col_t first = (lxw_col_t) place->column;
    const size_t n = item ? layout->item_columns : layout->note_columns;
    lxw_format *format = oss_get_format(to->writer, OSS_CELL, NULL, merged, 1);
    lxw_format *bold = oss_get_format(to->writer, OSS_BOLD, NULL, 0, 1);
    char *copy = oss_calloc(strlen(block->text) + 1, 1);
    oss_status status = format && bold && copy ? OSS_OK : oss_no_memory(to->err);
    lxw_row_t row = (lxw_row_t) place->row;
    for (const char *start = block->text, *next; start && status == OSS_OK; start = next, row++) {
        size_t lines = 0;
        const char *end = start;
        for (next = start; next && lines < per_row; lines++)
            end = oss_text_line(next, width, &next);
        memcpy(copy, start, (size_t) (end - start));
        copy[end - start] = '\0';
        lxw_error code = LXW_NO_ERROR;
        if (merged)
            code = worksheet_set_row(to->sheet, row, LINE_POINTS * (double) lines + 1, NULL);
        if (code == LXW_NO_ERROR && block->label && start == block->text)
            code = write_text(to->sheet, row, 0, block->label, bold);
        if (code == LXW_NO_ERROR && merged && n > 1)
            code = worksheet_merge_range(to->sheet, row, first, row, (lxw_col_t) (first + n - 1),
                                         "", format);
        if (code == LXW_NO_ERROR)
            code = write_text(to->sheet, row, first, copy, format);
        status = oss_writer_status(code, to->err);
    }
    oss_free(copy);
    return status;
}

static oss_status write_heading(const sheet_writer *to, const oss_block *block,
                                const oss_place *place)
{
    const int title = block->kind == OSS_TITLE;
    lxw_format *format =
        oss_get_format(to->writer, title ? OSS_TITLE_TEXT : OSS_HEADING_TEXT, NULL, 0, 1);
    if (!format)
        return oss_no_memory(to->err);
    lxw_error code = worksheet_set_row(to->sheet, (lxw_row_t) place->row, title ? 24 : 18, NULL);
    if (code == LXW_NO_ERROR)
        code = write_text(to->sheet, (lxw_row_t) place->row, 0, block->text, format);
    return oss_writer_status(code, to->err);
}

static void set_up_page(const sheet_writer *to)
{
    const oss_sheet_layout *layout = to->layout;
    lxw_worksheet *sheet = to->sheet;
    for (size_t c = 0; c < layout->n_columns; c++)
        (void) worksheet_set_column(sheet, (lxw_col_t) c, (lxw_col_t) c, layout->widths[c], NULL);
    if (layout->frozen)
        worksheet_freeze_panes(sheet, (lxw_row_t) layout->frozen, 0);
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, A4);
    worksheet_fit_to_pages(sheet, 1, 0);
    if (layout->header != OSS_NO_INDEX && layout->frozen)
        (void) worksheet_repeat_rows(sheet, (lxw_row_t) layout->header, (lxw_row_t) layout->header);
    (void) worksheet_set_footer(sheet, "&L&A&RPage &P of &N");
    worksheet_gridlines(sheet, LXW_HIDE_ALL_GRIDLINES);
    /* Identifiers such as "007" are text on purpose: no green corner. */
    (void) worksheet_ignore_errors(sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576");
}

static oss_status write_sheet(oss_writer *writer, size_t s, oss_error *err)
{
    const sheet_writer to = { writer, writer->sheets[s], &writer->book->sheets[s],
                              &writer->layout->sheets[s], err };
    oss_status status = OSS_OK;
    int filtered = 0;
    set_up_page(&to);
    for (size_t b = 0; b < to.model->n_blocks && status == OSS_OK; b++) {
        const oss_block *block = &to.model->blocks[b];
        const oss_place *place = &to.layout->blocks[b];
        switch (block->kind) {
        case OSS_TITLE:
        case OSS_HEADING:
            status = write_heading(&to, block, place);
            break;
        case OSS_NOTE:
        case OSS_ITEM:
            status = write_note(&to, block, place);
            break;
        case OSS_TABLE:
            status = write_table(&to, block->table, place);
            if (status == OSS_OK && to.layout->constant_memory && !filtered &&
                block->table->n_rows && block->table->n_columns) {
                filtered = 1; /* a sheet has one filter */
                status = oss_writer_status(
                    worksheet_autofilter(to.sheet, (lxw_row_t) place->row, 0,
                                         (lxw_row_t) (place->row + block->table->n_rows),
                                         (lxw_col_t) (block->table->n_columns - 1)),
                    err);
            }
            break;
        case OSS_CHART:
            status = oss_write_chart(writer, s, b, err);
            break;
        }
        if (status == OSS_OK && oss_stopped(writer->hook, writer->cells_done / writer->cells_all))
            status = oss_fail(err, OSS_ECANCEL, OSS_NO_INDEX, "stopped by the caller");
    }
    return status;
}

static oss_status write_all(oss_writer *writer, oss_error *err)
{
    const oss_workbook *book = writer->book;
    lxw_doc_properties properties = { .title = (char *) book->title,
                                      .subject = (char *) book->subject,
                                      .author = (char *) book->author,
                                      .comments = (char *) book->comments,
                                      .created = CREATED };
    oss_status status = oss_writer_status(workbook_set_properties(writer->file, &properties), err);
    writer->cells_all = 1;
    for (size_t s = 0; s < book->n_sheets && status == OSS_OK; s++) {
        /* The library reads the option when a sheet is made, so each sheet has its own mode. */
        writer->file->options.constant_memory = (uint8_t) writer->layout->sheets[s].constant_memory;
        writer->sheets[s] = workbook_add_worksheet(writer->file, book->sheets[s].name);
        if (!writer->sheets[s])
            status = oss_no_memory(err);
        for (size_t b = 0; b < book->sheets[s].n_blocks; b++)
            if (book->sheets[s].blocks[b].kind == OSS_TABLE) {
                const oss_table *table = book->sheets[s].blocks[b].table;
                writer->cells_all += (double) table->n_rows * (double) table->n_columns;
            }
    }
    for (size_t s = 0; s < book->n_sheets && status == OSS_OK; s++)
        status = write_sheet(writer, s, err);
    return status;
}

/* Throws an unfinished workbook away; the library leaves the files of its rows open. */
static void discard(oss_writer *writer)
{
    for (size_t s = 0; writer->sheets && s < writer->book->n_sheets; s++)
        if (writer->sheets[s] && writer->sheets[s]->optimize && writer->sheets[s]->optimize_tmpfile)
            fclose(writer->sheets[s]->optimize_tmpfile);
    lxw_workbook_free(writer->file);
}

/* The library writes to a path only at the end, and to standard error if it cannot. */
static oss_status claim(const char *temporary, const char *target, oss_error *err)
{
    errno = 0;
    FILE *file = fopen(temporary, "wbx");
    if (!file)
        return oss_fail(err, OSS_EIO, OSS_NO_INDEX, "cannot write to the folder of \"%.120s\": %s",
                        target, strerror(errno));
    fclose(file);
    return OSS_OK;
}

oss_status oss_workbook_write(const oss_workbook *book, const char *temporary, const char *target,
                              const oss_hook *hook, oss_error *err)
{
    oss_layout *layout = NULL;
    oss_status status = oss_layout_new(book, hook, &layout, err);
    if (status != OSS_OK)
        return status;
    oss_writer writer = { .book = book, .layout = layout, .hook = hook };
    status = claim(temporary, target, err);
    if (status == OSS_OK) {
        writer.sheets = oss_calloc(book->n_sheets, sizeof *writer.sheets);
        writer.formats = oss_calloc(oss_most_formats(book), sizeof *writer.formats);
        writer.file = workbook_new(temporary);
        status = writer.sheets && writer.formats && writer.file ? write_all(&writer, err)
                                                                : oss_no_memory(err);
        if (status == OSS_OK)
            status = oss_writer_status(workbook_close(writer.file), err);
        else
            discard(&writer);
        if (status == OSS_OK)
            status = oss_workbook_is_whole(temporary, err);
        if (status == OSS_OK && rename(temporary, target) != 0)
            status = oss_fail(err, OSS_EIO, OSS_NO_INDEX, "cannot replace \"%.120s\": %s", target,
                              strerror(errno));
        if (status != OSS_OK)
            remove(temporary);
    }
    oss_free(writer.formats);
    oss_free(writer.sheets);
    oss_layout_free(layout);
    return status;
}
