/* Names of values to their ids while a graph is built. */
#ifndef CX_NAMES_H
#define CX_NAMES_H

#include <stdint.h>

#include "cx.h"
#include "graph/arena.h"

struct cx_names {
    struct cx_arena *arena;
    struct cx_names_slot *slots;
    uint32_t count, capacity; /* capacity is a power of two */
};

/* NAME must outlive the map and not be in it yet. CX_MEMORY when there is none left. */
enum cx_status cx_names_add(struct cx_names *names, const char *name, uint32_t id);

/* CX_VALUE_NONE when there is none of that name. */
uint32_t cx_names_find(const struct cx_names *names, const char *name);

#endif
