/* Winograd's minimal filtering F(OUT x OUT, 3 x 3), OUT 2 or 4 (Lavin and Gray, "Fast Algorithms
 * for Convolutional Neural Networks", 2016): IN x IN patches of the input, OUT apart, are
 * transformed, multiplied with transformed weights channel by channel, which makes IN*IN matrix
 * products (gpu/conv.cl, each a group of a 1x1 convolution), and transformed back.
 *
 * x, y: NCHW in TYPE. patches: [IN*IN][channel][tile] and products: [IN*IN][row][tile] in float
 * whatever TYPE is, because the transforms make numbers larger. Tiles count over images, tile rows
 * and tile columns. An item takes a tile of one channel: neighbours write neighbouring elements. */
#include "common.cl"
#include "gpu/finish.cl"

#define IN (OUT + 2)

/* One line of a patch, or of products, through the transform. */
static inline void to_patch(const float d[IN], float t[IN])
{
#if OUT == 2
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
#else
    t[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
    t[1] = d[4] + d[3] - 4.0f * (d[1] + d[2]);
    t[2] = d[4] - d[3] + 4.0f * (d[1] - d[2]);
    t[3] = d[4] - d[2] + 2.0f * (d[3] - d[1]);
    t[4] = d[4] - d[2] - 2.0f * (d[3] - d[1]);
    t[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
#endif
}

static inline void from_products(const float m[IN], float y[OUT])
{
#if OUT == 2
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
#else
    float sum12 = m[1] + m[2], difference12 = m[1] - m[2];
    float sum34 = m[3] + m[4], difference34 = m[3] - m[4];
    y[0] = m[0] + sum12 + sum34;
    y[1] = difference12 + 2.0f * difference34;
    y[2] = sum12 + 4.0f * sum34;
    y[3] = difference12 + 8.0f * difference34 + m[5];
#endif
}

__kernel void winograd_in(__global const TYPE *restrict x, __global float *restrict patches,
                          int height, int width, int pad_h, int pad_w, int channels, int tile_rows,
                          int tile_columns, int tiles)
{
    int tile = get_global_id(0), channel = get_global_id(1);
    if (tile >= tiles)
        return;
    int column = tile % tile_columns, row = tile / tile_columns % tile_rows;
    int image = tile / tile_columns / tile_rows;
    int h0 = row * OUT - pad_h, w0 = column * OUT - pad_w;
    size_t from = ((size_t)image * channels + channel) * height * width;
    float patch[IN][IN], line[IN], changed[IN];
#pragma unroll
    for (int i = 0; i < IN; i++) {
#pragma unroll
        for (int j = 0; j < IN; j++) {
            int h = h0 + i, w = w0 + j;
            bool inside = h >= 0 && h < height && w >= 0 && w < width;
            line[j] = inside ? LOAD(x, from + h * width + w) : 0;
        }
        to_patch(line, patch[i]);
    }
    size_t to = (size_t)channel * tiles + tile, step = (size_t)channels * tiles;
#pragma unroll
    for (int j = 0; j < IN; j++) {
#pragma unroll
        for (int i = 0; i < IN; i++)
            line[i] = patch[i][j];
        to_patch(line, changed);
#pragma unroll
        for (int i = 0; i < IN; i++)
            patches[to + (i * IN + j) * step] = changed[i];
    }
}

/* height, width: the output's. */
__kernel void winograd_out(__global const float *restrict products, __global const TYPE *bias,
                           __global const TYPE *residual, __global TYPE *y, int height, int width,
                           int rows, int tile_rows, int tile_columns, int tiles, int act,
                           float alpha, float beta)
{
    int tile = get_global_id(0), channel = get_global_id(1);
    if (tile >= tiles)
        return;
    int column = tile % tile_columns, row = tile / tile_columns % tile_rows;
    int image = tile / tile_columns / tile_rows;
    size_t from = (size_t)channel * tiles + tile, step = (size_t)rows * tiles;
    float half_done[OUT][IN], line[IN], changed[OUT];
#pragma unroll
    for (int j = 0; j < IN; j++) {
#pragma unroll
        for (int i = 0; i < IN; i++)
            line[i] = products[from + (i * IN + j) * step];
        from_products(line, changed);
#pragma unroll
        for (int i = 0; i < OUT; i++)
            half_done[i][j] = changed[i];
    }
    float more = bias ? LOAD(bias, channel) : 0;
    size_t plane = ((size_t)image * rows + channel) * height * width;
#pragma unroll
    for (int i = 0; i < OUT; i++) {
        int h = row * OUT + i;
        from_products(half_done[i], changed);
#pragma unroll
        for (int j = 0; j < OUT; j++) {
            int w = column * OUT + j;
            if (h >= height || w >= width)
                continue;
            size_t at = plane + h * width + w;
            float sum = changed[j] + more;
            if (residual)
                sum += LOAD(residual, at);
            STORE(activate1(sum, act, alpha, beta), y, at);
        }
    }
}
