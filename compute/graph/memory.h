/* The static memory plan: where values and scratch lie, given when each is needed. Pure
 * arithmetic, no device. */
#ifndef CX_MEMORY_H
#define CX_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"

#define CX_STORAGE_NONE UINT32_MAX

/* Bytes that are needed from the start of step `first` to the end of step `last`. */
struct cx_storage {
    uint64_t bytes; /* over 0 */
    uint32_t first, last;
    uint32_t block; /* set by cx_memory_place */
    uint64_t offset;
};

/* Places storages that are needed at the same time apart from each other, in as few and small
 * blocks as the greedy order finds; none over block_bytes_max. Offsets are multiples of align (a
 * power of two). ret_blocks takes the bytes of each block, room for n of them. CX_LIMIT when one
 * storage alone is over the maximum, CX_MEMORY. */
enum cx_status cx_memory_place(struct cx_storage *storages, uint32_t n, uint64_t align,
                               uint64_t block_bytes_max, uint64_t *ret_blocks,
                               uint32_t *ret_block_n);

/* Which values of a bound graph share bytes: aliases, and outputs that may overwrite a dying
 * input. Steps are node indices + 1; inputs are written in step 0, outputs read in node_count + 1.
 * storage_of has value_count entries, CX_STORAGE_NONE for constants, their aliases and values that
 * nothing computes; storages has room for value_count. constant_of[v] is the constant whose bytes a
 * value is, or CX_VALUE_NONE. */
enum cx_status cx_memory_values(const struct cx_graph *graph, uint32_t *storage_of,
                                uint32_t *constant_of, struct cx_storage *storages,
                                uint32_t *ret_storage_n);

#endif
