#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/op.h"

/* node->attrs is a tensor of one element: the value. */
static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    static const float zero;
    struct cx_tensor *value = cx_arena_alloc(set->arena, sizeof *value);
    const struct cx_attr *attr = cx_attr_get(set, "value");
    if (value == NULL)
        return CX_MEMORY;
    if (attr == NULL) {
        value->dtype = CX_DTYPE_FLOAT;
        value->data = cx_arena_copy(set->arena, &zero, sizeof zero);
        if (value->data == NULL)
            return CX_MEMORY;
    } else {
        if (attr->kind != CX_ATTR_TENSOR || cx_shape_elements(&attr->tensor.shape) != 1)
            return cx_attr_fail(set, CX_FORMAT, "attribute 'value' is not one element");
        *value = attr->tensor;
    }
    *ret_attrs = value;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_tensor *value = call->node->attrs;
    enum cx_status status = cx_call_need_data(call, 0, "the shape");
    if (status == CX_OK)
        status = cx_ints_from_input(call, 0, CX_RANK_MAX, call->out[0].shape.dims,
                                    &call->out[0].shape.rank);
    call->out[0].dtype = value->dtype;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        cx_copy_element(&call->out[0], i, call->node->attrs, 0);
    return CX_OK;
}

const struct cx_op_impl cx_op_constant_of_shape = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
