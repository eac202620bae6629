/* Inputs side by side on one axis: each is moved to its part of the output. */
#include "ops/concat.h"

#include "error.h"
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"

#define RUNS_MAX 8 /* inputs that one launch of cpu/runs.cl takes */
#define HALF 8     /* channels that are moved together where blocks of 16 don't meet */

struct concat {
    const struct cx_value *out;
    uint32_t axis;
    struct cx_shape lies; /* the output's axes as they lie in memory */
};

/* ---- GPU ---- */

static enum cx_status move_inputs(struct cx_prepare *p, const struct concat *concat)
{
    enum cx_status status = CX_OK;
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&concat->out->shape, strides);
    for (uint32_t i = 0; i < cx_prepare_node(p)->input_count && status == CX_OK; i++) {
        const struct cx_value *in = cx_prepare_input(p, i);
        struct cx_nest nest;
        cx_nest_init(&nest, &in->shape);
        nest.operands = 2;
        for (uint32_t k = 0; k < in->shape.rank; k++) {
            nest.stride[1][k] = nest.stride[0][k];
            nest.stride[0][k] = strides[k];
        }
        nest.start[0] = start;
        start += in->shape.dims[concat->axis] * strides[concat->axis];
        if (i == 0 && cx_prepare_node(p)->grows)
            continue;
        status = cx_move_launch(p, &nest, concat->out->dtype, cx_prepare_input_arg(p, i),
                                cx_prepare_output_arg(p, 0));
    }
    return status;
}

/* ---- CPU ---- */

/* Inputs first … first + n - 1, whose runs lie side by side from element START of every set of the
 * output's runs. */
static enum cx_status join(struct cx_prepare *p, const struct concat *concat, uint32_t first,
                           uint32_t n, int64_t start)
{
    struct cx_launch_spec spec;
    int64_t outer = cx_shape_span(&concat->lies, 0, concat->axis), set = 0;
    int64_t runs[CX_RANK_MAX] = {0};
    cx_spec_init(&spec, "cpu/runs.cl", "join");
    cx_launch_option(&spec, "-DSIZE=%zu", cx_dtype_size(concat->out->dtype));
    for (uint32_t i = 0; i < RUNS_MAX; i++) {
        cx_launch_arg(&spec,
                      i < n ? cx_prepare_input_arg(p, first + i) : cx_arg_value(CX_VALUE_NONE));
        if (i < n && outer > 0)
            runs[i] = (int64_t)(cx_prepare_input(p, first + i)->bytes /
                                cx_dtype_size(concat->out->dtype)) /
                      outer;
        set += runs[i];
    }
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64x8(runs));
    cx_launch_arg(&spec, cx_arg_i64(start));
    cx_launch_arg(&spec, cx_arg_i64(cx_shape_span(&concat->lies, concat->axis, concat->lies.rank)));
    cx_launch_arg(&spec, cx_arg_i64(outer));
    cx_launch_arg(&spec, cx_arg_i64(set));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_runs(&spec, p, outer * set, 1)));
    return cx_prepare_launch(p, &spec);
}

/* Half-blocks of every other kind (FROM: the lower or the upper ones) of an input in blocks of 16
 * channels, to COUNT blocks of the output from block TO on, into their other half. */
static enum cx_status move_halves(struct cx_prepare *p, const struct concat *concat, uint32_t i,
                                  int64_t from, int64_t to, int64_t count)
{
    const struct cx_value *in = cx_prepare_input(p, i);
    int64_t batch = in->shape.dims[0], plane = cx_shape_span(&in->shape, 2, in->shape.rank);
    int64_t block = plane * 2 * HALF;
    struct cx_nest nest = {.rank = 4, .operands = 2, .dims = {batch, count, plane, HALF}};
    const int64_t strides[2][4] = {
        {cx_layout_blocks(concat->out->layout, &concat->out->shape) * block, block, 2 * HALF, 1},
        {cx_layout_blocks(in->layout, &in->shape) * block, block, 2 * HALF, 1},
    };
    for (uint32_t o = 0; o < 2; o++)
        for (uint32_t k = 0; k < 4; k++)
            nest.stride[o][k] = strides[o][k];
    nest.start[0] = to * block + (1 - from) * HALF;
    nest.start[1] = from * HALF;
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, i),
                          cx_prepare_output_arg(p, 0));
}

/* An input whose channels begin in the middle of a block of 16. */
static enum cx_status move_odd(struct cx_prepare *p, const struct concat *concat, uint32_t i,
                               int64_t channel)
{
    int64_t halves = (cx_prepare_input(p, i)->shape.dims[1] + HALF - 1) / HALF;
    int64_t to = channel / (2 * HALF);
    enum cx_status status = move_halves(p, concat, i, 0, to, (halves + 1) / 2);
    if (status == CX_OK)
        status = move_halves(p, concat, i, 1, to + 1, halves / 2);
    return status;
}

static enum cx_status join_inputs(struct cx_prepare *p, const struct concat *concat)
{
    enum cx_status status = CX_OK;
    uint32_t n = cx_prepare_node(p)->input_count;
    int64_t block = concat->axis == 1 ? cx_layout_block(concat->out->layout) : 1;
    int64_t inner = cx_shape_span(&concat->lies, concat->axis + 1, concat->lies.rank);
    int64_t begin = 0; /* of input i on the axis */
    uint32_t skip = cx_prepare_node(p)->grows;
    if (skip > 0)
        begin = cx_prepare_input(p, 0)->shape.dims[concat->axis];
    for (uint32_t i = skip; i < n && status == CX_OK;) {
        if (begin % block != 0) {
            status = move_odd(p, concat, i, begin);
            begin += cx_prepare_input(p, i++)->shape.dims[concat->axis];
            continue;
        }
        uint32_t first = i;
        int64_t start = begin / block * inner;
        do
            begin += cx_prepare_input(p, i++)->shape.dims[concat->axis];
        while (i < n && i - first < RUNS_MAX && begin % block == 0);
        status = join(p, concat, first, i - first, start);
    }
    return status;
}

static enum cx_status prepare(struct cx_prepare *p)
{
    struct concat concat = {.out = cx_prepare_output(p, 0)};
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    enum cx_status status = cx_concat_resolve(&call.call, &concat.axis);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(concat.out->dtype))
        return cx_prepare_host(p);
    if (!cx_spec_is_cpu(p))
        return move_inputs(p, &concat);
    concat.lies = cx_layout_lies(concat.out->layout, &concat.out->shape);
    return join_inputs(p, &concat);
}

/* ---- layout ---- */

/* Whether inputs that are joined on axis 1 meet at the borders of blocks, or at the middles of
 * blocks of 16 with nothing left over in the last. */
static bool blocks_meet(const struct cx_layout_query *query, int64_t block)
{
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values;
    int64_t channels = 0, all = values[node->outputs[0]].shape.dims[1];
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (channels % block != 0 && (channels % HALF != 0 || all % block != 0))
            return false;
        channels += values[node->inputs[i]].shape.dims[1];
    }
    return true;
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values, *out = &values[node->outputs[0]];
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN};
    enum cx_layout found = CX_LAYOUT_PLAIN;
    struct cx_bound_call call;
    struct cx_error err;
    uint32_t axis = 0;
    uint64_t blocked = 0;
    cx_bound_call_init(&call, query->graph, node, &err);
    if (query->device->family != CX_FAMILY_CPU || !cx_move_covers(out->dtype) ||
        out->shape.rank < 2 || out->shape.rank == CX_RANK_MAX ||
        cx_concat_resolve(&call.call, &axis) != CX_OK)
        return plain;
    for (uint32_t i = 0; i < node->input_count; i++) {
        enum cx_layout one = cx_layout_at_hand(query, i);
        if (values[node->inputs[i]].data != NULL)
            return plain;
        if (one != CX_LAYOUT_PLAIN) {
            found = one;
            blocked += values[node->inputs[i]].bytes;
        }
    }
    /* The smaller part is reordered. */
    if (blocked * 2 < out->bytes || (axis == 1 && !blocks_meet(query, cx_layout_block(found))))
        return plain;
    return (struct cx_layouts){.input = found, .output = found, .all_inputs = true};
}

const struct cx_kernel cx_kernel_concat_any = {.prepare = prepare, .layout = layout};
