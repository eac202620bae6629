/* Convolution. Inputs: x (N, C, spatial), weights (M, C / group, kernel), optional bias (M). */
#ifndef CX_CONV_H
#define CX_CONV_H

#include "ops/op.h"
#include "ops/window.h"

extern const struct cx_op_impl cx_op_conv;

/* node->attrs; resolve the window with the weights' dims from 2 on as the kernel:
 * cx_window_resolve(&conv->window, &x->shape, &weights->shape.dims[2], &window). */
struct cx_conv {
    struct cx_window_attrs window;
    int64_t group;
};

#endif
