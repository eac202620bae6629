/* Sums and products of quantized operands of one shape or broadcast. Inputs: a, its scale and zero
 * point, b, its scale and zero point, the result's scale and zero point. */
#include "ops/number.h"
#include "ops/op.h"
#include "ops/quant.h"
#include "ops/walk.h"

static enum cx_status infer(struct cx_call *call)
{
    char text_a[128], text_b[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status = cx_call_check_same_dtype(call, 0, 3);
    static const uint32_t scales[] = {1, 4, 6}; /* each with its zero point behind it */
    for (uint32_t i = 0; i < 3 && status == CX_OK; i++)
        status = cx_quant_check(call, 0, scales[i], scales[i] + 1, 1);
    if (status == CX_OK &&
        !cx_shape_broadcast(&call->in[0].shape, &call->in[3].shape, &call->out[0].shape))
        return cx_call_fail(call, CX_SHAPE, "shapes %s and %s don't broadcast",
                            cx_shape_format(&call->in[0].shape, text_a, sizeof text_a),
                            cx_shape_format(&call->in[3].shape, text_b, sizeof text_b));
    call->out[0].dtype = call->in[0].dtype;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    bool product = call->node->op == &cx_ops[CX_OP_ID_QLinearMul];
    struct cx_walk walk;
    int64_t low, high, count = cx_shape_elements(&call->out[0].shape);
    int64_t a_zero = cx_quant_zero(call, 2, 0), b_zero = cx_quant_zero(call, 5, 0);
    int64_t zero = cx_quant_zero(call, 7, 0);
    float a_scale = cx_quant_scale(call, 1, 0), b_scale = cx_quant_scale(call, 4, 0);
    float scale = cx_quant_scale(call, 6, 0), of_product = a_scale * b_scale / scale;
    cx_quant_range(call->out[0].dtype, &low, &high);
    cx_walk_start(&walk, &call->out[0].shape);
    cx_walk_follow(&walk, &call->in[0].shape);
    cx_walk_follow(&walk, &call->in[3].shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        int64_t a = cx_get_i64(&call->in[0], walk.at[0]) - a_zero;
        int64_t b = cx_get_i64(&call->in[3], walk.at[1]) - b_zero;
        int64_t y = product ? cx_quant_round((float)(a * b) * of_product, zero, low, high)
                            : cx_quant_sum(a, a_scale / scale, b, b_scale / scale, zero, low, high);
        cx_set_i64(&call->out[0], i, y);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_qlinear_binary = {
    .flags = CX_OP_EPILOGUE,
    .infer = infer,
    .eval = eval,
};
