/* Channels shuffled between groups. */
#include "ops/channel_shuffle.h"

#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "kernels/split.h"

#define PIECE_MIN 64 /* positions that are worth a work-item of a CPU */

static enum cx_status prepare_blocks(struct cx_prepare *p, int64_t groups)
{
    const struct cx_value *x = cx_prepare_input(p, 0);
    int64_t blocks = cx_layout_blocks(x->layout, &x->shape), units = x->shape.dims[0] * blocks;
    int64_t plane = cx_shape_span(&x->shape, 2, x->shape.rank);
    int64_t each = cx_split_each(plane, units, cx_prepare_device(p), PIECE_MIN);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "cpu/channel_shuffle.cl", "shuffle_blocks");
    cx_launch_option(&spec, "-DSIZE=%zu -DBLOCK=%d", cx_dtype_size(x->dtype),
                     (int)cx_layout_block(x->layout));
    spec.dim_n = 2;
    spec.global[0] = (size_t)((plane + each - 1) / each);
    spec.global[1] = (size_t)units;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(x->shape.dims[1]));
    cx_launch_arg(&spec, cx_arg_i64(groups));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_channel_shuffle *shuffle = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0);
    const struct cx_shape *shape = &x->shape;
    if (x->bytes == 0)
        return CX_OK;
    if (!cx_move_covers(x->dtype))
        return cx_prepare_host(p);
    if (x->layout != CX_LAYOUT_PLAIN)
        return prepare_blocks(p, shuffle->groups);
    int64_t each = shape->dims[1] / shuffle->groups;
    int64_t plane = cx_shape_span(shape, 2, shape->rank);
    const struct cx_shape out = {4, {shape->dims[0], each, shuffle->groups, plane}};
    const int64_t strides[CX_RANK_MAX] = {shape->dims[1] * plane, plane, each * plane, 1};
    struct cx_nest nest;
    cx_move_nest(&nest, &out, 0, strides);
    return cx_move_launch(p, &nest, x->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_value *x = &query->graph->values[query->node->inputs[0]];
    enum cx_layout found = cx_layout_at_hand(query, 0);
    if (query->device->family != CX_FAMILY_CPU || !cx_move_covers(x->dtype))
        found = CX_LAYOUT_PLAIN;
    return (struct cx_layouts){.input = found, .output = found};
}

const struct cx_kernel cx_kernel_channel_shuffle_any = {.prepare = prepare, .layout = layout};
