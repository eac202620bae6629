/* Pools of floats on a CPU: along rows in vectors, with scalars where a window meets the border,
 * and over whole planes. KIND: 0 maximum, 1 average. */
#include "common.cl"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define VEC PASTE(float, WIDTH)
#define VLOAD PASTE(vload, WIDTH)
#define VSTORE PASTE(vstore, WIDTH)

#if STRIDE_W == 1
#define LOAD_STEP(p) VLOAD(0, p)
#elif WIDTH == 16
#define LOAD_STEP(p) (VEC)(vload16(0, p).even, vload16(1, p).even)
#elif WIDTH == 8
#define LOAD_STEP(p) (vload16(0, p).even)
#else
#define LOAD_STEP(p) (vload8(0, p).even)
#endif

/* A NaN once seen stays. */
#if KIND == 0
#define START (-INFINITY)
#define SEE_VEC(sum, x) sum = select(sum, x, (x > sum) | (x != x))
#define SEE(sum, x) sum = (x > sum || x != x) ? x : sum
#else
#define START 0.0f
#define SEE_VEC(sum, x) sum += x
#define SEE(sum, x) sum += x
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pool_rows(__global const float *restrict input, __global float *restrict out, int8 in_shape,
          int8 steps, int8 pads, int rows_each)
{
    int in_h = in_shape.s2, in_w = in_shape.s3, out_h = in_shape.s4, out_w = in_shape.s5;
    int kernel_h = steps.s0, kernel_w = steps.s1, stride_h = steps.s3, stride_w = steps.s4;
    int dilation_h = steps.s6, dilation_w = steps.s7, pad_h = pads.s1, pad_w = pads.s2;
    int plane = get_global_id(1);
    __global const float *in = input + (size_t)plane * in_h * in_w;

    /* Columns [inner0, inner1) meet no border; the last vector of even elements would read one
     * element past its last column. */
    int reach = (kernel_w - 1) * dilation_w;
    int inner0 = min(out_w, (pad_w + stride_w - 1) / stride_w);
    int fit = in_w + pad_w - reach - (STRIDE_W == 2 ? 2 : 1);
    int inner1 = fit < 0 ? inner0 : max(inner0, min(out_w, fit / stride_w + 1));
    int row0 = get_global_id(0) * rows_each, row1 = min(row0 + rows_each, out_h);
    for (int oy = row0; oy < row1; oy++) {
        int y0 = oy * stride_h - pad_h;
        int ky0 = y0 >= 0 ? 0 : (-y0 + dilation_h - 1) / dilation_h;
        int ky1 = min(kernel_h, y0 >= in_h ? 0 : (in_h - 1 - y0) / dilation_h + 1);
        int rows = max(0, ky1 - ky0);
        int padded_rows = 0;
        for (int ky = 0; ky < kernel_h; ky++)
            padded_rows += y0 + ky * dilation_h < in_h + pads.s6;
        size_t out_at = ((size_t)plane * out_h + oy) * out_w;
        for (int ox = 0; ox < out_w;) {
            int x0 = ox * stride_w - pad_w;
#if STRIDE_W <= 2
            if (ox >= inner0 && ox + WIDTH <= inner1) {
                VEC sum = (VEC)(START);
                for (int ky = ky0; ky < ky1; ky++) {
                    for (int kx = 0; kx < kernel_w; kx++) {
                        VEC x = LOAD_STEP(in + (y0 + ky * dilation_h) * in_w + x0 +
                                          kx * dilation_w);
                        SEE_VEC(sum, x);
                    }
                }
#if KIND == 1
                sum /= (float)(kernel_w * (COUNT_PADS ? padded_rows : rows));
#endif
                VSTORE(sum, 0, out + out_at + ox);
                ox += WIDTH;
                continue;
            }
#endif
            float sum = START;
            int columns = 0;
            for (int kx = 0; kx < kernel_w; kx++) {
                int x = x0 + kx * dilation_w;
                columns += COUNT_PADS ? x < in_w + pads.s7 : x >= 0 && x < in_w;
                if (x < 0 || x >= in_w)
                    continue;
                for (int ky = ky0; ky < ky1; ky++) {
                    float seen = in[(y0 + ky * dilation_h) * in_w + x];
                    SEE(sum, seen);
                }
            }
#if KIND == 1
            sum /= (float)(columns * (COUNT_PADS ? padded_rows : rows));
#endif
            out[out_at + ox] = sum;
            ox++;
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
pool_planes(__global const float *restrict input, __global float *restrict out, int planes,
            int planes_each, int plane_n)
{
    int first = get_global_id(0) * planes_each, last = min(first + planes_each, planes);
    for (int plane = first; plane < last; plane++) {
        __global const float *in = input + (size_t)plane * plane_n;
        VEC sums = (VEC)(START);
        int i = 0;
        for (; i + WIDTH <= plane_n; i += WIDTH) {
            VEC x = VLOAD(0, in + i);
            SEE_VEC(sums, x);
        }
        float lanes[WIDTH];
        VSTORE(sums, 0, lanes);
        float sum = START;
        for (int lane = 0; lane < WIDTH; lane++)
            SEE(sum, lanes[lane]);
        for (; i < plane_n; i++) {
            float seen = in[i];
            SEE(sum, seen);
        }
#if KIND == 1
        sum /= (float)plane_n;
#endif
        out[plane] = sum;
    }
}
