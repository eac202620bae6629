/* Elements around an input. A constant frame is a fill and a move; the rest looks up each index. */
#include "ops/pad.h"

#include "kernels/fill.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "ops/number.h"

static enum cx_status fill_frame(struct cx_prepare *p, double number)
{
    const struct cx_value *out = cx_prepare_output(p, 0), *value = cx_prepare_input(p, 2);
    if (value != NULL) {
        static const int64_t still[CX_RANK_MAX];
        struct cx_nest nest;
        cx_move_nest(&nest, &out->shape, 0, still);
        return cx_move_launch(p, &nest, out->dtype, cx_prepare_input_arg(p, 2),
                              cx_prepare_output_arg(p, 0));
    }
    int64_t bits = 0;
    struct cx_tensor element = {.dtype = out->dtype, .data = &bits};
    cx_set_f64(&element, 0, number);
    return cx_fill_launch(p, out, &bits, cx_prepare_output_arg(p, 0));
}

/* The part of the input that isn't cut away, to its place in the output. */
static enum cx_status move_inside(struct cx_prepare *p, const struct cx_pad *pad)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    int64_t from[CX_RANK_MAX], to[CX_RANK_MAX];
    cx_shape_strides(&in->shape, from);
    cx_shape_strides(&out->shape, to);
    struct cx_nest nest = {.operands = 2, .rank = in->shape.rank};
    for (uint32_t k = 0; k < nest.rank; k++) {
        int64_t before = pad->begin[k], after = pad->end[k];
        int64_t dim = in->shape.dims[k] + (before < 0 ? before : 0) + (after < 0 ? after : 0);
        if (dim <= 0)
            return CX_OK;
        nest.dims[k] = dim;
        nest.stride[0][k] = to[k];
        nest.stride[1][k] = from[k];
        nest.start[0] += before > 0 ? before * to[k] : 0;
        nest.start[1] += before < 0 ? -before * from[k] : 0;
    }
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

static enum cx_status repeat(struct cx_prepare *p, const struct cx_pad *pad)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    int64_t count = cx_shape_elements(&out->shape);
    int64_t to[CX_RANK_MAX], from[CX_RANK_MAX], begin[CX_RANK_MAX];
    uint32_t skip = CX_RANK_MAX - in->shape.rank;
    for (uint32_t k = 0; k < CX_RANK_MAX; k++) {
        to[k] = k < skip ? 1 : out->shape.dims[k - skip];
        from[k] = k < skip ? 1 : in->shape.dims[k - skip];
        begin[k] = k < skip ? 0 : pad->begin[k - skip];
    }
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/pad.cl", "pad");
    cx_launch_option(&spec, "-DSIZE=%zu -DMODE=%d", cx_dtype_size(in->dtype), (int)pad->mode);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64x8(to));
    cx_launch_arg(&spec, cx_arg_i64x8(from));
    cx_launch_arg(&spec, cx_arg_i64x8(begin));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_runs(&spec, p, count, 1)));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    struct cx_pad pad = {.mode = CX_PAD_CONSTANT};
    enum cx_status status = cx_pad_resolve(&call.call, &pad);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(cx_prepare_input(p, 0)->dtype))
        return cx_prepare_host(p);
    if (pad.mode != CX_PAD_CONSTANT)
        return repeat(p, &pad);
    status = fill_frame(p, pad.value);
    return status == CX_OK ? move_inside(p, &pad) : status;
}

const struct cx_kernel cx_kernel_pad_any = {.prepare = prepare};
