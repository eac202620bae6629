/* Matrix product on a GPU. A work-group of GROUP x GROUP items computes a tile four times as large
 * each way from slices of A and B in local memory; each item keeps 4 x 4 sums in registers. */
#include "common.cl"
#include "any/product_batch.cl"

#define TILE (4 * GROUP)
#define SLICE 16
#define ITEMS (GROUP * GROUP)

__kernel __attribute__((reqd_work_group_size(GROUP, GROUP, 1))) void
product(__global const TYPE *restrict a_all, __global const TYPE *restrict b_all,
        __global const TYPE *restrict c, __global const TYPE *restrict residual,
        __global TYPE *restrict out, int m, int n, int k_total, long a_row, long a_col, long b_row,
        long b_col, int c_row, float alpha, float beta, int8 batch_dims, long8 a_batch,
        long8 b_batch, float act_alpha, float act_beta)
{
    __local COMPUTE_TYPE left[SLICE][TILE + 1], right[SLICE][TILE + 1];
    int batch = get_group_id(2);
    int row0 = get_group_id(1) * TILE, column0 = get_group_id(0) * TILE;
    int item = get_local_id(1) * GROUP + get_local_id(0);
    size_t a_at = batch_offset(batch, batch_dims, a_batch);
    size_t b_at = batch_offset(batch, batch_dims, b_batch);

    /* Neighbouring items read neighbouring elements, whichever way a matrix lies. */
    bool a_along_k = a_col == 1, b_along_k = b_row == 1 && b_col != 1;
    COMPUTE_TYPE sums[4][4] = {{0}};
    for (int k0 = 0; k0 < k_total; k0 += SLICE) {
        for (int e = item; e < SLICE * TILE; e += ITEMS) {
            int k = a_along_k ? e % SLICE : e / TILE, i = a_along_k ? e / SLICE : e % TILE;
            bool there = k0 + k < k_total && row0 + i < m;
            left[k][i] = there ? LOAD(a_all, a_at + (row0 + i) * a_row + (k0 + k) * a_col) : 0;
            k = b_along_k ? e % SLICE : e / TILE;
            i = b_along_k ? e / SLICE : e % TILE;
            there = k0 + k < k_total && column0 + i < n;
            right[k][i] =
                there ? LOAD(b_all, b_at + (k0 + k) * b_row + (column0 + i) * b_col) : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < SLICE; k++) {
            COMPUTE_TYPE x[4], y[4];
            for (int i = 0; i < 4; i++) {
                x[i] = left[k][get_local_id(1) + i * GROUP];
                y[i] = right[k][get_local_id(0) + i * GROUP];
            }
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    sums[i][j] += x[i] * y[j];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            int row = row0 + get_local_id(1) + i * GROUP;
            int column = column0 + get_local_id(0) + j * GROUP;
            if (row >= m || column >= n)
                continue;
            size_t at = ((size_t)batch * m + row) * n + column;
            COMPUTE_TYPE sum = sums[i][j] * alpha;
#if HAS_C
            sum += beta * LOAD(c, (size_t)row * c_row + column * C_COL);
#endif
#if HAS_RESIDUAL
            sum += LOAD(residual, at);
#endif
            STORE(ACTIVATE(sum, act_alpha, act_beta), out, at);
        }
    }
}
