/* libxlsxwriter alone, writing the table of bench/workbook.R: 4 numbers, 2 whole numbers, 2 texts,
 * a level of 5, a flag. Called from R as a shared object, so that both run in the same process (R
 * loads libquadmath, which makes every printf of the C library slower, and the library prints each
 * cell). */
#include <stdio.h>
#include <stdlib.h>
#include <xlsxwriter.h>

void write_with_library(char **path, int *rows, int *constant_memory, int *code)
{
    const int n = *rows;
    static const char *const levels[] = { "femur", "tibia", "humerus", "pelvis", "radius" };
    char(*text)[24] = malloc((size_t) n * 2 * sizeof *text);
    for (int i = 0; i < n; i++) {
        snprintf(text[2 * i], sizeof *text, "patient %d", i + 1);
        snprintf(text[2 * i + 1], sizeof *text, "site %d", (i + 1) % 1000);
    }
    lxw_workbook_options options = { .constant_memory = (uint8_t) *constant_memory };
    lxw_workbook *book = workbook_new_opt(path[0], &options);
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Data");
    lxw_format *format = workbook_add_format(book);
    format_set_num_format(format, "0.0000");
    for (int c = 0; c < 10; c++)
        worksheet_write_string(sheet, 0, (lxw_col_t) c, text[c], NULL);
    for (int i = 0; i < n; i++) {
        const lxw_row_t row = (lxw_row_t) i + 1;
        for (int c = 0; c < 4; c++)
            worksheet_write_number(sheet, row, (lxw_col_t) c, (i + 1) / (7.0 + c), format);
        worksheet_write_number(sheet, row, 4, i + 1, NULL);
        worksheet_write_number(sheet, row, 5, (i + 1) % 97, NULL);
        worksheet_write_string(sheet, row, 6, text[2 * i], NULL);
        worksheet_write_string(sheet, row, 7, text[2 * i + 1], NULL);
        worksheet_write_string(sheet, row, 8, levels[i % 5], NULL);
        worksheet_write_boolean(sheet, row, 9, (i + 1) % 2, NULL);
    }
    *code = (int) workbook_close(book);
    free(text);
}
