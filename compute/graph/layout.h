/* Gives the values of a bound graph the layouts that kernels want, with Reorder nodes between
 * neighbours that disagree. */
#ifndef CX_LAYOUT_H
#define CX_LAYOUT_H

#include "cx.h"
#include "graph/graph.h"

/* The layout that a node's input 0, residual and output 0 should have; its other operands are
 * PLAIN. Not asked for operators with CX_OP_ANY_LAYOUT, which take what they get. */
typedef enum cx_layout cx_layout_fn(const void *context, const struct cx_graph *graph,
                                    const struct cx_node *node);

/* Inputs and outputs of the graph stay PLAIN. Values may be added. The graph is unchanged when
 * every node wants PLAIN. */
enum cx_status cx_graph_layout(struct cx_graph *graph, cx_layout_fn *want, const void *context,
                               struct cx_error *error);

#endif
