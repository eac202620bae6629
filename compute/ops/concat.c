#include "ops/concat.h"

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    int64_t *axis = cx_arena_alloc(set->arena, sizeof *axis);
    if (axis == NULL)
        return CX_MEMORY;
    *ret_attrs = axis;
    if (!cx_attr_has(set, "axis"))
        return cx_attr_fail(set, CX_FORMAT, "attribute 'axis' is missing");
    return cx_attr_int(set, "axis", 0, axis);
}

enum cx_status cx_concat_resolve(const struct cx_call *call, uint32_t *ret_axis)
{
    const int64_t *axis = call->node->attrs;
    return cx_axis_resolve(call, *axis, call->in[0].shape.rank, ret_axis);
}

static enum cx_status infer(struct cx_call *call)
{
    uint32_t axis = 0;
    enum cx_status status = cx_concat_resolve(call, &axis);
    if (status != CX_OK)
        return status;
    struct cx_shape out = call->in[0].shape;
    for (uint32_t i = 1; i < call->node->input_count; i++) {
        struct cx_shape shape = call->in[i].shape;
        char first[128], other[128];
        if (!cx_call_has_in(call, i))
            return cx_call_fail(call, CX_FORMAT, "input %u is missing", i);
        status = cx_call_check_same_dtype(call, 0, i);
        if (status != CX_OK)
            return status;
        int64_t more = axis < shape.rank ? shape.dims[axis] : 0;
        if (axis < shape.rank)
            shape.dims[axis] = out.dims[axis];
        if (!cx_shape_equal(&shape, &out) ||
            __builtin_add_overflow(out.dims[axis], more, &out.dims[axis]))
            return cx_call_fail(call, CX_SHAPE, "shapes %s and %s don't join on axis %u",
                                cx_shape_format(&call->in[0].shape, first, sizeof first),
                                cx_shape_format(&call->in[i].shape, other, sizeof other), axis);
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = out;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    uint32_t axis = 0;
    enum cx_status status = cx_concat_resolve(call, &axis);
    if (status != CX_OK)
        return status;
    const struct cx_tensor *out = &call->out[0];
    int64_t outer = cx_shape_span(&out->shape, 0, axis), at = 0;
    for (int64_t o = 0; o < outer; o++) {
        for (uint32_t k = 0; k < call->node->input_count; k++) {
            const struct cx_tensor *in = &call->in[k];
            int64_t run = cx_shape_span(&in->shape, axis, in->shape.rank);
            for (int64_t i = 0; i < run; i++)
                cx_copy_element(out, at++, in, o * run + i);
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_concat = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
