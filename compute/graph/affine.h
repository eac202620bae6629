/* Nodes that come down to y = scale[c] * x + shift[c], a constant scale and shift a channel (axis
 * 1): batch normalization, and sums, differences, products and quotients with constants. */
#ifndef CX_GRAPH_AFFINE_H
#define CX_GRAPH_AFFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"

struct cx_affine {
    uint32_t x;       /* the value that is scaled and shifted */
    int64_t channels; /* numbers there are of either; 1 also for a number for all channels */
};

/* Ranks of values as far as they follow without input shapes, 0 where they don't; by value, in
 * graph->arena, NULL on no memory. */
uint32_t *cx_affine_ranks(struct cx_graph *graph);

/* Whether a node is one of these. */
bool cx_affine_of(const struct cx_graph *graph, const uint32_t *ranks, const struct cx_node *node,
                  struct cx_affine *ret_affine);

/* Scale and shift of channel C, which may pass affine->channels where that is 1. */
double cx_affine_at(const struct cx_graph *graph, const struct cx_node *node,
                    const struct cx_affine *affine, int64_t c, double *ret_shift);

#endif
