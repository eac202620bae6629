#include "kernels/window_args.h"

void cx_window_args(struct cx_launch_spec *spec, const struct cx_window *w, int64_t channels,
                    int64_t groups, int64_t batch)
{
    const int64_t in_shape[CX_RANK_MAX] = {channels,  w->in[0],  w->in[1], w->in[2],
                                           w->out[1], w->out[2], groups,   batch};
    const int64_t steps[CX_RANK_MAX] = {w->kernel[1],   w->kernel[2],  w->stride[0],
                                        w->stride[1],   w->stride[2],  w->dilation[0],
                                        w->dilation[1], w->dilation[2]};
    const int64_t pads[CX_RANK_MAX] = {w->pad_begin[0], w->pad_begin[1], w->pad_begin[2],
                                       w->kernel[0],    w->out[0],       w->pad_end[0],
                                       w->pad_end[1],   w->pad_end[2]};
    cx_launch_arg(spec, cx_arg_i32x8(in_shape));
    cx_launch_arg(spec, cx_arg_i32x8(steps));
    cx_launch_arg(spec, cx_arg_i32x8(pads));
}
