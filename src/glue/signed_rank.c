#include "glue.h"
#include "entries.h"
#include "../core/signed_rank.h"

SEXP ffi_signed_rank(SEXP d, SEXP zeros, SEXP exact, SEXP tie, SEXP tail)
{
    const R_xlen_t n = XLENGTH(d);
    const double *d_ = glue_doubles(d, n, "d");
    const int zeros_ = glue_int(zeros, "zeros"), exact_ = glue_int(exact, "exact");
    const double tie_ = glue_double(tie, "tie"), tail_ = glue_double(tail, "tail");
    oss_signed_rank_result r;
    const oss_hook hook = glue_interrupt_hook();
    oss_error err = OSS_ERROR_INIT;
    if (oss_signed_rank((size_t) n, d_, (oss_zeros) zeros_, exact_, tie_, tail_, &r, &hook, &err) !=
        OSS_OK)
        oss_raise(&err);
    const char *const names[] = { "n.used",    "n.zero",   "statistic", "p.less",
                                  "p.greater", "estimate", "conf.low",  "conf.high" };
    const double value[] = { (double) r.n_used, (double) r.n_zero, r.statistic, r.p_less,
                             r.p_greater,       r.estimate,        r.low,       r.high };
    SEXP values[8];
    for (int i = 0; i < 8; i++)
        values[i] = PROTECT(Rf_ScalarReal(value[i]));
    SEXP out = glue_list(8, names, values);
    UNPROTECT(8);
    return out;
}
