#include <string.h>

#include "error.h"
#include "graph/simplify.h"
#include "graph/weight.h"

enum cx_status cx_frame_init(struct cx_frame *frame, struct cx_graph *graph, size_t budget_bytes,
                             struct cx_error *error)
{
    uint32_t in_max = 1, out_max = 1;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct cx_node *node = &graph->nodes[i];
        in_max = node->input_count > in_max ? node->input_count : in_max;
        out_max = node->output_count > out_max ? node->output_count : out_max;
    }
    frame->budget_bytes = budget_bytes;
    frame->in = cx_arena_array(&graph->arena, in_max, sizeof *frame->in);
    frame->out = cx_arena_array(&graph->arena, out_max, sizeof *frame->out);
    frame->call = (struct cx_call){.in = frame->in, .out = frame->out, .error = error};
    if (frame->in == NULL || frame->out == NULL)
        return cx_error_set(error, CX_MEMORY, "out of memory");
    return CX_OK;
}

bool cx_node_is_constant(const struct cx_graph *graph, const struct cx_node *node)
{
    bool shape_only = (node->op->impl->flags & CX_OP_SHAPE_ONLY) != 0;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == CX_VALUE_NONE)
            continue;
        const struct cx_value *value = &graph->values[node->inputs[i]];
        if (value->data == NULL && !(shape_only && value->shape_known))
            return false;
    }
    return true;
}

bool cx_node_folds_late(const struct cx_node *node)
{
    return node->op == &cx_ops[CX_OP_ID_DequantizeLinear];
}

enum cx_status cx_frame_infer(struct cx_frame *frame, struct cx_graph *graph,
                              const struct cx_node *node)
{
    frame->call.node = node;
    for (uint32_t i = 0; i < node->input_count; i++)
        frame->in[i] = cx_graph_tensor(graph, node->inputs[i]);
    memset(frame->out, 0, node->output_count * sizeof *frame->out);
    enum cx_status status = cx_call_infer(&frame->call);
    for (uint32_t i = 0; i < node->output_count && status == CX_OK; i++) {
        if (node->outputs[i] == CX_VALUE_NONE)
            continue;
        struct cx_value *value = &graph->values[node->outputs[i]];
        value->dtype = frame->out[i].dtype;
        value->shape = frame->out[i].shape;
        value->shape_known = value->rank_known = true;
        value->layout = CX_LAYOUT_PLAIN;
        cx_shape_bytes(value->dtype, &value->shape, CX_LAYOUT_PLAIN, &value->bytes);
    }
    return status;
}

/* Constants that a node hands out as they are need no copy. */
static bool take_constant(struct cx_graph *graph, const struct cx_node *node)
{
    const struct cx_op_impl *impl = node->op->impl;
    const struct cx_tensor *tensor = impl->constant != NULL ? impl->constant(node) : NULL;
    if (tensor == NULL)
        return false;
    graph->values[node->outputs[0]].data = tensor->data;
    return true;
}

/* Takes what the node reads and writes from the budget: a small file of many nodes must not keep us
 * busy, or fill the memory. */
static bool afford(struct cx_frame *frame, const struct cx_graph *graph, const struct cx_node *node,
                   size_t bytes_max)
{
    size_t cost = 0;
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == CX_VALUE_NONE)
            continue;
        size_t bytes = graph->values[node->outputs[i]].bytes;
        if (bytes > bytes_max || bytes > frame->budget_bytes - cost)
            return false;
        cost += bytes;
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == CX_VALUE_NONE || graph->values[node->inputs[i]].data == NULL)
            continue;
        size_t bytes = graph->values[node->inputs[i]].bytes;
        if (bytes > frame->budget_bytes - cost)
            return false;
        cost += bytes;
    }
    frame->budget_bytes -= cost;
    return true;
}

enum cx_status cx_frame_fold(struct cx_frame *frame, struct cx_graph *graph,
                             const struct cx_node *node, size_t bytes_max, bool heavy,
                             bool *ret_folded)
{
    *ret_folded = take_constant(graph, node);
    if (*ret_folded || ((node->op->impl->flags & CX_OP_HEAVY) != 0 && !heavy))
        return CX_OK;
    if (!afford(frame, graph, node, bytes_max))
        return CX_OK;
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == CX_VALUE_NONE)
            continue;
        frame->out[i].data = cx_arena_alloc(&graph->arena, graph->values[node->outputs[i]].bytes);
        if (frame->out[i].data == NULL)
            return cx_error_set(frame->call.error, CX_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == CX_VALUE_NONE || !graph->values[node->inputs[i]].in_file)
            continue;
        if (cx_weight_settle(&graph->arena, &graph->values[node->inputs[i]]) != CX_OK)
            return cx_error_set(frame->call.error, CX_MEMORY, "out of memory");
        frame->in[i] = cx_graph_tensor(graph, node->inputs[i]);
    }
    enum cx_status status = cx_call_eval(&frame->call, NULL);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == CX_VALUE_NONE)
            continue;
        graph->values[node->outputs[i]].data = frame->out[i].data;
        graph->values[node->outputs[i]].data_private = true;
    }
    *ret_folded = true;
    return CX_OK;
}
