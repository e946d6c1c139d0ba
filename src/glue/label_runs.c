#include "glue.h"
#include "entries.h"

#include <R_ext/Altrep.h>
#include <R_ext/Rdynload.h>

/* The labels of strata and causes beside a long curve: runs of equal strings, kept as the labels
 * and the ends of their runs. As a plain vector of a million strings they would take a tenth of the
 * time of the curve, and more in every garbage collection after it. data1: list(labels, ends);
 * data2: NULL, or the plain vector once R has asked for one. */
static R_altrep_class_t label_runs;

static SEXP ends_of(SEXP x) { return VECTOR_ELT(R_altrep_data1(x), 1); }

static R_xlen_t runs_length(SEXP x)
{
    const SEXP ends = ends_of(x);
    return XLENGTH(ends) ? (R_xlen_t) REAL(ends)[XLENGTH(ends) - 1] : 0;
}

static SEXP runs_elt(SEXP x, R_xlen_t i)
{
    const SEXP plain = R_altrep_data2(x);
    if (plain != R_NilValue)
        return STRING_ELT(plain, i);
    const double *ends = REAL(ends_of(x));
    R_xlen_t lo = 0, hi = XLENGTH(ends_of(x)) - 1;
    while (lo < hi) {
        const R_xlen_t mid = lo + (hi - lo) / 2;
        if ((double) i < ends[mid])
            hi = mid;
        else
            lo = mid + 1;
    }
    return STRING_ELT(VECTOR_ELT(R_altrep_data1(x), 0), lo);
}

static SEXP runs_plain(SEXP x)
{
    SEXP plain = R_altrep_data2(x);
    if (plain != R_NilValue)
        return plain;
    const SEXP labels = VECTOR_ELT(R_altrep_data1(x), 0);
    const double *ends = REAL(ends_of(x));
    plain = PROTECT(Rf_allocVector(STRSXP, runs_length(x)));
    for (R_xlen_t run = 0, i = 0; run < XLENGTH(labels); run++)
        for (; (double) i < ends[run]; i++)
            SET_STRING_ELT(plain, i, STRING_ELT(labels, run));
    R_set_altrep_data2(x, plain);
    UNPROTECT(1);
    return plain;
}

static void runs_set_elt(SEXP x, R_xlen_t i, SEXP value)
{
    SET_STRING_ELT(runs_plain(x), i, value);
}

static void *runs_pointer(SEXP x, Rboolean writable)
{
    (void) writable;
    return (void *) STRING_PTR_RO(runs_plain(x));
}

static const void *runs_pointer_or_null(SEXP x)
{
    const SEXP plain = R_altrep_data2(x);
    return plain == R_NilValue ? NULL : (const void *) STRING_PTR_RO(plain);
}

void glue_label_runs_init(DllInfo *dll)
{
    label_runs = R_make_altstring_class("label_runs", "osseosurv", dll);
    R_set_altrep_Length_method(label_runs, runs_length);
    R_set_altvec_Dataptr_method(label_runs, runs_pointer);
    R_set_altvec_Dataptr_or_null_method(label_runs, runs_pointer_or_null);
    R_set_altstring_Elt_method(label_runs, runs_elt);
    R_set_altstring_Set_elt_method(label_runs, runs_set_elt);
}

/* labels repeated; ends: double, the position (from 1) of the last element of each run. Read-only
 * until it is copied; saved as a plain vector. */
SEXP ffi_label_runs(SEXP labels, SEXP ends)
{
    if (TYPEOF(labels) != STRSXP)
        Rf_error("internal: `labels` must be of type character");
    glue_doubles(ends, XLENGTH(labels), "ends");
    static const char *const names[] = { "labels", "ends" };
    const SEXP values[] = { labels, ends };
    SEXP data = PROTECT(glue_list(2, names, values));
    SEXP x = R_new_altrep(label_runs, data, R_NilValue);
    UNPROTECT(1);
    return x;
}
