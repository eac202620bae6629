#include "ops/channel_shuffle.h"

#include "ops/number.h"
#include "ops/op.h"

static enum cx_status infer(struct cx_call *call)
{
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_channel_shuffle *shuffle = call->node->attrs;
    const struct cx_shape *shape = &call->in[0].shape;
    int64_t channels = shape->dims[1], each = channels / shuffle->groups;
    int64_t plane = cx_shape_span(shape, 2, shape->rank), count = cx_shape_elements(shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / plane % channels;
        int64_t from = c % shuffle->groups * each + c / shuffle->groups;
        cx_copy_element(&call->out[0], i, &call->in[0], i + (from - c) * plane);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_channel_shuffle = {
    .infer = infer,
    .eval = eval,
};
