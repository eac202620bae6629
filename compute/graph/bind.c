#include <string.h>

#include "error.h"
#include "graph/graph.h"
#include "graph/simplify.h"

/* Shape arithmetic and small tables; what is larger is the device's work. */
#define FOLD_BYTES_MAX ((size_t)1 << 20)
#define FOLD_BYTES_ALL ((size_t)64 << 20)
#define LATE_FACTOR 9 /* 4 bits become 32, and are read */

static enum cx_status no_memory(struct cx_error *error)
{
    return cx_error_set(error, CX_MEMORY, "out of memory");
}

/* Values and nodes are copied, because binding rewrites them; what they point to is shared, but
 * for lists of inputs, which fusion edits. */
static enum cx_status copy_graph(const struct cx_graph *from, struct cx_graph *to)
{
    struct cx_arena *arena = &to->arena;
    to->name = from->name;
    to->value_count = to->value_capacity = from->value_count;
    to->node_count = from->node_count;
    to->input_count = from->input_count;
    to->output_count = from->output_count;
    to->values = cx_arena_copy(arena, from->values, from->value_count * sizeof *from->values);
    to->nodes = cx_arena_copy(arena, from->nodes, from->node_count * sizeof *from->nodes);
    to->inputs = cx_arena_copy(arena, from->inputs, from->input_count * sizeof *from->inputs);
    to->outputs = cx_arena_copy(arena, from->outputs, from->output_count * sizeof *from->outputs);
    if (to->values == NULL || to->nodes == NULL || to->inputs == NULL || to->outputs == NULL)
        return CX_MEMORY;
    for (uint32_t n = 0; n < to->node_count; n++) {
        struct cx_node *node = &to->nodes[n];
        node->inputs = cx_arena_copy(arena, node->inputs, node->input_count * sizeof *node->inputs);
        node->outputs =
            cx_arena_copy(arena, node->outputs, node->output_count * sizeof *node->outputs);
        if (node->inputs == NULL || node->outputs == NULL)
            return CX_MEMORY;
    }
    for (uint32_t v = 0; v < to->value_count; v++)
        to->values[v].data_private = false;
    return CX_OK;
}

static bool shape_matches(const struct cx_value *declared, const struct cx_shape *shape)
{
    if (!declared->rank_known)
        return shape->rank <= CX_RANK_MAX;
    if (declared->shape.rank != shape->rank)
        return false;
    for (uint32_t i = 0; i < shape->rank; i++)
        if (declared->shape.dims[i] >= 0 && declared->shape.dims[i] != shape->dims[i])
            return false;
    return true;
}

static enum cx_status bind_input(struct cx_graph *graph, uint32_t i,
                                 const struct cx_bind_input *input, struct cx_error *error)
{
    char given[128], declared[128];
    struct cx_value *value = &graph->values[graph->inputs[i]];
    if (!shape_matches(value, &input->shape))
        return cx_error_set(error, CX_SHAPE, "input '%s' has shape %s, the model declares %s",
                            value->name, cx_shape_format(&input->shape, given, sizeof given),
                            cx_shape_format(&value->shape, declared, sizeof declared));
    if (!cx_shape_bytes(value->dtype, &input->shape, CX_LAYOUT_PLAIN, &value->bytes))
        return cx_error_set(error, CX_SHAPE, "input '%s' can't have shape %s", value->name,
                            cx_shape_format(&input->shape, given, sizeof given));
    value->shape = input->shape;
    value->shape_known = value->rank_known = true;
    value->data = input->data;
    return CX_OK;
}

/* In order: every node's shapes, and the values of those that follow from constants; LATE: also of
 * those that cx_graph_quantize looks for. */
static enum cx_status infer_all(struct cx_graph *graph, const struct cx_bind_options *options,
                                bool late, struct cx_error *error)
{
    struct cx_frame frame;
    size_t bytes_max = options->fold_all ? SIZE_MAX : FOLD_BYTES_MAX;
    size_t budget = options->fold_all ? SIZE_MAX : FOLD_BYTES_ALL;
    uint32_t kept = 0;
    /* Weights, which kernels want to know. Each byte of the file is four here, once. */
    size_t late_bytes_max = SIZE_MAX;
    for (uint32_t v = 0; late && !options->fold_all && v < graph->value_count; v++)
        budget += graph->values[v].data != NULL ? LATE_FACTOR * graph->values[v].bytes : 0;
    enum cx_status status = cx_frame_init(&frame, graph, budget, error);
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++) {
        const struct cx_node *node = &graph->nodes[n];
        bool folded = false;
        status = cx_frame_infer(&frame, graph, node);
        bool last = cx_node_folds_late(node);
        if (status == CX_OK && cx_node_is_constant(graph, node) && (late || !last))
            status = cx_frame_fold(&frame, graph, node, last ? late_bytes_max : bytes_max,
                                   options->fold_all, &folded);
        if (!folded)
            graph->nodes[kept++] = *node;
    }
    graph->node_count = kept;
    return status;
}

/* What is left of DequantizeLinear of constants afterwards is folded. */
static enum cx_status fuse_quantized(struct cx_graph *graph, const struct cx_bind_options *options,
                                     struct cx_error *error)
{
    bool any = false;
    for (uint32_t n = 0; n < graph->node_count; n++)
        any = any || cx_node_folds_late(&graph->nodes[n]);
    if (!any)
        return CX_OK;
    enum cx_status status = cx_graph_quantize(graph, error);
    if (status == CX_OK)
        status = infer_all(graph, options, true, error);
    return status == CX_OK ? cx_graph_drop_dead(graph, error) : status;
}

enum cx_status cx_graph_bind(const struct cx_graph *graph, const struct cx_bind_input *inputs,
                             uint32_t count, const struct cx_bind_options *options,
                             struct cx_graph **ret_bound, struct cx_error *error)
{
    static const struct cx_bind_options defaults;
    options = options != NULL ? options : &defaults;
    if (count != graph->input_count)
        return cx_error_set(error, CX_SHAPE, "%u inputs given, the model has %u", count,
                            graph->input_count);
    struct cx_graph *bound = cx_graph_create();
    enum cx_status status = bound != NULL ? copy_graph(graph, bound) : CX_MEMORY;
    if (status != CX_OK) {
        no_memory(error);
        goto out;
    }
    for (uint32_t i = 0; i < count && status == CX_OK; i++)
        status = bind_input(bound, i, &inputs[i], error);
    if (status == CX_OK)
        status = infer_all(bound, options, options->no_fuse || options->fold_all, error);
    if (status == CX_OK)
        status = cx_graph_drop_dead(bound, error);
    if (status == CX_OK && !options->no_fuse && !options->fold_all)
        status = fuse_quantized(bound, options, error);
    if (status == CX_OK && !options->no_fuse)
        status = cx_graph_fuse_shuffles(bound, error);
    if (status == CX_OK && !options->no_fuse)
        status = cx_graph_fuse(bound, error);
    if (status != CX_OK)
        goto out;
    *ret_bound = bound;
    bound = NULL;
out:
    cx_graph_destroy(bound);
    return status;
}
