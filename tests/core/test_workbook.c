#include "check.h"
#include "../../src/xlsx/layout.h"
#include "../../src/xlsx/text.h"
#include "../../src/xlsx/whole.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

static char folder[] = "/tmp/osseosurv-test-XXXXXX", target[64], temporary[64], second[64];

static const double values[] = { 1.5, INFINITY, -0.25, 1e300 };
static const int codes[] = { 1, OSS_MISSING_INT, 2, 1 };
static const char *const words[] = { "one", NULL, "=1+1", "_x0041_ \xC3\xA4" };
static const char *const links[] = { "https://example.org", NULL, NULL, NULL };

/* A model with every kind of block and column. */
typedef struct {
    oss_column columns[5], points[2];
    oss_table table, data;
    oss_series series[1];
    oss_chart chart;
    oss_block blocks[5], more[1];
    oss_sheet sheets[2];
    oss_workbook book;
} model;

static void fill(model *m)
{
    memset(m, 0, sizeof *m);
    const oss_column columns[] = {
        { .name = "number", .kind = OSS_NUMBERS, .numbers = values, .format = "0.00" },
        { .name = "whole", .kind = OSS_INTEGERS, .integers = codes, .comment = "A count" },
        { .name = "flag", .kind = OSS_LOGICALS, .integers = codes },
        { .name = "level", .kind = OSS_LEVELS, .integers = codes, .text = words, .n_levels = 3 },
        { .name = "word", .kind = OSS_TEXTS, .text = words, .url = links, .wrap = 1 },
    };
    memcpy(m->columns, columns, sizeof columns);
    m->columns[0].formula = "={whole}*1.5";
    m->table = (oss_table){ "First", 4, 5, m->columns };
    m->points[0] = m->points[1] =
        (oss_column){ .name = "x", .kind = OSS_NUMBERS, .numbers = values };
    m->points[1].name = "y";
    m->data = (oss_table){ "Second", 4, 2, m->points };
    m->series[0] = (oss_series){ .name = "s",
                                 .sheet = 1,
                                 .y = 1,
                                 .labels = OSS_NO_INDEX,
                                 .line_width = 1,
                                 .marker = OSS_SQUARE,
                                 .marker_size = 5 };
    m->chart = (oss_chart){ .x = { .lowest = NAN, .highest = NAN, .unit = NAN },
                            .y = { .lowest = 0, .highest = 1, .unit = 0.2 },
                            .width = 480,
                            .height = 300,
                            .legend = 1,
                            .n_series = 1,
                            .series = m->series };
    m->blocks[0] = (oss_block){ .kind = OSS_TITLE, .text = "Title" };
    m->blocks[1] = (oss_block){ .kind = OSS_TABLE, .table = &m->table };
    m->blocks[2] = (oss_block){ .kind = OSS_NOTE, .text = "A note\nof two lines" };
    m->blocks[3] = (oss_block){ .kind = OSS_ITEM, .label = "Unit", .text = "row" };
    m->blocks[4] = (oss_block){ .kind = OSS_CHART, .chart = &m->chart };
    m->more[0] = (oss_block){ .kind = OSS_TABLE, .table = &m->data };
    m->sheets[0] = (oss_sheet){ "One", 5, m->blocks };
    m->sheets[1] = (oss_sheet){ "Two", 1, m->more };
    m->book = (oss_workbook){ .title = "T", .n_sheets = 2, .sheets = m->sheets };
}

static int exists(const char *path) { return access(path, F_OK) == 0; }

static size_t read_file(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(out, 1, room, file) : 0;
    if (file)
        fclose(file);
    return n;
}

static oss_status write_to(const model *m, const char *path, oss_error *err)
{
    const oss_status status = oss_workbook_write(&m->book, temporary, path, NULL, err);
    CHECK(!exists(temporary));
    return status;
}

static void test_same_model_same_bytes(void)
{
    static char a[100000], b[100000];
    model m;
    oss_error err = OSS_ERROR_INIT;
    fill(&m);
    CHECK(write_to(&m, target, &err) == OSS_OK);
    CHECK(write_to(&m, second, &err) == OSS_OK);
    const size_t n = read_file(target, a, sizeof a);
    CHECK(n > 1000 && n < sizeof a && memcmp(a, "PK", 2) == 0);
    CHECK(read_file(second, b, sizeof b) == n && memcmp(a, b, n) == 0);
}

static void test_layout(void)
{
    model m;
    oss_layout *layout = NULL;
    fill(&m);
    CHECK(oss_layout_new(&m.book, NULL, &layout, NULL) == OSS_OK);
    const oss_sheet_layout *one = &layout->sheets[0];
    CHECK(one->header == 1 && one->frozen == 2 && !one->constant_memory && one->n_columns == 5);
    CHECK(one->blocks[1].list_object && one->blocks[1].n_rows == 5);
    CHECK(one->blocks[2].row == 7 && one->blocks[2].n_rows == 1);
    CHECK(one->blocks[3].row == 9 && one->blocks[4].row == 11 && one->blocks[4].n_rows == 15);
    CHECK(one->note_width >= OSS_NOTE_WIDTH - 5);
    oss_layout_free(layout);

    m.chart.beside = 1;
    CHECK(oss_layout_new(&m.book, NULL, &layout, NULL) == OSS_OK);
    CHECK(layout->sheets[0].blocks[4].row == 2 && layout->sheets[0].blocks[4].column == 6);
    oss_layout_free(layout);

    m.columns[4].name = "NUMBER"; /* headers of a list object differ, case apart */
    CHECK(oss_layout_new(&m.book, NULL, &layout, NULL) == OSS_OK);
    CHECK(!layout->sheets[0].blocks[1].list_object);
    oss_layout_free(layout);
    oss_layout_free(NULL);
}

static void refuse(model *m, size_t index, const char *part)
{
    oss_error err = OSS_ERROR_INIT;
    CHECK(write_to(m, second, &err) == OSS_EINVAL);
    CHECK(err.index == index);
    CHECK(strstr(err.text, part) != NULL);
    if (!strstr(err.text, part))
        fprintf(stderr, "   %s\n", err.text);
    CHECK(!exists(second));
    fill(m);
}

static void test_bad_models(void)
{
    static const char *const bad_words[] = { "fine", "fine", "\xC3(", "fine" };
    model m;
    remove(second);
    fill(&m);
    static const char *const names[] = {
        "", "a/b", "'a", "a'", "History", "a\nb", "\xFF", "12345678901234567890123456789012"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        m.sheets[1].name = names[i];
        refuse(&m, 1, "sheet name");
    }
    m.sheets[1].name = "oNE";
    refuse(&m, 1, "used twice");
    m.columns[4].text = bad_words;
    refuse(&m, 2, "column `word` of sheet \"One\" holds text that is not valid UTF-8");
    m.columns[4].name = "w\001";
    refuse(&m, OSS_NO_INDEX, "control character");
    m.columns[0].formula = "={nothing}";
    refuse(&m, OSS_NO_INDEX, "names a column that the table has not");
    m.columns[0].formula = "={whole";
    refuse(&m, OSS_NO_INDEX, "names a column");
    m.columns[3].n_levels = 1;
    refuse(&m, 2, "code without a level");
    m.table.n_rows = OSS_MAX_ROWS;
    refuse(&m, OSS_NO_INDEX, "rows");
    m.table.n_columns = OSS_MAX_COLUMNS + 1;
    refuse(&m, OSS_NO_INDEX, "columns; a sheet holds 16,384");
    m.series[0].y = 2;
    refuse(&m, 0, "series without data");
    m.book.n_sheets = 0;
    refuse(&m, OSS_NO_INDEX, "needs a sheet");
    m.blocks[2].text = "\xFF";
    refuse(&m, OSS_NO_INDEX, "not valid UTF-8");
}

static void test_places_that_cannot_be_written(void)
{
    model m;
    oss_error err = OSS_ERROR_INIT;
    fill(&m);
    CHECK(oss_workbook_write(&m.book, "/nowhere/x", "/nowhere/y", NULL, &err) == OSS_EIO);
    CHECK(strstr(err.text, "/nowhere/y") != NULL);
    CHECK(write_to(&m, folder, &err) == OSS_EIO); /* the target is a folder */
    /* The temporary name is taken: another's file is not overwritten. */
    FILE *file = fopen(temporary, "w");
    fclose(file);
    CHECK(oss_workbook_write(&m.book, temporary, second, NULL, &err) == OSS_EIO);
    CHECK(exists(temporary) && !exists(second));
    remove(temporary);
}

static int stop(void *context, double fraction)
{
    CHECK(fraction >= 0 && fraction <= 1);
    return --*(int *) context <= 0;
}

/* Stopped at each poll in turn, also where rows go straight to a file. */
static void test_cancel(void)
{
    enum { n = 12000 };
    double *many = calloc(n, sizeof *many);
    model m;
    fill(&m);
    m.points[0].numbers = m.points[1].numbers = many;
    m.data.n_rows = n;
    m.series[0].sheet = 1;
    oss_status status = OSS_ECANCEL;
    int polls = 0;
    while (status == OSS_ECANCEL && polls < 100) {
        int left = ++polls;
        const oss_hook hook = { stop, &left };
        status = oss_workbook_write(&m.book, temporary, second, &hook, NULL);
        CHECK(!exists(temporary));
        CHECK(exists(second) == (status == OSS_OK));
    }
    CHECK(status == OSS_OK && polls > 15);
    remove(second);
    free(many);
}

static void test_each_allocation_may_fail(void)
{
    model m;
    oss_status status = OSS_ENOMEM;
    size_t k = 0;
    fill(&m);
    while (status == OSS_ENOMEM && k < 200) {
        (void) oss_fail_allocation(++k);
        status = oss_workbook_write(&m.book, temporary, second, NULL, NULL);
        CHECK(status == OSS_OK || status == OSS_ENOMEM);
        CHECK(!exists(temporary) && exists(second) == (status == OSS_OK));
    }
    (void) oss_fail_allocation(0);
    CHECK(status == OSS_OK && k > 10);
    remove(second);
}

/* A full disk, as a limit on the size of a file: the old file stays. The library notices when the
 * workbook itself is cut, but not when one of its parts was, which is larger here than the whole.
 */
static void test_full_disk(void)
{
    enum { n = 3000 };
    static char before[100000], after[100000];
    double *many = calloc(n, sizeof *many);
    model m;
    oss_error err = OSS_ERROR_INIT;
    struct rlimit old, small;
    fill(&m);
    m.points[0].numbers = m.points[1].numbers = many;
    m.data.n_rows = n;
    const size_t size = read_file(target, before, sizeof before);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    /* The library says on standard error what our status says. */
    fflush(stderr);
    const int noise = dup(STDERR_FILENO);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    int failures = 0, unnoticed = 0;
    for (rlim_t limit = 0; limit < 120000; limit += 4999) {
        small = old;
        small.rlim_cur = limit;
        setrlimit(RLIMIT_FSIZE, &small);
        const oss_status status = oss_workbook_write(&m.book, temporary, target, NULL, &err);
        setrlimit(RLIMIT_FSIZE, &old);
        CHECK(status == OSS_EIO || status == OSS_ENOMEM);
        failures += status != OSS_OK;
        unnoticed += strstr(err.text, "not written whole") != NULL;
        CHECK(!exists(temporary));
        CHECK(read_file(target, after, sizeof after) == size && memcmp(before, after, size) == 0);
    }
    fflush(stderr);
    dup2(noise, STDERR_FILENO);
    close(noise);
    CHECK(failures == 25 && unnoticed > 5);
    free(many);
}

static void test_whole(void)
{
    static unsigned char file[100000];
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_workbook_is_whole(target, &err) == OSS_OK);
    CHECK(oss_workbook_is_whole(second, &err) == OSS_EIO);
    FILE *in = fopen(target, "rb");
    const size_t n = fread(file, 1, sizeof file, in);
    fclose(in);
    /* Cut anywhere, or with a byte changed in a record or in packed data, it is not whole; nothing
     * is read out of bounds. */
    for (size_t cut = 0; cut < n; cut += 499) {
        FILE *out = fopen(second, "wb");
        fwrite(file, 1, cut, out);
        fclose(out);
        CHECK(oss_workbook_is_whole(second, &err) == OSS_EIO);
    }
    for (size_t at = 0; at < n; at += 97) {
        FILE *out = fopen(second, "wb");
        file[at] ^= 0x15;
        fwrite(file, 1, n, out);
        file[at] ^= 0x15;
        fclose(out);
        const oss_status status = oss_workbook_is_whole(second, &err);
        CHECK(status == OSS_OK || status == OSS_EIO);
    }
    remove(second);
}

static void test_text(void)
{
    oss_text_size size;
    CHECK(oss_text_measure("a\xC3\xA4\xE4\xB8\xAD\xF0\x9F\xA6\xB4\nx", &size));
    CHECK(size.units == 7 && size.width == 6 && size.lines == 2 && !size.control);
    static const char *const bad[] = {
        "\x80",         "\xC0\x80",     "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xC3",         "a\xE4\xB8"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!oss_text_measure(bad[i], &size));
    CHECK(oss_text_measure("a\rb", &size) && size.control);

    const char *next = "one two  threefour\n\nend";
    static const char *const lines[] = { "one", "two", "three", "four", "", "end" };
    for (size_t i = 0; i < 6; i++) {
        const char *start = next, *end = oss_text_line(start, 5, &next);
        CHECK(strlen(lines[i]) == (size_t) (end - start) &&
              strncmp(start, lines[i], (size_t) (end - start)) == 0);
        CHECK((next == NULL) == (i == 5));
        if (!next)
            break;
    }
    const char *wide = "\xE4\xB8\xAD";
    CHECK(oss_text_line(wide, 1, &next) == wide + 3 &&
          !next); /* too wide, but it has to go somewhere */

    char out[64];
    CHECK(oss_text_has_escape("a_x00e4_") && !oss_text_has_escape("_x00g4_") &&
          !oss_text_has_escape("_x"));
    oss_text_escape("_x0041_x0042_", out);
    CHECK(strcmp(out, "_x005F_x0041_x005F_x0042_") == 0);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 2;
    snprintf(target, sizeof target, "%s/target.xlsx", folder);
    snprintf(second, sizeof second, "%s/second.xlsx", folder);
    snprintf(temporary, sizeof temporary, "%s/temporary", folder);
    test_text();
    test_layout();
    test_same_model_same_bytes();
    test_bad_models();
    test_places_that_cannot_be_written();
    test_cancel();
    test_each_allocation_may_fail();
    test_whole();
    test_full_disk();
    remove(target);
    CHECK(rmdir(folder) == 0); /* nothing was left behind */
    return check_report();
}
