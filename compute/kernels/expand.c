/* An input repeated to a shape: read with strides of 0. */
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    if (!cx_move_covers(in->dtype))
        return cx_prepare_host(p);
    struct cx_nest nest;
    cx_nest_init(&nest, &out->shape);
    cx_nest_broadcast(&nest, &in->shape);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                          cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_expand_any = {.prepare = prepare};
