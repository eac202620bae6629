/* Pools of floats, and maxima of the bytes TYPE, in blocks of BLOCK channels on a CPU. KIND: 0
 * maximum, 1 average; LOWEST: what no element of a maximum is under. */
#include "common.cl"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#ifndef LOWEST
#define LOWEST -INFINITY
#endif
#define VEC PASTE(TYPE, BLOCK)
#define VLOAD PASTE(vload, BLOCK)
#define VSTORE PASTE(vstore, BLOCK)

/* A NaN once seen stays: the comparison takes x where either is one, the second gives sum's back.
 */
#if KIND == 0
#define START ((VEC)(TYPE)(LOWEST))
#define SEE(sum, x) (sum != sum ? sum : (sum > x ? sum : x))
#else
#define START ((VEC)0.0f)
#define SEE(sum, x) (sum + x)
#endif

/* Places of a window that lie in [0, end): the first, and how many. */
static inline int2 inside(int at, int kernel_n, int dilation, int end)
{
    int first = at >= 0 ? 0 : (-at + dilation - 1) / dilation;
    int last = at >= end ? 0 : min(kernel_n, (end - 1 - at) / dilation + 1);
    return (int2)(first, max(0, last - first));
}

/* Places of a window that lie before the end of the padded input. */
static inline int padded(int at, int kernel_n, int dilation, int end)
{
    return at >= end ? 0 : min(kernel_n, (end - 1 - at) / dilation + 1);
}

/* Dimension 0: rows_each rows of a plane, where a volume's planes lie one after the other; 1: a
 * block of channels of an image. Arguments as in kernels/window_args.h. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pool_blocks(__global const TYPE *restrict input, __global TYPE *restrict out, int8 in_shape,
            int8 steps, int8 pads, int rows_each)
{
    int in_d = in_shape.s1, in_h = in_shape.s2, in_w = in_shape.s3;
    int out_h = in_shape.s4, out_w = in_shape.s5, rows = pads.s4 * out_h;
    size_t unit = get_global_id(1);
    input += unit * in_d * in_h * in_w * BLOCK;
    out += unit * rows * out_w * BLOCK;
    int row = get_global_id(0) * rows_each, end = min(row + rows_each, rows);
    for (; row < end; row++) {
        int z0 = row / out_h * steps.s2 - pads.s0, y0 = row % out_h * steps.s3 - pads.s1;
        int2 zs = inside(z0, pads.s3, steps.s5, in_d), ys = inside(y0, steps.s0, steps.s6, in_h);
        for (int ox = 0; ox < out_w; ox++) {
            int x0 = ox * steps.s4 - pads.s2;
            int2 xs = inside(x0, steps.s1, steps.s7, in_w);
            VEC sum = START;
            for (int kz = zs.x; kz < zs.x + zs.y; kz++) {
                for (int ky = ys.x; ky < ys.x + ys.y; ky++) {
                    __global const TYPE *from =
                        input + (((size_t)(z0 + kz * steps.s5) * in_h + y0 + ky * steps.s6) * in_w +
                                 x0 + xs.x * steps.s7) * BLOCK;
                    for (int kx = 0; kx < xs.y; kx++, from += steps.s7 * BLOCK) {
                        VEC x = VLOAD(0, from);
                        sum = SEE(sum, x);
                    }
                }
            }
#if KIND == 1
#if COUNT_PADS
            sum /= (float)(padded(z0, pads.s3, steps.s5, in_d + pads.s5) *
                           padded(y0, steps.s0, steps.s6, in_h + pads.s6) *
                           padded(x0, steps.s1, steps.s7, in_w + pads.s7));
#else
            sum /= (float)(zs.y * ys.y * xs.y);
#endif
#endif
            VSTORE(sum, 0, out + ((size_t)row * out_w + ox) * BLOCK);
        }
    }
}

/* Windows that are the whole plane of plane_n positions; out is PLAIN, one number a channel. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pool_block_planes(__global const TYPE *restrict input, __global TYPE *restrict out, int units,
                  int units_each, int plane_n, int channels)
{
    int unit = get_global_id(0) * units_each, end = min(unit + units_each, units);
    int blocks = (channels + BLOCK - 1) / BLOCK;
    for (; unit < end; unit++) {
        __global const TYPE *from = input + (size_t)unit * plane_n * BLOCK;
        VEC sum0 = START, sum1 = START, sum2 = START, sum3 = START;
        int i = 0;
        for (; i + 4 <= plane_n; i += 4, from += 4 * BLOCK) {
            VEC x0 = VLOAD(0, from), x1 = VLOAD(1, from), x2 = VLOAD(2, from), x3 = VLOAD(3, from);
            sum0 = SEE(sum0, x0);
            sum1 = SEE(sum1, x1);
            sum2 = SEE(sum2, x2);
            sum3 = SEE(sum3, x3);
        }
        for (; i < plane_n; i++, from += BLOCK) {
            VEC x = VLOAD(0, from);
            sum0 = SEE(sum0, x);
        }
        sum0 = SEE(sum0, sum1);
        sum2 = SEE(sum2, sum3);
        sum0 = SEE(sum0, sum2);
#if KIND == 1
        sum0 /= (float)plane_n;
#endif
        int first = unit % blocks * BLOCK, lanes_n = min(BLOCK, channels - first);
        __global TYPE *to = out + (size_t)(unit / blocks) * channels + first;
        if (lanes_n == BLOCK) {
            VSTORE(sum0, 0, to);
            continue;
        }
        TYPE lanes[BLOCK];
        VSTORE(sum0, 0, lanes);
        for (int lane = 0; lane < lanes_n; lane++)
            to[lane] = lanes[lane];
    }
}
