/* Inputs side by side on one axis: each is moved to its part of the output. */
#include "ops/concat.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t axis = 0;
    enum cx_status status = cx_concat_resolve(&call.call, &axis);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(out->dtype))
        return cx_prepare_host(p);
    int64_t strides[CX_RANK_MAX], start = 0;
    cx_shape_strides(&out->shape, strides);
    for (uint32_t i = 0; i < cx_prepare_node(p)->input_count && status == CX_OK; i++) {
        const struct cx_value *in = cx_prepare_input(p, i);
        struct cx_nest nest;
        cx_nest_init(&nest, &in->shape);
        nest.operands = 2;
        for (uint32_t k = 0; k < in->shape.rank; k++) {
            nest.stride[1][k] = nest.stride[0][k];
            nest.stride[0][k] = strides[k];
        }
        nest.start[0] = start;
        start += in->shape.dims[axis] * strides[axis];
        status = cx_move_launch(p, &nest, out->dtype, cx_prepare_input_arg(p, i),
                                cx_prepare_output_arg(p, 0));
    }
    return status;
}

const struct cx_kernel cx_kernel_concat_any = {.prepare = prepare};
