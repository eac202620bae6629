/* Input 1 where input 0 is true, else input 2; all three broadcast. */
#include "ops/number.h"
#include "ops/op.h"
#include "ops/walk.h"

static enum cx_status infer(struct cx_call *call)
{
    struct cx_shape shape;
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPE_BIT(BOOL));
    if (status == CX_OK)
        status = cx_call_check_same_dtype(call, 1, 2);
    if (status != CX_OK)
        return status;
    if (!cx_shape_broadcast(&call->in[0].shape, &call->in[1].shape, &shape) ||
        !cx_shape_broadcast(&shape, &call->in[2].shape, &call->out[0].shape))
        return cx_call_fail(call, CX_SHAPE, "the three shapes don't broadcast");
    call->out[0].dtype = call->in[1].dtype;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_walk walk;
    cx_walk_start(&walk, &call->out[0].shape);
    for (uint32_t i = 0; i < 3; i++)
        cx_walk_follow(&walk, &call->in[i].shape);
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        uint32_t from = cx_get_i64(&call->in[0], walk.at[0]) != 0 ? 1 : 2;
        cx_copy_element(&call->out[0], i, &call->in[from], walk.at[from]);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_where = {
    .infer = infer,
    .eval = eval,
};
