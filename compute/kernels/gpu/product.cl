/* Matrix product on a GPU in tiles of local memory and registers (gpu/tile.cl), operands lying in
 * any way. sizes: m n k, C's steps along rows and columns, activation. */
#define PAD 1
#include "common.cl"
#include "any/product_batch.cl"
#include "gpu/finish.cl"
#include "gpu/tile.cl"

#define A_EACH (KWG * MWG / ITEMS)
#define B_EACH (KWG * NWG / ITEMS)

/* Element E of a slice of SIDE rows or columns: which it is, and which step. Neighbouring items
 * read neighbouring elements, whichever way a matrix lies. */
#define LINE_OF(e, side, along_k) ((along_k) ? (e) / KWG : (e) % (side))
#define STEP_OF(e, side, along_k) ((along_k) ? (e) % KWG : (e) / (side))

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
product(__global const TYPE *restrict a_all, __global const TYPE *restrict b_all,
        __global const TYPE *c, __global const TYPE *residual, __global TYPE *out, int8 sizes,
        long a_row, long a_col, long b_row, long b_col, float alpha, float beta, int8 batch_dims,
        long8 a_batch, long8 b_batch, float act_alpha, float act_beta)
{
    __local SLICE_TYPE4 left[2][A_SLICE], right[2][B_SLICE];
    int item = get_local_id(0), tile_x = item % NDIM, tile_y = item / NDIM;
    int m = sizes.s0, n = sizes.s1, k_total = sizes.s2, batch = get_group_id(2);
    int row0 = get_group_id(0) * MWG, column0 = get_group_id(1) * NWG;
    bool a_along_k = a_col == 1, b_along_k = b_row == 1 && b_col != 1;
    __global const TYPE *a = a_all + batch_offset(batch, batch_dims, a_batch);
    __global const TYPE *b = b_all + batch_offset(batch, batch_dims, b_batch);

    float4 sums[MWI][NWI / 4];
    tile_clear(sums);
    float a_next[A_EACH], b_next[B_EACH];
    int slices = (k_total + KWG - 1) / KWG;
    /* Slice s is brought in before slice s - 1 is multiplied. */
    for (int s = 0; s <= slices; s++) {
        if (s < slices) {
#pragma unroll
            for (int i = 0; i < A_EACH; i++) {
                int e = item + i * ITEMS, k = s * KWG + STEP_OF(e, MWG, a_along_k);
                int row = row0 + LINE_OF(e, MWG, a_along_k);
                a_next[i] = k < k_total && row < m ? LOAD(a, row * a_row + k * a_col) : 0;
            }
#pragma unroll
            for (int i = 0; i < B_EACH; i++) {
                int e = item + i * ITEMS, k = s * KWG + STEP_OF(e, NWG, b_along_k);
                int column = column0 + LINE_OF(e, NWG, b_along_k);
                b_next[i] = k < k_total && column < n ? LOAD(b, k * b_row + column * b_col) : 0;
            }
        }
        if (s > 0)
            tile_multiply(left[(s - 1) & 1], right[(s - 1) & 1], sums, tile_y, tile_x);
        if (s < slices) {
            __local SLICE_TYPE *rows = (__local SLICE_TYPE *)left[s & 1];
            __local SLICE_TYPE *columns = (__local SLICE_TYPE *)right[s & 1];
#pragma unroll
            for (int i = 0; i < A_EACH; i++) {
                int e = item + i * ITEMS;
                rows[STEP_OF(e, MWG, a_along_k) * A_PITCH * 4 + LINE_OF(e, MWG, a_along_k)] =
                    (SLICE_TYPE)a_next[i];
            }
#pragma unroll
            for (int i = 0; i < B_EACH; i++) {
                int e = item + i * ITEMS;
                columns[STEP_OF(e, NWG, b_along_k) * B_PITCH * 4 + LINE_OF(e, NWG, b_along_k)] =
                    (SLICE_TYPE)b_next[i];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    for (int i = 0; i < MWI; i++) {
        int row = row0 + tile_row(i, tile_y);
        if (row >= m)
            continue;
        for (int j = 0; j < NWI / 4; j++) {
            int column = column0 + tile_column(j, tile_x);
            size_t at = ((size_t)batch * m + row) * n + column;
            float four[4];
            vstore4(sums[i][j] * alpha, 0, four);
            for (int e = 0; e < 4 && column + e < n; e++) {
                float sum = four[e];
                if (c)
                    sum += beta * LOAD(c, (size_t)row * sizes.s3 + (column + e) * sizes.s4);
                if (residual)
                    sum += LOAD(residual, at + e);
                STORE(activate1(sum, sizes.s5, act_alpha, act_beta), out, at + e);
            }
        }
    }
}
