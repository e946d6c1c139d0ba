#include "glue.h"
#include "entries.h"
#include "../core/bivariate.h"
#include "../core/interval_table.h"

/* What the core allocated, owned by an external pointer, so that a jump of R frees it. */
typedef struct {
    oss_interval_table *x, *y;
    oss_bivariate *fit;
} owned;

static void release(SEXP pointer)
{
    owned *own = R_ExternalPtrAddr(pointer);
    if (!own)
        return;
    oss_interval_table_free(own->x);
    oss_interval_table_free(own->y);
    oss_bivariate_free(own->fit);
    oss_free(own);
    R_ClearExternalPtr(pointer);
}

/* The places of row i on an axis; a time that is not known at all may be anywhere. */
static void row_places(const oss_interval_table *t, size_t i, int known, uint32_t *lo, uint32_t *hi)
{
    const uint32_t d = t->row[i];
    *lo = known ? t->start[d] : 0;
    *hi = known ? t->end[d] : (uint32_t) (2 * t->n_time + 1);
}

static oss_status fit_rows(owned *own, const oss_interval_rows *x, const oss_interval_rows *y,
                           const int *x_known, const int *y_known, oss_rectangle *row,
                           double tolerance, const oss_hook *hook, oss_error *err)
{
    oss_status status = oss_interval_table_new(x, &own->x, err);
    if (status == OSS_OK)
        status = oss_interval_table_new(y, &own->y, err);
    if (status != OSS_OK)
        return status;
    for (size_t i = 0; i < x->n; i++) {
        row_places(own->x, i, x_known[i], &row[i].x0, &row[i].x1);
        row_places(own->y, i, y_known[i], &row[i].y0, &row[i].y1);
    }
    status = oss_bivariate_new(x->n, row, NULL, &own->fit, err);
    return status == OSS_OK ? oss_bivariate_solve(own->fit, tolerance, 1000, hook, err) : status;
}

/* list(x.left, x.right, y.left, y.right, mass, active, rows, fit): the maximal intersections;
 * active: can carry mass at the optimum; rows: a matrix cells x distinct rectangles, does the one
 * hold the other; fit: logLik, kkt, iterations, converged. x_known, y_known: is anything known of
 * that time?
 */
SEXP ffi_bivariate(SEXP x_left, SEXP x_right, SEXP x_known, SEXP y_left, SEXP y_right, SEXP y_known,
                   SEXP tolerance)
{
    const R_xlen_t n = XLENGTH(x_left);
    const oss_interval_rows x = { .n = (size_t) n,
                                  .left = glue_doubles(x_left, n, "x_left"),
                                  .right = glue_doubles(x_right, n, "x_right"),
                                  .n_stratum = 1 };
    const oss_interval_rows y = { .n = (size_t) n,
                                  .left = glue_doubles(y_left, n, "y_left"),
                                  .right = glue_doubles(y_right, n, "y_right"),
                                  .n_stratum = 1 };
    const int *xk = glue_ints(x_known, n, "x_known"), *yk = glue_ints(y_known, n, "y_known");
    const double enough = glue_double(tolerance, "tolerance");
    oss_rectangle *row = glue_scratch((size_t) n, sizeof *row);
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(pointer, release, TRUE);
    owned *own = oss_calloc(1, sizeof *own);
    if (!own) {
        (void) oss_no_memory(&err);
        oss_raise(&err);
    }
    R_SetExternalPtrAddr(pointer, own);
    if (fit_rows(own, &x, &y, xk, yk, row, enough, &hook, &err))
        oss_raise(&err);

    const oss_bivariate *fit = own->fit;
    const size_t m = fit->m;
    static const char *const names[] = { "x.left", "x.right", "y.left", "y.right",
                                         "mass",   "active",  "rows",   "fit" };
    SEXP values[8];
    for (int k = 0; k < 5; k++)
        values[k] = PROTECT(glue_new_doubles(m));
    values[5] = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t) m));
    values[6] = PROTECT(Rf_allocMatrix(LGLSXP, (int) m, (int) fit->n));
    values[7] = PROTECT(glue_new_doubles(4));
    double total = 0;
    for (size_t i = 0; i < fit->n; i++)
        total += fit->weight[i];
    for (size_t c = 0; c < m; c++) {
        const oss_rectangle *cell = fit->cell + c;
        REAL(values[0])[c] = oss_interval_time(own->x, cell->x0);
        REAL(values[1])[c] = oss_interval_time(own->x, cell->x1);
        REAL(values[2])[c] = oss_interval_time(own->y, cell->y0);
        REAL(values[3])[c] = oss_interval_time(own->y, cell->y1);
        REAL(values[4])[c] = fit->mass[c];
        LOGICAL(values[5])[c] = fit->mass[c] > 0 || fit->gradient[c] > total * (1 - 1e-7);
        for (size_t i = 0; i < fit->n; i++)
            LOGICAL(values[6])[i * m + c] = oss_rectangle_covers(fit->row + i, cell);
    }
    REAL(values[7])[0] = fit->loglik;
    REAL(values[7])[1] = fit->kkt;
    REAL(values[7])[2] = (double) fit->iterations;
    REAL(values[7])[3] = fit->converged;
    release(pointer);
    SEXP list = glue_list(8, names, values);
    UNPROTECT(9);
    return list;
}
