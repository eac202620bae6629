/* Quantized convolutions on a CPU. */
#include "kernels/qlinear.h"

const struct cx_kernel cx_kernel_qlinear_conv_cpu = {.prepare = cx_qlinear_plain_conv};
