/* Convolution of each channel by itself on a CPU: a work-item takes some output rows of one plane
 * and goes along them in vectors, with scalars at the ends where a vector would meet the border. */
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

#if HAS_RESIDUAL
#define RESIDUAL(at) +residual[at]
#define RESIDUAL_VEC(at) +VLOAD(0, residual + (at))
#else
#define RESIDUAL(at)
#define RESIDUAL_VEC(at)
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
depthwise(__global const float *restrict input, __global const float *restrict weights,
          __global const float *restrict bias, __global const float *restrict residual,
          __global float *restrict out, int8 in_shape, int8 steps, int8 pads, int multiplier,
          int rows_each, float alpha, float beta)
{
    int in_h = in_shape.s2, in_w = in_shape.s3, out_h = in_shape.s4, out_w = in_shape.s5;
    int kernel_h = steps.s0, kernel_w = steps.s1, stride_h = steps.s3, stride_w = steps.s4;
    int dilation_h = steps.s6, dilation_w = steps.s7, pad_h = pads.s1, pad_w = pads.s2;
    int plane = get_global_id(1);
    int channel = plane % (in_shape.s6 * multiplier);
    __global const float *in = input + (size_t)(plane / multiplier) * in_h * in_w;
    __global const float *w = weights + (size_t)channel * kernel_h * kernel_w;
    float shift = bias[channel];

    /* Columns [inner0, inner1) meet no border for any tap. */
    int reach = (kernel_w - 1) * dilation_w;
    int inner0 = min(out_w, (pad_w + stride_w - 1) / stride_w);
    int fit = in_w + pad_w - reach - 1;
    int inner1 = fit < 0 ? inner0 : max(inner0, min(out_w, fit / stride_w + 1));
#if STRIDE_W == 2
    /* The last vector of even elements reads one element past its last column. */
    inner1 = max(inner0, min(inner1, fit < 1 ? inner0 : (fit - 1) / stride_w + 1));
#endif
    int row0 = get_global_id(0) * rows_each, row1 = min(row0 + rows_each, out_h);
    for (int oy = row0; oy < row1; oy++) {
        int y0 = oy * stride_h - pad_h;
        int ky0 = y0 >= 0 ? 0 : (-y0 + dilation_h - 1) / dilation_h;
        int ky1 = min(kernel_h, y0 >= in_h ? 0 : (in_h - 1 - y0) / dilation_h + 1);
        size_t out_at = ((size_t)plane * out_h + oy) * out_w;
        for (int ox = 0; ox < out_w;) {
            int x0 = ox * stride_w - pad_w;
#if STRIDE_W <= 2
            if (ox >= inner0 && ox + WIDTH <= inner1) {
                VEC sum = (VEC)(shift);
                for (int ky = ky0; ky < ky1; ky++)
                    for (int kx = 0; kx < kernel_w; kx++)
                        sum = fma((VEC)(w[ky * kernel_w + kx]),
                                  LOAD_STEP(in + (y0 + ky * dilation_h) * in_w + x0 +
                                            kx * dilation_w),
                                  sum);
                sum = sum RESIDUAL_VEC(out_at + ox);
                VSTORE(ACTIVATE(sum, alpha, beta), 0, out + out_at + ox);
                ox += WIDTH;
                continue;
            }
#endif
            float sum = shift;
            for (int ky = ky0; ky < ky1; ky++) {
                for (int kx = 0; kx < kernel_w; kx++) {
                    int x = x0 + kx * dilation_w;
                    if (x >= 0 && x < in_w)
                        sum += w[ky * kernel_w + kx] * in[(y0 + ky * dilation_h) * in_w + x];
                }
            }
            sum = sum RESIDUAL(out_at + ox);
            out[out_at + ox] = ACTIVATE(sum, alpha, beta);
            ox++;
        }
    }
}
