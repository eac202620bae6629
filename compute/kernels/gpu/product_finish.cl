/* What CLBlast doesn't know of a product: C, the residual and the activation. */
#include "common.cl"

__kernel void product_finish(__global const TYPE *restrict c,
                             __global const TYPE *restrict residual, __global TYPE *restrict out,
                             int m, int n, int c_row, float beta, float act_alpha, float act_beta)
{
    int column = get_global_id(0), row = get_global_id(1);
    if (column >= n || row >= m)
        return;
    size_t at = (size_t)row * n + column;
    COMPUTE_TYPE sum = LOAD(out, at);
#if HAS_C
    sum += beta * LOAD(c, (size_t)row * c_row + column * C_COL);
#endif
#if HAS_RESIDUAL
    sum += LOAD(residual, at);
#endif
    STORE(ACTIVATE(sum, act_alpha, act_beta), out, at);
}
