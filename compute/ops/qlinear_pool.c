/* The mean of each channel of a quantized tensor, quantized. Inputs: x, its scale and zero point,
 * y's scale and zero point. */
#include "ops/qlinear_pool.h"

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/quant.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    int64_t last = 0;
    (void)op;
    (void)opset;
    *ret_attrs = NULL;
    enum cx_status status = cx_attr_int(set, "channels_last", 0, &last);
    if (status == CX_OK && last != 0)
        status = cx_attr_fail(set, CX_UNSUPPORTED, "channels_last is not supported");
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *x = &call->in[0].shape;
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status = cx_quant_check(call, 0, 1, 2, 1);
    if (status == CX_OK)
        status = cx_quant_check(call, 0, 3, 4, 1);
    if (status != CX_OK)
        return status;
    if (x->rank < 3 || cx_shape_span(x, 2, x->rank) > INT32_MAX / 255)
        return cx_call_fail(call, CX_SHAPE, "the input has no spatial axes, or too large ones");
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = *x;
    for (uint32_t i = 2; i < x->rank; i++)
        call->out[0].shape.dims[i] = 1;
    return CX_OK;
}

float cx_qlinear_pool_multiplier(float x_scale, float y_scale, int64_t count)
{
    return x_scale / (y_scale * (float)count);
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_shape *x = &call->in[0].shape;
    int64_t plane = cx_shape_span(x, 2, x->rank), count = cx_shape_span(x, 0, 2), low, high;
    int64_t x_zero = cx_quant_zero(call, 2, 0), y_zero = cx_quant_zero(call, 4, 0);
    float multiplier =
        cx_qlinear_pool_multiplier(cx_quant_scale(call, 1, 0), cx_quant_scale(call, 3, 0), plane);
    cx_quant_range(call->out[0].dtype, &low, &high);
    for (int64_t i = 0; i < count; i++) {
        int64_t sum = 0;
        for (int64_t k = 0; k < plane; k++)
            sum += cx_get_i64(&call->in[0], i * plane + k) - x_zero;
        cx_set_i64(&call->out[0], i, cx_quant_round((float)sum * multiplier, y_zero, low, high));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_qlinear_pool = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
