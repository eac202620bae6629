/* Matrix product, one work-item an element: any element type. */
#include "common.cl"
#include "any/product_batch.cl"

__kernel void product(__global const TYPE *a, __global const TYPE *b, __global const TYPE *c,
                      __global const TYPE *residual, __global TYPE *out, int k_total, long a_row,
                      long a_col, long b_row, long b_col, int c_row, float alpha, float beta,
                      int8 batch_dims, long8 a_batch, long8 b_batch, float act_alpha,
                      float act_beta)
{
    int j = get_global_id(0), i = get_global_id(1), item = get_global_id(2);
    int n = get_global_size(0), m = get_global_size(1);
    size_t at = ((size_t)item * m + i) * n + j;
    size_t a_at = batch_offset(item, batch_dims, a_batch) + i * a_row;
    size_t b_at = batch_offset(item, batch_dims, b_batch) + j * b_col;
    COMPUTE_TYPE sum = 0;
    for (int k = 0; k < k_total; k++, a_at += a_col, b_at += b_row)
        sum += LOAD(a, a_at) * LOAD(b, b_at);
    sum = sum * (COMPUTE_TYPE)alpha;
#if HAS_C
    sum += (COMPUTE_TYPE)beta * LOAD(c, (size_t)i * c_row + j * C_COL);
#endif
#if HAS_RESIDUAL
    sum += LOAD(residual, at);
#endif
    STORE(ACTIVATE(sum, (COMPUTE_TYPE)act_alpha, (COMPUTE_TYPE)act_beta), out, at);
}
