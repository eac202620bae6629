/* Resize: one launch an axis that changes, the neighbours and weights of each index in a table. */
#include "ops/resize.h"

#include <stdio.h>
#include <string.h>

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

/* A table is [index][neighbour] of these. */
struct tap {
    int32_t index;
    float weight;
};

struct table {
    const struct cx_resize *resize;
    uint32_t axis;
};

static void pack_table(const struct cx_value *value, void *data, const void *context)
{
    (void)value; /* the scales or sizes, which the resize was resolved from */
    const struct table *table = context;
    const struct cx_resize_axis *axis = &table->resize->axes[table->axis];
    struct tap *tap = data;
    for (int64_t i = 0; i < axis->out; i++) {
        struct cx_resize_window window;
        cx_resize_find(table->resize, table->axis, i, &window);
        for (uint32_t k = 0; k < window.count; k++, tap++) {
            int64_t index;
            tap->weight = (float)cx_resize_weight(table->resize, table->axis, &window, k, &index);
            tap->index = (int32_t)index;
        }
    }
}

/* The constant input that decides the sizes; CX_VALUE_NONE where an attribute does. */
static uint32_t deciding_input(const struct cx_prepare *p)
{
    const struct cx_node *node = cx_prepare_node(p);
    for (uint32_t i = node->input_count; i-- > 1;)
        if (node->inputs[i] != CX_VALUE_NONE &&
            cx_prepare_graph(p)->values[node->inputs[i]].data != NULL &&
            cx_shape_elements(&cx_prepare_graph(p)->values[node->inputs[i]].shape) > 0)
            return node->inputs[i];
    return CX_VALUE_NONE;
}

static enum cx_status table_arg(struct cx_prepare *p, const struct cx_resize *resize, uint32_t axis,
                                struct cx_arg *ret_arg)
{
    const struct cx_resize_axis *a = &resize->axes[axis];
    struct table table = {resize, axis};
    char kind[160];
    uint32_t handle;
    snprintf(kind, sizeof kind, "resize-%u-%lld-%lld-%a-%d-%d-%d-%d-%d-%a", axis, (long long)a->in,
             (long long)a->out, a->scale, (int)resize->mode, (int)resize->coordinate,
             (int)resize->nearest, resize->exclude_outside, resize->antialias, resize->cubic_a);
    uint64_t bytes = (uint64_t)a->out * cx_resize_taps(resize, axis) * sizeof(struct tap);
    enum cx_status status =
        cx_prepare_pack(p, deciding_input(p), kind, bytes, pack_table, &table, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* One pass, between the input, the output or memory between passes. */
struct pass {
    uint32_t axis;
    struct cx_arg from, to;
    enum cx_dtype from_dtype, to_dtype;
    int64_t outer, inner; /* elements before and behind the axis, in the layout they lie in */
};

static enum cx_status add_pass(struct cx_prepare *p, const struct cx_resize *resize,
                               const struct pass *pass)
{
    const struct cx_resize_axis *axis = &resize->axes[pass->axis];
    struct cx_arg table;
    enum cx_status status = table_arg(p, resize, pass->axis, &table);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec;
    int64_t count = pass->outer * axis->out * pass->inner;
    if (resize->mode == CX_RESIZE_NEAREST) {
        cx_spec_init(&spec, "any/resize_nearest.cl", "resize_nearest");
        cx_launch_option(&spec, "-DSIZE=%zu", cx_dtype_size(pass->from_dtype));
    } else {
        cx_spec_init(&spec, "any/resize.cl", "resize");
        cx_spec_operand(&spec, "A", pass->from_dtype);
        cx_spec_operand(&spec, "D", pass->to_dtype);
        cx_spec_width(&spec, p);
    }
    cx_launch_arg(&spec, pass->from);
    cx_launch_arg(&spec, pass->to);
    cx_launch_arg(&spec, table);
    cx_launch_arg(&spec, cx_arg_i32(cx_resize_taps(resize, pass->axis)));
    cx_launch_arg(&spec, cx_arg_i64(axis->in));
    cx_launch_arg(&spec, cx_arg_i64(axis->out));
    cx_launch_arg(&spec, cx_arg_i64(pass->inner));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_runs(&spec, p, count, 1)));
    return cx_prepare_launch(p, &spec);
}

/* The passes in the order of axes; what lies between two of them is in scratch. */
static enum cx_status add_passes(struct cx_prepare *p, const struct cx_resize *resize)
{
    const struct cx_value *x = cx_prepare_input(p, 0);
    int64_t block = cx_layout_block(x->layout), sizes[CX_RANK_MAX];
    uint32_t last = 0;
    for (uint32_t k = 0; k < resize->rank; k++) {
        sizes[k] = k == 1 ? cx_layout_blocks(x->layout, &x->shape) : resize->axes[k].in;
        last = resize->axes[k].still ? last : k;
    }
    struct pass pass = {.from = cx_prepare_input_arg(p, 0), .from_dtype = x->dtype};
    bool is_wide = x->dtype == CX_DTYPE_DOUBLE || resize->mode == CX_RESIZE_NEAREST;
    for (uint32_t axis = 0; axis <= last; axis++) {
        if (resize->axes[axis].still)
            continue;
        pass.axis = axis;
        pass.outer = 1;
        pass.inner = block;
        for (uint32_t k = 0; k < axis; k++)
            pass.outer *= sizes[k];
        for (uint32_t k = axis + 1; k < resize->rank; k++)
            pass.inner *= sizes[k];
        sizes[axis] = resize->axes[axis].out;
        pass.to_dtype = axis == last || is_wide ? x->dtype : CX_DTYPE_FLOAT;
        pass.to = cx_prepare_output_arg(p, 0);
        if (axis != last) {
            uint64_t elements = (uint64_t)(pass.outer * sizes[axis] * pass.inner);
            uint32_t handle;
            enum cx_status status =
                cx_prepare_scratch(p, elements * cx_dtype_size(pass.to_dtype), &handle);
            if (status != CX_OK)
                return status;
            pass.to = cx_arg_scratch(handle);
        }
        enum cx_status status = add_pass(p, resize, &pass);
        if (status != CX_OK)
            return status;
        pass.from = pass.to;
        pass.from_dtype = pass.to_dtype;
    }
    return CX_OK;
}

static bool is_still(const struct cx_resize *resize)
{
    for (uint32_t k = 0; k < resize->rank; k++)
        if (!resize->axes[k].still)
            return false;
    return true;
}

/* Weights of floating types alone: integers would be rounded between passes. */
static bool on_device(const struct cx_resize *resize, enum cx_dtype dtype, bool is_decided)
{
    bool is_covered =
        resize->mode == CX_RESIZE_NEAREST ? cx_move_covers(dtype) : cx_dtype_is_float(dtype);
    return is_covered && is_decided && resize->coordinate != CX_RESIZE_TF_CROP_AND_RESIZE;
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *x = cx_prepare_input(p, 0);
    struct cx_spec_call call;
    struct cx_resize resize;
    cx_spec_call_init(&call, p);
    enum cx_status status = cx_resize_resolve(&call.call, &resize);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    for (uint32_t k = 0; k < resize.rank; k++)
        if (resize.axes[k].in > INT32_MAX)
            return cx_prepare_fail(p, CX_LIMIT, "an axis of it has over 2^31 elements");
    if (!on_device(&resize, x->dtype, deciding_input(p) != CX_VALUE_NONE) ||
        !cx_spec_covers(p, x->dtype))
        return cx_prepare_host(p);
    if (!is_still(&resize))
        return add_passes(p, &resize);
    struct cx_shape flat = {1, {(int64_t)(x->bytes / cx_dtype_size(x->dtype))}};
    static const int64_t step[CX_RANK_MAX] = {1};
    struct cx_nest nest;
    cx_move_nest(&nest, &flat, 0, step);
    return cx_move_launch(p, &nest, x->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

/* Where batch and channels stay, blocks of channels are as good as any other inner axis. */
static struct cx_layouts layout(const struct cx_layout_query *query)
{
    struct cx_bound_call bound;
    struct cx_error error;
    struct cx_resize resize;
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN};
    cx_bound_call_init(&bound, query->graph, query->node, &error);
    if (cx_resize_resolve(&bound.call, &resize) != CX_OK || resize.rank < 3 ||
        !resize.axes[0].still || !resize.axes[1].still || query->node->input_count < 2 ||
        !on_device(&resize, bound.in[0].dtype, true))
        return plain;
    enum cx_layout found = cx_layout_at_hand(query, 0);
    return (struct cx_layouts){.input = found, .output = found};
}

const struct cx_kernel cx_kernel_resize_any = {.prepare = prepare, .layout = layout};
