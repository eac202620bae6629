/* Means of the channels of a quantized tensor. A work-item takes BLOCK channels that lie side by
 * side, 1 in planes; y has them one after the other. */
#include "any/quant.cl"

__kernel void qlinear_mean(__global const A_T *x, __global A_T *y, __global const S_T *x_scale,
                           __global const A_T *x_zero, __global const S_T *y_scale,
                           __global const A_T *y_zero, int channels, int plane, int units, int low,
                           int high)
{
    int unit = get_global_id(0), blocks = (channels + BLOCK - 1) / BLOCK;
    if (unit >= units)
        return;
    int image = unit / blocks, first = (unit - image * blocks) * BLOCK;
    int sums[BLOCK];
    for (int c = 0; c < BLOCK; c++)
        sums[c] = 0;
    x += (size_t)unit * plane * BLOCK;
    for (int i = 0; i < plane; i++, x += BLOCK)
        for (int c = 0; c < BLOCK; c++)
            sums[c] += x[c];
    int zero = x_zero == 0 ? 0 : x_zero[0];
    float multiplier = quotient(LOAD1(S, x_scale, 0), (float)LOAD1(S, y_scale, 0) * (float)plane);
    for (int c = 0; c < BLOCK && first + c < channels; c++) {
        int q = quant_round((float)(sums[c] - plane * zero) * multiplier,
                            y_zero == 0 ? 0 : y_zero[0], D_LOW, D_HIGH);
        y[(size_t)image * channels + first + c] = (A_T)clamp(q, low, high);
    }
}
