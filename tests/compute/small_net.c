#include "tests/compute/small_net.h"

#include <string.h>

#include "ops/conv.h"
#include "ops/op.h"
#include "ops/pool.h"

#define OPSET 13

static uint32_t add_value(struct cx_graph *graph, const char *name, uint32_t rank,
                          const int64_t *dims)
{
    uint32_t value = CX_VALUE_NONE;
    cx_graph_add_value(graph, name, &value);
    graph->values[value].dtype = CX_DTYPE_FLOAT;
    graph->values[value].shape.rank = rank;
    memcpy(graph->values[value].shape.dims, dims, rank * sizeof *dims);
    return value;
}

static uint32_t add_weights(struct cx_graph *graph, const char *name, uint32_t rank,
                            const int64_t *dims)
{
    uint32_t value = add_value(graph, name, rank, dims);
    struct cx_value *weights = &graph->values[value];
    uint64_t count = 0;
    cx_shape_count(&weights->shape, &count);
    float *data = cx_arena_array(&graph->arena, count, sizeof *data);
    uint32_t state = 12345 + value;
    for (uint64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (float)((int32_t)(state >> 9) - (1 << 22)) / (float)(1 << 24);
    }
    weights->data = data;
    weights->bytes = count * sizeof *data;
    weights->shape_known = true;
    return value;
}

static uint32_t add_node(struct cx_graph *graph, const char *op, const char *name,
                         const void *attrs, uint32_t input_n, const uint32_t *inputs)
{
    static const int64_t unknown[1] = {0};
    struct cx_node *node = &graph->nodes[graph->node_count++];
    node->op = cx_op_find("", op, OPSET);
    node->name = name;
    node->attrs = attrs;
    node->opset = OPSET;
    node->input_count = input_n;
    node->inputs = cx_arena_copy(&graph->arena, inputs, input_n * sizeof *inputs);
    node->output_count = 1;
    node->outputs = cx_arena_array(&graph->arena, 1, sizeof *node->outputs);
    node->outputs[0] = add_value(graph, name, 0, unknown);
    node->epilogue.residual = CX_VALUE_NONE;
    return node->outputs[0];
}

static void init_window(struct cx_window_attrs *window, int64_t kernel, int64_t stride, int64_t pad)
{
    window->kernel_count = window->stride_count = 2;
    window->pad_count = 4;
    for (int i = 0; i < 2; i++) {
        window->kernel[i] = kernel;
        window->stride[i] = stride;
    }
    for (int i = 0; i < 4; i++)
        window->pad[i] = pad;
}

struct cx_graph *small_net_create(void)
{
    struct cx_graph *graph = cx_graph_create();
    if (graph == NULL)
        return NULL;
    graph->nodes = cx_arena_array(&graph->arena, 8, sizeof *graph->nodes);
    struct cx_conv *conv = cx_arena_array(&graph->arena, 2, sizeof *conv);
    struct cx_pool *pool = cx_arena_array(&graph->arena, 2, sizeof *pool);
    conv[0].group = conv[1].group = 1;
    init_window(&conv[0].window, 3, 1, 1);
    init_window(&conv[1].window, 1, 1, 0);
    pool[0].kind = CX_POOL_MAX;
    init_window(&pool[0].window, 2, 2, 0);
    pool[1].kind = CX_POOL_AVERAGE;
    pool[1].global = true;

    uint32_t x =
        add_value(graph, "image", 4,
                  (int64_t[]){CX_DIM_SYMBOLIC, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE});
    graph->inputs = cx_arena_copy(&graph->arena, &x, sizeof x);
    graph->input_count = 1;
    uint32_t w1 = add_weights(graph, "w1", 4, (int64_t[]){16, SMALL_NET_CHANNELS, 3, 3});
    uint32_t b1 = add_weights(graph, "b1", 1, (int64_t[]){16});
    uint32_t w2 = add_weights(graph, "w2", 4, (int64_t[]){SMALL_NET_OUTPUTS, 16, 1, 1});
    uint32_t y = add_node(graph, "Conv", "conv1", &conv[0], 3, (uint32_t[]){x, w1, b1});
    y = add_node(graph, "MaxPool", "pool1", &pool[0], 1, &y);
    y = add_node(graph, "GlobalAveragePool", "pool2", &pool[1], 1, &y);
    y = add_node(graph, "Conv", "scores", &conv[1], 2, (uint32_t[]){y, w2});
    graph->outputs = cx_arena_copy(&graph->arena, &y, sizeof y);
    graph->output_count = 1;
    return graph;
}
