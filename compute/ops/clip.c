#include "ops/clip.h"

#include <float.h>
#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"

#define OPSET_INPUTS 11

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    struct cx_clip *clip = cx_arena_alloc(set->arena, sizeof *clip);
    if (clip == NULL)
        return CX_MEMORY;
    clip->min = -INFINITY;
    clip->max = INFINITY;
    enum cx_status status = CX_OK;
    if (opset < OPSET_INPUTS) {
        status = cx_attr_float(set, "min", -INFINITY, &clip->min);
        if (status == CX_OK)
            status = cx_attr_float(set, "max", INFINITY, &clip->max);
    }
    *ret_attrs = clip;
    return status;
}

bool cx_clip_bounds(const struct cx_graph *graph, const struct cx_node *node, float *ret_min,
                    float *ret_max)
{
    const struct cx_clip *clip = node->attrs;
    float bounds[2] = {clip->min, clip->max};
    for (uint32_t i = 1; i < node->input_count; i++) {
        if (node->inputs[i] == CX_VALUE_NONE)
            continue;
        struct cx_tensor tensor = cx_graph_tensor(graph, node->inputs[i]);
        if (tensor.data == NULL)
            return false;
        bounds[i - 1] = (float)cx_get_f64(&tensor, 0);
    }
    *ret_min = bounds[0];
    *ret_max = bounds[1];
    return true;
}

static enum cx_status infer(struct cx_call *call)
{
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_NUMBER);
    for (uint32_t i = 1; i < call->node->input_count && status == CX_OK; i++) {
        if (!cx_call_has_in(call, i))
            continue;
        status = cx_call_check_same_dtype(call, 0, i);
        if (status == CX_OK && cx_shape_elements(&call->in[i].shape) != 1)
            status = cx_call_fail(call, CX_SHAPE, "input %u is not one number", i);
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    return status;
}

/* Integers are compared as integers: a double would round those over 2^53. */
static void clip_ints(const struct cx_call *call, int64_t count)
{
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    bool is_signed = cx_dtype_is_signed(in->dtype);
    for (int64_t i = 0; i < count; i++) {
        int64_t x = cx_get_i64(in, i);
        for (uint32_t side = 1; side <= 2; side++) {
            if (!cx_call_has_in(call, side))
                continue;
            int64_t bound = cx_get_i64(&call->in[side], 0);
            bool less = is_signed ? x < bound : (uint64_t)x < (uint64_t)bound;
            if (side == 1 ? less : !less)
                x = bound;
        }
        cx_set_i64(out, i, x);
    }
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_clip *clip = call->node->attrs;
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    int64_t count = cx_shape_elements(&out->shape);
    if (cx_dtype_is_int(in->dtype)) {
        clip_ints(call, count);
        return CX_OK;
    }
    double min = (double)clip->min, max = (double)clip->max;
    if (cx_call_has_in(call, 1))
        min = cx_get_f64(&call->in[1], 0);
    if (cx_call_has_in(call, 2))
        max = cx_get_f64(&call->in[2], 0);
    for (int64_t i = 0; i < count; i++) {
        double x = cx_get_f64(in, i);
        x = x < min ? min : x;
        cx_set_f64(out, i, x > max ? max : x);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_clip = {
    .flags = CX_OP_INPLACE,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
