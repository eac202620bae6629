#include "interp.h"

#include <stdlib.h>
#include <string.h>

#include "graph/weight.h"
#include "ops/op.h"

static enum cx_status run_node(const struct cx_graph *bound, const struct cx_node *node,
                               struct cx_tensor *values, struct cx_arena *arena,
                               struct cx_error *error)
{
    struct cx_tensor *in = cx_arena_array(arena, node->input_count, sizeof *in);
    struct cx_tensor *out = cx_arena_array(arena, node->output_count, sizeof *out);
    if (in == NULL || out == NULL)
        return CX_MEMORY;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != CX_VALUE_NONE)
            in[i] = values[node->inputs[i]];
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == CX_VALUE_NONE)
            continue;
        struct cx_tensor *value = &values[node->outputs[i]];
        value->data = cx_arena_alloc(arena, bound->values[node->outputs[i]].bytes);
        if (value->data == NULL)
            return CX_MEMORY;
        out[i] = *value;
    }
    struct cx_call call = {node, in, out, error};
    uint32_t residual = node->epilogue.residual;
    return cx_call_eval(&call, residual != CX_VALUE_NONE ? &values[residual] : NULL);
}

enum cx_status interp_run(const struct cx_graph *bound, const struct cx_tensor *inputs,
                          struct cx_arena *arena, struct cx_tensor **ret_outputs,
                          struct cx_error *error)
{
    struct cx_tensor *values = cx_arena_array(arena, bound->value_count, sizeof *values);
    struct cx_tensor *outputs = cx_arena_array(arena, bound->output_count, sizeof *outputs);
    if (values == NULL || outputs == NULL)
        return CX_MEMORY;
    for (uint32_t i = 0; i < bound->value_count; i++) {
        struct cx_value value = bound->values[i];
        if (cx_weight_settle(arena, &value) != CX_OK)
            return CX_MEMORY;
        values[i] = cx_graph_tensor(bound, i);
        if (value.data != NULL)
            values[i].data = (void *)(uintptr_t)value.data;
    }
    for (uint32_t i = 0; i < bound->input_count; i++)
        values[bound->inputs[i]].data = inputs[i].data;
    for (uint32_t n = 0; n < bound->node_count; n++) {
        enum cx_status status = run_node(bound, &bound->nodes[n], values, arena, error);
        if (status != CX_OK)
            return status;
    }
    for (uint32_t i = 0; i < bound->output_count; i++)
        outputs[i] = values[bound->outputs[i]];
    *ret_outputs = outputs;
    return CX_OK;
}

enum cx_status interp_model(const struct cx_graph *graph, const struct cx_tensor *inputs,
                            const struct cx_bind_options *options, struct cx_arena *arena,
                            struct cx_tensor **ret_outputs, struct cx_error *error)
{
    struct cx_bind_input *bind = cx_arena_array(arena, graph->input_count, sizeof *bind);
    struct cx_graph *bound = NULL;
    if (bind == NULL)
        return CX_MEMORY;
    for (uint32_t i = 0; i < graph->input_count; i++)
        bind[i].shape = inputs[i].shape;
    enum cx_status status = cx_graph_bind(graph, bind, graph->input_count, options, &bound, error);
    if (status == CX_UNSUPPORTED && strstr(error->text, "computed from the data") != NULL) {
        for (uint32_t i = 0; i < graph->input_count; i++)
            bind[i].data = inputs[i].data;
        status = cx_graph_bind(graph, bind, graph->input_count, options, &bound, error);
    }
    struct cx_tensor *outputs = NULL;
    if (status == CX_OK)
        status = interp_run(bound, inputs, arena, &outputs, error);
    /* Results that were folded while binding die with the bound graph. */
    for (uint32_t i = 0; i < graph->output_count && status == CX_OK; i++) {
        size_t bytes = bound->values[bound->outputs[i]].bytes;
        outputs[i].data = cx_arena_copy(arena, outputs[i].data, bytes);
        if (outputs[i].data == NULL)
            status = CX_MEMORY;
    }
    cx_graph_destroy(bound);
    if (status == CX_OK)
        *ret_outputs = outputs;
    return status;
}
