#include "glue.h"
#include "entries.h"
#include "../xlsx/workbook.h"

#include <string.h>

/* Reads the model that R/report-sheet.R builds: nested lists, whose fields are named as in
 * src/xlsx/workbook.h. Strings become UTF-8 here; everything is R-owned. */

static SEXP field(SEXP list, const char *name)
{
    SEXP names = Rf_getAttrib(list, R_NamesSymbol);
    for (R_xlen_t i = 0; i < Rf_xlength(names); i++)
        if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0)
            return VECTOR_ELT(list, i);
    return R_NilValue;
}

static const char *utf8(SEXP string)
{
    if (string == NA_STRING)
        return NULL;
    /* Of "bytes" R cannot tell the encoding; the model's check says whether it is UTF-8. */
    return Rf_getCharCE(string) == CE_BYTES ? CHAR(string) : Rf_translateCharUTF8(string);
}

static const char *text_field(SEXP list, const char *name)
{
    SEXP value = field(list, name);
    if (Rf_isNull(value))
        return NULL;
    if (TYPEOF(value) != STRSXP || XLENGTH(value) != 1)
        Rf_error("internal: `%s` must be one string", name);
    return utf8(STRING_ELT(value, 0));
}

static const char *const *texts_field(SEXP list, const char *name, size_t n)
{
    SEXP value = field(list, name);
    if (Rf_isNull(value))
        return NULL;
    if ((size_t) XLENGTH(value) != n || TYPEOF(value) != STRSXP)
        Rf_error("internal: `%s` must hold %zu strings", name, n);
    const char **out = glue_scratch(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = utf8(STRING_ELT(value, (R_xlen_t) i));
    return out;
}

static double number_field(SEXP list, const char *name)
{
    SEXP value = field(list, name);
    return Rf_isNull(value) ? NA_REAL : glue_double(value, name);
}

static int flag_field(SEXP list, const char *name)
{
    SEXP value = field(list, name);
    return !Rf_isNull(value) && glue_int(value, name) == 1;
}

/* Fields that hold a 1-based position, NULL for none. */
static size_t position_field(SEXP list, const char *name)
{
    SEXP value = field(list, name);
    return Rf_isNull(value) ? OSS_NO_INDEX : glue_size(value, name) - 1;
}

static oss_column read_column(SEXP from, size_t n)
{
    oss_column column = { .name = text_field(from, "name"),
                          .comment = text_field(from, "comment"),
                          .format = text_field(from, "format"),
                          .infinite = text_field(from, "infinite"),
                          .formula = text_field(from, "formula"),
                          .wrap = flag_field(from, "wrap") };
    SEXP values = field(from, "values"), levels = field(from, "levels");
    const double width = number_field(from, "width");
    column.width = width > 0 ? width : 0;
    if (!column.name)
        column.name = "NA";
    switch (TYPEOF(values)) {
    case REALSXP:
        column.kind = OSS_NUMBERS;
        column.numbers = glue_doubles(values, (R_xlen_t) n, "values");
        column.text = texts_field(from, "instead", n);
        break;
    case LGLSXP:
        column.kind = OSS_LOGICALS;
        column.integers = glue_ints(values, (R_xlen_t) n, "values");
        break;
    case INTSXP:
        column.kind = Rf_isNull(levels) ? OSS_INTEGERS : OSS_LEVELS;
        column.integers = glue_ints(values, (R_xlen_t) n, "values");
        if (column.kind == OSS_LEVELS) {
            column.n_levels = (size_t) XLENGTH(levels);
            column.text = texts_field(from, "levels", column.n_levels);
        }
        break;
    default:
        column.kind = OSS_TEXTS;
        column.text = texts_field(from, "values", n);
        column.url = texts_field(from, "url", n);
    }
    return column;
}

static const oss_table *read_table(SEXP from)
{
    SEXP columns = field(from, "columns");
    oss_table *table = glue_scratch(1, sizeof *table);
    table->name = text_field(from, "name");
    table->n_rows = glue_size(field(from, "n_rows"), "n_rows");
    table->n_columns = (size_t) XLENGTH(columns);
    oss_column *out = glue_scratch(table->n_columns, sizeof *out);
    for (size_t c = 0; c < table->n_columns; c++)
        out[c] = read_column(VECTOR_ELT(columns, (R_xlen_t) c), table->n_rows);
    table->columns = out;
    return table;
}

static oss_axis read_axis(SEXP from)
{
    const oss_axis axis = { .name = text_field(from, "name"),
                            .format = text_field(from, "format"),
                            .lowest = number_field(from, "lowest"),
                            .highest = number_field(from, "highest"),
                            .unit = number_field(from, "unit"),
                            .logarithmic = flag_field(from, "logarithmic"),
                            .hidden = flag_field(from, "hidden") };
    return axis;
}

static oss_series read_series(SEXP from)
{
    const double size = number_field(from, "marker_size");
    const oss_series series = { .name = text_field(from, "name"),
                                .sheet = position_field(from, "sheet"),
                                .block = position_field(from, "block"),
                                .x = position_field(from, "x"),
                                .y = position_field(from, "y"),
                                .labels = position_field(from, "labels"),
                                .color = (uint32_t) glue_int(field(from, "color"), "color"),
                                .line_width = glue_double(field(from, "line_width"), "line_width"),
                                .dashed = flag_field(from, "dashed"),
                                .marker = glue_int(field(from, "marker"), "marker"),
                                .marker_size = size > 0 ? (int) size : 5,
                                .in_legend = flag_field(from, "in_legend") };
    return series;
}

static const oss_chart *read_chart(SEXP from)
{
    SEXP series = field(from, "series");
    oss_chart *chart = glue_scratch(1, sizeof *chart);
    chart->title = text_field(from, "title");
    chart->x = read_axis(field(from, "x"));
    chart->y = read_axis(field(from, "y"));
    chart->width = glue_int(field(from, "width"), "width");
    chart->height = glue_int(field(from, "height"), "height");
    chart->legend = flag_field(from, "legend");
    chart->beside = flag_field(from, "beside");
    chart->n_series = (size_t) XLENGTH(series);
    oss_series *out = glue_scratch(chart->n_series, sizeof *out);
    for (size_t i = 0; i < chart->n_series; i++)
        out[i] = read_series(VECTOR_ELT(series, (R_xlen_t) i));
    chart->series = out;
    return chart;
}

static oss_block read_block(SEXP from)
{
    static const char *const kinds[] = { "title", "heading", "note", "item", "table", "chart" };
    const char *kind = text_field(from, "kind");
    oss_block block = { .kind = OSS_TITLE };
    for (int k = OSS_TITLE; k <= OSS_CHART; k++)
        if (kind && strcmp(kind, kinds[k]) == 0)
            block.kind = (oss_block_kind) k;
    if (block.kind == OSS_TABLE)
        block.table = read_table(from);
    else if (block.kind == OSS_CHART)
        block.chart = read_chart(from);
    else
        block.text = text_field(from, "text");
    block.label = text_field(from, "label");
    if (!block.table && !block.chart && !block.text)
        block.text = "";
    return block;
}

static oss_workbook read_workbook(SEXP from)
{
    SEXP sheets = field(from, "sheets");
    oss_workbook book = { .title = text_field(from, "title"),
                          .subject = text_field(from, "subject"),
                          .author = text_field(from, "author"),
                          .comments = text_field(from, "comments"),
                          .n_sheets = (size_t) XLENGTH(sheets) };
    oss_sheet *out = glue_scratch(book.n_sheets, sizeof *out);
    for (size_t s = 0; s < book.n_sheets; s++) {
        SEXP sheet = VECTOR_ELT(sheets, (R_xlen_t) s), blocks = field(sheet, "blocks");
        oss_block *model = glue_scratch((size_t) XLENGTH(blocks), sizeof *model);
        for (R_xlen_t b = 0; b < XLENGTH(blocks); b++)
            model[b] = read_block(VECTOR_ELT(blocks, b));
        out[s].name = text_field(sheet, "name");
        out[s].n_blocks = (size_t) XLENGTH(blocks);
        out[s].blocks = model;
    }
    book.sheets = out;
    return book;
}

/* Paths are in the encoding of the file system (enc2native). */
SEXP ffi_write_workbook(SEXP model, SEXP temporary, SEXP target)
{
    const oss_workbook book = read_workbook(model);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_workbook_write(&book, CHAR(STRING_ELT(temporary, 0)), CHAR(STRING_ELT(target, 0)),
                           &hook, &err) != OSS_OK)
        oss_raise(&err);
    return R_NilValue;
}
