#ifndef OSS_ENTRIES_H
#define OSS_ENTRIES_H

/* Every .Call entry, in one place for registration. */

#include <Rinternals.h>

/* quantile.c */
SEXP ffi_beta_quantile(SEXP p, SEXP a, SEXP b, SEXP upper);
SEXP ffi_gamma_quantile(SEXP p, SEXP shape, SEXP upper);
SEXP ffi_tail(SEXP which, SEXP x, SEXP a, SEXP b, SEXP upper);
SEXP ffi_t_quantile(SEXP p, SEXP df);

#endif
