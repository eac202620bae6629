/* What scales and shifts each channel by constants goes into the weights of the convolution before
 * it, or into the scale and shift before it; batch normalization else becomes a ScaleShift node. */
#include <string.h>

#include "error.h"
#include "graph/affine.h"
#include "graph/simplify.h"
#include "graph/weight.h"
#include "ops/number.h"

struct pass {
    struct cx_graph *graph;
    /* By value, of those there were before the pass; makers follows nodes as they move. */
    uint32_t *uses, *makers, *ranks, value_count;
    struct cx_error *error;
};

static bool is_constant_vector(const struct cx_graph *graph, uint32_t id, int64_t count)
{
    const struct cx_value *value = &graph->values[id];
    return value->data != NULL && value->shape.rank == 1 && value->shape.dims[0] == count &&
           (CX_DTYPES_FLOAT >> value->dtype & 1) != 0;
}

static enum cx_status no_memory(const struct pass *pass)
{
    return cx_error_set(pass->error, CX_MEMORY, "out of memory");
}

static enum cx_status add_constant(const struct pass *pass, const char *name, enum cx_dtype dtype,
                                   const struct cx_shape *shape, uint32_t *ret_id)
{
    struct cx_graph *graph = pass->graph;
    enum cx_status status = cx_graph_add_value(graph, name, ret_id);
    if (status != CX_OK)
        return no_memory(pass);
    struct cx_value *value = &graph->values[*ret_id];
    value->dtype = dtype;
    value->shape = *shape;
    value->shape_known = value->rank_known = value->data_private = true;
    cx_shape_bytes(dtype, shape, CX_LAYOUT_PLAIN, &value->bytes);
    value->data = cx_arena_alloc(&graph->arena, value->bytes);
    return value->data != NULL ? CX_OK : no_memory(pass);
}

/* The node with OP that computes what a node scales and shifts, and that nothing else reads. */
static struct cx_node *find_host(const struct pass *pass, const struct cx_affine *affine,
                                 enum cx_op_id op)
{
    uint32_t x = affine->x;
    if (pass->makers[x] == UINT32_MAX || pass->uses[x] != 1)
        return NULL;
    struct cx_node *host = &pass->graph->nodes[pass->makers[x]];
    return host->op == &cx_ops[op] ? host : NULL;
}

/* The convolution it can go into: with constant weights. */
static struct cx_node *find_conv(const struct pass *pass, const struct cx_affine *affine,
                                 int64_t *ret_channels)
{
    struct cx_node *conv = find_host(pass, affine, CX_OP_ID_Conv);
    if (conv == NULL)
        return NULL;
    const struct cx_value *weights = &pass->graph->values[conv->inputs[1]];
    if (weights->data == NULL || weights->shape.rank < 3 ||
        (affine->channels != 1 && weights->shape.dims[0] != affine->channels) ||
        (CX_DTYPES_FLOAT >> weights->dtype & 1) == 0)
        return NULL;
    if (conv->input_count > 2 &&
        !is_constant_vector(pass->graph, conv->inputs[2], weights->shape.dims[0]))
        return NULL;
    *ret_channels = weights->shape.dims[0];
    return conv;
}

/* HOST computes what NODE did, whose own result has no reader left. NODE goes when dead nodes do:
 * it computes nothing any more. */
static void take_over(const struct pass *pass, struct cx_node *host, struct cx_node *node)
{
    host->outputs[0] = node->outputs[0];
    pass->makers[node->outputs[0]] = (uint32_t)(host - pass->graph->nodes);
    node->output_count = 0;
}

/* Gives the convolution inputs of its own for weights and bias. Weights that nobody else reads
 * are scaled where they lie. */
static enum cx_status own_weights(const struct pass *pass, struct cx_node *conv, int64_t channels)
{
    struct cx_graph *graph = pass->graph;
    struct cx_shape bias_shape = {.rank = 1, .dims = {channels}};
    uint32_t *inputs = cx_arena_array(&graph->arena, 3, sizeof *inputs);
    if (inputs == NULL)
        return no_memory(pass);
    inputs[0] = conv->inputs[0];
    inputs[1] = conv->inputs[1];
    struct cx_value weights = graph->values[inputs[1]];
    enum cx_status status = add_constant(pass, conv->name, weights.dtype, &bias_shape, &inputs[2]);
    if (status == CX_OK && conv->input_count > 2) {
        struct cx_tensor from = cx_graph_tensor(graph, conv->inputs[2]),
                         to = cx_graph_tensor(graph, inputs[2]);
        for (int64_t c = 0; c < channels; c++)
            cx_set_f64(&to, c, cx_get_f64(&from, c));
    }
    /* Weights made here before are the convolution's own. */
    bool shared = inputs[1] < pass->value_count && pass->uses[inputs[1]] != 1;
    if (status == CX_OK && weights.in_file && shared) {
        status = cx_graph_add_value(graph, weights.name, &inputs[1]);
        if (status != CX_OK)
            return no_memory(pass);
        graph->values[inputs[1]] = weights;
    } else if (status == CX_OK && !weights.in_file && (shared || !weights.data_private)) {
        status = add_constant(pass, weights.name, weights.dtype, &weights.shape, &inputs[1]);
        if (status == CX_OK) {
            struct cx_tensor to = cx_graph_tensor(graph, inputs[1]);
            memcpy(to.data, weights.data, weights.bytes);
        }
    }
    conv->inputs = inputs;
    conv->input_count = 3;
    return status;
}

static enum cx_status scale_weights(const struct pass *pass, uint32_t id, const double *scales)
{
    struct cx_value *value = &pass->graph->values[id];
    if (value->in_file)
        return cx_weight_scale(&pass->graph->arena, value, scales) == CX_OK ? CX_OK
                                                                            : no_memory(pass);
    struct cx_tensor weights = cx_graph_tensor(pass->graph, id);
    int64_t each = cx_shape_span(&weights.shape, 1, weights.shape.rank);
    for (int64_t c = 0; c < weights.shape.dims[0]; c++)
        for (int64_t i = c * each; i < (c + 1) * each; i++)
            cx_set_f64(&weights, i, cx_get_f64(&weights, i) * scales[c]);
    return CX_OK;
}

static enum cx_status fold_into_conv(const struct pass *pass, struct cx_node *conv,
                                     struct cx_node *node, const struct cx_affine *affine,
                                     int64_t channels)
{
    struct cx_graph *graph = pass->graph;
    enum cx_status status = own_weights(pass, conv, channels);
    if (status != CX_OK)
        return status;
    double *scales = cx_arena_array(&graph->arena, (size_t)channels, sizeof *scales);
    if (scales == NULL)
        return no_memory(pass);
    struct cx_tensor bias = cx_graph_tensor(graph, conv->inputs[2]);
    for (int64_t c = 0; c < channels; c++) {
        double shift;
        scales[c] = cx_affine_at(graph, node, affine, c, &shift);
        cx_set_f64(&bias, c, cx_get_f64(&bias, c) * scales[c] + shift);
    }
    status = scale_weights(pass, conv->inputs[1], scales);
    if (status != CX_OK)
        return status;
    take_over(pass, conv, node);
    return CX_OK;
}

/* The ScaleShift nodes that this pass made own their constants. */
static void fold_into_scale_shift(const struct pass *pass, struct cx_node *host,
                                  struct cx_node *node, const struct cx_affine *affine)
{
    struct cx_graph *graph = pass->graph;
    struct cx_tensor scales = cx_graph_tensor(graph, host->inputs[1]),
                     shifts = cx_graph_tensor(graph, host->inputs[2]);
    for (int64_t c = 0; c < scales.shape.dims[0]; c++) {
        double shift, scale = cx_affine_at(graph, node, affine, c, &shift);
        cx_set_f64(&scales, c, cx_get_f64(&scales, c) * scale);
        cx_set_f64(&shifts, c, cx_get_f64(&shifts, c) * scale + shift);
    }
    take_over(pass, host, node);
}

static enum cx_status to_scale_shift(const struct pass *pass, struct cx_node *norm,
                                     const struct cx_affine *affine)
{
    struct cx_graph *graph = pass->graph;
    struct cx_shape shape = {.rank = 1, .dims = {affine->channels}};
    enum cx_dtype dtype = graph->values[norm->inputs[1]].dtype;
    uint32_t *inputs = cx_arena_array(&graph->arena, 3, sizeof *inputs);
    if (inputs == NULL)
        return no_memory(pass);
    inputs[0] = affine->x;
    enum cx_status status = add_constant(pass, norm->name, dtype, &shape, &inputs[1]);
    if (status == CX_OK)
        status = add_constant(pass, norm->name, dtype, &shape, &inputs[2]);
    if (status != CX_OK)
        return status;
    struct cx_tensor scales = cx_graph_tensor(graph, inputs[1]),
                     shifts = cx_graph_tensor(graph, inputs[2]);
    for (int64_t c = 0; c < affine->channels; c++) {
        double shift, scale = cx_affine_at(graph, norm, affine, c, &shift);
        cx_set_f64(&scales, c, scale);
        cx_set_f64(&shifts, c, shift);
    }
    norm->op = &cx_ops[CX_OP_ID_ScaleShift];
    norm->attrs = NULL;
    norm->inputs = inputs;
    norm->input_count = 3;
    return CX_OK;
}

static enum cx_status fold(const struct pass *pass, struct cx_node *node)
{
    struct cx_affine affine;
    int64_t channels = 0;
    if (!cx_affine_of(pass->graph, pass->ranks, node, &affine))
        return CX_OK;
    struct cx_node *conv = find_conv(pass, &affine, &channels);
    if (conv != NULL)
        return fold_into_conv(pass, conv, node, &affine, channels);
    if (node->op == &cx_ops[CX_OP_ID_BatchNormalization])
        return to_scale_shift(pass, node, &affine);
    struct cx_node *host = find_host(pass, &affine, CX_OP_ID_ScaleShift);
    if (host != NULL && (affine.channels == 1 ||
                         affine.channels == pass->graph->values[host->inputs[1]].shape.dims[0]))
        fold_into_scale_shift(pass, host, node, &affine);
    return CX_OK;
}

enum cx_status cx_graph_fold_batch_norm(struct cx_graph *graph, struct cx_error *error)
{
    struct pass pass = {graph,
                        cx_graph_count_uses(graph),
                        cx_graph_find_makers(graph),
                        cx_affine_ranks(graph),
                        graph->value_count,
                        error};
    if (pass.uses == NULL || pass.makers == NULL || pass.ranks == NULL)
        return no_memory(&pass);
    enum cx_status status = CX_OK;
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++)
        status = fold(&pass, &graph->nodes[n]);
    return status;
}
