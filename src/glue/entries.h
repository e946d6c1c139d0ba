#ifndef OSS_ENTRIES_H
#define OSS_ENTRIES_H

/* Every .Call entry, in one place for registration. */

#include <Rinternals.h>

#endif
