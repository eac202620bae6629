/* The OpenCL sources under kernels/, embedded at build time. */
#ifndef CX_SOURCE_H
#define CX_SOURCE_H

#include <stdint.h>

struct cx_source {
    const char *name;          /* the path under kernels/: "cpu/conv.cl" */
    const unsigned char *text; /* terminated; #include "…" lines are already replaced */
};

/* NULL when there is no such file. */
const struct cx_source *cx_source_find(const char *name);

/* Of all sources, so that what was measured with others can be told. */
uint64_t cx_sources_hash(void);

/* Written by embed.cmake; the last has name NULL. */
extern const struct cx_source cx_sources[];

#endif
