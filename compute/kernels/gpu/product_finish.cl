/* What a product from CLBlast still lacks: C, the residual and the activation, in place. */
#include "common.cl"

__kernel void product_finish(__global const TYPE *restrict c,
                             __global const TYPE *restrict residual,
                             __global TYPE *restrict out, int c_row, float beta, float act_alpha,
                             float act_beta)
{
    size_t row = get_global_id(1), column = get_global_id(0);
    size_t at = (get_global_id(2) * get_global_size(1) + row) * get_global_size(0) + column;
    COMPUTE_TYPE sum = LOAD(out, at);
#if HAS_C
    sum += (COMPUTE_TYPE)beta * LOAD(c, row * c_row + column * C_COL);
#endif
#if HAS_RESIDUAL
    sum += LOAD(residual, at);
#endif
    STORE(ACTIVATE(sum, (COMPUTE_TYPE)act_alpha, (COMPUTE_TYPE)act_beta), out, at);
}
