/* The passes over a loaded and sorted graph, which know no input shapes, and what they share with
 * binding. */
#ifndef CX_SIMPLIFY_H
#define CX_SIMPLIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "cx.h"
#include "graph/graph.h"
#include "ops/op.h"

/* Computes what follows from constants, folds batch normalization into convolutions, turns the
 * rest of it into ScaleShift, and drops nodes that change nothing or that no output needs. */
enum cx_status cx_graph_simplify(struct cx_graph *graph, struct cx_error *error);

/* ---- parts of it, each a pass of its own ---- */

/* Puts every node behind those that compute what it reads, and leaves an order that is right as
 * it is. CX_FORMAT when there is none. */
enum cx_status cx_graph_sort(struct cx_graph *graph, struct cx_error *error);

/* Identity, Dropout and other nodes that hand input 0 on: their readers read it directly. Those
 * that compute a graph output stay. */
void cx_graph_skip_identity(struct cx_graph *graph);

/* Batch normalization with constant parameters, and sums and products with constants a channel
 * behind it or behind a convolution. */
enum cx_status cx_graph_fold_batch_norm(struct cx_graph *graph, struct cx_error *error);

/* Nodes that no output depends on. */
enum cx_status cx_graph_drop_dead(struct cx_graph *graph, struct cx_error *error);

/* Shuffles of channels into one node each; shapes are known. */
enum cx_status cx_graph_fuse_shuffles(struct cx_graph *graph, struct cx_error *error);

/* Activations, sums and biases into the nodes that compute their operand; shapes are known. */
enum cx_status cx_graph_fuse(struct cx_graph *graph, struct cx_error *error);

/* Operators between DequantizeLinear and QuantizeLinear into integer ones; shapes are known, and no
 * DequantizeLinear of a constant was folded (see cx_node_folds_late). */
enum cx_status cx_graph_quantize(struct cx_graph *graph, struct cx_error *error);

/* How often each value is read, a graph output counting once; an array in graph->arena, NULL on
 * no memory. */
uint32_t *cx_graph_count_uses(struct cx_graph *graph);

/* For each value the index of the node that computes it, or UINT32_MAX; in graph->arena. */
uint32_t *cx_graph_find_makers(struct cx_graph *graph);

/* ---- running single nodes ---- */

/* Tensors for one node at a time, enough for any node of the graph. */
struct cx_frame {
    struct cx_tensor *in, *out;
    struct cx_call call;
    size_t budget_bytes; /* what cx_frame_fold may still read and write, in all */
};

enum cx_status cx_frame_init(struct cx_frame *frame, struct cx_graph *graph, size_t budget_bytes,
                             struct cx_error *error);

/* Whether every input is a constant, or needs only to have a shape for this operator. */
bool cx_node_is_constant(const struct cx_graph *graph, const struct cx_node *node);

/* Whether a constant node is left alone until cx_graph_quantize has seen it. */
bool cx_node_folds_late(const struct cx_node *node);

/* Fills the frame's inputs for the node and infers its outputs into the graph's values. */
enum cx_status cx_frame_infer(struct cx_frame *frame, struct cx_graph *graph,
                              const struct cx_node *node);

/* Computes an inferred node whose inputs are constants: its outputs become constants in
 * graph->arena, unless one takes over BYTES_MAX, the budget is spent, or the node is heavy and
 * HEAVY is false; *ret_folded says which. */
enum cx_status cx_frame_fold(struct cx_frame *frame, struct cx_graph *graph,
                             const struct cx_node *node, size_t bytes_max, bool heavy,
                             bool *ret_folded);

#endif
