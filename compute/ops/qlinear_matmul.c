/* Matrix products of integers: QLinearMatMul quantizes the sums, MatMulInteger hands them out. */
#include "ops/number.h"
#include "ops/qlinear.h"
#include "ops/quant.h"
#include "ops/walk.h"

static enum cx_status infer(struct cx_call *call)
{
    struct cx_qlinear_form form = cx_qlinear_form(call->node);
    const struct cx_shape *a = &call->in[0].shape, *b = &call->in[form.w].shape;
    struct cx_matmul mm;
    char text_a[128], text_b[128];
    if (!cx_matmul_resolve(a, b, &mm, &call->out[0].shape))
        return cx_call_fail(call, CX_SHAPE, "shapes %s and %s can't be multiplied",
                            cx_shape_format(a, text_a, sizeof text_a),
                            cx_shape_format(b, text_b, sizeof text_b));
    return cx_qlinear_check(call, mm.n);
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_qlinear_form form = cx_qlinear_form(call->node);
    const struct cx_tensor *a = &call->in[0], *b = &call->in[form.w];
    struct cx_matmul mm;
    struct cx_shape out;
    struct cx_walk walk;
    if (!cx_matmul_resolve(&a->shape, &b->shape, &mm, &out))
        return CX_INTERNAL;
    int64_t a_zero = cx_quant_zero(call, form.x_zero, 0);
    cx_walk_start(&walk, &mm.batch);
    cx_walk_follow(&walk, &mm.a_batch);
    cx_walk_follow(&walk, &mm.b_batch);
    int64_t products = cx_shape_elements(&mm.batch), at = 0;
    for (int64_t p = 0; p < products; p++, cx_walk_next(&walk)) {
        for (int64_t i = 0; i < mm.m; i++) {
            for (int64_t j = 0; j < mm.n; j++, at++) {
                int64_t b_zero = cx_quant_zero(call, form.w_zero, j), sum = 0;
                for (int64_t k = 0; k < mm.k; k++)
                    sum += (cx_get_i64(a, (walk.at[0] * mm.m + i) * mm.k + k) - a_zero) *
                           (cx_get_i64(b, (walk.at[1] * mm.k + k) * mm.n + j) - b_zero);
                cx_qlinear_store(call, at, j, sum);
            }
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_qlinear_matmul = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .infer = infer,
    .eval = eval,
};
