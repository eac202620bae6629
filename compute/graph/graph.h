/* A model as values and nodes.
 *
 * Two stages. A loaded graph (from cx_onnx_load) is independent of input shapes: values that
 * depend on them have shape_known == false, a graph input carries its declared dims with -1 for
 * the ones that vary. cx_graph_bind() makes a bound graph from it for concrete input shapes: in
 * that one every value's dtype, shape, layout and bytes are known, nothing is left of shape
 * arithmetic, and it is what a plan is prepared from. Constants of a bound graph point into the
 * loaded graph, which must outlive it. A graph isn't changed once built, so any thread reads it. */
#ifndef CX_GRAPH_H
#define CX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/arena.h"
#include "graph/tensor.h"

struct cx_op;

/* The id of an optional input or output that is absent. */
#define CX_VALUE_NONE UINT32_MAX

struct cx_value {
    const char *name; /* never NULL, maybe empty */
    enum cx_dtype dtype;
    struct cx_shape shape;
    bool shape_known; /* false only in a loaded graph */
    bool rank_known;  /* of a loaded graph's input: whether shape says anything at all */
    enum cx_layout layout;
    const void *data;      /* a constant's elements, always PLAIN; NULL when computed by a run */
    bool data_private;     /* no other value shares these bytes and they may be written */
    bool in_file;          /* a float weight; only graph/weight.h reads its data */
    const double *factors; /* of a weight in a file: see cx_weight_scale; or NULL */
    size_t bytes;          /* in its layout; valid when shape_known */
};

enum cx_act {
    CX_ACT_NONE,
    CX_ACT_RELU,
    CX_ACT_CLIP,       /* alpha = low, beta = high */
    CX_ACT_LEAKY_RELU, /* alpha = slope */
    CX_ACT_SIGMOID,
    CX_ACT_TANH,
    CX_ACT_HARD_SWISH,
    CX_ACT_HARD_SIGMOID, /* max(0, min(1, alpha * x + beta)) */
    CX_ACT_COUNT
};

/* What is applied to a node's first output as it is stored: act(out + residual). Only nodes
 * whose op has CX_OP_EPILOGUE carry one; residual has the output's shape, dtype and layout. */
struct cx_epilogue {
    enum cx_act act;
    float alpha, beta;
    uint32_t residual; /* value id or CX_VALUE_NONE */
};

struct cx_node {
    const struct cx_op *op;
    const char *name;    /* as in the model, or the first output's name; never NULL */
    const void *attrs;   /* what op->impl->parse made of the attributes; see the op's header */
    uint64_t attrs_hash; /* cx_attr_set_hash of the attributes; 0 for nodes made without any */
    int32_t opset;       /* of the op's domain, decides between versions of its semantics */
    uint32_t input_count, output_count;
    uint32_t *inputs, *outputs; /* value ids or CX_VALUE_NONE */
    struct cx_epilogue epilogue;
    bool grows; /* output 0 is in input 0's memory and begins with it; see cx_graph_grow */
};

struct cx_graph {
    struct cx_arena arena; /* owns everything below, except what the owner owns */
    const char *name;
    struct cx_value *values;
    uint32_t value_count, value_capacity;
    struct cx_node *nodes; /* every node after those that compute its inputs */
    uint32_t node_count;
    uint32_t *inputs, *outputs; /* value ids; initializers are not inputs */
    uint32_t input_count, output_count;
    void *owner; /* the reader's message or mapping that constants point into */
    void (*owner_destroy)(void *owner);
};

/* One input of cx_graph_bind, in the order of graph->inputs. */
struct cx_bind_input {
    struct cx_shape shape;
    const void *data; /* not NULL: a constant of this plan (a shape, an axis), read until the
                         bound graph is destroyed */
};

struct cx_bind_options {
    bool fold_all; /* compute whatever follows from constants, of any size and cost: with data
                      for every input this runs the whole graph in the host reference */
    bool no_fuse;  /* leave activations and residual sums as nodes of their own */
};

/* Infers, folds, fuses. COUNT must be graph->input_count. OPTIONS may be NULL. Fails with
 * CX_SHAPE when an input doesn't match the declaration, CX_UNSUPPORTED or CX_FORMAT naming the
 * node. The caller owns *ret_bound: cx_graph_destroy it before GRAPH. Doesn't block. */
enum cx_status cx_graph_bind(const struct cx_graph *graph, const struct cx_bind_input *inputs,
                             uint32_t count, const struct cx_bind_options *options,
                             struct cx_graph **ret_bound, struct cx_error *error);

/* Takes NULL. */
void cx_graph_destroy(struct cx_graph *graph);

/* A value as a tensor, its data NULL unless it is a constant; dtype CX_DTYPE_UNDEFINED for
 * CX_VALUE_NONE. The data of a constant must not be written through it. */
struct cx_tensor cx_graph_tensor(const struct cx_graph *graph, uint32_t value);

/* Whether a run hands this value to its caller. */
bool cx_graph_is_output(const struct cx_graph *graph, uint32_t value);

/* ---- For readers and passes: building. ---- */

/* An empty graph, NULL on no memory. */
struct cx_graph *cx_graph_create(void);

/* Adds a value with a copy of NAME and every other field zero. */
enum cx_status cx_graph_add_value(struct cx_graph *graph, const char *name, uint32_t *ret_value);

/* Reads of a node: its inputs, then its epilogue's residual. Index I under cx_node_read_count. */
uint32_t cx_node_read_count(const struct cx_node *node);
uint32_t cx_node_read(const struct cx_node *node, uint32_t i);

#endif
