/* Convolution of each channel by itself in blocks of BLOCK channels, on a CPU. */
#include "common.cl"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define VEC PASTE(float, BLOCK)
#define VLOAD PASTE(vload, BLOCK)
#define VSTORE PASTE(vstore, BLOCK)

#define TILE 8 /* output columns that are summed at once: enough to hide a sum's latency */
#define EACH(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7)

#if HAS_RESIDUAL
#define RESIDUAL(at) +VLOAD(0, residual + (at))
#else
#define RESIDUAL(at)
#endif
#define FINISH(v, at) VSTORE(ACTIVATE((v) RESIDUAL(at), alpha, beta), 0, out + (at))

/* Dimension 0: rows_each output rows of a plane; 1: a block of channels of an image. weights:
 * [block][kernel row][kernel column][BLOCK]. Other arguments as in kernels/window_args.h. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
depthwise_blocks(__global const float *restrict input, __global const float *restrict weights,
                 __global const float *restrict bias, __global const float *restrict residual,
                 __global float *restrict out, int8 in_shape, int8 steps, int8 pads, int blocks,
                 int rows_each, float alpha, float beta)
{
    int in_h = in_shape.s2, in_w = in_shape.s3, out_h = in_shape.s4, out_w = in_shape.s5;
    int kernel_h = steps.s0, kernel_w = steps.s1, stride_w = steps.s4, dilation_w = steps.s7;
    size_t unit = get_global_id(1);
    int block = unit % blocks;
    input += unit * in_h * in_w * BLOCK;
    out += unit * out_h * out_w * BLOCK;
#if HAS_RESIDUAL
    residual += unit * out_h * out_w * BLOCK;
#endif
    weights += (size_t)block * kernel_h * kernel_w * BLOCK;
    VEC start = VLOAD(block, bias);

    /* Columns [inner0, inner1) meet no border. */
    int inner0 = min(out_w, (pads.s2 + stride_w - 1) / stride_w);
    int fit = in_w + pads.s2 - (kernel_w - 1) * dilation_w - 1;
    int inner1 = fit < 0 ? inner0 : max(inner0, min(out_w, fit / stride_w + 1));
    int step = stride_w * BLOCK;
    int row = get_global_id(0) * rows_each, end = min(row + rows_each, out_h);
    for (; row < end; row++) {
        int y0 = row * steps.s3 - pads.s1;
        int ky0 = y0 >= 0 ? 0 : (-y0 + steps.s6 - 1) / steps.s6;
        int ky1 = y0 >= in_h ? 0 : min(kernel_h, (in_h - 1 - y0) / steps.s6 + 1);
        for (int ox = 0; ox < out_w;) {
            int x0 = ox * stride_w - pads.s2;
            size_t at = ((size_t)row * out_w + ox) * BLOCK;
            if (ox >= inner0 && ox + TILE <= inner1) {
#define SUM_START(k) VEC sum##k = start;
#define SUM_ADD(k) sum##k = fma(VLOAD(0, from + k * step), by, sum##k);
#define SUM_FINISH(k) FINISH(sum##k, at + k * BLOCK);
                EACH(SUM_START)
                for (int ky = ky0; ky < ky1; ky++) {
                    __global const float *from =
                        input + ((y0 + ky * steps.s6) * in_w + x0) * BLOCK;
                    __global const float *w = weights + ky * kernel_w * BLOCK;
                    for (int kx = 0; kx < kernel_w; kx++) {
                        VEC by = VLOAD(0, w);
                        EACH(SUM_ADD)
                        w += BLOCK;
                        from += dilation_w * BLOCK;
                    }
                }
                EACH(SUM_FINISH)
                ox += TILE;
                continue;
            }
            VEC sum = start;
            for (int kx = 0; kx < kernel_w; kx++) {
                int x = x0 + kx * dilation_w;
                if (x < 0 || x >= in_w)
                    continue;
                for (int ky = ky0; ky < ky1; ky++)
                    sum = fma(VLOAD(0, input + ((y0 + ky * steps.s6) * in_w + x) * BLOCK),
                              VLOAD(ky * kernel_w + kx, weights), sum);
            }
            FINISH(sum, at);
            ox++;
        }
    }
}
