/* Convolutions of groups too narrow for tiles. Both are bound by memory: an input element comes
 * from it once and is served by the cache for the other taps; weights are the same for all items of
 * a work-group. Geometry as in gpu/conv.cl.
 *
 * conv_narrow: an item computes one pixel of EACH output channels of a group.
 * conv_depthwise: one output channel an input channel or more, two axes: an item computes EACH
 * pixels under each other, so that neighbours read neighbouring elements. */
#include "common.cl"
#include "gpu/finish.cl"

#define EACH 4

static inline void finish(float sum, int channel, size_t at, __global const TYPE *bias,
                          __global const TYPE *residual, __global TYPE *y, int act, float alpha,
                          float beta)
{
    if (bias)
        sum += LOAD(bias, channel);
    if (residual)
        sum += LOAD(residual, at);
    STORE(activate1(sum, act, alpha, beta), y, at);
}

__kernel void conv_narrow(__global const TYPE *restrict x, __global const TYPE *restrict weights,
                          __global const TYPE *bias, __global const TYPE *residual,
                          __global TYPE *y, int8 in_out, int8 step, int8 window, int groups,
                          float alpha, float beta)
{
    int column = get_global_id(0), rows = step.s6, channels = in_out.s6;
    if (column >= step.s7)
        return;
    int blocks = (rows + EACH - 1) / EACH;
    int group = get_global_id(1) / blocks, row0 = get_global_id(1) % blocks * EACH;
    int rest = column;
    int w0 = rest % in_out.s5 * step.s2 - window.s5;
    rest /= in_out.s5;
    int h0 = rest % in_out.s4 * step.s1 - window.s4;
    rest /= in_out.s4;
    int d0 = rest % in_out.s3 * step.s0 - window.s3, image = rest / in_out.s3;
    int taps = window.s0 * window.s1 * window.s2;
    size_t from = ((size_t)image * groups + group) * channels * in_out.s0 * in_out.s1 * in_out.s2;
    size_t inner = (size_t)channels * taps;
    size_t w_from = ((size_t)group * rows + row0) * inner;
    float sums[EACH] = {0};

    for (int c = 0; c < channels; c++, from += in_out.s0 * in_out.s1 * in_out.s2) {
        for (int tap = 0, d = d0; d < d0 + window.s0 * step.s3; d += step.s3) {
            for (int h = h0; h < h0 + window.s1 * step.s4; h += step.s4) {
                bool line = d >= 0 && d < in_out.s0 && h >= 0 && h < in_out.s1;
                int at = (d * in_out.s1 + h) * in_out.s2;
                for (int w = w0; w < w0 + window.s2 * step.s5; w += step.s5, tap++) {
                    if (!line || w < 0 || w >= in_out.s2)
                        continue;
                    float value = LOAD(x, from + at + w);
                    for (int e = 0; e < EACH; e++)
                        if (row0 + e < rows)
                            sums[e] += value * LOAD(weights, w_from + e * inner + c * taps + tap);
                }
            }
        }
    }

    int plane = in_out.s3 * in_out.s4 * in_out.s5;
    for (int e = 0; e < EACH && row0 + e < rows; e++) {
        int channel = group * rows + row0 + e;
        size_t at = ((size_t)image * groups * rows + channel) * plane + column % plane;
        finish(sums[e], channel, at, bias, residual, y, window.s7, alpha, beta);
    }
}

__kernel void conv_depthwise(__global const TYPE *restrict x, __global const TYPE *restrict weights,
                             __global const TYPE *bias, __global const TYPE *residual,
                             __global TYPE *y, int8 in_out, int8 step, int8 window, int groups,
                             float alpha, float beta)
{
    int ow = get_global_id(0) % in_out.s5, oh0 = get_global_id(0) / in_out.s5 * EACH;
    if (oh0 >= in_out.s4)
        return;
    int channel = get_global_id(1), channels_all = get_global_size(1), image = get_global_id(2);
    int h0 = oh0 * step.s1 - window.s4, w0 = ow * step.s2 - window.s5;
    size_t from = ((size_t)image * groups + channel / step.s6) * (size_t)(in_out.s1 * in_out.s2);
    size_t w_from = (size_t)channel * window.s1 * window.s2;
    float sums[EACH] = {0};

    for (int kh = 0; kh < window.s1; kh++) {
        for (int kw = 0; kw < window.s2; kw++, w_from++) {
            int w = w0 + kw * step.s5;
            float weight = LOAD(weights, w_from);
#pragma unroll
            for (int e = 0; e < EACH; e++) {
                int h = h0 + e * step.s1 + kh * step.s4;
                if (w >= 0 && w < in_out.s2 && h >= 0 && h < in_out.s1)
                    sums[e] += weight * LOAD(x, from + h * in_out.s2 + w);
            }
        }
    }

    size_t at = (((size_t)image * channels_all + channel) * in_out.s4 + oh0) * in_out.s5 + ow;
    for (int e = 0; e < EACH && oh0 + e < in_out.s4; e++, at += in_out.s5)
        finish(sums[e], channel, at, bias, residual, y, window.s7, alpha, beta);
}
