/* The preparation of one node, for the files that carry it out. */
#ifndef CX_PREPARE_H
#define CX_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/session.h"

struct cx_prepare {
    struct cx_session *session;
    const struct cx_graph *graph;
    uint32_t node;
    bool otherwise;
    struct cx_description *description;
    struct cx_error *err;
};

/* Room for one more element in a growing array of the description; NULL when memory is used up. */
void *cx_grow(void *array, uint32_t n, uint32_t *room, size_t size);

#endif
