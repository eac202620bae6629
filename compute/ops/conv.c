#include "ops/conv.h"

#include <string.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

/* Outputs of one row that are summed together: the inner loop's length. */
#define TILE 256

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    struct cx_conv *conv = cx_arena_alloc(set->arena, sizeof *conv);
    if (conv == NULL)
        return CX_MEMORY;
    enum cx_status status = cx_window_parse(set, false, &conv->window);
    if (status == CX_OK)
        status = cx_attr_int(set, "group", 1, &conv->group);
    if (status == CX_OK && conv->group < 1)
        status = cx_attr_fail(set, CX_FORMAT, "group is %lld", (long long)conv->group);
    *ret_attrs = conv;
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_conv *conv = call->node->attrs;
    const struct cx_shape *x = &call->in[0].shape, *w = &call->in[1].shape;
    char text_x[128], text_w[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_FLOAT);
    if (status == CX_OK)
        status = cx_call_check_same_dtype(call, 0, 1);
    if (status != CX_OK)
        return status;
    if (x->rank < 3 || w->rank != x->rank || w->dims[0] % conv->group != 0 ||
        x->dims[1] % conv->group != 0 || w->dims[1] != x->dims[1] / conv->group)
        return cx_call_fail(call, CX_SHAPE, "weights %s don't fit an input of %s in %lld groups",
                            cx_shape_format(w, text_w, sizeof text_w),
                            cx_shape_format(x, text_x, sizeof text_x), (long long)conv->group);
    if (cx_call_has_in(call, 2)) {
        const struct cx_shape *bias = &call->in[2].shape;
        if (bias->rank != 1 || bias->dims[0] != w->dims[0] ||
            call->in[2].dtype != call->in[0].dtype)
            return cx_call_fail(call, CX_SHAPE, "a bias of shape %s doesn't fit weights %s",
                                cx_shape_format(bias, text_x, sizeof text_x),
                                cx_shape_format(w, text_w, sizeof text_w));
    }
    call->out[0].dtype = call->in[0].dtype;
    return cx_window_infer(call, &conv->window, &w->dims[2], w->dims[0], &call->out[0].shape);
}

struct row {
    const struct cx_window *w;
    const struct cx_tensor *x;
    int64_t x_at;      /* the input row's first element */
    int64_t ox, count; /* outputs ox .. ox + count of the row */
};

/* Adds weight * input for one tap of the kernel's row, skipping the padding. */
static void add_tap(const struct row *row, int64_t kx, double weight, double *sums)
{
    const struct cx_window *w = row->w;
    int64_t stride = w->stride[2];
    int64_t at = row->ox * stride + kx * w->dilation[2] - w->pad_begin[2];
    int64_t first = at < 0 ? (-at + stride - 1) / stride : 0;
    int64_t last = at < w->in[2] ? (w->in[2] - 1 - at) / stride + 1 : 0;
    last = last < row->count ? last : row->count;
    if (row->x->dtype == CX_DTYPE_FLOAT) {
        const float *x = (const float *)row->x->data + row->x_at;
        for (int64_t i = first; i < last; i++)
            sums[i] += weight * (double)x[at + i * stride];
        return;
    }
    for (int64_t i = first; i < last; i++)
        sums[i] += weight * cx_get_f64(row->x, row->x_at + at + i * stride);
}

/* Sums of outputs (n, m, oz, oy, ox .. ox + count). */
static void sum_row(const struct cx_call *call, const struct cx_window *w, const int64_t out[4],
                    int64_t ox, int64_t count, double *sums)
{
    const struct cx_conv *conv = call->node->attrs;
    const struct cx_tensor *x = &call->in[0], *weights = &call->in[1];
    int64_t channels = weights->shape.dims[1];
    int64_t group = out[1] / (weights->shape.dims[0] / conv->group);
    int64_t plane = w->in[0] * w->in[1] * w->in[2];
    for (int64_t c = 0; c < channels; c++) {
        int64_t x_at = (out[0] * x->shape.dims[1] + group * channels + c) * plane;
        int64_t w_at = (out[1] * channels + c) * w->kernel[0] * w->kernel[1] * w->kernel[2];
        for (int64_t kz = 0; kz < w->kernel[0]; kz++) {
            int64_t iz = out[2] * w->stride[0] + kz * w->dilation[0] - w->pad_begin[0];
            for (int64_t ky = 0; ky < w->kernel[1]; ky++) {
                int64_t iy = out[3] * w->stride[1] + ky * w->dilation[1] - w->pad_begin[1];
                int64_t tap = w_at + (kz * w->kernel[1] + ky) * w->kernel[2];
                if (iz < 0 || iz >= w->in[0] || iy < 0 || iy >= w->in[1])
                    continue;
                struct row row = {w, x, x_at + (iz * w->in[1] + iy) * w->in[2], ox, count};
                for (int64_t kx = 0; kx < w->kernel[2]; kx++)
                    add_tap(&row, kx, cx_get_f64(weights, tap + kx), sums);
            }
        }
    }
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_conv *conv = call->node->attrs;
    const struct cx_tensor *out = &call->out[0];
    struct cx_window w;
    if (!cx_window_resolve(&conv->window, &call->in[0].shape, &call->in[1].shape.dims[2], &w))
        return CX_INTERNAL;
    int64_t rows = out->shape.dims[0] * out->shape.dims[1] * w.out[0] * w.out[1];
    for (int64_t r = 0; r < rows; r++) {
        int64_t oy = r % w.out[1], oz = r / w.out[1] % w.out[0];
        int64_t m = r / w.out[1] / w.out[0] % out->shape.dims[1];
        int64_t at[4] = {r / w.out[1] / w.out[0] / out->shape.dims[1], m, oz, oy};
        double bias = cx_call_has_in(call, 2) ? cx_get_f64(&call->in[2], m) : 0;
        for (int64_t ox = 0; ox < w.out[2]; ox += TILE) {
            int64_t count = w.out[2] - ox < TILE ? w.out[2] - ox : TILE;
            double sums[TILE];
            for (int64_t i = 0; i < count; i++)
                sums[i] = bias;
            sum_row(call, &w, at, ox, count, sums);
            for (int64_t i = 0; i < count; i++)
                cx_set_f64(out, r * w.out[2] + ox + i, sums[i]);
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_conv = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
