/* Concat without copying what is there: where its output begins with all of input 0, it takes that
 * input's memory over, made large enough from the start, and only the other inputs are moved. A
 * network that adds a few channels at a time to all it has then moves just those. */
#include "error.h"
#include "graph/graph.h"
#include "graph/layout.h"
#include "ops/concat.h"

struct pass {
    struct cx_graph *graph;
    uint32_t *roots; /* by value: the value whose memory it has */
    uint32_t *tips;  /* by root: the last output that grew in its memory, or CX_VALUE_NONE */
};

/* Whether the output begins with input 0 in one piece. */
static bool begins_with(const struct cx_graph *graph, const struct cx_node *node)
{
    const struct cx_value *in = &graph->values[node->inputs[0]];
    const struct cx_value *out = &graph->values[node->outputs[0]];
    struct cx_bound_call call;
    struct cx_error err;
    uint32_t axis = 0;
    cx_bound_call_init(&call, graph, node, &err);
    return in->data == NULL && in->layout == out->layout &&
           cx_concat_resolve(&call.call, &axis) == CX_OK &&
           (in->layout == CX_LAYOUT_PLAIN || axis < 2) && cx_shape_span(&out->shape, 0, axis) == 1;
}

/* Whether nothing but VALUE lives where an output would grow to. */
static bool is_tip(const struct pass *pass, uint32_t value)
{
    uint32_t root = pass->roots[value], tip = pass->tips[root];
    return tip == CX_VALUE_NONE || tip == value;
}

enum cx_status cx_graph_grow(struct cx_graph *graph, struct cx_error *error)
{
    struct pass pass = {.graph = graph};
    pass.roots = cx_arena_array(&graph->arena, graph->value_count, sizeof *pass.roots);
    pass.tips = cx_arena_array(&graph->arena, graph->value_count, sizeof *pass.tips);
    if (pass.roots == NULL || pass.tips == NULL)
        return cx_error_set(error, CX_MEMORY, "out of memory");
    for (uint32_t v = 0; v < graph->value_count; v++) {
        pass.roots[v] = v;
        pass.tips[v] = CX_VALUE_NONE;
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        struct cx_node *node = &graph->nodes[n];
        if ((node->op->impl->flags & CX_OP_ALIAS) != 0 && node->outputs[0] != CX_VALUE_NONE)
            pass.roots[node->outputs[0]] = pass.roots[node->inputs[0]];
        /* A constant's alias has no memory of the plan. */
        if (node->op != &cx_ops[CX_OP_ID_Concat] || node->input_count < 2 ||
            graph->values[pass.roots[node->inputs[0]]].data != NULL || !begins_with(graph, node) ||
            !is_tip(&pass, node->inputs[0]))
            continue;
        node->grows = true;
        pass.roots[node->outputs[0]] = pass.roots[node->inputs[0]];
        pass.tips[pass.roots[node->inputs[0]]] = node->outputs[0];
    }
    return CX_OK;
}
