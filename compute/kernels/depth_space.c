/* Blocks of space to channels and back: elements moved along the input's strides. */
#include "ops/depth_space.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_spec_call call;
    struct cx_shape cut;
    int64_t strides[CX_RANK_MAX];
    cx_spec_call_init(&call, p);
    enum cx_status status = cx_depth_space_resolve(&call.call, &cut, strides);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    enum cx_dtype dtype = cx_prepare_input(p, 0)->dtype;
    if (!cx_move_covers(dtype))
        return cx_prepare_host(p);
    struct cx_nest nest;
    cx_move_nest(&nest, &cut, 0, strides);
    return cx_move_launch(p, &nest, dtype, cx_prepare_input_arg(p, 0), cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_depth_space_any = {.prepare = prepare};
