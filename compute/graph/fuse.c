/* Activations, residual sums and biases move into the node that computes their operand, where
 * they cost no trip through memory. */
#include <string.h>

#include "error.h"
#include "graph/simplify.h"
#include "ops/binary.h"
#include "ops/clip.h"
#include "ops/unary.h"

struct pass {
    struct cx_graph *graph;
    uint32_t *uses, *makers; /* by value; makers follows nodes as they move */
    bool *gone;              /* by node: swallowed by another */
    struct cx_error *error;
};

/* The node that computes VALUE if it may take its only reader in: no graph output, no other
 * reader, a type that epilogues work in. Else NULL. */
static struct cx_node *find_host(const struct pass *pass, uint32_t value)
{
    if (value == CX_VALUE_NONE || pass->makers[value] == UINT32_MAX || pass->uses[value] != 1)
        return NULL;
    struct cx_node *node = &pass->graph->nodes[pass->makers[value]];
    enum cx_dtype dtype = pass->graph->values[value].dtype;
    bool fits = (node->op->impl->flags & CX_OP_EPILOGUE) != 0 && node->output_count == 1 &&
                node->epilogue.act == CX_ACT_NONE &&
                (dtype == CX_DTYPE_FLOAT || dtype == CX_DTYPE_FLOAT16);
    return fits ? node : NULL;
}

/* HOST takes the place of node N, whose output it computes now: everything either of them reads
 * is computed by then. */
static void swallow(const struct pass *pass, struct cx_node *host, uint32_t n)
{
    struct cx_node *node = &pass->graph->nodes[n];
    uint32_t value = node->outputs[0];
    uint32_t *outputs = host->outputs;
    struct cx_node merged = *host;
    pass->gone[host - pass->graph->nodes] = true;
    outputs[0] = value;
    merged.outputs = outputs;
    *node = merged;
}

static bool activation_of(const struct cx_graph *graph, const struct cx_node *node,
                          struct cx_epilogue *epilogue)
{
    static const struct {
        enum cx_unary_kind kind;
        enum cx_act act;
    } acts[] = {
        {CX_UNARY_RELU, CX_ACT_RELU},
        {CX_UNARY_LEAKY_RELU, CX_ACT_LEAKY_RELU},
        {CX_UNARY_SIGMOID, CX_ACT_SIGMOID},
        {CX_UNARY_TANH, CX_ACT_TANH},
        {CX_UNARY_HARD_SWISH, CX_ACT_HARD_SWISH},
        {CX_UNARY_HARD_SIGMOID, CX_ACT_HARD_SIGMOID},
    };
    if (node->op->impl == &cx_op_clip) {
        epilogue->act = CX_ACT_CLIP;
        return cx_clip_bounds(graph, node, &epilogue->alpha, &epilogue->beta);
    }
    if (node->op->impl != &cx_op_unary)
        return false;
    const struct cx_unary *unary = node->attrs;
    for (uint32_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (acts[i].kind != unary->kind)
            continue;
        epilogue->act = acts[i].act;
        epilogue->alpha = unary->alpha;
        epilogue->beta = unary->beta;
        return true;
    }
    return false;
}

static bool fuse_activation(const struct pass *pass, uint32_t n)
{
    const struct cx_node *node = &pass->graph->nodes[n];
    struct cx_node *host = node->input_count > 0 ? find_host(pass, node->inputs[0]) : NULL;
    if (host == NULL)
        return false;
    struct cx_epilogue epilogue = host->epilogue;
    if (!activation_of(pass->graph, node, &epilogue))
        return false;
    host->epilogue = epilogue;
    swallow(pass, host, n);
    return true;
}

static bool adds_two(const struct cx_node *node)
{
    return node->op == &cx_ops[CX_OP_ID_Add] ||
           (node->op == &cx_ops[CX_OP_ID_Sum] && node->input_count == 2);
}

/* host + residual, where both have the shape of the sum. */
static bool fuse_residual(const struct pass *pass, uint32_t n)
{
    const struct cx_graph *graph = pass->graph;
    const struct cx_node *node = &graph->nodes[n];
    if (!adds_two(node) || node->inputs[0] == node->inputs[1])
        return false;
    struct cx_node *host = NULL;
    uint32_t residual = CX_VALUE_NONE;
    /* Of two candidates the later: the other's result exists by then anyway. */
    for (uint32_t i = 0; i < 2; i++) {
        struct cx_node *candidate = find_host(pass, node->inputs[i]);
        if (candidate != NULL && candidate->epilogue.residual == CX_VALUE_NONE &&
            (host == NULL || candidate > host)) {
            host = candidate;
            residual = node->inputs[1 - i];
        }
    }
    if (host == NULL)
        return false;
    const struct cx_value *sum = &graph->values[node->outputs[0]];
    if (!cx_shape_equal(&graph->values[host->outputs[0]].shape, &sum->shape) ||
        !cx_shape_equal(&graph->values[residual].shape, &sum->shape))
        return false;
    host->epilogue.residual = residual;
    swallow(pass, host, n);
    return true;
}

/* MatMul + a constant row becomes the product's own bias. */
static enum cx_status fuse_bias(const struct pass *pass, uint32_t n, bool *ret_fused)
{
    struct cx_graph *graph = pass->graph;
    const struct cx_node *node = &graph->nodes[n];
    *ret_fused = false;
    if (node->op != &cx_ops[CX_OP_ID_Add])
        return CX_OK;
    for (uint32_t i = 0; i < 2; i++) {
        struct cx_node *host = find_host(pass, node->inputs[i]);
        const struct cx_value *bias = &graph->values[node->inputs[1 - i]];
        const struct cx_value *sum = &graph->values[node->outputs[0]];
        if (host == NULL || host->op != &cx_ops[CX_OP_ID_MatMul] || host->input_count != 2 ||
            host->epilogue.residual != CX_VALUE_NONE || bias->data == NULL ||
            bias->shape.rank != 1 || sum->shape.rank < 2 ||
            bias->shape.dims[0] != sum->shape.dims[sum->shape.rank - 1] ||
            graph->values[host->inputs[1]].shape.rank < 2 ||
            !cx_shape_equal(&graph->values[host->outputs[0]].shape, &sum->shape))
            continue;
        uint32_t *inputs = cx_arena_array(&graph->arena, 3, sizeof *inputs);
        if (inputs == NULL)
            return cx_error_set(pass->error, CX_MEMORY, "out of memory");
        memcpy(inputs, host->inputs, 2 * sizeof *inputs);
        inputs[2] = node->inputs[1 - i];
        host->inputs = inputs;
        host->input_count = 3;
        swallow(pass, host, n);
        *ret_fused = true;
        return CX_OK;
    }
    return CX_OK;
}

enum cx_status cx_graph_fuse(struct cx_graph *graph, struct cx_error *error)
{
    struct pass pass = {.graph = graph, .error = error};
    pass.uses = cx_graph_count_uses(graph);
    pass.makers = cx_graph_find_makers(graph);
    pass.gone = cx_arena_array(&graph->arena, graph->node_count, sizeof *pass.gone);
    if (pass.uses == NULL || pass.makers == NULL || pass.gone == NULL)
        return cx_error_set(error, CX_MEMORY, "out of memory");
    for (uint32_t n = 0; n < graph->node_count; n++) {
        bool fused;
        enum cx_status status = fuse_bias(&pass, n, &fused);
        if (status != CX_OK)
            return status;
        if (!fused && !fuse_residual(&pass, n))
            fuse_activation(&pass, n);
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!pass.gone[n])
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
    return CX_OK;
}
