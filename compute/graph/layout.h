/* Gives the values of a bound graph the layouts that kernels want, with Reorder nodes between
 * neighbours that disagree, or Relabel nodes, which cost nothing, where both have the same bytes.
 */
#ifndef CX_LAYOUT_H
#define CX_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "graph/tensor.h"

/* The layouts of a node's operands. All zero: everything PLAIN. */
struct cx_layouts {
    enum cx_layout input;  /* of input 0 */
    enum cx_layout output; /* of output 0, and of the epilogue's residual */
    bool all_inputs;       /* the other inputs are like input 0; else they are PLAIN */
    bool all_outputs;      /* the other outputs are like output 0; else they are PLAIN */
};

/* One question of the pass. */
struct cx_layout_query {
    const struct cx_device_info *device;
    const struct cx_graph *graph;
    const struct cx_node *node;
    const uint32_t (*forms)[CX_LAYOUT_COUNT]; /* for cx_layout_at_hand */
    bool block_all;                           /* see cx_graph_layout */
};

/* Answers for one node. A blocked layout is for operands of rank 2 and more, of types of whole
 * bytes; others stay PLAIN whatever the answer. So do inputs that are constants. */
typedef struct cx_layouts cx_layout_fn(const struct cx_layout_query *query);

/* The blocked layout of a device: a block is a float vector, 8 or 16 channels. */
enum cx_layout cx_layout_blocked(const struct cx_device_info *device);

/* The blocked layout in which input I of the node exists already; PLAIN when there is none. An
 * operator that is as good in any layout follows it, and doesn't ask for one of its own. */
enum cx_layout cx_layout_at_hand(const struct cx_layout_query *query, uint32_t i);

/* For operators that work on element i of every input for element i of the output: what is at hand
 * for any of the inputs that have the output's shape; PLAIN where FINITE is false, because the
 * operator may make something else of finite padding, and the last block isn't full. */
struct cx_layouts cx_layouts_follow(const struct cx_layout_query *query, bool finite);

/* Inputs and outputs of the graph stay PLAIN. Values may be added. The graph is unchanged when
 * every node wants PLAIN. With BLOCK_ALL, for tests, cx_layout_at_hand says the device's blocked
 * layout for every input that could have it. */
enum cx_status cx_graph_layout(struct cx_graph *graph, cx_layout_fn *want,
                               const struct cx_device_info *device, bool block_all,
                               struct cx_error *error);

/* For a graph with its layouts: finds the Concat nodes that can leave input 0 where it lies and put
 * the others behind it, and sets their `grows`. */
enum cx_status cx_graph_grow(struct cx_graph *graph, struct cx_error *error);

#endif
