/* Convolutions of each channel by itself on a CPU, with values in PLAIN. */
#include "kernels/conv_cpu.h"
#include "kernels/split.h"
#include "kernels/window_args.h"

#define DEPTHWISE_ROWS_MIN 4 /* output rows that one work-item takes */

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    (void)variant;
    struct cx_prepare *p = c->p;
    const struct cx_device_info *device = cx_prepare_device(p);
    struct cx_arg bias;
    enum cx_status status = cx_conv_bias_arg(c, &bias);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec = {.file = "cpu/depthwise.cl", .kernel = "depthwise"};
    int64_t planes = c->batch * c->groups * c->rows;
    int64_t rows_each = cx_split_each(c->window.out[1], planes, device, DEPTHWISE_ROWS_MIN);
    cx_launch_option(&spec, "-DWIDTH=%d -DSTRIDE_W=%d", cx_split_width(device),
                     c->window.stride[2] <= 2 ? (int)c->window.stride[2] : 3);
    spec.dim_n = 2;
    spec.global[0] = (size_t)((c->window.out[1] + rows_each - 1) / rows_each);
    spec.global[1] = (size_t)planes;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    cx_launch_arg(&spec, cx_arg_i32(rows_each));
    cx_conv_arg_epilogue(&spec, c);
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(p, &spec);
}

uint32_t cx_conv_offer_depthwise(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                                 uint32_t room)
{
    if (c->channels != 1 || c->rows > 2 || c->window.in[0] != 1 || c->window.kernel[0] != 1 ||
        room == 0 || c->x->layout != CX_LAYOUT_PLAIN || c->y->layout != CX_LAYOUT_PLAIN)
        return 0;
    offers[0] = (struct cx_conv_offer){"depthwise", 3 * cx_conv_cycles(c), prepare, 0};
    return 1;
}
