/* x as uint8 by a scale and a zero point that its own range gives, with 0 in the range. */
#include <math.h>

#include "ops/number.h"
#include "ops/op.h"
#include "ops/quant.h"

static enum cx_status infer(struct cx_call *call)
{
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPE_BIT(FLOAT));
    call->out[0].dtype = call->out[2].dtype = CX_DTYPE_UINT8;
    call->out[1].dtype = CX_DTYPE_FLOAT;
    call->out[0].shape = call->in[0].shape;
    call->out[1].shape = call->out[2].shape = (struct cx_shape){0};
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const float *x = call->in[0].data;
    int64_t count = cx_shape_elements(&call->in[0].shape);
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    /* All zeros: any scale is right, but not one of 0. */
    float scale = high > low ? (high - low) / 255.0f : 1.0f;
    int64_t zero = cx_quant_round(-low / scale, 0, 0, 255);
    for (int64_t i = 0; i < count; i++)
        cx_set_i64(&call->out[0], i, cx_quant_round(x[i] / scale, zero, 0, 255));
    cx_set_f64(&call->out[1], 0, (double)scale);
    cx_set_i64(&call->out[2], 0, zero);
    return CX_OK;
}

const struct cx_op_impl cx_op_dynamic_quantize = {
    .infer = infer,
    .eval = eval,
};
