/* Convolution on a GPU, NCHW, one to three spatial axes (missing ones have size 1 and come first).
 *
 * conv_tiles: an implicit matrix product. Rows are the output channels of a group, columns the
 * output pixels of all images, the inner axis is (channel, kd, kh, kw). A work-group of GROUP x
 * GROUP items computes a tile of 4*GROUP rows by 4*GROUP columns from slices of SLICE inner steps
 * in local memory; each item keeps 4 x 4 sums in registers. Weights that are constant come
 * transposed, rows innermost (row_step 1), so that neighbouring items read neighbouring elements.
 * The kernel's extents are -D so that splitting the inner index costs no divisions.
 * conv_direct: one item an output element, for depthwise and other narrow groups, where tiles
 * would be mostly padding. */
#include "common.cl"

#ifndef GROUP
#define GROUP 16
#endif
#define TILE (4 * GROUP)
#define SLICE 16
#define ITEMS (GROUP * GROUP)

/* in_out: ID IH IW OD OH OW; step: strides, then dilations; pad: beginnings. */
typedef struct {
    int n, d, h, w; /* image, and the input position of the window's first tap */
} pixel;

inline pixel pixel_at(int column, int8 in_out, int8 step, int8 pad)
{
    pixel at;
    at.w = column % in_out.s5 * step.s2 - pad.s2;
    column /= in_out.s5;
    at.h = column % in_out.s4 * step.s1 - pad.s1;
    column /= in_out.s4;
    at.d = column % in_out.s3 * step.s0 - pad.s0;
    at.n = column / in_out.s3;
    return at;
}

inline COMPUTE_TYPE tap(__global const TYPE *x, size_t base, pixel at, int inner, int8 in_out,
                        int8 step)
{
    int kw = inner % KW, kh = inner / KW % KH, kd = inner / (KW * KH) % KD;
    int channel = inner / (KW * KH * KD);
    int w = at.w + kw * step.s5, h = at.h + kh * step.s4, d = at.d + kd * step.s3;
    if (w < 0 || w >= in_out.s2 || h < 0 || h >= in_out.s1 || d < 0 || d >= in_out.s0)
        return 0;
    return LOAD(x, base + (((size_t)channel * in_out.s0 + d) * in_out.s1 + h) * in_out.s2 + w);
}

inline void finish(COMPUTE_TYPE sum, int row, size_t at, __global const TYPE *bias,
                   __global const TYPE *residual, __global TYPE *y, float alpha, float beta)
{
    if (bias)
        sum += LOAD(bias, row);
    if (residual)
        sum += LOAD(residual, at);
    STORE(ACTIVATE(sum, alpha, beta), y, at);
}

__kernel __attribute__((reqd_work_group_size(GROUP, GROUP, 1))) void
conv_tiles(__global const TYPE *restrict x, __global const TYPE *restrict weights,
           __global const TYPE *restrict bias, __global const TYPE *restrict residual,
           __global TYPE *restrict y, int channels, int rows, int columns, int8 in_out, int8 step,
           int8 pad, float alpha, float beta, int row_step, int inner_step)
{
    __local COMPUTE_TYPE a[SLICE][TILE + 1], b[SLICE][TILE + 1];
    int item = get_local_id(1) * GROUP + get_local_id(0);
    int group = get_group_id(2), groups = get_num_groups(2);
    int row0 = get_group_id(1) * TILE, column0 = get_group_id(0) * TILE;
    int inner_n = channels * KD * KH * KW, planes = in_out.s0 * in_out.s1 * in_out.s2;

    /* What this item brings into local memory: a column and a row of some of the inner steps. */
    int line = item % TILE, first = item / TILE;
    bool column_there = column0 + line < columns, row_there = row0 + line < rows;
    pixel at = pixel_at(column_there ? column0 + line : 0, in_out, step, pad);
    size_t x_base = ((size_t)at.n * groups + group) * channels * planes;
    size_t w_base = (size_t)group * rows * inner_n + (size_t)(row0 + line) * row_step;

    COMPUTE_TYPE sums[4][4] = {{0}};
    for (int inner0 = 0; inner0 < inner_n; inner0 += SLICE) {
        for (int k = first; k < SLICE; k += ITEMS / TILE) {
            int inner = inner0 + k;
            bool there = inner < inner_n;
            a[k][line] =
                there && row_there ? LOAD(weights, w_base + (size_t)inner * inner_step) : 0;
            b[k][line] =
                there && column_there ? tap(x, x_base, at, inner, in_out, step) : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < SLICE; k++) {
            COMPUTE_TYPE left[4], right[4];
            for (int i = 0; i < 4; i++) {
                left[i] = a[k][get_local_id(1) + i * GROUP];
                right[i] = b[k][get_local_id(0) + i * GROUP];
            }
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    sums[i][j] += left[i] * right[j];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    int out_plane = in_out.s3 * in_out.s4 * in_out.s5;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            int row = row0 + get_local_id(1) + i * GROUP;
            int column = column0 + get_local_id(0) + j * GROUP;
            if (row >= rows || column >= columns)
                continue;
            int channel = group * rows + row;
            size_t out = ((size_t)(column / out_plane) * groups * rows + channel) * out_plane +
                         column % out_plane;
            finish(sums[i][j], channel, out, bias, residual, y, alpha, beta);
        }
}

__kernel void conv_direct(__global const TYPE *restrict x, __global const TYPE *restrict weights,
                          __global const TYPE *restrict bias,
                          __global const TYPE *restrict residual, __global TYPE *restrict y,
                          int channels, int rows, int columns, int8 in_out, int8 step, int8 pad,
                          float alpha, float beta)
{
    int column = get_global_id(0), channel = get_global_id(1);
    if (column >= columns)
        return;
    int groups = get_global_size(1) / rows, group = channel / rows;
    int inner_n = channels * KD * KH * KW;
    int out_plane = in_out.s3 * in_out.s4 * in_out.s5;
    pixel at = pixel_at(column, in_out, step, pad);
    size_t base =
        ((size_t)at.n * groups + group) * channels * in_out.s0 * in_out.s1 * in_out.s2;
    COMPUTE_TYPE sum = 0;
    for (int inner = 0; inner < inner_n; inner++)
        sum += LOAD(weights, (size_t)channel * inner_n + inner) *
               tap(x, base, at, inner, in_out, step);
    size_t out = ((size_t)at.n * groups * rows + channel) * out_plane + column % out_plane;
    finish(sum, channel, out, bias, residual, y, alpha, beta);
}
