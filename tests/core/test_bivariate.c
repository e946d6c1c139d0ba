#include "check.h"
#include "../../src/core/bivariate.h"
#include "../../src/core/stream.h"

#include <stdlib.h>

/* Is the cell one that the rows covering it leave when they are intersected, and is that set of
 * rows maximal? Both by looking at every place. */
static int same_rows(const oss_bivariate *f, const oss_rectangle *a, const oss_rectangle *b)
{
    for (size_t i = 0; i < f->n; i++)
        if (oss_rectangle_covers(f->row + i, a) != oss_rectangle_covers(f->row + i, b))
            return 0;
    return 1;
}

static int holds(const oss_bivariate *f, const oss_rectangle *a, const oss_rectangle *b)
{
    for (size_t i = 0; i < f->n; i++)
        if (oss_rectangle_covers(f->row + i, b) && !oss_rectangle_covers(f->row + i, a))
            return 0;
    return 1;
}

static void check_cells(const oss_bivariate *f, uint32_t top)
{
    for (size_t c = 0; c < f->m; c++) {
        oss_rectangle all = { 0, 1000, 0, 1000 };
        for (size_t i = 0; i < f->n; i++) {
            const oss_rectangle *r = f->row + i;
            if (!oss_rectangle_covers(r, f->cell + c))
                continue;
            all.x0 = r->x0 > all.x0 ? r->x0 : all.x0;
            all.x1 = r->x1 < all.x1 ? r->x1 : all.x1;
            all.y0 = r->y0 > all.y0 ? r->y0 : all.y0;
            all.y1 = r->y1 < all.y1 ? r->y1 : all.y1;
        }
        CHECK(all.x0 == f->cell[c].x0 && all.x1 == f->cell[c].x1 && all.y0 == f->cell[c].y0 &&
              all.y1 == f->cell[c].y1);
    }
    /* Every point's rows are among those of a cell, and no cell's rows among those of another. */
    for (uint32_t x = 0; x <= top; x++)
        for (uint32_t y = 0; y <= top; y++) {
            const oss_rectangle point = { x, x, y, y };
            int found = 0;
            for (size_t c = 0; c < f->m && !found; c++)
                found = holds(f, f->cell + c, &point);
            CHECK(found);
        }
    for (size_t c = 0; c < f->m; c++)
        for (size_t d = 0; d < f->m; d++)
            CHECK(c == d ||
                  (!holds(f, f->cell + d, f->cell + c) && !same_rows(f, f->cell + c, f->cell + d)));
}

static void check_optimum(const oss_bivariate *f)
{
    double sum = 0, total = 0, value = 0;
    for (size_t c = 0; c < f->m; c++) {
        CHECK(f->mass[c] >= 0);
        sum += f->mass[c];
    }
    CHECK_NEAR(sum, 1, 1e-12);
    for (size_t i = 0; i < f->n; i++) {
        double covered = 0;
        for (size_t c = 0; c < f->m; c++)
            covered += oss_rectangle_covers(f->row + i, f->cell + c) ? f->mass[c] : 0;
        value += f->weight[i] * log(covered);
        total += f->weight[i];
    }
    CHECK_NEAR(f->loglik, value, 1e-11);
    CHECK(f->converged && f->kkt <= 1e-9);
    for (size_t c = 0; c < f->m; c++) {
        double d = 0;
        for (size_t i = 0; i < f->n; i++) {
            double covered = 0;
            for (size_t k = 0; k < f->m; k++)
                covered += oss_rectangle_covers(f->row + i, f->cell + k) ? f->mass[k] : 0;
            d += oss_rectangle_covers(f->row + i, f->cell + c) ? f->weight[i] / covered : 0;
        }
        CHECK(d <= total * (1 + 1e-9));
    }
}

static void test_random_rectangles(void)
{
    oss_stream stream = oss_stream_new(12, 0);
    for (int k = 0; k < 150; k++) {
        const size_t n = 1 + oss_stream_below(&stream, 12);
        const uint32_t top = 2 + oss_stream_below(&stream, 9);
        oss_rectangle row[12];
        double weight[12];
        for (size_t i = 0; i < n; i++) {
            row[i].x0 = oss_stream_below(&stream, top);
            row[i].x1 = row[i].x0 + oss_stream_below(&stream, top - row[i].x0 + 1);
            row[i].y0 = oss_stream_below(&stream, top);
            row[i].y1 = row[i].y0 + oss_stream_below(&stream, top - row[i].y0 + 1);
            weight[i] = 1 + oss_stream_below(&stream, 3);
        }
        oss_error err = OSS_ERROR_INIT;
        oss_bivariate *fit;
        CHECK(oss_bivariate_new(n, row, weight, &fit, &err) == OSS_OK);
        CHECK(oss_bivariate_solve(fit, 1e-9, 500, NULL, &err) == OSS_OK);
        check_cells(fit, top);
        check_optimum(fit);
        oss_bivariate_free(fit);
    }
}

/* Four rectangles around a hole: two solutions' worth of freedom, one likelihood (1/4 of each
 * pair). */
static void test_masses_need_not_be_unique(void)
{
    const oss_rectangle row[4] = { { 0, 4, 0, 1 }, { 0, 4, 3, 4 }, { 0, 1, 0, 4 }, { 3, 4, 0, 4 } };
    oss_error err = OSS_ERROR_INIT;
    oss_bivariate *fit;
    CHECK(oss_bivariate_new(4, row, NULL, &fit, &err) == OSS_OK);
    CHECK(fit->m == 4);
    CHECK(oss_bivariate_solve(fit, 1e-12, 100, NULL, &err) == OSS_OK);
    CHECK_NEAR(fit->loglik, 4 * log(0.5), 1e-12);
    for (int c = 0; c < 4; c++)
        CHECK_NEAR(fit->gradient[c], 4, 1e-9);
    oss_bivariate_free(fit);
}

static void test_memory_and_refusals(void)
{
    const oss_rectangle row[3] = { { 0, 4, 0, 1 }, { 2, 6, 1, 4 }, { 5, 9, 0, 3 } },
                        bad[2] = { { 0, 4, 0, 1 }, { 3, 2, 0, 1 } };
    oss_error err = OSS_ERROR_INIT;
    oss_bivariate *fit;
    CHECK(oss_bivariate_new(0, row, NULL, &fit, &err) == OSS_EINVAL && fit == NULL);
    CHECK(oss_bivariate_new(2, bad, NULL, &fit, &err) == OSS_EINVAL && err.index == 1);
    const double nothing[3] = { 1, 0, 1 };
    CHECK(oss_bivariate_new(3, row, nothing, &fit, &err) == OSS_EINVAL && err.index == 1);
    oss_bivariate_free(NULL);
    int failures = 0;
    for (size_t k = 1;; k++) {
        (void) oss_fail_allocation(k);
        oss_status status = oss_bivariate_new(3, row, NULL, &fit, &err);
        if (status == OSS_OK)
            status = oss_bivariate_solve(fit, 1e-9, 100, NULL, &err);
        (void) oss_fail_allocation(0);
        oss_bivariate_free(fit);
        if (status == OSS_OK)
            break;
        CHECK(status == OSS_ENOMEM);
        failures++;
    }
    CHECK(failures > 15);
    oss_rectangle *many = malloc((OSS_RECTANGLES_MOST + 1) * sizeof *many);
    for (uint32_t i = 0; many && i <= OSS_RECTANGLES_MOST; i++) {
        const oss_rectangle one = { i, i + 1, 0, 1 };
        many[i] = one;
    }
    CHECK(many && oss_bivariate_new(OSS_RECTANGLES_MOST + 1, many, NULL, &fit, &err) == OSS_EINVAL);
    free(many);
}

int main(void)
{
    test_random_rectangles();
    test_masses_need_not_be_unique();
    test_memory_and_refusals();
    return check_report();
}
