/* An input repeated along its axes: two loops an axis, the outer one without a step. */
#include "ops/tile.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    int64_t repeats[CX_RANK_MAX], to[CX_RANK_MAX], from[CX_RANK_MAX];
    cx_spec_call_init(&call, p);
    enum cx_status status = cx_tile_resolve(&call.call, repeats);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_move_covers(in->dtype))
        return cx_prepare_host(p);
    cx_shape_strides(&out->shape, to);
    cx_shape_strides(&in->shape, from);
    struct cx_nest nest = {.operands = 2};
    for (uint32_t k = 0; k < in->shape.rank; k++) {
        cx_nest_loop(&nest, repeats[k], (const int64_t[]){to[k] * in->shape.dims[k], 0});
        cx_nest_loop(&nest, in->shape.dims[k], (const int64_t[]){to[k], from[k]});
    }
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_tile_any = {.prepare = prepare};
