/* Axes in another order: elements moved along the input's strides. */
#include "ops/transpose.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t perm[CX_RANK_MAX];
    enum cx_status status = cx_transpose_resolve(&call.call, perm);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(in->dtype))
        return cx_prepare_host(p);
    int64_t strides[CX_RANK_MAX], turned[CX_RANK_MAX];
    cx_shape_strides(&in->shape, strides);
    for (uint32_t k = 0; k < out->shape.rank; k++)
        turned[k] = strides[perm[k]];
    struct cx_nest nest;
    cx_move_nest(&nest, &out->shape, 0, turned);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_transpose_any = {.prepare = prepare};
