/* Products of at most ROWS rows: B comes from memory once, and that is the time they take.
 * Arguments as in gpu/product.cl.
 *
 * product_down: B's columns lie in one piece each. A work-group takes one of them; its items walk
 * down side by side and add up in local memory.
 * product_across: B's rows lie in one piece each. A work-group takes SIDE columns, and SIDE steps
 * of k at a time. */
#include "common.cl"
#include "any/product_batch.cl"
#include "gpu/finish.cl"

#define DOWN 64
#define SIDE 16

static inline void finish(float sum, int row, int column, int batch, int8 sizes,
                          __global const TYPE *c, __global const TYPE *residual, __global TYPE *out,
                          float alpha, float beta, float act_alpha, float act_beta)
{
    size_t at = ((size_t)batch * sizes.s0 + row) * sizes.s1 + column;
    sum *= alpha;
    if (c)
        sum += beta * LOAD(c, (size_t)row * sizes.s3 + column * sizes.s4);
    if (residual)
        sum += LOAD(residual, at);
    STORE(activate1(sum, sizes.s5, act_alpha, act_beta), out, at);
}

__kernel __attribute__((reqd_work_group_size(DOWN, 1, 1))) void
product_down(__global const TYPE *restrict a_all, __global const TYPE *restrict b_all,
             __global const TYPE *c, __global const TYPE *residual, __global TYPE *out, int8 sizes,
             long a_row, long a_col, long b_row, long b_col, float alpha, float beta,
             int8 batch_dims, long8 a_batch, long8 b_batch, float act_alpha, float act_beta)
{
    __local float parts[ROWS][DOWN];
    int item = get_local_id(0), column = get_group_id(0), batch = get_group_id(2);
    __global const TYPE *a = a_all + batch_offset(batch, batch_dims, a_batch);
    __global const TYPE *b = b_all + batch_offset(batch, batch_dims, b_batch) + column * b_col;
    float sums[ROWS] = {0};
#pragma unroll 4
    for (int k = item; k < sizes.s2; k += DOWN) {
        float value = LOAD(b, k * b_row);
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            sums[r] += value * LOAD(a, min(r, sizes.s0 - 1) * a_row + k * a_col);
    }
    for (int r = 0; r < ROWS; r++)
        parts[r][item] = sums[r];
    for (int half_n = DOWN / 2; half_n > 0; half_n /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int r = 0; r < ROWS; r++)
            if (item < half_n)
                parts[r][item] += parts[r][item + half_n];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < ROWS && item < sizes.s0)
        finish(parts[item][0], item, column, batch, sizes, c, residual, out, alpha, beta, act_alpha,
               act_beta);
}

__kernel __attribute__((reqd_work_group_size(SIDE * SIDE, 1, 1))) void
product_across(__global const TYPE *restrict a_all, __global const TYPE *restrict b_all,
               __global const TYPE *c, __global const TYPE *residual, __global TYPE *out,
               int8 sizes, long a_row, long a_col, long b_row, long b_col, float alpha, float beta,
               int8 batch_dims, long8 a_batch, long8 b_batch, float act_alpha, float act_beta)
{
    __local float parts[ROWS][SIDE][SIDE + 1];
    int item = get_local_id(0), batch = get_group_id(2);
    int across = item % SIDE, down = item / SIDE, column = get_group_id(0) * SIDE + across;
    __global const TYPE *a = a_all + batch_offset(batch, batch_dims, a_batch);
    __global const TYPE *b = b_all + batch_offset(batch, batch_dims, b_batch);
    float sums[ROWS] = {0};
    if (column < sizes.s1) {
#pragma unroll 4
        for (int k = down; k < sizes.s2; k += SIDE) {
            float value = LOAD(b, k * b_row + column * b_col);
#pragma unroll
            for (int r = 0; r < ROWS; r++)
                sums[r] += value * LOAD(a, min(r, sizes.s0 - 1) * a_row + k * a_col);
        }
    }
    for (int r = 0; r < ROWS; r++)
        parts[r][down][across] = sums[r];
    barrier(CLK_LOCAL_MEM_FENCE);
    /* down is the row from here on: SIDE is at least ROWS. */
    if (down >= ROWS || down >= sizes.s0 || column >= sizes.s1)
        return;
    float sum = 0;
    for (int i = 0; i < SIDE; i++)
        sum += parts[down][i][across];
    finish(sum, down, column, batch, sizes, c, residual, out, alpha, beta, act_alpha, act_beta);
}
