/* Parts of an input: Slice, forwards or backwards, and Split, all of them on one axis. */
#include "ops/slice.h"

#include "error.h"
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "ops/split.h"

/* Part of the input in blocks of channels, whose channels begin with a block. */
static enum cx_status move_blocks(struct cx_prepare *p, uint32_t output, const int64_t *begin)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, output);
    struct cx_shape from = cx_layout_lies(in->layout, &in->shape);
    struct cx_shape to = cx_layout_lies(out->layout, &out->shape);
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&from, strides);
    for (uint32_t k = 0; k < in->shape.rank; k++)
        start += (k == 1 ? begin[k] / cx_layout_block(in->layout) : begin[k]) * strides[k];
    struct cx_nest nest;
    cx_move_nest(&nest, &to, start, strides);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, output));
}

/* Blocks that are found, for types that are moved. */
static enum cx_layout found_blocks(const struct cx_layout_query *query)
{
    const struct cx_value *x = &query->graph->values[query->node->inputs[0]];
    if (query->device->family != CX_FAMILY_CPU || !cx_move_covers(x->dtype) ||
        x->shape.rank == CX_RANK_MAX)
        return CX_LAYOUT_PLAIN;
    return cx_layout_at_hand(query, 0);
}

static enum cx_status prepare_slice(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    struct cx_slice slice;
    enum cx_status status = cx_slice_resolve(&call.call, &slice);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(in->dtype))
        return cx_prepare_host(p);
    if (in->layout != CX_LAYOUT_PLAIN)
        return move_blocks(p, 0, slice.start);
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&in->shape, strides);
    for (uint32_t k = 0; k < in->shape.rank; k++) {
        start += slice.start[k] * strides[k];
        strides[k] *= slice.step[k];
    }
    struct cx_nest nest;
    cx_move_nest(&nest, &out->shape, start, strides);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

static struct cx_layouts layout_slice(const struct cx_layout_query *query)
{
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN};
    enum cx_layout found = found_blocks(query);
    struct cx_bound_call call;
    struct cx_error err;
    struct cx_slice slice;
    cx_bound_call_init(&call, query->graph, query->node, &err);
    if (found == CX_LAYOUT_PLAIN || cx_slice_resolve(&call.call, &slice) != CX_OK ||
        slice.start[1] % cx_layout_block(found) != 0)
        return plain;
    for (uint32_t k = 0; k < call.in[0].shape.rank; k++)
        if (slice.step[k] != 1)
            return plain;
    return (struct cx_layouts){.input = found, .output = found};
}

const struct cx_kernel cx_kernel_slice_any = {.prepare = prepare_slice, .layout = layout_slice};

static enum cx_status prepare_split(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t axis = 0, parts = cx_prepare_node(p)->output_count;
    enum cx_status status = cx_split_resolve(&call.call, &axis);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    bool host = !cx_move_covers(in->dtype);
    for (uint32_t i = 0; i < parts; i++)
        host = host || cx_prepare_output(p, i) == NULL; /* its size isn't known here */
    if (host)
        return cx_prepare_host(p);
    int64_t strides[CX_RANK_MAX], start = 0, begin[CX_RANK_MAX] = {0};
    for (uint32_t i = 0; i < parts && in->layout != CX_LAYOUT_PLAIN && status == CX_OK; i++) {
        status = move_blocks(p, i, begin);
        begin[axis] += cx_prepare_output(p, i)->shape.dims[axis];
    }
    if (in->layout != CX_LAYOUT_PLAIN)
        return status;
    cx_shape_strides(&in->shape, strides);
    for (uint32_t i = 0; i < parts && status == CX_OK; i++) {
        const struct cx_value *out = cx_prepare_output(p, i);
        struct cx_nest nest;
        cx_move_nest(&nest, &out->shape, start, strides);
        start += out->shape.dims[axis] * strides[axis];
        status = cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                                cx_prepare_output_arg(p, i));
    }
    return status;
}

static struct cx_layouts layout_split(const struct cx_layout_query *query)
{
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN};
    const struct cx_node *node = query->node;
    enum cx_layout found = found_blocks(query);
    struct cx_bound_call call;
    struct cx_error err;
    uint32_t axis = 0;
    int64_t begin = 0;
    cx_bound_call_init(&call, query->graph, node, &err);
    if (found == CX_LAYOUT_PLAIN || cx_split_resolve(&call.call, &axis) != CX_OK)
        return plain;
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == CX_VALUE_NONE || (axis == 1 && begin % cx_layout_block(found) != 0))
            return plain;
        begin += query->graph->values[node->outputs[i]].shape.dims[axis];
    }
    return (struct cx_layouts){.input = found, .output = found, .all_outputs = true};
}

const struct cx_kernel cx_kernel_split_any = {.prepare = prepare_split, .layout = layout_split};
