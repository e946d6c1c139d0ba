#ifndef OSS_GLUE_H
#define OSS_GLUE_H

/* Between R and the core: types, views, conditions, interrupts. A .Call entry reads, computes,
 * builds; R may jump while it reads and builds, so nothing but R-owned memory is live then, and no
 * R function is called while the core computes. */

#include "../core/status.h"

#ifndef R_NO_REMAP
#define R_NO_REMAP
#endif
#ifndef STRICT_R_HEADERS
#define STRICT_R_HEADERS
#endif
#include <R.h>
#include <Rinternals.h>

/* Raises the core's error as an R condition of its class; does not return. */
_Noreturn void oss_raise(const oss_error *err);

/* Views of R vectors of a given type and length (any length where `length` is OSS_ANY_LENGTH).
 * A wrong type or length is a fault of the package, not of its user: a plain R error. NULL in R
 * gives a NULL pointer from the _or_null forms. */
#define OSS_ANY_LENGTH ((R_xlen_t) -1)
const double *glue_doubles(SEXP x, R_xlen_t length, const char *name);
const double *glue_doubles_or_null(SEXP x, R_xlen_t length, const char *name);
const int *glue_ints(SEXP x, R_xlen_t length, const char *name);
const int *glue_ints_or_null(SEXP x, R_xlen_t length, const char *name);
double glue_double(SEXP x, const char *name);
int glue_int(SEXP x, const char *name);
size_t glue_size(SEXP x, const char *name); /* a count in a double, >= 0 */

/* R-owned scratch memory, gone when the .Call returns; checks that n * size does not overflow. */
void *glue_scratch(size_t n, size_t size);

/* The core's "does not exist" is NaN; R's is NA. */
void glue_nan_to_na(SEXP x);

/* Work memory of the given size, outside R's heap if large: inside it would set off a garbage
 * collection of everything, which takes longer than a curve of a million rows. Protect what
 * glue_work_new returns and give it back by glue_work_free; after an error its finalizer does. */
SEXP glue_work_new(size_t bytes);
void *glue_work(SEXP work);
void glue_work_free(SEXP work);

/* A double vector of n elements, not set. The caller protects it. */
SEXP glue_new_doubles(size_t n);

/* The list list(name = value, ...). The caller protects the values; the result is unprotected. */
SEXP glue_list(int n, const char *const *names, const SEXP *values);

/* A hook that stops on a user interrupt, without jumping out of the core. */
oss_hook glue_interrupt_hook(void);

#endif
