/* Identity, and Dropout in inference, which is the same with a mask of true. */
#include <string.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    (void)ret_attrs;
    if (op != &cx_ops[CX_OP_ID_Dropout])
        return CX_OK;
    float ratio; /* both matter in training only */
    int64_t seed;
    enum cx_status status = cx_attr_float(set, "ratio", 0.5f, &ratio);
    return status == CX_OK ? cx_attr_int(set, "seed", 0, &seed) : status;
}

static enum cx_status infer(struct cx_call *call)
{
    if (cx_call_has_in(call, 2)) {
        enum cx_status status = cx_call_need_data(call, 2, "training_mode");
        if (status == CX_OK && cx_shape_elements(&call->in[2].shape) != 1)
            status = cx_call_fail(call, CX_SHAPE, "training_mode is not one value");
        if (status == CX_OK && cx_get_i64(&call->in[2], 0) != 0)
            status = cx_call_fail(call, CX_UNSUPPORTED, "training is not supported");
        if (status != CX_OK)
            return status;
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    if (cx_call_has_out(call, 1)) {
        /* Before opset 10 the mask had the data's type. */
        call->out[1].dtype = call->node->opset >= 10 ? CX_DTYPE_BOOL : call->in[0].dtype;
        call->out[1].shape = call->in[0].shape;
    }
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    cx_copy_tensor(&call->out[0], &call->in[0]);
    if (cx_call_has_out(call, 1)) {
        int64_t count = cx_shape_elements(&call->out[1].shape);
        for (int64_t i = 0; i < count; i++)
            cx_set_i64(&call->out[1], i, 1);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_identity = {
    .flags = CX_OP_ALIAS | CX_OP_IDENTITY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
