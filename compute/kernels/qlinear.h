/* Plain launches of quantized convolutions and products, for every device. */
#ifndef CX_KERNEL_QLINEAR_H
#define CX_KERNEL_QLINEAR_H

#include "device/launch.h"

enum cx_status cx_qlinear_plain_conv(struct cx_prepare *p);
enum cx_status cx_qlinear_plain_matmul(struct cx_prepare *p);

/* The bounds of a quantized output: the type's, and within them those of the node's epilogue, whose
 * numbers are quantized ones. */
void cx_qlinear_bounds(const struct cx_prepare *p, int64_t *ret_low, int64_t *ret_high);

#endif
