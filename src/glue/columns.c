#include "glue.h"
#include "entries.h"

#include <math.h>

/* 1-based position of the first time that is negative or not finite (infinite TRUE: Inf allowed); 0
 * if there is none. x: double. */
SEXP ffi_first_bad_time(SEXP x, SEXP infinite)
{
    const R_xlen_t n = XLENGTH(x);
    const double *value = glue_doubles(x, OSS_ANY_LENGTH, "x");
    const double highest = glue_int(infinite, "infinite") ? INFINITY : 1.7e308;
    for (R_xlen_t i = 0; i < n; i++)
        if (!(value[i] >= 0 && value[i] <= highest))
            return Rf_ScalarReal((double) i + 1);
    return Rf_ScalarReal(0);
}

/* Whether integers are codes 0 and 1 as they stand. */
static int are_codes(R_xlen_t n, const int *ints)
{
    unsigned all = 0;
    for (R_xlen_t i = 0; i < n; i++)
        all |= (unsigned) ints[i];
    return all < 2;
}

/* Integer codes 0 and 1 of a status given as 0/1, or 1/2 if there is a 2; a single number, the
 * 1-based position of the first fault, if it is neither. status: integer or double; itself if it
 * holds the codes. */
SEXP ffi_event_codes(SEXP status)
{
    const R_xlen_t n = XLENGTH(status);
    const int whole = TYPEOF(status) == INTSXP;
    const int *ints = whole ? glue_ints(status, n, "status") : NULL;
    const double *doubles = whole ? NULL : glue_doubles(status, n, "status");
    if (whole && are_codes(n, ints))
        return status;
    SEXP codes = PROTECT(Rf_allocVector(INTSXP, n));
    int *code = INTEGER(codes);
    unsigned seen = 0; /* bit by code */
    R_xlen_t bad = n;
    for (R_xlen_t i = 0; i < n && bad == n; i++) {
        const double value = whole ? ints[i] : doubles[i];
        code[i] = value == 0 ? 0 : value == 1 ? 1 : 2;
        seen |= 1u << code[i];
        if (code[i] == 2 && value != 2)
            bad = i;
    }
    if (bad == n && seen & 4u) {
        for (R_xlen_t i = 0; i < n && bad == n; i++)
            if (--code[i] < 0)
                bad = i;
    }
    UNPROTECT(1);
    return bad == n ? codes : Rf_ScalarReal((double) bad + 1);
}
