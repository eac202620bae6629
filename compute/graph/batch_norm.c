/* Batch normalization with constant parameters is y = scale * x + shift a channel: into the
 * weights of the convolution before it, or a ScaleShift node. */
#include <math.h>
#include <string.h>

#include "error.h"
#include "graph/simplify.h"
#include "ops/batch_norm.h"
#include "ops/number.h"

enum { IN_X, IN_SCALE, IN_BIAS, IN_MEAN, IN_VAR, IN_COUNT };

struct pass {
    struct cx_graph *graph;
    uint32_t *uses, *makers; /* by value; of the values there were before the pass */
    struct cx_error *error;
};

static bool is_constant_vector(const struct cx_graph *graph, uint32_t id, int64_t count)
{
    const struct cx_value *value = &graph->values[id];
    return value->data != NULL && value->shape.rank == 1 && value->shape.dims[0] == count &&
           (CX_DTYPES_FLOAT >> value->dtype & 1) != 0;
}

/* The number of channels of a batch normalization that can be folded, else -1. */
static int64_t channels_of(const struct cx_graph *graph, const struct cx_node *node)
{
    if (node->op != &cx_ops[CX_OP_ID_BatchNormalization])
        return -1;
    const struct cx_value *scale = &graph->values[node->inputs[IN_SCALE]];
    int64_t count = scale->data != NULL && scale->shape.rank == 1 ? scale->shape.dims[0] : -1;
    for (uint32_t i = IN_SCALE; i < IN_COUNT && count >= 0; i++)
        if (!is_constant_vector(graph, node->inputs[i], count))
            count = -1;
    return count;
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

/* scale[c] and shift[c] of one channel. */
static double channel_scale(const struct cx_graph *graph, const struct cx_node *node, int64_t c,
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

/* The convolution a normalization can go into: its only reader, with constant weights. */
static struct cx_node *find_conv(const struct pass *pass, const struct cx_node *norm,
                                 int64_t channels)
{
    uint32_t x = norm->inputs[IN_X];
    if (pass->makers[x] == UINT32_MAX || pass->uses[x] != 1)
        return NULL;
    struct cx_node *conv = &pass->graph->nodes[pass->makers[x]];
    if (conv->op != &cx_ops[CX_OP_ID_Conv])
        return NULL;
    const struct cx_value *weights = &pass->graph->values[conv->inputs[1]];
    if (weights->data == NULL || weights->shape.rank < 3 || weights->shape.dims[0] != channels ||
        (CX_DTYPES_FLOAT >> weights->dtype & 1) == 0)
        return NULL;
    if (conv->input_count > 2 && !is_constant_vector(pass->graph, conv->inputs[2], channels))
        return NULL;
    return conv;
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
    bool shared = pass->uses[inputs[1]] != 1;
    if (status == CX_OK && (shared || !weights.data_private)) {
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

static enum cx_status fold_into_conv(const struct pass *pass, struct cx_node *conv,
                                     struct cx_node *norm, int64_t channels)
{
    struct cx_graph *graph = pass->graph;
    enum cx_status status = own_weights(pass, conv, channels);
    if (status != CX_OK)
        return status;
    struct cx_tensor weights = cx_graph_tensor(graph, conv->inputs[1]),
                     bias = cx_graph_tensor(graph, conv->inputs[2]);
    int64_t each = cx_shape_span(&weights.shape, 1, weights.shape.rank);
    for (int64_t c = 0; c < channels; c++) {
        double shift, scale = channel_scale(graph, norm, c, &shift);
        for (int64_t i = c * each; i < (c + 1) * each; i++)
            cx_set_f64(&weights, i, cx_get_f64(&weights, i) * scale);
        cx_set_f64(&bias, c, cx_get_f64(&bias, c) * scale + shift);
    }
    /* The convolution computes the normalization's output; its own has no reader left. The
     * normalization goes when dead nodes do: it computes nothing any more. */
    conv->outputs[0] = norm->outputs[0];
    norm->output_count = 0;
    return CX_OK;
}

static enum cx_status to_scale_shift(const struct pass *pass, struct cx_node *norm,
                                     int64_t channels)
{
    struct cx_graph *graph = pass->graph;
    struct cx_shape shape = {.rank = 1, .dims = {channels}};
    enum cx_dtype dtype = graph->values[norm->inputs[IN_SCALE]].dtype;
    uint32_t *inputs = cx_arena_array(&graph->arena, 3, sizeof *inputs);
    if (inputs == NULL)
        return no_memory(pass);
    inputs[0] = norm->inputs[IN_X];
    enum cx_status status = add_constant(pass, norm->name, dtype, &shape, &inputs[1]);
    if (status == CX_OK)
        status = add_constant(pass, norm->name, dtype, &shape, &inputs[2]);
    if (status != CX_OK)
        return status;
    struct cx_tensor scales = cx_graph_tensor(graph, inputs[1]),
                     shifts = cx_graph_tensor(graph, inputs[2]);
    for (int64_t c = 0; c < channels; c++) {
        double shift, scale = channel_scale(graph, norm, c, &shift);
        cx_set_f64(&scales, c, scale);
        cx_set_f64(&shifts, c, shift);
    }
    norm->op = &cx_ops[CX_OP_ID_ScaleShift];
    norm->attrs = NULL;
    norm->inputs = inputs;
    norm->input_count = 3;
    return CX_OK;
}

enum cx_status cx_graph_fold_batch_norm(struct cx_graph *graph, struct cx_error *error)
{
    struct pass pass = {graph, cx_graph_count_uses(graph), cx_graph_find_makers(graph), error};
    if (pass.uses == NULL || pass.makers == NULL)
        return no_memory(&pass);
    enum cx_status status = CX_OK;
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++) {
        struct cx_node *norm = &graph->nodes[n];
        int64_t channels = channels_of(graph, norm);
        if (channels < 0)
            continue;
        struct cx_node *conv = find_conv(&pass, norm, channels);
        status = conv != NULL ? fold_into_conv(&pass, conv, norm, channels)
                              : to_scale_shift(&pass, norm, channels);
    }
    return status;
}
