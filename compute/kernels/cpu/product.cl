/* Matrix product on a CPU. B is packed as [matrix][block of k][panel][k][NR]; a work-item packs its
 * rows of A for a block of k into local memory and multiplies them with its panels. */
#include "common.cl"
#include "any/product_batch.cl"
#include "cpu/tile.cl"

typedef VEC vec;

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pack_panels(__global const float *restrict b, __global float *restrict out, int n, int k_total,
            int kc, long b_row, long b_col)
{
    int panel = get_global_id(0), panels = get_global_size(0), matrix = get_global_id(2);
    int k0 = get_global_id(1) * kc, kn = min(kc, k_total - k0), j0 = panel * NR;
    int count = min(NR, n - j0);
    __global const float *from = b + (size_t)matrix * n * k_total + j0 * b_col;
    __global float *to =
        out + ((size_t)matrix * k_total + k0) * panels * NR + (size_t)panel * NR * kn;
    for (int k = 0; k < kn; k++, to += NR) {
        __global const float *row = from + (k0 + k) * b_row;
        if (b_col == 1 && count == NR) {
            VSTORE(VLOAD(0, row), 0, to);
            VSTORE(VLOAD(1, row), 1, to);
            continue;
        }
        for (int j = 0; j < NR; j++)
            to[j] = j < count ? row[j * b_col] : 0.0f;
    }
}

static void pack_rows(__global const float *a, __local float *tiles, int rows, int tile_n, int k0,
                      int kn, long a_row, long a_col)
{
    for (int t = 0; t < tile_n; t++, tiles += MR * kn) {
        for (int i = 0; i < MR; i++) {
            int row = t * MR + i;
            __global const float *from = a + row * a_row + k0 * a_col;
            if (row >= rows) {
                for (int k = 0; k < kn; k++)
                    tiles[k * MR + i] = 0.0f;
            } else {
                for (int k = 0; k < kn; k++)
                    tiles[k * MR + i] = from[k * a_col];
            }
        }
    }
}

#if HAS_RESIDUAL
#define RESIDUAL(at) +residual[at]
#define RESIDUAL_VEC(i, at) +VLOAD(i, residual + (at))
#else
#define RESIDUAL(at)
#define RESIDUAL_VEC(i, at)
#endif
#if HAS_C && C_COL
#define SHIFT(row, j) +beta *c[(size_t)(row)*c_row + (j)]
#define SHIFT_VEC(v, row, j) +beta *VLOAD(v, c + (size_t)(row)*c_row + (j))
#elif HAS_C
#define SHIFT(row, j) +beta *c[(size_t)(row)*c_row]
#define SHIFT_VEC(v, row, j) +(vec)(beta * c[(size_t)(row)*c_row])
#else
#define SHIFT(row, j)
#define SHIFT_VEC(v, row, j)
#endif

/* Sums so far lie in out when this isn't the first block of k; the last one finishes them. */
#define ROW_STORE(i)                                                                               \
    if (i < rows) {                                                                                \
        size_t at = out_at + (size_t)i * n;                                                        \
        if (!first) {                                                                              \
            c##i##0 += VLOAD(0, out + at);                                                         \
            c##i##1 += VLOAD(1, out + at);                                                         \
        }                                                                                          \
        if (last) {                                                                                \
            c##i##0 = c##i##0 * alpha SHIFT_VEC(0, row0 + i, j0) RESIDUAL_VEC(0, at);              \
            c##i##1 = c##i##1 * alpha SHIFT_VEC(1, row0 + i, j0) RESIDUAL_VEC(1, at);              \
            c##i##0 = ACTIVATE(c##i##0, act_alpha, act_beta);                                      \
            c##i##1 = ACTIVATE(c##i##1, act_alpha, act_beta);                                      \
        }                                                                                          \
        VSTORE(c##i##0, 0, out + at);                                                              \
        VSTORE(c##i##1, 1, out + at);                                                              \
    }
#define ROW_KEEP(i)                                                                                \
    VSTORE(c##i##0, 0, edge + i * NR);                                                             \
    VSTORE(c##i##1, 1, edge + i * NR);

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
product(__global const float *restrict a_all, __global const float *restrict b_all,
        __global const float *restrict c, __global const float *restrict residual,
        __global float *restrict out, __local float *tiles, int m, int n, int k_total, int kc,
        int panels_each, int tiles_each, long a_row, long a_col, int c_row, float alpha, float beta,
        int8 batch_dims, long8 a_batch, long8 b_batch, float act_alpha, float act_beta)
{
    int item = get_global_id(2);
    int panels = (n + NR - 1) / NR;
    int panel0 = get_global_id(0) * panels_each, panel1 = min(panel0 + panels_each, panels);
    int row_first = get_global_id(1) * tiles_each * MR;
    int row_n = min(m - row_first, tiles_each * MR);
    int tile_n = (row_n + MR - 1) / MR;
    __global const float *a_from =
        a_all + batch_offset(item, batch_dims, a_batch) + row_first * a_row;
    __global const float *b_from = b_all + batch_offset(item, batch_dims, b_batch);

    for (int k0 = 0; k0 < k_total; k0 += kc) {
        int kn = min(kc, k_total - k0);
        bool first = k0 == 0, last = k0 + kn == k_total;
        pack_rows(a_from, tiles, row_n, tile_n, k0, kn, a_row, a_col);
        for (int panel = panel0; panel < panel1; panel++) {
            int j0 = panel * NR;
            for (int tile = 0; tile < tile_n; tile++) {
                __local const float *a = tiles + tile * MR * kn;
                __global const float *b =
                    b_from + (size_t)panels * NR * k0 + (size_t)panel * NR * kn;
                int row0 = row_first + tile * MR, rows = min(MR, m - row0);
                size_t out_at = ((size_t)item * m + row0) * n + j0;
                ROWS(ROW_ZERO)
                TILE_MULTIPLY(kn)
                if (j0 + NR <= n) {
                    ROWS(ROW_STORE)
                    continue;
                }
                float edge[MR * NR];
                ROWS(ROW_KEEP)
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < n - j0; j++) {
                        size_t at = out_at + (size_t)i * n + j;
                        float sum = edge[i * NR + j];
                        if (!first)
                            sum += out[at];
                        if (last) {
                            sum = sum * alpha SHIFT(row0 + i, j0 + j) RESIDUAL(at);
                            sum = ACTIVATE(sum, act_alpha, act_beta);
                        }
                        out[at] = sum;
                    }
                }
            }
        }
    }
}
