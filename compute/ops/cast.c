/* Cast to the type of attribute `to`, CastLike to that of input 1. */
#include "ops/cast.h"

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

#define DTYPES (CX_DTYPES_PLAIN | CX_DTYPES_FLOAT8 | CX_DTYPES_SUB_BYTE)

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    struct cx_cast *cast = cx_arena_alloc(set->arena, sizeof *cast);
    int64_t to = 0;
    enum cx_status status = CX_OK;
    if (cast == NULL)
        return CX_MEMORY;
    *ret_attrs = cast;
    cast->saturate = true;
    if (op == &cx_ops[CX_OP_ID_Cast]) {
        status = cx_attr_int(set, "to", 0, &to);
        cast->to = (enum cx_dtype)to;
        if (status == CX_OK && (to <= 0 || to > CX_DTYPE_INT2 || (DTYPES >> to & 1) == 0))
            status = cx_attr_fail(set, CX_UNSUPPORTED, "type %s (%lld) is not supported",
                                  cx_dtype_name(cast->to), (long long)to);
    }
    if (status == CX_OK && opset >= 19)
        status = cx_attr_bool(set, "saturate", true, &cast->saturate);
    if (status == CX_OK && opset >= 24) {
        const char *mode;
        status = cx_attr_string(set, "round_mode", "up", &mode);
        if (status == CX_OK && (mode[0] != 'u' || mode[1] != 'p'))
            status = cx_attr_fail(set, CX_UNSUPPORTED, "round_mode '%.16s' is not supported", mode);
    }
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_cast *cast = call->node->attrs;
    enum cx_status status = cx_call_check_dtype(call, 0, DTYPES);
    if (status == CX_OK && cx_call_has_in(call, 1))
        status = cx_call_check_dtype(call, 1, DTYPES);
    call->out[0].dtype = cx_call_has_in(call, 1) ? call->in[1].dtype : cast->to;
    call->out[0].shape = call->in[0].shape;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_cast *cast = call->node->attrs;
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    int64_t count = cx_shape_elements(&out->shape);
    bool floats = cx_dtype_is_float(in->dtype) || cx_dtype_is_float(out->dtype);
    for (int64_t i = 0; i < count; i++) {
        if (!floats)
            cx_set_i64(out, i, cx_get_i64(in, i));
        else
            cx_set_f64_saturate(out, i, cx_get_f64(in, i), cast->saturate);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_cast = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
