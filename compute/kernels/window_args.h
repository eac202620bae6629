/* How kernels with sliding windows are told about them. */
#ifndef CX_WINDOW_ARGS_H
#define CX_WINDOW_ARGS_H

#include <stdint.h>

#include "device/launch.h"
#include "ops/window.h"

/* Three int8 arguments:
 *   in_shape: channels, in depth, height, width, out height, width, groups, batch
 *   steps:    kernel height, width, strides (depth, height, width), dilations (the same)
 *   pads:     beginnings (depth, height, width), kernel depth, out depth, ends (the same) */
void cx_window_args(struct cx_launch_spec *spec, const struct cx_window *window, int64_t channels,
                    int64_t groups, int64_t batch);

#endif
