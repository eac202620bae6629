#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_FIRST 64

struct cx_graph *cx_graph_create(void)
{
    struct cx_graph *graph = calloc(1, sizeof *graph);
    if (graph != NULL)
        graph->name = "";
    return graph;
}

void cx_graph_destroy(struct cx_graph *graph)
{
    if (graph == NULL)
        return;
    if (graph->owner_destroy != NULL)
        graph->owner_destroy(graph->owner);
    cx_arena_finish(&graph->arena);
    free(graph);
}

static enum cx_status grow_values(struct cx_graph *graph)
{
    uint32_t capacity = graph->value_capacity == 0 ? VALUES_FIRST : graph->value_capacity * 2;
    if (capacity < graph->value_capacity)
        return CX_LIMIT;
    struct cx_value *values = cx_arena_array(&graph->arena, capacity, sizeof *values);
    if (values == NULL)
        return CX_MEMORY;
    if (graph->value_count > 0)
        memcpy(values, graph->values, graph->value_count * sizeof *values);
    graph->values = values;
    graph->value_capacity = capacity;
    return CX_OK;
}

enum cx_status cx_graph_add_value(struct cx_graph *graph, const char *name, uint32_t *ret_value)
{
    if (graph->value_count == graph->value_capacity) {
        enum cx_status status = grow_values(graph);
        if (status != CX_OK)
            return status;
    }
    char *copy = cx_arena_string(&graph->arena, name, strlen(name));
    if (copy == NULL)
        return CX_MEMORY;
    graph->values[graph->value_count].name = copy;
    *ret_value = graph->value_count++;
    return CX_OK;
}

uint32_t cx_node_read_count(const struct cx_node *node)
{
    return node->input_count + (node->epilogue.residual != CX_VALUE_NONE ? 1 : 0);
}

uint32_t cx_node_read(const struct cx_node *node, uint32_t i)
{
    return i < node->input_count ? node->inputs[i] : node->epilogue.residual;
}

bool cx_graph_is_output(const struct cx_graph *graph, uint32_t value)
{
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == value)
            return true;
    return false;
}

struct cx_tensor cx_graph_tensor(const struct cx_graph *graph, uint32_t value)
{
    struct cx_tensor tensor = {0};
    if (value == CX_VALUE_NONE)
        return tensor;
    tensor.dtype = graph->values[value].dtype;
    tensor.shape = graph->values[value].shape;
    /* One struct serves operands that are read and results that are written. */
    memcpy(&tensor.data, &graph->values[value].data, sizeof tensor.data);
    return tensor;
}
