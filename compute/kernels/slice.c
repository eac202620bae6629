/* Parts of an input: Slice, forwards or backwards, and Split, all of them on one axis. */
#include "ops/slice.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "ops/split.h"

static enum cx_status prepare_slice(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    struct cx_slice slice;
    enum cx_status status = cx_slice_resolve(&call.call, &slice);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(in->dtype))
        return cx_prepare_host(p);
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&in->shape, strides);
    for (uint32_t k = 0; k < in->shape.rank; k++) {
        start += slice.start[k] * strides[k];
        strides[k] *= slice.step[k];
    }
    struct cx_nest nest;
    cx_move_nest(&nest, &out->shape, start, strides);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_slice_any = {.prepare = prepare_slice};

static enum cx_status prepare_split(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t axis = 0, parts = cx_prepare_node(p)->output_count;
    enum cx_status status = cx_split_resolve(&call.call, &axis);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    bool host = !cx_move_covers(in->dtype);
    for (uint32_t i = 0; i < parts; i++)
        host = host || cx_prepare_output(p, i) == NULL; /* its size isn't known here */
    if (host)
        return cx_prepare_host(p);
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&in->shape, strides);
    for (uint32_t i = 0; i < parts && status == CX_OK; i++) {
        const struct cx_value *out = cx_prepare_output(p, i);
        struct cx_nest nest;
        cx_move_nest(&nest, &out->shape, start, strides);
        start += out->shape.dims[axis] * strides[axis];
        status = cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                                cx_prepare_output_arg(p, i));
    }
    return status;
}

const struct cx_kernel cx_kernel_split_any = {.prepare = prepare_split};
