/* Matrix product on a GPU in tiles of local memory and registers (gpu/tile.cl), operands lying in
 * any way. sizes: m n k, C's steps along rows and columns, activation. */
#define PAD 1
#include "common.cl"
#include "any/product_batch.cl"
#include "gpu/finish.cl"
#include "gpu/tile.cl"

#define A_EACH (KWG * MWG / ITEMS)
#define B_EACH (KWG * NWG / ITEMS)

/* An item's elements of each slice of one operand: the first, and how far apart they are. */
typedef struct {
    long at, jump, slice_jump;                   /* in the matrix */
    int line, line_jump, step, step_jump, place; /* rows or columns, inner steps, local memory */
} elements;

/* Neighbouring items take neighbouring elements, whichever way a matrix lies. */
static inline elements take(int side, int pitch, long line_stride, long step_stride)
{
    int item = get_local_id(0);
    bool along = step_stride == 1 && line_stride != 1;
    elements e;
    e.line = along ? item / KWG : item % side;
    e.step = along ? item % KWG : item / side;
    e.line_jump = along ? ITEMS / KWG : 0;
    e.step_jump = along ? 0 : ITEMS / side;
    e.at = e.line * line_stride + e.step * step_stride;
    e.jump = e.line_jump * line_stride + e.step_jump * step_stride;
    e.slice_jump = KWG * step_stride;
    e.place = e.step * pitch + e.line;
    return e;
}

static inline void bring(float *next, int n, __global const TYPE *from, elements *e, int lines_left,
                         int steps_left)
{
#pragma unroll
    for (int i = 0; i < n; i++) {
        bool there =
            e->line + i * e->line_jump < lines_left && e->step + i * e->step_jump < steps_left;
        next[i] = there ? LOAD(from, e->at + i * e->jump) : 0;
    }
    e->at += e->slice_jump;
}

static inline void put(const float *next, int n, __local SLICE_TYPE4 *slice, const elements *e,
                       int pitch)
{
    __local SLICE_TYPE *to = (__local SLICE_TYPE *)slice + e->place;
#pragma unroll
    for (int i = 0; i < n; i++)
        to[i * (e->step_jump * pitch + e->line_jump)] = (SLICE_TYPE)next[i];
}

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
    __global const TYPE *a = a_all + batch_offset(batch, batch_dims, a_batch) + (long)row0 * a_row;
    __global const TYPE *b =
        b_all + batch_offset(batch, batch_dims, b_batch) + (long)column0 * b_col;
    elements of_a = take(MWG, A_PITCH * 4, a_row, a_col);
    elements of_b = take(NWG, B_PITCH * 4, b_col, b_row);

    float4 sums[MWI][NWI / 4];
    tile_clear(sums);
    float a_next[A_EACH], b_next[B_EACH];
    /* Each slice is brought in before the one before it is multiplied. */
    for (int k = 0, now = 0; k < k_total + KWG; k += KWG, now ^= 1) {
        if (k < k_total) {
            bring(a_next, A_EACH, a, &of_a, m - row0, k_total - k);
            bring(b_next, B_EACH, b, &of_b, n - column0, k_total - k);
        }
        if (k > 0)
            tile_multiply(left[now ^ 1], right[now ^ 1], sums, tile_y, tile_x);
        if (k < k_total) {
            put(a_next, A_EACH, left[now], &of_a, A_PITCH * 4);
            put(b_next, B_EACH, right[now], &of_b, B_PITCH * 4);
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
