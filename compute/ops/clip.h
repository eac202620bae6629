/* Clip: min and max are attributes before opset 11, optional inputs 1 and 2 from then on. */
#ifndef CX_CLIP_H
#define CX_CLIP_H

#include <stdbool.h>

#include "graph/graph.h"
#include "ops/op.h"

extern const struct cx_op_impl cx_op_clip, cx_op_unary;

/* node->attrs; used before opset 11 only */
struct cx_clip {
    float min, max; /* the type's whole range unless given */
};

/* The bounds as numbers, infinite where a side is open; false when they are not constants. */
bool cx_clip_bounds(const struct cx_graph *graph, const struct cx_node *node, float *ret_min,
                    float *ret_max);

#endif
