#include "ops/variadic.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"
#include "ops/walk.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    struct cx_variadic *variadic = cx_arena_alloc(set->arena, sizeof *variadic);
    if (variadic == NULL)
        return CX_MEMORY;
    *ret_attrs = variadic;
    variadic->kind = op == &cx_ops[CX_OP_ID_Max]    ? CX_VARIADIC_MAX
                     : op == &cx_ops[CX_OP_ID_Mean] ? CX_VARIADIC_MEAN
                     : op == &cx_ops[CX_OP_ID_Min]  ? CX_VARIADIC_MIN
                                                    : CX_VARIADIC_SUM;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_variadic *variadic = call->node->attrs;
    bool extreme = variadic->kind == CX_VARIADIC_MAX || variadic->kind == CX_VARIADIC_MIN;
    struct cx_shape shape = call->in[0].shape;
    enum cx_status status =
        cx_call_check_dtype(call, 0, extreme ? CX_DTYPES_NUMBER : CX_DTYPES_FLOAT);
    for (uint32_t i = 1; i < call->node->input_count && status == CX_OK; i++) {
        status = cx_call_check_same_dtype(call, 0, i);
        if (status == CX_OK && !cx_shape_broadcast(&shape, &call->in[i].shape, &shape))
            status = cx_call_fail(call, CX_SHAPE, "the shape of input %u doesn't broadcast", i);
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = shape;
    return status;
}

/* Both values are of the output's type and stay in it between inputs. */
static void combine(const struct cx_call *call, int64_t i, const struct cx_tensor *in, int64_t j)
{
    const struct cx_variadic *variadic = call->node->attrs;
    const struct cx_tensor *out = &call->out[0];
    if (cx_dtype_is_int(out->dtype)) {
        int64_t a = cx_get_i64(out, i), b = cx_get_i64(in, j);
        bool less = cx_dtype_is_signed(out->dtype) ? b < a : (uint64_t)b < (uint64_t)a;
        cx_set_i64(out, i, less == (variadic->kind == CX_VARIADIC_MIN) ? b : a);
        return;
    }
    double a = cx_get_f64(out, i), b = cx_get_f64(in, j);
    switch (variadic->kind) {
    case CX_VARIADIC_MAX:
        cx_set_f64(out, i, isnan(b) || b > a ? b : a);
        break;
    case CX_VARIADIC_MIN:
        cx_set_f64(out, i, isnan(b) || b < a ? b : a);
        break;
    default:
        cx_set_f64(out, i, a + b);
    }
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_variadic *variadic = call->node->attrs;
    const struct cx_tensor *out = &call->out[0];
    int64_t count = cx_shape_elements(&out->shape);
    for (uint32_t k = 0; k < call->node->input_count; k++) {
        struct cx_walk walk;
        cx_walk_start(&walk, &out->shape);
        cx_walk_follow(&walk, &call->in[k].shape);
        for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
            if (k == 0)
                cx_copy_element(out, i, &call->in[0], walk.at[0]);
            else
                combine(call, i, &call->in[k], walk.at[0]);
        }
    }
    for (int64_t i = 0; variadic->kind == CX_VARIADIC_MEAN && i < count; i++)
        cx_set_f64(out, i, cx_get_f64(out, i) / call->node->input_count);
    return CX_OK;
}

const struct cx_op_impl cx_op_variadic = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
