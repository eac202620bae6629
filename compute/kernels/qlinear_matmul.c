/* Quantized matrix products on a CPU. */
#include "kernels/qlinear.h"

const struct cx_kernel cx_kernel_qlinear_matmul_cpu = {.prepare = cx_qlinear_plain_matmul};
