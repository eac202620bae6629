#include "graph/affine.h"

#include <math.h>
#include <stddef.h>

#include "ops/batch_norm.h"
#include "ops/binary.h"
#include "ops/number.h"
#include "ops/op.h"

enum { IN_X, IN_SCALE, IN_BIAS, IN_MEAN, IN_VAR, IN_COUNT };

/* Whether a node's operator stands in the same file as ID. */
static bool is_like(const struct cx_node *node, enum cx_op_id id)
{
    return node->op->impl == cx_ops[id].impl;
}

static uint32_t rank_of(const struct cx_graph *graph, const uint32_t *ranks,
                        const struct cx_node *node)
{
    static const enum cx_op_id keep[] = {
        CX_OP_ID_MaxPool, CX_OP_ID_Relu,   CX_OP_ID_Clip,   CX_OP_ID_BatchNormalization,
        CX_OP_ID_LRN,     CX_OP_ID_Concat, CX_OP_ID_Dropout};
    if (node->op == &cx_ops[CX_OP_ID_Conv])
        return graph->values[node->inputs[1]].data != NULL ? ranks[node->inputs[1]] : 0;
    if (is_like(node, CX_OP_ID_Add)) {
        uint32_t a = ranks[node->inputs[0]], b = ranks[node->inputs[1]];
        return a == 0 || b == 0 ? 0 : a > b ? a : b;
    }
    for (size_t i = 0; i < sizeof keep / sizeof keep[0]; i++)
        if (is_like(node, keep[i]))
            return ranks[node->inputs[0]];
    return 0;
}

uint32_t *cx_affine_ranks(struct cx_graph *graph)
{
    uint32_t *ranks = cx_arena_array(&graph->arena, graph->value_count, sizeof *ranks);
    if (ranks == NULL)
        return NULL;
    for (uint32_t v = 0; v < graph->value_count; v++)
        if (graph->values[v].data != NULL)
            ranks[v] = graph->values[v].shape.rank;
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->values[graph->inputs[i]].rank_known)
            ranks[graph->inputs[i]] = graph->values[graph->inputs[i]].shape.rank;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct cx_node *node = &graph->nodes[n];
        if (node->input_count > 0 && node->inputs[0] != CX_VALUE_NONE && node->output_count > 0 &&
            node->outputs[0] != CX_VALUE_NONE && graph->values[node->outputs[0]].data == NULL)
            ranks[node->outputs[0]] = rank_of(graph, ranks, node);
    }
    return ranks;
}

static bool is_float_constant(const struct cx_graph *graph, uint32_t id)
{
    return graph->values[id].data != NULL && (CX_DTYPES_FLOAT >> graph->values[id].dtype & 1) != 0;
}

static bool norm_of(const struct cx_graph *graph, const struct cx_node *node,
                    struct cx_affine *ret_affine)
{
    int64_t channels = -1;
    for (uint32_t i = IN_SCALE; i < IN_COUNT; i++) {
        const struct cx_shape *shape = &graph->values[node->inputs[i]].shape;
        if (!is_float_constant(graph, node->inputs[i]) || shape->rank != 1 ||
            (channels >= 0 && shape->dims[0] != channels))
            return false;
        channels = shape->dims[0];
    }
    *ret_affine = (struct cx_affine){node->inputs[IN_X], channels};
    return true;
}

/* Numbers along axis 1 of a tensor of RANK axes that a constant broadcasts to; -1 when it varies
 * along another axis too. */
static int64_t channels_of(const struct cx_shape *shape, uint32_t rank)
{
    int64_t channels = 1;
    for (uint32_t k = 0; k < shape->rank; k++) {
        if (shape->dims[k] != 1 && (shape->rank > rank || k + rank - shape->rank != 1))
            return -1;
        channels *= shape->dims[k];
    }
    return shape->rank <= rank ? channels : -1;
}

static bool binary_of(const struct cx_graph *graph, const uint32_t *ranks,
                      const struct cx_node *node, struct cx_affine *ret_affine)
{
    enum cx_binary_kind kind = ((const struct cx_binary *)node->attrs)->kind;
    bool turns = kind == CX_BINARY_ADD || kind == CX_BINARY_MUL;
    if (!turns && kind != CX_BINARY_SUB && kind != CX_BINARY_DIV)
        return false;
    uint32_t constant = is_float_constant(graph, node->inputs[1]) ? 1 : 0;
    uint32_t x = node->inputs[1 - constant];
    if (!is_float_constant(graph, node->inputs[constant]) || graph->values[x].data != NULL ||
        ranks[x] < 2 || (constant == 0 && !turns))
        return false;
    int64_t channels = channels_of(&graph->values[node->inputs[constant]].shape, ranks[x]);
    *ret_affine = (struct cx_affine){x, channels};
    return channels > 0;
}

bool cx_affine_of(const struct cx_graph *graph, const uint32_t *ranks, const struct cx_node *node,
                  struct cx_affine *ret_affine)
{
    if (node->op == &cx_ops[CX_OP_ID_BatchNormalization])
        return norm_of(graph, node, ret_affine);
    return is_like(node, CX_OP_ID_Add) && binary_of(graph, ranks, node, ret_affine);
}

static double norm_at(const struct cx_graph *graph, const struct cx_node *node, int64_t c,
                      double *ret_shift)
{
    const struct cx_batch_norm *norm = node->attrs;
    struct cx_tensor gamma = cx_graph_tensor(graph, node->inputs[IN_SCALE]);
    struct cx_tensor beta = cx_graph_tensor(graph, node->inputs[IN_BIAS]);
    struct cx_tensor mean = cx_graph_tensor(graph, node->inputs[IN_MEAN]);
    struct cx_tensor var = cx_graph_tensor(graph, node->inputs[IN_VAR]);
    double scale = cx_get_f64(&gamma, c) / sqrt(cx_get_f64(&var, c) + (double)norm->epsilon);
    *ret_shift = cx_get_f64(&beta, c) - cx_get_f64(&mean, c) * scale;
    return scale;
}

double cx_affine_at(const struct cx_graph *graph, const struct cx_node *node,
                    const struct cx_affine *affine, int64_t c, double *ret_shift)
{
    c = affine->channels == 1 ? 0 : c;
    if (node->op == &cx_ops[CX_OP_ID_BatchNormalization])
        return norm_at(graph, node, c, ret_shift);
    uint32_t constant = node->inputs[0] == affine->x ? 1 : 0;
    struct cx_tensor tensor = cx_graph_tensor(graph, node->inputs[constant]);
    double number = cx_get_f64(&tensor, c);
    *ret_shift = 0;
    switch (((const struct cx_binary *)node->attrs)->kind) {
    case CX_BINARY_ADD:
        *ret_shift = number;
        return 1;
    case CX_BINARY_SUB:
        *ret_shift = -number;
        return 1;
    case CX_BINARY_DIV:
        return 1 / number;
    default:
        return number;
    }
}
