/* CLBlast, loaded when a device first has use for it: most processes have none, and it brings the
 * C++ runtime along. */
#ifndef CX_DEVICE_BLAST_LIBRARY_H
#define CX_DEVICE_BLAST_LIBRARY_H

#include <clblast_c.h>

#define CX_BLAST_FUNCTIONS(X) \
    X(ClearCache)             \
    X(SGemmTempBufferSize)    \
    X(DGemmTempBufferSize)    \
    X(SgemmWithTempBuffer)    \
    X(DgemmWithTempBuffer)    \
    X(SgemmStridedBatched)    \
    X(DgemmStridedBatched)

struct cx_blast {
#define CX_BLAST_MEMBER(name) __typeof__(CLBlast##name) *name;
    CX_BLAST_FUNCTIONS(CX_BLAST_MEMBER)
#undef CX_BLAST_MEMBER
};

/* Loads it at the first call. NULL: this host has none that fits. Any thread; it stays loaded. */
const struct cx_blast *cx_blast_library(void);

#endif
