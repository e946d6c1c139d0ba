#include "write.h"

#include <string.h>

size_t oss_most_formats(const oss_workbook *book)
{
    size_t n = 9;
    for (size_t s = 0; s < book->n_sheets; s++)
        for (size_t b = 0; b < book->sheets[s].n_blocks; b++)
            if (book->sheets[s].blocks[b].kind == OSS_TABLE)
                n += 3 * book->sheets[s].blocks[b].table->n_columns;
    return n;
}

static void set_style(lxw_format *format, oss_style style)
{
    switch (style) {
    case OSS_CELL:
        break;
    case OSS_CELL_RIGHT:
        format_set_align(format, LXW_ALIGN_RIGHT);
        break;
    case OSS_LINK:
        format_set_font_color(format, 0x0563C1);
        format_set_underline(format, LXW_UNDERLINE_SINGLE);
        break;
    case OSS_HEADER:
    case OSS_HEADER_RIGHT:
        if (style == OSS_HEADER_RIGHT)
            format_set_align(format, LXW_ALIGN_RIGHT);
        format_set_bold(format);
        format_set_bg_color(format, 0xDCE6F1);
        format_set_bottom(format, LXW_BORDER_THIN);
        format_set_bottom_color(format, 0x7F7F7F);
        break;
    case OSS_BOLD:
        format_set_bold(format);
        break;
    case OSS_TITLE_TEXT:
    case OSS_HEADING_TEXT:
        format_set_bold(format);
        format_set_font_size(format, style == OSS_TITLE_TEXT ? 15 : 12);
        format_set_font_color(format, 0x1F3864);
        break;
    }
}

lxw_format *oss_get_format(oss_writer *writer, oss_style style, const char *number, int wrap,
                           int top)
{
    for (size_t i = 0; i < writer->n_formats; i++) {
        const oss_format *old = &writer->formats[i];
        if (old->style == style && old->wrap == wrap && old->top == top &&
            (old->number == number || (old->number && number && strcmp(old->number, number) == 0)))
            return old->made;
    }
    lxw_format *made = workbook_add_format(writer->file);
    if (!made)
        return NULL;
    set_style(made, style);
    if (number)
        format_set_num_format(made, number);
    if (wrap)
        format_set_text_wrap(made);
    if (top)
        format_set_align(made, LXW_ALIGN_VERTICAL_TOP);
    writer->formats[writer->n_formats++] = (oss_format){ style, number, wrap, top, made };
    return made;
}
