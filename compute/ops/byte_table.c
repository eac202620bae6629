/* A function of one byte as a table of its 256 results. Inputs: x, and the table, whose element i
 * is the result for the byte with the bits i. Made by fusion, from whatever lies between two
 * quantized values of one element each. */
#include "ops/number.h"
#include "ops/op.h"
#include "ops/quant.h"

static enum cx_status infer(struct cx_call *call)
{
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status = cx_call_check_dtype(call, 1, CX_DTYPES_BYTE);
    if (status == CX_OK && cx_shape_elements(&call->in[1].shape) != 256)
        return cx_call_fail(call, CX_SHAPE, "a table of %lld elements",
                            (long long)cx_shape_elements(&call->in[1].shape));
    call->out[0].dtype = call->in[1].dtype;
    call->out[0].shape = call->in[0].shape;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const uint8_t *x = call->in[0].data, *table = call->in[1].data;
    uint8_t *y = call->out[0].data;
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        y[i] = table[x[i]];
    return CX_OK;
}

const struct cx_op_impl cx_op_byte_table = {
    .flags = CX_OP_INPLACE,
    .infer = infer,
    .eval = eval,
};
