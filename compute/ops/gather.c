#include "ops/gather.h"

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    int64_t *axis = cx_arena_alloc(set->arena, sizeof *axis);
    *ret_attrs = axis;
    return axis != NULL ? cx_attr_int(set, "axis", 0, axis) : CX_MEMORY;
}

enum cx_status cx_gather_resolve(const struct cx_call *call, uint32_t *ret_axis)
{
    const int64_t *axis = call->node->attrs;
    return cx_axis_resolve(call, *axis, call->in[0].shape.rank, ret_axis);
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *in = &call->in[0].shape, *indices = &call->in[1].shape;
    struct cx_shape out = {0};
    uint32_t axis = 0;
    enum cx_status status = cx_call_check_dtype(call, 1, CX_DTYPE_BIT(INT32) | CX_DTYPE_BIT(INT64));
    if (status == CX_OK)
        status = cx_gather_resolve(call, &axis);
    if (status != CX_OK)
        return status;
    if (in->rank - 1 + indices->rank > CX_RANK_MAX)
        return cx_call_fail(call, CX_UNSUPPORTED, "more than %d axes", CX_RANK_MAX);
    for (uint32_t i = 0; i < axis; i++)
        out.dims[out.rank++] = in->dims[i];
    for (uint32_t i = 0; i < indices->rank; i++)
        out.dims[out.rank++] = indices->dims[i];
    for (uint32_t i = axis + 1; i < in->rank; i++)
        out.dims[out.rank++] = in->dims[i];
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = out;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_tensor *in = &call->in[0], *indices = &call->in[1];
    uint32_t axis = 0;
    enum cx_status status = cx_gather_resolve(call, &axis);
    if (status != CX_OK)
        return status;
    int64_t outer = cx_shape_span(&in->shape, 0, axis), dim = in->shape.dims[axis];
    int64_t inner = cx_shape_span(&in->shape, axis + 1, in->shape.rank);
    int64_t count = cx_shape_elements(&indices->shape), at = 0;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t k = 0; k < count; k++) {
            int64_t index = cx_get_i64(indices, k);
            if (index < -dim || index >= dim)
                return cx_call_fail(call, CX_FORMAT, "index %lld of %lld elements",
                                    (long long)index, (long long)dim);
            index = index < 0 ? index + dim : index;
            for (int64_t i = 0; i < inner; i++)
                cx_copy_element(&call->out[0], at++, in, (o * dim + index) * inner + i);
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_gather = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
