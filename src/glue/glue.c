#include "glue.h"

#include <limits.h>
#include <math.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

static const char *condition_of(oss_status code)
{
    switch (code) {
    case OSS_ENOMEM:
        return "memory";
    case OSS_ENOCONV:
        return "convergence";
    case OSS_ECANCEL:
        return "cancelled";
    case OSS_EIO:
        return "io";
    default:
        return "invalid";
    }
}

void oss_raise(const oss_error *err)
{
    SEXP home = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("osseosurv"))));
    SEXP index = PROTECT(Rf_ScalarReal(err->index == OSS_NO_INDEX ? NA_REAL : (double) err->index));
    SEXP call =
        PROTECT(Rf_lang4(Rf_install("abort_core"), PROTECT(Rf_mkString(condition_of(err->code))),
                         PROTECT(Rf_mkString(err->text)), index));
    Rf_eval(call, home);
    Rf_error("unreachable: abort_core() returned"); /* only to satisfy _Noreturn */
}

static void check_type(SEXP x, SEXPTYPE type, R_xlen_t length, const char *name)
{
    if ((SEXPTYPE) TYPEOF(x) != type)
        Rf_error("internal: `%s` must be of type %s, not %s", name, Rf_type2char(type),
                 Rf_type2char(TYPEOF(x)));
    if (length != OSS_ANY_LENGTH && XLENGTH(x) != length)
        Rf_error("internal: `%s` must have length %lld, not %lld", name, (long long) length,
                 (long long) XLENGTH(x));
}

const double *glue_doubles(SEXP x, R_xlen_t length, const char *name)
{
    check_type(x, REALSXP, length, name);
    return REAL_RO(x);
}

const double *glue_doubles_or_null(SEXP x, R_xlen_t length, const char *name)
{
    return Rf_isNull(x) ? NULL : glue_doubles(x, length, name);
}

const int *glue_ints(SEXP x, R_xlen_t length, const char *name)
{
    if (TYPEOF(x) == LGLSXP)
        check_type(x, LGLSXP, length, name);
    else
        check_type(x, INTSXP, length, name);
    return TYPEOF(x) == LGLSXP ? LOGICAL_RO(x) : INTEGER_RO(x);
}

const int *glue_ints_or_null(SEXP x, R_xlen_t length, const char *name)
{
    return Rf_isNull(x) ? NULL : glue_ints(x, length, name);
}

double glue_double(SEXP x, const char *name) { return glue_doubles(x, 1, name)[0]; }

int glue_int(SEXP x, const char *name) { return glue_ints(x, 1, name)[0]; }

size_t glue_size(SEXP x, const char *name)
{
    const double value = glue_double(x, name);
    if (!(value >= 0 && value <= 9007199254740992.0 && value == floor(value)))
        Rf_error("internal: `%s` must be a count", name);
    return (size_t) value;
}

/* Asks for large pages under a large block: its first touch then costs one fault per 2 MiB, not
 * 512, which is a quarter of the time of a curve of a million rows. Only advice: it may fail. */
static void advise_large(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t) 1 << 21;
    const uintptr_t lo = ((uintptr_t) block + page - 1) & ~(page - 1);
    const uintptr_t hi = ((uintptr_t) block + bytes) & ~(page - 1);
    if (hi > lo)
        (void) madvise((void *) lo, hi - lo, MADV_HUGEPAGE);
#else
    (void) block;
    (void) bytes;
#endif
}

void glue_work_free(SEXP work)
{
    if (TYPEOF(work) == EXTPTRSXP) {
        oss_free(R_ExternalPtrAddr(work));
        R_ClearExternalPtr(work);
    }
}

SEXP glue_work_new(size_t bytes)
{
    enum { LARGE = 1 << 20 };
    if (bytes < LARGE)
        return Rf_allocVector(RAWSXP, (R_xlen_t) bytes);
    /* The finalizer first, then the memory: nothing between them can jump. */
    SEXP work = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizer(work, glue_work_free);
    void *block = oss_calloc(bytes, 1);
    if (block == NULL) {
        const oss_error err = { OSS_ENOMEM, OSS_NO_INDEX, "not enough memory" };
        oss_raise(&err);
    }
    R_SetExternalPtrAddr(work, block);
    advise_large(block, bytes);
    UNPROTECT(1);
    return work;
}

void *glue_work(SEXP work)
{
    return TYPEOF(work) == EXTPTRSXP ? R_ExternalPtrAddr(work) : RAW(work);
}

SEXP glue_new_doubles(size_t n)
{
    SEXP x = Rf_allocVector(REALSXP, (R_xlen_t) n);
    advise_large(REAL(x), n * sizeof(double));
    return x;
}

void *glue_scratch(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) {
        const oss_error err = { OSS_ENOMEM, OSS_NO_INDEX, "not enough memory" };
        oss_raise(&err);
    }
    const size_t bytes = n * size;
    /* R_alloc counts elements in size_t but their size in int. */
    void *block = R_alloc(bytes ? bytes : 1, 1);
    advise_large(block, bytes);
    return block;
}

void glue_nan_to_na(SEXP x)
{
    double *values = REAL(x);
    const R_xlen_t n = XLENGTH(x);
    for (R_xlen_t i = 0; i < n; i++)
        if (isnan(values[i]))
            values[i] = NA_REAL;
}

SEXP glue_list(int n, const char *const *names, const SEXP *values)
{
    SEXP list = PROTECT(Rf_allocVector(VECSXP, n));
    SEXP labels = PROTECT(Rf_allocVector(STRSXP, n));
    for (int i = 0; i < n; i++) {
        SET_VECTOR_ELT(list, i, values[i]);
        SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
    }
    Rf_setAttrib(list, R_NamesSymbol, labels);
    UNPROTECT(2);
    return list;
}

static void check_interrupt(void *unused)
{
    (void) unused;
    R_CheckUserInterrupt();
}

/* R_ToplevelExec keeps the jump inside: the core sees a return value. */
static int poll_interrupt(void *context, double fraction)
{
    (void) context;
    (void) fraction;
    return R_ToplevelExec(check_interrupt, NULL) == FALSE;
}

oss_hook glue_interrupt_hook(void)
{
    const oss_hook hook = { poll_interrupt, NULL };
    return hook;
}
