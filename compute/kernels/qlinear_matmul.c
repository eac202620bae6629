/* Quantized matrix products on a CPU: by dot products where the right side and the parameters are
 * known. */
#include "kernels/qlinear.h"
#include "kernels/qlinear_cpu.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_qlinear_call c;
    if (!cx_qlinear_resolve(cx_prepare_device(p), cx_prepare_graph(p), cx_prepare_node(p), &c))
        return cx_qlinear_plain_matmul(p);
    return cx_qlinear_tiles(p, &c);
}

const struct cx_kernel cx_kernel_qlinear_matmul_cpu = {.prepare = prepare};
