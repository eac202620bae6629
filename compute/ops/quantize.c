/* QuantizeLinear: real numbers to integers, or to small floats, by one scale for all, for each
 * index of an axis or for each block along it; DequantizeLinear: back. */
#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"
#include "ops/quant.h"

#define DTYPES_QUANTIZED                                                              \
    (CX_DTYPES_BYTE | CX_DTYPE_BIT(UINT16) | CX_DTYPE_BIT(INT16) | CX_DTYPES_FLOAT8 | \
     CX_DTYPES_SUB_BYTE)
#define DTYPES_REAL \
    (CX_DTYPE_BIT(FLOAT) | CX_DTYPE_BIT(FLOAT16) | CX_DTYPE_BIT(BFLOAT16) | CX_DTYPE_BIT(INT32))

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    struct cx_quantize *q = cx_arena_alloc(set->arena, sizeof *q);
    int64_t dtype = 0, precision = 0;
    enum cx_status status = CX_OK;
    if (q == NULL)
        return CX_MEMORY;
    *ret_attrs = q;
    q->quantizes = op == &cx_ops[CX_OP_ID_QuantizeLinear];
    q->axis = 1;
    q->saturate = true;
    if (opset >= 13 || op->domain[0] != '\0')
        status = cx_attr_int(set, "axis", 1, &q->axis);
    if (status == CX_OK && opset >= 19 && q->quantizes)
        status = cx_attr_bool(set, "saturate", true, &q->saturate);
    if (status == CX_OK && opset >= 21)
        status = cx_attr_int(set, "block_size", 0, &q->block);
    if (status == CX_OK && (q->quantizes ? opset >= 21 : opset >= 23))
        status = cx_attr_int(set, "output_dtype", 0, &dtype);
    if (status == CX_OK && q->quantizes && opset >= 23)
        status = cx_attr_int(set, "precision", 0, &precision);
    if (status != CX_OK)
        return status;
    if (q->block < 0)
        return cx_attr_fail(set, CX_FORMAT, "block_size is %lld", (long long)q->block);
    if (dtype < 0 || dtype > CX_DTYPE_INT2)
        return cx_attr_fail(set, CX_FORMAT, "output_dtype is %lld", (long long)dtype);
    if (precision != 0 && precision != CX_DTYPE_FLOAT)
        return cx_attr_fail(set, CX_UNSUPPORTED, "precision %s is not supported",
                            cx_dtype_name((enum cx_dtype)precision));
    q->output_dtype = (enum cx_dtype)dtype;
    return CX_OK;
}

static enum cx_status infer_dtype(struct cx_call *call)
{
    const struct cx_quantize *q = call->node->attrs;
    enum cx_dtype dtype = q->output_dtype;
    bool has_zero = cx_call_has_in(call, 2);
    if (q->quantizes) {
        enum cx_dtype fallback = dtype == CX_DTYPE_UNDEFINED ? CX_DTYPE_UINT8 : dtype;
        enum cx_dtype to = has_zero ? call->in[2].dtype : fallback;
        if (dtype != CX_DTYPE_UNDEFINED && dtype != to)
            return cx_call_fail(call, CX_TYPE, "output_dtype %s and a zero point of %s differ",
                                cx_dtype_name(dtype), cx_dtype_name(to));
        if ((DTYPES_QUANTIZED >> to & 1) == 0)
            return cx_call_fail(call, CX_UNSUPPORTED, "type %s is not supported",
                                cx_dtype_name(to));
        call->out[0].dtype = to;
        return CX_OK;
    }
    call->out[0].dtype = dtype == CX_DTYPE_UNDEFINED ? call->in[1].dtype : dtype;
    if ((DTYPES_REAL >> call->out[0].dtype & 1) == 0)
        return cx_call_fail(call, CX_UNSUPPORTED, "type %s is not supported",
                            cx_dtype_name(call->out[0].dtype));
    return has_zero ? cx_call_check_same_dtype(call, 0, 2) : CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_quantize *q = call->node->attrs;
    uint32_t from = q->quantizes ? DTYPES_REAL : DTYPES_QUANTIZED | CX_DTYPE_BIT(INT32);
    char text[128], x_text[128];
    struct cx_quant_map map;
    enum cx_status status = cx_call_check_dtype(call, 0, from);
    if (status == CX_OK)
        status = cx_call_check_dtype(call, 1, CX_DTYPES_FLOAT | CX_DTYPES_FLOAT8);
    if (status == CX_OK)
        status = infer_dtype(call);
    if (status != CX_OK)
        return status;
    const struct cx_shape *x = &call->in[0].shape, *scale = &call->in[1].shape;
    if (!cx_quant_map_resolve(q, x, scale, &map) ||
        (cx_call_has_in(call, 2) &&
         cx_shape_elements(&call->in[2].shape) != cx_shape_elements(scale)))
        return cx_call_fail(call, CX_SHAPE, "scales of shape %s don't fit x of %s on axis %lld",
                            cx_shape_format(scale, text, sizeof text),
                            cx_shape_format(x, x_text, sizeof x_text), (long long)q->axis);
    call->out[0].shape = *x;
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_quantize *q = call->node->attrs;
    const struct cx_tensor *x = &call->in[0], *out = &call->out[0];
    int64_t count = cx_shape_elements(&x->shape), low = 0, high = 0;
    bool small_float = cx_dtype_is_float(out->dtype);
    struct cx_quant_map map;
    if (!cx_quant_map_resolve(q, &x->shape, &call->in[1].shape, &map))
        return CX_INTERNAL;
    if (q->quantizes && !small_float)
        cx_quant_range(out->dtype, &low, &high);
    for (int64_t i = 0; i < count; i++) {
        int64_t at = cx_quant_map_at(&map, i);
        double scale = cx_get_f64(&call->in[1], at);
        double zero = cx_call_has_in(call, 2) ? cx_get_f64(&call->in[2], at) : 0;
        if (!q->quantizes) {
            float difference = (float)(cx_get_f64(x, i) - zero);
            cx_set_f64(out, i, (double)(difference * (float)scale));
            continue;
        }
        float quotient = (float)cx_get_f64(x, i) / (float)scale;
        if (small_float)
            cx_set_f64_saturate(out, i, (double)quotient + zero, q->saturate);
        else
            cx_set_i64(out, i, cx_quant_round(quotient, (int64_t)zero, low, high));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_quantize = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
