#include "write.h"

#include <math.h>

#define DEFAULT_WIDTH 480.0
#define DEFAULT_HEIGHT 288.0
#define GREY 0x595959
#define PALE 0xD9D9D9

static void set_axis(lxw_chart_axis *axis, const oss_axis *model, int gridlines)
{
    lxw_chart_font font = { .size = 9, .color = GREY };
    lxw_chart_font name_font = { .size = 10, .bold = LXW_EXPLICIT_FALSE, .color = GREY };
    lxw_chart_line line = { .color = GREY, .width = 0.75f },
                   grid = { .color = PALE, .width = 0.5f };
    if (model->name) {
        chart_axis_set_name(axis, model->name);
        chart_axis_set_name_font(axis, &name_font);
    }
    if (model->format)
        chart_axis_set_num_format(axis, model->format);
    if (!isnan(model->lowest))
        chart_axis_set_min(axis, model->lowest);
    if (!isnan(model->highest))
        chart_axis_set_max(axis, model->highest);
    if (!isnan(model->unit))
        chart_axis_set_major_unit(axis, model->unit);
    if (model->logarithmic)
        chart_axis_set_log_base(axis, 10);
    if (model->hidden) {
        lxw_chart_line none = { .none = LXW_TRUE };
        chart_axis_set_label_position(axis, LXW_CHART_AXIS_LABEL_POSITION_NONE);
        chart_axis_set_major_tick_mark(axis, LXW_CHART_AXIS_TICK_MARK_NONE);
        chart_axis_set_line(axis, &none);
    } else {
        chart_axis_set_num_font(axis, &font);
        chart_axis_set_major_tick_mark(axis, LXW_CHART_AXIS_TICK_MARK_OUTSIDE);
        chart_axis_set_line(axis, &line);
    }
    chart_axis_set_minor_tick_mark(axis, LXW_CHART_AXIS_TICK_MARK_NONE);
    chart_axis_major_gridlines_set_visible(axis, (uint8_t) gridlines);
    if (gridlines)
        chart_axis_major_gridlines_set_line(axis, &grid);
    /* The other axis stands at the low end of this one, also where 0 or 1 is inside. */
    chart_axis_set_crossing_min(axis);
}

static void set_marker(lxw_chart_series *series, const oss_series *model)
{
    static const uint8_t types[] = { LXW_CHART_MARKER_NONE, LXW_CHART_MARKER_SQUARE,
                                     LXW_CHART_MARKER_DIAMOND, LXW_CHART_MARKER_CIRCLE,
                                     LXW_CHART_MARKER_PLUS };
    chart_series_set_marker_type(series, types[model->marker]);
    if (model->marker == OSS_NO_MARKER)
        return;
    lxw_chart_line line = { .color = model->color, .width = 1.0f };
    lxw_chart_fill fill = { .color = model->color };
    chart_series_set_marker_size(series, (uint8_t) model->marker_size);
    chart_series_set_marker_line(series, &line);
    if (model->marker != OSS_PLUS)
        chart_series_set_marker_fill(series, &fill);
}

/* Strings of a column beside the points: Excel's custom labels, one a point. */
static oss_status set_labels(lxw_chart_series *series, const oss_column *column, size_t n,
                             oss_error *err)
{
    lxw_chart_data_label *labels = oss_calloc(n, sizeof *labels);
    lxw_chart_data_label **pointers = oss_calloc(n + 1, sizeof *pointers);
    lxw_chart_font font = { .size = 9, .color = GREY };
    oss_status status = labels && pointers ? OSS_OK : oss_no_memory(err);
    if (status == OSS_OK) {
        for (size_t i = 0; i < n; i++) {
            pointers[i] = &labels[i];
            labels[i].font = &font;
            /* A value that starts with "=" would be a reference. */
            if (column->text[i] && *column->text[i] && *column->text[i] != '=')
                labels[i].value = (char *) column->text[i];
            else
                labels[i].hide = LXW_TRUE;
        }
        chart_series_set_labels(series);
        chart_series_set_labels_position(series, LXW_CHART_LABEL_POSITION_RIGHT);
        status = oss_writer_status(chart_series_set_labels_custom(series, pointers), err);
    }
    oss_free(pointers);
    oss_free(labels);
    return status;
}

static oss_status add_series(const oss_writer *writer, lxw_chart *chart, const oss_series *model,
                             oss_error *err)
{
    const oss_sheet *sheet = &writer->book->sheets[model->sheet];
    const oss_table *table = sheet->blocks[model->block].table;
    const oss_place *place = &writer->layout->sheets[model->sheet].blocks[model->block];
    const lxw_row_t first = (lxw_row_t) place->row + 1;
    const lxw_row_t last = (lxw_row_t) (place->row + table->n_rows);
    const lxw_col_t x = (lxw_col_t) (place->column + model->x);
    const lxw_col_t y = (lxw_col_t) (place->column + model->y);

    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);
    if (!series)
        return oss_no_memory(err);
    chart_series_set_categories(series, sheet->name, first, x, last, x);
    chart_series_set_values(series, sheet->name, first, y, last, y);
    if (model->name)
        chart_series_set_name(series, model->name);
    lxw_chart_line line = { .color = model->color,
                            .width = (float) model->line_width,
                            .none = model->line_width > 0 ? LXW_FALSE : LXW_TRUE,
                            .dash_type = model->dashed ? LXW_CHART_LINE_DASH_DASH
                                                       : LXW_CHART_LINE_DASH_SOLID };
    chart_series_set_line(series, &line);
    set_marker(series, model);
    if (model->labels != OSS_NO_INDEX)
        return set_labels(series, &table->columns[model->labels], table->n_rows, err);
    return OSS_OK;
}

static oss_status set_legend(lxw_chart *chart, const oss_chart *model, oss_error *err)
{
    lxw_chart_font font = { .size = 9, .color = GREY };
    if (!model->legend) {
        chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
        return OSS_OK;
    }
    chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
    chart_legend_set_font(chart, &font);
    int16_t *left_out = oss_calloc(model->n_series + 1, sizeof *left_out);
    if (!left_out)
        return oss_no_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < model->n_series; i++)
        if (!model->series[i].in_legend)
            left_out[n++] = (int16_t) i;
    left_out[n] = -1;
    oss_status status = OSS_OK;
    if (n)
        status = oss_writer_status(chart_legend_delete_series(chart, left_out), err);
    oss_free(left_out);
    return status;
}

oss_status oss_write_chart(const oss_writer *writer, size_t s, size_t b, oss_error *err)
{
    const oss_chart *model = writer->book->sheets[s].blocks[b].chart;
    const oss_place *place = &writer->layout->sheets[s].blocks[b];
    lxw_chart *chart = workbook_add_chart(writer->file, LXW_CHART_SCATTER_STRAIGHT);
    if (!chart)
        return oss_no_memory(err);
    oss_status status = OSS_OK;
    for (size_t i = 0; i < model->n_series && status == OSS_OK; i++)
        status = add_series(writer, chart, &model->series[i], err);
    if (status == OSS_OK)
        status = set_legend(chart, model, err);
    if (status != OSS_OK)
        return status;

    lxw_chart_font title = { .size = 12, .bold = LXW_TRUE, .color = GREY };
    if (model->title) {
        chart_title_set_name(chart, model->title);
        chart_title_set_name_font(chart, &title);
    } else {
        chart_title_off(chart);
    }
    set_axis(chart->x_axis, &model->x, LXW_FALSE);
    set_axis(chart->y_axis, &model->y, !model->y.hidden);
    chart_show_blanks_as(chart, LXW_CHART_BLANKS_AS_GAP);
    chart_show_hidden_data(chart);
    lxw_chart_options options = { .x_scale = model->width / DEFAULT_WIDTH,
                                  .y_scale = model->height / DEFAULT_HEIGHT,
                                  .object_position = LXW_OBJECT_MOVE_DONT_SIZE };
    return oss_writer_status(worksheet_insert_chart_opt(writer->sheets[s], (lxw_row_t) place->row,
                                                        (lxw_col_t) place->column, chart, &options),
                             err);
}
