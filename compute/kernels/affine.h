/* One scale and shift a channel: what batch normalization comes down to. */
#ifndef CX_KERNELS_AFFINE_H
#define CX_KERNELS_AFFINE_H

#include <stdbool.h>

#include "device/launch.h"

/* The node's inputs are x, scale, shift and with FULL mean and variance. */
enum cx_status cx_affine_launch(struct cx_prepare *p, bool full, float epsilon);

/* A constant of a number a channel as an argument, with zeros behind it up to a multiple of BLOCK.
 */
enum cx_status cx_affine_pad(struct cx_prepare *p, uint32_t value, int64_t block,
                             struct cx_arg *ret_arg);

#endif
