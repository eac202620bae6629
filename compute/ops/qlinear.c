#include "ops/qlinear.h"

#include "ops/number.h"
#include "ops/quant.h"

struct cx_qlinear_form cx_qlinear_form(const struct cx_node *node)
{
    if (node->op == &cx_ops[CX_OP_ID_ConvInteger] || node->op == &cx_ops[CX_OP_ID_MatMulInteger])
        return (struct cx_qlinear_form){false, CX_QI_W, CX_QI_X_ZERO, CX_QI_W_ZERO};
    return (struct cx_qlinear_form){true, CX_QL_W, CX_QL_X_ZERO, CX_QL_W_ZERO};
}

float cx_qlinear_multiplier(const struct cx_call *call, int64_t m)
{
    return cx_quant_scale(call, CX_QL_X_SCALE, 0) * cx_quant_scale(call, CX_QL_W_SCALE, m) /
           cx_quant_scale(call, CX_QL_Y_SCALE, 0);
}

void cx_qlinear_store(const struct cx_call *call, int64_t i, int64_t m, int64_t sum)
{
    const struct cx_tensor *out = &call->out[0];
    int64_t low, high;
    if (out->dtype == CX_DTYPE_INT32) {
        cx_set_i64(out, i, sum);
        return;
    }
    cx_quant_range(out->dtype, &low, &high);
    if (cx_call_has_in(call, CX_QL_BIAS))
        sum += cx_get_i64(&call->in[CX_QL_BIAS], m);
    int64_t y_zero = cx_quant_zero(call, CX_QL_Y_ZERO, 0);
    int64_t y = cx_quant_round((float)sum * cx_qlinear_multiplier(call, m), y_zero, low, high);
    if (cx_call_has_in(call, CX_QL_RESIDUAL)) {
        int64_t r =
            cx_get_i64(&call->in[CX_QL_RESIDUAL], i) - cx_quant_zero(call, CX_QL_RESIDUAL_ZERO, 0);
        float scale = cx_quant_scale(call, CX_QL_SUM_SCALE, 0);
        float of_y = cx_quant_scale(call, CX_QL_Y_SCALE, 0) / scale;
        float of_r = cx_quant_scale(call, CX_QL_RESIDUAL_SCALE, 0) / scale;
        y = cx_quant_sum(y - y_zero, of_y, r, of_r, cx_quant_zero(call, CX_QL_SUM_ZERO, 0), low,
                         high);
    }
    cx_set_i64(out, i, y);
}

enum cx_status cx_qlinear_check(struct cx_call *call, int64_t channels)
{
    struct cx_qlinear_form form = cx_qlinear_form(call->node);
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status = cx_call_check_dtype(call, form.w, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status =
            cx_quant_check(call, 0, form.requantizes ? CX_QL_X_SCALE : UINT32_MAX, form.x_zero, 1);
    if (status == CX_OK)
        status = cx_quant_check(call, form.w, form.requantizes ? CX_QL_W_SCALE : UINT32_MAX,
                                form.w_zero, channels);
    if (status != CX_OK || !form.requantizes) {
        call->out[0].dtype = CX_DTYPE_INT32;
        return status;
    }
    status = cx_call_check_dtype(call, CX_QL_Y_ZERO, CX_DTYPES_BYTE);
    if (status == CX_OK)
        status = cx_quant_check(call, CX_QL_Y_ZERO, CX_QL_Y_SCALE, CX_QL_Y_ZERO, 1);
    if (status == CX_OK && cx_call_has_in(call, CX_QL_BIAS)) {
        const struct cx_tensor *bias = &call->in[CX_QL_BIAS];
        status = cx_call_check_dtype(call, CX_QL_BIAS, CX_DTYPE_BIT(INT32));
        if (status == CX_OK && cx_shape_elements(&bias->shape) != channels)
            status = cx_call_fail(call, CX_SHAPE, "a bias of %lld elements for %lld channels",
                                  (long long)cx_shape_elements(&bias->shape), (long long)channels);
    }
    call->out[0].dtype = call->in[CX_QL_Y_ZERO].dtype;
    return status;
}
