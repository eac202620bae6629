/* Shape and Size: they read no data, so binding always computes them. */
#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

struct span {
    int64_t start, end;
    bool has_end;
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    struct span *span = cx_arena_alloc(set->arena, sizeof *span);
    if (span == NULL)
        return CX_MEMORY;
    *ret_attrs = span;
    if (op != &cx_ops[CX_OP_ID_Shape])
        return CX_OK;
    span->has_end = cx_attr_has(set, "end");
    enum cx_status status = cx_attr_int(set, "start", 0, &span->start);
    return status == CX_OK ? cx_attr_int(set, "end", 0, &span->end) : status;
}

static int64_t clamp(int64_t axis, uint32_t rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis < 0 ? 0 : axis > (int64_t)rank ? (int64_t)rank : axis;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct span *span = call->node->attrs;
    uint32_t rank = call->in[0].shape.rank;
    call->out[0].dtype = CX_DTYPE_INT64;
    if (call->node->op != &cx_ops[CX_OP_ID_Shape])
        return CX_OK;
    int64_t start = clamp(span->start, rank);
    int64_t end = span->has_end ? clamp(span->end, rank) : (int64_t)rank;
    call->out[0].shape.rank = 1;
    call->out[0].shape.dims[0] = end > start ? end - start : 0;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct span *span = call->node->attrs;
    const struct cx_shape *in = &call->in[0].shape;
    if (call->node->op != &cx_ops[CX_OP_ID_Shape]) {
        cx_set_i64(&call->out[0], 0, cx_shape_elements(in));
        return CX_OK;
    }
    int64_t start = clamp(span->start, in->rank);
    for (int64_t i = 0; i < call->out[0].shape.dims[0]; i++)
        cx_set_i64(&call->out[0], i, in->dims[start + i]);
    return CX_OK;
}

const struct cx_op_impl cx_op_shape = {
    .flags = CX_OP_SHAPE_ONLY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
