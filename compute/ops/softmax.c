#include "ops/softmax.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"

#define OPSET_ONE_AXIS 13

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    struct cx_softmax *softmax = cx_arena_alloc(set->arena, sizeof *softmax);
    if (softmax == NULL)
        return CX_MEMORY;
    *ret_attrs = softmax;
    softmax->kind = op == &cx_ops[CX_OP_ID_LogSoftmax] ? CX_LOG_SOFTMAX
                    : op == &cx_ops[CX_OP_ID_Hardmax]  ? CX_HARDMAX
                                                       : CX_SOFTMAX;
    return cx_attr_int(set, "axis", opset >= OPSET_ONE_AXIS ? -1 : 1, &softmax->axis);
}

enum cx_status cx_softmax_resolve(const struct cx_call *call, int64_t *ret_outer,
                                  int64_t *ret_count, int64_t *ret_inner)
{
    const struct cx_softmax *softmax = call->node->attrs;
    const struct cx_shape *in = &call->in[0].shape;
    bool one_axis = call->node->opset >= OPSET_ONE_AXIS;
    uint32_t axis = in->rank;
    enum cx_status status = CX_OK;
    /* A row of everything: the old axis may be the rank itself. */
    if (one_axis || softmax->axis != (int64_t)in->rank)
        status = cx_axis_resolve(call, softmax->axis, in->rank, &axis);
    if (status != CX_OK)
        return status;
    *ret_outer = cx_shape_span(in, 0, axis);
    *ret_count = one_axis ? in->dims[axis] : cx_shape_span(in, axis, in->rank);
    *ret_inner = one_axis ? cx_shape_span(in, axis + 1, in->rank) : 1;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    int64_t outer, count, inner;
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_FLOAT);
    if (status == CX_OK)
        status = cx_softmax_resolve(call, &outer, &count, &inner);
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    return status;
}

/* COUNT elements from AT, STRIDE apart. */
static void eval_row(const struct cx_call *call, int64_t at, int64_t count, int64_t stride)
{
    const struct cx_softmax *softmax = call->node->attrs;
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    double max = -INFINITY, sum = 0;
    int64_t max_at = 0;
    for (int64_t i = 0; i < count; i++) {
        double x = cx_get_f64(in, at + i * stride);
        if (x > max) {
            max = x;
            max_at = i;
        }
    }
    for (int64_t i = 0; i < count; i++)
        sum += exp(cx_get_f64(in, at + i * stride) - max);
    for (int64_t i = 0; i < count; i++) {
        double x = cx_get_f64(in, at + i * stride) - max, y;
        if (softmax->kind == CX_HARDMAX)
            y = i == max_at;
        else
            y = softmax->kind == CX_LOG_SOFTMAX ? x - log(sum) : exp(x) / sum;
        cx_set_f64(out, at + i * stride, y);
    }
}

static enum cx_status eval(struct cx_call *call)
{
    int64_t outer = 0, count = 0, inner = 0;
    enum cx_status status = cx_softmax_resolve(call, &outer, &count, &inner);
    for (int64_t o = 0; o < outer && status == CX_OK; o++)
        for (int64_t i = 0; i < inner; i++)
            eval_row(call, o * count * inner + i, count, inner);
    return status;
}

const struct cx_op_impl cx_op_softmax = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
