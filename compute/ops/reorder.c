/* The same elements in another layout; which one, the output value says. The host reference knows
 * PLAIN tensors only, where nothing changes. */
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
    cx_copy_tensor(&call->out[0], &call->in[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_reorder = {
    .infer = infer,
    .eval = eval,
};
