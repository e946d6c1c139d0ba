#include "resample.h"

#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>

/* GNU OpenMP's pool does not survive a fork: a second thread in the child would wait for ever. */
static int forked;

static void note_fork(void) { forked = 1; }
#endif

uint64_t glue_seed(SEXP seed)
{
    const double *words = glue_doubles(seed, 2, "seed");
    return (uint64_t) words[0] << 32 | (uint64_t) words[1];
}

int glue_threads(SEXP threads)
{
    const int wanted = glue_int(threads, "threads");
#ifdef _OPENMP
    static int watching;
    if (!watching)
        watching = pthread_atfork(NULL, NULL, note_fork) == 0;
    if (forked)
        return 1;
    const int most = omp_get_max_threads();
    return wanted == NA_INTEGER || wanted > most ? most : wanted;
#else
    return wanted == NA_INTEGER ? 1 : wanted;
#endif
}
