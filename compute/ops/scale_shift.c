/* y = scale[c] * x + shift[c]; see batch_norm.h. */
#include "ops/number.h"
#include "ops/op.h"

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *x = &call->in[0].shape;
    char text[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_FLOAT);
    int64_t channels = x->rank > 1 ? x->dims[1] : 1;
    if (status == CX_OK && call->in[1].shape.dims[0] != channels)
        status = cx_call_fail(call, CX_SHAPE, "%lld channels, where an input of shape %s is given",
                              (long long)call->in[1].shape.dims[0],
                              cx_shape_format(x, text, sizeof text));
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = *x;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_tensor *x = &call->in[0], *out = &call->out[0];
    int64_t channels = call->in[1].shape.dims[0];
    int64_t plane = x->shape.rank > 2 ? cx_shape_span(&x->shape, 2, x->shape.rank) : 1;
    int64_t count = cx_shape_elements(&x->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / plane % channels;
        double scale = cx_get_f64(&call->in[1], c), shift = cx_get_f64(&call->in[2], c);
        cx_set_f64(out, i, cx_get_f64(x, i) * scale + shift);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_scale_shift = {
    .flags = CX_OP_INPLACE | CX_OP_EPILOGUE,
    .infer = infer,
    .eval = eval,
};
