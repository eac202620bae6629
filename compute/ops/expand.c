/* Input 0 repeated to its broadcast with the shape in input 1. */
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/op.h"
#include "ops/walk.h"

static enum cx_status infer(struct cx_call *call)
{
    struct cx_shape shape = {0};
    char from[128], to[128];
    enum cx_status status = cx_call_need_data(call, 1, "the shape");
    if (status == CX_OK)
        status = cx_ints_from_input(call, 1, CX_RANK_MAX, shape.dims, &shape.rank);
    if (status != CX_OK)
        return status;
    if (!cx_shape_is_known(&shape) ||
        !cx_shape_broadcast(&call->in[0].shape, &shape, &call->out[0].shape))
        return cx_call_fail(call, CX_SHAPE, "%s can't be expanded to %s",
                            cx_shape_format(&call->in[0].shape, from, sizeof from),
                            cx_shape_format(&shape, to, sizeof to));
    call->out[0].dtype = call->in[0].dtype;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_walk walk;
    cx_walk_start(&walk, &call->out[0].shape);
    cx_walk_follow(&walk, &call->in[0].shape);
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk))
        cx_copy_element(&call->out[0], i, &call->in[0], walk.at[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_expand = {
    .infer = infer,
    .eval = eval,
};
