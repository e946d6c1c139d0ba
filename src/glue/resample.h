#ifndef OSS_GLUE_RESAMPLE_H
#define OSS_GLUE_RESAMPLE_H

#include "glue.h"

/* From resampling() in R/resample.R: two whole numbers below 2^32; threads wanted, NA: as many as
 * OpenMP gives. In a forked child always 1 thread. */
uint64_t glue_seed(SEXP seed);
int glue_threads(SEXP threads);

#endif
