/* Convolution of integers: QLinearConv quantizes the sums, ConvInteger hands them out. */
#include "ops/number.h"
#include "ops/qlinear.h"
#include "ops/quant.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    return cx_op_conv.parse(set, op, opset, ret_attrs);
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_conv *conv = call->node->attrs;
    struct cx_qlinear_form form = cx_qlinear_form(call->node);
    const struct cx_shape *x = &call->in[0].shape, *w = &call->in[form.w].shape;
    char text_x[128], text_w[128];
    if (x->rank < 3 || w->rank != x->rank || w->dims[0] % conv->group != 0 ||
        x->dims[1] % conv->group != 0 || w->dims[1] != x->dims[1] / conv->group)
        return cx_call_fail(call, CX_SHAPE, "weights %s don't fit an input of %s in %lld groups",
                            cx_shape_format(w, text_w, sizeof text_w),
                            cx_shape_format(x, text_x, sizeof text_x), (long long)conv->group);
    enum cx_status status = cx_qlinear_check(call, w->dims[0]);
    if (status != CX_OK)
        return status;
    return cx_window_infer(call, &conv->window, &w->dims[2], w->dims[0], &call->out[0].shape);
}

/* Where an output element is, and what it reads. */
struct place {
    int64_t x_at, w_at; /* the first channel of its group, the first tap of its weights */
    int64_t channels;
    int64_t out[CX_SPATIAL_MAX];
    int64_t x_zero, w_zero;
};

static int64_t sum_taps(const struct cx_tensor *x, const struct cx_tensor *weights,
                        const struct cx_window *w, const struct place *place, int64_t c)
{
    int64_t sum = 0, tap = place->w_at + c * w->kernel[0] * w->kernel[1] * w->kernel[2];
    int64_t plane = place->x_at + c * w->in[0] * w->in[1] * w->in[2];
    for (int64_t kz = 0; kz < w->kernel[0]; kz++) {
        int64_t z = place->out[0] * w->stride[0] + kz * w->dilation[0] - w->pad_begin[0];
        for (int64_t ky = 0; ky < w->kernel[1]; ky++) {
            int64_t y = place->out[1] * w->stride[1] + ky * w->dilation[1] - w->pad_begin[1];
            for (int64_t kx = 0; kx < w->kernel[2]; kx++, tap++) {
                int64_t at = place->out[2] * w->stride[2] + kx * w->dilation[2] - w->pad_begin[2];
                if (z < 0 || z >= w->in[0] || y < 0 || y >= w->in[1] || at < 0 || at >= w->in[2])
                    continue;
                int64_t number = cx_get_i64(x, plane + (z * w->in[1] + y) * w->in[2] + at);
                sum += (number - place->x_zero) * (cx_get_i64(weights, tap) - place->w_zero);
            }
        }
    }
    return sum;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_conv *conv = call->node->attrs;
    struct cx_qlinear_form form = cx_qlinear_form(call->node);
    const struct cx_tensor *x = &call->in[0], *weights = &call->in[form.w];
    struct cx_window w;
    if (!cx_window_resolve(&conv->window, &x->shape, &weights->shape.dims[2], &w))
        return CX_INTERNAL;
    int64_t rows = weights->shape.dims[0], channels = weights->shape.dims[1];
    int64_t taps = w.kernel[0] * w.kernel[1] * w.kernel[2];
    int64_t pixels = w.out[0] * w.out[1] * w.out[2];
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t pixel = i % pixels, m = i / pixels % rows, image = i / pixels / rows;
        int64_t group = m / (rows / conv->group);
        struct place place = {
            .x_at = (image * conv->group + group) * channels * w.in[0] * w.in[1] * w.in[2],
            .w_at = m * channels * taps,
            .channels = channels,
            .out = {pixel / w.out[2] / w.out[1], pixel / w.out[2] % w.out[1], pixel % w.out[2]},
            .x_zero = cx_quant_zero(call, form.x_zero, 0),
            .w_zero = cx_quant_zero(call, form.w_zero, m),
        };
        int64_t sum = 0;
        for (int64_t c = 0; c < channels; c++)
            sum += sum_taps(x, weights, &w, &place, c);
        cx_qlinear_store(call, i, m, sum);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_qlinear_conv = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
